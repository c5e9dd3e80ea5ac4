"""Annotations of GitHub Actions: read as GitHub's runner reads a line of output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given, settings

from dms_lint.report.formats.github import SHOWN, command
from tests.report.made import (
    FILE,
    WAIVER,
    accepted,
    account,
    endpoint,
    failing_in_every_way,
    names,
    rendered,
    report_of,
    several,
)

if TYPE_CHECKING:
    from dms_lint.model import Report


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    text: str


def unescaped(text: str, signs: dict[str, str]) -> str:
    for escape, sign in signs.items():
        text = text.replace(escape, sign)
    return text.replace("%25", "%")


DATA = {"%0D": "\r", "%0A": "\n"}


def read(line: str) -> Command | None:
    """As the runner does: `::name key=value,key=value::text` at the start of a line, else no command."""
    found = re.fullmatch(r"\s*::(\S+?)(?: (.*?))?::(.*)", line)
    if found is None:
        return None
    name, properties, text = found.groups()
    pairs = (one.split("=", 1) for one in (properties or "").split(",") if "=" in one)
    values = {key.strip(): unescaped(value, {**DATA, "%3A": ":", "%2C": ","}) for key, value in pairs}
    return Command(name, values, unescaped(text, DATA))


def commands(report: Report) -> list[Command]:
    # A runner breaks lines where any reader of text does.
    found = [read(line) for line in rendered("github", report).splitlines()]
    assert None not in found
    return [one for one in found if one is not None]


def test_a_failure_is_placed_titled_and_weighed() -> None:
    annotation, _ = commands(report_of(endpoint()))
    assert annotation.name == "error"
    assert annotation.properties == {"file": FILE, "line": "3", "title": "TLS001 connection-unencrypted (high)"}
    assert annotation.text.startswith("orders (mysql) is not encrypted: SslMode is none\nFix: ")


def test_what_was_read_from_no_file_is_named_instead_of_placed() -> None:
    annotation, _ = commands(report_of(endpoint(), file=None))
    assert set(annotation.properties) == {"title"}
    assert annotation.text.startswith("endpoint orders in 111122223333 eu-west-1: ")


def test_standard_input_is_no_file() -> None:
    annotation, _ = commands(report_of(endpoint(), file="-"))
    assert set(annotation.properties) == {"title"}


@pytest.mark.parametrize("style", [{"width": width} for width in range(60, 100)] + [{"quiet": True}])
def test_no_line_of_the_text_report_is_a_command(style: dict[str, Any]) -> None:
    for blank in (" ", "  ", "\u00a0 ", " \u00a0"):
        report = report_of(endpoint(f"a{blank}::set-output name=b::c " * 5), file="::error ::x.json")
        assert [line for line in rendered("text", report, **style).splitlines() if read(line)] == []


def test_the_last_line_sums_up() -> None:
    *_, last = commands(accepted(several(3), {"waiver": WAIVER}, {"known": True}))
    assert last == Command("notice", {"title": "dms-lint"}, "1 failed, 2 accepted, 0 unknown, 0 passed")


def test_what_is_accepted_is_a_notice() -> None:
    report = accepted(several(3), {"waiver": WAIVER}, {"known": True}, {"waiver": WAIVER._replace(expired=True)})
    first, *notices, _ = commands(report)
    assert first.name == "error"
    assert [one.name for one in notices] == ["notice", "notice"]
    assert notices[0].text.endswith("Accepted: waived until 2027-01-31: being replaced (DB-12, DBA team)")


def test_no_more_are_written_than_github_shows() -> None:
    said = commands(account("faulty"))
    levels = [one.name for one in said]
    assert {level: levels.count(level) for level in levels} == {"error": SHOWN, "warning": SHOWN, "notice": SHOWN}
    failed = sum(account("faulty").failures().values())
    assert said[-1].text.endswith(f"({failed - 3 * SHOWN + 1} more than are annotated: another format names them all)")


def test_the_worst_comes_first() -> None:
    weights = ["critical", "high", "medium", "low", "info"]
    found = [one.properties["title"].rpartition("(")[2][:-1] for one in commands(account("faulty"))[:-1]]
    assert [weights.index(word) for word in found] == sorted(weights.index(word) for word in found)


@settings(max_examples=60)
@given(names)
def test_no_name_gives_a_command(name: str) -> None:
    ours = [(one.name, set(one.properties)) for one in commands(failing_in_every_way())]
    for hostile in (name, f"{name}\n::set-output name=x::y", f"\r\n##[set-env name=x]{name}", f"::{name},line=1::"):
        assert [(one.name, set(one.properties)) for one in commands(failing_in_every_way(hostile))] == ours


@given(names.filter(str.isprintable), names.filter(str.isprintable))
def test_escaping_keeps_what_is_said(text: str, value: str) -> None:
    line = command("error", f"{text}\n{text}", title=value)
    assert line.endswith("\n")
    assert read(line[:-1]) == Command("error", {"title": value}, f"{text}\n{text}")

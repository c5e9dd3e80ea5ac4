"""A JSON report is read back without loss: written again, it has the same bytes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_lint.gate import baseline, exit_code
from dms_lint.model import Notice, Status, Verdict
from dms_lint.report.json_reader import ReportError, load
from tests.report.made import WAIVER, accepted, account, endpoint, failing_in_every_way, names, rendered, report_of
from tools import golden

if TYPE_CHECKING:
    from pathlib import Path

    from dms_lint.model import Report

ACCOUNTS = golden.accounts()


def again(report: Report) -> Report:
    """The report, written as JSON and read back."""
    return load(rendered("json", report))


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_whole_account_has_the_same_bytes_again(name: str) -> None:
    report = account(name)
    assert rendered("json", again(report)) == rendered("json", report)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_every_verdict_and_whatever_is_accepted_comes_back(name: str) -> None:
    expired = WAIVER._replace(expired=True, expires="2026-01-01", place="")
    report = accepted(
        golden.judge(name, all_verdicts=True), {"waiver": WAIVER}, {"known": True}, {"waiver": expired, "known": True}
    )
    report = report._replace(notices=(*report.notices, Notice("a line", "a file", 3, problem=True), Notice("another")))
    loaded = again(report)
    assert rendered("json", loaded) == rendered("json", report)
    assert loaded.verdicts == report.verdicts
    assert loaded.checks == report.checks
    assert loaded.gaps == report.gaps
    assert loaded.notices == report.notices
    assert (loaded.judged, loaded.scopes) == (report.judged, report.scopes)
    assert loaded.failures() == report.failures()


@given(names)
def test_any_name_comes_back(name: str) -> None:
    for report in (failing_in_every_way(name), report_of(endpoint(name), file=None)):
        assert rendered("json", again(report)) == rendered("json", report)


def test_a_message_with_braces_is_no_template() -> None:
    report = report_of(endpoint("{arn} {name}"))
    (finding,) = again(report).findings
    assert finding.wording is not None
    assert finding.wording.message.startswith("{arn} {name} (mysql)")
    assert rendered("text", again(report)).count("{arn} {name}") == rendered("text", report).count("{arn} {name}")


def test_several_packs_and_their_controls_come_back() -> None:
    report = account("faulty")
    first, *rest = report.pack.frameworks
    # As of a second pack: its controls stand behind those of the first, in no order of theirs.
    backwards = first._replace(controls={id_: first.controls[id_] for id_ in reversed(list(first.controls))})
    report = report._replace(pack=report.pack._replace(frameworks=(backwards, *rest), others=(("acme", "1.0"),)))
    loaded = again(report)
    assert loaded.pack.others == (("acme", "1.0"),)
    assert rendered("json", loaded) == rendered("json", report)


def test_the_other_formats_and_the_gate_take_what_was_read_back() -> None:
    report = account("faulty")
    loaded = again(report)
    for name in ("jsonl", "gitlab-code-quality", "github"):
        assert rendered(name, loaded) == rendered(name, report), name
    assert rendered("text", loaded, quiet=True) == rendered("text", report, quiet=True)
    assert baseline.failures_of(loaded) == baseline.failures_of(report)
    assert exit_code.exit_code(loaded) == exit_code.exit_code(report)


def test_no_script_runs_a_command_that_was_read_back() -> None:
    report = report_of(endpoint())
    assert "aws dms" in rendered("fix", report)
    assert not [line for line in rendered("fix", again(report)).splitlines() if line.startswith("aws ")]


def waived_unknowns(report: Report) -> Report:
    unknown = (finding for finding in report.findings if finding.verdict is Verdict.UNKNOWN)
    findings = tuple(finding._replace(waiver=WAIVER) for finding in unknown)
    return report._replace(findings=findings, faults=(), notices=())


def test_an_unknown_of_one_gap_settles_it_when_it_is_accepted() -> None:
    report = waived_unknowns(report_of(endpoint(SslMode=None)))
    (gap,) = report.gaps
    for status in Status:
        loaded = again(report._replace(gaps=(gap._replace(status=status),)))
        (missing,) = [finding.missing for finding in loaded.findings]
        assert missing is not None
        assert (missing.status, missing.needs, missing.reason) == (status, gap.needs, gap.reason)
        assert exit_code.exit_code(loaded, strict=True) == exit_code.CLEAN


def test_an_unknown_of_one_of_several_gaps_settles_none() -> None:
    report = waived_unknowns(report_of(endpoint(SslMode=None)))
    (gap,) = report.gaps
    loaded = again(report._replace(gaps=(gap, gap._replace(needs="dms:DescribeX", status=Status.NOT_READABLE))))
    (missing,) = [finding.missing for finding in loaded.findings]
    assert missing is not None
    assert missing.status is Status.NOT_READABLE
    assert exit_code.exit_code(loaded) == exit_code.UNREADABLE


def test_a_file_is_read_as_a_text_is(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(rendered("json", report_of(endpoint())))
    assert rendered("json", load(file)) == file.read_text()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"findings": 3}, "is no whole report"),
        ({"scan": {}}, "is no whole report"),
        ({"scan": {"started_at": "yesterday"}}, "is no whole report"),
        ({"gaps": [{}]}, "is no whole report"),
        ({"notices": [{}]}, "is no whole report"),
        ({"checks": {"TLS001": {"maybe": 1}}}, "is no whole report"),
        ({"tool": {"name": "another"}}, "is no report"),
        ({"schema_version": "2.0"}, "of another version, '2.0'"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(changes: dict[str, Any], says: str) -> None:
    data = json.loads(rendered("json", report_of(endpoint()))) | changes
    with pytest.raises(ReportError, match=says) as refused:
        load(json.dumps(data))
    assert "\n" not in str(refused.value)


def test_a_finding_with_another_fingerprint_is_refused() -> None:
    data = json.loads(rendered("json", report_of(endpoint())))
    data["findings"][0]["fingerprint"] = "TLS001:another"
    with pytest.raises(ReportError, match="is no whole report"):
        load(json.dumps(data))


def members(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each member of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in pairs for place in ((*path, key), *members(inner, (*path, key)))]


TEXT = rendered("json", failing_in_every_way())
PATHS = members(json.loads(TEXT))
JUNK: st.SearchStrategy[Any] = st.sampled_from((None, 3, "x", "", True, [], {}, [3], [[]], {"x": 3}, {"name": []}))


@settings(max_examples=400)
@given(st.sampled_from(PATHS), JUNK)
def test_a_garbled_member_is_refused_or_can_be_rendered(path: tuple[Any, ...], junk: Any) -> None:
    data = json.loads(TEXT)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = junk
    with suppress(ReportError):
        report = load(json.dumps(data))
        for kind in ("json", "text"):
            rendered(kind, report)

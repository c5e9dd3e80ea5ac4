"""Every format: of whole accounts, and of whatever an account may hold, it is what its readers take."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings

from dms_lint.cli import options
from dms_lint.report import FORMATS
from dms_lint.schemas import schema_file
from tests.report.made import SCHEMAS, account, endpoint, failing_in_every_way, names, rendered, report_of
from tools import golden

if TYPE_CHECKING:
    from collections.abc import Callable


def validator(schema: Any) -> Any:
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


@cache
def published(name: str) -> Any:
    return validator(json.loads((SCHEMAS / name).read_text(encoding="utf-8")))


@cache
def ours(part: str = "") -> Any:
    schema = json.loads(schema_file("report").read_text(encoding="utf-8"))
    return validator({"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]} if part else schema)


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMAS / "junit.xsd"))


def is_text(shown: str) -> None:
    assert all(character in "\n\u00a0" or character.isprintable() for character in shown)


def is_json_report(shown: str) -> None:
    ours().validate(json.loads(shown))


def is_json_lines(shown: str) -> None:
    for line in shown.splitlines():
        ours("finding").validate(json.loads(line))


def is_sarif(shown: str) -> None:
    published("sarif-2.1.0-rtm.5.json").validate(json.loads(shown))


def is_junit(shown: str) -> None:
    junit_schema().validate(shown)


def is_workflow_commands(shown: str) -> None:
    for line in shown.splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice "))


def is_short_markdown(shown: str) -> None:
    assert shown.startswith("## dms-lint: ")
    assert len(shown.encode()) <= 65_536


def is_code_quality(shown: str) -> None:
    published("gitlab-code-quality.json").validate(json.loads(shown))


def is_gitlab_sast(shown: str) -> None:
    published("gitlab-sast-15.0.7.json").validate(json.loads(shown))


def is_csv(shown: str) -> None:
    rows = list(csv.reader(io.StringIO(shown, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert shown.count("\r\n") == shown.count("\n") == len(rows)


def is_posix_script(shown: str) -> None:
    is_text(shown)
    assert subprocess.run(["sh", "-n"], input=shown.encode(), capture_output=True, check=True).stderr == b""


VALID: dict[str, Callable[[str], None]] = {
    "text": is_text,
    "json": is_json_report,
    "jsonl": is_json_lines,
    "sarif": is_sarif,
    "junit": is_junit,
    "github": is_workflow_commands,
    "markdown": is_short_markdown,
    "gitlab-code-quality": is_code_quality,
    "gitlab-sast": is_gitlab_sast,
    "csv": is_csv,
    "fix": is_posix_script,
}

formats = pytest.mark.parametrize("name", FORMATS)


def test_every_format_is_offered_and_tested() -> None:
    assert tuple(FORMATS) == options.FORMATS == tuple(VALID)


@formats
@pytest.mark.parametrize("whole", golden.accounts())
def test_the_report_of_a_whole_account_is_valid(name: str, whole: str) -> None:
    VALID[name](rendered(name, account(whole)))


@formats
def test_a_report_of_nothing_is_valid(name: str) -> None:
    VALID[name](rendered(name, report_of()))


@formats
@settings(max_examples=40)
@given(words=names)
def test_no_name_makes_a_report_invalid(name: str, words: str) -> None:
    shown = rendered(name, failing_in_every_way(words))
    VALID[name](shown)
    shown.encode("utf-8")


@formats
def test_what_was_read_from_no_file_has_a_valid_report(name: str) -> None:
    VALID[name](rendered(name, report_of(endpoint(), file=None)))


LOGGING = re.compile(r"##\w*\[", re.ASCII)
"""What GitHub's runner (`##[error]`) and that of Azure (`##vso[task.debug]`) take for a command anywhere in a line."""


@pytest.mark.parametrize("style", [{}, {"quiet": True}], ids=["whole", "quiet"])
@pytest.mark.parametrize("sign", ["##[error]", "###[error]", "##[[error]", "##vso[task.debug]"])
@formats
def test_no_name_makes_a_line_a_command_to_a_runner(name: str, sign: str, style: dict[str, Any]) -> None:
    assert LOGGING.findall(rendered(name, failing_in_every_way(f"{sign}x"), **style)) == []


@pytest.mark.parametrize("sign", ["##[error]", "##vso[task.debug]"])
def test_json_still_says_what_no_runner_may_see(sign: str) -> None:
    (line,) = rendered("jsonl", report_of(endpoint(f"{sign}x"))).splitlines()
    assert json.loads(line)["resource"]["name"] == f"{sign}x"


@formats
def test_the_same_report_is_rendered_to_the_same_bytes(name: str) -> None:
    made = failing_in_every_way()
    assert rendered(name, made) == rendered(name, made)


@formats
def test_a_reader_of_bytes_can_read_it(name: str) -> None:
    rendered(name, failing_in_every_way("lone \ud800 surrogate")).encode("utf-8")


def test_the_validation_itself_refuses() -> None:
    for name, wrong in {
        "sarif": '{"version": "2.1.0", "runs": [{"tool": {}}]}',
        "gitlab-sast": '{"version": "15.0.7", "scan": {}, "vulnerabilities": []}',
        "gitlab-code-quality": '[{"description": "x"}]',
        "json": "{}",
    }.items():
        with pytest.raises(jsonschema.ValidationError):
            VALID[name](wrong)
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        is_junit("<testsuites><testsuite/></testsuites>")

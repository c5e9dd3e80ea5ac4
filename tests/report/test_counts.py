"""Every format tells of the same failures: none loses one, none makes one up."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dms_lint.model import Severity, Verdict
from tests.report.made import ARN, FILE, WAIVER, accepted, account, endpoint, names, rendered, report_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.model import Report

LINE = re.compile(r"^  (?:CRITICAL|HIGH|MEDIUM|LOW|INFO) +[A-Z]+\d{3}  ", re.MULTILINE)
"""How a failure begins in the text."""


def in_text(shown: str) -> int:
    return len(LINE.findall(f"\n{shown}".partition("\nAccepted: ")[0]))


def in_json(shown: str) -> int:
    return in_objects(json.loads(shown)["findings"])


def in_objects(findings: list[dict[str, object]]) -> int:
    def open_(one: dict[str, object]) -> bool:
        waiver = one["waiver"]
        return not one["known"] and (waiver is None or (isinstance(waiver, dict) and waiver["expired"]))

    return sum(one["verdict"] == "fail" and open_(one) for one in findings)


def in_sarif(shown: str) -> int:
    found = json.loads(shown)["runs"][0]["results"]
    return sum("suppressions" not in one and one.get("baselineState") != "unchanged" for one in found)


def in_github(shown: str) -> int:
    *annotated, last = shown.splitlines()
    failed, accepted_, left = (
        int(found[1]) if (found := re.search(rf"(\d+) {word}", last)) else 0
        for word in ("failed", "accepted", "more than are annotated")
    )
    assert len(annotated) + left == failed + accepted_
    return failed


def in_markdown(shown: str) -> int:
    table = shown.partition("<details>")[0]
    more = re.search(r"^(\d+) more failures are left out", table, re.MULTILINE)
    return len(re.findall(r"^\| (?:critical|high|medium|low|info) \|", table, re.MULTILINE)) + int(
        more[1] if more else 0
    )


def in_csv(shown: str) -> int:
    rows = csv.DictReader(io.StringIO(shown, newline=""), strict=True)
    return sum(row["verdict"] == "fail" and not row["accepted"] for row in rows)


OPEN: dict[str, Callable[[str], int]] = {
    "text": in_text,
    "json": in_json,
    "jsonl": lambda shown: in_objects([json.loads(line) for line in shown.splitlines()]),
    "sarif": in_sarif,
    "junit": lambda shown: len(list(ElementTree.fromstring(shown).iter("failure"))),
    "github": in_github,
    "markdown": in_markdown,
    "gitlab-code-quality": lambda shown: len(json.loads(shown)),
    "gitlab-sast": lambda shown: len(json.loads(shown)["vulnerabilities"]),
    "csv": in_csv,
}
"""How many failures that nobody accepted each format tells of, by what a reader of it sees."""


def agree(report: Report) -> None:
    failed = sum(one.verdict is Verdict.FAIL and not one.accepted for one in report.findings)
    counts = {name: count(rendered(name, report, severity=Severity.INFO)) for name, count in OPEN.items()}
    counts["quiet"] = len(rendered("text", report, quiet=True, severity=Severity.INFO).splitlines())
    assert counts == dict.fromkeys(counts, failed)


EXPIRED = WAIVER._replace(expired=True)
CHANGES: tuple[dict[str, Any], ...] = ({}, {"known": True}, {"waiver": WAIVER}, {"waiver": EXPIRED})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(names, st.sampled_from(CHANGES)), max_size=12), st.sampled_from([FILE, None, "-"]))
def test_formats_agree_on_how_much_fails(of: list[tuple[str, dict[str, object]]], file: str | None) -> None:
    made = (endpoint(name, EndpointArn=f"{ARN}{number}") for number, (name, _) in enumerate(of))
    agree(accepted(report_of(*made, file=file), *(change for _, change in of)))


@pytest.mark.parametrize("whole", ["faulty", "clean", "migration"])
def test_formats_agree_on_a_whole_account(whole: str) -> None:
    agree(accepted(account(whole), *(change for _ in range(20) for change in CHANGES)))

"""Waivers and the baseline, as the reports for people and dashboards show them."""

from __future__ import annotations

import json

import pytest

from tests.report.made import FILE, WAIVER, accepted, endpoint, rendered, report_of, several

REPORT = accepted(
    several(5),
    {"waiver": WAIVER},
    {"known": True},
    {"waiver": WAIVER, "known": True},
    {"waiver": WAIVER._replace(expired=True, expires="2026-01-01")},
)


def test_json_shows_the_waiver_and_whether_it_is_known() -> None:
    said = json.loads(rendered("json", REPORT))
    findings = said["findings"]
    assert findings[0]["waiver"] == {
        "reason": "being replaced",
        "expires": "2027-01-31",
        "owner": "DBA team",
        "ticket": "DB-12",
        "expired": False,
        "place": "waivers.yaml:3",
    }
    assert [finding["known"] for finding in findings] == [False, True, True, False, False]
    assert [finding["waiver"] is None for finding in findings] == [False, True, False, False, True]
    assert findings[3]["waiver"]["expired"] is True


def test_json_counts_each_accepted_failure_once() -> None:
    summary = json.loads(rendered("json", REPORT))["summary"]
    assert (summary["waived"], summary["known"]) == (2, 1)
    assert summary["verdicts"]["fail"] == summary["failures"]["high"] == 5


def test_text_has_a_line_for_each_accepted_failure_and_no_fix() -> None:
    shown = rendered("text", REPORT, width=140)
    start = shown.index("Accepted: 3 failures\n")
    lines = shown[start:].split("\n\n")[0].splitlines()[1:]
    assert lines[0] == (
        "  HIGH     TLS001  endpoint orders-0 · waived until 2027-01-31: being replaced (DB-12, DBA team)"
    )
    assert lines[1].endswith("endpoint orders-1 · known: the baseline holds it")
    assert len(lines) == 3
    assert shown.count("Fix (disruptive): ") == 2


@pytest.mark.parametrize("width", [80, 100])
def test_a_long_reason_is_cut_to_the_line(width: int) -> None:
    shown = rendered("text", accepted(several(1), {"waiver": WAIVER._replace(reason="why " * 99)}), width=width)
    (line,) = (line for line in shown.splitlines() if "waived until" in line)
    assert len(line) == width
    assert line.endswith("…")


def test_the_foot_of_the_text_counts_what_is_accepted() -> None:
    assert "2 failed (2 high) · 3 accepted (2 waived, 1 known) · 0 unknown" in rendered("text", REPORT, width=140)


def test_text_says_that_a_waiver_has_expired() -> None:
    shown = rendered("text", REPORT, width=140)
    assert "A waiver ended on 2026-01-01: being replaced (waivers.yaml:3)" in shown


def test_quiet_has_a_line_for_each_failure_that_nobody_accepted() -> None:
    lines = rendered("text", REPORT, quiet=True).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [f"{FILE}:33", f"{FILE}:43"]
    assert lines[0] == f"{FILE}:33: high TLS001 orders-3 (mysql) is not encrypted: SslMode is none"


def test_quiet_names_the_resource_where_there_is_no_file() -> None:
    report = report_of(endpoint(), file=None)
    shown = rendered("text", report, quiet=True)
    assert shown.startswith(f"{report.findings[0].resource.arn}: high TLS001 orders (mysql)")

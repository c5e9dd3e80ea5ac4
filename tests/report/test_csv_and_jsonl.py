"""The formats of a line a finding: for spreadsheets, and for tools that read line by line."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dms_lint.report.formats.csv_report import COLUMNS, cell
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


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(rendered("csv", report), newline=""), strict=True))


def test_a_row_says_all_of_a_failure() -> None:
    (row,) = rows(report_of(endpoint()))
    assert tuple(row) == COLUMNS
    assert (row["rule"], row["verdict"], row["severity"]) == ("TLS001", "fail", "high")
    assert (row["resource"], row["file"], row["line"]) == ("orders", FILE, "3")
    assert row["command"].startswith("aws dms modify-endpoint")
    assert row["accepted"] == ""


def test_an_unknown_has_a_row_without_a_fix() -> None:
    (row,) = rows(report_of(endpoint(SslMode=None)))
    assert row["verdict"] == "unknown"
    assert row["fix"] == row["command"] == ""


def test_a_row_says_why_a_failure_is_accepted() -> None:
    report = accepted(several(3), {"waiver": WAIVER}, {"known": True}, {"waiver": WAIVER._replace(expired=True)})
    assert [(row["accepted"], row["reason"], row["expires"]) for row in rows(report)] == [
        ("waived", "being replaced", "2027-01-31"),
        ("known", "", ""),
        ("", "", ""),
    ]


def test_every_finding_of_a_whole_account_is_a_row() -> None:
    assert len(rows(account("faulty"))) == len(account("faulty").findings)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "\n@x", "＝1"]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_spreadsheet_takes_no_name_for_a_formula(name: str) -> None:
    (row,) = rows(report_of(endpoint(name)))
    assert row["resource"].startswith("'")


@given(st.one_of(names, st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "\r", " ="]), names)))
@example(" -")
def test_no_cell_begins_a_formula(name: str) -> None:
    assert not cell(name).lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝"])
@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0"])
def test_no_cell_holds_a_formula_split_at_semicolons(sign: str, blank: str) -> None:
    parts = cell(f"orders;{blank}{sign}1+1;;{sign}2").split(";")
    assert not any(part.lstrip().startswith(sign) for part in parts)


@given(st.text(alphabet=st.characters(categories=["L", "N", "Zs"]), min_size=1))
def test_harmless_text_is_left_as_it_is(name: str) -> None:
    assert cell(name).endswith(name) or not name.isprintable()
    assert not cell(name).startswith("'")


@pytest.mark.parametrize("report", [account("faulty"), failing_in_every_way()], ids=["faulty", "made"])
def test_a_line_is_the_object_that_the_json_report_has(report: Report) -> None:
    lines = rendered("jsonl", report).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(rendered("json", report))["findings"]


def test_without_findings_there_is_no_line() -> None:
    assert rendered("jsonl", report_of()) == ""

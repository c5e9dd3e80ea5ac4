"""JUnit XML: nothing that was not judged looks like a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from dms_lint.model import Fault, Verdict
from tests.report.made import (
    PACK,
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
    from xml.etree.ElementTree import Element

    from dms_lint.model import Report


def suites(report: Report) -> list[Element]:
    return list(ElementTree.fromstring(rendered("junit", report)))


def cases(report: Report) -> list[Element]:
    return [case for suite in suites(report) for case in suite.iter("testcase")]


def outcome(case: Element) -> str:
    return next((child.tag for child in case), "passed")


@pytest.mark.parametrize("whole", ["faulty", "clean", "migration"])
def test_a_suite_counts_its_cases(whole: str) -> None:
    for suite in suites(account(whole)):
        outcomes = [outcome(case) for case in suite.iter("testcase")]
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(outcomes.count(tag))
        assert suite.get("tests") == str(len(outcomes))


def test_every_rule_that_ran_is_a_class_of_its_family() -> None:
    classes = {case.get("classname") for case in cases(account("clean"))}
    assert classes == {f"dms-lint.{rule.id.rstrip('0123456789')}.{rule.id}" for rule in PACK.rules}


@pytest.mark.parametrize("whole", ["faulty", "clean", "migration"])
def test_a_rule_passes_only_where_it_passed_and_failed_nowhere(whole: str) -> None:
    report = account(whole)
    passed = {str(case.get("classname")).rpartition(".")[2] for case in cases(report) if outcome(case) == "passed"}
    assert passed == {id_ for id_, n in report.checks.items() if n[Verdict.PASS] and not n[Verdict.FAIL]}


@pytest.mark.parametrize("whole", ["faulty", "clean", "migration"])
def test_cases_are_told_apart_by_class_and_name(whole: str) -> None:
    found = [(case.get("classname"), case.get("name")) for case in cases(account(whole))]
    assert len(found) == len(set(found))


def test_resources_of_one_name_are_told_apart() -> None:
    report = report_of(endpoint(EndpointArn="arn:aws:dms:eu-west-1:111122223333:endpoint:A"), endpoint())
    assert [case.get("name") for case in cases(report)] == [
        "endpoint orders (111122223333 eu-west-1)",
        "endpoint orders (111122223333 eu-west-1) #2",
    ]


def test_no_case_takes_the_numbered_name_of_another() -> None:
    faults = tuple(Fault("TLS001", name, "KeyError: 'x'", "") for name in ("a", "a", "a #2", "a"))
    found = [case.get("name") for case in cases(report_of(endpoint())._replace(faults=faults))]
    assert found[1:] == ["a", "a #2", "a #2 #2", "a #3"]


@pytest.mark.parametrize("outcomes", ["failure", "error", "skipped"])
def test_what_is_said_of_a_case_is_in_its_text_too(outcomes: str) -> None:
    """GitLab shows the text of an element, and its attributes only where it has none."""
    found = [case[0] for case in cases(failing_in_every_way()) if outcome(case) == outcomes]
    assert found
    assert all(str(one.get("message")) in (one.text or "") for one in found)


def test_a_rule_without_failures_says_how_often_it_passed() -> None:
    (case,) = cases(several(3, SslMode="require"))
    assert case.get("name") == "The connection to the database is encrypted (3 passed)"
    assert outcome(case) == "passed"


def test_a_failure_says_where_it_is_and_how_to_mend_it() -> None:
    (case,) = cases(report_of(endpoint()))
    (failure,) = case
    assert failure.get("type") == "high"
    assert failure.get("message") == "orders (mysql) is not encrypted: SslMode is none"
    lines = (failure.text or "").splitlines()
    assert lines[0] == "exports/describe-endpoints.json:3"
    assert any(line.startswith("$ aws dms modify-endpoint") for line in lines)


def test_what_the_input_does_not_hold_is_skipped() -> None:
    (case,) = cases(report_of(endpoint(SslMode=None)))
    assert outcome(case) == "skipped"
    assert "unknown: " in str(case[0].get("message"))


def test_what_could_not_be_read_is_an_error() -> None:
    (case,) = cases(report_of(endpoint(SslMode=["none"])))
    assert outcome(case) == "error"
    assert case[0].get("type") == "not-readable"


def test_a_refused_listing_is_an_error_of_each_rule_of_its_kind() -> None:
    errors = [case for case in cases(failing_in_every_way()) if case.get("name") == "resources that were not listed"]
    assert {outcome(case) for case in errors} == {"error"}
    assert {str(case.get("classname"))[:-3] for case in errors} == {"dms-lint.CRT.CRT"}


def test_what_is_accepted_is_skipped_and_says_why() -> None:
    report = accepted(several(3), {"waiver": WAIVER}, {"known": True}, {"waiver": WAIVER._replace(expired=True)})
    waived, known, expired = cases(report)
    assert [outcome(case) for case in (waived, known, expired)] == ["skipped", "skipped", "failure"]
    assert str(waived[0].get("message")).startswith("waived until 2027-01-31: being replaced (DB-12, DBA team)")
    assert str(known[0].get("message")).startswith("known: the baseline holds it")


def test_a_rule_that_judged_nothing_is_skipped() -> None:
    (case,) = cases(report_of(endpoint(EngineName="s3")))
    assert outcome(case) == "skipped"


def test_a_bug_of_ours_is_an_error() -> None:
    assert [case[0].get("type") for case in cases(failing_in_every_way()) if outcome(case) == "error"].count(
        "internal-error"
    ) == 1


@settings(max_examples=40)
@given(names)
def test_any_name_is_a_name_and_no_markup(name: str) -> None:
    tags = {element.tag for suite in suites(failing_in_every_way(name)) for element in suite.iter()}
    assert tags == {element.tag for suite in suites(failing_in_every_way()) for element in suite.iter()}


@pytest.mark.parametrize("name", ["\x00\x1b[31m", "]]>", "<b>&amp;\"'", "￾\ud800", "a\nb"])
def test_what_xml_cannot_hold_is_written_out(name: str) -> None:
    (case,) = cases(report_of(endpoint(name)))
    assert "(mysql) is not encrypted" in str(case[0].get("message"))

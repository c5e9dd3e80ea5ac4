"""GitLab's two formats: the same finding is the same issue in every scan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from dms_lint.model import Fault, Severity
from dms_lint.report.formats.gitlab_code_quality import SEVERITIES
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


def issues(report: Report) -> list[Any]:
    found: list[Any] = json.loads(rendered("gitlab-code-quality", report))
    return found


def sast(report: Report) -> Any:
    return json.loads(rendered("gitlab-sast", report))


def test_an_issue_is_placed_and_weighed() -> None:
    (issue,) = issues(report_of(endpoint()))
    assert issue["check_name"] == "TLS001"
    assert issue["severity"] == "critical"
    assert issue["location"] == {"path": FILE, "lines": {"begin": 3}}
    assert issue["description"] == "orders (mysql) is not encrypted: SslMode is none"


def test_severities_keep_their_order() -> None:
    assert [SEVERITIES[severity] for severity in sorted(Severity)] == ["info", "minor", "major", "critical", "blocker"]


@pytest.mark.parametrize("whole", ["faulty", "clean"])
def test_no_two_findings_share_a_fingerprint_or_an_id(whole: str) -> None:
    report = account(whole)
    failed = sum(report.failures().values())
    assert len({issue["fingerprint"] for issue in issues(report)}) == failed
    assert len({one["id"] for one in sast(report)["vulnerabilities"]}) == failed


def test_a_finding_that_moved_is_the_same_one() -> None:
    moved = report_of(endpoint(), file="elsewhere/describe-endpoints.json")
    assert issues(moved)[0]["fingerprint"] == issues(report_of(endpoint()))[0]["fingerprint"]
    assert sast(moved)["vulnerabilities"][0]["id"] == sast(report_of(endpoint()))["vulnerabilities"][0]["id"]


def test_a_vulnerability_is_tracked_by_resource_not_line() -> None:
    """GitLab takes two of one identifier and line for the same one, unless their signatures differ."""

    def signatures(report: Report) -> list[Any]:
        return [one["tracking"]["items"][0]["signatures"] for one in sast(report)["vulnerabilities"]]

    ((first,), (second,)) = signatures(several(2))
    assert first["algorithm"] == second["algorithm"] == "hash"
    assert first["value"] != second["value"]
    moved = report_of(endpoint(), file="elsewhere/describe-endpoints.json")
    assert signatures(moved) == signatures(report_of(endpoint()))


def test_ids_do_not_change_with_the_version() -> None:
    (vulnerability,) = sast(report_of(endpoint()))["vulnerabilities"]
    assert vulnerability["id"] == "45c6f700-fab9-58c0-af58-b63282f65f24"


def test_what_is_accepted_is_left_out() -> None:
    report = accepted(several(3), {"waiver": WAIVER}, {"known": True}, {"waiver": WAIVER._replace(expired=True)})
    assert len(issues(report)) == len(sast(report)["vulnerabilities"]) == 1


def test_a_vulnerability_is_named_placed_and_weighed() -> None:
    (one,) = sast(report_of(endpoint()))["vulnerabilities"]
    assert one["name"] == "Connection unencrypted"
    assert one["severity"] == "High"
    assert one["location"] == {"file": FILE, "start_line": 3}
    (identifier,) = one["identifiers"]
    assert identifier["value"] == "TLS001"
    assert identifier["url"].endswith("/docs/rules/TLS001.md")


def test_rules_that_ran_are_named_so_that_alerts_resolve() -> None:
    scan = sast(report_of(endpoint(), select="TLS00"))["scan"]
    named = [one["value"] for one in scan["primary_identifiers"]]
    assert named == [f"TLS00{n}" for n in range(1, 10)]


def test_what_is_unknown_is_a_message_of_the_scan() -> None:
    levels = {message["level"] for message in sast(failing_in_every_way())["scan"]["messages"]}
    assert levels == {"info", "warn", "fatal"}


def test_a_bug_of_ours_makes_the_scan_a_failure() -> None:
    report = report_of(endpoint())
    assert sast(report)["scan"]["status"] == "success"
    assert sast(report._replace(faults=(Fault("TLS001", "x", "e", ""),)))["scan"]["status"] == "failure"


@settings(max_examples=60)
@given(names)
def test_a_description_is_no_markdown(name: str) -> None:
    for one in sast(report_of(endpoint(f"{name}<img src=x>@all")))["vulnerabilities"]:
        shown = one["description"].replace("&#8203;", "").replace("<wbr>", "")
        assert not set(shown) & set("<>@`*_[]|\\")

"""SARIF: what code scanning needs to place, follow and close its alerts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given

from dms_lint.model import Fault, Report, Severity
from dms_lint.report.formats.sarif import LEVELS, LIMIT, SCORES
from tests.report.made import (
    ARN,
    FILE,
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


def run(report: Report) -> Any:
    (only,) = json.loads(rendered("sarif", report))["runs"]
    return only


def results(report: Report) -> list[Any]:
    found: list[Any] = run(report)["results"]
    return found


def place(result: Any) -> Any:
    return result["locations"][0]["physicalLocation"]


def test_every_rule_that_ran_is_there() -> None:
    rules = run(account("clean"))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in PACK.rules]


def test_a_rule_is_explained_and_weighed() -> None:
    (rule,) = run(report_of(endpoint()))["tool"]["driver"]["rules"]
    (ours,) = (rule for rule in PACK.rules if rule.id == "TLS001")
    assert rule["name"] == "ConnectionUnencrypted"
    assert rule["shortDescription"]["text"] == "Connection unencrypted"
    assert rule["fullDescription"]["text"] == ours.why.strip()
    assert rule["helpUri"].endswith("/docs/rules/TLS001.md")
    assert rule["defaultConfiguration"]["level"] == "error"
    assert rule["properties"]["tags"] == ["security", "TLS", "guide"]
    assert rule["properties"]["security-severity"] == "8.0"
    for words in rule["help"].values():
        assert ours.why.strip() in words
        assert ours.refs[0] in words
        assert "<tls.strongest_mode>" in words
        assert "{tls" not in words


def test_scores_fall_into_github_s_bands() -> None:
    bands = [("critical", 9.0), ("high", 6.95), ("medium", 3.95), ("low", 0.05), ("info", -1.0)]
    for severity in Severity:
        assert next(label for label, above in bands if float(SCORES[severity]) > above) == severity.label
    assert set(LEVELS.values()) == {"error", "warning", "note"}


@pytest.mark.parametrize("whole", ["faulty", "clean"])
def test_a_result_is_a_failure_and_names_its_rule(whole: str) -> None:
    said = run(account(whole))
    assert len(said["results"]) == sum(account(whole).failures().values())
    for result in said["results"]:
        assert said["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["dmsLint/v1"].startswith(result["ruleId"] + ":")


def test_a_result_is_placed_relative_to_the_working_directory() -> None:
    (result,) = results(report_of(endpoint()))
    assert place(result) == {"artifactLocation": {"uri": FILE}, "region": {"startLine": 3}}
    (result,) = results(report_of(endpoint(), file=f"./exports/../{FILE}"))
    assert place(result)["artifactLocation"]["uri"] == FILE
    (result,) = results(report_of(endpoint(), file=str(Path.cwd() / FILE)))
    assert place(result)["artifactLocation"]["uri"] == FILE


def test_a_file_outside_the_working_directory_is_a_file_uri() -> None:
    for file in ("/tmp/a b/ü.json", "../elsewhere.json"):
        (result,) = results(report_of(endpoint(), file=file))
        uri = urlsplit(place(result)["artifactLocation"]["uri"])
        assert uri.scheme == "file"
        assert Path(unquote(uri.path)) == Path(Path.cwd(), file).resolve()


def test_a_path_is_percent_encoded() -> None:
    (result,) = results(report_of(endpoint(), file="a b/100%:#?.json"))
    assert place(result)["artifactLocation"]["uri"] == "a%20b/100%25%3A%23%3F.json"


def test_a_result_without_a_file_has_an_accepted_place() -> None:
    report = report_of(endpoint("orders/../x"), file=None)
    (result,) = results(report)
    assert place(result) == {
        "artifactLocation": {"uri": "aws/111122223333/eu-west-1/endpoint/orders_.._x"},
        "region": {"startLine": 1},
    }
    (logical,) = result["locations"][0]["logicalLocations"]
    assert logical["fullyQualifiedName"] == report.findings[0].resource.arn


def test_results_are_followed_by_lines_or_our_fingerprint() -> None:
    (placed,) = results(report_of(endpoint()))
    assert set(placed["partialFingerprints"]) == {"dmsLint/v1"}
    live = results(report_of(endpoint(), endpoint(EndpointArn=ARN + "Y"), file=None))
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in live]
    assert len(set(hashes)) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}:1", one) for one in hashes)


def test_resources_of_one_line_are_told_apart_by_our_fingerprint() -> None:
    report = several(2)
    for finding in report.findings:
        finding.resource.line = 1
    found = results(report)
    assert len({one["partialFingerprints"]["primaryLocationLineHash"] for one in found}) == 2


def test_results_are_cut_at_the_limit_and_the_cut_is_told() -> None:
    whole = account("faulty")
    report = accepted(whole, *({"known": True} for _ in range(100)))
    times = LIMIT // sum(whole.failures().values()) + 1
    said = run(report._replace(findings=report.findings * times))
    assert len(said["results"]) == LIMIT
    left = sum(whole.failures().values()) * times - LIMIT
    assert 0 < left < 100 * times
    order = ["error", "warning", "note"]
    states = [(one["baselineState"] == "unchanged", order.index(one["level"])) for one in said["results"]]
    assert states == sorted(states)
    assert sum(known for known, _ in states) == 100 * times - left
    words = [one["message"]["text"] for one in said["invocations"][0]["toolExecutionNotifications"]]
    assert any(text.startswith(f"{left} of {LIMIT + left} failures are left out") for text in words)


@given(names)
def test_no_name_makes_an_address_of_another_scheme(name: str) -> None:
    for file in (None, FILE):
        for result in results(report_of(endpoint(name), file=file)):
            uri = urlsplit(place(result)["artifactLocation"]["uri"])
            assert (uri.scheme, uri.netloc) == ("", "")
            assert uri.path
            assert not uri.path.startswith("/")
            assert ".." not in uri.path.split("/")


def test_no_name_becomes_a_link() -> None:
    (result,) = results(report_of(endpoint("[click](https://example.com)")))
    assert "](" not in result["message"]["text"]


def test_what_is_waived_is_suppressed_until_it_expires() -> None:
    report = accepted(several(2), {"waiver": WAIVER}, {"waiver": WAIVER._replace(expired=True)})
    first, second = results(report)
    words = "waived until 2027-01-31: being replaced (DB-12, DBA team)"
    assert first["suppressions"] == [{"kind": "external", "status": "accepted", "justification": words}]
    assert "suppressions" not in second
    assert "baselineState" not in first


def test_against_a_baseline_results_are_unchanged_or_new() -> None:
    states = [result["baselineState"] for result in results(accepted(several(3), {}, {"known": True}))]
    assert states == ["new", "unchanged", "new"]


def test_what_is_unknown_is_a_notification_a_gap() -> None:
    report = failing_in_every_way()
    (invocation,) = run(report)["invocations"]
    said = invocation["toolExecutionNotifications"]
    kinds = [one["descriptor"]["id"] for one in said]
    assert kinds.count("not-provided") + kinds.count("not-readable") == len(report.gaps)
    levels = {one["descriptor"]["id"]: one["level"] for one in said}
    assert levels == {"not-provided": "note", "not-readable": "warning", "input": "warning", "internal-error": "error"}
    driver = run(report)["tool"]["driver"]
    for one in said:
        assert driver["notifications"][one["descriptor"]["index"]]["id"] == one["descriptor"]["id"]
        if "associatedRule" in one:
            assert driver["rules"][one["associatedRule"]["index"]]["id"] == one["associatedRule"]["id"]


def test_a_gap_of_one_rule_refers_to_it() -> None:
    (invocation,) = run(report_of(endpoint(SslMode=None)))["invocations"]
    (said,) = invocation["toolExecutionNotifications"]
    assert said["associatedRule"] == {"id": "TLS001", "index": 0}


def test_a_bug_of_ours_makes_the_run_unsuccessful() -> None:
    report = report_of(endpoint())
    assert run(report)["invocations"][0]["executionSuccessful"] is True
    broken = report._replace(faults=(Fault("TLS001", "x", "KeyError: 'x'", ""),))
    assert run(broken)["invocations"][0]["executionSuccessful"] is False


def test_analyses_of_accounts_and_regions_are_told_apart() -> None:
    report = report_of(endpoint())
    assert run(report)["automationDetails"] == {"id": "dms-lint/111122223333/eu-west-1/"}
    many = report._replace(accounts=tuple("abcd"), regions=())
    assert run(many)["automationDetails"] == {"id": "dms-lint/several-accounts/"}

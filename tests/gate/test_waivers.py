"""A waiver marks a finding, for as long as it lasts; it changes no verdict, and says when it is of no use."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dms_lint.engine.scan import scan
from dms_lint.gate import exit_code as gate
from dms_lint.gate.waivers import at_moment, waived
from dms_lint.model import Document, Notice, Pack, Refusal, Report, Verdict, Waiver
from tests.build import NOW
from tests.cli.test_cli import endpoint
from tests.forked import run

ARN = "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS"


def report_of(pack: Pack, *more: Document, select: str = "TLS001", **members: Any) -> Report:
    """The report on an endpoint, by default one that is not encrypted."""
    body = {"Endpoints": [endpoint(**{"SslMode": "none", **members})]}
    rules = [rule for rule in pack.rules if rule.id.startswith(select)]
    return scan([Document("dms:DescribeEndpoints", body, file="in.json"), *more], pack, rules, at=NOW)


def waiver(rule: str = "TLS001", resource: str = "orders", reason: str = "agreed", **more: Any) -> Waiver:
    return Waiver(rule, resource, reason, place=".dms-lint.yaml:4", **more)


def judged(report: Report, *waivers: Waiver, at: datetime = NOW) -> Report:
    return waived(report, at_moment(waivers, at))


def said(report: Report) -> list[str]:
    return [str(notice) for notice in report.notices]


# -- which findings


@pytest.mark.parametrize("rule", ["TLS001", "tls001", "TLS0", "TLS", "connection-unencrypted"])
@pytest.mark.parametrize("resource", ["orders", ARN, "*", "ord*", "*:endpoint:*", "o*d*rs", "arn:aws:dms:*:ORDERS"])
def test_a_waiver_names_rule_and_resource_as_users_do(pack: Pack, rule: str, resource: str) -> None:
    (finding,) = judged(report_of(pack), waiver(rule, resource)).findings
    assert finding.waiver is not None
    assert finding.accepted
    assert finding.verdict is Verdict.FAIL


@pytest.mark.parametrize("resource", ["order", "rders", "Orders", "order?", "[o]rders", ".*", "o*x", "eu-west-1"])
def test_a_waiver_of_another_resource_does_not_fit(pack: Pack, resource: str) -> None:
    (finding,) = judged(report_of(pack), waiver(resource=resource)).findings
    assert finding.waiver is None


def test_a_pattern_of_many_stars_takes_no_time(pack: Pack) -> None:
    report = report_of(pack, EndpointIdentifier="o" * 255)
    start = time.monotonic()
    for pattern, fits in (("*o" * 40 + "*x", False), ("*o" * 40 + "*", True), ("o*" * 40 + "o" * 215, True)):
        (finding,) = judged(report, waiver(resource=pattern)).findings
        assert (finding.waiver is not None) is fits
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("resource", ["ord*ders", "orders*s", "*orders*orders", "o*d*d*s"])
def test_what_two_stars_stand_between_does_not_overlap(pack: Pack, resource: str) -> None:
    (finding,) = judged(report_of(pack), waiver(resource=resource)).findings
    assert finding.waiver is None


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({"account": "111122223333"}, True),
        ({"account": "444455556666"}, False),
        ({"region": "eu-west-1"}, True),
        ({"region": "eu-west-2"}, False),
        ({"account": "111122223333", "region": "eu-west-2"}, False),
    ],
)
def test_a_waiver_may_be_of_one_account_or_region(pack: Pack, more: dict[str, str], fits: bool) -> None:
    (finding,) = judged(report_of(pack), waiver(**more)).findings
    assert (finding.waiver is not None) is fits


def test_a_tag_of_the_account_waives_nothing(pack: Pack) -> None:
    tags = {"TagList": [{"Key": "dms-lint:waive", "Value": "TLS001", "ResourceArn": ARN}]}
    report = report_of(pack, Document("dms:ListTagsForResource", tags, file="tags.json"))
    (finding,) = judged(report, waiver(resource="TLS001")).findings
    assert finding.waiver is None


def test_a_pass_is_not_waived(pack: Pack) -> None:
    body = {"Endpoints": [endpoint()]}
    rules = [rule for rule in pack.rules if rule.id == "TLS001"]
    report = scan([Document("dms:DescribeEndpoints", body)], pack, rules, at=NOW, all_verdicts=True)
    (finding,) = judged(report, waiver()).findings
    assert (finding.verdict, finding.waiver) == (Verdict.PASS, None)


# -- until when


@pytest.mark.parametrize(
    ("at", "expired"),
    [
        ("2026-12-30", False),
        ("2026-12-31", False),
        ("2026-12-31T23:59:59+00:00", False),
        ("2027-01-01", True),
        # The same moment, as another part of the world writes it: days are those of UTC.
        ("2026-12-31T22:00:00-05:00", True),
        ("2027-01-01T03:00:00+05:00", False),
    ],
)
def test_the_last_day_still_counts(pack: Pack, at: str, expired: bool) -> None:
    moment = datetime.fromisoformat(at)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    report = judged(report_of(pack), waiver(expires="2026-12-31"), at=moment)
    (finding,) = report.findings
    assert finding.waiver is not None
    assert finding.waiver.expired is expired
    assert finding.accepted is not expired
    assert gate.exit_code(report) == (gate.FINDINGS if expired else gate.CLEAN)


def test_an_expired_waiver_says_so(pack: Pack) -> None:
    report = judged(report_of(pack), waiver(expires="2026-11-22"))
    assert said(report) == [
        ".dms-lint.yaml:4: the waiver of TLS001 for orders expired on 2026-11-22: 1 finding counts again"
    ]
    assert not any(notice.problem for notice in report.notices)


def test_of_two_that_fit_one_in_force_wins(pack: Pack) -> None:
    old, new = waiver(expires="2026-01-01"), waiver("TLS", reason="agreed anew")
    for order in ((old, new), (new, old)):
        (finding,) = judged(report_of(pack), *order).findings
        assert finding.waiver is not None
        assert finding.waiver.reason == "agreed anew"


def test_an_expired_one_beside_one_in_force_counts_nothing_again(pack: Pack) -> None:
    report = judged(report_of(pack), waiver(expires="2026-01-01"), waiver("TLS", reason="agreed anew"))
    assert said(report) == [
        ".dms-lint.yaml:4: the waiver of TLS001 for orders expired on 2026-01-01, "
        "and another accepts all that it fits: it can go"
    ]


# -- what fits nothing


def test_a_waiver_that_fits_nothing_is_named(pack: Pack) -> None:
    report = judged(report_of(pack, SslMode="verify-full"), waiver())
    assert said(report) == [".dms-lint.yaml:4: the waiver of TLS001 for orders fits no finding: it can go"]


def test_an_expired_one_that_fits_nothing_can_go_too(pack: Pack) -> None:
    report = judged(report_of(pack, SslMode="verify-full"), waiver(expires="2026-01-01"))
    assert [notice.rpartition(": ")[2] for notice in said(report)] == ["it can go"]


@pytest.mark.parametrize(
    "one",
    [
        waiver("KMS001", "x"),  # not selected
        waiver("TLS", "x"),  # not all of its rules are selected
        waiver(resource="x", account="444455556666"),
        waiver(resource="x", region="us-east-1"),
    ],
)
def test_nothing_is_said_of_a_waiver_of_what_was_not_judged(pack: Pack, one: Waiver) -> None:
    assert said(judged(report_of(pack), one)) == []


def test_a_waiver_for_an_unread_resource_is_not_complained_of(pack: Pack) -> None:
    rules = [rule for rule in pack.rules if rule.id == "TLS001"]
    body = {"Endpoints": [endpoint()], "Marker": "more"}
    report = scan([Document("dms:DescribeEndpoints", body, file="in.json")], pack, rules, at=NOW)
    assert said(judged(report, waiver(resource="x"))) == []


# -- unknowns


def unreadable(pack: Pack) -> Report:
    refused = Document("kms:DescribeKey", {}, refusal=Refusal("AccessDeniedException", "no"), region="eu-west-1")
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1"
    return report_of(pack, refused, select="KMS003", KmsKeyId=arn)


def test_a_waived_unknown_does_not_make_the_exit_code_3(pack: Pack) -> None:
    report = unreadable(pack)
    assert [finding.verdict for finding in report.findings] == [Verdict.UNKNOWN]
    assert gate.exit_code(report) == gate.UNREADABLE
    accepted = judged(report, waiver("KMS003"))
    assert gate.exit_code(accepted) == gate.CLEAN
    assert gate.exit_code(accepted, strict=True) == gate.CLEAN
    # What could not be read is shown as before.
    assert accepted.gaps == report.gaps
    assert accepted.verdicts == report.verdicts


def test_an_expired_waiver_of_an_unknown_counts_again(pack: Pack) -> None:
    report = judged(unreadable(pack), waiver("KMS003", expires="2026-01-01"))
    assert gate.exit_code(report) == gate.UNREADABLE


def test_a_waiver_of_one_unknown_does_not_accept_another(pack: Pack) -> None:
    body = {"Endpoints": [endpoint(name, SslMode=None) for name in ("orders", "crm")]}
    rules = [rule for rule in pack.rules if rule.id == "TLS001"]
    report = scan([Document("dms:DescribeEndpoints", body, file="in.json")], pack, rules, at=NOW)
    assert gate.exit_code(report, strict=True) == gate.UNREADABLE
    assert gate.exit_code(judged(report, waiver()), strict=True) == gate.UNREADABLE
    assert gate.exit_code(judged(report, waiver(), waiver(resource="crm")), strict=True) == gate.CLEAN


def test_a_listing_that_was_refused_cannot_be_waived(pack: Pack) -> None:
    refused = Document("dms:DescribeCertificates", {}, refusal=Refusal("AccessDeniedException", "no"))
    report = report_of(pack, refused, select="CRT")
    assert gate.exit_code(report) == gate.UNREADABLE
    assert gate.exit_code(judged(report, waiver("CRT", "*"))) == gate.UNREADABLE


def test_a_file_that_cannot_be_read_cannot_be_waived(pack: Pack) -> None:
    report = judged(report_of(pack), waiver(resource="*"))
    broken = report._replace(notices=(Notice("is empty", "x.json", problem=True),))
    assert (gate.exit_code(report), gate.exit_code(broken)) == (gate.CLEAN, gate.UNREADABLE)


# -- as a pipeline sees it


def test_a_pipeline_passes_until_the_day_after(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "in.json").write_text(json.dumps({"Endpoints": [endpoint(SslMode="none")]}))
    arguments = ("scan", "in.json", "--select", "TLS001")
    assert run(*arguments, cwd=tmp_path).returncode == 1
    (tmp_path / ".dms-lint.yaml").write_text(
        "waivers:\n  - {rule: TLS001, resource: orders, reason: It moves in December., expires: 2026-12-31}\n"
    )
    before = run(*arguments, "--at", "2026-12-31", cwd=tmp_path)
    assert (before.returncode, before.stderr) == (0, "")
    after = run(*arguments, "--at", "2027-01-01", cwd=tmp_path)
    assert after.returncode == 1
    assert after.stderr == (
        "dms-lint: .dms-lint.yaml:2: the waiver of TLS001 for orders expired on 2026-12-31: 1 finding counts again\n"
    )


def test_waivers_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "in.json").write_text(json.dumps({"Endpoints": [endpoint(SslMode="none")]}))
    (tmp_path / "w.yaml").write_text("waivers:\n  - {rule: TLS001, resource: orders, reason: a}\n")
    arguments = ("scan", "in.json", "--select", "TLS001", "--waivers", "w.yaml")
    assert run(*arguments, cwd=tmp_path).returncode == 0
    (tmp_path / "w.yaml").write_text("waivers:\n  - {rule: TSL001, resource: orders, reason: a}\n")
    wrong = run(*arguments, cwd=tmp_path)
    assert wrong.returncode == 2
    assert "w.yaml:2: no rule is called 'TSL001'; did you mean 'TLS001'?" in wrong.stderr

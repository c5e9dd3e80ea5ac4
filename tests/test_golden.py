"""Whole fictitious accounts, and the reports that follow from them."""

import json
from pathlib import Path

import pytest

from dms_lint.model import Verdict
from tools import golden

ACCOUNTS = golden.accounts()


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, str]]:
    return {account: golden.reports(account) for account in ACCOUNTS}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("kind", ["txt", "json"])
def test_the_report_is_the_expected_one(account: str, kind: str, made: dict[str, dict[str, str]]) -> None:
    name = f"{account}.report.{kind}"
    assert made[account][name] == (golden.ACCOUNTS / name).read_text(encoding="utf-8"), "read it, then `make golden`"


def test_the_clean_account_has_no_failure_and_only_what_secrets_hold_is_unknown(
    made: dict[str, dict[str, str]],
) -> None:
    report = json.loads(made["clean"]["clean.report.json"])
    assert report["summary"]["verdicts"]["fail"] == 0
    assert report["errors"] == []
    assert {gap["needs"] for gap in report["gaps"]} == {"secretsmanager:GetSecretValue, with --read-secrets"}


def _rules(account: str) -> dict[Verdict, set[str]]:
    found: dict[Verdict, set[str]] = {verdict: set() for verdict in Verdict}
    for finding in golden.judge(account, all_verdicts=True).findings:
        found[finding.verdict].add(finding.rule.id)
    return found


def test_nearly_every_rule_passes_somewhere_in_the_clean_account() -> None:
    found = _rules("clean")
    judged = set().union(*found.values())
    assert len(found[Verdict.PASS]) >= 0.9 * len(judged), sorted(judged - found[Verdict.PASS])


def test_scanning_twice_gives_the_same_bytes(made: dict[str, dict[str, str]]) -> None:
    for account in ACCOUNTS:
        assert golden.reports(account) == made[account]


def test_expected_reports_stand_beside_the_accounts_and_not_within() -> None:
    assert not list(Path(golden.ACCOUNTS).glob("*/*.report.*"))

"""Whole fictitious accounts, and the reports that follow from them."""

import json
from pathlib import Path

import pytest

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


def test_the_clean_account_has_no_failure_and_only_hosts_in_secrets_are_unknown(
    made: dict[str, dict[str, str]],
) -> None:
    report = json.loads(made["clean"]["clean.report.json"])
    assert report["summary"]["verdicts"]["fail"] == 0
    assert report["errors"] == []
    assert {gap["needs"] for gap in report["gaps"]} == {"the host name, which the secret holds"}


def test_nearly_every_rule_passes_somewhere_in_the_clean_account(made: dict[str, dict[str, str]]) -> None:
    report = json.loads(made["clean"]["clean.report.json"])
    passed = {finding["rule"] for finding in report["findings"] if finding["verdict"] == "pass"}
    judged = {finding["rule"] for finding in report["findings"]}
    assert len(passed) >= 0.9 * len(judged), sorted(judged - passed)


def test_nearly_every_rule_fails_somewhere_in_the_faulty_account(made: dict[str, dict[str, str]]) -> None:
    report = json.loads(made["faulty"]["faulty.report.json"])
    failed = {finding["rule"] for finding in report["findings"] if finding["verdict"] == "fail"}
    judged = {finding["rule"] for finding in report["findings"]}
    assert len(failed) >= 0.9 * len(judged), sorted(judged - failed)


def test_scanning_twice_gives_the_same_bytes(made: dict[str, dict[str, str]]) -> None:
    for account in ACCOUNTS:
        assert golden.reports(account) == made[account]


def test_expected_reports_stand_beside_the_accounts_and_not_within() -> None:
    assert not list(Path(golden.ACCOUNTS).glob("*/*.report.*"))

"""Whole fictitious accounts, and the reports that follow from them."""

from pathlib import Path

import pytest

from dms_lint.data.tables import pack_directory
from dms_lint.model import Verdict
from dms_lint.rulepack.loader import load_pack
from tests.laws.test_planted_faults import PLANTED
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


def _rules(account: str) -> dict[Verdict, set[str]]:
    found: dict[Verdict, set[str]] = {verdict: set() for verdict in Verdict}
    for finding in golden.judge(account, all_verdicts=True).findings:
        found[finding.verdict].add(finding.rule.id)
    return found


def test_nearly_every_rule_passes_somewhere() -> None:
    clean, migration = _rules("clean"), _rules("migration")
    assert not clean[Verdict.FAIL] | migration[Verdict.FAIL]
    passed = clean[Verdict.PASS] | migration[Verdict.PASS]
    judged = set().union(*clean.values(), *migration.values())
    assert len(passed) >= 0.9 * len(judged), sorted(judged - passed)


def test_nearly_every_rule_fails_somewhere() -> None:
    faulty = _rules("faulty")
    planted = {name.split()[0] for one in PLANTED for name in one.changes.get("fail", "").split("; ") if name}
    rules = {rule.id for rule in load_pack(pack_directory()).rules}
    assert len(faulty[Verdict.FAIL] | planted) >= 0.9 * len(rules), rules - faulty[Verdict.FAIL] - planted


def test_scanning_twice_gives_the_same_bytes(made: dict[str, dict[str, str]]) -> None:
    for account in ACCOUNTS:
        assert golden.reports(account) == made[account]


def test_expected_reports_stand_beside_the_accounts() -> None:
    assert not list(Path(golden.ACCOUNTS).glob("*/*.report.*"))

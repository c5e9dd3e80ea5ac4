"""What rules need to be collected: no more, and for the same verdicts no less."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dms_lint.aws.responses import KINDS, shapes_of
from dms_lint.collectors import read_inputs
from dms_lint.collectors.live.calls import CALLS, calls_for
from dms_lint.engine import cases
from dms_lint.engine.evaluate import evaluate
from dms_lint.facts import FACTS
from dms_lint.facts.collection import judged_kinds, kinds_read
from dms_lint.facts.reads import READS
from dms_lint.inventory.inventory import Inventory
from dms_lint.inventory.scopes import explicit_scopes, split_response
from dms_lint.model import Document, Refusal
from tools.needs import FILE, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.model import Finding, Pack, Rule

ACCOUNTS = sorted(folder for folder in (Path(__file__).parent.parent / "accounts").iterdir() if folder.is_dir())
AT = datetime(2026, 11, 23, tzinfo=UTC)
OURS = {call.operation for call in CALLS}


def operations(rules: Iterable[Rule], *, read_secrets: bool = True) -> set[str]:
    rules = tuple(rules)
    return {call.operation for call in calls_for(judged_kinds(rules), kinds_read(rules), read_secrets=read_secrets)}


def verdicts(rule: Rule, documents: Iterable[Document], at: datetime) -> dict[str, str]:
    """The verdicts of a rule, not-applicables left out: of a resource that was not collected there is none."""
    found = evaluate([rule], Inventory(documents, at), all_verdicts=True).findings
    return {one.resource.name: one.verdict for one in found if one.verdict != "not-applicable" and not _foreign(one)}


def _foreign(finding: Finding) -> bool:
    """Whether it is about an account that is only spoken of, as nobody knows where nothing of it was asked."""
    return finding.resource.kind == "account" and not finding.resource.id.startswith("1111")


def placed(documents: list[Document]) -> list[Document]:
    """The same documents as a collection has them: each with its account and Region, and refusals of the rest."""
    scopes = {
        scope
        for one in documents
        if one.operation.startswith("dms:")
        for scope in explicit_scopes(one, split_response(one))
    }
    account, region = min((scope for scope in scopes if all(scope)), default=("111122223333", "eu-central-1"))
    given = {one.operation for one in documents}
    rest = {call.operation for call in CALLS if not call.follows and call.operation not in given}
    refused = [Document(operation, {}, refusal=Refusal("AccessDenied", "")) for operation in sorted(rest)]
    return [
        one._replace(account=account, region="" if of_account else region)
        for one in (*documents, *refused)
        for of_account in [all(KINDS[row.kind].scope == "account" for row in shapes_of(one.operation))]
    ]


def test_the_table_of_needs_is_what_is_observed() -> None:
    assert FILE.read_text() == written(), "run `make docs`"


def test_needs_are_facts_and_kinds() -> None:
    assert set(READS) <= set(FACTS)
    assert {kind for kinds in READS.values() for kind in kinds} <= set(KINDS)


@pytest.mark.parametrize("folder", ACCOUNTS, ids=lambda folder: folder.name)
def test_what_a_rule_needs_gives_the_verdicts_that_all_gives(folder: Path, pack: Pack) -> None:
    found = [one for one in read_inputs([str(folder)], read_secrets=True) if isinstance(one, Document)]
    told = placed([one for one in found if one.operation in OURS])
    other = {}
    for rule in pack.rules:
        needed = operations([rule])
        some = [one for one in told if one.operation in needed]
        other[rule.id] = set(verdicts(rule, some, AT).items()) ^ set(verdicts(rule, told, AT).items())
    assert not {id_: found for id_, found in other.items() if found}


def test_what_a_rule_needs_gives_the_verdicts_of_its_cases(pack: Pack) -> None:
    other = {}
    for rule in pack.rules:
        needed = operations([rule])
        for case in cases.read_cases(rule):
            told = placed([one for one in cases.documents(case) if one.operation in OURS])
            some = [one for one in told if one.operation in needed]
            more, less = verdicts(rule, told, case.at), verdicts(rule, some, case.at)
            other[rule.id, case.name] = set(more.items()) ^ set(less.items())
    assert not {case: found for case, found in other.items() if found}


def test_all_rules_need_the_whole_table(pack: Pack) -> None:
    assert operations(pack.rules) == OURS


def test_rules_about_tls_ask_nothing_of_iam(pack: Pack) -> None:
    asked = operations(rule for rule in pack.rules if rule.id.startswith("TLS"))
    assert not {one for one in asked if one.startswith(("iam:", "kms:", "ec2:", "s3:"))}


def test_the_value_of_a_secret_is_read_only_when_asked_for(pack: Pack) -> None:
    assert "secretsmanager:GetSecretValue" not in operations(pack.rules, read_secrets=False)

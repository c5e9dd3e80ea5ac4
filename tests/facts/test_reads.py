"""What rules need to be collected: no more, and for the same verdicts no less."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import shapes_of
from dms_lint.collectors import read_inputs
from dms_lint.collectors.live.calls import CALLS, calls_for
from dms_lint.engine import cases
from dms_lint.engine.evaluate import evaluate
from dms_lint.facts import FACTS, MODULES, READS_FILE, judged_kinds, kinds_read, reads
from dms_lint.inventory.inventory import Inventory
from dms_lint.inventory.scopes import explicit_scopes, split_response
from dms_lint.model import Document, Refusal
from tests.build import NOW as AT
from tests.facts.observation import observed
from tests.forked import run
from tools.reads import UndeclaredKinds, kinds_asked, reachable, source, written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dms_lint.model import Finding, Pack, Rule

FACT_FILES = READS_FILE.parent
ACCOUNTS = sorted(folder for folder in (Path(__file__).parent.parent / "accounts").iterdir() if folder.is_dir())
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


def test_the_table_of_reads_is_fresh() -> None:
    assert READS_FILE.read_text(encoding="utf-8") == written(), "run `make docs`"


def test_reads_are_of_every_fact_and_of_kinds() -> None:
    assert set(reads()) == set(FACTS)
    assert {kind for kinds in reads().values() for kind in kinds} <= set(KINDS)


def test_no_fact_asks_for_a_kind_that_it_does_not_declare() -> None:
    undeclared = {fact: kinds - set(reads()[fact]) for fact, kinds in observed().items()}
    assert not {fact: kinds for fact, kinds in undeclared.items() if kinds}


@pytest.mark.parametrize("module", MODULES)
def test_every_function_that_asks_declares_its_kinds(module: str) -> None:
    for name in source(f"dms_lint.facts.{module}").definitions:
        assert kinds_asked((f"dms_lint.facts.{module}", name)) <= set(KINDS)


@pytest.mark.parametrize("file", sorted(FACT_FILES.rglob("*.py")), ids=lambda file: str(file.relative_to(FACT_FILES)))
def test_an_inventory_is_always_called_inventory(file: Path) -> None:
    parameters = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.arg)]
    inventories = {node.arg for node in parameters if node.annotation and ast.unparse(node.annotation) == "Inventory"}
    assert inventories <= {"inventory"}, "tools/reads.py looks for calls to inventory.find and the like"


ASKING = {
    "def of(resource, inventory): return inventory.find('role', '')": {"role"},
    "KIND = 'role'\ndef of(resource, inventory): return inventory.find(KIND, '')": {"role"},
    "def of(resource, inventory): return [inventory.all(kind, '') for kind in ('role', 'user')]": {"role", "user"},
    "def of(resource, inventory): return partial(inventory.all, 'role')": {"role"},
    "def of(resource, inventory): return inventory.refusal('kms:DescribeKey', '')": {"kms-key"},
    "def of(resource, inventory):\n kind = 'role' if resource else 'user'\n inventory.all(kind)": {"role", "user"},
    "def read(kind, inventory): inventory.all(kind)\ndef of(resource, inventory): read('role', inventory)": {"role"},
    "def read(*kinds): [inventory.all(kind) for kind in kinds]\ndef of(resource, inventory): read('role', 'user')": {
        "role",
        "user",
    },
    "def of(inventory):\n kinds = ('role', 'user')\n collect(kinds, lambda kind: inventory.all(kind))": {
        "role",
        "user",
    },
    "def read(inventory, *, kind): inventory.all(kind)\ndef of(inventory): read(inventory, kind='role')": {"role"},
    "def read(inventory, kinds): [inventory.all(kind) for kind in kinds]\ndef of(): read(0, ('role',))": {"role"},
    "@reads('role')\ndef of(resource, inventory): return inventory.find(resource.kind, '')": {"role"},
    "class Of:\n def get(self): return self.inventory.find('role', '')\ndef of(): return Of()": {"role"},
    "def role(inventory): inventory.all('role')\nTABLE = {1: role}\ndef of(): return TABLE[1]": {"role"},
    "def role(inventory): inventory.all('role')\ndef of(): return lambda: partial(role, 1)": {"role"},
}


@pytest.mark.parametrize("text", ASKING)
def test_the_kinds_are_read_off_the_syntax_tree(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = module_of(text, tmp_path, monkeypatch)
    assert {kind for name in reachable([(module, "of")]) for kind in kinds_asked(name)} == ASKING[text]


@pytest.mark.parametrize(
    "call",
    [
        "inventory.find(resource.kind, '')",
        "map(inventory.known, resource.texts('Kinds'))",
        "read(resource.kind)",
        "map(lambda kind: inventory.all(kind), resource)",
        "sorted(resource, key=lambda kind: inventory.all(kind))",
        "collect(resource.kinds, lambda kind: inventory.all(kind))",
        "inventory.all",
        "read()",
    ],
)
def test_a_kind_that_is_computed_must_be_declared(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"def read(kind): inventory.all(kind)\ndef of(resource, inventory): return {call}"
    module = module_of(text, tmp_path, monkeypatch)
    with pytest.raises(UndeclaredKinds, match=f"{module}:3: .* computes its kind: declare the kinds"):
        kinds_asked((module, "of"))


def module_of(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of that text, which can be imported."""
    name = folder.name
    head = "from functools import partial; from dms_lint.facts.fact import reads; "
    (folder / f"{name}.py").write_text(head + ("\n" + text if text.startswith(("@", "class", "def")) else text))
    monkeypatch.syspath_prepend(folder)
    return name


BLOCKED = """
id: ACME001
name: ingress-blocked
title: Nothing blocks the way to the database
severity: medium
basis: practice
applies_to: network-path
why: A database that cannot be reached is not migrated.
expect:
  path.blocked_ingress: {maxItems: 0}
fail: "{name} is blocked"
fix:
  text: Open the security group.
refs: ["https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Security.html"]
"""


def test_a_fact_that_reads_prefix_lists_asks_for_the_permission(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "ACME001.yaml").write_text(BLOCKED)
    printed = run("policy", "--pack", "acme", "--no-default-pack", cwd=tmp_path)
    assert not printed.returncode, printed.stderr
    assert "ec2:GetManagedPrefixListEntries" in printed.stdout


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

"""The law of missing data, proved on the whole accounts: less data never turns a failure or an unknown into a pass.

Every member of every answer is removed in turn, every item of every list, every answer, and every call is refused and
every listing cut off.  What failed or was unknown before is judged again each time; what passed or did not apply is
left out, for the law does not speak of it.  Policies are taken as one: they are documents of their own, and one
statement less is another policy, not missing data.
"""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from dms_lint.answers import rows_of
from dms_lint.evaluate import _judge, _Plan, _Subject, evaluate
from dms_lint.inventory import Inventory
from dms_lint.model import Missing, Refusal, Verdict
from dms_lint.rules import load_pack
from dms_lint.tables import pack_directory
from tests.test_accounts import ACCOUNTS, NOW, documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.model import Document, Rule

Path_ = tuple[str | int, ...]
Pair = tuple[str, str, str]
"""Rule, kind and id of a resource."""

CHUNKS = 12
WHOLE = ("PolicyDocument", "AssumeRolePolicyDocument", "Document", "Policy", "ResourcePolicy")
"""Members that hold a policy, which is taken as one."""


class Excused(NamedTuple):
    """What may be removed so that a rule passes that failed before: it is what failed."""

    rule: str
    removed: str
    why: str


# By rule, what is removed as `operation member.member` (`*` for the number of an item, and for any text).
EXCUSED: tuple[Excused, ...] = ()


class Mutation(NamedTuple):
    """One change to what was read."""

    what: str
    """`dms:DescribeEndpoints Endpoints.3.SslMode`."""
    number: int
    """Of the document."""
    document: Document | None
    """What stands in its place; None where it is gone."""


class World(NamedTuple):
    """A whole account, as it is."""

    documents: tuple[Document, ...]
    bad: Mapping[tuple[str, str], tuple[Rule, ...]]
    """By kind and id of a resource, the rules that it fails, and those of which it is unknown."""
    verdicts: Mapping[Pair, Verdict]


@cache
def world(account: str) -> World:
    read = tuple(documents(ACCOUNTS / account))
    outcome = evaluate(load_pack(pack_directory()).rules, Inventory(read, NOW))
    bad: dict[tuple[str, str], list[Rule]] = defaultdict(list)
    verdicts = {}
    for finding in outcome.findings:
        where = finding.resource.kind, finding.resource.id
        bad[where].append(finding.rule)
        verdicts[(finding.rule.id, *where)] = finding.verdict
    return World(read, {where: tuple(rules) for where, rules in bad.items()}, verdicts)


@cache
def plans(account: str) -> Mapping[tuple[str, str], _Plan]:
    found = {}
    for where, rules in world(account).bad.items():
        plan = found[where] = _Plan()
        for rule in rules:
            plan.add(rule, dict.fromkeys(Verdict, 0))
    return found


def again(account: str, changed: list[Document]) -> dict[Pair, Verdict]:
    """The verdicts of all that failed or was unknown, of those resources that are still there."""
    inventory = Inventory(changed, NOW)
    found = {}
    for (kind, id_), plan in plans(account).items():
        resource = next((one for one in inventory.known(kind) if one.id == id_), None)
        if resource is None:
            continue
        subject = _Subject(plan, resource, inventory)
        for group in plan.groups.values():
            for compiled in group:
                found[compiled.rule.id, kind, id_] = _judge(compiled, subject)[0]
    return found


def members(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """The path to every member and item within a value."""
    found: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in found:
        yield (*at, key)
        if key not in WHOLE:
            yield from members(inner, (*at, key))


def without(value: Any, path: Path_) -> Any:
    """The value without what stands at the path; nothing of the value itself is changed."""
    key, *rest = path
    if isinstance(value, dict):
        return {
            k: (without(v, tuple(rest)) if rest else None) if k == key else v
            for k, v in value.items()
            if rest or k != key
        }
    assert isinstance(key, int)
    return [*value[:key], *([without(value[key], tuple(rest))] if rest else []), *value[key + 1 :]]


def mutations(read: tuple[Document, ...]) -> Iterator[Mutation]:
    for number, document in enumerate(read):
        operation = document.operation
        yield Mutation(f"{operation} (gone)", number, None)
        if document.refusal is not None:
            continue
        refused = document._replace(body={}, lines={}, refusal=Refusal("AccessDenied", "not authorized"))
        yield Mutation(f"{operation} (refused)", number, refused)
        if any(row.shape != "one" for row in rows_of(operation)):
            cut = document._replace(body={**document.body, "NextToken": "more", "Marker": "more"})
            yield Mutation(f"{operation} (cut off)", number, cut)
        for path in members(document.body):
            body = without(document.body, path)
            yield Mutation(f"{operation} {'.'.join(map(str, path))}", number, document._replace(body=body, lines={}))


def is_excused(rule: str, what: str) -> bool:
    return any(one.rule == rule and fnmatchcase(what, one.removed) for one in EXCUSED)


def broken(account: str, mutation: Mutation) -> Iterator[str]:
    """What breaks the law when a mutation is made."""
    before = world(account)
    changed = list(before.documents)
    if mutation.document is None:
        del changed[mutation.number]
    else:
        changed[mutation.number] = mutation.document
    try:
        now = again(account, changed)
    except Missing as missing:
        yield f"{mutation.what}: {missing.message} leaves the scan"
        return
    for pair, verdict in now.items():
        if verdict is Verdict.PASS and not is_excused(pair[0], mutation.what):
            file = before.documents[mutation.number].file
            yield f"{mutation.what} in {file}: {pair[0]} of {pair[1]} {pair[2]}: {before.verdicts[pair]} -> pass"


NAMES = sorted(folder.name for folder in ACCOUNTS.iterdir() if folder.is_dir())


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("account", NAMES)
def test_less_data_never_makes_a_pass(account: str, chunk: int) -> None:
    found: list[str] = []
    for number, mutation in enumerate(mutations(world(account).documents)):
        if number % CHUNKS == chunk:
            found += broken(account, mutation)
    assert not found, "\n".join(found)


def test_every_member_and_item_is_removed_once() -> None:
    value = {"a": [{"b": 1}, {"c": None}], "Policy": {"Statement": []}}
    assert list(members(value)) == [("a",), ("a", 0), ("a", 0, "b"), ("a", 1), ("a", 1, "c"), ("Policy",)]
    assert without(value, ("a", 0, "b")) == {"a": [{}, {"c": None}], "Policy": {"Statement": []}}
    assert without(value, ("a", 1)) == {"a": [{"b": 1}], "Policy": {"Statement": []}}
    assert without(value, ("a",)) == {"Policy": {"Statement": []}}


def test_an_excuse_is_of_a_rule_of_the_pack_and_says_why() -> None:
    rules = {rule.id for rule in load_pack(pack_directory()).rules}
    for one in EXCUSED:
        assert one.rule in rules
        assert len(one.why) > 20

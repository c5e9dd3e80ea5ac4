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
_GONE_WITH_IT = "the policy that allowed too much is gone from a list that is whole without it"
_DEFAULT = "AWS documents what holds where it is not set, and that is right"
EXCUSED = (
    Excused("AUTH001", "dms:DescribeEndpoints *.AuthType", _DEFAULT),
    Excused("TLS021", "dms:DescribeEndpoints *.SslSecurityProtocol", _DEFAULT),
    Excused("TGT012", "dms:DescribeEndpoints *.CannedAclForObjects", _DEFAULT),
    Excused("SEC032", "dms:DescribeEndpoints *.ExtraConnectionAttributes", "the credential stood in them"),
    Excused("TGT005", "dms:DescribeEndpoints *.ExtraConnectionAttributes", "one side of the contradiction is gone"),
    Excused("TGT005", "dms:DescribeEndpoints *.EncryptionMode", "one side of the contradiction is gone"),
    Excused("TGT003", "dms:DescribeEndpoints *.EncryptionMode", "the connection attributes name the stronger mode"),
    Excused("TGT003", "dms:DescribeEndpoints *.S3Settings", "the connection attributes name the stronger mode"),
    Excused("SEC012", "dms:DescribeEndpoints *.SecretsManagerOracleAsmSecretId", "the secret is named no more"),
    Excused("SEC007", "secretsmanager:*.DeletedDate", "the secret is scheduled for deletion no more"),
    Excused("OPS002", "dms:DescribePendingMaintenanceActions *", "the action that was pending is gone from its list"),
    Excused("SEC015", "iam:GetAccountAuthorizationDetails *.RolePolicyList.*", _GONE_WITH_IT),
    Excused("TGT009", "iam:GetAccountAuthorizationDetails *.RolePolicyList.*", _GONE_WITH_IT),
    Excused("TGT009", "iam:GetAccountAuthorizationDetails *.AttachedManagedPolicies.*", _GONE_WITH_IT),
)


class Mutation(NamedTuple):
    """One change to what was read."""

    what: str
    """`dms:DescribeEndpoints Endpoints.3.SslMode`."""
    number: int
    """Of the document."""
    document: Document | None
    """What stands in its place; None where it is gone."""
    gone: Any = None
    """What was removed from it; None where all of it was, or a whole listing."""

    def takes(self, id_: str) -> bool:
        """Whether it may take a resource with it: what names the resource was a part of what is gone."""
        return self.gone is None or any(word in id_ for word in words(self.gone))


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


def again(account: str, inventory: Inventory) -> dict[Pair, Verdict]:
    """The verdicts of all that failed or was unknown, of those resources that are still there."""
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


def reached(value: Any, path: Path_) -> Any:
    """What stands at the path."""
    for key in path:
        value = value[key]
    return value


def words(value: Any) -> Iterator[str]:
    """Every text within a value that may name a resource."""
    if isinstance(value, str) and len(value) > 2:
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from words(inner)


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
            what = f"{operation} {'.'.join(map(str, path))}"
            # A whole listing takes with it whatever it alone tells of: an account, a Region.
            gone = reached(document.body, path) if len(path) > 1 else None
            yield Mutation(what, number, document._replace(body=body, lines={}), gone)


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
        inventory = Inventory(changed, NOW)
        now = again(account, inventory)
    except Missing as missing:
        yield f"{mutation.what}: {missing.message} leaves the scan"
        return
    told = any(notice.problem for notice in inventory.notices)
    for pair in before.verdicts.keys() - now.keys():
        if not told and not mutation.takes(pair[2]):
            yield f"{mutation.what}: {pair[0]} of {pair[1]} {pair[2]} is judged no more"
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

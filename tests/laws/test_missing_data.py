"""The law of missing data, proved on the whole accounts: less data never turns a failure or an unknown into a pass.

Every member of every answer is removed in turn, every item of every list, every answer, and every call is refused and
every listing cut off.  What failed or was unknown before is judged again each time; what passed or did not apply is
left out, for the law does not speak of it.  Two more accounts are judged: the migration account, which fails nothing,
with all faults planted in it that show beside one another, and with the rest of them.

A mutation is not judged again where nothing can change.  A verdict follows from what was read on the way to it, and all
reads are noted (tests/reads.py): what neither the inventory nor a verdict read is left out.  For the rest the inventory
is made anew, and compared with the one before: where only data of resources differ, those verdicts are judged again
that read these data; where resources, their names, listings or refusals of a kind differ, those that asked for that
kind; where accounts or Regions do, all.

Policies are taken as one: they are documents of their own, and one statement less is another policy, not missing data.
"""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import shapes_of
from dms_lint.data.tables import pack_directory
from dms_lint.engine.evaluate import evaluate
from dms_lint.engine.plan import Plan, Subject, verdict_on
from dms_lint.inventory.coverage import Coverage
from dms_lint.inventory.inventory import Inventory
from dms_lint.inventory.scopes import is_truncated
from dms_lint.model import Missing, Refusal, Verdict
from dms_lint.rulepack.loader import load_pack
from tests.build import NOW
from tests.laws.reads import EVERYTHING, Reads, looked_at
from tests.laws.test_planted_faults import together
from tests.whole_accounts.test_accounts import ACCOUNTS, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from dms_lint.model import Document, Resource, Rule
    from tests.laws.reads import Node

Path_ = tuple[str | int, ...]
ResourceKey = tuple[str, str]
"""Kind and id of a resource."""
Pair = tuple[str, str, str]
"""Rule, kind and id of a resource."""

CHUNKS = 4
SAMPLE = 60
"""Of how many mutations of an account it is checked that what is not judged again stays as it was."""
READS = Reads()
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
_OPENING = "the opening is gone from a list that is whole without it"
EXCUSED = (
    Excused("NET021", "ec2:DescribeSecurityGroups *.IpPermissions.?.IpRanges.?", _OPENING),
    Excused("NET020", "ec2:DescribeSecurityGroups *.IpPermissions.?", _OPENING),
    Excused("NET020", "ec2:DescribeSecurityGroups *.IpPermissions.*.IpRanges.?", _OPENING),
    Excused("IAM014", "iam:ListAccessKeys AccessKeyMetadata.?", "the key is gone from a list that is whole"),
    Excused("SEC009", "secretsmanager:GetSecretValue Derived.PasswordCharacters.?", "the character is gone from it"),
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
    Excused("NET021", "ec2:DescribeSecurityGroups *.IpPermissions.?", _OPENING),
    Excused("NET002", "dms:DescribeEndpoints *.PostgreSQLSettings*", "no secret is named: the host beside it counts"),
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
    change: Callable[[], Document | None]
    """Makes what stands in its place; None where it is gone."""
    gone: Any = None
    """What was removed from it; None where all of it was, or a whole listing."""
    removed: tuple[Any, str | int] | None = None
    """Of what was removed, the container and the key; None where all of it was."""
    gap: bool = False
    """Whether a gap must stand for whatever vanishes: a listing was refused, or a page of it is missing."""

    def takes(self, id_: str) -> bool:
        """Whether it may take a resource with it: what names the resource was a part of what is gone."""
        return self.gone is None or any(word in id_ for word in words(self.gone))


class World(NamedTuple):
    """A whole account, as it is."""

    documents: tuple[Document, ...]
    """They note what is read of them."""
    inventory: Inventory
    bad: Mapping[ResourceKey, tuple[Rule, ...]]
    """By kind and id of a resource, the rules that it fails, and those of which it is unknown."""
    verdicts: Mapping[Pair, Verdict]


@cache
def world(account: str) -> World:
    if account in ("planted", "planted-apart"):
        found = together(apart=account == "planted-apart").documents
    else:
        found = documents(ACCOUNTS / account)
    read = tuple(one._replace(body=READS.watch(dict(one.body))) for one in found)
    inventory = Inventory(read, NOW)
    outcome = evaluate(load_pack(pack_directory()).rules, inventory)
    bad: dict[ResourceKey, list[Rule]] = defaultdict(list)
    verdicts = {}
    for finding in outcome.findings:
        where = finding.resource.kind, finding.resource.id
        bad[where].append(finding.rule)
        verdicts[(finding.rule.id, *where)] = finding.verdict
    return World(read, inventory, {where: tuple(rules) for where, rules in bad.items()}, verdicts)


@cache
def plans(account: str) -> Mapping[ResourceKey, Plan]:
    found = {}
    for where, rules in world(account).bad.items():
        plan = found[where] = Plan()
        for rule in rules:
            plan.add(rule, dict.fromkeys(Verdict, 0))
    return found


class Read(NamedTuple):
    """What was read of an account: by the inventory, and on the way to the verdicts of each resource."""

    inventory: Inventory
    by_inventory: set[Node]
    by_subject: Mapping[ResourceKey, set[Node]]


@cache
def read_of(account: str) -> Read:
    by_inventory = READS.start()
    inventory = Inventory(world(account).documents, NOW)
    inventory.scopes()
    READS.stop()
    resources = all_of(inventory)
    for resource in resources.values():
        # What several answers told of a resource was laid together in a dictionary of its own.
        if type(resource.data) is dict:
            resource.data = READS.watch_shallow(resource.data)
    inventory.resources = READS.watch_by(KINDS, inventory.resources)
    coverage = inventory.coverage
    inventory.coverage = Coverage(
        complete=READS.watch_set_by(KINDS, set(coverage.complete)),
        truncated=READS.watch_by(KINDS, dict(coverage.truncated)),
        unanswered=READS.watch_by(KINDS, dict(coverage.unanswered)),
        extracts=READS.watch_by(KINDS, dict(coverage.extracts)),
    )
    by_subject = {}
    for subject in plans(account):
        # What was kept of other resources would hide what it was made of.
        inventory.forget()
        by_subject[subject] = READS.start()
        again(account, inventory, {subject})
        READS.stop()
    return Read(inventory, by_inventory, by_subject)


def all_of(inventory: Inventory) -> dict[ResourceKey, Resource]:
    return {(kind, id_): one for kind, found in inventory.resources.items() for id_, one in found.items()}


def again(account: str, inventory: Inventory, subjects: Container[ResourceKey]) -> dict[Pair, Verdict]:
    """The verdicts of all that failed or was unknown, of these resources if they are still there."""
    found = {}
    for (kind, id_), plan in plans(account).items():
        resource = inventory.resources[kind].get(id_) if (kind, id_) in subjects else None
        if resource is None:
            continue
        subject = Subject(plan, resource, inventory)
        for group in plan.groups.values():
            for compiled in group:
                found[compiled.rule.id, kind, id_] = verdict_on(subject, compiled)[0]
    return found


def is_read(account: str, mutation: Mutation) -> bool:
    """Whether anything looked at what a mutation removes."""
    if mutation.removed is None:
        return True
    container, key = mutation.removed
    read = read_of(account)
    return any(looked_at(one, container, key) for one in (read.by_inventory, *read.by_subject.values()))


def reached_by(account: str, inventory: Inventory) -> AbstractSet[ResourceKey]:
    """The resources whose verdicts may differ in an inventory that was made after a mutation."""
    read = read_of(account)
    before, now = read.inventory, inventory
    if places_of(before) != places_of(now):
        return plans(account).keys()
    kinds = {kind for kind in KINDS if was_of_kind(account, kind) != of_kind(now, kind)}
    nodes: set[Node] = {(id(KINDS), kind) for kind in kinds}
    if kinds:
        nodes.add((id(KINDS), EVERYTHING))
    others = all_of(now)
    for subject, resource in all_of(before).items():
        other = others.get(subject)
        if other is not None and resource.data is not other.data:
            changed = differing(resource.data, other.data)
            nodes.update((id(resource.data), key) for key in (*changed, EVERYTHING) if changed)
    return {subject for subject, seen in read.by_subject.items() if subject[0] in kinds or not nodes.isdisjoint(seen)}


def places_of(inventory: Inventory) -> tuple[AbstractSet[Any] | tuple[Any, ...], ...]:
    return inventory.accounts(), inventory.regions(), inventory.scopes(), inventory.scanned


@cache
def was_of_kind(account: str, kind: str) -> Any:
    return of_kind(read_of(account).inventory, kind)


def of_kind(inventory: Inventory, kind: str) -> Any:
    """All that an inventory says of a kind, but for the data of its resources."""
    return (
        [[getattr(one, name) for name in _NAMES] for one in inventory.known(kind)],
        {scope for of, scope in inventory.coverage.complete if of == kind},
        {scope for of, scope in inventory.coverage.truncated if of == kind},
        [call._replace(file=None) for call in inventory.coverage.unanswered.get(kind, ())],
    )


_NAMES = ("id", "name", "arn", "account", "region", "type")


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """The members that are not the same in both."""
    absent = object()
    return {
        name
        for name in one.keys() | other.keys()
        if (left := one.get(name, absent)) is not (right := other.get(name, absent)) and is_different(left, right)
    }


def is_different(left: Any, right: Any) -> bool:
    """Whether two values differ, or may: no comparison with an unresolved value tells."""
    try:
        return bool(left != right)
    except Missing:
        return True


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
        pages = [one for one in read if one.operation == operation and folder(one) == folder(document)]
        paged = len(pages) > 1 and any(map(is_truncated, pages))
        yield Mutation(f"{operation} (gone)", number, lambda: None, gap=paged)
        if document.refusal is not None:
            continue
        refused = document._replace(body={}, lines={}, refusal=Refusal("AccessDenied", "not authorized"))
        listing = any(row.shape == "complete" for row in shapes_of(operation))
        yield Mutation(f"{operation} (refused)", number, partial(copied, refused), gap=listing)
        if any(row.shape != "one" for row in shapes_of(operation)):
            broken_off = document._replace(body={**document.body, "NextToken": "more", "Marker": "more"})
            yield Mutation(f"{operation} (cut off)", number, partial(copied, broken_off), gap=True)
        for path in members(document.body):
            what = f"{operation} {'.'.join(map(str, path))}"
            # A whole listing takes with it whatever it alone tells of: an account, a Region.
            gone = reached(document.body, path) if len(path) > 1 else None
            removed = reached(document.body, path[:-1]), path[-1]
            yield Mutation(what, number, partial(shortened, document, path), gone, removed)


def folder(document: Document) -> PurePath:
    return PurePath(document.file or "").parent


def copied(document: Document) -> Document:
    return document


def shortened(document: Document, path: Path_) -> Document:
    """A document without what stands at the path."""
    return document._replace(body=without(document.body, path), lines={})


def mutated(account: str, mutation: Mutation) -> Inventory:
    """The inventory of an account of which something was removed."""
    changed = list(world(account).documents)
    document = mutation.change()
    changed[mutation.number : mutation.number + 1] = [] if document is None else [document]
    return Inventory(changed, NOW)


def is_excused(rule: str, what: str) -> bool:
    return any(one.rule == rule and fnmatchcase(what, one.removed) for one in EXCUSED)


def broken(account: str, mutation: Mutation) -> Iterator[str]:
    """What breaks the law when a mutation is made."""
    if not is_read(account, mutation):
        return
    before = world(account)
    try:
        inventory = mutated(account, mutation)
        subjects = reached_by(account, inventory)
        now = again(account, inventory, subjects)
    except Missing as missing:
        yield f"{mutation.what}: {missing.message} leaves the scan"
        return
    told = any(notice.problem for notice in inventory.notices)
    for pair in before.verdicts.keys() - now.keys():
        if pair[1:] not in subjects or told or any(inventory.unread(pair[1])):
            continue
        if mutation.gap or not mutation.takes(pair[2]):
            yield f"{mutation.what}: {pair[0]} of {pair[1]} {pair[2]} is judged no more"
    for pair, verdict in now.items():
        if verdict is Verdict.PASS and not is_excused(pair[0], mutation.what):
            file = before.documents[mutation.number].file
            yield f"{mutation.what} in {file}: {pair[0]} of {pair[1]} {pair[2]}: {before.verdicts[pair]} -> pass"


NAMES = [*sorted(folder.name for folder in ACCOUNTS.iterdir() if folder.is_dir()), "planted", "planted-apart"]


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


@pytest.mark.parametrize("account", NAMES)
def test_what_is_not_judged_again_would_not_have_changed(account: str) -> None:
    every = list(mutations(world(account).documents))
    for mutation in every[:: max(1, len(every) // SAMPLE)]:
        inventory = mutated(account, mutation)
        left_out = set(plans(account))
        if is_read(account, mutation):
            left_out -= reached_by(account, inventory)
        for pair, verdict in again(account, inventory, left_out).items():
            assert verdict is world(account).verdicts[pair], f"{mutation.what}: {pair} is {verdict}"

"""Which trails of CloudTrail record how keys are used in a Region."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

REGION: Final = ("region",)
READS: Final = "reads"
WRITES: Final = "writes"
HALVES: Final = (READS, WRITES)
"""Key use has both: Decrypt and DescribeKey are reads, CreateGrant is a write."""
_KMS: Final = "kms.amazonaws.com"
# What is encrypted with keys, or has been: a Region with none of these has no key usage of DMS to record.
_DMS_KINDS: Final = (
    "endpoint",
    "replication-instance",
    "certificate",
    "task",
    "replication-config",
    "instance-profile",
    "migration-project",
    "data-migration",
)
_OPERATORS: Final = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")


# -- what DMS has in the Region


def dms_kinds(region: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The kinds of DMS resources that use keys and that the Region has.

    None only where all of them are listed in full.
    """
    found = _presence(inventory).get(_place(region), {})
    for kind in _DMS_KINDS if not found else ():
        inventory.all(kind, region.account, region.name)
    return tuple(found)


def _presence(inventory: Inventory) -> Mapping[tuple[str, str], dict[str, None]]:
    """By account and Region, the kinds of which DMS resources were read there."""

    def make() -> dict[tuple[str, str], dict[str, None]]:
        found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for kind in _DMS_KINDS:
            for resource in inventory.known(kind):
                found[_place(resource)][kind] = None
        return found

    return inventory.once("kinds that use keys", make)


def _place(resource: Resource) -> tuple[str, str]:
    return resource.account, resource.region


# -- what the trails record


class _Audit(NamedTuple):
    """What the trails of a Region record of key usage together."""

    recorded: frozenset[str]
    trails: tuple[str, ...]
    """Those that record something of it."""
    reasons: tuple[str, ...]
    """Of each trail that does not record all of it: why."""
    hole: Missing | None


class _Share(NamedTuple):
    """What one trail records of key usage, and why not all of it."""

    halves: frozenset[str]
    reason: str


@memoized
def _audit(region: Resource, inventory: Inventory) -> _Audit:
    recorded: set[str] = set()
    trails: list[str] = []
    reasons: list[str] = []
    hole: Missing | None = None
    for trail in inventory.known("trail"):
        try:
            if not _covers(trail, region):
                continue
            share = _share(trail, region, inventory)
        except Missing as missing:
            hole = hole or missing.with_traceback(None)
            continue
        recorded |= share.halves
        if share.halves:
            trails.append(trail.name)
        if share.reason:
            reasons.append(f"{trail.name} {share.reason}")
    return _Audit(frozenset(recorded), tuple(trails), tuple(reasons), hole)


def _covers(trail: Resource, region: Resource) -> bool:
    """Whether a trail is of the Region: its home, or one of all Regions; the account's own, or its organization's.

    DescribeTrails shows an organization's trail to its member accounts, with the ARN of the account that owns it.
    """
    own = trail.account == region.account or trail.flag("IsOrganizationTrail")
    return own and (trail.region == region.name or trail.flag("IsMultiRegionTrail"))


def _share(trail: Resource, region: Resource, inventory: Inventory) -> _Share:
    if not _answer("trail-status", trail, region, inventory).flag("IsLogging"):
        return _Share(frozenset(), "is not logging")
    selectors = _answer("trail-selectors", trail, region, inventory)
    halves: set[str] = set()
    reasons: list[str] = []
    hole: Missing | None = None
    for selector in _selectors(selectors):
        try:
            share = _basic(selector) if "ReadWriteType" in selector else _advanced(selector)
        except Missing as missing:
            hole = hole or missing
            continue
        halves |= share.halves
        if share.reason:
            reasons.append(share.reason)
    if len(halves) == len(HALVES):
        return _Share(frozenset(halves), "")
    if hole is not None:
        raise hole
    if halves:
        return _Share(frozenset(halves), f"records only the {min(halves)}")
    return _Share(frozenset(), reasons[0] if reasons else "records no management events")


def _selectors(answer: Resource) -> Iterable[Record]:
    """The selectors of either sort: a trail cannot have both."""
    if "AdvancedEventSelectors" in answer:
        yield from answer.records("AdvancedEventSelectors")
        yield from answer.records("EventSelectors", default=())
    else:
        yield from answer.records("EventSelectors")


def _answer(kind: str, trail: Resource, region: Resource, inventory: Inventory) -> Resource:
    """What was answered about a trail: when asked in that Region, else when asked where it is at home."""
    holes: list[Missing] = []
    for account, place in dict.fromkeys((_place(region), _place(trail), (region.account, trail.region))):
        try:
            return inventory.about(kind, trail.arn, trail.name, account=account, region=place)
        except Missing as missing:
            holes.append(missing)
    raise next((hole for hole in holes if hole.status is Status.NOT_READABLE), holes[0])


def _basic(selector: Record) -> _Share:
    if not selector.flag("IncludeManagementEvents"):
        return _Share(frozenset(), "records no management events")
    if _KMS in map(str.lower, selector.texts("ExcludeManagementEventSources")):
        return _Share(frozenset(), f"leaves out {_KMS}")
    kind = selector.text("ReadWriteType")
    halves = {"All": HALVES, "ReadOnly": (READS,), "WriteOnly": (WRITES,)}.get(kind)
    if halves is None:
        raise selector.malformed("ReadWriteType", "one of All, ReadOnly, WriteOnly")
    return _Share(frozenset(halves), "")


def _advanced(selector: Record) -> _Share:
    halves = set(HALVES)
    category, reason = False, ""
    hole: Missing | None = None
    for field in selector.records("FieldSelectors"):
        name = field.text("Field")
        if name == "eventCategory":
            category = _admits(field, "Management")
            if not category:
                return _Share(frozenset(), "")
        elif name == "readOnly":
            halves = {half for half, value in ((READS, "true"), (WRITES, "false")) if _admits(field, value)} & halves
        elif name == "eventSource":
            reason = reason or ("" if _admits(field, _KMS) else f"leaves out {_KMS}")
        else:
            hole = hole or Missing(
                f"{selector.where} narrows by {name}, which may leave out key usage",
                needs=selector.needs,
                reason="an event selector narrows by a field that may leave out key usage",
            )
    if not category:
        raise selector.missing("eventCategory")
    if reason:
        return _Share(frozenset(), reason)
    if hole is not None:
        raise hole
    return _Share(frozenset(halves), "")


def _admits(field: Record, value: str) -> bool:
    """Whether a field selector lets events of that value through; all of its operators must."""
    tests: dict[str, Callable[[str], bool]] = {
        "Equals": value.__eq__,
        "StartsWith": value.startswith,
        "EndsWith": value.endswith,
    }
    known = False
    for operator in _OPERATORS:
        wanted = field.texts(operator, default=())
        if not wanted:
            continue
        known = True
        met = any(map(tests[operator.removeprefix("Not")], wanted))
        if met is operator.startswith("Not"):
            return False
    if not known:
        raise field.missing("operator")
    return True


def unrecorded_halves(region: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Which of the `reads` and the `writes` of KMS no logging trail of the Region records, all trails together.

    Missing where a trail that could not be read might record them.
    """
    audit = _audit(region, inventory)
    lacking = tuple(half for half in HALVES if half not in audit.recorded)
    if lacking:
        if audit.hole is not None:
            raise audit.hole
        inventory.all("trail", region.account, region.name)
    return lacking


def recording(region: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The trails that record something of the key usage in the Region."""
    return _audit(region, inventory).trails


def reasons(region: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of each trail of the Region that does not record all key usage, why; one item where there is no trail."""
    audit = _audit(region, inventory)
    if not audit.reasons and not audit.trails and audit.hole is None:
        inventory.all("trail", region.account, region.name)
        return ("it has no trail",)
    return audit.reasons


FACTS: Final = (
    Fact("region.dms_kinds", REGION, texts(*_DMS_KINDS), dms_kinds),
    Fact("trails.unrecorded_halves", REGION, texts(*HALVES), unrecorded_halves),
    Fact("trails.recording", REGION, texts(), recording),
    Fact("trails.reasons", REGION, texts(), reasons),
)

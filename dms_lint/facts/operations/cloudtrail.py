"""Which trails of CloudTrail record how keys are used in a Region."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.logic.kleene import Partial, attempt, collect, require
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
    kinds = _kinds_by_place(inventory).get(_place(region), {})
    for kind in _DMS_KINDS if not kinds else ():
        inventory.all(kind, region.account, region.name)
    return tuple(kinds)


def _kinds_by_place(inventory: Inventory) -> Mapping[tuple[str, str], dict[str, None]]:
    """By account and Region, the kinds of which DMS resources were read there."""

    def make() -> dict[tuple[str, str], dict[str, None]]:
        kinds: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for kind in _DMS_KINDS:
            for resource in inventory.known(kind):
                kinds[_place(resource)][kind] = None
        return kinds

    return inventory.once("kinds that use keys", make)


def _place(resource: Resource) -> tuple[str, str]:
    return resource.account, resource.region


# -- what the trails record


class _Share(NamedTuple):
    """What one trail records of key usage, and why not all of it."""

    halves: frozenset[str]
    reason: str
    trail: str = ""


@memoized
def _shares(region: Resource, inventory: Inventory) -> Partial[_Share]:
    """What each trail that covers the Region records of its key usage."""

    def share_of(trail: Resource) -> _Share | None:
        return _share(trail, region, inventory) if _covers(trail, region) else None

    return collect(inventory.known("trail"), share_of)


def _covers(trail: Resource, region: Resource) -> bool:
    """Whether a trail is of the Region: its home, or one of all Regions; the account's own, or its organization's.

    DescribeTrails shows an organization's trail to its member accounts, with the ARN of the account that owns it.
    """
    is_ours = trail.account == region.account or trail.flag("IsOrganizationTrail")
    return is_ours and (trail.region == region.name or trail.flag("IsMultiRegionTrail"))


def _share(trail: Resource, region: Resource, inventory: Inventory) -> _Share:
    if not _response("trail-status", trail, region, inventory).flag("IsLogging"):
        return _Share(frozenset(), "is not logging", trail.name)
    selectors = tuple(_selectors(_response("trail-selectors", trail, region, inventory)))
    shares = collect(selectors, lambda each: _basic(each) if "ReadWriteType" in each else _advanced(each))
    halves = _halves(shares.items)
    if len(halves) == len(HALVES):
        return _Share(halves, "", trail.name)
    shares.complete()
    if halves:
        return _Share(halves, f"records only the {min(halves)}", trail.name)
    reason = next((share.reason for share in shares.items if share.reason), "records no management events")
    return _Share(halves, reason, trail.name)


def _halves(shares: Iterable[_Share]) -> frozenset[str]:
    """What these record together."""
    return frozenset(half for share in shares for half in share.halves)


def _selectors(response: Resource) -> Iterable[Record]:
    """The selectors of either sort: a trail cannot have both."""
    if "AdvancedEventSelectors" in response:
        yield from response.records("AdvancedEventSelectors")
        yield from response.records("EventSelectors", default=())
    else:
        yield from response.records("EventSelectors")


def _response(kind: str, trail: Resource, region: Resource, inventory: Inventory) -> Resource:
    """The response about a trail: when asked in that Region, else when asked where it is at home."""
    places = dict.fromkeys((_place(region), _place(trail), (region.account, trail.region)))
    attempts = [
        attempt(partial(inventory.about, kind, trail.arn, trail.name, account=account, region=name))
        for account, name in places
    ]
    answered = [response for response in attempts if not isinstance(response, Missing)]
    unreadable = [each for each in attempts if isinstance(each, Missing) and each.status is Status.NOT_READABLE]
    return require((answered or unreadable or attempts)[0])


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
    fields = [(field.text("Field"), field) for field in selector.records("FieldSelectors")]
    categories = [field for name, field in fields if name == "eventCategory"]
    if not categories:
        raise selector.missing("eventCategory")
    if not all(_admits(field, "Management") for field in categories):
        return _Share(frozenset(), "")
    if not all(_admits(field, _KMS) for name, field in fields if name == "eventSource"):
        return _Share(frozenset(), f"leaves out {_KMS}")
    halves = set(HALVES)
    for name, field in fields:
        if name == "readOnly":
            halves &= {half for half, value in ((READS, "true"), (WRITES, "false")) if _admits(field, value)}
        elif name not in ("eventCategory", "eventSource"):
            raise Missing(
                f"{selector.where} narrows by {name}, which may leave out key usage",
                needs=selector.needs,
                reason="an event selector narrows by a field that may leave out key usage",
            )
    return _Share(frozenset(halves), "")


def _admits(field: Record, value: str) -> bool:
    """Whether a field selector lets events of that value through; all of its operators must."""
    tests: dict[str, Callable[[str], bool]] = {
        "Equals": value.__eq__,
        "StartsWith": value.startswith,
        "EndsWith": value.endswith,
    }
    has_operator = False
    for operator in _OPERATORS:
        operands = field.texts(operator, default=())
        if not operands:
            continue
        has_operator = True
        matches = any(map(tests[operator.removeprefix("Not")], operands))
        if matches is operator.startswith("Not"):
            return False
    if not has_operator:
        raise field.missing("operator")
    return True


def unrecorded_halves(region: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Which of the `reads` and the `writes` of KMS no logging trail of the Region records, all trails together.

    Missing where a trail that could not be read might record them.
    """
    shares = _shares(region, inventory)
    recorded = _halves(shares.items)
    if len(recorded) < len(HALVES):
        shares.complete()
        inventory.all("trail", region.account, region.name)
    return tuple(half for half in HALVES if half not in recorded)


def recording(region: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The trails that record something of the key usage in the Region."""
    return tuple(share.trail for share in _shares(region, inventory).items if share.halves)


def reasons(region: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Of each trail of the Region that does not record all key usage, why; one item where there is no trail."""
    shares = _shares(region, inventory)
    if not shares.items and shares.missing is None:
        inventory.all("trail", region.account, region.name)
        return ("it has no trail",)
    return tuple(f"{share.trail} {share.reason}" for share in shares.items if share.reason)


FACTS: Final = (
    Fact("region.dms_kinds", REGION, texts(*_DMS_KINDS), dms_kinds),
    Fact("trails.unrecorded_halves", REGION, texts(*HALVES), unrecorded_halves),
    Fact("trails.recording", REGION, texts(), recording),
    Fact("trails.reasons", REGION, texts(), reasons),
)

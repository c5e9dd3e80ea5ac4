"""Conditions of policies on the tags of DMS resources, and whether any resource carries such a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.dms.tags import carried
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.dms_policies import POLICY, defined, text_of
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

# The types of condition keys (`dms:rep-tag/...`) whose resources DMS lists, and the kinds of these.
_KINDS: Final = {
    "cert": "certificate",
    "data-migration": "data-migration",
    "data-provider": "data-provider",
    "endpoint": "endpoint",
    "es": "event-subscription",
    "instance-profile": "instance-profile",
    "migration-project": "migration-project",
    "rep": "replication-instance",
    "replication-config": "replication-config",
    "subgrp": "subnet-group",
    "task": "task",
}


class _Carried(NamedTuple):
    """The tags that resources of a kind carry."""

    keys: frozenset[str]
    """In lower case."""
    gap: Missing | None
    """Why there may be others."""


def _conditions(policy: Resource, inventory: Inventory) -> Iterator[tuple[str, str, str]]:
    """Key, effect and statement of each; without Null, which asks whether there is a tag."""
    for said in text_of(policy, inventory).statements:
        for one in said.conditions:
            if defined(one.key) and not one.key.startswith("dms:req-tag/") and one.operator != "null":
                yield one.key, said.effect, said.sid


def tag_conditions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The keys of the policy's conditions on tags of DMS resources (`dms:rep-tag/owner`), in lower case.

    Without those of `Null`, which asks whether there is such a tag.
    """
    found = tuple(dict.fromkeys(key for key, _, _ in _conditions(policy, inventory)))
    broken = text_of(policy, inventory).broken
    if not found and broken is not None:
        raise broken
    return found


def conditions_without_tag(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.tag_conditions whose tag no resource of the type carries, and where they stand.

    Case is ignored, and tags that AWS sets count.  A type of which there is no resource at all in the scanned
    Regions is reported too: then no resource of it carries the tag.
    """
    found: list[str] = []
    gap = text_of(policy, inventory).broken
    for key, effect, sid in _conditions(policy, inventory):
        kind, _, tag = key.removeprefix("dms:").partition("-tag/")
        tags = _carried_by(_KINDS.get(kind, ""), policy, inventory)
        if tag in tags.keys:
            continue
        if tags.gap is None:
            found.append(f"{key} ({effect} in {sid})")
        gap = gap or tags.gap
    if not found and gap is not None:
        raise gap
    return tuple(dict.fromkeys(found))


def _carried_by(kind: str, policy: Resource, inventory: Inventory) -> _Carried:
    account = policy.account
    return inventory.once(("tags carried", kind, account), lambda: _read(kind, account, inventory))


def _read(kind: str, account: str, inventory: Inventory) -> _Carried:
    scopes = [scope for scope in inventory.scopes() if account in (scope[0], "")]
    gap: Missing | None = None
    if not kind or not scopes:
        gap = Missing(
            "the tags of the resources that a condition is about: not in the input",
            needs="dms:ListTagsForResource",
            reason="tags were not read",
        )
    keys: set[str] = set()
    for one in inventory.known(kind) if kind else ():
        if account in (one.account, ""):
            try:
                keys.update(key.lower() for key in carried(one, inventory))
            except Missing as missing:
                gap = gap or missing.with_traceback(None)
    for scope in scopes if kind else ():
        try:
            inventory.all(kind, *scope)
        except Missing as missing:
            gap = gap or missing.with_traceback(None)
    return _Carried(frozenset(keys), gap)


FACTS: Final = (
    Fact("policy.tag_conditions", POLICY, texts(), tag_conditions),
    Fact("policy.conditions_without_tag", POLICY, texts(), conditions_without_tag),
)

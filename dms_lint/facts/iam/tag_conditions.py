"""Conditions of policies on the tags of DMS resources, and whether any resource carries such a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.dms.tags import carried
from dms_lint.facts.fact import Fact, reads, texts
from dms_lint.facts.iam.dms_policies import defined
from dms_lint.facts.iam.policy_documents import POLICY, statements_of
from dms_lint.logic.kleene import Partial, attempt, collect, collect_each, merged
from dms_lint.model import Missing

if TYPE_CHECKING:
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


class _TagCondition(NamedTuple):
    """A condition on a tag of DMS resources."""

    key: str
    """`dms:rep-tag/owner`."""
    effect: str
    sid: str


def _conditions(policy: Resource, inventory: Inventory) -> Partial[_TagCondition]:
    """The conditions on tags, without Null, which asks whether there is a tag."""
    return collect_each(
        statements_of(policy, inventory),
        lambda statement: (
            _TagCondition(condition.key, statement.effect, statement.sid)
            for condition in statement.conditions
            if defined(condition.key) and not condition.key.startswith("dms:req-tag/") and condition.operator != "null"
        ),
    )


def tag_conditions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The keys of the policy's conditions on tags of DMS resources (`dms:rep-tag/owner`), in lower case.

    Without those of `Null`, which asks whether there is such a tag.
    """
    return collect(_conditions(policy, inventory), lambda condition: condition.key).distinct().certain()


@reads(*_KINDS.values())
def conditions_without_tag(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.tag_conditions whose tag no resource of the type carries, and where they stand.

    Case is ignored, and tags that AWS sets count.  A type of which there is no resource at all in the scanned
    Regions is reported too: then no resource of it carries the tag.
    """

    def without_tag(condition: _TagCondition) -> str | Missing | None:
        type_, _, tag = condition.key.removeprefix("dms:").partition("-tag/")
        keys = _carried_by(_KINDS.get(type_, ""), policy, inventory)
        if tag in keys.items:
            return None
        return keys.missing or f"{condition.key} ({condition.effect} in {condition.sid})"

    return collect(_conditions(policy, inventory), without_tag).distinct().certain()


def _carried_by(kind: str, policy: Resource, inventory: Inventory) -> Partial[str]:
    """The keys of the tags that resources of a kind carry, in lower case, and why there may be more."""
    account = policy.account
    return inventory.once(("tags carried", kind, account), lambda: _read(kind, account, inventory))


def _read(kind: str, account: str, inventory: Inventory) -> Partial[str]:
    scopes = [scope for scope in inventory.scopes() if account in (scope[0], "")]
    if not kind:
        return Partial((), _tags_not_read())
    resources = [resource for resource in inventory.known(kind) if account in (resource.account, "")]
    keys = collect_each(resources, lambda resource: [key.lower() for key in carried(resource, inventory)])
    unlisted: Partial[str] = collect(scopes, lambda scope: _unlisted(kind, scope, inventory))
    return merged((Partial((), None if scopes else _tags_not_read()), keys, unlisted)).distinct()


def _unlisted(kind: str, scope: tuple[str, str], inventory: Inventory) -> Missing | None:
    """For `collect`: why there may be more resources of a kind in an account and Region."""
    resources = attempt(lambda: inventory.all(kind, *scope))
    return resources if isinstance(resources, Missing) else None


def _tags_not_read() -> Missing:
    return Missing(
        "the tags of the resources that a condition is about: not in the input",
        needs="dms:ListTagsForResource",
        reason="tags were not read",
    )


FACTS: Final = (
    Fact("policy.tag_conditions", POLICY, texts(), tag_conditions),
    Fact("policy.conditions_without_tag", POLICY, texts(), conditions_without_tag),
)

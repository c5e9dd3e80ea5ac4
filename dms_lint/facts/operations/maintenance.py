"""How an instance is kept up to date, and whether news of DMS reaches anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dms_lint.aws.timestamps import moment, parse_moment
from dms_lint.facts.fact import FLAG, NUMBER, Fact, text, texts
from dms_lint.model import Missing

if TYPE_CHECKING:
    from datetime import datetime

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

INSTANCE: Final = ("replication-instance",)
SUBSCRIPTION: Final = ("event-subscription",)
STATUSES: Final = ("creating", "modifying", "deleting", "active", "no-permission", "topic-not-exist")
ENDLESS: Final = 99999
"""Days left of a version whose end AWS has not announced."""
_APPLIED: Final = ("CurrentApplyDate", "ForcedApplyDate", "AutoAppliedAfterDate")
_ENDS: Final = ("DeprecationDate", "ForceUpgradeDate")


def automatic_upgrades(instance: Resource, inventory: Inventory) -> bool:
    """Whether minor engine versions are installed by themselves: AutoMinorVersionUpgrade."""
    return instance.flag("AutoMinorVersionUpgrade")


def pending_actions(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The maintenance actions that wait for the instance, each with the dates that AWS has set for it."""
    pending = inventory.find("maintenance", instance.id, instance.account, instance.region)
    return tuple(map(_action, pending.records("PendingMaintenanceActionDetails"))) if pending is not None else ()


def _action(action: Record) -> str:
    # The action is pending whatever its dates: one that cannot be read is not worth a doubt.
    dates = [(member, parse_moment(action.data.get(member))) for member in _APPLIED]
    schedule = ", ".join(f"{member} {when:%Y-%m-%d}" for member, when in dates if when is not None)
    name = action.data.get("Action") or "an action without a name"
    return f"{name} ({schedule})" if schedule else f"{name}"


def engine_version(instance: Resource, inventory: Inventory) -> str:
    """The version of the replication engine that runs on the instance."""
    return instance.text("EngineVersion")


def version_end(instance: Resource, inventory: Inventory) -> str:
    """What AWS says of the end of the engine version: the earliest of its dates; empty where it says nothing."""
    version = _version(instance, inventory)
    if version is None:
        return "AWS no longer lists it"
    if _deprecated(version):
        return "AWS lists it as deprecated"
    ends = _ends(version)
    return f"its {ends[0][1]} is {ends[0][0]:%Y-%m-%d}" if ends else ""


def version_days_left(instance: Resource, inventory: Inventory) -> int:
    """Days, begun ones counted, until the engine version is deprecated or its upgrade is forced.

    0 and below for a version whose end is past, or that AWS lists as deprecated or no longer lists;
    99999 where AWS has announced no end.
    """
    version = _version(instance, inventory)
    if version is None or _deprecated(version):
        return 0
    ends = _ends(version)
    return -((inventory.now - ends[0][0]) // timedelta(days=1)) if ends else ENDLESS


def _version(instance: Resource, inventory: Inventory) -> Resource | None:
    """The engine version as AWS lists it; None when the complete listing does not have it."""
    version = inventory.find("engine-version", instance.text("EngineVersion"), instance.account, instance.region)
    if version is None and not inventory.all("engine-version", instance.account, instance.region):
        raise Missing(
            f"{instance.where}: the listing of engine versions is empty",
            needs="dms:DescribeEngineVersions",
            reason="the listing of engine versions is empty",
        )
    return version


def _deprecated(version: Record) -> bool:
    return version.text("Lifecycle", default="").upper() == "DEPRECATED"


def _ends(version: Record) -> list[tuple[datetime, str]]:
    """The announced ends of a version, the earliest first; AWS sends no date where none is set."""
    return sorted((moment(version, member), member) for member in _ENDS if member in version)


def subscription_enabled(subscription: Resource, inventory: Inventory) -> bool:
    """Whether the subscription sends events: Enabled."""
    return subscription.flag("Enabled")


def subscription_status(subscription: Resource, inventory: Inventory) -> str:
    """The status of the subscription.

    `no-permission`: DMS may no longer publish to the topic; `topic-not-exist`: the topic is gone.
    """
    value = subscription.text("Status").lower()
    if value not in STATUSES:
        raise subscription.malformed("Status", "a status of a subscription")
    return value


def subscription_topic(subscription: Resource, inventory: Inventory) -> str:
    """The ARN of the SNS topic that gets the events."""
    return subscription.text("SnsTopicArn")


FACTS: Final = (
    Fact("upgrades.automatic", INSTANCE, FLAG, automatic_upgrades),
    Fact("maintenance.pending_actions", INSTANCE, texts(), pending_actions),
    Fact("version.number", INSTANCE, text(), engine_version),
    Fact("version.end", INSTANCE, text(), version_end),
    Fact("version.days_left", INSTANCE, NUMBER, version_days_left),
    Fact("subscription.enabled", SUBSCRIPTION, FLAG, subscription_enabled),
    Fact("subscription.status", SUBSCRIPTION, text(*STATUSES), subscription_status),
    Fact("subscription.topic", SUBSCRIPTION, text(), subscription_topic),
)

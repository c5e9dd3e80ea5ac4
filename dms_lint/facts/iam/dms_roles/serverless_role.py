"""The service-linked role of serverless replications, and whether one was ever started, which needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.presence import ACCOUNT, account_of, missing_listing
from dms_lint.facts.fact import Fact, text, texts
from dms_lint.logic.kleene import collect

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

NAME: Final = "AWSServiceRoleForDMSServerless"

# https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.Components.html
_NEVER_RUN: Final = frozenset({"creating", "created", "ready"})
"""The statuses of a replication before its first start; a stop or a failure comes after one."""

_MARKS: Final = ("StartReplicationType", "ReplicationLastStopTime", "StopReason", "RecoveryCheckpoint")
_STATISTICS: Final = ("FreshStartDate", "FullLoadStartDate", "StopDate")
"""Members that a replication has only once it was started."""


def started(account: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The serverless replications that were started at least once, by the name of their configuration.

    None is certain once the runs, or the configurations, are fully listed in each scanned Region and there are none.
    """
    replications = inventory.index("replication", account_of).get(account.id, ())
    names = collect(replications, lambda replication: replication.name if _was_started(replication) else None).certain()
    if not names and (missing := missing_listing(account.id, inventory, "replication")) is not None:
        is_configured = account.id in inventory.index("replication-config", account_of)
        if is_configured or missing_listing(account.id, inventory, "replication-config") is not None:
            raise missing
    return tuple(sorted(set(names)))


def _was_started(replication: Resource) -> bool:
    statistics = replication.block("ReplicationStats", default={})
    provision = replication.block("ProvisionData", default={})
    if any(mark in replication for mark in _MARKS) or any(mark in statistics for mark in _STATISTICS):
        return True
    return "DateProvisioned" in provision or replication.text("Status").lower() not in _NEVER_RUN


def role(account: Resource, inventory: Inventory) -> str:
    """The ARN of the service-linked role AWSServiceRoleForDMSServerless; '' where there is none."""
    linked_role = inventory.find("role", NAME, account.id)
    return linked_role.id if linked_role is not None else ""


FACTS: Final = (
    Fact("serverless.started", ACCOUNT, texts(), started),
    Fact("serverless.role", ACCOUNT, text(), role),
)

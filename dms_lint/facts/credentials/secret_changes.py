"""When the secrets of a running task's endpoints last changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.aws.timestamps import moment, to_the_second
from dms_lint.facts.credentials.secrets import TASK, Reference, each, find_secret, known
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.model import EMPTY, Missing

if TYPE_CHECKING:
    from datetime import datetime

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource


def running_since(task: Resource, inventory: Inventory) -> str:
    """When a running task was last started or resumed, in UTC; '' while it does not run."""
    started = _started(task, inventory)
    return to_the_second(started) if started else ""


@memoized
def _started(task: Resource, inventory: Inventory) -> datetime | None:
    if task.text("Status").lower() != "running":
        return None
    statistics = task.block("ReplicationTaskStats", default=EMPTY)
    if "StartDate" in statistics:
        return moment(statistics, "StartDate")
    # Documented as the date at which the task is scheduled to start: only where there is no better.
    if "ReplicationTaskStartDate" in task:
        return moment(task, "ReplicationTaskStartDate")
    raise task.missing("ReplicationTaskStats.StartDate")


def change_dates(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets of the task's endpoints with the date, in UTC, at which their value last changed.

    Without those that do not exist, and those that were never set up to rotate and whose versions were not read.
    """

    def judge(reference: Reference) -> str:
        changed = _changed(reference, inventory)
        return _dated(reference, changed) if changed else ""

    return each(task, inventory, judge)


def changed_since_start(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The secrets of the task's endpoints whose value changed after the running task started, with the date."""
    started = _started(task, inventory)

    def judge(reference: Reference) -> str:
        changed = _changed(reference, inventory)
        return _dated(reference, changed) if changed and started and changed > started else ""

    return each(task, inventory, judge)


def _dated(reference: Reference, changed: datetime) -> str:
    return f"{reference.id} ({to_the_second(changed)})"


def _changed(reference: Reference, inventory: Inventory) -> datetime | None:
    """When the secret's value last changed; None where it does not exist, or never rotated and no more is known.

    LastChangedDate says nothing of it: every change of a tag or of the description moves it.
    """
    versions = known("secret-versions", reference, inventory)
    for version in versions.records("Versions") if versions is not None else ():
        # Absent where a version has no label: API reference of SecretVersionsListEntry.
        if "AWSCURRENT" in version.texts("VersionStages", default=()) and "CreatedDate" in version:
            return moment(version, "CreatedDate")
    secret = find_secret(reference, inventory)
    if secret is None:
        return None
    if "LastRotatedDate" in secret:
        return moment(secret, "LastRotatedDate")
    if "RotationEnabled" not in secret and "RotationRules" not in secret:
        return None
    if versions is None:
        versions = _versions(secret, inventory)
    raise Missing(
        f"{versions.where} has no version labelled AWSCURRENT",
        needs=versions.needs,
        reason="no version labelled AWSCURRENT",
    )


@memoized
def _versions(secret: Resource, inventory: Inventory) -> Resource:
    return inventory.about("secret-versions", secret.arn, secret.name, account=secret.account, region=secret.region)


FACTS: Final = (
    Fact("secret.change_dates", TASK, texts(), change_dates),
    Fact("secret.changed_since_start", TASK, texts(), changed_since_start),
    Fact("task.running_since", TASK, text(), running_since),
)

"""What a task or a serverless replication does, how its two legs compare, and how its connections were tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts import tls
from dms_lint.facts.base import FLAG, NUMBER, Fact, derived, text, texts
from dms_lint.facts.endpoints import ENDPOINT, engine
from dms_lint.facts.relations import source, target
from dms_lint.facts.task_settings import section
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory import Inventory
    from dms_lint.model import Resource

TASK: Final = ("task", "replication-config")
MIGRATIONS: Final = ("full-load", "cdc", "full-load-and-cdc")

_LEGS: Final = (("source", source), ("target", target))


@derived
def migration(task: Resource, inventory: Inventory) -> str:
    """What the task moves: the data there are (`full-load`), their changes (`cdc`), or both."""
    member = "ReplicationType" if task.kind == "replication-config" else "MigrationType"
    value = task.text(member).lower()
    if value not in MIGRATIONS:
        raise task.malformed(member, "a type of migration")
    return value


def batch_apply(task: Resource, inventory: Inventory) -> bool:
    """Whether changes are applied in batches (BatchApplyEnabled), false where the settings do not say."""
    # False by default: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.TargetMetadata.html
    return section(task, "TargetMetadata").flag("BatchApplyEnabled", default=False)


def min_transaction_size(task: Resource, inventory: Inventory) -> int:
    """How many changes a transaction gathers at least (MinTransactionSize), 1000 where the settings do not say."""
    # 1000 by default: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.ChangeProcessingTuning.html
    return section(task, "ChangeProcessingTuning").number("MinTransactionSize", default=1000)


def oracle_over_ssl(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The Oracle endpoints of the task, source or target, that have an SSL mode other than none."""
    found, unread = [], None
    for _, leg in _LEGS:
        try:
            endpoint = leg(task, inventory)
            if engine(endpoint, inventory) == "oracle" and tls.mode(endpoint, inventory) != "none":
                found.append(endpoint.name)
        except Missing as missing:
            unread = unread or missing
    if unread is not None and not found:
        raise unread
    return tuple(found)


def unmatched_legs(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The unencrypted leg of a task whose other leg is encrypted, as `source NAME` or `target NAME`; else none."""
    legs = [(name, leg(task, inventory)) for name, leg in _LEGS]
    clear = [f"{name} {endpoint.name}" for name, endpoint in legs if not tls.encrypted(endpoint, inventory)]
    return tuple(clear) if len(clear) == 1 else ()


def _legs(task: Resource) -> tuple[str, ...]:
    return tuple(dict.fromkeys((task.text("SourceEndpointArn"), task.text("TargetEndpointArn"))))


class _Users(NamedTuple):
    """Which tasks are known to use an endpoint."""

    instances: dict[str, str]
    """The names of their replication instances by ARN, in order."""
    unread: Missing | None
    """What keeps one of them unknown."""


_NOBODY: Final = _Users({}, None)


def _users(inventory: Inventory) -> Mapping[str, _Users]:
    """The users of each endpoint, by its ARN: found for all at once, as every endpoint is asked about."""
    return inventory.once(_users, lambda: {arn: _of(tasks, inventory) for arn, tasks in _index(inventory).items()})


def _index(inventory: Inventory) -> Mapping[str, list[Resource]]:
    return inventory.index("task", _legs)


def _of(tasks: list[Resource], inventory: Inventory) -> _Users:
    instances: dict[str, str] = {}
    unread = None
    for task in tasks:
        try:
            arn = task.text("ReplicationInstanceArn")
            instances[arn] = _named(arn, inventory)
        except Missing as missing:
            unread = missing.with_traceback(None)
    return _Users(instances, unread)


def _all_tasks(endpoint: Resource, inventory: Inventory) -> None:
    """Missing unless every task of the account and Region was read, and says which endpoints it has."""
    tasks = inventory.all("task", endpoint.account, endpoint.region)
    for task in tasks if "" in _users(inventory) else ():
        _legs(task)


def instances(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The replication instances whose tasks use the endpoint, by name."""
    found, unread = _users(inventory).get(endpoint.arn, _NOBODY)
    if not found:
        if unread is not None:
            raise unread
        _all_tasks(endpoint, inventory)
    return tuple(found.values())


def failed_tests(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Each replication instance whose tasks use the endpoint and whose connection test with it failed or never ran.

    An item reads `failed with NAME` or `never ran with NAME`.  Missing while a test runs.
    """
    arns, unread = _users(inventory).get(endpoint.arn, _NOBODY)
    found = []
    for arn, name in arns.items():
        try:
            status = _status(endpoint, arn, name, inventory)
        except Missing as missing:
            unread = unread or missing
        else:
            if status != "successful":
                found.append(f"{'failed' if status else 'never ran'} with {name}")
    if not found:
        if unread is not None:
            raise unread
        _all_tasks(endpoint, inventory)
    return tuple(found)


def _status(endpoint: Resource, instance: str, name: str, inventory: Inventory) -> str:
    """`successful`, `failed`, or '' where the connection was never tested."""
    connection = inventory.find("connection", f"{endpoint.arn} {instance}")
    if connection is None:
        return ""
    status = connection.text("Status").lower()
    if status not in ("successful", "failed"):
        raise Missing(
            f"{endpoint.where}: the connection test with {name} is {status}",
            needs="dms:DescribeConnections, once the test is over",
            reason="a connection test has no result yet",
        )
    return status


def _named(instance: str, inventory: Inventory) -> str:
    """A replication instance by its name where it was read, else by its ARN."""
    try:
        found = inventory.find("replication-instance", instance)
    except Missing:
        found = None
    return found.name if found is not None else instance


FACTS: Final = (
    Fact("task.migration", TASK, text(*MIGRATIONS), migration),
    Fact("task.batch_apply", TASK, FLAG, batch_apply),
    Fact("task.min_transaction_size", TASK, NUMBER, min_transaction_size),
    Fact("task.oracle_over_ssl", TASK, texts(), oracle_over_ssl),
    Fact("task.unmatched_legs", TASK, texts(), unmatched_legs),
    Fact("connection.instances", ENDPOINT, texts(), instances),
    Fact("connection.failed_tests", ENDPOINT, texts(), failed_tests),
)

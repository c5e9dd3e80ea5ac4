"""What a task or a serverless replication does, how its two legs compare, and how its connections were tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import ENDPOINT, engine
from dms_lint.facts.dms.relations import source, target
from dms_lint.facts.dms.task_settings import section
from dms_lint.facts.fact import FLAG, NUMBER, Fact, memoized, text, texts
from dms_lint.facts.tls import modes
from dms_lint.logic.kleene import Partial, collect
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

TASK: Final = ("task", "replication-config")
MIGRATIONS: Final = ("full-load", "cdc", "full-load-and-cdc")


@memoized
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

    def encrypted_oracle(side: Callable[[Resource, Inventory], Resource]) -> str | None:
        endpoint = side(task, inventory)
        is_oracle = engine(endpoint, inventory) == "oracle"
        return endpoint.name if is_oracle and modes.mode(endpoint, inventory) != "none" else None

    return collect((source, target), encrypted_oracle).certain()


def unmatched_legs(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The unencrypted leg of a task whose other leg is encrypted, as `source NAME` or `target NAME`; else none."""
    sides = [("source", source(task, inventory)), ("target", target(task, inventory))]
    clear = [f"{side} {endpoint.name}" for side, endpoint in sides if not modes.encrypted(endpoint, inventory)]
    return tuple(clear) if len(clear) == 1 else ()


def _endpoint_arns(task: Resource) -> tuple[str, ...]:
    return tuple(dict.fromkeys((task.text("SourceEndpointArn"), task.text("TargetEndpointArn"))))


@memoized
def _instance_arns(endpoint: Resource, inventory: Inventory) -> Partial[str]:
    """The instances of the tasks that use the endpoint, in order."""
    tasks = inventory.index("task", _endpoint_arns).get(endpoint.arn, ())
    return collect(tasks, lambda task: task.text("ReplicationInstanceArn")).distinct()


@memoized
def _require_all_tasks(endpoint: Resource, inventory: Inventory) -> None:
    """Raises Missing unless every task of the account and Region was read, and says which endpoints it has."""
    tasks = inventory.all("task", endpoint.account, endpoint.region)
    for task in tasks if "" in inventory.index("task", _endpoint_arns) else ():
        _endpoint_arns(task)


def instances(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The replication instances whose tasks use the endpoint, by name."""
    arns = _instance_arns(endpoint, inventory).certain()
    if not arns:
        _require_all_tasks(endpoint, inventory)
    return tuple(_instance_name(arn, inventory) for arn in arns)


def failed_tests(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Each replication instance whose tasks use the endpoint and whose connection test with it failed or never ran.

    An item reads `failed with NAME` or `never ran with NAME`.  Missing while a test runs.
    """

    def failure(arn: str) -> str | None:
        status = _status(endpoint, arn, inventory)
        if status == "successful":
            return None
        return f"{'failed' if status else 'never ran'} with {_instance_name(arn, inventory)}"

    failures = collect(_instance_arns(endpoint, inventory), failure).certain()
    if not failures:
        _require_all_tasks(endpoint, inventory)
    return failures


def _status(endpoint: Resource, instance: str, inventory: Inventory) -> str:
    """`successful`, `failed`, or '' where the connection was never tested."""
    connection = inventory.find("connection", f"{endpoint.arn} {instance}")
    if connection is None:
        return ""
    status = connection.text("Status").lower()
    if status not in ("successful", "failed"):
        raise Missing(
            f"{endpoint.where}: the connection test with {_instance_name(instance, inventory)} is {status}",
            needs="dms:DescribeConnections, once the test is over",
            reason="a connection test has no result yet",
        )
    return status


def _instance_name(arn: str, inventory: Inventory) -> str:
    """The name of a replication instance where it was read, else its ARN."""
    try:
        instance = inventory.find("replication-instance", arn)
    except Missing:
        return arn
    return instance.name if instance is not None else arn


FACTS: Final = (
    Fact("task.migration", TASK, text(*MIGRATIONS), migration),
    Fact("task.batch_apply", TASK, FLAG, batch_apply),
    Fact("task.min_transaction_size", TASK, NUMBER, min_transaction_size),
    Fact("task.oracle_over_ssl", TASK, texts(), oracle_over_ssl),
    Fact("task.unmatched_legs", TASK, texts(), unmatched_legs),
    Fact("connection.instances", ENDPOINT, texts(), instances),
    Fact("connection.failed_tests", ENDPOINT, texts(), failed_tests),
)

"""The role with which DMS logs in to a database by IAM authentication: whether it can, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.partitions import partition_of
from dms_lint.facts.dms.endpoints import ENDPOINT
from dms_lint.facts.dms.endpoints import settings as engine_settings
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.iam.dms_roles.service_access_roles import ELSEWHERE, role_arn, role_of, services
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.facts.network.hosts import hosts_of, place_of
from dms_lint.facts.tls.aurora_hosts import cluster_hosts, instance_host
from dms_lint.iam_policy.evaluation import allowed
from dms_lint.iam_policy.requests import Request, role_context
from dms_lint.iam_policy.trust_policies import DMS
from dms_lint.logic.kleene import attempt, collect, counterexample
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_CONNECT: Final = "rds-db:connect"


class _Database(NamedTuple):
    """Where a database is, and its id among RDS's resources; `*` for what is not known."""

    region: str
    account: str
    id: str


def defects(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why DMS cannot log in with IAM authentication: each what is wrong with the service access role.

    None is named, it does not exist or is of another account, it does not let in dms.amazonaws.com, or it is not
    allowed rds-db:connect as the user of the endpoint; a database that is not in the input may be any.
    """
    arn = role_arn(endpoint, inventory)
    if not arn:
        return ("no role is named",)
    place, role = role_of(endpoint, inventory)
    if role is None:
        return (f"{arn} is of another account" if place == ELSEWHERE else f"{arn} does not exist",)
    database = _database(endpoint, inventory)
    resource = login(endpoint, inventory)
    context = role_context(role.id, role.account, database.region.replace("*", ""))
    decision = allowed(Request(_CONNECT, resource, context), identity(role, inventory))

    def distrust() -> str | None:
        return None if DMS in services(endpoint, inventory) else f"{arn} does not let in {DMS}"

    def refusal() -> str | Missing | None:
        denying = [statement.label for statement in decision.statements]
        denial = f" (denied by {' and '.join(denying)})" * bool(denying)
        return counterexample(decision.verdict(role.where), f"{arn} is not allowed {_CONNECT} on {resource}{denial}")

    return collect((distrust, refusal), lambda defect: defect()).certain()


def login(endpoint: Resource, inventory: Inventory) -> str:
    """The user of the database as IAM names it, a pattern as far as it is not known.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
    """
    database = _database(endpoint, inventory)
    user = endpoint.text("Username", default="") or attempt(lambda: _user_of_settings(endpoint, inventory))
    if isinstance(user, Missing) or not user:
        user = "*"
    partition = partition_of(endpoint.arn)
    return f"arn:{partition}:rds-db:{database.region}:{database.account}:dbuser:{database.id}/{user}"


def _user_of_settings(endpoint: Resource, inventory: Inventory) -> str:
    block = engine_settings(endpoint, inventory)
    return block.text("Username", default="") if block is not None else ""


def _database(endpoint: Resource, inventory: Inventory) -> _Database:
    try:
        (host,) = hosts_of(endpoint, inventory)
    except (Missing, ValueError):
        return _Database("*", "*", "*")
    for cluster in inventory.index("db-cluster", cluster_hosts).get(host, ()):
        return _at(cluster, "DbClusterResourceId")
    for instance in inventory.index("db-instance", instance_host).get(host, ()):
        name = instance.text("DBClusterIdentifier", default="")
        if not name:
            return _at(instance, "DbiResourceId")
        try:
            member = inventory.find("db-cluster", name, instance.account, instance.region)
        except Missing:
            member = None
        # The users of a cluster are the cluster's, whichever of its instances is asked.
        return _at(member, "DbClusterResourceId") if member else _Database(instance.region, instance.account, "*")
    return _Database(place_of(host).region or "*", "*", "*")


def _at(database: Resource, member: str) -> _Database:
    try:
        return _Database(database.region, database.account, database.text(member))
    except Missing:
        return _Database(database.region, database.account, "*")


FACTS: Final = (Fact("login_role.defects", ENDPOINT, texts(), defects),)

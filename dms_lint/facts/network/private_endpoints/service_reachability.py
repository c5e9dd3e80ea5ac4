"""How what runs a migration reaches the AWS services that endpoints stand for: S3, DynamoDB, Kinesis and the like."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.dms.relations import endpoint_of, runner_of
from dms_lint.facts.fact import FLAG, Fact, memoized, text, texts
from dms_lint.facts.network.hosts import hosts_of
from dms_lint.facts.network.placement import placement_of
from dms_lint.facts.network.private_endpoints.vpc_endpoints import GATEWAY, INTERFACE, dns_flaw, service_endpoints
from dms_lint.facts.network.route_tables import has_internet, route_table_of
from dms_lint.logic.kleene import attempt, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

PATH: Final = ("network-path",)
_SERVICES: Final = {"s3": "s3", "dynamodb": "dynamodb", "kinesis": "kinesis-streams"}
"""The service, as its VPC endpoints name it, by engine."""
_REDSHIFT: Final = ("redshift", "redshift-serverless")
_GATEWAYS: Final = ("s3", "dynamodb")
"""The services that have gateway endpoints."""
_NOT_RELATIONAL: Final = (
    "s3",
    "dynamodb",
    "kinesis",
    "elasticsearch",
    "kafka",
    "mongodb",
    "docdb",
    "neptune",
    "redis",
    "timestream",
)
_SUPPORTED: Final = (3, 4, 7)
"""The engine version from which AWS services are reached by VPC endpoints.

https://docs.aws.amazon.com/dms/latest/userguide/CHAP_VPC_Endpoints.html
"""
_PRIVATE_LINK: Final = re.compile(r"\.vpce\.amazonaws\.com(?:\.cn)?$")
_PUBLIC_DOMAIN: Final = re.compile(r"^search-.*\.es\.amazonaws\.com(?:\.cn)?$")
"""The host of an OpenSearch domain with a public endpoint; within a VPC it begins with `vpc-`."""


@memoized
def engine_version(path: Resource, inventory: Inventory) -> str:
    """The engine version of the instance; '' for a serverless replication, which always has the newest."""
    runner = runner_of(path, inventory)
    return "" if runner.kind == "replication-config" else runner.text("EngineVersion")


def vpc_endpoint_support(path: Resource, inventory: Inventory) -> bool:
    """Whether AWS services are reached by VPC endpoints: from engine version 3.4.7 on, and by serverless replications.

    Versions are compared number by number: 3.10.1 is later than 3.4.7.
    """
    runner = runner_of(path, inventory)
    if runner.kind == "replication-config":
        return True
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)(?:\D|$)", runner.text("EngineVersion"))
    if numbers is None:
        raise runner.malformed("EngineVersion", "a version of the replication engine")
    return tuple(map(int, numbers.groups())) >= _SUPPORTED


# -- which services


@memoized
def services(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The AWS services that the endpoint needs, as VPC endpoints name them: `s3`, `dynamodb`, `kinesis-streams`.

    A Redshift target needs S3, through which its data go; a public OpenSearch domain is reached by its host, which
    stands here.  None for other engines, and for an OpenSearch domain in a VPC: an ordinary host.
    """
    endpoint = endpoint_of(path, inventory)
    name = engine(endpoint, inventory)
    if name in _SERVICES:
        return (_SERVICES[name],)
    if name in _REDSHIFT:
        return ("s3",) if direction(endpoint, inventory) == "target" else ()
    if name == "elasticsearch":
        return tuple(host for host in hosts_of(endpoint, inventory) if _PUBLIC_DOMAIN.search(host))
    return ()


def kind_of_engine(path: Resource, inventory: Inventory) -> str:
    """Whether the endpoint's engine is one of relational databases: `relational`, or `other`."""
    return "other" if engine(endpoint_of(path, inventory), inventory) in _NOT_RELATIONAL else "relational"


# -- by which way


class _Ways:
    """The VPC endpoints by which a service can be reached, and why others cannot."""

    def __init__(self) -> None:
        self.endpoints: list[str] = []
        self.flaws: list[str] = []
        self.hole: Missing | None = None


@memoized
def _ways(path: Resource, inventory: Inventory) -> dict[str, _Ways]:
    runner = runner_of(path, inventory)
    return {service: _ways_to(service, runner, inventory) for service in services(path, inventory)}


def _ways_to(service: str, runner: Resource, inventory: Inventory) -> _Ways:
    ways = _Ways()
    if "." in service:
        ways.flaws.append("it is public")
        return ways
    vpc = placement_of(runner, inventory).vpc
    for kind in (INTERFACE, GATEWAY)[: 2 if service in _GATEWAYS else 1]:
        found = service_endpoints(vpc, service, kind, runner, inventory)
        ways.hole = ways.hole or found.hole
        for endpoint in found.endpoints:
            try:
                gateway = kind == GATEWAY
                flaw = _route_flaw(endpoint, runner, inventory) if gateway else dns_flaw(endpoint, inventory)
            except Missing as missing:
                ways.hole = ways.hole or missing
                continue
            (ways.flaws if flaw else ways.endpoints).append(flaw or endpoint.id)
        ways.flaws += found.others
    if not ways.flaws:
        ways.flaws.append(f"{vpc} has no VPC endpoint for it")
    return ways


def _route_flaw(endpoint: Resource, runner: Resource, inventory: Inventory) -> str:
    """Which subnets of the runner have a route table that a gateway endpoint is not in; '' where it is in all."""
    joined = endpoint.texts("RouteTableIds")
    where = placement_of(runner, inventory)
    tables = {subnet: attempt(partial(route_table_of, subnet, inventory)) for subnet in where.subnets}
    said = {subnet: one if isinstance(one, Missing) else one.id in joined for subnet, one in tables.items()}
    if require(where.holds_in_every_subnet(said)):
        return ""
    out = [
        f"{table.id}, the route table of {subnet.id}"
        for subnet, table in tables.items()
        if not isinstance(table, Missing) and table.id not in joined
    ]
    return f"{endpoint.id} is not in {' and '.join(out)}"


def unreached_services(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The services that the instance or serverless replication certainly cannot reach, each with the reason.

    There is no way to the internet, and no VPC endpoint of the service by which it is reached from all its subnets.
    """
    found: list[str] = []
    hole: Missing | None = None
    for service, ways in _ways(path, inventory).items():
        if ways.endpoints:
            continue
        if ways.hole is not None:
            hole = hole or ways.hole
            continue
        found.append(f"{service} ({', '.join(ways.flaws)})")
    if (found or hole is not None) and has_internet(runner_of(path, inventory), inventory):
        return ()
    if hole is not None and not found:
        raise hole
    return tuple(found)


def only_vpc_endpoints(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The VPC endpoints that are the only way to what the endpoint names: none where there is a way to the internet.

    Those of the services of `path.services`; and hosts that are themselves names of a VPC endpoint.
    """
    endpoint = endpoint_of(path, inventory)
    if engine(endpoint, inventory) not in _SERVICES:
        return tuple(host for host in hosts_of(endpoint, inventory) if _PRIVATE_LINK.search(host))
    found = [one for ways in _ways(path, inventory).values() for one in ways.endpoints]
    holes = [ways.hole for ways in _ways(path, inventory).values() if ways.hole is not None]
    if (found or holes) and has_internet(runner_of(path, inventory), inventory):
        return ()
    if holes and not found:
        raise holes[0]
    return tuple(found)


FACTS: Final = (
    Fact("path.engine_version", PATH, text(), engine_version),
    Fact("path.vpc_endpoint_support", PATH, FLAG, vpc_endpoint_support),
    Fact("path.engine_kind", PATH, text("relational", "other"), kind_of_engine),
    Fact("path.services", PATH, texts(), services),
    Fact("path.unreached_services", PATH, texts(), unreached_services),
    Fact("path.only_vpc_endpoints", PATH, texts(), only_vpc_endpoints),
)

"""How the runner of a migration reaches the AWS services of its endpoints: S3, DynamoDB, Kinesis and the like."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.dms.relations import endpoint_of, runner_of
from dms_lint.facts.fact import FLAG, Fact, memoized, text, texts
from dms_lint.facts.network.hosts import hosts_of
from dms_lint.facts.network.placement import placement_of
from dms_lint.facts.network.private_endpoints.vpc_endpoints import GATEWAY, INTERFACE, dns_flaw, service_endpoints
from dms_lint.facts.network.route_tables import has_internet, route_table_of
from dms_lint.logic.kleene import Partial, attempt, collect, counterexample, merged, require
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


# -- the services of an endpoint


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


# -- by which VPC endpoints


class _Access(NamedTuple):
    """The VPC endpoints by which a service can be reached, and why it cannot by the rest."""

    endpoints: Partial[str]
    flaws: tuple[str, ...]


class _Candidate(NamedTuple):
    """A VPC endpoint of a service, and why it does not lead to the service; '' where it does."""

    id: str
    flaw: str


@memoized
def _accesses(path: Resource, inventory: Inventory) -> dict[str, _Access]:
    runner = runner_of(path, inventory)
    return {service: _access_to(service, runner, inventory) for service in services(path, inventory)}


def _access_to(service: str, runner: Resource, inventory: Inventory) -> _Access:
    # The host of a public OpenSearch domain, and not the name of a service: no VPC endpoint leads there.
    if "." in service:
        return _Access(Partial(), ("it is public",))
    vpc = placement_of(runner, inventory).vpc
    kinds = (INTERFACE, GATEWAY) if service in _GATEWAYS else (INTERFACE,)
    candidates = merged(_candidates(vpc, service, kind, runner, inventory) for kind in kinds)
    endpoints = tuple(candidate.id for candidate in candidates.items if not candidate.flaw)
    flaws = tuple(candidate.flaw for candidate in candidates.items if candidate.flaw)
    return _Access(Partial(endpoints, candidates.missing), flaws or (f"{vpc} has no VPC endpoint for it",))


def _candidates(vpc: str, service: str, kind: str, runner: Resource, inventory: Inventory) -> Partial[_Candidate]:
    endpoints = service_endpoints(vpc, service, kind, runner, inventory)

    def candidate(endpoint: Resource) -> _Candidate:
        gateway = kind == GATEWAY
        flaw = _route_flaw(endpoint, runner, inventory) if gateway else dns_flaw(endpoint, inventory)
        return _Candidate(endpoint.id, flaw)

    available = collect(endpoints.available, candidate)
    return Partial((*available.items, *(_Candidate("", flaw) for flaw in endpoints.unavailable)), available.missing)


def _route_flaw(endpoint: Resource, runner: Resource, inventory: Inventory) -> str:
    """The subnets of the runner whose route table has no route to a gateway endpoint; '' where all have."""
    table_ids = endpoint.texts("RouteTableIds")
    placement = placement_of(runner, inventory)
    tables = {subnet: attempt(partial(route_table_of, subnet, inventory)) for subnet in placement.subnets}
    verdicts = {
        subnet: table if isinstance(table, Missing) else table.id in table_ids for subnet, table in tables.items()
    }
    if require(placement.holds_in_every_subnet(verdicts)):
        return ""
    without_route = [
        f"{table.id}, the route table of {subnet.id}"
        for subnet, table in tables.items()
        if not isinstance(table, Missing) and table.id not in table_ids
    ]
    return f"{endpoint.id} is not in {' and '.join(without_route)}"


def unreached_services(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The services that the instance or serverless replication certainly cannot reach, each with the reason.

    There is no way to the internet, and no VPC endpoint of the service by which it is reached from all its subnets.
    """

    def unreached(service_access: tuple[str, _Access]) -> str | Missing | None:
        service, access = service_access
        return counterexample(access.endpoints.is_nonempty(), f"{service} ({', '.join(access.flaws)})")

    unreached_by_endpoint = collect(_accesses(path, inventory).items(), unreached)
    # Only then is it asked for the internet, and may be Missing.
    if unreached_by_endpoint.is_nonempty() is not False and has_internet(runner_of(path, inventory), inventory):
        return ()
    return unreached_by_endpoint.certain()


def only_vpc_endpoints(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The VPC endpoints that are the only way to what the endpoint names: none where there is a way to the internet.

    Those of the services of `path.services`; and hosts that are themselves names of a VPC endpoint.
    """
    endpoint = endpoint_of(path, inventory)
    if engine(endpoint, inventory) not in _SERVICES:
        return tuple(host for host in hosts_of(endpoint, inventory) if _PRIVATE_LINK.search(host))
    endpoints = merged(access.endpoints for access in _accesses(path, inventory).values())
    if endpoints.is_nonempty() is not False and has_internet(runner_of(path, inventory), inventory):
        return ()
    return endpoints.certain()


FACTS: Final = (
    Fact("path.engine_version", PATH, text(), engine_version),
    Fact("path.vpc_endpoint_support", PATH, FLAG, vpc_endpoint_support),
    Fact("path.engine_kind", PATH, text("relational", "other"), kind_of_engine),
    Fact("path.services", PATH, texts(), services),
    Fact("path.unreached_services", PATH, texts(), unreached_services),
    Fact("path.only_vpc_endpoints", PATH, texts(), only_vpc_endpoints),
)

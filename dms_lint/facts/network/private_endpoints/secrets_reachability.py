"""How what runs a migration reaches Secrets Manager, where the secrets of its endpoints are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.credentials import secrets
from dms_lint.facts.dms.endpoints import ENDPOINT, attributes
from dms_lint.facts.dms.relations import endpoint_of, runner_of
from dms_lint.facts.fact import FLAG, Fact, memoized, text, texts
from dms_lint.facts.network.placement import placement_of
from dms_lint.facts.network.private_endpoints.vpc_endpoints import (
    INTERFACE,
    ServiceEndpoints,
    dns_flaw,
    service_endpoints,
)
from dms_lint.facts.network.route_tables import has_internet
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

RUNNERS: Final = ("replication-instance", "replication-config")
_SERVICE: Final = "secretsmanager"
_OVERRIDE: Final = "secretsmanagerendpointoverride"
_INTERNET: Final = "the internet"


# -- who reads secrets


def secret_endpoints(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoints with a secret that tasks, connection tests or the serverless replication itself join it with.

    None only where all tasks and connections are listed, or the replication names both of its endpoints.
    """
    found: list[str] = []
    hole: Missing | None = None
    for path in inventory.index("network-path", _runner_id).get(runner.id, ()):
        try:
            endpoint = endpoint_of(path, inventory)
            if secrets.names(endpoint, inventory):
                found.append(endpoint.name)
        except Missing as missing:
            hole = hole or missing
    if found:
        return tuple(dict.fromkeys(found))
    if hole is not None:
        raise hole
    if runner.kind == "replication-config":
        runner.text("SourceEndpointArn")
        runner.text("TargetEndpointArn")
    for kind in ("task", "connection") if runner.kind != "replication-config" else ():
        inventory.all(kind, runner.account, runner.region)
    return ()


def _runner_id(path: Resource) -> tuple[str, ...]:
    return (path.id.partition(" ")[0],)


def _endpoint_id(path: Resource) -> tuple[str, ...]:
    return (path.text("EndpointArn"),)


# -- by which way


@memoized
def secrets_manager_endpoints(runner: Resource, inventory: Inventory) -> ServiceEndpoints:
    """The interface endpoints for Secrets Manager in the VPC of an instance or a serverless replication."""
    return service_endpoints(placement_of(runner, inventory).vpc, _SERVICE, INTERFACE, runner, inventory)


def vpc_endpoints(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The available interface endpoints of its VPC for Secrets Manager, FIPS or not."""
    found = secrets_manager_endpoints(runner, inventory)
    if found.hole is not None and not found.endpoints:
        raise found.hole
    return tuple(endpoint.id for endpoint in found.endpoints)


def secrets_manager_routes(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ways by which it can reach Secrets Manager: the VPC endpoints of its VPC, or `the internet`.

    One that could not be read is left out where there is another.  Central egress, by a transit gateway and the like,
    leaves the internet open.
    """
    found = secrets_manager_endpoints(runner, inventory)
    if found.endpoints:
        return tuple(endpoint.id for endpoint in found.endpoints)
    if has_internet(runner, inventory):
        return (_INTERNET,)
    if found.hole is not None:
        raise found.hole
    return ()


def other_vpc_endpoints(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The interface endpoints of its VPC for Secrets Manager that are not available, each with its state."""
    return secrets_manager_endpoints(runner, inventory).others


def certain_internet(runner: Resource, inventory: Inventory) -> bool:
    """Whether it certainly has a way to the internet; false too where that is not known."""
    try:
        return has_internet(runner, inventory)
    except Missing:
        return False


# -- whether the name of Secrets Manager leads to the VPC endpoint


@memoized
def _private_runners(endpoint: Resource, inventory: Inventory) -> tuple[tuple[Resource, ...], Missing | None]:
    """What uses the endpoint and reaches Secrets Manager by a VPC endpoint only; and why there may be more."""
    found: list[Resource] = []
    hole: Missing | None = None
    for path in inventory.index("network-path", _endpoint_id).get(endpoint.id, ()):
        try:
            runner = runner_of(path, inventory)
            if vpc_endpoints(runner, inventory) and not has_internet(runner, inventory):
                found.append(runner)
        except Missing as missing:
            hole = hole or missing.with_traceback(None)
    for kind in ("task", "connection", "replication-config") if hole is None else ():
        try:
            inventory.all(kind, endpoint.account, endpoint.region)
        except Missing as missing:
            hole = hole or missing.with_traceback(None)
    return tuple(found), hole


def private_runners(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The instances and serverless replications that use the endpoint and reach Secrets Manager by a VPC endpoint only.

    One of which that is not known is left out where it is certain of another.
    """
    found, hole = _private_runners(endpoint, inventory)
    if hole is not None and not found:
        raise hole
    return tuple(runner.name for runner in found)


def misled_runners(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of `secret.private_runners` that the name of Secrets Manager leads to no VPC endpoint, each with why.

    It does by private DNS, or where secretsManagerEndpointOverride among the extra connection attributes is one of the
    DNS names of the VPC endpoint.
    """
    runners, hole = _private_runners(endpoint, inventory)
    found: list[str] = []
    for runner in runners:
        try:
            flaw = _flaw(runner, endpoint, inventory)
        except Missing as missing:
            hole = hole or missing
            continue
        if flaw:
            found.append(f"{runner.name} ({flaw})")
    if hole is not None and not found:
        raise hole
    return tuple(found)


def _flaw(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    """Why no name leads from the runner to a VPC endpoint for Secrets Manager; '' where one does."""
    found = secrets_manager_endpoints(runner, inventory)
    hole = found.hole
    flaws: list[str] = []
    for one in found.endpoints:
        try:
            flaw = _flaw_of(one, _override(endpoint), inventory)
        except Missing as missing:
            hole = hole or missing
            continue
        if not flaw:
            return ""
        flaws.append(flaw)
    if hole is not None:
        raise hole
    return ", ".join(flaws)


def _flaw_of(one: Resource, named: str, inventory: Inventory) -> str:
    """Why neither private DNS nor the name that the endpoint gives leads to a VPC endpoint; '' where either does."""
    try:
        flaw: str | Missing = dns_flaw(one, inventory)
    except Missing as missing:
        flaw = missing
    if flaw and named and named in (entry.text("DnsName").lower() for entry in one.records("DnsEntries")):
        return ""
    if isinstance(flaw, Missing):
        raise flaw
    return flaw


def _override(endpoint: Resource) -> str:
    """The host that secretsManagerEndpointOverride names, without protocol and slash; '' where it is not set."""
    written = attributes(endpoint).get(_OVERRIDE, "").strip().lower()
    return written.removeprefix("https://").rstrip("/").removesuffix(":443")


def override(endpoint: Resource, inventory: Inventory) -> str:
    """The host that secretsManagerEndpointOverride among the extra connection attributes names; '' where none."""
    return _override(endpoint)


FACTS: Final = (
    Fact("runner.secret_endpoints", RUNNERS, texts(), secret_endpoints),
    Fact("runner.secrets_vpc_endpoints", RUNNERS, texts(), vpc_endpoints),
    Fact("runner.other_secrets_vpc_endpoints", RUNNERS, texts(), other_vpc_endpoints),
    Fact("runner.secrets_ways", RUNNERS, texts(), secrets_manager_routes),
    Fact("runner.certain_internet", RUNNERS, FLAG, certain_internet),
    Fact("secret.private_runners", ENDPOINT, texts(), private_runners),
    Fact("secret.misled_runners", ENDPOINT, texts(), misled_runners),
    Fact("secret.endpoint_override", ENDPOINT, text(), override),
)

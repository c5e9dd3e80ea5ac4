"""How the runner of a migration reaches Secrets Manager, where the secrets of its endpoints are."""

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
    flaws_of_all,
    service_endpoints,
)
from dms_lint.facts.network.route_tables import has_internet
from dms_lint.logic.kleene import attempt, collect, collect_each, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.logic.kleene import Partial
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

    def with_secret(path: Resource) -> str | None:
        endpoint = endpoint_of(path, inventory)
        return endpoint.name if secrets.names(endpoint, inventory) else None

    endpoints = collect(inventory.index("network-path", _runner_id).get(runner.id, ()), with_secret)
    if endpoints.certain():
        return endpoints.distinct().items
    # Both ends, or all that may join the instance with an endpoint: raises what is Missing of them.
    if runner.kind == "replication-config":
        runner.text("SourceEndpointArn")
        runner.text("TargetEndpointArn")
        return ()
    for kind in ("task", "connection"):
        inventory.all(kind, runner.account, runner.region)
    return ()


def _runner_id(path: Resource) -> tuple[str, ...]:
    return (path.id.partition(" ")[0],)


def _endpoint_id(path: Resource) -> tuple[str, ...]:
    return (path.text("EndpointArn"),)


# -- how it reaches Secrets Manager


@memoized
def secrets_manager_endpoints(runner: Resource, inventory: Inventory) -> ServiceEndpoints:
    """The interface endpoints for Secrets Manager in the VPC of an instance or a serverless replication."""
    return service_endpoints(placement_of(runner, inventory).vpc, _SERVICE, INTERFACE, runner, inventory)


def vpc_endpoints(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The available interface endpoints of its VPC for Secrets Manager, FIPS or not."""
    return tuple(endpoint.id for endpoint in secrets_manager_endpoints(runner, inventory).available.certain())


def secrets_manager_routes(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ways by which it can reach Secrets Manager: the VPC endpoints of its VPC, or `the internet`.

    One that could not be read is left out where there is another.  Central egress, by a transit gateway and the like,
    leaves the internet open.
    """
    available = secrets_manager_endpoints(runner, inventory).available
    if not available.items and has_internet(runner, inventory):
        return (_INTERNET,)
    return tuple(endpoint.id for endpoint in available.certain())


def other_vpc_endpoints(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The interface endpoints of its VPC for Secrets Manager that are not available, each with its state."""
    return secrets_manager_endpoints(runner, inventory).unavailable


def certain_internet(runner: Resource, inventory: Inventory) -> bool:
    """Whether it certainly has a way to the internet; false too where that is not known."""
    try:
        return has_internet(runner, inventory)
    except Missing:
        return False


# -- whether the name of Secrets Manager resolves to the VPC endpoint


@memoized
def _private_runners(endpoint: Resource, inventory: Inventory) -> Partial[Resource]:
    """The runners that use the endpoint and reach Secrets Manager by a VPC endpoint only."""

    def private_runner(path: Resource) -> Resource | None:
        runner = runner_of(path, inventory)
        return runner if vpc_endpoints(runner, inventory) and not has_internet(runner, inventory) else None

    runners = collect(inventory.index("network-path", _endpoint_id).get(endpoint.id, ()), private_runner)
    return runners.or_missing(_unlisted_user(endpoint, inventory))


def _unlisted_user(endpoint: Resource, inventory: Inventory) -> Missing | None:
    """Why more runners than those of the paths may use the endpoint; None where all that join them are listed."""
    kinds = ("task", "connection", "replication-config")
    return collect_each(kinds, lambda kind: inventory.all(kind, endpoint.account, endpoint.region)).missing


def private_runners(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The instances and serverless replications that use the endpoint and reach Secrets Manager by a VPC endpoint only.

    One of which that is not known is left out where it is certain of another.
    """
    return tuple(runner.name for runner in _private_runners(endpoint, inventory).certain())


def misled_runners(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of `secret.private_runners` that the name of Secrets Manager leads to no VPC endpoint, each with why.

    It does by private DNS, or where secretsManagerEndpointOverride among the extra connection attributes is one of the
    DNS names of the VPC endpoint.
    """

    def misled(runner: Resource) -> str | None:
        flaw = _flaw(runner, endpoint, inventory)
        return f"{runner.name} ({flaw})" if flaw else None

    return collect(_private_runners(endpoint, inventory), misled).certain()


def _flaw(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    """Why no name resolves to a VPC endpoint for Secrets Manager from the runner; '' where one does."""
    available = secrets_manager_endpoints(runner, inventory).available
    flaws = flaws_of_all(available, lambda vpc_endpoint: _name_flaw(vpc_endpoint, _override(endpoint), inventory))
    return ", ".join(flaws)


def _name_flaw(vpc_endpoint: Resource, override_host: str, inventory: Inventory) -> str:
    """Why neither private DNS nor the override leads to a VPC endpoint; '' where either does."""
    flaw = attempt(lambda: dns_flaw(vpc_endpoint, inventory))
    # The override settles it, whether private DNS is off or was not read.
    if flaw and override_host:
        names = (entry.text("DnsName").lower() for entry in vpc_endpoint.records("DnsEntries"))
        # Names are read one by one: what is garbled after the override does not matter.
        if override_host in names:
            return ""
    return require(flaw)


def _override(endpoint: Resource) -> str:
    """The host that secretsManagerEndpointOverride names, without protocol and slash; '' where it is not set."""
    url = attributes(endpoint).get(_OVERRIDE, "").strip().lower()
    return url.removeprefix("https://").rstrip("/").removesuffix(":443")


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

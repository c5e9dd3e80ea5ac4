"""The VPC endpoints by which a VPC reaches a service of AWS, and whether DNS names resolve to them.

A VPC endpoint counts when it is available, in the VPC itself and of the service in the VPC's own Region.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.identities.attached_policies import parsed
from dms_lint.facts.network.placement import placement_of
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.wildcards import relation, tokens
from dms_lint.logic.kleene import Partial, attempt, collect
from dms_lint.model import EMPTY, Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.iam_policy.statements import Statement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

VPC_ENDPOINT: Final = ("vpc-endpoint",)
INSTANCE: Final = ("replication-instance",)
INTERFACE: Final = "interface"
GATEWAY: Final = "gateway"
_API: Final = "dms"
_AVAILABLE: Final = "available"
_GONE: Final = ("deleting", "deleted", "rejected", "failed", "expired")
_FIPS: Final = "-fips"
_INBOUND: Final = "PrivateDnsOnlyForInboundResolverEndpoint"


# -- a VPC endpoint by itself


@memoized
def service(endpoint: Resource, inventory: Inventory) -> str:
    """The service of AWS in the same Region that it leads to, FIPS or not: `dms`, `s3`, `secretsmanager`.

    '' for a service of somebody else's, and for one in another Region.
    """
    # com.amazonaws.REGION.SERVICE, and in China cn.com.amazonaws.REGION.SERVICE
    _, prefix, name = endpoint.text("ServiceName").partition(f"com.amazonaws.{endpoint.region}.")
    return name.removesuffix(_FIPS) if prefix else ""


@memoized
def type_of(endpoint: Resource, inventory: Inventory) -> str:
    """Its type in lower case: `interface`, `gateway` or another."""
    return endpoint.text("VpcEndpointType").lower()


@memoized
def state(endpoint: Resource, inventory: Inventory) -> str:
    """Its state in lower case, as `available`; `gone` for one that is deleted, or never came to be."""
    status = endpoint.text("State").lower()
    return "gone" if status in _GONE else status


# -- which a VPC has


class ServiceEndpoints(NamedTuple):
    """The VPC endpoints of one service in a VPC."""

    available: Partial[Resource]
    unavailable: tuple[str, ...]
    """The ids of those that certainly are not available, each with its state: `vpce-0a is pending`."""


def service_endpoints(vpc: str, name: str, kind: str, client: Resource, inventory: Inventory) -> ServiceEndpoints:
    """The VPC endpoints of a service and a type (`interface`, `gateway`) in the VPC of a client."""

    def with_state(endpoint: Resource) -> tuple[Resource, str] | None:
        if service(endpoint, inventory) != name or type_of(endpoint, inventory) != kind:
            return None
        return (endpoint, state(endpoint, inventory)) if endpoint.text("VpcId") == vpc else None

    # An endpoint that does not show its VPC may be in this one.
    index = inventory.index("vpc-endpoint", _vpc_of)
    endpoints = collect((*index.get(vpc, ()), *index.get("", ())), with_state)
    available = tuple(endpoint for endpoint, status in endpoints.items if status == _AVAILABLE)
    unavailable = tuple(
        f"{endpoint.id} is {endpoint.text('State')}" for endpoint, status in endpoints.items if status != _AVAILABLE
    )
    missing = endpoints.missing or _unlisted(vpc, client, inventory)
    return ServiceEndpoints(Partial(available, missing), unavailable)


def flaws_of_all(endpoints: Partial[Resource], flaw: Callable[[Resource], str]) -> tuple[str, ...]:
    """The flaw of each endpoint where all have one; none when one works ('' for a flaw), Missing when one may."""
    flaws: Partial[str] = collect(endpoints, flaw)
    return () if "" in flaws.items else flaws.complete()


def _vpc_of(endpoint: Resource) -> tuple[str, ...]:
    return (endpoint.text("VpcId"),)


def _unlisted(vpc: str, client: Resource, inventory: Inventory) -> Missing | None:
    """Why the VPC may have endpoints that were not listed: only the owner of a shared VPC sees them all."""
    endpoints = attempt(partial(inventory.all, "vpc-endpoint", client.account, client.region))
    if isinstance(endpoints, Missing):
        return endpoints
    shared = attempt(partial(inventory.find, "vpc", vpc, client.account, client.region))
    # A VPC that was not read is taken for the account's own.
    if shared is None or isinstance(shared, Missing) or shared.account == client.account:
        return None
    if inventory.listed("vpc-endpoint", shared.account, client.region):
        return None
    return Missing(
        f"the VPC {vpc} is shared by the account {shared.account}, whose VPC endpoints are not in the input",
        needs=f"ec2:DescribeVpcEndpoints in {shared.account}",
        reason="the VPC endpoints of a shared VPC are not in the input",
    )


# -- whether names resolve to it


def dns_flaw(endpoint: Resource, inventory: Inventory) -> str:
    """Why the service's own name does not resolve to an interface endpoint within its VPC; '' where it does.

    Private DNS must be on for the endpoint and DNS for the VPC, which AWS checks only when private DNS is turned on.
    """
    if not endpoint.flag("PrivateDnsEnabled"):
        return f"private DNS of {endpoint.id} is off"
    if service(endpoint, inventory) == "s3" and _inbound_only(endpoint, inventory):
        return f"private DNS of {endpoint.id} is for inbound resolvers only"
    return _vpc_flaw(endpoint, inventory)


def _inbound_only(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether the names of S3 resolve to an interface endpoint only from outside the VPC.

    That can be only where the VPC has a gateway endpoint too, for clients inside:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
    """
    options = endpoint.block("DnsOptions", default=EMPTY)
    if _INBOUND not in options:
        if service_endpoints(endpoint.text("VpcId"), "s3", GATEWAY, endpoint, inventory).available.items:
            raise options.missing(_INBOUND)
        return False
    return options.flag(_INBOUND)


def _vpc_flaw(endpoint: Resource, inventory: Inventory) -> str:
    vpc = endpoint.text("VpcId")
    attributes = inventory.about("vpc-attributes", vpc, account=endpoint.account, region=endpoint.region)

    def off(member: str) -> str | None:
        return None if attributes.block(member).flag("Value") else f"{member[0].lower()}{member[1:]} of {vpc} is off"

    return next(iter(collect(("EnableDnsSupport", "EnableDnsHostnames"), off).certain()), "")


# -- the API of DMS


def api_detours(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why calls to the DMS API leave the VPC of the instance; none where an interface endpoint keeps them in it.

    There is no interface endpoint of the API, or it is not available, or the API's name does not lead to it.
    """
    vpc, region = placement_of(instance, inventory).vpc, instance.region
    endpoints = service_endpoints(vpc, _API, INTERFACE, instance, inventory)
    available = endpoints.available
    flaws: Partial[str] = collect(available.items, lambda endpoint: dns_flaw(endpoint, inventory))
    if "" in flaws.items:
        return ()
    # What an available endpoint does not show is missing first: once read, the rest of the listing may not matter.
    detours = (*flaws.or_missing(available.missing).complete(), *endpoints.unavailable)
    return detours or (f"{vpc} has no interface endpoint for com.amazonaws.{region}.{_API}",)


def open_statements(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements of its policy that let everybody do everything of the DMS API; none where a Deny stands beside."""
    statements = parsed(endpoint, "PolicyDocument", "the policy of the VPC endpoint").statements
    if any(statement.effect == "Deny" for statement in statements):
        return ()
    return tuple(statement.sid for statement in statements if _is_open(statement))


def _is_open(statement: Statement) -> bool:
    everybody = {(ANYTHING, ANYTHING), ("AWS", ANYTHING)}.intersection(statement.principals or ())
    if not everybody or statement.not_principals or statement.conditions:
        return False
    if statement.not_resources or not any(_covers(resource, "arn:*:dms:*") for resource in statement.resources or ()):
        return False
    if statement.not_actions:
        return all(relation(tokens(action), tokens(f"{_API}:*")) is False for action in statement.actions)
    return any(_covers(action, f"{_API}:*") for action in statement.actions)


def _covers(pattern: str, target: str) -> bool:
    return relation(tokens(pattern), tokens(target)) is True


FACTS: Final = (
    Fact("vpc_endpoint.service", VPC_ENDPOINT, text(), service),
    Fact("vpc_endpoint.type", VPC_ENDPOINT, text(), type_of),
    Fact("vpc_endpoint.state", VPC_ENDPOINT, text(), state),
    Fact("vpc_endpoint.open_statements", VPC_ENDPOINT, texts(), open_statements),
    Fact("network.api_detours", INSTANCE, texts(), api_detours),
)

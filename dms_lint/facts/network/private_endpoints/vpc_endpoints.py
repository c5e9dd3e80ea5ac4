"""The VPC endpoints by which a VPC reaches a service of AWS: which there are, and whether names lead to them.

A VPC endpoint counts that is available, in the VPC itself and of the service in the VPC's own Region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.iam.identities.attached_policies import parsed
from dms_lint.facts.network.placement import placement_of
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.wildcards import relation, tokens
from dms_lint.model import EMPTY, Missing

if TYPE_CHECKING:
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


# -- what one is


@memoized
def service(endpoint: Resource, inventory: Inventory) -> str:
    """The service of AWS in the same Region that it leads to, FIPS or not: `dms`, `s3`, `secretsmanager`.

    '' for a service of somebody else's, and for one in another Region.
    """
    # com.amazonaws.REGION.SERVICE, and in China cn.com.amazonaws.REGION.SERVICE
    _, found, name = endpoint.text("ServiceName").partition(f"com.amazonaws.{endpoint.region}.")
    return name.removesuffix(_FIPS) if found else ""


@memoized
def type_of(endpoint: Resource, inventory: Inventory) -> str:
    """Its type in lower case: `interface`, `gateway` or another."""
    return endpoint.text("VpcEndpointType").lower()


@memoized
def state(endpoint: Resource, inventory: Inventory) -> str:
    """Its state in lower case, as `available`; `gone` for one that is deleted, or never came to be."""
    found = endpoint.text("State").lower()
    return "gone" if found in _GONE else found


# -- which a VPC has


class ServiceEndpoints(NamedTuple):
    """The VPC endpoints of one service that a VPC has."""

    endpoints: tuple[Resource, ...]
    """Those that are certainly available."""
    others: tuple[str, ...]
    """Those that certainly are not, each with its state: `vpce-0a is pending`."""
    hole: Missing | None
    """Why there may be more."""


def service_endpoints(vpc: str, name: str, kind: str, asks: Resource, inventory: Inventory) -> ServiceEndpoints:
    """The VPC endpoints of a service and a type (`interface`, `gateway`) in a VPC that `asks` is in."""
    found: list[Resource] = []
    others: list[str] = []
    hole: Missing | None = None
    index = inventory.index("vpc-endpoint", _vpc_of)
    for endpoint in (*index.get(vpc, ()), *index.get("", ())):
        try:
            if service(endpoint, inventory) != name or type_of(endpoint, inventory) != kind:
                continue
            here = endpoint.text("VpcId") == vpc
            if here and state(endpoint, inventory) == _AVAILABLE:
                found.append(endpoint)
            elif here:
                others.append(f"{endpoint.id} is {endpoint.text('State')}")
        except Missing as missing:
            hole = hole or missing
    return ServiceEndpoints(tuple(found), tuple(others), hole or _unlisted(vpc, asks, inventory))


def _vpc_of(endpoint: Resource) -> tuple[str, ...]:
    return (endpoint.text("VpcId"),)


def _unlisted(vpc: str, asks: Resource, inventory: Inventory) -> Missing | None:
    """Why the VPC may have endpoints that were not listed: of a shared VPC only its owner sees them all."""
    try:
        inventory.all("vpc-endpoint", asks.account, asks.region)
    except Missing as missing:
        return missing
    try:
        shared = inventory.find("vpc", vpc, asks.account, asks.region)
    except Missing:
        return None
    if (
        shared is None
        or shared.account == asks.account
        or inventory.listed("vpc-endpoint", shared.account, asks.region)
    ):
        return None
    return Missing(
        f"the VPC {vpc} is shared by the account {shared.account}, whose VPC endpoints are not in the input",
        needs=f"ec2:DescribeVpcEndpoints in {shared.account}",
        reason="the VPC endpoints of a shared VPC are not in the input",
    )


# -- whether names lead to it


def dns_flaw(endpoint: Resource, inventory: Inventory) -> str:
    """Why the service's own name does not lead to an interface endpoint within its VPC; '' where it does.

    Private DNS must be on for the endpoint and DNS for the VPC, which AWS asks for only when it is turned on.
    """
    if not endpoint.flag("PrivateDnsEnabled"):
        return f"private DNS of {endpoint.id} is off"
    if service(endpoint, inventory) == "s3" and _inbound_only(endpoint, inventory):
        return f"private DNS of {endpoint.id} is for inbound resolvers only"
    return _vpc_flaw(endpoint, inventory)


def _inbound_only(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether the names of S3 lead to an interface endpoint only from outside the VPC.

    That can be only where the VPC has a gateway endpoint too, for what is inside:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
    """
    options = endpoint.block("DnsOptions", default=EMPTY)
    if _INBOUND not in options:
        if service_endpoints(endpoint.text("VpcId"), "s3", GATEWAY, endpoint, inventory).endpoints:
            raise options.missing(_INBOUND)
        return False
    return options.flag(_INBOUND)


def _vpc_flaw(endpoint: Resource, inventory: Inventory) -> str:
    vpc = endpoint.text("VpcId")
    attributes = inventory.about("vpc-attributes", vpc, account=endpoint.account, region=endpoint.region)
    hole: Missing | None = None
    for member in ("EnableDnsSupport", "EnableDnsHostnames"):
        try:
            if not attributes.block(member).flag("Value"):
                return f"{member[0].lower()}{member[1:]} of {vpc} is off"
        except Missing as missing:
            hole = hole or missing
    if hole is not None:
        raise hole
    return ""


# -- the API of DMS


def api_detours(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why calls to the DMS API leave the VPC of the instance; none where an interface endpoint keeps them in it.

    There is no interface endpoint of the API, or it is not available, or the API's name does not lead to it.
    """
    vpc = placement_of(instance, inventory).vpc
    found = service_endpoints(vpc, _API, INTERFACE, instance, inventory)
    flaws: list[str] = []
    hole = found.hole
    for endpoint in found.endpoints:
        try:
            flaw = dns_flaw(endpoint, inventory)
        except Missing as missing:
            hole = hole or missing
            continue
        if not flaw:
            return ()
        flaws.append(flaw)
    if hole is not None:
        raise hole
    return (*flaws, *found.others) or (f"{vpc} has no interface endpoint for com.amazonaws.{instance.region}.{_API}",)


def open_statements(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements of its policy that let everybody do everything of the DMS API; none where a Deny stands beside."""
    statements = parsed(endpoint, "PolicyDocument", "the policy of the VPC endpoint").statements
    if any(one.effect == "Deny" for one in statements):
        return ()
    return tuple(one.sid for one in statements if _is_open(one))


def _is_open(statement: Statement) -> bool:
    everybody = {(ANYTHING, ANYTHING), ("AWS", ANYTHING)}.intersection(statement.principals or ())
    if not everybody or statement.not_principals or statement.conditions:
        return False
    if statement.not_resources or not any(_covers(one, "arn:*:dms:*") for one in statement.resources or ()):
        return False
    if statement.not_actions:
        return all(relation(tokens(one), tokens(f"{_API}:*")) is False for one in statement.actions)
    return any(_covers(one, f"{_API}:*") for one in statement.actions)


def _covers(pattern: str, asked: str) -> bool:
    return relation(tokens(pattern), tokens(asked)) is True


FACTS: Final = (
    Fact("vpc_endpoint.service", VPC_ENDPOINT, text(), service),
    Fact("vpc_endpoint.type", VPC_ENDPOINT, text(), type_of),
    Fact("vpc_endpoint.state", VPC_ENDPOINT, text(), state),
    Fact("vpc_endpoint.open_statements", VPC_ENDPOINT, texts(), open_statements),
    Fact("network.api_detours", INSTANCE, texts(), api_detours),
)

"""Where the two ends of a task are: on which cloud, and in which AWS Region."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.aws.arn import parse_arn
from dms_lint.data.tables import table
from dms_lint.facts.dms import relations
from dms_lint.facts.dms.endpoints import engine
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.network.hosts import AWS, Place, address_of, cloud_of_engine, hosts_of, place_of
from dms_lint.facts.network.placement import vpc_of
from dms_lint.libs.ip_ranges import Span, span, span_of
from dms_lint.logic.kleene import Partial, collect, collect_each
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

    _Relation = Callable[[Resource, Inventory], Resource]

TASKS: Final = ("task", "replication-config")
ENDS: Final = (("source", relations.source), ("target", relations.target))
"""Each end of a task, with how its endpoint is read."""


def aws_ends(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task, `source` and `target`, that run on AWS.

    By the engine where it is an AWS service, by the host's name or address elsewhere.  An end that could be anywhere
    is left out where the other runs on AWS.
    """

    def end_on_aws(end: tuple[str, _Relation]) -> str | None:
        name, endpoint_of = end
        return name if _cloud(endpoint_of(task, inventory), task, inventory) == AWS else None

    return collect(ENDS, end_on_aws).certain()


def end_clouds(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task with the cloud each runs on: `source orders on Azure`."""
    ends = [(end, endpoint_of(task, inventory)) for end, endpoint_of in ENDS]
    return tuple(f"{end} {endpoint.name} on {_cloud(endpoint, task, inventory)}" for end, endpoint in ends)


def _cloud(endpoint: Resource, task: Resource, inventory: Inventory) -> str:
    """The cloud that an endpoint runs on; Missing where nothing says."""
    if "GcpMySQLSettings" in endpoint:
        return "Google Cloud"
    cloud = cloud_of_engine(engine(endpoint, inventory))
    if cloud:
        return cloud
    hosts = hosts_of(endpoint, inventory)
    clouds = {_place(host, task, inventory).cloud for host in hosts}
    if AWS in clouds:
        return AWS
    if "" in clouds:
        raise Missing(
            f"{endpoint.where}: nothing says whether {', '.join(hosts)} runs on AWS",
            needs="where the host runs",
            reason="a host's name does not say whether it runs on AWS",
        )
    return min(clouds)


def foreign_ends(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task that lie in another AWS Region than the task, with host and Region.

    The Region is the one that the host's name, the stream's ARN or the bucket's location carries.  A host on another
    cloud is in no AWS Region.
    """

    def foreign_regions(end: tuple[str, _Relation]) -> Iterable[str] | Partial[str]:
        name, endpoint_of = end
        located = _located(endpoint_of(task, inventory), task, inventory)
        return collect(located, lambda place: f"{name} {place[0]} in {place[1]}" if place[1] not in at_home else None)

    at_home = ("", task.region)
    regions: Partial[str] = collect_each(ENDS, foreign_regions)
    if not task.region:
        raise regions.missing or task.missing("Region")
    return regions.certain()


@cache
def _in_own_region() -> frozenset[str]:
    return frozenset(table("aws-hosts")["own_region"])


def _located(endpoint: Resource, task: Resource, inventory: Inventory) -> Partial[tuple[str, str]]:
    """The hosts or resources that an endpoint names, each with its AWS Region; '' for a host on another cloud."""
    name = engine(endpoint, inventory)
    if name in _in_own_region():
        return Partial(((endpoint.name, task.region),))
    if name in _REGION_OF:
        return Partial((_REGION_OF[name](endpoint, inventory),))
    if cloud_of_engine(name) not in (AWS, "") or "GcpMySQLSettings" in endpoint:
        return Partial(((endpoint.name, ""),))
    return collect(hosts_of(endpoint, inventory), lambda host: _located_host(host, endpoint, task, inventory))


def _located_host(host: str, endpoint: Resource, task: Resource, inventory: Inventory) -> tuple[str, str]:
    place = _place(host, task, inventory)
    if place.region or place.cloud not in (AWS, ""):
        return host, place.region
    raise Missing(
        f"{endpoint.where}: nothing says in which Region {host} is",
        needs="where the host runs",
        reason="a host's name does not say in which Region it is",
    )


def _region_of_stream(endpoint: Resource, inventory: Inventory) -> tuple[str, str]:
    return _region_of_arn(endpoint.block("KinesisSettings"), "StreamArn")


def _region_of_lakehouse(endpoint: Resource, inventory: Inventory) -> tuple[str, str]:
    return _region_of_arn(endpoint.block("LakehouseSettings"), "Arn")


def _region_of_arn(block: Record, member: str) -> tuple[str, str]:
    text = block.text(member)
    arn = parse_arn(text)
    if arn is None or not arn.region:
        raise block.malformed(member, "an ARN with a Region")
    return text, arn.region


def _region_of_bucket(endpoint: Resource, inventory: Inventory) -> tuple[str, str]:
    block = "S3Settings" if engine(endpoint, inventory) == "s3" else "DmsTransferSettings"
    bucket = endpoint.block(block).text("BucketName")
    location = inventory.about("bucket-location", bucket, account=endpoint.account)
    # API reference, GetBucketLocation: null is us-east-1, and EU is eu-west-1.
    region = location.text("LocationConstraint", default="us-east-1")
    return bucket, "eu-west-1" if region == "EU" else region


_REGION_OF: Final[dict[str, Callable[[Resource, Inventory], tuple[str, str]]]] = {
    "kinesis": _region_of_stream,
    "lakehouse": _region_of_lakehouse,
    "s3": _region_of_bucket,
    "dms-transfer": _region_of_bucket,
}


def _place(host: str, task: Resource, inventory: Inventory) -> Place:
    """The location of a host: by its name, else by the network interface or the VPC that has its address."""
    place = place_of(host)
    address = None if place.cloud else address_of(host)
    if address is None:
        return place
    interfaces = inventory.index("network-interface", _addresses_of)
    for interface in interfaces.get(f"public {address}", ()):
        return Place(AWS, interface.region or task.region)
    # A private address says where the host is only within the task's own VPC: networks outside AWS have the same ones.
    try:
        vpc = vpc_of(task, inventory)
    except Missing:
        return place
    for interface in interfaces.get(f"private {address}", ()):
        if interface.data.get("VpcId") == vpc:
            return Place(AWS, task.region)
    return Place(AWS, task.region) if _in_vpc(span_of(address), vpc, task, inventory) else place


def _addresses_of(interface: Resource) -> Iterator[str]:
    """The addresses of a network interface, as `public 192.0.2.1` and `private 10.0.0.1`."""
    for record in (interface, *interface.records("PrivateIpAddresses", default=())):
        yield f"private {record.text('PrivateIpAddress', default='')}"
        yield f"public {record.block('Association', default={}).text('PublicIp', default='')}"
    for record in interface.records("Ipv6Addresses", default=()):
        yield f"public {address_of(record.text('Ipv6Address'))}"


def _in_vpc(address: Span, vpc: str, task: Resource, inventory: Inventory) -> bool:
    """Whether an address is of the VPC, whose local route no route overrides."""
    try:
        resource = inventory.find("vpc", vpc, task.account, task.region)
        if resource is None:
            return False
        associations = resource.records("CidrBlockAssociationSet", default=())
        cidrs = [block.text("CidrBlock", default="") for block in (resource, *associations)]
    except Missing:
        return False
    ranges = [span(cidr) for cidr in cidrs if cidr]
    return any(addresses is not None and addresses.holds(address) for addresses in ranges)


FACTS: Final = (
    Fact("network.aws_legs", TASKS, texts("source", "target"), aws_ends),
    Fact("network.leg_clouds", TASKS, texts(), end_clouds),
    Fact("network.foreign_legs", TASKS, texts(), foreign_ends),
)

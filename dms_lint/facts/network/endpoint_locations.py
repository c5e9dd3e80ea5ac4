"""Where the two ends of a task are: on which cloud, and in which AWS Region."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table
from dms_lint.facts.dms import relations
from dms_lint.facts.dms.endpoints import engine
from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.network.hosts import AWS, Place, address_of, cloud_of_engine, hosts_of, place_of
from dms_lint.facts.network.placement import vpc_of
from dms_lint.libs.ip_ranges import Span, span, span_of
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

TASKS: Final = ("task", "replication-config")
ENDS: Final = (("source", relations.source), ("target", relations.target))


def aws_ends(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task, `source` and `target`, that run on AWS.

    By the engine where it is an AWS service, by the host's name or address elsewhere.  An end that could be anywhere
    is left out where the other runs on AWS.
    """
    found: list[str] = []
    missing: Missing | None = None
    for leg, end in ENDS:
        try:
            if _cloud(end(task, inventory), task, inventory) == AWS:
                found.append(leg)
        except Missing as hole:
            missing = missing or hole
    if missing is not None and not found:
        raise missing
    return tuple(found)


def end_clouds(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task with the cloud each runs on: `source orders on Azure`."""
    ends = [(leg, end(task, inventory)) for leg, end in ENDS]
    return tuple(f"{leg} {endpoint.name} on {_cloud(endpoint, task, inventory)}" for leg, endpoint in ends)


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
    found: list[str] = []
    missing: Missing | None = None
    for leg, end in ENDS:
        try:
            for what, region in _regions(end(task, inventory), task, inventory):
                if isinstance(region, Missing):
                    missing = missing or region
                elif region and region != task.region:
                    found.append(f"{leg} {what} in {region}")
        except Missing as hole:
            missing = missing or hole
    if not task.region:
        raise missing or task.missing("Region")
    if missing is not None and not found:
        raise missing
    return tuple(found)


@cache
def _in_own_region() -> frozenset[str]:
    return frozenset(table("aws-hosts")["own_region"])


def _regions(endpoint: Resource, task: Resource, inventory: Inventory) -> Iterator[tuple[str, str | Missing]]:
    """What an endpoint names, each with its AWS Region; '' for what is in none."""
    name = engine(endpoint, inventory)
    if name in _in_own_region():
        yield endpoint.name, task.region
    elif name in _REGION_OF:
        yield _REGION_OF[name](endpoint, inventory)
    elif cloud_of_engine(name) not in (AWS, "") or "GcpMySQLSettings" in endpoint:
        yield endpoint.name, ""
    else:
        for host in hosts_of(endpoint, inventory):
            place = _place(host, task, inventory)
            if place.region or place.cloud not in (AWS, ""):
                yield host, place.region
            else:
                yield (
                    host,
                    Missing(
                        f"{endpoint.where}: nothing says in which Region {host} is",
                        needs="where the host runs",
                        reason="a host's name does not say in which Region it is",
                    ),
                )


def _region_of_stream(endpoint: Resource, inventory: Inventory) -> tuple[str, str]:
    return _region_of_arn(endpoint.block("KinesisSettings"), "StreamArn")


def _region_of_lakehouse(endpoint: Resource, inventory: Inventory) -> tuple[str, str]:
    return _region_of_arn(endpoint.block("LakehouseSettings"), "Arn")


def _region_of_arn(block: Record, member: str) -> tuple[str, str]:
    arn = block.text(member)
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[3]:
        raise block.malformed(member, "an ARN with a Region")
    return arn, parts[3]


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
    """Where a host is: by its name, else by the network interface or the VPC that has its address."""
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
    """Whether an address is one of the VPC's, whose own route no other overrides."""
    try:
        found = inventory.find("vpc", vpc, task.account, task.region)
        if found is None:
            return False
        blocks = [found.text("CidrBlock", default="")]
        blocks += [
            entry.text("CidrBlock", default="") for entry in found.records("CidrBlockAssociationSet", default=())
        ]
    except Missing:
        return False
    ranges = [span(block) for block in blocks if block]
    return any(one is not None and one.holds(address) for one in ranges)


FACTS: Final = (
    Fact("network.aws_legs", TASKS, texts("source", "target"), aws_ends),
    Fact("network.leg_clouds", TASKS, texts(), end_clouds),
    Fact("network.foreign_legs", TASKS, texts(), foreign_ends),
)

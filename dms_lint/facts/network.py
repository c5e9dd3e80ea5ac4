"""How an instance stands in its network, and where the two ends of a task are."""

from __future__ import annotations

from collections import defaultdict
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from dms_lint.facts import relations
from dms_lint.facts.base import FLAG, Fact, derived, texts
from dms_lint.facts.endpoints import engine
from dms_lint.facts.hosts import AWS, Place, address_of, cloud_of_engine, hosts_of, place_of
from dms_lint.facts.placement import security_groups, vpc_of
from dms_lint.model import Missing
from dms_lint.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from ipaddress import IPv4Address, IPv6Address

    from dms_lint.inventory import Inventory
    from dms_lint.model import Record, Resource

Network: TypeAlias = IPv4Network | IPv6Network

INSTANCE: Final = ("replication-instance",)
RUNNERS: Final = ("replication-instance", "replication-config")
TASKS: Final = ("task", "replication-config")
LEGS: Final = (("source", relations.source), ("target", relations.target))

# A rule to these addresses lets nothing out: templates write it where CloudFormation would add an open rule.
_NOWHERE: Final = tuple(map(ip_network, ("255.255.255.255/32", "127.0.0.0/8", "::1/128")))
_WHOLE: Final[dict[int, Network]] = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
# Nothing on the internet has one of these addresses (RFC 6890; IANA gives out 2000::/3 alone): ranges that together
# are all the others admit the whole internet.
_UNROUTED: Final = {
    4: tuple(
        map(
            ip_network,
            (
                "0.0.0.0/8",
                "10.0.0.0/8",
                "100.64.0.0/10",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "224.0.0.0/3",
            ),
        )
    ),
    6: tuple(map(ip_network, ("::/3", "4000::/2", "8000::/1"))),
}
_ROUTED: Final = {
    version: _WHOLE[version].num_addresses - sum(network.num_addresses for network in unrouted)
    for version, unrouted in _UNROUTED.items()
}
"""How many addresses are left."""
_PORTS: Final = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp"}
_ANY: Final = "-1"


class _Opening(NamedTuple):
    """One range of addresses that a rule of a security group admits."""

    group: str
    protocol: str
    first: int
    last: int
    network: Network

    @property
    def traffic(self) -> str:
        return _traffic(self.protocol, self.first, self.last)


def publicly_accessible(resource: Resource, inventory: Inventory) -> bool:
    """Whether it has a public IP address: PubliclyAccessible."""
    return resource.flag("PubliclyAccessible")


def _groups(resource: Resource, inventory: Inventory) -> Iterator[Resource | Missing]:
    """The security groups that are active on a resource; for each that cannot be read, what is missing."""
    for id_ in security_groups(resource, inventory):
        try:
            found = inventory.find("security-group", id_, resource.account, resource.region)
        except Missing as missing:
            yield missing
            continue
        yield found or Missing(
            f"{resource.where} has the security group {id_}, which is not among those listed",
            needs="ec2:DescribeSecurityGroups",
            reason="a security group is not among those listed",
        )


def egress_groups(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The security groups on it that let something out.

    A rule to 255.255.255.255 or to the loopback addresses lets nothing out.  A group that could not be read is left
    out where another lets something out.
    """
    found: list[str] = []
    missing: Missing | None = None
    for group in _groups(resource, inventory):
        if isinstance(group, Missing):
            missing = missing or group
            continue
        try:
            if _lets_out(group, inventory):
                found.append(group.id)
        except Missing as hole:
            missing = missing or hole
    if missing is not None and not found:
        raise missing
    return tuple(found)


@derived
def _lets_out(group: Resource, inventory: Inventory) -> bool:
    return any(map(_leads_out, group.records("IpPermissionsEgress")))


def _leads_out(permission: Record) -> bool:
    if permission.objects("UserIdGroupPairs", default=()) or permission.objects("PrefixListIds", default=()):
        return True
    return any(map(_is_somewhere, _ranges(permission)))


@lru_cache(maxsize=4096)
def _is_somewhere(network: Network) -> bool:
    return not any(network.version == no.version and network.subnet_of(no) for no in _NOWHERE)  # type: ignore[arg-type]


def _ranges(permission: Record) -> Iterator[Network]:
    for key, member in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        for number, entry in enumerate(permission.objects(key, default=())):
            written = entry.get(member)
            network = _network(written) if isinstance(written, str) else None
            if network is None:
                record = permission.records(key)[number]
                record.text(member)
                raise record.malformed(member, "a range of addresses")
            yield network


@lru_cache(maxsize=4096)
def _network(written: str) -> Network | None:
    try:
        return ip_network(written, strict=False)
    except ValueError:
        return None


_OTHERS: Final = ("UserIdGroupPairs", "PrefixListIds")
"""Whom a rule may be for besides ranges of addresses."""


def open_ingress(instance: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the security groups of the instance admit from the whole internet, by group, port and range.

    Ranges that are the whole internet only together count, in one group or in several, port by port.  The entries of
    prefix lists are not known; where nothing else is open, they could be.
    """
    openings: list[_Opening] = []
    missing: Missing | None = None
    for group in _groups(instance, inventory):
        if isinstance(group, Missing):
            missing = missing or group
            continue
        admitted, hole = _admitted(group, inventory)
        openings += admitted
        missing = missing or hole
    found = tuple(dict.fromkeys(_open(openings)))
    if missing is not None and not found:
        raise missing
    return found


@derived
def _admitted(group: Resource, inventory: Inventory) -> tuple[list[_Opening], Missing | None]:
    """What a group admits, and what of it cannot be known."""
    openings: list[_Opening] = []
    missing: Missing | None = None
    try:
        for permission in group.records("IpPermissions"):
            missing = _admit(permission, group, openings) or missing
    except Missing as hole:
        missing = missing or hole
    return openings, missing


def _admit(permission: Record, group: Resource, openings: list[_Opening]) -> Missing | None:
    """Adds what a rule admits to `openings`; gives what of it cannot be known."""
    try:
        named = permission.text("IpProtocol")
        protocol = _PORTS.get(named, named)
        first, last = permission.number("FromPort", default=-1), permission.number("ToPort", default=-1)
        if protocol in _PORTS and first < 0:
            first, last = 0, 65535
        elif protocol in _PORTS and last < 0:
            raise permission.missing("ToPort")
        admitted = [_Opening(group.id, protocol, first, last, network) for network in _ranges(permission)]
        openings.extend(admitted)
        if not admitted and not any(permission.objects(name, default=()) for name in _OTHERS):
            raise permission.missing("IpRanges")  # AWS has no rule for nobody: whom it is for was left out
        for entry in permission.records("PrefixListIds", default=()):
            return Missing(
                f"security group {group.id} admits the prefix list {entry.text('PrefixListId')}, whose entries are "
                "not in the input",
                needs="ec2:GetManagedPrefixListEntries",
                reason="the entries of a prefix list are not in the input",
            )
    except Missing as missing:
        return missing
    return None


def _open(openings: Iterable[_Opening]) -> Iterator[str]:
    parts: dict[int, list[_Opening]] = defaultdict(list)
    for one in openings:
        network = one.network
        if network.prefixlen == 0:
            yield f"{one.group} {one.traffic} from {network}"
        else:
            parts[network.version].append(one)
    for version in sorted(parts):
        if covers_internet([one.network for one in parts[version]]):
            yield from _open_together(parts[version])


def _open_together(openings: list[_Opening]) -> Iterator[str]:
    """What ranges of one IP version admit together, protocol by protocol and, of its ports, stretch by stretch."""
    everywhere = [one for one in openings if one.protocol == _ANY]
    if covers_internet([one.network for one in everywhere]):
        yield _together(everywhere, "all traffic")
        return
    for protocol in sorted({one.protocol for one in openings} - {_ANY}):
        mine = [one for one in openings if one.protocol == protocol]
        for first, last, here in _stretches(mine) if protocol in _PORTS else _alike(mine):
            if here and covers_internet([one.network for one in (*here, *everywhere)]):
                yield _together([*here, *everywhere], _traffic(protocol, first, last))


def _stretches(openings: list[_Opening]) -> Iterator[tuple[int, int, list[_Opening]]]:
    """The stretches of ports that the same openings admit, each with these."""
    edges = sorted({one.first for one in openings} | {one.last + 1 for one in openings})
    for first, after in pairwise(edges):
        yield first, after - 1, [one for one in openings if one.first <= first < after <= one.last + 1]


def _alike(openings: list[_Opening]) -> Iterator[tuple[int, int, list[_Opening]]]:
    """Openings of the same two numbers, which are no ports: for ICMP a type and a code."""
    for numbers in sorted({(one.first, one.last) for one in openings}):
        yield *numbers, [one for one in openings if (one.first, one.last) == numbers]


def _traffic(protocol: str, first: int, last: int) -> str:
    if protocol == _ANY:
        return "all traffic"
    if protocol in _PORTS:
        return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
    return f"protocol {protocol}" if protocol.isdigit() else protocol


def _together(openings: list[_Opening], traffic: str) -> str:
    groups = "+".join(sorted({one.group for one in openings}))
    ranges = sorted({one.network for one in openings}, key=lambda network: (network.network_address, network.prefixlen))
    few = " and ".join(map(str, ranges)) if len(ranges) < 4 else f"{len(ranges)} ranges"
    return f"{groups} {traffic} from {few}, together all public IPv{ranges[0].version} addresses"


def covers_internet(networks: Iterable[Network]) -> bool:
    """Whether ranges of one IP version together hold every address that the internet routes."""
    ranges = list(networks)
    if not ranges:
        return False
    version = ranges[0].version
    if sum(1 << (network.max_prefixlen - network.prefixlen) for network in ranges) < _ROUTED[version]:
        return False
    return list(collapse_addresses((*ranges, *_UNROUTED[version]))) == [_WHOLE[version]]  # type: ignore[type-var]


def aws_legs(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task, `source` and `target`, that run on AWS.

    By the engine where it is an AWS service, by the host's name or address elsewhere.  An end that could be anywhere
    is left out where the other runs on AWS.
    """
    found: list[str] = []
    missing: Missing | None = None
    for leg, end in LEGS:
        try:
            if _cloud(end(task, inventory), task, inventory) == AWS:
                found.append(leg)
        except Missing as hole:
            missing = missing or hole
    if missing is not None and not found:
        raise missing
    return tuple(found)


def leg_clouds(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task with the cloud each runs on: `source orders on Azure`."""
    ends = [(leg, end(task, inventory)) for leg, end in LEGS]
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


def foreign_legs(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ends of the task that lie in another AWS Region than the task, with host and Region.

    The Region is the one that the host's name, the stream's ARN or the bucket's location carries.  A host on another
    cloud is in no AWS Region.
    """
    found: list[str] = []
    missing: Missing | None = None
    for leg, end in LEGS:
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
    return Place(AWS, task.region) if _in_vpc(address, vpc, task, inventory) else place


def _addresses_of(interface: Resource) -> Iterator[str]:
    """The addresses of a network interface, as `public 192.0.2.1` and `private 10.0.0.1`."""
    for record in (interface, *interface.records("PrivateIpAddresses", default=())):
        yield f"private {record.text('PrivateIpAddress', default='')}"
        yield f"public {record.block('Association', default={}).text('PublicIp', default='')}"
    for record in interface.records("Ipv6Addresses", default=()):
        yield f"public {address_of(record.text('Ipv6Address'))}"


def _in_vpc(address: IPv4Address | IPv6Address, vpc: str, task: Resource, inventory: Inventory) -> bool:
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
    networks = [_network(block) for block in blocks if block]
    return any(network is not None and address in network for network in networks)


FACTS: Final = (
    Fact("network.publicly_accessible", ("replication-instance", "instance-profile"), FLAG, publicly_accessible),
    Fact("network.security_groups", RUNNERS, texts(), security_groups),
    Fact("network.egress_groups", RUNNERS, texts(), egress_groups),
    Fact("network.open_ingress", INSTANCE, texts(), open_ingress),
    Fact("network.aws_legs", TASKS, texts("source", "target"), aws_legs),
    Fact("network.leg_clouds", TASKS, texts(), leg_clouds),
    Fact("network.foreign_legs", TASKS, texts(), foreign_legs),
)

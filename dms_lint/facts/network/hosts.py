"""The hosts that an endpoint names, and where each is by its name alone.  No name is looked up."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.data.tables import table
from dms_lint.facts.credentials.secret_records import held, purposes
from dms_lint.facts.credentials.secrets import Reference, current_values
from dms_lint.facts.dms.endpoints import attributes, engine, settings, unsettled
from dms_lint.facts.fact import memoized
from dms_lint.logic.kleene import Partial, collect_each
from dms_lint.model import Missing, Record, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv6Address

    from dms_lint.facts.credentials.secret_records import Purpose
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

AWS: Final = "AWS"
_REGION: Final = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HOST_MEMBERS: Final = {"kafka": "Broker", "elasticsearch": "EndpointUri"}
"""The member that holds the hosts, by engine; ServerName for the rest."""
_VALUE_NAMES: Final = {"Host": "host", "Port": "port", "AsmServer": "server of ASM"}
"""The names, for messages, of values that are read of a secret."""
_SERVICE_ENGINES: Final = frozenset({"s3", "dynamodb", "kinesis", "timestream", "lakehouse", "dms-transfer"})
"""Engines that are a service of the Region and have no host."""
_ASM: Final = re.compile(r"\s*\[?([^\s:/\[\]]+)\]?:(\d{1,5})(?:[:/]|\s*$)")
_EC2_NAME: Final = re.compile(r"ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})")


class Place(NamedTuple):
    """The location of a host: its cloud and its AWS Region, each '' where nothing says; no Region on another cloud."""

    cloud: str = ""
    region: str = ""


@lru_cache(maxsize=8192)
def parse_hosts(text: str) -> tuple[str, ...]:
    """The hosts of a server name, a list of `host:port` or a URI, in lower case, each once, in their order.

    A port, a named instance (`host\\INSTANCE`, `host,1433`), a user, a path and the dot at the end are left out.
    """
    address = text.strip()
    if "://" in address:
        address = _SCHEME.sub("", address, count=1)
    authority, path = (*re.split(r"[/?#]", address, maxsplit=1), "")[:2]
    # A user's password may hold a `/`: whatever stands before it may be a part of the password.
    if "@" in path:
        return ()
    hosts = dict.fromkeys(_host(part) for part in re.split(r"[,;\s]+", authority.rpartition("@")[2]))
    return tuple(host for host in hosts if host and not host.isdigit())


def _host(part: str) -> str:
    part = part.partition("\\")[0]
    if part.startswith("["):
        part = part[1:].partition("]")[0]
    elif part.count(":") == 1:
        part = part.partition(":")[0]
    # Neither a host with its port nor an address of IPv6.
    elif ":" in part and address_of(part) is None:
        return ""
    return part.rstrip(".").lower()


@lru_cache(maxsize=8192)
def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is: itself, or what the private name of an EC2 instance spells; else None."""
    # Nearly every host is a name, and finding that out of `ip_address` costs an exception.
    if ":" not in host and not host[-1:].isdigit() and not host.startswith("ip-"):
        return None
    from ipaddress import ip_address

    label, _, domain = host.partition(".")
    spelt = _EC2_NAME.fullmatch(label)
    if spelt and f".{domain}".endswith((".compute.internal", ".ec2.internal")):
        host = ".".join(spelt.groups())
    try:
        return ip_address(host)
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def place_of(host: str) -> Place:
    """The location of a host by its name alone."""
    row = _row("elsewhere", host)
    if row is not None:
        return Place(row["cloud"])
    row = _row("aws", host)
    if row is None:
        return Place()
    labels = host[: -len(row["domain"]) - 1].split(".")[-2:]
    row = _row("regions", host)
    # A load balancer or a VPC endpoint may lead out of AWS.
    cloud = "" if _front_doors().intersection(labels) else AWS
    return Place(cloud, row["region"] if row is not None else _region(labels))


def _region(labels: list[str]) -> str:
    """The Region among the two labels before AWS's domain; names that customers choose stand further left.

    `orders.abc.eu-west-1.rds`, `b-1.orders.kafka.eu-west-1` and, ElastiCache's way, `orders.abc.euw1.cache`.
    """
    for label in reversed(labels):
        if _REGION.fullmatch(label):
            return label
    if labels[-1:] == ["cache"] and len(labels) > 1:
        code: str = table("aws-hosts")["codes"].get(labels[-2], "")
        return code
    return ""


@cache
def _domains(part: str) -> Mapping[str, Mapping[str, Any]]:
    return {row["domain"]: row for row in table("aws-hosts")[part]}


def _row(part: str, host: str) -> Mapping[str, Any] | None:
    """The row of a part of the table whose domain a name ends in, the longest where several are."""
    rows = _domains(part)
    while host and host not in rows:
        host = host.partition(".")[2]
    return rows.get(host)


@cache
def _front_doors() -> frozenset[str]:
    return frozenset(row["service"] for row in table("aws-hosts")["doors"])


@cache
def _clouds() -> Mapping[str, str]:
    return {name: cloud for cloud, names in table("aws-hosts")["engines"].items() for name in names}


def cloud_of_engine(name: str) -> str:
    """The cloud whose service an engine always is; '' for an engine that may run anywhere."""
    return _clouds().get(name, "")


@memoized
def hosts_of(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The hosts that an endpoint names; Missing where it names none, or a secret that was not read does."""
    name = engine(endpoint, inventory)
    block = _settings_or_empty(endpoint, inventory)
    secret = block.text("SecretsManagerSecretId", default="")
    if secret:
        # DescribeEndpoints shows no host of such an endpoint.
        hosts = parse_hosts(_value_in_secret(endpoint, secret, "Host", inventory))
        if not hosts:
            raise unsettled(endpoint, f"the host in the secret {secret} is no name of one", "a host in the secret")
        return hosts
    member = _HOST_MEMBERS.get(name, "ServerName")
    in_settings = block.text(member, default="")
    in_endpoint = endpoint.text(member, default="") if member == "ServerName" else ""
    address = in_endpoint or in_settings
    hosts = parse_hosts(address)
    if not hosts:
        raise endpoint.malformed(member, "the name of a host") if address else endpoint.missing(member)
    return hosts


def _destination_in_secret(endpoint: Resource, purpose: Purpose, inventory: Inventory) -> tuple[str, int]:
    """The host and port that a secret of the endpoint names; Missing where it was not read, or does not name both."""
    if purpose.use == "database":
        host = _value_in_secret(endpoint, purpose.secret.id, "Host", inventory)
        port = _value_in_secret(endpoint, purpose.secret.id, "Port", inventory)
    else:
        server = re.split(r"[/+]", _value_in_secret(endpoint, purpose.secret.id, "AsmServer", inventory))[0]
        host, _, port = server.rstrip(":").rpartition(":")
    hosts = parse_hosts(host)
    if not hosts or not port.isdecimal():
        raise unsettled(
            endpoint, f"no host and port in the secret {purpose.secret.id}", "a host and port in the secret"
        )
    return hosts[0], int(port)


def _value_in_secret(endpoint: Resource, secret: str, member: str, inventory: Inventory) -> str:
    """The `Host`, `Port` or `AsmServer` in a secret of the endpoint; Missing where it was not read."""
    reference = Reference(secret, endpoint.account, endpoint.region)
    try:
        return held(reference, member, inventory)
    except Missing as missing:
        if missing.status is Status.NOT_READABLE or current_values(reference, inventory):
            raise
        raise Missing(
            f"{endpoint.where}: the {_VALUE_NAMES[member]} stands in the secret {secret}; --read-secrets reads it",
            needs=missing.needs,
            reason=f"the {_VALUE_NAMES[member]} stands in a secret, which is read with --read-secrets only",
        ) from None


def has_host(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether an endpoint is a host; false for a service of the Region, as S3."""
    return engine(endpoint, inventory) not in _SERVICE_ENGINES


@memoized
def destinations_of(endpoint: Resource, inventory: Inventory) -> Partial[tuple[str, int]]:
    """The hosts and ports that DMS connects to for an endpoint.

    None for a service of the Region, which has no address: S3, DynamoDB, Kinesis, Timestream.
    """
    if not has_host(endpoint, inventory):
        return Partial()
    readers = (_database, _asm) if engine(endpoint, inventory) == "oracle" else (_database,)
    return collect_each(readers, lambda read: read(endpoint, inventory)).distinct()


def _database(endpoint: Resource, inventory: Inventory) -> tuple[tuple[str, int], ...]:
    for purpose in purposes(endpoint, inventory):
        if purpose.use == "database":
            return (_destination_in_secret(endpoint, purpose, inventory),)
    return _with_ports(endpoint, engine(endpoint, inventory), hosts_of(endpoint, inventory), inventory)


def _asm(endpoint: Resource, inventory: Inventory) -> tuple[tuple[str, int], ...]:
    """The host and port of Oracle's ASM, as in `host:port/+ASM`; none for a database without it."""
    for purpose in purposes(endpoint, inventory):
        if purpose.use == "asm":
            return (_destination_in_secret(endpoint, purpose, inventory),)
    block = _settings_or_empty(endpoint, inventory)
    server = block.text("AsmServer", default="") or attributes(endpoint).get("asm_server", "")
    if not server:
        return ()
    parsed = _ASM.match(server)
    if parsed is None:
        raise block.malformed("AsmServer", "host:port/+ASM")
    return ((parsed[1].lower().rstrip("."), int(parsed[2])),)


def _with_ports(
    endpoint: Resource, name: str, hosts: tuple[str, ...], inventory: Inventory
) -> tuple[tuple[str, int], ...]:
    """Hosts with their ports; where the address names none, Missing: the engine's usual port is only usual."""
    block = _settings_or_empty(endpoint, inventory)
    if name not in _HOST_MEMBERS:
        port = endpoint.number("Port", default=0) or block.number("Port", default=0)
        if not port:
            raise endpoint.missing("Port")
        return tuple((host, port) for host in hosts)
    address = block.text(_HOST_MEMBERS[name])
    scheme = address.partition("://")[0].lower() if "://" in address else ""
    # A URI without a port has that of its scheme; a broker must name its port.
    usual = {"https": 443, "http": 80, "": 443}.get(scheme, 0) if name == "elasticsearch" else 0
    authority = re.split(r"[/?#]", _SCHEME.sub("", address.strip(), count=1), maxsplit=1)[0]
    destinations: list[tuple[str, int]] = []
    for part in re.split(r"[,;\s]+", authority.rpartition("@")[2]):
        if not part:
            continue
        with_port = re.search(r":(\d{1,5})$", part) if part.count(":") == 1 or "]:" in part else None
        port = int(with_port[1]) if with_port else usual
        if not port:
            raise endpoint.missing(f"port in {_HOST_MEMBERS[name]}")
        destinations.extend((host, port) for host in parse_hosts(part))
    return tuple(dict.fromkeys(destinations))


def _settings_or_empty(endpoint: Resource, inventory: Inventory) -> Record:
    """The settings of the endpoint's engine, without members where the answer does not show them."""
    if "GcpMySQLSettings" in endpoint:
        return endpoint.block("GcpMySQLSettings")
    try:
        block = settings(endpoint, inventory)
    except Missing:
        block = None
    return block if block is not None else Record({}, endpoint.where, endpoint.needs)

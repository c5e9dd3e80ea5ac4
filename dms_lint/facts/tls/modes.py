"""How an endpoint's connection is encrypted, by SSL mode or by the engine's own protocol settings."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.data.tables import table
from dms_lint.facts.dms.endpoints import ENDPOINT, engine, setting, unsettled
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.network.hosts import hosts_of
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

MODES: Final = ("none", "require", "verify-ca", "verify-full")
"""The SSL modes, from the weakest to the strongest."""
KAFKA_PROTOCOLS: Final = ("plaintext", "ssl-encryption", "ssl-authentication", "sasl-ssl")
REDIS_PROTOCOLS: Final = ("plaintext", "ssl-encryption")
NAME_CHECKS: Final = ("none", "https")
AURORA_HOSTS: Final = ("cluster", "global", "writer", "reader", "custom", "replica")

MYSQL: Final = ("mysql", "mariadb", "aurora", "aurora-serverless")
"""Engines of DMS that may stand for an Aurora MySQL cluster; the last two always do."""
AURORA_MYSQL: Final = ("aurora-mysql", "aurora")
"""What RDS calls Aurora MySQL; `aurora` was its name until version 2."""
# NAME.cluster-ID.REGION.rds.amazonaws.com, and in China NAME.cluster-ID.rds.REGION.amazonaws.com.cn.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
_HOST: Final = re.compile(
    r"[a-z0-9-]+\.(?P<kind>cluster-ro-|cluster-custom-|cluster-|global-)?[a-z0-9]+"
    r"\.(?:(?P<region>[a-z0-9-]+)\.rds\.amazonaws\.com|rds\.(?P<china>[a-z0-9-]+)\.amazonaws\.com\.cn)"
)
_HOST_KINDS: Final = {
    "cluster-": "cluster",
    "cluster-ro-": "reader",
    "cluster-custom-": "custom",
    "global-": "global",
}


@memoized
def mode(endpoint: Resource, inventory: Inventory) -> str:
    """The endpoint's SslMode."""
    value = endpoint.text("SslMode")
    if value not in MODES:
        raise endpoint.malformed("SslMode", "an SSL mode")
    return value


class _Row(NamedTuple):
    """What the table says of an engine."""

    modes: tuple[str, ...]
    encrypting: tuple[str, ...]
    inferred: bool
    always_encrypted: bool
    settings: str
    """The settings block that an endpoint has for the row to count; '' where the row always counts."""


def _row_of(row: Mapping[str, Any]) -> _Row:
    return _Row(
        modes=tuple(row["modes"]),
        encrypting=tuple(one for one in row["modes"] if one != "none"),
        inferred=row.get("inferred", False),
        always_encrypted=row.get("always_encrypted", False),
        settings=row.get("settings", ""),
    )


@cache
def _rows() -> Mapping[str, _Row]:
    rows = table("ssl-modes")["rows"]
    return {name: _row_of(row) for row in rows if "settings" not in row for name in row["engines"]}


@cache
def _special_rows() -> Mapping[str, _Row]:
    """By engine, the row that counts where the endpoint has that row's settings block."""
    rows = table("ssl-modes")["rows"]
    return {name: _row_of(row) for row in rows if "settings" in row for name in row["engines"]}


@memoized
def _row(endpoint: Resource, inventory: Inventory) -> _Row:
    name = engine(endpoint, inventory)
    row = _special_rows().get(name)
    if row is None or row.settings not in endpoint:
        row = _rows().get(name)
    if row is None:
        raise unsettled(
            endpoint,
            f"no table says which SSL modes the engine {name} supports",
            "documentation of the engine's SSL modes",
        )
    return row


def modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes that the engine supports, from the weakest to the strongest."""
    return _row(endpoint, inventory).modes


def encrypting_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes of the engine that encrypt; none where SSL mode does not apply to it."""
    row = _row(endpoint, inventory)
    if row.inferred and mode(endpoint, inventory) == "none":
        raise unsettled(
            endpoint,
            f"AWS does not say whether the engine {engine(endpoint, inventory)} takes an SSL mode",
            "documentation of the engine's SSL modes",
        )
    return row.encrypting


def unsupported_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoint's SSL mode, where the engine does not support it; else none."""
    row, value = _row(endpoint, inventory), mode(endpoint, inventory)
    if value in row.modes:
        return ()
    if row.inferred:
        raise unsettled(
            endpoint,
            f"AWS does not say whether the engine {engine(endpoint, inventory)} takes the mode {value}",
            "documentation of the engine's SSL modes",
        )
    return (value,)


def stronger_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes of the engine that verify more than the endpoint's own, from the weakest to the strongest.

    None where the endpoint's own mode is not among the engine's.
    """
    supported, value = modes(endpoint, inventory), mode(endpoint, inventory)
    return tuple(one for one in supported if MODES.index(one) > MODES.index(value)) if value in supported else ()


def strongest_mode(endpoint: Resource, inventory: Inventory) -> str:
    """The SSL mode that verifies the most among those that the engine supports."""
    return max(modes(endpoint, inventory), key=MODES.index)


def certificate(endpoint: Resource, inventory: Inventory) -> str:
    """The ARN of the endpoint's certificate; '' where it has none.

    AWS leaves the member out then:
    https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeEndpoints.html
    """
    return endpoint.text("CertificateArn", default="")


def kafka_protocol(endpoint: Resource, inventory: Inventory) -> str:
    """The security protocol of a Kafka endpoint, `plaintext` where none is set; '' for other engines."""
    if engine(endpoint, inventory) != "kafka":
        return ""
    # A Kafka endpoint is created without encryption unless a protocol is named:
    # https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kafka.html
    return _one_of(endpoint, inventory, "SecurityProtocol", KAFKA_PROTOCOLS, "plaintext")


def kafka_name_check(endpoint: Resource, inventory: Inventory) -> str:
    """How a Kafka endpoint checks that a broker's certificate names the broker: `https`, or `none`.

    '' for other engines.  Missing where it is not set: AWS does not say what holds then.
    """
    if engine(endpoint, inventory) != "kafka":
        return ""
    member = "SslEndpointIdentificationAlgorithm"
    found = _one_of(endpoint, inventory, member, NAME_CHECKS, "")
    if not found:
        raise unsettled(
            endpoint,
            f"{member} is not set, and AWS does not say whether broker names are checked then",
            f"{member} in the Kafka settings",
        )
    return found


def redis_protocol(endpoint: Resource, inventory: Inventory) -> str:
    """The security protocol of a Redis endpoint, `ssl-encryption` where none is set; '' for other engines."""
    if engine(endpoint, inventory) != "redis":
        return ""
    # "The default is ssl-encryption": https://docs.aws.amazon.com/dms/latest/APIReference/API_RedisSettings.html
    return _one_of(endpoint, inventory, "SslSecurityProtocol", REDIS_PROTOCOLS, "ssl-encryption")


def _one_of(endpoint: Resource, inventory: Inventory, member: str, values: tuple[str, ...], default: str) -> str:
    value = setting(endpoint, inventory, member).lower() or default
    if value and value not in values:
        raise endpoint.malformed(member, f"one of {', '.join(values)}")
    return value


def search_scheme(endpoint: Resource, inventory: Inventory) -> str:
    """How an OpenSearch or Elasticsearch endpoint is reached, `http` or `https`; '' for other engines."""
    if engine(endpoint, inventory) != "elasticsearch":
        return ""
    uri = setting(endpoint, inventory, "EndpointUri").strip().lower()
    if not uri:
        raise endpoint.missing("EndpointUri")
    scheme, found, _ = uri.partition("://")
    if not found:
        # HTTPS is used where the address names no protocol:
        # https://docs.aws.amazon.com/dms/latest/APIReference/API_ElasticsearchSettings.html
        return "https"
    if scheme not in ("http", "https"):
        raise endpoint.malformed("EndpointUri", "an address of HTTP or HTTPS")
    return scheme


@memoized
def encrypted(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether the data travel encrypted between the endpoint's database or service and DMS."""
    row, name = _row(endpoint, inventory), engine(endpoint, inventory)
    if row.always_encrypted:
        return True
    if name == "kafka":
        return kafka_protocol(endpoint, inventory) != "plaintext"
    if name == "redis":
        return redis_protocol(endpoint, inventory) != "plaintext"
    if name == "elasticsearch":
        return search_scheme(endpoint, inventory) == "https"
    # Asked for its Missing: of an inferred engine nothing follows from `none`.
    encrypting_modes(endpoint, inventory)
    return mode(endpoint, inventory) != "none"


def server_name(endpoint: Resource, inventory: Inventory) -> str:
    """The host that the endpoint connects to, the first where it names several.

    Missing where it stands in a secret, which DescribeEndpoints does not show.
    """
    return hosts_of(endpoint, inventory)[0]


def aurora_host(endpoint: Resource, inventory: Inventory) -> str:
    """Which host of an Aurora MySQL cluster the endpoint connects to; '' where it is no Aurora MySQL.

    `cluster` is the cluster endpoint and `global` the writer endpoint of a global database, `reader` and `custom`
    the endpoints of these kinds, `writer` the writer instance itself and `replica` another instance.  A cluster in
    the inventory decides, else the form of the host name.
    """
    name = engine(endpoint, inventory)
    if name not in MYSQL:
        return ""
    host = server_name(endpoint, inventory)
    listed = _listed_host(host, inventory)
    if listed is not None:
        return listed
    form = _HOST.fullmatch(host)
    if form is None:
        # An RDS Proxy stands before Aurora or RDS; a name of somebody's own is taken at the engine's word.
        proxy = ".proxy-" in host and host.endswith((".rds.amazonaws.com", ".amazonaws.com.cn"))
        if not name.startswith("aurora") and not proxy:
            return ""
        raise Missing(
            f"{endpoint.where}: {host} is no host name of Aurora's own, so what it leads to cannot be seen",
            needs="a host name of Aurora's own in ServerName",
            reason="a host name that is not Aurora's own",
        )
    if form["kind"]:
        return _HOST_KINDS[form["kind"]]
    # An instance, of Aurora or not: both have host names of the same form.
    region = form["region"] or form["china"]
    inventory.all("db-cluster", endpoint.account, region)
    inventory.all("db-instance", endpoint.account, region)
    raise Missing(
        f"{endpoint.where}: {host} is no DB instance of the account {endpoint.account}",
        needs="rds:DescribeDBClusters in the account that owns the database",
        reason="the database is not in the account",
    )


def _listed_host(host: str, inventory: Inventory) -> str | None:
    """What the inventory's databases say of a host, in the words of `aurora_host`; None where they do not know it."""
    for cluster in inventory.index("db-cluster", cluster_hosts).get(host, ()):
        return _role(cluster, host)
    for instance in inventory.index("db-instance", instance_host).get(host, ()):
        if instance.text("Engine") not in AURORA_MYSQL:
            return ""
        name = instance.text("DBClusterIdentifier")
        found = inventory.find("db-cluster", name, instance.account, instance.region)
        if found is None:
            raise Missing(
                f"{instance.where} names the cluster {name}, which does not exist",
                needs="rds:DescribeDBClusters",
                reason="a DB instance names a cluster that does not exist",
            )
        return _member_role(found, instance.text("DBInstanceIdentifier"))
    return None


def instance_host(instance: Resource) -> tuple[str, ...]:
    """The host name of a DB instance, to index it by."""
    # An instance has no address while it is being created.
    return (instance.block("Endpoint", default={}).text("Address", default="").lower(),)


def cluster_hosts(cluster: Resource) -> Iterator[str]:
    """Every host name of a cluster; its instances' are made of its own, whose last part they share."""
    endpoint = cluster.text("Endpoint", default="").lower()
    yield endpoint
    yield cluster.text("ReaderEndpoint", default="").lower()
    for custom in cluster.texts("CustomEndpoints", default=()):
        yield custom.lower()
    _, found, rest = endpoint.partition(".cluster-")
    for member in cluster.records("DBClusterMembers", default=()) if found else ():
        yield f"{member.text('DBInstanceIdentifier').lower()}.{rest}"


def _role(cluster: Resource, host: str) -> str:
    if cluster.text("Engine") not in AURORA_MYSQL:
        return ""
    if host == cluster.text("Endpoint", default="").lower():
        return "cluster"
    if host == cluster.text("ReaderEndpoint", default="").lower():
        return "reader"
    if host in (custom.lower() for custom in cluster.texts("CustomEndpoints", default=())):
        return "custom"
    return _member_role(cluster, host.partition(".")[0])


def _member_role(cluster: Resource, instance: str) -> str:
    members: tuple[Record, ...] = cluster.records("DBClusterMembers")
    for member in members:
        if member.text("DBInstanceIdentifier").lower() == instance.lower():
            return "writer" if member.flag("IsClusterWriter") else "replica"
    raise Missing(
        f"{cluster.where} has no member {instance}",
        needs=cluster.needs,
        reason="a cluster does not list an instance that names it",
    )


FACTS: Final = (
    Fact("tls.mode", ENDPOINT, text(*MODES), mode),
    Fact("tls.modes", ENDPOINT, texts(*MODES), modes),
    Fact("tls.encrypting_modes", ENDPOINT, texts(*MODES), encrypting_modes),
    Fact("tls.unsupported_modes", ENDPOINT, texts(*MODES), unsupported_modes),
    Fact("tls.stronger_modes", ENDPOINT, texts(*MODES), stronger_modes),
    Fact("tls.strongest_mode", ENDPOINT, text(*MODES), strongest_mode),
    Fact("tls.certificate", ENDPOINT, text(), certificate),
    Fact("tls.server_name", ENDPOINT, text(), server_name),
    Fact("tls.aurora_host", ENDPOINT, text("", *AURORA_HOSTS), aurora_host),
    Fact("tls.kafka_protocol", ENDPOINT, text("", *KAFKA_PROTOCOLS), kafka_protocol),
    Fact("tls.kafka_name_check", ENDPOINT, text("", *NAME_CHECKS), kafka_name_check),
    Fact("tls.redis_protocol", ENDPOINT, text("", *REDIS_PROTOCOLS), redis_protocol),
    Fact("tls.search_scheme", ENDPOINT, text("", "http", "https"), search_scheme),
)

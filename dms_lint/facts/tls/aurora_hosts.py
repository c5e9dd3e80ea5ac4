"""The host that an endpoint names, and which host of an Aurora MySQL cluster it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import ENDPOINT, engine
from dms_lint.facts.fact import Fact, text
from dms_lint.facts.network.hosts import hosts_of
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

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
    for cluster_at_host in inventory.index("db-cluster", cluster_hosts).get(host, ()):
        return _role(cluster_at_host, host)
    for instance in inventory.index("db-instance", instance_host).get(host, ()):
        if instance.text("Engine") not in AURORA_MYSQL:
            return ""
        name = instance.text("DBClusterIdentifier")
        cluster = inventory.find("db-cluster", name, instance.account, instance.region)
        if cluster is None:
            raise Missing(
                f"{instance.where} names the cluster {name}, which does not exist",
                needs="rds:DescribeDBClusters",
                reason="a DB instance names a cluster that does not exist",
            )
        return _member_role(cluster, instance.text("DBInstanceIdentifier"))
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
    _, separator, suffix = endpoint.partition(".cluster-")
    for member in cluster.records("DBClusterMembers", default=()) if separator else ():
        yield f"{member.text('DBInstanceIdentifier').lower()}.{suffix}"


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
    Fact("tls.server_name", ENDPOINT, text(), server_name),
    Fact("tls.aurora_host", ENDPOINT, text("", *AURORA_HOSTS), aurora_host),
)

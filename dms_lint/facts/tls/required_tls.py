"""What demands encryption by itself: IAM authentication, and versions of a database that take nothing in clear."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table
from dms_lint.facts.credentials.authentication import by_iam
from dms_lint.facts.dms.endpoints import ENDPOINT, engine
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.network.hosts import hosts_of, place_of
from dms_lint.facts.tls.aurora_hosts import AURORA_MYSQL, MYSQL, cluster_hosts, instance_host
from dms_lint.facts.tls.modes import MODES, mode
from dms_lint.logic.kleene import collect_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_TLS_ONLY: Final = (8, 4)
"""The version from which Aurora MySQL refuses a connection in clear, unless its parameter group says otherwise.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Compare-v3-v84.html
"""
_RDS: Final = re.compile(r"\.rds\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$")


@cache
def _modes_by_engine() -> Mapping[str, tuple[str, ...]]:
    rows = table("iam-authentication")["rows"]
    return {name: tuple(row["modes"]) for row in rows for name in row["engines"]}


@memoized
def iam_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes that IAM authentication works with, where the endpoint uses it; none where it does not."""
    modes = _modes_by_engine().get(engine(endpoint, inventory))
    return modes if modes is not None and by_iam(endpoint, inventory) else ()


def iam_unfit_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoint's SSL mode, where it uses IAM authentication, which does not work with that mode; else none."""
    fit = iam_modes(endpoint, inventory)
    value = mode(endpoint, inventory)
    return (value,) if fit and value not in fit else ()


@memoized
def _clusters(endpoint: Resource, inventory: Inventory) -> tuple[Resource, ...]:
    """The Aurora MySQL clusters whose hosts the endpoint names; Missing for a host of RDS of which nothing was read."""
    if engine(endpoint, inventory) not in MYSQL:
        return ()
    hosts = hosts_of(endpoint, inventory)
    clusters = collect_each(hosts, lambda host: _clusters_of(host, endpoint, inventory)).certain()
    return tuple({cluster.id: cluster for cluster in clusters}.values())


def _clusters_of(host: str, endpoint: Resource, inventory: Inventory) -> Iterator[Resource]:
    clusters = inventory.index("db-cluster", cluster_hosts).get(host, [])[:1]
    instances = inventory.index("db-instance", instance_host).get(host, [])[:1]
    for instance in instances if not clusters else ():
        if instance.text("Engine") in AURORA_MYSQL:
            name = instance.text("DBClusterIdentifier")
            cluster = inventory.find("db-cluster", name, instance.account, instance.region)
            clusters = [cluster] if cluster is not None else []
    yield from (cluster for cluster in clusters if cluster.text("Engine") in AURORA_MYSQL)
    # A proxy speaks for itself, and takes connections in clear whatever stands behind it.
    if not clusters and not instances and _RDS.search(host) and ".proxy-" not in host:
        for kind in ("db-cluster", "db-instance"):
            inventory.all(kind, endpoint.account, place_of(host).region or endpoint.region)


def _version(cluster: Resource) -> tuple[int, int]:
    """The version of MySQL that a cluster speaks: (8, 0) of `8.0.mysql_aurora.3.05.2`, (8, 4) of `8.4.7`."""
    numbers = re.match(r"(\d+)\.(\d+)(?:\.|$)", cluster.text("EngineVersion"))
    if numbers is None:
        raise cluster.malformed("EngineVersion", "a version")
    return int(numbers[1]), int(numbers[2])


def aurora_clusters(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The Aurora MySQL clusters in the inventory that the endpoint connects to, with their versions: `shop (8.4.7)`.

    None where the host is that of no cluster here: another database, or one behind a name of somebody's own.
    """
    return tuple(map(_name_and_version, _clusters(endpoint, inventory)))


def tls_only_clusters(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of `tls.aurora_clusters` whose version, 8.4 or later, refuses a connection in clear by default."""
    clusters = _clusters(endpoint, inventory)
    return tuple(_name_and_version(cluster) for cluster in clusters if _version(cluster) >= _TLS_ONLY)


def _name_and_version(cluster: Resource) -> str:
    return f"{cluster.name} ({cluster.text('EngineVersion')})"


def refusals(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why a connection in clear does not work at all: IAM authentication, or a cluster that takes none.

    One that could not be read is left out where the other is certain.
    """
    return collect_each((_iam_refusals, _cluster_refusals), lambda derive: derive(endpoint, inventory)).certain()


def _iam_refusals(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    modes = iam_modes(endpoint, inventory)
    return (f"IAM authentication needs {' or '.join(modes)}",) if modes else ()


def _cluster_refusals(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    clusters = tls_only_clusters(endpoint, inventory)
    return tuple(f"the Aurora MySQL cluster {cluster} takes only TLS by default" for cluster in clusters)


FACTS: Final = (
    Fact("tls.iam_modes", ENDPOINT, texts(*MODES), iam_modes),
    Fact("tls.iam_unfit_modes", ENDPOINT, texts(*MODES), iam_unfit_modes),
    Fact("tls.aurora_clusters", ENDPOINT, texts(), aurora_clusters),
    Fact("tls.tls_only_clusters", ENDPOINT, texts(), tls_only_clusters),
    Fact("tls.refusals", ENDPOINT, texts(), refusals),
)

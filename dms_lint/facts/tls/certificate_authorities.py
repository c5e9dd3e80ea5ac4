"""The authority that signed the certificate of an endpoint's database, and whether the endpoint holds its root."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import ENDPOINT
from dms_lint.facts.fact import Fact, each_of, texts
from dms_lint.facts.network.hosts import hosts_of, parse_hosts, place_of
from dms_lint.facts.tls.certificates import readable_pem
from dms_lint.facts.tls.endpoint_certificates import existing_certificates
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_RDS: Final = r"\.(?:rds|docdb)\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$"
"""Host names of databases whose certificates an RDS authority signs."""


def database_authorities(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The RDS certificate authorities of the database that the endpoint connects to: `rds-ca-rsa2048-g1`.

    The database is found by its host name; a cluster stands for all of its instances, since each can become the one
    that answers.  None where the host is no RDS database: another server, a proxy, or a first-generation Aurora
    Serverless cluster (both have certificates of AWS's public authorities).
    """
    return tuple(
        dict.fromkeys(instance.text("CACertificateIdentifier") for instance in _instances(endpoint, inventory))
    )


def _instances(endpoint: Resource, inventory: Inventory) -> Iterator[Resource]:
    """The RDS instances that may answer the endpoint; Missing for an RDS host of which nothing was read."""
    for host in hosts_of(endpoint, inventory):
        instance = inventory.index("db-instance", _instance_hosts).get(host)
        cluster = inventory.index("db-cluster", _cluster_hosts).get(host)
        if instance:
            yield instance[0]
        elif cluster:
            yield from _members(cluster[0], inventory)
        elif re.search(_RDS, host) and ".proxy-" not in host:
            region = place_of(host).region or endpoint.region
            for kind in ("db-instance", "db-cluster"):
                inventory.all(kind, endpoint.account, region)
            raise Missing(
                f"{endpoint.where}: its database {host} is none of the account {endpoint.account}",
                needs="rds:DescribeDBInstances in the account of the database",
                reason="the database is none of the account's",
            )


def _members(cluster: Resource, inventory: Inventory) -> Iterator[Resource]:
    if cluster.text("EngineMode", default="") == "serverless":
        return
    for member in cluster.records("DBClusterMembers"):
        name = member.text("DBInstanceIdentifier")
        instance = inventory.find("db-instance", name, cluster.account, cluster.region)
        if instance is not None:
            yield instance


def _instance_hosts(instance: Resource) -> tuple[str, ...]:
    return parse_hosts(instance.block("Endpoint").text("Address"))


def _cluster_hosts(cluster: Resource) -> Iterator[str]:
    for member in ("Endpoint", "ReaderEndpoint"):
        yield from parse_hosts(cluster.text(member, default=""))
    for custom in cluster.texts("CustomEndpoints", default=()):
        yield from parse_hosts(custom)


def uncovered_authorities(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The RDS certificate authorities of the database whose root is in none of the endpoint's certificates."""
    roots = [
        readable_pem(certificate, inventory).fingerprints for certificate in existing_certificates(endpoint, inventory)
    ]

    def uncovered(instance: Resource) -> str:
        authority = instance.text("CACertificateIdentifier")
        if not authority:
            raise instance.malformed("CACertificateIdentifier", "the name of an authority")
        thumbprint = _thumbprint(instance, authority, inventory)
        return "" if any(thumbprint in fingerprints for fingerprints in roots) else authority

    return each_of(_instances(endpoint, inventory), uncovered)


def _thumbprint(instance: Resource, authority: str, inventory: Inventory) -> str:
    """The SHA-1 fingerprint of an authority's root.  Each Region has its own; all accounts share it."""
    certificates = inventory.index("rds-ca", _identifiers).get(authority, ())
    certificate = next((certificate for certificate in certificates if certificate.region == instance.region), None)
    if certificate is None:
        inventory.find("rds-ca", authority, instance.account, instance.region)
        raise Missing(
            f"{instance.where}: RDS lists no certificate authority {authority} in {instance.region}",
            needs="rds:DescribeCertificates",
            reason="RDS does not list the database's certificate authority",
        )
    thumbprint = certificate.text("Thumbprint").replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{40}", thumbprint):
        raise certificate.malformed("Thumbprint", "a SHA-1 fingerprint")
    return thumbprint


def _identifiers(authority: Resource) -> tuple[str, ...]:
    return (authority.text("CertificateIdentifier"),)


FACTS: Final = (
    Fact("endpoint.database_authorities", ENDPOINT, texts(), database_authorities),
    Fact("endpoint.uncovered_authorities", ENDPOINT, texts(), uncovered_authorities),
)

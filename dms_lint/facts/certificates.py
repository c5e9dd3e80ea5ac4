"""DMS certificates: what they hold, how long they last, who names them, and whether they cover the database."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.facts.base import NUMBER, Fact, derived, text, texts
from dms_lint.facts.endpoints import ENDPOINT, engine
from dms_lint.facts.hosts import hosts_of, parse_hosts, place_of
from dms_lint.facts.pem import blocks, bundle
from dms_lint.facts.times import moment
from dms_lint.model import Missing, Status
from dms_lint.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from typing import TypeVar

    from dms_lint.facts.pem import Bundle
    from dms_lint.inventory import Inventory
    from dms_lint.model import Resource

    T = TypeVar("T")

CERTIFICATE: Final = ("certificate",)
FORMATS: Final = ("pem", "wallet", "private-key", "other")

_CLIENT_KEY: Final = "KafkaSettings.SslClientKeyArn"
_BLOCKS: Final = (
    ("kafka", "KafkaSettings", ("SslCaCertificateArn", "SslClientCertificateArn", "SslClientKeyArn")),
    ("redis", "RedisSettings", ("SslCaCertificateArn",)),
)
"""The engines whose settings name certificates: engine, settings block, members."""

_INSIDE: Final = "the wallet's own listing (orapki wallet display -complete)"
"""What settles questions about a wallet: its format is Oracle's secret."""


# -- who names a certificate


@derived
def _uses(resource: Resource, inventory: Inventory) -> tuple[tuple[tuple[str, str], ...], Missing | None]:
    """The certificates that an endpoint or a data provider certainly names: member and ARN.

    With them the Missing of the first part that could name another and is not there, if any.
    """
    found: list[tuple[str, str]] = []
    try:
        if resource.kind == "data-provider":
            _add_provider_uses(found, resource)
        else:
            _add_endpoint_uses(found, resource, inventory)
    except Missing as missing:
        return tuple(found), missing.with_traceback(None)
    return tuple(found), None


def uses(resource: Resource, inventory: Inventory) -> tuple[tuple[str, str], ...]:
    """The certificates that an endpoint or a data provider names: member and ARN."""
    found, hole = _uses(resource, inventory)
    if hole is not None:
        raise hole
    return found


def _add_provider_uses(found: list[tuple[str, str]], provider: Resource) -> None:
    settings = provider.block("Settings")
    for name in settings.data:
        arn = settings.block(name).text("CertificateArn", default="") if name in settings else ""
        if arn:
            found.append((f"Settings.{name}.CertificateArn", arn))


def _add_endpoint_uses(found: list[tuple[str, str]], endpoint: Resource, inventory: Inventory) -> None:
    # DescribeEndpoints leaves the member out of an endpoint without a certificate (API reference: Required: No).
    arn = endpoint.text("CertificateArn", default="")
    if arn:
        found.append(("CertificateArn", arn))
    for name, block, members in _BLOCKS:
        if block not in endpoint and engine(endpoint, inventory) != name:
            continue
        settings = endpoint.block(block)
        for member in members:
            arn = settings.text(member, default="")
            if arn:
                found.append((f"{block}.{member}", arn))


def _users(kind: str, certificate: Resource, inventory: Inventory, member: str = "") -> tuple[str, ...]:
    """The names of the known resources of a kind that name the certificate; in that member, where one is given."""

    def arns(resource: Resource) -> Iterator[str]:
        found, hole = _uses(resource, inventory)
        for where, arn in found:
            yield from (arn, f"{where} {arn}")
        if hole is not None:
            raise hole

    index = inventory.once(("certificate users", kind), lambda: inventory.index(kind, arns))
    found = index.get(f"{member} {certificate.arn}" if member else certificate.arn, ())
    if found:
        return tuple(dict.fromkeys([f"{resource.kind} {resource.name}" for resource in found]))
    inventory.all(kind, certificate.account, certificate.region)
    for resource in index.get("", ()):
        if (resource.account, resource.region) == (certificate.account, certificate.region):
            uses(resource, inventory)  # raises what is missing of it
    return ()


def users(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoints and data providers that name the certificate.

    None only where all endpoints and data providers of its account and Region were read.
    """

    def of(kind: str) -> tuple[str, ...]:
        return _users(kind, certificate, inventory)

    return _certain(("endpoint", "data-provider"), of)


def client_key_endpoints(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The Kafka endpoints that name it as the private key of their client; none where it is no private key."""
    if form(certificate, inventory) != "private-key":
        return ()
    return _users("endpoint", certificate, inventory, _CLIENT_KEY)


def _certain(items: Iterable[T], find: Callable[[T], tuple[str, ...]]) -> tuple[str, ...]:
    """All that is found for the items; Missing only where nothing is and something could not be read."""
    found: list[str] = []
    hole: Missing | None = None
    for item in items:
        try:
            found += find(item)
        except Missing as missing:
            hole = hole or missing
    if hole is not None and not found:
        raise hole
    return tuple(found)


# -- what a certificate holds


@derived
def form(certificate: Resource, inventory: Inventory) -> str:
    """What was imported: `wallet` (Oracle's), `pem` (certificates), `private-key` (a PEM of a key alone) or `other`.

    A PEM block counts by its label, so that a key whose text was removed is still known to be one.
    """
    # AWS fills the member of the format that was imported, and leaves the other out.
    if certificate.text("CertificateWallet", default=""):
        return "wallet"
    if not certificate.text("CertificatePem", default=""):
        raise Missing(
            f"{certificate.where} has neither CertificatePem nor CertificateWallet",
            needs=certificate.needs,
            reason="the answer has neither CertificatePem nor CertificateWallet",
        )
    found = blocks(certificate.text("CertificatePem"))
    if any(block.is_certificate for block in found):
        return "pem"
    return "private-key" if any(block.is_private_key for block in found) else "other"


@derived
def unreadable_parts(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What of it is neither an Oracle wallet nor an X.509 certificate in PEM: `certificate 2 is not base64`."""
    found = form(certificate, inventory)
    if found == "wallet":
        return ()
    pem = certificate.text("CertificatePem")
    if found == "pem":
        return bundle(pem).unreadable
    labels = tuple(dict.fromkeys(f"a PEM block {block.label}" for block in blocks(pem)))
    return labels or ("text without a PEM block",)


@derived
def _pem(certificate: Resource, inventory: Inventory) -> Bundle:
    """The certificates of a PEM, all of them read; Missing for what is none."""
    if form(certificate, inventory) == "wallet":
        raise _opaque(certificate, "the certificates in it")
    broken = unreadable_parts(certificate, inventory)
    if broken:
        raise Missing(
            f"{certificate.where} cannot be read: {', '.join(broken[:3])}",
            needs="a PEM file of X.509 certificates",
            reason="the certificate cannot be read",
            status=Status.NOT_READABLE,
        )
    return bundle(certificate.text("CertificatePem"))


def _opaque(certificate: Resource, what: str) -> Missing:
    return Missing(
        f"{certificate.where} is an Oracle wallet, and AWS does not say {what}",
        needs=_INSIDE,
        reason=f"AWS does not say {what} of an Oracle wallet",
    )


def missing_issuers(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The names of the CAs that the PEM lacks between one of its certificates and a self-signed root."""
    return _pem(certificate, inventory).missing_issuers


def _ends(certificate: Resource, inventory: Inventory) -> datetime:
    if form(certificate, inventory) == "wallet":
        if "ValidToDate" not in certificate:
            raise _opaque(certificate, "until when it is valid")
        return moment(certificate, "ValidToDate")
    found = _pem(certificate, inventory).ends
    assert found is not None  # noqa: S101 - a PEM all of whose blocks are read holds one at least
    return found


def days_left(certificate: Resource, inventory: Inventory) -> int:
    """The whole days until no valid chain is left in it; negative once that has come.

    A chain is valid until the first of its certificates ends, and the longest-lived chain to a root counts.  Of a
    wallet it is the date that AWS gives.
    """
    return (_ends(certificate, inventory) - inventory.now) // timedelta(days=1)


def valid_to(certificate: Resource, inventory: Inventory) -> str:
    """The day (in UTC) on which no valid chain is left in it: `2026-12-01`."""
    return _ends(certificate, inventory).date().isoformat()


def ends(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Each certificate of it with the day on which it ends, the earliest first: `CN=Orders CA until 2026-12-01`."""
    if form(certificate, inventory) == "wallet":
        return (f"wallet until {valid_to(certificate, inventory)}",)
    found = sorted(_pem(certificate, inventory).certificates, key=lambda one: (one.ends, one.subject))
    return tuple(f"{one.subject} until {one.ends.date().isoformat()}" for one in found)


@cache
def _least_bits() -> Mapping[str, int]:
    return {row["key"]: row["bits"] for row in table("certificate-strength")["keys"]}


@cache
def _weak_hashes() -> frozenset[str]:
    return frozenset(row["hash"] for row in table("certificate-strength")["hashes"])


def weaknesses(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Keys in it that are shorter than the table allows, and signatures with a hash that the table calls broken.

    Each with the certificate: `CN=Orders CA has an RSA key of 1024 bits`.  The signature of a root is left out: a root
    is trusted for being there.  Of a wallet it is the certificate that AWS describes.
    """
    if form(certificate, inventory) == "wallet":
        return _certain((_weak_wallet_key, _weak_wallet_signature), lambda find: find(certificate))
    found = []
    for one in _pem(certificate, inventory).certificates:
        if one.bits < _least_bits().get(one.key, 0):
            found.append(f"{one.subject} has an {one.key} key of {one.bits} bits")
        if not one.root and one.hash in _weak_hashes():
            found.append(f"{one.subject} is signed with {one.hash}")
    return tuple(found)


def _weak_wallet_key(certificate: Resource) -> tuple[str, ...]:
    if "SigningAlgorithm" not in certificate or "KeyLength" not in certificate:
        raise _opaque(certificate, "what keys are in it")
    algorithm, bits = certificate.text("SigningAlgorithm").upper(), certificate.number("KeyLength")
    # `SHA256withRSA`, `SHA256withECDSA`: the one certificate that AWS describes is a root, so it is its own key's.
    key = "RSA" if "RSA" in algorithm else "EC" if "EC" in algorithm else ""
    if not key:
        raise certificate.malformed("SigningAlgorithm", "an algorithm of RSA or EC keys")
    return (f"the wallet has an {key} key of {bits} bits",) if bits < _least_bits()[key] else ()


def _weak_wallet_signature(certificate: Resource) -> tuple[str, ...]:
    algorithm = certificate.text("SigningAlgorithm", default="").lower().replace("-", "")
    if algorithm.startswith(tuple(_weak_hashes())):
        raise _opaque(certificate, f"whether what is signed with {algorithm} is a root")
    return ()


# -- the certificates of an endpoint


@derived
def certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ARNs of the certificates and keys that the endpoint names, Kafka's and Redis's settings included."""
    return tuple(dict.fromkeys([arn for _, arn in uses(endpoint, inventory)]))


def dangling_certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The members that name a certificate which the endpoint's account and Region do not have: `CertificateArn ARN`."""

    def dangling(use: tuple[str, str]) -> tuple[str, ...]:
        member, arn = use
        parts = arn.split(":", 5)
        elsewhere = len(parts) == 6 and (parts[4], parts[3]) != (endpoint.account, endpoint.region)
        gone = elsewhere or inventory.find("certificate", arn, endpoint.account, endpoint.region) is None
        return (f"{member} {arn}",) if gone else ()

    return _certain(uses(endpoint, inventory), dangling)


@derived
def _found(endpoint: Resource, inventory: Inventory) -> tuple[Resource, ...]:
    """The certificates that the endpoint names, as far as they exist."""
    found = [
        inventory.find("certificate", arn, endpoint.account, endpoint.region)
        for arn in certificates(endpoint, inventory)
    ]
    return tuple([one for one in found if one is not None])


def certificate_names(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The names of the certificates that the endpoint names and that exist."""
    return tuple([certificate.name for certificate in _found(endpoint, inventory)])


def certificate_format(endpoint: Resource, inventory: Inventory) -> str:
    """The format that the engine takes a certificate in: `wallet` for Oracle, `pem` for every other."""
    return "wallet" if engine(endpoint, inventory) == "oracle" else "pem"


def misformatted_certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The certificates of the endpoint that are a wallet where the engine takes none, or none where it takes one.

    Each with its format: `orders-ca (pem)`.
    """
    wanted = certificate_format(endpoint, inventory)

    def misformatted(certificate: Resource) -> tuple[str, ...]:
        found = form(certificate, inventory)
        return (f"{certificate.name} ({found})",) if (found == "wallet") != (wanted == "wallet") else ()

    return _certain(_found(endpoint, inventory), misformatted)


def self_signed_certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The certificates of the endpoint that are a server's own and signed by itself, not by a CA.

    One certificate alone, its issuer its subject, that may not sign others.  A self-signed certificate that says it is
    a CA cannot be told from a private root, and is none of them.
    """

    def self_signed(certificate: Resource) -> tuple[str, ...]:
        if form(certificate, inventory) in ("wallet", "private-key"):
            return ()
        found = _pem(certificate, inventory).certificates
        alone = len(found) == 1 and found[0].root and not found[0].signer
        return (certificate.name,) if alone else ()

    return _certain(_found(endpoint, inventory), self_signed)


def certificate_proofs(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The replication instances that are known to reach the endpoint: their connection test is successful.

    Tests that were not read matter only where a certificate of the endpoint is a self-signed server certificate.
    """
    successful = [
        test.text("ReplicationInstanceIdentifier", default="") or test.text("ReplicationInstanceArn")
        for test in inventory.index("connection", _tested).get(endpoint.arn, ())
        if test.text("Status").lower() == "successful"
    ]
    if not successful and self_signed_certificates(endpoint, inventory):
        inventory.all("connection", endpoint.account, endpoint.region)  # raises unless they are all here
    return tuple(successful)


def _tested(test: Resource) -> tuple[str, ...]:
    return (test.text("EndpointArn"),)


# -- the database behind an endpoint, and the authority that signed its certificate

_RDS: Final = r"\.(?:rds|docdb)\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$"
"""Host names of databases whose certificates an RDS authority signs."""


def database_authorities(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The RDS certificate authorities of the database that the endpoint connects to: `rds-ca-rsa2048-g1`.

    The database is found by its host name; a cluster stands for all of its instances, since each can become the one
    that answers.  None where the host is no RDS database: another server, a proxy, or a first-generation Aurora
    Serverless cluster (both have certificates of AWS's public authorities).
    """
    return tuple(dict.fromkeys(one.text("CACertificateIdentifier") for one in _instances(endpoint, inventory)))


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
    held = [_pem(certificate, inventory).fingerprints for certificate in _found(endpoint, inventory)]

    def uncovered(instance: Resource) -> tuple[str, ...]:
        authority = instance.text("CACertificateIdentifier")
        thumbprint = _thumbprint(instance, authority, inventory)
        return () if any(thumbprint in fingerprints for fingerprints in held) else (authority,)

    return tuple(dict.fromkeys(_certain(_instances(endpoint, inventory), uncovered)))


def _thumbprint(instance: Resource, authority: str, inventory: Inventory) -> str:
    """The SHA-1 fingerprint of an authority's root.  Each Region has its own; all accounts share it."""
    found = next(
        (one for one in inventory.index("rds-ca", _identifiers).get(authority, ()) if one.region == instance.region),
        None,
    )
    if found is None:
        inventory.find("rds-ca", authority, instance.account, instance.region)
        raise Missing(
            f"{instance.where}: RDS lists no certificate authority {authority} in {instance.region}",
            needs="rds:DescribeCertificates",
            reason="RDS does not list the database's certificate authority",
        )
    thumbprint = found.text("Thumbprint").replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{40}", thumbprint):
        raise found.malformed("Thumbprint", "a SHA-1 fingerprint")
    return thumbprint


def _identifiers(authority: Resource) -> tuple[str, ...]:
    return (authority.text("CertificateIdentifier"),)


FACTS: Final = (
    Fact("certificate.format", CERTIFICATE, text(*FORMATS), form),
    Fact("certificate.unreadable_parts", CERTIFICATE, texts(), unreadable_parts),
    Fact("certificate.missing_issuers", CERTIFICATE, texts(), missing_issuers),
    Fact("certificate.days_left", CERTIFICATE, NUMBER, days_left),
    Fact("certificate.valid_to", CERTIFICATE, text(), valid_to),
    Fact("certificate.ends", CERTIFICATE, texts(), ends),
    Fact("certificate.weaknesses", CERTIFICATE, texts(), weaknesses),
    Fact("certificate.users", CERTIFICATE, texts(), users),
    Fact("certificate.client_key_endpoints", CERTIFICATE, texts(), client_key_endpoints),
    Fact("endpoint.certificates", ENDPOINT, texts(), certificates),
    Fact("endpoint.certificate_names", ENDPOINT, texts(), certificate_names),
    Fact("endpoint.dangling_certificates", ENDPOINT, texts(), dangling_certificates),
    Fact("endpoint.certificate_format", ENDPOINT, text("wallet", "pem"), certificate_format),
    Fact("endpoint.misformatted_certificates", ENDPOINT, texts(), misformatted_certificates),
    Fact("endpoint.self_signed_certificates", ENDPOINT, texts(), self_signed_certificates),
    Fact("endpoint.certificate_proofs", ENDPOINT, texts(), certificate_proofs),
    Fact("endpoint.database_authorities", ENDPOINT, texts(), database_authorities),
    Fact("endpoint.uncovered_authorities", ENDPOINT, texts(), uncovered_authorities),
)

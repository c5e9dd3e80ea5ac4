"""Who names a DMS certificate: endpoints, by their own member and by their settings, and data providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import engine
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.tls.certificates import CERTIFICATE, form
from dms_lint.logic.kleene import collect_each, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.logic.kleene import Partial
    from dms_lint.model import Resource

_CLIENT_KEY: Final = "KafkaSettings.SslClientKeyArn"
_BLOCKS: Final = (
    ("kafka", "KafkaSettings", ("SslCaCertificateArn", "SslClientCertificateArn", "SslClientKeyArn")),
    ("redis", "RedisSettings", ("SslCaCertificateArn",)),
)
"""The engines whose settings name certificates: engine, settings block, members."""


@memoized
def _uses(resource: Resource, inventory: Inventory) -> Partial[tuple[str, str]]:
    """The certificates that an endpoint or a data provider names: member and ARN, up to the first unreadable part."""
    if resource.kind == "data-provider":
        return listing(lambda: _provider_uses(resource))
    return listing(lambda: _endpoint_uses(resource, inventory))


def uses(resource: Resource, inventory: Inventory) -> tuple[tuple[str, str], ...]:
    """The certificates that an endpoint or a data provider names: member and ARN."""
    return _uses(resource, inventory).complete()


def _provider_uses(provider: Resource) -> Iterator[tuple[str, str]]:
    settings = provider.block("Settings")
    for name in settings.data:
        arn = settings.block(name).text("CertificateArn", default="") if name in settings else ""
        if arn:
            yield f"Settings.{name}.CertificateArn", arn


def _endpoint_uses(endpoint: Resource, inventory: Inventory) -> Iterator[tuple[str, str]]:
    # DescribeEndpoints leaves the member out of an endpoint without a certificate (API reference: Required: No).
    arn = endpoint.text("CertificateArn", default="")
    if arn:
        yield "CertificateArn", arn
    for name, block, members in _BLOCKS:
        if block not in endpoint and engine(endpoint, inventory) != name:
            continue
        settings = endpoint.block(block)
        for member in members:
            arn = settings.text(member, default="")
            if arn:
                yield f"{block}.{member}", arn


def _users(kind: str, certificate: Resource, inventory: Inventory, member: str = "") -> tuple[str, ...]:
    """The names of the known resources of a kind that name the certificate; in that member, where one is given."""

    def arns(resource: Resource) -> Iterator[str]:
        certificates = _uses(resource, inventory)
        for use, arn in certificates.items:
            yield from (arn, f"{use} {arn}")
        certificates.complete()

    index = inventory.once(("certificate users", kind), lambda: inventory.index(kind, arns))
    resources = index.get(f"{member} {certificate.arn}" if member else certificate.arn, ())
    if resources:
        return tuple(dict.fromkeys([f"{resource.kind} {resource.name}" for resource in resources]))
    inventory.all(kind, certificate.account, certificate.region)
    for resource in index.get("", ()):
        if (resource.account, resource.region) == (certificate.account, certificate.region):
            uses(resource, inventory)  # raises what is missing of it
    return ()


def users(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoints and data providers that name the certificate.

    None only where all endpoints and data providers of its account and Region were read.
    """
    return collect_each(("endpoint", "data-provider"), lambda kind: _users(kind, certificate, inventory)).certain()


def client_key_endpoints(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The Kafka endpoints that name it as the private key of their client; none where it is no private key."""
    if form(certificate, inventory) != "private-key":
        return ()
    return _users("endpoint", certificate, inventory, _CLIENT_KEY)


FACTS: Final = (
    Fact("certificate.users", CERTIFICATE, texts(), users),
    Fact("certificate.client_key_endpoints", CERTIFICATE, texts(), client_key_endpoints),
)

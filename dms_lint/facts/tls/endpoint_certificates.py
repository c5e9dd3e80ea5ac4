"""The certificates that an endpoint names: whether they exist, are of the format it takes, and a CA's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.aws.arn import parse_arn
from dms_lint.facts.dms.endpoints import ENDPOINT, engine
from dms_lint.facts.fact import Fact, each_of, memoized, text, texts
from dms_lint.facts.tls.certificate_usage import uses
from dms_lint.facts.tls.certificates import form, readable_pem

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource


@memoized
def certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ARNs of the certificates and keys that the endpoint names, Kafka's and Redis's settings included."""
    return tuple(dict.fromkeys([arn for _, arn in uses(endpoint, inventory)]))


def dangling_certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The members that name a certificate which the endpoint's account and Region do not have: `CertificateArn ARN`."""

    def dangling(use: tuple[str, str]) -> str:
        member, arn = use
        parts = parse_arn(arn)
        elsewhere = parts is not None and (parts.account, parts.region) != (endpoint.account, endpoint.region)
        gone = elsewhere or inventory.find("certificate", arn, endpoint.account, endpoint.region) is None
        return f"{member} {arn}" if gone else ""

    return each_of(uses(endpoint, inventory), dangling)


@memoized
def existing_certificates(endpoint: Resource, inventory: Inventory) -> tuple[Resource, ...]:
    """The certificates that the endpoint names, as far as they exist."""
    resources = [
        inventory.find("certificate", arn, endpoint.account, endpoint.region)
        for arn in certificates(endpoint, inventory)
    ]
    return tuple([certificate for certificate in resources if certificate is not None])


def certificate_names(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The names of the certificates that the endpoint names and that exist."""
    return tuple([certificate.name for certificate in existing_certificates(endpoint, inventory)])


def certificate_format(endpoint: Resource, inventory: Inventory) -> str:
    """The format that the engine takes a certificate in: `wallet` for Oracle, `pem` for every other."""
    return "wallet" if engine(endpoint, inventory) == "oracle" else "pem"


def misformatted_certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The certificates of the endpoint that are a wallet where the engine takes none, or none where it takes one.

    Each with its format: `orders-ca (pem)`.
    """
    expected = certificate_format(endpoint, inventory)

    def misformatted(certificate: Resource) -> str:
        actual = form(certificate, inventory)
        return f"{certificate.name} ({actual})" if (actual == "wallet") != (expected == "wallet") else ""

    return each_of(existing_certificates(endpoint, inventory), misformatted)


def self_signed_certificates(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The certificates of the endpoint that are a server's own and signed by itself, not by a CA.

    One certificate alone, its issuer its subject, that may not sign others.  A self-signed certificate that says it is
    a CA cannot be told from a private root, and is none of them.
    """

    def self_signed(certificate: Resource) -> str:
        if form(certificate, inventory) in ("wallet", "private-key"):
            return ""
        chain = readable_pem(certificate, inventory).certificates
        alone = len(chain) == 1 and chain[0].root and not chain[0].signer
        return certificate.name if alone else ""

    return each_of(existing_certificates(endpoint, inventory), self_signed)


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


FACTS: Final = (
    Fact("endpoint.certificates", ENDPOINT, texts(), certificates),
    Fact("endpoint.certificate_names", ENDPOINT, texts(), certificate_names),
    Fact("endpoint.dangling_certificates", ENDPOINT, texts(), dangling_certificates),
    Fact("endpoint.certificate_format", ENDPOINT, text("wallet", "pem"), certificate_format),
    Fact("endpoint.misformatted_certificates", ENDPOINT, texts(), misformatted_certificates),
    Fact("endpoint.self_signed_certificates", ENDPOINT, texts(), self_signed_certificates),
    Fact("endpoint.certificate_proofs", ENDPOINT, texts(), certificate_proofs),
)

"""What DMS certificates hold, how long they last and how strong they are."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.aws.timestamps import moment
from dms_lint.data.tables import table
from dms_lint.facts.fact import NUMBER, Fact, each_of, memoized, text, texts
from dms_lint.libs.pem import blocks
from dms_lint.libs.x509 import bundle
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.libs.x509 import Bundle
    from dms_lint.model import Resource

CERTIFICATE: Final = ("certificate",)
FORMATS: Final = ("pem", "wallet", "private-key", "other")

_INSIDE: Final = "the wallet's own listing (orapki wallet display -complete)"
"""What settles questions about a wallet: its format is Oracle's secret."""


@memoized
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
    pem_blocks = blocks(certificate.text("CertificatePem"))
    if any(block.is_certificate for block in pem_blocks):
        return "pem"
    return "private-key" if any(block.is_private_key for block in pem_blocks) else "other"


@memoized
def unreadable_parts(certificate: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What of it is neither an Oracle wallet nor an X.509 certificate in PEM: `certificate 2 is not base64`."""
    format_ = form(certificate, inventory)
    if format_ == "wallet":
        return ()
    pem = certificate.text("CertificatePem")
    if format_ == "pem":
        return bundle(pem).unreadable
    labels = tuple(dict.fromkeys(f"a PEM block {block.label}" for block in blocks(pem)))
    return labels or ("text without a PEM block",)


@memoized
def readable_pem(certificate: Resource, inventory: Inventory) -> Bundle:
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
    return readable_pem(certificate, inventory).missing_issuers


def _ends(certificate: Resource, inventory: Inventory) -> datetime:
    if form(certificate, inventory) == "wallet":
        if "ValidToDate" not in certificate:
            raise _opaque(certificate, "until when it is valid")
        return moment(certificate, "ValidToDate")
    end = readable_pem(certificate, inventory).ends
    assert end is not None  # noqa: S101 - a PEM all of whose blocks are read holds one at least
    return end


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
    chain = sorted(readable_pem(certificate, inventory).certificates, key=lambda link: (link.ends, link.subject))
    return tuple(f"{link.subject} until {link.ends.date().isoformat()}" for link in chain)


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
        return each_of((_weak_wallet_key, _weak_wallet_signature), lambda find: find(certificate))
    faults = []
    for link in readable_pem(certificate, inventory).certificates:
        if link.bits < _least_bits().get(link.key, 0):
            faults.append(f"{link.subject} has an {link.key} key of {link.bits} bits")
        if not link.root and link.hash in _weak_hashes():
            faults.append(f"{link.subject} is signed with {link.hash}")
    return tuple(faults)


def _weak_wallet_key(certificate: Resource) -> str:
    if "SigningAlgorithm" not in certificate or "KeyLength" not in certificate:
        raise _opaque(certificate, "what keys are in it")
    algorithm, bits = certificate.text("SigningAlgorithm").upper(), certificate.number("KeyLength")
    # `SHA256withRSA`, `SHA256withECDSA`: the one certificate that AWS describes is a root, so it is its own key's.
    key = "RSA" if "RSA" in algorithm else "EC" if "EC" in algorithm else ""
    if not key:
        raise certificate.malformed("SigningAlgorithm", "an algorithm of RSA or EC keys")
    return f"the wallet has an {key} key of {bits} bits" if bits < _least_bits()[key] else ""


def _weak_wallet_signature(certificate: Resource) -> str:
    algorithm = certificate.text("SigningAlgorithm", default="").lower().replace("-", "")
    if algorithm.startswith(tuple(_weak_hashes())):
        raise _opaque(certificate, f"whether what is signed with {algorithm} is a root")
    return ""


FACTS: Final = (
    Fact("certificate.format", CERTIFICATE, text(*FORMATS), form),
    Fact("certificate.unreadable_parts", CERTIFICATE, texts(), unreadable_parts),
    Fact("certificate.missing_issuers", CERTIFICATE, texts(), missing_issuers),
    Fact("certificate.days_left", CERTIFICATE, NUMBER, days_left),
    Fact("certificate.valid_to", CERTIFICATE, text(), valid_to),
    Fact("certificate.ends", CERTIFICATE, texts(), ends),
    Fact("certificate.weaknesses", CERTIFICATE, texts(), weaknesses),
)

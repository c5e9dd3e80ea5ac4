"""X.509 certificates in PEM files: their contents, the chains that they make, and when the last chain ends.

Pure functions of the text, each remembered by it: many endpoints share one certificate.  Nothing here knows AWS.
The library that parses X.509 is loaded at the first certificate, and not before.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.libs.pem import REMEMBERED, blocks, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

_ROOTS: Final = 4096
"""The number of certificates that are remembered; the same roots stand in many files."""


class X509(NamedTuple):
    """The parts of a certificate that matter."""

    subject: str
    issuer: str
    ends: datetime
    """Its last moment of validity, in UTC."""
    sha1: str
    """The SHA-1 fingerprint, in lower-case hexadecimal."""
    key: str
    """The algorithm of its key, `RSA` or `EC`; '' for any other."""
    bits: int
    """The size of that key; 0 for any other."""
    hash: str
    """The hash of its signature: `sha256`; '' where the algorithm has none or is not known."""
    root: bool
    """Whether it signed itself."""
    signer: bool
    """Whether it may sign others: BasicConstraints say CA, and KeyUsage, where it has one, keyCertSign.

    True where its extensions cannot be read: it cannot be told from a CA then.
    """


class Bundle(NamedTuple):
    """The certificates of a PEM file, each once."""

    certificates: tuple[X509, ...]
    fingerprints: frozenset[str]
    """The SHA-1 fingerprints of them all."""
    unreadable: tuple[str, ...]
    """What is wrong with each certificate block that is none: `certificate 2 is not base64`."""
    missing_issuers: tuple[str, ...]
    """The names that no certificate of the file has and that one needs on its way to a self-signed root."""
    ends: datetime | None
    """The moment after which no chain of valid certificates is left; None for a file without certificates."""


@lru_cache(maxsize=REMEMBERED)
def bundle(text: str) -> Bundle:
    """The certificates of a PEM file, and what holds of them together."""
    parsed: dict[bytes, _Parsed] = {}
    unreadable = []
    number = 0
    for block in blocks(text):
        if not block.is_certificate:
            continue
        number += 1
        der, fault = decode(block)
        if der is not None and der not in parsed:
            certificate = _parse(der)
            if certificate is not None:
                parsed[der] = certificate
            else:
                fault = "is not an X.509 certificate"
        if fault:
            unreadable.append(f"certificate {number} {fault}")
    chains = _Chains(list(parsed.values()))
    return Bundle(
        tuple(certificate.about for certificate in parsed.values()),
        frozenset(certificate.about.sha1 for certificate in parsed.values()),
        tuple(unreadable),
        chains.missing_issuers(),
        chains.ends(),
    )


class _Parsed(NamedTuple):
    """A certificate with what its chain is followed by."""

    about: X509
    subject: bytes
    issuer: bytes
    public_key: Any
    """None where it is of a kind that is not supported."""
    key_id: bytes | None
    issuer_key_id: bytes | None
    source: Any


@lru_cache(maxsize=_ROOTS)
def _parse(der: bytes) -> _Parsed | None:
    from cryptography import x509

    with warnings.catch_warnings():
        # Of serial numbers and country codes that the standard does not allow, and that CAs have used.
        warnings.simplefilter("ignore")
        try:
            source = x509.load_der_x509_certificate(der)
            return _read(source)
        except Exception:  # noqa: BLE001 - whatever the parser trips over is no certificate to anybody
            return None


def _read(source: Any) -> _Parsed:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.hashes import SHA1

    extensions = _extensions(source)
    key = _try(source.public_key)
    subject, issuer = source.subject.public_bytes(), source.issuer.public_bytes()
    key_id = _try(lambda: extensions["subject"].digest) if extensions else None
    issuer_key_id = _try(lambda: extensions["authority"].key_identifier) if extensions else None
    is_self_issued = subject == issuer and (issuer_key_id is None or key_id is None or issuer_key_id == key_id)
    return _Parsed(
        X509(
            subject=_name(source.subject, source),
            issuer=_name(source.issuer, source),
            ends=source.not_valid_after_utc,
            sha1=source.fingerprint(SHA1()).hex(),  # noqa: S303 - how RDS names its authorities
            key="RSA"
            if isinstance(key, rsa.RSAPublicKey)
            else "EC"
            if isinstance(key, ec.EllipticCurvePublicKey)
            else "",
            bits=key.key_size if isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)) else 0,
            hash=_try(lambda: source.signature_hash_algorithm.name) or "",
            root=is_self_issued and _signed(source, source),
            signer=extensions is None or _may_sign(extensions),
        ),
        subject,
        issuer,
        key,
        key_id,
        issuer_key_id,
        source,
    )


def _try(read: Any) -> Any:
    """The value that is read; None where a certificate has none, or has it in a form that is not supported."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - one odd member does not make a certificate unreadable
        return None


def _extensions(source: Any) -> Mapping[str, Any] | None:
    """The extensions that matter, by a short name; None where they cannot be read."""
    from cryptography import x509

    names: Mapping[Any, str] = {
        x509.BasicConstraints: "basic",
        x509.KeyUsage: "usage",
        x509.SubjectKeyIdentifier: "subject",
        x509.AuthorityKeyIdentifier: "authority",
    }
    extensions = _try(lambda: list(source.extensions))
    if extensions is None:
        return None
    values = [extension.value for extension in extensions]
    return {names[type(value)]: value for value in values if type(value) in names}


def _may_sign(extensions: Mapping[str, Any]) -> bool:
    basic, usage = extensions.get("basic"), extensions.get("usage")
    return basic is not None and bool(basic.ca) and (usage is None or bool(usage.key_cert_sign))


def _name(name: Any, source: Any) -> str:
    """A name as people write it (RFC 4514); the serial number for a certificate without one."""
    return _try(name.rfc4514_string) or f"serial number {source.serial_number:x}"


def _signed(child: Any, issuer: Any) -> bool:
    """Whether the issuer's key made the child's signature; true where the algorithm is too old to be checked."""
    from cryptography.exceptions import InvalidSignature

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            child.verify_directly_issued_by(issuer)
        except InvalidSignature:
            return False
        except Exception:  # noqa: BLE001 - not supported: the names have to do
            return True
        return True


class _Chains:
    """The certificates of a file, and the issuers of each among them."""

    def __init__(self, certificates: Sequence[_Parsed]) -> None:
        self.certificates = certificates
        self.by_subject: dict[bytes, list[int]] = defaultdict(list)
        for number, certificate in enumerate(certificates):
            self.by_subject[certificate.subject].append(number)
        self.issuers = [tuple(self._issuers(number)) for number in range(len(certificates))]
        self.issued: dict[int, list[int]] = defaultdict(list)
        for number, issuers in enumerate(self.issuers):
            for issuer in issuers:
                self.issued[issuer].append(number)
        self.roots = [number for number, certificate in enumerate(certificates) if certificate.about.root]
        self.best = self._best(self.roots)

    def _issuers(self, number: int) -> Iterator[int]:
        """By name and key id; by the signature where one of the two has no key id."""
        child = self.certificates[number]
        if child.about.root:
            return
        for candidate in self.by_subject.get(child.issuer, ()):
            if candidate == number:
                continue
            issuer = self.certificates[candidate]
            if child.issuer_key_id is not None and issuer.key_id is not None:
                if child.issuer_key_id == issuer.key_id:
                    yield candidate
            elif _signed(child.source, issuer.source):
                yield candidate

    def _best(self, starts: Iterable[int]) -> dict[int, datetime]:
        """Until when the longest-lived chain from each certificate up to one of `starts` is valid.

        The widest path: a chain ends with the first of its certificates to end.
        """
        ends = [certificate.about.ends for certificate in self.certificates]
        best: dict[int, datetime] = {}
        heap = [(-ends[number].timestamp(), number, ends[number]) for number in starts]
        heapify(heap)
        while heap:
            _, number, until = heappop(heap)
            if number in best:
                continue
            best[number] = until
            for child in self.issued.get(number, ()):
                if child not in best:
                    end = min(until, ends[child])
                    heappush(heap, (-end.timestamp(), child, end))
        return best

    def missing_issuers(self) -> tuple[str, ...]:
        """The names of the issuers that would complete each chain that leads to no root.

        A certificate of a root's own name and key, which another CA signed too, needs that other CA no more.
        """
        broken = [
            number
            for number, certificate in enumerate(self.certificates)
            if number not in self.best
            and not any(self._twins(certificate, self.certificates[root]) for root in self.roots)
        ]
        tops = [number for number in broken if not self.issuers[number]] or broken
        return tuple(dict.fromkeys(self.certificates[number].about.issuer for number in tops))

    @staticmethod
    def _twins(certificate: _Parsed, root: _Parsed) -> bool:
        """Whether a certificate has the name and the key of a root."""
        if certificate.subject != root.subject or certificate.public_key is None:
            return False
        return bool(certificate.public_key == root.public_key)

    def ends(self) -> datetime | None:
        """The moment after which no chain is left: of chains to a root where there are any, else of what there is.

        A chain begins with a CA that issued none of the others; certificates of servers count only where no CA is.
        """
        if not self.certificates:
            return None
        numbers = range(len(self.certificates))
        signers = [number for number in numbers if self.certificates[number].about.signer] or list(numbers)
        among = set(signers)
        first = [number for number in signers if not among.intersection(self.issued.get(number, ()))]
        without = [number for number in numbers if not self.issuers[number]]
        for best in (self.best, self._best(without)):
            reached = [best[number] for number in first or signers if number in best]
            if reached:
                return max(reached)
        return min(certificate.about.ends for certificate in self.certificates)

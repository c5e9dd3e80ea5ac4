"""Makes the fictitious X.509 certificates that stand in the cases of the certificate rules.

    python tools/make_certificates.py              all of them, each below its name and SHA-1 fingerprint
    python tools/make_certificates.py root issuing these two

The same bytes come out each time: keys are derived from the names, serial numbers too, and ECDSA signs
deterministically.  So a new case takes its PEM from here, an old one never changes, and a test compares both.  Whoever
reads this file has the private keys: nothing may ever trust these certificates.  SHA-1 and MD5 signatures, which
`cryptography` no longer makes, are put in by hand.
"""

from __future__ import annotations

import random
import sys
from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
OLD_HASHES: Final[dict[str, tuple[HashAlgorithm, int]]] = {"md5": (MD5(), 4), "sha1": (SHA1(), 5)}
"""Hashes that signatures are no longer made with, and the last byte of 1.2.840.113549.1.1.* with RSA."""


@dataclass(frozen=True)
class Recipe:
    """How a certificate is made; `issuer` and `key_of` are names of recipes, its own where empty."""

    subject: str
    start: str = "2020-01-01"
    end: str = "2050-01-01"
    issuer: str = ""
    key: str = "EC 256"
    key_of: str = ""
    ca: bool | None = True
    """What BasicConstraints say; None for a certificate without them."""
    usage: str = ""
    """KeyUsage: `sign` (keyCertSign), `serve` (digitalSignature), or none."""
    hash: str = "sha256"
    key_ids: bool = True


RECIPES: Final = {
    "root": Recipe("Example Root CA", usage="sign"),
    "issuing": Recipe("Example Issuing CA", "2021-01-01", "2031-01-01", issuer="root", usage="sign"),
    "server": Recipe("db.example.com", "2026-06-01", "2027-06-01", issuer="issuing", ca=False, usage="serve"),
    "expired-server": Recipe("db.example.com", "2024-06-01", "2025-06-01", issuer="issuing", ca=False, usage="serve"),
    "expired-issuing": Recipe("Example Issuing CA 2020", "2020-01-01", "2025-06-30", issuer="root", usage="sign"),
    "expired-root": Recipe("Example Root CA 2019", "2019-08-22", "2024-08-22", usage="sign"),
    "ending-root": Recipe("Example Root CA 2021", "2021-12-13", "2026-12-13", usage="sign"),
    "namesake-root": Recipe("Example Root CA", usage="sign"),
    "cross-signed-root": Recipe("Example Root CA", issuer="expired-root", key_of="root", usage="sign"),
    "without-key-ids-root": Recipe("Example Plain Root CA", usage="sign", key_ids=False),
    "without-key-ids-issuing": Recipe(
        "Example Plain Issuing CA", issuer="without-key-ids-root", usage="sign", key_ids=False
    ),
    "short-rsa-root": Recipe("Example Short RSA Root CA", key="RSA 1024", usage="sign"),
    "short-ec-root": Recipe("Example Short EC Root CA", key="EC 192", usage="sign"),
    "sha1-root": Recipe("Example SHA-1 Root CA", key="RSA 2048", hash="sha1", usage="sign"),
    "sha1-issuing": Recipe("Example SHA-1 Issuing CA", issuer="sha1-root", hash="sha1", usage="sign"),
    "md5-issuing": Recipe("Example MD5 Issuing CA", issuer="sha1-root", hash="md5", usage="sign"),
    "own-server": Recipe("db.example.com", ca=False, usage="serve"),
    "own-server-plain": Recipe("db.example.com", ca=None),
    "own-server-not-signing": Recipe("db.example.com", usage="serve"),
    "own-server-as-ca": Recipe("db.example.com"),
    "rds-root": Recipe("Example RDS eu-west-1 Root CA G1", usage="sign"),
    "rds-other-root": Recipe("Example RDS eu-west-1 Root CA G2", usage="sign"),
}


@cache
def make(name: str) -> bytes:
    """The certificate of that name, in DER."""
    recipe = RECIPES[name]
    issuer = RECIPES[recipe.issuer or name]
    own, signing = _key(recipe.key_of or name), _key(recipe.issuer or recipe.key_of or name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(recipe.subject))
        .issuer_name(_name(issuer.subject))
        .public_key(own.public_key())
        .serial_number(_number(f"serial {name}"))
        .not_valid_before(datetime.fromisoformat(recipe.start))
        .not_valid_after(datetime.fromisoformat(recipe.end))
    )
    if recipe.ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(recipe.ca, None), critical=True)
    if recipe.usage:
        builder = builder.add_extension(_usage(recipe.usage), critical=True)
    if recipe.key_ids:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        builder = builder.add_extension(authority, critical=False)
    signed = builder.sign(
        signing, SHA256(), ecdsa_deterministic=isinstance(signing, ec.EllipticCurvePrivateKey) or None
    )
    return signed.public_bytes(Encoding.DER) if recipe.hash == "sha256" else _resigned(signed, signing, recipe.hash)


def pem(name: str) -> str:
    """The certificate of that name, in PEM."""
    return _pem(make(name))


def _pem(der: bytes) -> str:
    body = encodebytes(der).decode().replace("\n", "")
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""))


def fingerprint(name: str) -> str:
    """The SHA-1 fingerprint of the certificate of that name: what RDS calls its thumbprint."""
    return x509.load_der_x509_certificate(make(name)).fingerprint(SHA1()).hex()


def _name(subject: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"), x509.NameAttribute(NameOID.COMMON_NAME, subject)]
    )


def _usage(usage: str) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=usage == "serve",
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=usage == "sign",
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _number(seed: str) -> int:
    """A number of 152 bits or fewer that is always the same for a seed."""
    return int.from_bytes(sha256(seed.encode()).digest()[:19], "big") | 1


@cache
def _key(name: str) -> Key:
    algorithm, bits = RECIPES[name].key.split()
    if algorithm == "EC":
        return ec.derive_private_key(_number(f"key {name}"), {"192": ec.SECP192R1(), "256": ec.SECP256R1()}[bits])
    numbers = random.Random(f"key {name}")
    p, q, e = _prime(numbers, int(bits) // 2), _prime(numbers, int(bits) // 2), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    ).private_key()


def _prime(numbers: random.Random, bits: int) -> int:
    """A prime whose two highest bits are set, as far as Fermat's test to a few bases tells."""
    while True:
        candidate = numbers.getrandbits(bits) | (3 << (bits - 2)) | 1
        if candidate % 65537 != 1 and all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7)):
            return candidate


def _resigned(certificate: x509.Certificate, key: Key, name: str) -> bytes:
    """The certificate with an RSA signature of an old hash in place of its own."""
    assert isinstance(key, rsa.RSAPrivateKey)
    algorithm, last = OLD_HASHES[name]
    modern = bytes.fromhex("300d06092a864886f70d01010b0500")
    old = modern[:-3] + bytes([last]) + modern[-2:]
    body = certificate.tbs_certificate_bytes.replace(modern, old, 1)
    signature = key.sign(body, padding.PKCS1v15(), algorithm)
    return _der(0x30, body + old + _der(0x03, b"\0" + signature))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(length)]) + length + content


def main(names: list[str]) -> None:
    """Prints the certificates of these names; all where there is none."""
    for name in names or RECIPES:
        print(f"{name} {fingerprint(name)}")
        print(pem(name))


if __name__ == "__main__":
    main(sys.argv[1:])

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import pack_directory
from dms_lint.data.yaml_file import read_yaml
from dms_lint.facts import FACTS
from dms_lint.facts.tls import certificate_authorities as database_authorities
from dms_lint.facts.tls import certificate_usage as certificate_users
from dms_lint.facts.tls import certificates, endpoint_certificates
from dms_lint.inventory.inventory import Inventory
from dms_lint.libs import pem, x509
from dms_lint.model import Document, Missing, Resource, Status
from tests.build import NOW

DMS = "arn:aws:dms:eu-west-1:111122223333:"
CERT = f"{DMS}cert:ORDERSCA"
WALLET = b64encode(bytes.fromhex("a1f84e3600000006")).decode()
KEY = "-----BEGIN EC PRIVATE KEY-----\n(removed)\n-----END EC PRIVATE KEY-----\n"
GARBAGE: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just({}) | st.just([None])
)


def _tool() -> Any:
    file = Path(__file__).parents[3] / "tools" / "make_certificates.py"
    spec = importlib.util.spec_from_file_location("make_certificates", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_certificates"] = module
    spec.loader.exec_module(module)
    return module


MADE = _tool()


def file_of(*names: str) -> str:
    return "".join(MADE.pem(name) for name in names)


def inventory_of(
    listed: list[Any], endpoints: list[Any] | None = None, providers: list[Any] | None = None, now: datetime = NOW
) -> Inventory:
    documents = [Document("dms:DescribeCertificates", {"Certificates": listed})]
    if endpoints is not None:
        documents.append(Document("dms:DescribeEndpoints", {"Endpoints": endpoints}))
    if providers is not None:
        documents.append(Document("dms:DescribeDataProviders", {"DataProviders": providers}))
    return Inventory(documents, now)


def certificate(now: datetime = NOW, **data: Any) -> tuple[Resource, Inventory]:
    item = {"CertificateArn": CERT, "CertificateIdentifier": "orders-ca", **data}
    inventory = inventory_of([item], now=now)
    found = inventory.find("certificate", CERT)
    assert found is not None
    return found, inventory


def endpoint(**data: Any) -> dict[str, Any]:
    return {"EndpointArn": f"{DMS}endpoint:ORDERS", "EndpointIdentifier": "orders", "EngineName": "mysql", **data}


# -- PEM files


def test_blocks_stand_in_order_whatever_stands_between_them() -> None:
    text = f"subject=CN=Example\n{MADE.pem('root')}\nissuer=\r\n{KEY}"
    first, second = pem.blocks(text)
    assert (first.label, first.is_certificate, first.is_private_key) == ("CERTIFICATE", True, False)
    assert (second.label, second.body) == ("EC PRIVATE KEY", "\n(removed)\n")
    assert second.is_private_key


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n",
    ],
)
def test_a_block_without_its_end_has_no_body(text: str) -> None:
    assert {block.body for block in pem.blocks(text)} == {None}


def test_an_end_without_a_beginning_is_no_block() -> None:
    assert pem.blocks("-----END CERTIFICATE-----\n") == ()


def test_marks_without_ends_take_no_longer_than_they_are_long() -> None:
    assert len(pem.blocks("-----BEGIN CERTIFICATE-----" * 20_000)) == 20_000


@pytest.mark.parametrize(
    "spoilt",
    [
        MADE.pem("root").replace("\n", "\r\n"),
        MADE.pem("root").replace("\n", " "),
        MADE.pem("root").replace("\n", "\n  "),
        MADE.pem("root").replace(" CERTIFICATE", " X509 CERTIFICATE"),
    ],
)
def test_line_ends_and_indents_do_not_matter(spoilt: str) -> None:
    assert x509.bundle(spoilt).certificates == x509.bundle(MADE.pem("root")).certificates


def test_escaped_line_ends_are_no_base64() -> None:
    assert x509.bundle(MADE.pem("root").replace("\n", "\\n")).unreadable == ("certificate 1 is not base64",)


def test_a_certificate_counts_once_however_often_it_stands_there() -> None:
    assert len(x509.bundle(file_of("root", "root", "issuing", "root")).certificates) == 2


def test_a_file_without_certificates_ends_never() -> None:
    assert x509.bundle(KEY) == x509.Bundle((), frozenset(), (), (), None)


@given(st.text() | st.text(alphabet="-BEGINDCRTFA \n="))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert x509.bundle(text).certificates == ()


@given(st.sampled_from(sorted(MADE.RECIPES)), st.integers(0, 2000), st.integers(0, 255))
def test_a_damaged_certificate_is_unreadable_or_another(name: str, place: int, value: int) -> None:
    der = bytearray(MADE.make(name))
    der[place % len(der)] = value
    text = f"-----BEGIN CERTIFICATE-----\n{b64encode(bytes(der)).decode()}\n-----END CERTIFICATE-----\n"
    found = x509.bundle(text + MADE.pem("issuing") + MADE.pem("root"))
    assert len(found.unreadable) + len(found.certificates) in (2, 3)
    assert found.ends is not None


@given(st.permutations(["server", "issuing", "root", "expired-root", "cross-signed-root", "expired-issuing"]))
def test_the_order_of_a_file_does_not_matter(names: list[str]) -> None:
    found = x509.bundle(file_of(*names))
    assert found.missing_issuers == ()
    assert found.ends == datetime(2031, 1, 1, tzinfo=UTC)


@given(st.sets(st.sampled_from(sorted(MADE.RECIPES)), min_size=1))
def test_a_file_ends_with_one_of_its_certificates(names: set[str]) -> None:
    found = x509.bundle(file_of(*sorted(names)))
    ends = [one.ends for one in found.certificates]
    assert found.ends in ends
    assert {one.sha1 for one in found.certificates} == {MADE.fingerprint(name) for name in names}
    if not any(one.root for one in found.certificates):
        assert found.missing_issuers


@given(st.sets(st.sampled_from(sorted(MADE.RECIPES))), st.sampled_from(sorted(MADE.RECIPES)))
def test_a_root_more_never_makes_a_complete_file_end_earlier(names: set[str], more: str) -> None:
    before = x509.bundle(file_of(*sorted(names)))
    if MADE.RECIPES[more].issuer or before.ends is None or before.missing_issuers:
        return
    after = x509.bundle(file_of(*sorted({*names, more})))
    if all(one.signer for one in after.certificates):
        assert after.ends is not None
        assert after.ends >= before.ends


def test_the_issuer_of_a_missing_issuer_cannot_be_known() -> None:
    assert x509.bundle(file_of("server")).missing_issuers == ("CN=Example Issuing CA,O=Example",)


def test_a_server_alone_is_judged_by_its_own_end() -> None:
    assert x509.bundle(file_of("expired-server")).ends == datetime(2025, 6, 1, tzinfo=UTC)


def test_a_sha1_root_is_a_root_even_if_unsupported() -> None:
    assert x509.bundle(file_of("sha1-root")).certificates[0].root


def test_matching_names_do_not_make_a_root_of_anothers_signature() -> None:
    der = bytearray(MADE.make("own-server-plain"))
    der[-1] ^= 1
    text = f"-----BEGIN CERTIFICATE-----\n{b64encode(bytes(der)).decode()}\n-----END CERTIFICATE-----\n"
    found = x509.bundle(text)
    assert not any(one.root for one in found.certificates)


def test_every_certificate_in_a_case_comes_from_the_tool() -> None:
    made = {MADE.make(name) for name in MADE.RECIPES}
    seen = set()
    for file in sorted(pack_directory().glob("*/*.cases.yaml")):
        for text in _pems(read_yaml(file)):
            for block in pem.blocks(text):
                if block.is_certificate and block.body and text.count("\n") > 5 and "***" not in block.body:
                    seen.add(b64decode(block.body))
    assert seen
    assert seen <= made


def _pems(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = value.get("CertificatePem")
        return [own] if isinstance(own, str) else [text for item in value.values() for text in _pems(item)]
    return [text for item in value for text in _pems(item)] if isinstance(value, list) else []


def test_the_parser_is_loaded_at_the_first_certificate() -> None:
    program = (
        "import sys\n"
        "from dms_lint.facts import FACTS\n"
        "from dms_lint.libs import pem, x509\n"
        f"x509.bundle({KEY!r}), pem.blocks({MADE.pem('root')!r})\n"
        "assert not any(name.startswith('cryptography') for name in sys.modules)\n"
        f"x509.bundle({MADE.pem('root')!r})\n"
        "assert 'cryptography' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# -- facts about a certificate


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"CertificatePem": MADE.pem("root")}, "pem"),
        ({"CertificatePem": MADE.pem("root") + KEY}, "pem"),
        ({"CertificatePem": KEY}, "private-key"),
        ({"CertificatePem": "-----BEGIN ENCRYPTED PRIVATE KEY-----"}, "private-key"),
        ({"CertificatePem": " "}, "other"),
        ({"CertificatePem": "", "CertificateWallet": WALLET}, "wallet"),
    ],
)
def test_the_format_is_what_was_imported(data: dict[str, Any], found: str) -> None:
    assert certificates.form(*certificate(**data)) == found


def test_an_empty_answer_tells_no_format() -> None:
    with pytest.raises(Missing, match="has neither CertificatePem nor CertificateWallet"):
        certificates.form(*certificate(CertificatePem="", CertificateWallet=None))


def test_no_fact_shows_the_text_of_a_private_key() -> None:
    one, inventory = certificate(CertificatePem=KEY.replace("(removed)", "c2VjcmV0"))
    for fact in FACTS.values():
        if "certificate" in fact.kinds:
            try:
                said = str(fact.derive(one, inventory))
            except Missing as missing:
                said = missing.message + missing.reason
            assert "c2VjcmV0" not in said


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 12, 12, 23, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 12, 13, tzinfo=UTC), 0),
        (datetime(2026, 12, 13, 0, 0, 1, tzinfo=UTC), -1),
        (datetime(2026, 12, 12, tzinfo=UTC), 1),
    ],
)
def test_days_are_whole_and_negative_after_the_last_moment(now: datetime, days: int) -> None:
    assert certificates.days_left(*certificate(now, CertificatePem=MADE.pem("ending-root"))) == days


@given(st.integers(0, 7_000_000_000))
def test_a_wallet_lasts_until_the_moment_aws_gives(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    for written in (moment.isoformat(), moment.timestamp()):
        one = certificate(CertificateWallet=WALLET, ValidToDate=written)
        assert certificates.days_left(*one) == (moment - NOW) // timedelta(days=1)
        assert certificates.ends(*one) == (f"wallet until {moment.date().isoformat()}",)


@pytest.mark.parametrize(
    ("algorithm", "bits", "said"),
    [
        ("SHA256withRSA", 2047, ("the wallet has an RSA key of 2047 bits",)),
        ("SHA256WithRSAEncryption", 2048, ()),
        ("SHA384withECDSA", 384, ()),
        ("SHA256withECDSA", 192, ("the wallet has an EC key of 192 bits",)),
    ],
)
def test_a_wallet_is_as_weak_as_aws_describes_it(algorithm: str, bits: int, said: tuple[str, ...]) -> None:
    one = certificate(CertificateWallet=WALLET, SigningAlgorithm=algorithm, KeyLength=bits)
    assert certificates.weaknesses(*one) == said


def test_a_wallet_with_an_unheard_of_algorithm_is_unknown() -> None:
    with pytest.raises(Missing) as caught:
        certificates.weaknesses(*certificate(CertificateWallet=WALLET, SigningAlgorithm="FALCON", KeyLength=512))
    assert caught.value.status is Status.NOT_READABLE


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "CertificatePem",
                "CertificateWallet",
                "ValidToDate",
                "SigningAlgorithm",
                "KeyLength",
                "CertificateIdentifier",
            ]
        ),
        GARBAGE | st.sampled_from([MADE.pem("root"), KEY, WALLET, "SHA1withRSA", "2026-13-45"]),
    )
)
def test_a_fact_of_a_garbled_certificate_raises_only_missing(data: dict[str, Any]) -> None:
    one, inventory = certificate(**data)
    for fact in FACTS.values():
        if "certificate" in fact.kinds:
            with contextlib.suppress(Missing):
                fact.derive(one, inventory)


# -- who names it


def test_all_members_that_name_a_certificate_are_uses_of_it() -> None:
    kafka = {"SslCaCertificateArn": "a", "SslClientCertificateArn": "b", "SslClientKeyArn": "c", "Topic": "orders"}
    listed = [endpoint(EngineName="Kafka", CertificateArn="d", KafkaSettings=kafka)]
    inventory = inventory_of([], listed)
    (found,) = inventory.known("endpoint")
    assert list(certificate_users.uses(found, inventory)) == [
        ("CertificateArn", "d"),
        ("KafkaSettings.SslCaCertificateArn", "a"),
        ("KafkaSettings.SslClientCertificateArn", "b"),
        ("KafkaSettings.SslClientKeyArn", "c"),
    ]


def test_a_data_provider_names_a_certificate_in_its_settings() -> None:
    settings = {"MySqlSettings": {"CertificateArn": CERT}, "OracleSettings": None}
    provider = {"DataProviderArn": f"{DMS}data-provider:ORDERS", "DataProviderName": "orders", "Settings": settings}
    inventory = inventory_of([{"CertificateArn": CERT, "CertificateIdentifier": "orders-ca"}], [], [provider])
    (found,) = inventory.known("data-provider")
    assert list(certificate_users.uses(found, inventory)) == [("Settings.MySqlSettings.CertificateArn", CERT)]
    (one,) = inventory.known("certificate")
    assert certificate_users.users(one, inventory) == ("data-provider orders",)


def test_a_certain_use_counts_beside_a_missing_part() -> None:
    one = {"CertificateArn": CERT, "CertificateIdentifier": "orders-ca"}
    inventory = inventory_of([one], [endpoint(EngineName="kafka", CertificateArn=CERT)])
    (found,) = inventory.known("certificate")
    assert certificate_users.users(found, inventory) == ("endpoint orders",)


def test_an_endpoint_of_another_region_with_a_hole_hides_no_use() -> None:
    elsewhere = endpoint(EndpointArn="arn:aws:dms:us-east-1:111122223333:endpoint:EVENTS", EngineName="kafka")
    one = {"CertificateArn": CERT, "CertificateIdentifier": "orders-ca"}
    inventory = inventory_of(
        [one], [elsewhere, endpoint()], [{"DataProviderArn": f"{DMS}data-provider:A", "Settings": {}}]
    )
    (found,) = inventory.known("certificate")
    assert certificate_users.users(found, inventory) == ()


def test_a_certificate_named_as_kafka_key_is_a_certificate() -> None:
    one = {"CertificateArn": CERT, "CertificateIdentifier": "orders-ca", "CertificatePem": MADE.pem("root")}
    inventory = inventory_of([one], [endpoint(EngineName="kafka", KafkaSettings={"SslClientKeyArn": CERT})])
    (found,) = inventory.known("certificate")
    assert certificate_users.client_key_endpoints(found, inventory) == ()


def test_a_certain_dangling_certificate_counts_beside_an_unknown() -> None:
    kafka = {"SslCaCertificateArn": CERT, "SslClientKeyArn": "arn:aws:dms:us-east-1:111122223333:cert:KEY"}
    documents = [Document("dms:DescribeEndpoints", {"Endpoints": [endpoint(EngineName="kafka", KafkaSettings=kafka)]})]
    inventory = Inventory(documents, NOW)
    (found,) = inventory.known("endpoint")
    assert endpoint_certificates.dangling_certificates(found, inventory) == (
        "KafkaSettings.SslClientKeyArn arn:aws:dms:us-east-1:111122223333:cert:KEY",
    )


@given(
    st.dictionaries(
        st.sampled_from(
            ["EngineName", "CertificateArn", "KafkaSettings", "RedisSettings", "ServerName", "SslMode", "MySQLSettings"]
        ),
        GARBAGE
        | st.sampled_from(["kafka", "oracle", CERT, "db.abc.eu-west-1.rds.amazonaws.com"])
        | st.dictionaries(st.sampled_from(["SslClientKeyArn", "SslCaCertificateArn", "ServerName"]), GARBAGE),
    ),
    GARBAGE,
)
def test_a_fact_of_a_garbled_endpoint_raises_nothing_but_missing(data: dict[str, Any], junk: Any) -> None:
    arn = "arn:aws:rds:eu-west-1:111122223333:"
    items: dict[str, tuple[str, Any]] = {
        "dms:DescribeEndpoints": ("Endpoints", endpoint(**data)),
        "dms:DescribeCertificates": ("Certificates", {"CertificateArn": CERT, "CertificatePem": junk}),
        "dms:DescribeConnections": (
            "Connections",
            {"EndpointArn": f"{DMS}endpoint:ORDERS", "ReplicationInstanceArn": f"{DMS}rep:A", "Status": junk},
        ),
        "rds:DescribeDBInstances": (
            "DBInstances",
            {"DBInstanceArn": f"{arn}db:a", "Endpoint": junk, "CACertificateIdentifier": junk},
        ),
        "rds:DescribeDBClusters": (
            "DBClusters",
            {
                "DBClusterArn": f"{arn}cluster:a",
                "Endpoint": "db.abc.eu-west-1.rds.amazonaws.com",
                "DBClusterMembers": junk,
            },
        ),
    }
    inventory = Inventory([Document(call, {key: [item]}) for call, (key, item) in items.items()], NOW)
    (found,) = inventory.known("endpoint")
    for fact in (*endpoint_certificates.FACTS, *database_authorities.FACTS):
        if "endpoint" in fact.kinds:
            with contextlib.suppress(Missing):
                fact.derive(found, inventory)


def test_an_authority_is_compared_by_its_regions_root() -> None:
    host = "orders.abc.eu-west-1.rds.amazonaws.com"
    colons = ":".join(MADE.fingerprint("rds-root")[place : place + 2] for place in range(0, 40, 2)).upper()
    instance = {
        "DBInstanceArn": "arn:aws:rds:eu-west-1:111122223333:db:orders",
        "Endpoint": {"Address": host},
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    }
    authorities = [
        {
            "CertificateIdentifier": "rds-ca-rsa2048-g1",
            "CertificateArn": f"arn:aws:rds:{region}::cert:rds-ca-rsa2048-g1",
            "Thumbprint": thumbprint,
        }
        for region, thumbprint in (("eu-west-1", colons), ("us-east-1", "0" * 40))
    ]
    one = {"CertificateArn": CERT, "CertificateIdentifier": "orders-ca", "CertificatePem": MADE.pem("rds-root")}
    inventory = Inventory(
        [
            Document("dms:DescribeEndpoints", {"Endpoints": [endpoint(CertificateArn=CERT, ServerName=host.upper())]}),
            Document("dms:DescribeCertificates", {"Certificates": [one]}),
            Document("rds:DescribeDBInstances", {"DBInstances": [instance]}),
            Document("rds:DescribeCertificates", {"Certificates": authorities}),
        ],
        NOW,
    )
    (found,) = inventory.known("endpoint")
    assert database_authorities.database_authorities(found, inventory) == ("rds-ca-rsa2048-g1",)
    assert database_authorities.uncovered_authorities(found, inventory) == ()


def test_an_authority_without_a_name_is_not_taken_for_covered() -> None:
    host = "orders.abc.eu-west-1.rds.amazonaws.com"
    instance = {
        "DBInstanceIdentifier": "orders",
        "DBInstanceArn": "arn:aws:rds:eu-west-1:111122223333:db:orders",
        "Endpoint": {"Address": host},
        "CACertificateIdentifier": "",
    }
    nameless = {"CertificateArn": "arn:aws:rds:eu-west-1::cert:", "CertificateIdentifier": "", "Thumbprint": "0" * 40}
    one = {"CertificateArn": CERT, "CertificateIdentifier": "orders-ca", "CertificatePem": MADE.pem("rds-root")}
    inventory = Inventory(
        [
            Document("dms:DescribeEndpoints", {"Endpoints": [endpoint(CertificateArn=CERT, ServerName=host)]}),
            Document("dms:DescribeCertificates", {"Certificates": [one]}),
            Document("rds:DescribeDBInstances", {"DBInstances": [instance]}),
            Document("rds:DescribeCertificates", {"Certificates": [nameless]}),
        ],
        NOW,
    )
    (found,) = inventory.known("endpoint")
    with pytest.raises(Missing, match="CACertificateIdentifier"):
        database_authorities.uncovered_authorities(found, inventory)

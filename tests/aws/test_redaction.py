"""What a message and an answer say without credentials, and that what is judged of them stays."""

from __future__ import annotations

import json
import re
import string
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dms_lint.aws import redaction
from dms_lint.aws.connection_attributes import (
    HIDDEN,
    Credentials,
    credentials_in,
    has_userinfo,
    is_credential_member,
    is_documented,
    is_suspect,
    is_switch,
    redacted_attributes,
    stored_attributes,
    value_end,
)
from dms_lint.aws.secret_values import without_values
from dms_lint.collectors.exports import parse_export
from dms_lint.collectors.live.calls import CALLS
from dms_lint.data.tables import pack_directory
from dms_lint.engine.cases import Case, case_file, documents, read_cases
from dms_lint.engine.evaluate import evaluate
from dms_lint.facts.dms.endpoints import parse_attributes
from dms_lint.facts.network.hosts import parse_hosts
from dms_lint.inventory.inventory import Inventory
from dms_lint.libs.pem import blocks
from dms_lint.libs.x509 import bundle
from dms_lint.model import Document, Pack
from dms_lint.rulepack.loader import load_pack
from tests.aws.wire import operation_model

BUNDLED = load_pack(pack_directory())
MARK = "S3cr3tV4lu3"
DENIED = (
    "User: arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/"
    "m.palmer@example.com is not authorized to perform: kms:DescribeKey on resource: "
    "arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    " because no resource-based policy allows the kms:DescribeKey action"
)

# -- messages


@pytest.mark.parametrize(
    "message",
    [
        "",
        DENIED,
        "Rate exceeded",
        "The security token included in the request is expired",
        "Token has expired and refresh failed",
        "Credentials were refreshed, but the refreshed credentials are still expired.",
        "Signature expired: 20261123T100000Z is now earlier than 20261123T101000Z (20261123T102000Z - 5 min.)",
        'Could not connect to the endpoint URL: "https://dms.eu-west-1.amazonaws.com/"',
        "Alias arn:aws:kms:eu-west-1:111122223333:alias/orders is not found.",
        "Parameter validation failed:\nInvalid length for parameter KeyId, value: 0, valid min length: 1",
        "SSL validation failed for https://dms.eu-west-1.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED] self-signed",
    ],
)
def test_a_message_that_gives_nothing_away_stays(message: str) -> None:
    assert redaction.message(message) == message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("No match.\n\nThe Canonical String for this request should have been\n'POST\n/'", "No match."),
        ("No match. The String-to-Sign should have been 'x'", "No match."),
        ("AWS4-HMAC-SHA256 Credential=x", HIDDEN),
        (
            f"{DENIED}. Encoded authorization failure message: 4GIOHl-x_",
            f"{DENIED}. Encoded authorization failure message: {HIDDEN}",
        ),
        ("see https://x/y?X-Amz-Signature=abc&z=1 now", f"see https://x/y?X-Amz-Signature={HIDDEN}&z=1 now"),
        ("x-amz-security-token:abc", f"x-amz-security-token:{HIDDEN}"),
        ("the key AKIAIOSFODNN7EXAMPLE is no more", f"the key {HIDDEN} is no more"),
        ("Authorization: Bearer abc def", f"Authorization: {HIDDEN}"),
        ("no proxy at http://user:abc@proxy:3128/", f"no proxy at http://{HIDDEN}@proxy:3128/"),
        ("cannot run CREATE USER a IDENTIFIED BY 'a b' now", f"cannot run CREATE USER a IDENTIFIED BY {HIDDEN} now"),
        ("cannot log in with pwd=abc", f"cannot log in with pwd={HIDDEN}"),
        ("bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.sig was refused", f"bearer {HIDDEN} was refused"),
        (f"no arn:aws:s3:::x/{'a' * 65}/y", f"no arn:aws:s3:::x/{HIDDEN}/y"),
    ],
)
def test_what_a_message_says_without_credentials(message: str, shown: str) -> None:
    assert redaction.message(message) == shown


blobs = st.text(string.ascii_letters + string.digits + "+/", min_size=200, max_size=400).map(lambda text: text + "==")
around = st.text(max_size=30) | st.sampled_from(
    [
        "",
        DENIED,
        "arn:aws:iam::111122223333:role/",
        "x-amz-security-token:",
        "token=",
        "https://host/?X-Amz-Signature=",
        '"',
        "\n",
    ]
)


@given(around, blobs, around)
def test_no_token_within_a_message_is_left(before: str, blob: str, after: str) -> None:
    assert not leaks(blob, redaction.message(before + blob + after))


@given(around, blobs, around)
def test_no_token_within_a_traceback_is_left(before: str, blob: str, after: str) -> None:
    assume('  File "' not in before)
    assert not leaks(blob, redaction.trace(f"ValueError: {before}{blob}{after}"))


@given(st.lists(around | blobs, max_size=4).map("".join))
def test_a_message_says_the_same_after_a_second_time(message: str) -> None:
    once = redaction.message(message)
    assert redaction.message(once) == once


def leaks(secret: str, text: str, length: int = 24) -> bool:
    """Whether a text holds as much of a secret as could be of use."""
    return any(secret[at : at + length] in text for at in range(len(secret) - length))


def test_an_error_message_read_from_a_file_is_cleaned_too() -> None:
    content = f"An error occurred (AccessDenied) when calling the DescribeEndpoints operation: no; token={MARK}"
    (document,) = parse_export(content.encode(), "describe-endpoints.json.err")
    assert isinstance(document, Document)
    assert document.refusal is not None
    assert document.refusal.message == f"no; token={HIDDEN}"


# -- extra connection attributes

pieces = st.sampled_from(
    [
        *("password", "allowPwd", "token", "x", "useBfile", "mongodb", "a.b", "true", "1", "***"),
        *("=", "=", ";", ";", " ", ",", ":", "://", "@", "/", "{", "}", '"', "'", "-", "("),
    ]
)
attributes = st.lists(pieces, max_size=20).map("".join)


@given(attributes)
@example("://-@password:{")
@example("}token=1")
@example(":token'://")
@example("token,token=")
@example("x://u=1@k://q:p@h")
@example("://}@://(xallowPwd-true,==")
def test_attributes_that_are_stored_are_judged_as_they_were(text: str) -> None:
    stored = stored_attributes(text)
    assert stored_attributes(stored) == stored
    assert credentials_in(stored) == credentials_in(text)
    assert parse_attributes(stored) == parse_attributes(text)
    assert redacted_attributes(stored) == redacted_attributes(text)
    before = credentials_as_written(text)
    assert bool(credentials_in(text).certain) == bool(before.certain)
    assert before.certain or credentials_in(text).doubtful == before.doubtful


def credentials_as_written(text: str) -> Credentials:
    """Whether there are credentials, by the text as AWS gave it and not by what is stored of it."""
    word = re.compile(r"""(?<![\w.-])([\w.-]++)(?:\s*+=|["']\s*+:)\s*+""")
    certain: list[str] = []
    doubtful: list[str] = []
    for match in word.finditer(text):
        value = text[match.end() : value_end(text, match.end())].strip()
        if value and is_suspect(match[1]):
            (doubtful if is_switch(value) and not is_documented(match[1]) else certain).append(match[1].lower())
    for part in text.split(";"):
        name, _, value = part.partition("=")
        first = (re.findall(r"[\w.-]+", name) or [""])[0].lower()
        if first and (has_userinfo(value) or (first != name.strip().lower() and is_suspect(first) and value.strip())):
            certain.append(first)
    return Credentials(tuple(certain), tuple(dict.fromkeys(doubtful)))


names = st.sampled_from(
    ["password", "asm_password", "SaslPassword", "authToken", "clientSecret", "ssl_pwd", "TDE_Password"]
)
values = st.text(st.characters(exclude_characters=";", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(names, st.sampled_from(["=", " = ", ": ", " "]), values, values), min_size=1, max_size=5))
def test_no_value_of_a_credential_is_stored(parts: list[tuple[str, str, str, str]]) -> None:
    text = ";".join(f"{name}={before}{MARK}{after}" for name, _, before, after in parts)
    assert MARK not in stored_attributes(text)
    careless = ";".join(f"{name}{between}{MARK}{after}=x" for name, between, _, after in parts if "=" not in between)
    assert MARK not in stored_attributes(careless)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("password=abc;useBfile=Y", "password=***;useBfile=Y"),
        ("password=;useBfile=Y", "password=;useBfile=Y"),
        ("allowCleartextPassword=1", "allowCleartextPassword=1"),
        ("password hunter2=x;useBfile=Y", "password ***=***;useBfile=Y"),
        ("password: hunter2;useBfile=Y", "password ***;useBfile=Y"),
        ("uri=mongodb://u:p/w@d@host/db;useBfile=Y", "uri=mongodb://***@host/db;useBfile=Y"),
        ("uri=mongodb://u:p@host/db;useBfile=Y", "uri=mongodb://***:***@host/db;useBfile=Y"),
        ("uri=mongodb://u@host/db", "uri=mongodb://***@host/db"),
        ("password={a;secretsManagerSecretId=b};useBfile=Y", "password=***;useBfile=Y"),
    ],
)
def test_what_is_stored_of_attributes(text: str, stored: str) -> None:
    assert stored_attributes(text) == stored


# -- answers


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("Password", MARK, HIDDEN),
        ("Password", "", ""),
        ("MasterUserPassword", "****", "****"),
        ("SecurityDbEncryption", MARK, HIDDEN),
        ("SecurityDbEncryptionName", "ORACLE.SECURITY.DB.x", "ORACLE.SECURITY.DB.x"),
        ("MasterPasswordSecretArn", "arn:x", "arn:x"),
        ("EncryptPassword", True, True),
        ("NextToken", "page-2", "page-2"),
        ("CertificateWallet", "AAAA", HIDDEN),
        ("LastFailureMessage", f"cannot log in: Uid=dms;Pwd={MARK}", f"cannot log in: Uid=dms;Pwd={HIDDEN}"),
        ("FailureMessages", ["fine", f"token={MARK}"], ["fine", f"token={HIDDEN}"]),
        ("AfterConnectScript", f"SET PASSWORD '{MARK}'", HIDDEN),
        ("AfterConnectScript", "SET FOREIGN_KEY_CHECKS=0", "SET FOREIGN_KEY_CHECKS=0"),
        (
            "ReplicationTaskSettings",
            f'{{"X": {{"SaslPassword" : "{MARK}\\"", "Y": "z"}}}}',
            '{"X": {"SaslPassword" : "***", "Y": "z"}}',
        ),
        ("EndpointUri", f"https://u:{MARK}@host:443/x", f"https://{HIDDEN}@host:443/x"),
        (
            "ReportLocation",
            f"https://b.s3.amazonaws.com/k?X-Amz-Expires=300&X-Amz-Security-Token={MARK}&X-Amz-Signature={MARK}",
            f"https://b.s3.amazonaws.com/k?X-Amz-Expires={HIDDEN}&X-Amz-Security-Token={HIDDEN}&X-Amz-Signature={HIDDEN}",
        ),
        (
            "S3ObjectUrl",
            f"https://b.s3.amazonaws.com/k?AWSAccessKeyId=x&Signature={MARK}&Expires=1",
            f"https://b.s3.amazonaws.com/k?AWSAccessKeyId={HIDDEN}&Signature={HIDDEN}&Expires=1",
        ),
        ("Variables", {"Key": "password", "Value": "x"}, {"Key": "password", "Value": "x"}),
    ],
)
def test_what_is_kept_of_a_member(name: str, value: Any, hidden: Any) -> None:
    assert redaction.answer({name: value}) == {name: hidden}
    assert redaction.answer({"Endpoints": [{"Settings": {name: value}}]}) == {
        "Endpoints": [{"Settings": {name: hidden}}]
    }


PUBLIC = {
    "SelectionRules": "names of tables",
    "PublicIpAddresses": "addresses",
    "KMSMasterKeyID": "the name of a key",
    "Variables": "taken out by without_values",
    "SecretString": "taken out by without_values",
    "SecretBinary": "taken out by without_values",
    "Message": "prose: what it names as a credential is hidden",
}
"""Members that botocore marks as sensitive and that are kept, and why."""


def test_whatever_botocore_calls_sensitive_is_hidden() -> None:
    names = {name for call in CALLS for name in sensitive(operation_model(call.operation).output_shape)}
    assert {"Password", "AsmPassword", "SaslPassword", "MasterUserPassword"} <= names
    for name in names - set(PUBLIC):
        assert redaction.answer({name: MARK}) == {name: HIDDEN}
    assert set(PUBLIC) <= names


def sensitive(shape: Any, name: str = "", within: frozenset[str] = frozenset()) -> set[str]:
    """The members of an output that its model marks as sensitive."""
    if shape is None or shape.name in within:
        return set()
    within |= {shape.name}
    names_of = {name} if shape.metadata.get("sensitive") else set()
    if shape.type_name == "structure":
        return names_of.union(*(sensitive(part, label, within) for label, part in shape.members.items()))
    inner = {"list": "member", "map": "value"}.get(shape.type_name)
    return names_of | sensitive(getattr(shape, inner), name, within) if inner else names_of


addresses = st.lists(
    st.sampled_from(["a", "b.c", "1", "http", "https", "://", ":", "/", "@", "@", "?", "#", ",", " ", "-", "HTTPS://"]),
    max_size=12,
).map("".join)


@given(addresses)
@example("https://user:p/w@host")
@example("user:p://w@host")
@example("1://w@host")
def test_an_address_without_its_user_names_the_same_hosts(address: str) -> None:
    hidden = redaction.without_user(address)
    assert redaction.without_user(hidden) == hidden
    assert parse_hosts(hidden) == parse_hosts(address)
    # By the protocol is judged whether the connection is encrypted.
    assert protocol(hidden) == protocol(address)


def protocol(address: str) -> tuple[str, bool]:
    """HTTP or HTTPS, and whether the address names any protocol."""
    name, mark, _ = address.strip().lower().partition("://")
    return name if name in ("http", "https") else "", bool(mark)


KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
labels = st.sampled_from(["CERTIFICATE", "X509 CERTIFICATE", "PRIVATE KEY", "RSA PRIVATE KEY"])
lines = st.one_of(
    st.builds("-----{} {}-----".format, st.sampled_from(["BEGIN", "END"]), labels),
    st.sampled_from(["-----BEGIN PRIVATE KEY----", "AAAA", "!", "", "subject=CN=x", "Proc-Type: 4,ENCRYPTED"]),
)


@given(st.lists(lines, max_size=10).map("\n".join))
def test_a_certificate_without_keys_is_judged_as_it_was(pem: str) -> None:
    hidden = redaction.without_keys(pem)
    assert redaction.without_keys(hidden) == hidden
    assert bundle(hidden) == bundle(pem)
    assert [block.label for block in blocks(hidden)] == [block.label for block in blocks(pem)]


@given(st.lists(lines, max_size=6), st.lists(lines, max_size=6), st.sampled_from(["PRIVATE KEY", "EC PRIVATE KEY"]))
def test_no_private_key_is_stored(before: list[str], after: list[str], label: str) -> None:
    assume("-----BEGIN CERTIFICATE-----" not in before)
    pem = "\n".join([*before, f"-----BEGIN {label}-----", KEY, *after])
    assert KEY not in redaction.answer({"CertificatePem": pem})["CertificatePem"]
    assert KEY not in redaction.answer({"Anything": f"-----BEGIN {label}-----\n{KEY}"})["Anything"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Password", "ServerName", "Message", "ExtraConnectionAttributes"]), inner, max_size=3
        )
    ),
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=3))
def test_an_answer_says_the_same_after_a_second_time(body: dict[str, Any]) -> None:
    once = redaction.answer(body)
    assert redaction.answer(once) == once
    assert json.loads(json.dumps(once)) == once


def test_a_derived_value_is_not_derived_once_more() -> None:
    derived = without_values("secretsmanager:GetSecretValue", {"ARN": "a", "SecretString": '{"password": "a;b"}'})
    assert derived["Derived"]["PasswordCharacters"] == [";"]
    assert without_values("secretsmanager:GetSecretValue", derived) == derived


@pytest.mark.parametrize("name", ["PasswordLastUsed", "MasterPasswordSecretKmsKeyId", "AccessKeyId", "KmsKeyId"])
def test_a_member_that_is_named_after_a_credential_is_none(name: str) -> None:
    assert not is_credential_member(name)


# -- verdicts

CASES = {rule.id: list(read_cases(rule)) for rule in BUNDLED.rules if case_file(rule).exists()}


def verdicts(case: Case, *, hidden: bool) -> Any:
    """What is judged of the answers of a case; with `hidden`, of what a snapshot holds of them."""
    answers = list(documents(case))
    if hidden:
        answers = [
            document if document.refusal else document._replace(body=without_values(document.operation, document.body))
            for document in answers
        ]
    rules = [rule for rule in BUNDLED.rules if rule.id == case.rule]
    outcome = evaluate(rules, Inventory(answers, case.at), all_verdicts=True)
    assert not outcome.faults
    return [
        (result.resource.id, result.verdict, str(result.evidence), str(result.missing)) for result in outcome.findings
    ]


@pytest.mark.parametrize("rule", CASES)
def test_every_case_is_judged_alike_by_what_a_snapshot_keeps(rule: str, pack: Pack) -> None:
    for case in CASES[rule]:
        assert verdicts(case, hidden=True) == verdicts(case, hidden=False), case.name

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.aws.connection_attributes import HIDDEN, is_suspect, redacted_attributes
from dms_lint.data.tables import table
from dms_lint.facts import FACTS
from dms_lint.facts.credentials import secret_changes, secret_settings, secrets
from dms_lint.facts.credentials.secrets import Reference, find_secret
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Refusal, Resource, Status
from dms_lint.rulepack.predicates import compile_schema
from tests.build import NOW

HERE, EU, US = "111122223333", "eu-west-1", "us-east-1"
ROLE = f"arn:aws:iam::{HERE}:role/dms-secret-access"


def secret_arn(name: str, suffix: str = "a1B2c3", region: str = EU, account: str = HERE) -> str:
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}" + (f"-{suffix}" if suffix else "")


def secret(name: str, suffix: str = "a1B2c3", region: str = EU, **more: Any) -> dict[str, Any]:
    return {"ARN": secret_arn(name, suffix, region), "Name": name, **more}


def described(*args: Any, **more: Any) -> Document:
    return Document("secretsmanager:DescribeSecret", secret(*args, **more))


def listed(*found: dict[str, Any]) -> Document:
    return Document("secretsmanager:ListSecrets", {"SecretList": list(found)}, account=HERE, region=EU)


def endpoints(*items: dict[str, Any]) -> Document:
    return Document("dms:DescribeEndpoints", {"Endpoints": list(items)})


def written(engine: Any = "mysql", **more: Any) -> dict[str, Any]:
    return {
        "EndpointArn": f"arn:aws:dms:{EU}:{HERE}:endpoint:ORDERS",
        "EndpointIdentifier": "orders",
        "EngineName": engine,
        **more,
    }


def of(kind: str, *documents: Document) -> tuple[Resource, Inventory]:
    inventory = Inventory(documents, NOW)
    (found,) = inventory.known(kind)
    return found, inventory


def look_up(id_: str, *documents: Document, account: str = HERE, region: str = EU) -> Resource | None:
    return find_secret(Reference(id_, account, region), Inventory(documents, NOW))


# -- finding a secret


@pytest.mark.parametrize("id_", [secret_arn("dms/orders"), secret_arn("dms/orders", ""), "dms/orders"])
def test_a_secret_is_found_by_arn_by_partial_arn_and_by_name(id_: str) -> None:
    found = look_up(id_, listed(secret("dms/orders"), secret("dms/orders-eu", "Zz9Yy8")))
    assert found is not None
    assert found.name == "dms/orders"


@pytest.mark.parametrize("id_", ["orders", "dms/order", "DMS/ORDERS", "dms/orders-a1B2c3", secret_arn("orders", "")])
def test_a_secret_goes_by_no_other_name(id_: str) -> None:
    assert look_up(id_, listed(secret("dms/orders"))) is None


def test_a_full_arn_is_preferred_to_a_longer_name_that_begins_so() -> None:
    documents = [listed(secret("orders-a1B2c3", "Zz9Yy8"), secret("orders"))]
    found = look_up(secret_arn("orders"), *documents)
    assert found is not None
    assert found.name == "orders"


def test_a_name_is_looked_up_in_its_own_region() -> None:
    far = described("dms/orders", region=US, CreatedDate=0)
    assert look_up("dms/orders", far, listed()) is None
    near = look_up("dms/orders", far, region=US)
    assert near is not None
    assert near.region == US


def test_an_account_that_is_not_known_finds_nothing_for_certain() -> None:
    with pytest.raises(Missing):
        look_up("dms/payments", described("dms/orders", CreatedDate=0), account="")


@pytest.mark.parametrize("id_", [secret_arn("dms/orders"), "dms/orders"])
def test_a_secret_that_aws_could_not_find_does_not_exist(id_: str) -> None:
    gone = Document(
        "secretsmanager:DescribeSecret",
        {},
        subject=id_,
        account=HERE,
        region=EU,
        refusal=Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    )
    assert look_up(id_, gone) is None


@pytest.mark.parametrize("id_", ["eu-orders", "dms/orders"])
def test_a_secret_not_found_says_nothing_of_another(id_: str) -> None:
    gone = Document(
        "secretsmanager:DescribeSecret",
        {},
        subject="orders",
        account=HERE,
        region=EU,
        refusal=Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
    )
    with pytest.raises(Missing):
        look_up(id_, gone)


@pytest.mark.parametrize(
    "id_", ["arn:", "arn:aws:kms:eu-west-1:111122223333:key/1", "arn:aws:secretsmanager:::secret:x"]
)
def test_an_arn_of_something_else_is_no_secret(id_: str) -> None:
    assert look_up(id_) is None


# -- reading the settings


def test_gcp_mysql_settings_of_a_mysql_endpoint_count() -> None:
    block = {"SecretsManagerSecretId": "dms/orders", "SecretsManagerAccessRoleArn": ROLE}
    endpoint, inventory = of("endpoint", endpoints(written(GcpMySQLSettings=block)))
    assert secret_settings.secret_id(endpoint, inventory) == "dms/orders"


def test_a_garbled_settings_block_is_unreadable_beside_passwords() -> None:
    endpoint, inventory = of("endpoint", endpoints(written(Username="dms", MySQLSettings=["no", "object"])))
    with pytest.raises(Missing) as missing:
        secret_settings.secret_id(endpoint, inventory)
    assert missing.value.status is Status.NOT_READABLE


def test_asm_settings_of_another_engine_are_none() -> None:
    block = {"SecretsManagerOracleAsmSecretId": "dms/asm", "AsmUser": "asm"}
    endpoint, inventory = of("endpoint", endpoints(written(MySQLSettings=block)))
    assert secret_settings.asm_secret_id(endpoint, inventory) == ""
    assert secret_settings.asm_settings(endpoint, inventory) == ()
    assert secret_settings.asm_clear_text(endpoint, inventory) == ()


def test_one_secret_for_two_purposes_is_named_once() -> None:
    block = {"SecretsManagerSecretId": "dms/both", "SecretsManagerOracleAsmSecretId": "dms/both"}
    endpoint, inventory = of("endpoint", endpoints(written("oracle", OracleSettings=block)))
    assert secrets.names(endpoint, inventory) == ("dms/both",)
    assert secrets.references(endpoint, inventory) == (Reference("dms/both", HERE, EU),)


def test_certain_names_do_not_hide_possible_ones() -> None:
    project = {
        "MigrationProjectArn": f"arn:aws:dms:{EU}:{HERE}:migration-project:ORDERS",
        "MigrationProjectName": "orders",
        "SourceDataProviderDescriptors": [{"SecretsManagerSecretId": "dms/orders"}],
        "TargetDataProviderDescriptors": "garbled",
    }
    document = Document("dms:DescribeMigrationProjects", {"MigrationProjects": [project]})
    found, inventory = of("migration-project", document, listed(secret("dms/orders")))
    assert secrets.names(found, inventory) == ("dms/orders",)
    with pytest.raises(Missing):
        secrets.dangling(found, inventory)
    with pytest.raises(Missing):
        secrets.references(found, inventory)


def test_no_secret_is_gone_beside_a_garbled_one() -> None:
    project = {
        "MigrationProjectArn": f"arn:aws:dms:{EU}:{HERE}:migration-project:ORDERS",
        "MigrationProjectName": "orders",
        "SourceDataProviderDescriptors": [{"SecretsManagerSecretId": "dms/orders"}],
        "TargetDataProviderDescriptors": [{"SecretsManagerSecretId": ["garbled"]}],
    }
    document = Document("dms:DescribeMigrationProjects", {"MigrationProjects": [project]})
    resource, inventory = of("migration-project", document, listed(secret("dms/orders")))
    with pytest.raises(Missing):
        secrets.gone(resource, inventory)


def test_every_engine_is_known_to_take_a_secret_or_not() -> None:
    rows = table("secret-authentication")
    listed_engines = [name for part in ("secret", "none") for row in rows[part] for name in row["engines"]]
    assert len(listed_engines) == len(set(listed_engines))
    assert {name for names in table("engines")["settings"].values() for name in names} == set(listed_engines)


def test_the_options_are_those_of_the_aws_cli() -> None:
    for block, names in table("engines")["settings"].items():
        for name in names:
            endpoint, inventory = of("endpoint", endpoints(written(name)))
            assert secret_settings.option(endpoint, inventory) == f"--{xform_name(block, '-')}"


# -- a task and its credentials


def test_a_version_without_a_date_keeps_the_last_rotation_date() -> None:
    versions = Document(
        "secretsmanager:ListSecretVersionIds",
        {"ARN": secret_arn("orders"), "Name": "orders", "Versions": [{"VersionStages": ["AWSCURRENT"]}]},
    )
    rotated = described("orders", LastRotatedDate="2026-11-20T03:00:00Z")
    task, inventory = of("task", tasks(), endpoints(*legs()), rotated, versions)
    assert secret_changes.change_dates(task, inventory) == ("orders (2026-11-20 03:00:00)",)


def test_versions_without_a_current_one_say_nothing() -> None:
    versions = Document(
        "secretsmanager:ListSecretVersionIds",
        {"ARN": secret_arn("orders"), "Name": "orders", "Versions": [{"VersionStages": ["AWSPENDING"]}]},
    )
    rotating = described("orders", RotationEnabled=True)
    task, inventory = of("task", tasks(), endpoints(*legs()), rotating, versions)
    with pytest.raises(Missing, match="no version labelled AWSCURRENT"):
        secret_changes.change_dates(task, inventory)


def test_a_start_that_is_garbled_is_not_readable() -> None:
    task, inventory = of("task", tasks(StartDate="yesterday"), endpoints(*legs()))
    with pytest.raises(Missing) as missing:
        secret_changes.running_since(task, inventory)
    assert missing.value.status is Status.NOT_READABLE


def tasks(**statistics: Any) -> Document:
    task = {
        "ReplicationTaskArn": f"arn:aws:dms:{EU}:{HERE}:task:ORDERS",
        "ReplicationTaskIdentifier": "orders",
        "SourceEndpointArn": f"arn:aws:dms:{EU}:{HERE}:endpoint:ORDERS",
        "TargetEndpointArn": f"arn:aws:dms:{EU}:{HERE}:endpoint:LAKE",
        "Status": "running",
        "ReplicationTaskStats": statistics,
    }
    return Document("dms:DescribeReplicationTasks", {"ReplicationTasks": [task]})


def legs() -> tuple[dict[str, Any], dict[str, Any]]:
    lake = written("s3") | {"EndpointArn": f"arn:aws:dms:{EU}:{HERE}:endpoint:LAKE", "EndpointIdentifier": "lake"}
    return written(MySQLSettings={"SecretsManagerSecretId": "orders"}), lake


# -- credentials among the attributes


def attributes_of(text: Any) -> tuple[str, ...]:
    endpoint, inventory = of("endpoint", endpoints(written(ExtraConnectionAttributes=text)))
    return secrets.credential_attributes(endpoint, inventory)


def test_a_careless_name_does_not_carry_the_value_along() -> None:
    assert attributes_of("password: hunter2=x") == ("password",)


def test_a_certain_credential_outweighs_a_doubtful_one() -> None:
    assert attributes_of("allowClearPassword=1;password=x") == ("password",)


@pytest.mark.parametrize("text", ["", ";;;", "=", "password", "password=", "= x", "securityDbEncryptionName=x"])
def test_attributes_that_hold_no_credential(text: str) -> None:
    assert attributes_of(text) == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("useBfile=Y", "useBfile=Y"),
        ("asm_password=abc;useBfile=Y", "asm_password=***;useBfile=Y"),
        ("Password = 'a b' ;useBfile=Y", "Password = ***;useBfile=Y"),
        ("password={a;b=c};useBfile=Y", "password=***;useBfile=Y"),
        ("password={a;b;useBfile=Y", "password=***"),
        ("password=ab;cd;useBfile=Y", "password=***;useBfile=Y"),
        ("asm_user=x,asm_password=y;useBfile=Y", "asm_user=x,asm_password=***;useBfile=Y"),
        ('options={"password": "x"};useBfile=Y', 'options={"password": ***;useBfile=Y'),
        ("uri=mongodb://u:p/w@d@host/db;useBfile=Y", "uri=mongodb://***@host/db;useBfile=Y"),
        (f"secretsManagerSecretId={secret_arn('orders')}", f"secretsManagerSecretId={secret_arn('orders')}"),
    ],
)
def test_what_is_shown_of_attributes(text: str, shown: str) -> None:
    assert redacted_attributes(text) == shown


plain_names = st.sampled_from(["useBfile", "asm_user", "eventsPollInterval", "secretsManagerSecretId", "initstmt"])
secret_names = st.one_of(
    st.sampled_from([row["name"] for row in table("secret-attributes")["credentials"]]),
    st.sampled_from(["clientSecret", "authToken", "ssl_pwd", "private-key", "proxyPasswd", "keyPassphrase"]),
).flatmap(lambda name: st.sampled_from([name, name.upper(), name.lower(), f" {name} "]))
values = st.text(st.characters(exclude_characters=";", exclude_categories=["Cs"]), max_size=12)
MARK = "S3cr3tV4lu3"


@given(st.lists(st.tuples(st.booleans(), plain_names, secret_names, values, values), min_size=1, max_size=6))
def test_no_secret_value_is_ever_shown(parts: list[tuple[bool, str, str, str, str]]) -> None:
    text = ";".join(
        f"{confidential}={before}{MARK}{after}" if hidden else f"{plain}={before}"
        for hidden, plain, confidential, before, after in parts
    )
    shown = redacted_attributes(text)
    assert MARK not in shown
    if any(hidden for hidden, *_ in parts):
        assert HIDDEN in shown
    assert all(is_suspect(confidential.strip()) for hidden, _, confidential, *_ in parts if hidden)


@given(st.lists(st.tuples(secret_names, values), min_size=1, max_size=6))
def test_no_fact_holds_a_secret_value(parts: list[tuple[str, str]]) -> None:
    text = ";".join(f"{name}={value}{MARK}" for name, value in parts)
    endpoint, inventory = of(
        "endpoint", endpoints(written("oracle", OracleSettings={}, ExtraConnectionAttributes=text))
    )
    for fact in (*secret_settings.FACTS, *secrets.FACTS):
        if "endpoint" in fact.kinds:
            assert MARK not in str(fact.derive(endpoint, inventory))


SETTINGS = {
    "s3": "S3Settings",
    "oracle": "OracleSettings",
    "mysql": "MySQLSettings",
    "mongodb": "MongoDbSettings",
    "redshift": "RedshiftSettings",
}
ATTRIBUTES = [
    "encryptionMode=SSE_KMS",
    "serverSideEncryptionKmsKeyId=alias/x",
    "serviceAccessRoleArn=arn:aws:iam::111122223333:role/x",
    "secretsManagerSecretId=prod/db",
    "bucketName=x",
    "connectionString=Server=h",
    "cannedAclForObjects=private",
    "secretsManagerEndpointOverride=https://x",
]


@pytest.mark.parametrize("engine", list(SETTINGS))
@pytest.mark.parametrize("before", ATTRIBUTES)
@pytest.mark.parametrize("separator", [";", ",", " ", "&", ", ", '"', ";;"])
@pytest.mark.parametrize("name", ["password", "Password", "asm_pass", "pass", "authKey", "saslPassword"])
def test_no_fact_shows_a_credential_within_another_value(engine: str, before: str, separator: str, name: str) -> None:
    text = f"{before}{separator}{name}={MARK}"
    body = written(engine, EndpointType="TARGET", **{SETTINGS[engine]: {}}, ExtraConnectionAttributes=text)
    endpoint, inventory = of("endpoint", endpoints(body))
    shown = []
    for fact in FACTS.values():
        if "endpoint" in fact.kinds:
            try:
                shown.append(str(fact.derive(endpoint, inventory)))
            except Missing as missing:
                shown.append(missing.message + missing.reason + missing.needs)
    assert MARK not in " ".join(shown)
    assert name.lower() in secrets.credential_attributes(endpoint, inventory)


# -- whatever stands there

json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
members = [
    *secret_settings.PAIR,
    *secret_settings.ASM_PAIR,
    *secret_settings.CLEAR,
    *secret_settings.ASM_CLEAR,
    "AuthenticationMethod",
    "AuthType",
]
blocks = st.one_of(json, st.dictionaries(st.sampled_from(members), st.one_of(json, st.just(secret_arn("orders")))))
engines = st.sampled_from(["mysql", "oracle", "mongodb", "s3", "azuredb", "clickhouse", "gcp-mysql", 5])


@given(
    engines,
    st.dictionaries(st.sampled_from([*table("engines")["settings"], "GcpMySQLSettings"]), blocks, max_size=3),
    st.dictionaries(st.sampled_from([*secret_settings.CLEAR, "ExtraConnectionAttributes"]), json, max_size=3),
    st.dictionaries(st.sampled_from(["RotationEnabled", "DeletedDate", "PrimaryRegion", "Name"]), json),
)
def test_a_fact_gives_a_value_of_its_schema_or_is_missing(
    engine: Any, settings: dict[str, Any], top: dict[str, Any], about: dict[str, Any]
) -> None:
    document = Document("secretsmanager:DescribeSecret", secret("orders") | {"CreatedDate": 0} | about)
    endpoint, inventory = of("endpoint", endpoints(written(engine, **settings, **top)), document)
    for fact in (*secret_settings.FACTS, *secrets.FACTS):
        if "endpoint" in fact.kinds:
            try:
                value = fact.derive(endpoint, inventory)
            except Missing:
                continue
            assert compile_schema(fact.schema)(value), fact.name

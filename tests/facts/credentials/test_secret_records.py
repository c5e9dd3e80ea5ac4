from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.collectors.exports import parse_export
from dms_lint.data.tables import table
from dms_lint.facts import FACTS
from dms_lint.facts.credentials import rotation, secrets
from dms_lint.facts.credentials import secret_records as secret_contents
from dms_lint.facts.credentials.secret_records import contents, forbidden_by_guide, forbidden_since, held
from dms_lint.facts.credentials.secrets import Reference
from dms_lint.facts.network.hosts import destinations_of, hosts_of
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Refusal, Resource, Status
from dms_lint.rulepack.predicates import compile_schema
from tests.build import NOW

HERE, EU = "111122223333", "eu-west-1"
ARN = f"arn:aws:secretsmanager:{EU}:{HERE}:secret:dms/orders-a1B2c3"
FUNCTION = f"arn:aws:lambda:{EU}:{HERE}:function:rotate"
HOST = "orders.example.com"
SECRET: dict[str, Any] = {"username": "dms", "password": "not-a-real-one", "port": 3306, "host": HOST}


def value(held_: Any, arn: str = ARN, version: str = "v1", **more: Any) -> Document:
    answer = {
        "ARN": arn,
        "Name": arn.split(":")[6][:-7],
        "VersionId": version,
        "SecretString": held_ if isinstance(held_, str) else json.dumps(held_),
        "VersionStages": ["AWSCURRENT"],
        **more,
    }
    (found,) = parse_export(json.dumps(answer).encode(), f"{version}.json", read_secrets=True)
    assert isinstance(found, Document)
    return found


def endpoint(id_: str = ARN, engine: str = "mysql", **settings: Any) -> Document:
    block = {"mysql": "MySQLSettings", "oracle": "OracleSettings", "sqlserver": "MicrosoftSQLServerSettings"}[engine]
    return Document(
        "dms:DescribeEndpoints",
        {
            "Endpoints": [
                {
                    "EndpointArn": f"arn:aws:dms:{EU}:{HERE}:endpoint:ORDERS",
                    "EndpointIdentifier": "orders",
                    "EndpointType": "SOURCE",
                    "EngineName": engine,
                    block: {"SecretsManagerSecretId": id_, **settings},
                }
            ]
        },
    )


def refused(code: str = "AccessDeniedException") -> Document:
    return Document(
        "secretsmanager:GetSecretValue", {}, subject=ARN, account=HERE, region=EU, refusal=Refusal(code, "no")
    )


def described(**more: Any) -> Document:
    return Document("secretsmanager:DescribeSecret", {"ARN": ARN, "Name": "dms/orders", "CreatedDate": 0, **more})


def of(*documents: Document) -> tuple[Resource, Inventory]:
    inventory = Inventory(documents, NOW)
    (found,) = inventory.known("endpoint")
    return found, inventory


# -- finding the record


@pytest.mark.parametrize("id_", [ARN, ARN[:-7], "dms/orders"])
def test_a_record_is_found_by_arn_by_partial_arn_and_by_name(id_: str) -> None:
    inventory = Inventory([value(SECRET), value({}, ARN.replace("dms/orders", "dms/lake"))], NOW)
    assert held(Reference(id_, HERE, EU), "Host", inventory) == HOST


@pytest.mark.parametrize("id_", [ARN.replace("a1B2c3", "X7y8Z9"), "orders", ARN.replace(EU, "us-east-1")])
def test_the_record_of_another_secret_says_nothing(id_: str) -> None:
    with pytest.raises(Missing, match="--read-secrets reads it"):
        contents(Reference(id_, HERE, EU), Inventory([value(SECRET)], NOW))


@pytest.mark.parametrize("stages", [["AWSPREVIOUS"], ["AWSPENDING"], [], None])
def test_a_value_that_is_not_current_says_nothing(stages: Any) -> None:
    with pytest.raises(Missing):
        contents(Reference(ARN, HERE, EU), Inventory([value(SECRET, VersionStages=stages)], NOW))


def test_of_several_versions_the_current_one_counts() -> None:
    old = value({**SECRET, "host": "old.example.com"}, version="v0", VersionStages=["AWSPREVIOUS"])
    assert held(Reference(ARN, HERE, EU), "Host", Inventory([old, value(SECRET)], NOW)) == HOST


def test_two_values_that_are_both_said_to_be_current_say_nothing() -> None:
    with pytest.raises(Missing) as missing:
        contents(Reference(ARN, HERE, EU), Inventory([value(SECRET), value({}, version="v2")], NOW))
    assert missing.value.status is Status.NOT_READABLE


def test_a_refusal_is_told() -> None:
    with pytest.raises(Missing) as missing:
        contents(Reference(ARN, HERE, EU), Inventory([refused()], NOW))
    assert missing.value.status is Status.NOT_READABLE
    assert "AccessDeniedException" in missing.value.message


def test_a_record_proves_that_the_secret_is_there() -> None:
    resource, inventory = of(endpoint(), value(SECRET))
    assert secrets.dangling(resource, inventory) == ()
    assert secrets.gone(resource, inventory) == ()


def test_a_secret_being_deleted_is_gone_whatever_its_value() -> None:
    resource, inventory = of(endpoint(), value(SECRET), described(DeletedDate=1))
    assert secrets.gone(resource, inventory) == (f"{ARN} (scheduled for deletion)",)


def test_of_a_secret_that_nothing_is_known_of_nothing_is_claimed() -> None:
    resource, inventory = of(endpoint())
    assert secrets.gone(resource, inventory) == ()
    with pytest.raises(Missing):
        secrets.dangling(resource, inventory)


def test_a_record_that_was_tampered_with_is_not_believed() -> None:
    record = value(SECRET)
    body = {**record.body, "Derived": {**record.body["Derived"], "PasswordCharacters": ["hunter2"]}}
    resource, inventory = of(endpoint(), record._replace(body=body))
    with pytest.raises(Missing) as missing:
        secret_contents.forbidden_characters(resource, inventory)
    assert "hunter2" not in str(missing.value)


# -- the host


def test_the_host_is_taken_from_the_secret() -> None:
    assert hosts_of(*of(endpoint(), value({**SECRET, "host": "DB.Example.com."}))) == ("db.example.com",)


def test_a_named_instance_is_no_part_of_the_host() -> None:
    assert hosts_of(*of(endpoint(engine="sqlserver"), value({**SECRET, "host": "db,1433"}))) == ("db",)


def test_without_the_value_the_host_is_not_known() -> None:
    with pytest.raises(Missing, match=r"the host stands in the secret .*; --read-secrets reads it"):
        hosts_of(*of(endpoint()))


@pytest.mark.parametrize("held_", [{}, {**SECRET, "host": "mysql://dms:hunter2@db"}, "hunter2"])
def test_a_secret_without_a_host_has_none(held_: Any) -> None:
    with pytest.raises(Missing, match="has no Host that looks like one") as missing:
        hosts_of(*of(endpoint(), value(held_)))
    assert "hunter2" not in missing.value.message


@pytest.mark.parametrize("host", ["3306", "1:2:3", "[", ":::"])
def test_a_host_that_is_none_is_not_known(host: str) -> None:
    with pytest.raises(Missing):
        hosts_of(*of(endpoint(), value({**SECRET, "host": host})))


def test_a_refused_value_is_told_as_refused() -> None:
    with pytest.raises(Missing) as missing:
        hosts_of(*of(endpoint(), refused()))
    assert missing.value.status is Status.NOT_READABLE


ASM = {"asm_user": "asm", "asm_password": "not-real"}


@pytest.mark.parametrize("server", ["asm.example.com:1521/+ASM", "asm.example.com:1521:+ASM", "ASM.example.com:1521"])
def test_oracle_has_a_destination_for_asm_too(server: str) -> None:
    documents = [
        endpoint(engine="oracle", SecretsManagerOracleAsmSecretId="dms/asm"),
        value({**SECRET, "port": "1522"}),
        value({**ASM, "asm_server": server}, ARN.replace("dms/orders", "dms/asm")),
    ]
    assert destinations_of(*of(*documents)).complete() == ((HOST, 1522), ("asm.example.com", 1521))


def test_an_endpoint_without_a_secret_names_its_destination() -> None:
    endpoints = of(endpoint("", Username="dms", ServerName=HOST, Port=1521))
    assert destinations_of(*endpoints).complete() == ((HOST, 1521),)


@pytest.mark.parametrize(
    ("database", "asm"),
    [
        ({**SECRET, "port": None}, {**ASM, "asm_server": "asm:1521/+ASM"}),
        ({**SECRET, "port": "three"}, {**ASM, "asm_server": "asm:1521/+ASM"}),
        (SECRET, {**ASM, "asm_server": "asm/+ASM"}),
        (SECRET, ASM),
        ({}, {}),
    ],
    ids=str,
)
def test_a_destination_needs_host_and_port(database: Any, asm: Any) -> None:
    resource, inventory = of(
        endpoint(engine="oracle", SecretsManagerOracleAsmSecretId="dms/asm"),
        value(database),
        value(asm, ARN.replace("dms/orders", "dms/asm")),
    )
    with pytest.raises(Missing):
        destinations_of(resource, inventory).complete()


# -- members


@pytest.mark.parametrize("method", ["iam", "kerberos", "IAM"])
def test_who_logs_in_without_a_password_needs_none(method: str) -> None:
    held_ = {name: one for name, one in SECRET.items() if name != "password"}
    resource, inventory = of(endpoint(AuthenticationMethod=method), value(held_))
    assert secret_contents.lacking(resource, inventory) == ()
    assert secret_contents.forbidden_characters(resource, inventory) == ()


def test_one_secret_may_serve_the_database_and_asm() -> None:
    both = {**SECRET, "asm_user": "asm", "asm_password": "not.real", "asm_server": f"{HOST}:1521/+ASM"}
    resource, inventory = of(endpoint(engine="oracle", SecretsManagerOracleAsmSecretId=ARN), value(both))
    assert secret_contents.lacking(resource, inventory) == ()
    assert secret_contents.forbidden_characters(resource, inventory) == (f"{ARN} (.)",)


@pytest.mark.parametrize(
    ("server", "fine"),
    [(f"{HOST}:1521/+ASM", True), (f"{HOST}:1521:+ASM", True), (f"{HOST}:1521", True), (f"{HOST}/+ASM", False)],
)
def test_the_port_of_asm_stands_in_its_server(server: str, fine: bool) -> None:
    both = {**SECRET, "asm_user": "asm", "asm_password": "not-real", "asm_server": server}
    resource, inventory = of(endpoint(engine="oracle", SecretsManagerOracleAsmSecretId=ARN), value(both))
    assert (secret_contents.lacking(resource, inventory) == ()) is fine


def test_an_asm_server_without_a_port_leaves_the_port_open() -> None:
    both = {**SECRET, "asm_user": "asm", "asm_password": "not-real", "asm_server": "(DESCRIPTION=(ADDRESS=...))"}
    resource, inventory = of(endpoint(engine="oracle", SecretsManagerOracleAsmSecretId=ARN), value(both))
    with pytest.raises(Missing):
        secret_contents.lacking(resource, inventory)


# -- characters


def test_every_character_that_a_table_names_is_judged_once() -> None:
    assert not set(forbidden_by_guide()) & set(forbidden_since())
    for row in table("password-characters")["engines"]:
        assert set(row["characters"]) <= set(forbidden_by_guide() + forbidden_since())


@pytest.mark.parametrize(
    ("engine", "found"), [("mysql", ("{", "}", ";")), ("oracle", ("{", "}", ",")), ("sqlserver", ("{", "}", ",", ";"))]
)
def test_an_engine_has_its_own_characters_besides_those_of_all(engine: str, found: tuple[str, ...]) -> None:
    assert secret_contents.engine_characters(*of(endpoint(engine=engine))) == found


@given(st.text(max_size=20))
def test_a_password_is_judged_by_each_of_its_characters(password: str) -> None:
    resource, inventory = of(endpoint(), described(), value({**SECRET, "password": f"x{password}x"}))
    by_guide = secret_contents.forbidden_characters(resource, inventory)
    assert bool(by_guide) is bool(set(password) & set(";.:+"))
    today = rotation.current_characters(resource, inventory)
    assert bool(today) is bool(set(password) & set("{}*&,%\\"))


# -- rotation


def rotated(**environment: Any) -> tuple[Document, Document]:
    function = {"FunctionName": "rotate", "FunctionArn": FUNCTION, "Environment": environment}
    return (
        described(RotationEnabled=True, RotationLambdaARN=FUNCTION),
        Document("lambda:GetFunctionConfiguration", function),
    )


@given(st.text(alphabet=";.:+{}*&,%\\ab", max_size=15))
def test_a_function_allows_what_it_does_not_leave_out(left_out: str) -> None:
    resource, inventory = of(endpoint(), *rotated(Variables={"EXCLUDE_CHARACTERS": left_out}))
    assert bool(rotation.allows(resource, inventory)) is not (set(";.:+") <= set(left_out))
    said = "".join(one for one in ";.:+{}*&,%\\" if one not in left_out)
    assert rotation.allowed_by(FUNCTION, inventory) == said


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "Y"])
def test_a_function_that_leaves_out_punctuation_allows_nothing(word: str) -> None:
    _, inventory = of(endpoint(), *rotated(Variables={"EXCLUDE_PUNCTUATION": word}))
    assert rotation.allowed_by(FUNCTION, inventory) == ""


@pytest.mark.parametrize("environment", [{}, {"Variables": {}}, {"Variables": {"EXCLUDE_PUNCTUATION": "false"}}])
def test_a_default_function_excludes_only_the_backslash(environment: dict[str, Any]) -> None:
    _, inventory = of(endpoint(), *rotated(**environment))
    assert rotation.allowed_by(FUNCTION, inventory) == ";.:+{}*&,%"


def test_a_function_that_does_not_exist_says_nothing() -> None:
    gone = Document(
        "lambda:GetFunctionConfiguration",
        {},
        subject=FUNCTION,
        account=HERE,
        region=EU,
        refusal=Refusal("ResourceNotFoundException", "Function not found"),
    )
    _, inventory = of(endpoint(), rotated()[0], gone)
    with pytest.raises(Missing, match="does not exist"):
        rotation.allowed_by(FUNCTION, inventory)


@pytest.mark.parametrize("member", ["OwningService", "Type", "ExternalSecretRotationRoleArn"])
def test_a_secret_may_be_rotated_without_a_function(member: str) -> None:
    resource, inventory = of(endpoint(), described(RotationEnabled=True, **{member: "x"}))
    assert rotation.functions(resource, inventory) == ()


@pytest.mark.parametrize(
    "more", [{"RotationEnabled": True}, {"RotationLambdaARN": FUNCTION}, {"RotationRules": {}}, {"RotationEnabled": 1}]
)
def test_rotation_that_is_half_told_is_not_known(more: dict[str, Any]) -> None:
    resource, inventory = of(endpoint(), described(**more))
    with pytest.raises(Missing):
        rotation.functions(resource, inventory)


@pytest.mark.parametrize("name", ["secret.lacking_members", "secret.rotation_functions", "secret.current_characters"])
@pytest.mark.parametrize("held_", [SECRET, {}, "x", {**SECRET, "password": "a{;"}])
def test_values_fit_the_schema(name: str, held_: Any) -> None:
    resource, inventory = of(endpoint(), *rotated(), value(held_))
    try:
        assert compile_schema(FACTS[name].schema)(FACTS[name].derive(resource, inventory))
    except Missing:
        assert held_ in ({}, "x")

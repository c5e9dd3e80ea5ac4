from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.credentials import authentication
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource, Status
from dms_lint.rulepack.predicates import compile_schema
from tests.build import NOW


def endpoint(engine: Any, **more: Any) -> tuple[Resource, Inventory]:
    item = {"EndpointArn": "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS", "EngineName": engine, **more}
    inventory = Inventory([Document("dms:DescribeEndpoints", {"Endpoints": [item]})], NOW)
    (found,) = inventory.known("endpoint")
    return found, inventory


@pytest.mark.parametrize(
    ("engine", "more", "method"),
    [
        ("mysql", {"MySQLSettings": {"SecretsManagerSecretId": "orders"}}, "secret"),
        ("mysql", {"MySQLSettings": {"Username": "dms"}}, "password"),
        ("mysql", {"MySQLSettings": {"ServerName": "db.example.com"}}, "password"),
        ("mysql", {"Username": "dms"}, "password"),
        ("mysql", {"MySQLSettings": {"AuthenticationMethod": "IAM"}}, "iam"),
        ("postgres", {"ExtraConnectionAttributes": "authenticationMethod=iam"}, "iam"),
        ("sqlserver", {"MicrosoftSQLServerSettings": {"AuthenticationMethod": "kerberos"}}, "kerberos"),
        ("oracle", {"OracleSettings": {"AuthenticationMethod": "password"}}, "password"),
        ("mongodb", {"MongoDbSettings": {"AuthType": "no", "Username": "left over"}}, "none"),
        ("mongodb", {"MongoDbSettings": {"Username": "dms"}}, "password"),
        ("s3", {}, "other"),
        ("kafka", {"KafkaSettings": {"SaslUsername": "dms"}}, "other"),
    ],
)
def test_how_dms_logs_in(engine: str, more: dict[str, Any], method: str) -> None:
    assert authentication.method(*endpoint(engine, **more)) == method


@pytest.mark.parametrize(
    ("engine", "more"),
    [
        ("mysql", {}),
        ("mysql", {"MySQLSettings": {}}),
        ("mysql", {"MySQLSettings": {"Port": 3306}}),
        ("mongodb", {"Username": "dms"}),
        ("clickhouse", {"Username": "dms"}),
    ],
)
def test_how_dms_logs_in_cannot_be_said(engine: str, more: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        authentication.method(*endpoint(engine, **more))


@pytest.mark.parametrize(
    ("derive", "engine", "more"),
    [
        (authentication.method, "mysql", {"MySQLSettings": {"AuthenticationMethod": "trust"}}),
        (authentication.mongodb_type, "mongodb", {"MongoDbSettings": {"AuthType": "maybe"}}),
        (authentication.mongodb_type, "mongodb", {"MongoDbSettings": {"AuthType": False}}),
        (authentication.neptune_method, "neptune", {"NeptuneSettings": {"IamAuthEnabled": "true"}}),
        (authentication.redis_type, "redis", {"RedisSettings": {"AuthType": "acl"}}),
    ],
)
def test_a_value_that_aws_does_not_send_is_not_readable(derive: Any, engine: str, more: dict[str, Any]) -> None:
    with pytest.raises(Missing) as missing:
        derive(*endpoint(engine, **more))
    assert missing.value.status is Status.NOT_READABLE


json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=8), inner, max_size=2)),
    max_leaves=4,
)
members = st.sampled_from(["AuthType", "IamAuthEnabled", "AuthenticationMethod", "Username", "SecretsManagerSecretId"])
blocks = st.one_of(json, st.dictionaries(members, json, max_size=3))


@given(
    st.sampled_from(["mysql", "mongodb", "neptune", "redis", "kafka", "clickhouse", None]),
    st.dictionaries(
        st.sampled_from(["MySQLSettings", "MongoDbSettings", "NeptuneSettings", "RedisSettings"]), blocks, max_size=2
    ),
    json,
)
def test_a_fact_gives_a_value_of_its_schema_or_is_missing(engine: Any, settings: dict[str, Any], user: Any) -> None:
    found, inventory = endpoint(engine, Username=user, **settings)
    for fact in authentication.FACTS:
        try:
            value = fact.derive(found, inventory)
        except Missing:
            continue
        assert compile_schema(fact.schema)(value), fact.name

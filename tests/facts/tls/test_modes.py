from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import table
from dms_lint.facts.tls import aurora_hosts, engine_protocols, modes
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource, Status
from tests.build import NOW

ARN = "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS"
SUFFIX = "c9akciq32.eu-west-1.rds.amazonaws.com"
RDS = "arn:aws:rds:eu-west-1:111122223333:"
GARBAGE: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()) | st.just({})
)


def look(
    data: dict[str, Any], clusters: list[Any] | None = None, instances: list[Any] | None = None
) -> tuple[Resource, Inventory]:
    endpoint = {"EndpointArn": ARN, "EndpointIdentifier": "orders", **data}
    documents = [Document("dms:DescribeEndpoints", {"Endpoints": [endpoint]})]
    if clusters is not None:
        documents.append(Document("rds:DescribeDBClusters", {"DBClusters": clusters}))
    if instances is not None:
        documents.append(Document("rds:DescribeDBInstances", {"DBInstances": instances}))
    inventory = Inventory(documents, NOW)
    found = inventory.find("endpoint", ARN)
    assert found is not None
    return found, inventory


def cluster(**more: Any) -> dict[str, Any]:
    return {
        "DBClusterIdentifier": "shop",
        "DBClusterArn": f"{RDS}cluster:shop",
        "Engine": "aurora-mysql",
        "Endpoint": f"shop.cluster-{SUFFIX}",
        "ReaderEndpoint": f"shop.cluster-ro-{SUFFIX}",
        "CustomEndpoints": [f"reports.cluster-custom-{SUFFIX}"],
        "DBClusterMembers": [
            {"DBInstanceIdentifier": "shop-1", "IsClusterWriter": True},
            {"DBInstanceIdentifier": "shop-2", "IsClusterWriter": False},
        ],
        **more,
    }


def instance(**more: Any) -> dict[str, Any]:
    return {
        "DBInstanceIdentifier": "shop-2",
        "DBInstanceArn": f"{RDS}db:shop-2",
        "Engine": "aurora-mysql",
        "DBClusterIdentifier": "shop",
        "Endpoint": {"Address": f"shop-2.{SUFFIX}"},
        **more,
    }


FACTS = (*modes.FACTS, *aurora_hosts.FACTS, *engine_protocols.FACTS)


@given(st.sampled_from([fact.name for fact in FACTS]), st.data())
def test_garbage_is_missing_and_never_an_error(name: str, data: st.DataObject) -> None:
    (fact,) = (fact for fact in FACTS if fact.name == name)
    engines = [engine for row in table("ssl-modes")["rows"] for engine in row["engines"]]
    members = ("SslMode", "CertificateArn", "ServerName", "ExtraConnectionAttributes")
    blocks = ("KafkaSettings", "RedisSettings", "ElasticsearchSettings", "MySQLSettings", "GcpMySQLSettings")
    inner = (
        "SecurityProtocol",
        "SslSecurityProtocol",
        "EndpointUri",
        "ServerName",
        "SslEndpointIdentificationAlgorithm",
    )
    endpoint = data.draw(
        st.fixed_dictionaries(
            {"EngineName": st.sampled_from(engines) | GARBAGE},
            optional={
                **dict.fromkeys(members, GARBAGE),
                **dict.fromkeys(blocks, GARBAGE | st.dictionaries(st.sampled_from(inner), GARBAGE)),
            },
        )
    )
    try:
        value = fact.derive(*look(endpoint))
    except Missing:
        return
    allowed = fact.schema.get("enum") or fact.schema.get("items", {}).get("enum")
    for one in value if isinstance(value, tuple) else (value,):
        assert isinstance(one, str)
        assert allowed is None or one in allowed


@given(
    st.dictionaries(st.sampled_from(sorted(cluster())), GARBAGE),
    st.dictionaries(st.sampled_from(sorted(instance())), GARBAGE),
)
def test_garbled_databases_are_missing_and_never_an_error(bad: dict[str, Any], worse: dict[str, Any]) -> None:
    endpoint, inventory = look(
        {"EngineName": "aurora", "ServerName": f"shop-2.{SUFFIX}"}, [cluster(**bad)], [instance(**worse)]
    )
    with contextlib.suppress(Missing):
        assert aurora_hosts.aurora_host(endpoint, inventory) in ("", *aurora_hosts.AURORA_HOSTS)


def test_every_row_of_the_table_names_its_source_and_known_modes() -> None:
    for row in table("ssl-modes")["rows"]:
        assert row["source"]
        assert set(row["modes"]) <= set(modes.MODES)
        assert sorted(row["modes"], key=modes.MODES.index) == row["modes"]


def test_no_engine_stands_in_two_rows() -> None:
    keys = [(one, row.get("settings")) for row in table("ssl-modes")["rows"] for one in row["engines"]]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("host", "role"),
    [
        (f"shop.cluster-{SUFFIX}", "cluster"),
        (f"shop.cluster-ro-{SUFFIX}", "reader"),
        (f"reports.cluster-custom-{SUFFIX}", "custom"),
        ("shop.global-c9akciq32.global.rds.amazonaws.com", "global"),
        ("shop.cluster-c9akciq32.rds.cn-north-1.amazonaws.com.cn", "cluster"),
        ("SHOP.CLUSTER-RO-C9AKCIQ32.US-GOV-WEST-1.RDS.AMAZONAWS.COM.", "reader"),
    ],
)
def test_a_host_name_of_aurora_says_what_it_is(host: str, role: str) -> None:
    assert aurora_hosts.aurora_host(*look({"EngineName": "mysql", "ServerName": host})) == role


@pytest.mark.parametrize(
    "host",
    [
        "10.1.2.3",
        "db.example.com",
        "shop.proxy-c9akciq32.eu-west-1.rds.amazonaws.com.example.com",
        "shop.cluster-c9akciq32.eu-west-1.rds.amazonaws.com.example.com",
        "shop.cluster-c9akciq32.eu-west-1.docdb.amazonaws.com",
    ],
)
def test_a_foreign_host_is_not_aurora_mysql_but_may_be_aurora(host: str) -> None:
    assert aurora_hosts.aurora_host(*look({"EngineName": "mysql", "ServerName": host})) == ""
    with pytest.raises(Missing, match="no host name of Aurora's own"):
        aurora_hosts.aurora_host(*look({"EngineName": "aurora", "ServerName": host}))


@pytest.mark.parametrize("engine", ["mysql", "mariadb", "aurora"])
def test_a_proxy_may_stand_before_aurora(engine: str) -> None:
    host = "shop.proxy-c9akciq32.eu-west-1.rds.amazonaws.com"
    with pytest.raises(Missing, match="no host name of Aurora's own"):
        aurora_hosts.aurora_host(*look({"EngineName": engine, "ServerName": host}))


def test_a_listed_cluster_outweighs_the_host_names_form() -> None:
    endpoint = {"EngineName": "mysql", "ServerName": f"shop.cluster-ro-{SUFFIX}"}
    assert aurora_hosts.aurora_host(*look(endpoint, [cluster(Engine="mysql")])) == ""
    assert aurora_hosts.aurora_host(*look(endpoint, [cluster(Engine="aurora")])) == "reader"


def test_cluster_members_name_the_writer_without_instances() -> None:
    for name, role in (("shop-1", "writer"), ("shop-2", "replica")):
        endpoint = {"EngineName": "aurora", "ServerName": f"{name}.{SUFFIX}"}
        assert aurora_hosts.aurora_host(*look(endpoint, [cluster()])) == role


def test_a_member_is_known_by_the_account_part_of_its_host() -> None:
    stranger = {"EngineName": "mysql", "ServerName": "shop-1.zzzzzzzzzzzz.eu-west-1.rds.amazonaws.com"}
    with pytest.raises(Missing, match="no DB instance of the account"):
        aurora_hosts.aurora_host(*look(stranger, [cluster()], [instance()]))


def test_an_instance_whose_cluster_is_gone_is_missing() -> None:
    endpoint = {"EngineName": "aurora", "ServerName": f"shop-2.{SUFFIX}"}
    other = cluster(DBClusterIdentifier="other", DBClusterArn=f"{RDS}cluster:other", Endpoint=None)
    with pytest.raises(Missing, match="names the cluster shop, which does not exist"):
        aurora_hosts.aurora_host(*look(endpoint, [other], [instance()]))


def test_an_instance_that_its_cluster_does_not_list_is_missing() -> None:
    endpoint = {"EngineName": "aurora", "ServerName": f"shop-2.{SUFFIX}"}
    with pytest.raises(Missing, match="has no member shop-2"):
        aurora_hosts.aurora_host(*look(endpoint, [cluster(DBClusterMembers=[])], [instance()]))


def test_an_instance_of_aurora_postgresql_is_no_aurora_mysql() -> None:
    endpoint = {"EngineName": "mysql", "ServerName": f"shop-2.{SUFFIX}"}
    assert aurora_hosts.aurora_host(*look(endpoint, None, [instance(Engine="aurora-postgresql")])) == ""


def test_kafka_settings_outweigh_the_extra_connection_attributes() -> None:
    attributes = "securityProtocol=plaintext;"
    block = {"KafkaSettings": {"SecurityProtocol": "sasl-ssl"}, "ExtraConnectionAttributes": attributes}
    assert engine_protocols.kafka_protocol(*look({"EngineName": "kafka", **block})) == "sasl-ssl"


def test_a_protocol_is_read_in_any_case() -> None:
    assert engine_protocols.kafka_protocol(
        *look({"EngineName": "kafka", "KafkaSettings": {"SecurityProtocol": "SASL-SSL"}})
    )
    redis = {"EngineName": "redis", "RedisSettings": {"SslSecurityProtocol": "PLAINTEXT"}}
    assert engine_protocols.redis_protocol(*look(redis)) == "plaintext"


def test_a_protocol_that_aws_does_not_have_is_not_readable() -> None:
    with pytest.raises(Missing, match="is not one of plaintext, ssl-encryption") as caught:
        engine_protocols.redis_protocol(*look({"EngineName": "redis", "RedisSettings": {"SslSecurityProtocol": "tls"}}))
    assert caught.value.status is Status.NOT_READABLE


def _search(uri: str) -> dict[str, Any]:
    return {"EngineName": "opensearch", "ElasticsearchSettings": {"EndpointUri": uri}}


@pytest.mark.parametrize("uri", ["ftp://search.example.com", "://search.example.com"])
def test_a_search_address_of_another_protocol_is_not_readable(uri: str) -> None:
    with pytest.raises(Missing, match="EndpointUri"):
        engine_protocols.search_scheme(
            *look({"EngineName": "opensearch", "ElasticsearchSettings": {"EndpointUri": uri}})
        )


def test_the_address_of_a_search_domain_is_not_repeated() -> None:
    uri = "http://admin:hunter2@search.example.com"
    value = engine_protocols.search_scheme(
        *look({"EngineName": "opensearch", "ElasticsearchSettings": {"EndpointUri": uri}})
    )
    assert value == "http"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"EngineName": "s3"}, True),
        ({"EngineName": "redshift-serverless"}, True),
        ({"EngineName": "dynamodb", "SslMode": "none"}, True),
        ({"EngineName": "mysql", "SslMode": "require"}, True),
        ({"EngineName": "mysql", "SslMode": "none"}, False),
        ({"EngineName": "azuredb", "SslMode": "require"}, True),
        ({"EngineName": "kafka", "KafkaSettings": {}}, False),
        ({"EngineName": "redis", "RedisSettings": {}}, True),
        ({"EngineName": "opensearch", "ElasticsearchSettings": {"EndpointUri": "x.example.com"}}, True),
    ],
)
def test_what_encrypts_depends_on_the_engine(data: dict[str, Any], expected: bool) -> None:
    assert modes.encrypted(*look(data)) is expected


@pytest.mark.parametrize("engine", ["mysql", "kafka", "redis", "opensearch", "clickhouse"])
def test_encryption_is_unknown_without_its_setting(engine: str) -> None:
    with pytest.raises(Missing):
        modes.encrypted(*look({"EngineName": engine}))

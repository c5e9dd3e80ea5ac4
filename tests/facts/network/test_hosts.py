from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dms_lint.data.tables import table
from dms_lint.facts.network.hosts import (
    AWS,
    Place,
    address_of,
    cloud_of_engine,
    destinations_of,
    hosts_of,
    parse_hosts,
    place_of,
)
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
names = st.lists(labels, min_size=1, max_size=5).map(".".join)
regions = st.sampled_from(["eu-west-1", "us-gov-west-1", "ap-southeast-12", "cn-north-1", "eusc-de-east-1"])


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("", ()),
        ("  DB.Example.COM. ", ("db.example.com",)),
        ("db.example.com:3306", ("db.example.com",)),
        ("b-1.kafka:9094,b-2.kafka:9094 , b-1.kafka:9096", ("b-1.kafka", "b-2.kafka")),
        ("https://search.example.com:443/index?q=a,b", ("search.example.com",)),
        ("mongodb+srv://user:pass@db.example.com/admin", ("db.example.com",)),
        ("host\\SQLEXPRESS", ("host",)),
        ("host,1433", ("host",)),
        ("10.0.0.1:1521/ORCL", ("10.0.0.1",)),
        ("[2001:db8::1]:5432", ("2001:db8::1",)),
        ("2001:db8::1", ("2001:db8::1",)),
        ("://", ()),
        (",;:/@", ()),
    ],
)
def test_hosts_are_read_from_whatever_names_them(address: str, hosts: tuple[str, ...]) -> None:
    assert parse_hosts(address) == hosts


@given(st.lists(names, min_size=1, max_size=4, unique=True), st.integers(1, 65535))
def test_a_list_of_hosts_is_read_with_and_without_ports(hosts: list[str], port: int) -> None:
    assert parse_hosts(",".join(hosts)) == tuple(hosts)
    assert parse_hosts(", ".join(f"{host}:{port}" for host in hosts)) == tuple(hosts)
    assert parse_hosts(f"https://{hosts[0]}:{port}/path") == (hosts[0],)


@given(st.text(max_size=60))
@example("[")
@example("ip-999-1-1-1.ec2.internal")
@example(".".join("a" * 300))
@example("amazonaws.com")
@example("cache.amazonaws.com")
def test_no_text_breaks_the_parsers(text: str) -> None:
    for host in (text, *parse_hosts(text)):
        address_of(host)
        assert isinstance(place_of(host), Place)


@given(st.text(max_size=60))
def test_a_parsed_host_has_no_port_path_or_capitals(text: str) -> None:
    for host in parse_hosts(text):
        assert host == host.lower()
        assert not set("/?#@,; \\") & set(host)
        assert parse_hosts(host) == (host,) or ":" in host or "[" in host


@given(st.ip_addresses())
def test_an_address_is_itself(address: IPv4Address | IPv6Address) -> None:
    assert address_of(str(address)) == address
    assert place_of(str(address)) == Place()


@given(st.ip_addresses(v=4))
def test_the_private_name_of_an_instance_spells_its_address(address: IPv4Address) -> None:
    name = f"ip-{str(address).replace('.', '-')}"
    assert address_of(f"{name}.eu-west-1.compute.internal") == address
    assert address_of(f"{name}.ec2.internal") == address
    assert address_of(f"{name}.notcompute.internal") is None
    assert address_of(f"{name}.example.com") is None
    assert address_of(name) is None


@given(names, regions)
def test_the_region_of_an_aws_name_is_beside_the_service(name: str, region: str) -> None:
    for host in (
        f"{name}.{region}.rds.amazonaws.com",
        f"{name}.rds.{region}.amazonaws.com.cn",
        f"{name}.c2.kafka.{region}.amazonaws.com",
        f"{name}.{region}.compute.internal",
        f"us-east-1.{name}.{region}.docdb.amazonaws.com",
    ):
        assert place_of(host) == Place(AWS, region)


@given(names, regions)
def test_a_name_elsewhere_says_nothing_whatever_labels_it_has(name: str, region: str) -> None:
    assert place_of(f"{name}.{region}.rds.amazonaws.com.example.org") == Place()
    assert place_of(f"{name}.notamazonaws.com") == Place()


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("orders.abc.0001.euw1.cache.amazonaws.com", Place(AWS, "eu-west-1")),
        ("master.orders.abc.usgw1.cache.amazonaws.com", Place(AWS, "us-gov-west-1")),
        ("orders.abc.xyz9.cache.amazonaws.com", Place(AWS)),
        ("clustercfg.orders.abc.memorydb.eu-west-1.amazonaws.com", Place(AWS, "eu-west-1")),
        ("default.111122223333.eu-west-1.redshift-serverless.amazonaws.com", Place(AWS, "eu-west-1")),
        ("search-orders-abc.eu-west-1.es.amazonaws.com", Place(AWS, "eu-west-1")),
        ("search-orders-abc.aos.eu-west-1.on.aws", Place(AWS, "eu-west-1")),
        ("ec2-203-0-113-7.compute-1.amazonaws.com", Place(AWS, "us-east-1")),
        ("ec2-203-0-113-7.eu-west-1.compute.amazonaws.com", Place(AWS, "eu-west-1")),
        ("ip-10-0-0-1.ec2.internal", Place(AWS, "us-east-1")),
        ("us-east-1.global-abc.global.rds.amazonaws.com", Place(AWS)),
        ("s3.amazonaws.com", Place(AWS)),
        ("orders-0123.elb.eu-west-1.amazonaws.com", Place("", "eu-west-1")),
        ("orders-0123.eu-west-1.elb.amazonaws.com", Place("", "eu-west-1")),
        ("vpce-0a.vpce-svc-0b.eu-west-1.vpce.amazonaws.com", Place("", "eu-west-1")),
        ("shop.database.windows.net", Place("Azure")),
        ("shop.mysql.database.azure.com", Place("Azure")),
        ("cluster0.abcde.mongodb.net", Place()),
        ("scan.client.vcn.oraclevcn.com", Place()),
        ("db.corp.internal", Place()),
        ("localhost", Place()),
    ],
)
def test_what_a_name_says(host: str, place: Place) -> None:
    assert place_of(host) == place


def test_every_short_region_is_the_region_it_abbreviates() -> None:
    for code, region in table("aws-hosts")["codes"].items():
        area, *directions, number = region.split("-")
        parts = [word for direction in directions for word in _halves(direction)]
        assert code == area + "".join(word[0] for word in parts) + number


def _halves(direction: str) -> tuple[str, ...]:
    for first in ("north", "south"):
        if direction != first and direction.startswith(first):
            return first, direction.removeprefix(first)
    return (direction,)


def test_every_row_of_the_table_says_its_source() -> None:
    for part in ("aws", "regions", "doors", "elsewhere"):
        assert all(row["source"] for row in table("aws-hosts")[part])


def test_an_engine_of_one_cloud_is_there_wherever_its_host_is() -> None:
    assert cloud_of_engine("s3") == AWS
    assert cloud_of_engine("azuredb") == "Azure"
    assert cloud_of_engine("mysql") == ""


def endpoint(**members: Any) -> tuple[Resource, Inventory]:
    arn = "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS"
    body = {"Endpoints": [{"EndpointArn": arn, "EndpointIdentifier": "orders", **members}]}
    inventory = Inventory([Document("dms:DescribeEndpoints", body)], NOW)
    (resource,) = inventory.known("endpoint")
    return resource, inventory


@pytest.mark.parametrize(
    ("members", "hosts"),
    [
        ({"EngineName": "mysql", "ServerName": "a.example"}, ("a.example",)),
        ({"EngineName": "MYSQL", "MySQLSettings": {"ServerName": "b.example"}}, ("b.example",)),
        ({"EngineName": "mongodb", "MongoDbSettings": {"ServerName": "c.example"}}, ("c.example",)),
        ({"EngineName": "redis", "RedisSettings": {"ServerName": "d.example"}}, ("d.example",)),
        ({"EngineName": "kafka", "KafkaSettings": {"Broker": "e.example:9092"}}, ("e.example",)),
        ({"EngineName": "opensearch", "ElasticsearchSettings": {"EndpointUri": "https://f.example"}}, ("f.example",)),
        ({"EngineName": "mysql", "GcpMySQLSettings": {"ServerName": "g.example"}}, ("g.example",)),
    ],
)
def test_an_endpoint_names_its_hosts_where_its_engine_does(members: dict[str, Any], hosts: tuple[str, ...]) -> None:
    assert hosts_of(*endpoint(**members)) == hosts


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"EngineName": 3},
        {"EngineName": "mysql"},
        {"EngineName": "mysql", "ServerName": ["a"]},
        {"EngineName": "mysql", "ServerName": ":"},
        {"EngineName": "mysql", "MySQLSettings": "garbage"},
        {"EngineName": "mysql", "ServerName": "a.example", "MySQLSettings": {"SecretsManagerSecretId": "orders"}},
        {"EngineName": "kafka", "KafkaSettings": {"Broker": 9}},
        {"EngineName": "mysql", "GcpMySQLSettings": "garbage"},
    ],
)
def test_an_endpoint_whose_host_cannot_be_read_is_missing_it(members: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        hosts_of(*endpoint(**members))


@pytest.mark.parametrize(
    "address",
    ["mongodb://adm:p:hunter2/x@h.example", "mongodb://adm:hunter2@h.example/db", "adm:p:hunter2", "a:hunter2/b@c/d"],
)
def test_no_part_of_a_password_is_taken_for_a_host(address: str) -> None:
    assert not [host for host in parse_hosts(address) if "hunter2" in host]


def destinations(engine: str, **members: Any) -> tuple[tuple[str, int], ...]:
    data = {"EndpointArn": "arn:aws:dms:eu-west-1:111122223333:endpoint:A", "EngineName": engine, **members}
    inventory = Inventory([Document("dms:DescribeEndpoints", {"Endpoints": [data]})], NOW)
    (endpoint,) = inventory.known("endpoint")
    return destinations_of(endpoint, inventory).complete()


@pytest.mark.parametrize(
    ("engine", "members", "pairs"),
    [
        ("mysql", {"ServerName": "DB.example.com", "Port": 3306}, (("db.example.com", 3306),)),
        ("mongodb", {"MongoDbSettings": {"ServerName": "m", "Port": 27017}}, (("m", 27017),)),
        ("kafka", {"KafkaSettings": {"Broker": "b-1.k:9094,b-2.k:9096"}}, (("b-1.k", 9094), ("b-2.k", 9096))),
        ("opensearch", {"ElasticsearchSettings": {"EndpointUri": "https://s.example.com"}}, (("s.example.com", 443),)),
        ("opensearch", {"ElasticsearchSettings": {"EndpointUri": "http://s.example.com/x"}}, (("s.example.com", 80),)),
        ("opensearch", {"ElasticsearchSettings": {"EndpointUri": "https://s.io:9200"}}, (("s.io", 9200),)),
        (
            "oracle",
            {"ServerName": "o", "Port": 1521, "OracleSettings": {"AsmServer": "asm.example.com:1522/+ASM"}},
            (("o", 1521), ("asm.example.com", 1522)),
        ),
        (
            "oracle",
            {
                "ServerName": "o",
                "Port": 1521,
                "OracleSettings": {},
                "ExtraConnectionAttributes": "asm_server=10.0.0.9:1521:+ASM",
            },
            (("o", 1521), ("10.0.0.9", 1521)),
        ),
        ("s3", {}, ()),
    ],
)
def test_destinations_are_hosts_with_their_ports(engine: str, members: Any, pairs: Any) -> None:
    assert destinations(engine, **members) == pairs


@pytest.mark.parametrize(
    ("engine", "members"),
    [
        ("mysql", {"ServerName": "db.example.com"}),
        ("mysql", {"Port": 3306}),
        ("kafka", {"KafkaSettings": {"Broker": "b-1.k"}}),
        ("oracle", {"ServerName": "o", "Port": 1521, "OracleSettings": {"AsmServer": "asm"}}),
        ("mysql", {"MySQLSettings": {"SecretsManagerSecretId": "ledger"}}),
    ],
)
def test_a_destination_without_host_or_port_is_missing(engine: str, members: Any) -> None:
    with pytest.raises(Missing):
        destinations(engine, **members)

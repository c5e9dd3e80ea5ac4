from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.tls import required_tls as tls_versions
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Refusal, Resource
from tests.build import ACCOUNT, NOW

HOST = "shop.cluster-c9akciq32.eu-west-1.rds.amazonaws.com"


def endpoint(*documents: Document, engine: str = "aurora", **members: Any) -> tuple[Resource, Inventory]:
    body = {
        "EndpointArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:ORDERS",
        "EngineName": engine,
        "SslMode": "none",
        "Username": "dms",
        "ServerName": HOST,
        **members,
    }
    inventory = Inventory([Document("dms:DescribeEndpoints", {"Endpoints": [body]}), *documents], NOW)
    (resource,) = inventory.known("endpoint")
    return resource, inventory


def clusters(version: str | None, engine: str = "aurora-mysql") -> Document:
    cluster = {
        "DBClusterIdentifier": "shop",
        "DBClusterArn": f"arn:aws:rds:eu-west-1:{ACCOUNT}:cluster:shop",
        "Engine": engine,
        "EngineVersion": version,
        "Endpoint": HOST,
    }
    return Document("rds:DescribeDBClusters", {"DBClusters": [cluster]})


@given(st.integers(5, 30), st.integers(0, 30), st.sampled_from(["", ".7", ".mysql_aurora.3.10.1"]))
def test_versions_are_compared_number_by_number(major: int, minor: int, rest: str) -> None:
    found = endpoint(clusters(f"{major}.{minor}{rest}"))
    assert bool(tls_versions.tls_only_clusters(*found)) is ((major, minor) >= (8, 4))


@pytest.mark.parametrize("version", [None, "latest", "8", "8.x"])
def test_a_version_that_is_none_is_missing(version: str | None) -> None:
    with pytest.raises(Missing):
        tls_versions.tls_only_clusters(*endpoint(clusters(version)))


def test_a_cluster_of_another_database_is_none_of_aurora_mysql() -> None:
    assert tls_versions.aurora_clusters(*endpoint(clusters("8.4.7", "neptune"))) == ()


def test_a_proxy_speaks_for_itself() -> None:
    found = endpoint(ServerName="shop.proxy-c9akciq32.eu-west-1.rds.amazonaws.com")
    assert tls_versions.aurora_clusters(*found) == ()


def test_both_reasons_against_a_connection_in_clear_are_told() -> None:
    found = endpoint(clusters("8.4.7"), MySQLSettings={"AuthenticationMethod": "iam"})
    assert tls_versions.refusals(*found) == (
        "IAM authentication needs verify-ca or verify-full",
        "the Aurora MySQL cluster shop (8.4.7) takes only TLS by default",
    )


def test_a_certain_reason_counts_beside_an_unreadable_one() -> None:
    refused = Document("rds:DescribeDBClusters", {}, refusal=Refusal("AccessDenied", "no"))
    found = endpoint(refused, MySQLSettings={"AuthenticationMethod": "iam"})
    assert len(tls_versions.refusals(*found)) == 1
    with pytest.raises(Missing):
        tls_versions.refusals(*endpoint(refused, MySQLSettings={}))


@pytest.mark.parametrize(
    ("engine", "mode", "unfit"),
    [
        ("mysql", "require", ("require",)),
        ("mariadb", "none", ("none",)),
        ("aurora-serverless", "verify-ca", ()),
        ("postgres", "none", ("none",)),
        ("aurora-postgresql-serverless", "require", ()),
        ("sqlserver", "none", ()),
    ],
)
def test_iam_authentication_has_its_modes_by_engine(engine: str, mode: str, unfit: tuple[str, ...]) -> None:
    block = "PostgreSQLSettings" if "postgres" in engine else "MySQLSettings"
    found = endpoint(engine=engine, SslMode=mode, **{block: {"AuthenticationMethod": "iam"}})
    assert tls_versions.iam_unfit_modes(*found) == unfit

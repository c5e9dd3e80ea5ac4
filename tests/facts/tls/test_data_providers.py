from __future__ import annotations

from typing import Any

import pytest

from dms_lint.facts.tls import data_providers
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW


def provider(**members: Any) -> tuple[Resource, Inventory]:
    body = {"DataProviderArn": "arn:aws:dms:eu-west-1:111122223333:data-provider:ORDERS", **members}
    inventory = Inventory([Document("dms:DescribeDataProviders", {"DataProviders": [body]})], NOW)
    (resource,) = inventory.known("data-provider")
    return resource, inventory


@pytest.mark.parametrize("mode", ["none", "require", "verify-ca", "verify-full"])
def test_the_mode_is_the_one_of_the_engines_settings(mode: str) -> None:
    found = provider(Engine="sybase", Settings={"SybaseAseSettings": {"SslMode": mode}, "MySqlSettings": None})
    assert data_providers.ssl_mode(*found) == mode


def test_an_engine_is_spelt_as_the_api_spells_it() -> None:
    assert data_providers.engine(*provider(Engine="AURORA_POSTGRESQL")) == "aurora-postgresql"


@pytest.mark.parametrize(
    "settings",
    [{}, {"MySqlSettings": {}}, {"MySqlSettings": {"SslMode": "tls"}}, {"MySqlSettings": {}, "DocDbSettings": {}}, 5],
)
def test_settings_that_do_not_tell_are_missing(settings: Any) -> None:
    with pytest.raises(Missing):
        data_providers.ssl_mode(*provider(Engine="mysql", Settings=settings))

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import table
from dms_lint.facts.operations import task_logs as logs
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

SEVERITIES = [row["severity"] for row in table("log-severities")["severities"]]
COMPONENTS = ["SOURCE_UNLOAD", "SOURCE_CAPTURE", "TARGET_LOAD", "TARGET_APPLY", "SORTER"]


def task(logging: Any, migration: str = "full-load-and-cdc") -> tuple[Resource, Inventory]:
    body = {
        "ReplicationTaskArn": "arn:aws:dms:eu-west-1:111122223333:task:ORDERS",
        "MigrationType": migration,
        "ReplicationTaskSettings": json.dumps({"Logging": logging}),
    }
    inventory = Inventory([Document("dms:DescribeReplicationTasks", {"ReplicationTasks": [body]})], NOW)
    (resource,) = inventory.known("task")
    return resource, inventory


@given(st.dictionaries(st.sampled_from(COMPONENTS), st.sampled_from(SEVERITIES)))
def test_exactly_what_logs_less_than_by_default_is_quiet(severities: dict[str, str]) -> None:
    found = task({"LogComponents": [{"Id": name, "Severity": severity} for name, severity in severities.items()]})
    quiet = {
        f"{name} at {severity}"
        for name, severity in severities.items()
        if severity.endswith(("_ERROR", "_WARNING", "_INFO")) and name != "SORTER"
    }
    assert {*logs.quiet_source_components(*found), *logs.quiet_target_components(*found)} == quiet


def test_a_component_without_a_severity_logs_at_the_default() -> None:
    assert logs.quiet_source_components(*task({"LogComponents": [{"Id": "SOURCE_UNLOAD"}]})) == ()


@pytest.mark.parametrize(
    "components",
    ["garbage", ["garbage"], [{"Severity": "LOGGER_SEVERITY_ERROR"}], [{"Id": "SOURCE_UNLOAD", "Severity": 1}]],
)
def test_components_that_cannot_be_read_are_missing(components: Any) -> None:
    with pytest.raises(Missing):
        logs.quiet_source_components(*task({"LogComponents": components}))


def test_a_quiet_component_counts_though_another_cannot_be_read() -> None:
    components = [{"Id": "SOURCE_UNLOAD", "Severity": "?"}, {"Id": "SOURCE_CAPTURE", "Severity": SEVERITIES[0]}]
    assert logs.quiet_source_components(*task({"LogComponents": components})) == (f"SOURCE_CAPTURE at {SEVERITIES[0]}",)


def test_a_severity_of_no_concern_need_not_be_known() -> None:
    assert logs.quiet_source_components(*task({"LogComponents": [{"Id": "SORTER", "Severity": "?"}]})) == ()


@pytest.mark.parametrize("logging", ["garbage", [], {"EnableLogging": "true"}, {"EnableLogging": 1}])
def test_a_switch_that_cannot_be_read_is_missing(logging: Any) -> None:
    with pytest.raises(Missing):
        logs.enabled(*task(logging))


def test_no_logging_section_is_no_logging() -> None:
    assert logs.enabled(*task(None)) is False


def test_a_component_named_twice_at_odds_is_missing() -> None:
    twice = [{"Id": "SOURCE_CAPTURE", "Severity": severity} for severity in ("LOGGER_SEVERITY_ERROR", SEVERITIES[-1])]
    with pytest.raises(Missing):
        logs.quiet_source_components(*task({"LogComponents": twice}))
    lower = [{"Id": "source_capture", "Severity": "LOGGER_SEVERITY_ERROR"}]
    assert logs.quiet_source_components(*task({"LogComponents": lower})) == ("SOURCE_CAPTURE at LOGGER_SEVERITY_ERROR",)

"""The table of calls: each is one that AWS knows, reads only, and is asked what its input takes."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from dms_lint.aws.responses import RESPONSES
from dms_lint.collectors.live.calls import CALLS, ENTERING, READS_VALUES, Call, calls_for, wave
from dms_lint.collectors.live.request import boto3_method

READING = ("Describe", "List", "Get", "Head")
IDS = [f"{call.operation}{'' if not call.options else '-' + str(call.options[0][1])}" for call in CALLS]


@cache
def model(service: str) -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@cache
def paginators(service: str) -> Any:
    from botocore.loaders import Loader

    return Loader().load_service_model(service, "paginators-1")["pagination"]


@cache
def authorization() -> Any:
    """By service, the actions that IAM knows, in small letters, as cfn-lint bundles them."""
    found = json.loads((files("cfnlint.data.AdditionalSpecs") / "Policies.json").read_text())
    return {service: {name.lower(): one for name, one in told["Actions"].items()} for service, told in found.items()}


@pytest.mark.parametrize("call", CALLS, ids=IDS)
class TestEachCall:
    def test_it_is_an_operation_of_aws_that_boto3_spells_so(self, call: Call) -> None:
        from botocore import xform_name

        assert call.name in model(call.service).operation_names
        assert boto3_method(call.name) == xform_name(call.name)

    def test_it_reads_and_does_nothing_else(self, call: Call) -> None:
        assert call.name.startswith(READING)

    def test_its_input_has_all_that_is_required(self, call: Call) -> None:
        shape = model(call.service).operation_model(call.name).input_shape
        given = {name for name, _ in call.options} | ({call.about} if call.about else set())
        members = shape.members if shape else {}
        assert given <= set(members)
        assert set(shape.required_members if shape else ()) <= given
        assert (call.batch > 1) == (bool(call.about) and members[call.about].type_name == "list")

    def test_it_follows_what_other_calls_tell(self, call: Call) -> None:
        told = {kind for other in CALLS for kind in other.kinds}
        assert set(call.sources) <= told
        assert bool(call.about) == bool(call.follows)

    def test_the_table_of_answers_says_where_its_resources_stand(self, call: Call) -> None:
        rows = [row for row in RESPONSES if row.operation == call.operation]
        assert rows
        members = model(call.service).operation_model(call.name).output_shape.members
        for row in rows:
            assert not row.key or row.key in members

    def test_its_pages_are_of_a_size_that_its_input_takes(self, call: Call) -> None:
        if not call.page:
            return
        limit = paginators(call.service)[call.name]["limit_key"]
        shape = model(call.service).operation_model(call.name).input_shape.members[limit]
        assert call.page <= shape.metadata.get("max", 10_000)

    def test_iam_knows_its_action_and_that_it_reads(self, call: Call) -> None:
        service, action = call.action.lower().split(":")
        assert action in authorization()[service]


def test_there_is_one_action_for_each_operation() -> None:
    assert len({(call.operation, call.options) for call in CALLS}) == len(CALLS)


def test_what_enters_accounts_reads_too_but_for_taking_a_role() -> None:
    assert {one for one in ENTERING if not one.partition(":")[2].startswith(READING)} == {"sts:AssumeRole"}


def test_a_call_comes_after_those_that_tell_what_it_is_about() -> None:
    for call in CALLS:
        for kind in call.sources:
            assert all(wave(other) < wave(call) for other in CALLS if kind in other.kinds)


def test_to_judge_secrets_is_to_ask_what_names_them() -> None:
    operations = {call.operation for call in calls_for({"secret"})}
    assert {"dms:DescribeEndpoints", "dms:DescribeMigrationProjects", "secretsmanager:DescribeSecret"} <= operations
    assert not {one for one in operations if one.startswith("kms:")}


def test_to_read_secrets_asks_no_more_than_of_what_else_is_read() -> None:
    assert {call.operation for call in calls_for({"endpoint"}, {"secret"})} == {
        "dms:DescribeEndpoints",
        "secretsmanager:DescribeSecret",
    }


def test_values_are_read_only_when_asked_for() -> None:
    kinds = {kind for call in CALLS for kind in call.kinds}
    assert READS_VALUES not in {call.operation for call in calls_for(kinds, kinds)}
    assert READS_VALUES in {call.operation for call in calls_for(kinds, kinds, read_secrets=True)}


def test_a_network_path_is_made_of_what_joins_its_ends() -> None:
    assert {call.operation for call in calls_for({"network-path"})} == {
        "dms:DescribeReplicationTasks",
        "dms:DescribeReplicationConfigs",
        "dms:DescribeConnections",
    }

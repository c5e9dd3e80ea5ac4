from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.dms.task_settings import section, settings
from dms_lint.model import Missing, Resource, Status

ARN = "arn:aws:dms:eu-west-1:111122223333:task:NIGHTLY"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def task(written: Any, kind: str = "task", member: str = "ReplicationTaskSettings") -> Resource:
    data = {member: written}
    return Resource(kind, ARN, data, name="nightly", arn=ARN, operation="dms:DescribeReplicationTasks")


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_settings_are_what_the_json_says(written: dict[str, Any]) -> None:
    assert settings(task(json.dumps(written))) == written


@given(st.text() | JSON)
def test_nothing_but_missing_is_raised(written: Any) -> None:
    try:
        found = settings(task(written))
    except Missing:
        pass
    else:
        assert all(isinstance(key, str) for key in found)


def test_settings_of_a_serverless_replication_have_another_name() -> None:
    replication = task('{"Logging": {}}', "replication-config", "ReplicationSettings")
    assert settings(replication) == {"Logging": {}}
    with pytest.raises(Missing, match="has no ReplicationSettings"):
        settings(task('{"Logging": {}}', "replication-config"))


def test_settings_that_are_an_object_already_stand() -> None:
    assert settings(task({"Logging": {}})) == {"Logging": {}}


@pytest.mark.parametrize("written", [None, ...])
def test_a_listing_without_settings_is_not_provided(written: Any) -> None:
    data = {} if written is ... else {"ReplicationTaskSettings": None}
    with pytest.raises(Missing) as caught:
        settings(Resource("task", ARN, data, name="nightly", operation="dms:DescribeReplicationTasks"))
    assert caught.value.status is Status.NOT_PROVIDED
    assert caught.value.needs == "dms:DescribeReplicationTasks"
    assert caught.value.reason == "listed without settings"


@pytest.mark.parametrize("written", ["", "{", "[]", "null", '"text"', "[" * 100_000, '{"a": ' + "9" * 5000 + "}", 7])
def test_garbled_settings_are_not_readable(written: Any) -> None:
    with pytest.raises(Missing) as caught:
        settings(task(written))
    assert caught.value.status is Status.NOT_READABLE


def test_the_same_text_is_parsed_once() -> None:
    written = json.dumps({"Logging": {"EnableLogging": True}})
    assert settings(task(written)) is settings(task(written))


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        settings(task("{}"))["Logging"] = {}  # type: ignore[index]


def test_a_section_says_where_it_stands() -> None:
    with pytest.raises(
        Missing, match=r"^task nightly: ReplicationTaskSettings: Logging has a EnableLogging that is not true or false$"
    ):
        section(task('{"Logging": {"EnableLogging": "yes"}}'), "Logging").flag("EnableLogging")


def test_an_absent_section_has_no_members() -> None:
    assert section(task("{}"), "Logging").flag("EnableLogging", default=False) is False
    assert section(task('{"Logging": null}'), "Logging").flag("EnableLogging", default=False) is False


def test_a_section_that_is_no_object_is_missing() -> None:
    with pytest.raises(Missing, match="not an object"):
        section(task('{"Logging": []}'), "Logging")

"""A snapshot gives back what was collected: for its owner's eyes alone, all of it or nothing."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dms_lint.collectors import read_inputs, snapshot
from dms_lint.collectors.records import Record, documents
from dms_lint.model import Document, Notice, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TIMES = (datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC))
ACCOUNT, REGION = "111122223333", "eu-central-1"
ENDPOINTS = Record("dms:DescribeEndpoints", ACCOUNT, REGION, (), {"Endpoints": [{"EndpointArn": "arn:é", "Port": 1}]})
REFUSED = Record("kms:DescribeKey", ACCOUNT, REGION, ("alias/x",), None, Refusal("AccessDenied", "not you"))
FAILED = Record("dms:DescribeCertificates", ACCOUNT, REGION, (), None, Refusal("ReadTimeoutError", "slow", failed=True))
PARTIAL = Record(
    "ec2:DescribeSubnets",
    ACCOUNT,
    REGION,
    (),
    {"Subnets": [], "NextToken": "t"},
    Refusal("Throttling", "", failed=True),
)
TAGS = Record(
    "dms:ListTagsForResource",
    ACCOUNT,
    REGION,
    ("arn:one", "arn:two"),
    {"TagList": [{"Key": "owner", "Value": "x", "ResourceArn": "arn:one"}]},
)


def written(folder: Path, *records: Record, notices: Iterable[Notice] = ()) -> Path:
    snapshot.write(folder, records, notices, TIMES)
    return folder


def told(records: Iterable[Record]) -> list[Document]:
    return [document for record in records for document in documents(record)]


def test_it_gives_back_what_was_collected(tmp_path: Path) -> None:
    records = (ENDPOINTS, REFUSED, FAILED, PARTIAL, TAGS)
    notice = Notice("111122223333: there is no DMS in af-south-1: not scanned")
    folder = written(tmp_path / "snapshot", *records, notices=[notice])
    assert list(snapshot.read_snapshot(folder)) == [notice, *told(records)]


def test_a_folder_of_snapshots_gives_all_of_them(tmp_path: Path) -> None:
    written(tmp_path / "monday", ENDPOINTS)
    written(tmp_path / "tuesday", REFUSED)
    assert list(read_inputs([str(tmp_path)])) == told([ENDPOINTS, REFUSED])


def test_of_an_answer_about_several_each_gets_what_is_its_own() -> None:
    one, two = told([TAGS])
    assert (one.subject, one.body["TagList"][0]["Key"]) == ("arn:one", "owner")
    assert (two.subject, two.body["TagList"]) == ("arn:two", [])


def test_a_cut_listing_says_what_was_read_and_why_no_more() -> None:
    read, rest = told([PARTIAL])
    assert read.body["NextToken"]
    assert read.refusal is None
    assert rest.refusal is not None
    assert rest.refusal.code == "Throttling"


def test_a_listing_cut_without_a_token_counts_as_cut_too() -> None:
    read, _ = told([PARTIAL._replace(body={"Subnets": []})])
    assert read.body["NextToken"]


texts = st.text(max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.builds(
            Record,
            st.sampled_from(["dms:DescribeEndpoints", "kms:GetKeyPolicy", "ec2:DescribeVpcAttribute"]),
            st.sampled_from([ACCOUNT, "444455556666"]),
            st.sampled_from(["", REGION]),
            st.lists(texts, max_size=1).map(tuple),
            st.dictionaries(texts.filter(lambda name: not name.startswith("Secret")), json_values, max_size=3),
            st.none() | st.builds(Refusal, texts, texts, st.just(True), texts),
        ),
        max_size=4,
    )
)
def test_whatever_was_collected_comes_back(tmp_path_factory: pytest.TempPathFactory, records: list[Record]) -> None:
    folder = tmp_path_factory.mktemp("snapshots") / "one"
    written(folder, *records)
    assert list(snapshot.read_snapshot(folder)) == told(records)
    inside = folder.resolve()
    assert all(path.resolve().is_relative_to(inside) for path in folder.rglob("*"))


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = written(tmp_path / "snapshot", ENDPOINTS, TAGS, REFUSED)
    finally:
        os.umask(before)
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_it_is_written_into_an_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    folder.mkdir()
    assert list(snapshot.read_snapshot(written(folder, ENDPOINTS))) == told([ENDPOINTS])


def test_a_snapshot_is_overwritten_only_on_request(tmp_path: Path) -> None:
    folder = written(tmp_path / "snapshot", ENDPOINTS)
    with pytest.raises(snapshot.SnapshotExists, match="--force replaces it"):
        snapshot.write(folder, [REFUSED], (), TIMES)
    assert list(snapshot.read_snapshot(folder)) == told([ENDPOINTS])
    snapshot.write(folder, [REFUSED], (), TIMES, replace=True)
    assert list(snapshot.read_snapshot(folder)) == told([REFUSED])
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot"]


@pytest.mark.parametrize("replace", [False, True])
def test_what_is_no_snapshot_is_never_written_over(tmp_path: Path, *, replace: bool) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(snapshot.SnapshotExists, match="is no snapshot"):
        snapshot.write(tmp_path, [ENDPOINTS], (), TIMES, replace=replace)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_snapshot_that_cannot_be_written_whole_leaves_nothing(tmp_path: Path) -> None:
    bad = ENDPOINTS._replace(body={"Endpoints": object()})
    with pytest.raises(TypeError):
        written(tmp_path / "snapshot", ENDPOINTS, bad)
    assert list(tmp_path.iterdir()) == []


def index_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / snapshot.INDEX).read_text())
    return found


@pytest.mark.parametrize("content", [None, "", "{", "[]", '"text"'])
def test_a_missing_or_broken_file_is_an_unanswered_call(tmp_path: Path, content: str | None) -> None:
    folder = written(tmp_path / "snapshot", ENDPOINTS, REFUSED)
    file = folder / index_of(folder)["calls"][0]["file"]
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    notice, first, second = snapshot.read_snapshot(folder)
    assert isinstance(notice, Notice)
    assert notice.problem
    assert notice.file == str(file)
    assert isinstance(first, Document)
    assert first.refusal is not None
    assert [second] == told([REFUSED])


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"calls": 1}', '{"schema_version": "2.0", "calls": [], "notices": []}', "[" * 9999]
)
def test_an_index_that_is_none_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / snapshot.INDEX).write_text(content)
    (notice,) = snapshot.read_snapshot(tmp_path)
    assert isinstance(notice, Notice)
    assert notice.problem


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "dms:DeleteEndpoint"},
        {"operation": 1},
        {"subjects": None},
        {"subjects": [1]},
        {"file": None},
        {"account": None},
    ],
)
def test_a_garbled_call_is_left_out_and_told(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = written(tmp_path / "snapshot", ENDPOINTS)
    index = index_of(folder)
    index["calls"][0] |= change
    (folder / snapshot.INDEX).write_text(json.dumps(index))
    (notice,) = snapshot.read_snapshot(folder)
    assert isinstance(notice, Notice)
    assert notice.problem


def test_a_file_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"Endpoints": []}')
    folder = written(tmp_path / "snapshot", ENDPOINTS)
    index = index_of(folder)
    for file in ("../other.json", str(tmp_path / "other.json")):
        index["calls"][0]["file"] = file
        (folder / snapshot.INDEX).write_text(json.dumps(index))
        notice, document = snapshot.read_snapshot(folder)
        assert isinstance(notice, Notice)
        assert isinstance(document, Document)
        assert document.body == {}
        assert document.refusal is not None


def test_a_value_that_somebody_put_into_a_snapshot_is_not_read(tmp_path: Path) -> None:
    record = Record("secretsmanager:GetSecretValue", ACCOUNT, REGION, ("s",), {"ARN": "a", "Derived": {}})
    folder = written(tmp_path / "snapshot", record)
    file = folder / index_of(folder)["calls"][0]["file"]
    file.write_text(json.dumps({"ARN": "a", "SecretString": "hunter2"}))
    assert "hunter2" not in repr(list(snapshot.read_snapshot(folder)))

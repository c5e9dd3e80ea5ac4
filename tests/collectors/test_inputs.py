"""The kinds of input: each is found by content, in folders with inputs of several kinds too."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from dms_lint import collectors
from dms_lint.collectors import COLLECTORS, read_inputs, snapshot
from dms_lint.collectors.records import Record
from dms_lint.model import Document, Notice
from tests.build import NOW as AT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dms_lint.collectors.files import Source

ENDPOINTS = {"Endpoints": [{"EndpointArn": "arn:aws:dms:eu-west-1:111122223333:endpoint:A"}]}
TASKS = {"ReplicationTasks": [{"ReplicationTaskArn": "arn:aws:dms:eu-west-1:111122223333:task:B"}]}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with an exported answer, a snapshot below it, and an answer beside the snapshot's files."""
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "tasks.json").write_text(json.dumps(TASKS))
    record = Record("dms:DescribeEndpoints", "111122223333", "eu-west-1", (), ENDPOINTS)
    snapshot.write(tmp_path / "collected", [record], [], (AT, AT))
    (tmp_path / "collected" / "tasks.json").write_text(json.dumps(TASKS))
    return tmp_path


def operations(*paths: Path) -> list[str]:
    return [one.operation if isinstance(one, Document) else one.message for one in read_inputs(map(str, paths))]


@pytest.mark.parametrize("name", COLLECTORS)
def test_each_row_is_a_module_that_detects_and_reads(name: str) -> None:
    module = import_module(name)
    assert all(suffix.startswith(".") and suffix.islower() for suffix in module.SUFFIXES)
    assert callable(module.detect)
    assert callable(module.read)


def test_a_folder_of_several_kinds_gives_the_documents_of_all(mixed: Path) -> None:
    assert operations(mixed) == ["dms:DescribeEndpoints", "dms:DescribeReplicationTasks"]


def test_within_a_snapshot_no_other_file_is_read(mixed: Path) -> None:
    assert operations(mixed / "collected") == ["dms:DescribeEndpoints"]


def test_a_file_of_a_snapshot_named_alone_is_an_answer(mixed: Path) -> None:
    assert operations(mixed / "collected" / "tasks.json") == ["dms:DescribeReplicationTasks"]


def test_the_index_of_a_snapshot_named_alone_is_no_answer(mixed: Path) -> None:
    (message,) = operations(mixed / "collected" / snapshot.INDEX)
    assert message.startswith("is JSON, but no AWS answer")


def test_paths_are_read_in_the_order_in_which_they_are_given(mixed: Path) -> None:
    assert operations(mixed / "export", mixed / "collected") == [
        "dms:DescribeReplicationTasks",
        "dms:DescribeEndpoints",
    ]


class Templates(ModuleType):
    """A collector of a kind of input that there is not yet."""

    SUFFIXES = frozenset({".template"})

    def detect(self, source: Source) -> bool:
        return b"AWSTemplateFormatVersion" in (source.content or b"")

    def read(self, source: Source, *, read_secrets: bool) -> Iterator[Document | Notice]:
        yield Document("dms:DescribeEndpoints", {}, file=source.path)


def test_a_new_kind_of_input_is_a_module_and_a_row(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "templates", Templates("templates"))
    monkeypatch.setattr(collectors, "COLLECTORS", ("templates", *COLLECTORS))
    (mixed / "a.template").write_text("AWSTemplateFormatVersion: 2010-09-09")
    (mixed / "b.template").write_text("no template")
    endpoints, broken, *remaining = read_inputs([str(mixed)])
    assert isinstance(endpoints, Document)
    assert endpoints.file == str(mixed / "a.template")
    assert isinstance(broken, Notice)
    assert broken.message == "is not JSON: export with --output json"
    assert len(remaining) == 2


def test_a_file_that_no_collector_detects_is_a_problem(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collectors, "COLLECTORS", ("dms_lint.collectors.snapshot",))
    (notice,) = read_inputs([str(mixed / "export" / "tasks.json")])
    assert notice == Notice("is no input that dms-lint reads", str(mixed / "export" / "tasks.json"), problem=True)

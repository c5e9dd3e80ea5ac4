from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from dms_lint.aws.responses import RESPONSES, command
from dms_lint.aws.shapes import misfits
from dms_lint.collectors import read_inputs
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document
from tests.build import NOW

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parent.parent.parent / "benchmarks" / "generate.py"
SIZE = 40


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(generate: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    generate.generate(SIZE, folder)
    return folder


@pytest.fixture(scope="module")
def inventory(folder: Path) -> Inventory:
    documents = [document for document in read_inputs([str(folder)]) if isinstance(document, Document)]
    return Inventory(documents, NOW)


def test_every_file_is_read_without_a_complaint(folder: Path) -> None:
    assert [found for found in read_inputs([str(folder)]) if not isinstance(found, Document)] == []


def test_every_answer_is_one_that_aws_gives(folder: Path) -> None:
    problems = [
        f"{document.operation}: {problem}"
        for document in read_inputs([str(folder)])
        if isinstance(document, Document)
        for problem in misfits(document.operation, document.body)
    ]
    assert problems == []


def test_every_file_is_named_like_the_command_that_prints_it(folder: Path) -> None:
    assert {file.stem for file in folder.iterdir()} <= {command(row.operation) for row in RESPONSES}


def test_files_are_indented_as_the_aws_cli_indents(folder: Path) -> None:
    text = (folder / "describe-endpoints.json").read_text()
    assert text == json.dumps(json.loads(text), indent=4) + "\n"


def test_the_same_size_and_seed_give_the_same_bytes(generate: ModuleType, folder: Path, tmp_path: Path) -> None:
    generate.generate(SIZE, tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        file.name: file.read_bytes() for file in folder.iterdir()
    }


def test_another_seed_gives_another_account(generate: ModuleType, folder: Path, tmp_path: Path) -> None:
    generate.generate(SIZE, tmp_path, seed=2)
    name = "describe-endpoints.json"
    assert (tmp_path / name).read_bytes() != (folder / name).read_bytes()


def test_tasks_name_endpoints_and_instances_that_exist(inventory: Inventory) -> None:
    for task in inventory.known("task"):
        assert inventory.find("endpoint", task.text("SourceEndpointArn")) is not None
        assert inventory.find("endpoint", task.text("TargetEndpointArn")) is not None
        assert inventory.find("replication-instance", task.text("ReplicationInstanceArn")) is not None


def test_task_settings_are_as_long_as_real_ones(inventory: Inventory) -> None:
    for task in inventory.known("task"):
        settings: dict[str, Any] = json.loads(task.text("ReplicationTaskSettings"))
        assert 3400 < len(task.text("ReplicationTaskSettings")) < 4000
        assert settings["Logging"]["LogComponents"]


def test_certificates_are_x509_and_differ(inventory: Inventory) -> None:
    certificates = list(inventory.known("certificate"))
    pems = [certificate.text("CertificatePem") for certificate in certificates if "CertificatePem" in certificate]
    assert len(certificates) == SIZE // 10
    assert len(set(pems)) == len(pems) > len(certificates) / 2
    assert all(x509.load_pem_x509_certificates(pem.encode()) for pem in pems)


def test_a_hundred_endpoints_are_two_thirds_of_a_megabyte(generate: ModuleType, tmp_path: Path) -> None:
    generate.generate(100, tmp_path)
    assert 600_000 < sum(file.stat().st_size for file in tmp_path.iterdir()) < 700_000

"""The commands that examples/export.sh prints: they exist, they are enough, and dms-lint reads what they write."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore import xform_name

from dms_lint.aws.responses import RESPONSES
from dms_lint.collectors import read_inputs
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document
from tests.build import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "examples" / "export.sh"
FAKE_AWS = ROOT / "tests" / "fake_aws.py"
CLEAN = ROOT / "tests" / "accounts" / "clean"

NOT_EXPORTED = {
    # Parts of GetAccountAuthorizationDetails, for whoever may not call that.
    "iam:ListRoles",
    "iam:GetRole",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    # Must be generated first, and says no more than ListAccessKeys does.
    "iam:GetCredentialReport",
    # Holds a secret's value: whoever wants it read, with --read-secrets, exports it by hand.
    "secretsmanager:GetSecretValue",
    # About an engine, not about the account.
    "dms:DescribeEndpointSettings",
}


@cache
def printed() -> str:
    return subprocess.run(
        ["sh", str(SCRIPT), "eu-west-1", "eu-central-1", "export"], capture_output=True, text=True, check=True
    ).stdout


@cache
def session() -> Any:
    return botocore.session.get_session()


def commands(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Service, operation and options of every `aws` command in the text."""
    for call in re.findall(r"(?<![\w-])aws ((?:'[^']*'|\"[^\"]*\"|[^|>)\n'\"])+)", text):
        words = shlex.split(call.split(" 2>")[0])
        if len(words) > 1 and re.fullmatch(r"[a-z0-9-]+", words[0]):
            yield words[0], words[1], [word for word in words[2:] if word.startswith("--")]


def model(service: str, command: str) -> Any:
    """The operation that the AWS CLI calls for a command."""
    service = {"s3api": "s3"}.get(service, service)
    found = session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in found.operation_names}
    return found.operation_model(names[command])


def test_the_script_and_what_it_prints_are_posix_shell(tmp_path: Path) -> None:
    subprocess.run(["sh", "-n", str(SCRIPT)], check=True)
    (tmp_path / "commands.sh").write_text(printed())
    subprocess.run(["sh", "-n", str(tmp_path / "commands.sh")], check=True)


def test_every_command_and_its_options_exist() -> None:
    common = {"--region", "--output", "--query", "--no-cli-pager"}
    found = list(commands(printed()))
    assert len(found) > 60
    for service, command, options in found:
        shape = model(service, command).input_shape
        members = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
        flags = {f"--no-{name[2:]}" for name in members}
        assert set(options) <= common | members | flags, f"{service} {command}"


def test_everything_that_dms_lint_reads_is_exported() -> None:
    exported = {
        f"{ {'s3api': 's3'}.get(service, service) }:{model(service, command).name}"
        for service, command, _ in commands(printed())
    }
    assert {row.operation for row in RESPONSES} - exported == NOT_EXPORTED


def test_no_command_changes_anything_or_reads_a_secret() -> None:
    for service, command, _ in commands(printed()):
        assert command.startswith(("describe-", "list-", "get-", "head-")), f"{service} {command}"
        assert command != "get-secret-value"


def test_answers_go_to_json_files_and_refusals_to_err_files() -> None:
    writing = [line for line in printed().splitlines() if line.strip().startswith("aws ")]
    assert len(writing) > 40
    for line in writing:
        file = re.search(r'> "(.+)\.json" 2> "(.+)\.err"$', line)
        assert file is not None, line
        assert file[1] == file[2]
        assert "--no-cli-pager --output json" in line


@pytest.mark.parametrize("arguments", [[], ["eu-west-1"], ["eu-west-1; rm", "x"], ["$(id)", "x"], ["eu-west-1", "-x"]])
def test_arguments_that_are_no_region_or_folder_are_refused(arguments: list[str]) -> None:
    run = subprocess.run(["sh", str(SCRIPT), *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr != ""


def test_dms_lint_reads_back_all_that_the_commands_write(tmp_path: Path) -> None:
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE_AWS}" "{CLEAN}" "$@"\n')
    aws.chmod(0o755)
    folder = "it's an export; $(true)"
    text = subprocess.run(["sh", str(SCRIPT), "eu-west-1", folder], capture_output=True, text=True, check=True).stdout
    (tmp_path / "commands.sh").write_text(text)
    subprocess.run(["sh", "commands.sh"], cwd=tmp_path, check=True, env={"PATH": f"{aws.parent}:/usr/bin:/bin"})
    assert {path.name for path in (tmp_path / folder).iterdir()} == {"111122223333"}

    now = NOW
    found = list(read_inputs([str(tmp_path / folder)]))
    assert [one for one in found if not isinstance(one, Document)] == []
    read = Inventory([one for one in found if isinstance(one, Document)], now)
    real = Inventory([one for one in read_inputs([str(CLEAN)]) if isinstance(one, Document)], now)
    assert read.kinds() == real.kinds()
    for kind in real.kinds():
        assert {one.id for one in read.known(kind) if kind != "tags"} == {
            one.id for one in real.known(kind) if kind != "tags"
        }, kind

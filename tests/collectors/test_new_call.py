"""What a row of the table of calls needs besides: each test names every place where something of it is missing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import command, shapes_of
from dms_lint.collectors import read_inputs
from dms_lint.collectors.live.calls import CALLS, READS_VALUES, calls_for
from dms_lint.facts import judged_kinds, kinds_read
from dms_lint.model import Document
from tests.aws.subjects import ABOUT
from tools import export_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.collectors.live.calls import Call
    from dms_lint.model import Pack

ROOT = Path(__file__).parent.parent.parent
ACCOUNTS = ROOT / "tests" / "accounts"
NOT_RECORDED = {"ec2:GetManagedPrefixListEntries": "no group and no route of the accounts names a prefix list"}
"""Operations of which no whole account has an answer, and why."""
NOT_EXPORTED = {READS_VALUES: "it holds a secret's value"}
"""Operations that examples/export.sh must not call, and why."""
IN_BATCHES = {"dms:ListTagsForResource"}
"""Operations about several things at once, which tests/aws/replay.py takes apart."""


@cache
def recorded() -> frozenset[str]:
    folders = [str(folder) for folder in (*ACCOUNTS.iterdir(), ROOT / "examples" / "account") if folder.is_dir()]
    found = read_inputs(folders, read_secrets=True)
    return frozenset(one.operation for one in found if isinstance(one, Document) and one.refusal is None)


@cache
def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def missing_places(call: Call, pack: Pack) -> Iterator[str]:
    operation = call.operation
    words = f"{ {'s3': 's3api'}.get(call.service, call.service) } {command(operation)}"
    if not shapes_of(operation):
        yield "dms_lint/aws/responses.py: a row of RESPONSES says where its resources stand"
    for kind in call.kinds:
        if kind not in KINDS:
            yield f"dms_lint/aws/kinds.py: a row of KINDS says what a {kind} is"
    needed = calls_for(judged_kinds(pack.rules), kinds_read(pack.rules), read_secrets=True)
    if call not in needed:
        yield "a fact and a rule that read its resources: no other call is ever made (`make docs` finds out who reads)"
    if operation != READS_VALUES and f"- {call.action}\n" not in text_of("examples/read-only-role.yaml"):
        yield f"examples/read-only-role.yaml: `make docs` allows {call.action}"
    if f"`{call.action}`" not in text_of("docs/permissions.md"):
        yield "docs/permissions.md: `make docs` writes its line"
    if operation not in NOT_EXPORTED and f" {words} " not in text_of("examples/export.sh").replace("\n", " "):
        yield f"examples/export.sh: `make docs` writes `aws {words}`"
    if operation not in recorded() | set(NOT_RECORDED):
        yield "tests/accounts: an answer as the AWS CLI prints it, or the reason in NOT_RECORDED why there is none"
    if call.about and operation not in {*ABOUT, *IN_BATCHES}:
        yield "tests/aws/replay.py: how the double answers about several things at once"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_everything_that_a_call_needs_is_there(call: Call, pack: Pack) -> None:
    missing = list(missing_places(call, pack))
    assert not missing, "\n- ".join([f"{call.operation} still needs:", *missing])


def test_the_commands_to_export_are_those_of_the_table() -> None:
    assert export_script.script() == text_of("examples/export.sh"), "run `make docs`"


def test_no_reason_stands_for_what_is_recorded() -> None:
    operations = {call.operation for call in CALLS}
    assert set(NOT_RECORDED) <= operations - recorded()
    assert operations >= {*NOT_EXPORTED, *IN_BATCHES}

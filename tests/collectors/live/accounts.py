"""Whole accounts behind the double of AWS, and what is collected of them in this process."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dms_lint.aws.where import Where
from dms_lint.collectors import read_inputs
from dms_lint.collectors.live.calls import CALLS
from dms_lint.collectors.live.scheduler import Collection, collect
from dms_lint.engine.evaluate import Outcome, evaluate
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document
from tests.build import NOW as AT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dms_lint.collectors.live.calls import Call
    from dms_lint.model import Pack
    from tests.aws.server import Aws

ACCOUNT, REGION = "111122223333", "eu-west-1"
ACCOUNTS = Path(__file__).parent.parent.parent / "accounts"
MIGRATION = ACCOUNTS / "migration"
PASSWORD = "xyz-PW-71-never-to-be-seen"


def read(folder: Path) -> list[Document]:
    """The documents of a folder, those of secrets included."""
    return [one for one in read_inputs([str(folder)], read_secrets=True) if isinstance(one, Document)]


def seed(aws: Aws, documents: Iterable[Document], folder: Path) -> None:
    """Put these documents behind the double, by way of a folder; secrets get values that derive to their records."""
    for number, document in enumerate(documents):
        name = Path(str(document.file)).name
        file = folder / str(number) / Path(str(document.file)).parent.name / name
        file.parent.mkdir(parents=True)
        if document.refusal is not None:
            code, name = document.refusal.code, document.operation.partition(":")[2]
            message = f"An error occurred ({code}) when calling the {name} operation: {document.refusal.message}"
            file.with_suffix(".err").write_text(message)
            continue
        file.write_text(json.dumps(document.body))
        if "Derived" in document.body:
            aws.put_secret_value(ACCOUNT, REGION, document.body["ARN"], value(document.body["Derived"]))
    aws.seed(ACCOUNT, REGION, folder)


def value(derived: Mapping[str, Any]) -> dict[str, str]:
    """A secret that derives to that record."""
    found = dict.fromkeys(derived["Members"], "something")
    for name, member in (("Host", "host"), ("Port", "port"), ("AsmServer", "asm_server")):
        if name in derived:
            found[member] = derived[name]
    for name, member in (("PasswordCharacters", "password"), ("AsmPasswordCharacters", "asm_password")):
        if member in found:
            found[member] = PASSWORD + "".join(derived[name])
    return found


@contextmanager
def environment(aws: Aws) -> Iterator[None]:
    """This process with the credentials and the endpoint of the double, and one attempt a call."""
    before = dict(os.environ)
    os.environ |= aws.env(ACCOUNT, REGION) | {"AWS_MAX_ATTEMPTS": "1", "AWS_RETRY_MODE": "standard"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def collected(aws: Aws, calls: Sequence[Call] = CALLS, **where: Any) -> Collection:
    """What these calls give, over HTTP."""
    with environment(aws):
        return collect(calls, Where(**where))


def judged(found: Collection, pack: Pack) -> Outcome:
    """All verdicts on what was collected."""
    documents = [one for one in found.documents() if isinstance(one, Document)]
    return evaluate(pack.rules, Inventory(documents, AT), all_verdicts=True)


def verdicts(outcome: Outcome) -> dict[tuple[str, str, str], str]:
    """By rule, kind and id of the resource."""
    return {(one.rule.id, one.resource.kind, one.resource.id): one.verdict.value for one in outcome.findings}

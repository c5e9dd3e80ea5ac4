"""Reads and runs the cases of a rule: documents as AWS returns them, and the verdict that must follow."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.responses import RESPONSES, command, operation_of
from dms_lint.collectors.exports import parse_export
from dms_lint.data.errors import InputError, is_nonblank, nearest
from dms_lint.data.yaml_file import YamlError, line_of, read_yaml
from dms_lint.engine.evaluate import Outcome, evaluate
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Notice, Refusal, Rule, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)
"""The moment of a case that does not say `at`."""

_KEYS: Final = ("name", "given", "denied", "absent", "then", "says", "of", "at")

_ABSENT: Final = {
    "iam": "NoSuchEntity",
    "kms": "NotFoundException",
    "s3": "NoSuchBucket",
    "secretsmanager": "ResourceNotFoundException",
}
"""By service, the error with which AWS says that there is no such thing."""


class Case(NamedTuple):
    """One case of a rule: responses, calls that were `denied` or about what is `absent`, and the verdict."""

    rule: str
    name: str
    file: str
    responses: Mapping[str, Any]
    denied: tuple[str, ...]
    absent: tuple[str, ...]
    then: Verdict
    says: tuple[str, ...]
    subject: str
    at: datetime


def case_file(rule: Rule) -> Path:
    """Where the cases of a rule stand: beside it."""
    return Path(rule.file).with_name(f"{rule.id}.cases.yaml")


def read_cases(rule: Rule) -> Iterator[Case]:
    """The cases of a rule.  Raises OSError, and YamlError for a file of another form, too."""
    file = case_file(rule)
    for number, entry in enumerate(entries(file)):
        try:
            case = parse_case(rule, entry)
        except InputError as error:
            raise YamlError(str(error), file, line_of(file, (number, *error.path))) from None
        yield case


def entries(file: Path) -> list[Any]:
    """What a file of cases lists, unread.  Raises OSError and YamlError."""
    try:
        data = read_yaml(file)
    except UnicodeDecodeError:
        raise YamlError("not UTF-8", file, 1) from None
    if not isinstance(data, list) or not data:
        empty = "the file is empty: " if data is None else ""
        raise YamlError(f"{empty}cases are a list, each `- name: ...` with `given` and `then`", file, 1)
    return data


def parse_case(rule: Rule, entry: Any) -> Case:
    """The case that an entry of the file is.  Raises InputError, with where it is wrong."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"].strip():
        raise InputError("a case is a mapping that begins with its name")
    for key in entry:
        if key not in _KEYS:
            hint = nearest(str(key), _KEYS) or f"; the keys are {', '.join(_KEYS)}"
            raise InputError(f"'{key}' is no key of a case{hint}", str(key))
    responses = entry.get("given", {})
    if not isinstance(responses, dict) or not all(isinstance(body, dict) for body in responses.values()):
        raise InputError("'given' is a mapping of AWS CLI commands to their answers", "given")
    then = entry.get("then")
    if then not in tuple(Verdict):
        near = nearest(str(then), Verdict)
        raise InputError(f"'then' is one of {', '.join(Verdict)}{near}", "then")
    subject = entry.get("of", "")
    if not isinstance(subject, str):
        raise InputError("'of' is the name, the id or the kind of a resource", "of")
    return Case(
        rule.id,
        entry["name"],
        str(case_file(rule)),
        responses,
        _texts(entry, "denied"),
        _texts(entry, "absent"),
        Verdict(entry["then"]),
        _texts(entry, "says"),
        subject,
        _moment(entry["at"]) if "at" in entry else NOW,
    )


def _texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    if key not in entry:
        return ()
    values = [entry[key]] if isinstance(entry[key], str) else entry[key]
    if not isinstance(values, list) or not values or not all(map(is_nonblank, values)):
        raise InputError(f"'{key}' is a text or a list of texts", key)
    return tuple(values)


def _moment(day: Any) -> datetime:
    try:
        day = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        day = None
    if type(day) is not date:
        raise InputError("'at' is a date, like 2026-11-23", "at")
    return datetime.combine(day, datetime.min.time(), UTC)


def _plain(value: Any) -> str:
    """What JSON has no word for and YAML reads: a date, as the AWS CLI prints it."""
    if isinstance(value, date):
        return value.isoformat()
    raise InputError(f"no answer holds {value!r}", "given")


def _operation(call: str) -> str:
    """The operation of an AWS CLI command.  Raises InputError for one that is not read."""
    service, name = (*str(call).split(" ", 2), "")[:2]
    operation = operation_of(service, name)
    if operation is None:
        commands = (f"{row.service} {command(row.operation)}" for row in RESPONSES)
        raise InputError(f"'{call}' is no AWS CLI command that dms-lint reads{nearest(call, commands)}", "given", call)
    return operation


def answers(case: Case) -> Iterator[tuple[str, str, Any]]:
    """The answers that are given: the AWS CLI command, its operation, the body as JSON has it.  Raises InputError."""
    for call, body in case.responses.items():
        operation = _operation(str(call))
        try:
            yield str(call), operation, json.loads(json.dumps(body, default=_plain))
        except TypeError:  # a date, say
            raise InputError("a member of an answer is called by a text: put it into quotes", "given", call) from None


def documents(case: Case) -> Iterator[Document]:
    """The answers of a case, read as files of that name would be.  Raises InputError for one that is none.

    Secrets are read too, as with --read-secrets: those of a case are invented.
    """
    for call, operation, body in answers(case):
        name, subject = (*call.split(" ", 2), "", "")[1:3]
        # A file name cannot hold a '/': there, as in a folder of exports, another character stands for it.
        file = ".".join(part.replace("/", "-") for part in (name, subject, "json") if part)
        for document in parse_export(json.dumps(body).encode(), file, read_secrets=True):
            if isinstance(document, Notice):
                raise InputError(f"{call}: {document.message}", "given", call)
            if document.operation != operation:
                raise InputError(f"{call}: reads as an answer of {document.operation}", "given", call)
            yield document._replace(subject=subject) if document.subject else document
    for denied in case.denied:
        yield _refused("denied", denied, Refusal("AccessDenied", "not authorized to perform"))
    for absent in case.absent:
        # The answer to a HEAD request has no body, and so no more than a number.
        code = "404" if absent.startswith("s3:Head") else _ABSENT.get(absent.partition(":")[0])
        if code is None:
            raise InputError(f"'{absent}': nobody knows how AWS says that there is no such thing", "absent")
        yield _refused("absent", absent, Refusal(code, "does not exist"))


def _refused(key: str, call: str, refusal: Refusal) -> Document:
    operation, _, about = call.partition(" ")
    if not any(row.operation == operation for row in RESPONSES):
        near = nearest(operation, {row.operation: None for row in RESPONSES})
        raise InputError(f"'{call}' is no call that dms-lint reads{near or ', like dms:DescribeEndpoints'}", key)
    return Document(operation, {}, subject=about, refusal=refusal)


def judge(case: Case, rule: Rule) -> Outcome:
    """All verdicts of the rule on the case's documents.  Raises InputError as `documents` does."""
    return evaluate([rule], Inventory(documents(case), case.at), all_verdicts=True)

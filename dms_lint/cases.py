"""Runs the cases of a rule pack: documents as AWS returns them, and the verdict that must follow."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.answers import ROWS, operation_of
from dms_lint.collectors.exports import parse_export
from dms_lint.evaluate import Outcome, evaluate
from dms_lint.facts import FACTS
from dms_lint.inventory import Inventory
from dms_lint.model import Document, Notice, Pack, Refusal, Rule, Verdict
from dms_lint.predicates import compile_schema
from dms_lint.shapes import misfits
from dms_lint.templates import message
from dms_lint.yamls import YamlError, line_of, read_yaml

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
    """One case of a rule: `given` answers, calls that were `denied` or about what is `absent`, and the verdict."""

    rule: str
    name: str
    file: str
    given: Mapping[str, Any]
    denied: tuple[str, ...]
    absent: tuple[str, ...]
    then: Verdict
    says: tuple[str, ...]
    of: str
    at: datetime


def case_file(rule: Rule) -> Path:
    """Where the cases of a rule stand: beside it."""
    return Path(rule.file).with_name(f"{rule.id}.cases.yaml")


def read_cases(rule: Rule) -> Iterator[Case]:
    """The cases of a rule.  Raises YamlError, OSError, and ValueError for a file of another form."""
    file = case_file(rule)
    data = read_yaml(file)
    if not isinstance(data, list) or not data:
        raise ValueError(f"{file}:1: cases are a list")
    for number, entry in enumerate(data):
        try:
            case = _case(rule, file, entry)
        except ValueError as error:
            raise ValueError(f"{file}:{line_of(file, (number,))}: {error}") from None
        yield case


def _case(rule: Rule, file: Path, entry: Any) -> Case:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"].strip():
        raise ValueError("a case is a mapping that begins with its name")
    for key in entry:
        if key not in _KEYS:
            raise ValueError(f"'{key}' is no key of a case; the keys are {', '.join(_KEYS)}")
    given = entry.get("given", {})
    if not isinstance(given, dict) or not all(isinstance(body, dict) for body in given.values()):
        raise ValueError("'given' is a mapping of AWS CLI commands to their answers")
    if entry.get("then") not in tuple(Verdict):
        raise ValueError(f"'then' is one of {', '.join(Verdict)}")
    of = entry.get("of", "")
    if not isinstance(of, str):
        raise ValueError("'of' is the name, the id or the kind of a resource")
    return Case(
        rule.id,
        entry["name"],
        str(file),
        given,
        _texts(entry, "denied"),
        _texts(entry, "absent"),
        Verdict(entry["then"]),
        _texts(entry, "says"),
        of,
        _moment(entry["at"]) if "at" in entry else NOW,
    )


def _texts(entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    if key not in entry:
        return ()
    values = [entry[key]] if isinstance(entry[key], str) else entry[key]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise ValueError(f"'{key}' is a text or a list of texts")
    return tuple(values)


def _moment(day: Any) -> datetime:
    try:
        day = date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        day = None
    if type(day) is not date:
        raise ValueError("'at' is a date, like 2026-11-23")
    return datetime.combine(day, datetime.min.time(), UTC)


def _plain(value: Any) -> str:
    """What JSON has no word for and YAML reads: a date, as the AWS CLI prints it."""
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError(f"no answer holds {value!r}")


def _operation(call: str) -> str:
    """The operation of an AWS CLI command; ValueError for one that is not read."""
    service, name = (*str(call).split(" ", 2), "")[:2]
    operation = operation_of(service, name)
    if operation is None:
        raise ValueError(f"'{call}' is no AWS CLI command that dms-lint reads")
    return operation


def documents(case: Case) -> Iterator[Document]:
    """The answers of a case, read as files of that name would be.  Raises ValueError for one that is none.

    Secrets are read too, as with --read-secrets: those of a case are invented.
    """
    for call, body in case.given.items():
        operation = _operation(call)
        name, subject = (*str(call).split(" ", 2), "", "")[1:3]
        # A file name cannot hold a '/': there, as in a folder of exports, another character stands for it.
        file = ".".join(part.replace("/", "-") for part in (name, subject, "json") if part)
        for found in parse_export(json.dumps(body, default=_plain).encode(), file, read_secrets=True):
            if isinstance(found, Notice):
                raise ValueError(f"{call}: {found.message}")
            if found.operation != operation:
                raise ValueError(f"{call}: reads as an answer of {found.operation}")
            yield found._replace(subject=subject) if found.subject else found
    for denied in case.denied:
        yield _refused(denied, Refusal("AccessDenied", "not authorized to perform"))
    for absent in case.absent:
        # The answer to a HEAD request has no body, and so no more than a number.
        code = "404" if absent.startswith("s3:Head") else _ABSENT.get(absent.partition(":")[0])
        if code is None:
            raise ValueError(f"'{absent}': nobody knows how AWS says that there is no such thing")
        yield _refused(absent, Refusal(code, "does not exist"))


def _refused(call: str, refusal: Refusal) -> Document:
    operation, _, about = call.partition(" ")
    if not any(row.operation == operation for row in ROWS):
        raise ValueError(f"'{call}' is no call that dms-lint reads")
    return Document(operation, {}, subject=about, refusal=refusal)


def judge(case: Case, rule: Rule) -> Outcome:
    """All verdicts of the rule on the case's documents.  Raises ValueError as `documents` does."""
    return evaluate([rule], Inventory(documents(case), case.at), all_verdicts=True)


def _misfits(case: Case) -> Iterator[str]:
    """What the given answers hold that AWS never sends; of what is read at all."""
    list(documents(case))
    for call, body in case.given.items():
        operation = _operation(call)
        for problem in misfits(operation, json.loads(json.dumps(body, default=_plain))):
            yield f"{operation} never answers that: {problem}"


def failures(case: Case, rule: Rule) -> Iterator[str]:
    """What is not as the case says; nothing when all is."""
    try:
        yield from _misfits(case)
        outcome = judge(case, rule)
    except ValueError as error:
        yield str(error)
        return
    for fault in outcome.faults:
        yield f"internal error: {fault.traceback}"
    found = [
        finding
        for finding in outcome.findings
        if case.of in ("", finding.resource.name, finding.resource.id, finding.resource.kind)
    ]
    if len(found) != 1:
        names = ", ".join(f"{one.resource.kind} {one.resource.name}" for one in found) or "none"
        yield f"the rule must judge one resource and judges {names}; say which with 'of'"
        return
    (finding,) = found
    for name, value in finding.evidence.items():
        if not compile_schema(FACTS[name].schema)(value):
            yield f"the fact {name} is {value!r}, which its schema {dict(FACTS[name].schema)} does not allow"
    if finding.verdict is not case.then:
        why = f" ({finding.missing.message})" if finding.missing else f" ({dict(finding.evidence)})"
        yield f"expected {case.then}, got {finding.verdict}{why}"
        return
    said = message(finding)
    for words in case.says:
        if words not in said:
            yield f"expected the message to say {words!r}, got {said!r}"


def check(pack: Pack) -> Iterator[tuple[Rule, Case | None, str]]:
    """Every problem with the cases of a pack: the rule, the case where it is one's, and what is wrong."""
    for rule in pack.rules:
        try:
            cases = list(read_cases(rule))
        except FileNotFoundError:
            yield rule, None, f"has no cases: write {case_file(rule).name} beside it"
            continue
        except (YamlError, ValueError, OSError) as error:
            yield rule, None, str(error)
            continue
        names = [case.name for case in cases]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield rule, None, f"two cases are named '{name}'"
        verdicts = {case.then for case in cases}
        for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN):
            if verdict not in verdicts:
                yield rule, None, f"no case reaches {verdict}"
        if rule.when and Verdict.NOT_APPLICABLE not in verdicts:
            yield rule, None, f"it has a 'when', and no case reaches {Verdict.NOT_APPLICABLE}"
        for case in cases:
            for problem in failures(case, rule):
                yield rule, case, problem

"""Reads files of AWS CLI answers: recognised by content, whatever they are called."""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws import redaction
from dms_lint.aws.responses import RESPONSES, command, recognise, shapes_of
from dms_lint.aws.secret_values import derive, holds_value
from dms_lint.collectors.files import decode
from dms_lint.collectors.recognition import (
    ENDINGS,
    lines_of_items,
    names_its_subject,
    placeholder,
    service_is_certain,
    subject_of,
    subject_of_error,
)
from dms_lint.model import Document, Notice, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.collectors.files import Source

SUFFIXES: Final = ENDINGS
_ERROR: Final = re.compile(
    r"An error occurred \((?P<code>[\w.]+)\) when calling the (?P<operation>\w+) operation"
    r"(?: \(reached max retries: \d+\))?: ?(?P<message>.*)"
)
_SPACE: Final = re.compile(r"[ \t\n\r]*")


class _Export(NamedTuple):
    """A file, and the text in it."""

    file: str
    modified: float
    text: str


def detect(source: Source) -> bool:
    """Whether it is a file: of one that holds no answer it is said what is wrong with it."""
    return source.content is not None


def read(source: Source, *, read_secrets: bool) -> Iterator[Document | Notice]:
    """Every answer in a file, and every refusal."""
    return parse_export(source.content or b"", source.path, source.modified, read_secrets=read_secrets)


def parse_export(
    content: bytes, file: str, modified: float = 0.0, *, read_secrets: bool = False
) -> Iterator[Document | Notice]:
    """The answers in the bytes of one file: one JSON value, several one after another, or AWS CLI error messages."""
    try:
        text = decode(content)
    except UnicodeDecodeError:
        yield Notice("is binary: no text in UTF-8 or UTF-16", file, problem=True)
        return
    if not text.strip():
        # A command that was refused leaves its output file empty; its error message went elsewhere.
        if not file.endswith(".err"):
            yield Notice("is empty: the command that wrote it failed, or is still to be run", file, problem=True)
        return
    errors = list(_ERROR.finditer(text)) if "An error occurred (" in text[:4096] else []
    if errors and not text.lstrip().startswith(("{", "[")):
        for error in errors:
            yield from _refusals(error, file, modified, text.count("\n", 0, error.start()) + 1)
        return
    if file.endswith(".err") and not text.lstrip().startswith(("{", "[")):
        # Not quoted: a command's output may have gone here too, and may be a secret's value.
        yield Notice("is no error message of the AWS CLI: see what it says", file, problem=True)
        return
    yield from _values(_Export(file, modified, text), read_secrets=read_secrets)


def _values(export: _Export, *, read_secrets: bool) -> Iterator[Document | Notice]:
    text, file = export.text, export.file
    decoder = JSONDecoder()
    position, counted, line = _end_of_space(text, 0), 0, 1
    while position < len(text):
        line += text.count("\n", counted, position)
        counted = position
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            yield _not_json(text, file, position, error)
            return
        for answer in value if isinstance(value, list) and _are_answers(value) else (value,):
            if holds_value(answer):
                if not read_secrets:
                    message = "holds a secret's value: not read without --read-secrets; delete this file"
                    yield Notice(message, file, line, problem=True)
                    continue
                answer = derive(answer)  # from here on there is no value
            yield _document(answer, export, position, line)
        position = _end_of_space(text, end)


def _end_of_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _not_json(text: str, file: str, position: int, error: Exception) -> Notice:
    if isinstance(error, RecursionError):
        return Notice("is nested too deeply to be an AWS answer", file, problem=True)
    if not isinstance(error, JSONDecodeError):  # a number of more digits than Python takes
        return Notice("is not JSON: it holds a number beyond measure", file, problem=True)
    if not text[error.pos :].strip() or error.msg.startswith("Unterminated"):
        return Notice("breaks off: the JSON does not end", file, error.lineno, problem=True)
    if position == error.pos:
        # What it says instead is not repeated: it may be a secret's value.
        return Notice("is not JSON: export with --output json", file, error.lineno, problem=True)
    return Notice(f"is not JSON: {error.msg} at column {error.colno}", file, error.lineno, problem=True)


def _are_answers(values: list[Any]) -> bool:
    return bool(values) and all(
        isinstance(value, dict) and (holds_value(value) or recognise(value)) for value in values
    )


def _document(value: Any, export: _Export, position: int, line: int) -> Document | Notice:
    """The answer that a JSON value is, or why it is none."""
    file = export.file
    if isinstance(value, list):
        return Notice("is a bare list: export the whole answer, without --query", file, line, problem=True)
    operation = recognise(value) if isinstance(value, dict) else None
    if operation is None:
        message = f"is JSON, but no AWS answer that dms-lint reads{_members(value)}"
        return Notice(message, file, line, problem=True)
    if not service_is_certain(operation, value, file):
        return Notice(_of_several_services(operation), file, line, problem=True)
    subject = ""
    if not any(row.id and not row.id.endswith("?") for row in shapes_of(operation)):
        subject = subject_of(file, operation)
        if not subject and not names_its_subject(operation, value):
            name = f"{command(operation)}.{placeholder(operation)}.json"
            return Notice(f"does not say what it is about: name the file {name}", file, line, problem=True)
    return Document(
        operation,
        value,
        file=file,
        subject=subject,
        modified=export.modified,
        line=line,
        lines=lines_of_items(operation, value, export.text, position, line),
    )


def _of_several_services(operation: str) -> str:
    keys = ", ".join(row.key for row in shapes_of(operation))
    return (
        f"is an empty list of {keys}, as several services answer: "
        f"if it is of {operation.partition(':')[0]}, name the file {command(operation)}.json"
    )


def _members(value: Any) -> str:
    if not isinstance(value, dict) or not value:
        return ""
    names = [str(name)[:40] for name in list(value)[:4]]
    return f" (it has {', '.join(names)}{', ...' if len(value) > 4 else ''})"


def _refusals(error: re.Match[str], file: str, modified: float, line: int) -> Iterator[Document | Notice]:
    """The refusal of a call, for each operation of that name; its message may say which service's it is."""
    name, message = error["operation"], error["message"]
    candidates = dict.fromkeys(row.operation for row in RESPONSES if row.operation.endswith(f":{name}"))
    in_message = [operation for operation in candidates if operation in message]
    if not candidates:
        yield Notice(f"says that {name} was refused, which dms-lint does not need", file, line)
    caller = re.search(r"\barn:aws[\w-]*:(?:sts|iam)::(\d{12}):", message)
    for operation in in_message or candidates:
        yield Document(
            operation,
            {},
            file=file,
            subject=subject_of_error(operation, file, message),
            account=caller[1] if caller else "",
            modified=modified,
            line=line,
            refusal=Refusal(error["code"], redaction.message(message.strip())),
        )

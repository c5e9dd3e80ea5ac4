"""Reads files of AWS CLI answers: recognised by content, whatever they are called.

What a file is called matters only where an answer does not say what it is about: `get-key-policy.KEY.json`, or
KEY.json in a folder `get-key-policy`.
"""

from __future__ import annotations

import os
import re
import sys
from array import array
from json.decoder import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws import redaction
from dms_lint.aws.responses import OF_ACCOUNT, RESPONSES, SHARED_KEYS, command, identify, recognise, shapes_of
from dms_lint.aws.secret_values import derive, holds_value
from dms_lint.collectors import snapshot
from dms_lint.model import Document, Notice, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

STDIN: Final = "-"
_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson", ".err"})
_ERROR: Final = re.compile(
    r"An error occurred \((?P<code>[\w.]+)\) when calling the (?P<operation>\w+) operation"
    r"(?: \(reached max retries: \d+\))?: ?(?P<message>.*)"
)
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def read_exports(paths: Iterable[str], *, read_secrets: bool = False) -> Iterator[Document | Notice]:
    """Every answer in these files, folders (with all below them) and `-` (standard input).

    What cannot be read becomes a Notice with `problem` set, and the rest is read all the same.  The value of a secret
    is read only with `read_secrets`, and then gives no more than what is derived of it.
    """
    for path in paths:
        if path == STDIN:
            yield from parse_export(sys.stdin.buffer.read(), STDIN, read_secrets=read_secrets)
        elif os.path.isdir(path):  # noqa: PTH112 - Path costs more than the question
            yield from _folder(Path(path), read_secrets=read_secrets)
        else:
            yield from _file(Path(path), read_secrets=read_secrets)


def _folder(folder: Path, *, read_secrets: bool) -> Iterator[Document | Notice]:
    found = False
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=closed.append):
        if snapshot.INDEX in names:
            # It says of each file what it is, and of each call without one why.
            found = True
            folders.clear()
            yield from snapshot.read(Path(parent))
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(parent) / name
            if file.suffix.lower() in _SUFFIXES and not name.startswith(".") and file.is_file():
                found = True
                yield from _file(file, read_secrets=read_secrets)
    for error in closed:
        yield Notice(f"cannot be read: {error.strerror or error}", str(error.filename), problem=True)
    if not found and not closed:
        suffixes = ", ".join(sorted(_SUFFIXES))
        yield Notice(f"no file to read in this folder ({suffixes})", str(folder), problem=True)


def _file(file: Path, *, read_secrets: bool) -> Iterator[Document | Notice]:
    try:
        content = file.read_bytes()
        modified = file.stat().st_mtime
    except OSError as error:
        yield Notice(f"cannot be read: {error.strerror or error}", str(file), problem=True)
        return
    yield from parse_export(content, str(file), modified, read_secrets=read_secrets)


def parse_export(
    content: bytes, file: str, modified: float = 0.0, *, read_secrets: bool = False
) -> Iterator[Document | Notice]:
    """The answers in the bytes of one file: one JSON value, several one after another, or AWS CLI error messages."""
    try:
        text = _decode(content)
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
            yield from _refused(error, file, modified, text.count("\n", 0, error.start()) + 1)
        return
    if file.endswith(".err") and not text.lstrip().startswith(("{", "[")):
        # Not quoted: a command's output may have gone here too, and may be a secret's value.
        yield Notice("is no error message of the AWS CLI: see what it says", file, problem=True)
        return
    yield from _values(text, file, modified, read_secrets=read_secrets)


def _decode(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, or UTF-16 as PowerShell writes it."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    if content[1:4:2] == b"\0\0" and content[0] != 0:
        return content.decode("utf-16-le")
    if content[:4:2] == b"\0\0" and content[1] != 0:
        return content.decode("utf-16-be")
    text = content.decode("utf-8-sig")
    if "\0" in text[:4096]:
        raise UnicodeDecodeError("utf-8", content[:1], 0, 1, "binary")
    return text


def _values(text: str, file: str, modified: float, *, read_secrets: bool) -> Iterator[Document | Notice]:
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
            yield from _answer(answer, file, modified, text, position, line)
        position = _end_of_space(text, end)


def _end_of_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _not_json(text: str, file: str, position: int, error: Exception) -> Notice:
    if isinstance(error, RecursionError):
        return Notice("is nested too deeply to be an AWS answer", file, problem=True)
    if not isinstance(error, JSONDecodeError):  # a number of more digits than Python takes
        return Notice("is not JSON: it holds a number beyond measure", file, problem=True)
    where = error.pos
    if not text[where:].strip() or error.msg.startswith("Unterminated"):
        return Notice("breaks off: the JSON does not end", file, error.lineno, problem=True)
    if position == where:
        # What it says instead is not repeated: it may be a secret's value.
        return Notice("is not JSON: export with --output json", file, error.lineno, problem=True)
    return Notice(f"is not JSON: {error.msg} at column {error.colno}", file, error.lineno, problem=True)


def _are_answers(values: list[Any]) -> bool:
    return bool(values) and all(
        isinstance(value, dict) and (holds_value(value) or recognise(value)) for value in values
    )


def _answer(value: Any, file: str, modified: float, text: str, position: int, line: int) -> Iterator[Document | Notice]:
    if isinstance(value, list):
        yield Notice("is a bare list: export the whole answer, without --query", file, line, problem=True)
        return
    operation = recognise(value) if isinstance(value, dict) else None
    if operation is None:
        yield Notice(f"is JSON, but no AWS answer that dms-lint reads{_members(value)}", file, line, problem=True)
        return
    if not _is_ours(operation, value, file):
        keys = ", ".join(row.key for row in shapes_of(operation))
        yield Notice(
            f"is an empty list of {keys}, as several services answer: "
            f"if it is of {operation.partition(':')[0]}, name the file {command(operation)}.json",
            file,
            line,
            problem=True,
        )
        return
    subject = ""
    if not any(row.id and not row.id.endswith("?") for row in shapes_of(operation)):
        subject = subject_of(file, operation)
        if not subject and _needs_subject(operation, value):
            name = command(operation)
            yield Notice(
                f"does not say what it is about: name the file {name}.{_about(operation)}.json",
                file,
                line,
                problem=True,
            )
            return
    yield Document(
        operation,
        value,
        file=file,
        subject=subject,
        modified=modified,
        line=line,
        lines=_lines(operation, value, text, position, line),
    )


def _is_ours(operation: str, value: Mapping[str, Any], file: str) -> bool:
    """Whether an answer is certainly the operation's: an empty list under a key of many services may be another's."""
    keys = {row.key for row in shapes_of(operation)}
    if not keys & SHARED_KEYS or any(value.get(key) for key in keys):
        return True
    path, name, service = Path(file), command(operation), operation.partition(":")[0]
    names = (re.split(r"[._ ]", path.name, maxsplit=1)[0], path.parent.name)
    return any(one in (name, f"{service}-{name}") for one in names)


def _members(value: Any) -> str:
    if not isinstance(value, dict) or not value:
        return ""
    names = [str(name)[:40] for name in list(value)[:4]]
    return f" (it has {', '.join(names)}{', ...' if len(value) > 4 else ''})"


def _needs_subject(operation: str, value: Mapping[str, Any]) -> bool:
    if operation in OF_ACCOUNT:
        return False
    row = shapes_of(operation)[0]
    if row.kind == "tags":
        tags = value.get("TagList")
        return not (
            isinstance(tags, list) and tags and all(isinstance(tag, dict) and tag.get("ResourceArn") for tag in tags)
        )
    return not identify(row, value)


def _about(operation: str) -> str:
    kind = shapes_of(operation)[0].kind
    for word in ("bucket", "access-keys", "prefix-list", "key", "role", "policy", "trail"):
        if word in kind:
            return "USER" if word == "access-keys" else word.upper()
    return "RESOURCE"


def subject_of(file: str, operation: str) -> str:
    """What a file name says its answer is about: NAME of `get-key-policy.NAME.json` or `get-key-policy/NAME.json`."""
    path = Path(file)
    name, stem = command(operation), path.name
    while os.path.splitext(stem)[1].lower() in _SUFFIXES:  # noqa: PTH122 - `x.json.err` has two
        stem = stem[: stem.rindex(".")]
    if stem.startswith((name + ".", name + "_", name + " ")):
        return stem[len(name) + 1 :]
    return stem if path.parent.name == name else ""


def _lines(operation: str, value: Mapping[str, Any], text: str, position: int, line: int) -> Mapping[str, array[int]]:
    """For each listing, the line that first names each item.  Items stand in the text in their order."""
    found = {}
    for row in shapes_of(operation):
        items = value.get(row.key) if row.key and row.shape != "one" else None
        if not isinstance(items, list):
            continue
        member = row.id.partition("+")[0]
        lines, at, now = array("L"), position, line
        for item in items:
            named = item.get(member) if isinstance(item, dict) else None
            place = -1
            if isinstance(named, str):
                # As the AWS CLI prints it; where somebody else printed it, by the value alone.
                place = text.find(f'"{member}": "{named}"', at)
                place = place if place >= 0 else text.find(f'"{named}"', at)
            if place >= 0:
                now += text.count("\n", at, place)
                at = place + 1
            lines.append(now)
        found[row.key] = lines
    return found


def _refused(error: re.Match[str], file: str, modified: float, line: int) -> Iterator[Document | Notice]:
    name, message = error["operation"], error["message"]
    candidates = dict.fromkeys(row.operation for row in RESPONSES if row.operation.endswith(f":{name}"))
    said = [operation for operation in candidates if operation in message]
    if not candidates:
        yield Notice(f"says that {name} was refused, which dms-lint does not need", file, line)
    caller = re.search(r"\barn:aws[\w-]*:(?:sts|iam)::(\d{12}):", message)
    for operation in said or candidates:
        yield Document(
            operation,
            {},
            file=file,
            subject=_subject_of_error(operation, file, message),
            account=caller[1] if caller else "",
            modified=modified,
            line=line,
            refusal=Refusal(error["code"], redaction.message(message.strip())),
        )


def _subject_of_error(operation: str, file: str, message: str) -> str:
    """What a refused call was about; '' for a listing."""
    if all(row.shape != "one" for row in shapes_of(operation)):
        return ""
    subject = subject_of(file, operation)
    if not subject:
        service = operation.partition(":")[0]
        # Before "on resource:" stands who called.
        message = message.rpartition("on resource: ")[2]
        found = re.search(rf"arn:aws[\w-]*:{service}:[^\s'\"]+", message) or re.search(
            r"(?:name|resource:?|Key|^role|^policy) '?([\w+=,.@/-]+)'? (?:cannot be found|does not exist|because|with)",
            message,
        )
        subject = found[found.lastindex or 0] if found else ""
    return subject

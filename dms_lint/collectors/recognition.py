"""What an exported answer is about: by its content, and where that does not say it, by the name of its file.

What a file is called matters only where an answer does not say what it is about: `get-key-policy.KEY.json`, or
KEY.json in a folder `get-key-policy`.
"""

from __future__ import annotations

import os
import re
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.responses import OF_ACCOUNT, SHARED_KEYS, command, identify, shapes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDINGS: Final = frozenset({".json", ".jsonl", ".ndjson", ".err"})
"""Of files with answers, and with the errors of commands."""


def service_is_certain(operation: str, value: Mapping[str, Any], file: str) -> bool:
    """Whether an answer is certainly the operation's: an empty list under a key of many services may be another's."""
    keys = {row.key for row in shapes_of(operation)}
    if not keys & SHARED_KEYS or any(value.get(key) for key in keys):
        return True
    path, command_name, service = Path(file), command(operation), operation.partition(":")[0]
    names = (re.split(r"[._ ]", path.name, maxsplit=1)[0], path.parent.name)
    return any(name in (command_name, f"{service}-{command_name}") for name in names)


def names_its_subject(operation: str, value: Mapping[str, Any]) -> bool:
    """Whether an answer says itself what it is about, or is about its account."""
    if operation in OF_ACCOUNT:
        return True
    row = shapes_of(operation)[0]
    if row.kind == "tags":
        tags = value.get("TagList")
        return bool(
            isinstance(tags, list) and tags and all(isinstance(tag, dict) and tag.get("ResourceArn") for tag in tags)
        )
    return bool(identify(row, value))


def placeholder(operation: str) -> str:
    """The word for what a file's name must say: `KEY` of `get-key-policy.KEY.json`."""
    kind = shapes_of(operation)[0].kind
    for word in ("bucket", "access-keys", "prefix-list", "key", "role", "policy", "trail"):
        if word in kind:
            return "USER" if word == "access-keys" else word.upper()
    return "RESOURCE"


def subject_of(file: str, operation: str) -> str:
    """What a file name says its answer is about: NAME of `get-key-policy.NAME.json` or `get-key-policy/NAME.json`."""
    path = Path(file)
    name, stem = command(operation), path.name
    while os.path.splitext(stem)[1].lower() in ENDINGS:  # noqa: PTH122 - `x.json.err` has two
        stem = stem[: stem.rindex(".")]
    if stem.startswith((name + ".", name + "_", name + " ")):
        return stem[len(name) + 1 :]
    return stem if path.parent.name == name else ""


def subject_of_error(operation: str, file: str, message: str) -> str:
    """What a refused call was about; '' for a listing."""
    if all(row.shape != "one" for row in shapes_of(operation)):
        return ""
    subject = subject_of(file, operation)
    if not subject:
        service = operation.partition(":")[0]
        # Before "on resource:" stands who called.
        message = message.rpartition("on resource: ")[2]
        match = re.search(rf"arn:aws[\w-]*:{service}:[^\s'\"]+", message) or re.search(
            r"(?:name|resource:?|Key|^role|^policy) '?([\w+=,.@/-]+)'? (?:cannot be found|does not exist|because|with)",
            message,
        )
        subject = match[match.lastindex or 0] if match else ""
    return subject


def lines_of_items(
    operation: str, value: Mapping[str, Any], text: str, position: int, line: int
) -> Mapping[str, array[int]]:
    """For each listing, the line that first names each item.  Items stand in the text in their order."""
    lists = {}
    for row in shapes_of(operation):
        items = value.get(row.key) if row.key and row.shape != "one" else None
        if not isinstance(items, list):
            continue
        member = row.id.partition("+")[0]
        lines, start, current = array("L"), position, line
        for item in items:
            id_ = item.get(member) if isinstance(item, dict) else None
            place = -1
            if isinstance(id_, str):
                # As the AWS CLI prints it; where somebody else printed it, by the value alone.
                place = text.find(f'"{member}": "{id_}"', start)
                place = place if place >= 0 else text.find(f'"{id_}"', start)
            if place >= 0:
                current += text.count("\n", start, place)
                start = place + 1
            lines.append(current)
        lists[row.key] = lines
    return lists

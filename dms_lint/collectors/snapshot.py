"""A snapshot: a folder of the answers that a collection got, without credentials, and a list of every call.

`_collection.json` says what each file is the answer to, and which calls have none and why: a folder in which a file is
missing or broken is no smaller account, but one of which less is known.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dms_lint import __version__
from dms_lint.aws import redaction
from dms_lint.aws.arn import parse_arn
from dms_lint.aws.responses import NOT_THERE, RESPONSES, command
from dms_lint.aws.secret_values import holds_value, without_values
from dms_lint.collectors.records import Record, documents
from dms_lint.model import Notice, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from dms_lint.collectors.files import Source
    from dms_lint.model import Document

SUFFIXES: Final[frozenset[str]] = frozenset()
"""None: a snapshot is a folder."""
INDEX: Final = "_collection.json"
VERSION: Final = "1.0"
_MALFORMED: Final = Refusal("UnreadableFile", "the snapshot's file cannot be read", failed=True)
_OPERATIONS: Final = frozenset(row.operation for row in RESPONSES)


class SnapshotExists(Exception):
    """The folder holds something already."""


# -- writing


def write(
    folder: Path,
    records: Sequence[Record],
    notices: Iterable[Notice],
    times: tuple[datetime, datetime],
    *,
    interrupted: bool = False,
    replace: bool = False,
) -> None:
    """Write a snapshot: all of it or nothing, for its owner's eyes alone.

    Raises SnapshotExists where the folder holds something, unless that is a snapshot and may be replaced; OSError.
    """
    import shutil
    import tempfile

    must_be_free(folder, replace=replace)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that it takes its place by being renamed.
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        calls = [_write_record(draft, record, number) for number, record in enumerate(records)]
        places = {(record.account, record.region) for record in records}
        index = {
            "schema_version": VERSION,
            "tool": {"name": "dms-lint", "version": __version__},
            "started_at": times[0].isoformat(timespec="seconds"),
            "finished_at": times[1].isoformat(timespec="seconds"),
            "interrupted": interrupted,
            "accounts": sorted({account for account, _ in places}),
            "regions": sorted({region for _, region in places} - {""}),
            "notices": [redaction.message(notice.message) for notice in notices],
            "calls": calls,
        }
        _write_json(draft / INDEX, index)
        _take_place(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def must_be_free(folder: Path, *, replace: bool) -> None:
    """Raise SnapshotExists where a snapshot may not be written; asked before the calls are made, and again after."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if (folder / INDEX).is_file():
        if not replace:
            raise SnapshotExists(f"{folder} holds a snapshot already: --force replaces it")
    elif os.path.lexists(folder):
        raise SnapshotExists(f"{folder} is there already, and is no snapshot: give another folder")


def _take_place(draft: Path, folder: Path) -> None:
    if not (folder / INDEX).is_file():
        draft.rename(folder)
        return
    import shutil
    import tempfile

    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    folder.rename(old / "old")
    draft.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _write_record(draft: Path, record: Record, number: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operation": record.operation,
        "account": record.account,
        "region": record.region,
        "subjects": list(record.subjects),
        "status": status(record),
        "file": None,
    }
    if record.refusal is not None:
        code, message = map(redaction.message, record.refusal[:2])
        entry |= {"code": code, "message": message, "needs": record.refusal.needs}
    if record.body is not None:
        service = record.operation.partition(":")[0]
        name = command(record.operation) + (f".{_safe(record.subjects[0])}" if len(record.subjects) == 1 else "")
        file = Path(record.account, record.region or "global", service, f"{name}.json")
        if (draft / file).exists():
            file = file.with_name(f"{name}.{number}.json")
        _make_folder(draft, file.parent)
        # Once more, whoever made the record: nothing is written that has not gone through there.
        _write_json(draft / file, without_values(record.operation, record.body))
        entry["file"] = file.as_posix()
    return entry


def status(record: Record) -> str:
    """What came of a call: `complete`, `partial`, `absent` (no such thing exists), `refused`, `failed` (no answer)."""
    if record.refusal is None:
        return "complete"
    if record.body is not None:
        return "partial"
    if record.refusal.code in NOT_THERE or record.refusal.code.endswith(("NotFound", "NotFoundError")):
        return "absent"
    return "failed" if record.refusal.failed else "refused"


def _safe(subject: str) -> str:
    """A subject as a file name may be written: by its end, without what leads elsewhere."""
    arn = parse_arn(subject)
    end = arn.resource if arn else subject
    return re.sub(r"[^\w+=@.-]+", "-", end).strip(".-")[:80] or "x"


def _make_folder(draft: Path, inner: Path) -> None:
    for part in reversed((inner, *inner.parents)):
        (draft / part).mkdir(mode=0o700, exist_ok=True)


def _write_json(file: Path, value: Any) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        json.dump(value, stream, indent=1, ensure_ascii=False)
        stream.write("\n")


# -- reading


def detect(source: Source) -> bool:
    """Whether it is a folder with the index of a snapshot."""
    return INDEX in source.names


def read(source: Source, *, read_secrets: bool) -> Iterator[Document | Notice]:  # noqa: ARG001 - there are no values
    """What the snapshot in a folder holds."""
    return read_snapshot(Path(source.path))


def read_snapshot(folder: Path) -> Iterator[Document | Notice]:
    """What a collection yielded when the snapshot was written.

    A file that is missing or broken is a Notice, and its call is unanswered.
    """
    index = folder / INDEX
    try:
        contents = json.loads(index.read_bytes())
        calls, notices = contents["calls"], contents["notices"]
        if contents["schema_version"].partition(".")[0] != VERSION.partition(".")[0]:
            message = (
                f"is of schema version {contents['schema_version']}, and this dms-lint reads {VERSION}: collect again"
            )
            yield Notice(message, str(index), problem=True)
            return
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield Notice("is no index of a snapshot: collect again", str(index), problem=True)
        return
    for message in notices if isinstance(notices, list) else ():
        yield Notice(str(message))
    if contents.get("interrupted"):
        yield Notice("the collection was interrupted: see what is missing below", str(index))
    for number, call in enumerate(calls if isinstance(calls, list) else ()):
        record = _record(folder, call)
        if record is None:
            yield Notice(f"call {number + 1} is not as dms-lint writes it: left out", str(index), problem=True)
            continue
        if record.refusal is _MALFORMED:
            message = "is missing or broken: its call counts as unanswered"
            yield Notice(message, str(folder / str(call["file"])), problem=True)
        yield from documents(record)


def _record(folder: Path, call: Any) -> Record | None:
    try:
        operation, account, region, file = (call[name] for name in ("operation", "account", "region", "file"))
        subjects, code = call["subjects"], call.get("code")
        texts = (operation, account, region, *subjects)
    except (KeyError, TypeError, AttributeError):
        return None
    if operation not in _OPERATIONS or not all(isinstance(text, str) for text in texts):
        return None
    refusal = None
    if code is not None:
        failed = call.get("status") not in ("refused", "absent")
        message = redaction.message(str(call.get("message", "")))  # an older dms-lint wrote it as AWS gave it
        refusal = Refusal(str(code), message, failed, str(call.get("needs", "")))
    body = None
    if file is not None:
        body = _body(folder, file)
        refusal = _MALFORMED if body is None else refusal
    elif refusal is None:
        return None
    return Record(operation, account, region, tuple(subjects), body, refusal)


def _body(folder: Path, file: Any) -> Mapping[str, Any] | None:
    """The answer in a file of the snapshot; None where it cannot be read, or lies elsewhere."""
    path = folder / str(file)
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return None
        body = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    # A value was never written by dms-lint, and is not read by it.
    return body if isinstance(body, dict) and not holds_value(body) else None

"""The command that writes a snapshot of the live account."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from dms_lint.cli.common import complain, count, say, stop
from dms_lint.cli.options import READ_SECRETS, configuration, selection, where_options
from dms_lint.cli.session import ending_in_words, request_from, rules_of
from dms_lint.gate.exit_code import CLEAN, INTERNAL, INTERRUPTED, UNREADABLE, USAGE

if TYPE_CHECKING:
    from dms_lint.collectors.live.scheduler import Collection


@click.command()
@click.option(
    "-o", "--output", "folder", type=click.Path(), required=True, metavar="DIR", help="The folder to write; a new one."
)
@click.option("--force", is_flag=True, help="Replace the snapshot that the folder holds.")
@where_options
@selection
@configuration
@click.option("--read-secrets", is_flag=True, help=READ_SECRETS)
def collect(folder: str, *, force: bool, **options: Any) -> None:
    """Write a snapshot of the live account, to scan elsewhere or later: `dms-lint scan DIR`.

    \b
    Exit codes: 0 every call was answered      2 wrong usage, or nothing could be read
                3 a call was refused or failed   130 interrupted: what was read is kept
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from dms_lint.cli.live import collect_with_bars
    from dms_lint.collectors import snapshot
    from dms_lint.gate.config import in_force
    from dms_lint.model import Notice

    request = request_from(options)
    _, rules = rules_of(request)
    if request.config.file is not None:
        complain([Notice(in_force(request.config), str(request.config.file))])
    started_at = datetime.now(UTC)
    try:
        snapshot.must_be_free(Path(folder), replace=force)
        with ending_in_words():
            collection = collect_with_bars(rules, request, progress=not options["no_progress"])
        times = (started_at, datetime.now(UTC))
        snapshot.write(
            Path(folder),
            collection.records,
            collection.notices,
            times,
            interrupted=collection.interrupted,
            replace=force,
        )
    except snapshot.SnapshotExists as error:
        stop(str(error), USAGE)
    except OSError as error:
        stop(f"cannot write {folder}: {error.strerror or error}", USAGE)
    complain(collection.notices)
    _say_counts(collection, folder)
    _exit(collection)


def _exit(collection: Collection) -> NoReturn:
    from dms_lint.cli.live import say_interrupted
    from dms_lint.collectors import snapshot

    if collection.interrupted:
        say_interrupted(collection)
        sys.exit(INTERRUPTED)
    for fault in collection.faults:
        say(f"dms-lint: internal error: {fault.error}")
    statuses = {snapshot.status(record) for record in collection.records}
    sys.exit(INTERNAL if collection.faults else UNREADABLE if statuses & {"refused", "failed", "partial"} else CLEAN)


def _say_counts(collection: Collection, folder: str) -> None:
    from collections import Counter

    from dms_lint.collectors import snapshot

    counts = Counter(map(snapshot.status, collection.records))
    accounts = len({record.account for record in collection.records})
    regions = len({record.region for record in collection.records} - {""})
    order = ("complete", "absent", "partial", "refused", "failed")
    calls = ", ".join(f"{counts[status]} {status}" for status in order if counts[status])
    say(f"dms-lint: {folder}: {count(accounts, 'account')}, {count(regions, 'Region')}; calls: {calls}")
    for record in collection.records:
        if record.refusal is not None and snapshot.status(record) != "absent":
            place = " ".join(part for part in (record.account, record.region) if part)
            about = f" {record.subjects[0]}" if len(record.subjects) == 1 else ""
            say(f"  {place}: {record.operation}{about}: {record.refusal.code}")

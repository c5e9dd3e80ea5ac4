"""The live account on the command line: which accounts and Regions, how far the calls are, and a snapshot of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Self

import click

from dms_lint.cli.common import complain, count, say, stop
from dms_lint.cli.options import READ_SECRETS, selection
from dms_lint.cli.session import configuration, in_force, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.collectors.live.scheduler import Collection, Counts
    from dms_lint.model import Rule

INTERRUPTED: Final = 130
_OPTIONS: Final = (
    click.option(
        "--profile", metavar="NAME", help="The profile of the AWS CLI's configuration whose credentials to use."
    ),
    click.option(
        "--region",
        "regions",
        metavar="REGION",
        multiple=True,
        help="A Region to read, or `all`: every enabled one that has DMS; repeatable. Else the Region of the session.",
    ),
    click.option(
        "--role-arn",
        "role_arns",
        metavar="ARN",
        multiple=True,
        help="Read the account of this role instead of one's own; repeatable, one an account.",
    ),
    click.option("--external-id", metavar="ID", help="The external ID that the roles ask for."),
    click.option(
        "--role-session-name",
        metavar="NAME",
        default="dms-lint",
        show_default=True,
        help="What sessions of the roles are called in CloudTrail.",
    ),
    click.option("--organization", is_flag=True, help="Read every active account of the organization."),
    click.option(
        "--organization-role",
        metavar="NAME",
        default="OrganizationAccountAccessRole",
        show_default=True,
        help="The role to assume in the organization's accounts.",
    ),
    click.option("--endpoint-url", metavar="URL", help="Send every call there instead of to AWS."),
    click.option(
        "--timeout",
        type=click.IntRange(1, 600),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help="How long one answer may take.",
    ),
    click.option(
        "--max-workers",
        "workers",
        type=click.IntRange(1, 64),
        default=16,
        show_default=True,
        metavar="N",
        help="How many calls may be under way at once.",
    ),
    click.option("--no-progress", is_flag=True, help="Show no progress bars, on a terminal either."),
)
_WHERE: Final = ("profile", "regions", "role_arns", "external_id", "organization", "endpoint_url")


def where_options(command: Any) -> Any:
    """The options that say which accounts and Regions to read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def refuse_where(options: dict[str, Any]) -> None:
    """Refuse the options of the live account where files are read."""
    for name in _WHERE:
        if options[name]:
            option = {"regions": "region", "role_arns": "role-arn"}.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} is for the live account, and files are given")


def collect_live(rules: Iterable[Rule], options: dict[str, Any]) -> Collection:
    """What the rules need of the live account; a command that can read nothing ends with why."""
    from dms_lint.collectors.live.account import Where
    from dms_lint.collectors.live.calls import calls_for
    from dms_lint.collectors.live.errors import CannotStart
    from dms_lint.collectors.live.scheduler import collect
    from dms_lint.facts.collection import judged_kinds, kinds_read

    if options["organization"] and options["role_arns"]:
        raise click.UsageError("give either --organization or --role-arn")
    rules = tuple(rules)
    calls = calls_for(judged_kinds(rules), kinds_read(rules), read_secrets=options["read_secrets"])
    where = Where(**{name: options[name] for name in Where._fields})
    with _Bars(shown=sys.stderr.isatty() and not options["no_progress"]) as bars:
        try:
            found = collect(calls, where, bars.tell)
        except CannotStart as why:
            reason = str(why)
        else:
            if found.records or not found.interrupted:
                return found
            reason = ""
    return stop(reason or "interrupted before anything was read", 2 if reason else INTERRUPTED)


class _Bars:
    """Three bars on standard error: accounts, Regions, calls.  Where they are not shown, nothing is imported."""

    def __init__(self, *, shown: bool) -> None:
        self.progress: Any = None
        self.tasks: list[Any] = []
        if shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self.tasks = [self.progress.add_task(name, total=None) for name in ("accounts", "Regions", "calls")]

    def __enter__(self) -> Self:
        if self.progress is not None:
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress is not None:
            self.progress.stop()

    def tell(self, counts: Counts) -> None:
        """Show how far it is."""
        for task, (done, known) in zip(self.tasks, counts, strict=False):
            self.progress.update(task, completed=done, total=known)


def say_interrupted(collection: Collection) -> None:
    """Say what is missing after Ctrl-C."""
    from dms_lint.collectors.live.errors import INTERRUPTED as NOT_MADE

    missing = [record for record in collection.records if record.refusal == NOT_MADE]
    operations = sorted({record.operation for record in missing})
    shown = ", ".join(operations[:6]) + (f" and {len(operations) - 6} more" if len(operations) > 6 else "")
    said = f"dms-lint: interrupted: {len(missing)} of {len(collection.records)} calls were not made"
    say(said + (f" ({shown})" if shown else ""))


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

    from dms_lint.collectors import snapshot
    from dms_lint.model import Notice

    ours = prepare(options)
    _, rules = ours.rules_of(options)
    if ours.config.file is not None:
        complain([Notice(in_force(ours.config), str(ours.config.file))])
    started_at = datetime.now(UTC)
    try:
        snapshot.must_be_free(Path(folder), replace=force)
        found = collect_live(rules, options)
        times = (started_at, datetime.now(UTC))
        snapshot.write(Path(folder), found.records, found.notices, times, interrupted=found.interrupted, replace=force)
    except snapshot.SnapshotExists as error:
        stop(str(error), 2)
    except OSError as error:
        stop(f"cannot write {folder}: {error.strerror or error}", 2)
    complain(found.notices)
    _say_counts(found, folder)
    if found.interrupted:
        say_interrupted(found)
        sys.exit(INTERRUPTED)
    for fault in found.faults:
        say(f"dms-lint: internal error: {fault.error}")
    statuses = {snapshot.status(record) for record in found.records}
    sys.exit(4 if found.faults else 3 if statuses & {"refused", "failed", "partial"} else 0)


def _say_counts(found: Collection, folder: str) -> None:
    from collections import Counter

    from dms_lint.collectors import snapshot

    counts = Counter(map(snapshot.status, found.records))
    accounts = len({record.account for record in found.records})
    regions = len({record.region for record in found.records} - {""})
    order = ("complete", "absent", "partial", "refused", "failed")
    told = ", ".join(f"{counts[name]} {name}" for name in order if counts[name])
    say(f"dms-lint: {folder}: {count(accounts, 'account')}, {count(regions, 'Region')}; calls: {told}")
    for record in found.records:
        if record.refusal is not None and snapshot.status(record) != "absent":
            place = " ".join(part for part in (record.account, record.region) if part)
            about = f" {record.subjects[0]}" if len(record.subjects) == 1 else ""
            say(f"  {place}: {record.operation}{about}: {record.refusal.code}")


@click.command()
@selection
@configuration
@click.option("--read-secrets", is_flag=True, help="With the action that --read-secrets needs.")
@click.option("--organization", is_flag=True, help="With what --organization and --region all need.")
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(("json", "cloudformation", "terraform")),
    default="json",
    show_default=True,
)
def policy(format_: str, *, read_secrets: bool, organization: bool, **options: Any) -> None:
    """Print the least IAM policy that `scan` and `collect` need, for the rules selected."""
    from dms_lint.collectors.live import least_privilege as least_policy
    from dms_lint.collectors.live.calls import calls_for
    from dms_lint.facts.collection import judged_kinds, kinds_read

    _, rules = prepare(options).rules_of(options)
    calls = calls_for(judged_kinds(rules), kinds_read(rules), read_secrets=read_secrets)
    click.echo(least_policy.FORMATS[format_](least_policy.actions(calls, organization=organization)), nl=False)

"""The command that shows what is in force, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dms_lint.cli.common import show
from dms_lint.cli.options import SEVERITIES, OneOf, selection
from dms_lint.cli.session import OPTIONS, from_command_line, prepare, waiving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dms_lint.gate.config import Config
    from dms_lint.model import Rule, Waiver


@click.command()
@waiving
@selection
@click.option("--fail-on", type=OneOf(SEVERITIES), default="low", help="As of scan.")
@click.option("--strict/--no-strict", help="As of scan.")
@click.option("-f", "--format", "format_", type=OneOf(("text", "json")), default="text", show_default=True)
@click.option("--at", metavar="DATE", help="As of this date (YYYY-MM-DD) instead of now.")
def config(format_: str, **options: Any) -> None:
    """Show what a scan from here would go by, and where each value comes from: default, file or command line."""
    from datetime import UTC, datetime

    from dms_lint.gate.waivers import at_moment

    ours = prepare(options)
    pack, _ = ours.rules_of(options)
    rows = list(_rows(ours.config, options, pack.rules))
    waivers = at_moment(ours.waivers, ours.at or datetime.now(UTC))
    show(_json(ours.config, rows, waivers) if format_ == "json" else _text(ours.config, rows, waivers))


class Row(NamedTuple):
    """A value that is in force."""

    key: str
    value: Any
    origin: str
    """`default`, `command line`, or `FILE:LINE`."""


def _rows(config: Config, options: Mapping[str, Any], rules: Sequence[Rule]) -> Iterator[Row]:
    from dms_lint.gate.overrides import settings_from, severity_from
    from dms_lint.rulepack.settings import default

    found: list[tuple[str, Any, tuple[str, ...] | str]] = []
    for key, option in OPTIONS.items():
        place: tuple[str, ...] | str = (key,) if key in config.options else "default"
        found.append((key, options.get(option, ()), "command line" if from_command_line(option) else place))
    found.extend(
        (f"severity.{rule.id}", rule.severity.label, ("severity", word))
        for rule in rules
        if (word := severity_from(rule, config))
    )
    for rule in rules:
        given = settings_from(rule, config)
        for name in rule.settings:
            key = f"settings.{rule.id}.{name}"
            if name in given:
                found.append((key, config.settings[given[name]][name], ("settings", given[name], name)))
            else:
                found.append((key, default(rule, name), "default"))
    paths = [place for *_, place in found if isinstance(place, tuple)]
    lines: Iterator[int] = iter(())
    if paths and config.file is not None:
        from dms_lint.data.yaml_file import lines_of

        lines = iter(lines_of(config.file, paths))
    for key, value, place in found:
        yield Row(key, value, f"{config.file}:{next(lines)}" if isinstance(place, tuple) else place)


def _text(config: Config, rows: Sequence[Row], waivers: Sequence[Waiver]) -> Iterator[str]:
    from dms_lint.report.safe import printable

    yield f"configuration: {printable(str(config.file)) if config.file else 'none found or wanted'}\n"
    width = max(len(row.key) for row in rows)
    for row in rows:
        yield f"{row.key:<{width}}  {printable(_said(row.value))}  ({printable(row.origin)})\n"
    for one in waivers:
        place = " ".join(filter(None, (one.resource, one.account, one.region)))
        until = f"{'expired on' if one.expired else 'until'} {one.expires}" if one.expires else "without end"
        yield printable(f"waiver {one.rule} {place}, {until}: {one.reason}  ({one.place})") + "\n"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def _json(config: Config, rows: Sequence[Row], waivers: Sequence[Waiver]) -> Iterator[str]:
    from dms_lint.report.safe import dumps

    found = {
        "file": str(config.file) if config.file else None,
        "values": [{"key": row.key, "value": row.value, "from": row.origin} for row in rows],
        "waivers": [one._asdict() for one in waivers],
    }
    yield dumps(found, indent=2) + "\n"

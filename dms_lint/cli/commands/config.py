"""The command that shows what is in force, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dms_lint.cli.common import show
from dms_lint.cli.options import SEVERITIES, OneOf, selection, waiving
from dms_lint.cli.session import from_command_line, request_from, rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dms_lint.gate.config import Config
    from dms_lint.gate.request import ScanRequest
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

    request = request_from(options)
    pack, _ = rules_of(request)
    rows = list(_rows(request, pack.rules))
    waivers = at_moment(request.every_waiver, request.at or datetime.now(UTC))
    show(_json(request.config, rows, waivers) if format_ == "json" else _text(request.config, rows, waivers))


class Row(NamedTuple):
    """A value that is in force."""

    key: str
    value: Any
    origin: str
    """`default`, `command line`, or `FILE:LINE`."""


def _rows(request: ScanRequest, rules: Sequence[Rule]) -> Iterator[Row]:
    config = request.config
    values = [*_options(request), *_severities(config, rules), *_settings(config, rules)]
    paths = [place for *_, place in values if isinstance(place, tuple)]
    lines: Iterator[int] = iter(())
    if paths and config.file is not None:
        from dms_lint.data.yaml_file import lines_of

        lines = iter(lines_of(config.file, paths))
    for key, value, place in values:
        yield Row(key, value, f"{config.file}:{next(lines)}" if isinstance(place, tuple) else place)


_Placed = tuple[str, Any, tuple[str, ...] | str]
"""A key, its value, and where that comes from: a path in the configuration, or in words."""


def _options(request: ScanRequest) -> Iterator[_Placed]:
    from dms_lint.gate.request import CONFIGURABLE, option_values

    for key, value in option_values(request).items():
        place: tuple[str, ...] | str = (key,) if key in request.config.options else "default"
        yield key, value, "command line" if from_command_line(CONFIGURABLE[key]) else place


def _severities(config: Config, rules: Sequence[Rule]) -> Iterator[_Placed]:
    from dms_lint.gate.overrides import severity_from

    for rule in rules:
        word = severity_from(rule, config)
        if word:
            yield f"severity.{rule.id}", rule.severity.label, ("severity", word)


def _settings(config: Config, rules: Sequence[Rule]) -> Iterator[_Placed]:
    from dms_lint.gate.overrides import settings_from
    from dms_lint.rulepack.settings import default

    for rule in rules:
        words = settings_from(rule, config)
        for name in rule.settings:
            key = f"settings.{rule.id}.{name}"
            if name in words:
                yield key, config.settings[words[name]][name], ("settings", words[name], name)
            else:
                yield key, default(rule, name), "default"


def _text(config: Config, rows: Sequence[Row], waivers: Sequence[Waiver]) -> Iterator[str]:
    from dms_lint.report.safe import printable

    yield f"configuration: {printable(str(config.file)) if config.file else 'none found or wanted'}\n"
    width = max(len(row.key) for row in rows)
    for row in rows:
        yield f"{row.key:<{width}}  {printable(_in_words(row.value))}  ({printable(row.origin)})\n"
    for waiver in waivers:
        place = " ".join(filter(None, (waiver.resource, waiver.account, waiver.region)))
        until = f"{'expired on' if waiver.expired else 'until'} {waiver.expires}" if waiver.expires else "without end"
        yield printable(f"waiver {waiver.rule} {place}, {until}: {waiver.reason}  ({waiver.place})") + "\n"


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def _json(config: Config, rows: Sequence[Row], waivers: Sequence[Waiver]) -> Iterator[str]:
    from dms_lint.report.safe import dumps

    shown = {
        "file": str(config.file) if config.file else None,
        "values": [{"key": row.key, "value": row.value, "from": row.origin} for row in rows],
        "waivers": [waiver._asdict() for waiver in waivers],
    }
    yield dumps(shown, indent=2) + "\n"

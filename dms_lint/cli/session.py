"""What stands between a scan and its exit code: the configuration file, waivers and the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import click

from dms_lint.cli.common import chosen, complain, date, pack_of, say, stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from dms_lint.gate.baseline import Known
    from dms_lint.gate.config import Config
    from dms_lint.model import Notice, Pack, Report, Rule, Waiver

OPTIONS: Final = {
    "select": "select",
    "ignore": "ignore",
    "fail-on": "fail_on",
    "strict": "strict",
    "packs": "packs",
    "regions": "regions",
}
"""By key of the configuration, the option of the command line that says the same."""


def configuration(command: Any) -> Any:
    """The options that choose a configuration."""
    for option in (
        click.option("--no-config", is_flag=True, help="Read no configuration file."),
        click.option(
            "--config",
            metavar="FILE",
            help="Read this configuration instead of the nearest .dms-lint.yaml, from here upwards.",
        ),
    ):
        command = option(command)
    return command


def waiving(command: Any) -> Any:
    """The options that choose a configuration and waivers."""
    more = click.option("--waivers", metavar="FILE", help="Take in the waivers of this YAML file as well.")
    return configuration(more(command))


def baselining(command: Any) -> Any:
    """The options of a scan that knows a baseline."""
    for option in (
        click.option("--update", is_flag=True, help="Take out of the baseline what certainly fails no more."),
        click.option("--baseline", metavar="FILE", help="Accept the failures that this file holds."),
    ):
        command = option(command)
    return command


class ScanSession(NamedTuple):
    """What was read before the scan."""

    config: Config
    waivers: tuple[Waiver, ...]
    baseline: Mapping[str, Known]
    file: Path | None
    """Where the baseline stands."""
    at: datetime | None

    def rules_of(self, options: dict[str, Any]) -> tuple[Pack, tuple[Rule, ...]]:
        """The pack as the configuration has it, and the rules of it that the options choose."""
        from dms_lint.gate.config import ConfigError
        from dms_lint.gate.overrides import adjusted

        pack = pack_of(options)
        if self.config.file is not None or self.waivers:
            try:
                pack = pack._replace(rules=adjusted(pack.rules, self.config, self.waivers))
            except ConfigError as error:
                _refuse(error.problems)
        return pack, chosen(pack, options)

    @property
    def sought(self) -> Iterator[tuple[str, str]]:
        """Kind and id of the resources of the baseline."""
        return ((one.kind, one.resource) for one in self.baseline.values())

    def accept(self, report: Report, options: dict[str, Any]) -> Report:
        """The report with what is waived and known; says what there is to say of either, and updates the baseline."""
        from dms_lint.gate import baseline as baselines
        from dms_lint.gate.waivers import at_moment, waived
        from dms_lint.model import Notice

        before = len(report.notices)
        report = waived(report, at_moment(self.waivers, self.at or report.started_at))
        said: list[Notice] = list(report.notices[before:])
        if self.file is not None:
            gone = baselines.settled(report, self.baseline)
            report = baselines.marked(report, self.baseline)
            said += baselines.notices(report, self.baseline, self.file, updated=options.get("update", False))
            if options.get("update", False) and gone:
                save(self.file, {key: one for key, one in self.baseline.items() if key not in gone})
        if not options.get("verbose") and not options.get("quiet"):
            complain(said)
        if self.config.file is not None:
            said.append(Notice(in_force(self.config), str(self.config.file)))
        return report._replace(notices=(*report.notices[:before], *said))


def prepare(options: dict[str, Any]) -> ScanSession:
    """Reads the configuration, waivers and baseline that the options name; the options then say what is in force."""
    from pathlib import Path

    from dms_lint.gate.config import Config, ConfigError, read_waivers

    config = Config()
    more: tuple[Waiver, ...] = ()
    try:
        config = read(options)
        if not from_command_line("packs"):
            _find_packs(config)
        if options.get("waivers"):
            more = read_waivers(Path(options["waivers"]))
    except ConfigError as error:
        _refuse(error.problems)
    for key, option in OPTIONS.items():
        if key in config.options and not from_command_line(option):
            options[option] = config.options[key]
    file, known = None, {}
    if options.get("baseline"):
        from dms_lint.gate.baseline import BaselineError
        from dms_lint.gate.baseline import read as read_baseline

        file = Path(options["baseline"])
        try:
            known = read_baseline(file)
        except BaselineError as error:
            stop(str(error), 2)
    elif options.get("update"):
        raise click.UsageError("--update needs --baseline FILE: it says which file to update")
    return ScanSession(config, (*config.waivers, *more), known, file, date(options.get("at")))


def read(options: Mapping[str, Any]) -> Config:
    """The configuration that --config names, or the nearest one.  Raises ConfigError."""
    import os
    from pathlib import Path

    from dms_lint.gate.config import Config, discover, read_config

    if options["no_config"] and options["config"]:
        raise click.UsageError("--config and --no-config exclude each other")
    file = None
    if options["config"]:
        file = Path(options["config"])
    elif not options["no_config"]:
        try:
            here = Path.cwd()
        except OSError:  # a working directory that was removed
            return Config()
        try:
            home = Path.home().resolve()
        except RuntimeError:  # a user without a home folder
            home = None
        found = discover(here, home)
        # As seen from here: a report says the same wherever the repository stands.
        file = Path(os.path.relpath(found)) if found is not None else None
    return read_config(file) if file is not None else Config()


def _find_packs(config: Config) -> None:
    """Refuse a pack of the configuration that is no folder.  Raises ConfigError."""
    import os

    from dms_lint.data.errors import InputError
    from dms_lint.gate.config import stop as refuse

    if config.file is not None:
        packs = enumerate(config.options.get("packs", ()))
        gone = [(number, pack) for number, pack in packs if not os.path.isdir(pack)]  # noqa: PTH112 - as above
        refuse(config.file, [InputError(f"there is no folder '{pack}'", "packs", number) for number, pack in gone])


def from_command_line(option: str) -> bool:
    """Whether somebody gave the option, rather than its default."""
    source = click.get_current_context().get_parameter_source(option)
    return source not in (None, click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP)


def save(file: Path, known: Mapping[str, Known]) -> None:
    """Write a baseline, or end with why it cannot be written."""
    from dms_lint.gate.baseline import write

    try:
        write(file, known)
    except OSError as error:
        stop(f"cannot write {file}: {error.strerror}", 2)


def in_force(config: Config) -> str:
    """`in force: 2 severities, 1 waiver`: what a configuration changes."""
    counts = {
        "option": len(config.options),
        "severity": len(config.severity),
        "setting": sum(map(len, config.settings.values())),
        "waiver": len(config.waivers),
    }
    plural = {"severity": "severities"}
    said = [f"{n} {word if n == 1 else plural.get(word, word + 's')}" for word, n in counts.items() if n]
    return f"in force: {', '.join(said) or 'nothing'}"


def _refuse(problems: Iterable[str]) -> NoReturn:
    for problem in problems:
        say(f"dms-lint: {problem}")
    stop("nothing was judged", 2)

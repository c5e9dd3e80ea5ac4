"""A command's request, out of its parameters and the configuration; its report; and how it ends in words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from dms_lint.cli.common import complain, count, date, say, stop
from dms_lint.gate.exit_code import USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dms_lint.collectors.live.scheduler import Collection
    from dms_lint.gate.baseline import AcceptedFailure
    from dms_lint.gate.config import Config
    from dms_lint.gate.request import ScanRequest
    from dms_lint.model import Notice, Pack, Report, Rule

_SAME: Final = (
    *("paths", "read_secrets", "packs", "select", "ignore", "basis", "controls"),
    *("update", "all_verdicts", "strict"),
)
"""Parameters that have the name of what they say in a request."""
_LIVE_ONLY: Final = ("profile", "regions", "role_arns", "external_id", "organization", "endpoint_url")


@contextmanager
def ending_in_words() -> Iterator[None]:
    """End the command with the words and the exit code of what stops a scan."""
    try:
        yield
    except _refusals() as error:
        _end(error)


def _refusals() -> tuple[type[Exception], ...]:
    """What stops a scan; asked for when something was raised, so that no command imports it in vain."""
    from dms_lint.collectors.live.errors import CannotStart
    from dms_lint.engine.scan import NothingToJudge
    from dms_lint.gate.baseline import BaselineError
    from dms_lint.gate.config import ConfigError
    from dms_lint.gate.request import RequestError
    from dms_lint.rulepack.loader import PackError

    return RequestError, ConfigError, BaselineError, PackError, NothingToJudge, CannotStart


def _end(error: Exception) -> None:
    from dms_lint.engine.scan import NothingToJudge
    from dms_lint.gate.config import ConfigError
    from dms_lint.gate.request import RequestError
    from dms_lint.rulepack.loader import PackError

    match error:
        case RequestError():
            raise click.UsageError(str(error)) from None
        case ConfigError():
            for problem in error.problems:
                say(f"dms-lint: {problem}")
            stop("nothing was judged", USAGE)
        case PackError():
            for problem in error.problems:
                say(problem)
            stop(f"the rules cannot be used: {count(len(error.problems), 'problem')}", USAGE)
        case NothingToJudge():
            complain(notice for notice in error.notices if notice.problem)
            stop(f"{error}: nothing was judged", USAGE)
        case _:
            stop(str(error), USAGE)


def request_from(parameters: Mapping[str, Any]) -> ScanRequest:
    """The request of a command, out of its parameters and the configuration, waivers and baseline that they name."""
    with ending_in_words():
        return _request(parameters)


def _request(parameters: Mapping[str, Any]) -> ScanRequest:
    from pathlib import Path

    from dms_lint.gate.config import must_have_packs, read_waivers
    from dms_lint.gate.request import configured

    request = unconfigured(parameters)
    if request.paths:
        _refuse_live_options(parameters)
        from dms_lint.api.scan import must_exist

        must_exist(request.paths)
    config = _config(parameters)
    if not from_command_line("packs"):
        must_have_packs(config)
    waivers = read_waivers(Path(parameters["waivers"])) if parameters.get("waivers") else ()
    request = configured(request._replace(waivers=waivers), config, _explicit(parameters))
    return _with_baseline(request, parameters)._replace(at=date(parameters.get("at")))


def unconfigured(parameters: Mapping[str, Any]) -> ScanRequest:
    """The request that the parameters alone make."""
    from dms_lint.aws.where import Where
    from dms_lint.gate.request import ScanRequest
    from dms_lint.model import Severity

    return ScanRequest(
        **{name: parameters[name] for name in _SAME if name in parameters},
        where=Where(**{name: parameters[name] for name in Where._fields if name in parameters}),
        default_pack=not parameters["no_default_pack"],
        fail_on=Severity[parameters.get("fail_on", "low").upper()],
    )


def _refuse_live_options(parameters: Mapping[str, Any]) -> None:
    """Refuse the options of the live account where files are read."""
    for name in _LIVE_ONLY:
        if parameters[name]:
            option = {"regions": "region", "role_arns": "role-arn"}.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} is for the live account, and files are given")


def _with_baseline(request: ScanRequest, parameters: Mapping[str, Any]) -> ScanRequest:
    if not parameters.get("baseline"):
        if request.update:
            raise click.UsageError("--update needs --baseline FILE: it says which file to update")
        return request
    from pathlib import Path

    from dms_lint.gate.baseline import Baseline, read

    file = Path(parameters["baseline"])
    return request._replace(baseline=Baseline(file, read(file)))


def _config(parameters: Mapping[str, Any]) -> Config:
    """The configuration that --config names, or the nearest one.  Raises ConfigError."""
    import os
    from pathlib import Path

    from dms_lint.gate.config import Config, discover, read_config

    if parameters["no_config"] and parameters["config"]:
        raise click.UsageError("--config and --no-config exclude each other")
    if parameters["config"]:
        return read_config(Path(parameters["config"]))
    if parameters["no_config"]:
        return Config()
    try:
        start = Path.cwd()
    except OSError:  # a working directory that was removed
        return Config()
    try:
        home = Path.home().resolve()
    except RuntimeError:  # a user without a home folder
        home = None
    nearest = discover(start, home)
    # As seen from the working directory: a report says the same wherever the repository stands.
    return Config() if nearest is None else read_config(Path(os.path.relpath(nearest)))


def _explicit(parameters: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name in parameters if from_command_line(name))


def from_command_line(option: str) -> bool:
    """Whether somebody gave the option, rather than its default."""
    source = click.get_current_context().get_parameter_source(option)
    return source not in (None, click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP)


def rules_of(request: ScanRequest) -> tuple[Pack, tuple[Rule, ...]]:
    """The pack that is in force, and the rules of it that the request selects."""
    from dms_lint.gate.rules_in_force import rules_in_force

    with ending_in_words():
        return rules_in_force(request)


def run_scan(
    request: ScanRequest, *, progress: bool, quiet: bool = False, verbose: bool = False
) -> tuple[Report, Collection | None]:
    """The report on a request; and what was collected, where that is the live account.

    It updates the baseline, and says what there is to say of it and of waivers.  Ends the command when there is nothing
    to judge.
    """
    import gc

    # One pass over many small objects that all live to the end: collecting them is the largest cost of a big scan.
    gc.disable()
    from dms_lint.api.scan import scan

    collections: list[Collection] = []
    announced: list[Notice] = []

    def collect(rules: Sequence[Rule], request: ScanRequest) -> Collection:
        from dms_lint.cli.live import collect_with_bars

        collection = collect_with_bars(rules, request, progress=progress)
        if not verbose:
            # Which accounts and Regions were left out is said whatever the format.
            complain(notice for notice in collection.notices if not notice.problem)
        collections.append(collection)
        return collection

    with ending_in_words():
        report = scan(request, collect=collect, announce=announced.extend)
    _update_baseline(report, request)
    if not verbose and not quiet:
        complain(announced)
    return report, collections[0] if collections else None


def _update_baseline(report: Report, request: ScanRequest) -> None:
    """Take out of the baseline what certainly fails no more."""
    if request.baseline is None or not request.update:
        return
    from dms_lint.gate.baseline import settled

    failures = request.baseline.failures
    fixed = settled(report, failures)
    if fixed:
        save(request.baseline.file, {key: failure for key, failure in failures.items() if key not in fixed})


def save(file: Path, failures: Mapping[str, AcceptedFailure]) -> None:
    """Write a baseline, or end with why it cannot be written."""
    from dms_lint.gate.baseline import write

    try:
        write(file, failures)
    except OSError as error:
        stop(f"cannot write {file}: {error.strerror}", USAGE)

"""The request of a scan: its input, its rules, what is accepted, and what fails a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.where import Where
from dms_lint.gate.config import Config
from dms_lint.model import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from dms_lint.gate.baseline import Baseline
    from dms_lint.model import Waiver


class RequestError(Exception):
    """A request that contradicts itself, or names what does not exist; says so in one line."""


class ScanRequest(NamedTuple):
    """All that a scan goes by; it is built once and never changed."""

    paths: tuple[str, ...] = ()
    """Files and folders with AWS's answers, `-` for standard input; with none, the live account is read."""
    where: Where = Where()
    """Which accounts and Regions of AWS to read, where no paths are given."""
    read_secrets: bool = False
    """Whether to derive from the values of secrets what checks need."""
    packs: tuple[str, ...] = ()
    """Folders of rule packs besides the bundled one."""
    default_pack: bool = True
    """Whether the rules of the bundled pack are asked too."""
    select: tuple[str, ...] = ()
    """Only these rules: ids, prefixes of ids or names; none means every rule."""
    ignore: tuple[str, ...] = ()
    """Without these rules: ids, prefixes of ids or names."""
    basis: tuple[str, ...] = ()
    """Only rules of these bases: `guide`, `current`, `practice`; none means every basis."""
    controls: tuple[str, ...] = ()
    """Only rules that answer these controls, frameworks or checks of other tools; none means every rule."""
    config: Config = Config()
    """Severities, settings and waivers of a configuration file.  Its options count by `configured` alone."""
    waivers: tuple[Waiver, ...] = ()
    """Waivers besides those of the configuration."""
    baseline: Baseline | None = None
    """Failures that are accepted for now."""
    update: bool = False
    """Whether the caller takes out of the baseline what fails no more: the report's notices then say so."""
    at: datetime | None = None
    """The moment as of which to judge; now, where it is None."""
    all_verdicts: bool = False
    """Whether the report lists passes and not-applicables too."""
    fail_on: Severity = Severity.LOW
    """The least severity that fails a pipeline."""
    strict: bool = False
    """Whether what the input does not hold fails a pipeline too."""

    @property
    def every_waiver(self) -> tuple[Waiver, ...]:
        """The waivers of the configuration, then the further ones."""
        return (*self.config.waivers, *self.waivers)


CONFIGURABLE: Final[Mapping[str, str]] = {
    "select": "select",
    "ignore": "ignore",
    "fail-on": "fail_on",
    "strict": "strict",
    "packs": "packs",
    "regions": "regions",
}
"""By option of a configuration file, the parameter of the command line that says the same."""


def configured(request: ScanRequest, config: Config, explicit: Collection[str] = ()) -> ScanRequest:
    """The request under a configuration: its options count where the request's own are not `explicit`, by name."""
    options = {name: config.options[key] for key, name in CONFIGURABLE.items() if key in config.options}
    implied = {name: value for name, value in options.items() if name not in explicit}
    where = request.where._replace(regions=implied.pop("regions", request.where.regions))
    if "fail_on" in implied:
        implied["fail_on"] = Severity[implied["fail_on"].upper()]
    return request._replace(config=config, where=where, **implied)


def option_values(request: ScanRequest) -> dict[str, Any]:
    """By option of a configuration file, what the request has for it."""
    values = request._asdict() | {"regions": request.where.regions, "fail_on": request.fail_on.label}
    return {key: values[name] for key, name in CONFIGURABLE.items()}

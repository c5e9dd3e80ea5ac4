"""What a task or a serverless replication writes to CloudWatch Logs, and how much."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table
from dms_lint.facts.dms.task_settings import section
from dms_lint.facts.fact import FLAG, Fact, memoized, texts
from dms_lint.facts.operations.tasks import TASK, migration
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_DEFAULT: Final = "LOGGER_SEVERITY_DEFAULT"
_SOURCE: Final = {"full-load": "SOURCE_UNLOAD", "cdc": "SOURCE_CAPTURE"}
_TARGET: Final = {"full-load": "TARGET_LOAD", "cdc": "TARGET_APPLY"}


def enabled(task: Resource, inventory: Inventory) -> bool:
    """Whether the task logs at all: Logging.EnableLogging of its settings."""
    # User Guide, Logging task settings: logging is something to turn on, in the console, the API or these settings.
    return section(task, "Logging").flag("EnableLogging", default=False)


def quiet_source_components(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The components that read the source and log less than by default, with their severity.

    `SOURCE_UNLOAD` reads in a full load, `SOURCE_CAPTURE` in change data capture; the one that the migration type
    does not use is left out.  A component that the settings do not list logs at LOGGER_SEVERITY_DEFAULT.
    """
    return _quiet(task, inventory, _SOURCE)


def quiet_target_components(task: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The components that write the target and log less than by default, with their severity.

    `TARGET_LOAD` writes in a full load, `TARGET_APPLY` in change data capture; the one that the migration type
    does not use is left out.  A component that the settings do not list logs at LOGGER_SEVERITY_DEFAULT.
    """
    return _quiet(task, inventory, _TARGET)


def _quiet(task: Resource, inventory: Inventory, components: dict[str, str]) -> tuple[str, ...]:
    kind = migration(task, inventory)
    quiet, holes = _quiet_components(task, inventory)
    if not quiet and not holes:
        return ()
    used = [component for phase, component in components.items() if kind in (phase, "full-load-and-cdc")]
    found = tuple(f"{component} at {quiet[component]}" for component in used if component in quiet)
    for component, missing in holes if not found else ():
        if component in ("", *used):
            raise missing
    return found


@cache
def _quieter() -> Mapping[str, bool]:
    """Whether a severity logs less than the default one."""
    severities = [row["severity"] for row in table("log-severities")["severities"]]
    return {severity: n < severities.index(_DEFAULT) for n, severity in enumerate(severities)}


@memoized
def _quiet_components(task: Resource, inventory: Inventory) -> tuple[dict[str, str], list[tuple[str, Missing]]]:
    """The severity of each component that logs less than by default; and what cannot be read, of which component.

    A hole that may be about any component stands under ''.
    """
    logging, quieter = section(task, "Logging"), _quieter()
    quiet: dict[str, str] = {}
    said: dict[str, str] = {}
    holes: list[tuple[str, Missing]] = []
    for item in logging.objects("LogComponents", default=()):
        component, severity = item.get("Id"), item.get("Severity")
        if not (isinstance(component, str) and isinstance(severity, str) and quieter.get(severity) is False):
            break
    else:
        return quiet, holes  # as nearly every task: nothing to name, so no record of each component is needed
    # User Guide, Logging task settings: components that are not listed log at the default severity.
    for entry in logging.records("LogComponents"):
        try:
            component, severity = entry.text("Id").upper(), entry.text("Severity", default=_DEFAULT)
        except Missing as hole:
            holes.append(("", hole))
            continue
        if severity not in quieter:
            holes.append((component, entry.malformed("Severity", "a severity of the log")))
        elif said.setdefault(component, severity) != severity:
            holes.append((component, entry.malformed("Severity", "the one that the component has before")))
        elif quieter[severity]:
            quiet[component] = severity
    for component, _ in holes:
        quiet.pop(component, None)
    return quiet, holes


FACTS: Final = (
    Fact("logging.enabled", TASK, FLAG, enabled),
    Fact("logging.quiet_source_components", TASK, texts(), quiet_source_components),
    Fact("logging.quiet_target_components", TASK, texts(), quiet_target_components),
)

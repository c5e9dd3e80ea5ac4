"""What a task or a serverless replication writes to CloudWatch Logs, and how much."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table
from dms_lint.facts.dms.task_settings import section
from dms_lint.facts.fact import FLAG, Fact, memoized, texts
from dms_lint.facts.operations.tasks import TASK, migration
from dms_lint.logic.kleene import Partial
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

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
    severities = _severities(task, inventory)
    used = [component for phase, component in components.items() if kind in (phase, "full-load-and-cdc")]
    quiet = [(name, severity) for name in used if isinstance(severity := severities.get(name), str)]
    missing = [severity for name in ("", *used) if isinstance(severity := severities.get(name), Missing)]
    lines = tuple(f"{name} at {severity}" for name, severity in quiet if _quieter()[severity])
    return Partial(lines, next(iter(missing), None)).certain()


@cache
def _quieter() -> Mapping[str, bool]:
    """Whether a severity logs less than the default one."""
    severities = [row["severity"] for row in table("log-severities")["severities"]]
    return {severity: n < severities.index(_DEFAULT) for n, severity in enumerate(severities)}


@memoized
def _severities(task: Resource, inventory: Inventory) -> Mapping[str, str | Missing]:
    """The severity of each component that is listed, or what is missing to tell; of an unnamed component under ''.

    Empty where every component is listed with the default severity or a louder one.
    """
    logging, quieter = section(task, "Logging"), _quieter()
    for item in logging.objects("LogComponents", default=()):
        component, severity = item.get("Id"), item.get("Severity")
        if not (isinstance(component, str) and isinstance(severity, str) and quieter.get(severity) is False):
            break
    else:
        return {}  # as nearly every task: nothing to name, so no record of each component is needed
    # User Guide, Logging task settings: components that are not listed log at the default severity.
    severities: dict[str, str | Missing] = {}
    for entry in logging.records("LogComponents"):
        component, listed = _listed_severity(entry)
        first = severities.setdefault(component, listed)
        if not isinstance(first, Missing) and listed != first:
            contradiction = entry.malformed("Severity", "the one that the component has before")
            severities[component] = listed if isinstance(listed, Missing) else contradiction
    return severities


def _listed_severity(entry: Record) -> tuple[str, str | Missing]:
    """A component and its severity; '' for one without a name."""
    try:
        component, severity = entry.text("Id").upper(), entry.text("Severity", default=_DEFAULT)
    except Missing as missing:
        return "", missing.with_traceback(None)
    return component, severity if severity in _quieter() else entry.malformed("Severity", "a severity of the log")


FACTS: Final = (
    Fact("logging.enabled", TASK, FLAG, enabled),
    Fact("logging.quiet_source_components", TASK, texts(), quiet_source_components),
    Fact("logging.quiet_target_components", TASK, texts(), quiet_target_components),
)

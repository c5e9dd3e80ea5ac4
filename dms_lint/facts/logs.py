"""What a task or a serverless replication writes to CloudWatch Logs, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.base import FLAG, Fact, texts
from dms_lint.facts.task_settings import section
from dms_lint.facts.tasks import TASK, migration
from dms_lint.model import Missing
from dms_lint.tables import table

if TYPE_CHECKING:
    from dms_lint.inventory import Inventory
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
    used = [component for phase, component in components.items() if kind in (phase, "full-load-and-cdc")]
    severities = [row["severity"] for row in table("log-severities")["severities"]]
    found: dict[str, str] = {}
    missing: Missing | None = None
    # User Guide, Logging task settings: components that are not listed log at the default severity.
    for entry in section(task, "Logging").records("LogComponents", default=()):
        try:
            component, severity = entry.text("Id"), entry.text("Severity", default=_DEFAULT)
        except Missing as hole:
            missing = missing or hole
            continue
        if component in used and severity not in severities:
            missing = missing or entry.malformed("Severity", "a severity of the log")
        elif component in used and severities.index(severity) < severities.index(_DEFAULT):
            found[component] = severity
    if missing is not None and not found:
        raise missing
    return tuple(f"{component} at {found[component]}" for component in used if component in found)


FACTS: Final = (
    Fact("logging.enabled", TASK, FLAG, enabled),
    Fact("logging.quiet_source_components", TASK, texts(), quiet_source_components),
    Fact("logging.quiet_target_components", TASK, texts(), quiet_target_components),
)

"""Pages about the inventory: its resources, and each with every fact about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dms_lint.aws.kinds import KINDS
from dms_lint.cli.console import new_page, shown
from dms_lint.facts import FACTS
from dms_lint.model import Missing
from dms_lint.report.safe import line, printable
from dms_lint.rulepack.placeholders import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource
    from dms_lint.report import Style


def resources(inventory: Inventory) -> Iterator[str]:
    """Every resource that facts exist about, by kind."""
    for kind in sorted({kind for fact in FACTS.values() for kind in fact.kinds}):
        of_kind = sorted(inventory.known(kind), key=lambda resource: resource.id)
        if of_kind:
            yield f"{KINDS[kind].plural}\n"
            for resource in of_kind:
                words = (resource.name, resource.arn) if resource.arn != resource.name else (resource.name,)
                yield line(f"  {'  '.join(words)}") + "\n"


def matching(inventory: Inventory, id_: str) -> list[Resource]:
    """The resources of that ARN, id or name; else those whose ARN ends so."""
    kinds = sorted({kind for fact in FACTS.values() for kind in fact.kinds})
    everything = [resource for kind in kinds for resource in inventory.known(kind)]
    exact = [resource for resource in everything if id_ in (resource.arn, resource.id, resource.name)]
    return exact or [resource for resource in everything if resource.arn.endswith(":" + id_)]


def inspection(resource: Resource, inventory: Inventory, style: Style) -> Iterator[str]:
    """A resource and every fact about it; of what cannot be derived, why."""
    from rich.text import Text

    page = new_page(style)
    place = f"{resource.file}:{resource.line}" if resource.line else resource.file or ""
    page.print(Text.assemble((printable(resource.name), "bold"), f"  {resource.kind}"))
    page.print(Text("  ".join(printable(part) for part in (resource.arn, place) if part), "dim"), soft_wrap=True)
    facts = [fact for fact in FACTS.values() if resource.kind in fact.kinds]
    width = max((len(fact.name) for fact in facts), default=0)
    for fact in facts:
        try:
            value, look = _value(fact.derive(resource, inventory)), ""
        except Missing as missing:
            value, look = f"unknown: {missing.message}", "yellow"
        row = Text.assemble("  ", (fact.name.ljust(width), "bold"), "  ", (printable(value), look))
        page.print(row, soft_wrap=True)
    page.print()
    yield shown(page)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return "(none)" if not value else ", ".join(value)
    return "(none)" if value == "" else say(value)

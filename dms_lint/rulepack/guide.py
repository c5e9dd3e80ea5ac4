"""The Security chapter of the DMS User Guide, statement by statement, and which rules cover each."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from dms_lint.data.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.model import Rule


class Statement(NamedTuple):
    """One thing that the guide says, in our words."""

    id: str
    section: str
    """The anchor of its section in the guide."""
    says: str
    no_rule: str
    """Why no rule covers it; '' where one does."""
    note: str
    """Where the rules read it in another way than the guide puts it; '' elsewhere."""


@cache
def statements() -> tuple[Statement, ...]:
    """Every statement, in the guide's order."""
    return tuple(
        Statement(id_, section, *(" ".join(row.get(key, "").split()) for key in ("says", "no_rule", "note")))
        for section, rows in table("requirements").items()
        for id_, row in rows.items()
    )


def sections() -> Mapping[str, str]:
    """The section of each statement, by its id."""
    return {statement.id: statement.section for statement in statements()}


def coverage(rules: Iterable[Rule]) -> list[tuple[Statement, tuple[str, ...]]]:
    """Every statement with the rules that cover it."""
    covering: dict[str, list[str]] = {}
    for rule in rules:
        for id_ in rule.covers:
            covering.setdefault(id_, []).append(rule.id)
    return [(statement, tuple(covering.get(statement.id, ()))) for statement in statements()]

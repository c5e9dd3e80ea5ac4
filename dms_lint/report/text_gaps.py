"""The part of the text report on what was not evaluated, by what would settle it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from dms_lint.model import Status
from dms_lint.report.page import INDENT, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Gap
    from dms_lint.report.page import Page

_MANY: Final = 24
"""How many rules a gap names one by one; of places, half as many."""


def gap_section(page: Page, gaps: Iterable[Gap]) -> Iterator[str]:
    """Gaps by status, then by what would settle them; what leaves most checks open stands first."""
    for status, title in (
        (Status.NOT_READABLE, "Not evaluated, because something could not be read"),
        (Status.NOT_PROVIDED, "Not evaluated, because the input does not hold it"),
    ):
        unsettled = [gap for gap in gaps if gap.status is status]
        if not unsettled:
            continue
        merged: dict[tuple[str, str], list[Gap]] = {}
        for gap in unsettled:
            merged.setdefault((gap.needs, gap.reason), []).append(gap)
        checks = sum(gap.checks for gap in unsettled)
        yield page.lines([(f"{title}: {count(checks, 'check')}", "bold")])
        for (needs, reason), same in sorted(merged.items(), key=lambda group: -sum(gap.checks for gap in group[1])):
            yield from _gap(page, needs, reason, same)
        yield "\n"


def _gap(page: Page, needs: str, reason: str, group: list[Gap]) -> Iterator[str]:
    number = str(sum(gap.checks for gap in group)).rjust(INDENT + 4)
    rules = sorted({rule for gap in group for rule in gap.rules})
    places = sorted({" ".join(filter(None, (gap.account, gap.region))) for gap in group})
    indent = len(number) + 2
    details = f"{_rules_in_short(rules)} · {_places_in_short(list(filter(None, places)))}".removesuffix(" · ")
    yield page.lines(
        [
            (number + "  ", "bold"),
            (page.wrap(f"{needs}: {reason}", indent), ""),
            ("\n" + " " * indent + page.wrap(details, indent), "dim"),
        ]
    )


def _rules_in_short(rules: list[str]) -> str:
    """Rules by their ids; many of them by how many of each family."""
    if len(rules) <= _MANY:
        return ", ".join(rules)
    families = Counter(rule.rstrip("0123456789") for rule in rules)
    return f"{len(rules)} rules: {', '.join(f'{family} {number}' for family, number in families.items())}"


def _places_in_short(places: list[str]) -> str:
    rest = len(places) - _MANY // 2
    return ", ".join(places[: _MANY // 2] if rest > 1 else places) + (f" and {rest} more" if rest > 1 else "")

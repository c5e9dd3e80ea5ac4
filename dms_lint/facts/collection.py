"""What rules need to be collected: the kinds that they judge, and those of which their facts ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.facts.reads import READS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.model import Rule


def judged_kinds(rules: Iterable[Rule]) -> set[str]:
    """The kinds of resources that rules judge."""
    return {kind for rule in rules for kind in rule.applies_to}


def kinds_read(rules: Iterable[Rule]) -> set[str]:
    """The kinds of resources of which the facts of rules ask, besides the one that is judged."""
    facts = {fact for rule in rules for fact in (*rule.when, *rule.expect, *rule.evidence)}
    return {kind for fact in facts for kind in READS.get(fact, ())}

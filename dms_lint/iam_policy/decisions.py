"""Decisions on requests in three values, the statements that determine them, and how decisions combine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.iam_policy.statements import Statement
    from dms_lint.logic.kleene import Ternary, Verdictish


class Decision(NamedTuple):
    """Whether a request is allowed, and what decides it."""

    allowed: Ternary
    """None when it depends on what is not known."""
    statements: tuple[Statement, ...] = ()
    """The statements that decide: those that allow, those that deny, or those that may do either."""
    depends_on: str = ""
    """When `allowed` is None: what it depends on."""
    missing: Missing | None = None
    """When `allowed` is None because a policy was not read: that."""

    def as_missing(self, subject: str) -> Missing:
        """An undecided decision as what a fact raises; `subject` says whose policies they are."""
        if self.missing is not None:
            return self.missing
        return Missing(
            f"{subject}: what it may do depends on {self.depends_on}",
            needs=f"policies that do not depend on {self.depends_on}",
            reason=f"a policy depends on {self.depends_on}",
        )

    def verdict(self, subject: str) -> Verdictish:
        """Whether the request is allowed, with the reason where that is undecided; `subject` as in `as_missing`."""
        return self.as_missing(subject) if self.allowed is None else self.allowed


NO: Final = Decision(False)
"""Nothing allows it, or nothing denies it."""


def both(first: Decision, second: Decision) -> Decision:
    """Kleene's AND: what is allowed where both must allow it."""
    for decision in (first, second):
        if decision.allowed is False:
            return decision
    for decision in (first, second):
        if decision.allowed is None:
            return decision
    return Decision(True, tuple(dict.fromkeys(first.statements + second.statements)))


def either(first: Decision, second: Decision) -> Decision:
    """Kleene's OR: what is allowed where either may allow it."""
    for allowed in (True, None):
        for decision in (first, second):
            if decision.allowed is allowed:
                return decision
    return NO


def any_decision(decisions: Iterable[Decision]) -> Decision:
    """The first decision that allows, else the first that is undecided; evaluated no further than needed."""
    undecided: list[Decision] = []
    for decision in decisions:
        if decision.allowed:
            return decision
        if decision.allowed is None:
            undecided.append(decision)
    return undecided[0] if undecided else NO


def apply_denies(grant: Decision, denial: Decision) -> Decision:
    """A grant less a denial: a certain denial is final, a possible one leaves open what is granted."""
    if denial.allowed is True:
        return Decision(False, denial.statements)
    if grant.allowed is True and denial.allowed is None:
        return denial
    return grant

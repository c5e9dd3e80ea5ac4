"""The plan of an evaluation: the rules of each kind of resource, compiled so that rules share facts and conditions."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.facts import FACTS
from dms_lint.logic.kleene import all_of
from dms_lint.model import Missing, Verdict
from dms_lint.rulepack.predicates import compile_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.facts.fact import Derive
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource, Rule
    from dms_lint.rulepack.predicates import Predicate


class CompiledRule(NamedTuple):
    """A rule of a plan: its conditions and facts by their numbers there."""

    rule: Rule
    when: tuple[int, ...]
    expect: tuple[int, ...]
    reads: tuple[tuple[str, int], ...]
    """Every fact that the rule reads: what it needs for its verdict, then what it shows besides."""
    counts: dict[Verdict, int]
    """How many of its checks gave each verdict, for all kinds together."""


class Plan:
    """The rules of one kind of resource, with each of their conditions once, however many rules share it."""

    def __init__(self) -> None:
        self.groups: dict[int | None, list[CompiledRule]] = defaultdict(list)
        """The rules by the first condition on which they apply: where that is false, no rule of the group applies."""
        self.conditions: list[tuple[int, Predicate]] = []
        """The number of a fact, and what it must be."""
        self.facts: list[Derive] = []
        self._condition_numbers: dict[str, int] = {}
        self._fact_numbers: dict[str, int] = {}

    def add(self, rule: Rule, counts: dict[Verdict, int]) -> None:
        """Compiles a rule into the plan; its verdicts are counted in `counts`."""
        when = tuple(self._condition(name, schema) for name, schema in rule.when.items())
        expect = tuple(self._condition(name, schema) for name, schema in (*rule.expect.items(), *rule.also))
        reads = dict.fromkeys((*rule.when, *rule.expect, *rule.evidence))
        compiled = CompiledRule(rule, when, expect, tuple((name, self._fact(name)) for name in reads), counts)
        self.groups[when[0] if when else None].append(compiled)

    def rules(self) -> tuple[Rule, ...]:
        """The rules of the plan, group by group."""
        return tuple(compiled.rule for group in self.groups.values() for compiled in group)

    def _condition(self, name: str, schema: Mapping[str, Any]) -> int:
        key = f"{name} {schema!r}"
        if key not in self._condition_numbers:
            self._condition_numbers[key] = len(self.conditions)
            self.conditions.append((self._fact(name), compile_schema(schema)))
        return self._condition_numbers[key]

    def _fact(self, name: str) -> int:
        if name not in self._fact_numbers:
            self._fact_numbers[name] = len(self.facts)
            self.facts.append(FACTS[name].derive)
        return self._fact_numbers[name]


class Subject:
    """One resource in an evaluation: its facts, each derived once, and the conditions decided so far."""

    __slots__ = ("decided", "inventory", "plan", "resource", "values")

    def __init__(self, plan: Plan, resource: Resource, inventory: Inventory) -> None:
        self.plan = plan
        self.resource = resource
        self.inventory = inventory
        self.values: list[Any] = [None] * len(plan.facts)
        """By number, a fact's value or the Missing that stands for it; None where it was not derived yet."""
        self.decided: list[bool | Missing | None] = [None] * len(plan.conditions)

    def get(self, fact: int) -> Any:
        """A fact's value, or the Missing that stands for it."""
        value = self.values[fact]
        if value is None:
            try:
                value = self.plan.facts[fact](self.resource, self.inventory)
            except Missing as missing:
                # Without its traceback: that would keep every frame of the fact alive.
                value = missing.with_traceback(None)
            self.values[fact] = value
        return value

    def is_exempt(self, guard: int | None) -> bool:
        """Whether no rule of a group applies, because the condition that guards the group is certainly false."""
        if guard is None:
            return False
        try:
            return self.holds((guard,)) is False
        except Exception:  # noqa: BLE001 - a bug of the fact: each rule of the group meets it again, and reports it
            return False

    def holds(self, numbers: tuple[int, ...]) -> bool | Missing:
        """Kleene's AND: False when any condition is certainly false, else the first Missing, else True."""
        return all_of(map(self._decide, numbers))

    def _decide(self, number: int) -> bool | Missing:
        result = self.decided[number]
        if result is None:
            fact, predicate = self.plan.conditions[number]
            value = self.get(fact)
            result = self.decided[number] = value if value.__class__ is Missing else predicate(value)
        return result


def plans_by_kind(rules: Iterable[Rule], counts: Mapping[str, dict[Verdict, int]]) -> dict[str, Plan]:
    """A plan for each kind of resource that the rules apply to; `counts` holds a tally of verdicts by rule id."""
    plans: dict[str, Plan] = defaultdict(Plan)
    for rule in rules:
        for kind in rule.applies_to:
            plans[kind].add(rule, counts[rule.id])
    return dict(plans)


class Judgement(NamedTuple):
    """A rule's verdict on a resource, with what is missing where it is unknown."""

    verdict: Verdict
    missing: Missing | None = None


_NOT_APPLICABLE: Final = Judgement(Verdict.NOT_APPLICABLE)
_PASS: Final = Judgement(Verdict.PASS)
_FAIL: Final = Judgement(Verdict.FAIL)


def verdict_on(subject: Subject, compiled: CompiledRule) -> Judgement:
    """The verdict of a rule on a resource."""
    applies = subject.holds(compiled.when)
    if applies is False:
        return _NOT_APPLICABLE
    if applies is not True:
        return Judgement(Verdict.UNKNOWN, applies)
    passes = subject.holds(compiled.expect)
    if passes is True:
        return _PASS
    return _FAIL if passes is False else Judgement(Verdict.UNKNOWN, passes)

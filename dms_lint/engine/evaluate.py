"""Rule x facts -> verdict, in three-valued logic.  Knows no AWS."""

from __future__ import annotations

import traceback
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.facts import FACTS
from dms_lint.model import Fault, Finding, Gap, Missing, Verdict
from dms_lint.rulepack.predicates import compile_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.facts.fact import Derive
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource, Rule, Status
    from dms_lint.rulepack.predicates import Predicate


class Outcome(NamedTuple):
    """What judging gave: findings for fails and unknowns (all verdicts when asked), and how many of each."""

    findings: tuple[Finding, ...]
    verdicts: Mapping[Verdict, int]
    checks: Mapping[str, Mapping[Verdict, int]]
    """The same of each rule, not-applicables left out; of each listing that could not be read, one check is unknown."""
    resources: Mapping[str, int]
    gaps: tuple[Gap, ...]
    faults: tuple[Fault, ...]


class _Compiled(NamedTuple):
    """A rule of a plan: its conditions and facts by their numbers there."""

    rule: Rule
    when: tuple[int, ...]
    expect: tuple[int, ...]
    reads: tuple[tuple[str, int], ...]
    """Every fact that the rule reads: what it needs for its verdict, then what it shows besides."""
    counts: dict[Verdict, int]
    """How many of its verdicts are what, whatever the kind."""


class _Plan:
    """The rules of one kind of resource, and their conditions, each of which stands once however many rules ask it."""

    def __init__(self) -> None:
        self.groups: dict[int | None, list[_Compiled]] = defaultdict(list)
        """The rules by the first condition on which they apply: where that is false, the whole group does not."""
        self.conditions: list[tuple[int, Predicate]] = []
        """The number of a fact, and what it must be."""
        self.facts: list[Derive] = []
        self._conditions: dict[str, int] = {}
        self._facts: dict[str, int] = {}

    def add(self, rule: Rule, counts: dict[Verdict, int]) -> None:
        """Take in a rule; its verdicts are counted there."""
        when = tuple(self._condition(name, schema) for name, schema in rule.when.items())
        expect = tuple(self._condition(name, schema) for name, schema in (*rule.expect.items(), *rule.also))
        reads = dict.fromkeys((*rule.when, *rule.expect, *rule.evidence))
        compiled = _Compiled(rule, when, expect, tuple((name, self._fact(name)) for name in reads), counts)
        self.groups[when[0] if when else None].append(compiled)

    def _condition(self, name: str, schema: Mapping[str, Any]) -> int:
        key = f"{name} {schema!r}"
        if key not in self._conditions:
            self._conditions[key] = len(self.conditions)
            self.conditions.append((self._fact(name), compile_schema(schema)))
        return self._conditions[key]

    def _fact(self, name: str) -> int:
        if name not in self._facts:
            self._facts[name] = len(self.facts)
            self.facts.append(FACTS[name].derive)
        return self._facts[name]


class _Subject:
    """One resource under judgement: its facts, each derived once, and the conditions already decided."""

    __slots__ = ("decided", "inventory", "plan", "resource", "values")

    def __init__(self, plan: _Plan, resource: Resource, inventory: Inventory) -> None:
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

    def spared(self, guard: int | None) -> bool:
        """Whether a group of rules certainly does not apply, as its guard tells."""
        if guard is None:
            return False
        try:
            return self.holds((guard,)) is False
        except Exception:  # noqa: BLE001 - a bug of the fact: each rule of the group meets it again, and reports it
            return False

    def holds(self, numbers: tuple[int, ...]) -> bool | Missing:
        """Kleene's AND: False when any condition is certainly false, else the first Missing, else True."""
        unknown: Missing | None = None
        decided = self.decided
        for number in numbers:
            result = decided[number]
            if result is None:
                result = self._decide(number)
            if result is False:
                return False
            if result is not True and unknown is None:
                unknown = result
        return True if unknown is None else unknown

    def _decide(self, number: int) -> bool | Missing:
        fact, predicate = self.plan.conditions[number]
        value = self.get(fact)
        result: bool | Missing = value if value.__class__ is Missing else predicate(value)
        self.decided[number] = result
        return result


def evaluate(rules: Iterable[Rule], inventory: Inventory, *, all_verdicts: bool = False) -> Outcome:
    """Judge every resource by every rule of its kind.

    Findings come in the order of rule, then resource.  A fact's bug becomes a Fault and stops nothing else.
    """
    plans: dict[str, _Plan] = defaultdict(_Plan)
    checks: dict[str, dict[Verdict, int]] = {}
    for rule in rules:
        checks[rule.id] = dict.fromkeys(Verdict, 0)
        for kind in rule.applies_to:
            plans[kind].add(rule, checks[rule.id])
    spared = 0
    findings: list[Finding] = []
    faults: list[Fault] = []
    resources: dict[str, int] = {}
    for kind, plan in plans.items():
        number = 0
        for resource in inventory.known(kind):
            number += 1
            subject = _Subject(plan, resource, inventory)
            for guard, group in plan.groups.items():
                if not all_verdicts and subject.spared(guard):
                    spared += len(group)
                    continue
                for compiled in group:
                    try:
                        verdict, missing = _judge(compiled, subject)
                        if all_verdicts or verdict is Verdict.FAIL or verdict is Verdict.UNKNOWN:
                            findings.append(_finding(compiled, subject, verdict, missing))
                    except Exception as error:  # noqa: BLE001 - a bug is not a verdict, and stops no other
                        faults.append(_fault(compiled.rule, resource, error))
                        continue
                    compiled.counts[verdict] += 1
            # What others still ask of it they derive again: kept for all, it would be a fifth of a scan's memory.
            resource.memo.clear()
        if number:
            resources[kind] = number
    findings.sort(key=lambda finding: (finding.rule.id, finding.resource.id))
    verdicts = {verdict: sum(counts[verdict] for counts in checks.values()) for verdict in Verdict}
    verdicts[Verdict.NOT_APPLICABLE] += spared
    unread = [
        (missing, account, region, tuple(compiled.rule.id for group in plan.groups.values() for compiled in group))
        for kind, plan in plans.items()
        for account, region, missing in inventory.unread(kind)
    ]
    for *_, unseen in unread:
        for id_ in unseen:
            checks[id_][Verdict.UNKNOWN] += 1
    for counts in checks.values():
        del counts[Verdict.NOT_APPLICABLE]
    gaps = _gaps(findings, unread)
    return Outcome(tuple(findings), verdicts, checks, dict(sorted(resources.items())), gaps, tuple(faults))


_NOT_APPLICABLE: Final = (Verdict.NOT_APPLICABLE, None)
_PASS: Final = (Verdict.PASS, None)
_FAIL: Final = (Verdict.FAIL, None)


def _judge(compiled: _Compiled, subject: _Subject) -> tuple[Verdict, Missing | None]:
    applies = subject.holds(compiled.when)
    if applies is False:
        return _NOT_APPLICABLE
    if applies is not True:
        return Verdict.UNKNOWN, applies
    fine = subject.holds(compiled.expect)
    if fine is True:
        return _PASS
    return _FAIL if fine is False else (Verdict.UNKNOWN, fine)


def _finding(compiled: _Compiled, subject: _Subject, verdict: Verdict, missing: Missing | None) -> Finding:
    evidence: dict[str, Any] = {}
    for name, fact in compiled.reads:
        value = subject.get(fact) if verdict is Verdict.FAIL else subject.values[fact]
        if value is not None and value.__class__ is not Missing:
            evidence[name] = value
    return Finding(compiled.rule, subject.resource, verdict, evidence, missing)


def _fault(rule: Rule, resource: Resource, error: Exception) -> Fault:
    return Fault(
        rule.id,
        resource.arn or resource.id,
        f"{type(error).__name__}: {error}",
        "".join(traceback.format_exception(error)),
    )


def _gaps(findings: Iterable[Finding], unread: Iterable[tuple[Missing, str, str, tuple[str, ...]]]) -> tuple[Gap, ...]:
    """Unknown verdicts by what would settle them, the most wanted first.

    `unread` are listings that could not be read, and the rules that would have judged what they hold: at least one
    check of each was not made, on resources that nobody can count.
    """
    groups: dict[tuple[Status, str, str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.UNKNOWN and finding.missing is not None:
            missing, resource = finding.missing, finding.resource
            key = (missing.status, missing.needs, missing.reason, resource.account, resource.region)
            groups[key].append((finding.rule.id, resource.id))
    for missing, account, region, rules in unread:
        key = (missing.status, missing.needs, missing.reason, account, region)
        groups[key].extend((rule, "") for rule in rules)
    gaps = [
        Gap(
            needs,
            reason,
            status,
            account,
            region,
            tuple(sorted({rule for rule, _ in found})),
            len({resource for _, resource in found} - {""}),
            len(found),
        )
        for (status, needs, reason, account, region), found in groups.items()
    ]
    gaps.sort(key=lambda gap: (gap.status, -gap.checks, gap.needs, gap.reason, gap.account, gap.region))
    return tuple(gaps)

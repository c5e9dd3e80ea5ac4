"""Rule x facts -> verdict, in three-valued logic.  Knows no AWS."""

from __future__ import annotations

import traceback
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dms_lint.facts import FACTS
from dms_lint.model import Fault, Finding, Gap, Missing, Verdict
from dms_lint.predicates import compile_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.facts.base import Derive
    from dms_lint.inventory import Inventory
    from dms_lint.model import Resource, Rule
    from dms_lint.predicates import Predicate

_Step = tuple[str, "Derive", "Predicate"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What judging gave: findings for fails and unknowns (all verdicts when asked), and how many of each."""

    findings: tuple[Finding, ...]
    verdicts: Mapping[Verdict, int]
    resources: Mapping[str, int]
    gaps: tuple[Gap, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    when: tuple[_Step, ...]
    expect: tuple[_Step, ...]
    reads: tuple[tuple[str, Derive], ...]
    """Every fact that the rule reads: what it needs for its verdict, then what it shows besides."""


def _compile(rule: Rule) -> _Compiled:
    def steps(conditions: Mapping[str, Mapping[str, Any]]) -> tuple[_Step, ...]:
        return tuple((name, FACTS[name].derive, compile_schema(schema)) for name, schema in conditions.items())

    reads = dict.fromkeys((*rule.when, *rule.expect, *rule.evidence))
    return _Compiled(rule, steps(rule.when), steps(rule.expect), tuple((name, FACTS[name].derive) for name in reads))


class _Values:
    """The facts of one resource, each derived once, at the first question."""

    __slots__ = ("inventory", "known", "resource")

    def __init__(self, resource: Resource, inventory: Inventory) -> None:
        self.resource = resource
        self.inventory = inventory
        self.known: dict[str, Any] = {}

    def get(self, name: str, derive: Derive) -> Any:
        """The value, or the Missing that stands for it."""
        try:
            return self.known[name]
        except KeyError:
            pass
        try:
            value: Any = derive(self.resource, self.inventory)
        except Missing as missing:
            # Without its traceback: that would keep every frame of the fact alive.
            value = missing.with_traceback(None)
        self.known[name] = value
        return value

    def holds(self, steps: tuple[_Step, ...]) -> bool | Missing:
        """Kleene's AND: False when any is certainly false, else the first Missing, else True."""
        unknown: Missing | None = None
        for name, derive, predicate in steps:
            value = self.get(name, derive)
            if value.__class__ is Missing:
                if unknown is None:
                    unknown = value
            elif not predicate(value):
                return False
        return True if unknown is None else unknown


def evaluate(rules: Iterable[Rule], inventory: Inventory, *, all_verdicts: bool = False) -> Outcome:
    """Judge every resource by every rule of its kind.

    Findings come in the order of rule, then resource.  A fact's bug becomes a Fault and stops nothing else.
    """
    by_kind: dict[str, list[_Compiled]] = defaultdict(list)
    for rule in rules:
        compiled = _compile(rule)
        for kind in rule.applies_to:
            by_kind[kind].append(compiled)
    counts = dict.fromkeys(Verdict, 0)
    findings: list[Finding] = []
    faults: list[Fault] = []
    resources: dict[str, int] = {}
    for kind, compiled_rules in by_kind.items():
        number = 0
        for resource in inventory.known(kind):
            number += 1
            values = _Values(resource, inventory)
            for compiled in compiled_rules:
                try:
                    verdict, missing = _judge(compiled, values)
                    if all_verdicts or verdict is Verdict.FAIL or verdict is Verdict.UNKNOWN:
                        findings.append(_finding(compiled, values, verdict, missing))
                except Exception as error:  # noqa: BLE001 - a bug is not a verdict, and stops no other
                    faults.append(_fault(compiled.rule, resource, error))
                    continue
                counts[verdict] += 1
        if number:
            resources[kind] = number
    findings.sort(key=lambda finding: (finding.rule.id, finding.resource.id))
    return Outcome(tuple(findings), counts, dict(sorted(resources.items())), _gaps(findings), tuple(faults))


def _judge(compiled: _Compiled, values: _Values) -> tuple[Verdict, Missing | None]:
    applies = values.holds(compiled.when)
    if applies is False:
        return Verdict.NOT_APPLICABLE, None
    if applies is not True:
        return Verdict.UNKNOWN, applies
    fine = values.holds(compiled.expect)
    if fine is True:
        return Verdict.PASS, None
    return (Verdict.FAIL, None) if fine is False else (Verdict.UNKNOWN, fine)


def _finding(compiled: _Compiled, values: _Values, verdict: Verdict, missing: Missing | None) -> Finding:
    evidence: dict[str, Any] = {}
    for name, derive in compiled.reads:
        value = values.get(name, derive) if verdict is Verdict.FAIL else values.known.get(name)
        if value is not None and value.__class__ is not Missing:
            evidence[name] = value
    return Finding(compiled.rule, values.resource, verdict, evidence, missing)


def _fault(rule: Rule, resource: Resource, error: Exception) -> Fault:
    return Fault(
        rule.id,
        resource.arn or resource.id,
        f"{type(error).__name__}: {error}",
        "".join(traceback.format_exception(error)),
    )


def _gaps(findings: Iterable[Finding]) -> tuple[Gap, ...]:
    """Unknown verdicts by what would settle them, the most wanted first."""
    groups: dict[tuple[str, str, str, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.UNKNOWN and finding.missing is not None:
            missing, resource = finding.missing, finding.resource
            groups[missing.status, missing.needs, missing.reason, resource.account, resource.region].append(finding)
    gaps = [
        Gap(
            needs,
            reason,
            found[0].missing.status if found[0].missing else None,  # type: ignore[arg-type]
            account,
            region,
            tuple(sorted({finding.rule.id for finding in found})),
            len({finding.resource.id for finding in found}),
            len(found),
        )
        for (_, needs, reason, account, region), found in groups.items()
    ]
    gaps.sort(key=lambda gap: (gap.status, -gap.checks, gap.needs, gap.reason, gap.account, gap.region))
    return tuple(gaps)

"""Rule x facts -> verdict, in three-valued logic.  Knows no AWS."""

from __future__ import annotations

import traceback
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from dms_lint.engine.plan import Subject, plans_by_kind, verdict_on
from dms_lint.model import Fault, Finding, Gap, Missing, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dms_lint.engine.plan import CompiledRule, Plan
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource, Rule, Status


class Outcome(NamedTuple):
    """What judging gave: findings for fails and unknowns (all verdicts when asked), and how many of each."""

    findings: tuple[Finding, ...]
    verdicts: Mapping[Verdict, int]
    checks: Mapping[str, Mapping[Verdict, int]]
    """The same of each rule, not-applicables left out; of each listing that could not be read, one check is unknown."""
    resources: Mapping[str, int]
    gaps: tuple[Gap, ...]
    faults: tuple[Fault, ...]


class UnreadListing(NamedTuple):
    """A listing that could not be read, and the rules that would have judged the resources in it."""

    account: str
    region: str
    missing: Missing
    rules: tuple[str, ...]


def evaluate(rules: Iterable[Rule], inventory: Inventory, *, all_verdicts: bool = False) -> Outcome:
    """Judge every resource by every rule of its kind.

    Findings come in the order of rule, then resource.  A fact's bug becomes a Fault and stops nothing else.
    """
    rules = tuple(rules)
    checks = {rule.id: dict.fromkeys(Verdict, 0) for rule in rules}
    plans = plans_by_kind(rules, checks)
    evaluation = _Evaluation(inventory, all_verdicts=all_verdicts)
    resources = {kind: evaluation.judge_kind(kind, plan) for kind, plan in plans.items()}
    findings = sorted(evaluation.findings, key=lambda finding: (finding.rule.id, finding.resource.id))
    verdicts = {verdict: sum(counts[verdict] for counts in checks.values()) for verdict in Verdict}
    verdicts[Verdict.NOT_APPLICABLE] += evaluation.exempt
    unread = list(_unread_listings(plans, inventory))
    for listing in unread:
        for id_ in listing.rules:
            checks[id_][Verdict.UNKNOWN] += 1
    for counts in checks.values():
        del counts[Verdict.NOT_APPLICABLE]
    return Outcome(
        tuple(findings),
        verdicts,
        checks,
        {kind: number for kind, number in sorted(resources.items()) if number},
        _gaps(findings, unread),
        tuple(evaluation.faults),
    )


class _Evaluation:
    """The findings and faults of an evaluation, as they come in."""

    def __init__(self, inventory: Inventory, *, all_verdicts: bool) -> None:
        self.inventory = inventory
        self.all_verdicts = all_verdicts
        self.findings: list[Finding] = []
        self.faults: list[Fault] = []
        self.exempt = 0
        """How many checks were not made because the condition that guards their rules is false."""

    def judge_kind(self, kind: str, plan: Plan) -> int:
        """How many resources of a kind there are, all of which it judges."""
        number = 0
        for resource in self.inventory.known(kind):
            number += 1
            self._judge(resource, plan)
            # What other resources ask of it they derive again: kept for all, it would be a fifth of a scan's memory.
            resource.memo.clear()
        return number

    def _judge(self, resource: Resource, plan: Plan) -> None:
        subject = Subject(plan, resource, self.inventory)
        all_verdicts = self.all_verdicts
        for guard, group in plan.groups.items():
            if not all_verdicts and subject.is_exempt(guard):
                self.exempt += len(group)
                continue
            for compiled in group:
                try:
                    verdict, missing = verdict_on(subject, compiled)
                    if all_verdicts or verdict is Verdict.FAIL or verdict is Verdict.UNKNOWN:
                        self.findings.append(_finding(compiled, subject, verdict, missing))
                except Exception as error:  # noqa: BLE001 - a bug is not a verdict, and stops no other
                    self.faults.append(_fault(compiled.rule, resource, error))
                    continue
                compiled.counts[verdict] += 1


def _finding(compiled: CompiledRule, subject: Subject, verdict: Verdict, missing: Missing | None) -> Finding:
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


def _unread_listings(plans: Mapping[str, Plan], inventory: Inventory) -> Iterator[UnreadListing]:
    for kind, plan in plans.items():
        rules = tuple(rule.id for rule in plan.rules())
        for account, region, missing in inventory.unread(kind):
            yield UnreadListing(account, region, missing, rules)


def _gaps(findings: Iterable[Finding], unread: Iterable[UnreadListing]) -> tuple[Gap, ...]:
    """Unknown verdicts by what would settle them, those with the most checks first.

    In each listing that could not be read, at least one check of each rule was not made, on resources that nobody
    can count.
    """
    checks: dict[tuple[Status, str, str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for finding in findings:
        if finding.verdict is Verdict.UNKNOWN and finding.missing is not None:
            resource = finding.resource
            checks[_cause(finding.missing, resource.account, resource.region)].append((finding.rule.id, resource.id))
    for listing in unread:
        cause = _cause(listing.missing, listing.account, listing.region)
        checks[cause].extend((rule, "") for rule in listing.rules)
    gaps = [
        Gap(
            needs,
            reason,
            status,
            account,
            region,
            tuple(sorted({rule for rule, _ in pairs})),
            len({resource for _, resource in pairs} - {""}),
            len(pairs),
        )
        for (status, needs, reason, account, region), pairs in checks.items()
    ]
    gaps.sort(key=lambda gap: (gap.status, -gap.checks, gap.needs, gap.reason, gap.account, gap.region))
    return tuple(gaps)


def _cause(missing: Missing, account: str, region: str) -> tuple[Status, str, str, str, str]:
    return missing.status, missing.needs, missing.reason, account, region

"""Waivers on findings: which one fits, whether it is still in force, and which fit nothing.  No verdict changes."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING

from dms_lint.gate.selection import fits
from dms_lint.model import Notice, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from dms_lint.model import Finding, Report, Resource, Rule, Waiver

OPEN = (Verdict.FAIL, Verdict.UNKNOWN)
"""What can be waived: a failure, or that something could not be told."""


def at_moment(waivers: Sequence[Waiver], moment: datetime) -> tuple[Waiver, ...]:
    """The waivers, each knowing whether its last day had passed then, in UTC; that day still counts."""
    today = moment.astimezone(UTC).date().isoformat()
    return tuple(waiver._replace(expired=bool(waiver.expires) and waiver.expires < today) for waiver in waivers)


def waived(report: Report, waivers: Sequence[Waiver]) -> Report:
    """The report with the waiver that fits it on each failure and unknown, and notices on what is amiss with waivers.

    Where several fit, one in force counts, and of these the first.
    """
    if not waivers:
        return report
    ordered = [(waiver, _means(waiver)) for waiver in sorted(waivers, key=lambda waiver: waiver.expired)]
    by_rule: dict[str, list[tuple[Waiver, Callable[[Resource], bool]]]] = {}
    used: set[Waiver] = set()
    decisive: Counter[Waiver] = Counter()
    findings: list[Finding] = []
    for finding in report.findings:
        if finding.verdict in OPEN:
            rule = finding.rule
            if rule.id not in by_rule:
                by_rule[rule.id] = [(waiver, means) for waiver, means in ordered if fits(rule, waiver.rule)]
            fitting = [waiver for waiver, means in by_rule[rule.id] if means(finding.resource)]
            used.update(fitting)
            if fitting:
                decisive[fitting[0]] += 1
                finding = finding._replace(waiver=fitting[0])
        findings.append(finding)
    notices = (*report.notices, *_amiss(report, waivers, used, decisive))
    return report._replace(findings=tuple(findings), notices=notices)


def _means(waiver: Waiver) -> Callable[[Resource], bool]:
    """Whether a waiver means a resource: by ARN, id or name, and nothing that the account itself says of it."""
    first, *parts = map(re.escape, re.split(r"\*+", waiver.resource))
    if parts:
        *between, last = parts
        # What stands between two stars counts where it is met first, for good: many stars would try for hours else.
        first += "".join(f"(?>.*?{part})" for part in between) + ".*" + last
    pattern = re.compile(first, re.DOTALL)

    def means(resource: Resource) -> bool:
        return (
            waiver.account in ("", resource.account)
            and waiver.region in ("", resource.region)
            and any(pattern.fullmatch(name) for name in (resource.arn, resource.id, resource.name) if name)
        )

    return means


def _amiss(
    report: Report, waivers: Sequence[Waiver], used: set[Waiver], decisive: Mapping[Waiver, int]
) -> Iterator[Notice]:
    for waiver in waivers:
        file, _, line = waiver.place.rpartition(":")
        subject = f"the waiver of {waiver.rule} for {waiver.resource}"
        if waiver.expired and waiver in used:
            number = decisive.get(waiver, 0)
            again = f": {number} finding{' counts' if number == 1 else 's count'} again"
            outdone = ", and another accepts all that it fits: it can go"
            yield Notice(f"{subject} expired on {waiver.expires}{again if number else outdone}", file, int(line))
        elif waiver not in used and _would_fit(report, waiver):
            yield Notice(f"{subject} fits no finding: it can go", file, int(line))


def _would_fit(report: Report, waiver: Waiver) -> bool:
    """Whether the scan would have met what the waiver means: all its rules ran, there, and nothing was left unknown."""
    rules: list[Rule] = [rule for rule in report.pack.rules if fits(rule, waiver.rule)]
    ids = {rule.id for rule in rules}
    return (
        ids <= report.checks.keys()
        and (not waiver.account or waiver.account in report.accounts)
        and (not waiver.region or waiver.region in report.regions)
        and not any(ids & set(gap.rules) for gap in report.gaps)
        and not any(fault.rule in ids for fault in report.faults)
    )

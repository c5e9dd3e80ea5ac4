"""JUnit XML, as Jenkins and GitLab read it: a suite for each family of rules, a class for each rule.

A failure is a <failure>.  What is unknown never looks like a pass: it is <skipped> where the input does not hold it and
an <error> where it could not be read.  What somebody accepted is <skipped>.  A rule that failed nowhere and passed
somewhere is one case that says how often.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from dms_lint.model import Status, Verdict
from dms_lint.report.findings import acceptance, fix_words, rules_that_ran, subject, whereabouts
from dms_lint.report.links import rule_page
from dms_lint.report.safe import harmless, printable
from dms_lint.rulepack.placeholders import fix_cli, message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dms_lint.model import Finding, Report, Rule
    from dms_lint.report import Style


class Case(NamedTuple):
    """One test case: `outcome` is failure, error, skipped, or '' for a pass."""

    rule: str
    name: str
    outcome: str = ""
    kind: str = ""
    """What kind of failure or error it is: a severity, or what an error is about."""
    words: str = ""
    details: tuple[str, ...] = ()
    """Lines that say more than the words.

    They repeat the words: GitLab shows an element's text, and no attribute of one that has any.
    """


def render(report: Report, style: Style) -> Iterator[str]:
    """One <testsuites> with a <testsuite> a family of rules."""
    families: dict[str, list[Case]] = defaultdict(list)
    for case in _cases(report):
        families[case.rule.rstrip("0123456789")].append(case)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    for number, (family, cases) in enumerate(families.items()):
        yield from _suite(family, number, cases, report)
    yield "</testsuites>\n"


def _cases(report: Report) -> Iterator[Case]:
    """The cases of each rule that ran, in the pack's order; each rule has one at least."""
    unresolved: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.verdict in (Verdict.FAIL, Verdict.UNKNOWN):
            unresolved[finding.rule.id].append(finding)
    faults: dict[str, list[Case]] = defaultdict(list)
    for fault in report.faults:
        words = f"a bug of dms-lint: {fault.error}"
        faults[fault.rule].append(Case(fault.rule, fault.resource, "error", "internal-error", words))
    for rule in rules_that_ran(report):
        cases = [_case(finding) for finding in unresolved[rule.id]]
        counts = report.checks[rule.id]
        # A listing that could not be read is an unknown check without a finding: nobody knows of what resource.
        unlisted = counts[Verdict.UNKNOWN] - sum(finding.verdict is Verdict.UNKNOWN for finding in unresolved[rule.id])
        if unlisted > 0:
            cases.append(_unlisted(rule, report))
        cases += faults[rule.id]
        if counts[Verdict.PASS] and not counts[Verdict.FAIL]:
            cases.append(Case(rule.id, f"{rule.title} ({counts[Verdict.PASS]} passed)"))
        yield from _distinct(cases) or (Case(rule.id, rule.title, "skipped", "", "nothing here to judge"),)


def _case(finding: Finding) -> Case:
    rule, resource = finding.rule, finding.resource
    place = " ".join(part for part in (resource.account, resource.region) if part)
    name = subject(resource) + (f" ({place})" if place else "")
    words = message(finding)
    if finding.verdict is Verdict.UNKNOWN:
        status = Status.NOT_PROVIDED if finding.missing is None else finding.missing.status
        if status is Status.NOT_READABLE:
            words = f"unknown: {words}"
            return Case(rule.id, name, "error", status.value, words, (words, whereabouts(resource)))
        return Case(rule.id, name, "skipped", "", f"unknown: {words}")
    if finding.accepted:
        return Case(rule.id, name, "skipped", "", f"{acceptance(finding)}; {words}")
    lines = [whereabouts(resource), f"{rule.severity.label}: {words}", fix_words(finding)]
    lines += [f"$ {command}" for command in (fix_cli(finding),) if command]
    lines.append(f"More: {rule_page(rule)}")
    return Case(rule.id, name, "failure", rule.severity.label, words, tuple(lines))


def _unlisted(rule: Rule, report: Report) -> Case:
    """The resources that the rule would have judged, had their listing been read."""
    gaps = [gap for gap in report.gaps if rule.id in gap.rules]
    refused = any(gap.status is Status.NOT_READABLE for gap in gaps)
    words = "unknown: " + "; ".join(sorted({f"{gap.needs}: {gap.reason}" for gap in gaps}))
    name = "resources that were not listed"
    if refused:
        return Case(rule.id, name, "error", Status.NOT_READABLE.value, words)
    return Case(rule.id, name, "skipped", "", words)


def _distinct(cases: Iterable[Case]) -> list[Case]:
    """The cases of a rule, with a number where a name would come twice: Jenkins follows each by its name."""
    counts: dict[str, int] = defaultdict(int)
    by_name: dict[str, Case] = {}
    for case in cases:
        shown = name = printable(case.name)
        while name in by_name:
            counts[shown] += 1
            name = f"{shown} #{counts[shown] + 1}"
        by_name[name] = case._replace(name=name)
    return list(by_name.values())


def _suite(family: str, number: int, cases: list[Case], report: Report) -> Iterator[str]:
    counts = {outcome: sum(case.outcome == outcome for case in cases) for outcome in ("failure", "error", "skipped")}
    yield "<testsuite" + _attributes(
        {
            "package": "dms-lint",
            "id": str(number),
            "name": family,
            "timestamp": f"{report.started_at:%Y-%m-%dT%H:%M:%S}",
            "hostname": "localhost",
            "tests": str(len(cases)),
            "failures": str(counts["failure"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
            "time": "0",
        }
    )
    yield ">\n<properties/>\n"
    for case in cases:
        attributes = {"name": case.name, "classname": f"dms-lint.{family}.{case.rule}", "time": "0"}
        yield "<testcase" + _attributes(attributes) + (">" if case.outcome else "/>\n")
        if case.outcome:
            outcome = {"message": case.words} | ({"type": case.kind} if case.kind else {})
            text = escape(harmless("\n".join(map(printable, case.details or (case.words,)))))
            yield f"<{case.outcome}{_attributes(outcome)}>{text}</{case.outcome}></testcase>\n"
    yield "<system-out/>\n<system-err/>\n</testsuite>\n"


def _attributes(values: Mapping[str, str]) -> str:
    # Printable is what XML 1.0 can hold: control characters, lone surrogates and the like are written out.
    return "".join(f" {name}={quoteattr(printable(value))}" for name, value in values.items())

"""The report for a terminal: findings by resource, the worst first, then what was not evaluated, then one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dms_lint.aws.kinds import KINDS
from dms_lint.report.findings import acceptance, failures, fix_words, subject, whereabouts, worst_first
from dms_lint.report.page import COLORS, INDENT, LABEL, Page, count
from dms_lint.report.safe import harmless, printable
from dms_lint.report.text_gaps import gap_section
from dms_lint.report.text_summary import summary
from dms_lint.rulepack.placeholders import fix_cli, message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Finding, Notice, Report, Resource
    from dms_lint.report import Style


def render(report: Report, style: Style) -> Iterator[str]:
    """The pieces of the text, as wide as the style says; each is of whole lines."""
    return map(harmless, _pieces(report, style))


def _pieces(report: Report, style: Style) -> Iterator[str]:
    if style.quiet:
        yield from _quiet(report, style)
        return
    page = Page(style)
    for resource, findings in _by_resource(report, style):
        yield from _resource(page, resource, findings)
    yield from _accepted(page, report, style)
    yield from _problems(page, report.notices)
    yield from gap_section(page, report.gaps)
    yield from _faults(page, report)
    yield from summary(page, report, style)


def _shown(report: Report, style: Style, *, accepted: bool = False) -> Iterator[Finding]:
    for finding in failures(report, accepted=accepted):
        if finding.rule.severity >= style.severity:
            yield finding


def _by_resource(report: Report, style: Style) -> list[tuple[Resource, list[Finding]]]:
    """Failures by resource; the resource with the worst failure first, and in each the worst first."""
    groups: dict[int, list[Finding]] = {}
    for finding in _shown(report, style):
        groups.setdefault(id(finding.resource), []).append(finding)
    for findings in groups.values():
        findings.sort(key=lambda finding: (-finding.rule.severity, finding.rule.id))
    by_resource = [(findings[0].resource, findings) for findings in groups.values()]
    by_resource.sort(
        key=lambda group: (
            [-finding.rule.severity for finding in group[1]],
            group[0].account,
            group[0].region,
            group[0].kind,
            group[0].id,
        )
    )
    return by_resource


def _resource(page: Page, resource: Resource, findings: list[Finding]) -> Iterator[str]:
    kind = resource.kind.replace("-", " ")
    place = " · ".join(printable(part) for part in (resource.account, resource.region) if part)
    name = "" if resource.kind == "account" else f" {printable(resource.name)}"
    yield page.lines(
        [
            (kind, ""),
            (name, "bold"),
            (f"  {place}" if place else "", "dim"),
            (f"\n{' ' * INDENT}{whereabouts(resource)}" if resource.file else "", "dim"),
        ]
    )
    for finding in findings:
        yield _finding(page, finding)
    yield "\n"


def _finding(page: Page, finding: Finding) -> str:
    severity = finding.rule.severity
    # Not under the message: an ARN takes seventy columns.
    indent = 2 * INDENT
    start = INDENT + LABEL + len(finding.rule.id) + 2
    label = severity.label.upper()
    parts: list[tuple[str, str]] = [
        (" " * INDENT, ""),
        (label, COLORS[severity]),
        (" " * (LABEL - len(label)), ""),
        (finding.rule.id, "bold"),
        ("  " + page.wrap(message(finding), indent, start=start) + "\n", ""),
        (" " * indent, ""),
        (page.wrap(fix_words(finding), indent), "dim"),
    ]
    command = fix_cli(finding)
    if command:
        parts.append(("\n" + " " * indent, ""))
        parts.append((page.wrap("$ " + command, indent, command=True), "green"))
    waiver = finding.waiver
    if waiver is not None:
        words = f"A waiver ended on {waiver.expires}: {waiver.reason}" + (f" ({waiver.place})" if waiver.place else "")
        parts.append(("\n" + " " * indent, ""))
        parts.append((page.wrap(words, indent), "yellow"))
    return page.lines(parts)


def _accepted(page: Page, report: Report, style: Style) -> Iterator[str]:
    """A line for each finding that somebody accepted, cut to the page: what it is and why, not how to mend it."""
    findings = worst_first(_shown(report, style, accepted=True))
    if not findings:
        return
    yield page.lines([(f"Accepted: {count(len(findings), 'failure')}", "bold")])
    for finding in findings:
        words = f"{finding.rule.id}  {subject(finding.resource)} · {printable(acceptance(finding))}"
        line = f"{' ' * INDENT}{finding.rule.severity.label.upper():<{LABEL}}{words}"
        yield page.lines([(line if len(line) <= page.width else line[: page.width - 1] + "…", "dim")])
    yield "\n"


def _problems(page: Page, notices: Iterable[Notice]) -> Iterator[str]:
    problems = [notice for notice in notices if notice.problem]
    if not problems:
        return
    yield page.lines([(f"Not readable: {count(len(problems), 'input')}", "bold")])
    for notice in problems:
        yield page.lines([(" " * INDENT + page.wrap(str(notice), INDENT + 2, start=INDENT), "")])
    yield "\n"


def _faults(page: Page, report: Report) -> Iterator[str]:
    if not report.faults:
        return
    yield page.lines([(f"Internal errors: {count(len(report.faults), 'check')} not made", "bold red")])
    for fault in report.faults:
        words = f"{fault.rule} on {fault.resource}: {fault.error}"
        yield page.lines([(" " * INDENT + page.wrap(words, INDENT + 2), "")])
    yield page.lines([("  These are bugs of dms-lint: --debug shows where, please report them.", "")])
    yield "\n"


def _quiet(report: Report, style: Style) -> Iterator[str]:
    """One line a failure that nobody accepted, `FILE:LINE: SEVERITY RULE message`, in the order of file and line."""

    def place(finding: Finding) -> Any:
        resource = finding.resource
        return (resource.file or "", resource.line or 0, resource.id, finding.rule.id)

    for finding in sorted(_shown(report, style), key=place):
        rule = finding.rule
        yield f"{whereabouts(finding.resource)}: {rule.severity.label} {rule.id} {printable(message(finding))}\n"


def kinds_line(counts: dict[str, int]) -> str:
    """`12 endpoints, 2 replication instances`: what was judged, for people."""
    return ", ".join(
        count(number, kind.replace("-", " ")) if number == 1 else f"{number} {KINDS[kind].plural}"
        for kind, number in counts.items()
    )

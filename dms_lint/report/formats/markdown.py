"""Markdown for a job's summary or a comment on a pull request: counts, the failures as a table, the rest folded away.

No longer than GitHub takes as a comment; what does not fit is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.model import Status, Verdict
from dms_lint.report.findings import (
    acceptance,
    by_severity,
    failures,
    in_file,
    path,
    subject,
    tally_failures,
    worst_first,
)
from dms_lint.report.links import rule_page
from dms_lint.report.safe import markdown
from dms_lint.rulepack.placeholders import message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Finding, Gap, Report, Rule
    from dms_lint.report import Style

LIMIT: Final = 65_536
"""How many characters GitHub takes as a comment; counted in bytes here, to be on the safe side."""
_CELL: Final = 600
"""Characters of a cell, before they are escaped."""
_RULES: Final = 12
"""How many rules a row about something missing names."""
_RESERVE: Final = 200
"""Bytes kept for the line of each section that says how many rows are left out."""


class _Section(NamedTuple):
    head: str
    rows: list[str]
    foot: str
    noun: str


def render(report: Report, style: Style) -> Iterator[str]:
    """The whole text, of at most LIMIT bytes."""
    start = f"## dms-lint: {_headline(report)}\n"
    sections = [section for section in _sections(report) if section.rows]
    left = LIMIT - _size(start) - sum(_size(section.head + section.foot) + _RESERVE for section in sections)
    yield start
    for section in sections:
        shown = 0
        yield section.head
        for row in section.rows:
            if _size(row) > left:
                break
            left -= _size(row)
            shown += 1
            yield row
        if shown < len(section.rows):
            yield f"\n{len(section.rows) - shown} more {section.noun} are left out here; other formats name them all.\n"
        yield section.foot


def _size(text: str) -> int:
    return len(text.encode("utf-8"))


def _headline(report: Report) -> str:
    count = tally_failures(report)
    severities = ", ".join(
        f"{number} {severity.label}"
        for severity, number in by_severity(failures(report, accepted=False)).items()
        if number
    )
    parts = [f"{count.failed} failed" + (f" ({severities})" if severities else "")]
    if count.waived or count.in_baseline:
        parts.append(f"{count.waived + count.in_baseline} accepted")
    parts.append(f"{report.verdicts[Verdict.UNKNOWN]} unknown")
    parts.append(f"{report.verdicts[Verdict.PASS]} passed")
    if report.faults:
        parts.append(f"{len(report.faults)} not made because of a bug in dms-lint")
    return " · ".join(parts)


def _sections(report: Report) -> Iterator[_Section]:
    failed = [_failure(finding) for finding in worst_first(failures(report, accepted=False))]
    yield _Section(_table("Severity", "Rule", "Resource", "What", "Where"), failed, "", "failures")
    problems = [f"- {_cell(str(notice))}\n" for notice in report.notices if notice.problem]
    yield _folded("Input that could not be read", problems, "\n", "inputs")
    for status, title in (
        (Status.NOT_READABLE, "Unknown, because something could not be read"),
        (Status.NOT_PROVIDED, "Unknown, because the input does not hold it"),
    ):
        gaps = [gap for gap in report.gaps if gap.status is status]
        heading = f"{title}: {sum(gap.checks for gap in gaps)}"
        yield _folded(heading, [_gap(gap) for gap in gaps], _table("Checks", "Needs", "Why", "Rules", "Of"), "gaps")
    accepted = [_acceptance(finding) for finding in worst_first(failures(report, accepted=True))]
    yield _folded(f"Accepted: {len(accepted)}", accepted, _table("Severity", "Rule", "Resource", "Why"), "failures")
    bugs = [f"- {_cell(f'{fault.rule} on {fault.resource}: {fault.error}')}\n" for fault in report.faults]
    yield _folded("Bugs of dms-lint, please report them", bugs, "\n", "bugs")


def _folded(title: str, rows: list[str], head: str, noun: str) -> _Section:
    return _Section(f"\n<details><summary>{title}</summary>\n{head}", rows, "\n</details>\n", noun)


def _table(*columns: str) -> str:
    return f"\n| {' | '.join(columns)} |\n{'| --- ' * len(columns)}|\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(text: str) -> str:
    return markdown(text if len(text) <= _CELL else text[: _CELL - 1] + "…")


def _link(rule: Rule) -> str:
    return f"[{rule.id}]({rule_page(rule)})"


def _failure(finding: Finding) -> str:
    rule, resource = finding.rule, finding.resource
    if in_file(resource):
        where = path(resource) + (f":{resource.line}" if resource.line else "")
    else:
        where = f"{resource.account} {resource.region}".strip()
    return _row(rule.severity.label, _link(rule), _cell(subject(resource)), _cell(message(finding)), _cell(where))


def _acceptance(finding: Finding) -> str:
    rule = finding.rule
    return _row(rule.severity.label, _link(rule), _cell(subject(finding.resource)), _cell(acceptance(finding)))


def _gap(gap: Gap) -> str:
    rest = len(gap.rules) - _RULES
    rules = ", ".join(gap.rules[:_RULES]) + (f" and {rest} more" if rest > 0 else "")
    return _row(
        str(gap.checks), _cell(gap.needs), _cell(gap.reason), rules, _cell(f"{gap.account} {gap.region}".strip())
    )

"""The end of the text report: the counts of verdicts, what is hidden, and which controls failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.model import Verdict
from dms_lint.report.findings import by_severity, failures, tally_failures
from dms_lint.report.page import INDENT, LABEL, count
from dms_lint.rulepack.frameworks import tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.model import Report, Severity
    from dms_lint.report import Style
    from dms_lint.report.page import Page


def summary(page: Page, report: Report, style: Style) -> Iterator[str]:
    """The line of counts, what is hidden, and the controls that failed."""
    failing = by_severity(failures(report, accepted=False))
    yield _joined(page, [*_failed(report, failing), *_verdicts(report), _resources(report)])
    hidden = {severity.label: number for severity, number in failing.items() if number and severity < style.severity}
    if hidden:
        severities = ", ".join(f"{number} {label}" for label, number in hidden.items())
        yield page.lines([(f"not shown: {severities} (--severity {list(hidden)[-1]} shows them)", "dim")])
    yield from _frameworks(page, report, by_id=style.frameworks)


def _failed(report: Report, failing: Mapping[Severity, int]) -> Iterator[tuple[str, str]]:
    failed, waived, in_baseline = tally_failures(report)
    if failed:
        severities = ", ".join(f"{number} {severity.label}" for severity, number in failing.items() if number)
        yield f"{failed} failed", "bold red"
        yield f" ({severities})", ""
    else:
        yield "0 failed", "bold green"
    if waived or in_baseline:
        reasons = ((waived, "waived"), (in_baseline, "known"))
        accepted = ", ".join(f"{number} {word}" for number, word in reasons if number)
        yield f" · {waived + in_baseline} accepted ({accepted})", ""


def _verdicts(report: Report) -> Iterator[tuple[str, str]]:
    unknown = report.verdicts[Verdict.UNKNOWN]
    yield " · ", "dim"
    yield f"{unknown} unknown", "bold yellow" if unknown else ""
    yield f" · {report.verdicts[Verdict.PASS]} passed", ""
    yield f" · {report.verdicts[Verdict.NOT_APPLICABLE]} not applicable", ""


def _resources(report: Report) -> tuple[str, str]:
    number = sum(judged for kind, judged in report.resources.items() if kind != "account")
    places = ((report.accounts, "accounts"), (report.regions, "Regions"))
    several = [f"{len(names)} {word}" for names, word in places if len(names) > 1]
    return f" · {count(number, 'resource')}{' in ' if several else ''}{' and '.join(several)}", ""


def _frameworks(page: Page, report: Report, *, by_id: bool) -> Iterator[str]:
    """How many controls of each framework fail, in a line; `by_id`, which fail and which are unknown."""
    failing = []
    for framework in report.pack.frameworks:
        tallies = {} if framework.tool else tally(framework, report.checks)
        failed = [id_ for id_, checks in tallies.items() if checks.fail]
        unknown = [id_ for id_, checks in tallies.items() if checks.unknown and not checks.fail]
        if failed:
            failing.append(f"{framework.title} {len(failed)} of {len(tallies)}")
        if by_id and tallies:
            heading = f"\n{framework.title}: {len(failed)} of {count(len(tallies), 'control')} failed"
            yield page.lines([(heading, "bold")])
            for verdict, ids in ((Verdict.FAIL, failed), (Verdict.UNKNOWN, unknown)):
                if ids:
                    label = " " * INDENT + f"{verdict.value:<{LABEL}}"
                    yield page.lines([(label + page.wrap(", ".join(ids), len(label)), "")])
    if failing and not by_id:
        words = f"controls failed: {' · '.join(failing)} (--frameworks names them)"
        yield page.lines([(page.wrap(words, 0), "dim")])


def _joined(page: Page, parts: list[tuple[str, str]]) -> str:
    """Parts on one line, or over two where they do not fit."""
    if sum(len(text) for text, _ in parts) > page.width:
        for position, (text, style) in enumerate(parts):
            if text.startswith(" · ") and sum(len(t) for t, _ in parts[: position + 1]) > page.width:
                parts[position] = ("\n" + text.removeprefix(" · "), style)
                break
    return page.lines(parts)

"""The report for a terminal: findings by resource, the worst first, then what was not evaluated, then one line."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.kinds import KINDS
from dms_lint.model import Severity, Status, Verdict
from dms_lint.report.findings import acceptance, by_severity, failures, fix_words, subject, whereabouts, worst_first
from dms_lint.report.findings import tally as tally_failures
from dms_lint.report.safe import harmless, printable
from dms_lint.rulepack.frameworks import tally
from dms_lint.rulepack.placeholders import fix_cli, message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Finding, Gap, Notice, Report, Resource
    from dms_lint.report import Style

_SGR: Final = {
    "bold": "1",
    "dim": "2",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "bold red": "1;31",
    "bold green": "1;32",
    "bold yellow": "1;33",
    "bold white on red": "1;37;41",
}
"""What a terminal is told for each style."""
COLORS: Final = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_COMMAND: Final = re.compile(r"[ \u00a0]+(?=::[A-Za-z])")
"""The blanks before what would be a command to a runner of GitHub Actions at the start of a line: none breaks there."""
_QUOTED: Final = re.compile("'[^']*'|\"[^\"]*\"")
_KEPT: Final = "\ue000"
"""Stands for a blank where no line breaks; `printable` leaves none of it."""
_INDENT: Final = 2
_MANY: Final = 24
"""How many rules a gap names one by one; of places, half as many."""
_LABEL: Final = 9
"""Columns of the widest severity, and a blank."""


def render(report: Report, style: Style) -> Iterator[str]:
    """The pieces of the text, as wide as the style says; each is of whole lines."""
    return map(harmless, _pieces(report, style))


def _pieces(report: Report, style: Style) -> Iterator[str]:
    if style.quiet:
        yield from _quiet(report, style)
        return
    page = _Page(style)
    for resource, findings in _by_resource(report, style):
        yield from _resource(page, resource, findings)
    yield from _accepted(page, report, style)
    yield from _problems(page, report.notices)
    yield from _gaps(page, report.gaps)
    yield from _faults(page, report)
    yield from _summary(page, report, style)


class _Page:
    """Styled text of a given width, piece by piece."""

    def __init__(self, style: Style) -> None:
        self.width = max(style.width, 40)
        self.color = style.color

    def lines(self, parts: Iterable[tuple[str, str]]) -> str:
        """One run of text out of (text, style) parts; the text breaks only where a part has a newline."""
        return "".join(_painted(text, style) if style and self.color else text for text, style in parts) + "\n"

    def wrap(self, words: str, indent: int, *, start: int | None = None, command: bool = False) -> str:
        """Wrapped to the page; the text begins at column `start` (`indent`, when not given), later lines at `indent`.

        No word is broken.  A command's lines end in a backslash and none breaks within quotes: it can be pasted.
        """
        more = indent + 2 if command else indent
        words = _COMMAND.sub(lambda blanks: _KEPT * len(blanks[0]), printable(words))
        if command:
            words = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _KEPT), words)
        lines = textwrap.wrap(
            words,
            max(self.width - (2 if command else 0), 40),
            initial_indent=" " * (indent if start is None else start),
            subsequent_indent=" " * more,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return (" \\\n" if command else "\n").join(lines).lstrip(" ").replace(_KEPT, " ")


def _painted(text: str, style: str) -> str:
    """The text in that style, each line for itself, as pagers want it."""
    return "\n".join(f"\x1b[{_SGR[style]}m{line}\x1b[0m" if line else "" for line in text.split("\n"))


def _shown(report: Report, style: Style, *, accepted: bool = False) -> Iterator[Finding]:
    for finding in failures(report, accepted=accepted):
        if finding.rule.severity >= style.severity:
            yield finding


def _by_resource(report: Report, style: Style) -> list[tuple[Resource, list[Finding]]]:
    """Failures by resource; the resource with the worst failure first, and in each the worst first."""
    groups: dict[int, list[Finding]] = {}
    for finding in _shown(report, style):
        groups.setdefault(id(finding.resource), []).append(finding)
    found = []
    for findings in groups.values():
        findings.sort(key=lambda one: (-one.rule.severity, one.rule.id))
        found.append((findings[0].resource, findings))
    found.sort(
        key=lambda group: (
            [-finding.rule.severity for finding in group[1]],
            group[0].account,
            group[0].region,
            group[0].kind,
            group[0].id,
        )
    )
    return found


def _resource(page: _Page, resource: Resource, findings: list[Finding]) -> Iterator[str]:
    kind = resource.kind.replace("-", " ")
    place = " · ".join(printable(part) for part in (resource.account, resource.region) if part)
    name = "" if resource.kind == "account" else f" {printable(resource.name)}"
    yield page.lines(
        [
            (kind, ""),
            (name, "bold"),
            (f"  {place}" if place else "", "dim"),
            (f"\n{' ' * _INDENT}{whereabouts(resource)}" if resource.file else "", "dim"),
        ]
    )
    for finding in findings:
        yield _finding(page, finding)
    yield "\n"


def _finding(page: _Page, finding: Finding) -> str:
    severity = finding.rule.severity
    # Not under the message: an ARN takes seventy columns.
    indent = 2 * _INDENT
    start = _INDENT + _LABEL + len(finding.rule.id) + 2
    label = severity.label.upper()
    parts: list[tuple[str, str]] = [
        (" " * _INDENT, ""),
        (label, COLORS[severity]),
        (" " * (_LABEL - len(label)), ""),
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


def _accepted(page: _Page, report: Report, style: Style) -> Iterator[str]:
    """A line for each finding that somebody accepted, cut to the page: what it is and why, not how to mend it."""
    found = worst_first(_shown(report, style, accepted=True))
    if not found:
        return
    yield page.lines([(f"Accepted: {_count(len(found), 'failure')}", "bold")])
    for finding in found:
        words = f"{finding.rule.id}  {subject(finding.resource)} · {printable(acceptance(finding))}"
        line = f"{' ' * _INDENT}{finding.rule.severity.label.upper():<{_LABEL}}{words}"
        yield page.lines([(line if len(line) <= page.width else line[: page.width - 1] + "…", "dim")])
    yield "\n"


def _problems(page: _Page, notices: Iterable[Notice]) -> Iterator[str]:
    problems = [notice for notice in notices if notice.problem]
    if not problems:
        return
    yield page.lines([(f"Not readable: {_count(len(problems), 'input')}", "bold")])
    for notice in problems:
        yield page.lines([(" " * _INDENT + page.wrap(str(notice), _INDENT + 2, start=_INDENT), "")])
    yield "\n"


def _gaps(page: _Page, gaps: Iterable[Gap]) -> Iterator[str]:
    for status, title in (
        (Status.NOT_READABLE, "Not evaluated, because something could not be read"),
        (Status.NOT_PROVIDED, "Not evaluated, because the input does not hold it"),
    ):
        found = [gap for gap in gaps if gap.status is status]
        if not found:
            continue
        merged: dict[tuple[str, str], list[Gap]] = {}
        for gap in found:
            merged.setdefault((gap.needs, gap.reason), []).append(gap)
        checks = sum(gap.checks for gap in found)
        yield page.lines([(f"{title}: {_count(checks, 'check')}", "bold")])
        for (needs, reason), group in sorted(merged.items(), key=lambda one: -sum(gap.checks for gap in one[1])):
            yield from _gap(page, needs, reason, group)
        yield "\n"


def _gap(page: _Page, needs: str, reason: str, group: list[Gap]) -> Iterator[str]:
    number = str(sum(gap.checks for gap in group)).rjust(_INDENT + 4)
    rules = sorted({rule for gap in group for rule in gap.rules})
    places = sorted({" ".join(filter(None, (gap.account, gap.region))) for gap in group})
    indent = len(number) + 2
    details = f"{_rules_in_short(rules)} · {_places_in_short(list(filter(None, places)))}".removesuffix(" · ")
    yield page.lines(
        [
            (number + "  ", "bold"),
            (page.wrap(f"{needs}: {reason}", indent), ""),
            ("\n" + " " * indent + page.wrap(details, indent), "dim"),
        ]
    )


def _rules_in_short(rules: list[str]) -> str:
    """Rules by their ids; many of them by how many of each family."""
    if len(rules) <= _MANY:
        return ", ".join(rules)
    families = Counter(rule.rstrip("0123456789") for rule in rules)
    return f"{len(rules)} rules: {', '.join(f'{family} {number}' for family, number in families.items())}"


def _places_in_short(places: list[str]) -> str:
    rest = len(places) - _MANY // 2
    return ", ".join(places[: _MANY // 2] if rest > 1 else places) + (f" and {rest} more" if rest > 1 else "")


def _faults(page: _Page, report: Report) -> Iterator[str]:
    if not report.faults:
        return
    yield page.lines([(f"Internal errors: {_count(len(report.faults), 'check')} not made", "bold red")])
    for fault in report.faults:
        words = f"{fault.rule} on {fault.resource}: {fault.error}"
        yield page.lines([(" " * _INDENT + page.wrap(words, _INDENT + 2), "")])
    yield page.lines([("  These are bugs of dms-lint: --debug shows where, please report them.", "")])
    yield "\n"


def _summary(page: _Page, report: Report, style: Style) -> Iterator[str]:
    count = by_severity(failures(report, accepted=False))
    parts: list[tuple[str, str]] = []
    failed, waived, known = tally_failures(report)
    if failed:
        named = ", ".join(f"{number} {severity.label}" for severity, number in count.items() if number)
        parts.append((f"{failed} failed", "bold red"))
        parts.append((f" ({named})", ""))
    else:
        parts.append(("0 failed", "bold green"))
    if waived or known:
        named = ", ".join(f"{number} {word}" for number, word in ((waived, "waived"), (known, "known")) if number)
        parts.append((f" · {waived + known} accepted ({named})", ""))
    unknown = report.verdicts[Verdict.UNKNOWN]
    parts.append((" · ", "dim"))
    parts.append((f"{unknown} unknown", "bold yellow" if unknown else ""))
    parts.append((f" · {report.verdicts[Verdict.PASS]} passed", ""))
    parts.append((f" · {report.verdicts[Verdict.NOT_APPLICABLE]} not applicable", ""))
    number = sum(count for kind, count in report.resources.items() if kind != "account")
    where = [f"{len(of)} {word}" for of, word in ((report.accounts, "accounts"), (report.regions, "Regions")) if of[1:]]
    parts.append((f" · {_count(number, 'resource')}{' in ' if where else ''}{' and '.join(where)}", ""))
    yield _joined(page, parts)
    hidden = {severity.label: number for severity, number in count.items() if number and severity < style.severity}
    if hidden:
        named = ", ".join(f"{number} {label}" for label, number in hidden.items())
        yield page.lines([(f"not shown: {named} (--severity {list(hidden)[-1]} shows them)", "dim")])
    yield from _frameworks(page, report, named=style.frameworks)


def _frameworks(page: _Page, report: Report, *, named: bool) -> Iterator[str]:
    """How many controls of each framework fail, in a line; when asked, which fail and which are unknown."""
    failing = []
    for framework in report.pack.frameworks:
        tallies = {} if framework.tool else tally(framework, report.checks)
        failed = [id_ for id_, checks in tallies.items() if checks.fail]
        open_ = [id_ for id_, checks in tallies.items() if checks.unknown and not checks.fail]
        if failed:
            failing.append(f"{framework.title} {len(failed)} of {len(tallies)}")
        if named and tallies:
            yield page.lines(
                [(f"\n{framework.title}: {len(failed)} of {_count(len(tallies), 'control')} failed", "bold")]
            )
            for verdict, ids in ((Verdict.FAIL, failed), (Verdict.UNKNOWN, open_)):
                if ids:
                    line = " " * _INDENT + f"{verdict.value:<{_LABEL}}"
                    yield page.lines([(line + page.wrap(", ".join(ids), len(line)), "")])
    if failing and not named:
        words = f"controls failed: {' · '.join(failing)} (--frameworks names them)"
        yield page.lines([(page.wrap(words, 0), "dim")])


def _joined(page: _Page, parts: list[tuple[str, str]]) -> str:
    """Parts on one line, or over two where they do not fit."""
    if sum(len(text) for text, _ in parts) > page.width:
        for position, (text, style) in enumerate(parts):
            if text.startswith(" · ") and sum(len(t) for t, _ in parts[: position + 1]) > page.width:
                parts[position] = ("\n" + text.removeprefix(" · "), style)
                break
    return page.lines(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
        _count(count, kind.replace("-", " ")) if count == 1 else f"{count} {KINDS[kind].plural}"
        for kind, count in counts.items()
    )

"""What several formats ask of a report: which findings fail, why one is accepted, and where one stands."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.model import Severity, Verdict
from dms_lint.report.safe import printable
from dms_lint.rulepack.placeholders import disruption, fix_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Finding, Report, Resource, Rule, Waiver

_STDIN: Final = "-"


class Tally(NamedTuple):
    """How the failures of a report divide."""

    failed: int
    """Failures that nobody accepted."""
    waived: int
    """Failures with a waiver in force."""
    in_baseline: int
    """Failures that the baseline holds and no waiver in force covers."""


def failures(report: Report, *, accepted: bool) -> Iterator[Finding]:
    """The failures that are accepted, or those that are not, in the report's order."""
    for finding in report.findings:
        if finding.verdict is Verdict.FAIL and finding.accepted is accepted:
            yield finding


def tally_failures(report: Report) -> Tally:
    """The failures, each counted once."""
    failed = sum(1 for _ in failures(report, accepted=False))
    accepted = list(failures(report, accepted=True))
    waived = sum(1 for finding in accepted if in_force(finding) is not None)
    return Tally(failed, waived, len(accepted) - waived)


def by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings have each severity, the worst first."""
    counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for finding in findings:
        counts[finding.rule.severity] += 1
    return counts


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """By severity, then by rule and resource."""
    return sorted(findings, key=lambda finding: (-finding.rule.severity, finding.rule.id, finding.resource.id))


def in_force(finding: Finding) -> Waiver | None:
    """The waiver that accepts a finding; None where there is none, or it has expired."""
    waiver = finding.waiver
    return None if waiver is None or waiver.expired else waiver


def acceptance(finding: Finding) -> str:
    """Why a finding is accepted, in words: `waived until 2027-01-31: being replaced (DB-12, anna)`."""
    waiver = in_force(finding)
    if waiver is None:
        return "known: the baseline holds it"
    until = f" until {waiver.expires}" if waiver.expires else ""
    who = ", ".join(part for part in (waiver.ticket, waiver.owner) if part)
    return f"waived{until}: {waiver.reason}" + (f" ({who})" if who else "")


def rules_that_ran(report: Report) -> tuple[Rule, ...]:
    """The rules that were asked, whether they had anything to judge or not, in the pack's order."""
    adjusted = {finding.rule.id: finding.rule for finding in report.findings}
    return tuple(adjusted.get(rule.id, rule) for rule in report.pack.rules if rule.id in report.checks)


def fix_words(finding: Finding) -> str:
    """`Fix: ...`, which says whether the command that goes with it is disruptive."""
    return f"Fix{' (disruptive)' if disruption(finding) else ''}: {fix_text(finding)}"


def subject(resource: Resource) -> str:
    """`endpoint orders-source`: a resource in a few words, harmless to a terminal."""
    return f"{resource.kind.replace('-', ' ')} {printable(resource.name)}"


def whereabouts(resource: Resource) -> str:
    """`FILE:LINE`, or the ARN (else the id) of what was read from no file; harmless to a terminal.

    No colons come first: at the start of a line, two are a command to the runners of GitHub Actions.
    """
    if resource.file is None:
        return printable(resource.arn or resource.id)
    file = f"./{resource.file}" if resource.file.startswith(":") else resource.file
    return printable(file) + (f":{resource.line}" if resource.line else "")


def in_file(resource: Resource) -> bool:
    """Whether it was read from a file that has a path, which standard input has not."""
    return resource.file not in (None, _STDIN)


def path(resource: Resource) -> str:
    """The resource's file as a consumer of repositories wants it: relative to the working directory, with slashes.

    A file outside the working directory keeps its absolute path.  What was read from no file gets a path of its own,
    `aws/ACCOUNT/REGION/KIND/NAME`, that no file has and that is the same in every scan.
    """
    if in_file(resource):
        return _relative(str(resource.file), str(Path.cwd()))
    parts = ("aws", resource.account, resource.region, resource.kind, resource.name)
    return "/".join(_segment(part) for part in parts if part)


def _segment(text: str) -> str:
    """The text as one part of a path, which leads nowhere else."""
    part = printable(text).replace("/", "_").replace("\\", "_")
    return part if part.strip(".") else part.replace(".", "_")


@lru_cache(maxsize=4096)
def _relative(file: str, folder: str) -> str:
    import os

    absolute = Path(os.path.normpath(Path(folder, file)))  # not resolve(): a link stays where it stands
    return (absolute.relative_to(folder) if absolute.is_relative_to(folder) else absolute).as_posix()


def digest(finding: Finding) -> str:
    """The fingerprint as 64 hexadecimal digits."""
    return sha256(finding.fingerprint.encode("utf-8", "surrogatepass")).hexdigest()


def human_name(rule: Rule) -> str:
    """`Connection unencrypted`: what is wrong when the rule fails, which its title does not say."""
    return rule.name.replace("-", " ").capitalize()

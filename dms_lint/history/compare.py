"""What changed between two reports.  Only what the newer one judged is fixed; what it did not judge is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.model import Verdict
from dms_lint.rulepack.placeholders import message

if TYPE_CHECKING:
    from dms_lint.model import Finding, Report

FAIL: Final = "fail"
ACCEPTED: Final = "accepted"
"""A failure that is waived, or known to a baseline."""
UNKNOWN: Final = "unknown"
NO_FAILURE: Final = "no failure"
"""Judged, and neither failed nor unknown: a report that does not list passes says no more."""
NOT_JUDGED: Final = "not judged"
_OPEN: Final = (FAIL, ACCEPTED, UNKNOWN)


class Change(NamedTuple):
    """Something that is not as it was."""

    finding: Finding
    """As the newer report has it; the older where the newer has it not."""
    was: str
    now: str
    why: str = ""
    """Why it was not judged any more; or what a failure was that is another now."""


class Diff(NamedTuple):
    """What changed; each list with the worst first."""

    old: Report
    new: Report
    failures: tuple[Change, ...]
    """What fails and counts, and did not before."""
    fixed: tuple[Change, ...]
    """What failed, was judged again and fails no more."""
    changed: tuple[Change, ...]
    """Another severity, another failure of one rule, accepted now, or unknown before and known to be no failure."""
    unknown: tuple[Change, ...]
    """What can no longer be told."""
    gone: tuple[Change, ...]
    """What failed or was unknown, and was not judged again: nothing says that it is fixed."""


class _Side:
    """One of two reports, asked about findings of either."""

    def __init__(self, report: Report, dropped: frozenset[str] = frozenset()) -> None:
        self.report = report
        self.findings = {finding.fingerprint: finding for finding in report.findings}
        self.errors = frozenset(f"{fault.rule}:{fault.resource}" for fault in report.faults)
        self.dropped = dropped
        """Where DMS was read for the older report and not for this one: `ACCOUNT/REGION`."""

    def state(self, finding: Finding) -> str:
        """What this report says of what `finding` is about."""
        mine = self.findings.get(finding.fingerprint)
        if mine is not None:
            return _state(mine)
        return NOT_JUDGED if self.why_not(finding) else NO_FAILURE

    def why_not(self, finding: Finding) -> str:
        """Why what `finding` is about was not judged; '' where it was."""
        resource = finding.resource
        if finding.fingerprint in self.errors:
            return "an internal error"
        if finding.rule.id not in self.report.checks:
            return "the rule did not run"
        if (resource.arn or resource.id) not in self.report.judged:
            return "the resource is not among those judged"
        # What belongs to a whole account may fail for what is in any of its Regions.
        scopes = sorted(scope for scope in self.dropped if scope.startswith(f"{resource.account}/"))
        return f"{', '.join(scopes)} was not read again" if scopes and not resource.region else ""


def _state(finding: Finding) -> str:
    if finding.verdict is Verdict.FAIL:
        return ACCEPTED if finding.accepted else FAIL
    return UNKNOWN if finding.verdict is Verdict.UNKNOWN else NO_FAILURE


def compare(old: Report, new: Report) -> Diff:
    """What changed from one report to another."""
    before, after = _Side(old), _Side(new, dropped=frozenset(old.scopes) - frozenset(new.scopes))
    lists: dict[str, list[Change]] = {"failures": [], "fixed": [], "changed": [], "unknown": [], "gone": []}
    for fingerprint in before.findings.keys() | after.findings.keys():
        name, change = _change(fingerprint, before, after)
        if name != "same":
            lists[name].append(change)
    for changes in lists.values():
        changes.sort(key=lambda change: (-change.finding.rule.severity, change.finding.fingerprint))
    return Diff(old, new, **{name: tuple(changes) for name, changes in lists.items()})


def _change(fingerprint: str, before: _Side, after: _Side) -> tuple[str, Change]:
    """What became of a finding, and the list on which that belongs."""
    finding = after.findings.get(fingerprint) or before.findings[fingerprint]
    was, now = before.state(finding), after.state(finding)
    name = _list(was, now)
    why = after.why_not(finding) if now == NOT_JUDGED else ""
    if name == "same" and now in (FAIL, ACCEPTED):
        old = before.findings[fingerprint]
        if now == FAIL and finding.rule.severity is not old.rule.severity:
            was, now = (f"{FAIL} ({side.rule.severity.label})" for side in (old, finding))
            name = "changed"
        if message(finding) != message(old):
            name, why = "changed", f"it was: {message(old)}"
    return name, Change(finding, was, now, why)


def _list(was: str, now: str) -> str:
    """The list on which a change of state belongs."""
    if was == now:
        return "same"
    if now == FAIL:
        return "failures"
    if now == UNKNOWN:
        return "unknown"
    if now == NOT_JUDGED:
        return "gone" if was in _OPEN else "same"
    if now == ACCEPTED:
        return "changed"
    if was in (FAIL, ACCEPTED):
        return "fixed"
    return "changed" if was == UNKNOWN else "same"

"""Findings of a scan, and the report that holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dms_lint.model.verdict import Missing, Severity, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dms_lint.model.document import Notice
    from dms_lint.model.record import Resource
    from dms_lint.model.rule import Pack, Rule


class Waiver(NamedTuple):
    """A risk that somebody accepts: which findings, why, and until when."""

    rule: str
    """A rule's id, a prefix of ids, or a name."""
    resource: str
    """An ARN, id or name, in which `*` stands for anything."""
    reason: str
    expires: str = ""
    """The last day on which it counts, as YYYY-MM-DD; '' where it has no end."""
    account: str = ""
    region: str = ""
    owner: str = ""
    ticket: str = ""
    place: str = ""
    """`FILE:LINE` where it stands."""
    expired: bool = False
    """Whether its last day had passed at the moment of the scan."""


class Wording(NamedTuple):
    """The sentences of a finding, filled in."""

    message: str
    fix: str = ""
    cli: str = ""
    disruptive: str = ""


class Finding(NamedTuple):
    """A rule's verdict on a resource, with what it rests on."""

    rule: Rule
    resource: Resource
    verdict: Verdict
    evidence: Mapping[str, Any]
    """The facts that were read, by name; those that could not be read are absent."""
    missing: Missing | None = None
    waiver: Waiver | None = None
    """The waiver that fits it, in force or expired.  It changes no verdict."""
    known: bool = False
    """Whether the baseline holds it."""
    wording: Wording | None = None
    """Its sentences as a report that was read back holds them; None where the rule's templates give them."""

    @property
    def accepted(self) -> bool:
        """Whether it is known or waived, so that it fails no pipeline."""
        return self.known or (self.waiver is not None and not self.waiver.expired)

    @property
    def fingerprint(self) -> str:
        """Rule and resource: the same finding has the same fingerprint in every scan, wherever its lines stand."""
        return f"{self.rule.id}:{self.resource.arn or self.resource.id}"


class Gap(NamedTuple):
    """Verdicts that one missing thing would settle."""

    needs: str
    reason: str
    status: Status
    account: str
    region: str
    rules: tuple[str, ...]
    resources: int
    checks: int


class Fault(NamedTuple):
    """A bug of dms-lint met while judging: never a verdict."""

    rule: str
    resource: str
    error: str
    traceback: str


class Report(NamedTuple):
    """All that a scan found out."""

    pack: Pack
    started_at: datetime
    duration_s: float
    inputs: tuple[str, ...]
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    resources: Mapping[str, int]
    """How many resources of each kind were judged."""
    verdicts: Mapping[Verdict, int]
    checks: Mapping[str, Mapping[Verdict, int]]
    """How many checks of each rule passed, failed and are unknown; of each listing that could not be read, one is."""
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...] = ()
    judged: frozenset[str] = frozenset()
    """ARN or id of every resource that was judged."""
    absent: frozenset[str] = frozenset()
    """Of the resources that were asked about, those that certainly do not exist: a complete listing has them not."""
    scopes: tuple[str, ...] = ()
    """`ACCOUNT/REGION` of every answer of DMS itself: what belongs to a whole account may fail for what is in each."""

    def failures(self) -> dict[Severity, int]:
        """How many findings failed at each severity, the worst first."""
        counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
        for finding in self.findings:
            if finding.verdict is Verdict.FAIL:
                counts[finding.rule.severity] += 1
        return counts

"""The baseline: failures that a team has accepted for now, as a small file; new failures alone fail a pipeline then.

Its form is published as schemas/baseline.schema.json.  It holds no evidence and no times: the same failures
give the same bytes.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.model import Notice, Verdict
from dms_lint.report.safe import dumps
from dms_lint.rulepack.placeholders import message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.model import Report

KIND: Final = "dms-lint baseline"
VERSION: Final = "1.0"


class BaselineError(Exception):
    """A file that is no baseline; says which and why in one line."""


class AcceptedFailure(NamedTuple):
    """A failure of a baseline."""

    fingerprint: str
    rule: str
    kind: str
    """The kind of the resource."""
    resource: str
    """Its ARN; its id where it has none."""
    name: str
    message: str
    scopes: str = ""
    """Of what belongs to a whole account, where DMS was read: `ACCOUNT/REGION`, for what it is used may be in each."""


class Baseline(NamedTuple):
    """The failures of a baseline file."""

    file: Path
    failures: Mapping[str, AcceptedFailure]
    """By fingerprint."""

    def resources(self) -> Iterator[tuple[str, str]]:
        """Kind, and ARN or id, of the resource of each failure."""
        return ((failure.kind, failure.resource) for failure in self.failures.values())


def failures_of(report: Report) -> dict[str, AcceptedFailure]:
    """The failures of a report, by fingerprint; without those that a waiver fits.

    A waiver in force has accepted them already, and what a waiver accepted until a date fails again after it.
    """
    failures: dict[str, AcceptedFailure] = {}
    for finding in report.findings:
        if finding.verdict is Verdict.FAIL and finding.waiver is None:
            resource = finding.resource
            scopes = () if resource.region else report.scopes
            failures[finding.fingerprint] = AcceptedFailure(
                finding.fingerprint,
                finding.rule.id,
                resource.kind,
                resource.arn or resource.id,
                resource.name,
                message(finding),
                " ".join(scope for scope in scopes if scope.startswith(f"{resource.account}/")),
            )
    return failures


def text_of(failures: Mapping[str, AcceptedFailure]) -> str:
    """The text of a baseline: one failure a line, in the order of fingerprints."""
    members = (
        {key: text for key, text in failures[fingerprint]._asdict().items() if key != "scopes" or text}
        for fingerprint in sorted(failures)
    )
    lines = [f"    {dumps(failure)}" for failure in members]
    listed = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    return f'{{\n  "kind": "{KIND}",\n  "schema_version": "{VERSION}",\n  "findings": {listed}\n}}\n'


def read(file: Path) -> dict[str, AcceptedFailure]:
    """The failures of a baseline, by fingerprint.  Raises BaselineError."""
    try:
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise BaselineError(f"{file}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise BaselineError(f"{file}:{error.lineno}: is not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise BaselineError(f"{file}:1: is not JSON") from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise BaselineError(f"{file}:1: is no baseline; `dms-lint baseline PATH -o FILE` writes one")
    if not str(data.get("schema_version")).startswith("1."):
        raise BaselineError(f"{file}:1: is a baseline of another version, {data.get('schema_version')!r}")
    findings = data.get("findings")
    if not isinstance(findings, list):
        raise BaselineError(f"{file}:1: has no list of findings")
    failures = (_failure(file, number, entry) for number, entry in enumerate(findings, 1))
    return {failure.fingerprint: failure for failure in failures}


def _failure(file: Path, number: int, entry: Any) -> AcceptedFailure:
    required = AcceptedFailure._fields[:-1]
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in required):
        raise BaselineError(f"{file}: its finding {number} does not say {', '.join(required)}, all text")
    return AcceptedFailure(**{key: entry[key] for key in required}, scopes=str(entry.get("scopes", "")))


def write(file: Path, failures: Mapping[str, AcceptedFailure]) -> None:
    """Put a baseline into a file, whole or not at all, with the rights that the file has.  Raises OSError."""
    file = Path(os.path.realpath(file))  # `resolve` raises more than OSError
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)  # of a run that was killed; or a link, which may lead anywhere
    try:
        with new.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text_of(failures))
        if file.exists():
            new.chmod(file.stat().st_mode)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def mark_known(report: Report, failures: Mapping[str, AcceptedFailure]) -> Report:
    """The report with `known` on each failure that the baseline holds; not where a waiver of it has expired."""
    findings = tuple(
        finding._replace(known=True)
        if finding.verdict is Verdict.FAIL
        and finding.fingerprint in failures
        and not (finding.waiver is not None and finding.waiver.expired)
        else finding
        for finding in report.findings
    )
    return report._replace(findings=findings)


def settled(report: Report, failures: Mapping[str, AcceptedFailure]) -> dict[str, AcceptedFailure]:
    """What of the baseline certainly fails no more: it was judged again and does not fail, or does not exist any more.

    What was not judged, because its rule was not selected, its resource not in the input or its data not readable,
    may fail as before.  So may what belongs to a whole account, where a Region of it that was read then was not now.
    """

    def judged(failure: AcceptedFailure) -> bool:
        return failure.resource in report.judged and set(failure.scopes.split()) <= set(report.scopes)

    still = {f.fingerprint for f in report.findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN)}
    still |= {f"{fault.rule}:{fault.resource}" for fault in report.faults}
    return {
        fingerprint: failure
        for fingerprint, failure in failures.items()
        if fingerprint not in still
        and failure.rule in report.checks
        and (judged(failure) or failure.resource in report.absent)
    }


def notices(
    report: Report, failures: Mapping[str, AcceptedFailure], file: Path, *, updated: bool = False
) -> Iterator[Notice]:
    """What is to be said of the baseline: its failures that are gone or are others now, and how many were not judged.

    A failure of the same rule on the same resource is known whatever its words: that a subnet is open to more than it
    was fails nothing, but is said.
    """
    gone = settled(report, failures)
    done = ", taken out" if updated else "; --update takes it out"
    for failure in gone.values():
        yield Notice(f"fixed: {failure.rule} on {failure.kind} {failure.name}{done}", str(file))
    for finding in report.findings:
        if finding.known and (now := message(finding)) != (was := failures[finding.fingerprint].message):
            subject = f"{finding.rule.id} on {finding.resource.kind} {finding.resource.name}"
            yield Notice(f"{subject} is not what was accepted: {now}; accepted was: {was}", str(file))
    met = {finding.fingerprint for finding in report.findings if finding.verdict is Verdict.FAIL}
    unjudged = sum(fingerprint not in met and fingerprint not in gone for fingerprint in failures)
    if unjudged:
        yield Notice(f"{unjudged} of its {len(failures)} findings could not be judged again, and stay in it", str(file))

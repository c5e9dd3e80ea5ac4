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


class Known(NamedTuple):
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
    failures: Mapping[str, Known]
    """By fingerprint."""

    def resources(self) -> Iterator[tuple[str, str]]:
        """Kind, and ARN or id, of the resource of each failure."""
        return ((failure.kind, failure.resource) for failure in self.failures.values())


def of(report: Report) -> dict[str, Known]:
    """The failures of a report, by fingerprint; without those that a waiver fits.

    A waiver in force has accepted them already, and what a waiver accepted until a date fails again after it.
    """
    known: dict[str, Known] = {}
    for finding in report.findings:
        if finding.verdict is Verdict.FAIL and finding.waiver is None:
            resource = finding.resource
            scopes = () if resource.region else report.scopes
            known[finding.fingerprint] = Known(
                finding.fingerprint,
                finding.rule.id,
                resource.kind,
                resource.arn or resource.id,
                resource.name,
                message(finding),
                " ".join(one for one in scopes if one.startswith(f"{resource.account}/")),
            )
    return known


def written(known: Mapping[str, Known]) -> str:
    """The text of a baseline: one failure a line, in the order of fingerprints."""
    said = (
        {key: text for key, text in known[one]._asdict().items() if key != "scopes" or text} for one in sorted(known)
    )
    lines = [f"    {dumps(one)}" for one in said]
    listed = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    return f'{{\n  "kind": "{KIND}",\n  "schema_version": "{VERSION}",\n  "findings": {listed}\n}}\n'


def read(file: Path) -> dict[str, Known]:
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
    return {one.fingerprint: one for one in (_known(file, number, entry) for number, entry in enumerate(findings, 1))}


def _known(file: Path, number: int, entry: Any) -> Known:
    required = Known._fields[:-1]
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in required):
        raise BaselineError(f"{file}: its finding {number} does not say {', '.join(required)}, all text")
    return Known(**{key: entry[key] for key in required}, scopes=str(entry.get("scopes", "")))


def write(file: Path, known: Mapping[str, Known]) -> None:
    """Put a baseline into a file, whole or not at all, with the rights that the file has.  Raises OSError."""
    file = Path(os.path.realpath(file))  # `resolve` raises more than OSError
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)  # of a run that was killed; or a link, which may lead anywhere
    try:
        with new.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(written(known))
        if file.exists():
            new.chmod(file.stat().st_mode)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def marked(report: Report, known: Mapping[str, Known]) -> Report:
    """The report with `known` on each failure that the baseline holds; not where a waiver of it has expired."""
    findings = tuple(
        finding._replace(known=True)
        if finding.verdict is Verdict.FAIL
        and finding.fingerprint in known
        and not (finding.waiver is not None and finding.waiver.expired)
        else finding
        for finding in report.findings
    )
    return report._replace(findings=findings)


def settled(report: Report, known: Mapping[str, Known]) -> dict[str, Known]:
    """What of the baseline certainly fails no more: it was judged again and does not fail, or does not exist any more.

    What was not judged, because its rule was not selected, its resource not in the input or its data not readable,
    may fail as before.  So may what belongs to a whole account, where a Region of it that was read then was not now.
    """

    def judged(one: Known) -> bool:
        return one.resource in report.judged and set(one.scopes.split()) <= set(report.scopes)

    still = {f.fingerprint for f in report.findings if f.verdict in (Verdict.FAIL, Verdict.UNKNOWN)}
    still |= {f"{fault.rule}:{fault.resource}" for fault in report.faults}
    return {
        fingerprint: one
        for fingerprint, one in known.items()
        if fingerprint not in still and one.rule in report.checks and (judged(one) or one.resource in report.absent)
    }


def notices(report: Report, known: Mapping[str, Known], file: Path, *, updated: bool = False) -> Iterator[Notice]:
    """What is to be said of the baseline: its failures that are gone or are others now, and how many were not judged.

    A failure of the same rule on the same resource is known whatever its words: that a subnet is open to more than it
    was fails nothing, but is said.
    """
    gone = settled(report, known)
    done = ", taken out" if updated else "; --update takes it out"
    for one in gone.values():
        yield Notice(f"fixed: {one.rule} on {one.kind} {one.name}{done}", str(file))
    for finding in report.findings:
        if finding.known and (now := message(finding)) != (was := known[finding.fingerprint].message):
            subject = f"{finding.rule.id} on {finding.resource.kind} {finding.resource.name}"
            yield Notice(f"{subject} is not what was accepted: {now}; accepted was: {was}", str(file))
    met = {finding.fingerprint for finding in report.findings if finding.verdict is Verdict.FAIL}
    unjudged = sum(fingerprint not in met and fingerprint not in gone for fingerprint in known)
    if unjudged:
        yield Notice(f"{unjudged} of its {len(known)} findings could not be judged again, and stay in it", str(file))

"""What changed between two JSON reports.  Only what the newer one judged is fixed; what it did not judge is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FAIL: Final = "fail"
ACCEPTED: Final = "accepted"
"""A failure that is waived, or known to a baseline."""
UNKNOWN: Final = "unknown"
NO_FAILURE: Final = "no failure"
"""Judged, and neither failed nor unknown: a report that does not list passes says no more."""
NOT_JUDGED: Final = "not judged"
_OPEN: Final = (FAIL, ACCEPTED, UNKNOWN)
_STATES: Final = {FAIL: FAIL, UNKNOWN: UNKNOWN, "pass": NO_FAILURE, "not-applicable": NO_FAILURE}
"""By verdict."""
_TEXTS: Final = ("rule", "severity", "verdict", "message", "fingerprint")
_SEVERITIES: Final = {severity.label: severity for severity in Severity}


class DiffError(Exception):
    """A file that is no report; says which and why in one line."""


class Entry(NamedTuple):
    """A finding of a report."""

    fingerprint: str
    rule: str
    severity: Severity
    state: str
    message: str
    kind: str
    resource: str
    """ARN; id where there is none."""
    name: str
    account: str
    region: str


class Judged(NamedTuple):
    """A report, as far as a comparison needs it."""

    file: str
    started_at: str
    pack: str
    entries: Mapping[str, Entry]
    """By fingerprint."""
    rules: frozenset[str]
    """The rules that ran; none where the report does not say."""
    resources: frozenset[str]
    """The resources that were judged; none where the report does not say."""
    errors: frozenset[str]
    """Fingerprints of what met an internal error."""
    scopes: frozenset[str] = frozenset()
    """Where DMS was read: `ACCOUNT/REGION`."""
    unread: frozenset[str] = frozenset()
    """Of these, those that the older report has and this one has not."""

    def state(self, entry: Entry) -> str:
        """What this report says of what `entry` is about."""
        found = self.entries.get(entry.fingerprint)
        if found is not None:
            return found.state
        return NOT_JUDGED if self.why_not(entry) else NO_FAILURE

    def why_not(self, entry: Entry) -> str:
        """Why what `entry` is about was not judged; '' where it was."""
        if entry.fingerprint in self.errors:
            return "an internal error"
        if entry.rule not in self.rules:
            return "the rule did not run"
        if entry.resource not in self.resources:
            return "the resource is not among those judged"
        # What belongs to a whole account may fail for what is in any of its Regions.
        unread = [] if entry.region else sorted(one for one in self.unread if one.startswith(f"{entry.account}/"))
        return f"{', '.join(unread)} was not read again" if unread else ""


class Change(NamedTuple):
    """Something that is not as it was."""

    entry: Entry
    """As the newer report has it; the older where the newer has it not."""
    was: str
    now: str
    why: str = ""
    """Why it was not judged any more; or what a failure was that is another now."""


class Diff(NamedTuple):
    """What changed; each list with the worst first."""

    old: Judged
    new: Judged
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


def read(file: Path) -> Judged:
    """A report of `scan --format json`.  Raises DiffError."""
    try:
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise DiffError(f"{file}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise DiffError(f"{file}:{error.lineno}: is not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise DiffError(f"{file}:1: is not JSON") from None
    if not isinstance(data, dict) or _part(data, "tool").get("name") != "dms-lint" or "findings" not in data:
        raise DiffError(f"{file}:1: is no report; `dms-lint scan PATH -o json=FILE` writes one")
    if not str(data.get("schema_version")).startswith("1."):
        raise DiffError(f"{file}:1: is a report of another version, {data.get('schema_version')!r}")
    try:
        pack, others = _part(_part(data, "tool"), "pack"), _part(data, "tool").get("packs", ())
        entries = {entry.fingerprint: entry for entry in map(_entry, data["findings"])}
        return Judged(
            str(file),
            str(_part(data, "scan").get("started_at", "")),
            ", ".join(f"{one.get('name', '')} {one.get('version', '')}".strip() for one in (pack, *others)),
            entries,
            frozenset(_part(data, "checks")),
            frozenset(data.get("judged", ())),
            frozenset(f"{error['rule']}:{error['resource']}" for error in data.get("errors", ())),
            frozenset(_part(data, "scan").get("scopes", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DiffError(f"{file}: is no whole report: `dms-lint schema report` says what one holds") from None


def _part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _entry(finding: Any) -> Entry:
    """Raises KeyError, TypeError, AttributeError or ValueError for what is no finding."""
    rule, severity, verdict, message, fingerprint = (finding[key] for key in _TEXTS)
    resource = finding["resource"]
    waiver = finding.get("waiver")
    accepted = finding.get("known", False) is True or (waiver is not None and not waiver.get("expired", False))
    texts = [resource[key] for key in ("kind", "arn", "id", "name", "account", "region")]
    if not all(isinstance(one, str) for one in (rule, verdict, message, fingerprint, *texts)):
        raise TypeError
    kind, arn, id_, name, account, region = texts
    state = _STATES[verdict]
    if state == FAIL and accepted:
        state = ACCEPTED
    severity = _SEVERITIES[severity]
    return Entry(fingerprint, rule, severity, state, message, kind, arn or id_, name, account, region)


def compare(old: Judged, new: Judged) -> Diff:
    """What changed from one report to another."""
    new = new._replace(unread=old.scopes - new.scopes)
    lists: dict[str, list[Change]] = {"failures": [], "fixed": [], "changed": [], "unknown": [], "gone": []}
    for fingerprint in sorted(old.entries.keys() | new.entries.keys()):
        entry = new.entries.get(fingerprint) or old.entries[fingerprint]
        was, now = old.state(entry), new.state(entry)
        name = _list(was, now)
        why = new.why_not(entry) if now == NOT_JUDGED else ""
        if name == "same" and now in (FAIL, ACCEPTED):
            before = old.entries[fingerprint]
            if now == FAIL and entry.severity is not before.severity:
                was, now = (f"{FAIL} ({one.severity.label})" for one in (before, entry))
                name = "changed"
            if entry.message != before.message:
                name, why = "changed", f"it was: {before.message}"
        if name != "same":
            lists[name].append(Change(entry, was, now, why))
    for changes in lists.values():
        changes.sort(key=lambda change: (-change.entry.severity, change.entry.fingerprint))
    return Diff(old, new, **{name: tuple(changes) for name, changes in lists.items()})


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

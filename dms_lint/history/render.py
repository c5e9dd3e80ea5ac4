"""A comparison of two reports as text, JSON or Markdown.  Names of the account are never markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dms_lint.report.safe import dumps, harmless, printable
from dms_lint.rulepack.placeholders import message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.history.compare import Change, Diff
    from dms_lint.model import Report

FORMATS: Final = ("text", "json", "markdown")
_TITLES: Final = {
    "failures": "New failures",
    "fixed": "Fixed",
    "changed": "Changed",
    "unknown": "Unknown now",
    "gone": "Gone: not judged any more, and so not known to be fixed",
}
_COUNTED: Final = {
    "failures": "newly failing",
    "fixed": "fixed",
    "changed": "changed",
    "unknown": "unknown now",
    "gone": "not judged any more",
}


def render(diff: Diff, format_: str, files: tuple[str, str]) -> Iterator[str]:
    """The pieces of a comparison in that format; `files` are those of the older and the newer report."""
    if format_ == "json":
        return map(harmless, _json(diff, files))
    return map(harmless, {"text": _text, "markdown": _markdown}[format_](diff))


def _lists(diff: Diff) -> Iterator[tuple[str, tuple[Change, ...]]]:
    for name in _TITLES:
        yield name, getattr(diff, name)


def _counts(diff: Diff) -> str:
    return " · ".join(f"{len(changes)} {_COUNTED[name]}" for name, changes in _lists(diff))


def _packs(report: Report) -> str:
    """The packs of a report with their versions, as one text."""
    packs = ((report.pack.name, report.pack.version), *report.pack.others)
    return ", ".join(f"{name} {version}".strip() for name, version in packs)


def _other_rules(diff: Diff) -> str:
    """That the two reports were not made by the same rules, where that is so."""
    old, new = _packs(diff.old), _packs(diff.new)
    return "" if old == new else f"The reports are of different rule packs, {old} and {new}."


def _how(change: Change) -> str:
    return f"{change.was} -> {change.now}" + (f": {change.why}" if change.why else "")


def _text(diff: Diff) -> Iterator[str]:
    for name, changes in _lists(diff):
        if not changes:
            continue
        yield f"{_TITLES[name]}: {len(changes)}\n"
        for change in changes:
            rule, resource = change.finding.rule, change.finding.resource
            place = " ".join(filter(None, (resource.account, resource.region)))
            subject = f"{resource.kind} {resource.name}" + (f" ({place})" if place else "")
            yield f"  {rule.severity.label.upper():<9}{printable(rule.id)}  {printable(subject)}\n"
            yield f"    {printable(_how(change))}\n"
            yield f"    {printable(message(change.finding))}\n"
        yield "\n"
    if _other_rules(diff):
        yield printable(_other_rules(diff)) + "\n"
    yield _counts(diff) + "\n"


def _json(diff: Diff, files: tuple[str, str]) -> Iterator[str]:
    head: dict[str, Any] = {"schema_version": "1.0"}
    for side, report, file in (("old", diff.old, files[0]), ("new", diff.new, files[1])):
        started_at = report.started_at.isoformat(timespec="seconds")
        head[side] = {"file": file, "started_at": started_at, "pack": _packs(report)}
    head["summary"] = {name: len(changes) for name, changes in _lists(diff)}
    yield "{\n"
    for key, value in head.items():
        yield f'  "{key}": {dumps(value)},\n'
    for name, changes in _lists(diff):
        lines = ",\n    ".join(dumps(_object(change)) for change in changes)
        yield f'  "{name}": [' + (f"\n    {lines}\n  ]" if lines else "]") + (",\n" if name != "gone" else "\n")
    yield "}\n"


def _object(change: Change) -> dict[str, Any]:
    finding, resource = change.finding, change.finding.resource
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule.id,
        "severity": finding.rule.severity.label,
        "kind": resource.kind,
        "resource": resource.arn or resource.id,
        "name": resource.name,
        "account": resource.account,
        "region": resource.region,
        "message": message(finding),
        "was": change.was,
        "now": change.now,
        "why": change.why,
    }


def _markdown(diff: Diff) -> Iterator[str]:
    yield f"**dms-lint:** {_counts(diff)}\n"
    if _other_rules(diff):
        yield f"\n{_cell(_other_rules(diff))}\n"
    for name, changes in _lists(diff):
        if not changes:
            continue
        yield f"\n### {_TITLES[name]}: {len(changes)}\n\n"
        yield "| severity | rule | resource | what | change |\n| --- | --- | --- | --- | --- |\n"
        for change in changes:
            finding, resource = change.finding, change.finding.resource
            untrusted = (finding.rule.id, f"{resource.kind} {resource.name}", message(finding), _how(change))
            yield f"| {finding.rule.severity.label} | {' | '.join(map(_cell, untrusted))} |\n"


def _cell(words: str) -> str:
    """Words that are nothing but words within a table: no markup, link, mention, reference or HTML.

    Within `code` nobody looks for mentions; there too, every sign that Markdown knows is written as its number.
    """
    safe = re.sub(r"[^\w\s.,:;()/-]|_", lambda sign: f"&#{ord(sign[0])};", printable(words))
    return f"<code>{safe.replace('://', ':&#47;/').replace('www.', 'www&#46;')}</code>" if safe.strip() else ""

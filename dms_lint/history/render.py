"""A comparison of two reports as text, JSON or Markdown.  Names of the account are never markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dms_lint.report.safe import dumps, harmless, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.history.compare import Change, Diff

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


def render(diff: Diff, format_: str) -> Iterator[str]:
    """The pieces of a comparison in that format."""
    return map(harmless, {"text": _text, "json": _json, "markdown": _markdown}[format_](diff))


def _lists(diff: Diff) -> Iterator[tuple[str, tuple[Change, ...]]]:
    for name in _TITLES:
        yield name, getattr(diff, name)


def _counts(diff: Diff) -> str:
    return " · ".join(f"{len(changes)} {_COUNTED[name]}" for name, changes in _lists(diff))


def _packs(diff: Diff) -> str:
    """That the two reports were not made by the same rules, where that is so."""
    if diff.old.pack == diff.new.pack:
        return ""
    return f"The reports are of different rule packs, {diff.old.pack} and {diff.new.pack}."


def _how(change: Change) -> str:
    return f"{change.was} -> {change.now}" + (f": {change.why}" if change.why else "")


def _text(diff: Diff) -> Iterator[str]:
    for name, changes in _lists(diff):
        if not changes:
            continue
        yield f"{_TITLES[name]}: {len(changes)}\n"
        for change in changes:
            entry = change.entry
            place = " ".join(filter(None, (entry.account, entry.region)))
            subject = f"{entry.kind} {entry.name}" + (f" ({place})" if place else "")
            yield f"  {entry.severity.label.upper():<9}{printable(entry.rule)}  {printable(subject)}\n"
            yield f"    {printable(_how(change))}\n"
            yield f"    {printable(entry.message)}\n"
        yield "\n"
    if _packs(diff):
        yield printable(_packs(diff)) + "\n"
    yield _counts(diff) + "\n"


def _json(diff: Diff) -> Iterator[str]:
    head: dict[str, Any] = {"schema_version": "1.0"}
    for side in ("old", "new"):
        one = getattr(diff, side)
        head[side] = {"file": one.file, "started_at": one.started_at, "pack": one.pack}
    head["summary"] = {name: len(changes) for name, changes in _lists(diff)}
    yield "{\n"
    for key, value in head.items():
        yield f'  "{key}": {dumps(value)},\n'
    for name, changes in _lists(diff):
        lines = ",\n    ".join(dumps(_object(change)) for change in changes)
        yield f'  "{name}": [' + (f"\n    {lines}\n  ]" if lines else "]") + (",\n" if name != "gone" else "\n")
    yield "}\n"


def _object(change: Change) -> dict[str, Any]:
    entry = change.entry
    return {
        "fingerprint": entry.fingerprint,
        "rule": entry.rule,
        "severity": entry.severity.label,
        "kind": entry.kind,
        "resource": entry.resource,
        "name": entry.name,
        "account": entry.account,
        "region": entry.region,
        "message": entry.message,
        "was": change.was,
        "now": change.now,
        "why": change.why,
    }


def _markdown(diff: Diff) -> Iterator[str]:
    yield f"**dms-lint:** {_counts(diff)}\n"
    if _packs(diff):
        yield f"\n{_cell(_packs(diff))}\n"
    for name, changes in _lists(diff):
        if not changes:
            continue
        yield f"\n### {_TITLES[name]}: {len(changes)}\n\n"
        yield "| severity | rule | resource | what | change |\n| --- | --- | --- | --- | --- |\n"
        for change in changes:
            entry = change.entry
            untrusted = (entry.rule, f"{entry.kind} {entry.name}", entry.message, _how(change))
            yield f"| {entry.severity.label} | {' | '.join(map(_cell, untrusted))} |\n"


def _cell(words: str) -> str:
    """Words that are nothing but words within a table: no markup, link, mention, reference or HTML.

    Within `code` nobody looks for mentions; there too, every sign that Markdown knows is written as its number.
    """
    safe = re.sub(r"[^\w\s.,:;()/-]|_", lambda found: f"&#{ord(found[0])};", printable(words))
    return f"<code>{safe.replace('://', ':&#47;/').replace('www.', 'www&#46;')}</code>" if safe.strip() else ""

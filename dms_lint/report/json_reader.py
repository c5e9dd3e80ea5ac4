"""Reads a JSON report back: what `scan --format json` wrote, as the Report that it was.

Written again, it gives the same bytes.  What the JSON does not hold is empty: a rule's conditions and templates, the
frameworks' titles, tracebacks, and which resources of a baseline are absent.  Which version of dms-lint wrote it is not
kept: a later one writes its own.
"""

from __future__ import annotations

import json
from datetime import datetime
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dms_lint.model import (
    EMPTY,
    Control,
    Fault,
    Finding,
    Fix,
    Framework,
    Gap,
    Missing,
    Notice,
    Pack,
    Report,
    Resource,
    Rule,
    Severity,
    Status,
    Verdict,
    Waiver,
    Wording,
)
from dms_lint.rulepack.frameworks import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

N = TypeVar("N", int, float)

_SEVERITIES: Final = {severity.label: severity for severity in Severity}
_SETTLED_BY: Final = "what the gaps of the report say"
"""What an unknown finding needs, where several gaps may be its own."""


class ReportError(Exception):
    """A text that is no report; says which and why in one line."""


def load(source: Path | str, name: str = "") -> Report:
    """The report that a file or a text holds; `name` is what messages call a text.  Raises ReportError."""
    name = str(source) if isinstance(source, Path) else name or "the report"
    data = _json(source, name)
    if not isinstance(data, dict) or _member(data, "tool").get("name") != "dms-lint" or "findings" not in data:
        raise ReportError(f"{name}:1: is no report; `dms-lint scan PATH -o json=FILE` writes one")
    if not str(data.get("schema_version")).startswith("1."):
        raise ReportError(f"{name}:1: is a report of another version, {data.get('schema_version')!r}")
    try:
        return _report(data)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ReportError(f"{name}: is no whole report: `dms-lint schema report` says what one holds") from None


def _json(source: Path | str, name: str) -> Any:
    try:
        return json.loads(source.read_bytes() if isinstance(source, Path) else source)
    except OSError as error:
        raise ReportError(f"{name}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise ReportError(f"{name}:{error.lineno}: is not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise ReportError(f"{name}:1: is not JSON") from None


def _member(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _report(data: Mapping[str, Any]) -> Report:
    """Raises KeyError, TypeError, AttributeError or ValueError for what is no report, as every function below."""
    scan, summary = _member(data, "scan"), _member(data, "summary")
    gaps = tuple(map(_gap, data.get("gaps", ())))
    findings = tuple(_findings(data["findings"], gaps))
    return Report(
        pack=_pack(data, findings),
        started_at=datetime.fromisoformat(scan["started_at"]),
        duration_s=_number(scan.get("duration_s", 0.0)),
        inputs=_texts(scan.get("inputs", ())),
        accounts=_texts(scan.get("accounts", ())),
        regions=_texts(scan.get("regions", ())),
        resources={kind: _number(count) for kind, count in _member(summary, "resources").items()},
        verdicts={**dict.fromkeys(Verdict, 0), **_counts(_member(summary, "verdicts"))},
        checks={rule: _counts(counts) for rule, counts in _member(data, "checks").items()},
        findings=findings,
        gaps=gaps,
        faults=tuple(map(_fault, data.get("errors", ()))),
        notices=tuple(map(_notice, data.get("notices", ()))),
        judged=frozenset(_texts(data.get("judged", ()))),
        scopes=_texts(scan.get("scopes", ())),
    )


def _counts(counts: Mapping[str, int]) -> dict[Verdict, int]:
    return {Verdict(verdict): _number(number) for verdict, number in counts.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: N) -> N:
    if not isinstance(value, int | float):
        raise TypeError
    return value


def _place(entry: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """The file and the line that an entry names, if any."""
    file, line = entry.get("file"), entry.get("line")
    return None if file is None else _text(file), None if line is None else _number(line)


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(_text, values))


def _findings(entries: Iterable[Mapping[str, Any]], gaps: Sequence[Gap]) -> Iterator[Finding]:
    """Each finding; those of one rule share it, and so do those of one resource."""
    rules: dict[tuple[Any, ...], Rule] = {}
    resources: dict[tuple[Any, ...], Resource] = {}
    for entry in entries:
        rule, resource = _rule(entry, rules), _resource(entry, resources)
        finding = _finding(entry, rule, resource)
        if finding.verdict is Verdict.UNKNOWN:
            finding = finding._replace(missing=_missing(finding, gaps))
        if entry["fingerprint"] != finding.fingerprint:
            raise ValueError
        yield finding


def _finding(entry: Mapping[str, Any], rule: Rule, resource: Resource) -> Finding:
    verdict, message = Verdict(entry["verdict"]), _text(entry["message"])
    fix = entry.get("fix") or {}
    return Finding(
        rule,
        resource,
        verdict,
        {
            fact: tuple(value) if isinstance(value, list) else value
            for fact, value in _member(entry, "evidence").items()
        },
        waiver=_waiver(entry["waiver"]) if entry.get("waiver") is not None else None,
        known=entry.get("known", False) is True,
        wording=Wording(message, *(_text(fix.get(key) or "") for key in ("text", "cli", "disruptive"))),
    )


def _missing(finding: Finding, gaps: Iterable[Gap]) -> Missing:
    """Why a verdict is unknown, by the gap that the finding is part of; in doubt, something could not be read."""
    rule, place = finding.rule.id, (finding.resource.account, finding.resource.region)
    message = finding.wording.message if finding.wording is not None else ""
    candidates = [gap for gap in gaps if rule in gap.rules and (gap.account, gap.region) == place]
    if len(candidates) == 1:
        (gap,) = candidates
        return Missing(message, needs=gap.needs, reason=gap.reason, status=gap.status)
    unreadable = any(gap.status is Status.NOT_READABLE for gap in candidates)
    return Missing(message, needs=_SETTLED_BY, status=Status.NOT_READABLE if unreadable else Status.NOT_PROVIDED)


def _rule(entry: Mapping[str, Any], rules: dict[tuple[Any, ...], Rule]) -> Rule:
    covers = _texts((entry.get("guide") or {}).get("requirements", ()))
    texts = (_text(entry["rule"]), *(_text(entry.get(key, "")) for key in ("name", "title", "basis")))
    severity = _SEVERITIES[entry["severity"]]
    key = (*texts, severity, covers)
    if key not in rules:
        id_, name, title, basis = texts
        rules[key] = Rule(
            id_,
            name,
            title,
            severity=severity,
            basis=basis,
            covers=covers,
            applies_to=(),
            why="",
            when=EMPTY,
            expect=EMPTY,
            evidence=(),
            fail="",
            fix=Fix("", EMPTY),
            refs=(),
            file="",
        )
    return rules[key]


def _resource(entry: Mapping[str, Any], resources: dict[tuple[Any, ...], Resource]) -> Resource:
    members, location = entry["resource"], entry.get("location") or {}
    texts = {key: _text(members[key]) for key in ("kind", "arn", "id", "name", "account", "region")}
    texts["type"] = _text(members.get("type", ""))
    file, line = _place(location)
    key = (*texts.values(), file, line)
    if key not in resources:
        resources[key] = Resource(data={}, file=file, line=line, **texts)
    return resources[key]


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    """Which rule and which resource it names, the report does not say: only which findings it fits."""
    texts = {key: _text(entry.get(key) or "") for key in ("reason", "expires", "owner", "ticket", "place")}
    return Waiver("", "", expired=entry.get("expired", False), **texts)


def _pack(data: Mapping[str, Any], findings: Iterable[Finding]) -> Pack:
    tool = data["tool"]
    (name, version), *further = (
        (_text(pack.get("name", "")), _text(pack.get("version", "")))
        for pack in (_member(tool, "pack"), *tool.get("packs", ()))
    )
    rules = {finding.rule.id: finding.rule for finding in findings}
    return Pack(
        name,
        version,
        tuple(rules[id_] for id_ in sorted(rules)),
        tuple(_frameworks(_member(_member(data, "summary"), "frameworks"), data["findings"])),
        tuple(further),
    )


def _frameworks(
    summary: Mapping[str, Mapping[str, Mapping[str, int]]], entries: Iterable[Mapping[str, Any]]
) -> Iterator[Framework]:
    """The frameworks with what their checks gave, and of each control the rules that have a finding."""
    controls = {entry["rule"]: _member(entry, "controls") for entry in entries}
    for name in _in_order([list(summary), *map(list, controls.values())]):
        tallied = summary.get(name, {})
        answers = {rule: ids[name] for rule, ids in controls.items() if name in ids}
        yield Framework(
            name,
            title=name,
            source="",
            tool=False,
            controls={
                id_: Control(tuple(rule for rule, ids in answers.items() if id_ in ids), None)
                for id_ in _in_order([list(tallied), *answers.values()])
            },
            tallies={id_: Tally(sums["fail"], sums["unknown"], sums["pass"]) for id_, sums in tallied.items()},
        )


def _in_order(lists: Iterable[Sequence[str]]) -> Iterator[str]:
    """The words of several lists, each once, so that every list stands in its own order."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for words in lists:
        for word in words:
            sorter.add(word)
        for before, after in pairwise(words):
            sorter.add(after, before)
    return iter(tuple(sorter.static_order()))


def _gap(entry: Mapping[str, Any]) -> Gap:
    return Gap(
        needs=_text(entry["needs"]),
        reason=_text(entry["reason"]),
        status=Status(entry["status"]),
        account=_text(entry["account"]),
        region=_text(entry["region"]),
        rules=_texts(entry["rules"]),
        resources=_number(entry["resources"]),
        checks=_number(entry["checks"]),
    )


def _fault(entry: Mapping[str, Any]) -> Fault:
    return Fault(_text(entry["rule"]), _text(entry["resource"]), _text(entry["error"]), traceback="")


def _notice(entry: Mapping[str, Any]) -> Notice:
    return Notice(_text(entry["message"]), *_place(entry), problem=entry["problem"] is True)

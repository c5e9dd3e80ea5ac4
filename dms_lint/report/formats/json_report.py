"""The report as JSON: the contract for dashboards, published as schemas/report.schema.json.

One finding a line.  What is the same for every finding of a rule, or of a resource, is encoded once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint import __version__
from dms_lint.model import Verdict
from dms_lint.report.findings import tally_failures
from dms_lint.report.safe import dumps
from dms_lint.rulepack.frameworks import by_rule, tally
from dms_lint.rulepack.guide import sections
from dms_lint.rulepack.placeholders import disruption, fix_cli, fix_text, message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dms_lint.model import Finding, Gap, Report, Resource, Rule, Waiver
    from dms_lint.report import Style

SCHEMA_VERSION: Final = "1.0"


def render(report: Report, style: Style) -> Iterator[str]:
    """The pieces of one JSON object, as report.schema.json has it."""
    yield "{\n"
    for key, value in _head(report).items():
        yield f'  "{key}": {dumps(value)},\n'
    yield f'  "summary": {dumps(_summary(report))[:-1]}, "frameworks": {{'
    yield ",".join(f"\n    {line}" for line in _frameworks(report))
    yield "\n  }},\n"
    yield from _list("findings", findings(report))
    yield ",\n"
    yield from _list("gaps", map(_gap, report.gaps))
    yield ",\n"
    faults = (dumps({"rule": f.rule, "resource": f.resource, "error": f.error}) for f in report.faults)
    yield from _list("errors", faults)
    yield ",\n"
    checks = (f"{dumps(rule)}: {dumps(_counts(counts))}" for rule, counts in report.checks.items())
    yield from _list("checks", checks, "{}")
    yield ",\n"
    yield from _list("judged", map(dumps, sorted(report.judged)))
    yield ",\n"
    notices = (
        dumps({"message": n.message, "file": n.file, "line": n.line, "problem": n.problem}) for n in report.notices
    )
    yield from _list("notices", notices)
    yield "\n}\n"


def _head(report: Report) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {
            "name": "dms-lint",
            "version": __version__,
            "pack": {"name": report.pack.name, "version": report.pack.version},
            **_further_packs(report),
        },
        "scan": {
            "started_at": report.started_at.isoformat(timespec="seconds"),
            "duration_s": round(report.duration_s, 3),
            "inputs": report.inputs,
            "accounts": report.accounts,
            "regions": report.regions,
            "scopes": report.scopes,
        },
    }


def _summary(report: Report) -> dict[str, Any]:
    failures = tally_failures(report)
    return {
        "resources": report.resources,
        "verdicts": _counts(report.verdicts),
        "failures": {severity.label: number for severity, number in report.failures().items()},
        "waived": failures.waived,
        "known": failures.in_baseline,
    }


def _counts(counts: Mapping[Verdict, int]) -> dict[str, int]:
    return {verdict.value: number for verdict, number in counts.items()}


def _gap(gap: Gap) -> str:
    return dumps(
        {
            "needs": gap.needs,
            "reason": gap.reason,
            "status": gap.status.value,
            "account": gap.account,
            "region": gap.region,
            "rules": gap.rules,
            "resources": gap.resources,
            "checks": gap.checks,
        }
    )


def _further_packs(report: Report) -> Mapping[str, Any]:
    """The further packs, where there are any."""
    packs = [{"name": name, "version": version} for name, version in report.pack.others]
    return {"packs": packs} if packs else {}


def _list(key: str, items: Iterator[str], braces: str = "[]") -> Iterator[str]:
    yield f'  "{key}": {braces[0]}'
    separator = "\n    "
    for item in items:
        yield separator
        yield item
        separator = ",\n    "
    yield braces[1] if separator == "\n    " else f"\n  {braces[1]}"


def _frameworks(report: Report) -> Iterator[str]:
    """By framework, a line each, what the checks of each control gave."""
    for framework in report.pack.frameworks:
        tallies = {} if framework.tool else tally(framework, report.checks)
        if tallies:
            controls = {
                id_: {"fail": checks.fail, "unknown": checks.unknown, "pass": checks.passed}
                for id_, checks in tallies.items()
            }
            yield f"{dumps(framework.name)}: {dumps(controls)}"


def findings(report: Report) -> Iterator[str]:
    """Every finding of the report as one JSON object, on one line."""
    placed = sections()
    controls = by_rule(framework for framework in report.pack.frameworks if not framework.tool)
    rules: dict[str, tuple[str, str, str]] = {}
    resources: dict[int, str] = {}
    for finding in report.findings:
        rule, resource = finding.rule, finding.resource
        parts = rules.get(rule.id)
        if parts is None:
            parts = rules[rule.id] = _rule(rule, placed, controls.get(rule.id, {}))
        where = resources.get(id(resource))
        if where is None:
            where = resources[id(resource)] = _resource(resource)
        start, middle, end = parts
        yield (
            f'{start}"{finding.verdict}"{middle}{dumps(message(finding))}, {where}'
            f', "evidence": {dumps(finding.evidence)}, {_fix(finding)}{end}'
            f', "fingerprint": {dumps(finding.fingerprint)}, "waiver": {_waiver(finding.waiver)}'
            f', "known": {dumps(finding.known)}}}'
        )


def _rule(rule: Rule, placed: Mapping[str, str], controls: Mapping[str, Sequence[str]]) -> tuple[str, str, str]:
    start = f'{{"rule": "{rule.id}", "name": "{rule.name}", "title": {dumps(rule.title)}, "verdict": '
    middle = f', "severity": "{rule.severity.label}", "basis": "{rule.basis}", "message": '
    guide: Any = None
    if rule.covers:
        anchors = [placed.get(requirement, "") for requirement in rule.covers]
        guide = {"section": max(anchors, key=anchors.count), "requirements": rule.covers}
    return start, middle, f', "guide": {dumps(guide)}, "controls": {dumps(controls)}'


def _resource(resource: Resource) -> str:
    what = {
        "kind": resource.kind,
        "type": resource.type,
        "id": resource.id,
        "arn": resource.arn,
        "name": resource.name,
        "account": resource.account,
        "region": resource.region,
    }
    where = {"file": resource.file, "line": resource.line} if resource.file is not None else None
    return f'"resource": {dumps(what)}, "location": {dumps(where)}'


def _fix(finding: Finding) -> str:
    """How to mend a failure; a command only for a failure, since only then its values are known."""
    if finding.verdict is not Verdict.FAIL:
        return '"fix": null'
    command = fix_cli(finding)
    fix = {"text": fix_text(finding), "cli": command or None, "disruptive": disruption(finding) or None}
    return f'"fix": {dumps(fix)}'


def _waiver(waiver: Waiver | None) -> str:
    if waiver is None:
        return "null"
    return dumps(
        {
            "reason": waiver.reason,
            "expires": waiver.expires or None,
            "owner": waiver.owner or None,
            "ticket": waiver.ticket or None,
            "expired": waiver.expired,
            "place": waiver.place or None,
        }
    )

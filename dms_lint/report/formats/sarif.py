"""SARIF 2.1.0: failures as results, what is unknown as notifications of the invocation, every rule that ran as a rule.

As GitHub's code scanning reads it: each result has a physical location whose address is a relative path or a file: URI,
since one result without refuses the whole upload.  What was read from no file gets a path of its own (findings.path)
and its ARN as a logical location besides.  Rules that ran and found nothing are listed too, so that alerts close.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from dms_lint import __version__
from dms_lint.model import Severity, Status, Verdict
from dms_lint.report.findings import (
    acceptance,
    failures,
    human_name,
    in_file,
    in_force,
    path,
    rules_that_ran,
    worst_first,
)
from dms_lint.report.links import PROJECT, rule_page
from dms_lint.report.safe import dumps, printable
from dms_lint.rulepack.placeholders import PLACEHOLDER, commands, message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from dms_lint.model import Finding, Gap, Report, Resource, Rule
    from dms_lint.report import Style

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT: Final = "dmsLint/v1"
LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
SCORES: Final = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}
"""On GitHub's scale: over 9.0 is critical, from 7.0 high, from 4.0 medium, from 0.1 low."""
LIMIT: Final = 25_000
"""How many results code scanning takes of a run; with one more it refuses them all."""
_NOTIFICATIONS: Final = {
    Status.NOT_PROVIDED.value: "The input does not hold what a check needs",
    Status.NOT_READABLE.value: "What a check needs could not be read",
    "input": "A part of the input could not be read",
    "internal-error": "A bug of dms-lint: a check was not made",
    "results-left-out": "There are more results than code scanning takes of a run",
}
_DESCRIPTION: Final = 1024
"""Characters that code scanning takes of a description; a rule's help has it whole."""
_NAMED: Final = 3
"""How many accounts, or Regions, the name of an analysis spells out."""


def render(report: Report, style: Style) -> Iterator[str]:
    """One log with one run; a result a line."""
    rules = rules_that_ran(report)
    places = {rule.id: number for number, rule in enumerate(rules)}
    driver = {
        "name": "dms-lint",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": PROJECT,
        "rules": [_rule(rule) for rule in rules],
        "notifications": [{"id": id_, "shortDescription": {"text": text}} for id_, text in _NOTIFICATIONS.items()],
    }
    yield f'{{\n"$schema": "{SCHEMA}",\n"version": "2.1.0",\n"runs": [{{\n'
    yield f'"tool": {{"driver": {dumps(driver)}}},\n'
    yield f'"automationDetails": {dumps({"id": _analysis(report)})},\n'
    failed = [finding for finding in report.findings if finding.verdict is Verdict.FAIL]
    left = max(0, len(failed) - LIMIT)
    if left:
        worst = (worst_first(failures(report, accepted=accepted)) for accepted in (False, True))
        failed = list(chain.from_iterable(worst))[:LIMIT]
    yield f'"invocations": {dumps([_invocation(report, places, left)])},\n'
    yield '"columnKind": "unicodeCodePoints",\n"results": ['
    compared = any(finding.known for finding in report.findings)
    separator = "\n"
    for finding in failed:
        yield separator + dumps(_result(finding, places, compared=compared))
        separator = ",\n"
    yield "\n]\n}]\n}\n"


def _rule(rule: Rule) -> dict[str, Any]:
    family = rule.id.rstrip("0123456789")
    why, fix, command = rule.why.strip(), rule.fix.text.strip(), next(iter(commands(rule).values()), "")
    asks = f"The rule asks: {rule.title}."
    text = f"{asks}\n\n{why}\n\nHow to fix it: {_blanks(fix)}"
    markdown = f"{asks}\n\n{why}\n\n### How to fix it\n\n{_blanks(fix, '`')}"
    if command:
        text += f"\n\n{_blanks(command)}"
        markdown += f"\n\n```sh\n{_blanks(command)}\n```"
    if rule.refs:
        text += "\n\n" + "\n".join(rule.refs)
        markdown += "\n\n### More\n\n" + "\n".join(f"- <{ref}>" for ref in rule.refs)
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": human_name(rule)},
        "fullDescription": {"text": why[:_DESCRIPTION]},
        "help": {"text": text, "markdown": markdown},
        "helpUri": rule_page(rule),
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "tags": ["security", family, rule.basis],
            "precision": "very-high",
            "security-severity": SCORES[rule.severity],
        },
    }


def _blanks(words: str, quote_: str = "") -> str:
    """A rule's words with the placeholders that only a finding fills shown as blanks: `<tls.mode>`."""
    return PLACEHOLDER.sub(rf"{quote_}<\1>{quote_}", words)


def _result(finding: Finding, places: Mapping[str, int], *, compared: bool) -> dict[str, Any]:
    rule = finding.rule
    result: dict[str, Any] = {
        "ruleId": rule.id,
        "ruleIndex": places[rule.id],
        "level": LEVELS[rule.severity],
        "message": {"text": plain(message(finding))},
        "locations": [_location(finding.resource)],
        "partialFingerprints": _fingerprints(finding),
    }
    if compared:
        result["baselineState"] = "unchanged" if finding.known else "new"
    if in_force(finding) is not None:
        words = plain(acceptance(finding))
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": words}]
    return result


def _fingerprints(finding: Finding) -> dict[str, str]:
    """Ours; and the only one that code scanning reads, where it cannot take that from the line of a file.

    A file that begins with a resource is likely one line, which is the same for every resource in it.
    """
    fingerprints = {FINGERPRINT: printable(finding.fingerprint)}
    if not in_file(finding.resource) or (finding.resource.line or 1) == 1:
        fingerprints["primaryLocationLineHash"] = sha256(fingerprints[FINGERPRINT].encode()).hexdigest()[:16] + ":1"
    return fingerprints


def plain(text: str) -> str:
    """The text of a message, in which no part is a link: `[text](target)` would be one in SARIF too."""
    return printable(text).replace("](", "] (")


def _location(resource: Resource) -> dict[str, Any]:
    logical = {
        "name": printable(resource.name),
        "fullyQualifiedName": printable(resource.arn or resource.id),
        "kind": "resource",
    }
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(path(resource))},
            "region": {"startLine": resource.line or 1},
        },
        "logicalLocations": [logical],
    }


def uri(file: str) -> str:
    """A path as a URI reference: percent-encoded, and file: where it is absolute."""
    if PurePath(file).is_absolute():
        return "file://" + ("" if file.startswith("/") else "/") + quote(file, safe="/:", errors="surrogatepass")
    return quote(file, errors="surrogatepass")


def _analysis(report: Report) -> str:
    """What GitHub tells one analysis from another by: the accounts and Regions, unless they are many."""
    parts = ["dms-lint"]
    for names, word in ((report.accounts, "accounts"), (report.regions, "regions")):
        if names:
            parts.append("+".join(map(printable, names)) if len(names) <= _NAMED else f"several-{word}")
    return "/".join(parts) + "/"


def _invocation(report: Report, places: Mapping[str, int], left: int) -> dict[str, Any]:
    """That it ran, when, what it could not judge, and how many results are left out."""
    problems = [str(notice) for notice in report.notices if notice.problem]
    notifications = [_gap(gap, places) for gap in report.gaps]
    notifications += [_notification("input", "warning", problem, (), places) for problem in problems]
    for fault in report.faults:
        words = f"{fault.rule} on {fault.resource}: {fault.error}"
        notifications.append(_notification("internal-error", "error", words, (fault.rule,), places))
    if left:
        words = f"{left} of {LIMIT + left} failures are left out, accepted and light ones first: other formats name all"
        notifications.append(_notification("results-left-out", "warning", words, (), places))
    return {
        "executionSuccessful": not report.faults,
        "startTimeUtc": _time(report.started_at),
        "endTimeUtc": _time(report.started_at + timedelta(seconds=report.duration_s)),
        "toolExecutionNotifications": notifications,
    }


def _gap(gap: Gap, places: Mapping[str, int]) -> dict[str, Any]:
    where = " ".join(part for part in (gap.account, gap.region) if part)
    checks = "1 check is" if gap.checks == 1 else f"{gap.checks} checks are"
    words = f"{checks} unknown" + (f" in {where}" if where else "")
    words += f", for want of {gap.needs}: {gap.reason} ({', '.join(gap.rules)})"
    level = "warning" if gap.status is Status.NOT_READABLE else "note"
    return _notification(gap.status.value, level, words, gap.rules, places)


def _notification(kind: str, level: str, words: str, rules: Sequence[str], places: Mapping[str, int]) -> dict[str, Any]:
    """SARIF has room for one rule of each notification: the text names all, and the reference is to the only one."""
    notification: dict[str, Any] = {
        "descriptor": {"id": kind, "index": list(_NOTIFICATIONS).index(kind)},
        "level": level,
        "message": {"text": plain(words)},
    }
    if len(rules) == 1 and rules[0] in places:
        notification["associatedRule"] = {"id": rules[0], "index": places[rules[0]]}
    return notification


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""GitLab's security report for static analysis, of schema 15: failures as vulnerabilities, gaps as the scan's messages.

It has no word for a failure that somebody accepted: those are left out, and GitLab takes them for resolved.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from dms_lint import __version__
from dms_lint.model import Status
from dms_lint.report.findings import digest, failures, human_name, path, rules_that_ran
from dms_lint.report.links import PROJECT, rule_page
from dms_lint.report.safe import dumps, markdown, printable
from dms_lint.rulepack.placeholders import fix_text, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dms_lint.model import Finding, Report, Rule
    from dms_lint.report import Style

VERSION: Final = "15.0.7"
SCHEMA: Final = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
    f"v{VERSION}/dist/sast-report-format.json"
)
_NAMESPACE: Final = UUID("6f0b6e5a-3f0c-5a55-9d5e-6d2f0a1c7b11")
"""Makes an id of a fingerprint; another one would make every vulnerability a new one."""
_DESCRIPTION: Final = 10_000
_SOLUTION: Final = 7000
"""Characters; the schema allows no more of a solution."""


def render(report: Report, style: Style) -> Iterator[str]:
    """One report; a vulnerability a line."""
    tool = {
        "id": "dms-lint",
        "name": "dms-lint",
        "url": PROJECT,
        "version": __version__,
        "vendor": {"name": "dms-lint"},
    }
    scan = {
        "analyzer": tool,
        "scanner": tool,
        "type": "sast",
        "start_time": _time(report.started_at),
        "end_time": _time(report.started_at + timedelta(seconds=report.duration_s)),
        "status": "failure" if report.faults else "success",
        "messages": list(_messages(report)),
        "primary_identifiers": [_identifier(rule) for rule in rules_that_ran(report)],
    }
    yield f'{{\n"schema": "{SCHEMA}",\n"version": "{VERSION}",\n"scan": {dumps(scan)},\n"vulnerabilities": ['
    separator = "\n"
    for finding in failures(report, accepted=False):
        yield separator + dumps(_vulnerability(finding))
        separator = ",\n"
    yield "\n]\n}\n"


def _vulnerability(finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    where = {"file": printable(path(finding.resource)), "start_line": finding.resource.line or 1}
    # Without a signature GitLab takes two failures of a rule on one line for the same one.
    signature = {"algorithm": "hash", "value": digest(finding)}
    return {
        "id": str(uuid5(_NAMESPACE, printable(finding.fingerprint))),
        "name": human_name(rule),
        "description": f"{markdown(message(finding)[:_DESCRIPTION])}\n\n{_why(rule.why)}",
        "severity": rule.severity.label.capitalize(),
        "solution": printable(fix_text(finding))[:_SOLUTION],
        "identifiers": [_identifier(rule)],
        "links": [{"url": url} for url in (rule_page(rule), *rule.refs)],
        "location": where,
        "tracking": {"type": "source", "items": [{**where, "signatures": [signature]}]},
    }


@lru_cache(maxsize=1024)
def _why(words: str) -> str:
    return markdown(words.strip())


def _identifier(rule: Rule) -> dict[str, str]:
    return {"type": "dms_lint", "name": f"dms-lint {rule.id}", "value": rule.id, "url": rule_page(rule)}


def _messages(report: Report) -> Iterator[dict[str, str]]:
    """What was not judged: a warning where it could not be read."""
    for gap in report.gaps:
        where = f"{gap.account} {gap.region}".strip()
        words = f"{gap.checks} unknown for want of {gap.needs}: {gap.reason}" + (f" ({where})" if where else "")
        yield {"level": "warn" if gap.status is Status.NOT_READABLE else "info", "value": printable(words)}
    for notice in report.notices:
        if notice.problem:
            yield {"level": "warn", "value": printable(str(notice))}
    for fault in report.faults:
        words = f"a bug of dms-lint: {fault.rule} on {fault.resource}: {fault.error}"
        yield {"level": "fatal", "value": printable(words)}


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"

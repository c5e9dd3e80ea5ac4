"""Reports to render: of made endpoints, accepted and not, and of the whole accounts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from dms_lint.data.tables import pack_directory
from dms_lint.engine.scan import scan
from dms_lint.model import Document, Fault, Notice, Refusal, Verdict, Waiver
from dms_lint.report import Style, render
from dms_lint.rulepack.loader import load_pack
from tests.build import NOW
from tools import golden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dms_lint.model import Finding, Report

SCHEMAS = Path(__file__).parent.parent / "schemas"
PACK = load_pack(pack_directory())
ARN = "arn:aws:dms:eu-west-1:111122223333:endpoint:"
FILE = "exports/describe-endpoints.json"
WAIVER = Waiver("TLS001", "*", "being replaced", "2027-01-31", owner="DBA team", ticket="DB-12", place="waivers.yaml:3")

names = st.text(st.characters())
"""Any name, lone surrogates included, as JSON can hold them."""


def endpoint(name: str = "orders", **members: Any) -> dict[str, Any]:
    """An endpoint that sends everything as it is."""
    made = {"EndpointIdentifier": name, "EndpointArn": ARN + "X", "EngineName": "mysql", "SslMode": "none"}
    return {**made, "EndpointType": "SOURCE", **members}


def report_of(*endpoints: dict[str, Any], select: str = "TLS001", file: str | None = FILE) -> Report:
    """The report of these endpoints, at lines 3, 13, 23 and so on of their file."""
    lines = {"Endpoints": range(3, 10 * len(endpoints) + 3, 10)} if file else {}
    document = Document("dms:DescribeEndpoints", {"Endpoints": list(endpoints)}, file=file, lines=lines)
    rules = [rule for rule in PACK.rules if rule.id.startswith(select)]
    return scan([document], PACK, rules, inputs=[file or ""], at=NOW)


def several(number: int, **members: Any) -> Report:
    """The report of so many failing endpoints."""
    return report_of(*(endpoint(f"orders-{n}", EndpointArn=f"{ARN}{n:04}", **members) for n in range(number)))


def accepted(report: Report, *of: dict[str, Any]) -> Report:
    """The report with waivers and the baseline applied: what to replace in each of its failures, in order."""
    changes = iter(of)
    return report._replace(findings=tuple(_accepted(finding, changes) for finding in report.findings))


def _accepted(finding: Finding, changes: Any) -> Finding:
    return finding._replace(**next(changes, {})) if finding.verdict is Verdict.FAIL else finding


def failing_in_every_way(name: str = "orders") -> Report:
    """Failures, some accepted; what is unknown, by either status; a file that was not read, and a bug of ours."""
    bodies = {"Endpoints": [endpoint(name, EndpointArn=f"{ARN}{n}") for n in range(4)] + [endpoint(name, SslMode=None)]}
    documents: Sequence[Document | Notice] = [
        Document("dms:DescribeEndpoints", bodies, file=FILE, lines={"Endpoints": [3, 13, 23, 33, 43]}),
        Document(
            "dms:DescribeCertificates", {}, account="111122223333", region="eu-west-1", refusal=Refusal("Denied", name)
        ),
        Notice(f"is not JSON: {name}", "exports/broken.json", 7, problem=True),
    ]
    rules = [rule for rule in PACK.rules if rule.id.startswith(("TLS00", "CRT00"))]
    report = scan(documents, PACK, rules, inputs=["exports"], at=NOW)
    expired = WAIVER._replace(expired=True, expires="2026-01-01", reason=name)
    report = accepted(report, {"waiver": WAIVER._replace(reason=name)}, {"known": True}, {"waiver": expired})
    return report._replace(faults=(Fault(rules[0].id, ARN + name, f"KeyError: {name}", ""),))


@cache
def account(name: str) -> Report:
    """The report of a whole account of tests/accounts."""
    return golden.judge(name)


def rendered(name: str, report: Report, **style: Any) -> str:
    """The whole text of a format."""
    return "".join(render(name, report, Style(**style)))

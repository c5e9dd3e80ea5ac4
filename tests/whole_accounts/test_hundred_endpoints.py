"""An export of 100 endpoints, 25 engines by 4 SSL modes, judged against verdicts checked by hand.

A cell names the rule that fails (`TLS001`) or the first that is unknown (`?TLS001`); `-` is a combination that no SSL
rule finds fault with.  The cells follow the guide's table of modes (G167, G168), and the sources that stand in
rules/tables/ssl-modes.yaml for the engines that it does not name.
"""

import json
from typing import Any

from dms_lint.collectors.exports import parse_export
from dms_lint.data.tables import pack_directory
from dms_lint.engine.scan import scan
from dms_lint.model import Verdict
from dms_lint.rulepack.loader import load_pack
from tests.build import NOW

VERDICTS = """
engine               none     require  verify-ca  verify-full
mysql                TLS001   TLS002   TLS004     -
mariadb              TLS001   TLS002   TLS004     -
aurora               TLS001   TLS002   TLS004     -
aurora-serverless    TLS001   TLS002   TLS004     -
postgres             TLS001   TLS003   TLS004     -
aurora-postgresql    TLS001   TLS003   TLS004     -
sqlserver            TLS001   TLS003   TLS002     -
azuredb              ?TLS001  TLS003   ?TLS002    -
oracle               TLS001   TLS002   -          TLS002
sybase               TLS001   TLS002   TLS002     -
mongodb              TLS001   TLS003   TLS002     -
docdb                TLS001   TLS002   TLS002     -
documentdb           TLS001   TLS002   TLS002     -
db2                  TLS001   TLS002   -          TLS002
db2-zos              TLS001   TLS002   -          TLS002
babelfish            ?TLS001  TLS003   TLS004     -
redshift             -        TLS002   TLS002     TLS002
redshift-serverless  -        TLS002   TLS002     TLS002
s3                   -        TLS002   TLS002     TLS002
kinesis              -        TLS002   TLS002     TLS002
dynamodb             -        TLS002   TLS002     TLS002
opensearch           -        TLS002   TLS002     TLS002
neptune              -        TLS002   TLS002     TLS002
kafka                -        TLS002   TLS002     TLS002
redis                -        TLS002   TLS002     TLS002
"""
RULES = ("TLS001", "TLS002", "TLS003", "TLS004", "TLS005")


def _table() -> dict[tuple[str, str], str]:
    head, *rows = (line.split() for line in VERDICTS.strip().splitlines())
    return {(engine, mode): cell for engine, *cells in rows for mode, cell in zip(head[1:], cells, strict=True)}


def _endpoint(number: int, engine: str, mode: str) -> dict[str, Any]:
    endpoint = {
        "EndpointIdentifier": f"{engine}-{mode}",
        "EndpointType": "TARGET" if number % 2 else "SOURCE",
        # AWS does not care about case, and old templates write capitals.
        "EngineName": engine.upper() if number % 3 == 0 else engine,
        "Status": "active",
        "EndpointArn": f"arn:aws:dms:eu-west-1:111122223333:endpoint:{number:026d}",
        "SslMode": mode,
    }
    if mode.startswith("verify"):
        endpoint["CertificateArn"] = "arn:aws:dms:eu-west-1:111122223333:cert:CA"
    return endpoint


def test_a_hundred_endpoints_of_mixed_engines_are_judged_right() -> None:
    expected = _table()
    assert len(expected) == 100
    endpoints = [_endpoint(number, *pair) for number, pair in enumerate(expected)]
    export = json.dumps({"Endpoints": endpoints}, indent=4).encode()
    pack = load_pack(pack_directory())
    rules = [rule for rule in pack.rules if rule.id in RULES]
    report = scan(parse_export(export, "describe-endpoints.json"), pack, rules, at=NOW)
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        mark = "?" if finding.verdict is Verdict.UNKNOWN else ""
        found.setdefault(finding.resource.name, []).append(mark + finding.rule.id)
    # Where it is unknown whether a mode is supported, all that follows from it is unknown too.
    judged = {pair: found.get("-".join(pair), ["-"]) for pair in expected}
    assert all(len(cells) == 1 or all(cell.startswith("?") for cell in cells) for cells in judged.values())
    assert {pair: cells[0] for pair, cells in judged.items()} == expected


def test_every_endpoint_is_found_at_its_own_line() -> None:
    endpoints = [_endpoint(number, *pair) for number, pair in enumerate(_table())]
    text = json.dumps({"Endpoints": endpoints}, indent=4)
    pack = load_pack(pack_directory())
    report = scan(parse_export(text.encode(), "e.json"), pack, [r for r in pack.rules if r.id in RULES])
    lines = text.splitlines()
    assert report.findings
    for finding in report.findings:
        assert finding.resource.line is not None
        assert finding.resource.arn in lines[finding.resource.line - 1]

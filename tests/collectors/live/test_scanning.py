"""A live scan: the findings that an export of the account gives, with the fewest requests, and no secret anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.collectors.live.calls import CALLS, READS_VALUES, calls_for
from dms_lint.facts import judged_kinds, kinds_read
from tests.collectors.live.accounts import ACCOUNT, MIGRATION, PASSWORD, REGION, seed
from tests.collectors.live.accounts import read as documents_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Pack
    from tests.aws.server import Aws


@pytest.fixture
def migration(aws: Aws, tmp_path: Path) -> Iterator[Aws]:
    """The double with the migration account in it."""
    seed(aws, documents_in(MIGRATION), tmp_path / "seeded")
    yield aws
    leaks = [path for path in tmp_path.rglob("*") if path.is_file() and "seeded" not in path.parts]
    assert not [path for path in leaks if PASSWORD.encode() in path.read_bytes()]


def run(aws: Aws, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "dms_lint", *arguments],
        env={**aws.env(ACCOUNT, REGION), "AWS_MAX_ATTEMPTS": "1", **more},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent.parent.parent,
    )
    assert PASSWORD not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def report(aws: Aws, *arguments: str) -> Any:
    """The JSON report of a scan, without its times."""
    done = run(aws, *arguments, "-f", "json", "--at", "2026-11-23")
    found = json.loads(done.stdout)
    del found["scan"]
    return found


_scanned: list[Any] = []


def scanned_once(aws: Aws) -> Any:
    """The report of the whole account, which is the same in every test."""
    if not _scanned:
        _scanned.append(report(aws, "scan"))
    return _scanned[0]


def without_places(report: Any) -> Any:
    """A report without what tells in which file something stood."""
    text = json.dumps([{**one, "location": None} for one in report["findings"]])
    for name in {str(path.relative_to(MIGRATION.parent)) for path in MIGRATION.rglob("*.json")}:
        text = text.replace(f" in tests/accounts/{name}", "")
    return json.loads(text), report["summary"]["verdicts"]["fail"], report["gaps"]


def test_a_live_scan_finds_what_a_scan_of_the_export_finds(migration: Aws) -> None:
    live = report(migration, "scan", "--read-secrets")
    exported = report(migration, "scan", "tests/accounts/migration")
    assert without_places(live) == without_places(exported)
    assert live["summary"]["verdicts"]["pass"] == exported["summary"]["verdicts"]["pass"] > 200


@pytest.mark.parametrize("secrets", [(), ("--read-secrets",)], ids=["without-values", "with-values"])
def test_a_snapshot_gives_the_report_of_the_live_scan(migration: Aws, tmp_path: Path, secrets: tuple[str, ...]) -> None:
    live = report(migration, "scan", "--all-verdicts", *secrets)
    done = run(migration, "collect", "-o", str(tmp_path / "snapshot"), *secrets)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert report(migration, "scan", "--all-verdicts", str(tmp_path / "snapshot")) == live
    assert "calls: " in done.stderr


def test_without_the_option_no_value_is_asked_for(migration: Aws) -> None:
    report(migration, "scan")
    assert READS_VALUES not in {request.operation for request in migration.requests}


def test_pages_make_no_difference(migration: Aws) -> None:
    whole = report(migration, "scan", "--all-verdicts", "--read-secrets")
    few = len(migration.requests)
    migration.requests.clear()
    migration.page_size = 2
    assert report(migration, "scan", "--all-verdicts", "--read-secrets") == whole
    assert len(migration.requests) > few


THINGS = {
    "SecretId": 3,
    "FunctionName": 3,  # which rotate the secrets
    "KeyId": 5,  # of all that DMS encrypts, aws/dms included
    "Bucket": 2,  # of an S3 and of a Redshift target
    "VpcId": 1,
    "UserName": 1,  # who may manage DMS
    "ResourceArnList": 1,  # a dozen resources in one request
}
"""How many things in the account DMS refers to, by the member that asks about them."""


def test_a_scan_makes_one_request_a_listing_and_a_subject(migration: Aws) -> None:
    report(migration, "scan", "--read-secrets")
    made = Counter(request.operation for request in migration.requests)
    recorded = Counter(document.operation for document in documents_in(MIGRATION))
    expected = Counter({"sts:GetCallerIdentity": 1})
    for call in CALLS:
        expected[call.operation] += THINGS.get(call.about, recorded[call.operation]) if call.follows else 1
    assert made == expected
    assert len(migration.requests) == sum(made.values())


def test_nothing_is_asked_twice(migration: Aws) -> None:
    report(migration, "scan", "--read-secrets")
    asked = Counter((one.operation, json.dumps(one.parameters, sort_keys=True)) for one in migration.requests)
    assert {request: times for request, times in asked.items() if times > 1} == {}


@pytest.mark.parametrize("family", ["TLS", "KMS", "NET", "IAM", "TAG"])
def test_only_what_the_selected_rules_need_is_called(migration: Aws, pack: Pack, family: str) -> None:
    some = [rule for rule in pack.rules if rule.id.startswith(family)]
    selected = report(migration, "scan", "--select", family)
    made = {request.operation for request in migration.requests} - {"sts:GetCallerIdentity"}
    assert made <= {call.operation for call in calls_for(judged_kinds(some), kinds_read(some))}
    assert (family == "IAM") == ("iam:GetAccountSummary" in made)
    everything = scanned_once(migration)
    assert selected["findings"] == [one for one in everything["findings"] if one["rule"].startswith(family)]


def test_a_scan_of_the_rules_about_tls_makes_no_call_to_iam(migration: Aws) -> None:
    report(migration, "scan", "--select", "TLS")
    assert not {
        one.operation for one in migration.requests if one.operation.startswith(("iam:", "kms:", "s3:", "ec2:"))
    }


def test_a_trail_counts_whose_home_is_not_scanned(migration: Aws) -> None:
    for document in documents_in(MIGRATION):
        if document.operation.startswith("cloudtrail:"):
            body = json.loads(json.dumps(document.body).replace(REGION, "us-east-1"))
            # A trail of all Regions is listed in each, and asked about at home.
            place = REGION if document.operation == "cloudtrail:DescribeTrails" else "us-east-1"
            migration.put(ACCOUNT, place, document.operation, body, document.subject)
    found = report(migration, "scan", "--select", "LOG002", "--all-verdicts")
    assert [one["verdict"] for one in found["findings"]] == ["pass"]


def test_variables_of_a_function_that_may_be_secret_are_not_kept(migration: Aws, tmp_path: Path) -> None:
    for document in documents_in(MIGRATION):
        if document.operation == "lambda:GetFunctionConfiguration":
            body = json.loads(json.dumps(document.body))
            body["Environment"]["Variables"]["DB_PASSWORD"] = PASSWORD
            migration.put(ACCOUNT, REGION, document.operation, body, body["FunctionArn"])
    assert run(migration, "collect", "-o", str(tmp_path / "snapshot")).returncode == 0
    files = list((tmp_path / "snapshot").rglob("get-function-configuration*.json"))
    assert len(files) == 3
    for file in files:
        assert set(json.loads(file.read_text())["Environment"]["Variables"]) <= {
            "EXCLUDE_CHARACTERS",
            "EXCLUDE_PUNCTUATION",
        }


def test_the_value_of_a_secret_stands_nowhere(migration: Aws, tmp_path: Path) -> None:
    for arguments in (
        ("scan", "--read-secrets", "-f", "json", "--all-verdicts", "--debug", "-v"),
        ("scan", "--read-secrets", "-o", f"json={tmp_path / 'report.json'}"),
        ("collect", "--read-secrets", "-o", str(tmp_path / "snapshot")),
    ):
        run(migration, *arguments)  # which looks at what is printed; the fixture looks at what was written
    assert list((tmp_path / "snapshot").rglob("get-secret-value*.json"))
    assert sum(request.operation == READS_VALUES for request in migration.requests) == 9

"""What the user sees and does while an account is read: Ctrl-C, progress, time-outs, workers, TLS."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import pty
import signal
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.collectors.live.running import ACCOUNT, FEW, Ran, interrupt, run, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.aws.server import Aws

OWNER, REGION = "111122223333", "eu-west-1"
SOON = 3.0
"""Seconds in which the command must have ended after Ctrl-C, on a machine that is busy."""
BATCH = (*("--select", "TLS,TAG,KMS001"), "--region", REGION)


@pytest.fixture
def migration(aws: Aws) -> Aws:
    """AWS with the account of the golden report."""
    aws.seed(OWNER, REGION, "tests/accounts/migration")
    return aws


# -- Ctrl-C


def settled(aws: Aws, fault: Any) -> bool:
    """Whether one call hangs and the others are answered."""
    asked = {one.operation for one in aws.requests}
    return fault.befallen > 0 and {"dms:DescribeEndpoints", "dms:DescribeCertificates"} <= asked


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_a_collection_soon_and_keeps_what_was_read(migration: Aws, tmp_path: Path, times: int) -> None:
    folder = tmp_path / "snapshot"
    # DescribeConnections comes last among the calls of DMS.
    with migration.fault("timeout", "dms:DescribeConnections", seconds=60) as fault:
        ran = interrupt(
            migration, ["collect", "-o", str(folder)], lambda: settled(migration, fault), times=times, account=OWNER,
            env={"AWS_REGION": REGION},
        )  # fmt: skip
    assert ran.seconds < SOON
    assert ran.code == 130
    assert "Traceback" not in ran.err
    assert "Aborted" not in ran.err
    if times == 2:  # it may have ended before it could write
        return
    assert "interrupted: " in ran.err
    assert "calls were not made (" in ran.err
    told = json.loads((folder / "_collection.json").read_bytes())
    assert told["interrupted"] is True
    missing = {one["operation"] for one in told["calls"] if one.get("code") == "Interrupted"}
    assert "dms:DescribeConnections" in missing
    assert {"dms:ListTagsForResource", "kms:DescribeKey", "dms:DescribeMigrationProjects"} <= missing
    assert "dms:DescribeEndpoints" not in missing
    report = run(migration, "scan", str(folder), "-f", "json")
    assert report.code in (1, 3)
    needs = {gap["needs"] for gap in report.report["gaps"] if gap["status"] == "not-readable"}
    assert "kms:DescribeKey" in needs
    assert report.report["summary"]["resources"]["endpoint"] > 0


def test_ctrl_c_ends_a_scan_with_the_report_of_what_was_read(migration: Aws) -> None:
    with migration.fault("timeout", "kms:ListAliases", seconds=60) as fault:
        ran = interrupt(
            migration, ["scan", "-f", "json"], lambda: settled(migration, fault), account=OWNER,
            env={"AWS_REGION": REGION},
        )  # fmt: skip
    assert (ran.code, ran.seconds < SOON) == (130, True)
    reasons = {gap["reason"] for gap in ran.report["gaps"] if gap["status"] == "not-readable"}
    assert reasons == {"the call failed: Interrupted"}
    assert ran.report["summary"]["resources"]["endpoint"] > 0
    assert "calls were not made (" in ran.err


def test_ctrl_c_before_anything_was_read_leaves_nothing(aws: Aws, tmp_path: Path) -> None:
    folder = tmp_path / "snapshot"
    with aws.fault("timeout", "sts:GetCallerIdentity", seconds=60) as fault:
        ran = interrupt(aws, ["collect", "-o", str(folder), *FEW], lambda: fault.befallen > 0)
    assert (ran.code, ran.seconds < SOON) == (130, True)
    assert ran.line == "dms-lint: interrupted before anything was read"
    assert not folder.exists()


def test_ctrl_c_while_entering_accounts_says_some_are_missing(aws: Aws) -> None:
    roles = [f"arn:aws:iam::{account}:role/audit" for account in ("888877776666", "777766665555")]
    words = ["scan", *FEW, "-f", "json", *(word for role in roles for word in ("--role-arn", role))]
    with aws.fault("timeout", "sts:AssumeRole", subject=roles[1], seconds=60) as fault:
        ran = interrupt(aws, words, lambda: fault.befallen > 0)
    assert (ran.code, ran.seconds < SOON) == (130, True)
    assert "interrupted before it was known which accounts and Regions there are" in ran.err
    assert {gap["account"] for gap in ran.report["gaps"]} == {"888877776666"}


def test_ctrl_c_while_files_are_read_is_not_taken_for_a_finding(aws: Aws) -> None:
    process = start(aws, "scan", "-", stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(" " * 300_000)  # more than a pipe holds: when it is written, it is being read
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "dms-lint: interrupted\n")


# -- progress


def on_terminal(aws: Aws, *words: str) -> tuple[int, str, str]:
    """The exit code, standard output (a pipe) and standard error (a terminal) of a command."""
    ours, theirs = pty.openpty()
    env: dict[str, str | None] = {"TERM": "xterm-256color", "COLUMNS": "100"}
    process = start(aws, *words, stderr=theirs, env=env)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
        if not piece:
            break
        shown += piece
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, out, shown.decode(errors="replace")


def test_bars_are_shown_on_a_terminal_alone(aws: Aws) -> None:
    code, out, shown = on_terminal(aws, "scan", *FEW, "-f", "json")
    assert code == 0
    assert json.loads(out)["gaps"] == []
    for word in ("accounts", "Regions", "calls"):
        assert word in shown
    code, out, shown = on_terminal(aws, "scan", *FEW, "-f", "json", "--no-progress")
    assert (code, shown) == (0, "")


def test_without_a_terminal_nothing_is_shown_or_imported(aws: Aws) -> None:
    env = aws.env(ACCOUNT)
    words = [sys.executable, "-X", "importtime", "-m", "dms_lint", "scan", *FEW, "-f", "json"]
    ran = subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, check=False)
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert ran.returncode == 0
    assert "boto3" in imported
    assert not {name for name in imported if name.partition(".")[0] in ("rich", "jsonschema", "cryptography")}
    assert all(line.startswith("import time:") for line in ran.stderr.splitlines())


# -- time-outs and workers


def without_times(ran: Ran) -> Any:
    report = ran.report
    del report["scan"]["started_at"], report["scan"]["duration_s"]
    return report


def test_a_call_that_takes_too_long_is_a_gap(migration: Aws) -> None:
    words = ["scan", *BATCH, "-f", "json", "--timeout", "1"]
    with migration.fault("timeout", "dms:DescribeCertificates", seconds=20):
        ran = run(migration, *words, account=OWNER)
    (gap,) = [gap for gap in ran.report["gaps"] if gap["status"] == "not-readable"]
    assert gap["needs"] == "dms:DescribeCertificates"
    assert gap["reason"] == "the call failed: ReadTimeoutError"
    assert ran.asked("kms:DescribeKey")
    assert ran.code == 3


def test_one_worker_reports_what_sixteen_report(migration: Aws) -> None:
    words = ["scan", "-f", "json", "--all-verdicts", "--at", "2026-11-23", "--region", REGION]
    one, many = (run(migration, *words, "--max-workers", n, account=OWNER) for n in ("1", "16"))
    assert without_times(one) == without_times(many)
    assert one.code == many.code
    assert one.report["summary"]["resources"]["endpoint"] > 0


# -- TLS


@pytest.fixture
def tls(aws: Aws, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The double of AWS behind TLS with a certificate that it signed itself: its address, and the certificate."""
    from tests.aws.server import _Server

    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = _Server(aws)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", file
    server.shutdown()
    server.server_close()
    thread.join()


def certificate(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, own.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(own, hashes.SHA256())
    )
    private = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def test_a_server_without_a_trusted_certificate_is_refused(aws: Aws, tls: tuple[str, Path]) -> None:
    url, file = tls
    ran = run(aws, "scan", *FEW, "--endpoint-url", url)
    assert "SSL validation failed" in ran.line
    assert (ran.code, ran.requests) == (2, ())
    ran = run(aws, "scan", *FEW, "--endpoint-url", url, env={"AWS_CA_BUNDLE": str(file)})
    assert ran.code == 0
    assert ran.asked("dms:DescribeEndpoints")


def test_verification_cannot_be_switched_off() -> None:
    from click.testing import CliRunner

    from dms_lint.cli import main

    for command in ("scan", "collect"):
        help_ = CliRunner().invoke(main, [command, "--help"]).output.lower()
        assert not {"verify", "insecure", "ssl", "tls "} & set(help_.replace("-", " ").split())


@pytest.mark.parametrize("moment", range(1, 6))
def test_whenever_ctrl_c_comes_each_listing_is_told(aws: Aws, moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from dms_lint.aws.where import Where
    from dms_lint.collectors.live.account import Account
    from dms_lint.collectors.live.calls import calls_for
    from dms_lint.collectors.live.scheduler import collect

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.env(ACCOUNT).items():
        monkeypatch.setenv(name, value)
    real, made = Account.client, 0

    def client(account: Account, service: str, region: str) -> Any:
        nonlocal made
        made += 1
        if made == moment:
            raise KeyboardInterrupt
        return real(account, service, region)

    monkeypatch.setattr(Account, "client", client)
    calls = calls_for({"kms-key", "subnet-group"})
    regions = ("eu-central-1", "eu-west-1")
    for region in regions:
        aws.put(ACCOUNT, region, "dms:DescribeEndpoints", {"Endpoints": []})
    found = collect(calls, Where(regions=regions, timeout=5))
    assert found.interrupted
    if moment == 1:  # before the account is known
        assert (found.records, len(found.notices)) == ((), 1)
        return
    wanted = {(call.operation, region) for call in calls if not call.follows for region in regions}
    assert {(one.operation, one.region) for one in found.records if not one.subjects} >= wanted
    assert any(one.refusal and one.refusal.code == "Interrupted" for one in found.records)

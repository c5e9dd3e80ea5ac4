"""A snapshot holds no credential, the scanner's own or the account's, and is judged as the live account is."""

from __future__ import annotations

import json
import random
import string
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.aws.secret_values import without_values
from dms_lint.collectors import read_inputs, snapshot
from dms_lint.collectors.live.calls import CALLS
from dms_lint.engine.evaluate import evaluate
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document
from tests.build import NOW as AT
from tests.collectors.live.accounts import ACCOUNTS, PASSWORD, collected, seed
from tests.collectors.live.accounts import read as documents_in
from tests.collectors.live.running import FEW, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dms_lint.model import Notice, Pack
    from tests.aws.server import Aws

TOKEN = "".join(random.Random(7).choices(string.ascii_letters + string.digits + "+/", k=420)) + "=="
"""A session token as STS gives it."""
SIGNED = (
    " GET https://dms.s3.amazonaws.com/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA1EXAMPLE2EXAMPLE%2F20261123"
    f"&X-Amz-Security-Token={TOKEN.replace('+', '%2B').replace('/', '%2F')}&X-Amz-Signature=c0ffee5e"
)
ENCODED = f" Encoded authorization failure message: {TOKEN}"
KEY = f"""-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkq{PASSWORD}hkiG9w0BAQEFAASCBKcwggSjAgEAAoIB
-----END PRIVATE KEY-----
"""
SPELLINGS = (
    "password={}",
    "Password = '{}' ",
    "asm_user=dms,asm_password={}",
    "securityDbEncryption={{a;{}}}",
    "authToken={};b",
    'options={{"password": "{}"}}',
    "uri=mongodb://dms:{}@mongo1.example.com/orders",
    "password: {}=x",
    "allowCleartextPassword=1;clientSecret={}",
    "allowCleartextPassword=1",
    "encryptPassword=true",
)
"""How credentials stand among extra connection attributes, and what is named like one."""


def texts(folder: Path) -> str:
    """All that stands in a folder, the names of its files included."""
    return "\n".join(f"{file}\n{file.read_text(encoding='utf-8')}" for file in folder.rglob("*") if file.is_file())


def must_not_hold(text: str, secret: str = TOKEN, length: int = 24) -> None:
    """No part of a secret that is long enough to be of use."""
    assert not [secret[at : at + length] for at in range(0, len(secret), length) if secret[at : at + length] in text]


@pytest.mark.parametrize(
    ("operation", "words"),
    [("*:Describe*", ()), ("sts:AssumeRole", ("--role-arn", "arn:aws:iam::444455556666:role/audit"))],
)
def test_no_snapshot_holds_the_token_that_a_refusal_quotes(
    aws: Aws, tmp_path: Path, operation: str, words: tuple[str, ...]
) -> None:
    with aws.fault("signature", operation):
        done = run(aws, "collect", "-o", str(tmp_path / "snapshot"), *FEW, *words, env={"AWS_SESSION_TOKEN": TOKEN})
    assert done.code == 3
    must_not_hold(texts(tmp_path) + done.out + done.err)
    calls = json.loads((tmp_path / "snapshot" / snapshot.INDEX).read_text())["calls"]
    assert {call["message"].partition(".")[0] for call in calls if "message" in call} == {
        "The request signature we calculated does not match the signature you provided"
    }


@pytest.mark.parametrize("format_", ["json", "text"])
def test_no_report_holds_the_token_that_a_refusal_quotes(aws: Aws, format_: str) -> None:
    with aws.fault("signature", "*:Describe*"):
        done = run(aws, "scan", "-f", format_, "-v", "--debug", *FEW, env={"AWS_SESSION_TOKEN": TOKEN})
    assert done.code == 3
    must_not_hold(done.out + done.err)


def test_a_command_that_is_refused_entry_does_not_show_the_token(aws: Aws, tmp_path: Path) -> None:
    with aws.fault("signature", "sts:GetCallerIdentity"):
        done = run(aws, "collect", "-o", str(tmp_path / "snapshot"), *FEW, env={"AWS_SESSION_TOKEN": TOKEN})
    assert done.code == 2
    assert "The request signature we calculated does not match" in done.line
    must_not_hold(done.line)


def test_a_bug_that_quotes_the_token_is_told_without_it(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: Any) -> Any:
        raise RuntimeError(f"in the request:\nx-amz-security-token:{TOKEN}\n{TOKEN}")

    monkeypatch.setattr("dms_lint.collectors.live.scheduler.ask", ask)
    (fault,) = collected(aws, CALLS[:1]).faults
    must_not_hold(str(fault))
    assert fault.error.startswith("RuntimeError: in the request:")
    assert "scheduler.py" in fault.traceback


@pytest.mark.parametrize("says", [SIGNED, ENCODED], ids=["presigned", "encoded"])
def test_no_snapshot_holds_what_a_denial_gives_away(aws: Aws, tmp_path: Path, says: str) -> None:
    with aws.fault("deny", "*:Describe*", says=says):
        done = run(aws, "collect", "-o", str(tmp_path / "snapshot"), *FEW)
    snapshot_text = texts(tmp_path)
    must_not_hold(snapshot_text + done.err)
    assert "c0ffee5e" not in snapshot_text
    assert "ASIA1EXAMPLE2EXAMPLE" not in snapshot_text
    assert "because no identity-based policy allows the dms:DescribeEndpoints action" in snapshot_text


def planted(account: str) -> list[Document]:
    """The answers of a whole account, with a password wherever one may stand."""
    spellings = cycle(SPELLINGS)

    def endpoint(item: dict[str, Any]) -> dict[str, Any]:
        attribute = next(spellings).format(PASSWORD)
        before = item.get("ExtraConnectionAttributes", "").strip("; ")
        blocks = {
            name: {**block, "Password": PASSWORD, "SslClientKeyPassword": PASSWORD}
            for name, block in item.items()
            if name.endswith("Settings") and "SecretsManagerSecretId" not in block
        }
        return {**item, **blocks, "ExtraConnectionAttributes": f"{before};{attribute}" if before else attribute}

    def certificate(item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "CertificatePem": item["CertificatePem"] + KEY} if "CertificatePem" in item else item

    change: dict[str, Any] = {"Endpoints": endpoint, "Certificates": certificate}
    answers = []
    for document in documents_in(ACCOUNTS / account):
        body = json.loads(json.dumps(document.body))
        for name, changed in change.items():
            if document.operation.startswith("dms:") and name in body:
                body[name] = [changed(item) for item in body[name]]
        answers.append(document._replace(body=body))
    return answers


def judged(documents: Iterable[Document | Notice], pack: Pack) -> Any:
    """What is judged of documents, and why, without the places where they stood."""
    answers = [document._replace(file=None, lines={}) for document in documents if isinstance(document, Document)]
    outcome = evaluate(pack.rules, Inventory(answers, AT), all_verdicts=True)
    assert not outcome.faults
    findings = [
        (result.rule.id, result.resource.id, result.verdict.value, str(result.evidence), str(result.missing))
        for result in outcome.findings
    ]
    return sorted(findings), sorted((gap.needs, gap.reason, gap.status.value) for gap in outcome.gaps)


WHOLE = sorted(folder.name for folder in ACCOUNTS.iterdir() if folder.is_dir())


@pytest.mark.parametrize("account", WHOLE)
def test_answers_without_passwords_are_judged_as_they_were(pack: Pack, account: str) -> None:
    documents = planted(account)
    hidden = [document._replace(body=without_values(document.operation, document.body)) for document in documents]
    assert PASSWORD in str(documents)
    assert PASSWORD not in str(hidden)
    findings, gaps = judged(hidden, pack)
    assert (findings, gaps) == judged(documents, pack)
    assert sum(rule == "SEC032" and verdict == "fail" for rule, _, verdict, *_ in findings) >= 4


@pytest.mark.parametrize("account", WHOLE)
def test_a_clean_snapshot_is_judged_as_the_account_is(aws: Aws, pack: Pack, tmp_path: Path, account: str) -> None:
    seed(aws, planted(account), tmp_path / "seeded")
    collection = collected(aws)
    folder = tmp_path / "snapshot"
    snapshot.write(folder, collection.records, collection.notices, (AT, AT))
    assert PASSWORD not in texts(folder)
    findings, gaps = judged(collection.documents(), pack)
    assert judged(read_inputs([str(folder)]), pack) == (findings, gaps)
    assert len(findings) > 100


def test_what_is_collected_is_judged_as_the_answers_themselves(aws: Aws, pack: Pack, tmp_path: Path) -> None:
    documents = planted("migration")
    seed(aws, documents, tmp_path / "seeded")
    # The export tells of a key besides, which DMS does not use and no rule judges.
    live, exported = (
        [finding[:3] for finding in judged(answers, pack)[0] if finding[2] != "not-applicable"]
        for answers in (collected(aws).documents(), documents)
    )
    assert live == exported
    assert len(live) > 200

"""The whole accounts in tests/accounts: that they are answers of AWS, and that one is clean and the other is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from dms_lint.aws.secret_values import DERIVED
from dms_lint.aws.shapes import misfits
from dms_lint.collectors import read_inputs
from dms_lint.collectors.live.calls import CALLS
from dms_lint.engine.evaluate import Outcome, evaluate
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Status, Verdict
from tests.build import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.model import Pack

ACCOUNTS = Path(__file__).parent.parent / "accounts"
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "account"
FOLDERS = [ACCOUNTS / "clean", ACCOUNTS / "faulty", ACCOUNTS / "migration", EXAMPLE]

folders = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def documents(folder: Path) -> list[Document]:
    return [found for found in read_inputs([str(folder)]) if isinstance(found, Document)]


def inventory(folder: Path) -> Inventory:
    return Inventory(documents(folder), NOW)


def judged(folder: Path, pack: Pack) -> Outcome:
    return evaluate(pack.rules, inventory(folder), all_verdicts=True)


def aws_own(body: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what stands in it in the place of a secret's value, as a snapshot keeps it."""
    return {name: value for name, value in body.items() if name != DERIVED}


@folders
def test_every_file_is_read_without_a_complaint(folder: Path) -> None:
    assert [found for found in read_inputs([str(folder)]) if not isinstance(found, Document)] == []
    assert inventory(folder).notices == []


@folders
def test_every_file_holds_an_answer(folder: Path) -> None:
    read = {document.file for document in documents(folder)}
    assert read == {str(file) for file in folder.rglob("*") if file.is_file()}


@folders
def test_every_answer_is_one_that_aws_gives(folder: Path) -> None:
    problems = [
        f"{document.file}: {problem}"
        for document in documents(folder)
        for problem in misfits(document.operation, aws_own(document.body))
    ]
    assert problems == []


@folders
def test_files_are_indented_as_the_aws_cli_indents(folder: Path) -> None:
    decoder = json.JSONDecoder()
    for file in folder.rglob("*.json"):
        text, values, position = file.read_text(), [], 0
        while position < len(text):
            value, position = decoder.raw_decode(text, position)
            values.append(value)
            position += len(text[position:]) - len(text[position:].lstrip())
        assert text == "".join(json.dumps(value, indent=4) + "\n" for value in values), file


@folders
def test_arns_are_formed_as_aws_forms_them(folder: Path) -> None:
    text = "\n".join(file.read_text() for file in folder.rglob("*.json"))
    arns = set(re.findall(r"arn:aws:dms:[a-z0-9-]+:\d+:(?:endpoint|rep|task|cert|replication-config):[\w-]+", text))
    assert arns
    for arn in arns:
        assert re.fullmatch(r"[A-Z2-7]{26}|[A-Z2-7]{39}", arn.rpartition(":")[2]), arn


def test_the_accounts_are_those_they_say_they_are() -> None:
    assert inventory(ACCOUNTS / "clean").accounts() == ("111122223333",)
    assert inventory(ACCOUNTS / "faulty").accounts() == ("123456789012", "444455556666", "777788889999")


def test_the_clean_account_fails_nothing(pack: Pack) -> None:
    outcome = judged(ACCOUNTS / "clean", pack)
    assert outcome.faults == ()
    assert [
        f"{finding.rule.id} {finding.resource.name}" for finding in outcome.findings if finding.verdict is Verdict.FAIL
    ] == []


NOT_IN_THE_ANSWER = {"rds:DescribeDBInstances", "the address of the other end"}
"""What the clean account leaves open although the call that would tell was exported."""


def test_the_clean_account_lacks_only_what_was_not_exported(pack: Pack) -> None:
    exported = {document.operation for document in documents(ACCOUNTS / "clean")}
    not_exported = {call.action for call in CALLS if call.operation not in exported}
    unknown = [finding.missing for finding in judged(ACCOUNTS / "clean", pack).findings if finding.missing is not None]
    needs = {missing.needs.removesuffix(", with --read-secrets") for missing in unknown}
    assert needs <= not_exported | NOT_IN_THE_ANSWER
    assert len(needs) > 10
    assert {missing.status for missing in unknown} == {Status.NOT_PROVIDED}


def test_the_migration_account_leaves_open_only_a_wallet(pack: Pack) -> None:
    outcome = judged(ACCOUNTS / "migration", pack)
    assert outcome.faults == ()
    assert [f"{one.rule.id} {one.resource.name}" for one in outcome.findings if one.verdict is Verdict.FAIL] == []
    left_open = {one.missing.message for one in outcome.findings if one.missing is not None}
    assert len(left_open) == 1
    assert "is an Oracle wallet" in left_open.pop()


def test_a_listing_of_the_migration_account_has_pages() -> None:
    pages = [one for one in documents(ACCOUNTS / "migration") if one.operation == "dms:DescribeEndpoints"]
    assert ["Marker" in one.body for one in pages] == [True, False]
    assert inventory(ACCOUNTS / "migration").listed("endpoint", "111122223333", "eu-west-1")


# Nine in ten, so that a new rule is its own two files and no more.


def test_nearly_every_rule_says_something_of_the_clean_account(pack: Pack) -> None:
    said = {finding.rule.id for finding in judged(ACCOUNTS / "clean", pack).findings}
    assert len(said) >= 0.9 * len(pack.rules), {rule.id for rule in pack.rules} - said


def test_refusals_in_the_faulty_account_are_known() -> None:
    refused = {document.operation for document in documents(ACCOUNTS / "faulty") if document.refusal is not None}
    assert refused == {"kms:DescribeKey", "kms:GetKeyPolicy", "redshift:DescribeClusters"}


def test_the_roots_of_rds_are_those_in_the_imported_bundle() -> None:
    clean = inventory(ACCOUNTS / "clean")
    imported = {
        certificate.fingerprint(hashes.SHA1()).hex()
        for bundle in clean.known("certificate")
        if "CertificatePem" in bundle
        for certificate in x509.load_pem_x509_certificates(bundle.text("CertificatePem").encode())
    }
    assert {authority.text("Thumbprint") for authority in clean.known("rds-ca")} <= imported


def test_the_certificates_of_the_clean_account_verify_as_chains() -> None:
    for bundle in inventory(ACCOUNTS / "clean").known("certificate"):
        if "CertificatePem" not in bundle:
            continue
        certificates = x509.load_pem_x509_certificates(bundle.text("CertificatePem").encode())
        for certificate in certificates:
            (issuer,) = (one for one in certificates if one.subject == certificate.issuer)
            certificate.verify_directly_issued_by(issuer)


def test_the_example_shows_every_severity_and_some_unknowns(pack: Pack) -> None:
    findings = judged(EXAMPLE, pack).findings
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    assert 8 <= len(failed) <= 15
    assert len({finding.rule.severity for finding in failed}) >= 4
    assert any(finding.verdict is Verdict.UNKNOWN for finding in findings)

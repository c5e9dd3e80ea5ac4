"""The credential report of IAM: a line for the root user and for each user, with their passwords, keys and MFA."""

from __future__ import annotations

import csv
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

ROOT: Final = "<root_account>"
_HEADER: Final = "user,"


def row(user: str, account: str, inventory: Inventory) -> Mapping[str, str]:
    """The line about a user, or about ROOT, by column; Missing where no report has one."""
    report = inventory.find("credential-report", account, account)
    if report is None:  # pragma: no cover - no listing holds reports
        raise Missing(f"no credential report of {account}", needs="iam:GetCredentialReport")
    rows = inventory.once(("credential report", account), lambda: _rows(report))
    if user not in rows:
        raise Missing(
            f"{report.where} has no line for {user}",
            needs="iam:GetCredentialReport",
            reason="the credential report has no line for it",
        )
    return rows[user]


def _rows(report: Resource) -> Mapping[str, Mapping[str, str]]:
    """All lines by user name.  The AWS CLI prints the report in Base64, as the API sends it."""
    content = report.text("Content")
    try:
        if not content.startswith(_HEADER):
            content = b64decode(content, validate=True).decode()
    except ValueError:
        content = ""
    if not content.startswith(_HEADER):
        raise report.malformed("Content", "a credential report")
    return {line["user"]: line for line in csv.DictReader(content.splitlines())}


def is_true(line: Mapping[str, str], column: str) -> bool:
    """Whether a column says true; N/A and not_supported are no.  Missing where it says nothing."""
    value = line.get(column)
    if value not in ("true", "false", "N/A", "not_supported"):
        raise Missing(
            f"the credential report does not say {column} of {line.get('user', '?')}",
            needs="iam:GetCredentialReport",
            reason=f"the credential report does not say {column}",
            status=Status.NOT_READABLE,
        )
    return value == "true"

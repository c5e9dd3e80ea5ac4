"""The root user of an account: whether it has access keys, and whether MFA protects it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.presence import ACCOUNT
from dms_lint.facts.fact import FLAG, Fact, text
from dms_lint.facts.iam.identities import credential_report
from dms_lint.logic.kleene import attempt, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

MFA: Final = "MFA"
NO_MFA: Final = "no MFA"
NO_CREDENTIALS: Final = "no credentials"


def _summary(account: Resource, inventory: Inventory) -> Resource:
    summary = inventory.find("account-summary", account.id, account.id)
    if summary is None:  # pragma: no cover - no listing holds summaries
        raise account.missing("SummaryMap")
    return summary


def _first(summary: Callable[[], bool], report: Callable[[], bool]) -> bool:
    """The answer of the account summary, or else of the credential report; Missing, as the summary is, without both.

    The account summary comes first: a credential report may be some hours old.
    """
    answer = attempt(summary)
    if not isinstance(answer, Missing):
        return answer
    older = attempt(report)
    return require(answer if isinstance(older, Missing) else older)


def has_access_keys(account: Resource, inventory: Inventory) -> bool:
    """Whether the root user has access keys, as the account summary says, or else the credential report."""

    def reported() -> bool:
        line = credential_report.row(credential_report.ROOT, account.id, inventory)
        return any(credential_report.is_true(line, f"access_key_{n}_active") for n in (1, 2))

    return _first(lambda: _summary(account, inventory).number("AccountAccessKeysPresent") > 0, reported)


def protection(account: Resource, inventory: Inventory) -> str:
    """What protects the root user: `MFA`, `no MFA`; or that it has `no credentials`, neither a password nor keys.

    Root users of member accounts have none where the organization manages them centrally.
    """

    def reported() -> bool:
        return credential_report.is_true(
            credential_report.row(credential_report.ROOT, account.id, inventory), "mfa_active"
        )

    if _first(lambda: _summary(account, inventory).number("AccountMFAEnabled") > 0, reported):
        return MFA
    keys = False
    try:
        keys = has_access_keys(account, inventory)
        # The credential report does not tell whether the root user has a password.
        password = keys or _summary(account, inventory).number("AccountPasswordPresent") > 0
    except Missing:
        if keys:
            return NO_MFA
        raise
    return NO_MFA if password else NO_CREDENTIALS


FACTS: Final = (
    Fact("root.has_access_keys", ACCOUNT, FLAG, has_access_keys),
    Fact("root.protection", ACCOUNT, text(MFA, NO_MFA, NO_CREDENTIALS), protection),
)

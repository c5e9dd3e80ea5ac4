"""Confused deputies: whether the policy of a role or a key admits strangers, or a condition or a denial stops them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.iam_policy.conditions import satisfied
from dms_lint.iam_policy.evaluation import about_action
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.iam_policy.trust_policies import service_of
from dms_lint.logic.kleene import all_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.iam_policy.conditions import Context
    from dms_lint.iam_policy.statements import Policy, Statement

STRANGERS: Final = ("919293949596", "838485868788")
"""Accounts that no policy names: a statement that admits both admits everybody."""
SOURCE_KEYS: Final = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
_PRINCIPAL_KEYS: Final = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "kms:calleraccount",
)
_ORGANIZATION: Final = "o-q7zxk2vw9j"
_ORGANIZATION_VALUES: Final = ((_ORGANIZATION,), (f"{_ORGANIZATION}/r-q7zx/ou-q7zx-k2vw9jr4/",))


def for_everybody(statement: Statement) -> bool:
    """Whether a statement's principals are everybody, or everybody but some; conditions aside."""
    return statement.not_principals or any(
        value == ANYTHING and kind in (ANYTHING, "AWS") for kind, value in statement.principals or ()
    )


def is_pinned(statement: Statement, policy: Policy, action: str, partition: str) -> bool:
    """Whether conditions of a statement that is for everybody, or denials beside it, keep strangers out.

    What pins a caller is a condition on its account, its organization or its ARN with an account, or on those of
    the resource for which a service calls.  `action` is in lower case.
    """
    return not any(admits(statement, policy, context, action, None) for context in _anybody(partition))


def admits(statement: Statement, policy: Policy, context: Context, action: str, caller: str | None) -> bool:
    """Whether a statement admits a caller, and no denial of the policy takes that back.

    A condition that nothing is known of pins nobody, and is no denial either.  `caller` is who is named; None for
    somebody whom no policy names.
    """
    if all_of(satisfied(condition, context) for condition in statement.conditions) is False:
        return False
    return not any(
        denial.effect == "Deny"
        and about_action(denial, action)
        and _is_about(denial, caller)
        and all_of(satisfied(condition, context) for condition in denial.conditions) is True
        for denial in policy.statements
    )


def _is_about(statement: Statement, caller: str | None) -> bool:
    is_listed = any(
        (value == ANYTHING and kind in (ANYTHING, "AWS"))
        or (caller is not None and (value == caller or (kind == "Service" and service_of(value) == caller)))
        for kind, value in statement.principals or ()
    )
    return is_listed is not statement.not_principals


def _anybody(partition: str) -> Iterator[Context]:
    """The requests of a stranger, made by itself or through a service.

    The stranger names its roles and users as it likes: a condition on a name alone keeps nobody out.
    """
    for account in STRANGERS:
        yield {**from_stranger(account, partition), "aws:principalarn": (f"arn:{partition}:iam::{account}:*",)}
        yield {**for_stranger(account, partition), **dict.fromkeys(_PRINCIPAL_KEYS, ())}
    yield {**dict.fromkeys((*_PRINCIPAL_KEYS, *SOURCE_KEYS), ()), "aws:principalisawsservice": ("true",)}


def from_stranger(account: str, partition: str) -> Context:
    """The context of a request that a role of a stranger's account makes itself."""
    arn = f"arn:{partition}:iam::{account}:role/q7zxk2vw9jr4"
    return {
        **dict(zip(_PRINCIPAL_KEYS, ((account,), (arn,), *_ORGANIZATION_VALUES, (account,)), strict=True)),
        **dict.fromkeys(SOURCE_KEYS, ()),
        "aws:principalisawsservice": ("false",),
        "aws:securetransport": ("true",),
    }


def for_stranger(account: str, partition: str) -> Context:
    """The context of a request that DMS makes on behalf of a stranger's resource."""
    arn = f"arn:{partition}:dms:*:{account}:*"
    return {
        **dict(zip(SOURCE_KEYS, ((account,), (arn,), *_ORGANIZATION_VALUES), strict=True)),
        "aws:principalisawsservice": ("true",),
        "aws:securetransport": ("true",),
    }

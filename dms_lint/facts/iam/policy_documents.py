"""The documents of IAM policies: where the text of a policy stands, and its statements, each for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.facts.fact import memoized
from dms_lint.facts.iam.identities.attached_policies import default_version, missing_policy
from dms_lint.iam_policy.statements import load, parse_statement
from dms_lint.logic.kleene import Partial, collect, collect_each
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dms_lint.iam_policy.statements import Statement
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

POLICY: Final = ("iam-policy",)
TRUST: Final = "AssumeRolePolicyDocument"


def document(policy: Resource, inventory: Inventory) -> tuple[Record, str]:
    """The record that has the text of a policy, and its member that holds it."""
    if not policy.arn:
        return policy, TRUST if TRUST in policy else "PolicyDocument"
    version = default_version(policy.arn, policy.account, inventory)
    if version is None:
        raise missing_policy(policy, "its text", inventory)
    return version, "Document"


@memoized
def statements_of(policy: Resource, inventory: Inventory) -> Partial[Statement]:
    """The well-formed statements of the policy, each for itself, and why the first malformed one says nothing.

    Missing where its text was not read, or is no policy at all.
    """
    record, member = document(policy, inventory)
    data, statements = load_statements(policy, record, member)

    def parse(numbered: tuple[int, Any]) -> Statement | Missing:
        number, statement = numbered
        try:
            return parse_statement(statement, number, policy.name, data.get("Version") == "2012-10-17")
        except ValueError as error:
            return malformed(policy, record, error)

    return collect(enumerate(statements, 1), parse)


def load_statements(policy: Resource, record: Record, member: str) -> tuple[Mapping[str, Any], Sequence[Any]]:
    """The object of a policy document and its statements, as they are written; Missing where it is no policy."""
    try:
        data = load(record[member])
        statements = data.get("Statement")
        if not isinstance(statements, (dict, list)):
            raise ValueError("has no Statement")
    except ValueError as error:
        raise malformed(policy, record, error) from None
    return data, [statements] if isinstance(statements, dict) else statements


def malformed(policy: Resource, record: Record, error: ValueError) -> Missing:
    """That the text of a policy cannot be judged, as what a fact raises."""
    return Missing(
        f"{policy.where}: {error}",
        needs=record.needs,
        reason=f"a policy is malformed: {error}",
        status=Status.NOT_READABLE,
    )


def from_statements(
    policy: Resource, inventory: Inventory, derive: Callable[[Statement], Iterable[str]]
) -> tuple[str, ...]:
    """Everything that `derive` yields for the statements, once each; without any, a malformed one is Missing."""
    return collect_each(statements_of(policy, inventory), derive).distinct().certain()

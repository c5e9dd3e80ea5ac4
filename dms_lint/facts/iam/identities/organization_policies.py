"""Policies of AWS Organizations, which no account shows: facts for the evidence of rules that weigh policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import Fact, texts

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

WEIGHED: Final = (
    "account",
    "endpoint",
    "iam-policy",
    "kms-key",
    "migration-project",
    "principal",
    "replication-instance",
    "role",
)
"""The kinds that rules judge by what policies allow together."""


def hidden_policy_kinds(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The kinds of policies that an account does not show.

    They can only forbid what the policies of the account allow; verdicts are as if there were none.
    """
    return ("service control policies", "resource control policies")


FACTS: Final = (Fact("policies.unseen", WEIGHED, texts(), hidden_policy_kinds),)

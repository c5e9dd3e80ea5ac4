from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import table
from dms_lint.facts.iam.policy_effects import missing_required_roles, plain_actions, role_making, vain_actions
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource
from tests.build import NOW

IAM = "arn:aws:iam::111122223333"
ROWS = table("dms-authorization")["actions"]
TYPES = {name: row["arn"].split(":")[5] for name, row in table("dms-authorization")["resources"].items()}


def policy(*statements: dict[str, Any], roles: tuple[str, ...] = ()) -> tuple[Resource, Inventory]:
    version = {
        "VersionId": "v1",
        "IsDefaultVersion": True,
        "Document": {"Version": "2012-10-17", "Statement": list(statements)},
    }
    body = {
        "RoleDetailList": [{"RoleName": role, "Arn": f"{IAM}:role/{role}"} for role in ("other", *roles)],
        "Policies": [{"PolicyName": "dms", "Arn": f"{IAM}:policy/dms", "PolicyVersionList": [version]}],
    }
    inventory = Inventory([Document("iam:GetAccountAuthorizationDetails", body)], NOW)
    (found,) = inventory.known("iam-policy")
    return found, inventory


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def arn(type_: str) -> str:
    return f"arn:aws:dms:eu-west-1:111122223333:{TYPES[type_]}:*"


@given(st.sampled_from(sorted(ROWS)))
def test_every_action_takes_effect_on_everything(name: str) -> None:
    assert vain_actions(*policy(allow(f"dms:{name}"))) == ()
    assert plain_actions(*policy(allow(f"dms:{name.upper()}"))) == (f"dms:{name}",)


@given(st.sampled_from(sorted(ROWS)), st.sets(st.sampled_from(sorted(TYPES)), min_size=1))
def test_an_action_needs_each_of_its_resource_types_allowed(name: str, types: set[str]) -> None:
    row = ROWS[name]
    allowed = set(row["needs"]) <= types if "needs" in row else "takes" in row
    found = vain_actions(*policy(*(allow(f"dms:{name}", arn(type_)) for type_ in sorted(types))))
    assert (found == ()) is allowed


def test_a_deny_allows_nothing_and_is_never_in_vain() -> None:
    denied = {**allow("dms:DescribeEndpoints", arn("Endpoint")), "Effect": "Deny"}
    assert plain_actions(*policy(denied)) == ()


@pytest.mark.parametrize("resource", ["*", "arn:aws:iam::*:role/*", f"{IAM}:role/*", "arn:*:role/?*"])
def test_every_role_may_be_written_in_many_ways(resource: str) -> None:
    assert role_making(*policy(allow("iam:CreateRole", resource))) == ("iam:CreateRole (statement 1)",)


@pytest.mark.parametrize("resource", [f"{IAM}:role/dms-*", f"{IAM}:policy/*", "arn:aws:iam::444455556666:role/*"])
def test_some_roles_are_not_every_role(resource: str) -> None:
    assert role_making(*policy(allow(["iam:CreateRole", "iam:AttachRolePolicy"], resource))) == ()


def test_missing_roles_are_named_as_far_as_certain() -> None:
    assert missing_required_roles(*policy()) == ("dms-vpc-role", "dms-cloudwatch-logs-role")
    two = ("dms-vpc-role", "dms-cloudwatch-logs-role")
    assert missing_required_roles(*policy(roles=(*two, "dms-access-for-endpoint"))) == ()
    with pytest.raises(Missing, match="endpoints"):
        missing_required_roles(*policy(roles=two))

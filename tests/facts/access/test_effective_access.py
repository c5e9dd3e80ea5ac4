"""What key policies, policies of secrets, identities' own policies and grants allow together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dms_lint.facts.access import effective_access as access
from dms_lint.facts.dms import key_references
from dms_lint.facts.iam.identities.attached_policies import identity
from dms_lint.iam_policy.requests import Request, role_context
from dms_lint.model import Document, Missing, Refusal, Status
from tests.build import inventory, policy

ACCOUNT, OTHER = "111122223333", "444455556666"
ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = key_references.Reference(ID, "", "aws", ACCOUNT, "eu-west-1")
FOREIGN = key_references.Reference(ID, "", "aws", OTHER, "eu-west-1")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lake"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:orders-a1B2c3"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
DENIED = Refusal("AccessDeniedException", "not authorized")


def allow(*actions: str, to: Any = None, effect: str = "Allow", when: Any = None) -> dict[str, Any]:
    named = {} if to is None else {"Principal": {"AWS": to}}
    asks = {} if when is None else {"Condition": when}
    return {"Sid": f"{effect}It", "Effect": effect, "Action": list(actions), "Resource": "*", **named, **asks}


def role(*statements: dict[str, Any], boundary: bool = False) -> Document:
    inline = [{"PolicyName": "mine", "PolicyDocument": policy(*statements)}] if statements else []
    detail: dict[str, Any] = {
        "RoleName": "lake",
        "Arn": ROLE,
        "AssumeRolePolicyDocument": policy(allow("sts:AssumeRole")),
        "RolePolicyList": inline,
        "AttachedManagedPolicies": [],
    }
    if boundary:
        detail["PermissionsBoundary"] = {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/Unknown"}
    return Document("iam:GetAccountAuthorizationDetails", {"RoleDetailList": [detail]})


def key_policy(*statements: dict[str, Any], account: str = ACCOUNT) -> Document:
    body = {"Policy": json.dumps(policy(*statements))}
    return Document("kms:GetKeyPolicy", body, subject=ID, account=account, region="eu-west-1")


def grants(*found: dict[str, Any], **more: Any) -> Document:
    body = {"Grants": list(found), **more}
    return Document("kms:ListGrants", body, subject=ID, account=ACCOUNT, region="eu-west-1")


def refused(operation: str) -> Document:
    return Document(operation, {}, subject=ID, account=ACCOUNT, region="eu-west-1", refusal=DENIED)


def grant(*operations: str, **more: Any) -> dict[str, Any]:
    return {"GranteePrincipal": ROLE, "Operations": list(operations), **more}


def asked(*documents: Document, action: str = "kms:Decrypt", key: key_references.Reference = KEY) -> Any:
    found = inventory(*documents)
    holder = found.find("role", ROLE)
    assert holder is not None
    request = Request(action, key.arn, role_context(ROLE, ACCOUNT, "eu-west-1", via="s3"))
    return access.key_decision(request, identity(holder, found), key, found)


DELEGATED = key_policy(allow("kms:*", to=ROOT))


# -- keys


def test_the_role_policy_counts_where_the_key_trusts_the_account() -> None:
    assert asked(DELEGATED, role(allow("kms:Decrypt"))).allowed is True
    assert asked(DELEGATED, grants(), role(allow("kms:Encrypt"))).allowed is False


def test_the_role_policy_is_void_where_the_key_names_another() -> None:
    keeper = key_policy(allow("kms:*", to=f"arn:aws:iam::{ACCOUNT}:role/keeper"))
    assert asked(keeper, grants(), role(allow("kms:*"))).allowed is False


def test_a_key_policy_that_names_the_role_is_enough() -> None:
    assert asked(key_policy(allow("kms:Decrypt", to=ROLE)), role()).allowed is True


@pytest.mark.parametrize("side", ["role", "key"])
def test_a_denial_on_either_side_beats_a_grant(side: str) -> None:
    no = allow("kms:Decrypt", effect="Deny", to=None if side == "role" else "*")
    mine = role(allow("kms:*"), no) if side == "role" else role(allow("kms:*"))
    theirs = DELEGATED if side == "role" else key_policy(allow("kms:*", to=ROOT), no)
    found = asked(theirs, mine, grants(grant("Decrypt")))
    assert found.allowed is False
    assert [one.sid for one in found.statements] == ["DenyIt"]


def test_a_via_service_condition_holds_for_that_service_alone() -> None:
    through = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
    other = {"StringEquals": {"kms:ViaService": "redshift.eu-west-1.amazonaws.com"}}
    assert asked(key_policy(allow("kms:Decrypt", to=ROLE, when=through)), role()).allowed is True
    assert asked(key_policy(allow("kms:Decrypt", to=ROLE, when=other)), grants(), role()).allowed is False


def test_a_grant_allows_its_operations_and_no_others() -> None:
    nothing = (DELEGATED, role(), grants(grant("Decrypt", "DescribeKey")))
    assert asked(*nothing).allowed is True
    assert asked(*nothing, action="kms:Encrypt").allowed is False


def test_a_grant_of_somebody_elses_allows_the_role_nothing() -> None:
    theirs = {"GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/other", "Operations": ["Decrypt"]}
    services = {"GranteeServicePrincipal": "backup.amazonaws.com", "Operations": ["Decrypt"]}
    assert asked(DELEGATED, role(), grants(theirs, services)).allowed is False


def test_a_grant_with_constraints_leaves_it_open() -> None:
    bound = grant("Decrypt", Constraints={"EncryptionContextSubset": {"app": "orders"}})
    assert asked(DELEGATED, role(), grants(bound)).allowed is None
    assert asked(DELEGATED, role(), grants(bound, grant("Decrypt"))).allowed is True
    described = grant("DescribeKey", Constraints=bound["Constraints"])
    assert asked(DELEGATED, role(), grants(described), action="kms:DescribeKey").allowed is True
    sourced = grant("DescribeKey", Constraints={"SourceArn": "arn:aws:s3:::lake"})
    assert asked(DELEGATED, role(), grants(sourced), action="kms:DescribeKey").allowed is None


@pytest.mark.parametrize("member", ["GranteePrincipal", "Operations"])
def test_a_grant_of_which_something_was_not_said_leaves_it_open(member: str) -> None:
    half = {name: value for name, value in grant("Decrypt").items() if name != member}
    found = asked(DELEGATED, role(), grants(half))
    assert found.allowed is None
    assert member in str(found.as_missing("role lake"))
    assert asked(DELEGATED, role(), grants(half, grant("Decrypt"))).allowed is True


def test_unread_grants_leave_open_what_policies_do_not_allow() -> None:
    assert asked(DELEGATED, role(allow("kms:Decrypt"))).allowed is True
    found = asked(DELEGATED, role(), refused("kms:ListGrants"))
    assert found.allowed is None
    assert found.as_missing("role lake").needs == "kms:ListGrants"
    assert found.as_missing("role lake").status is Status.NOT_READABLE


def test_grants_that_break_off_are_not_read() -> None:
    assert asked(DELEGATED, role(), grants(Truncated=True, NextMarker="AA")).allowed is None


def test_a_grant_settles_what_a_policys_condition_leaves_open() -> None:
    network = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    mine = role(allow("kms:Decrypt", when=network))
    assert asked(DELEGATED, mine, grants()).allowed is None
    assert asked(DELEGATED, mine, grants(grant("Decrypt"))).allowed is True


def test_a_grant_does_not_settle_a_denial_that_was_not_read() -> None:
    found = asked(role(allow("kms:Decrypt")), refused("kms:GetKeyPolicy"), grants(grant("Decrypt")))
    assert found.allowed is None
    assert found.as_missing("role lake").needs == "kms:GetKeyPolicy"


def test_an_unread_key_policy_leaves_it_open() -> None:
    assert asked(role(allow("kms:Decrypt"))).allowed is None
    assert asked(role(), grants()).allowed is None
    assert asked(role(allow("kms:Decrypt", effect="Deny"))).allowed is False


def test_a_key_policy_that_is_none_is_not_read() -> None:
    broken = Document("kms:GetKeyPolicy", {"Policy": "{"}, subject=ID, account=ACCOUNT, region="eu-west-1")
    found = asked(role(allow("kms:*")), broken)
    assert found.allowed is None
    assert "is not JSON" in str(found.as_missing("role lake"))


def test_an_unread_boundary_leaves_open_what_it_may_cut() -> None:
    assert asked(DELEGATED, grants(), role(allow("kms:*"), boundary=True)).allowed is None
    assert asked(DELEGATED, grants(), role(boundary=True)).allowed is False


def test_a_key_of_another_account_needs_both_sides() -> None:
    theirs = key_policy(allow("kms:Decrypt", to=ROOT), account=OTHER)
    mine = role(allow("kms:Decrypt"))
    assert asked(theirs, mine, key=FOREIGN).allowed is True
    assert asked(mine, key=FOREIGN).allowed is None


def test_the_same_key_id_elsewhere_is_another_key() -> None:
    theirs = key_policy(allow("kms:*", to=ROOT), account=OTHER)
    assert asked(theirs, role(allow("kms:Decrypt"))).allowed is None


# -- secrets


def reads(*documents: Document, arn: str = SECRET, listed: bool = True) -> Any:
    about = {"ARN": SECRET, "Name": "orders", "CreatedDate": "2026-01-10T09:00:00+00:00"}
    found = inventory(*documents, *([Document("secretsmanager:DescribeSecret", about)] if listed else []))
    holder = found.find("role", ROLE)
    assert holder is not None
    request = Request("secretsmanager:GetSecretValue", arn, role_context(ROLE, ACCOUNT, "eu-west-1"))
    secret = found.find("secret", SECRET) if listed else None
    return access.secret_decision(request, identity(holder, found), secret, found)


def secret_policy(*statements: dict[str, Any]) -> Document:
    held = {"ResourcePolicy": json.dumps(policy(*statements))} if statements else {}
    return Document("secretsmanager:GetResourcePolicy", {"ARN": SECRET, "Name": "orders", **held})


READ = "secretsmanager:GetSecretValue"


def test_either_side_may_allow_a_secret_of_the_account() -> None:
    assert reads(role(allow(READ)), secret_policy()).allowed is True
    assert reads(role(), secret_policy(allow(READ, to=ROLE))).allowed is True
    assert reads(role(), secret_policy()).allowed is False
    assert reads(role(), secret_policy(allow(READ, to=ROOT))).allowed is False


def test_a_denial_in_the_secret_policy_beats_the_role() -> None:
    assert reads(role(allow(READ)), secret_policy(allow("*", to="*", effect="Deny"))).allowed is False


def test_a_secrets_policy_that_was_not_read_leaves_it_open() -> None:
    assert reads(role(allow(READ))).allowed is None
    assert reads(role()).allowed is None
    assert reads(role(allow("*", effect="Deny"))).allowed is False


@pytest.mark.parametrize("listed", [True, False])
def test_why_a_secrets_policy_was_not_read_is_said(listed: bool) -> None:
    refusal = Document(
        "secretsmanager:GetResourcePolicy", {}, subject=SECRET, account=ACCOUNT, region="eu-west-1", refusal=DENIED
    )
    found = reads(role(allow(READ)), refusal, listed=listed).as_missing("role lake")
    assert found.needs == "secretsmanager:GetResourcePolicy"
    assert found.status is Status.NOT_READABLE


def test_a_secret_pattern_is_allowed_only_if_every_match_is() -> None:
    pattern = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:orders-??????"
    some = role({**allow(READ), "Resource": SECRET})
    assert reads(some, arn=pattern, listed=False).allowed is None
    other = role({**allow(READ, effect="Deny"), "Resource": pattern}, allow(READ))
    assert reads(other, arn=pattern, listed=False).allowed is False


def test_a_key_policy_is_asked_by_key_and_says_what_lacks() -> None:
    with pytest.raises(Missing) as missing:
        access.key_policy(KEY, inventory(role()))
    assert missing.value.needs == "kms:GetKeyPolicy"
    assert access.policy_of_key(KEY, inventory(role())).missing
    assert not access.policy_of_key(KEY, inventory(DELEGATED)).missing

"""What DMS uses keys for, whom their policies let in, and what the roles that depend on them lack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dms_lint.facts.access import iam_authentication_roles as login_roles
from dms_lint.facts.access import key_policies
from dms_lint.facts.access import key_usage as key_users
from dms_lint.facts.access import target_key_access as target_keys
from dms_lint.facts.dms import encryption_keys
from dms_lint.iam_policy.confused_deputy import is_pinned
from dms_lint.iam_policy.statements import parse
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Refusal, Resource
from tests.build import ACCOUNT, NOW

ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "0987dcba-09fe-87dc-65ba-ab0987654321"
PLACE = f"arn:aws:kms:eu-west-1:{ACCOUNT}:"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lake"
DMS = f"arn:aws:dms:eu-west-1:{ACCOUNT}:"


def key(**more: Any) -> Document:
    body = {"KeyId": ID, "Arn": f"{PLACE}key/{ID}", "KeyManager": "CUSTOMER", "KeyState": "Enabled", **more}
    return Document("kms:DescribeKey", {"KeyMetadata": body})


def endpoint(name: str, key_id: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "EndpointIdentifier": name,
        "EndpointArn": f"{DMS}endpoint:{name.upper()}",
        "EndpointType": "SOURCE",
        "EngineName": "mysql",
        "KmsKeyId": key_id,
        **more,
    }


def lake(**more: Any) -> dict[str, Any]:
    named = {"EncryptionMode": "sse-kms", "ServerSideEncryptionKmsKeyId": ID, "ServiceAccessRoleArn": ROLE, **more}
    return endpoint("lake", EndpointType="TARGET", EngineName="s3", S3Settings=named)


def endpoints(*found: dict[str, Any], **more: Any) -> Document:
    return Document("dms:DescribeEndpoints", {"Endpoints": list(found), **more})


def instances(*found: dict[str, Any]) -> Document:
    listed = [{"ReplicationInstanceArn": f"{DMS}rep:OTHER", "KmsKeyId": OTHER}, *found]
    return Document("dms:DescribeReplicationInstances", {"ReplicationInstances": listed})


def configs() -> Document:
    found = {"ReplicationConfigArn": f"{DMS}replication-config:OTHER", "ComputeConfig": {"KmsKeyId": OTHER}}
    return Document("dms:DescribeReplicationConfigs", {"ReplicationConfigs": [found]})


def policy(*statements: dict[str, Any]) -> Document:
    body = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": list(statements)})}
    return Document("kms:GetKeyPolicy", body, subject=ID, account=ACCOUNT, region="eu-west-1")


def allow(action: str, to: Any, **condition: Any) -> dict[str, Any]:
    asks = {"Condition": condition} if condition else {}
    return {"Effect": "Allow", "Action": action, "Resource": "*", "Principal": to, **asks}


def inventory(*documents: Document) -> tuple[Resource, Inventory]:
    found = Inventory(documents, NOW)
    return next(one for one in found.known("kms-key") if one.name == ID), found


# -- who uses a key


def test_a_key_is_used_by_whatever_names_it_by_arn_id_or_alias() -> None:
    alias = {"AliasName": "alias/lake", "AliasArn": f"{PLACE}alias/lake", "TargetKeyId": ID}
    orders, ledger = endpoint("orders", f"{PLACE}key/{ID}"), endpoint("ledger", ID)
    target = lake(ServerSideEncryptionKmsKeyId="alias/lake")
    found = inventory(
        key(), endpoints(orders, ledger, target), Document("kms:ListAliases", {"Aliases": [alias]}), instances()
    )
    assert key_users.dms_users(*found) == ("data of endpoint lake", "endpoint ledger", "endpoint orders")


def test_a_key_is_unused_only_when_all_users_are_listed() -> None:
    everything = [endpoints(endpoint("orders", OTHER)), instances(), configs()]
    assert key_users.dms_users(*inventory(key(), *everything)) == ()
    for number in range(len(everything)):
        with pytest.raises(Missing):
            key_users.dms_users(*inventory(key(), *everything[:number], *everything[number + 1 :]))


@pytest.mark.parametrize("unclear", [endpoint("orders"), endpoint("orders", "alias/orders"), endpoint("orders", "?")])
def test_a_resource_whose_key_cannot_be_told_may_use_any(unclear: dict[str, Any]) -> None:
    with pytest.raises(Missing):
        key_users.dms_users(*inventory(key(), endpoints(unclear), instances(), configs()))
    both = endpoints(unclear, endpoint("ledger", ID))
    assert key_users.dms_users(*inventory(key(), both, instances(), configs())) == ("endpoint ledger",)


def test_the_same_id_in_another_region_is_another_key() -> None:
    abroad = endpoint("orders", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{ID}")
    assert key_users.dms_users(*inventory(key(), endpoints(abroad), instances(), configs())) == ()


def test_a_source_and_a_key_that_another_engine_names_are_no_use() -> None:
    source = {**lake(), "EndpointType": "SOURCE"}
    found = inventory(key(), endpoints(source), instances(), configs())
    assert key_users.dms_users(*found) == ()


def test_customer_keys_of_an_account_exclude_target_keys() -> None:
    _, found = inventory(key(), endpoints(lake()), instances(), configs())
    used = key_users.customer_keys(ACCOUNT, found)
    assert used.items == ()
    assert used.missing is not None  # nobody says who manages the other key
    _, found = inventory(key(), endpoints(endpoint("orders", ID)))
    assert [one.id for one in key_users.customer_keys(ACCOUNT, found).items] == [ID]


def test_what_a_resources_key_is_asked_can_be_asked_of_a_key() -> None:
    one, found = inventory(key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"))
    of_keys = encryption_keys
    asked = [of_keys.arn, of_keys.spec, of_keys.usage, of_keys.state, of_keys.manager]
    assert [derive(one, found) for derive in asked] == [one.arn, "RSA_2048", "SIGN_VERIFY", "Enabled", "CUSTOMER"]


# -- who is let in


@pytest.mark.parametrize(
    ("condition", "pinned"),
    [
        ({"StringEquals": {"kms:CallerAccount": ACCOUNT}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, True),
        ({"StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}}, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
        ({"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}, True),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:dms:*:{ACCOUNT}:*"}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": ROLE}}, True),
        ({"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:*"}}, True),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/lake"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:dms:*:*:endpoint:*"}}, False),
        ({"StringLike": {"kms:CallerAccount": "*"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, False),
        ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, False),
        ({"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({}, False),
    ],
)
def test_a_caller_is_pinned_by_account_organization_or_arn(condition: Any, pinned: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": allow("kms:Decrypt", "*", **condition)}
    read = parse(document, "the key policy")
    assert is_pinned(read.statements[0], read, "kms:decrypt", "aws") is pinned
    one, found = inventory(key(), policy(document["Statement"]))  # type: ignore[arg-type]
    assert (key_policies.open_statements(one, found) == ()) is pinned


def grantors(*statements: dict[str, Any], more: tuple[Document, ...] = ()) -> tuple[str, ...]:
    return key_policies.unbounded_grantors(*inventory(key(), policy(*statements), *more))


def test_who_may_make_grants_is_told_with_the_statement() -> None:
    assert grantors(allow("kms:CreateGrant", {"AWS": ROLE})) == (f"{ROLE} (statement 1)",)
    assert grantors(allow("kms:Cr*", {"AWS": [ROLE, "444455556666"]}))[1] == "444455556666 (statement 1)"


def test_administrators_are_no_users_even_by_another_statement() -> None:
    assert grantors(allow("kms:CreateGrant", {"AWS": ROLE}), allow("kms:PutKeyPolicy", {"AWS": [ROLE]})) == ()


@pytest.mark.parametrize("operator", ["Bool", "BoolIfExists"])
def test_a_bound_that_a_direct_call_passes_is_none(operator: str) -> None:
    bound = allow("kms:CreateGrant", {"AWS": ROLE}, **{operator: {"kms:GrantIsForAWSResource": "true"}})
    assert bool(grantors(bound)) is (operator == "BoolIfExists")


def test_roles_of_unlisted_endpoints_may_grant_by_own_policies() -> None:
    root = allow("kms:*", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    everything = (endpoints(endpoint("orders", ID, Username="dms", MySQLSettings={})), instances(), configs())
    assert grantors(root, more=everything) == ()
    with pytest.raises(Missing):
        grantors(root, more=everything[1:])
    with pytest.raises(Missing):
        grantors(root, more=(endpoints(lake()), *everything[1:]))
    assert grantors(allow("kms:*", {"AWS": ROLE}), more=()) == ()


def test_rotation_is_that_of_the_key_alone() -> None:
    status = Document("kms:GetKeyRotationStatus", {"KeyRotationEnabled": True}, subject=OTHER, account=ACCOUNT)
    with pytest.raises(Missing):
        key_policies.rotates(*inventory(key(), status))
    assert key_policies.rotates(*inventory(key(), status._replace(subject=ID))) is True


# -- roles


def details(*statements: dict[str, Any]) -> Document:
    inline = {"PolicyName": "mine", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    trust = {"Statement": {"Effect": "Allow", "Principal": {"Service": "dms.amazonaws.com"}, "Action": "sts:*"}}
    role = {"RoleName": "lake", "Arn": ROLE, "AssumeRolePolicyDocument": trust, "AttachedManagedPolicies": []}
    return Document("iam:GetAccountAuthorizationDetails", {"RoleDetailList": [{**role, "RolePolicyList": [inline]}]})


def one_endpoint(found: Inventory) -> Resource:
    return next(iter(found.known("endpoint")))


def test_a_certain_lack_on_the_target_key_beats_what_is_missing() -> None:
    inside = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    network = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": inside}
    denied = {"Sid": "No", "Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}
    root = allow("kms:*", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    grants = Document("kms:ListGrants", {"Grants": []}, subject=ID, account=ACCOUNT, region="eu-west-1")
    _, found = inventory(key(), endpoints(lake()), policy(root), grants, details(network, denied))
    assert target_keys.missing_actions(one_endpoint(found), found) == ("kms:Decrypt",)
    assert target_keys.refusals(one_endpoint(found), found) == ("denied by No in mine",)
    _, found = inventory(key(), endpoints(lake()), policy(root), grants, details(network))
    with pytest.raises(Missing):
        target_keys.missing_actions(one_endpoint(found), found)


def login(*documents: Document, **more: Any) -> tuple[str, ...]:
    settings = {"AuthenticationMethod": "iam", "ServiceAccessRoleArn": ROLE}
    asked = endpoint("orders", Username="dms", ServerName="db.example.com", MySQLSettings=settings, **more)
    found = Inventory((endpoints(asked), *documents), NOW)
    return login_roles.defects(one_endpoint(found), found)


def test_an_unknown_database_login_needs_every_login_allowed() -> None:
    def connect(resource: str) -> Document:
        return details({"Effect": "Allow", "Action": "rds-db:connect", "Resource": resource})

    assert login(connect("*")) == ()
    assert login(connect("arn:aws:rds-db:*:*:dbuser:*/dms")) == ()
    with pytest.raises(Missing):
        login(connect(f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:db-ABC/dms"))
    assert login(connect("arn:aws:rds-db:*:*:dbuser:*/other")) == (
        f"{ROLE} is not allowed rds-db:connect on arn:aws:rds-db:*:*:dbuser:*/dms",
    )


def test_a_login_role_that_was_not_read_is_not_missing() -> None:
    refusal = Document("iam:GetAccountAuthorizationDetails", {}, refusal=Refusal("AccessDenied", "no"))
    with pytest.raises(Missing):
        login(refusal)

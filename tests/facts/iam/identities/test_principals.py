from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.access import operator_key_access as principal_keys
from dms_lint.facts.access import operator_permissions as principal_needs
from dms_lint.facts.access import operator_secret_access as principal_secrets
from dms_lint.facts.iam.dms_roles import role_trust, serverless_role
from dms_lint.facts.iam.identities import access_keys, principals, root_user
from dms_lint.facts.iam.identities.requester import chosen, requester
from dms_lint.iam_policy.evaluation import allowed
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource, Status
from dms_lint.rulepack.predicates import compile_schema
from tests.build import ACCOUNT, NOW

DETAILS = "iam:GetAccountAuthorizationDetails"
USER = f"arn:aws:iam::{ACCOUNT}:user/ana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"
ENDPOINT = Document(
    "dms:DescribeEndpoints",
    {
        "Endpoints": [
            {
                "EndpointIdentifier": "orders",
                "EndpointArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:ORDERS",
                "EndpointType": "SOURCE",
                "EngineName": "mysql",
            }
        ]
    },
)
Statement = dict[str, Any]


def document(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> Statement:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def user(*statements: Statement, **more: Any) -> dict[str, Any]:
    return {
        "UserName": "ana",
        "Arn": USER,
        "GroupList": [],
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document(*statements)}],
        "AttachedManagedPolicies": [],
        **more,
    }


def role(*statements: Statement, trusted: Any = ACCOUNT, **more: Any) -> dict[str, Any]:
    principal = trusted if isinstance(trusted, dict) else {"AWS": trusted}
    return {
        "RoleName": "deployer",
        "Arn": ROLE,
        "AssumeRolePolicyDocument": document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}),
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(*statements)}],
        "AttachedManagedPolicies": [],
        **more,
    }


def principal(
    users: tuple[dict[str, Any], ...] = (), roles: tuple[dict[str, Any], ...] = (), *more: Document
) -> tuple[Resource, Inventory]:
    details = Document(DETAILS, {"UserDetailList": list(users), "RoleDetailList": list(roles)})
    found = Inventory([details, ENDPOINT, *more], NOW)
    return next(iter(found.known("principal"))), found


# -- who may do what


@pytest.mark.parametrize(
    ("statements", "creates"),
    [
        ([allow("*")], principals.CREATING),
        ([allow("dms:*")], principals.CREATING),
        ([allow("DMS:create*")], principals.CREATING),
        ([allow("dms:CreateEndpoint")], ("dms:CreateEndpoint",)),
        ([allow("dms:CreateEndpoint", "arn:aws:dms:*:*:endpoint:*")], ()),
        ([allow("dms:CreateReplicationConfig", "arn:aws:dms:eu-west-1:*:endpoint:ORDERS")],
         ("dms:CreateReplicationConfig",)),
        ([allow("dms:CreateReplicationConfig", "arn:aws:dms:us-*")], ("dms:CreateReplicationConfig",)),
        ([allow("dms:CreateReplicationConfig", "arn:aws:dms:*:*:rep:*")], ()),
        ([allow("dms:CreateReplicationConfig", "arn:aws:dms:*:444455556666:*")], ()),
        ([allow("dms:CreateReplicationConfig"), deny("*", "arn:aws:dms:*:*:endpoint:*")], ()),
        ([allow("dms:*"), deny("dms:*", Condition={"Bool": {"aws:SecureTransport": "false"}})], principals.CREATING),
        ([allow("dms:*"), deny("dms:*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})],
         principals.CREATING),
        ([allow("dms:*", Condition={"StringEquals": {"aws:username": "ana"}})], principals.CREATING),
        ([allow("dms:*", Condition={"StringEquals": {"aws:username": "ben"}})], ()),
        ([allow("dms:*", Condition={"StringEquals": {"aws:RequestTag/team": "x"}})], principals.CREATING),
        ([allow("dms:*", Condition={"StringEquals": {"aws:PrincipalTag/Team": "x"}})], principals.CREATING),
        ([allow("dms:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "y"}})], ()),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], principals.CREATING),
        ([allow("s3:*")], ()),
        ([], ()),
    ],
)  # fmt: skip
def test_who_may_make_something(statements: list[Statement], creates: tuple[str, ...]) -> None:
    someone, found = principal((user(*statements, Tags=[{"Key": "Team", "Value": "x"}]),))
    assert principals.creates(someone, found) == creates


@pytest.mark.parametrize(
    ("trusted", "counts"),
    [
        (ACCOUNT, True),
        ("*", True),
        ({"Federated": "accounts.google.com"}, True),
        ({"Service": "dms.amazonaws.com"}, False),
        ({"Service": ["dms.amazonaws.com", "lambda.amazonaws.com"]}, True),
        ({"Service": "CloudFormation.amazonaws.com"}, True),
        ({"Service": "ec2.amazonaws.com.cn"}, True),
        ({"Service": "events.amazonaws.com"}, False),
        ({"Service": "events.amazonaws.com", "AWS": ROLE}, True),
    ],
)
def test_a_role_with_which_only_a_service_works_manages_nothing(trusted: Any, counts: bool) -> None:
    someone, found = principal((), (role(allow("dms:*"), trusted=trusted),))
    assert bool(principals.manages(someone, found)) is counts


def test_a_role_of_which_it_is_not_known_who_assumes_it() -> None:
    someone, found = principal((), (role(allow("dms:*"), AssumeRolePolicyDocument=None),))
    with pytest.raises(Missing):
        principals.creates(someone, found)
    someone, found = principal((), (role(allow("s3:*"), AssumeRolePolicyDocument=None),))
    assert principals.creates(someone, found) == ()


def test_what_is_certain_counts_despite_an_unread_policy() -> None:
    unread = {"AttachedManagedPolicies": [{"PolicyName": "x", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/x"}]}
    someone, found = principal((user(deny("dms:Create*"), **unread),))
    assert principals.creates(someone, found) == ()
    someone, found = principal((user(allow("dms:CreateEndpoint"), **unread),))
    with pytest.raises(Missing, match="the text of the policy x"):
        principals.creates(someone, found)


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        (
            "arn:aws:dms:eu-west-1:*:endpoint:orders-*",
            f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:orders-{IMPROBABLE_NAMES[0]}",
        ),
        ("arn:aws:dms:eu-west-1:*", f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:{IMPROBABLE_NAMES[0]}"),
        ("arn:aws:dms:*:*:endpoint:${aws:username}", f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:ana"),
        (
            "arn:aws:dms:*:${aws:PrincipalAccount}:endpoint:A-*",
            f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:A-{IMPROBABLE_NAMES[0]}",
        ),
        ("arn:aws:dms:*:*:endpoint:A?", f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:Ax"),
    ],
)
def test_a_grant_on_a_few_is_a_grant(pattern: str, made: str) -> None:
    someone, found = principal((user(allow("dms:ModifyEndpoint", pattern)),))
    who = requester(someone, found)
    template = "arn:{partition}:dms:{region}:{account}:endpoint:{name}"
    assert who.on_some("dms:ModifyEndpoint", template).allowed is True
    assert made in set(who.candidates("dms:ModifyEndpoint", template))
    assert who.on("dms:ModifyEndpoint", made).allowed is True


PATTERN = st.lists(
    st.sampled_from(["arn", "aws", "dms", "*", ":", "eu-west-1", ACCOUNT, "endpoint", "ORDERS", "?", "rep"]),
    max_size=12,
).map("".join)


@given(PATTERN, st.sampled_from(["Allow", "Deny"]), PATTERN)
def test_some_resource_is_only_one_that_exists_for_the_policies(pattern: str, effect: str, other: str) -> None:
    statements = [allow("dms:ModifyEndpoint", pattern), {**allow("dms:*", other), "Effect": effect}]
    someone, found = principal((user(*statements),))
    who = requester(someone, found)
    template = "arn:{partition}:dms:{region}:{account}:endpoint:{name}"
    candidates = set(who.candidates("dms:ModifyEndpoint", template))
    assert all(one.startswith("arn:aws:dms:") and f":{ACCOUNT}:endpoint:" in one for one in candidates)
    one = f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:ORDERS"
    if effect == "Allow" and who.on("dms:ModifyEndpoint", one).allowed and other == "*":
        assert who.on_some("dms:ModifyEndpoint", template).allowed is True


STATEMENT = st.builds(
    lambda effect, element, patterns, resource: {"Effect": effect, element: patterns, "Resource": resource},
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["Action", "NotAction"]),
    st.lists(st.sampled_from(["dms:*", "*", "d?s:ModifyEndpoint", "iam:*", "dms:Create*"]), min_size=1, max_size=2),
    st.sampled_from(["*", "arn:aws:dms:*:*:endpoint:*", "arn:aws:dms:*:*:rep:*"]),
)


@given(st.lists(STATEMENT, max_size=4), st.sampled_from(["dms:ModifyEndpoint", "iam:PassRole", "kms:Encrypt"]))
def test_statements_about_other_actions_can_be_left_out(statements: list[Statement], action: str) -> None:
    someone, found = principal((user(*statements),))
    who = requester(someone, found)
    for resource in ("*", f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:ORDERS"):
        request = Request(action, resource, who.context, chosen("call"))
        assert who.on(action, resource).allowed is allowed(request, who.identity).allowed
    touched = any(principals.begins_like_dms(one) for each in statements for one in each.get("Action", ["*"]))
    assert touched or not principals.manages(someone, found)


def test_conditions_that_a_caller_meets_by_how_it_calls() -> None:
    assert {"aws:multifactorauthpresent", "aws:sourceip", "aws:requesttag"} <= chosen("call")
    assert "aws:resourcetag" not in chosen("call")
    assert "aws:resourcetag" in chosen("call", "resource")
    assert "aws:principalorgid" not in chosen("call", "resource")


# -- MFA


@pytest.mark.parametrize(
    ("statements", "without"),
    [
        ([allow("dms:DeleteEndpoint")], True),
        ([allow("dms:DeleteEndpoint", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], False),
        ([allow("dms:DeleteEndpoint", Condition={"Bool": {"aws:MultiFactorAuthPresent": True}})], False),
        ([allow("dms:DeleteEndpoint", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": 300}})], False),
        ([allow("dms:DeleteEndpoint", Condition={"Null": {"aws:MultiFactorAuthAge": "false"}})], False),
        ([allow("dms:DeleteEndpoint"),
          deny("dms:*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})], False),
        ([allow("dms:DeleteEndpoint"),
          deny("dms:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})], True),
        ([allow("dms:DeleteEndpoint"),
          deny("dms:*", Condition={"Null": {"aws:MultiFactorAuthPresent": "true"}})], False),
        ([allow("dms:DeleteEndpoint"),
          deny("dms:*", "arn:aws:dms:us-east-1:*:*",
               Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})], True),
    ],
)  # fmt: skip
def test_what_goes_without_mfa(statements: list[Statement], without: bool) -> None:
    someone, found = principal((user(*statements),))
    assert principals.changes(someone, found) == ("dms:DeleteEndpoint",)
    assert bool(principals.changes_without_mfa(someone, found)) is without


# -- what they lack


def test_each_missing_action_says_what_for_it_is_needed() -> None:
    someone, found = principal((user(allow("dms:*"), allow("ec2:Describe*")),), (role(),))
    missing = principal_needs.missing_actions(someone, found)
    assert missing == (
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
        f"iam:PassRole on arn:aws:iam::{ACCOUNT}:role/dms-vpc-role",
    )
    reasons = principal_needs.missing_for(someone, found)
    assert [one.partition(": ")[0] for one in reasons] == list(missing)
    assert "in your VPC" in reasons[0]
    console = principal_needs.missing_in_console(someone, found)
    assert "kms:ListAliases: choosing a KMS key from a list" in console
    assert not any(one.startswith("dms:") for one in console)


@pytest.mark.parametrize("service", ["dms.amazonaws.com", "dms.eu-west-1.amazonaws.com"])
def test_a_role_may_be_handed_to_dms_under_each_of_its_names(service: str) -> None:
    passing = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": service}})
    someone, found = principal((user(allow("dms:*"), allow("ec2:*"), passing),), (role(),))
    assert principal_needs.missing_actions(someone, found) == ()


def test_a_grant_of_passrole_that_only_some_principal_can_use() -> None:
    passing = allow("iam:PassRole", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
    someone, found = principal((user(allow("dms:*"), allow("ec2:*"), passing),), (role(),))
    with pytest.raises(Missing, match="aws:principalorgid"):
        principal_needs.missing_actions(someone, found)


def test_nothing_is_said_of_unread_keys_and_secrets() -> None:
    someone, found = principal((user(allow("dms:*")),))
    with pytest.raises(Missing):
        principal_keys.customer_keys(someone, found)
    with pytest.raises(Missing):
        principal_secrets.secret_endpoints(someone, found)


# -- access keys and the root user

HEADER = (
    "user,arn,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_2_active,access_key_2_last_rotated"
)


def report(*lines: str) -> Document:
    content = b64encode("\n".join((HEADER, *lines)).encode()).decode()
    return Document("iam:GetCredentialReport", {"Content": content, "ReportFormat": "text/csv"}, account=ACCOUNT)


def keys(*dates: str, status: str = "Active") -> Document:
    listed = [
        {"UserName": "ana", "AccessKeyId": f"AKIA{n}", "Status": status, "CreateDate": date}
        for n, date in enumerate(dates)
    ]
    return Document("iam:ListAccessKeys", {"AccessKeyMetadata": listed}, subject="ana", account=ACCOUNT)


@pytest.mark.parametrize(
    ("answers", "faults", "active"),
    [
        ([keys()], (), ()),
        ([keys("2026-11-22T00:00:00Z", status="Inactive")], (), ()),
        ([keys("2026-11-22T00:00:00Z")], (access_keys.AN_ACTIVE,), ("AKIA0 (1 days old)",)),
        ([keys("2026-08-24T00:00:00Z")], (access_keys.OLD,), ("AKIA0 (91 days old)",)),
        ([keys("2027-01-01T00:00:00Z")], (access_keys.AN_ACTIVE,), ("AKIA0 (0 days old)",)),
        ([keys("2026-11-22", "2020-01-01")], (access_keys.TWO_ACTIVE, access_keys.OLD),
         ("AKIA0 (1 days old)", "AKIA1 (2518 days old)")),
        ([report(f"ana,{USER},false,true,2026-11-22T00:00:00Z,false,N/A")], (access_keys.AN_ACTIVE,),
         ("access key 1 (1 days old)",)),
        ([report(f"ana,{USER},false,false,N/A,false,N/A")], (), ()),
        ([report(f"ana,{USER},false,true,N/A,true,no_information")], (access_keys.TWO_ACTIVE,),
         ("access key 1", "access key 2")),
        ([keys(), report(f"ana,{USER},false,true,N/A,true,N/A")], (), ()),
    ],
)  # fmt: skip
def test_the_keys_of_a_user(answers: list[Document], faults: tuple[str, ...], active: tuple[str, ...]) -> None:
    someone, found = principal((user(),), (), *answers)
    assert access_keys.faults(someone, found) == faults
    assert access_keys.active(someone, found) == active


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [report()],
        [report(f"ana,{USER},false,?,,false,")],
        [report(f"ben,{USER},false,true,,false,")],
        [Document("iam:GetCredentialReport", {"Content": "=", "ReportFormat": "text/csv"}, account=ACCOUNT)],
        [keys("2026-11-22", status="Lost")],
    ],
)
def test_keys_of_which_nothing_certain_is_said(answers: list[Document]) -> None:
    someone, found = principal((user(),), (), *answers)
    with pytest.raises(Missing):
        access_keys.faults(someone, found)


@given(st.text(max_size=60))
def test_a_report_of_any_content_breaks_nothing(content: str) -> None:
    garbled = Document("iam:GetCredentialReport", {"Content": content, "ReportFormat": "text/csv"}, account=ACCOUNT)
    someone, found = principal((user(),), (), garbled)
    with pytest.raises(Missing):
        access_keys.active(someone, found)


def account(*documents: Document) -> tuple[Resource, Inventory]:
    found = Inventory([ENDPOINT, *documents], NOW)
    (one,) = found.known("account")
    return one, found


def summary(**numbers: int) -> Document:
    return Document("iam:GetAccountSummary", {"SummaryMap": numbers}, account=ACCOUNT)


@pytest.mark.parametrize(
    ("documents", "protection"),
    [
        ([summary(AccountMFAEnabled=1)], root_user.MFA),
        ([summary(AccountMFAEnabled=0, AccountAccessKeysPresent=1)], root_user.NO_MFA),
        ([summary(AccountMFAEnabled=0, AccountAccessKeysPresent=0, AccountPasswordPresent=1)], root_user.NO_MFA),
        ([summary(AccountMFAEnabled=0, AccountAccessKeysPresent=0, AccountPasswordPresent=0)],
         root_user.NO_CREDENTIALS),
        ([report("<root_account>,x,true,false,N/A,false,N/A")], root_user.MFA),
        ([report("<root_account>,x,false,true,N/A,false,N/A")], root_user.NO_MFA),
    ],
)  # fmt: skip
def test_what_protects_the_root_user(documents: list[Document], protection: str) -> None:
    one, found = account(*documents)
    assert root_user.protection(one, found) == protection


def test_a_report_does_not_tell_of_the_root_users_password() -> None:
    one, found = account(report("<root_account>,x,false,false,N/A,false,N/A"))
    assert root_user.has_access_keys(one, found) is False
    with pytest.raises(Missing):
        root_user.protection(one, found)


# -- whom roles trust


def trusting(*statements: Statement, name: str = "dms-lake") -> tuple[Resource, Inventory]:
    one = {
        "RoleName": name,
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "AssumeRolePolicyDocument": document(*statements),
    }
    found = Inventory([Document(DETAILS, {"RoleDetailList": [one]}), ENDPOINT], NOW)
    (only,) = found.known("role")
    return only, found


def lets(principal: Any, effect: str = "Allow", **more: Any) -> Statement:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more}


DMS = {"Service": "dms.amazonaws.com"}


@pytest.mark.parametrize(
    ("condition", "open_"),
    [
        ({}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, "444455556666"]}}, False),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deployer"}}, True),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, True),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, True),
    ],
)
def test_what_pins_everybody(condition: dict[str, Any], open_: bool) -> None:
    one, found = trusting(lets(DMS), lets("*", Condition=condition))
    assert bool(role_trust.outsiders(one, found)) is open_


def test_a_denial_shuts_out_whom_it_names() -> None:
    other = "arn:aws:iam::444455556666:role/x"
    one, found = trusting(lets(DMS), lets({"AWS": other}), lets({"AWS": other}, "Deny"))
    assert role_trust.outsiders(one, found) == ()
    one, found = trusting(lets(DMS), lets({"AWS": other}), lets({"AWS": f"{other}y"}, "Deny"))
    assert role_trust.outsiders(one, found) == (f"{other}, of another account (statement 2)",)


def test_who_was_deleted_is_told_and_is_no_outsider() -> None:
    one, found = trusting(lets(DMS), lets({"AWS": "AROAEXAMPLEEXAMPLE123"}))
    assert role_trust.outsiders(one, found) == ()
    assert role_trust.deleted(one, found) == ("AROAEXAMPLEEXAMPLE123",)


def test_a_statement_that_lost_its_principal_says_nothing() -> None:
    one, found = trusting(lets(DMS), {"Effect": "Allow", "Action": "sts:AssumeRole"})
    with pytest.raises(Missing) as caught:
        role_trust.outsiders(one, found)
    assert caught.value.status is Status.NOT_READABLE


@given(st.sampled_from(["StringEquals", "StringLike", "ArnLike", "ArnEquals"]), st.booleans(), st.booleans())
def test_only_a_condition_that_asks_bounds_dms(operator: str, if_exists: bool, all_values: bool) -> None:
    key, value = (
        ("aws:SourceArn", f"arn:aws:dms:*:{ACCOUNT}:*") if "Arn" in operator else ("aws:SourceAccount", ACCOUNT)
    )
    written = ("ForAllValues:" if all_values else "") + operator + ("IfExists" if if_exists else "")
    one, found = trusting(lets(DMS, Condition={written: {key: value}}))
    assert bool(role_trust.unbounded_statements(one, found)) is (if_exists or all_values)


# -- serverless replications


@pytest.mark.parametrize(
    ("members", "started"),
    [
        ({"Status": "created"}, False),
        ({"Status": "Created", "ProvisionData": {}, "ReplicationStats": {}}, False),
        ({"Status": "running"}, True),
        ({"Status": "stopped"}, True),
        ({"StopReason": "Stop Reason NORMAL"}, True),
        ({"ReplicationStats": {"FreshStartDate": "2026-01-01T00:00:00Z"}, "Status": "created"}, True),
        ({"ProvisionData": {"DateProvisioned": "2026-01-01T00:00:00Z"}, "Status": "created"}, True),
    ],
)
def test_whether_a_replication_was_ever_started(members: dict[str, Any], started: bool) -> None:
    one = {
        "ReplicationConfigIdentifier": "nightly",
        "ReplicationConfigArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:replication-config:N",
        **members,
    }
    where, found = account(Document("dms:DescribeReplications", {"Replications": [one]}))
    assert bool(serverless_role.started(where, found)) is started


def test_a_replication_without_a_status_was_started_or_not() -> None:
    one = {"ReplicationConfigArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:replication-config:N"}
    where, found = account(Document("dms:DescribeReplications", {"Replications": [one]}))
    with pytest.raises(Missing):
        serverless_role.started(where, found)


# -- schemas


def test_every_fact_of_a_principal_is_as_its_schema_says() -> None:
    someone, found = principal((user(allow("dms:*")),), (role(),), keys("2026-11-22"))
    for module in (principals, principal_needs, access_keys):
        for fact in module.FACTS:
            assert compile_schema(fact.schema)(fact.derive(someone, found))

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import table
from dms_lint.facts.dms import presence
from dms_lint.facts.iam.dms_roles import required_roles as roles
from dms_lint.facts.iam.dms_roles import service_access_roles as service_roles
from dms_lint.facts.iam.identities.attached_policies import aws_managed, identity, managed_policy
from dms_lint.iam_policy.evaluation import allowed
from dms_lint.iam_policy.requests import Request
from dms_lint.iam_policy.statements import parse
from dms_lint.model import Document, Missing, Refusal, Resource, Status
from dms_lint.rulepack.predicates import compile_schema
from tests.build import ACCOUNT, inventory

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory

DETAILS = "iam:GetAccountAuthorizationDetails"
INSTANCE = Document(
    "dms:DescribeReplicationInstances",
    {"ReplicationInstances": [{"ReplicationInstanceArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:rep:ORDERS"}]},
)


def role(name: str, **more: Any) -> dict[str, Any]:
    return {"RoleName": name, "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", **more}


def details(*found: dict[str, Any], **more: Any) -> Document:
    return Document(DETAILS, {"RoleDetailList": list(found), **more})


def account(found: Inventory) -> Resource:
    (one,) = found.known("account")
    return one


def allow(*actions: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}


def attached(arn: str) -> dict[str, Any]:
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


# -- policies of roles and users


def may(found: Inventory, kind: str, name: str, action: str) -> Any:
    resource = found.find(kind, name, ACCOUNT)
    assert resource is not None
    return allowed(Request(action), identity(resource, found)).allowed


def test_a_user_has_the_policies_of_its_groups() -> None:
    found = inventory(
        Document(
            DETAILS,
            {
                "UserDetailList": [
                    {
                        "UserName": "ana",
                        "Arn": f"arn:aws:iam::{ACCOUNT}:user/ana",
                        "GroupList": ["operators"],
                        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": allow("dms:StartReplicationTask")}],
                        "AttachedManagedPolicies": [],
                    }
                ],
                "GroupDetailList": [
                    {
                        "GroupName": "operators",
                        "Arn": f"arn:aws:iam::{ACCOUNT}:group/operators",
                        "GroupPolicyList": [{"PolicyName": "read", "PolicyDocument": allow("dms:Describe*")}],
                        "AttachedManagedPolicies": [],
                    }
                ],
                "RoleDetailList": [role("deployer")],
            },
        )
    )
    assert may(found, "user", "ana", "dms:StartReplicationTask") is True
    assert may(found, "user", "ana", "dms:DescribeEndpoints") is True
    assert may(found, "user", "ana", "dms:DeleteEndpoint") is False


def test_a_user_whose_group_was_not_read_may_be_allowed_anything() -> None:
    user = {
        "UserName": "ana",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/ana",
        "GroupList": ["operators"],
        "UserPolicyList": [],
        "AttachedManagedPolicies": [],
    }
    assert may(inventory(Document(DETAILS, {"UserDetailList": [user]})), "user", "ana", "dms:DeleteEndpoint") is None


@pytest.mark.parametrize("row", table("managed-policies")["rows"], ids=lambda row: str(row["policy"]))
def test_awss_own_policies_are_known_without_their_text(row: dict[str, Any]) -> None:
    holder = details(role("r", RolePolicyList=[], AttachedManagedPolicies=[]))
    found = inventory(holder)
    (resource,) = found.known("role")
    policy = managed_policy(f"arn:aws:iam::aws:policy/{row['policy']}", resource, found)
    assert policy == parse(row["document"], row["policy"].rpartition("/")[2])
    with pytest.raises(Missing):
        managed_policy(f"arn:aws-cn:iam::aws:policy/{row['policy']}", resource, found)


def test_a_text_that_was_read_counts_before_the_known_one() -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole"
    versions = [{"VersionId": "v9", "IsDefaultVersion": True, "Document": allow("ec2:DescribeVpcs")}]
    found = inventory(
        details(
            role("r", RolePolicyList=[], AttachedManagedPolicies=[attached(arn)]),
            Policies=[{"PolicyName": "AmazonDMSVPCManagementRole", "Arn": arn, "PolicyVersionList": versions}],
        )
    )
    assert may(found, "role", "r", "ec2:DescribeVpcs") is True
    assert may(found, "role", "r", "ec2:DescribeSubnets") is False


@pytest.mark.parametrize(
    ("default", "version", "answer"),
    [
        ("v2", {"VersionId": "v2"}, True),
        ("v2", {"VersionId": "v1"}, None),
        ("v2", {"VersionId": "v1", "IsDefaultVersion": False}, None),
        ("", {"VersionId": "v1", "IsDefaultVersion": True}, True),
        ("", {"VersionId": "v1"}, None),
    ],
)
def test_only_the_default_version_of_a_policy_counts(default: str, version: dict[str, Any], answer: Any) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/own"
    documents = [
        details(role("r", RolePolicyList=[], AttachedManagedPolicies=[attached(arn)])),
        Document("iam:GetPolicyVersion", {"PolicyVersion": {**version, "Document": allow("*")}}, subject="own"),
    ]
    if default:
        about = {"PolicyName": "own", "Arn": arn, "DefaultVersionId": default}
        documents.append(Document("iam:GetPolicy", {"Policy": about}))
    assert may(inventory(*documents), "role", "r", "s3:ListAllMyBuckets") is answer


def test_a_garbled_inline_policy_leaves_the_role_open() -> None:
    policies = [{"PolicyName": "a", "PolicyDocument": allow("*")}, {"PolicyName": "b", "PolicyDocument": "%7B"}]
    found = inventory(details(role("r", RolePolicyList=policies, AttachedManagedPolicies=[])))
    assert may(found, "role", "r", "ec2:DescribeVpcs") is None
    resource = found.find("role", "r", ACCOUNT)
    assert resource is not None
    missing = identity(resource, found).policies.missing
    assert missing is not None
    assert "b is not JSON" in missing.message
    assert missing.status is Status.NOT_READABLE


@given(
    st.fixed_dictionaries(
        {},
        optional={
            key: st.none() | st.integers() | st.text(max_size=3) | st.lists(st.none() | st.text() | st.just({}))
            for key in ("RolePolicyList", "AttachedManagedPolicies", "PermissionsBoundary", "AssumeRolePolicyDocument")
        },
    )
)
def test_a_garbled_role_is_unknown_and_nothing_worse(garbage: dict[str, Any]) -> None:
    found = inventory(INSTANCE, details(role("dms-vpc-role", **garbage), role("dms-access-for-endpoint", **garbage)))
    for fact in roles.FACTS:
        try:
            value = fact.derive(account(found), found)
        except Missing:
            continue
        assert compile_schema(fact.schema)(value), fact.name


@pytest.mark.parametrize(
    ("arn", "policy"),
    [
        ("arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole", "service-role/AmazonDMSVPCManagementRole"),
        ("arn:aws-cn:iam::aws:policy/ReadOnlyAccess", "ReadOnlyAccess"),
        (f"arn:aws:iam::{ACCOUNT}:policy/service-role/AmazonDMSVPCManagementRole", ""),
        ("AmazonDMSVPCManagementRole", ""),
        ("", ""),
    ],
)
def test_whose_policy_an_arn_names(arn: str, policy: str) -> None:
    assert aws_managed(arn) == policy


# -- the account


def test_policies_of_aws_are_of_no_account() -> None:
    found = inventory(
        INSTANCE,
        details(
            role("dms-vpc-role"), Policies=[{"PolicyName": "X", "Arn": "arn:aws:iam::aws:policy/X", "PolicyId": "A"}]
        ),
    )
    assert found.accounts() == (ACCOUNT,)


def test_a_role_that_iam_says_is_not_there() -> None:
    gone = Document("iam:GetRole", {}, subject="dms-vpc-role", refusal=Refusal("NoSuchEntity", "cannot be found"))
    found = inventory(INSTANCE, gone)
    assert roles.vpc_role(account(found), found) == ""
    assert roles.vpc_role_services(account(found), found) == ()
    assert len(roles.vpc_role_missing_actions(account(found), found)) == 8


def test_no_dms_in_one_region_and_another_refused_is_not_none() -> None:
    def listing(operation: str, key: str, region: str, code: str = "") -> Document:
        refusal = Refusal(code, "") if code else None
        return Document(operation, {} if code else {key: []}, account=ACCOUNT, region=region, refusal=refusal)

    empty = [
        listing("dms:DescribeEndpoints", "Endpoints", "eu-west-1"),
        listing("dms:DescribeReplicationInstances", "ReplicationInstances", "eu-west-1"),
    ]
    found = inventory(*empty)
    assert presence.dms_kinds(account(found), found) == ()
    assert presence.redshift_targets(account(found), found) == ()
    found = inventory(
        *empty,
        listing("dms:DescribeReplicationTasks", "ReplicationTasks", "us-east-1"),
        listing("dms:DescribeEndpoints", "Endpoints", "us-east-1", "AccessDeniedException"),
    )
    with pytest.raises(Missing) as missing:
        presence.dms_kinds(account(found), found)
    assert missing.value.status is Status.NOT_READABLE


@pytest.mark.parametrize("operation", ["dms:DescribeEndpoints", "dms:DescribeReplicationInstances"])
@pytest.mark.parametrize("cut", [False, True])
def test_a_region_of_which_nothing_was_read_is_not_forgotten(operation: str, cut: bool) -> None:
    def document(name: str, region: str, body: dict[str, Any], code: str = "") -> Document:
        refusal = Refusal(code, "") if code else None
        return Document(name, body, account=ACCOUNT, region=region, refusal=refusal)

    key = {"dms:DescribeEndpoints": "Endpoints", "dms:DescribeReplicationInstances": "ReplicationInstances"}
    empty = [document(name, "us-east-1", {key[name]: []}) for name in key]
    other = {key[operation]: [], "Marker": "more"} if cut else {}
    found = inventory(*empty, document(operation, "eu-west-1", other, "" if cut else "AccessDeniedException"))
    with pytest.raises(Missing) as missing:
        presence.dms_kinds(account(found), found)
    assert missing.value.status is Status.NOT_READABLE


def test_none_is_certain_once_every_region_with_dms_is_listed() -> None:
    def listing(operation: str, key: str, region: str, account: str = ACCOUNT) -> Document:
        return Document(operation, {key: []}, account=account, region=region)

    here = listing("dms:DescribeEndpoints", "Endpoints", "eu-west-1")
    there = listing("dms:DescribeReplicationTasks", "ReplicationTasks", "us-east-1")
    found = inventory(here, there)
    with pytest.raises(Missing) as missing:
        presence.redshift_targets(account(found), found)
    assert missing.value.status is Status.NOT_PROVIDED
    # What stands there of another service, or of another account, says not that DMS was to be scanned there.
    found = inventory(
        here,
        listing("ec2:DescribeVpcs", "Vpcs", "us-east-1"),
        listing("dms:DescribeReplicationTasks", "ReplicationTasks", "us-east-1", "444455556666"),
    )
    (own,) = (one for one in found.known("account") if one.id == ACCOUNT)
    assert presence.redshift_targets(own, found) == ()


def test_every_region_with_dms_resources_counts() -> None:
    regional = allow("ec2:*")
    regional["Statement"]["Condition"] = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    other = {"ReplicationInstanceArn": f"arn:aws:dms:us-east-1:{ACCOUNT}:rep:BILLING"}
    own = role(
        "dms-vpc-role",
        RolePolicyList=[{"PolicyName": "p", "PolicyDocument": regional}],
        AttachedManagedPolicies=[],
    )
    found = inventory(INSTANCE, details(own))
    assert roles.vpc_role_missing_actions(account(found), found) == ()
    both = Document("dms:DescribeReplicationInstances", {"ReplicationInstances": [other]}, file="us.json")
    found = inventory(INSTANCE, both, details(own))
    assert len(roles.vpc_role_missing_actions(account(found), found)) == 8


@pytest.mark.parametrize("row", table("required-actions")["rows"], ids=lambda row: str(row["role"]))
def test_awss_own_policy_allows_all_that_a_role_needs(row: dict[str, Any]) -> None:
    (policy,) = [one for one in table("managed-policies")["rows"] if one["policy"] == row["policy"]]
    own = [{"PolicyName": "copy", "PolicyDocument": policy["document"]}]
    serverless = {"ReplicationConfigArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:replication-config:ORDERS"}
    found = inventory(
        INSTANCE,
        Document("dms:DescribeReplicationConfigs", {"ReplicationConfigs": [serverless]}),
        details(role(row["role"], RolePolicyList=own, AttachedManagedPolicies=[])),
    )
    facts = {
        "dms-vpc-role": roles.vpc_role_missing_actions,
        "dms-cloudwatch-logs-role": roles.logs_role_missing_actions,
        "dms-access-for-endpoint": roles.access_role_missing_actions,
    }
    assert facts[row["role"]](account(found), found) == ()


def test_a_policy_is_attached_by_the_partition_of_the_role() -> None:
    item = {"RoleName": "dms-vpc-role", "Arn": f"arn:aws-cn:iam::{ACCOUNT}:role/dms-vpc-role"}
    found = inventory(details(item))
    assert roles.vpc_role_policy(account(found), found) == (
        "arn:aws-cn:iam::aws:policy/service-role/AmazonDMSVPCManagementRole"
    )


# -- endpoints


def endpoint(engine: Any, side: Any = "TARGET", **more: Any) -> tuple[Resource, Inventory]:
    item = {
        "EndpointArn": f"arn:aws:dms:eu-west-1:{ACCOUNT}:endpoint:LAKE",
        "EngineName": engine,
        "EndpointType": side,
        **more,
    }
    found = inventory(Document("dms:DescribeEndpoints", {"Endpoints": [item]}))
    (resource,) = found.known("endpoint")
    return resource, found


@pytest.mark.parametrize(
    ("engine", "side", "more", "needed"),
    [
        ("s3", "nonsense", {}, ("Amazon S3",)),
        ("dynamodb", "SOURCE", {}, ()),
        ("mysql", None, {}, ()),
        ("clickhouse", "TARGET", {}, ()),
        ("redshift", "TARGET", {"RedshiftSettings": {"BucketName": None}}, ()),
        ("redshift", "TARGET", {"RedshiftSettings": {"BucketName": "b"}}, ("bucket b",)),
        ("redshift", "SOURCE", {}, ()),
    ],
)
def test_what_an_endpoint_needs_a_role_for(engine: str, side: Any, more: dict[str, Any], needed: tuple[str]) -> None:
    assert service_roles.needs(*endpoint(engine, side, **more)) == needed


def test_the_settings_name_the_role_before_the_endpoint_does() -> None:
    found = endpoint(
        "s3",
        ServiceAccessRoleArn="arn:aws:iam::111122223333:role/old",
        S3Settings={"ServiceAccessRoleArn": "arn:aws:iam::111122223333:role/path/new"},
    )
    assert service_roles.role_arn(*found).endswith("/new")
    assert service_roles.role_name(*found) == "new"


def test_a_role_at_the_endpoint_is_enough_without_settings() -> None:
    found = endpoint("s3", ServiceAccessRoleArn="arn:aws:iam::111122223333:role/lake")
    assert service_roles.role_arn(*found) == "arn:aws:iam::111122223333:role/lake"


def test_a_role_that_no_table_expects_counts_all_the_same() -> None:
    found = endpoint("timestream", ServiceAccessRoleArn="arn:aws:iam::444455556666:role/series")
    assert service_roles.whereabouts(*found) == service_roles.ELSEWHERE
    assert service_roles.services(*found) == ()


GARBAGE: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.none(), max_size=1) | st.just({})
)


@given(
    st.sampled_from(["s3", "redshift", "kinesis", "MYSQL", "kafka", 7, None]),
    st.sampled_from(["SOURCE", "target", 1, None]),
    GARBAGE,
    GARBAGE,
    st.dictionaries(
        st.sampled_from(["S3Settings", "RedshiftSettings", "MySQLSettings"]),
        GARBAGE | st.dictionaries(st.sampled_from(["ServiceAccessRoleArn", "BucketName"]), GARBAGE),
    ),
)
def test_a_garbled_endpoint_is_unknown_and_nothing_worse(
    engine: Any, side: Any, arn: Any, attributes: Any, blocks: dict[str, Any]
) -> None:
    found = endpoint(engine, side, ServiceAccessRoleArn=arn, ExtraConnectionAttributes=attributes, **blocks)
    for fact in service_roles.FACTS:
        try:
            value = fact.derive(*found)
        except Missing:
            continue
        assert compile_schema(fact.schema)(value), fact.name

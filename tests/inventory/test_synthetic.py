"""Resources that no answer holds: what several answers together imply."""

from __future__ import annotations

from typing import Any

from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Refusal
from tests.build import NOW

ACCOUNT, REGION = "111122223333", "eu-west-1"
DMS = f"arn:aws:dms:{REGION}:{ACCOUNT}"
IAM = f"arn:aws:iam::{ACCOUNT}"
POLICY: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}


def read(**answers: Any) -> Inventory:
    documents = [Document(name.replace("__", ":"), body, file=f"{name}.json") for name, body in answers.items()]
    return Inventory(documents, NOW)


def task(number: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "ReplicationTaskIdentifier": f"task-{number}",
        "ReplicationTaskArn": f"{DMS}:task:T{number}",
        "ReplicationInstanceArn": f"{DMS}:rep:R",
        "SourceEndpointArn": f"{DMS}:endpoint:S",
        "TargetEndpointArn": f"{DMS}:endpoint:T",
        **members,
    }


def paths(inventory: Inventory) -> set[str]:
    return {path.id for path in inventory.known("network-path")}


def test_a_task_implies_a_path_to_each_of_its_endpoints() -> None:
    inventory = read(dms__DescribeReplicationTasks={"ReplicationTasks": [task()]})
    assert paths(inventory) == {f"{DMS}:rep:R {DMS}:endpoint:S", f"{DMS}:rep:R {DMS}:endpoint:T"}


def test_tasks_and_tests_that_join_the_same_imply_one_path() -> None:
    inventory = read(
        dms__DescribeReplicationTasks={"ReplicationTasks": [task(1), task(2)]},
        dms__DescribeConnections={
            "Connections": [{"ReplicationInstanceArn": f"{DMS}:rep:R", "EndpointArn": f"{DMS}:endpoint:S"}]
        },
    )
    assert len(paths(inventory)) == 2


def test_a_serverless_replication_is_its_own_runner() -> None:
    config = {
        "ReplicationConfigIdentifier": "orders",
        "ReplicationConfigArn": f"{DMS}:replication-config:C",
        "SourceEndpointArn": f"{DMS}:endpoint:S",
        "TargetEndpointArn": f"{DMS}:endpoint:T",
    }
    inventory = read(dms__DescribeReplicationConfigs={"ReplicationConfigs": [config]})
    assert {path.data["ReplicationConfigArn"] for path in inventory.known("network-path")} == {
        config["ReplicationConfigArn"]
    }


def test_a_path_is_named_after_its_ends_and_placed_as_its_task() -> None:
    endpoint = {"EndpointIdentifier": "orders", "EndpointArn": f"{DMS}:endpoint:S"}
    inventory = read(
        dms__DescribeReplicationTasks={"ReplicationTasks": [task(TargetEndpointArn=None)]},
        dms__DescribeEndpoints={"Endpoints": [endpoint]},
    )
    (path,) = inventory.known("network-path")
    assert (path.name, path.account, path.region) == ("R -> orders", ACCOUNT, REGION)
    assert path.file == "dms__DescribeReplicationTasks.json"


def test_a_refused_listing_of_tasks_leaves_paths_unread() -> None:
    refused = Document(
        "dms:DescribeReplicationTasks", {}, account=ACCOUNT, region=REGION, refusal=Refusal("AccessDenied", "")
    )
    inventory = Inventory([refused], NOW)
    assert [(account, region) for account, region, _ in inventory.unread("network-path")] == [(ACCOUNT, REGION)]


def test_every_identity_is_a_principal_with_its_policies() -> None:
    inventory = read(
        iam__GetAccountAuthorizationDetails={
            "UserDetailList": [
                {
                    "UserName": "ops",
                    "Arn": f"{IAM}:user/ops",
                    "UserPolicyList": [{"PolicyName": "dms", "PolicyDocument": POLICY}],
                }
            ],
            "GroupDetailList": [
                {
                    "GroupName": "team",
                    "Arn": f"{IAM}:group/team",
                    "GroupPolicyList": [{"PolicyName": "dms", "PolicyDocument": POLICY}, "garbled"],
                }
            ],
            "RoleDetailList": [{"RoleName": "deploy", "Arn": f"{IAM}:role/deploy", "AssumeRolePolicyDocument": POLICY}],
            "Policies": [{"PolicyName": "dms", "Arn": f"{IAM}:policy/dms"}],
        }
    )
    assert {one.arn for one in inventory.known("principal")} == {f"{IAM}:user/ops", f"{IAM}:role/deploy"}
    assert {one.name: one.type for one in inventory.known("iam-policy")} == {
        "dms": "AWS::IAM::ManagedPolicy",
        "dms of user ops": "AWS::IAM::UserPolicy",
        "dms of group team": "AWS::IAM::GroupPolicy",
        "trust policy of deploy": "AWS::IAM::Role",
    }


def test_an_inline_policy_cannot_hide_the_trust_policy() -> None:
    role = {
        "RoleName": "dms",
        "Arn": f"{IAM}:role/dms",
        "AssumeRolePolicyDocument": POLICY,
        "RolePolicyList": [{"PolicyName": "AssumeRolePolicyDocument", "PolicyDocument": POLICY}],
    }
    inventory = read(iam__GetAccountAuthorizationDetails={"RoleDetailList": [role]})
    assert [one.name for one in inventory.known("iam-policy")] == [
        "AssumeRolePolicyDocument of role dms",
        "trust policy of dms",
    ]


def test_an_inline_policy_that_was_asked_for_is_a_policy_once() -> None:
    asked = {"RoleName": "deploy", "PolicyName": "dms", "PolicyDocument": POLICY}
    inventory = read(iam__GetRolePolicy=asked)
    assert [(one.name, one.type) for one in inventory.known("iam-policy")] == [
        ("dms of role deploy", "AWS::IAM::RolePolicy")
    ]
    role = {
        "RoleName": "deploy",
        "Arn": f"{IAM}:role/deploy",
        "RolePolicyList": [{"PolicyName": "dms", "PolicyDocument": POLICY}],
    }
    documents = [
        Document("iam:GetRolePolicy", asked, account=ACCOUNT),
        Document("iam:GetAccountAuthorizationDetails", {"RoleDetailList": [role]}, account=ACCOUNT),
    ]
    inventory = Inventory(documents, NOW)
    assert [one.name for one in inventory.known("iam-policy")] == ["dms of role deploy"]


def test_two_answers_about_the_attributes_of_a_vpc_add_up() -> None:
    def attribute(name: str) -> Document:
        body = {"VpcId": "vpc-1", name: {"Value": True}}
        return Document("ec2:DescribeVpcAttribute", body, account=ACCOUNT, region=REGION)

    documents = [attribute("EnableDnsSupport"), attribute("EnableDnsHostnames")]
    inventory = Inventory(documents, NOW)
    (found,) = inventory.known("vpc-attributes")
    assert set(found.data) == {"VpcId", "EnableDnsSupport", "EnableDnsHostnames"}
    assert inventory.notices == []

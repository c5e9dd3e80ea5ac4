from __future__ import annotations

import json
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import (
    RESPONSES,
    ResponseShape,
    action,
    command,
    identify,
    operation_of,
    operations,
    recognise,
    shapes_of,
)
from dms_lint.collectors.exports import parse_export
from dms_lint.model import Notice

ACCOUNT, REGION = "111122223333", "eu-west-1"
OPERATIONS = sorted({row.operation for row in RESPONSES})
IDS = [f"{row.operation}-{row.kind}" for row in RESPONSES]
# dms:ListTagsForResource says of each tag what it is of, when it was asked about several.
SAYS_IN_ITS_ITEMS = {("dms:ListTagsForResource", "ResourceArn")}
DERIVED: dict[str, tuple[str, Any]] = {"secretsmanager:GetSecretValue": ("Derived", {})}
"""What dms-lint puts in the place of what it never keeps."""


@cache
def output(operation: str) -> Any:
    service, name = operation.split(":")
    return botocore.session.get_session().get_service_model(service).operation_model(name).output_shape


def item_shape(row: ResponseShape) -> Any:
    shape = output(row.operation)
    if row.key:
        shape = shape.members[row.key]
    return shape.member if shape.type_name == "list" else shape


def full_answer(operation: str) -> dict[str, Any]:
    """An answer with every member that AWS may send, and of maps, whose keys no model names, those of our rows."""
    service = operation.split(":")[0]
    body: dict[str, Any] = maximal(output(operation), service)
    for row in shapes_of(operation):
        if row.id and item_shape(row).type_name == "map":
            body[row.key][row.id] = f"arn:aws:{service}:{REGION}:{ACCOUNT}:thing"
    return body


def maximal(shape: Any, service: str, name: str = "", above: tuple[str, ...] = ()) -> Any:
    """A value with every member that the shape has; an ARN of the service where one is called so."""
    if shape.type_name == "structure":
        return {
            key: maximal(member, service, key, (*above, shape.name))
            for key, member in shape.members.items()
            if member.name not in above
        }
    if shape.type_name == "list":
        return [maximal(shape.member, service, name, above)]
    if shape.type_name == "map":
        return {"key": maximal(shape.value, service, name, above)}
    if shape.type_name in ("string", "blob"):
        if getattr(shape, "enum", None):
            return shape.enum[0]
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:thing/{name}" if name.lower().endswith("arn") else name
    return {"boolean": True, "timestamp": "2026-01-01T00:00:00Z"}.get(shape.type_name, 1)


class TestRows:
    @pytest.mark.parametrize("row", RESPONSES, ids=IDS)
    def test_aws_sends_every_member_that_a_row_names(self, row: ResponseShape) -> None:
        assert not row.key or row.key in output(row.operation).members
        if item_shape(row).type_name == "map":  # whose keys no model names
            assert not any((row.account, row.marks, row.never))
            return
        members = item_shape(row).members
        for name in (*row.id.rstrip("?").split("+"), row.name, row.account, *row.marks):
            ours = (row.operation, name) in SAYS_IN_ITS_ITEMS or name == DERIVED.get(row.operation, ("",))[0]
            assert not name or name in members or ours, name
        for name in row.never:
            assert name not in members

    @pytest.mark.parametrize("row", RESPONSES, ids=IDS)
    def test_a_row_is_a_list_where_aws_sends_a_list(self, row: ResponseShape) -> None:
        assert row.shape in ("list", "one", "complete")
        sent = output(row.operation).members[row.key].type_name if row.key else "structure"
        assert (sent == "list") == (row.shape != "one")

    def test_every_kind_of_a_row_is_known_and_every_kind_has_a_row(self) -> None:
        implied = {"account", "region"} | {kind.name for kind in KINDS.values() if kind.implied_by}
        assert implied == {"account", "region", "principal", "iam-policy", "network-path"}
        assert {row.kind for row in RESPONSES} | implied == set(KINDS)

    def test_every_kind_says_what_its_listings_speak_for(self) -> None:
        assert {kind.scope for kind in KINDS.values()} == {"region", "account"}

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_an_operation_is_spelt_as_the_aws_cli_spells_it(self, operation: str) -> None:
        service, name = operation.split(":")
        assert command(operation) == xform_name(name, "-")
        assert operation_of(service, command(operation)) == operation

    def test_s3_answers_to_s3api(self) -> None:
        assert operation_of("s3api", "list-buckets") == "s3:ListBuckets"

    def test_another_command_is_none(self) -> None:
        assert operation_of("dms", "list-buckets") is None
        assert operation_of("kms", "decrypt") is None

    def test_complete_listings_come_first(self) -> None:
        assert operations("kms-key") == ("kms:ListKeys", "kms:DescribeKey")
        assert operations("role")[-1] == "iam:GetRole"

    def test_an_iam_action_may_differ_from_its_operation(self) -> None:
        assert action("s3:ListBuckets") == "s3:ListAllMyBuckets"
        assert action("dms:DescribeEndpoints") == "dms:DescribeEndpoints"

    def test_several_members_identify_together_or_not_at_all(self) -> None:
        (row,) = shapes_of("dms:DescribeConnections")
        assert identify(row, {"EndpointArn": "a", "ReplicationInstanceArn": "b"}) == "a b"
        assert identify(row, {"EndpointArn": "a"}) == ""
        assert identify(row, {"EndpointArn": "a", "ReplicationInstanceArn": 5}) == ""


class TestRecognising:
    @pytest.mark.parametrize("operation", [one for one in OPERATIONS if one not in DERIVED])
    def test_an_answer_with_all_that_aws_may_send_is_recognised(self, operation: str) -> None:
        body = full_answer(operation)
        assert recognise(body) == operation
        assert recognise(dict(reversed(body.items()))) == operation

    @pytest.mark.parametrize("row", RESPONSES, ids=IDS)
    def test_an_answer_with_no_more_than_its_ids_is_recognised(self, row: ResponseShape) -> None:
        shape = item_shape(row)
        if shape.type_name == "map":
            body = full_answer(row.operation)[row.key]
            assert recognise({row.key: {row.id: body[row.id]} if row.id else {}}) == row.operation
            return
        names = [*row.id.rstrip("?").split("+"), *row.marks[:1]]
        item = {
            name: maximal(shape.members[name], row.service, name) for name in names if name and name in shape.members
        }
        item |= dict([DERIVED[row.operation]]) if row.operation in DERIVED else {}
        body = item if not row.key else {row.key: item if row.shape == "one" else [item]}
        assert recognise(body) == row.operation

    @pytest.mark.parametrize("row", [row for row in RESPONSES if row.shape == "complete"], ids=lambda r: r.operation)
    def test_an_empty_listing_is_recognised_but_for_the_service(self, row: ResponseShape) -> None:
        found = recognise({row.key: []})
        assert found is not None
        assert found in {one.operation for one in RESPONSES if one.key == row.key}

    @pytest.mark.parametrize(
        ("body", "operation"),
        [
            (
                {
                    "Certificates": [
                        {"CertificateIdentifier": "ca", "CertificateArn": f"arn:aws:dms:{REGION}:{ACCOUNT}:cert:A"}
                    ]
                },
                "dms:DescribeCertificates",
            ),
            (
                {
                    "Certificates": [
                        {
                            "CertificateIdentifier": "ca",
                            "CertificateArn": f"arn:aws:rds:{REGION}::cert:ca",
                            "Thumbprint": "0",
                        }
                    ]
                },
                "rds:DescribeCertificates",
            ),
            (
                {"PendingMaintenanceActions": [{"ResourceIdentifier": f"arn:aws:dms:{REGION}:{ACCOUNT}:rep:A"}]},
                "dms:DescribePendingMaintenanceActions",
            ),
            ({"PendingMaintenanceActions": [{"ResourceIdentifier": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:a"}]}, None),
            (
                {"EventSubscriptionsList": [{"CustSubscriptionId": "a", "Status": "active"}]},
                "dms:DescribeEventSubscriptions",
            ),
            (
                {
                    "EventSubscriptionsList": [
                        {"CustSubscriptionId": "a", "EventSubscriptionArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:es:a"}
                    ]
                },
                None,
            ),
            (
                {"EventSubscriptionsList": [{"CustSubscriptionId": "a", "Severity": "ERROR"}]},
                None,
            ),
            (
                {"InstanceProfiles": [{"InstanceProfileArn": f"arn:aws:dms:{REGION}:{ACCOUNT}:instance-profile:A"}]},
                "dms:DescribeInstanceProfiles",
            ),
            (
                {"InstanceProfiles": [{"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/a", "InstanceProfileId": "A"}]},
                None,
            ),
            ({"Policy": {"Arn": f"arn:aws:iam::{ACCOUNT}:policy/a", "PolicyName": "a"}}, "iam:GetPolicy"),
            ({"Policy": "{}", "PolicyName": "default"}, "kms:GetKeyPolicy"),
            ({"Policy": "{}"}, "kms:GetKeyPolicy"),
            ({"Policy": "{}", "RevisionId": "1"}, None),
            ({"Clusters": [{"ClusterIdentifier": "a"}]}, "redshift:DescribeClusters"),
            ({"Clusters": [{"ClusterArn": "a", "ClusterName": "b"}]}, None),
            ({"Aliases": [{"AliasArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:a", "Name": "a"}]}, None),
            ({"Endpoints": [{"EndpointArn": f"arn:aws:comprehend:{REGION}:{ACCOUNT}:endpoint/a"}]}, None),
            ({"AccountQuotas": []}, None),
            ({"Endpoints": {}}, None),
            ({"Endpoints": None}, None),
            ({"Role": None}, None),
            ({}, None),
        ],
        ids=str,
    )
    def test_look_alikes_are_told_apart(self, body: dict[str, Any], operation: str | None) -> None:
        assert recognise(body) == operation

    ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:orders-AbCdEf"

    @pytest.mark.parametrize(
        ("more", "operation"),
        [
            ({"CreatedDate": "2026-01-01T00:00:00Z"}, "secretsmanager:DescribeSecret"),
            ({"RotationEnabled": True, "VersionIdsToStages": {}}, "secretsmanager:DescribeSecret"),
            ({"ResourcePolicy": "{}"}, "secretsmanager:GetResourcePolicy"),
            ({}, "secretsmanager:GetResourcePolicy"),
            ({"Versions": []}, "secretsmanager:ListSecretVersionIds"),
            ({"VersionId": "1"}, None),
            ({"VersionId": "1", "CreatedDate": "x", "SecretString": "hunter2", "VersionStages": []}, None),
            ({"CreatedDate": "x", "SecretBinary": "aHVudGVyMg=="}, None),
            ({"DeletionDate": "2026-01-01T00:00:00Z"}, None),
            ({"VersionId": "1", "CreatedDate": "x", "VersionStages": []}, None),
            ({"VersionId": "1", "CreatedDate": "x", "Derived": {}}, "secretsmanager:GetSecretValue"),
            ({"VersionId": "1", "Derived": {}, "SecretString": "hunter2"}, None),
        ],
        ids=str,
    )
    def test_answers_about_a_secret_are_told_apart(self, more: dict[str, Any], operation: str | None) -> None:
        assert recognise({"ARN": self.ARN, "Name": "orders", **more}) == operation

    def test_the_value_of_a_secret_is_never_read(self) -> None:
        body = maximal(output("secretsmanager:GetSecretValue"), "secretsmanager")
        assert recognise(body) is None
        (found,) = parse_export(json.dumps(body).encode(), "secret.json")
        assert isinstance(found, Notice)
        assert found.problem

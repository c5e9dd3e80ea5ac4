"""Writes what an account in moto answers as the AWS CLI would: a file for each answer, in ACCOUNT/REGION."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from dms_lint.aws.responses import RESPONSES, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.aws.clients import Clients

OF_ACCOUNT: Final = ("iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary", "s3:ListBuckets")
LISTINGS: Final = (
    *dict.fromkeys(row.operation for row in RESPONSES if row.operation.startswith("dms:Describe")),
    "kms:ListKeys",
    "kms:ListAliases",
    "secretsmanager:ListSecrets",
    *(f"ec2:Describe{name}" for name in ("SecurityGroups", "Subnets", "Vpcs", "NetworkAcls", "RouteTables")),
    *(f"ec2:Describe{name}" for name in ("NatGateways", "VpcEndpoints", "VpcPeeringConnections")),
    "cloudtrail:DescribeTrails",
)
ABOUT: Final = {
    "kms:ListKeys": ("KeyId", ("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants")),
    "secretsmanager:ListSecrets": ("ARN", ("DescribeSecret", "ListSecretVersionIds", "GetResourcePolicy")),
    "cloudtrail:DescribeTrails": ("Name", ("GetTrailStatus", "GetEventSelectors")),
}
"""What is asked about each item of a listing: the member that names it, and the operations."""
UNTAGGED: Final = ("connection", "replication", "assessment-run")
"""What has ARNs, and no tags of its own."""


def export(clients: Clients, account: str, region: str, folder: Path) -> None:
    """Write the answers of an account's Region below a folder, and those of the account as a whole."""
    here = folder / account / region
    here.mkdir(parents=True)
    for operation in OF_ACCOUNT:
        if not (file := folder / account / f"{command(operation)}.json").exists():
            write(file, ask(clients, account, region, operation))
    for operation in LISTINGS:
        given = {"EngineName": "mysql"} if operation == "dms:DescribeEndpointSettings" else {}
        answer = ask(clients, account, region, operation, **given)
        write(here / f"{command(operation)}.json", answer)
        for name, parameters in _about(operation, answer):
            # Moto knows the selectors of a trail in the trail's own Region alone.
            at = answer["trailList"][0]["HomeRegion"] if name == "cloudtrail:GetEventSelectors" else region
            about = ask(clients, account, at, name, **parameters)
            subject = parameters[next(iter(parameters))].split(":")[-1].replace("/", "-")
            if "Attribute" in parameters:
                subject += f".{parameters['Attribute']}"
            write(here / f"{command(name)}.{subject}.json", about)
    arns = [one for text in here.glob("*.json") for one in _arns(json.loads(text.read_text(encoding="utf-8")))]
    groups = json.loads((here / "describe-replication-subnet-groups.json").read_text())["ReplicationSubnetGroups"]
    dms = f"arn:aws:dms:{region}:{account}"
    arns += [f"{dms}:subgrp:{one['ReplicationSubnetGroupIdentifier']}" for one in groups]
    events = json.loads((here / "describe-event-subscriptions.json").read_text())["EventSubscriptionsList"]
    arns += [f"{dms}:es:{one['CustSubscriptionId']}" for one in events]
    if arns:
        tags = ask(clients, account, region, "dms:ListTagsForResource", ResourceArnList=sorted(set(arns)))
        write(here / "list-tags-for-resource.json", tags)
        # What has no tags does not stand in that answer.
        for arn in set(arns) - {one["ResourceArn"] for one in tags["TagList"]}:
            subject = ".".join(arn.split(":")[-2:])
            none = ask(clients, account, region, "dms:ListTagsForResource", ResourceArn=arn)
            write(here / f"list-tags-for-resource.{subject}.json", none)
    for name in _buckets(here):
        for operation in ("s3:HeadBucket", "s3:GetBucketEncryption", "s3:GetBucketLocation"):
            write(here / f"{command(operation)}.{name}.json", ask(clients, account, region, operation, Bucket=name))


def ask(clients: Clients, account: str, region: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """A whole answer, of all pages, as the AWS CLI prints it."""
    service, name = operation.split(":")
    client = clients.of(account, region, service)
    method = xform_name(name)
    if client.can_paginate(method):
        answer = client.get_paginator(method).paginate(**parameters).build_full_result()
    else:
        answer = getattr(client, method)(**parameters)
    return {key: value for key, value in plain(answer).items() if key != "ResponseMetadata"}


def plain(value: Any) -> Any:
    """A value as JSON holds it: dates in ISO 8601, bytes in base64."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def write(file: Path, answer: dict[str, Any]) -> None:
    """Write an answer as the AWS CLI indents it."""
    file.write_text(json.dumps(answer, indent=4) + "\n", encoding="utf-8")


def _about(operation: str, answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    service = operation.split(":")[0]
    if operation in ABOUT:
        member, names = ABOUT[operation]
        (items,) = (one for one in answer.values() if isinstance(one, list))
        for item in items:
            for name in names:
                asked = {"ARN": "SecretId", "Name": "Name"}.get(member, member)
                if name == "GetEventSelectors":
                    asked = "TrailName"
                extra = {"PolicyName": "default"} if name == "GetKeyPolicy" else {}
                yield f"{service}:{name}", {asked: item[member], **extra}
            if function := item.get("RotationLambdaARN"):
                yield "lambda:GetFunctionConfiguration", {"FunctionName": function}
    if operation == "ec2:DescribeVpcs":
        for item in answer["Vpcs"]:
            for attribute in ("enableDnsSupport", "enableDnsHostnames"):
                yield "ec2:DescribeVpcAttribute", {"VpcId": item["VpcId"], "Attribute": attribute}


def _arns(answer: dict[str, Any]) -> Iterator[str]:
    """The ARNs of the DMS resources that an answer lists."""
    for row in RESPONSES:
        if row.service == "dms" and row.shape == "complete" and row.id.endswith("Arn") and row.kind not in UNTAGGED:
            yield from (
                one[row.id] for one in answer.get(row.key, ()) if one.get(row.id, "").startswith("arn:aws:dms:")
            )


def _buckets(here: Path) -> Iterator[str]:
    for one in json.loads((here / "describe-endpoints.json").read_text(encoding="utf-8"))["Endpoints"]:
        if "S3Settings" in one:
            yield one["S3Settings"]["BucketName"]

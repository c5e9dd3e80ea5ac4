"""The least IAM policy under which the live account can be read, as JSON and in the words of two tools."""

from __future__ import annotations

from itertools import groupby
from json import dumps
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dms_lint.collectors.live.calls import Call

NAME: Final = "dms-lint"
_ORGANIZATION: Final = ("ec2:DescribeRegions", "organizations:ListAccounts", "sts:AssumeRole")


def actions(calls: Iterable[Call], *, organization: bool = False) -> tuple[str, ...]:
    """The IAM actions that allow these calls, in order; with `organization`, those to enter other accounts too."""
    needed = {call.action for call in calls}
    return tuple(sorted(needed.union(_ORGANIZATION) if organization else needed))


def document(allowed: Iterable[str]) -> dict[str, Any]:
    """The policy, a statement for each service."""
    statements = [
        {
            "Sid": "Read" + "".join(word.capitalize() for word in service.split("-")),
            "Effect": "Allow",
            "Action": list(some),
            "Resource": "*",
        }
        for service, some in groupby(allowed, lambda action: action.partition(":")[0])
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def as_json(allowed: Iterable[str]) -> str:
    """The policy as IAM takes it."""
    return dumps(document(allowed), indent=2) + "\n"


def as_cloudformation(allowed: Iterable[str]) -> str:
    """A template of a role that has the policy, and that the account which is named may assume."""
    lines = [
        "AWSTemplateFormatVersion: '2010-09-09'",
        "Description: The role with which dms-lint reads an account.  It can change nothing.",
        "Parameters:",
        "  RoleName:",
        "    Type: String",
        f"    Default: {NAME}",
        "  TrustedPrincipal:",
        "    Type: String",
        "    Description: ARN of the user, role or account root that may assume the role.",
        "    AllowedPattern: ^arn:aws[a-z-]*:iam::\\d{12}:(root|user/.+|role/.+)$",
        "  ExternalId:",
        "    Type: String",
        "    Default: ''",
        "    Description: What the caller must give as external ID; empty for none.",
        "Conditions:",
        "  HasExternalId: !Not [!Equals [!Ref ExternalId, '']]",
        "Resources:",
        "  Role:",
        "    Type: AWS::IAM::Role",
        "    Properties:",
        "      RoleName: !Ref RoleName",
        "      Description: Read-only access for dms-lint",
        "      AssumeRolePolicyDocument:",
        "        Version: '2012-10-17'",
        "        Statement:",
        "          - Effect: Allow",
        "            Principal:",
        "              AWS: !Ref TrustedPrincipal",
        "            Action: sts:AssumeRole",
        "            Condition: !If",
        "              - HasExternalId",
        "              - StringEquals:",
        "                  sts:ExternalId: !Ref ExternalId",
        "              - !Ref AWS::NoValue",
        "      Policies:",
        f"        - PolicyName: {NAME}",
        "          PolicyDocument:",
        "            Version: '2012-10-17'",
        "            Statement:",
    ]
    for statement in document(allowed)["Statement"]:
        lines += [
            f"              - Sid: {statement['Sid']}",
            "                Effect: Allow",
            "                Action:",
            *(f"                  - {action}" for action in statement["Action"]),
            "                Resource: '*'",
        ]
    lines += ["Outputs:", "  RoleArn:", "    Description: For --role-arn.", "    Value: !GetAtt Role.Arn"]
    return "\n".join(lines) + "\n"


def as_terraform(allowed: Iterable[str]) -> str:
    """The policy as a data source of the AWS provider."""
    lines = ['data "aws_iam_policy_document" "dms_lint" {']
    for statement in document(allowed)["Statement"]:
        lines += [
            "  statement {",
            f"    sid    = {dumps(statement['Sid'])}",
            '    effect = "Allow"',
            "    actions = [",
            *(f"      {dumps(action)}," for action in statement["Action"]),
            "    ]",
            '    resources = ["*"]',
            "  }",
        ]
    lines += [
        "}",
        "",
        'resource "aws_iam_policy" "dms_lint" {',
        f'  name        = "{NAME}"',
        '  description = "What dms-lint reads"',
        "  policy      = data.aws_iam_policy_document.dms_lint.json",
        "}",
    ]
    return "\n".join(lines) + "\n"


FORMATS: Final[Mapping[str, Callable[[Iterable[str]], str]]] = {
    "json": as_json,
    "cloudformation": as_cloudformation,
    "terraform": as_terraform,
}

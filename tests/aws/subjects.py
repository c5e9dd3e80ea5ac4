"""What a request about one thing is about, by which names AWS finds it, and what AWS says where it finds nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tests.aws.wire import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.aws.asked import Asked

ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "kms:DescribeKey": ("KeyId",),
    "kms:GetKeyPolicy": ("KeyId",),
    "kms:GetKeyRotationStatus": ("KeyId",),
    "kms:ListGrants": ("KeyId",),
    "secretsmanager:DescribeSecret": ("SecretId",),
    "secretsmanager:GetResourcePolicy": ("SecretId",),
    "secretsmanager:ListSecretVersionIds": ("SecretId",),
    "secretsmanager:GetSecretValue": ("SecretId",),
    "lambda:GetFunctionConfiguration": ("FunctionName",),
    "s3:HeadBucket": ("Bucket",),
    "s3:GetBucketLocation": ("Bucket",),
    "s3:GetBucketEncryption": ("Bucket",),
    "ec2:DescribeVpcAttribute": ("VpcId",),
    "ec2:GetManagedPrefixListEntries": ("PrefixListId",),
    "iam:ListAccessKeys": ("UserName",),
    "iam:GetRole": ("RoleName",),
    "iam:GetRolePolicy": ("RoleName", "PolicyName"),
    "iam:ListAttachedRolePolicies": ("RoleName",),
    "iam:GetPolicy": ("PolicyArn",),
    "iam:GetPolicyVersion": ("PolicyArn", "VersionId"),
    "cloudtrail:GetTrailStatus": ("Name",),
    "cloudtrail:GetEventSelectors": ("TrailName",),
}
"""The parameters that say what a request is about; several are joined by a blank."""

_NAMES: Final = ("ARN", "Arn", "Name", "KeyId", "FunctionName", "FunctionArn", "VpcId", "TrailARN", "RoleName")
_WRAPPED: Final = ("KeyMetadata", "Role", "Policy")

_NOT_FOUND: Final[Mapping[str, tuple[str, str, int]]] = {
    "kms": ("NotFoundException", "Key '{arn}' does not exist", 400),
    "secretsmanager": ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 400),
    "lambda": ("ResourceNotFoundException", "Function not found: {arn}", 404),
    "s3": ("NoSuchBucket", "The specified bucket does not exist", 404),
    "ec2": ("InvalidPrefixListID.NotFound", "The prefix list ID '{name}' does not exist", 400),
    "ec2:DescribeVpcAttribute": ("InvalidVpcID.NotFound", "The vpc ID '{name}' does not exist", 400),
    "iam": ("NoSuchEntity", "The role with name {name} cannot be found.", 404),
    "iam:ListAccessKeys": ("NoSuchEntity", "The user with name {name} cannot be found.", 404),
    "iam:GetPolicy": ("NoSuchEntity", "Policy {name} was not found.", 404),
    "iam:GetPolicyVersion": ("NoSuchEntity", "Policy {name} was not found.", 404),
    "cloudtrail": ("TrailNotFoundException", "Unknown trail: {name} for the user: {account}", 400),
    "dms": ("ResourceNotFoundFault", "Resource not found: {name}", 400),
}


def subject_of(asked: Asked) -> str:
    """What a request is about; '' for a listing."""
    if asked.operation == "dms:ListTagsForResource":
        return str(asked.parameters.get("ResourceArn", ""))
    given = [str(asked.parameters[name]) for name in ABOUT.get(asked.operation, ()) if name in asked.parameters]
    return " ".join(given)


def normal(text: str) -> str:
    """A name as it is compared: the characters that file names cannot have do not matter."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def spellings(subject: str, account: str, region: str) -> Iterator[str]:
    """How what is asked for may be called in what is seeded, the surest first.

    An ARN of another account or Region is only itself: the same name there is another thing.
    """
    yield normal(subject)
    fields = subject.split(":", 5)
    if len(fields) < 6 or fields[3] not in ("", region) or fields[4] not in ("", account):
        return
    if fields[2] == "secretsmanager":
        name = fields[5].removeprefix("secret:")
        yield normal(name)
        yield normal(re.sub(r"-[A-Za-z0-9]{6}$", "", name))
    elif fields[2] == "lambda":  # an ARN may end with a version or an alias
        yield normal(fields[5].split(":")[1])
    else:
        yield normal(re.split("[:/]", fields[5])[-1])


def names_of(subject: str, body: Mapping[str, Any]) -> set[str]:
    """What a seeded answer is about may be called, normalised."""
    inner = [body[name] for name in _WRAPPED if isinstance(body.get(name), dict)]
    found = [subject, *(one.get(name) for one in (body, *inner) for name in _NAMES)]
    # A trail's ARN ends with its name, as a key's does with its id.
    found += [re.split("[:/]", one)[-1] for one in found if isinstance(one, str) and one.startswith(_ENDING)]
    return {normal(one) for one in found if isinstance(one, str) and one}


_ENDING: Final = ("arn:aws:cloudtrail:", "arn:aws:kms:", "arn:aws:iam:")


def not_found(asked: Asked) -> AwsError:
    """The error of a request about something that is not there."""
    name = subject_of(asked)
    place = f"arn:aws:{asked.service}:{asked.region}:{asked.account}:"
    kind = {"kms": "key/", "lambda": "function:"}.get(asked.service, "")
    code, message, status = _NOT_FOUND.get(asked.operation) or _NOT_FOUND[asked.service]
    arn = name if name.startswith("arn:") else place + kind + name
    return AwsError(code, message.format(name=name, arn=arn, account=asked.account), status)

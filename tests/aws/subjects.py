"""What a request about one thing is about, by which names AWS finds it, and what AWS says where it finds nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.responses import identify, shapes_of
from dms_lint.collectors.live.calls import CALLS
from tests.aws.wire import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.aws.responses import ResponseShape
    from tests.aws.asked import Asked

ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    **{call.operation: (call.about,) for call in CALLS if call.about and call.batch == 1},
    "iam:GetRole": ("RoleName",),
    "iam:GetRolePolicy": ("RoleName", "PolicyName"),
    "iam:ListAttachedRolePolicies": ("RoleName",),
    "iam:GetPolicy": ("PolicyArn",),
    "iam:GetPolicyVersion": ("PolicyArn", "VersionId"),
}
"""The parameters that say what a request is about; several are joined by a blank."""

_NAMES: Final = ("ARN", "Arn", "Name", "KeyId", "FunctionName", "FunctionArn", "VpcId", "TrailARN", "RoleName")
_NAMED_BY_END: Final = re.compile(r"arn:[\w-]+:(?:cloudtrail|iam|kms):")

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
"""What AWS says of what is not there, by operation or service."""
_NOT_FOUND_ELSEWHERE: Final = ("NotFoundException", "There is no {arn}", 404)


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


def resources_in(operation: str, body: Mapping[str, Any]) -> Iterator[tuple[ResponseShape, Mapping[str, Any]]]:
    """The resources that an answer about one thing holds: itself, or a member of it."""
    for row in shapes_of(operation):
        part = body.get(row.key) if row.key else body
        if row.shape == "one" and isinstance(part, dict):
            yield row, part


def names_of(operation: str, subject: str, body: Mapping[str, Any]) -> set[str]:
    """What a seeded answer is about may be called, normalised."""
    parameters = ABOUT.get(operation, ())
    if len(parameters) > 1:
        found = [subject, " ".join(str(body.get(name, "")) for name in parameters)]
    else:
        resources = list(resources_in(operation, body))
        parts = [body, *(part for _, part in resources)]
        found = [subject, *(part[name] for part in parts for name in _NAMES if isinstance(part.get(name), str))]
        found += [identify(row, part) for row, part in resources]
    # A trail's ARN ends with its name, as a key's does with its id.
    found += [re.split("[:/]", one)[-1] for one in found if _NAMED_BY_END.match(one)]
    return {normal(one) for one in found} - {""}


def not_found(asked: Asked) -> AwsError:
    """The error of a request about something that is not there."""
    name = subject_of(asked)
    place = f"arn:aws:{asked.service}:{asked.region}:{asked.account}:"
    kind = {"kms": "key/", "lambda": "function:"}.get(asked.service, "")
    code, message, status = _NOT_FOUND.get(asked.operation) or _NOT_FOUND.get(asked.service) or _NOT_FOUND_ELSEWHERE
    arn = name if name.startswith("arn:") else place + kind + name
    return AwsError(code, message.format(name=name, arn=arn, account=asked.account), status)

"""The AWS CLI commands that rules offer as fixes say only what the services know.

The AWS CLI makes its commands and options of the models that botocore bundles; what it adds by hand is listed here.
"""

from __future__ import annotations

import re
import shlex
from functools import cache
from typing import TYPE_CHECKING

import pytest
from botocore import xform_name
from botocore.session import Session

from dms_lint.data.tables import pack_directory
from dms_lint.rulepack.loader import load_pack
from dms_lint.rulepack.placeholders import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel, Shape, StructureShape

RULES = load_pack(pack_directory()).rules


@cache
def operations(service: str) -> dict[str, OperationModel]:
    model = Session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


OPTIONS_OF_SECRETS = sorted(
    "--" + xform_name(name, "-")
    for name, shape in operations("dms")["modify-endpoint"].input_shape.members.items()
    if "SecretsManagerSecretId" in getattr(shape, "members", ())
)
FACTS = {
    "secret.option": OPTIONS_OF_SECRETS,
    "target.settings_option": ["--s3-settings", "--redshift-settings"],
    "endpoint.certificate_format": ["pem", "wallet"],
    "region": ["eu-west-1"],
}
"""Facts that name an option, or a part of one, and what they may be."""
ADDED = {
    "--ingress": "Egress",
    "--egress": "Egress",
    "--protocol": "IpPermissions",
    "--port": "IpPermissions",
    "--cidr": "IpPermissions",
    "--source-group": "IpPermissions",
    "--no-source-dest-check": "SourceDestCheck",
}
"""Options of `aws ec2` that the AWS CLI has beside those of the model, and what they set."""
PAIR = re.compile(r"(?:^|,)(\w+)=")
OPEN = re.compile(r"[<{]")
"""A value that a person or a fact gives."""


def written(template: str) -> list[str]:
    """A command with what its facts may be, one for each."""
    found = [template]
    for fact, values in FACTS.items():
        found = [one.replace(f"{{{fact}}}", value) for one in found for value in values]
    return list(dict.fromkeys(found))


def problems(command: str) -> list[str]:
    """What the AWS CLI would not take of a command."""
    words = shlex.split(command)[1:]
    service, name, *rest = words
    if service == "s3":
        return [] if name == "mb" else [f"{name} is not looked at"]
    if name == "wait":
        waiters = Session().create_client(service, region_name="eu-west-1").waiter_names
        return [] if rest[0].replace("-", "_") in waiters else [f"no waiter {rest[0]}"]
    operation = operations(service).get(name)
    if operation is None:
        return [f"no operation {service} {name}"]
    return list(wrong(operation, rest))


def wrong(operation: OperationModel, words: list[str]) -> Iterator[str]:
    members = operation.input_shape.members
    options = {"--" + xform_name(member, "-"): member for member in members}
    options |= {"--no-" + xform_name(name, "-"): name for name, of in members.items() if of.type_name == "boolean"}
    added = ADDED.items() if operation.service_model.service_name == "ec2" else ()
    options |= {option: member for option, member in added if option not in options and member in members}
    given: set[str] = set()
    left = iter([*words, ""])
    word = next(left)
    while word:
        if not word.startswith("--") and OPEN.match(word):
            return  # a person chooses the options that are left
        value = ""
        option, word = word, next(left)
        while word and not word.startswith("--") and not (value and OPEN.match(word)):
            value, word = value or word, next(left)
        if option == "--region":
            continue
        if option not in options:
            yield f"no option {option}"
            continue
        given.add(options[option])
        if option not in ADDED or xform_name(options[option], "-") == option[2:]:
            yield from misshapen(option, members[options[option]], value)
    yield from (f"lacks {name}" for name in operation.input_shape.required_members if name not in given)


def misshapen(option: str, shape: Shape, value: str) -> Iterator[str]:
    """What the value of an option is not, that its shape says; a file and what is not known yet may be anything."""
    if shape.type_name == "boolean":
        if value:
            yield f"{option} takes no value"
        return
    if not value:
        yield f"{option} lacks its value"
    if value.startswith("file") or OPEN.match(value):
        return
    if shape.type_name == "list":
        shape = shape.member
    if shape.type_name == "structure":
        yield from misnamed(option, shape, value)
    elif shape.type_name == "string" and shape.enum and not OPEN.search(value) and value not in shape.enum:
        yield f"{option} is none of {shape.enum}"


def misnamed(option: str, shape: StructureShape, value: str) -> Iterator[str]:
    names = PAIR.findall(value)
    if not names:
        yield f"{option} is no shorthand"
    yield from (f"{option} knows no {name}" for name in names if name not in shape.members)
    yield from (f"{option} lacks {name}" for name in shape.required_members if name not in names)
    for name, text in re.findall(r"(?:^|,)(\w+)=([^,]*)", value):
        enum = getattr(shape.members.get(name), "enum", ())
        if enum and not OPEN.search(text) and text not in enum:
            yield f"{option} {name} is none of {enum}"


COMMANDS = [
    pytest.param(one, id=f"{rule.id}-{kind}-{number}")
    for rule in RULES
    for kind, template in commands(rule).items()
    for number, one in enumerate(template.split(" && "))
]


@pytest.mark.parametrize("template", COMMANDS)
def test_the_services_know_operation_options_and_members(template: str) -> None:
    assert {command: problems(command) for command in written(template) if problems(command)} == {}


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("aws dms modify-endpoints --endpoint-arn x", "no operation dms modify-endpoints"),
        ("aws dms modify-endpoint --ssl-mode none", "lacks EndpointArn"),
        ("aws dms modify-endpoint --endpoint-arn x --tls-mode none", "no option --tls-mode"),
        ("aws dms modify-endpoint --endpoint-arn x --ssl-mode strict", "--ssl-mode is none of"),
        ("aws dms modify-endpoint --endpoint-arn x --s3-settings Bucket=b", "--s3-settings knows no Bucket"),
        ("aws dms modify-endpoint --endpoint-arn x --s3-settings b", "--s3-settings is no shorthand"),
        ("aws dms modify-endpoint --endpoint-arn x --s3-settings EncryptionMode=SSE", "EncryptionMode is none of"),
        ("aws dms modify-endpoint --endpoint-arn x --redis-settings Port=1", "--redis-settings lacks ServerName"),
        ("aws dms modify-endpoint --endpoint-arn x --exact-settings true", "--exact-settings takes no value"),
        ("aws dms modify-endpoint --endpoint-arn --ssl-mode none", "--endpoint-arn lacks its value"),
        ("aws ec2 create-network-acl-entry --network-acl-id x --rule-number 1", "lacks Egress"),
        ("aws dms wait replication-task-stops", "no waiter replication-task-stops"),
    ],
)
def test_the_check_of_commands_finds(command: str, problem: str) -> None:
    assert any(problem in found for found in problems(command)), problems(command)

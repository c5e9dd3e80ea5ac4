"""The templates that rules offer as fixes say only what CloudFormation and Terraform's AWS provider know.

CloudFormation's registry schemas are those that cfn-lint bundles.  Its linter is not run: snippets leave out what else
a resource needs, and it takes seconds to start.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hcl2
import pytest
import yaml

from dms_lint.data.tables import pack_directory
from dms_lint.data.yaml_file import read_yaml
from dms_lint.rulepack.loader import load_pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.model import Rule

RULES = load_pack(pack_directory()).rules
ARGUMENTS = read_yaml(Path(__file__).parent.parent / "terraform_arguments.yaml")
RESOURCE_ATTRIBUTES = {"Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy", "DependsOn", "Condition"}
META_ARGUMENTS = {"count", "depends_on", "for_each", "lifecycle", "provider", "timeouts"}


class Function:
    """A value that CloudFormation works out: `!Ref`, `!GetAtt`, ..."""


class TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short functions."""


TemplateLoader.add_multi_constructor("!", lambda _loader, _tag, _node: Function())


# -- CloudFormation


@cache
def types() -> Mapping[str, str]:
    """The files of the resource types of us-east-1."""
    found: Mapping[str, str] = json.loads((files("cfnlint.data.schemas.providers") / "us-east-1.json").read_text())
    return found


@cache
def schema(type_: str) -> Any:
    return json.loads((files("cfnlint.data.schemas") / "resources" / f"{types()[type_]}.json").read_text())


def alternatives(one: Any, of: Any) -> Iterator[Any]:
    """A schema and those that it refers to or joins, whichever of them holds."""
    if "$ref" in one:
        target = of
        for step in one["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from alternatives(target, of)
        return
    yield one
    for word in ("anyOf", "oneOf", "allOf"):
        for other in one.get(word, ()):
            yield from alternatives(other, of)


def unknown_properties(value: Any, one: Any, of: Any, path: str) -> Iterator[str]:
    """Where a value says what its schema does not know."""
    if isinstance(value, Function):
        return
    schemas = list(alternatives(one, of))
    if isinstance(value, dict):
        known = {name: each for found in schemas for name, each in found.get("properties", {}).items()}
        free = not known or any(found.get("patternProperties") for found in schemas)
        for name, item in value.items():
            if name in known:
                yield from unknown_properties(item, known[name], of, f"{path}.{name}")
            elif not free:
                yield f"{path}.{name}"
        if any(found.get("type") in ("string", "array", "boolean", "integer") for found in schemas):
            yield f"{path} is no object"
    elif isinstance(value, list):
        if not any("items" in found or found.get("type") == "array" for found in schemas):
            yield f"{path} is no list"
        for found in schemas:
            for item in value if "items" in found else ():
                yield from unknown_properties(item, found["items"], of, f"{path}[]")
    else:
        allowed = [found["enum"] for found in schemas if "enum" in found]
        if allowed and not any(value in each for each in allowed):
            yield f"{path}: {value!r} is none of {allowed[0]}"
        if any(found.get("type") in ("object", "array") for found in schemas):
            yield f"{path} is no single value"


def problems_of_cloudformation(text: str) -> list[str]:
    template = yaml.load(text, Loader=TemplateLoader)
    if not isinstance(template, dict):
        return ["no mapping of logical ids to resources"]
    found = []
    for logical, resource in template.items():
        if not isinstance(resource, dict) or resource.get("Type") not in types():
            found.append(f"{logical} is no resource of a known type")
            continue
        if not logical.isalnum():
            found.append(f"{logical} is no logical id: letters and digits only")
        found += [f"{logical}.{name}" for name in set(resource) - RESOURCE_ATTRIBUTES]
        of = schema(resource["Type"])
        read_only = {path.removeprefix("/properties/") for path in of.get("readOnlyProperties", ())}
        properties = resource.get("Properties", {})
        found += [f"{logical}.{name} is read only" for name in set(properties) & read_only]
        found += unknown_properties(properties, of, of, logical)
    return found


def ids(rule: Rule) -> str:
    return rule.id


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fix.cloudformation], ids=ids)
def test_cloudformation_knows_the_types_and_properties(rule: Rule) -> None:
    assert problems_of_cloudformation(rule.fix.cloudformation) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A: {Type: AWS::DMS::Endpoint, Properties: {MySQLSettings: {}}}", "A.MySQLSettings"),
        ("A: {Type: AWS::DMS::Endpoint, Properties: {ServiceAccessRoleArn: x}}", "A.ServiceAccessRoleArn"),
        (
            "A: {Type: AWS::DMS::Endpoint, Properties: {MySqlSettings: {AuthenticationMethod: iam}}}",
            "A.MySqlSettings.AuthenticationMethod",
        ),
        (
            "A: {Type: AWS::DMS::Endpoint, Properties: {KafkaSettings: {SslEndpointIdentificationAlgorithm: https}}}",
            "A.KafkaSettings.SslEndpointIdentificationAlgorithm",
        ),
        ("A: {Type: AWS::DMS::Endpoint, Properties: {Tags: [{Name: x}]}}", "A.Tags[].Name"),
        ("A: {Type: AWS::KMS::Key, Properties: {KeySpec: RSA_512}}", "A.KeySpec: 'RSA_512' is none of"),
        ("A: {Type: AWS::DMS::ReplicationInstance, Properties: {VpcSecurityGroupIds: x}}", "is no single value"),
        ("A: {Type: AWS::DMS::ReplicationInstance, Properties: {MultiAZ: [true]}}", "A.MultiAZ is no list"),
        ("A: {Type: AWS::DMS::Endpoints}", "A is no resource of a known type"),
        ("A: {Type: AWS::KMS::Key, Properties: {Arn: x}}", "A.Arn is read only"),
    ],
)
def test_the_check_of_cloudformation_finds(text: str, problem: str) -> None:
    assert any(problem in found for found in problems_of_cloudformation(text)), problems_of_cloudformation(text)


# -- Terraform


def unknown_arguments(body: Mapping[str, Any], known: Any, path: str) -> Iterator[str]:
    """Where a block says what the table does not know; what begins with __ is the parser's."""
    arguments = set((known if isinstance(known, str) else known.get("_", "")).split())
    blocks = {} if isinstance(known, str) else known
    for name, value in body.items():
        if name.startswith("__"):
            continue
        if name in blocks:
            nested = value if isinstance(value, list) else [value]
            if not all(isinstance(one, dict) and "__is_block__" in one for one in nested):
                yield f"{path}.{name} is a block"
                continue
            for one in nested:
                yield from unknown_arguments(one, blocks[name], f"{path}.{name}")
        elif name not in arguments and not (name in META_ARGUMENTS and "." not in path):
            yield f"{path}.{name}"


def problems_of_terraform(text: str) -> list[str]:
    parsed = hcl2.loads(text + "\n")
    found = [
        f"{kind} is neither resource nor data" for kind in parsed if kind not in ("resource", "data", "__comments__")
    ]
    for resource in parsed.get("resource", ()):
        for type_, named in resource.items():
            kind = type_.strip('"')
            if kind.startswith("__"):
                continue
            if not kind.startswith("aws_"):
                found.append(f"{kind} is no resource of the AWS provider")
            elif kind in ARGUMENTS:
                for name, body in named.items():
                    if not name.startswith("__"):
                        found += unknown_arguments(body, ARGUMENTS[kind], kind)
            elif kind.startswith("aws_dms_"):
                found.append(f"{kind} is no resource of the AWS provider")
    return found


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fix.terraform], ids=ids)
def test_terraform_knows_the_resources_and_arguments(rule: Rule) -> None:
    assert problems_of_terraform(rule.fix.terraform) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('resource "aws_dms_endpoint" "a" {\n  kms_key_id = "x"\n}', "aws_dms_endpoint.kms_key_id"),
        (
            'resource "aws_dms_endpoint" "a" {\n  s3_settings {\n    bucket_name = "x"\n  }\n}',
            "aws_dms_endpoint.s3_settings",
        ),
        (
            'resource "aws_dms_endpoint" "a" {\n  kafka_settings {\n    protocol = "x"\n  }\n}',
            "aws_dms_endpoint.kafka_settings.protocol",
        ),
        (
            'resource "aws_dms_endpoint" "a" {\n  kafka_settings = { broker = "x" }\n}',
            "aws_dms_endpoint.kafka_settings is a block",
        ),
        ('resource "aws_dms_endpoints" "a" {\n}', "aws_dms_endpoints is no resource"),
        ('resource "google_kms_key" "a" {\n}', "google_kms_key is no resource"),
        ('module "a" {\n  source = "x"\n}', "module is neither resource nor data"),
    ],
)
def test_the_check_of_terraform_finds(text: str, problem: str) -> None:
    assert any(problem in found for found in problems_of_terraform(text)), problems_of_terraform(text)


# -- both


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_a_template_fits_a_page(rule: Rule) -> None:
    for template in (rule.fix.cloudformation, rule.fix.terraform):
        assert all(len(line) <= 110 and line == line.rstrip() for line in template.splitlines())


def test_most_rules_offer_templates() -> None:
    assert sum(bool(rule.fix.cloudformation) for rule in RULES) >= 0.7 * len(RULES)
    assert sum(bool(rule.fix.terraform) for rule in RULES) >= 0.7 * len(RULES)

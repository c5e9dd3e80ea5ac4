"""The double of AWS answers a real client over HTTP with what was seeded, and goes wrong as AWS does."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.utils import parse_to_aware_datetime

from dms_lint.aws.responses import TOKENS, identify
from dms_lint.collectors import read_inputs
from dms_lint.model import Document

if TYPE_CHECKING:
    from tests.aws.server import Aws

ACCOUNTS = Path(__file__).parent.parent / "accounts"
ME, REGION = "111122223333", "eu-west-1"
KEY = "9f8df395-575a-4d08-a15d-7553f36a4958"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ME}:secret:dms/shop-mysql-5f6RFj"


class Seeded(NamedTuple):
    account: str
    region: str
    paths: tuple[str, ...]


SEEDED = (
    Seeded(ME, REGION, ("migration",)),
    Seeded(ME, REGION, ("clean",)),
    Seeded(
        "444455556666",
        "us-east-1",
        ("faulty/444455556666/us-east-1", "faulty/444455556666/get-account-authorization-details.json"),
    ),
    Seeded("444455556666", "us-west-2", ("faulty/444455556666/us-west-2",)),
    Seeded(
        "777788889999",
        "us-east-1",
        ("faulty/777788889999/us-east-1", "faulty/777788889999/get-account-authorization-details.json"),
    ),
    Seeded("123456789012", "us-east-1", ("faulty/123456789012/us-east-1",)),
)


def documents(seeded: Seeded) -> list[Document]:
    found = list(read_inputs(str(ACCOUNTS / path) for path in seeded.paths))
    assert all(isinstance(one, Document) for one in found)
    return [one for one in found if isinstance(one, Document)]


def plain(shape: Any, value: Any) -> Any:
    """A value of a document or of a client's answer, so that the two compare: times in UTC, blobs as bytes."""
    if value is None:
        return None
    if shape.type_name == "structure" and isinstance(value, dict):
        return {name: plain(shape.members[name], one) for name, one in value.items() if name in shape.members}
    if shape.type_name == "list":
        return [plain(shape.member, one) for one in value]
    if shape.type_name == "map":
        return {name: plain(shape.value, one) for name, one in value.items()}
    if shape.type_name == "timestamp":
        return (value if isinstance(value, datetime) else parse_to_aware_datetime(value)).astimezone(UTC)
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    return value


def question(document: Document, seeded: Seeded) -> dict[str, Any]:
    """The parameters that ask for a document."""
    from tests.aws.subjects import ABOUT, resources_in

    body, operation = document.body, document.operation
    if operation == "dms:ListTagsForResource":
        kind, _, rest = document.subject.partition(".")
        several = list(dict.fromkeys(tag["ResourceArn"] for tag in body["TagList"])) if not document.subject else []
        if several:
            return {"ResourceArnList": several}
        return {"ResourceArn": f"arn:aws:dms:{seeded.region}:{seeded.account}:{kind}:{rest}"}
    if operation not in ABOUT:
        return {}
    ids = [identify(row, part).partition(" ")[0] for row, part in resources_in(operation, body)]
    asked = {ABOUT[operation][0]: document.subject or ids[0]}
    if operation == "ec2:DescribeVpcAttribute":
        asked["Attribute"] = next(name[0].lower() + name[1:] for name in body if name != "VpcId")
    return asked


def ask(aws: Aws, seeded: Seeded, operation: str, parameters: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """The whole of what a client gets, page after page, and how many items each page had."""
    from tests.aws.paging import lists_of, paging_of

    service, _, name = operation.partition(":")
    client = aws.client(service, seeded.account, seeded.region)
    paging, keys = paging_of(operation), lists_of(operation)
    whole: dict[str, Any] = {}
    sizes = []
    while True:
        page = getattr(client, xform_name(name))(**parameters)
        del page["ResponseMetadata"]
        sizes.append(sum(len(page[key]) for key in keys))
        for key, value in page.items():
            whole[key] = [*whole.get(key, []), *value] if key in keys else value
        token = page.get(paging.returned) if paging else None
        if not token:
            return {key: value for key, value in whole.items() if key not in TOKENS}, sizes
        assert paging
        parameters = {**parameters, paging.given: token}


def merged(found: list[Document]) -> list[Document]:
    """Documents, those of one listing made one: a client cannot tell into which files it was cut."""
    from tests.aws.subjects import ABOUT

    answers: list[Document] = []
    listings: dict[str, Document] = {}
    for document in found:
        operation, body = document.operation, document.body
        if operation in ABOUT or operation == "dms:ListTagsForResource":
            answers.append(document)
        elif operation in listings:
            before = listings[operation].body
            lists = {key: [*before[key], *value] for key, value in body.items() if isinstance(value, list)}
            listings[operation] = document._replace(body={**before, **body, **lists})
        else:
            listings[operation] = document
    return [*answers, *listings.values()]


def code(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("page_size", [None, 2])
@pytest.mark.parametrize("seeded", SEEDED, ids=lambda seeded: f"{seeded.paths[0]}")
def test_a_client_gets_back_what_the_files_hold(aws: Aws, seeded: Seeded, page_size: int | None) -> None:
    from tests.aws.wire import operation_model

    for path in seeded.paths:
        aws.seed(seeded.account, seeded.region, ACCOUNTS / path)
    aws.page_size = page_size
    for document in merged(documents(seeded)):
        if "Derived" in document.body:
            continue
        parameters = question(document, seeded)
        if document.refusal:
            with pytest.raises(ClientError) as caught:
                ask(aws, seeded, document.operation, parameters)
            assert caught.value.response["Error"]["Code"] == document.refusal.code
            continue
        got, sizes = ask(aws, seeded, document.operation, parameters)
        shape = operation_model(document.operation).output_shape
        body = {name: value for name, value in document.body.items() if name not in TOKENS}
        assert plain(shape, got) == plain(shape, body), document.file
        if page_size and len(sizes) > 1:
            assert sizes[:-1] == [page_size] * (len(sizes) - 1)
            assert 0 < sizes[-1] <= page_size


def test_botocore_pages_a_listing_of_several_lists(migration: Aws) -> None:
    migration.page_size = 4
    pages = list(migration.client("iam", ME, REGION).get_paginator("get_account_authorization_details").paginate())
    assert [page["IsTruncated"] for page in pages] == [True] * 4 + [False]
    assert sum(len(page["RoleDetailList"]) for page in pages) == 11


@pytest.mark.parametrize(
    ("service", "method", "parameters", "expected"),
    [
        ("dms", "describe_endpoints", {"MaxRecords": 19}, "InvalidParameterValueException"),
        ("dms", "describe_endpoints", {"MaxRecords": 101}, "InvalidParameterValueException"),
        ("dms", "describe_endpoints", {"Marker": "made-up"}, "InvalidParameterValueException"),
        ("kms", "list_aliases", {"Limit": 101}, "ValidationException"),
        ("iam", "list_roles", {"MaxItems": 1001}, "ValidationError"),
        ("ec2", "describe_vpcs", {"MaxResults": 1001}, "InvalidParameterValue"),
        ("rds", "describe_db_instances", {"MaxRecords": 101}, "InvalidParameterValue"),
        ("redshift", "describe_clusters", {"MaxRecords": 19}, "InvalidParameterValue"),
        ("secretsmanager", "list_secrets", {"MaxResults": 101}, "InvalidParameterException"),
    ],
)
def test_a_page_size_or_token_that_aws_refuses_is_refused(
    migration: Aws, service: str, method: str, parameters: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(migration.client(service, ME, REGION), method)(**parameters)
    assert code(caught) == (expected, 400)


def test_a_key_is_found_by_id_arn_and_alias(migration: Aws) -> None:
    kms = migration.client("kms", ME, REGION)
    place = f"arn:aws:kms:{REGION}:{ME}:"
    aliases = [one for one in kms.list_aliases()["Aliases"] if one.get("TargetKeyId") == KEY]
    assert aliases
    for asked in (KEY, f"{place}key/{KEY}", aliases[0]["AliasName"], aliases[0]["AliasArn"]):
        assert kms.describe_key(KeyId=asked)["KeyMetadata"]["KeyId"] == KEY
    for asked in ("alias/none", f"arn:aws:kms:us-east-1:{ME}:key/{KEY}", KEY[:-1]):
        with pytest.raises(kms.exceptions.NotFoundException):
            kms.describe_key(KeyId=asked)
    with pytest.raises(kms.exceptions.NotFoundException):  # DescribeKey alone takes an alias
        kms.get_key_policy(KeyId=aliases[0]["AliasName"])


def test_a_secret_is_found_by_name_and_arn_or_partial_arn(migration: Aws) -> None:
    secrets = migration.client("secretsmanager", ME, REGION)
    for asked in ("dms/shop-mysql", SECRET, SECRET[:-7]):
        assert secrets.describe_secret(SecretId=asked)["ARN"] == SECRET
    for asked in ("shop-mysql", SECRET.replace(ME, "444455556666")):
        with pytest.raises(secrets.exceptions.ResourceNotFoundException):
            secrets.describe_secret(SecretId=asked)


def test_a_secret_holds_a_value_only_when_it_was_given_one(migration: Aws) -> None:
    secrets = migration.client("secretsmanager", ME, REGION)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=SECRET)
    migration.put_secret_value(ME, REGION, SECRET, {"username": "dms", "password": "p;w"})
    found = secrets.get_secret_value(SecretId="dms/shop-mysql")
    assert json.loads(found["SecretString"]) == {"username": "dms", "password": "p;w"}
    assert (found["ARN"], found["Name"]) == (SECRET, "dms/shop-mysql")


def test_one_attribute_of_a_vpc_is_answered_at_a_time(migration: Aws) -> None:
    ec2 = migration.client("ec2", ME, REGION)
    found = ec2.describe_vpc_attribute(VpcId="vpc-05da5134141f0b712", Attribute="enableDnsSupport")
    assert set(found) == {"VpcId", "EnableDnsSupport", "ResponseMetadata"}


def test_the_location_of_a_bucket_in_us_east_1_is_null(aws: Aws) -> None:
    aws.put(ME, "us-east-1", "s3:GetBucketLocation", {"LocationConstraint": None}, "lake")
    assert aws.client("s3", ME, REGION).get_bucket_location(Bucket="lake")["LocationConstraint"] is None


def test_put_replaces_what_was_seeded_of_the_same_thing_alone(migration: Aws) -> None:
    kms = migration.client("kms", ME, REGION)
    other = "e1f6feb8-42d1-4551-a030-19d43f29e881"
    before = kms.get_key_policy(KeyId=other)["Policy"]
    migration.put(ME, REGION, "kms:GetKeyPolicy", {"Policy": "{}", "PolicyName": "default"}, KEY)
    assert kms.get_key_policy(KeyId=KEY)["Policy"] == "{}"
    assert kms.get_key_policy(KeyId=other)["Policy"] == before
    migration.put(ME, REGION, "kms:ListKeys", {"Keys": []})
    assert kms.list_keys()["Keys"] == []
    with pytest.raises(ValueError, match="no operation"):
        migration.put(ME, REGION, "kms:ListKey", {})


def test_put_replaces_the_tags_of_one_resource_alone(migration: Aws) -> None:
    dms, ec2 = (migration.client(service, ME, REGION) for service in ("dms", "ec2"))
    first, second = (one["EndpointArn"] for one in dms.describe_endpoints()["Endpoints"][:2])
    before = dms.list_tags_for_resource(ResourceArn=second)["TagList"]
    assert before
    migration.put(ME, REGION, "dms:ListTagsForResource", {"TagList": [{"Key": "a", "Value": "b"}]}, first)
    assert dms.list_tags_for_resource(ResourceArn=first)["TagList"] == [{"Key": "a", "Value": "b"}]
    assert dms.list_tags_for_resource(ResourceArn=second)["TagList"] == before
    vpc = "vpc-05da5134141f0b712"
    migration.put(ME, REGION, "ec2:DescribeVpcAttribute", {"VpcId": vpc, "EnableDnsSupport": {"Value": False}})
    support = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    assert support["EnableDnsSupport"] == {"Value": False}
    assert "EnableDnsHostnames" in ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")


@pytest.mark.parametrize(
    ("service", "method", "parameters", "expected"),
    [
        ("kms", "get_key_policy", {"KeyId": "none"}, ("NotFoundException", 400)),
        ("secretsmanager", "get_resource_policy", {"SecretId": "none"}, ("ResourceNotFoundException", 400)),
        ("lambda", "get_function_configuration", {"FunctionName": "none"}, ("ResourceNotFoundException", 404)),
        ("s3", "head_bucket", {"Bucket": "none"}, ("404", 404)),
        ("s3", "get_bucket_location", {"Bucket": "none"}, ("NoSuchBucket", 404)),
        ("iam", "get_role", {"RoleName": "none"}, ("NoSuchEntity", 404)),
        ("iam", "list_access_keys", {"UserName": "none"}, ("NoSuchEntity", 404)),
        ("cloudtrail", "get_trail_status", {"Name": "none"}, ("TrailNotFoundException", 400)),
        ("ec2", "describe_vpc_attribute", {"VpcId": "vpc-0", "Attribute": "enableDnsSupport"},
         ("InvalidVpcID.NotFound", 400)),
        ("dms", "list_tags_for_resource", {"ResourceArn": f"arn:aws:dms:{REGION}:{ME}:endpoint:NONE"},
         ("ResourceNotFoundFault", 400)),
    ],
)  # fmt: skip
def test_what_is_not_seeded_is_not_found(
    migration: Aws, service: str, method: str, parameters: dict[str, Any], expected: tuple[str, int]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(migration.client(service, ME, REGION), method)(**parameters)
    assert code(caught) == expected


def test_a_known_bucket_without_settings_says_so(migration: Aws) -> None:
    s3 = migration.client("s3", ME, REGION)
    listed = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    bare = next(iter(listed - {f"dms-shop-staging-{ME}", f"northwind-ledger-lake-{ME}"}))
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_encryption(Bucket=bare)
    assert code(caught) == ("ServerSideEncryptionConfigurationNotFoundError", 404)


def test_an_unseeded_listing_is_empty_in_a_seeded_region_alone(migration: Aws) -> None:
    found = migration.client("dms", ME, REGION).describe_replication_task_assessment_runs()
    assert found["ReplicationTaskAssessmentRuns"] == []
    other = migration.client("ec2", ME, "eu-north-1").describe_vpcs()["Vpcs"]
    assert [vpc["CidrBlock"] for vpc in other] == ["172.31.0.0/16"]  # the default VPC that moto makes


def test_what_belongs_to_the_account_is_the_same_in_every_region(migration: Aws) -> None:
    for region in (REGION, "us-east-1", "ap-southeast-2"):
        assert len(migration.client("s3", ME, region).list_buckets()["Buckets"]) == 3


def test_regions_are_listed_by_whether_they_are_enabled(aws: Aws) -> None:
    account = aws.client("account", ME, "us-east-1")
    enabled = account.list_regions(RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"])["Regions"]
    names = {region["RegionName"] for region in enabled}
    assert "eu-central-1" in names
    assert "ap-east-1" not in names
    aws.put(ME, "us-east-1", "account:ListRegions",
            {"Regions": [{"RegionName": "eu-west-1", "RegionOptStatus": "ENABLED"}]})  # fmt: skip
    assert len(account.list_regions()["Regions"]) == 1


def test_a_folder_with_what_is_no_answer_is_not_seeded(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "describe-endpoints.json").write_text("{")
    with pytest.raises(ValueError, match="describe-endpoints"):
        aws.seed(ME, REGION, tmp_path)

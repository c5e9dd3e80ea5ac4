"""The double of AWS answers a real client over HTTP with what was seeded, and goes wrong as AWS does."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from botocore.utils import parse_to_aware_datetime

from dms_lint.answers import TOKENS
from dms_lint.collectors.exports import read_exports
from dms_lint.model import Document

if TYPE_CHECKING:
    from tests.aws.faults import Kind
    from tests.aws.server import Aws

ACCOUNTS = Path(__file__).parent / "accounts"
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
    found = list(read_exports(str(ACCOUNTS / path) for path in seeded.paths))
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
    from tests.aws.subjects import ABOUT

    body, operation = document.body, document.operation
    if operation == "dms:ListTagsForResource":
        kind, _, rest = document.subject.partition(".")
        several = list(dict.fromkeys(tag["ResourceArn"] for tag in body["TagList"])) if not document.subject else []
        if several:
            return {"ResourceArnList": several}
        return {"ResourceArn": f"arn:aws:dms:{seeded.region}:{seeded.account}:{kind}:{rest}"}
    if operation not in ABOUT:
        return {}
    inner = body.get("KeyMetadata", body)
    names = ("ARN", "Arn", "FunctionArn", "TrailARN", "VpcId")
    asked = {ABOUT[operation][0]: document.subject or next(inner[name] for name in names if name in inner)}
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


@pytest.fixture
def migration(aws: Aws) -> Aws:
    aws.seed(ME, REGION, ACCOUNTS / "migration")
    return aws


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


def test_a_secret_is_found_by_name_and_arn_with_or_without_its_suffix(migration: Aws) -> None:
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


def test_an_unseeded_listing_of_a_seeded_region_is_empty_and_an_unseeded_region_is_motos(migration: Aws) -> None:
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


ASK: dict[str, tuple[str, dict[str, str]]] = {
    "dms": ("describe_endpoints", {}),
    "lambda": ("get_function_configuration", {"FunctionName": "rotate-dms-mysql"}),
    "iam": ("get_account_authorization_details", {}),
    "ec2": ("describe_vpcs", {}),
    "s3": ("list_buckets", {}),
}
"""One question for each protocol: json, rest-json, query, ec2, rest-xml."""


def call(aws: Aws, service: str, **options: Any) -> Any:
    method, parameters = ASK[service]
    return getattr(aws.client(service, ME, REGION, **options), method)(**parameters)


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("deny", [("AccessDeniedException", 400), ("AccessDeniedException", 403), ("AccessDenied", 403),
                  ("UnauthorizedOperation", 403), ("AccessDenied", 403)]),
        ("scp", [("AccessDeniedException", 400), ("AccessDeniedException", 403), ("AccessDenied", 403),
                 ("UnauthorizedOperation", 403), ("AccessDenied", 403)]),
        ("throttle", [("ThrottlingException", 400), ("TooManyRequestsException", 429), ("Throttling", 400),
                      ("RequestLimitExceeded", 503), ("SlowDown", 503)]),
        ("error500", [("InternalFailure", 500), ("InternalFailure", 500), ("InternalFailure", 500),
                      ("InternalError", 500), ("InternalError", 500)]),
        ("expired", [("ExpiredTokenException", 400), ("ExpiredTokenException", 403), ("ExpiredToken", 403),
                     ("RequestExpired", 400), ("ExpiredToken", 400)]),
        ("invalid_token", [("UnrecognizedClientException", 400), ("UnrecognizedClientException", 403),
                           ("InvalidClientTokenId", 403), ("AuthFailure", 401), ("InvalidToken", 400)]),
    ],
)  # fmt: skip
def test_an_error_is_spelled_as_each_protocol_spells_it(
    migration: Aws, kind: Kind, codes: list[tuple[str, int]]
) -> None:
    for service, expected in zip(ASK, codes, strict=True):
        with migration.fault(kind), pytest.raises(ClientError) as caught:
            call(migration, service)
        assert code(caught) == expected
        message = caught.value.response["Error"]["Message"]
        if kind in ("deny", "scp"):
            who = f"User: arn:aws:sts::{ME}:assumed-role/Audit/m.palmer is not authorized to perform: {service}:"
            assert who in message
            assert ("with an explicit deny in a service control policy" in message) == (kind == "scp")
        call(migration, service)  # the fault is over


def test_a_refused_head_has_no_body_to_say_why(migration: Aws) -> None:
    with migration.fault("deny"), pytest.raises(ClientError) as caught:
        migration.client("s3", ME, REGION).head_bucket(Bucket=f"dms-shop-staging-{ME}")
    assert code(caught) == ("403", 403)


@pytest.mark.parametrize("service", ASK)
def test_a_connection_can_close_before_the_answer(migration: Aws, service: str) -> None:
    with migration.fault("reset"), pytest.raises(ConnectionClosedError):
        call(migration, service)
    assert migration.requests[-1].status == 0


def test_a_silent_server_keeps_nobody_when_the_fault_is_over(migration: Aws) -> None:
    began = time.monotonic()
    with migration.fault("timeout", seconds=60), pytest.raises(ReadTimeoutError):
        call(migration, "dms", timeout=1)
    assert time.monotonic() - began < 30
    assert call(migration, "dms", timeout=1)["Endpoints"]


# botocore takes a JSON answer that breaks off, or is of another shape, for one without members.
BROKEN: dict[str, tuple[object, ...]] = {
    "truncate": ({}, {}, ResponseParserError, ResponseParserError, ClientError),
    "garble": (UnicodeDecodeError, UnicodeDecodeError, ResponseParserError, ResponseParserError, ClientError),
    "wrong": ({}, {}, KeyError, {}, {}),
    "wrong_types": (AttributeError, None, KeyError, {}, {}),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer_is_what_botocore_makes_of_it(migration: Aws, kind: Kind) -> None:
    for service, expected in zip(ASK, BROKEN[kind], strict=True):
        with migration.fault(kind):
            if isinstance(expected, type):
                with pytest.raises(expected):
                    call(migration, service)
                continue
            got = call(migration, service)
        del got["ResponseMetadata"]
        if expected is not None:
            assert got == expected
        else:  # a list of texts that became a text
            assert got["Architectures"] == list("no list")


def test_a_fault_befalls_only_what_it_names(migration: Aws) -> None:
    migration.page_size = 2
    kms = migration.client("kms", ME, REGION)
    with migration.fault("deny", "kms:GetKeyPolicy", subject=KEY) as fault:
        with pytest.raises(ClientError, match=f"on resource: arn:aws:kms:{REGION}:{ME}:key/{KEY}"):
            kms.get_key_policy(KeyId=KEY)
        kms.get_key_policy(KeyId="e1f6feb8-42d1-4551-a030-19d43f29e881")
        kms.get_key_rotation_status(KeyId=KEY)
    assert fault.befallen == 1
    with migration.fault("throttle", "dms:*", page=2):
        token = call(migration, "dms")["Marker"]
        with pytest.raises(ClientError):
            migration.client("dms", ME, REGION).describe_endpoints(Marker=token)
    with migration.fault("throttle", "dms:*", times=1):
        with pytest.raises(ClientError):
            call(migration, "dms")
        call(migration, "dms")
    with migration.fault("deny", region="us-east-1"), migration.fault("deny", account="444455556666"):
        call(migration, "dms")


def assumed(aws: Aws, account: str, service: str) -> Any:
    """A client with the credentials of a role in an account."""
    found = aws.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/Audit", RoleSessionName="x")
    keys = found["Credentials"]
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=aws.url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def test_an_assumed_role_sees_its_account_and_no_other(migration: Aws) -> None:
    other = "444455556666"
    migration.seed(other, "us-east-1", ACCOUNTS / "faulty" / other / "us-east-1")
    with closing(assumed(migration, other, "dms")) as dms:
        assert len(dms.describe_endpoints()["Endpoints"]) == 23
        assert migration.requests[-1][:3] == (other, "us-east-1", "dms:DescribeEndpoints")
        with (
            migration.fault("deny", account=other),
            pytest.raises(ClientError, match=f"User: arn:aws:sts::{other}:assumed-role/Audit/x is not authorized"),
        ):
            dms.describe_endpoints()
    with closing(assumed(migration, other, "sts")) as sts:
        assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{other}:assumed-role/Audit/x"
    assert migration.client("sts").get_caller_identity()["Account"] == ME
    assert len(call(migration, "dms")["Endpoints"]) == 4


def test_what_moto_holds_is_told_apart_by_account(aws: Aws) -> None:
    mine, theirs = (aws.client("kms", account, "us-west-1") for account in ("222233334444", "333344445555"))
    key = mine.create_key()["KeyMetadata"]
    assert key["Arn"].split(":")[4] == "222233334444"
    assert [one["KeyId"] for one in mine.list_keys()["Keys"]] == [key["KeyId"]]
    assert theirs.list_keys()["Keys"] == []


def test_a_key_that_is_nobodys_is_refused(migration: Aws) -> None:
    with closing(
        boto3.client(
            "dms",
            region_name=REGION,
            endpoint_url=migration.url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="x",
        )
    ) as client, pytest.raises(ClientError) as caught:  # fmt: skip
        client.describe_endpoints()
    assert code(caught) == ("UnrecognizedClientException", 400)


def test_only_what_a_policy_allows_is_answered(migration: Aws) -> None:
    migration.allow({"dms:DescribeEndpoints", "s3:ListAllMyBuckets"})
    call(migration, "dms")
    call(migration, "s3")
    migration.client("sts").get_caller_identity()
    for service in ("ec2", "iam", "lambda"):
        with pytest.raises(ClientError, match="because no identity-based policy allows"):
            call(migration, service)
    migration.allow(set(), account="444455556666")
    call(migration, "dms")
    migration.allow(None)
    call(migration, "iam")


def test_requests_are_logged_with_account_region_parameters_and_status(migration: Aws) -> None:
    migration.client("s3", ME, REGION).get_bucket_location(Bucket=f"dms-shop-staging-{ME}")
    migration.client("ec2", ME, REGION).describe_vpc_attribute(
        VpcId="vpc-05da5134141f0b712", Attribute="enableDnsSupport"
    )
    with migration.fault("throttle"), pytest.raises(ClientError):
        migration.client("dms", ME, REGION).describe_endpoints(MaxRecords=50)
    assert migration.requests == [
        (ME, REGION, "s3:GetBucketLocation", {"Bucket": f"dms-shop-staging-{ME}"}, 200),
        (ME, REGION, "ec2:DescribeVpcAttribute",
         {"VpcId": "vpc-05da5134141f0b712", "Attribute": "enableDnsSupport"}, 200),
        (ME, REGION, "dms:DescribeEndpoints", {"MaxRecords": 50}, 400),
    ]  # fmt: skip


def test_a_command_runs_with_the_environment_alone(migration: Aws) -> None:
    script = "import boto3; print(len(boto3.client('dms').describe_endpoints()['Endpoints']))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=migration.env(ME, REGION), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "4"
    assert [one.operation for one in migration.requests] == ["dms:DescribeEndpoints"]


def test_a_folder_with_what_is_no_answer_is_not_seeded(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "describe-endpoints.json").write_text("{")
    with pytest.raises(ValueError, match="describe-endpoints"):
        aws.seed(ME, REGION, tmp_path)

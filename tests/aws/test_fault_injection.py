"""The double of AWS goes wrong as AWS does, tells accounts apart, and remembers what it was asked."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from tests.aws.test_server import ACCOUNTS, KEY, ME, REGION, code

if TYPE_CHECKING:
    from tests.aws.faults import Kind
    from tests.aws.server import Aws


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
    found = aws.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/Audit", RoleSessionName="audit")
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
            pytest.raises(ClientError, match=f"User: arn:aws:sts::{other}:assumed-role/Audit/audit is not authorized"),
        ):
            dms.describe_endpoints()
    with closing(assumed(migration, other, "sts")) as sts:
        assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{other}:assumed-role/Audit/audit"
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


def test_requests_are_logged_with_place_parameters_and_status(migration: Aws) -> None:
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

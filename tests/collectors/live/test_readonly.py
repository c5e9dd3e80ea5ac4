"""A client of dms-lint makes the calls of its table, and no other, whatever the code asks of it."""

from __future__ import annotations

from typing import Any

import pytest

from dms_lint.collectors.live.calls import CALLS, ENTERING, READS_VALUES
from dms_lint.collectors.live.readonly import Forbidden, guard

ALLOWED = ENTERING | {call.operation for call in CALLS if call.operation != READS_VALUES}


def client(service: str) -> Any:
    """A guarded client that would have to reach a port on which nobody listens."""
    import boto3
    from botocore.config import Config

    made = boto3.client(
        service,
        region_name="eu-central-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    return guard(made, ALLOWED)


@pytest.mark.parametrize(
    ("service", "method", "input_"),
    [
        ("dms", "delete_endpoint", {"EndpointArn": "arn:aws:dms:eu-central-1:111122223333:endpoint:A"}),
        ("dms", "modify_endpoint", {"EndpointArn": "arn:aws:dms:eu-central-1:111122223333:endpoint:A"}),
        ("dms", "test_connection", {"EndpointArn": "e", "ReplicationInstanceArn": "i"}),
        ("iam", "create_user", {"UserName": "m"}),
        ("iam", "generate_credential_report", {}),
        ("kms", "decrypt", {"CiphertextBlob": b"x"}),
        ("kms", "schedule_key_deletion", {"KeyId": "k"}),
        ("s3", "get_object", {"Bucket": "b", "Key": "k"}),
        ("s3", "delete_bucket", {"Bucket": "bucket"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
        ("secretsmanager", "put_secret_value", {"SecretId": "s", "SecretString": "x"}),
        ("ec2", "authorize_security_group_ingress", {"GroupId": "sg-1"}),
        ("lambda", "invoke", {"FunctionName": "f"}),
        ("sts", "get_session_token", {}),
    ],
)
def test_what_is_not_in_the_table_is_refused_before_sending(service: str, method: str, input_: Any) -> None:
    with pytest.raises(Forbidden, match=f"{service}:"):
        getattr(client(service), method)(**input_)


def test_every_operation_not_in_the_table_is_refused() -> None:
    for service in sorted({call.service for call in CALLS}):
        made = client(service)
        for name in made.meta.service_model.operation_names:
            if f"{service}:{name}" not in ALLOWED:
                model = made.meta.service_model.operation_model(name)
                with pytest.raises(Forbidden):
                    made._emit_api_params({}, model, {})


def test_a_request_that_is_made_past_the_methods_is_refused_too() -> None:
    made = client("dms")
    operation = made.meta.service_model.operation_model("DeleteEndpoint")
    request = {"url_path": "/", "url": "http://127.0.0.1:9/", "method": "POST", "headers": {}, "body": b"{}",
               "query_string": "", "context": {}}  # fmt: skip
    with pytest.raises(Forbidden, match="dms:DeleteEndpoint"):
        made._endpoint.make_request(operation, request)


def test_what_is_in_the_table_is_sent() -> None:
    from botocore.exceptions import EndpointConnectionError

    with pytest.raises(EndpointConnectionError):
        client("dms").describe_endpoints()


def test_the_value_of_a_secret_may_be_read_where_that_is_allowed() -> None:
    from botocore.exceptions import EndpointConnectionError

    made = guard(client("secretsmanager"), {READS_VALUES})
    with pytest.raises(Forbidden):  # the guards add up: what one refuses, another cannot allow
        made.get_secret_value(SecretId="s")
    import boto3

    free = boto3.client(
        "secretsmanager",
        region_name="eu-central-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="none",
    )
    with pytest.raises(EndpointConnectionError):
        guard(free, {READS_VALUES}).get_secret_value(SecretId="s")

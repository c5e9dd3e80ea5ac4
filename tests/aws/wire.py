"""How AWS's protocols write an answer or an error: bytes that botocore reads back.  Knows nothing of what is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

import botocore.session
from botocore.utils import parse_to_aware_datetime
from moto.core.serialize import TimestampSerializer, get_serializer_class
from moto.core.utils import get_service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_ID: Final = "4f0e6bd2-5a0b-4d2e-9d0c-1a2b3c4d5e6f"


class Reply(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: int | None = None
    """How many bytes of the body are sent before the connection is closed; None: all, and it stays open."""


class AwsError(Exception):
    """What AWS answers instead: code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


@cache
def session() -> Any:
    """botocore's session: one, for its models alone."""
    return botocore.session.get_session()


@cache
def service_model(service: str) -> Any:
    """botocore's model of a service; None where it knows no service of this name."""
    if service not in session().get_available_services():
        return None
    return session().get_service_model(service)


@cache
def operation_model(operation: str) -> Any:
    """botocore's model of `dms:DescribeEndpoints`; None where it has none."""
    service, _, name = operation.partition(":")
    model = service_model(service)
    return model.operation_model(name) if model is not None and name in model.operation_names else None


def protocol_of(service: str) -> str:
    """The protocol that botocore speaks with a service: json, rest-json, query, ec2 or rest-xml."""
    model = service_model(service)
    return "json" if model is None else str(model.resolved_protocol)


def write_answer(operation: str, body: Mapping[str, Any]) -> Reply:
    """An answer as AWS sends it.  The body is as the AWS CLI prints it: blobs in base64, times as text or epoch."""
    service = operation.partition(":")[0]
    protocol = protocol_of(service)
    if protocol in ("json", "rest-json"):
        text = json.dumps(_json(operation_model(operation).output_shape, body))
        return Reply(200, _headers(protocol), text.encode())
    if protocol not in ("query", "ec2", "rest-xml"):
        raise NotImplementedError(f"{service} speaks {protocol}")
    return _xml(service, operation.partition(":")[2], protocol, body)


def _json(shape: Any, value: Any) -> Any:
    """A value as JSON carries it.  Members that the model does not know stay, as a newer AWS would send them."""
    if shape is None or value is None:
        return value
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {name: (member.serialization.get("name", name), member) for name, member in shape.members.items()}
        written = {}
        for name, one in value.items():
            wire, member = members.get(name, (name, None))
            written[wire] = _json(member, one)
        return written
    if kind == "list" and isinstance(value, list):
        return [_json(shape.member, one) for one in value]
    if kind == "map" and isinstance(value, dict):
        return {name: _json(shape.value, one) for name, one in value.items()}
    if kind == "timestamp":
        moment: datetime = parse_to_aware_datetime(value)
        iso = shape.serialization.get("timestampFormat") == "iso8601"
        return moment.isoformat() if iso else moment.timestamp()
    return value


class _Exact(TimestampSerializer):
    """Keeps the parts of a second that EC2 and S3 would leave out."""

    def _timestamp_iso8601_zeroed(self, value: datetime) -> str:
        return self._timestamp_iso8601(value)


def _member(context: Any) -> Any:
    """A member of a structure, for moto's serializers."""
    value = context.obj.get(context.key)
    if value is None:
        return None
    if context.shape.type_name == "timestamp":
        return parse_to_aware_datetime(value).astimezone(UTC)
    if context.shape.name == "policyDocumentType":  # IAM sends policies as URL-encoded text
        return quote(value if isinstance(value, str) else json.dumps(value))
    return value


def _xml(service: str, name: str, protocol: str, body: Mapping[str, Any]) -> Reply:
    serializer: Any = get_serializer_class(service, protocol)(
        get_service_model(service).operation_model(name), value_picker=_member
    )
    serializer._timestamp_serializer = _Exact(serializer.DEFAULT_TIMESTAMP_FORMAT)
    written = serializer.serialize(body)
    text = written["body"]
    return Reply(
        written["status_code"],
        {**_headers(protocol), **written["headers"]},
        text.encode() if isinstance(text, str) else text,
    )


def write_error(service: str, error: AwsError, *, head: bool = False) -> Reply:
    """An error as the service's protocol spells it; without a body for a HEAD request, which cannot have one."""
    protocol = protocol_of(service)
    headers = _headers(protocol)
    if head:
        return Reply(error.status, headers, b"")
    code, message = escape(error.code), escape(error.message)
    if protocol == "json":
        text = json.dumps({"__type": error.code, "message": error.message})
    elif protocol == "rest-json":
        headers["x-amzn-ErrorType"] = error.code
        text = json.dumps({"Message": error.message})
    elif protocol == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{REQUEST_ID}</RequestID></Response>"
        )
    elif protocol == "rest-xml":
        text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{REQUEST_ID}</RequestId></Error>"
    else:
        kind = "Sender" if error.status < 500 else "Receiver"
        text = (
            f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
        )
    return Reply(error.status, headers, text.encode())


def _headers(protocol: str) -> dict[str, str]:
    kinds = {"json": "application/x-amz-json-1.1", "rest-json": "application/json"}
    return {"Content-Type": kinds.get(protocol, "text/xml"), "x-amzn-RequestId": REQUEST_ID}

"""What an HTTP request asks of AWS: who, where, which operation, with which parameters."""

from __future__ import annotations

import json
import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from tests.aws.wire import service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCOPE: Final = re.compile(r"Credential=(?P<key>\w+)/\d{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/aws4_request")
_KEY: Final = "AKIATEST"


class Call(NamedTuple):
    """One HTTP request as it came."""

    method: str
    path: str
    """With its query, as it stood in the request line."""
    headers: Mapping[str, str]
    body: bytes


class Asked(NamedTuple):
    """What a request asks."""

    account: str
    """'' where the request is not signed, or with a key that is nobody's."""
    region: str
    service: str
    operation: str
    """Service and operation, `dms:DescribeEndpoints`; the service and a colon where nobody can tell."""
    parameters: Mapping[str, Any]
    """The input's members by name; for query and EC2 as they stand in the form, lists under their own name."""
    key: str = ""
    """The access key."""
    known: bool = True
    """Whether the access key is anybody's."""
    headers: Mapping[str, str] = MappingProxyType({})
    """Those of the request, by name in lower case."""


def access_key(account: str) -> str:
    """The access key of an account's base credentials: the account can be read from it."""
    return _KEY + account


def account_of(key: str) -> str | None:
    """The account of an access key: one of `access_key`, or one that moto's STS or IAM gave."""
    if re.fullmatch(_KEY + r"\d{12}", key):
        return key.removeprefix(_KEY)
    from moto.iam.models import iam_backends

    for account, backends in list(iam_backends.items()):
        if any(key in backend.access_keys for backend in list(backends.values())):
            return str(account)
    return None


def identify(call: Call) -> Asked:
    """What a call asks."""
    scope = _SCOPE.search(call.headers.get("Authorization", ""))
    key, region, service = scope.group("key", "region", "service") if scope else ("", "", "")
    account = account_of(key) if key else ""
    name, parameters = _operation(service, call)
    headers = {header.lower(): value for header, value in call.headers.items()}
    operation = f"{service}:{name}"
    return Asked(account or "", region, service, operation, parameters, key, account is not None, headers)


def _operation(service: str, call: Call) -> tuple[str, Mapping[str, Any]]:
    target = call.headers.get("X-Amz-Target", "")
    if target:
        found = json.loads(call.body or b"{}")
        return target.rpartition(".")[2], found if isinstance(found, dict) else {}
    if call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        form = _form(call.body.decode())
        return str(form.pop("Action", "")), form
    return _rest(service, call)


def _form(text: str) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        listed = re.fullmatch(r"(\w+?)(?:\.member)?\.\d+", name)
        if listed:
            form.setdefault(listed[1], []).append(value)
        else:
            form[name] = value
    form.pop("Version", None)
    return form


class _Route(NamedTuple):
    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[tuple[str, str]]
    """What the query must have: that is how S3 tells its operations apart."""


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    model = service_model(service)
    routes = []
    for name in model.operation_names if model is not None else ():
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(path))
        fixed = frozenset(parse_qsl(query, keep_blank_values=True))
        routes.append(_Route(name, http["method"], re.compile(pattern.rstrip("/") + "/?"), fixed))
    return tuple(sorted(routes, key=lambda route: -len(route.query)))


def _rest(service: str, call: Call) -> tuple[str, Mapping[str, Any]]:
    path, _, query = call.path.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    for route in _routes(service):
        found = route.path.fullmatch(path)
        if found and route.method == call.method and route.query <= set(given.items()):
            members = service_model(service).operation_model(route.name).input_shape
            parameters: dict[str, Any] = {name: unquote(value) for name, value in found.groupdict().items()}
            for member, shape in members.members.items() if members else ():
                wire = shape.serialization.get("name", member)
                if shape.serialization.get("location") == "querystring" and wire in given:
                    parameters[member] = given[wire]
            if call.body and call.headers.get("Content-Type", "").startswith("application/json"):
                parameters.update(json.loads(call.body))
            return route.name, parameters
    return "", given

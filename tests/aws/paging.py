"""How AWS cuts a listing into pages: each operation's own words for token, size and end."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import DataNotFoundError

from dms_lint.aws.responses import TOKENS, shapes_of
from tests.aws.wire import AwsError, operation_model, protocol_of, session

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIZES: Final[Mapping[str, tuple[int, int]]] = {
    "dms": (20, 100),
    "rds": (20, 100),
    "redshift": (20, 100),
    "redshift-serverless": (1, 100),
    "ec2": (5, 1000),
    "ec2:GetManagedPrefixListEntries": (1, 100),
    "iam": (1, 1000),
    "kms": (1, 1000),
    "kms:ListAliases": (1, 100),
    "kms:ListGrants": (1, 100),
    "s3": (1, 10000),
    "secretsmanager": (1, 100),
}
"""The sizes of a page that may be asked for."""

_INVALID: Final[Mapping[str, str]] = {
    "dms": "InvalidParameterValueException",
    "secretsmanager": "InvalidParameterException",
    "s3": "InvalidArgument",
    "query": "InvalidParameterValue",
    "ec2": "InvalidParameterValue",
    "iam": "ValidationError",
}
"""What a wrong parameter is called, by service or protocol; elsewhere `ValidationException`."""


class Paging(NamedTuple):
    """The words of one operation."""

    given: str
    """The input's member for the token."""
    returned: str
    """The output's."""
    more: str
    """The output's member that says whether more follows; '' where the token alone says so."""
    limit: str
    """The input's member for the size of a page."""


@cache
def _paginator(operation: str) -> Mapping[str, Any] | None:
    """How botocore pages an operation; None where it leaves that to its users."""
    service, _, name = operation.partition(":")
    try:
        found: Mapping[str, Any] = session().get_paginator_model(service).get_paginator(name)
    except (DataNotFoundError, ValueError):  # no paginators of the service, or none of the operation
        return None
    return found


@cache
def paging_of(operation: str) -> Paging | None:
    """How an operation is paged, by botocore's paginators or, where they leave it out, by its members."""
    found = _paginator(operation)
    if found:
        return Paging(found["input_token"], found["output_token"], found.get("more_results", ""), found["limit_key"])
    model = operation_model(operation)
    takes, gives = (set(shape.members) if shape else set() for shape in (model.input_shape, model.output_shape))
    for token, limit in (("Marker", "MaxRecords"), ("NextToken", "MaxResults"), ("nextToken", "maxResults")):
        if token in takes & gives:
            return Paging(token, token, "", limit)
    return None


@cache
def lists_of(operation: str) -> tuple[str, ...]:
    """The members of an answer that hold what is listed."""
    found = (_paginator(operation) or {}).get("result_key", ())
    keys = [found] if isinstance(found, str) else list(found)
    rows = shapes_of(operation)
    keys += [row.key for row in rows if row.shape != "one" and row.key]
    if not keys and paging_of(operation):
        keys = [mark for row in rows for mark in row.marks]
    output = operation_model(operation).output_shape.members
    return tuple(key for key in dict.fromkeys(keys) if key in output and output[key].type_name == "list")


def page_number(operation: str, parameters: Mapping[str, Any]) -> int:
    """Which page is asked for, from 1."""
    try:
        return _start(operation, parameters)[0]
    except AwsError:
        return 1


def one_page(
    operation: str, body: Mapping[str, Any], parameters: Mapping[str, Any], size: int | None
) -> Mapping[str, Any]:
    """The part of a whole answer that is asked for, of at most `size` items; raises AwsError for a wrong size or token.

    Items are counted over all lists of an answer together, and every page has all lists, as IAM does it.
    """
    paging, keys = paging_of(operation), lists_of(operation)
    if paging is None or not keys:
        return body
    asked = _limit(operation, paging, parameters)
    number, start = _start(operation, parameters)
    items = [(key, item) for key in keys for item in body.get(key) or ()]
    end = start + min(size or len(items) or 1, asked or len(items) or 1)
    part = {name: value for name, value in body.items() if name not in TOKENS and name not in keys}
    part |= {key: [item for of, item in items[start:end] if of == key] for key in keys}
    if end < len(items):
        part[paging.returned] = _token(operation, number + 1, end)
    if paging.more:
        part[paging.more] = end < len(items)
    return part


def _limit(operation: str, paging: Paging, parameters: Mapping[str, Any]) -> int | None:
    if paging.limit not in parameters:
        return None
    service = operation.partition(":")[0]
    asked = int(parameters[paging.limit])
    low, high = _SIZES.get(operation, _SIZES.get(service, (1, 1000)))
    if not low <= asked <= high:
        raise _invalid(service, f"Value {asked} of {paging.limit} is not between {low} and {high}")
    return asked


def _token(operation: str, number: int, start: int) -> str:
    return base64.b64encode(json.dumps([operation, number, start]).encode()).decode()


def _start(operation: str, parameters: Mapping[str, Any]) -> tuple[int, int]:
    paging = paging_of(operation) if operation_model(operation) else None
    token = parameters.get(paging.given) if paging else None
    if not token:
        return 1, 0
    try:
        of, number, start = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        of, number, start = "", 1, 0
    if of != operation:
        raise _invalid(operation.partition(":")[0], "The token is not one that this operation gave")
    return number, start


def _invalid(service: str, message: str) -> AwsError:
    code = _INVALID.get(service) or _INVALID.get(protocol_of(service), "ValidationException")
    return AwsError(code, message, 400)

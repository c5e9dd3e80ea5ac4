"""One call made: its pages put together, and what went wrong told apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.responses import TOKENS, recognise, shapes_of
from dms_lint.aws.secret_values import holds_value, without_values
from dms_lint.collectors.live.errors import MALFORMED, failures, refusal_of
from dms_lint.collectors.live.readonly import Forbidden
from dms_lint.model import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dms_lint.collectors.live.calls import Call

_CONTINUED: Final = ("Marker", "NextToken")
"""Members of an answer that, given back as input, ask for its next page."""
_ROOTS: Final = {
    "GetBucketEncryption": b"ServerSideEncryptionConfiguration",
    "GetBucketLocation": b"LocationConstraint",
    "ListBuckets": b"ListAllMyBucketsResult",
}
"""The outermost elements of S3's answers."""
_NOT_AS_SENT: Final = Refusal(MALFORMED, "the answer is not one that AWS sends", failed=True)


class Answered(NamedTuple):
    """What came of a call; of a listing that broke off, both what was read and why no more."""

    body: Mapping[str, Any] | None
    refusal: Refusal | None = None


def ask(client: Any, call: Call, subjects: tuple[str, ...]) -> Answered:
    """Make a call about these subjects (none for a listing), and read all its pages.

    What AWS or the way to it does becomes a refusal; what is raised is a bug.
    """
    options: dict[str, Any] = dict(call.options)
    if call.about:
        options[call.about] = list(subjects) if call.batch > 1 else subjects[0]
    body: dict[str, Any] = {}
    refusal = None
    pages = _pages(client, call, options)
    while (page := _next(pages)) is not None:
        if isinstance(page, Refusal):
            refusal = page  # the pages before it are kept
            break
        plain = _plain(page)
        if not _as_sent(call.operation, plain):
            refusal = _NOT_AS_SENT
            break
        body = _joined(body, plain, call.operation)
    if not body:
        return Answered(None, refusal)
    if refusal is None:
        body = {name: value for name, value in body.items() if name not in TOKENS}
    return Answered(without_values(call.operation, body), refusal)


def _next(pages: Iterator[Mapping[str, Any]]) -> Mapping[str, Any] | Refusal | None:
    """The next page; None after the last; a refusal where there is none."""
    try:
        return next(pages, None)
    except failures() as error:
        return refusal_of(error)
    except Forbidden:
        raise
    except Exception:  # noqa: BLE001 - a garbled answer makes botocore stumble in many ways
        return _NOT_AS_SENT


def _pages(client: Any, call: Call, options: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    method = boto3_method(call.name)
    if client.can_paginate(method):
        config = {"PageSize": call.page} if call.page else {}
        yield from client.get_paginator(method).paginate(**options, PaginationConfig=config)
        return
    from botocore.exceptions import PaginationError

    # botocore knows no pages of some operations that have them.
    while True:
        page = getattr(client, method)(**options)
        yield page
        tokens = {name: page[name] for name in _CONTINUED if page.get(name)}
        if not tokens:
            return
        if tokens.items() <= options.items():
            raise PaginationError(message="the same page follows itself")
        options = {**options, **tokens}


def _joined(body: dict[str, Any], page: dict[str, Any], operation: str) -> dict[str, Any]:
    """A page put to those before it: its lists go on where theirs end, the rest is the newer."""
    lists = {row.key for row in shapes_of(operation) if row.shape != "one"} or {
        name for name, value in page.items() if isinstance(value, list)
    }
    joined = {name: body[name] + page[name] for name in lists & body.keys() & page.keys()}
    return {**body, **page, **joined}


def _as_sent(operation: str, body: Mapping[str, Any]) -> bool:
    """Whether an answer has what each of the operation has: without its list, it says nothing."""
    for row in shapes_of(operation):
        if row.key and not isinstance(body.get(row.key), dict if row.shape == "one" else list):
            return False
    return any(row.key for row in shapes_of(operation)) or holds_value(body) or recognise(body) == operation


def _plain(value: Any) -> Any:
    """An answer in JSON's own types: without what tells of the transport, and with bytes as the text that they are."""
    return {name: _json(member) for name, member in value.items() if name != "ResponseMetadata"}


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _json(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(member) for member in value]
    if isinstance(value, bytes):
        from base64 import b64encode

        return b64encode(value).decode()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def boto3_method(name: str) -> str:
    """An operation as boto3 spells it: `describe_db_instances`."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


def reject_foreign_xml(client: Any) -> Any:
    """The same client; one of S3 takes no other XML for an answer.

    botocore would make of any document that a bucket is there, and in us-east-1.
    """

    def check(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        root = _ROOTS.get(operation_model.name)
        if root and root not in response_dict["body"] and response_dict["status_code"] < 300:
            raise ResponseParserError(f"the answer is not one of {operation_model.name}")

    from botocore.parsers import ResponseParserError

    if client.meta.service_model.service_name == "s3":
        client.meta.events.register("before-parse.s3", check)
    return client


def batches(subjects: Iterable[str], size: int) -> list[tuple[str, ...]]:
    """The subjects in groups of at most that many."""
    listed = list(subjects)
    return [tuple(listed[start : start + size]) for start in range(0, len(listed), size)]

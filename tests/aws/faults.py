"""What goes wrong between a client and AWS, and how each protocol shows it."""

from __future__ import annotations

import dataclasses
import json
import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Literal

from dms_lint.aws.responses import action
from tests.aws.paging import page_number
from tests.aws.subjects import subject_of
from tests.aws.wire import AwsError, Reply, protocol_of, write_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.aws.asked import Asked

Kind = Literal[
    "deny",
    "scp",
    "throttle",
    "timeout",
    "reset",
    "error500",
    "truncate",
    "garble",
    "wrong",
    "wrong_types",
    "expired",
    "invalid_token",
    "signature",
]

_CODES: Final[Mapping[str, Mapping[str, tuple[str, int]]]] = {
    "deny": {
        "json": ("AccessDeniedException", 400),
        "rest-json": ("AccessDeniedException", 403),
        "query": ("AccessDenied", 403),
        "ec2": ("UnauthorizedOperation", 403),
        "rest-xml": ("AccessDenied", 403),
    },
    "throttle": {
        "json": ("ThrottlingException", 400),
        "rest-json": ("TooManyRequestsException", 429),
        "query": ("Throttling", 400),
        "ec2": ("RequestLimitExceeded", 503),
        "rest-xml": ("SlowDown", 503),
    },
    "error500": {
        "json": ("InternalFailure", 500),
        "rest-json": ("InternalFailure", 500),
        "query": ("InternalFailure", 500),
        "ec2": ("InternalError", 500),
        "rest-xml": ("InternalError", 500),
    },
    "expired": {
        "json": ("ExpiredTokenException", 400),
        "rest-json": ("ExpiredTokenException", 403),
        "query": ("ExpiredToken", 403),
        "ec2": ("RequestExpired", 400),
        "rest-xml": ("ExpiredToken", 400),
    },
    "invalid_token": {
        "json": ("UnrecognizedClientException", 400),
        "rest-json": ("UnrecognizedClientException", 403),
        "query": ("InvalidClientTokenId", 403),
        "ec2": ("AuthFailure", 401),
        "rest-xml": ("InvalidToken", 400),
    },
    "signature": {
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
        "query": ("SignatureDoesNotMatch", 403),
        "ec2": ("SignatureDoesNotMatch", 403),
        "rest-xml": ("SignatureDoesNotMatch", 403),
    },
}
_MESSAGES: Final[Mapping[str, str]] = {
    "throttle": "Rate exceeded",
    "error500": "An internal error has occurred",
    "expired": "The security token included in the request is expired",
    "invalid_token": "The security token included in the request is invalid",
}


class Dropped(Exception):
    """The connection ends here, without an answer."""


@dataclasses.dataclass(eq=False)
class Fault:
    """A fault, and the requests that it befalls."""

    kind: Kind
    operation: str = "*"
    """`dms:DescribeEndpoints`, or a pattern as `dms:*`."""
    account: str | None = None
    region: str | None = None
    subject: str | None = None
    """Text that the request's parameters hold."""
    page: int | None = None
    """The page that is asked for, from 1."""
    seconds: float = 30.0
    """How long a `timeout` keeps silent."""
    says: str = ""
    """What the message of a `deny` says besides."""
    times: int | None = None
    """How many requests it befalls; None: all."""
    after: int = 0
    """How many requests it lets pass before."""
    befallen: int = 0
    """How many it has befallen."""
    ended: threading.Event = dataclasses.field(default_factory=threading.Event)
    """Set when the fault is over: nobody waits any longer."""
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def befalls(self, asked: Asked) -> bool:
        """Whether it befalls this request; if so, that is counted."""
        if not (
            fnmatchcase(asked.operation, self.operation)
            and self.account in (None, asked.account)
            and self.region in (None, asked.region)
            and (self.subject is None or self.subject in json.dumps(asked.parameters))
            and (self.page is None or self.page == page_number(asked.operation, asked.parameters))
        ):
            return False
        with self._lock:
            if self.after:
                self.after -= 1
                return False
            if self.times is not None and self.befallen >= self.times:
                return False
            self.befallen += 1
            return True

    def reply(self, asked: Asked, caller: str, truth: Callable[[], Reply], *, head: bool) -> Reply:
        """What is answered instead of `truth`; raises Dropped where nothing is."""
        protocol = protocol_of(asked.service)
        if self.kind in ("timeout", "reset"):
            if self.kind == "timeout":
                self.ended.wait(self.seconds)
            raise Dropped
        if self.kind in ("deny", "scp"):
            error = denied(asked, caller, scp=self.kind == "scp")
            error.message += self.says
            return write_error(asked.service, error, head=head)
        if self.kind == "signature":
            return write_error(asked.service, mismatched(asked), head=head)
        if self.kind in _MESSAGES:
            code, status = _CODES[self.kind][protocol]
            return write_error(asked.service, AwsError(code, _MESSAGES[self.kind], status), head=head)
        if self.kind == "garble":
            return Reply(200, {"Content-Type": "text/plain"}, b"\x89\x00\xff not an answer \xfe" * 8)
        if self.kind == "truncate":
            whole = truth()
            return whole._replace(sent=len(whole.body) // 2)
        if self.kind == "wrong_types" and protocol in ("json", "rest-json"):
            return _wrong_types(truth())
        body = b"{}" if protocol in ("json", "rest-json") else b"<html><body/></html>"
        return Reply(200, {"Content-Type": "text/html" if body[:1] == b"<" else "application/json"}, body)


def _wrong_types(reply: Reply) -> Reply:
    """The answer with its lists, or where it has none its first member, replaced by text."""
    body = json.loads(reply.body)
    names = [name for name, value in body.items() if isinstance(value, list)] or list(body)[:1]
    return reply._replace(body=json.dumps(body | dict.fromkeys(names, "no list")).encode())


def denied(asked: Asked, caller: str, *, scp: bool = False) -> AwsError:
    """The refusal of a request, as AWS words it."""
    needs = action(asked.operation)
    code, status = _CODES["deny"][protocol_of(asked.service)]
    why = (
        "with an explicit deny in a service control policy"
        if scp
        else f"because no identity-based policy allows the {needs} action"
    )
    message = f"User: {caller} is not authorized to perform: {needs}{_on(asked)} {why}"
    if asked.service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    return AwsError(code, message, status)


def mismatched(asked: Asked) -> AwsError:
    """The refusal of a signature, which quotes the request that was signed: its session token stands in it."""
    code, status = _CODES["signature"][protocol_of(asked.service)]
    signed = sorted(name for name in asked.headers if name in ("host", "content-type") or name.startswith("x-amz-"))
    canonical = ["POST", "/", "", *(f"{name}:{asked.headers[name]}" for name in signed), "", ";".join(signed), "0" * 64]
    to_sign = ["AWS4-HMAC-SHA256", asked.headers.get("x-amz-date", ""), f"{asked.region}/aws4_request", "1" * 64]
    message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\n"
        "The Canonical String for this request should have been\n'" + "\n".join(canonical) + "'\n\n"
        "The String-to-Sign should have been\n'" + "\n".join(to_sign) + "'\n"
    )
    return AwsError(code, message, status)


def _on(asked: Asked) -> str:
    """The resource, where AWS names it."""
    subject = subject_of(asked)
    place = f"arn:aws:{asked.service}:{asked.region}:{asked.account}:"
    if asked.service == "ec2" or (not subject and asked.service != "dms"):
        return ""
    if asked.service == "iam":
        return f" on resource: {'user' if 'UserName' in asked.parameters else 'role'} {subject}"
    kinds = {"dms": "*", "kms": "key/", "lambda": "function:", "cloudtrail": "trail/", "s3": ""}
    if asked.service == "s3":
        place = "arn:aws:s3:::"
    arn = subject if subject.startswith("arn:") else f"{place}{kinds.get(asked.service, '')}{subject}"
    return f" on resource: {arn}"

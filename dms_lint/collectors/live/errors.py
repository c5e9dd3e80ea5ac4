"""What went wrong with a call, as a refusal that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws import redaction
from dms_lint.model import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.exceptions import ClientError

MALFORMED: Final = "MalformedAnswer"
INTERRUPTED: Final = Refusal("Interrupted", "the call was not made: the collection was interrupted", failed=True)

_THROTTLED: Final = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"}
    | {"RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "LimitExceededException"}
)
NOT_ENABLED: Final = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "OptInRequired", "InvalidAccessKeyId"}
    | {"UnauthorizedException", "InvalidToken"}
)
"""How services of a Region that is not enabled for the account answer to credentials that are good elsewhere."""


class CannotStart(Exception):
    """Nothing can be read at all; the message says why and what to do, in one line."""


def failures() -> tuple[type[Exception], ...]:
    """What may happen to a call through no fault of ours."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    return BotoCoreError, ClientError, ResponseParserError, HTTPError, OSError


def parsed(ask: Callable[[], Any]) -> Any:
    """What `ask` picks out of an answer; raises one of `failures`, too, for an answer that AWS does not send."""
    from botocore.parsers import ResponseParserError

    try:
        return ask()
    except failures():
        raise
    except (AttributeError, LookupError, TypeError, ValueError):  # of botocore's parsers, or for want of a member
        raise ResponseParserError("the answer is not one that AWS sends") from None


def refusal_of(error: Exception) -> Refusal:
    """AWS's own code and message where it answered, else the name of what happened on the way; no credential in it.

    `failed` tells a call that got no answer, or one that says nothing, from one that AWS refused.
    """
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return _answered(error)
    name = type(error).__name__
    if name in ("ResponseParserError", "PaginationError"):
        return Refusal(MALFORMED, "the answer is not one that AWS sends", failed=True)
    return Refusal(name, redaction.message(str(error)), failed=True)


def _answered(error: ClientError) -> Refusal:
    details = error.response.get("Error", {})
    code, message = (redaction.message(str(details.get(name, ""))) for name in ("Code", "Message"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Refusal(code or "Unknown", message, failed=code in _THROTTLED or status >= 500)

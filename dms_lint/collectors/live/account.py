"""One account that is read: where it is asked, with which settings, and its guarded clients."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from dms_lint import __version__
from dms_lint.aws import redaction
from dms_lint.collectors.live.errors import CannotStart, failures
from dms_lint.collectors.live.readonly import guard
from dms_lint.collectors.live.request import reject_foreign_xml

if TYPE_CHECKING:
    from collections.abc import Collection

    from dms_lint.aws.where import Where
    from dms_lint.model import Refusal

_PRIVATE: Final = re.compile(r"https://.*|http://(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:/.*)?", re.IGNORECASE)


class Account:
    """An account that can be entered, or the refusal with which AWS answered to the attempt."""

    def __init__(
        self,
        id: str,
        session: Any,
        where: Where,
        allowed: Collection[str],
        refusal: Refusal | None = None,
    ) -> None:
        self.id = id
        self.refusal = refusal
        self.allowed = allowed
        """The operations that may be called there."""
        self.regions: tuple[str, ...] = ()
        self.session = session
        self.where = where
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def home(self) -> str:
        """The Region in which is asked what an account has as a whole."""
        default = self.session.region_name
        return default if default in self.regions or not self.regions else self.regions[0]

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a Region, guarded and made once; never by two threads at a time."""
        if (service, region) not in self._clients:
            try:
                made = self.session.client(service, region_name=region, **_settings(self.session, self.where))
            except ValueError as error:  # an address that is none
                raise CannotStart(sentence(str(error))) from None
            # Asked here too: a profile may have an address of its own.
            must_be_private(f"the endpoint of {service}", made.meta.endpoint_url)
            self._clients[service, region] = reject_foreign_xml(guard(made, self.allowed))
        return self._clients[service, region]

    def credentials_work(self) -> bool:
        """Whether the credentials are good: what a Region then refuses, it refuses because it is not enabled."""
        try:
            self.client("sts", self.session.region_name or self.home).get_caller_identity()
        except failures():
            return False
        return True


def _settings(session: Any, where: Where) -> dict[str, Any]:
    from botocore.config import Config

    options: dict[str, Any] = {
        "connect_timeout": min(10, where.timeout),
        "read_timeout": where.timeout,
        "user_agent_extra": f"dms-lint/{__version__}",
    }
    profile = session._session.get_scoped_config()
    if not os.environ.get("AWS_RETRY_MODE") and "retry_mode" not in profile:
        options["retries"] = {"mode": "adaptive"}
    return {"config": Config(**options), "endpoint_url": where.endpoint_url}


def must_be_private(name: str, url: str | None) -> None:
    """Refuse an endpoint without TLS, unless it is of this machine: what comes from elsewhere could be anybody's."""
    if url and not _PRIVATE.fullmatch(url):
        raise CannotStart(f"{name} is {url}: it must begin with https://, or be http:// on this machine")


def sentence(message: str) -> str:
    """What botocore says of an error, to stand within a line."""
    return redaction.message(message).rstrip(". \n").replace("\n", " ")

"""How DMS proves who it is to the database of an endpoint."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from dms_lint.data.tables import table
from dms_lint.facts.credentials import secret_settings
from dms_lint.facts.dms.endpoints import ENDPOINT, engine
from dms_lint.facts.dms.endpoints import setting as engine_setting
from dms_lint.facts.fact import FLAG, Fact, memoized, text

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

METHODS: Final = ("secret", "password", "iam", "kerberos", "none", "other")


def method(endpoint: Resource, inventory: Inventory) -> str:
    """How DMS logs in: with a secret, a password of the endpoint's own, IAM or Kerberos authentication, or not at all.

    `other` is an engine without secret authentication: an IAM role or a setting of its own lets DMS in.  AWS never
    shows a password: a user name or a server in clear text, and no secret, is one.
    """
    if not secret_settings.takes_secret(endpoint, inventory):
        return "other"
    if mongodb_type(endpoint, inventory) == "no":
        return "none"
    # Absent means password: API reference of the settings, which only add the other methods to it.
    chosen = secret_settings.setting(endpoint, inventory, "AuthenticationMethod").lower()
    if chosen in ("iam", "kerberos"):
        return chosen
    if chosen not in ("", "password"):
        raise endpoint.malformed("AuthenticationMethod", "a method of authentication")
    if secret_settings.secret_id(endpoint, inventory):
        return "secret"
    shown = secret_settings.clear_text(endpoint, inventory)
    if chosen or not {"Username", "ServerName", "Password"}.isdisjoint(shown):
        return "password"
    raise endpoint.missing("Username and no SecretsManagerSecretId")


@cache
def _iam_engines() -> frozenset[str]:
    return frozenset(name for row in table("iam-authentication")["rows"] for name in row["engines"])


@memoized
def by_iam(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether the endpoint's database takes a token of IAM in the place of a password (AuthenticationMethod)."""
    if engine(endpoint, inventory) not in _iam_engines():
        return False
    # Absent means password: API reference of the settings, which only add the other methods to it.
    return secret_settings.setting(endpoint, inventory, "AuthenticationMethod").lower() == "iam"


@memoized
def mongodb_type(endpoint: Resource, inventory: Inventory) -> str:
    """The AuthType of a MongoDB endpoint, `password` or `no`; '' for every other engine."""
    if engine(endpoint, inventory) != "mongodb":
        return ""
    # The user guide, "Using MongoDB as a source": authType, default PASSWORD.
    value = engine_setting(endpoint, inventory, "AuthType").lower() or "password"
    if value not in ("password", "no"):
        raise endpoint.malformed("AuthType", "password or no")
    return value


def neptune_method(endpoint: Resource, inventory: Inventory) -> str:
    """How a Neptune endpoint authenticates, `iam` or `none`; '' for every other engine."""
    if engine(endpoint, inventory) != "neptune":
        return ""
    block = endpoint.block("NeptuneSettings")
    # API reference of NeptuneSettings: "The default is false."
    return "iam" if block.flag("IamAuthEnabled", default=False) else "none"


def redis_type(endpoint: Resource, inventory: Inventory) -> str:
    """The AuthType of a Redis endpoint, `none`, `auth-role` or `auth-token`; '' for every other engine."""
    if engine(endpoint, inventory) != "redis":
        return ""
    value = engine_setting(endpoint, inventory, "AuthType").lower()
    if not value:
        raise endpoint.block("RedisSettings").missing("AuthType")
    if value not in ("none", "auth-role", "auth-token"):
        raise endpoint.malformed("AuthType", "none, auth-role or auth-token")
    return value


FACTS: Final = (
    Fact("authentication.by_iam", ENDPOINT, FLAG, by_iam),
    Fact("authentication.method", ENDPOINT, text(*METHODS), method),
    Fact("authentication.mongodb_type", ENDPOINT, text("", "password", "no"), mongodb_type),
    Fact("authentication.neptune_method", ENDPOINT, text("", "iam", "none"), neptune_method),
    Fact("authentication.redis_type", ENDPOINT, text("", "none", "auth-role", "auth-token"), redis_type),
)

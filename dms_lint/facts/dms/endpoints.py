"""What an endpoint is: its engine, its direction, its settings; nothing about how safe they are."""

from __future__ import annotations

from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from dms_lint.aws.connection_attributes import redacted_attributes
from dms_lint.data.tables import table
from dms_lint.facts.fact import Fact, memoized, text
from dms_lint.model import EMPTY, Missing, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

ENDPOINT: Final = ("endpoint",)


@cache
def _canonical() -> Mapping[str, str]:
    return {name: engine for engine, names in table("engines")["synonyms"].items() for name in names}


@memoized
def engine(endpoint: Resource, inventory: Inventory) -> str:
    """The engine, in lower case, by one name where AWS has several (`docdb` for documentdb)."""
    name = endpoint.text("EngineName").lower()
    return _canonical().get(name, name)


@memoized
def direction(endpoint: Resource, inventory: Inventory) -> str:
    """`source` or `target`."""
    value = endpoint.text("EndpointType").lower()
    if value not in ("source", "target"):
        raise endpoint.malformed("EndpointType", "source or target")
    return value


@cache
def _blocks() -> Mapping[str, str]:
    return {name: block for block, names in table("engines")["settings"].items() for name in names}


@memoized
def settings(endpoint: Resource, inventory: Inventory) -> Record | None:
    """The settings block of the endpoint's engine, as AWS sent it; None where the engine has none.

    Missing where the engine has one and the answer does not show it.
    """
    name = _blocks().get(engine(endpoint, inventory))
    return endpoint.block(name) if name else None


def attributes(endpoint: Resource) -> Mapping[str, str]:
    """The extra connection attributes by name, in lower case: `{"encryptionmode": "SSE_KMS"}`.

    Credentials among them are hidden, in whatever value they stand: no fact can show one.  Absent means none, as AWS
    leaves the member out then.
    """
    return parse_attributes(endpoint.text("ExtraConnectionAttributes", default=""))


@lru_cache(maxsize=1024)
def parse_attributes(attributes_text: str) -> Mapping[str, str]:
    """`name=value;name=value` by lower-case name; of a name that stands twice the last counts."""
    if not attributes_text:
        return EMPTY
    values = {}
    for part in redacted_attributes(attributes_text).split(";"):
        name, _, value = part.partition("=")
        if name.strip():
            values[name.strip().lower()] = value.strip()
    return MappingProxyType(values)


def setting(endpoint: Resource, inventory: Inventory, member: str) -> str:
    """A setting as the endpoint has it: from the engine's settings, else from the extra connection attributes.

    AWS gives the settings precedence.  '' where neither names it.
    """
    block = settings(endpoint, inventory)
    value = block.text(member, default="") if block is not None else ""
    return value or attributes(endpoint).get(member.lower(), "")


def unsettled(endpoint: Resource, what: str, needs: str) -> Missing:
    """A question about an endpoint that no data of the account settles."""
    return Missing(f"{endpoint.where}: {what}", needs=needs, reason=what)


FACTS: Final = (
    Fact("endpoint.engine", ENDPOINT, text(), engine),
    Fact("endpoint.type", ENDPOINT, text("source", "target"), direction),
)

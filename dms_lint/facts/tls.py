"""How an endpoint's connection is encrypted, by SSL mode or by the engine's own protocol settings."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.facts.base import Fact, text, texts
from dms_lint.facts.endpoints import ENDPOINT, engine, unsettled
from dms_lint.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory import Inventory
    from dms_lint.model import Resource

MODES: Final = ("none", "require", "verify-ca", "verify-full")
"""The SSL modes, from the weakest to the strongest."""


def mode(endpoint: Resource, inventory: Inventory) -> str:
    """The endpoint's SslMode."""
    value = endpoint.text("SslMode")
    if value not in MODES:
        raise endpoint.malformed("SslMode", "an SSL mode")
    return value


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    return {name: row for row in table("ssl-modes")["rows"] for name in row["engines"]}


def _row(endpoint: Resource, inventory: Inventory) -> Mapping[str, Any]:
    name = engine(endpoint, inventory)
    row = _rows().get(name)
    if row is None:
        raise unsettled(
            endpoint,
            f"no table says which SSL modes the engine {name} supports",
            "documentation of the engine's SSL modes",
        )
    return row


def modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes that the engine supports, from the weakest to the strongest."""
    return tuple(_row(endpoint, inventory)["modes"])


def encrypting_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes of the engine that encrypt; none where SSL mode does not apply to it."""
    row = _row(endpoint, inventory)
    if row.get("inferred") and mode(endpoint, inventory) == "none":
        raise unsettled(
            endpoint,
            f"AWS does not say whether the engine {engine(endpoint, inventory)} takes an SSL mode",
            "documentation of the engine's SSL modes",
        )
    return tuple(one for one in row["modes"] if one != "none")


def unsupported_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoint's SSL mode, where the engine does not support it; else none."""
    row, value = _row(endpoint, inventory), mode(endpoint, inventory)
    if value in row["modes"]:
        return ()
    if row.get("inferred"):
        raise unsettled(
            endpoint,
            f"AWS does not say whether the engine {engine(endpoint, inventory)} takes the mode {value}",
            "documentation of the engine's SSL modes",
        )
    return (value,)


def stronger_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes of the engine that verify more than the endpoint's own, from the weakest to the strongest.

    None where the endpoint's own mode is not among the engine's.
    """
    row, value = _row(endpoint, inventory)["modes"], mode(endpoint, inventory)
    return tuple(one for one in row if MODES.index(one) > MODES.index(value)) if value in row else ()


def strongest_mode(endpoint: Resource, inventory: Inventory) -> str:
    """The SSL mode that verifies the most among those that the engine supports."""
    return max(modes(endpoint, inventory), key=MODES.index)


FACTS: Final = (
    Fact("tls.mode", ENDPOINT, text(*MODES), mode),
    Fact("tls.modes", ENDPOINT, texts(*MODES), modes),
    Fact("tls.encrypting_modes", ENDPOINT, texts(*MODES), encrypting_modes),
    Fact("tls.unsupported_modes", ENDPOINT, texts(*MODES), unsupported_modes),
    Fact("tls.stronger_modes", ENDPOINT, texts(*MODES), stronger_modes),
    Fact("tls.strongest_mode", ENDPOINT, text(*MODES), strongest_mode),
)

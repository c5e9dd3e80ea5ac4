"""The SSL mode of an endpoint, the modes that its engine supports, and whether its connection is encrypted."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.data.tables import table
from dms_lint.facts.dms.endpoints import ENDPOINT, engine, unsettled
from dms_lint.facts.fact import Fact, memoized, text, texts
from dms_lint.facts.tls import engine_protocols

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

MODES: Final = ("none", "require", "verify-ca", "verify-full")
"""The SSL modes, from the weakest to the strongest."""


@memoized
def mode(endpoint: Resource, inventory: Inventory) -> str:
    """The endpoint's SslMode."""
    value = endpoint.text("SslMode")
    if value not in MODES:
        raise endpoint.malformed("SslMode", "an SSL mode")
    return value


class _Row(NamedTuple):
    """What the table says of an engine."""

    modes: tuple[str, ...]
    encrypting: tuple[str, ...]
    inferred: bool
    always_encrypted: bool
    settings: str
    """The settings block that an endpoint has for the row to count; '' where the row always counts."""


def _row_of(row: Mapping[str, Any]) -> _Row:
    return _Row(
        modes=tuple(row["modes"]),
        encrypting=tuple(mode for mode in row["modes"] if mode != "none"),
        inferred=row.get("inferred", False),
        always_encrypted=row.get("always_encrypted", False),
        settings=row.get("settings", ""),
    )


@cache
def _rows() -> Mapping[str, _Row]:
    rows = table("ssl-modes")["rows"]
    return {name: _row_of(row) for row in rows if "settings" not in row for name in row["engines"]}


@cache
def _special_rows() -> Mapping[str, _Row]:
    """By engine, the row that counts where the endpoint has that row's settings block."""
    rows = table("ssl-modes")["rows"]
    return {name: _row_of(row) for row in rows if "settings" in row for name in row["engines"]}


@memoized
def _row(endpoint: Resource, inventory: Inventory) -> _Row:
    name = engine(endpoint, inventory)
    row = _special_rows().get(name)
    if row is None or row.settings not in endpoint:
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
    return _row(endpoint, inventory).modes


def encrypting_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The SSL modes of the engine that encrypt; none where SSL mode does not apply to it."""
    row = _row(endpoint, inventory)
    if row.inferred and mode(endpoint, inventory) == "none":
        raise unsettled(
            endpoint,
            f"AWS does not say whether the engine {engine(endpoint, inventory)} takes an SSL mode",
            "documentation of the engine's SSL modes",
        )
    return row.encrypting


def unsupported_modes(endpoint: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The endpoint's SSL mode, where the engine does not support it; else none."""
    row, value = _row(endpoint, inventory), mode(endpoint, inventory)
    if value in row.modes:
        return ()
    if row.inferred:
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
    supported, value = modes(endpoint, inventory), mode(endpoint, inventory)
    return tuple(mode for mode in supported if MODES.index(mode) > MODES.index(value)) if value in supported else ()


def strongest_mode(endpoint: Resource, inventory: Inventory) -> str:
    """The SSL mode that verifies the most among those that the engine supports."""
    return max(modes(endpoint, inventory), key=MODES.index)


def certificate(endpoint: Resource, inventory: Inventory) -> str:
    """The ARN of the endpoint's certificate; '' where it has none.

    AWS leaves the member out then:
    https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeEndpoints.html
    """
    return endpoint.text("CertificateArn", default="")


@memoized
def encrypted(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether the data travel encrypted between the endpoint's database or service and DMS."""
    row, name = _row(endpoint, inventory), engine(endpoint, inventory)
    if row.always_encrypted:
        return True
    if name == "kafka":
        return engine_protocols.kafka_protocol(endpoint, inventory) != "plaintext"
    if name == "redis":
        return engine_protocols.redis_protocol(endpoint, inventory) != "plaintext"
    if name == "elasticsearch":
        return engine_protocols.search_scheme(endpoint, inventory) == "https"
    # Asked for its Missing: of an inferred engine nothing follows from `none`.
    encrypting_modes(endpoint, inventory)
    return mode(endpoint, inventory) != "none"


FACTS: Final = (
    Fact("tls.mode", ENDPOINT, text(*MODES), mode),
    Fact("tls.modes", ENDPOINT, texts(*MODES), modes),
    Fact("tls.encrypting_modes", ENDPOINT, texts(*MODES), encrypting_modes),
    Fact("tls.unsupported_modes", ENDPOINT, texts(*MODES), unsupported_modes),
    Fact("tls.stronger_modes", ENDPOINT, texts(*MODES), stronger_modes),
    Fact("tls.strongest_mode", ENDPOINT, text(*MODES), strongest_mode),
    Fact("tls.certificate", ENDPOINT, text(), certificate),
)

"""How a data provider of a migration project connects to its database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import Fact, text
from dms_lint.facts.tls.modes import MODES

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

PROVIDER: Final = ("data-provider",)
_WITHOUT_MODE: Final = ("redshift", "redshift-serverless")
"""Engines whose settings have no SslMode: Redshift's driver always encrypts.

https://docs.aws.amazon.com/dms/latest/APIReference/API_RedshiftDataProviderSettings.html
"""


def engine(provider: Resource, inventory: Inventory) -> str:
    """The engine of the data provider, in lower case and as the API spells it: `aurora-postgresql`."""
    return provider.text("Engine").lower().replace("_", "-")


def ssl_mode(provider: Resource, inventory: Inventory) -> str:
    """The SslMode of the data provider's settings.

    '' for Redshift, which has none, and for a virtual provider, which has no database.
    """
    if provider.flag("Virtual", default=False) or engine(provider, inventory) in _WITHOUT_MODE:
        return ""
    settings = provider.block("Settings")
    blocks = [settings.block(name) for name, block in settings.data.items() if block is not None]
    if len(blocks) != 1:
        raise settings.malformed("union of settings", "the settings of one engine")
    value = blocks[0].text("SslMode")
    if value not in MODES:
        raise blocks[0].malformed("SslMode", "an SSL mode")
    return value


FACTS: Final = (
    Fact("data_provider.engine", PROVIDER, text(), engine),
    Fact("data_provider.ssl_mode", PROVIDER, text("", *MODES), ssl_mode),
)

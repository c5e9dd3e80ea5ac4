"""What tests build again and again: one moment, one account, inventories, policies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from dms_lint.inventory.inventory import Inventory

if TYPE_CHECKING:
    from dms_lint.model import Document, Resource

NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)
"""The moment as of which tests judge; the whole accounts were exported on that day."""
ACCOUNT: Final = "111122223333"
REGION: Final = "eu-west-1"


def inventory(*documents: Document, at: datetime = NOW) -> Inventory:
    """The inventory of these documents."""
    return Inventory(documents, at)


def only(kind: str, resources: Inventory) -> Resource:
    """The one resource of a kind that there is."""
    (resource,) = resources.known(kind)
    return resource


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """An IAM policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}

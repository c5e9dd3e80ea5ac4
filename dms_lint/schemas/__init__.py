"""The JSON Schemas that dms-lint publishes: of what it writes, and of what people write for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SCHEMAS: Final = ("report", "config", "baseline", "rule", "cases", "control")


def schema_file(name: str) -> Path:
    """The file that holds the schema of that name, one of SCHEMAS."""
    return Path(__file__).with_name(f"{name}.schema.json")

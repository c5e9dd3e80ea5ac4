"""The tables of the pack, rules/tables/*.yaml: what the guide and AWS's documentation state, row by row."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from dms_lint.yamls import read_yaml


@cache
def pack_directory() -> Path:
    """The folder of the bundled rule pack: inside the package when installed, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "pack"
    return inside if inside.is_dir() else here.parent / "rules"


@cache
def table(name: str) -> Any:
    """The table of that name, read once: `table("ssl-modes")` is what rules/tables/ssl-modes.yaml holds."""
    return read_yaml(pack_directory() / "tables" / f"{name}.yaml")

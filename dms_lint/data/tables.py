"""Where the bundled rule pack stands, and its tables: what the guide and AWS's documentation state, row by row."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def pack_directory() -> Path:
    """The folder of the bundled rule pack: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "pack"
    return installed if installed.is_dir() else package.parent / "rules"


@cache
def compiled() -> Mapping[str, Any]:
    """What the rules and tables of the bundled pack say, by their path in it.

    The build of the wheel writes it (hatch_build.py), since parsing the YAML is the larger part of a small scan's time.
    Empty in a checkout, where the YAML itself is read.
    """
    file = pack_directory() / "compiled.json"
    if not file.is_file():
        return {}
    import json

    content: Mapping[str, Any] = json.loads(file.read_bytes())
    return content


@cache
def table(name: str) -> Any:
    """The table of that name, read once: `table("ssl-modes")` is what rules/tables/ssl-modes.yaml holds."""
    path = f"tables/{name}.yaml"
    if path in compiled():
        return compiled()[path]
    from dms_lint.data.yaml_file import read_yaml

    return read_yaml(pack_directory() / path)

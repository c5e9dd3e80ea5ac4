"""Compiles the rule pack into JSON when a wheel is built: an installed dms-lint then parses no YAML."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompilePack(BuildHookInterface[Any]):
    """Adds dms_lint/pack/compiled.json: what each rule and table says, by its path in the pack."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file and have it included; an editable install reads the YAML itself."""
        if version == "editable":
            return
        rules = Path(self.root) / "rules"
        said = {
            file.relative_to(rules).as_posix(): yaml.safe_load(file.read_text(encoding="utf-8"))
            for file in sorted(rules.rglob("*.yaml"))
            if not file.name.endswith(".cases.yaml")
        }
        compiled = Path(tempfile.mkdtemp()) / "compiled.json"
        compiled.write_text(json.dumps(said), encoding="utf-8")
        build_data["force_include"][str(compiled)] = "dms_lint/pack/compiled.json"

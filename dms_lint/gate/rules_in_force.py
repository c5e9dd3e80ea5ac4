"""The pack as a request has it, and the rules of it that the request selects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dms_lint.data.tables import pack_directory
from dms_lint.gate.request import RequestError
from dms_lint.gate.selection import SelectionError, answering, select
from dms_lint.rulepack.loader import load_packs

if TYPE_CHECKING:
    from dms_lint.gate.request import ScanRequest
    from dms_lint.model import Pack, Rule


def rules_in_force(request: ScanRequest) -> tuple[Pack, tuple[Rule, ...]]:
    """The pack with the severities and settings of the configuration, and the rules that the request selects.

    Raises RequestError, PackError and ConfigError.
    """
    pack = _pack(request)
    if request.config.file is not None or request.every_waiver:
        from dms_lint.gate.overrides import adjusted

        pack = pack._replace(rules=adjusted(pack.rules, request.config, request.every_waiver))
    return pack, _selected(pack, request)


def _pack(request: ScanRequest) -> Pack:
    """The bundled pack and those that the request names, as one, or the latter alone."""
    if not request.default_pack and not request.packs:
        raise RequestError("--no-default-pack leaves no rule: name a pack of your own with --pack DIR")
    bundled = (pack_directory(),) if request.default_pack else ()
    return load_packs((*bundled, *map(Path, request.packs)))


def _selected(pack: Pack, request: ScanRequest) -> tuple[Rule, ...]:
    try:
        rules = select(pack.rules, request.select, request.ignore, request.basis)
        if request.controls:
            rules = answering(rules, pack.frameworks, request.controls)
    except SelectionError as error:
        raise RequestError(str(error)) from None
    if not rules:
        raise RequestError("no rule is left: --select, --ignore, --basis and --control exclude them all")
    return rules

"""Report formats: one module each, with `render(report, style) -> Iterator[str]`, the pieces of the whole text."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from dms_lint.model import Severity
from dms_lint.report.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Report

__all__ = ["FORMATS", "Style", "render"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a person wants a report: formats for machines take no notice of it."""

    width: int = 100
    """Columns."""
    color: bool = False
    quiet: bool = False
    """One line a finding, and nothing else."""
    severity: Severity = Severity.LOW
    """The least severity that is shown."""
    frameworks: bool = False
    """Every control of the frameworks that fails or is unknown, by its id."""


def render(name: str, report: Report, style: Style) -> Iterator[str]:
    """The report in a format of FORMATS, in pieces, so that a large one need not stand in memory whole."""
    pieces: Iterator[str] = import_module(FORMATS[name]).render(report, style)
    return pieces

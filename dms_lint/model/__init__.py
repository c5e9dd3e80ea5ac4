"""Data types that every layer shares: verdicts, resources, documents, rules and reports.  Nothing in them knows AWS.

They are named tuples: as frozen as a dataclass, and made ten times as fast, which start-up is full of.
"""

from __future__ import annotations

from dms_lint.model.document import Document, Notice, Refusal
from dms_lint.model.record import EMPTY, Record, Resource, Unresolved
from dms_lint.model.report import Fault, Finding, Gap, Report, Waiver, Wording
from dms_lint.model.rule import Control, Fix, Framework, Pack, Rule, Setting
from dms_lint.model.verdict import Missing, Severity, Status, Verdict

__all__ = [
    "EMPTY",
    "Control",
    "Document",
    "Fault",
    "Finding",
    "Fix",
    "Framework",
    "Gap",
    "Missing",
    "Notice",
    "Pack",
    "Record",
    "Refusal",
    "Report",
    "Resource",
    "Rule",
    "Setting",
    "Severity",
    "Status",
    "Unresolved",
    "Verdict",
    "Waiver",
    "Wording",
]

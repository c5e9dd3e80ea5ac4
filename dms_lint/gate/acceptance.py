"""What a team has accepted, entered into a report: waivers and the baseline.  No verdict changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.gate.config import in_force
from dms_lint.gate.waivers import at_moment, waived
from dms_lint.model import Notice

if TYPE_CHECKING:
    from dms_lint.gate.request import ScanRequest
    from dms_lint.model import Report


def accept(report: Report, request: ScanRequest) -> tuple[Report, tuple[Notice, ...]]:
    """The report with what is waived and known; and, of its notices, those on waivers and on the baseline."""
    before = len(report.notices)
    report = waived(report, at_moment(request.every_waiver, request.at or report.started_at))
    notices = report.notices[before:]
    if request.baseline is not None:
        from dms_lint.gate import baseline

        report = baseline.mark_known(report, request.baseline.failures)
        changes = baseline.notices(report, request.baseline.failures, request.baseline.file, updated=request.update)
        notices = (*notices, *changes)
    configuration = request.config.file
    applied = () if configuration is None else (Notice(in_force(request.config), str(configuration)),)
    return report._replace(notices=(*report.notices[:before], *notices, *applied)), notices

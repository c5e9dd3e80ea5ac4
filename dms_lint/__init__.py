"""dms-lint: a security posture linter for AWS Database Migration Service.

`dms_lint.scan(ScanRequest(paths=("exports",)))` gives the report that `dms-lint scan exports` writes.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own takes longer to import than `dms-lint --version` to answer
if TYPE_CHECKING:
    from typing import Any

    from dms_lint.api.scan import scan
    from dms_lint.aws.where import Where
    from dms_lint.gate.request import ScanRequest

__version__ = "0.1.0"
__all__ = ["ScanRequest", "Where", "__version__", "scan"]


def __getattr__(name: str) -> Any:
    """A name of the package, imported when it is first asked for: `dms-lint --version` imports none."""
    if name == "scan":
        from dms_lint.api.scan import scan

        return scan
    if name == "ScanRequest":
        from dms_lint.gate.request import ScanRequest

        return ScanRequest
    if name == "Where":
        from dms_lint.aws.where import Where

        return Where
    raise AttributeError(f"module 'dms_lint' has no attribute '{name}'")

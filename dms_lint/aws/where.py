"""Which accounts and Regions of AWS to read, and how."""

from __future__ import annotations

from typing import NamedTuple


class Where(NamedTuple):
    """What the user asked to be read, and how."""

    profile: str | None = None
    regions: tuple[str, ...] = ()
    """Names, or `all`; none means the Region of the session."""
    role_arns: tuple[str, ...] = ()
    external_id: str | None = None
    role_session_name: str = "dms-lint"
    organization: bool = False
    organization_role: str = "OrganizationAccountAccessRole"
    endpoint_url: str | None = None
    timeout: int = 60
    """Seconds that an answer may take."""
    workers: int = 16
    """Calls under way at once."""

"""What all tests share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from dms_lint.model import Pack

# The same examples in every run, and no failure because a machine is slow.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The bundled rule pack."""
    from dms_lint.rules import load_pack
    from dms_lint.tables import pack_directory

    return load_pack(pack_directory())


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder of dms-lint's own Python."""
    import dms_lint

    return Path(dms_lint.__file__).parent

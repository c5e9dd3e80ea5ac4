"""What all tests share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Pack
    from tests.aws.server import Aws

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


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Aws]:
    """The double of AWS of this process; `aws` is it, clean."""
    from tests.aws.server import Aws

    server = Aws()
    yield server
    server.stop()


@pytest.fixture
def aws(aws_server: Aws) -> Iterator[Aws]:
    """A double of AWS over HTTP, in which nothing is seeded yet."""
    aws_server.reset()
    yield aws_server
    aws_server.reset()

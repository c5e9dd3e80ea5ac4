"""What all tests share."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Pack
    from tests.aws.server import Aws

# Packs and whole accounts live to the end: to look through them for cycles again and again is a third of the time.
gc.set_threshold(200_000, 50, 100)

# The same examples in every run, and no failure because a machine is slow.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
# What `make quick` asks for: a fifth of the examples, but where a test has a number of its own.
settings.register_profile("quick", settings.get_profile("steady"), max_examples=20)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The bundled rule pack."""
    from dms_lint.data.tables import pack_directory
    from dms_lint.rulepack.loader import load_pack

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
    errors = aws_server.errors
    aws_server.reset()
    assert not errors


@pytest.fixture
def migration(aws: Aws) -> Aws:
    """The double of AWS, with the answers of accounts/migration: 111122223333 in eu-west-1."""
    aws.seed("111122223333", "eu-west-1", Path(__file__).parent / "accounts" / "migration")
    return aws


@pytest.fixture(scope="session")
def world_server(aws_server: Aws) -> Aws:
    """The double of AWS with the world of three accounts in its moto, which no reset takes away."""
    from tests.aws import world

    world.build(aws_server.url)
    return aws_server

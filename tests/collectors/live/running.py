"""Runs the command against the double of AWS, in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.aws.server import Aws, Request

ACCOUNT = "999988887777"
"""An account without anything."""
FEW = ("--select", "TLS001")
"""The rule that needs few calls: three listings in a Region, and none of the account."""


class Ran(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str
    requests: tuple[Request, ...]
    """Those made while it ran."""
    seconds: float = 0.0

    @property
    def report(self) -> Any:
        """The JSON report on standard output."""
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The one line that is all it said."""
        assert self.out == ""
        assert "Traceback" not in self.err
        (line,) = self.err.splitlines()
        return line

    def asked(self, operation: str) -> list[Request]:
        """The requests of an operation."""
        return [one for one in self.requests if one.operation == operation]


def start(
    aws: Aws, *words: str, account: str = ACCOUNT, env: Mapping[str, str | None] | None = None, **options: Any
) -> subprocess.Popen[str]:
    """Start the command with an account's credentials; a variable that is None is taken away."""
    given: dict[str, str | None] = {**aws.env(account), "AWS_MAX_ATTEMPTS": "1", **(env or {})}
    # A process that was started in the background would not hear of Ctrl-C.
    hear = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    return subprocess.Popen(
        [sys.executable, "-m", "dms_lint", *words],
        env={name: value for name, value in given.items() if value is not None},
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **hear, **options},
    )


def run(aws: Aws, *words: str, **options: Any) -> Ran:
    """Run the command to its end."""
    before = len(aws.requests)
    process = start(aws, *words, **options)
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out or "", err or "", tuple(aws.requests[before:]))


def interrupt(aws: Aws, words: Sequence[str], when: Callable[[], bool], *, times: int = 1, **options: Any) -> Ran:
    """Press Ctrl-C when it is time; `seconds` is how long the command then took to end."""
    process = start(aws, *words, **options)
    end = time.monotonic() + 60
    while not when():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    pressed = time.monotonic()
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err, tuple(aws.requests), time.monotonic() - pressed)

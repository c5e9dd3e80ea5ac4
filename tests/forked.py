"""The command in a process of its own, which begins as a copy of this one: no interpreter has to start for each run.

`tests.test_cli.run` starts the command as a user does; what is asked of the same command many times is asked here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from dms_lint.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = 70
"""The exit code of a run that ended otherwise than a command does."""


def run(
    *arguments: str, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What the command says, in which folder; Python's own streams and the working directory stay as they are here."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        child = os.fork()
        if child == 0:
            try:
                for number, stream in enumerate((given, out, err)):
                    os.dup2(stream.fileno(), number)
                _command(arguments, cwd, environment)
            except BaseException:  # noqa: BLE001 - nothing of the tests may go on in the copy
                os.write(2, traceback.format_exc().encode())
            finally:
                os._exit(BROKEN)
        _, status = os.waitpid(child, 0)
        shown, complained = _text(out), _text(err)
    assert "Traceback" not in complained, complained
    return subprocess.CompletedProcess(arguments, os.waitstatus_to_exitcode(status), shown, complained)


def _command(arguments: tuple[str, ...], cwd: Path | None, environment: dict[str, str]) -> None:
    if cwd is not None:
        os.chdir(cwd)
    os.environ |= {"COLUMNS": "100", **environment}
    sys.argv = ["dms-lint", *arguments]
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    main()
    sys.stdout.flush()
    os._exit(0)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")

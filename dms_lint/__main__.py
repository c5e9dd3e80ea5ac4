"""The `dms-lint` command, and `python -m dms_lint`."""

from __future__ import annotations

import os
import sys

from dms_lint import __version__


def main() -> None:
    """Run the command line; its version is said before anything is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"dms-lint, version {__version__}\n")
        return
    try:
        # A name in an account may be in any script; a terminal or a pipe may not.
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        from dms_lint.cli import main as cli

        cli(prog_name="dms-lint")
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        # Not through the interpreter's own end: it would take every object of a scan apart, a fifth of a large one.
        os._exit(end.code if isinstance(end.code, int) else 0)
    except Exception:  # noqa: BLE001 - a bug is no verdict: Python's own exit code, 1, would say that something fails
        import traceback

        try:
            from dms_lint.aws.redaction import trace
            from dms_lint.report.safe import lines

            sys.stderr.write(lines(trace(traceback.format_exc())))
            sys.stderr.flush()
        finally:
            os._exit(4)


if __name__ == "__main__":
    main()

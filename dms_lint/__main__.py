"""The `dms-lint` command, and `python -m dms_lint`."""

from __future__ import annotations

import sys

from dms_lint import __version__


def main() -> None:
    """Run the command line; its version is said before anything is imported."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"dms-lint, version {__version__}\n")
        return
    from dms_lint.cli import main as cli

    cli(prog_name="dms-lint")


if __name__ == "__main__":
    main()

"""`python -m dms_lint`, the same as the `dms-lint` command."""

from dms_lint.cli import main

if __name__ == "__main__":
    main()

"""Writes the expected reports of the whole accounts in tests/accounts: read the difference before committing it."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dms_lint.collectors import read_inputs
from dms_lint.data.tables import pack_directory
from dms_lint.engine.scan import scan
from dms_lint.model import Severity
from dms_lint.report import Style, render
from dms_lint.rulepack.loader import load_pack

if TYPE_CHECKING:
    from dms_lint.model import Report

ACCOUNTS = Path(__file__).resolve().parent.parent / "tests" / "accounts"
AT = datetime(2026, 11, 23, tzinfo=UTC)


def judge(account: str, *, all_verdicts: bool = False) -> Report:
    """The report of a whole account, by every rule of the pack."""
    pack = load_pack(pack_directory())
    before = Path.cwd()
    os.chdir(ACCOUNTS)
    try:
        return scan(read_inputs([account]), pack, pack.rules, inputs=[account], at=AT, all_verdicts=all_verdicts)
    finally:
        os.chdir(before)


def reports(account: str) -> dict[str, str]:
    """The expected reports of a whole account by file name: as text, and as JSON without times."""
    report = judge(account)
    text = "".join(render("text", report, Style(width=100, severity=Severity.INFO)))
    return {f"{account}.report.txt": text, f"{account}.report.json": timeless("".join(render("json", report, Style())))}


def timeless(report: str) -> str:
    """A JSON report without the two members that differ between scans of the same input."""
    return re.sub(r'"started_at": "[^"]*", "duration_s": [\d.]+, ', "", report)


def accounts() -> list[str]:
    """The names of the whole accounts."""
    return sorted(folder.name for folder in ACCOUNTS.iterdir() if folder.is_dir())


def main() -> None:
    """Write every expected report."""
    for account in accounts():
        for name, text in reports(account).items():
            (ACCOUNTS / name).write_text(text, encoding="utf-8")
            print(f"tests/accounts/{name}")


if __name__ == "__main__":
    main()

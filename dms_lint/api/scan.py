"""A scan from its request to its report."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dms_lint.engine.scan import scan as judge
from dms_lint.gate.acceptance import accept
from dms_lint.gate.request import RequestError
from dms_lint.gate.rules_in_force import rules_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dms_lint.collectors.live.scheduler import Collection
    from dms_lint.gate.request import ScanRequest
    from dms_lint.model import Document, Notice, Report, Rule


def scan(
    request: ScanRequest,
    *,
    collect: Callable[[Sequence[Rule], ScanRequest], Collection] | None = None,
    announce: Callable[[Sequence[Notice]], None] = lambda _: None,
) -> Report:
    """Judge the files that a request names, or else the live account.

    It prints and writes nothing.  `collect` reads the live account in another way, with progress bars say;
    `announce` is given the notices on waivers and on the baseline, which the report has among its own.

    Raises RequestError for a request that contradicts itself or names what does not exist, PackError for a pack and
    ConfigError for a configuration or waivers that cannot be used, CannotStart where no account can be read,
    NothingToJudge where the input holds no answer of AWS, and KeyboardInterrupt when Ctrl-C ends the collection.
    """
    if isinstance(request.paths, str):  # type: ignore[unreachable]  # callers without a type checker
        raise RequestError(f"paths is the text '{request.paths}': give a tuple of paths")
    must_exist(request.paths)
    pack, rules = rules_in_force(request)
    collection = None if request.paths else (collect or _collect)(rules, request)
    report = judge(
        _files(request) if collection is None else collection.documents(),
        pack,
        rules,
        inputs=request.paths,
        at=request.at,
        all_verdicts=request.all_verdicts,
        sought=request.baseline.resources() if request.baseline is not None else (),
        faults=() if collection is None else collection.faults,
    )
    report, notices = accept(report, request)
    announce(notices)
    return report


def must_exist(paths: Iterable[str]) -> None:
    """Refuse a path that does not exist; `-` is standard input.  Raises RequestError."""
    for path in paths:
        if path != "-" and not os.path.exists(path):  # noqa: PTH110 - pathlib costs more than the question
            raise RequestError(f"there is no file or folder '{path}'")


def _files(request: ScanRequest) -> Iterable[Document | Notice]:
    from dms_lint.collectors import read_inputs

    return read_inputs(request.paths, read_secrets=request.read_secrets)


def _collect(rules: Sequence[Rule], request: ScanRequest) -> Collection:
    from dms_lint.api.live import collect_account

    collection = collect_account(rules, request)
    if collection.interrupted:
        raise KeyboardInterrupt
    return collection

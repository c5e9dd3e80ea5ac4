"""One way through: collector, documents, inventory, facts, rules, report."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import operations
from dms_lint.engine.evaluate import evaluate
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Notice, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dms_lint.model import Fault, Pack, Rule


class NothingToJudge(Exception):
    """The input holds no answer that could be read; `notices` say why."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        super().__init__("nothing in the input could be read")
        self.notices = tuple(notices)


def read(source: Iterable[Document | Notice], now: datetime) -> Inventory:
    """The inventory of what a collector yields, its notices among the inventory's.

    Raises NothingToJudge when no answer was read.
    """
    notices: list[Notice] = []
    documents: list[Document] = []
    for item in source:
        if isinstance(item, Notice):
            notices.append(item)
        else:
            documents.append(item)
    # What was collected live stands in no file; there, that every call was refused is what the report tells.
    if all(document.refusal is not None and document.file is not None for document in documents):
        raise NothingToJudge(notices)
    inventory = Inventory(documents, now)
    inventory.notices[:0] = notices
    return inventory


def scan(
    source: Iterable[Document | Notice],
    pack: Pack,
    rules: Sequence[Rule],
    *,
    inputs: Sequence[str] = (),
    at: datetime | None = None,
    all_verdicts: bool = False,
    sought: Iterable[tuple[str, str]] = (),
    faults: Sequence[Fault] = (),
) -> Report:
    """Judge what a collector yields by these rules of the pack, as of `at` (now, when not given).

    `sought` are resources by kind and ARN or id: the report says which of them certainly do not exist.
    `faults` are those that the collector met.  Raises NothingToJudge when no answer was read.
    """
    started_at, start = datetime.now(UTC), time.perf_counter()
    inventory = read(source, at or started_at)
    outcome = evaluate(rules, inventory, all_verdicts=all_verdicts)
    return Report(
        pack=pack,
        started_at=started_at,
        duration_s=time.perf_counter() - start,
        inputs=tuple(inputs),
        accounts=inventory.accounts(),
        regions=inventory.regions(),
        resources=outcome.resources,
        verdicts=outcome.verdicts,
        checks=outcome.checks,
        findings=outcome.findings,
        gaps=outcome.gaps,
        faults=(*faults, *outcome.faults),
        notices=tuple(inventory.notices),
        judged=frozenset(
            resource.arn or resource.id for kind in outcome.resources for resource in inventory.known(kind)
        ),
        scopes=tuple(sorted(f"{account}/{region}" for account, region in inventory.scanned if account and region)),
        absent=frozenset(id_ for kind, id_ in sought if _absent(inventory, kind, id_)),
    )


def _absent(inventory: Inventory, kind: str, id_: str) -> bool:
    """Whether there certainly is no such resource."""
    try:
        return bool(kind in KINDS and operations(kind)) and inventory.find(kind, id_) is None
    except Missing:
        return False

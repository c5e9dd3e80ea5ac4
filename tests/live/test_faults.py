"""Whatever goes wrong with a call: the rest goes on, the gap is told, and nothing passes that did not pass before.

Each call of the table meets each fault over real HTTP, and the rules judge an account in which they fail and pass.
The calls that neither lead to the faulty one nor follow it are not made again: their answers are those of the one
collection that nothing befell.  That the whole command does as its parts do is shown for a few of them by running it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple, get_args

import pytest

from dms_lint.collectors.live.calls import CALLS, Call
from dms_lint.collectors.live.collect import Collection
from dms_lint.facts.reading import judged as kinds_judged
from dms_lint.facts.reading import read as kinds_read
from dms_lint.model import Status
from tests.aws.faults import Kind
from tests.live.accounts import ACCOUNT, REGION, collected, judged, seed, verdicts
from tests.test_planted_faults import together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Pack, Rule
    from tests.aws.server import Aws

KINDS: tuple[Kind, ...] = get_args(Kind)
OPERATIONS = tuple(dict.fromkeys(call.operation for call in CALLS))
LISTED_AGAIN = {
    # What tells the same as another call, so that its absence alone changes no verdict of this account.
    "dms:DescribeDataMigrations": "every kind of DMS resource that uses keys is known to be there without it",
}


class Before(NamedTuple):
    """The account without a fault."""

    collection: Collection
    verdicts: dict[tuple[str, str, str], str]


_before: list[Before] = []


@pytest.fixture
def planted(aws: Aws, pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Aws, Before]]:
    """The double with the account in which all faults are planted that show beside one another."""
    seed(aws, together().documents, tmp_path_factory.mktemp("planted"))
    if not _before:
        found = collected(aws)
        _before.append(Before(found, verdicts(judged(found, pack))))
    yield aws, _before[0]


def around(operation: str) -> list[Call]:
    """The calls of an operation, those that lead to it and those that follow it, in the order of the table."""
    near = {operation}
    while True:
        more = {
            call.operation
            for call in CALLS
            for other in CALLS
            if (call.operation in near and leads(call, other)) or False
        }
        more |= {other.operation for call in CALLS if call.operation in near for other in CALLS if leads(other, call)}
        if more <= near:
            return [call for call in CALLS if call.operation in near]
        near |= more


def leads(one: Call, other: Call) -> bool:
    """Whether what one call tells is what the other is asked about."""
    return any(kind in one.kinds for kind, _ in other.follows)


def after(aws: Aws, before: Before, operation: str) -> Collection:
    """The collection as it is now, made anew around an operation."""
    calls = around(operation)
    again = collected(aws, calls, timeout=1)
    made = {call.operation for call in calls}
    kept = [record for record in before.collection.records if record.operation not in made]
    records = sorted((*kept, *again.records), key=lambda one: OPERATIONS.index(one.operation))
    return Collection(tuple(records), again.notices, again.faults, again.interrupted)


def needing(rules: tuple[Rule, ...], call_kinds: set[str]) -> set[str]:
    """The rules that judge or read one of these kinds."""
    return {rule.id for rule in rules if call_kinds & (kinds_judged([rule]) | kinds_read([rule]))}

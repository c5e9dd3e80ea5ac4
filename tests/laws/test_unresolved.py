"""The law of missing data for templates: a value that is not resolved never makes a pass that was not one before.

Of whole accounts, a sample of all members and items is replaced by an unresolved value, one at a time.  What failed or
was unknown before is judged again.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.model import Unresolved, Verdict
from tests.laws.test_missing_data import Mutation, Path_, again, members, mutated, plans, world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dms_lint.model import Document

VALUE = Unresolved(("parameter Value",))
SAMPLE = 40
"""Of how many values of an account each is replaced."""


def replaced(value: Any, path: Path_) -> Any:
    """A copy of the value in which what stands at the path is unresolved."""
    if not path:
        return VALUE
    key, *rest = path
    if isinstance(value, dict):
        return {name: replaced(member, tuple(rest)) if name == key else member for name, member in value.items()}
    return [replaced(item, tuple(rest)) if number == key else item for number, item in enumerate(value)]


def replacements(documents: tuple[Document, ...]) -> Iterator[Mutation]:
    for number, document in enumerate(documents):
        for path in members(document.body):
            what = f"{document.operation} {'.'.join(map(str, path))}"
            yield Mutation(what, number, partial(unresolved, document, path))


def unresolved(document: Document, path: Path_) -> Document:
    return document._replace(body=replaced(document.body, path))


@pytest.mark.parametrize("account", ["planted", "planted-apart"])
def test_an_unresolved_value_never_makes_a_pass(account: str) -> None:
    before = world(account)
    for mutation in Random(0).sample(list(replacements(before.documents)), SAMPLE):
        inventory = mutated(account, mutation)
        for pair, verdict in again(account, inventory, plans(account)).items():
            assert verdict is not Verdict.PASS, f"{mutation.what}: {pair}: {before.verdicts[pair]} -> pass"

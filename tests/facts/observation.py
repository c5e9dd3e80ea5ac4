"""Watches which kinds of resources each fact asks the inventory for, in all cases and whole accounts."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dms_lint.aws.responses import shapes_of
from dms_lint.collectors import read_inputs
from dms_lint.data.tables import pack_directory
from dms_lint.engine import cases
from dms_lint.engine.scan import read
from dms_lint.facts import FACTS
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Missing
from dms_lint.rulepack.loader import load_pack
from tests.build import NOW as AT
from tools.reads import ASKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCOUNTS = Path(__file__).resolve().parent.parent / "accounts"
PLACES = ("accounts", "regions", "scopes")
"""The methods of the inventory that ask for kinds on their way to an answer."""


def observed() -> dict[str, set[str]]:
    """By fact, the kinds that it was seen to ask for."""
    kinds_by_fact: dict[str, set[str]] = defaultdict(set)
    with _watched() as kinds_asked:
        for inventory in _inventories():
            for fact in FACTS.values():
                for kind in fact.kinds:
                    for resource in tuple(inventory.known(kind)):
                        # What another fact derived must not hide what this fact asks for.
                        inventory.forget()
                        kinds_asked.clear()
                        with suppress(Missing):
                            fact.derive(resource, inventory)
                        kinds_by_fact[fact.name] |= kinds_asked
    return kinds_by_fact


def _inventories() -> Iterator[Inventory]:
    for rule in load_pack(pack_directory()).rules:
        for case in cases.read_cases(rule):
            yield Inventory(cases.documents(case), case.at)
    for folder in sorted(ACCOUNTS.iterdir()):
        if folder.is_dir():
            yield read(read_inputs([str(folder)], read_secrets=True), AT)


@contextmanager
def _watched() -> Iterator[set[str]]:
    """The kinds that facts ask for, without those that the inventory itself reads on the way to an answer."""
    kinds_asked: set[str] = set()
    running: list[str] = []
    methods = {name: getattr(Inventory, name) for name in (*ASKS, *PLACES)}
    for name, method in methods.items():
        setattr(Inventory, name, _noting(name, method, kinds_asked, running))
    try:
        yield kinds_asked
    finally:
        for name, method in methods.items():
            setattr(Inventory, name, method)


def _noting(name: str, method: Callable[..., Any], kinds_asked: set[str], running: list[str]) -> Callable[..., Any]:
    def noting(inventory: Inventory, *arguments: Any, **options: Any) -> Any:
        if not running and name in ASKS:
            kinds_asked.update(
                [shape.kind for shape in shapes_of(arguments[0])] if name == "refusal" else [arguments[0]]
            )
        running.append(name)
        try:
            return method(inventory, *arguments, **options)
        finally:
            running.pop()

    return noting

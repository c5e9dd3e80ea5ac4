"""Several rule packs as one: ours, and those that somebody writes beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.data.errors import InputError
from dms_lint.rulepack.loader import PackError, load_pack, taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from dms_lint.model import Framework, Pack, Rule


def load_packs(directories: Iterable[Path]) -> Pack:
    """The packs of one folder or more as one, which is called as the first; a folder that is named again counts once.

    Raises PackError with every problem of every pack, and for an id or a name that a rule of two packs has.
    """
    packs: list[Pack] = []
    problems: list[str] = []
    folders: dict[Path, Path] = {}
    for directory in directories:
        folders.setdefault(directory.resolve(), directory)
    for directory in folders.values():
        try:
            packs.append(load_pack(directory))
        except PackError as error:
            problems += error.problems
    problems += twins(packs)
    if problems:
        raise PackError(problems)
    if len(packs) == 1:
        return packs[0]
    return packs[0]._replace(
        rules=tuple(sorted((rule for pack in packs for rule in pack.rules), key=lambda rule: rule.id)),
        frameworks=_joined(packs),
        others=tuple((pack.name, pack.version) for pack in packs[1:]),
    )


def twins(packs: Sequence[Pack]) -> list[str]:
    """A line for each rule that has its id or its name from an earlier pack: nobody could tell which is meant."""
    from pathlib import Path

    first: dict[tuple[str, str], Rule] = {}
    problems = []
    for pack in packs:
        for rule in pack.rules:
            for what in ("id", "name"):
                key = (what, getattr(rule, what))
                if key in first:
                    problems.append(InputError(taken(what, first[key]), what).within(Path(rule.file)))
                    break
        first |= {(what, getattr(rule, what)): rule for rule in pack.rules for what in ("id", "name")}
    return problems


def _joined(packs: Iterable[Pack]) -> tuple[Framework, ...]:
    """The frameworks of all packs; of one that several packs answer, the controls of all."""
    found: dict[str, Framework] = {}
    for pack in packs:
        for framework in pack.frameworks:
            known = found.get(framework.name)
            if known is None:
                found[framework.name] = framework
                continue
            controls = dict(known.controls)
            for id_, control in framework.controls.items():
                same = controls.get(id_)
                controls[id_] = control if same is None else same._replace(rules=(*same.rules, *control.rules))
            found[framework.name] = known._replace(controls=controls)
    return tuple(sorted(found.values(), key=lambda framework: (framework.tool, framework.name)))

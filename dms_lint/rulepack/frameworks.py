"""The controls of a pack: which rules answer what other frameworks and tools ask.  No rule knows of them.

Each file of controls/ is a framework, called as its file is.  A control names its rules; it may name related controls
of other frameworks too, which are then answered by the same rules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.data.errors import InputError, is_nonblank, unknown_name
from dms_lint.model import Control, Framework, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

_FRAMEWORK: Final = ("title", "source", "tool", "controls")
_CONTROL: Final = ("rules", "severity", "related")
_LABELS: Final = {severity.label: severity for severity in Severity}


class Tally(NamedTuple):
    """What the checks of a control's rules gave."""

    fail: int
    unknown: int
    passed: int


def load_frameworks(
    directory: Path, rules: Collection[str], read: Callable[[Path], Any], problems: list[str]
) -> tuple[Framework, ...]:
    """The frameworks of a pack, by name, the tools after them; `read` gives what a file says, None if it cannot.

    What is wrong goes to `problems`: a control that names a rule which is not among `rules`, say.
    """
    files = {file.stem: file for file in sorted((directory / "controls").glob("*.yaml"))}
    joined: dict[str, dict[str, Control]] = {name: {} for name in files}
    heads: dict[str, tuple[str, str, bool]] = {}
    for name, file in files.items():
        data = read(file)
        if data is None:
            continue
        try:
            heads[name] = _head(data)
        except InputError as error:
            problems.append(error.within(file))
            continue
        for id_, control in data.get("controls", {}).items():
            try:
                _join(joined, name, id_, control, rules)
            except InputError as error:
                problems.append(error.within(file))
    if not problems:
        problems += [
            f"{files[name]}:1: names no control, and none of another framework is related to it"
            for name, controls in joined.items()
            if not controls
        ]
    frameworks = [
        Framework(name, *head, {id_: joined[name][id_] for id_ in sorted(joined[name], key=_natural)})
        for name, head in heads.items()
    ]
    return tuple(sorted(frameworks, key=lambda framework: (framework.tool, framework.name)))


def _head(data: Any) -> tuple[str, str, bool]:
    if not isinstance(data, dict):
        raise InputError("a framework is a mapping that begins with its title")
    for key in data:
        if key not in _FRAMEWORK:
            raise InputError(unknown_name("key", str(key), _FRAMEWORK), str(key))
    for key in ("title", "source"):
        if not is_nonblank(data.get(key)):
            raise InputError(f"a framework says its '{key}', as text", key)
    if not isinstance(data.get("tool", False), bool):
        raise InputError("'tool' is true for the checks of another tool, and left out else", "tool")
    if not isinstance(data.get("controls", {}), dict):
        raise InputError("'controls' is a mapping of controls to their rules", "controls")
    return data["title"], data["source"], data.get("tool", False)


def _join(joined: dict[str, dict[str, Control]], name: str, id_: Any, data: Any, rules: Collection[str]) -> None:
    """Enter a control, and for each control related to it that the same rules answer it."""
    path = ("controls", str(id_))
    if not isinstance(id_, str):
        raise InputError(f"a control's id is text: write '{id_}' in quotes", *path)
    control = {"rules": data} if isinstance(data, list) else data
    if not isinstance(control, dict) or "rules" not in control:
        raise InputError("a control is the list of its rules, or a mapping that has 'rules'", *path)
    for key in control:
        if key not in _CONTROL:
            raise InputError(unknown_name("key", str(key), _CONTROL), *path, str(key))
    rule_ids = _ids(control["rules"], *path, "rules")
    for rule in rule_ids:
        if rule not in rules:
            raise InputError(unknown_name("rule", rule, rules), *path, "rules")
    if "severity" in control and control["severity"] not in _LABELS:
        raise InputError(unknown_name("severity", str(control["severity"]), _LABELS), *path, "severity")
    _enter(joined[name], id_, rule_ids, _LABELS[control["severity"]] if "severity" in control else None)
    related = control.get("related", {})
    if not isinstance(related, dict):
        raise InputError("'related' is a mapping of other frameworks to controls of theirs", *path, "related")
    for framework, ids in related.items():
        if framework not in joined or framework == name:
            frameworks = [candidate for candidate in joined if candidate != name]
            raise InputError(unknown_name("framework", str(framework), frameworks), *path, "related", str(framework))
        for related_id in _ids(ids, *path, "related", framework):
            _enter(joined[framework], related_id, rule_ids, None)


def _ids(value: Any, *path: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(map(is_nonblank, value)) or len(set(value)) < len(value):
        raise InputError(f"'{path[-1]}' is a list of ids, each text and each once", *path)
    return tuple(value)


def _enter(controls: dict[str, Control], id_: str, rules: Iterable[str], severity: Severity | None) -> None:
    control = controls.get(id_, Control((), None))
    merged = tuple(sorted({*control.rules, *rules}))
    controls[id_] = Control(merged, control.severity if severity is None else severity)


def _natural(id_: str) -> list[tuple[int, str]]:
    """DMS.2 before DMS.10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", id_)]


def by_rule(frameworks: Iterable[Framework]) -> dict[str, dict[str, list[str]]]:
    """For each rule that any control names: by framework, the controls that it answers."""
    ids: dict[str, dict[str, list[str]]] = {}
    for framework in frameworks:
        for id_, control in framework.controls.items():
            for rule in control.rules:
                ids.setdefault(rule, {}).setdefault(framework.name, []).append(id_)
    return ids


def tally(framework: Framework, checks: Mapping[str, Mapping[Verdict, int]]) -> dict[str, Tally]:
    """What a scan says of each control, out of its checks by rule.

    Controls of which nothing was checked are left out: whether there is nothing to check, or the input does not hold
    it, nobody can tell.
    """
    if framework.tallies is not None:
        return {id_: Tally(*sums) for id_, sums in framework.tallies.items()}
    tallies = {}
    for id_, control in framework.controls.items():
        counts = [checks[rule] for rule in control.rules if rule in checks]
        sums = (sum(count[verdict] for count in counts) for verdict in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS))
        if any(sum_of_control := Tally(*sums)):
            tallies[id_] = sum_of_control
    return tallies


def rules_of(frameworks: Iterable[Framework], word: str) -> frozenset[str] | None:
    """The rules that answer what is called so, a framework or a control; else what begins so.  None: nothing does.

    The same id may be a control of two frameworks, and is both; case does not count.
    """
    rules_by_name: list[tuple[str, tuple[str, ...]]] = []
    for framework in frameworks:
        rules_by_name += [(framework.name, control.rules) for control in framework.controls.values()]
        rules_by_name += [(id_.casefold(), control.rules) for id_, control in framework.controls.items()]
    word = word.casefold()
    matches = [rules for name, rules in rules_by_name if name == word] or [
        rules for name, rules in rules_by_name if name.startswith(word)
    ]
    return frozenset(rule for rules in matches for rule in rules) if matches else None

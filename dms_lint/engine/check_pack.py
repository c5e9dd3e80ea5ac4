"""Says all that is wrong with the cases of a rule pack, as a compiler would: file, line, what, and the way out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.shapes import misfits
from dms_lint.data.errors import InputError, nearest, sorted_by_line
from dms_lint.data.yaml_file import YamlError
from dms_lint.engine.cases import Case, answers, case_file, case_of, entries, judge
from dms_lint.facts import FACTS
from dms_lint.model import Pack, Rule, Verdict
from dms_lint.rulepack.loader import case_files
from dms_lint.rulepack.placeholders import message
from dms_lint.rulepack.predicates import compile_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TODO: Final = "TODO"
"""What a text begins with that is still to be written."""


class Problem(NamedTuple):
    """Something that is wrong; as text, `FILE:LINE: what is wrong, and the way out`."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def check(pack: Pack, directory: Path | None = None) -> Iterator[Problem]:
    """Every problem with the cases of a pack; of those that stand beside no rule, where its folder is given."""
    for rule in pack.rules:
        yield from _located(Path(rule.file), unwritten(rule))
        file = case_file(rule)
        try:
            listed = entries(file)
        except FileNotFoundError:
            yield Problem(rule.file, 1, f"{rule.id} has no cases: write {file.name} beside it")
        except YamlError as error:
            yield Problem(str(error.file), error.line, error.message)
        except OSError as error:
            yield Problem(str(file), 1, f"cannot be read: {error.strerror}")
        else:
            yield from _located(file, _wrong(rule, listed))
    if directory is not None:
        yield from _alone(directory, {case_file(rule) for rule in pack.rules})


def unwritten(rule: Rule) -> Iterator[InputError]:
    """The texts of a rule that are still as the skeleton has them."""
    texts = {"name": rule.name, "title": rule.title, "why": rule.why, "fail": rule.fail, "fix.text": rule.fix.text}
    for place, text in texts.items():
        if text.upper().startswith(TODO):
            yield InputError(f"'{place}' is still to be written", *place.split("."))


def _located(file: Path, wrong: Iterable[InputError]) -> Iterator[Problem]:
    return (Problem(str(file), line, str(one)) for line, one in sorted_by_line(file, wrong))


def _wrong(rule: Rule, listed: list[object]) -> Iterator[InputError]:
    """What is wrong with the cases of a rule."""
    cases: dict[str, Case] = {}
    whole = True
    for number, entry in enumerate(listed):
        try:
            case = case_of(rule, entry)
        except InputError as refused:
            whole = False
            yield InputError(str(refused), number, *refused.path)
            continue
        if case.name in cases:
            yield InputError(f"two cases are named '{case.name}': say what makes this one different", number, "name")
        cases[case.name] = case
        if case.name.startswith(TODO):
            yield InputError("the case's name is still to be written: what is true of it", number, "name")
        for wrong in failures(case, rule):
            yield InputError(f"{rule.id}: {case.name}: {wrong}", number, *wrong.path)
    if not whole:
        return
    reached = {case.then for case in cases.values()}
    wanted = [Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, *([Verdict.NOT_APPLICABLE] if rule.when else [])]
    for verdict in wanted:
        if verdict not in reached:
            why = "it has a 'when', and " if verdict is Verdict.NOT_APPLICABLE else ""
            yield InputError(
                f"{rule.id}: {why}no case reaches {verdict}: add one with `then: {verdict}`{_HINTS[verdict]}"
            )


_HINTS: Final = {
    Verdict.PASS: "",
    Verdict.FAIL: "",
    Verdict.UNKNOWN: ", whose answer lacks what the rule reads, or was `denied`",
    Verdict.NOT_APPLICABLE: ", about which the 'when' is not true",
}


def _alone(directory: Path, beside: set[Path]) -> Iterator[Problem]:
    for file in case_files(directory):
        if file not in beside:
            id_ = file.name.removesuffix(".cases.yaml")
            known = [one.name.removesuffix(".cases.yaml") for one in beside if not one.exists()]
            near = nearest(id_, known)
            yield Problem(str(file), 1, f"no rule {id_}.yaml stands beside these cases{near}")


def failures(case: Case, rule: Rule) -> Iterator[InputError]:
    """What is not as the case says, and where in the case; nothing when all is."""
    try:
        unlike = list(_misfits(case))
        if unlike:
            yield from unlike
            return
        outcome = judge(case, rule)
    except InputError as refused:
        yield refused
        return
    for fault in outcome.faults:
        yield InputError(f"internal error: {fault.error}")
    found = [
        finding
        for finding in outcome.findings
        if case.of in ("", finding.resource.name, finding.resource.id, finding.resource.kind)
    ]
    if len(found) != 1:
        judged = ", ".join(f"{one.resource.kind} {one.resource.name}" for one in outcome.findings)
        if not judged:
            kinds = " or ".join(rule.applies_to)
            yield InputError(f"the rule finds nothing to judge: what is given holds no {kinds}", "given")
        else:
            none = f"'of' says '{case.of}', and the rule judges {judged}"
            several = f"the rule must judge one resource and judges {judged}; say which with 'of'"
            yield InputError(several if found or not case.of else none, "of")
        return
    (finding,) = found
    for name, value in finding.evidence.items():
        if not compile_schema(FACTS[name].schema)(value):
            yield InputError(
                f"the fact {name} is {value!r}, which its schema {dict(FACTS[name].schema)} does not allow"
            )
    if finding.verdict is not case.then:
        why = f" ({finding.missing.message})" if finding.missing else f" ({dict(finding.evidence)})"
        yield InputError(f"expected {case.then}, got {finding.verdict}{why}", "then")
        return
    said = message(finding)
    for words in case.says:
        if words not in said:
            yield InputError(f"expected the message to say {words!r}, got {said!r}", "says")


_STEP: Final = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)")


def _misfits(case: Case) -> Iterator[InputError]:
    """What the given answers hold that AWS never sends."""
    for call, operation, body in answers(case):
        for problem in misfits(operation, body):
            steps = (int(number) if number else name for number, name in _STEP.findall(problem.partition(": ")[0]))
            yield InputError(f"{operation} never answers that: {problem}", "given", call, *steps)

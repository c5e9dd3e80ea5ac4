"""Checks the cases of a rule pack, and reports as a compiler would: file, line, what is wrong, and the way out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.shapes import misfits
from dms_lint.data.errors import InputError, nearest, sorted_by_line
from dms_lint.data.yaml_file import YamlError
from dms_lint.engine.cases import Case, answers, case_file, entries, judge, parse_case
from dms_lint.facts import FACTS
from dms_lint.model import Pack, Rule, Verdict
from dms_lint.rulepack.loader import case_files
from dms_lint.rulepack.placeholders import message
from dms_lint.rulepack.predicates import compile_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.engine.evaluate import Outcome
    from dms_lint.model import Finding

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
            cases = entries(file)
        except FileNotFoundError:
            yield Problem(rule.file, 1, f"{rule.id} has no cases: write {file.name} beside it")
        except YamlError as error:
            yield Problem(str(error.file), error.line, error.message)
        except OSError as error:
            yield Problem(str(file), 1, f"cannot be read: {error.strerror}")
        else:
            yield from _located(file, _errors(rule, cases))
    if directory is not None:
        yield from _orphans(directory, {case_file(rule) for rule in pack.rules})


def unwritten(rule: Rule) -> Iterator[InputError]:
    """The texts of a rule that are still as the skeleton has them."""
    texts = {"name": rule.name, "title": rule.title, "why": rule.why, "fail": rule.fail, "fix.text": rule.fix.text}
    for place, text in texts.items():
        if text.upper().startswith(TODO):
            yield InputError(f"'{place}' is still to be written", *place.split("."))


def _located(file: Path, errors: Iterable[InputError]) -> Iterator[Problem]:
    return (Problem(str(file), line, str(error)) for line, error in sorted_by_line(file, errors))


def _errors(rule: Rule, listed: list[object]) -> Iterator[InputError]:
    """What is wrong with the cases of a rule."""
    parsed: list[Case] = []
    for number, entry in enumerate(listed):
        try:
            case = parse_case(rule, entry)
        except InputError as error:
            yield InputError(str(error), number, *error.path)
            continue
        if any(case.name == earlier.name for earlier in parsed):
            yield InputError(f"two cases are named '{case.name}': say what makes this one different", number, "name")
        parsed.append(case)
        if case.name.startswith(TODO):
            yield InputError("the case's name is still to be written: what is true of it", number, "name")
        for failure in failures(case, rule):
            yield InputError(f"{rule.id}: {case.name}: {failure}", number, *failure.path)
    # Not while a case could not be read: nobody can tell which verdict it reaches.
    if len(parsed) == len(listed):
        yield from _unreached(rule, {case.then for case in parsed})


def _unreached(rule: Rule, reached: set[Verdict]) -> Iterator[InputError]:
    """The verdicts that a rule can reach and that none of its cases has."""
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, *([Verdict.NOT_APPLICABLE] if rule.when else [])):
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


def _orphans(directory: Path, expected: set[Path]) -> Iterator[Problem]:
    """The files of cases that stand beside no rule."""
    for file in case_files(directory):
        if file not in expected:
            id_ = file.name.removesuffix(".cases.yaml")
            rules = [cases.name.removesuffix(".cases.yaml") for cases in expected if not cases.exists()]
            yield Problem(str(file), 1, f"no rule {id_}.yaml stands beside these cases{nearest(id_, rules)}")


def failures(case: Case, rule: Rule) -> Iterator[InputError]:
    """What is not as the case says, and where in the case; nothing when all is."""
    try:
        impossible = list(_misfits(case))
        outcome = None if impossible else judge(case, rule)
    except InputError as error:
        yield error
        return
    if outcome is None:
        yield from impossible
        return
    for fault in outcome.faults:
        yield InputError(f"internal error: {fault.error}")
    findings = [
        finding
        for finding in outcome.findings
        if case.subject in ("", finding.resource.name, finding.resource.id, finding.resource.kind)
    ]
    if len(findings) == 1:
        yield from _differences(case, findings[0])
    else:
        yield _not_single(case, rule, outcome, findings)


def _not_single(case: Case, rule: Rule, outcome: Outcome, findings: list[Finding]) -> InputError:
    """That the rule judges no resource of a case, or several of them."""
    judged = ", ".join(f"{finding.resource.kind} {finding.resource.name}" for finding in outcome.findings)
    if not judged:
        return InputError(
            f"the rule finds nothing to judge: what is given holds no {' or '.join(rule.applies_to)}", "given"
        )
    if findings or not case.subject:
        return InputError(f"the rule must judge one resource and judges {judged}; say which with 'of'", "of")
    return InputError(f"'of' says '{case.subject}', and the rule judges {judged}", "of")


def _differences(case: Case, finding: Finding) -> Iterator[InputError]:
    """Where a finding is not what the case expects, or a fact not what its schema allows."""
    for name, value in finding.evidence.items():
        if not compile_schema(FACTS[name].schema)(value):
            yield InputError(
                f"the fact {name} is {value!r}, which its schema {dict(FACTS[name].schema)} does not allow"
            )
    if finding.verdict is not case.then:
        why = f" ({finding.missing.message})" if finding.missing else f" ({dict(finding.evidence)})"
        yield InputError(f"expected {case.then}, got {finding.verdict}{why}", "then")
        return
    text = message(finding)
    for words in case.says:
        if words not in text:
            yield InputError(f"expected the message to say {words!r}, got {text!r}", "says")


_STEP: Final = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)")


def _misfits(case: Case) -> Iterator[InputError]:
    """What the given answers hold that AWS never sends."""
    for call, operation, body in answers(case):
        for problem in misfits(operation, body):
            steps = (int(number) if number else name for number, name in _STEP.findall(problem.partition(": ")[0]))
            yield InputError(f"{operation} never answers that: {problem}", "given", call, *steps)

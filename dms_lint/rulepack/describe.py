"""A rule in words, section by section: what `explain` prints and what the page of a rule shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from dms_lint.aws.kinds import KINDS
from dms_lint.rulepack.placeholders import commands, say
from dms_lint.rulepack.settings import default

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dms_lint.model import Framework, Rule, Verdict


class Sentence(NamedTuple):
    """A sentence or several."""

    text: str


class Entry(NamedTuple):
    """A fact or a setting, and what is said of it."""

    name: str
    words: str


class Command(NamedTuple):
    """An AWS CLI command that fixes the resource."""

    kind: str
    """The kind of resource that it is for; '' for every kind."""
    text: str


class Caution(NamedTuple):
    """Why a command disrupts."""

    text: str


class Template(NamedTuple):
    """The fix as code of another tool."""

    tool: str
    language: str
    text: str


class Example(NamedTuple):
    """A case of the rule: its verdict and its name."""

    verdict: Verdict
    name: str


class Reference(NamedTuple):
    """The address of a page on the subject."""

    url: str


Part: TypeAlias = Sentence | Entry | Command | Caution | Template | Example | Reference


class Section(NamedTuple):
    """A section about a rule: `name` says which, and each rendering has its own title for it."""

    name: str
    parts: tuple[Part, ...]


def sections_about(rule: Rule, frameworks: Iterable[Framework], examples: Iterable[Example]) -> tuple[Section, ...]:
    """Everything there is to say about a rule, without the sections that would be empty."""
    frameworks = tuple(frameworks)
    parts: dict[str, Iterable[Part]] = {
        "why": [Sentence(rule.why)],
        "when": _conditions(rule.when),
        "expect": _conditions(rule.expect),
        "settings": _settings(rule),
        "fail": [Sentence(rule.fail)],
        "fix": _fix(rule),
        "cases": examples,
        "covers": [Sentence(", ".join(rule.covers))] if rule.covers else [],
        "controls": _controls(rule, frameworks, tools=False),
        "equivalents": _controls(rule, frameworks, tools=True),
        "refs": map(Reference, rule.refs),
    }
    described = (Section(name, tuple(within)) for name, within in parts.items())
    return tuple(section for section in described if section.parts)


def subjects(rule: Rule) -> str:
    """The kinds of resources that a rule judges, as a list in words."""
    return ", ".join(KINDS[kind].plural for kind in rule.applies_to)


def _conditions(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[Entry]:
    """`tls.mode`, `is one of require, verify-ca`: each condition of a rule as a sentence."""
    for name, schema in conditions.items():
        yield Entry(name, " and ".join(_predicate(word, value) for word, value in schema.items()))


def _settings(rule: Rule) -> Iterator[Entry]:
    """`minimum_days`, `(30): How many days ...`: each setting of a rule with its default."""
    for name, setting in rule.settings.items():
        yield Entry(name, f"({say(default(rule, name)) or 'none'}): {setting.about}")


def _fix(rule: Rule) -> Iterator[Part]:
    yield Sentence(rule.fix.text)
    for kind, command in commands(rule).items():
        yield Command(kind, command)
    if rule.fix.disruptive:
        yield Caution(rule.fix.disruptive)
    if rule.fix.cloudformation:
        yield Template("CloudFormation", "yaml", rule.fix.cloudformation)
    if rule.fix.terraform:
        yield Template("Terraform", "terraform", rule.fix.terraform)


def _controls(rule: Rule, frameworks: Iterable[Framework], *, tools: bool) -> Iterator[Sentence]:
    """`AWS Security Hub: DMS.9 (medium there)`: the controls that a rule answers, a line a framework or tool."""
    for framework in frameworks:
        ids = [
            f"{id_} ({control.severity.label} there)" if control.severity not in (None, rule.severity) else id_
            for id_, control in framework.controls.items()
            if rule.id in control.rules
        ]
        if ids and framework.tool is tools:
            yield Sentence(f"{framework.title}: {', '.join(ids)}")


_PREDICATES: Final = {
    "const": "is {}",
    "enum": "is one of {}",
    "type": "is of type {}",
    "minimum": "is at least {}",
    "maximum": "is at most {}",
    "minLength": "has at least {} characters",
    "maxLength": "has at most {} characters",
    "pattern": "matches {}",
    "minItems": "has at least {} items",
    "maxItems": "has at most {} items",
    "uniqueItems": "has no item twice: {}",
    "contains": "has an item that {}",
    "items": "has only items that each {}",
}
_SHORT_PREDICATES: Final = {
    ("const", ""): "is empty",
    ("minLength", 1): "is not empty",
    ("minItems", 1): "is not empty",
    ("maxItems", 0): "is empty",
}


def _predicate(word: str, value: Any) -> str:
    if isinstance(value, dict):
        return _PREDICATES[word].format(" and ".join(_predicate(*inner) for inner in value.items()))
    if not isinstance(value, (list, bool)) and (word, value) in _SHORT_PREDICATES:
        return _SHORT_PREDICATES[word, value]
    return _PREDICATES[word].format(say(value))

"""Rules and packs of rules, as their files define them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dms_lint.model.record import EMPTY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.model.verdict import Severity


class Fix(NamedTuple):
    """How to mend a failure: a sentence or two, and how that is written for each tool."""

    text: str
    cli: Mapping[str, str]
    """An AWS CLI command by kind of resource ('' for every kind)."""
    cloudformation: str = ""
    """Resources of a template, in YAML: what of them matters.  '' where no template mends it."""
    terraform: str = ""
    """The same as blocks of HCL, in the words of the AWS provider."""
    disruptive: str = ""
    """Why the command deletes, interrupts what is running or cuts access, so that nobody runs it in passing; '' for
    one that does not."""


class Setting(NamedTuple):
    """A value of a rule's `expect` that a team may set for itself."""

    fact: str
    word: str
    """The word of the fact's condition that it sets; `contains` takes a list, all of which must be in the value."""
    about: str
    """What it sets, for people."""
    fail: str = ""
    """What a failure says once it is set, where the rule's own sentence would not be true then."""


class Rule(NamedTuple):
    """One rule of a pack, as its file says it."""

    id: str
    name: str
    title: str
    severity: Severity
    basis: str
    covers: tuple[str, ...]
    applies_to: tuple[str, ...]
    why: str
    when: Mapping[str, Mapping[str, Any]]
    expect: Mapping[str, Mapping[str, Any]]
    evidence: tuple[str, ...]
    fail: str
    fix: Fix
    refs: tuple[str, ...]
    file: str
    settings: Mapping[str, Setting] = EMPTY
    also: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """What settings expect besides: facts, and what each must be."""


class Control(NamedTuple):
    """What a framework or another tool asks, by the rules that answer it."""

    rules: tuple[str, ...]
    severity: Severity | None
    """What it weighs there; None where the framework does not say."""


class Framework(NamedTuple):
    """Controls that users know by their ids: those of a standard, of an AWS service, or another tool's checks."""

    name: str
    title: str
    source: str
    tool: bool
    """Whether it is another tool: its checks lead to rules, and are no account of compliance."""
    controls: Mapping[str, Control]
    tallies: Mapping[str, tuple[int, int, int]] | None = None
    """By control, how many checks failed, are unknown and passed, as a report that was read back holds it; None where
    the checks of the controls' rules give it."""


class Pack(NamedTuple):
    """A rule pack: its name, version and rules in the order of their ids, and what the rules answer elsewhere."""

    name: str
    version: str
    rules: tuple[Rule, ...]
    frameworks: tuple[Framework, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    """Name and version of each further pack that is in force beside it: their rules are among `rules`."""

"""The selection of rules by id, prefix, name, basis and control."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dms_lint.rulepack.frameworks import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dms_lint.model import Framework, Rule


class SelectionError(ValueError):
    """A selection that names no rule."""


def select(
    rules: Iterable[Rule], chosen: Sequence[str] = (), ignored: Sequence[str] = (), bases: Sequence[str] = ()
) -> tuple[Rule, ...]:
    """The rules that a selection asks for: ids, prefixes of ids (`TLS`) or names; no choice means every rule.

    Raises SelectionError, with the nearest id or name, for a word that fits no rule.
    """
    rules = tuple(rules)
    for word in (*chosen, *ignored):
        if not any(fits(rule, word) for rule in rules):
            words = (
                [rule.id for rule in rules] + [rule.name for rule in rules] + sorted({_family(rule) for rule in rules})
            )
            from difflib import get_close_matches

            near = get_close_matches(word, words, n=1) or get_close_matches(word.upper(), words, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "`dms-lint rules` lists them"
            raise SelectionError(f"no rule is called '{word}'; {hint}")
    return tuple(
        rule
        for rule in rules
        if (not chosen or any(fits(rule, word) for word in chosen))
        and not any(fits(rule, word) for word in ignored)
        and (not bases or rule.basis in bases)
    )


def answering(rules: Iterable[Rule], frameworks: Sequence[Framework], controls: Sequence[str]) -> tuple[Rule, ...]:
    """The rules among these that answer a control of other frameworks or tools (`DMS.9`, `security-hub`).

    Raises SelectionError, with the nearest name, for a word that fits none.
    """
    ids: set[str] = set()
    for word in controls:
        answers = rules_of(frameworks, word)
        if answers is None:
            from difflib import get_close_matches

            words = {id_.lower(): id_ for framework in frameworks for id_ in (framework.name, *framework.controls)}
            near = get_close_matches(word.lower(), words, n=1)
            hint = f"did you mean '{words[near[0]]}'?" if near else "`dms-lint rules --format json` lists them"
            raise SelectionError(f"no control is called '{word}'; {hint}")
        ids |= answers
    return tuple(rule for rule in rules if rule.id in ids)


def _family(rule: Rule) -> str:
    return rule.id.rstrip("0123456789")


def fits(rule: Rule, word: str) -> bool:
    """Whether a word names the rule: its id, a prefix of it, or its name."""
    return bool(word) and (rule.id.startswith(word.upper()) or rule.name == word.lower())

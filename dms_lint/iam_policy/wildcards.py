"""Patterns of IAM policies, in which `*` stands for any characters and `?` for one: what they match and cover."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dms_lint.logic.kleene import Ternary

STAR: Final = "any characters"
ONE: Final = "one character"
Tokens = tuple[str, ...]
"""A pattern taken apart: single characters, STAR and ONE.  So a character `*` and the wildcard differ."""

_WILDCARDS: Final[dict[str, str]] = {"*": STAR, "?": ONE}


def is_pattern(text: str) -> bool:
    """Whether the text has a wildcard."""
    return "*" in text or "?" in text


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches that text, in which `*` and `?` are characters like others; case is kept."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Each piece between two stars is taken at its first place and never given back (an atomic group), which is
    # enough for such patterns and keeps a hostile one from taking exponential time.
    first, *rest = (
        "".join("." if character == "?" else re.escape(character) for character in part)
        for part in re.split(r"\*+", pattern)
    )
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def tokens(pattern: str) -> Tokens:
    """A pattern taken apart, its wildcards as wildcards."""
    return tuple(_WILDCARDS.get(character, character) for character in pattern)


@lru_cache(maxsize=4096)
def relation(pattern: Tokens, subject: Tokens) -> Ternary:
    """Whether a pattern matches a subject, which may be a pattern too.

    True: it matches all that `subject` stands for.  False: it matches none of that.  None: it matches a part, or
    cannot be shown to match all.
    """
    pattern, subject = _tidy(pattern), _tidy(subject)
    if _reaches(pattern, subject, shared=False):
        return True
    return None if _reaches(pattern, subject, shared=True) else False


def _tidy(pattern: Tokens) -> Tokens:
    """The same pattern with every run of wildcards as its ONEs and then at most one STAR."""
    tidied: list[str] = []
    star = False
    for token in pattern:
        if token == STAR:
            star = True
            continue
        if star and token != ONE:
            tidied.append(STAR)
            star = False
        tidied.append(token)
    if star:
        tidied.append(STAR)
    return tuple(tidied)


def _reaches(pattern: Tokens, subject: Tokens, *, shared: bool) -> bool:
    """Whether both can be walked to their ends together.

    With `shared`: whether some text is matched by both.  Without: whether each step of `subject` is one that
    `pattern` allows, so that all it stands for is matched.
    """
    todo, seen = [(0, 0)], {(0, 0)}
    while todo:
        at, subject_at = todo.pop()
        if at == len(pattern) and subject_at == len(subject):
            return True
        for step in _steps(pattern, subject, at, subject_at, shared=shared):
            if step not in seen:
                seen.add(step)
                todo.append(step)
    return False


def _steps(pattern: Tokens, subject: Tokens, at: int, subject_at: int, *, shared: bool) -> list[tuple[int, int]]:
    token = pattern[at] if at < len(pattern) else None
    opposite = subject[subject_at] if subject_at < len(subject) else None
    steps = []
    if token == STAR:
        steps.append((at + 1, subject_at))
        if opposite is not None:
            steps.append((at, subject_at + 1))
    if shared and opposite == STAR:
        steps.append((at, subject_at + 1))
        if token is not None:
            steps.append((at + 1, subject_at))
    single = token is not None and opposite is not None and STAR not in (token, opposite)
    if single and (token in (ONE, opposite) or (shared and opposite == ONE)):
        steps.append((at + 1, subject_at + 1))
    return steps

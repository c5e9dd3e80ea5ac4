"""ARNs of DMS in policies: whether a pattern matches that of any resource."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from dms_lint.aws.arn import parse_arn
from dms_lint.data.tables import table
from dms_lint.iam_policy.wildcards import ONE, STAR, Tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD: Final = frozenset(":/")
"""The characters that partition, Region, account and what stands behind the type never have."""
_Form = tuple[str | frozenset[str], ...]
"""Characters, and sets for one or more characters that are none of these."""


@cache
def resource_types() -> Mapping[str, str]:
    """By type of resource, as the table names it (`ReplicationInstance`), how its ARNs name it: `rep`."""
    arns = {name: parse_arn(row["arn"]) for name, row in table("dms-authorization")["resources"].items()}
    return {name: arn.resource_type for name, arn in arns.items() if arn is not None}


@cache
def _forms() -> Mapping[str, _Form]:
    """The ARNs of each type of resource."""
    return {
        name: ("a", "r", "n", ":", _FIELD, *":dms:", _FIELD, ":", _FIELD, ":", *f"{type_}:", _FIELD)
        for name, type_ in resource_types().items()
    }


def is_of_dms(pattern: str) -> bool:
    """Whether a pattern of resources is an ARN whose service is DMS."""
    # Not parse_arn: a pattern may have fewer than six parts, `arn:aws:dms:*`.
    fields = pattern.split(":")
    return len(fields) > 2 and fields[0] == "arn" and fields[2].lower() == "dms"


@lru_cache(maxsize=4096)
def matches_some(pattern: str) -> bool:
    """Whether a pattern matches the ARN that some resource of DMS may have; `${...}` stands for anything."""
    return any(matches_type(pattern, type_) for type_ in _forms())


@lru_cache(maxsize=4096)
def matches_type(pattern: str, type_: str) -> bool:
    """Whether a pattern matches the ARN that some resource of a type may have; `${...}` stands for anything."""
    return _overlap(tokens(re.sub(r"\$\{[^}]*\}", "*", pattern)), _forms()[type_])


def _overlap(pattern: Tokens, form: _Form) -> bool:
    """Whether some text is matched by both: both are walked to their ends together."""
    todo, seen = [(0, 0, False)], {(0, 0, False)}
    while todo:
        at, place, begun = todo.pop()
        if at == len(pattern) and (place == len(form) or (begun and place + 1 == len(form))):
            return True
        for step in _steps(pattern, form, at, place, begun=begun):
            if step not in seen:
                seen.add(step)
                todo.append(step)
    return False


def _steps(pattern: Tokens, form: _Form, at: int, place: int, *, begun: bool) -> list[tuple[int, int, bool]]:
    """Where both may stand after one more character; `begun`: whether the set at this place has had one."""
    steps = []
    if begun:
        steps.append((at, place + 1, False))
    token = pattern[at] if at < len(pattern) else None
    if token == STAR:
        steps.append((at + 1, place, begun))
    if token is None or place == len(form):
        return steps
    expected = form[place]
    if isinstance(expected, frozenset):
        fits = token in (STAR, ONE) or token not in expected
    else:
        fits = token in (STAR, ONE, expected)
    if fits:
        then = (place, True) if isinstance(expected, frozenset) else (place + 1, False)
        steps.append((at if token == STAR else at + 1, *then))
    return steps

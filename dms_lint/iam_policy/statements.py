"""Policy documents, parsed into typed statements.  What they mean stands in `evaluation`."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from dms_lint.iam_policy.conditions import Condition, parse_operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ANYTHING: Final = "*"
"""The resource of a request whose action takes none, and the principal that is everybody."""


class Statement(NamedTuple):
    """One statement, with lists where one value may stand alone."""

    policy: str
    """The name of the policy that it is of."""
    sid: str
    """Its Sid; `statement 2` where it has none."""
    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    """In lower case, as actions are compared."""
    not_actions: bool
    """Whether `actions` are those of a NotAction: it is about all others."""
    resources: tuple[str, ...] | None
    """None where the statement names none, as in trust policies."""
    not_resources: bool
    principals: tuple[tuple[str, str], ...] | None
    """Type and value: `("AWS", "arn:...")`, `("*", "*")` for everybody.  None where the statement names none."""
    not_principals: bool
    conditions: tuple[Condition, ...]
    variables: bool
    """Whether `${...}` is a policy variable: not in policies of the version 2008-10-17."""

    @property
    def label(self) -> str:
        """The statement in messages: its Sid or number, and its policy."""
        return f"{self.sid} in {self.policy}"


class Policy(NamedTuple):
    """A policy document."""

    name: str
    statements: tuple[Statement, ...]


def parse(document: Any, name: str) -> Policy:
    """A policy document as AWS sends it: an object, its JSON text, or that text URL-encoded.

    Raises ValueError, saying what is wrong, for what is no policy.
    """
    if isinstance(document, str):
        return _parse(document, name)
    return _policy(load(document), name)


@lru_cache(maxsize=4096)
def _parse(text: str, name: str) -> Policy:
    return _policy(load(text), name)


def load(document: Any) -> dict[str, Any]:
    """The object that a policy document is, however AWS sends it; ValueError for what is no policy."""
    if isinstance(document, dict):
        return document
    if not isinstance(document, str):
        raise ValueError("is no policy document")
    text = document
    if not text.lstrip().startswith("{"):
        from urllib.parse import unquote

        text = unquote(text)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(data, dict):
        raise ValueError("is no JSON object")
    return data


def _policy(data: Mapping[str, Any], name: str) -> Policy:
    statements = data.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise ValueError("has no Statement")
    variables = data.get("Version") == "2012-10-17"
    return Policy(
        name,
        tuple(parse_statement(statement, number, name, variables) for number, statement in enumerate(statements, 1)),
    )


def parse_statement(data: Any, number: int, policy: str, variables: bool) -> Statement:
    """One statement, the `number`th of its policy; ValueError, saying what is wrong, for a malformed one."""
    if not isinstance(data, dict):
        raise ValueError(f"statement {number} is no object")
    effect = data.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise ValueError(f"statement {number} neither allows nor denies")
    actions, not_actions = _either(data, "Action", number)
    resources, not_resources = _either(data, "Resource", number)
    if actions is None:
        raise ValueError(f"statement {number} has no Action")
    sid = data.get("Sid")
    return Statement(
        policy,
        sid if isinstance(sid, str) and sid else f"statement {number}",
        effect,
        tuple(action.lower() for action in actions),
        not_actions,
        resources,
        not_resources,
        _principals(data, number),
        "NotPrincipal" in data,
        tuple(_conditions(data.get("Condition") or {}, number, variables)),
        variables,
    )


def _either(data: Mapping[str, Any], element: str, number: int) -> tuple[tuple[str, ...] | None, bool]:
    """The values of an element or of its Not form, and whether it was that."""
    negated = f"Not{element}" in data
    if negated and element in data:
        raise ValueError(f"statement {number} has both {element} and Not{element}")
    value = data.get(f"Not{element}" if negated else element)
    return (None if value is None else _list(value, element, number)), negated


def _list(value: Any, element: str, number: int) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in values):
        raise ValueError(f"statement {number} has a {element} that is not text")
    return tuple(values)


def _principals(data: Mapping[str, Any], number: int) -> tuple[tuple[str, str], ...] | None:
    value = data.get("NotPrincipal", data.get("Principal"))
    if value is None:
        return None
    if value == ANYTHING:
        return ((ANYTHING, ANYTHING),)
    if not isinstance(value, dict):
        raise ValueError(f"statement {number} has a Principal that is neither * nor an object")
    return tuple((kind, name) for kind, names in value.items() for name in _list(names, "Principal", number))


def _conditions(data: Any, number: int, variables: bool) -> Iterable[Condition]:
    if not isinstance(data, dict) or not all(isinstance(keys, dict) for keys in data.values()):
        raise ValueError(f"statement {number} has a Condition that is not an object of objects")
    for operator, keys in data.items():
        bare, quantifier, if_exists = parse_operator(operator)
        for key, value in keys.items():
            values = value if isinstance(value, list) else [value]
            if not all(isinstance(item, (str, bool, int, float)) for item in values):
                raise ValueError(f"statement {number} has a condition on {key} that is not text")
            texts = tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in values)
            yield Condition(bare, quantifier, if_exists, key.lower(), texts, variables)

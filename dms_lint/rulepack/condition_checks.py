"""Checks the conditions of a rule: the facts exist, are about its kinds and can take the values named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.errors import InputError, nearest, unknown_name
from dms_lint.facts import FACTS
from dms_lint.rulepack.predicates import compile_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.facts.fact import Fact


def check_conditions(
    data: Any, key: str, kinds: tuple[str, ...], errors: list[InputError]
) -> Mapping[str, Mapping[str, Any]]:
    """The conditions under 'when' or 'expect' on facts about these kinds; all that is wrong goes to `errors`."""
    if not isinstance(data, dict):
        errors.append(InputError(f"'{key}' is a mapping of facts to what each must be", key))
        return {}
    for name, schema in data.items():
        try:
            _condition(str(name), schema, key, kinds)
        except InputError as error:
            errors.append(error)
    return data


def _condition(name: str, schema: Any, key: str, kinds: tuple[str, ...]) -> None:
    fact = fact_of(name, kinds, key)
    if not isinstance(schema, dict):
        raise InputError(f"what {name} must be is a mapping, like {{const: true}}", key, name)
    try:
        compile_schema(schema)
    except ValueError as error:
        raise InputError(f"{name}: {error}", key, name) from None
    _check_possible(name, schema, fact.schema, key)


def fact_of(name: str, kinds: tuple[str, ...], *path: str) -> Fact:
    """The fact of that name, which is about all these kinds.  Raises InputError at `path`."""
    fact = FACTS.get(name)
    if fact is None:
        raise InputError(unknown_name("fact", name, FACTS), *path, name)
    for kind in kinds:
        if kind not in fact.kinds:
            raise InputError(
                f"{name} is a fact about {', '.join(fact.kinds)}, and the rule applies to {kind}"
                f"{nearest(name, (candidate for candidate, about in FACTS.items() if kind in about.kinds))}",
                *path,
                name,
            )
    return fact


_WORDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("minLength", "maxLength", "pattern"),
    "integer": ("minimum", "maximum"),
    "boolean": (),
    "array": ("minItems", "maxItems", "uniqueItems", "contains", "items"),
}


def _check_possible(name: str, schema: Mapping[str, Any], domain: Mapping[str, Any], key: str) -> None:
    """Refuses words and values that the fact can never meet: the condition would be always true or always false."""
    kind = domain["type"]
    for word, value in schema.items():
        if word not in ("const", "enum", "type", *_WORDS_OF[kind]):
            raise InputError(f"{name} is of type {kind}: '{word}' says nothing about it", key, name)
        if word in ("contains", "items"):
            _check_possible(name, value, domain["items"], key)
        if word == "type" and value != kind:
            raise InputError(f"{name} is of type {kind}, never {value}", key, name)
        for constant in [value] if word == "const" else value if word == "enum" else ():
            _check_value(name, constant, domain, key)


def _check_value(name: str, value: Any, domain: Mapping[str, Any], key: str) -> None:
    kind, values = domain["type"], domain.get("enum")
    if not compile_schema({"type": kind})(value):
        raise InputError(f"{name} is of type {kind}: it is never {value!r}", key, name)
    if values is not None and value not in values:
        near = nearest(str(value), values)
        raise InputError(f"{name} is never {value!r}; it is one of {', '.join(values)}{near}", key, name)
    if not compile_schema(domain)(value):
        raise InputError(f"{name} is never {value!r}; it is as {dict(domain)} says", key, name)

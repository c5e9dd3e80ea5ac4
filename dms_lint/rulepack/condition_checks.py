"""What a rule says of facts, and whether it can: the facts exist, are about its kinds and take the values named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.errors import InputError, nearest, unknown_name
from dms_lint.facts import FACTS
from dms_lint.rulepack.predicates import compile_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.facts.fact import Fact


def conditions(data: Any, key: str, kinds: tuple[str, ...], wrong: list[InputError]) -> Mapping[str, Mapping[str, Any]]:
    """What a rule says under 'when' or 'expect' of facts about these kinds; `wrong` takes all that is wrong with it."""
    if not isinstance(data, dict):
        wrong.append(InputError(f"'{key}' is a mapping of facts to what each must be", key))
        return {}
    for name, schema in data.items():
        try:
            _condition(str(name), schema, key, kinds)
        except InputError as refused:
            wrong.append(refused)
    return data


def _condition(name: str, schema: Any, key: str, kinds: tuple[str, ...]) -> None:
    fact = fact_of(name, kinds, key)
    if not isinstance(schema, dict):
        raise InputError(f"what {name} must be is a mapping, like {{const: true}}", key, name)
    try:
        compile_schema(schema)
    except ValueError as error:
        raise InputError(f"{name}: {error}", key, name) from None
    _possible(name, schema, fact.schema, key)


def fact_of(name: str, kinds: tuple[str, ...], *path: str) -> Fact:
    """The fact of that name, which is about all these kinds.  Raises InputError at `path`."""
    fact = FACTS.get(name)
    if fact is None:
        raise InputError(unknown_name("fact", name, FACTS), *path, name)
    for kind in kinds:
        if kind not in fact.kinds:
            raise InputError(
                f"{name} is a fact about {', '.join(fact.kinds)}, and the rule applies to {kind}"
                f"{nearest(name, (one for one, of in FACTS.items() if kind in of.kinds))}",
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


def _possible(name: str, schema: Mapping[str, Any], of: Mapping[str, Any], key: str) -> None:
    """Refuses words and values that the fact can never meet: the condition would be always true or always false."""
    kind = of["type"]
    for word, wanted in schema.items():
        if word not in ("const", "enum", "type", *_WORDS_OF[kind]):
            raise InputError(f"{name} is of type {kind}: '{word}' says nothing about it", key, name)
        if word in ("contains", "items"):
            _possible(name, wanted, of["items"], key)
        if word == "type" and wanted != kind:
            raise InputError(f"{name} is of type {kind}, never {wanted}", key, name)
        for value in [wanted] if word == "const" else wanted if word == "enum" else ():
            if not compile_schema({"type": kind})(value):
                raise InputError(f"{name} is of type {kind}: it is never {value!r}", key, name)
            if "enum" in of and value not in of["enum"]:
                raise InputError(
                    f"{name} is never {value!r}; it is one of {', '.join(of['enum'])}{nearest(str(value), of['enum'])}",
                    key,
                    name,
                )
            if not compile_schema(of)(value):
                raise InputError(f"{name} is never {value!r}; it is as {dict(of)} says", key, name)

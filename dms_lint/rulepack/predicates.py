"""The words with which a rule says what a fact must be, compiled once into closures.

They are JSON Schema's, with JSON Schema's meaning (draft 2020-12); a tuple counts as an array.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Final

from dms_lint.data.errors import nearest

Predicate = Callable[[Any], bool]

_REPEATED: Final = re.compile(r"\((?:\?:)?(?:\\.|\[\^?\]?[^\]]*\]|[^()\\\[\]])[+*]\)[+*]")
"""`(a+)+`: a text that does not match is tried in more ways than there is time for."""

_TYPES: Final[Mapping[str, Predicate]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and value % 1 == 0,  # not so of an infinity
    "number": lambda value: _is_number(value),
    "array": lambda value: isinstance(value, (list, tuple)),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}


def compile_schema(schema: Mapping[str, Any]) -> Predicate:
    """A function that says whether a value is as the schema wants it.

    Raises ValueError, with the word and what would be right, for a schema that is not in these words.
    """
    predicates = [_compile(word, expected) for word, expected in schema.items()]
    if not predicates:
        raise ValueError("an empty condition is always true: say what the value must be")
    if len(predicates) == 1:
        return predicates[0]
    return lambda value: all(predicate(value) for predicate in predicates)


def _compile(word: str, expected: Any) -> Predicate:
    maker = WORDS.get(word)
    if maker is None:
        hint = nearest(str(word), WORDS) or f"; the words are {', '.join(WORDS)}"
        raise ValueError(f"'{word}' is no word of a condition{hint}")
    return maker(expected)


def equal(left: Any, right: Any) -> bool:
    """Equality as JSON has it: 1 is 1.0 and not true, and an array is equal to a tuple of the same."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _const(expected: Any) -> Predicate:
    if isinstance(expected, str):
        return lambda value: bool(value == expected)
    return lambda value: equal(value, expected)


def _enum(expected: Any) -> Predicate:
    if not isinstance(expected, Sequence) or isinstance(expected, str) or not expected:
        raise ValueError("enum takes a list of values")
    if all(isinstance(item, str) for item in expected):
        among = frozenset(expected)
        return lambda value: isinstance(value, str) and value in among
    return lambda value: any(equal(value, item) for item in expected)


def _type(expected: Any) -> Predicate:
    names = [expected] if isinstance(expected, str) else expected
    if not isinstance(names, list) or not names or any(str(name) not in _TYPES for name in names):
        raise ValueError(f"type is one or a list of {', '.join(_TYPES)}")
    checks = [_TYPES[name] for name in names]
    return checks[0] if len(checks) == 1 else lambda value: any(check(value) for check in checks)


def _bound(word: str, expected: Any, *, integer: bool) -> Any:
    if not _is_number(expected) or not -inf < expected < inf or (integer and (expected % 1 or expected < 0)):
        raise ValueError(f"{word} takes a {'whole number from 0' if integer else 'number'}")
    return expected


def _minimum(expected: Any) -> Predicate:
    bound = _bound("minimum", expected, integer=False)
    return lambda value: not _is_number(value) or value >= bound


def _maximum(expected: Any) -> Predicate:
    bound = _bound("maximum", expected, integer=False)
    return lambda value: not _is_number(value) or value <= bound


def _min_length(expected: Any) -> Predicate:
    bound = _bound("minLength", expected, integer=True)
    return lambda value: not isinstance(value, str) or len(value) >= bound


def _max_length(expected: Any) -> Predicate:
    bound = _bound("maxLength", expected, integer=True)
    return lambda value: not isinstance(value, str) or len(value) <= bound


def _pattern(expected: Any) -> Predicate:
    if not isinstance(expected, str):
        raise ValueError("pattern is no regular expression: it is no text")
    if repeated := _REPEATED.search(expected):
        raise ValueError(
            f"pattern repeats what is repeated already, {repeated[0]}, and could take for ever: once is enough"
        )
    try:
        search = re.compile(expected).search
    except RecursionError:
        raise ValueError("pattern is nested too deeply") from None
    except (re.error, OverflowError) as error:
        raise ValueError(f"pattern is no regular expression: {error}") from None
    return lambda value: not isinstance(value, str) or search(value) is not None


def _min_items(expected: Any) -> Predicate:
    bound = _bound("minItems", expected, integer=True)
    return lambda value: not isinstance(value, (list, tuple)) or len(value) >= bound


def _max_items(expected: Any) -> Predicate:
    bound = _bound("maxItems", expected, integer=True)
    return lambda value: not isinstance(value, (list, tuple)) or len(value) <= bound


def _unique_items(expected: Any) -> Predicate:
    if not isinstance(expected, bool):
        raise ValueError("uniqueItems takes true or false")

    def unique(value: Any) -> bool:
        if not expected or not isinstance(value, (list, tuple)):
            return True
        return not any(equal(item, earlier) for n, item in enumerate(value) for earlier in value[:n])

    return unique


def _contains(expected: Any) -> Predicate:
    fits = _nested("contains", expected)
    return lambda value: not isinstance(value, (list, tuple)) or any(fits(item) for item in value)


def _items(expected: Any) -> Predicate:
    fits = _nested("items", expected)
    return lambda value: not isinstance(value, (list, tuple)) or all(fits(item) for item in value)


def _nested(word: str, expected: Any) -> Predicate:
    if not isinstance(expected, Mapping):
        raise ValueError(f"{word} takes a condition on an item")
    return compile_schema(expected)


WORDS: Final[Mapping[str, Callable[[Any], Predicate]]] = {
    "const": _const,
    "enum": _enum,
    "type": _type,
    "minimum": _minimum,
    "maximum": _maximum,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "minItems": _min_items,
    "maxItems": _max_items,
    "uniqueItems": _unique_items,
    "contains": _contains,
    "items": _items,
}

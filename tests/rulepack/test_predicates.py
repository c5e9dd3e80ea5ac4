from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dms_lint.rulepack.predicates import WORDS, compile_schema, equal

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.sampled_from([0.0, 1.0, -0.0, 1.5, 2.0])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
    | st.sampled_from(["none", "require", "verify-ca", "verify-full", "é", "😀😀"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=6,
)
SIZES = st.integers(0, 4) | st.sampled_from([0.0, 1.0, 2.0])
NUMBERS = st.integers(-3, 3) | st.floats(-3, 3)
TYPES = st.sampled_from(["string", "boolean", "integer", "number", "array", "object", "null"])
PATTERNS = st.sampled_from(["", "^", "e", "^verify", "-ca$", r"^\w+$", "[0-9]", "^(none|require)$", "a|b", "😀"])


def conditions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    words: dict[str, st.SearchStrategy[Any]] = {
        "const": VALUES,
        "enum": st.lists(VALUES, min_size=1, max_size=4),
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "minLength": SIZES,
        "maxLength": SIZES,
        "pattern": PATTERNS,
        "minItems": SIZES,
        "maxItems": SIZES,
        "uniqueItems": st.booleans(),
        "contains": inner,
        "items": inner,
    }
    assert words.keys() == WORDS.keys()
    return st.fixed_dictionaries({}, optional=words).filter(bool)


LEAVES = st.sampled_from([{"const": 1}, {"const": True}, {"enum": ["none", 0]}, {"type": "integer"}, {"minLength": 1}])
SCHEMAS = conditions(st.recursive(LEAVES, conditions, max_leaves=3))


def tupled(value: Any) -> Any:
    """The same, as facts give it: every list a tuple."""
    if isinstance(value, list):
        return tuple(map(tupled, value))
    return {key: tupled(one) for key, one in value.items()} if isinstance(value, dict) else value


def sortable_nests(value: Any) -> bool:
    """Whether jsonschema would compare neighbours of a sorted list only, in which it misses `[[1], [true], [1]]`."""
    if isinstance(value, dict):
        return any(map(sortable_nests, value.values()))
    return isinstance(value, list) and (
        any(map(sortable_nests, value)) or (len(value) > 2 and all(isinstance(one, list) for one in value))
    )


@given(SCHEMAS, VALUES)
def test_a_condition_means_what_json_schema_says(schema: dict[str, Any], value: Any) -> None:
    assume(not sortable_nests(value))
    expected = Draft202012Validator(schema).is_valid(value)
    holds = compile_schema(schema)
    assert holds(value) is expected
    assert holds(tupled(value)) is expected
    assert compile_schema(tupled(schema) if "type" not in str(schema) else schema)(value) is expected


@given(st.lists(SCALARS | st.lists(SCALARS, max_size=2), max_size=5))
def test_items_are_unique_when_no_two_are_equal(values: list[Any]) -> None:
    twins = any(equal(one, other) for n, one in enumerate(values) for other in values[:n])
    assert compile_schema({"uniqueItems": True})(tuple(values)) is not twins
    assert compile_schema({"uniqueItems": False})(tuple(values))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        ((1, 2), [1, 2.0], True),
        ([1], [True], False),
        ([1], [1, 1], False),
        ({"a": (1,)}, {"a": [1]}, True),
        ({"a": 1}, {"b": 1}, False),
        ("1", 1, False),
        ("a", ["a"], False),
        (None, False, False),
    ],
)
def test_equality_is_jsons(left: Any, right: Any, *, same: bool) -> None:
    assert equal(left, right) is same
    assert equal(right, left) is same


def test_a_number_without_end_is_no_integer() -> None:
    for value in (math.inf, -math.inf, math.nan):
        assert compile_schema({"type": "number"})(value)
        assert not compile_schema({"type": "integer"})(value)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, "an empty condition is always true: say what the value must be"),
        ({"not": {"const": 1}}, "'not' is no word of a condition; the words are const, enum, type, minimum,"),
        ({"$ref": "#"}, "no word of a condition"),
        ({1: 2}, "'1' is no word of a condition"),
        ({"const": "a", "anyOf": []}, "'anyOf' is no word of a condition"),
        ({"enum": []}, "enum takes a list of values"),
        ({"enum": "ab"}, "enum takes a list of values"),
        ({"enum": {"a": 1}}, "enum takes a list of values"),
        ({"type": "text"}, "type is one or a list of string, boolean, integer, number, array, object, null"),
        ({"type": []}, "type is one or a list of"),
        ({"type": ["string", "text"]}, "type is one or a list of"),
        ({"type": [["string"]]}, "type is one or a list of"),
        ({"type": 5}, "type is one or a list of"),
        ({"type": None}, "type is one or a list of"),
        ({"minimum": "1"}, "minimum takes a number"),
        ({"minimum": True}, "minimum takes a number"),
        ({"minimum": math.nan}, "minimum takes a number"),
        ({"maximum": None}, "maximum takes a number"),
        ({"maximum": math.inf}, "maximum takes a number"),
        ({"minimum": -math.inf}, "minimum takes a number"),
        ({"minLength": -1}, "minLength takes a whole number from 0"),
        ({"minLength": 1.5}, "minLength takes a whole number from 0"),
        ({"maxLength": "3"}, "maxLength takes a whole number from 0"),
        ({"maxLength": math.inf}, "maxLength takes a whole number from 0"),
        ({"minItems": False}, "minItems takes a whole number from 0"),
        ({"minItems": math.nan}, "minItems takes a whole number from 0"),
        ({"maxItems": None}, "maxItems takes a whole number from 0"),
        ({"maxItems": -math.inf}, "maxItems takes a whole number from 0"),
        ({"pattern": "("}, "pattern is no regular expression: missing"),
        ({"pattern": 1}, "pattern is no regular expression"),
        ({"pattern": None}, "pattern is no regular expression"),
        ({"pattern": b"a"}, "pattern is no regular expression"),
        ({"pattern": "a{99999999999}"}, "pattern is no regular expression"),
        ({"uniqueItems": 1}, "uniqueItems takes true or false"),
        ({"contains": True}, "contains takes a condition on an item"),
        ({"contains": {}}, "an empty condition is always true"),
        ({"contains": {"is": 1}}, "'is' is no word of a condition"),
        ({"items": [{"const": 1}]}, "items takes a condition on an item"),
        ({"items": {"pattern": "["}}, "pattern is no regular expression"),
    ],
    ids=str,
)
def test_what_is_no_condition_is_refused(schema: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        compile_schema(schema)

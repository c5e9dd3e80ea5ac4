from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.logic.kleene import (
    Partial,
    Ternary,
    all_of,
    any_of,
    attempt,
    collect,
    collect_each,
    counterexample,
    invert,
    listing,
    merged,
    require,
    unanimous,
)
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = Missing("the first was not read", needs="a:First")
SECOND = Missing("the second was not read", needs="a:Second")
VERDICTS = st.lists(st.sampled_from([True, False, FIRST, SECOND]))


def half(number: int) -> int | Missing | None:
    """Halves an even number, is Missing of 1, raises Missing of 3, and leaves out every other odd one."""
    if number == 3:
        raise SECOND
    if number == 1:
        return FIRST
    return None if number % 2 else number // 2


@given(st.lists(st.sampled_from([True, False, None])))
def test_and_and_or_mirror_each_other(values: list[Ternary]) -> None:
    assert invert(all_of(values)) == any_of([invert(value) for value in values])


@given(VERDICTS)
def test_and_is_false_before_it_is_missing(values: list[bool | Missing]) -> None:
    unknown = [value for value in values if isinstance(value, Missing)]
    assert all_of(values) is (False if False in values else unknown[0] if unknown else True)


@given(VERDICTS)
def test_or_is_true_before_it_is_missing(values: list[bool | Missing]) -> None:
    unknown = [value for value in values if isinstance(value, Missing)]
    assert any_of(values) is (True if True in values else unknown[0] if unknown else False)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [([True, True], True), ([False], False), ([True, FIRST, SECOND], FIRST), ([False, SECOND], SECOND)],
)
def test_alternatives_must_agree(values: list[bool | Missing], verdict: bool | Missing) -> None:
    assert unanimous(values) is verdict


@pytest.mark.parametrize("values", [[], [True, False]])
def test_alternatives_that_differ_leave_it_open(values: list[bool]) -> None:
    assert isinstance(unanimous(values), Missing)


def test_what_an_attempt_raises_is_its_value() -> None:
    assert attempt(lambda: half(3)) is SECOND
    assert attempt(lambda: half(4)) == 2
    assert SECOND.__traceback__ is None


def test_what_is_required_is_there_or_raised() -> None:
    assert require(value=False) is False
    with pytest.raises(Missing) as raised:
        require(FIRST)
    assert raised.value is FIRST


class TestPartial:
    def test_items_are_certain_though_more_may_be_missing(self) -> None:
        assert Partial((1,), FIRST).certain() == (1,)
        assert Partial((), None).certain() == ()

    def test_nothing_is_certain_where_all_may_be_missing(self) -> None:
        with pytest.raises(Missing) as raised:
            Partial((), FIRST).certain()
        assert raised.value is FIRST

    def test_a_list_is_complete_only_when_nothing_is_missing(self) -> None:
        assert Partial((1,)).complete() == (1,)
        with pytest.raises(Missing):
            Partial((1,), FIRST).complete()

    @pytest.mark.parametrize(
        ("partial", "verdict"),
        [(Partial((1,), FIRST), True), (Partial((), FIRST), FIRST), (Partial(()), False), (Partial((1,)), True)],
    )
    def test_an_empty_list_is_empty_only_when_complete(self, partial: Partial[int], verdict: bool | Missing) -> None:
        assert partial.is_nonempty() is verdict

    def test_distinct_items_keep_their_order(self) -> None:
        assert Partial((2, 1, 2), FIRST).distinct() == Partial((2, 1), FIRST)

    def test_the_first_reason_counts(self) -> None:
        assert Partial((1,), FIRST).or_missing(SECOND).missing is FIRST
        assert Partial((1,)).or_missing(SECOND).missing is SECOND


class TestCollect:
    def test_none_is_left_out_and_the_first_missing_kept(self) -> None:
        assert collect([2, 3, 1, 5, 8], half) == Partial((1, 4), SECOND)

    def test_the_missing_of_the_items_comes_first(self) -> None:
        assert collect(Partial((2, 3), FIRST), half) == Partial((1,), FIRST)

    def test_false_and_nought_are_values(self) -> None:
        assert collect([0, 1], bool).items == (False, True)

    def test_what_was_yielded_before_missing_counts(self) -> None:
        def countdown(number: int) -> Iterator[int]:
            yield from range(number, 0, -1)
            raise FIRST

        assert collect_each([2, 1], countdown) == Partial((2, 1, 1), FIRST)
        assert listing(lambda: countdown(2)) == Partial((2, 1), FIRST)

    def test_lists_of_lists_are_flattened(self) -> None:
        assert collect_each([1, 2], lambda n: Partial((n, n), SECOND if n == 2 else None)) == Partial(
            (1, 1, 2, 2), SECOND
        )
        assert merged([Partial((1,)), Partial((2,), FIRST), Partial((), SECOND)]) == Partial((1, 2), FIRST)

    def test_only_missing_is_caught(self) -> None:
        with pytest.raises(ZeroDivisionError):
            collect([0], lambda n: 1 // n)

    @given(st.lists(st.integers(0, 9)))
    def test_a_collection_is_never_complete_by_chance(self, numbers: list[int]) -> None:
        partial = collect(numbers, half)
        assert (partial.missing is None) == (not {1, 3} & set(numbers))
        assert partial.items == tuple(n // 2 for n in numbers if n % 2 == 0)


def test_a_false_verdict_is_an_example() -> None:
    verdicts: list[bool | Missing] = [True, FIRST, False]
    assert collect(verdicts, lambda verdict: counterexample(verdict, "x")) == Partial(("x",), FIRST)

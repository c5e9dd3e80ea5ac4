"""Conditions of policy statements, decided with what is known of a request before it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.timestamps import parse_moment
from dms_lint.iam_policy.wildcards import STAR, Tokens, is_pattern, relation, tokens
from dms_lint.logic.kleene import Ternary, all_of, any_of, invert

if TYPE_CHECKING:
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network

Context = Mapping[str, tuple[str, ...]]
"""The context of a request, as far as it is known: its values by condition key, in lower case.

`()` says that the request certainly has no such key; a key that is not here is not known.  A value may be a
pattern (`arn:aws:dms:*:111122223333:*`) where only so much of it is known.
"""

_SOURCE_ARN: Final = "aws:sourcearn"
_ACCOUNT: Final = re.compile(r"\d{12}\Z")
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


class Condition(NamedTuple):
    """One key of one operator of a statement's Condition, in its parts."""

    operator: str
    """In lower case, without prefix and suffix: `stringequals`."""
    quantifier: str
    """`forallvalues`, `foranyvalue` or ''."""
    if_exists: bool
    key: str
    """In lower case, as keys are compared: `aws:sourceaccount`."""
    values: tuple[str, ...]
    variables: bool
    """Whether `${...}` in a value is a policy variable: not in policies of the version 2008-10-17."""


def resolve(pattern: str, context: Context, *, variables: bool, wildcards: bool = True) -> tuple[Tokens, bool]:
    """A pattern with its policy variables replaced, and whether the values of all of them were known.

    A variable without a known value becomes STAR, so a pattern that matches nothing even so certainly does not match.
    Without `wildcards`, `*` and `?` are characters like others.
    """
    take: Callable[[str], Tokens] = tokens if wildcards else tuple
    if not variables or "${" not in pattern:
        return take(pattern), True
    resolved: list[str] = []
    certain, end = True, 0
    for variable in _VARIABLE.finditer(pattern):
        resolved += take(pattern[end : variable.start()])
        end = variable.end()
        value = _variable(variable[1], context)
        certain = certain and value is not None
        resolved += (STAR,) if value is None else value
    resolved += take(pattern[end:])
    return tuple(resolved), certain


def _variable(variable: str, context: Context) -> str | None:
    """The value that `${NAME}` or `${NAME, 'default'}` stands for; None when it is not known."""
    if variable in ("*", "?", "$"):
        return variable
    name, comma, default = variable.partition(",")
    values = context.get(name.strip().lower())
    if values is None:
        return None
    if not values:
        return default.strip().strip("'") if comma else None
    return values[0] if len(values) == 1 and not is_pattern(values[0]) else None


def satisfied(condition: Condition, context: Context) -> Ternary:
    """Whether a request meets a condition; None when that depends on what is not known."""
    values = context.get(condition.key)
    if values is None:
        return None
    if condition.operator == "null":
        return any_of((not values) is (text.lower() == "true") for text in condition.values)
    negated = condition.operator in _NEGATED
    compare = _COMPARISONS.get(_NEGATED.get(condition.operator, condition.operator))
    if compare is None:
        return None
    if not values:
        return _absent(condition, negated=negated)
    results = [any_of(compare(text, value, condition, context) for text in condition.values) for value in values]
    if negated:
        results = [invert(result) for result in results]
    return all_of(results) if condition.quantifier == "forallvalues" else any_of(results)


def _absent(condition: Condition, *, negated: bool) -> bool:
    """Whether a condition is met when the request has no such key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    if condition.if_exists or condition.quantifier == "forallvalues":
        return True
    return negated and not condition.quantifier


def _equal(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
    return _related(pattern, value, condition, context, wildcards=False)


def _equal_without_case(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
    return _related(pattern.lower(), value.lower(), condition, context, wildcards=False)


def _like(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
    if condition.key == _SOURCE_ARN and _differ_in_account(pattern, value):
        return False
    return _related(pattern, value, condition, context, wildcards=True)


def _differ_in_account(pattern: str, value: str) -> bool:
    """Whether both are ARNs that write their account out, and the accounts differ.

    `*` of StringLike spans colons too, but `:ACCOUNT:` stands nowhere else in the ARN of a resource that calls.
    """
    # Not parse_arn: a pattern need not begin with `arn`, `*:*:dms:*:111122223333:*`.
    arns = pattern.split(":", 5), value.split(":", 5)
    accounts = [parts[4] for parts in arns if len(parts) == 6 and _ACCOUNT.match(parts[4])]
    return len(accounts) == 2 and accounts[0] != accounts[1]


def _related(pattern: str, value: str, condition: Condition, context: Context, *, wildcards: bool) -> Ternary:
    resolved, certain = resolve(pattern, context, variables=condition.variables, wildcards=wildcards)
    related = relation(resolved, tokens(value))
    return related if certain or related is False else None


def _arn(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
    """Each of an ARN's six parts is compared for itself, with wildcards, ArnEquals like ArnLike."""
    if pattern == "*":
        return True
    pattern_parts, value_parts = _parts(pattern), _parts(value)
    if len(pattern_parts) != len(value_parts):
        # AWS does not say what a wildcard in place of several parts matches.
        return None if is_pattern(pattern) or "${" in pattern else False
    return all_of(
        _like(pattern_part, part, condition, context)
        for pattern_part, part in zip(pattern_parts, value_parts, strict=True)
    )


def _parts(arn: str) -> list[str]:
    """The parts of an ARN or a pattern, as many as it has; a colon within a policy variable parts nothing."""
    hidden = _VARIABLE.sub(lambda variable: variable[0].replace(":", "\0"), arn)
    return [part.replace("\0", ":") for part in hidden.split(":", 5)]


def _bool(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
    return _equal_without_case(pattern, value, condition, context)


def _number(compare: Callable[[float, float], bool]) -> Comparison:
    def compare_numbers(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
        try:
            return compare(float(value), float(pattern))
        except ValueError:
            return None

    return compare_numbers


def _date(compare: Callable[[datetime, datetime], bool]) -> Comparison:
    def compare_dates(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
        moment, limit = _moment(value), _moment(pattern)
        return None if moment is None or limit is None else compare(moment, limit)

    return compare_dates


def _moment(text: str) -> datetime | None:
    """A date as policies write it: ISO 8601, or seconds since 1970."""
    return parse_moment(float(text)) if re.fullmatch(r"\d{1,12}(\.\d+)?", text) else parse_moment(text)


def _address(pattern: str, value: str, condition: Condition, context: Context) -> Ternary:
    """Whether an address, or a whole range of addresses, lies within a range."""
    source, limit = _range(value), _range(pattern)
    if source is None or limit is None:
        return None
    if source.version != limit.version:
        return False
    if source.subnet_of(limit):  # type: ignore[arg-type]
        return True
    return None if source.overlaps(limit) else False


@lru_cache(maxsize=1024)
def _range(text: str) -> IPv4Network | IPv6Network | None:
    from ipaddress import ip_network

    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


Comparison = Callable[[str, str, Condition, Context], Ternary]

_COMPARISONS: Final[Mapping[str, Comparison]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_without_case,
    "stringlike": _like,
    "arnequals": _arn,
    "arnlike": _arn,
    "bool": _bool,
    "numericequals": _number(lambda value, limit: value == limit),
    "numericlessthan": _number(lambda value, limit: value < limit),
    "numericlessthanequals": _number(lambda value, limit: value <= limit),
    "numericgreaterthan": _number(lambda value, limit: value > limit),
    "numericgreaterthanequals": _number(lambda value, limit: value >= limit),
    "dateequals": _date(lambda value, limit: value == limit),
    "datelessthan": _date(lambda value, limit: value < limit),
    "datelessthanequals": _date(lambda value, limit: value <= limit),
    "dategreaterthan": _date(lambda value, limit: value > limit),
    "dategreaterthanequals": _date(lambda value, limit: value >= limit),
    "ipaddress": _address,
}
"""The comparison of a policy's value with the request's, by operator.  Bytes are never known."""

_NEGATED: Final[Mapping[str, str]] = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
}


@lru_cache(maxsize=1024)
def parse_operator(text: str) -> tuple[str, str, bool]:
    """`ForAnyValue:StringLikeIfExists` as operator, quantifier and whether it ends in IfExists, in lower case."""
    name = text.lower()
    quantifier, colon, operator = name.rpartition(":")
    if colon and quantifier not in ("forallvalues", "foranyvalue"):
        operator = name
        quantifier = ""
    bare = operator.removesuffix("ifexists")
    return bare, quantifier, bare != operator

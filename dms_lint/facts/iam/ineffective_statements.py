"""Statements that touch DMS and are not written as IAM wants them: they hold nothing of what they were written for."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.data.tables import table
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.iam.dms_policies import is_known
from dms_lint.facts.iam.dms_roles.required_roles import ACCESS_ROLE, LOGS_ROLE, VPC_ROLE
from dms_lint.facts.iam.policy_documents import POLICY, TRUST, document, load_statements, malformed
from dms_lint.iam_policy.trust_policies import is_dms
from dms_lint.logic.kleene import Partial, collect_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

_ROLES: Final = (VPC_ROLE, LOGS_ROLE, ACCESS_ROLE)
"""The roles that DMS looks for by name."""
_SETS: Final = ("forallvalues", "foranyvalue")


class _Statement(NamedTuple):
    """A statement that touches DMS, as it is written."""

    sid: str
    """Its Sid; `statement 2` where it has none."""
    elements: Mapping[str, Any]


@memoized
def _statements(policy: Resource, inventory: Inventory) -> Partial[_Statement]:
    """The statements that touch DMS, and why there may be more."""
    record, member = document(policy, inventory)
    _, statements = load_statements(policy, record, member)

    def touching(numbered: tuple[int, Any]) -> Partial[_Statement]:
        number, elements = numbered
        if not isinstance(elements, dict):
            return Partial((), malformed(policy, record, ValueError(f"statement {number} is no object")))
        if not (_names_dms(elements, policy) if member == TRUST else _touches(elements)):
            return Partial()
        sid = elements.get("Sid")
        statement = _Statement(sid if isinstance(sid, str) and sid else f"statement {number}", elements)
        if _is_nested(elements.get("Condition", {})):
            return Partial((statement,))
        error = ValueError(f"statement {number} has a Condition that is not an object of objects")
        return Partial((statement,), malformed(policy, record, error))

    return collect_each(enumerate(statements, 1), touching)


def _is_nested(conditions: Any) -> bool:
    return isinstance(conditions, dict) and all(isinstance(keys, dict) for keys in conditions.values())


# -- what touches DMS


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _touches(elements: Mapping[str, Any]) -> bool:
    """Whether actions of DMS are among those of the statement; without any, whether something in it names DMS."""
    if "Action" in elements:
        return any(_is_of_dms(pattern) for pattern in _texts(elements["Action"]))
    if "NotAction" in elements:
        return not any(pattern.lower() in ("*", "dms:*") for pattern in _texts(elements["NotAction"]))
    rest = json.dumps({name: value for name, value in elements.items() if name != "Sid"}).lower()
    return ":dms:" in rest or '"dms:' in rest


def _is_of_dms(pattern: str) -> bool:
    return pattern.lower().startswith("dms:") or is_known(pattern.lower())


def _names_dms(elements: Mapping[str, Any], policy: Resource) -> bool:
    """Whether a statement of a trust policy names DMS, or nobody at all in one of the roles that DMS looks for."""
    principals = elements.get("Principal", elements.get("NotPrincipal"))
    if principals is None:
        return policy.name.removeprefix("trust policy of ") in _ROLES
    return isinstance(principals, dict) and any(is_dms(service) for service in _texts(principals.get("Service")))


# -- what is wrong with them


@cache
def _operators() -> frozenset[str]:
    return frozenset(name.lower() for name in table("condition-operators")["rows"])


@lru_cache(maxsize=1024)
def is_operator(operator: str) -> bool:
    """Whether IAM knows an operator of conditions, with what stands before and behind it; case ignored."""
    prefix, colon, name = operator.lower().rpartition(":")
    if colon and prefix not in _SETS:
        return False
    bare = name.removesuffix("ifexists")
    if bare == "null":
        return name == bare and not colon
    return bare in _operators()


def _faults(elements: Mapping[str, Any], *, trust: bool) -> Iterator[str]:
    required = ("Action", "Principal") if trust else ("Action", "Resource")
    for element in required:
        present = [name for name in (element, f"Not{element}") if name in elements]
        if not present:
            yield f"has no {element}"
        elif len(present) == 2:
            yield f"has both {element} and Not{element}"
    for element in ("Resource", "NotResource") if trust else ("Principal", "NotPrincipal"):
        if element in elements:
            yield f"has a {element}, which {'a trust policy' if trust else 'a policy of an identity'} cannot have"
    conditions = elements.get("Condition")
    for operator in conditions if isinstance(conditions, dict) else ():
        if not is_operator(operator):
            yield f"uses the operator {operator}, which IAM does not know"


def written_statements(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that touch DMS, well formed or not, by Sid or number.

    Those with an action of DMS; those without any action that name DMS elsewhere; in a trust policy those that name
    DMS as principal, and in a role that DMS looks for by name also those without a principal.
    """
    return tuple(statement.sid for statement in _statements(policy, inventory).certain())


def malformed_statements(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is wrong with the statements of policy.written_statements: elements that lack, exclude each other or do
    not belong there, and operators that IAM does not know."""
    trust = TRUST in policy
    return collect_each(
        _statements(policy, inventory),
        lambda statement: (f"{statement.sid} {fault}" for fault in _faults(statement.elements, trust=trust)),
    ).certain()


FACTS: Final = (
    Fact("policy.written_statements", POLICY, texts(), written_statements),
    Fact("policy.malformed_statements", POLICY, texts(), malformed_statements),
)

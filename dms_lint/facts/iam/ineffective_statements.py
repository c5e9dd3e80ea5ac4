"""Statements that touch DMS and are not written as IAM wants them: they hold nothing of what they were written for."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.tables import table
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.iam.dms_policies import POLICY, TRUST, document, is_known, malformed
from dms_lint.facts.iam.dms_roles.required_roles import ACCESS_ROLE, LOGS_ROLE, VPC_ROLE
from dms_lint.iam_policy.statements import load
from dms_lint.iam_policy.trust_policies import is_dms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Missing, Record, Resource

_ROLES: Final = (VPC_ROLE, LOGS_ROLE, ACCESS_ROLE)
"""The roles that DMS looks for by name."""
_SETS: Final = ("forallvalues", "foranyvalue")


@memoized
def _statements(
    policy: Resource, inventory: Inventory
) -> tuple[tuple[tuple[str, Mapping[str, Any]], ...], Missing | None]:
    """The statements that touch DMS as they are written, by Sid or number, and why some cannot be judged."""
    record, member = document(policy, inventory)
    written = _written(policy, record, member)
    found: list[tuple[str, Mapping[str, Any]]] = []
    broken: Missing | None = None
    for number, one in enumerate(written, 1):
        if not isinstance(one, dict):
            broken = broken or malformed(policy, record, ValueError(f"statement {number} is no object"))
            continue
        touches = _names_dms(one, policy) if member == TRUST else _touches(one)
        if touches:
            sid = one.get("Sid")
            found.append((sid if isinstance(sid, str) and sid else f"statement {number}", one))
            if not _is_nested(one.get("Condition", {})):
                error = ValueError(f"statement {number} has a Condition that is not an object of objects")
                broken = broken or malformed(policy, record, error)
    return tuple(found), broken


def _written(policy: Resource, record: Record, member: str) -> list[Any]:
    try:
        listed = load(record[member]).get("Statement")
        if not isinstance(listed, (dict, list)):
            raise ValueError("has no Statement")
    except ValueError as error:
        raise malformed(policy, record, error) from None
    return [listed] if isinstance(listed, dict) else listed


def _is_nested(conditions: Any) -> bool:
    return isinstance(conditions, dict) and all(isinstance(keys, dict) for keys in conditions.values())


# -- what touches DMS


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def _touches(said: Mapping[str, Any]) -> bool:
    """Whether actions of DMS are among those of the statement; without any, whether something in it names DMS."""
    if "Action" in said:
        return any(_is_of_dms(one) for one in _texts(said["Action"]))
    if "NotAction" in said:
        return not any(one.lower() in ("*", "dms:*") for one in _texts(said["NotAction"]))
    rest = json.dumps({name: value for name, value in said.items() if name != "Sid"}).lower()
    return ":dms:" in rest or '"dms:' in rest


def _is_of_dms(pattern: str) -> bool:
    return pattern.lower().startswith("dms:") or is_known(pattern.lower())


def _names_dms(said: Mapping[str, Any], policy: Resource) -> bool:
    """Whether a statement of a trust policy names DMS, or nobody at all in one of the roles that DMS looks for."""
    named = said.get("Principal", said.get("NotPrincipal"))
    if named is None:
        return policy.name.removeprefix("trust policy of ") in _ROLES
    return isinstance(named, dict) and any(is_dms(one) for one in _texts(named.get("Service")))


# -- what is wrong with them


@cache
def _operators() -> frozenset[str]:
    return frozenset(name.lower() for name in table("condition-operators")["rows"])


@lru_cache(maxsize=1024)
def is_operator(written: str) -> bool:
    """Whether IAM knows an operator of conditions, with what stands before and behind it; case ignored."""
    prefix, colon, name = written.lower().rpartition(":")
    if colon and prefix not in _SETS:
        return False
    bare = name.removesuffix("ifexists")
    if bare == "null":
        return name == bare and not colon
    return bare in _operators()


def _faults(said: Mapping[str, Any], *, trust: bool) -> Iterator[str]:
    pairs = ["Action", "Principal"] if trust else ["Action", "Resource"]
    for element in pairs:
        present = [one for one in (element, f"Not{element}") if one in said]
        if not present:
            yield f"has no {element}"
        elif len(present) == 2:
            yield f"has both {element} and Not{element}"
    for element in ("Resource", "NotResource") if trust else ("Principal", "NotPrincipal"):
        if element in said:
            yield f"has a {element}, which {'a trust policy' if trust else 'a policy of an identity'} cannot have"
    conditions = said.get("Condition")
    for operator in conditions if isinstance(conditions, dict) else ():
        if not is_operator(operator):
            yield f"uses the operator {operator}, which IAM does not know"


def written_statements(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that touch DMS, well formed or not, by Sid or number.

    Those with an action of DMS; those without any action that name DMS elsewhere; in a trust policy those that name
    DMS as principal, and in a role that DMS looks for by name also those without a principal.
    """
    found, broken = _statements(policy, inventory)
    if not found and broken is not None:
        raise broken
    return tuple(sid for sid, _ in found)


def malformed_statements(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is wrong with the statements of policy.written_statements: elements that lack, exclude each other or do
    not belong there, and operators that IAM does not know."""
    found, broken = _statements(policy, inventory)
    trust = TRUST in policy
    faults = tuple(f"{sid} {fault}" for sid, said in found for fault in _faults(said, trust=trust))
    if not faults and broken is not None:
        raise broken
    return faults


FACTS: Final = (
    Fact("policy.written_statements", POLICY, texts(), written_statements),
    Fact("policy.malformed_statements", POLICY, texts(), malformed_statements),
)

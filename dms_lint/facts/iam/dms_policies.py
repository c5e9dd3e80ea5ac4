"""Policies that touch DMS: which of its actions and condition keys they name, and which of these DMS does not know."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.partitions import partition_of
from dms_lint.data.tables import table
from dms_lint.facts.fact import FLAG, Fact, memoized, texts
from dms_lint.facts.iam.identities.attached_policies import aws_managed, default_version, missing_policy
from dms_lint.iam_policy.arn_patterns import is_of_dms, matches_some
from dms_lint.iam_policy.conditions import satisfied
from dms_lint.iam_policy.evaluation import about_action, about_resource
from dms_lint.iam_policy.requests import IMPROBABLE_NAMES, Request
from dms_lint.iam_policy.statements import Statement, load, statement
from dms_lint.iam_policy.wildcards import matches
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dms_lint.iam_policy.conditions import Condition
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Record, Resource

POLICY: Final = ("iam-policy",)
_PASSING: Final = "iam:passrole"
_UNLIKELY_ACTION: Final = ":".join(IMPROBABLE_NAMES)
"""An action that no service has: who is allowed it is allowed everything."""
TRUST: Final = "AssumeRolePolicyDocument"


class Text(NamedTuple):
    """A policy's statements, each for itself: those that are well formed, and what is wrong with others."""

    statements: tuple[Statement, ...]
    broken: Missing | None
    """Why the first of the malformed statements says nothing."""


def managed_by_aws(policy: Resource, inventory: Inventory) -> bool:
    """Whether it is a policy of AWS's own, which nobody else can change."""
    return bool(aws_managed(policy.arn))


def document(policy: Resource, inventory: Inventory) -> tuple[Record, str]:
    """What holds the text of a policy, and in which member."""
    if not policy.arn:
        return policy, TRUST if TRUST in policy else "PolicyDocument"
    version = default_version(policy.arn, policy.account, inventory)
    if version is None:
        raise missing_policy(policy, "its text", inventory)
    return version, "Document"


@memoized
def text_of(policy: Resource, inventory: Inventory) -> Text:
    """The statements of the policy; Missing where its text was not read, or is no policy at all."""
    record, member = document(policy, inventory)
    found: list[Statement] = []
    broken: Missing | None = None
    try:
        data = load(record[member])
        listed = data.get("Statement")
        if not isinstance(listed, (dict, list)):
            raise ValueError("has no Statement")
    except ValueError as error:
        raise malformed(policy, record, error) from None
    for number, one in enumerate([listed] if isinstance(listed, dict) else listed, 1):
        try:
            found.append(statement(one, number, policy.name, data.get("Version") == "2012-10-17"))
        except ValueError as error:
            broken = broken or malformed(policy, record, error)
    return Text(tuple(found), broken)


def malformed(policy: Resource, record: Record, error: ValueError) -> Missing:
    """That the text of a policy cannot be judged, as what a fact raises."""
    return Missing(
        f"{policy.where}: {error}",
        needs=record.needs,
        reason=f"a policy is malformed: {error}",
        status=Status.NOT_READABLE,
    )


def settled(found: Iterable[str], text: Text) -> tuple[str, ...]:
    """What was found, once each; where nothing was, a malformed statement leaves it open."""
    values = tuple(dict.fromkeys(found))
    if not values and text.broken is not None:
        raise text.broken
    return values


# -- actions


@cache
def _names() -> tuple[str, ...]:
    """Every IAM action and API operation of DMS, in lower case: the two lists differ."""
    found = table("dms-authorization")
    return tuple(f"dms:{name.lower()}" for name in (*found["actions"], *found["only_api"]))


@lru_cache(maxsize=4096)
def is_known(pattern: str) -> bool:
    """Whether a pattern of actions, in lower case, matches an IAM action or an API operation of DMS."""
    return any(matches(pattern, name) for name in _names())


def dms_actions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The actions that the policy writes with the prefix `dms:`, in lower case and with their wildcards."""
    text = text_of(policy, inventory)
    return settled((one for said in text.statements for one in said.actions if one.startswith("dms:")), text)


def unknown_actions(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.dms_actions that match neither an IAM action nor an API operation of DMS, and where."""
    text = text_of(policy, inventory)
    return settled(
        (
            f"{one} ({said.effect} in {said.sid})"
            for said in text.statements
            for one in said.actions
            if one.startswith("dms:") and not is_known(one)
        ),
        text,
    )


# -- condition keys


@cache
def _tag_keys() -> tuple[str, ...]:
    """How the condition keys begin that DMS defines: `dms:endpoint-tag/`."""
    keys = table("dms-authorization")["condition_keys"]
    return tuple(key.lower().removesuffix("${tagkey}") for key in keys if key.startswith("dms:"))


def defined(key: str) -> bool:
    """Whether DMS defines a condition key, in lower case."""
    return any(key.startswith(start) and key != start for start in _tag_keys())


def _is_of_guide(key: str) -> bool:
    """Whether the guide of DMS names a key, in lower case, that the service authorization reference does not have."""
    return key in ("dms:instanceclass", "dms:storagesize") or key.startswith("dms:resourcetag/")


def condition_keys(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The condition keys that the policy writes with the prefix `dms:`, in lower case."""
    text = text_of(policy, inventory)
    return settled((one.key for said in text.statements for one in said.conditions if one.key.startswith("dms:")), text)


def unknown_condition_keys(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.condition_keys that DMS does not define, where they stand, and what comes of it."""
    text = text_of(policy, inventory)
    found = []
    for said in text.statements:
        for one in said.conditions:
            if one.key.startswith("dms:") and not defined(one.key):
                held = satisfied(one, {one.key: ()})
                never = "never denies" if said.effect == "Deny" else "never allows"
                effect = {False: f", which {never}", True: ", where it always holds", None: ""}[held]
                guide = "; the guide names it, and the service does not know it" if _is_of_guide(one.key) else ""
                found.append(f"{one.key} ({said.effect} in {said.sid}{effect}{guide})")
    return settled(found, text)


# -- resources


def arns(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The ARNs of DMS that the policy writes as Resource or NotResource, with their wildcards."""
    text = text_of(policy, inventory)
    return settled((one for said in text.statements for one in said.resources or () if is_of_dms(one)), text)


def dead_arns(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Those of policy.arns that no resource of DMS can have, and where they stand."""
    text = text_of(policy, inventory)
    return settled(
        (
            f"{one} ({said.effect} in {said.sid}{': so it denies nothing' * (said.effect == 'Deny')})"
            for said in text.statements
            for one in said.resources or ()
            if is_of_dms(one) and not matches_some(one)
        ),
        text,
    )


# -- full access


def dms_statements(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that are about some action of DMS, by Sid or number."""
    text = text_of(policy, inventory)
    return settled((said.sid for said in text.statements if any(about_action(said, one) for one in _names())), text)


def full_access(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that allow every action of DMS on every resource of it, with no condition."""
    text = text_of(policy, inventory)
    return settled((f"{said.sid} in {said.policy}" for said in text.statements if _is_full_access(said, policy)), text)


def _is_full_access(said: Statement, policy: Resource) -> bool:
    if said.effect != "Allow" or said.conditions or said.principals is not None:
        return False
    if not all(about_action(said, one) for one in _names()):
        return False
    region, account = IMPROBABLE_NAMES[0], policy.account
    return all(
        about_resource(said, Request("dms:*", f"arn:{partition_of(policy.id)}:dms:{region}:{account}:{one}:{name}"))
        for one in (row["arn"].split(":")[5] for row in table("dms-authorization")["resources"].values())
        for name in IMPROBABLE_NAMES
    )


def narrower_allowances(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that allow actions of DMS, and not everything else too."""
    text = text_of(policy, inventory)
    return settled((said.sid for said in text.statements if said.effect == "Allow" and _is_narrower(said)), text)


def _is_narrower(said: Statement) -> bool:
    return bool(any(about_action(said, one) for one in _names())) and not allows_everything(said)


def allows_everything(said: Statement) -> bool:
    """Whether a statement is about every action of every service, as one about `*` is."""
    return all(about_action(said, one) for one in (_PASSING, _UNLIKELY_ACTION, *_names()))


def unbounded_pass_role(policy: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The statements that allow iam:PassRole on every role, whatever service it is passed to.

    None where a Deny of the policy bounds that, and without those that allow every action there is.
    """
    text = text_of(policy, inventory)
    wide = [said for said in text.statements if _passes_every_role(said, policy)]
    if any(said.effect == "Deny" and all(map(_is_other_service, said.conditions)) for said in wide):
        return settled((), text)
    return settled(
        (
            f"{said.sid} in {said.policy}"
            for said in wide
            if said.effect == "Allow" and not _names_service(said) and not allows_everything(said)
        ),
        text,
    )


def _passes_every_role(said: Statement, policy: Resource) -> bool:
    role = f"arn:{partition_of(policy.id)}:iam::{policy.account}:role/"
    return about_action(said, _PASSING) and all(
        about_resource(said, Request(_PASSING, role + name)) for name in IMPROBABLE_NAMES
    )


def _names_service(said: Statement) -> bool:
    return any(one.key == "iam:passedtoservice" and one.operator != "null" for one in said.conditions)


def _is_other_service(condition: Condition) -> bool:
    return condition.key == "iam:passedtoservice" and condition.operator in ("stringnotequals", "stringnotlike")


FACTS: Final = (
    Fact("policy.dms_statements", POLICY, texts(), dms_statements),
    Fact("policy.full_access", POLICY, texts(), full_access),
    Fact("policy.narrower_allowances", POLICY, texts(), narrower_allowances),
    Fact("policy.unbounded_pass_role", POLICY, texts(), unbounded_pass_role),
    Fact("policy.managed_by_aws", POLICY, FLAG, managed_by_aws),
    Fact("policy.dms_actions", POLICY, texts(), dms_actions),
    Fact("policy.unknown_actions", POLICY, texts(), unknown_actions),
    Fact("policy.arns", POLICY, texts(), arns),
    Fact("policy.dead_arns", POLICY, texts(), dead_arns),
    Fact("policy.condition_keys", POLICY, texts(), condition_keys),
    Fact("policy.unknown_condition_keys", POLICY, texts(), unknown_condition_keys),
)

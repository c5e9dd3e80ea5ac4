"""What those who may make instances and endpoints lack in other services, of which DMS makes use for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.partitions import dns_suffixes, partition_of
from dms_lint.data.tables import table
from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.dms.presence import account_of, missing_listing
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.iam.dms_roles import required_roles as roles
from dms_lint.facts.iam.dms_roles import service_access_roles as service_roles
from dms_lint.facts.iam.identities.principals import CREATING, PRINCIPAL, may, shown
from dms_lint.facts.iam.identities.requester import requester
from dms_lint.iam_policy.decisions import Decision
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dms_lint.facts.iam.identities.requester import Requester
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

PASS_ROLE: Final = "iam:PassRole"  # noqa: S105 - the name of an action
GET_ROLE: Final = "iam:GetRole"

_SEVERAL: Final = 3
"""So many roles are named; of more only how many more."""


# -- what DMS asks of other services with the caller's permissions


class _Lack(NamedTuple):
    """Something that a principal is certainly not allowed, and what for it is needed."""

    what: str
    why: str


@memoized
def _lacks(principal: Resource, inventory: Inventory) -> tuple[tuple[_Lack, ...], Missing | None]:
    """All that the principal lacks to make what it may make in DMS, and why there may be more."""
    creating, hole = may(principal, inventory, CREATING)
    who = requester(principal, inventory)
    found: list[_Lack] = []
    for block in table("principal-actions")["needs"]:
        if block["to"] not in creating:
            continue
        try:
            arns = _roles_for(block["block"], principal, inventory)
        except Missing as missing:
            hole = hole or missing.with_traceback(None)
            continue
        if arns is None:
            continue
        more, doubt = _lacking(who, block, arns, inventory)
        found += more
        hole = hole or doubt
    return tuple(found), hole


def _roles_for(block: str, principal: Resource, inventory: Inventory) -> tuple[str, ...] | None:
    """The roles about which a block asks; None where the account has nothing that needs the block."""
    if block == "vpc-role":
        role = inventory.find("role", roles.VPC_ROLE, principal.account)
        partition = partition_of(principal.id)
        return (role.id if role else f"arn:{partition}:iam::{principal.account}:role/{roles.VPC_ROLE}",)
    if block == "service-role":
        return _service_roles(principal, inventory) or None
    if block == "redshift":
        return () if _has_redshift(principal, inventory) else None
    return ()


def _service_roles(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The service access roles of the account's own without which its endpoints reach nothing, by ARN."""

    def read() -> tuple[tuple[str, ...], Missing | None]:
        found: dict[str, None] = {}
        hole = missing_listing(principal.account, inventory, "endpoint")
        for endpoint in inventory.index("endpoint", account_of).get(principal.account, ()):
            try:
                needed = service_roles.needs(endpoint, inventory)
                arn = service_roles.role_arn(endpoint, inventory) if needed else ""
            except Missing as missing:
                hole = hole or missing.with_traceback(None)
            else:
                found.update(dict.fromkeys((arn,) if f":iam::{principal.account}:role/" in arn else ()))
        return tuple(sorted(found)), hole

    named, hole = inventory.once(("service roles", principal.account), read)
    # That one of several is allowed is enough: another that was not read may be just that.
    if hole is not None:
        raise hole
    return named


def _has_redshift(principal: Resource, inventory: Inventory) -> bool:
    """Whether the account has an endpoint for a Redshift cluster as a target."""

    def read() -> bool | Missing:
        hole = missing_listing(principal.account, inventory, "endpoint")
        for endpoint in inventory.index("endpoint", account_of).get(principal.account, ()):
            try:
                if engine(endpoint, inventory) == "redshift" and direction(endpoint, inventory) == "target":
                    return True
            except Missing as missing:
                hole = hole or missing.with_traceback(None)
        return hole or False

    found = inventory.once(("redshift clusters", principal.account), read)
    if isinstance(found, Missing):
        raise found
    return found


def _lacking(
    who: Requester, block: Mapping[str, Any], arns: Sequence[str], inventory: Inventory
) -> tuple[list[_Lack], Missing | None]:
    """What of a block is certainly not allowed, on no resource of a type; and why more may not be."""
    found: list[_Lack] = []
    hole = None
    for action, templates in block["actions"].items():
        for template in templates:
            if template == "{role}":
                decision = _any(on_role(who, action, arn, inventory) for arn in arns)
            else:
                decision = who.on_some(action, template)
            if decision.allowed is False:
                found.append(_Lack(f"{action} on {_listing(arns)}" if arns else action, block["why"]))
                break
            if decision.allowed is None and hole is None:
                hole = decision.as_missing(who.principal.where)
    return found, hole


def _listing(arns: Sequence[str]) -> str:
    more = f" or {len(arns) - _SEVERAL} more" if len(arns) > _SEVERAL else ""
    return " or ".join(arns[:_SEVERAL]) + more


def _any(decisions: Iterable[Decision]) -> Decision:
    """Whether one of these is allowed."""
    doubt = None
    for decision in decisions:
        if decision.allowed:
            return decision
        doubt = doubt or (decision if decision.allowed is None else None)
    return doubt or Decision(False)


def on_role(who: Requester, action: str, arn: str, inventory: Inventory) -> Decision:
    """Whether a principal may do something with a role: hand it to DMS, under any of the names that DMS goes by."""
    if action != PASS_ROLE:
        # No other request has the key: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
        return who.on(action, arn, {"iam:passedtoservice": ()})
    suffixes = dict.fromkeys((dns_suffixes()["aws"], dns_suffixes().get(partition_of(arn), dns_suffixes()["aws"])))
    services = [f"dms.{region}{suffix}" for suffix in suffixes for region in ("", *(f"{r}." for r in who.regions[:-1]))]
    return _any(who.on(action, arn, {"iam:passedtoservice": (service,)}) for service in services)


def missing_actions(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the principal lacks in other services to make the instances or endpoints that it may make.

    `ec2:DescribeVpcs`, `iam:PassRole on arn:...:role/dms-vpc-role`: allowed on no resource at all, in no
    circumstances.  Of several service access roles in use one is enough; Redshift counts where an endpoint is one.
    """
    found, hole = _lacks(principal, inventory)
    return shown((one.what for one in found), hole)


def missing_for(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What for each of principal.missing_actions is needed: `ec2:DescribeVpcs: DMS builds the network ...`."""
    found, hole = _lacks(principal, inventory)
    return shown((f"{one.what}: {one.why}" for one in found), hole)


def missing_in_console(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the principal lacks that only the console needs, or who reads metrics and logs, each with what for."""
    who = requester(principal, inventory)
    found: list[_Lack] = []
    hole = None
    for block in table("principal-actions")["console"]:
        more, doubt = _lacking(who, block, (), inventory)
        found += more
        hole = hole or doubt
    return shown((f"{one.what}: {one.why}" for one in found), hole)


FACTS: Final = (
    Fact("principal.missing_actions", PRINCIPAL, texts(), missing_actions),
    Fact("principal.missing_for", PRINCIPAL, texts(), missing_for),
    Fact("principal.missing_in_console", PRINCIPAL, texts(), missing_in_console),
)

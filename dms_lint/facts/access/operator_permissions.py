"""What those who may make instances and endpoints lack in other services, of which DMS makes use for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.partitions import dns_suffixes, partition_of
from dms_lint.data.tables import table
from dms_lint.facts.dms.endpoints import direction, engine
from dms_lint.facts.dms.presence import account_of, missing_listing
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.iam.dms_roles import service_access_roles
from dms_lint.facts.iam.dms_roles.required_roles import VPC_ROLE
from dms_lint.facts.iam.identities.principals import CREATING, PRINCIPAL, may
from dms_lint.facts.iam.identities.requester import requester
from dms_lint.iam_policy.decisions import any_decision
from dms_lint.logic.kleene import Partial, all_of, collect, collect_each, counterexample, require

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dms_lint.facts.iam.identities.requester import Requester
    from dms_lint.iam_policy.decisions import Decision
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Missing, Resource

PASS_ROLE: Final = "iam:PassRole"  # noqa: S105 - the name of an action
GET_ROLE: Final = "iam:GetRole"

_SEVERAL: Final = 3
"""So many roles are named; of more only how many more."""


# -- what DMS asks of other services with the caller's permissions


class _Lack(NamedTuple):
    """Something that a principal is certainly not allowed, and what for it is needed."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@memoized
def _lacks(principal: Resource, inventory: Inventory) -> Partial[_Lack]:
    """All that the principal lacks to make what it may make in DMS."""
    creating = may(principal, inventory, CREATING)
    who = requester(principal, inventory)
    blocks = tuple(block for block in table("principal-actions")["needs"] if block["to"] in creating.items)
    return collect_each(Partial(blocks, creating.missing), lambda block: _lacking_of_need(who, block, inventory))


def _lacking_of_need(who: Requester, block: Mapping[str, Any], inventory: Inventory) -> Partial[_Lack]:
    arns = _roles_for(block["block"], who.principal, inventory)
    return _lacking(who, block, arns, inventory) if arns is not None else Partial()


def _roles_for(block: str, principal: Resource, inventory: Inventory) -> tuple[str, ...] | None:
    """The roles about which a block asks; None where the account has nothing that needs the block."""
    if block == "vpc-role":
        role = inventory.find("role", VPC_ROLE, principal.account)
        partition = partition_of(principal.id)
        return (role.id if role else f"arn:{partition}:iam::{principal.account}:role/{VPC_ROLE}",)
    if block == "service-role":
        return _service_roles(principal, inventory) or None
    if block == "redshift":
        return () if _has_redshift(principal, inventory) else None
    return ()


def is_role_of(account: str, arn: str) -> bool:
    """Whether an ARN is that of a role of the account."""
    # Not by `parse_arn`: a role whose ARN is garbled must not drop out of what is judged.
    return f":iam::{account}:role/" in arn


def endpoints_of(account: str, inventory: Inventory) -> Partial[Resource]:
    """The endpoints of an account."""
    endpoints = inventory.index("endpoint", account_of).get(account, ())
    return Partial(tuple(endpoints), missing_listing(account, inventory, "endpoint"))


def _service_roles(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The service access roles of the account's own without which its endpoints reach nothing, by ARN."""

    def needed_role(endpoint: Resource) -> str | None:
        needs = service_access_roles.needs(endpoint, inventory)
        arn = service_access_roles.role_arn(endpoint, inventory) if needs else ""
        return arn if is_role_of(principal.account, arn) else None

    roles = inventory.once(
        ("service roles", principal.account),
        lambda: collect(endpoints_of(principal.account, inventory), needed_role).distinct(),
    )
    # That one of several is allowed is enough: another that was not read may be just that.
    return tuple(sorted(roles.complete()))


def _has_redshift(principal: Resource, inventory: Inventory) -> bool:
    """Whether the account has an endpoint for a Redshift cluster as a target."""

    def redshift_target(endpoint: Resource) -> Resource | None:
        is_target = engine(endpoint, inventory) == "redshift" and direction(endpoint, inventory) == "target"
        return endpoint if is_target else None

    return require(
        inventory.once(
            ("redshift clusters", principal.account),
            lambda: collect(endpoints_of(principal.account, inventory), redshift_target).is_nonempty(),
        )
    )


def _lacking(who: Requester, block: Mapping[str, Any], arns: Sequence[str], inventory: Inventory) -> Partial[_Lack]:
    """The actions of a block that are certainly not allowed, on no resource of a type."""

    def decide(action: str, template: str) -> Decision:
        if template == "{role}":
            return any_decision(on_role(who, action, arn, inventory) for arn in arns)
        return who.on_some(action, template)

    def lack(action: str, templates: Sequence[str]) -> _Lack | Missing | None:
        verdict = all_of(decide(action, template).verdict(who.principal.where) for template in templates)
        return counterexample(verdict, _Lack(f"{action} on {_alternatives(arns)}" if arns else action, block["why"]))

    return collect(block["actions"].items(), lambda item: lack(*item))


def _alternatives(arns: Sequence[str]) -> str:
    remaining = f" or {len(arns) - _SEVERAL} more" if len(arns) > _SEVERAL else ""
    return " or ".join(arns[:_SEVERAL]) + remaining


def on_role(who: Requester, action: str, arn: str, inventory: Inventory) -> Decision:
    """Whether a principal may do something with a role: hand it to DMS, under any of the names that DMS goes by."""
    if action != PASS_ROLE:
        # No other request has the key: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
        return who.on(action, arn, {"iam:passedtoservice": ()})
    suffixes = dict.fromkeys((dns_suffixes()["aws"], dns_suffixes().get(partition_of(arn), dns_suffixes()["aws"])))
    services = [f"dms.{region}{suffix}" for suffix in suffixes for region in ("", *(f"{r}." for r in who.regions[:-1]))]
    return any_decision(who.on(action, arn, {"iam:passedtoservice": (service,)}) for service in services)


def missing_actions(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the principal lacks in other services to make the instances or endpoints that it may make.

    `ec2:DescribeVpcs`, `iam:PassRole on arn:...:role/dms-vpc-role`: allowed on no resource at all, in no
    circumstances.  Of several service access roles in use one is enough; Redshift counts where an endpoint is one.
    """
    return collect(_lacks(principal, inventory), lambda lack: lack.what).certain()


def missing_for(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What for each of principal.missing_actions is needed: `ec2:DescribeVpcs: DMS builds the network ...`."""
    return collect(_lacks(principal, inventory), str).certain()


def missing_in_console(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the principal lacks that only the console needs, or who reads metrics and logs, each with what for."""
    who = requester(principal, inventory)
    blocks = table("principal-actions")["console"]
    return collect(collect_each(blocks, lambda block: _lacking(who, block, (), inventory)), str).certain()


FACTS: Final = (
    Fact("principal.missing_actions", PRINCIPAL, texts(), missing_actions),
    Fact("principal.missing_for", PRINCIPAL, texts(), missing_for),
    Fact("principal.missing_in_console", PRINCIPAL, texts(), missing_in_console),
)

"""Whether security groups and network ACLs let a connection through to the VPC endpoint of Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.fact import Fact, texts
from dms_lint.facts.network.network_acls import lookups
from dms_lint.facts.network.path_components import ranges_by_version, source_spans
from dms_lint.facts.network.placement import Subnet, placement_of
from dms_lint.facts.network.private_endpoints import endpoint_security_groups
from dms_lint.facts.network.private_endpoints.endpoint_security_groups import HTTPS
from dms_lint.facts.network.private_endpoints.secrets_reachability import RUNNERS, secrets_manager_endpoints
from dms_lint.facts.network.private_endpoints.vpc_endpoints import flaws_of_all
from dms_lint.facts.network.route_tables import has_internet
from dms_lint.facts.network.security_groups import End, admits, end_of, groups_of, lets_out
from dms_lint.logic.kleene import all_of, attempt, collect, require, unanimous
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.logic.kleene import Partial, Verdictish
    from dms_lint.model import Resource


def blockers(runner: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What keeps it from each of the VPC endpoints for Secrets Manager; none where it reaches one of them.

    Its own groups must let TCP 443 out to the endpoint, a group of the endpoint must admit it, and the network ACLs of
    both subnets must let it through.  Carrying the same group helps only where that group admits itself.
    """
    available = secrets_manager_endpoints(runner, inventory).available
    flaws = flaws_of_all(available, lambda endpoint: _blocker(runner, endpoint, inventory))
    # Where it may have a way to the internet, nothing is certain: has_internet raises its Missing.
    if flaws and has_internet(runner, inventory):
        return ()
    return flaws


def _blocker(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    """The first of three reasons that certainly keeps the runner from one VPC endpoint; '' where none does."""
    judges = (_egress_blocker, _ingress_blocker, _acl_blocker)
    reasons: Partial[str] = collect(judges, lambda judge: judge(runner, endpoint, inventory) or None)
    return next(iter(reasons.certain()), "")


def _egress_blocker(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    ids = placement_of(runner, inventory).groups
    endpoint_ids = attempt(lambda: endpoint_security_groups.groups(endpoint, inventory))
    spans = tuple(span for subnet in _subnets(endpoint) for span in ranges_by_version(subnet, 4, inventory))
    target = End(spans, None if isinstance(endpoint_ids, Missing) else endpoint_ids)
    if require(lets_out(groups_of(ids, runner.account, runner.region, inventory), HTTPS, target, inventory)):
        return ""
    return f"its security groups ({', '.join(ids)}) let no HTTPS out to {endpoint.id}"


def _ingress_blocker(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    ids = endpoint_security_groups.groups(endpoint, inventory)
    if not ids:
        raise endpoint.missing("Groups")
    groups = groups_of(ids, endpoint.account, endpoint.region, inventory)
    if require(admits(groups, HTTPS, end_of(placement_of(runner, inventory)), inventory)):
        return ""
    return f"the security groups of {endpoint.id} ({', '.join(ids)}) admit no HTTPS from it"


def _acl_blocker(runner: Resource, endpoint: Resource, inventory: Inventory) -> str:
    """The subnets of the runner from which network ACLs block the way to every subnet of the endpoint."""
    placement = placement_of(runner, inventory)
    endpoint_subnets = _subnets(endpoint)

    def passes(near: Subnet, far: Subnet) -> Verdictish:
        sources, targets = source_spans(placement, near, 4, inventory), ranges_by_version(far, 4, inventory)
        return all_of(lookup.passes for lookup in lookups(near, far, sources, targets, HTTPS, inventory))

    verdicts = {near: unanimous([passes(near, far) for far in endpoint_subnets]) for near in placement.subnets}
    if require(placement.holds_in_every_subnet(verdicts)):
        return ""
    names = ", ".join(near.id for near, verdict in verdicts.items() if verdict is False)
    return f"the network ACLs between {names} and {endpoint.id} block it"


def _subnets(endpoint: Resource) -> list[Subnet]:
    """The subnets in which the VPC endpoint has a network interface."""
    ids = endpoint.texts("SubnetIds")
    if not ids:
        raise endpoint.missing("SubnetIds")
    return [Subnet(id_, endpoint.text("VpcId"), "", endpoint.account, endpoint.region) for id_ in ids]


FACTS: Final = (Fact("runner.secrets_endpoint_blocks", RUNNERS, texts(), blockers),)

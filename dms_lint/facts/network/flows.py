"""The flows of a network path: each from the runner of a migration to one database, at the address it meets it by."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from dms_lint.facts.dms.relations import endpoint_of, runner_of
from dms_lint.facts.fact import memoized
from dms_lint.facts.network.databases import Database, database_of, interface_of
from dms_lint.facts.network.hosts import AWS, address_of, destinations_of, place_of
from dms_lint.facts.network.placement import Placement, Subnet, placement_of
from dms_lint.facts.network.route_tables import Hop, default_hop, leads_alike, next_hop
from dms_lint.libs.ip_ranges import Span, private, span_of
from dms_lint.logic.kleene import Partial, Verdictish, attempt, collect, counterexample
from dms_lint.model import Missing, Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.inventory.inventory import Inventory


class Flow(NamedTuple):
    """The traffic from the runner of a migration to one destination of an endpoint."""

    host: str
    port: int
    runner: Resource
    placement: Placement
    database: Database | Missing | None
    """None for a database outside of what was read."""
    spans: tuple[Span, ...]
    """The ranges in which its address may lie; () where nothing says."""
    public: bool
    """Whether its address certainly is a public one."""
    missing: Missing | None
    """Why `spans` is empty, of a database of the inventory."""

    @property
    def destination(self) -> str:
        """The host and port, for a message."""
        return f"{self.host}:{self.port}"

    @property
    def unlocated(self) -> Missing | None:
        """Why nothing can be said of the database where neither it nor its address is there."""
        return self.database if isinstance(self.database, Missing) and not self.spans else None


@memoized
def flows(path: Resource, inventory: Inventory) -> Partial[Flow]:
    """The flows to the destinations of the path's endpoint."""
    runner = runner_of(path, inventory)
    destinations = destinations_of(endpoint_of(path, inventory), inventory)
    return collect(destinations, lambda destination: _flow(destination, runner, inventory))


def _flow(destination: tuple[str, int], runner: Resource, inventory: Inventory) -> Flow:
    host, port = destination
    address = address_of(host)
    placement = placement_of(runner, inventory)
    if address is not None:
        return _flow_to_address(host, port, span_of(address), placement, inventory)
    database = attempt(partial(database_of, host, runner, inventory))
    public = place_of(host).cloud not in ("", AWS)
    flow = Flow(host, port, runner, placement, database, (), public=public, missing=None)
    if not isinstance(database, Database):
        return flow
    try:
        if database.vpc != placement.vpc and database.public:
            # Over a peering that resolves names, a public name too means the private address.
            hops = [next_hop(subnet, span, inventory) for subnet in placement.subnets for span in database.spans]
            if any(hop.kind == "peering" for hop in hops):
                return flow._replace(missing=_either_address(flow))
            return flow._replace(public=True)
        return flow._replace(spans=database.spans)
    except Missing as missing:
        return flow._replace(missing=missing.with_traceback(None))


def _flow_to_address(host: str, port: int, address: Span, placement: Placement, inventory: Inventory) -> Flow:
    vpc = attempt(lambda: placement.vpc)
    database: Database | Missing | None = None if isinstance(vpc, Missing) else interface_of(host, vpc, inventory)
    if database is None and private(address):
        database = _unlisted_interface(placement, address, inventory)
    public = not private(address)
    return Flow(host, port, placement.runner, placement, database, (address,), public=public, missing=None)


def _either_address(flow: Flow) -> Missing:
    return Missing(
        f"{flow.destination} has a public address and is peered: "
        "nothing says which of its addresses its name resolves to",
        needs="whether the peering resolves names",
        reason="a public database in a peered VPC is met by either address",
    )


def _unlisted_interface(placement: Placement, address: Span, inventory: Inventory) -> Missing | None:
    """The Missing for an address that is, or may be, of the runner's own VPC, and that no interface has."""
    subnets = attempt(lambda: placement.subnets)
    if isinstance(subnets, Missing):
        return subnets
    for subnet in subnets:
        hop = attempt(partial(next_hop, subnet, address, inventory))
        if isinstance(hop, Missing) or hop.kind == "local":
            runner = placement.runner
            interfaces = attempt(partial(inventory.all, "network-interface", runner.account, runner.region))
            return interfaces if isinstance(interfaces, Missing) else None
    return None


def hop_of(flow: Flow, subnet: Subnet, inventory: Inventory) -> Hop:
    """The next hop of a flow from a subnet; by the default route where nothing says which address it has."""
    if flow.missing is not None:
        raise flow.missing
    if not flow.spans:
        return default_hop(subnet, inventory)
    hops = [next_hop(subnet, span, inventory) for span in flow.spans]
    if not all(leads_alike(hop, hops[0]) for hop in hops):
        raise Missing(
            f"{flow.destination} may lie in ranges that are routed differently",
            needs="the address of the other end",
            reason="parts of where the address may lie are routed differently",
        )
    return hops[0]


def counterexamples(
    path: Resource, inventory: Inventory, judge: Callable[[Flow, Inventory], tuple[Verdictish, str]]
) -> tuple[str, ...]:
    """The texts for the flows of which something is false; Missing where it is of none, and may be of one."""
    return collect(flows(path, inventory), lambda flow: counterexample(*judge(flow, inventory))).distinct().certain()


def holds_in_every_subnet(flow: Flow, judge: Callable[[Subnet], Verdictish]) -> tuple[Verdictish, str]:
    """Whether something holds in whichever subnet the runner stands, and the destination with those that it fails in.

    Missing where nothing is there of the destination.
    """
    if flow.unlocated is not None:
        return flow.unlocated, ""
    verdicts = {subnet: attempt(partial(judge, subnet)) for subnet in flow.placement.subnets}
    failing = ", ".join(subnet.id for subnet, verdict in verdicts.items() if verdict is False)
    return flow.placement.holds_in_every_subnet(verdicts), f"{flow.destination} from {failing}"

"""The destinations of a network path, as what runs the migration meets them: which database, at which address."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from dms_lint.facts.dms.relations import endpoint_of, runner_of
from dms_lint.facts.fact import memoized
from dms_lint.facts.network.databases import Database, database_of, interface_of
from dms_lint.facts.network.hosts import AWS, address_of, known_destinations, place_of
from dms_lint.facts.network.placement import Placement, Subnet, placement_of
from dms_lint.facts.network.route_tables import Hop, default_hop, next_hop
from dms_lint.libs.ip_ranges import Span, private, span_of
from dms_lint.logic.kleene import Verdictish, attempt
from dms_lint.model import Missing, Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.inventory.inventory import Inventory


class Flow(NamedTuple):
    """One destination of an endpoint, as what runs the migration meets it."""

    host: str
    port: int
    runner: Resource
    where: Placement
    database: Database | Missing | None
    """None for one outside of what was read."""
    spans: tuple[Span, ...]
    """Where its address may lie; () where nothing is known of it."""
    public: bool
    """Whether its address certainly is a public one."""
    hole: Missing | None
    """Why `spans` is empty, of a database of the inventory."""

    @property
    def named(self) -> str:
        """The destination as a message says it."""
        return f"{self.host}:{self.port}"


class Flows(NamedTuple):
    """The destinations that are known, and what of them is not."""

    found: tuple[Flow, ...]
    hole: Missing | None


@memoized
def flows(path: Resource, inventory: Inventory) -> Flows:
    """The destinations of the path's endpoint that are known, and what of them is not."""
    runner = runner_of(path, inventory)
    known = known_destinations(endpoint_of(path, inventory), inventory)
    return Flows(tuple(_way(host, port, runner, inventory) for host, port in known.found), known.hole)


def _way(host: str, port: int, runner: Resource, inventory: Inventory) -> Flow:
    where = placement_of(runner, inventory)
    address = address_of(host)
    if address is not None:
        spans = (span_of(address),)
        vpc = attempt(lambda: where.vpc)
        at: Database | Missing | None = None if isinstance(vpc, Missing) else interface_of(host, vpc, inventory)
        if at is None and private(spans[0]):
            at = _unlisted(where, spans[0], inventory)
        return Flow(host, port, runner, where, at, spans, public=not private(spans[0]), hole=None)
    database = attempt(partial(database_of, host, runner, inventory))
    way = Flow(host, port, runner, where, database, (), public=place_of(host).cloud not in ("", AWS), hole=None)
    if not isinstance(database, Database):
        return way
    try:
        if database.vpc != where.vpc and database.public:
            # Over a peering that resolves names, a public name too means the private address.
            hops = [next_hop(subnet, one, inventory) for subnet in where.subnets for one in database.spans]
            if any(hop.kind == "peering" for hop in hops):
                return way._replace(hole=_either(way))
            return way._replace(public=True)
        return way._replace(spans=database.spans)
    except Missing as missing:
        return way._replace(hole=missing.with_traceback(None))


def _either(way: Flow) -> Missing:
    return Missing(
        f"{way.named} has a public address and is peered: nothing says which of its addresses its name resolves to",
        needs="whether the peering resolves names",
        reason="a public database in a peered VPC is met by either address",
    )


def _unlisted(where: Placement, address: Span, inventory: Inventory) -> Missing | None:
    """What is missing where an address is, or may be, one of the instance's own VPC, and no interface has it."""
    subnets = attempt(lambda: where.subnets)
    if isinstance(subnets, Missing):
        return subnets
    for subnet in subnets:
        hop = attempt(partial(next_hop, subnet, address, inventory))
        if isinstance(hop, Missing) or hop.kind == "local":
            listed = attempt(partial(inventory.all, "network-interface", where.runner.account, where.runner.region))
            return listed if isinstance(listed, Missing) else None
    return None


def hop_of(way: Flow, subnet: Subnet, inventory: Inventory) -> Hop:
    """Where packets of a way go; by the default route where the address is not known."""
    if way.hole is not None:
        raise way.hole
    if not way.spans:
        return default_hop(subnet, inventory)
    found = [next_hop(subnet, one, inventory) for one in way.spans]
    if len({hop[:2] for hop in found}) > 1:
        raise Missing(
            f"{way.named} may lie in ranges that are routed differently",
            needs="the address of the other end",
            reason="parts of where the address may lie are routed differently",
        )
    return found[0]


def counterexamples(
    path: Resource, inventory: Inventory, judge: Callable[[Flow, Inventory], tuple[Verdictish, str]]
) -> tuple[str, ...]:
    """What is said of each destination of which something is false; Missing where none is, and one is open."""
    found = flows(path, inventory)
    missing = found.hole
    said: list[str] = []
    for way in found.found:
        try:
            verdict, text = judge(way, inventory)
        except Missing as hole:
            verdict, text = hole.with_traceback(None), ""
        if verdict is False:
            said.append(text)
        elif isinstance(verdict, Missing):
            missing = missing or verdict
    if missing is not None and not said:
        raise missing
    return tuple(dict.fromkeys(said))


def holds_in_every_subnet(way: Flow, judge: Callable[[Subnet], Verdictish]) -> tuple[Verdictish, str]:
    """What holds of the subnets where the runner stands, and those of which it certainly does not."""
    said = {subnet: attempt(partial(judge, subnet)) for subnet in way.where.subnets}
    verdict = way.where.throughout(said)
    return verdict, ", ".join(subnet.id for subnet, one in said.items() if one is False)

"""The way from what runs a migration to a database: where each packet goes, and where it stops."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.facts.addresses import WHOLE, Span, private, span_of
from dms_lint.facts.base import Fact, derived, texts
from dms_lint.facts.crossings import acls, forwards, joined, lookups_of, nat_addresses, pairs, settle
from dms_lint.facts.databases import Database, database_of, interface_of
from dms_lint.facts.hosts import AWS, address_of, known_destinations, place_of
from dms_lint.facts.judged import Judged, attempt, every, one_of, some
from dms_lint.facts.network import egress_groups as open_groups
from dms_lint.facts.placement import Placement, Subnet, placement
from dms_lint.facts.relations import endpoint_of, runner_of
from dms_lint.facts.routes import Hop, egress, outward
from dms_lint.facts.security_groups import End, admits, end_of, groups_of, lets_out
from dms_lint.model import Missing, Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.inventory import Inventory

PATH: Final = ("network-path",)


class Way(NamedTuple):
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


class _Ways(NamedTuple):
    found: tuple[Way, ...]
    hole: Missing | None


@derived
def ways(path: Resource, inventory: Inventory) -> _Ways:
    """The destinations of the path's endpoint that are known, and what of them is not."""
    runner = runner_of(path, inventory)
    known = known_destinations(endpoint_of(path, inventory), inventory)
    return _Ways(tuple(_way(host, port, runner, inventory) for host, port in known.found), known.hole)


def _way(host: str, port: int, runner: Resource, inventory: Inventory) -> Way:
    where = placement(runner, inventory)
    address = address_of(host)
    if address is not None:
        spans = (span_of(address),)
        vpc = attempt(lambda: where.vpc)
        at: Database | Missing | None = None if isinstance(vpc, Missing) else interface_of(host, vpc, inventory)
        if at is None and private(spans[0]):
            at = _unlisted(where, spans[0], inventory)
        return Way(host, port, runner, where, at, spans, public=not private(spans[0]), hole=None)
    database = attempt(partial(database_of, host, runner, inventory))
    way = Way(host, port, runner, where, database, (), public=place_of(host).cloud not in ("", AWS), hole=None)
    if not isinstance(database, Database):
        return way
    try:
        if database.vpc != where.vpc and database.public:
            # Over a peering that resolves names, a public name too means the private address.
            hops = [egress(subnet, one, inventory) for subnet in where.subnets for one in database.spans]
            if any(hop.kind == "peering" for hop in hops):
                return way._replace(hole=_either(way))
            return way._replace(public=True)
        return way._replace(spans=database.spans)
    except Missing as missing:
        return way._replace(hole=missing.with_traceback(None))


def _either(way: Way) -> Missing:
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
        hop = attempt(partial(egress, subnet, address, inventory))
        if isinstance(hop, Missing) or hop.kind == "local":
            listed = attempt(partial(inventory.all, "network-interface", where.runner.account, where.runner.region))
            return listed if isinstance(listed, Missing) else None
    return None


def _all(
    path: Resource, inventory: Inventory, judge: Callable[[Way, Inventory], tuple[Judged, str]]
) -> tuple[str, ...]:
    """What is said of each destination of which something is false; Missing where none is, and one is open."""
    found = ways(path, inventory)
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


def _standing(way: Way, judge: Callable[[Subnet], Judged]) -> tuple[Judged, str]:
    """What holds of the subnets where the runner stands, and those of which it certainly does not."""
    said = {subnet: attempt(partial(judge, subnet)) for subnet in way.where.subnets}
    verdict = every(one_of(said[subnet] for subnet in either) for either in way.where.stands)
    return verdict, ", ".join(subnet.id for subnet, one in said.items() if one is False)


def destinations(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The hosts and ports to which the path leads; none for a service that has no host, as S3."""
    found = ways(path, inventory)
    if found.hole is not None and not found.found:
        raise found.hole
    return tuple(way.named for way in found.found)


def hops(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Where the route table of each subnet of the instance sends the packets, as far as it is known."""
    said: list[str] = []
    for way in ways(path, inventory).found:
        for subnet in way.where.subnets:
            hop = attempt(partial(_hop, way, subnet, inventory))
            if isinstance(hop, Hop):
                said.append(f"{way.named} from {subnet.id} by {hop.table}: {hop.kind} {hop.target}".rstrip())
    return tuple(dict.fromkeys(said))


def _hop(way: Way, subnet: Subnet, inventory: Inventory) -> Hop:
    """Where packets of a way go; by the default route where the address is not known."""
    if way.hole is not None:
        raise way.hole
    if not way.spans:
        return outward(subnet, inventory)
    found = [egress(subnet, one, inventory) for one in way.spans]
    if len({hop[:2] for hop in found}) > 1:
        raise Missing(
            f"{way.named} may lie in ranges that are routed differently",
            needs="the address of the other end",
            reason="parts of where the address may lie are routed differently",
        )
    return found[0]


def egress_groups(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The security groups of what runs the migration that let something out."""
    return open_groups(runner_of(path, inventory), inventory)


def blocked_egress(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The destinations to which no security group of the instance lets traffic out."""
    return _all(path, inventory, _lets_out)


def _lets_out(way: Way, inventory: Inventory) -> tuple[Judged, str]:
    runner = way.runner
    groups = groups_of(way.where.groups, runner.account, runner.region, inventory)
    return lets_out(groups, way.port, End(way.spans, _carried(way)), inventory), way.named


def _carried(way: Way) -> tuple[str, ...] | None:
    """The groups of the database that rules may name; None where they are not known."""
    if isinstance(way.database, Database) and not way.public:
        if isinstance(attempt(partial(settle, way)), Missing):
            return None
        groups = attempt(lambda: way.database.groups)  # type: ignore[union-attr]
        return None if isinstance(groups, Missing) else groups
    return () if way.public else None


def databases(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of the inventory, or network interfaces, to which the path leads."""
    found = ways(path, inventory)
    missing = found.hole
    said: list[str] = []
    for way in found.found:
        if isinstance(way.database, Missing):
            missing = missing or way.database
        elif way.database is not None:
            said.append(f"{way.database.resource.kind} {way.database.resource.name}")
    if missing is not None and not said:
        raise missing
    return tuple(dict.fromkeys(said))


def blocked_ingress(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The databases of which no security group admits the instance by an address or group that it appears with."""
    return _all(path, inventory, _admitted)


def _admitted(way: Way, inventory: Inventory) -> tuple[Judged, str]:
    if isinstance(way.database, Missing):
        return way.database, ""
    if way.database is None:
        return True, ""
    settle(way)
    of = way.database.resource
    groups = groups_of(way.database.groups, of.account, of.region, inventory)
    sources = [attempt(partial(_inside, way))]
    if way.public:
        # Over a peering the same name may resolve to the private address: either way must be shut.
        sources += [attempt(partial(_outside, way, subnet, inventory)) for subnet in way.where.subnets]
    verdict = some(
        source if isinstance(source, Missing) else admits(groups, way.port, source, inventory) for source in sources
    )
    return verdict, f"{of.kind} {of.name} ({', '.join(way.database.groups)}) on port {way.port}"


def _inside(way: Way) -> End:
    """What a database sees that is reached over private addresses."""
    return end_of(way.where, way.spans[0].version if way.spans else 4)


def _outside(way: Way, subnet: Subnet, inventory: Inventory) -> End:
    """What a database sees that is reached over the internet: a public address of the instance or its NAT gateway."""
    hop = outward(subnet, inventory)
    if hop.kind == "igw":
        return End(way.where.public or (WHOLE[4],), ())
    if hop.kind != "nat":
        raise Missing(
            f"{way.named} is reached by {hop.target or 'no route'}, and what it sees is not known",
            needs="the network beyond",
            reason="the route leads where it is not known what address the database sees",
        )
    return End(nat_addresses(hop.target, subnet, inventory), ())


def acl_lookups(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The subnets whose network ACLs the traffic crosses, in and out; none within one subnet."""
    said: list[str] = []
    for way in ways(path, inventory).found:
        for near, far in pairs(way):
            said += [f"{one.subnet} {one.way}" for one in lookups_of(way, near, far, inventory)]
    return tuple(dict.fromkeys(said))


def acl_denials(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What the network ACLs of either side deny: the port, or the ephemeral ports on the way back."""
    return _all(path, inventory, acls)


def other_vpcs(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The VPCs, other than the instance's, of databases that are not reached over the internet."""
    found = ways(path, inventory)
    missing = found.hole
    said: list[str] = []
    for way in found.found:
        if isinstance(way.database, Missing) and not way.spans:
            missing = missing or way.database
        elif isinstance(way.database, Database):
            vpc = attempt(lambda database=way.database: database.vpc)  # type: ignore[misc]
            own = attempt(lambda where=way.where: where.vpc)  # type: ignore[misc]
            hole = next((one for one in (vpc, own, way.hole) if isinstance(one, Missing)), None)
            if hole is not None:
                missing = missing or hole
            elif vpc != own and not way.public:
                said.append(str(vpc))
    if missing is not None and not said:
        raise missing
    return tuple(dict.fromkeys(said))


def unjoined(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is missing between the instance and databases in other VPCs that are not reached over the internet."""
    return _all(path, inventory, joined)


def unrouted(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The destinations to which a subnet of the instance has no route."""
    return _all(path, inventory, _routed)


def _routed(way: Way, inventory: Inventory) -> tuple[Judged, str]:
    if isinstance(way.database, Missing) and not way.spans:
        return way.database, ""

    def routed(subnet: Subnet) -> Judged:
        if _hop(way, subnet, inventory).kind != "none":
            return True
        if way.spans or way.public:
            return False
        return Missing(
            f"{subnet.id} has no default route, and nothing says what address {way.host} has",
            needs="the address of the other end",
            reason="the address of a host is not known",
        )

    verdict, where = _standing(way, routed)
    return verdict, f"{way.named} from {where}"


def stranded(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The public destinations to which an internet gateway leads, from an instance without a public address."""
    return _all(path, inventory, _returns)


def _returns(way: Way, inventory: Inventory) -> tuple[Judged, str]:
    if isinstance(way.database, Missing) and not way.spans:
        return way.database, ""

    def returns(subnet: Subnet) -> Judged:
        if way.spans and not way.public:
            return True
        if _hop(way, subnet, inventory).kind != "igw" or way.where.public:
            return True
        if way.public and not (way.spans and way.spans[0].version == 6):
            return False
        return Missing(
            f"{subnet.id} leads to an internet gateway, and nothing says whether {way.host} has a public address",
            needs="the address of the other end",
            reason="the address of a host is not known",
        )

    verdict, where = _standing(way, returns)
    return verdict, f"{way.named} from {where}"


def nat_hosts(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The network interfaces of hosts through which the routes lead."""
    return tuple(dict.fromkeys(hop.target for way, _, hop in _by_host(path, inventory)))


def _by_host(path: Resource, inventory: Inventory) -> list[tuple[Way, Subnet, Hop]]:
    found = ways(path, inventory)
    missing = found.hole
    said: list[tuple[Way, Subnet, Hop]] = []
    for way in found.found:
        for subnet in way.where.subnets:
            hop = attempt(partial(_hop, way, subnet, inventory))
            if isinstance(hop, Missing):
                missing = missing or hop
            elif hop.kind == "eni":
                said.append((way, subnet, hop))
    if missing is not None and not said:
        raise missing
    return said


def nat_host_faults(path: Resource, inventory: Inventory) -> tuple[str, ...]:
    """Why a host through which the routes lead does not let the traffic through."""
    said: list[str] = []
    missing: Missing | None = None
    for way, _, hop in _by_host(path, inventory):
        for verdict, text in forwards(hop.target, way.port, _inside(way), way.runner, inventory):
            if verdict is False:
                said.append(text)
            elif isinstance(verdict, Missing):
                missing = missing or verdict
    if missing is not None and not said:
        raise missing
    return tuple(dict.fromkeys(said))


FACTS: Final = tuple(
    Fact(f"path.{derive.__name__}", PATH, texts(), derive)
    for derive in (
        destinations,
        hops,
        egress_groups,
        blocked_egress,
        databases,
        blocked_ingress,
        acl_lookups,
        acl_denials,
        other_vpcs,
        unjoined,
        unrouted,
        stranded,
        nat_hosts,
        nat_host_faults,
    )
)

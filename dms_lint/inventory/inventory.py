"""Every resource by kind and id, and how completely each listing was read.

What is not here is absent only where the listing that would hold it is complete; anything else raises Missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from dms_lint.aws.responses import KINDS, NOT_THERE, RESPONSES, action, command, operations, shapes_of
from dms_lint.inventory.builder import InventoryBuilder, normal, scope_of
from dms_lint.inventory.synthetic import synthetic_resources
from dms_lint.model import Document, Missing, Refusal, Resource, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from dms_lint.inventory.scopes import Scope

T = TypeVar("T")

_OWNED = frozenset(row.kind for row in RESPONSES if row.account)
"""Kinds whose ids are unique in the world, and whose owner may be another account than the one that asked."""
_PLACED = ("endpoint", "replication-instance", "task", "replication-config", "certificate", "role")
"""Kinds of which one resource is enough to know that the input is of its account and Region."""


class Inventory:
    """The resources that the documents hold.

    `now` is the moment of the scan: whatever depends on time depends on it alone.
    """

    def __init__(self, documents: Iterable[Document], now: datetime) -> None:
        self.now = now
        filled = InventoryBuilder(list(documents))
        self.notices = filled.notices
        self._resources = filled.resources
        self._complete = filled.complete
        self._truncated = filled.truncated
        self._holes = filled.holes
        self._asked = filled.asked
        self.scanned = frozenset(filled.scanned)
        """Account and Region of every answer, or refusal, of DMS itself."""
        self._memo: dict[Any, Any] = {}
        for resource in synthetic_resources(self._resources, self.accounts(), self.scopes()):
            self._resources[resource.kind].setdefault(resource.id, resource)

    # -- what is there

    def kinds(self) -> dict[str, int]:
        """How many resources of each kind there are."""
        return {kind: len(found) for kind, found in self._resources.items() if found}

    def known(self, kind: str) -> Iterable[Resource]:
        """The resources of a kind that were read, with no claim that these are all."""
        return self._resources[kind].values() if kind in self._resources else ()

    def all(self, kind: str, account: str, region: str = "") -> tuple[Resource, ...]:
        """Every resource of a kind in an account and Region; Missing unless its listing is complete."""
        scope = scope_of(kind, account, region)
        if (kind, scope) not in self._complete:
            raise self._unlisted(kind, scope)
        return self.once((kind, scope), lambda: self._within(kind, scope))

    def _within(self, kind: str, scope: Scope) -> tuple[Resource, ...]:
        account, region = scope
        return tuple(
            resource
            for resource in self.known(kind)
            if resource.account == account and (not region or resource.region == region)
        )

    def listed(self, kind: str, account: str, region: str = "") -> bool:
        """Whether the listing of a kind is complete there."""
        return (kind, scope_of(kind, account, region)) in self._complete

    def unread(self, kind: str) -> Iterator[tuple[str, str, Missing]]:
        """Account, Region and reason of every listing of a kind that AWS refused, or that breaks off.

        What it would have held is not here, and so judged by nobody.
        """
        for one in KINDS[kind].implied_by:
            yield from self.unread(one)
        listings = {row.operation for row in RESPONSES if row.kind == kind and row.shape == "complete"}
        refused = {hole.scope for hole in self._holes.get(kind, ()) if hole.operation in listings}
        cut = {scope for of, scope in self._truncated if of == kind}
        for scope in sorted(refused | cut):
            if (kind, scope) not in self._complete:
                yield (*scope, self._unlisted(kind, scope))

    def find(self, kind: str, id: str, account: str = "", region: str = "") -> Resource | None:
        """The resource with that id (or, in that account and Region, that name).

        None when it certainly does not exist: the listing is complete, or AWS answered that there is none.
        Missing when nothing can be said.  Account and Region are read from the id where it is an ARN.
        """
        found = self._resources[kind].get(id) if kind in self._resources else None
        named = id.startswith("arn:")
        if found is not None and (named or kind in _OWNED or self._here(found, account, region)):
            return found
        if named and id.count(":") >= 5:
            _, _, _, region, account, _ = id.split(":", 5)
        found = self._only(kind, id, self._named(kind).get(id, ()), account, region)
        if found is not None:
            return found
        scope = scope_of(kind, account, region)
        if (kind, scope) in self._complete:
            return None
        for hole in self._holes.get(kind, ()):
            absent = hole.refusal is not None and hole.refusal.code in NOT_THERE
            if absent and hole.scope == scope and hole.names(id):
                return None
        raise self._unlisted(kind, scope, id)

    def about(self, kind: str, *subjects: str, account: str = "", region: str = "") -> Resource:
        """The answer of a kind that is about one of these subjects: a key's policy by the key's ARN, id or alias.

        Missing when there is none.
        """
        for subject in subjects:
            found = self._resources[kind].get(subject) if kind in self._resources else None
            if found is not None and found.arn:
                return found
            called = [one for one in self._called(kind).get(normal(subject), ()) if _may_mean(one, subject)]
            found = self._only(kind, subject, called, account, region)
            if found is not None:
                return found
        raise self._unlisted(kind, scope_of(kind, account, region), *subjects)

    def _named(self, kind: str) -> Mapping[str, list[Resource]]:
        """The resources of a kind by name, as AWS writes it."""
        return self.index(kind, _name)

    def _called(self, kind: str) -> Mapping[str, list[Resource]]:
        """The resources of a kind by id and by name, as file names write them."""
        return self.index(kind, _calls)

    def _only(self, kind: str, name: str, candidates: Iterable[Resource], account: str, region: str) -> Resource | None:
        """The one of these that is in that account and Region; Missing where it cannot be told which is meant."""
        found = [resource for resource in candidates if self._here(resource, account, region)]
        if len(found) > 1:
            raise Missing(
                f"{kind} {name}: {len(found)} have that name",
                needs=action(operations(kind)[0]),
                reason="several have that name",
            )
        return found[0] if found else None

    def refusal(self, operation: str, subject: str, account: str = "") -> Refusal | None:
        """How AWS refused an operation (`kms:DescribeKey`) on that subject, or on all; None where it did not.

        For what a listing told of and a detail was asked about: `find` has the one and says nothing of the other.
        """
        for hole in self._holes.get(shapes_of(operation)[0].kind, ()):
            here = hole.operation == operation and hole.scope[0] in (account, "")
            if here and hole.refusal is not None and (not hole.about or hole.speaks_of(subject)):
                return hole.refusal
        return None

    def accounts(self) -> tuple[str, ...]:
        """The accounts that the documents are of, in order; those too of which all was refused."""
        return self._places()[0]

    def regions(self) -> tuple[str, ...]:
        """The Regions that the documents are of, in order; those too of which all was refused."""
        return self._places()[1]

    def scopes(self) -> tuple[Scope, ...]:
        """Account and Region of what the documents are of, in order; without what belongs to an account as a whole."""
        return self._places()[2]

    def _places(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Scope, ...]]:
        def places() -> tuple[tuple[str, ...], tuple[str, ...], tuple[Scope, ...]]:
            scopes = {scope for _, scope in (*self._complete, *self._truncated)}
            scopes.update(hole.scope for holes in self._holes.values() for hole in holes)
            scopes.update(self._asked)
            for kind in _PLACED:
                scopes.update((resource.account, resource.region) for resource in self.known(kind))
            accounts, regions = ({scope[part] for scope in scopes} - {""} for part in (0, 1))
            return tuple(sorted(accounts)), tuple(sorted(regions)), tuple(sorted(one for one in scopes if all(one)))

        return self.once("places", places)

    def _here(self, resource: Resource, account: str, region: str) -> bool:
        """Whether a resource is of that account and Region; where its answer does not say, if there is but one."""
        accounts, regions, _ = self._places()
        of_account = not account or resource.account == account or (not resource.account and len(accounts) < 2)
        if not of_account or not region or KINDS[resource.kind].scope == "account":
            return of_account
        return resource.region == region or (not resource.region and len(regions) < 2)

    def index(self, kind: str, keys: Callable[[Resource], Iterable[str]]) -> Mapping[str, list[Resource]]:
        """The known resources of a kind by what `keys` gives for each; made once for each `keys`.

        A resource whose keys are Missing stands under ''.
        """
        return self.once((kind, keys), lambda: self._index(kind, keys))

    def _index(self, kind: str, keys: Callable[[Resource], Iterable[str]]) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.known(kind):
            try:
                for key in keys(resource):
                    found[key].append(resource)
            except Missing:
                found[""].append(resource)
        return dict(found)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call with this key."""
        if key not in self._memo:
            self._memo[key] = make()
        found: T = self._memo[key]
        return found

    # -- what is not there

    def _unlisted(self, kind: str, scope: Scope, *subjects: str) -> Missing:
        """Why a resource (by any of these names) or a listing cannot be spoken of."""
        needs = action(operations(kind)[0])
        place = (scope[0] or "the account") + (f" in {scope[1]}" if scope[1] else "")
        what = f"{kind} {subjects[0]}" if subjects else f"the {KINDS[kind].plural} of {place}"
        for hole in self._holes.get(kind, ()):
            if hole.scope[0] not in (scope[0], "") or hole.scope[1] not in (scope[1], ""):
                continue
            if hole.about and not any(map(hole.speaks_of, subjects)):
                continue
            needs = action(hole.operation)
            if hole.refusal is None:
                return _broken_off(what, needs, hole.file or command(hole.operation))
            return hole.refusal.missing(what, needs)
        if (kind, scope) in self._truncated:
            operation, file = self._truncated[kind, scope]
            return _broken_off(what, action(operation), file)
        return Missing(f"{what}: not in the input", needs=needs, reason="not in the input")


def _may_mean(resource: Resource, subject: str) -> bool:
    """Whether the name or id of an answer may be the subject's: as a file name writes it, without `:` and `/`."""
    written = "".join("[-_.:/ ]+" if character in ":/" else re.escape(character) for character in subject)
    return any(re.fullmatch(written, name, re.IGNORECASE) for name in (resource.name, resource.id))


def _name(resource: Resource) -> tuple[str]:
    return (resource.name,)


def _calls(resource: Resource) -> set[str]:
    return {normal(resource.id), normal(resource.name)}


def _broken_off(what: str, needs: str, file: str) -> Missing:
    return Missing(
        f"{what}: the listing in {file} breaks off, more pages follow",
        needs=needs,
        reason="the listing breaks off, more pages follow",
        status=Status.NOT_READABLE,
    )

"""Every resource by kind and id, and how completely each listing was read.

What is not here is absent only where the listing that would hold it is complete; anything else raises Missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from dms_lint.aws.arn import parse_arn
from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import RESPONSES, action, operations
from dms_lint.inventory.builder import InventoryBuilder
from dms_lint.inventory.coverage import normal
from dms_lint.inventory.scopes import listing_scope
from dms_lint.inventory.synthetic import synthetic_resources
from dms_lint.logic.kleene import listing
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from dms_lint.inventory.scopes import Scope
    from dms_lint.model import Document, Refusal, Resource

T = TypeVar("T")

_OWNED = frozenset(row.kind for row in RESPONSES if row.account)
"""Kinds whose ids are unique in the world, and whose owner may be another account than the one that asked."""
_PLACED = ("endpoint", "replication-instance", "task", "replication-config", "certificate", "role")
"""Kinds of which one resource is enough to know that the input is of its account and Region."""


_PLACES = "places"


class Inventory:
    """The resources that the documents hold.

    `now` is the moment of the scan: whatever depends on time depends on it alone.
    """

    def __init__(self, documents: Iterable[Document], now: datetime) -> None:
        self.now = now
        built = InventoryBuilder(list(documents))
        self.notices = built.notices
        self.coverage = built.coverage
        self.resources = built.resources
        """By kind and id: to be asked by `known`, `find` and the like, which say what may be missing."""
        self._asked = built.asked
        self.scanned = frozenset(built.scanned)
        """Account and Region of every answer, or refusal, of DMS itself."""
        self._memo: dict[Any, Any] = {}
        for resource in synthetic_resources(self.resources, self.accounts(), self.scopes()):
            self.resources[resource.kind].setdefault(resource.id, resource)

    def kinds(self) -> dict[str, int]:
        """How many resources of each kind there are."""
        return {kind: len(resources) for kind, resources in self.resources.items() if resources}

    def known(self, kind: str) -> Iterable[Resource]:
        """The resources of a kind that were read, with no claim that these are all."""
        return self.resources[kind].values() if kind in self.resources else ()

    def all(self, kind: str, account: str, region: str = "") -> tuple[Resource, ...]:
        """Every resource of a kind in an account and Region; Missing unless its listing is complete."""
        scope = listing_scope(kind, account, region)
        if not self.coverage.is_complete(kind, scope):
            raise self.coverage.missing(kind, scope)
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
        return self.coverage.is_complete(kind, listing_scope(kind, account, region))

    def unread(self, kind: str) -> Iterator[tuple[str, str, Missing]]:
        """Account, Region and reason of every listing of a kind that AWS refused, or that breaks off.

        What it would have held is not here, and so judged by nobody.
        """
        return self.coverage.unread(kind)

    def find(self, kind: str, id: str, account: str = "", region: str = "") -> Resource | None:
        """The resource with that id (or, in that account and Region, that name).

        None when it certainly does not exist: the listing is complete, or AWS answered that there is none.
        Missing when nothing can be said.  Account and Region are read from the id where it is an ARN.
        """
        resource = self.resources[kind].get(id) if kind in self.resources else None
        is_arn = id.startswith("arn:")
        if resource is not None and (is_arn or kind in _OWNED or self._is_in(resource, account, region)):
            return resource
        arn = parse_arn(id) if is_arn else None
        if arn is not None:
            account, region = arn.account, arn.region
        resource = self._only(kind, id, self._by_name(kind).get(id, ()), account, region)
        if resource is not None:
            return resource
        scope = listing_scope(kind, account, region)
        if self.coverage.is_absent(kind, scope, id):
            return None
        raise self.coverage.missing(kind, scope, id)

    def about(self, kind: str, *subjects: str, account: str = "", region: str = "") -> Resource:
        """The answer of a kind that is about one of these subjects: a key's policy by the key's ARN, id or alias.

        Missing when there is none.
        """
        for subject in subjects:
            resource = self.resources[kind].get(subject) if kind in self.resources else None
            if resource is not None and resource.arn:
                return resource
            candidates = self._by_file_name(kind).get(normal(subject), ())
            namesakes = [candidate for candidate in candidates if _may_mean(candidate, subject)]
            resource = self._only(kind, subject, namesakes, account, region)
            if resource is not None:
                return resource
        raise self.coverage.missing(kind, listing_scope(kind, account, region), *subjects)

    def _by_name(self, kind: str) -> Mapping[str, list[Resource]]:
        """The resources of a kind by name, as AWS writes it."""
        return self.index(kind, _names)

    def _by_file_name(self, kind: str) -> Mapping[str, list[Resource]]:
        """The resources of a kind by id and by name, as file names write them."""
        return self.index(kind, _file_names)

    def _only(self, kind: str, name: str, candidates: Iterable[Resource], account: str, region: str) -> Resource | None:
        """The candidate that is in that account and Region, if there is any; Missing where there are several."""
        resources = [resource for resource in candidates if self._is_in(resource, account, region)]
        if len(resources) > 1:
            raise Missing(
                f"{kind} {name}: {len(resources)} have that name",
                needs=action(operations(kind)[0]),
                reason="several have that name",
            )
        return resources[0] if resources else None

    def refusal(self, operation: str, subject: str, account: str = "") -> Refusal | None:
        """How AWS refused an operation (`kms:DescribeKey`) on that subject, or on all; None where it did not.

        For what a listing told of and a detail was asked about: `find` has the one and says nothing of the other.
        """
        return self.coverage.refusal(operation, subject, account)

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
            scopes = self.coverage.scopes() | self._asked
            for kind in _PLACED:
                scopes.update((resource.account, resource.region) for resource in self.known(kind))
            accounts, regions = ({scope[part] for scope in scopes} - {""} for part in (0, 1))
            return (
                tuple(sorted(accounts)),
                tuple(sorted(regions)),
                tuple(sorted(scope for scope in scopes if all(scope))),
            )

        return self.once(_PLACES, places)

    def _is_in(self, resource: Resource, account: str, region: str) -> bool:
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
        resources: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.known(kind):
            listed_keys = listing(partial(keys, resource))
            for key in (*listed_keys.items, "") if listed_keys.missing else listed_keys.items:
                resources[key].append(resource)
        return dict(resources)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call with this key."""
        if key not in self._memo:
            self._memo[key] = make()
        value: T = self._memo[key]
        return value

    def forget(self) -> None:
        """Drop what was derived of the resources, so that it is derived anew; accounts and Regions are not of them."""
        self._memo = {key: value for key, value in self._memo.items() if key == _PLACES}
        for resources in self.resources.values():
            for resource in resources.values():
                resource.memo.clear()


def _may_mean(resource: Resource, subject: str) -> bool:
    """Whether the name or id of an answer may be the subject's: as a file name writes it, without `:` and `/`."""
    pattern = "".join("[-_.:/ ]+" if character in ":/" else re.escape(character) for character in subject)
    return any(re.fullmatch(pattern, name, re.IGNORECASE) for name in (resource.name, resource.id))


def _names(resource: Resource) -> tuple[str]:
    return (resource.name,)


def _file_names(resource: Resource) -> set[str]:
    return {normal(resource.id), normal(resource.name)}

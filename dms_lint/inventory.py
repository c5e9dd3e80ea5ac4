"""Every resource by kind and id, and how completely each listing was read.

What is not here is absent only where the listing that would hold it is complete; anything else raises Missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from dms_lint.answers import KINDS, NOT_THERE, ROWS, Answer, action, command, identify, operations, rows_of
from dms_lint.implied import implied
from dms_lint.model import Document, Missing, Notice, Refusal, Resource, Status
from dms_lint.placing import Item, Part, Scope, arn_of, arn_scope, cut, key_of, nearby, own_scopes, parts, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

T = TypeVar("T")

_OWNED = frozenset(row.kind for row in ROWS if row.account)
"""Kinds whose ids are unique in the world, and whose owner may be another account than the one that asked."""
_NEVER_EMPTY = frozenset({"role", "kms-alias", "rds-ca"})
"""Kinds that AWS itself puts into every account: an empty list of them is a filtered or another service's answer."""
_ADDED_UP = frozenset({"vpc-attributes"})
"""Kinds of which each answer tells one attribute: several about a resource add up."""
_PLACED = ("endpoint", "replication-instance", "task", "replication-config", "certificate", "role")
"""Kinds of which one resource is enough to know that the input is of its account and Region."""


@lru_cache(maxsize=8192)
def _normal(subject: str) -> str:
    """A subject as it is compared: the characters that file names cannot have do not matter, nor does case."""
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")


@lru_cache(maxsize=8192)
def _ends(id: str) -> frozenset[str]:  # noqa: A002
    """What a file may call the resource of this id, normalised: the id, or how its ARN ends after a `:` or `/`.

    A name is only itself: `eu-orders` and `prod/orders` are not `orders`.
    """
    cuts = [n + 1 for n, character in enumerate(id) if character in ":/"] if id.startswith("arn:") else []
    return frozenset(_normal(id[cut:]) for cut in (0, *cuts)) - {""}


class _Hole(NamedTuple):
    """An answer that is not there: AWS refused the call, or more pages follow and were not read."""

    about: str
    """The subject of the call; '' for a listing, or where it was not said."""
    scope: Scope
    operation: str
    refusal: Refusal | None
    file: str | None

    def speaks_of(self, id: str) -> bool:  # noqa: A002
        """Whether it may be about the resource of that id."""
        return _normal(self.about) in _ends(id) or _normal(id) in _ends(self.about)

    def names(self, id: str) -> bool:  # noqa: A002
        """Whether it is about the resource of that id and no other: `a-b` may stand for the name `a/b`, or `a-b`."""
        if not self.speaks_of(id):
            return False
        return id.startswith("arn:") or self.about.startswith("arn:") or self.about.lower() == id.lower()


class Inventory:
    """The resources that the documents hold.

    `now` is the moment of the scan: whatever depends on time depends on it alone.
    """

    def __init__(self, documents: Iterable[Document], now: datetime) -> None:
        self.now = now
        self.notices: list[Notice] = []
        self._resources: dict[str, dict[str, Resource]] = defaultdict(dict)
        self._complete: set[tuple[str, Scope]] = set()
        self._truncated: dict[tuple[str, Scope], tuple[str, str]] = {}
        self._holes: dict[str, list[_Hole]] = defaultdict(list)
        self._asked: set[Scope] = set()
        """Where the documents say that they are from."""
        self._memo: dict[Any, Any] = {}
        _Builder(self).build(list(documents))

    # -- what is there

    def kinds(self) -> dict[str, int]:
        """How many resources of each kind there are."""
        return {kind: len(found) for kind, found in self._resources.items() if found}

    def known(self, kind: str) -> Iterable[Resource]:
        """The resources of a kind that were read, with no claim that these are all."""
        return self._resources[kind].values() if kind in self._resources else ()

    def all(self, kind: str, account: str, region: str = "") -> tuple[Resource, ...]:
        """Every resource of a kind in an account and Region; Missing unless its listing is complete."""
        scope = self._scope(kind, account, region)
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
        return (kind, self._scope(kind, account, region)) in self._complete

    def unread(self, kind: str) -> Iterator[tuple[str, str, Missing]]:
        """Account, Region and reason of every listing of a kind that AWS refused, or that breaks off.

        What it would have held is not here, and so judged by nobody.
        """
        for one in KINDS[kind].implied_by:
            yield from self.unread(one)
        listings = {row.operation for row in ROWS if row.kind == kind and row.shape == "complete"}
        refused = {hole.scope for hole in self._holes.get(kind, ()) if hole.operation in listings}
        cut = {scope for of, scope in self._truncated if of == kind}
        for scope in sorted(refused | cut):
            if (kind, scope) not in self._complete:
                yield (*scope, self._unlisted(kind, scope))

    def find(self, kind: str, id: str, account: str = "", region: str = "") -> Resource | None:  # noqa: A002
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
        scope = self._scope(kind, account, region)
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
            called = [one for one in self._called(kind).get(_normal(subject), ()) if _may_mean(one, subject)]
            found = self._only(kind, subject, called, account, region)
            if found is not None:
                return found
        raise self._unlisted(kind, self._scope(kind, account, region), *subjects)

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
        for hole in self._holes.get(rows_of(operation)[0].kind, ()):
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

    @staticmethod
    def _scope(kind: str, account: str, region: str) -> Scope:
        return (account, region if KINDS[kind].scope == "region" else "")

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
    return {_normal(resource.id), _normal(resource.name)}


class _Builder:
    """Fills an inventory from documents: scopes first, then completeness, then resources."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.told: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
        """By kind and id, what each operation said of a resource of which several told, in the order that counts."""
        self.pages: dict[tuple[str, Scope, str], list[tuple[Document, bool]]] = defaultdict(list)
        """By kind, scope and operation, the answers that list it, and whether each breaks off."""

    def build(self, documents: list[Document]) -> None:
        read = {id(document): list(parts(document)) for document in documents}
        self.inventory._asked.update((document.account, document.region) for document in documents if document.account)
        scopes = {id(document): own_scopes(document, read[id(document)]) for document in documents}
        place = nearby(documents, scopes)
        # Details after listings, newer after older: what comes later overlays what came before.
        order = sorted(documents, key=lambda document: (_rank(document), document.modified))
        for document in order:
            fallback = place(document)
            if document.refusal is not None:
                self._refuse(document, fallback)
                continue
            for part in read.pop(id(document)):
                self._add(document, part, scopes[id(document)] or {fallback}, fallback)
        self._settle()
        inventory = self.inventory
        for resource in implied(inventory._resources, inventory.accounts(), inventory.scopes()):
            inventory._resources[resource.kind].setdefault(resource.id, resource)

    def _refuse(self, document: Document, fallback: Scope) -> None:
        for row in rows_of(document.operation):
            self._hole(document, row, document.subject, fallback)

    def _hole(self, document: Document, row: Answer, about: str, fallback: Scope) -> None:
        scope = self.inventory._scope(row.kind, *fallback)
        hole = _Hole(about, scope, document.operation, document.refusal, document.file)
        self.inventory._holes[row.kind].append(hole)

    def _add(self, document: Document, part: Part, scopes: set[Scope], fallback: Scope) -> None:
        row = part.row
        if row.kind == "tags":
            self._tags(document, row, fallback)
            return
        if row.shape == "one" and cut(document):
            self._hole(document, row, identify(row, document.body) or document.subject, fallback)
            return
        for item in part.items:
            self._item(document, row, item, fallback)
        if part.broken:
            self.inventory.notices.append(
                Notice(f"an item of {row.key} has no {row.id}: left out", document.file, problem=True)
            )
        if row.shape == "complete" and (part.items or part.broken or row.kind not in _NEVER_EMPTY):
            self._list(document, row, scopes, broken=part.broken)

    def _list(self, document: Document, row: Answer, scopes: set[Scope], *, broken: bool) -> None:
        for account, region in scopes:
            if account and (region or KINDS[row.kind].scope == "account"):
                scope = self.inventory._scope(row.kind, account, region)
                self.pages[row.kind, scope, row.operation].append((document, broken or cut(document)))

    def _settle(self) -> None:
        """Say which listings are complete, now that every page is known."""
        inventory = self.inventory
        for (kind, scope, operation), pages in self.pages.items():
            refused = any(
                hole.operation == operation and hole.scope == scope and hole.refusal is not None and not hole.about
                for hole in inventory._holes.get(kind, ())
            )
            empty = not any(document.body.get(row.key) for document, _ in pages for row in rows_of(operation))
            # An empty list may be another service's answer: a refusal of this very call counts more.
            if empty and refused:
                continue
            if whole(pages):
                inventory._complete.add((kind, scope))
            else:
                inventory._truncated[kind, scope] = (operation, pages[0][0].file or command(operation))
        for listing in inventory._complete & set(inventory._truncated):
            del inventory._truncated[listing]
        inventory._memo.clear()

    def _item(self, document: Document, row: Answer, item: Item, fallback: Scope) -> None:
        account, region = item.scope or fallback
        account, region = account or fallback[0], region or fallback[1]
        kind = KINDS[row.kind]
        if kind.scope == "account":
            region = ""
        found = item.id
        subject = found or document.subject or (account if kind.scope == "account" else "")
        arn = arn_of(row, found, account, region)
        key = arn or key_of(row, found, account, region) or subject
        name = item.data.get(row.name) if row.name else None
        self._put(
            Resource(
                row.kind,
                key,
                item.data,
                name=name if name and isinstance(name, str) else subject,
                arn=arn,
                account=account,
                region=region,
                file=document.file,
                line=item.line,
                operation=action(document.operation),
                type=kind.type,
            )
        )

    def _put(self, resource: Resource) -> None:
        kept = self.inventory._resources[resource.kind]
        before = kept.get(resource.id)
        if before is not None and not resource.arn and _elsewhere(before, resource):
            # Not every id is unique in the world: engine versions, what file names say an answer is about.
            resource.id = f"{resource.account}:{resource.region}:{resource.id}"
            before = kept.get(resource.id)
        if before is not None and not self._overlay(resource, before):
            return
        kept[resource.id] = resource

    def _overlay(self, resource: Resource, before: Resource) -> bool:
        """Lay what is newly said of a resource over what was said before; False when nothing is new."""
        told = self.told.setdefault((resource.kind, resource.id), {before.operation: before.data})
        earlier = told.pop(resource.operation, None)
        if earlier is not None:
            if earlier == resource.data or _elsewhere(before, resource):
                told[resource.operation] = earlier
                return False
            if resource.kind in _ADDED_UP and not any(
                resource.data.get(name, one) != one for name, one in earlier.items()
            ):
                told[resource.operation] = {**earlier, **resource.data}
                resource.data = {name: value for data in told.values() for name, value in data.items()}
                return True
            self.inventory.notices.append(
                Notice(
                    f"{resource.kind} {resource.name} stands in {before.file} too, with other content: "
                    "the newer file counts",
                    resource.file,
                    resource.line,
                )
            )
        told[resource.operation] = resource.data
        resource.data = {name: value for data in told.values() for name, value in data.items()}
        return True

    def _tags(self, document: Document, row: Answer, fallback: Scope) -> None:
        """Rows of tags by the resource they are of: its ARN in each row, or the subject of the whole answer."""
        by_arn: dict[str, list[Any]] = defaultdict(list)
        listed = document.body.get("TagList")
        if not isinstance(listed, list) or not all(map(_is_tag, listed)):
            message = "TagList is not a list of tags, as AWS sends it: left out"
            self.inventory.notices.append(Notice(message, document.file, document.line, problem=True))
            return
        for tag in listed:
            by_arn[tag.get("ResourceArn") or document.subject].append(tag)
        if document.subject and not by_arn:
            by_arn[document.subject] = []
        for arn, tags in by_arn.items():
            account, region = arn_scope(arn) or fallback
            self._put(
                Resource(
                    row.kind,
                    arn,
                    {"TagList": tags},
                    arn=arn if arn.startswith("arn:") else "",
                    account=account,
                    region=region,
                    file=document.file,
                    operation=document.operation,
                )
            )


def _within(resource: Resource, account: str, region: str) -> bool:
    """Whether a resource may be of that account and Region, as far as both are known."""
    return (not account or resource.account in (account, "")) and (not region or resource.region in (region, ""))


def _elsewhere(one: Resource, other: Resource) -> bool:
    """Whether two resources are certainly of different accounts or Regions."""
    return not _within(one, other.account, other.region) and "" not in (one.account, other.account)


def _is_tag(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("ResourceArn", ""), str)


def _broken_off(what: str, needs: str, file: str) -> Missing:
    return Missing(
        f"{what}: the listing in {file} breaks off, more pages follow",
        needs=needs,
        reason="the listing breaks off, more pages follow",
        status=Status.NOT_READABLE,
    )


def _rank(document: Document) -> int:
    """Listings before single answers: where both tell of a resource, the single answer knows more."""
    return max((row.shape == "one" for row in rows_of(document.operation)), default=False)

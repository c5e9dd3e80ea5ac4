"""What documents hold, laid together: scopes first, then which listings are whole, then the resources."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from dms_lint.aws.responses import KINDS, ResponseShape, action, command, identify, shapes_of
from dms_lint.inventory.scopes import (
    Item,
    Part,
    Scope,
    arn_of,
    arn_scope,
    explicit_scopes,
    infer_scope,
    is_complete,
    is_truncated,
    key_of,
    split_response,
)
from dms_lint.model import Document, Notice, Refusal, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEVER_EMPTY = frozenset({"role", "kms-alias", "rds-ca"})
"""Kinds that AWS itself puts into every account: an empty list of them is a filtered or another service's answer."""
_ADDED_UP = frozenset({"vpc-attributes"})
"""Kinds of which each answer tells one attribute: several about a resource add up."""


@lru_cache(maxsize=8192)
def normal(subject: str) -> str:
    """A subject as it is compared: the characters that file names cannot have do not matter, nor does case."""
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")


@lru_cache(maxsize=8192)
def _ends(id: str) -> frozenset[str]:
    """What a file may call the resource of this id, normalised: the id, or how its ARN ends after a `:` or `/`.

    A name is only itself: `eu-orders` and `prod/orders` are not `orders`.
    """
    cuts = [n + 1 for n, character in enumerate(id) if character in ":/"] if id.startswith("arn:") else []
    return frozenset(normal(id[cut:]) for cut in (0, *cuts)) - {""}


class UnansweredCall(NamedTuple):
    """An answer that is not there: AWS refused the call, or more pages follow and were not read."""

    about: str
    """The subject of the call; '' for a listing, or where it was not said."""
    scope: Scope
    operation: str
    refusal: Refusal | None
    file: str | None

    def speaks_of(self, id: str) -> bool:
        """Whether it may be about the resource of that id."""
        return normal(self.about) in _ends(id) or normal(id) in _ends(self.about)

    def names(self, id: str) -> bool:
        """Whether it is about the resource of that id and no other: `a-b` may stand for the name `a/b`, or `a-b`."""
        if not self.speaks_of(id):
            return False
        return id.startswith("arn:") or self.about.startswith("arn:") or self.about.lower() == id.lower()


def scope_of(kind: str, account: str, region: str) -> Scope:
    """The account and Region that a listing of a kind is of; the Region is '' for what has none."""
    return (account, region if KINDS[kind].scope == "region" else "")


class InventoryBuilder:
    """What the documents hold: which resources, which whole listings, and what is not there."""

    def __init__(self, documents: list[Document]) -> None:
        self.notices: list[Notice] = []
        self.resources: dict[str, dict[str, Resource]] = defaultdict(dict)
        """By kind and id."""
        self.complete: set[tuple[str, Scope]] = set()
        """The kinds whose listing is whole, and where."""
        self.truncated: dict[tuple[str, Scope], tuple[str, str]] = {}
        """Those whose listing breaks off: by which call, and in which file."""
        self.holes: dict[str, list[UnansweredCall]] = defaultdict(list)
        """By kind, the answers that are not there."""
        self.asked = {(document.account, document.region) for document in documents if document.account}
        """Where the documents say that they are from."""
        self.scanned: set[Scope] = set()
        """Where DMS itself answered, or refused."""
        self._told: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
        """By kind and id, what each operation said of a resource of which several told, in the order that counts."""
        self._pages: dict[tuple[str, Scope, str], list[tuple[Document, bool]]] = defaultdict(list)
        """By kind, scope and operation, the answers that list it, and whether each breaks off."""
        self._fill(documents)

    def _fill(self, documents: list[Document]) -> None:
        read = {id(document): list(split_response(document)) for document in documents}
        scopes = {id(document): explicit_scopes(document, read[id(document)]) for document in documents}
        place = infer_scope(documents, scopes)
        # Details after listings, newer after older: what comes later overlays what came before.
        order = sorted(documents, key=lambda document: (_rank(document), document.modified))
        for document in order:
            fallback = place(document)
            if document.operation.startswith("dms:"):
                self.scanned |= scopes[id(document)] or {fallback}
            if document.refusal is not None:
                self._refuse(document, fallback)
                continue
            for part in read.pop(id(document)):
                self._add(document, part, scopes[id(document)] or {fallback}, fallback)
        self._settle()

    def _refuse(self, document: Document, fallback: Scope) -> None:
        for row in shapes_of(document.operation):
            self._hole(document, row, document.subject, fallback)

    def _hole(self, document: Document, row: ResponseShape, about: str, fallback: Scope) -> None:
        scope = scope_of(row.kind, *fallback)
        hole = UnansweredCall(about, scope, document.operation, document.refusal, document.file)
        self.holes[row.kind].append(hole)

    def _add(self, document: Document, part: Part, scopes: set[Scope], fallback: Scope) -> None:
        row = part.row
        if row.kind == "tags":
            self._tags(document, row, fallback)
            return
        if row.shape == "one" and is_truncated(document):
            self._hole(document, row, identify(row, document.body) or document.subject, fallback)
            return
        for item in part.items:
            self._item(document, row, item, fallback)
        if part.broken:
            self.notices.append(Notice(f"an item of {row.key} has no {row.id}: left out", document.file, problem=True))
        if row.shape == "complete" and (part.items or part.broken or row.kind not in _NEVER_EMPTY):
            self._list(document, row, scopes, broken=part.broken)

    def _list(self, document: Document, row: ResponseShape, scopes: set[Scope], *, broken: bool) -> None:
        for account, region in scopes:
            if account and (region or KINDS[row.kind].scope == "account"):
                scope = scope_of(row.kind, account, region)
                self._pages[row.kind, scope, row.operation].append((document, broken or is_truncated(document)))

    def _settle(self) -> None:
        """Say which listings are complete, now that every page is known."""
        for (kind, scope, operation), pages in self._pages.items():
            refused = any(
                hole.operation == operation and hole.scope == scope and hole.refusal is not None and not hole.about
                for hole in self.holes.get(kind, ())
            )
            empty = not any(document.body.get(row.key) for document, _ in pages for row in shapes_of(operation))
            # An empty list may be another service's answer: a refusal of this very call counts more.
            if empty and refused:
                continue
            if is_complete(pages):
                self.complete.add((kind, scope))
            else:
                self.truncated[kind, scope] = (operation, pages[0][0].file or command(operation))
        for listing in self.complete & set(self.truncated):
            del self.truncated[listing]

    def _item(self, document: Document, row: ResponseShape, item: Item, fallback: Scope) -> None:
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
        kept = self.resources[resource.kind]
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
        told = self._told.setdefault((resource.kind, resource.id), {before.operation: before.data})
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
            self.notices.append(
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

    def _tags(self, document: Document, row: ResponseShape, fallback: Scope) -> None:
        """Rows of tags by the resource they are of: its ARN in each row, or the subject of the whole answer."""
        by_arn: dict[str, list[Any]] = defaultdict(list)
        listed = document.body.get("TagList")
        if not isinstance(listed, list) or not all(map(_is_tag, listed)):
            message = "TagList is not a list of tags, as AWS sends it: left out"
            self.notices.append(Notice(message, document.file, document.line, problem=True))
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


def _may_be_of(resource: Resource, account: str, region: str) -> bool:
    """Whether a resource may be of that account and Region, as far as both are known."""
    return (not account or resource.account in (account, "")) and (not region or resource.region in (region, ""))


def _elsewhere(one: Resource, other: Resource) -> bool:
    """Whether two resources are certainly of different accounts or Regions."""
    return not _may_be_of(one, other.account, other.region) and "" not in (one.account, other.account)


def _is_tag(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("ResourceArn", ""), str)


def _rank(document: Document) -> int:
    """Listings before single answers: where both tell of a resource, the single answer knows more."""
    return max((row.shape == "one" for row in shapes_of(document.operation)), default=False)

"""Builds the inventory from documents: finds their accounts and Regions, merges resources, settles which are all."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import ResponseShape, action, command, identify, shapes_of
from dms_lint.inventory.coverage import Coverage, Extract, Truncation, UnansweredCall
from dms_lint.inventory.scopes import (
    Item,
    Page,
    Part,
    Scope,
    arn_of,
    arn_scope,
    explicit_scopes,
    infer_scope,
    is_complete,
    is_set,
    is_truncated,
    key_of,
    listing_scope,
    split_response,
)
from dms_lint.model import Document, Missing, Notice, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.coverage import Listing

_NEVER_EMPTY = frozenset({"role", "kms-alias", "rds-ca"})
"""Kinds that AWS itself puts into every account: an empty list of them is a filtered or another service's answer."""
_ADDED_UP = frozenset({"vpc-attributes"})
"""Kinds of which each answer tells one attribute: several about a resource add up."""
_NOT_IN_EXTRACT = "not in the input"
"""Why a resource may exist that a document does not hold, where the document itself does not say."""


class InventoryBuilder:
    """The resources that documents hold, and how completely each listing was read."""

    def __init__(self, documents: list[Document]) -> None:
        self.notices: list[Notice] = []
        self.resources: dict[str, dict[str, Resource]] = defaultdict(dict)
        """By kind and id."""
        self.asked = {(document.account, document.region) for document in documents if document.account}
        """Where the documents say that they are from."""
        self.scanned: set[Scope] = set()
        """Where DMS itself answered, or refused."""
        self._responses: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
        """By kind and id, the data of a resource in each operation that describes it, in the order that counts."""
        self._pages: dict[tuple[str, Scope, str], list[Page]] = defaultdict(list)
        """By kind, scope and operation, the pages of its listing."""
        self._unanswered: dict[str, list[UnansweredCall]] = defaultdict(list)
        self._extracts: dict[str, list[Extract]] = defaultdict(list)
        self._fill(documents)
        self.coverage = self._settle()

    def _fill(self, documents: list[Document]) -> None:
        parts = {id(document): list(split_response(document)) for document in documents}
        scopes = {id(document): explicit_scopes(document, parts[id(document)]) for document in documents}
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
            for part in parts.pop(id(document)):
                self._add(document, part, scopes[id(document)] or {fallback}, fallback)

    def _refuse(self, document: Document, fallback: Scope) -> None:
        for row in shapes_of(document.operation):
            self._leave_unanswered(document, row, document.subject, fallback)

    def _leave_unanswered(self, document: Document, row: ResponseShape, about: str, fallback: Scope) -> None:
        scope = listing_scope(row.kind, *fallback)
        call = UnansweredCall(about, scope, document.operation, document.refusal, document.file)
        self._unanswered[row.kind].append(call)

    def _add(self, document: Document, part: Part, scopes: set[Scope], fallback: Scope) -> None:
        row = part.row
        if row.kind == "tags":
            self._tags(document, row, fallback)
            return
        if row.shape == "one" and is_truncated(document):
            self._leave_unanswered(document, row, identify(row, document.body) or document.subject, fallback)
            return
        for item in part.items:
            self._item(document, row, item, fallback)
        if part.broken:
            self.notices.append(Notice(f"an item of {row.key} has no {row.id}: left out", document.file, problem=True))
        if document.complete is False:
            self._note_extract(document, row, scopes)
        elif _is_listing(document, row) and (part.items or part.broken or row.kind not in _NEVER_EMPTY):
            self._list(document, row, scopes, broken=part.broken)

    def _note_extract(self, document: Document, row: ResponseShape, scopes: set[Scope]) -> None:
        reason = document.absence or _NOT_IN_EXTRACT
        for account, region in scopes:
            scope = listing_scope(row.kind, account, region)
            self._extracts[row.kind].append(Extract(scope, document.operation, reason))

    def _list(self, document: Document, row: ResponseShape, scopes: set[Scope], *, broken: bool) -> None:
        for account, region in scopes:
            if account and (region or KINDS[row.kind].scope == "account"):
                scope = listing_scope(row.kind, account, region)
                self._pages[row.kind, scope, row.operation].append(Page(document, broken or is_truncated(document)))

    def _settle(self) -> Coverage:
        """How completely each listing was read, now that every page is known."""
        complete: set[Listing] = set()
        truncated: dict[Listing, Truncation] = {}
        for (kind, scope, operation), pages in self._pages.items():
            # An empty list may be another service's answer: a refusal of this very call counts more.
            if self._is_refused(kind, scope, operation) and all(_is_empty(page.document) for page in pages):
                continue
            if is_complete(pages):
                complete.add((kind, scope))
            else:
                truncated[kind, scope] = Truncation(operation, pages[0].document.file or command(operation))
        complete = {listing for listing in complete if not self._is_extract(*listing)}
        for listing in complete & truncated.keys():
            del truncated[listing]
        return Coverage(complete, truncated, self._unanswered, self._extracts)

    def _is_refused(self, kind: str, scope: Scope, operation: str) -> bool:
        return any(
            call.operation == operation and call.scope == scope and call.refusal is not None and not call.about
            for call in self._unanswered.get(kind, ())
        )

    def _is_extract(self, kind: str, scope: Scope) -> bool:
        """Whether a document of that kind, which may be of that place, is known to hold only some resources."""
        return any(extract.may_be_in(scope) for extract in self._extracts.get(kind, ()))

    def _item(self, document: Document, row: ResponseShape, item: Item, fallback: Scope) -> None:
        account, region = item.scope or fallback
        account, region = account or fallback[0], region or fallback[1]
        kind = KINDS[row.kind]
        if kind.scope == "account":
            region = ""
        subject = item.id or document.subject or (account if kind.scope == "account" else "")
        arn = arn_of(row, item.id, account, region)
        key = arn or key_of(row, item.id, account, region) or subject
        name = item.data.get(row.name) if row.name else None
        self._put(
            Resource(
                row.kind,
                key,
                item.data,
                name=name if isinstance(name, str) and name else subject,
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
        resources = self.resources[resource.kind]
        before = resources.get(resource.id)
        if before is not None and not resource.arn and _elsewhere(before, resource):
            # Not every id is unique in the world: engine versions, what file names say an answer is about.
            resource.id = f"{resource.account}:{resource.region}:{resource.id}"
            before = resources.get(resource.id)
        if before is not None and not self._overlay(resource, before):
            return
        resources[resource.id] = resource

    def _overlay(self, resource: Resource, before: Resource) -> bool:
        """Lay the new data of a resource over its earlier data; False when nothing is new."""
        responses = self._responses.setdefault((resource.kind, resource.id), {before.operation: before.data})
        earlier = responses.pop(resource.operation, None)
        if earlier is not None:
            if _is_same(earlier, resource.data) or _elsewhere(before, resource):
                responses[resource.operation] = earlier
                return False
            if resource.kind in _ADDED_UP and _agree(earlier, resource.data):
                responses[resource.operation] = {**earlier, **resource.data}
                resource.data = {name: value for data in responses.values() for name, value in data.items()}
                return True
            self.notices.append(
                Notice(
                    f"{resource.kind} {resource.name} stands in {before.file} too, with other content: "
                    "the newer file counts",
                    resource.file,
                    resource.line,
                )
            )
        responses[resource.operation] = resource.data
        resource.data = {name: value for data in responses.values() for name, value in data.items()}
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


def _elsewhere(resource: Resource, other_resource: Resource) -> bool:
    """Whether two resources are certainly of different accounts or Regions."""
    accounts = (resource.account, other_resource.account)
    return not _may_be_of(resource, other_resource.account, other_resource.region) and "" not in accounts


def _is_same(value: object, later: object) -> bool:
    """Whether two values are certainly the same."""
    try:
        return value == later
    except Missing:  # A value that is not resolved may be any.
        return False


def _agree(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Whether no member that both have differs."""
    return all(_is_same(later.get(name, value), value) for name, value in earlier.items())


def _is_listing(document: Document, row: ResponseShape) -> bool:
    """Whether a response, unfiltered, holds every resource in scope: by its shape, or because its collector knows."""
    return row.shape == "complete" or (row.shape == "list" and document.complete is True)


def _is_empty(document: Document) -> bool:
    return not any(is_set(document.body.get(row.key)) for row in shapes_of(document.operation))


def _is_tag(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("ResourceArn", ""), str)


def _rank(document: Document) -> int:
    """Listings before single answers: where both tell of a resource, the single answer knows more."""
    return max((row.shape == "one" for row in shapes_of(document.operation)), default=False)

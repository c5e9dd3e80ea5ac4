"""Accounts and Regions of responses, the resources in each, and whether a response is the whole of a listing."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from dms_lint.aws.arn import parse_arn
from dms_lint.aws.kinds import KINDS
from dms_lint.aws.partitions import partition_of_region
from dms_lint.aws.responses import TOKENS, ResponseShape, identify, shapes_of
from dms_lint.model import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dms_lint.model import Document

Scope = tuple[str, str]
"""Account and Region; the Region is '' for what belongs to an account as a whole, both are '' when not known."""

_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d")


class Item(NamedTuple):
    """One resource in an answer, and what it says of itself."""

    data: Mapping[str, Any]
    id: str
    scope: Scope | None
    line: int | None


class Part(NamedTuple):
    """What an answer holds of one kind; `broken` when something in it was no resource."""

    row: ResponseShape
    items: list[Item]
    broken: bool


class Page(NamedTuple):
    """A document that holds a page of a listing, or all of it."""

    document: Document
    is_cut: bool
    """Whether more pages follow, or something in it is unreadable."""


def listing_scope(kind: str, account: str, region: str) -> Scope:
    """The account and Region that a listing of a kind is of; the Region is '' where resources have none."""
    return (account, region if KINDS[kind].scope == "region" else "")


def is_truncated(document: Document) -> bool:
    """Whether a response says that more pages follow; one that is known to be the whole does not."""
    body = document.body
    return document.complete is not True and any(is_set(body.get(token)) for token in TOKENS)


def is_set(value: object) -> bool:
    """Whether a member holds something, or may: a value that is not resolved does."""
    return isinstance(value, Unresolved) or bool(value)


def is_complete(pages: list[Page]) -> bool:
    """Whether pages hold a listing to its end, with nothing missing in between.

    Pages in one file follow one another.  Pages in several files do where the files are numbered without a gap, from
    0 or 1; elsewhere nobody can tell that no page between them is missing, since a page does not say which it is.
    A last page that stands alone tells so by its number: those before it are missing.
    """
    if any(page.document.complete and not page.is_cut for page in pages):
        return True
    ends: dict[str, bool] = {}
    for page in pages:
        ends[page.document.file or ""] = page.is_cut
    if not any(ends.values()):
        return not (len(ends) == 1 and _is_later_page(next(iter(ends))))
    files = sorted((re.split(r"(\d+)", file), cut) for file, cut in ends.items())
    if len({len(parts) for parts, _ in files}) > 1:
        return False
    columns = list(zip(*(parts for parts, _ in files), strict=True))
    differing = [n for n, column in enumerate(columns) if len(set(column)) > 1]
    if len(differing) != 1 or not columns[differing[0]][0].isdecimal():
        return False
    numbered = sorted((int(parts[differing[0]]), cut) for parts, cut in files)
    numbers = [number for number, _ in numbered]
    in_order = numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return in_order and [cut for _, cut in numbered] == [True] * (len(numbered) - 1) + [False]


def _is_later_page(file: str) -> bool:
    """Whether a file is numbered as a page other than the first: `describe-endpoints.2.json`."""
    number = re.fullmatch(r"[a-z-]+\.(\d{1,4})\.json", PurePath(file).name)
    return number is not None and int(number[1]) > 1


def arn_scope(arn: str) -> Scope | None:
    """The account and Region that an ARN names; None for what is no ARN."""
    parts = parse_arn(arn)
    if parts is None:
        return None
    # What AWS itself owns (arn:aws:iam::aws:policy/...) is seen in every account and is no account of its own.
    return ("" if parts.account == "aws" else parts.account, parts.region)


def arn_of(row: ResponseShape, id: str, account: str, region: str) -> str:
    """The ARN of a resource with that id, as AWS sends it or as its row writes it; '' where there is none."""
    if row.arn and account and region:
        return row.arn.format(partition=partition_of_region(region), region=region, account=account, id=id)
    return id if id.startswith("arn:") and "+" not in row.id else ""


def key_of(row: ResponseShape, id: str, account: str, region: str) -> str:
    """By what a resource without an ARN is known: its id, with where it is in front where others may have it too.

    That does not depend on which of them is read first: a baseline knows the resource by it.
    """
    if "+" in row.id and id and not id.startswith("arn:"):
        return f"{account}:{id}"
    return f"{account}:{region}:{id}" if row.arn and account else id


def _item_scope(row: ResponseShape, item: Mapping[str, Any]) -> Scope | None:
    """Account and Region that an item itself names; a part that it does not name is ''."""
    id_ = item.get(row.id.rstrip("?").partition("+")[0])
    scope = arn_scope(id_) if isinstance(id_, str) else None
    if scope is not None:
        return scope
    account = item.get(row.account) if row.account else None
    topic = item.get("SnsTopicArn")
    region = (arn_scope(topic) or ("", ""))[1] if isinstance(topic, str) else ""
    return (account, region) if isinstance(account, str) else None


def split_response(document: Document) -> Iterator[Part]:
    """What a document holds, row by row: each item with its id and with the account and Region that it names."""
    for row in shapes_of(document.operation):
        value: Any = document.body.get(row.key) if row.key else document.body
        if value is None:
            continue
        if row.shape != "one":
            yield _split_list(row, value, document.lines.get(row.key))
        elif isinstance(value, dict):
            yield Part(row, [Item(value, identify(row, value), _item_scope(row, value), document.line)], broken=False)
        else:
            yield Part(row, [], broken=False)


def _split_list(row: ResponseShape, value: Any, lines: Sequence[int] | None) -> Part:
    listed = value if isinstance(value, list) else ()
    items = [
        Item(item, id_, _item_scope(row, item), lines[number] if lines else None)
        for number, item in enumerate(listed)
        if isinstance(item, dict) and (id_ := identify(row, item))
    ]
    return Part(row, items, broken=len(items) < len(listed) or not isinstance(value, list))


def explicit_scopes(document: Document, parts: Iterable[Part]) -> set[Scope]:
    """The accounts and Regions that a document's own items name in full."""
    if document.account:
        return {(document.account, document.region)}
    return {
        item.scope
        for part in parts
        if not part.row.abroad
        for item in part.items
        if item.scope is not None
        and item.scope[0].isdecimal()
        and (item.scope[1] or KINDS[part.row.kind].scope == "account")
    }


def infer_scope(documents: list[Document], scopes: Mapping[int, set[Scope]]) -> Callable[[Document], Scope]:
    """How to place a document that does not say where it is from.

    By the account and Region that its folders are named after; else by what the documents of the same folder
    agree on; else by what all documents agree on.  Where they disagree, that part stays ''.
    """
    agreements = {folder: _agreed(stated) for folder, stated in _scopes_by_folder(documents, scopes).items()}

    def place(document: Document) -> Scope:
        folder = _folder(document)
        by_name, nearby, everywhere = _scope_in_path(folder), agreements[folder], agreements[None]
        account = document.account or by_name[0] or nearby[0] or everywhere[0]
        region = document.region or by_name[1] or nearby[1] or everywhere[1]
        return (account, region)

    return place


def _scopes_by_folder(documents: list[Document], scopes: Mapping[int, set[Scope]]) -> dict[str | None, set[Scope]]:
    """The accounts and Regions that the documents of each folder name, and under None those of all."""
    by_folder: dict[str | None, set[Scope]] = defaultdict(set)
    # DMS's own answers decide: a key or a secret may well be another account's.
    for from_dms in (True, False):
        decided = {folder: bool(stated) for folder, stated in by_folder.items()}
        for document in documents:
            if document.operation.startswith("dms:") is from_dms:
                for folder in (None, _folder(document)):
                    if not decided.get(folder):
                        by_folder[folder] |= scopes[id(document)]
    return by_folder


def _agreed(scopes: set[Scope]) -> Scope:
    """The account and the Region that all of these share; '' for each in which they differ."""
    accounts = {account for account, _ in scopes} - {""}
    regions = {region for _, region in scopes} - {""}
    return (
        accounts.pop() if len(accounts) == 1 else "",
        regions.pop() if len(regions) == 1 else "",
    )


def _folder(document: Document) -> str:
    # A path for each document, only to ask for its parent, was a quarter of the time that an inventory takes.
    return os.path.dirname(document.file) if document.file else ""  # noqa: PTH120


@lru_cache(maxsize=1024)
def _scope_in_path(folder: str) -> Scope:
    """The account and Region that a folder, or the nearest above it, is named after; '' where none is."""
    names = PurePath(folder).parts[::-1]
    account = next((name for name in names if re.fullmatch(r"\d{12}", name)), "")
    region = next((name for name in names if _REGION.fullmatch(name)), "")
    return (account, region)

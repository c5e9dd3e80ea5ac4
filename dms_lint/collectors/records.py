"""What came of one call to AWS, as it is kept in memory and in a snapshot, and the documents in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dms_lint.aws.responses import shapes_of
from dms_lint.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dms_lint.model import Refusal


class Record(NamedTuple):
    """One call: what was asked, of whom, and the answer or the refusal."""

    operation: str
    account: str
    region: str
    """'' for what belongs to an account as a whole."""
    subjects: tuple[str, ...] = ()
    """What it was asked about; none for a listing."""
    body: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    """With a body: why the listing breaks off there."""


def documents(record: Record) -> Iterator[Document]:
    """The documents of a record: one, or one for each thing that it was asked about."""
    document = Document(
        record.operation, record.body or {}, account=record.account, region=record.region, refusal=record.refusal
    )
    if record.body is not None and record.refusal is not None:
        # Both are told: what was read of it, and that the rest is missing and why.
        yield document._replace(refusal=None, body=_open(record.body))
        document = document._replace(body={})
    if not record.subjects:
        yield document
    for subject in record.subjects:
        if record.body is not None and len(record.subjects) > 1:
            yield document._replace(subject=subject, body=_about(subject, record))
        else:
            yield document._replace(subject=subject)


def _about(subject: str, record: Record) -> dict[str, Any]:
    """Of an answer about several, what is about one: each row of ListTagsForResource names its resource."""
    body: dict[str, Any] = dict(record.body or {})
    for row in shapes_of(record.operation):
        for mark in row.marks:
            body[mark] = [item for item in body.get(mark, ()) if item.get(row.id.rstrip("?")) == subject]
    return body


def _open(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A body that says that more pages follow, as the last page that was read says itself unless it was garbled."""
    return {**body, "NextToken": body.get("NextToken") or "unread"}

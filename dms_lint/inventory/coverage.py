"""How completely each listing was read, and why what it does not hold is missing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dms_lint.aws.kinds import KINDS
from dms_lint.aws.responses import NOT_THERE, RESPONSES, action, command, operations, shapes_of
from dms_lint.model import Missing, Refusal, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from dms_lint.inventory.scopes import Scope

    Listing = tuple[str, Scope]
    """A kind, and the account and Region whose resources of that kind are listed."""


@lru_cache(maxsize=8192)
def normal(subject: str) -> str:
    """A subject as it is compared: the characters that file names cannot have do not matter, nor does case."""
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")


@lru_cache(maxsize=8192)
def _ends(id: str) -> frozenset[str]:
    """Normalised texts by which a file may name the resource of this id: the id, or its ARN's end after a `:` or `/`.

    A name is only itself: `eu-orders` and `prod/orders` are not `orders`.
    """
    cuts = [n + 1 for n, character in enumerate(id) if character in ":/"] if id.startswith("arn:") else []
    return frozenset(normal(id[cut:]) for cut in (0, *cuts)) - {""}


class UnansweredCall(NamedTuple):
    """A call whose response is missing: AWS refused it, or more pages follow and were not read."""

    about: str
    """The subject of the call; '' for a listing, or where it is not known."""
    scope: Scope
    operation: str
    refusal: Refusal | None
    file: str | None

    def may_concern(self, id: str) -> bool:
        """Whether it may be about the resource of that id."""
        return normal(self.about) in _ends(id) or normal(id) in _ends(self.about)

    def concerns(self, id: str) -> bool:
        """Whether it is about the resource of that id and no other: `a-b` may stand for the name `a/b`, or `a-b`."""
        if not self.may_concern(id):
            return False
        return id.startswith("arn:") or self.about.startswith("arn:") or self.about.lower() == id.lower()

    def missing(self, subject: str) -> Missing:
        """The Missing of a subject that the response would have held."""
        if self.refusal is not None:
            return self.refusal.missing(subject, action(self.operation))
        return Truncation(self.operation, self.file or command(self.operation)).missing(subject)


class Truncation(NamedTuple):
    """A listing that breaks off."""

    operation: str
    file: str
    """The file that holds its first page, or else the command that prints it."""

    def missing(self, subject: str) -> Missing:
        """The Missing of a subject that the pages which were not read may hold."""
        return Missing(
            f"{subject}: the listing in {self.file} breaks off, more pages follow",
            needs=action(self.operation),
            reason="the listing breaks off, more pages follow",
            status=Status.NOT_READABLE,
        )


class Extract(NamedTuple):
    """A document that holds some resources of a kind and is never all of them, such as a template."""

    scope: Scope
    operation: str
    reason: str
    """Why a resource that it does not hold may exist: `not in the template`."""

    def may_be_in(self, place: Scope) -> bool:
        """Whether the document may be of that account and Region."""
        return _may_be_in(self.scope, place)

    def missing(self, subject: str) -> Missing:
        """The Missing of a subject that the document does not hold."""
        return Missing(f"{subject}: {self.reason}", needs=action(self.operation), reason=self.reason)


class Coverage(NamedTuple):
    """Each listing by kind, account and Region: complete, truncated, refused, or else not asked for."""

    complete: AbstractSet[Listing]
    truncated: Mapping[Listing, Truncation]
    unanswered: Mapping[str, Sequence[UnansweredCall]]
    """By kind, the calls whose responses are missing."""
    extracts: Mapping[str, Sequence[Extract]]
    """By kind, the documents that are never a whole listing."""

    def is_complete(self, kind: str, scope: Scope) -> bool:
        """Whether every resource of a kind there was read."""
        return (kind, scope) in self.complete

    def scopes(self) -> set[Scope]:
        """Every account and Region that a listing or a call without a response is of."""
        scopes = {scope for _, scope in (*self.complete, *self.truncated)}
        scopes.update(call.scope for calls in self.unanswered.values() for call in calls)
        return scopes

    def unread(self, kind: str) -> Iterator[tuple[str, str, Missing]]:
        """Account, Region and reason of every listing of a kind that AWS refused, or that breaks off."""
        for origin in KINDS[kind].implied_by:
            yield from self.unread(origin)
        listings = {row.operation for row in RESPONSES if row.kind == kind and row.shape == "complete"}
        refused = {call.scope for call in self.unanswered.get(kind, ()) if call.operation in listings}
        truncated = {scope for listed_kind, scope in self.truncated if listed_kind == kind}
        for scope in sorted(refused | truncated):
            if not self.is_complete(kind, scope):
                yield (*scope, self.missing(kind, scope))

    def is_absent(self, kind: str, scope: Scope, id: str) -> bool:
        """Whether the resource of that id, which was not read, certainly does not exist there.

        It does not where the listing is complete, or where AWS answered that there is none.
        """
        return self.is_complete(kind, scope) or any(
            call.refusal is not None and call.refusal.code in NOT_THERE and call.scope == scope and call.concerns(id)
            for call in self.unanswered.get(kind, ())
        )

    def refusal(self, operation: str, subject: str, account: str = "") -> Refusal | None:
        """How AWS refused an operation on that subject, or on all; None where it did not."""
        for call in self.unanswered.get(shapes_of(operation)[0].kind, ()):
            is_of_account = call.operation == operation and call.scope[0] in (account, "")
            if is_of_account and call.refusal is not None and (not call.about or call.may_concern(subject)):
                return call.refusal
        return None

    def missing(self, kind: str, scope: Scope, *subjects: str) -> Missing:
        """Why nothing is known of a resource, by any of these names, or of a listing where no name is given."""
        place = (scope[0] or "the account") + (f" in {scope[1]}" if scope[1] else "")
        subject = f"{kind} {subjects[0]}" if subjects else f"the {KINDS[kind].plural} of {place}"
        for call in self.unanswered.get(kind, ()):
            if _may_be_in(call.scope, scope) and (not call.about or any(map(call.may_concern, subjects))):
                return call.missing(subject)
        if (kind, scope) in self.truncated:
            return self.truncated[kind, scope].missing(subject)
        for extract in self.extracts.get(kind, ()):
            if extract.may_be_in(scope):
                return extract.missing(subject)
        needs = action(operations(kind)[0])
        return Missing(f"{subject}: not in the input", needs=needs, reason="not in the input")


def _may_be_in(scope: Scope, place: Scope) -> bool:
    """Whether an account and Region, as far as they are known, may be that place."""
    return scope[0] in (place[0], "") and scope[1] in (place[1], "")

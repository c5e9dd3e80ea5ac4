"""The access keys of a user: which are active, and how old they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.timestamps import moment, parse_moment
from dms_lint.facts.fact import Fact, memoized, texts
from dms_lint.facts.iam.identities import credential_report
from dms_lint.facts.iam.identities.attached_policies import holder_of
from dms_lint.facts.iam.identities.principals import PRINCIPAL
from dms_lint.facts.iam.identities.requester import USER
from dms_lint.logic.kleene import Partial, attempt, listing
from dms_lint.model import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

ACTIVE: Final = "Active"
_STATUSES: Final = (ACTIVE, "Inactive", "Expired")
LONGEST: Final = 90
"""Days after which a key is to be replaced: what the credential reports of most auditors ask for."""

AN_ACTIVE: Final = "an active access key"
TWO_ACTIVE: Final = "two active access keys"
OLD: Final = f"an active access key over {LONGEST} days old"


class Key(NamedTuple):
    """An active access key."""

    name: str
    days: int | None
    """Its age; None where that is not known."""

    @property
    def described(self) -> str:
        """The key and its age."""
        return self.name if self.days is None else f"{self.name} ({self.days} days old)"


@memoized
def _active(principal: Resource, inventory: Inventory) -> Partial[Key]:
    """The keys that are active, and why there may be more."""
    user = holder_of(principal, inventory)
    if user.kind != USER:
        return Partial()
    answer = attempt(lambda: _listed(user, inventory))
    if not isinstance(answer, Missing):
        return listing(lambda: _listed_keys(answer, inventory))
    report = attempt(lambda: _reported(user, inventory))
    return Partial((), answer) if isinstance(report, Missing) else Partial(report)


def _listed_keys(answer: Resource, inventory: Inventory) -> Iterator[Key]:
    for key in answer.records("AccessKeyMetadata"):
        if key.text("Status") not in _STATUSES:
            raise key.malformed("Status", "Active or Inactive")
        if key.text("Status") == ACTIVE:
            created = moment(key, "CreateDate") if "CreateDate" in key else None
            yield Key(key.text("AccessKeyId"), _age(created, inventory))


def _listed(user: Resource, inventory: Inventory) -> Resource:
    """The response of ListAccessKeys about a user, by the user name in its keys, or else by the file's name."""
    for answer in inventory.index("access-keys", _users).get(user.name, ()):
        if answer.account in (user.account, ""):
            return answer
    return inventory.about("access-keys", user.name, user.id, account=user.account)


def _users(answer: Resource) -> tuple[str, ...]:
    names = dict.fromkeys(key.text("UserName", default="") for key in answer.records("AccessKeyMetadata"))
    return tuple(name for name in names if name)


def _reported(user: Resource, inventory: Inventory) -> tuple[Key, ...]:
    line = credential_report.row(user.name, user.account, inventory)

    def keys() -> Iterator[Key]:
        for n in (1, 2):
            if credential_report.is_true(line, f"access_key_{n}_active"):
                created = parse_moment(line.get(f"access_key_{n}_last_rotated", ""))
                yield Key(f"access key {n}", _age(created, inventory))

    return tuple(keys())


def _age(created: datetime | None, inventory: Inventory) -> int | None:
    return None if created is None else max((inventory.now - created).days, 0)


def active(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The active access keys of a user, each with its age in days; none of a role.

    The credential report does not tell their ids: there they are `access key 1` and `access key 2`.
    """
    return tuple(key.described for key in _active(principal, inventory).certain())


def faults(principal: Resource, inventory: Inventory) -> tuple[str, ...]:
    """What is wrong with a user's access keys: that one is active, two are, or one is over 90 days old."""
    keys = _active(principal, inventory).certain()
    if not keys:
        return ()
    old = (OLD,) if any(key.days is not None and key.days > LONGEST for key in keys) else ()
    return (TWO_ACTIVE, *old) if len(keys) > 1 else (old or (AN_ACTIVE,))


FACTS: Final = (
    Fact("access_keys.active", PRINCIPAL, texts(), active),
    Fact("access_keys.faults", PRINCIPAL, texts(AN_ACTIVE, TWO_ACTIVE, OLD), faults),
)

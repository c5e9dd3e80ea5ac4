"""The bucket of an S3 endpoint: whether there is one of that name, and whose it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import ENDPOINT, engine, setting
from dms_lint.facts.fact import FLAG, Fact, memoized, text
from dms_lint.facts.iam.dms_roles.service_access_roles import ELSEWHERE, HERE, NOWHERE
from dms_lint.logic.kleene import all_of, attempt, require
from dms_lint.model import Missing

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.logic.kleene import Verdictish
    from dms_lint.model import Resource

_HEAD: Final = "s3:HeadBucket"
_KINDS: Final = ("bucket-head", "bucket-location", "bucket-encryption")
"""The kinds of answers about one bucket: each tells that there is one, or that there is none."""
_FORBIDDEN: Final = frozenset({"403", "AccessDenied", "Forbidden", "AllAccessDisabled"})


@memoized
def name_of(endpoint: Resource, inventory: Inventory) -> str:
    """The bucket that an S3 endpoint names; '' for another engine."""
    if engine(endpoint, inventory) != "s3":
        return ""
    name = setting(endpoint, inventory, "BucketName")
    if not name:
        raise endpoint.block("S3Settings").missing("BucketName")
    return name


def _listed(endpoint: Resource, inventory: Inventory) -> Resource | Missing | None:
    """The bucket among the account's own; None where the whole listing lacks it."""
    return attempt(lambda: inventory.find("bucket", name_of(endpoint, inventory), endpoint.account))


def _answered(endpoint: Resource, inventory: Inventory) -> Verdictish:
    """Whether S3 knows the name, as an answer about that one bucket says."""
    name, account = name_of(endpoint, inventory), endpoint.account
    responses = [attempt(partial(inventory.about, kind, name, account=account)) for kind in _KINDS]
    if not all(isinstance(response, Missing) for response in responses):
        return True
    # None where S3 said that there is no such bucket; what an answer holds was seen above.
    resources = [attempt(partial(inventory.find, kind, name, account)) for kind in _KINDS]
    return all_of(resource if isinstance(resource, Missing) else resource is not None for resource in resources)


def exists(endpoint: Resource, inventory: Inventory) -> bool:
    """Whether there is a bucket of the name that the endpoint names, in whatever account."""
    if isinstance(_listed(endpoint, inventory), (Missing, type(None))):
        return require(_answered(endpoint, inventory))
    return True


def whereabouts(endpoint: Resource, inventory: Inventory) -> str:
    """Whose the endpoint's bucket is: the endpoint's account's, another account's, or nobody's.

    One that the account's listing lacks and that S3 knows, or forbids, is another account's.
    """
    listed = _listed(endpoint, inventory)
    if listed is not None and not isinstance(listed, Missing):
        return HERE
    answered = _answered(endpoint, inventory)
    if answered is False:
        return NOWHERE
    if isinstance(listed, Missing):
        raise listed
    if isinstance(answered, Missing):
        refusal = inventory.refusal(_HEAD, name_of(endpoint, inventory), endpoint.account)
        if refusal is None or refusal.code not in _FORBIDDEN:
            raise answered
    return ELSEWHERE


def expected_owner(endpoint: Resource, inventory: Inventory) -> str:
    """The account that the endpoint expects the bucket to belong to; '' where it names none, or is no S3 endpoint."""
    return setting(endpoint, inventory, "ExpectedBucketOwner") if name_of(endpoint, inventory) else ""


FACTS: Final = (
    Fact("bucket.name", ENDPOINT, text(), name_of),
    Fact("bucket.exists", ENDPOINT, FLAG, exists),
    Fact("bucket.whereabouts", ENDPOINT, text(HERE, ELSEWHERE, NOWHERE), whereabouts),
    Fact("bucket.expected_owner", ENDPOINT, text(), expected_owner),
)

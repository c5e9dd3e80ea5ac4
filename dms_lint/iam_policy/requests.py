"""Requests to AWS: an action, a resource and the context, as far as they are known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dms_lint.aws.partitions import dns_suffixes, partition_of
from dms_lint.iam_policy.statements import ANYTHING
from dms_lint.model import EMPTY

if TYPE_CHECKING:
    from dms_lint.iam_policy.conditions import Context

IMPROBABLE_NAMES: Final = ("q7zxk2vw9jr4", "m4hplc8dtn6y")
"""Names that no resource has: what covers a resource of either name covers every resource of the type."""


class Request(NamedTuple):
    """A request to AWS."""

    action: str
    resource: str = ANYTHING
    """An ARN; a pattern where no more is known of it, which stands for *one* resource that it matches; ANYTHING
    for an action that takes no resource."""
    context: Context = EMPTY
    chosen: frozenset[str] = frozenset()
    """Condition keys, in lower case and without what follows a `/`, whose values the caller is free to choose (where
    it calls from, whether with MFA, the tags that it sets).  A grant that depends on one can be had, a denial can be
    avoided: then the answer is whether *some* such request is allowed."""


def role_context(role: str, account: str, region: str = "", *, via: str = "") -> Context:
    """The context of requests that DMS makes with a role, for a resource of that account and Region.

    `via` is the service that calls AWS KMS for it (`s3`).  A Region that is not known is left open.
    """
    partition = partition_of(role)
    suffix = dns_suffixes().get(partition, dns_suffixes()["aws"])
    context = {
        "aws:principalarn": (role,),
        "aws:principalaccount": (account,),
        "aws:sourceaccount": (account,),
        "aws:sourcearn": (f"arn:{partition}:dms:{region or '*'}:{account}:*",),
        "aws:securetransport": ("true",),
        "kms:calleraccount": (account,),
    }
    if region:
        context["aws:requestedregion"] = (region,)
    if via:
        context["kms:viaservice"] = (f"{via}.{region or '*'}.{suffix}",)
    return context

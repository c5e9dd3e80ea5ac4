"""The tags of DMS resources."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from dms_lint.aws.arn import parse_arn
from dms_lint.facts.fact import Fact, texts
from dms_lint.model import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

KINDS: Final = ("certificate", "event-subscription", "replication-instance", "subnet-group", "endpoint", "task")

_NAMES_OF: Final = (*KINDS, "replication-config", "data-provider", "instance-profile", "migration-project")
"""The kinds that ListTagsForResource may be asked about."""


def keys(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The keys of the resource's tags, without those that AWS sets itself (`aws:...`)."""
    return tuple(key for key in carried(resource, inventory) if not key.lower().startswith("aws:"))


def carried(resource: Resource, inventory: Inventory) -> tuple[str, ...]:
    """The keys of all tags that a resource carries, whoever set them."""
    answer = _answer(resource, inventory)
    tag_keys: list[str] = []
    for number, tag in enumerate(answer.objects("TagList")):
        key = tag.get("Key")
        if not isinstance(key, str):
            key = answer.records("TagList")[number].text("Key")
        tag_keys.append(key)
    return tuple(tag_keys)


def _answer(resource: Resource, inventory: Inventory) -> Resource:
    """What ListTagsForResource said of the resource.

    An answer does not always say which resource it is about: then its file's name does, by ARN, end of the ARN or
    name.  Two resources may share a name or an end: such an answer is about neither for certain.
    """
    account, region = resource.account, resource.region
    try:
        return inventory.about("tags", resource.arn, account=account, region=region)
    except Missing as missing:
        for name in _names(resource):
            try:
                tags = inventory.about("tags", name, account=account, region=region)
            except Missing:
                continue
            shared = inventory.once("names of what may have tags", lambda: _shared(inventory))
            if shared[account, region, name] > 1:
                raise Missing(
                    f"{tags.file} may be about {resource.where} or about another resource called {name}",
                    needs="dms:ListTagsForResource",
                    reason="an answer may be about one of several resources: name its file after the ARN",
                    status=Status.NOT_READABLE,
                ) from None
            return tags
        raise missing from None


def _names(resource: Resource) -> tuple[str, ...]:
    """How a file's name may call a resource, in lower case.

    Its name, the end of its ARN, or the end with the type before it (`endpoint:abc`), which no two share.
    """
    arn = parse_arn(resource.arn)
    end = (arn.resource if arn is not None else resource.arn).split(":")[-2:]
    names = (resource.name.lower(), end[-1].lower(), ":".join(end).lower())
    return tuple(dict.fromkeys(name for name in names if name))


def _shared(inventory: Inventory) -> Mapping[tuple[str, str, str], int]:
    """How many resources go by each name."""
    return Counter(
        (resource.account, resource.region, name)
        for kind in _NAMES_OF
        for resource in inventory.known(kind)
        for name in _names(resource)
    )


FACTS: Final = (Fact("tags.keys", KINDS, texts(), keys),)

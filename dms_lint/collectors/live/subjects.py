"""What a call is asked about: the subjects that stand in answers already given."""

from __future__ import annotations

import re
from json import dumps
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.partitions import partition_of_region
from dms_lint.inventory.scopes import arn_of, split_response

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from dms_lint.collectors.live.calls import Call
    from dms_lint.inventory.scopes import Item
    from dms_lint.model import Document

_TAKES_ALIASES: Final = "kms:DescribeKey"
"""The one operation about a key that may be asked by an alias (KMS API reference)."""
_OF_DMS: Final = re.compile(r'"(?:dms:|\*)|"NotAction"', re.IGNORECASE)
_KEY_ID: Final = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def subjects(
    call: Call, documents: Iterable[Document], account: str, region: str, scanned: Collection[str] = ()
) -> tuple[str, ...]:
    """What to ask the call about, in an account and Region: each once, in the order of the answers.

    `scanned` are the Regions of the account that are read: what has its home in another of them is asked about there.
    """
    told: dict[str, list[tuple[Any, Item, Document]]] = {kind: [] for kind, _ in call.follows}
    for document in documents:
        for part in split_response(document):
            if part.row.kind in told:
                told[part.row.kind].extend((part.row, item, document) for item in part.items)
    found: dict[str, None] = {}
    for kind, path in call.follows:
        for row, item, document in told[kind]:
            if path == "=":
                found[arn_of(row, item.id, account, region)] = None
            elif not path:
                continue  # read for what it says of others
            elif path == "home":
                home = item.data.get("HomeRegion", region)
                if home == region or home not in scanned:
                    found[item.id] = None
            elif path == "operators":
                if may_manage_dms(item.data, document.body):
                    found[str(item.data.get("UserName", ""))] = None
            else:
                found.update(dict.fromkeys(values(item.data, path)))
    if call.about == "KeyId":
        keys = {item.data.get("AliasName"): item.data.get("TargetKeyId") for _, item, _ in told.get("kms-alias", ())}
        found = dict.fromkeys(_key(written, keys, account, region) for written in found)
        if call.operation != _TAKES_ALIASES:
            found = {key: None for key in found if "alias/" not in key}
    if call.about == "PrefixListId":
        # Of AWS's own lists the ranges are known already.
        found = {id_: None for id_ in found if all(id_ != item.id for _, item, _ in told.get("prefix-list", ()))}
    found.pop("", None)
    return tuple(found)


def _key(written: str, aliases: Mapping[Any, Any], account: str, region: str) -> str:
    """The ARN of a key that is written as an id or as an alias of the Region's, so that none is asked about twice."""
    own = f"arn:{partition_of_region(region)}:kms:{region}:{account}:"
    id_ = aliases.get(written.removeprefix(own)) or written
    return f"{own}key/{id_}" if isinstance(id_, str) and _KEY_ID.fullmatch(id_) else written


def values(data: Any, path: str) -> Iterator[str]:
    """The texts that stand there: members joined by `.`, of which `*` is any; lists are gone through.

    `MEMBER key` is the value of a `key=value` in a text of several, joined by `;`.
    """
    member, _, rest = path.partition(".")
    if isinstance(data, list):
        for item in data:
            yield from values(item, path)
    elif not path:
        if isinstance(data, str):
            yield data
    elif isinstance(data, dict):
        member, _, attribute = member.partition(" ")
        if attribute:
            yield from _attribute(data.get(member), attribute)
            return
        for name in data if member == "*" else (member,):
            yield from values(data.get(name), rest)


def _attribute(text: Any, name: str) -> Iterator[str]:
    if isinstance(text, str):
        for found in re.finditer(rf"(?:^|;)\s*{name}\s*=\s*([^;]*)", text, re.IGNORECASE):
            yield found[1].strip().strip("\"'")


def may_manage_dms(user: Mapping[str, Any], details: Mapping[str, Any]) -> bool:
    """Whether a policy of a user, or of a group of the user, may speak of DMS: at a glance, and rather once too often.

    `details` is the answer of GetAccountAuthorizationDetails that tells of the user.
    """
    groups = user.get("GroupList") or ()
    holders = [user, *(one for one in details.get("GroupDetailList") or () if one.get("GroupName") in groups)]
    texts = [dumps([one.get("UserPolicyList"), one.get("GroupPolicyList")]) for one in holders]
    attached = {
        policy.get("PolicyArn")
        for one in holders
        for policy in one.get("AttachedManagedPolicies") or ()
        if isinstance(policy, dict)
    }
    told = {policy.get("Arn"): policy for policy in details.get("Policies") or () if isinstance(policy, dict)}
    texts += [dumps(told[arn]) for arn in attached & set(told)]
    # Of a policy whose text is not told it cannot be said.
    return bool(attached - set(told)) or any(map(_OF_DMS.search, texts))

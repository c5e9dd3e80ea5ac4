"""Selectors: where in answers already given the subjects of further calls stand."""

from __future__ import annotations

import re
from json import dumps
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws.partitions import partition_of_region
from dms_lint.inventory.scopes import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from dms_lint.aws.responses import ResponseShape
    from dms_lint.inventory.scopes import Item

_ABOUT_DMS: Final = re.compile(r'"(?:dms:|\*)|"NotAction"', re.IGNORECASE)
_KEY_ID: Final = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Listed(NamedTuple):
    """A resource in an answer."""

    row: ResponseShape
    item: Item
    body: Mapping[str, Any]
    """The whole answer."""


class Answers(NamedTuple):
    """The answers of an account in one Region, by the kinds of resources in them."""

    listed: Mapping[str, Iterable[Listed]]
    account: str
    region: str
    scanned: Collection[str] = ()
    """The Regions of the account that are read."""

    def of(self, kind: str) -> Iterable[Listed]:
        """The resources of a kind, in the order of the answers."""
        return self.listed.get(kind, ())


class Selector(NamedTuple):
    """Subjects that stand in answers about resources of these kinds."""

    kinds: tuple[str, ...]
    select: Callable[[Answers], Iterable[str]]
    """The subjects, in the order of the answers; one may come twice."""
    path: str = ""
    """The path of `member`, '' of every other selector."""


def arns(*kinds: str) -> Selector:
    """The ARNs of resources of these kinds, also where AWS does not send them."""

    def select(answers: Answers) -> Iterator[str]:
        for kind in kinds:
            for row, item, _ in answers.of(kind):
                yield arn_of(row, item.id, answers.account, answers.region)

    return Selector(kinds, select)


def member(kind: str, path: str) -> Selector:
    """The texts at a path in resources of a kind, see `texts`."""

    def select(answers: Answers) -> Iterator[str]:
        for _, item, _ in answers.of(kind):
            yield from texts(item.data, path)

    return Selector((kind,), select, path)


def attribute(kind: str, text_member: str, name: str) -> Selector:
    """The value of `name=value` in a member with several such, as the ExtraConnectionAttributes of endpoints are."""

    def select(answers: Answers) -> Iterator[str]:
        for _, item, _ in answers.of(kind):
            text = item.data.get(text_member)
            if isinstance(text, str):
                yield from attribute_values(text, name)

    return Selector((kind,), select)


def home_trails() -> Selector:
    """The trails whose home is this Region, or one that is not read: those are asked about by ARN, and so at home."""

    def select(answers: Answers) -> Iterator[str]:
        for _, item, _ in answers.of("trail"):
            home = item.data.get("HomeRegion", answers.region)
            if home == answers.region or home not in answers.scanned:
                yield item.id

    return Selector(("trail",), select)


def users_managing_dms() -> Selector:
    """The names of IAM users that `may_manage_dms`."""

    def select(answers: Answers) -> Iterator[str]:
        for _, item, body in answers.of("user"):
            if may_manage_dms(item.data, body):
                yield str(item.data.get("UserName", ""))

    return Selector(("user",), select)


def keys(*selectors: Selector) -> Selector:
    """KMS keys by ARN where it can be told, so that none is asked about twice; else by id, name or alias as written."""

    def select(answers: Answers) -> Iterator[str]:
        aliases = {item.data.get("AliasName"): item.data.get("TargetKeyId") for _, item, _ in answers.of("kms-alias")}
        for name in _each(selectors, answers):
            yield _key_arn(name, aliases, answers.account, answers.region)

    return Selector((*_kinds(selectors), "kms-alias"), select)


def without_aliases(selector: Selector) -> Selector:
    """The same but for aliases: of what is asked about a key, DescribeKey alone takes them (KMS API reference)."""

    def select(answers: Answers) -> Iterator[str]:
        return (name for name in selector.select(answers) if "alias/" not in name)

    return Selector(selector.kinds, select)


def unlisted(kind: str, *selectors: Selector) -> Selector:
    """The subjects that are no resources of a kind, whose listing says it all."""

    def select(answers: Answers) -> Iterator[str]:
        ids = {item.id for _, item, _ in answers.of(kind)}
        return (subject for subject in _each(selectors, answers) if subject not in ids)

    return Selector((*_kinds(selectors), kind), select)


def _each(selectors: Iterable[Selector], answers: Answers) -> Iterator[str]:
    for selector in selectors:
        yield from selector.select(answers)


def _kinds(selectors: Iterable[Selector]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind for selector in selectors for kind in selector.kinds))


def _key_arn(name: str, aliases: Mapping[Any, Any], account: str, region: str) -> str:
    """The ARN of a key that is called by its id or by an alias of the Region."""
    prefix = f"arn:{partition_of_region(region)}:kms:{region}:{account}:"
    id_ = aliases.get(name.removeprefix(prefix)) or name
    return f"{prefix}key/{id_}" if isinstance(id_, str) and _KEY_ID.fullmatch(id_) else name


def texts(data: Any, path: str) -> Iterator[str]:
    """The texts at a path: members joined by `.`, `*` for any member; lists are gone through."""
    name, _, rest = path.partition(".")
    if isinstance(data, list):
        for item in data:
            yield from texts(item, path)
    elif not path:
        if isinstance(data, str):
            yield data
    elif isinstance(data, dict):
        for key in data if name == "*" else (name,):
            yield from texts(data.get(key), rest)


def attribute_values(text: str, name: str) -> Iterator[str]:
    """The values of `name=value` in a text of several such, joined by `;`."""
    for match in re.finditer(rf"(?:^|;)\s*{name}\s*=\s*([^;]*)", text, re.IGNORECASE):
        yield match[1].strip().strip("\"'")


def may_manage_dms(user: Mapping[str, Any], details: Mapping[str, Any]) -> bool:
    """Whether a policy of a user, or of a group of the user, may speak of DMS: at a glance, and rather once too often.

    `details` is the answer of GetAccountAuthorizationDetails in which the user is listed.
    """
    groups = user.get("GroupList") or ()
    holders = [user, *(group for group in details.get("GroupDetailList") or () if group.get("GroupName") in groups)]
    policies = [dumps([holder.get("UserPolicyList"), holder.get("GroupPolicyList")]) for holder in holders]
    attached = {
        policy.get("PolicyArn")
        for holder in holders
        for policy in holder.get("AttachedManagedPolicies") or ()
        if isinstance(policy, dict)
    }
    managed = {policy.get("Arn"): policy for policy in details.get("Policies") or () if isinstance(policy, dict)}
    policies += [dumps(managed[arn]) for arn in attached & set(managed)]
    # A policy whose text is not in the answer may say anything.
    return bool(attached - set(managed)) or any(map(_ABOUT_DMS.search, policies))

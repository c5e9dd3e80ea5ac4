"""Which accounts and Regions are read, with whose credentials: profiles, roles, organizations."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.arn import parse_arn
from dms_lint.collectors.live.account import Account, must_be_private, sentence
from dms_lint.collectors.live.calls import ENTERING
from dms_lint.collectors.live.errors import CannotStart, failures, parsed, refusal_of
from dms_lint.collectors.live.regions import ALL, find_regions, must_be_regions
from dms_lint.model import Notice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dms_lint.aws.where import Where


_ROLE: Final = re.compile(r"arn:(aws[\w-]*):iam::(\d{12}):role/[\w+=,.@/-]+")


def enter(where: Where, allowed: Collection[str]) -> Iterator[Account | Notice]:
    """The accounts to read, each with its Regions; and what is to be said of those that are not read.

    `allowed` are the operations that may be called in them, besides those that find out what there is.
    Raises CannotStart where there are no credentials, no Region, or a name that cannot be.
    """
    from botocore.exceptions import ClientError

    must_be_private("--endpoint-url", where.endpoint_url)
    for name, url in os.environ.items():
        if name.startswith("AWS_ENDPOINT_URL"):
            must_be_private(name, url)
    _must_be_roles(where.role_arns)
    try:
        session = _session(where)
        for entry in _accounts(Account("", session, where, ENTERING | set(allowed))):
            if isinstance(entry, Account):
                yield from find_regions(entry)
            yield entry
    except ClientError as error:
        raise CannotStart(_why_not(error)) from None
    except failures() as error:
        # By the refusal: what botocore says of a broken answer of STS holds the answer, and that may hold keys.
        raise CannotStart(f"{sentence(refusal_of(error).message)}{_way_out(error)}") from None


def _must_be_roles(arns: Collection[str]) -> None:
    accounts: dict[str, str] = {}
    for arn in arns:
        role = _ROLE.fullmatch(arn)
        if not role:
            raise CannotStart(f"--role-arn is {arn or 'empty'}: it must be like arn:aws:iam::111122223333:role/NAME")
        if accounts.setdefault(role[2], arn) != arn:
            raise CannotStart(f"--role-arn names two roles of the account {role[2]}: give one")


def _session(where: Where) -> Any:
    core = _new_session(where)
    regions = [name for name in where.regions if name != ALL]
    of_cli = os.environ.get("AWS_REGION")  # which botocore does not read, and the AWS CLI does
    region = of_cli or core.get_config_variable("region") or (regions[0] if regions else None)
    if not region and ALL in where.regions:
        region = "us-east-1"
    if not region:
        raise CannotStart("no Region: give --region, or set AWS_REGION or the profile's region")
    must_be_regions(core, (region, *regions))
    return _as_sent(_boto3(core, region))


def _boto3(core: Any, region: str) -> Any:
    """The one session of boto3 on a session of botocore: a second would add its methods to clients of S3 again."""
    import boto3

    return boto3.Session(botocore_session=core, region_name=region)


def _new_session(where: Where) -> Any:
    """A session of botocore that shares the models of services with all others: each is read once a process."""
    from botocore.session import get_session

    session = get_session()
    if where.profile is not None:  # first of all: every setting may be the profile's
        session.set_config_variable("profile", where.profile)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    return session


@cache
def _loader(data_path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(data_path)


def _as_sent(session: Any) -> Any:
    """Let times and blobs stand as AWS wrote them: the answers are kept as they are."""
    factory = session._session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=lambda value: value, blob_parser=lambda value: value)
    return session


def _accounts(base: Account) -> Iterator[Account | Notice]:
    """The accounts that are asked for, by what the credentials at hand open."""
    where, region = base.where, base.session.region_name
    # First of all, and where roles are given too: credentials that are no good are no fault of the roles.
    sts = base.client("sts", region)
    base.id, partition = parsed(lambda: _caller(sts.get_caller_identity()))
    if where.role_arns:
        yield from (_assumed(base, arn) for arn in dict.fromkeys(where.role_arns))
        return
    if not where.organization:
        yield base
        return
    pages = base.client("organizations", region).get_paginator("list_accounts").paginate()
    for id_, state in parsed(lambda: [_listed(account) for page in pages for account in page["Accounts"]]):
        if id_ == base.id:
            yield base
        elif state != "ACTIVE":
            yield Notice(f"account {id_} is {str(state).lower()}: not scanned")
        else:
            yield _assumed(base, f"arn:{partition}:iam::{id_}:role/{where.organization_role}")


def _caller(answer: Any) -> tuple[str, str]:
    """The account and the partition that GetCallerIdentity tells."""
    return answer["Account"], answer["Arn"].split(":")[1]


def _credentials(answer: Any) -> dict[str, str]:
    """What AssumeRole gives, as botocore takes it."""
    return {
        "access_key": answer["AccessKeyId"],
        "secret_key": answer["SecretAccessKey"],
        "token": answer["SessionToken"],
        "expiry_time": answer["Expiration"],
    }


def _listed(account: Any) -> tuple[str, str]:
    """The number of an account of ListAccounts, and its state, which is to be called Status no longer."""
    return account["Id"], account.get("State") or account["Status"]


def _assumed(base: Account, arn: str) -> Account:
    """The account of a role, with credentials that renew themselves; its refusal where the role may not be assumed."""
    from botocore.credentials import RefreshableCredentials

    role = parse_arn(arn)
    where, id_ = base.where, role.account if role else ""
    client = base.client("sts", base.home)
    request = {"RoleArn": arn, "RoleSessionName": where.role_session_name}
    if where.external_id:
        request["ExternalId"] = where.external_id

    def assume() -> dict[str, str]:
        return parsed(lambda: _credentials(client.assume_role(**request)["Credentials"]))  # type: ignore[no-any-return]

    core = _new_session(where)
    session = _boto3(core, base.session.region_name)
    try:
        core._credentials = RefreshableCredentials.create_from_metadata(assume(), assume, "sts-assume-role")
    except failures() as error:  # this account cannot be read, and the others can
        refusal = refusal_of(error)
        return Account(id_, session, where, base.allowed, refusal._replace(needs=f"sts:AssumeRole on {arn}"))
    return Account(id_, _as_sent(session), where, base.allowed)


def _why_not(error: Any) -> str:
    refusal = refusal_of(error)
    if "Expired" in refusal.code:
        return f"the AWS credentials have expired ({refusal.code}): renew them, for instance with `aws sso login`"
    return f"AWS refused {error.operation_name} ({refusal.code}): {refusal.message}"


def _way_out(error: Exception) -> str:
    """What to do about it, where there is something."""
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError"):
        return ": log in (`aws sso login`, `aws configure`), set AWS_PROFILE, or give the folder of an export to scan"
    if name == "ProfileNotFound":
        return ": `aws configure list-profiles` lists them"
    if "SSO" in name or "Token" in name:
        return ": `aws sso login` renews it"
    if name == "ResponseParserError":
        return ": is that AWS, at this endpoint?"
    if name in ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"):
        return ": is the network there, and the Region right?"
    return ""

"""Which accounts and Regions are read, with whose credentials: profiles, roles, organizations."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint import __version__
from dms_lint.collectors.live.calls import ENTERING
from dms_lint.collectors.live.errors import failures, refusal_of
from dms_lint.collectors.live.readonly import guard
from dms_lint.model import Notice, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

ALL_REGIONS: Final = "all"
_HOST: Final = re.compile(r"http://(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:/.*)?", re.IGNORECASE)
_ROLE: Final = re.compile(r"arn:(aws[\w-]*):iam::(\d{12}):role/[\w+=,.@/-]+")


class NoEntry(Exception):
    """Nothing can be read at all; the message says why and what to do, in one line."""


class Where(NamedTuple):
    """What the user asked to be read, and how."""

    profile: str | None = None
    regions: tuple[str, ...] = ()
    """Names, or `all`; none means the Region of the session."""
    role_arns: tuple[str, ...] = ()
    external_id: str | None = None
    role_session_name: str = "dms-lint"
    organization: bool = False
    organization_role: str = "OrganizationAccountAccessRole"
    endpoint_url: str | None = None
    timeout: int = 60
    """Seconds that an answer may take."""
    workers: int = 16
    """Calls under way at once."""


class Account:
    """An account that can be entered, or the refusal with which AWS answered to the attempt."""

    def __init__(
        self,
        id: str,  # noqa: A002 - the word of AWS
        session: Any,
        where: Where,
        allowed: Collection[str],
        refusal: Refusal | None = None,
    ) -> None:
        self.id = id
        self.refusal = refusal
        self.allowed = allowed
        """The operations that may be called there."""
        self.regions: tuple[str, ...] = ()
        self.session = session
        self.where = where
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def home(self) -> str:
        """The Region in which is asked what an account has as a whole."""
        own = self.session.region_name
        return own if own in self.regions or not self.regions else self.regions[0]

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a Region, guarded and made once; never by two threads at a time."""
        if (service, region) not in self._clients:
            made = self.session.client(service, region_name=region, **_settings(self.session, self.where))
            self._clients[service, region] = guard(made, self.allowed)
        return self._clients[service, region]

    def well(self) -> bool:
        """Whether the credentials are good: what a Region then refuses, it refuses because it is not enabled."""
        try:
            self.client("sts", self.session.region_name or self.home).get_caller_identity()
        except failures():
            return False
        return True


def _settings(session: Any, where: Where) -> dict[str, Any]:
    from botocore.config import Config

    options: dict[str, Any] = {
        "connect_timeout": min(10, where.timeout),
        "read_timeout": where.timeout,
        "user_agent_extra": f"dms-lint/{__version__}",
    }
    profile = session._session.get_scoped_config()
    if not os.environ.get("AWS_RETRY_MODE") and "retry_mode" not in profile:
        options["retries"] = {"mode": "adaptive"}
    return {"config": Config(**options), "endpoint_url": where.endpoint_url}


def enter(where: Where, allowed: Collection[str]) -> Iterator[Account | Notice]:
    """The accounts to read, each with its Regions; and what is to be said of those that are not read.

    `allowed` are the operations that may be called in them, besides those that find out what there is.
    Raises NoEntry where there are no credentials, no Region, or a name that cannot be.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    _must_be_private(where.endpoint_url)
    try:
        session = _session(where)
        for found in _accounts(Account("", session, where, ENTERING | set(allowed))):
            if isinstance(found, Account):
                yield from _regions(found)
            yield found
    except ClientError as error:
        raise NoEntry(_why_not(error)) from None
    except BotoCoreError as error:
        raise NoEntry(f"{_sentence(error)}{_way_out(error)}") from None


def _must_be_private(endpoint_url: str | None) -> None:
    """Refuse an endpoint without TLS, unless it is of this machine: what comes from elsewhere could be anybody's."""
    urls = {"--endpoint-url": endpoint_url}
    urls.update({name: value for name, value in os.environ.items() if name.startswith("AWS_ENDPOINT_URL")})
    for name, url in urls.items():
        if url and not url.lower().startswith("https://") and not _HOST.fullmatch(url):
            raise NoEntry(f"{name} is {url}: it must begin with https://, or be http:// on this machine")


def _session(where: Where) -> Any:
    import boto3
    from botocore.session import get_session

    core = get_session()
    region = os.environ.get("AWS_REGION")  # which boto3 does not read, and the AWS CLI does
    named = [one for one in where.regions if one != ALL_REGIONS]
    session = boto3.Session(botocore_session=core, profile_name=where.profile, region_name=region)
    if session.region_name is None and (named or ALL_REGIONS in where.regions):
        session = boto3.Session(
            botocore_session=core, profile_name=where.profile, region_name=named[0] if named else "us-east-1"
        )
    if session.region_name is None:
        raise NoEntry("no Region: give --region, or set AWS_REGION or the profile's region")
    return _as_sent(session)


def _as_sent(session: Any) -> Any:
    """Let times and blobs stand as AWS wrote them: the answers are kept as they are."""
    factory = session._session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=lambda value: value, blob_parser=lambda value: value)
    return session


def _accounts(base: Account) -> Iterator[Account | Notice]:
    """The accounts that are asked for, by what the credentials at hand open."""
    where, session = base.where, base.session
    if where.role_arns:
        for arn in where.role_arns:
            if not _ROLE.fullmatch(arn):
                raise NoEntry(f"--role-arn is {arn}: it must be like arn:aws:iam::111122223333:role/NAME")
            yield _assumed(base, arn)
        return
    caller = base.client("sts", session.region_name).get_caller_identity()
    base.id = caller["Account"]
    if not where.organization:
        yield base
        return
    partition = caller["Arn"].split(":")[1]
    pages = base.client("organizations", session.region_name).get_paginator("list_accounts").paginate()
    for account in [one for page in pages for one in page["Accounts"]]:
        state = account.get("State") or account.get("Status")
        if account["Id"] == base.id:
            yield base
        elif state != "ACTIVE":
            yield Notice(f"account {account['Id']} is {str(state).lower()}: not scanned")
        else:
            yield _assumed(base, f"arn:{partition}:iam::{account['Id']}:role/{where.organization_role}")


def _assumed(base: Account, arn: str) -> Account:
    """The account of a role, with credentials that renew themselves; its refusal where the role may not be assumed."""
    import boto3
    from botocore.credentials import RefreshableCredentials
    from botocore.session import get_session

    where, id_ = base.where, arn.split(":")[4]
    client = base.client("sts", base.home)
    request = {"RoleArn": arn, "RoleSessionName": where.role_session_name}
    if where.external_id:
        request["ExternalId"] = where.external_id

    def assume() -> dict[str, str]:
        given = client.assume_role(**request)["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"],
        }

    core = get_session()
    # The models of services are read once for all sessions.
    core.register_component("data_loader", base.session._session.get_component("data_loader"))
    session = boto3.Session(botocore_session=core, region_name=base.session.region_name)
    try:
        core._credentials = RefreshableCredentials.create_from_metadata(assume(), assume, "sts-assume-role")
    except failures() as error:  # this account cannot be read, and the others can
        refusal = refusal_of(error)
        return Account(id_, session, where, base.allowed, refusal._replace(needs=f"sts:AssumeRole on {arn}"))
    return Account(id_, _as_sent(session), where, base.allowed)


def _regions(account: Account) -> Iterator[Notice]:
    """Find out the Regions of an account; and say which of those asked for cannot have DMS."""
    where, session = account.where, account.session
    core = session._session
    partition = _partition_of(core, session.region_name)
    with_dms = set(core.get_available_regions("dms", partition_name=partition))
    wanted = dict.fromkeys(where.regions or (session.region_name,))
    if ALL_REGIONS in wanted:
        enabled = with_dms
        if account.refusal is None:
            answer = _answer(lambda: account.client("ec2", account.home).describe_regions())
            if isinstance(answer, Refusal):
                yield Notice(
                    f"{account.id}: AWS refused ec2:DescribeRegions ({answer.code}): every Region with DMS is tried"
                )
            else:
                enabled = {region["RegionName"] for region in answer["Regions"]}
        account.regions = tuple(sorted(enabled & with_dms))
        return
    # STS is in every Region, and its model is small.
    known = set(core.get_available_regions("sts", partition_name=partition)) | with_dms
    found = []
    for name in wanted:
        if _partition_of(core, name) != partition:
            message = f"{account.id}: {name} is of another partition than {session.region_name}: not scanned"
            yield Notice(message, problem=True)
        elif name in known and name not in with_dms:
            yield Notice(f"{account.id}: there is no DMS in {name}: not scanned")
        else:
            found.append(name)
    account.regions = tuple(found)


def _partition_of(core: Any, region: str) -> str:
    from difflib import get_close_matches

    from botocore.exceptions import UnknownRegionError

    try:
        partition: str = core.get_partition_for_region(region)
    except UnknownRegionError:
        names = [name for one in core.get_available_partitions() for name in core.get_available_regions("sts", one)]
        near = get_close_matches(region, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else "Regions are named like eu-west-1"
        raise NoEntry(f"there is no Region '{region}'; {hint}") from None
    return partition


def _answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except failures() as error:
        return refusal_of(error)


def _why_not(error: Any) -> str:
    refusal = refusal_of(error)
    if "Expired" in refusal.code:
        return f"the AWS credentials have expired ({refusal.code}): renew them, for instance with `aws sso login`"
    return f"AWS refused {error.operation_name} ({refusal.code}): {refusal.message}"


def _sentence(error: Exception) -> str:
    return str(error).rstrip(". \n").replace("\n", " ")


def _way_out(error: Exception) -> str:
    """What to do about it, where there is something."""
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError"):
        return ": log in (`aws sso login`, `aws configure`), set AWS_PROFILE, or give the folder of an export to scan"
    if name == "ProfileNotFound":
        return ": `aws configure list-profiles` lists them"
    if "SSO" in name or "Token" in name:
        return ": `aws sso login` renews it"
    if name in ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"):
        return ": is the network there, and the Region right?"
    return ""

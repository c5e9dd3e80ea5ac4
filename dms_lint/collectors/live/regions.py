"""Which Regions of an account are read: names that can be, those that are enabled, those that have DMS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.collectors.live.errors import CannotStart, failures, parsed, refusal_of
from dms_lint.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.collectors.live.account import Account

ALL: Final = "all"


def must_be_regions(core: Any, names: Iterable[str]) -> None:
    """Raise CannotStart for a name that is no Region of any partition, with the nearest that is one.

    botocore itself takes every name of the right pattern for one of a Region yet to come, and asks for its address.
    """
    from difflib import get_close_matches

    # STS is in every Region, and its model is small.
    partitions = core.get_available_partitions()
    names_of_aws = {name for partition in partitions for name in core.get_available_regions("sts", partition)}
    for name in names:
        if name not in names_of_aws:
            near = get_close_matches(name, sorted(names_of_aws), n=1)
            hint = f"did you mean '{near[0]}'?" if near else "Regions are named like eu-west-1"
            raise CannotStart(f"there is no Region '{name}': {hint} (one newer than boto3 needs a newer boto3)")


def find_regions(account: Account) -> Iterator[Notice]:
    """Find out the Regions of an account; and say which of those asked for, or enabled, are not read."""
    core, home = account.session._session, account.session.region_name
    partition = core.get_partition_for_region(home)
    with_dms = set(core.get_available_regions("dms", partition_name=partition))
    requested = dict.fromkeys(account.where.regions or (home,))
    candidates = [name for name in requested if name != ALL]
    if ALL in requested:
        candidates += sorted(with_dms)
        if account.refusal is None:
            try:
                client = account.client("ec2", account.home)
                candidates = parsed(lambda: [region["RegionName"] for region in client.describe_regions()["Regions"]])
            except failures() as error:
                code = refusal_of(error).code
                yield Notice(
                    f"{account.id}: ec2:DescribeRegions was not answered ({code}): every Region with DMS is tried"
                )
        candidates = sorted(candidates)
    regions = []
    for name in dict.fromkeys(candidates):
        if name in with_dms:
            regions.append(name)
        elif ALL in requested or core.get_partition_for_region(name) == partition:
            yield Notice(f"{account.id}: there is no DMS in {name}, as far as boto3 knows: not scanned")
        else:
            message = f"{account.id}: {name} is of another partition than {home}: not scanned"
            yield Notice(message, problem=True)
    account.regions = tuple(regions)

"""Whatever goes wrong with a call: the rest goes on, the gap is told, and nothing passes that did not pass before.

Each call of the table meets each fault over real HTTP.  What then follows is judged once for each call, with the call
denied, in an account in which rules fail and pass: every other fault must leave just what a denial leaves, no answer
and a reason that does not say that there is no such thing.  Calls that neither lead to the faulty one nor follow it are
not made again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import pytest

from dms_lint.aws.kinds import KINDS as RESOURCES
from dms_lint.aws.responses import NOT_THERE
from dms_lint.collectors.live import least_privilege as least_policy
from dms_lint.collectors.live.calls import CALLS, Call
from dms_lint.collectors.live.scheduler import Collection
from dms_lint.facts import judged_kinds as kinds_judged
from dms_lint.facts import kinds_read as kinds_read
from dms_lint.model import Document, Status
from tests.aws.faults import Kind
from tests.collectors.live.accounts import ACCOUNT, MIGRATION, REGION, collected, judged, read, seed, verdicts
from tests.laws.test_planted_faults import together

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dms_lint.collectors.records import Record
    from dms_lint.engine.evaluate import Outcome
    from dms_lint.model import Pack, Rule
    from tests.aws.server import Aws

Judged = tuple[str, str, str]
"""Rule, kind and id of a resource."""

KINDS: tuple[Kind, ...] = get_args(Kind)
KINDS_OF_CALLS: tuple[Kind, ...] = ("throttle", "timeout", "truncate", "garble", "wrong")
"""Those that each call meets besides a denial; one call of each service meets the rest, which its protocol decides."""
LISTING = {call.operation: call for call in CALLS}
OPERATIONS = tuple(dict.fromkeys(call.operation for call in CALLS))
SPARE = {
    "dms:DescribeReplications": "the one serverless replication has never been started, as its configuration says",
    "dms:DescribeDataMigrations": "asked whether there is anything of DMS in the Region, and there is",
    "kms:ListAliases": "all keys are named by their ARNs, and DescribeKey tells of each",
    "ec2:DescribeNetworkInterfaces": "no database is named by its address",
    "ec2:DescribePrefixLists": "no rule that matters names a list of AWS's",
    "redshift-serverless:ListWorkgroups": "the warehouse is a cluster",
    "secretsmanager:ListSecretVersionIds": "DescribeSecret tells the same of the versions that count",
    "s3:HeadBucket": "GetBucketLocation tells that there is a bucket, too",
    "s3:GetBucketEncryption": "GetBucketLocation tells that there is a bucket, too",
}
"""Calls on which no verdict of these accounts hangs, and why."""


HARMLESS = {
    "s3:HeadBucket": ("truncate", "garble", "wrong", "wrong_types"),  # its answer has no body
}
"""Faults that cannot befall a call."""


class Before(NamedTuple):
    """The account without a fault."""

    collection: Collection
    verdicts: dict[tuple[str, str, str], str]
    gaps: set[tuple[str, str]]
    """What could not be read all the same: what is needed, and why."""


FAILING, HEALTHY, SMALL = "failing", "healthy", "small"
OFFICES = "pl-0a1b2c3d4e5f60718"
_before: dict[str, Before] = {}


def failing() -> list[Document]:
    """The account with all faults planted that show beside one another, and a database open to a list of ranges."""
    account = together()
    listed = {"PrefixListIds": [{"PrefixListId": OFFICES}], "IpRanges": [], "Ipv6Ranges": [], "UserIdGroupPairs": []}
    permission = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, **listed}
    account.one("ec2:DescribeSecurityGroups", "SecurityGroups", "mysql")["IpPermissions"].append(permission)
    entries = {"Entries": [{"Cidr": "10.99.0.0/16", "Description": "offices"}]}
    file = f"ec2/get-managed-prefix-list-entries.{OFFICES}.json"
    return [*account.documents, Document("ec2:GetManagedPrefixListEntries", entries, file=file, subject=OFFICES)]


def small() -> list[Document]:
    """The healthy account with a source and a target alone, and a list of ranges: few things of each kind."""
    kept = []
    for one in (*read(MIGRATION), failing()[-1]):
        body = dict(one.body)
        if "Endpoints" in body:
            body["Endpoints"] = [item for item in body["Endpoints"] if item["EndpointIdentifier"].startswith("ledger")]
        if "SecurityGroups" in body:
            body["SecurityGroups"] = failing_groups()
        kept.append(one._replace(body=body))
    return kept


def failing_groups() -> Any:
    return next(one.body["SecurityGroups"] for one in failing() if "SecurityGroups" in one.body)


def behind(aws: Aws, name: str, pack: Pack, folder: Path) -> Before:
    """Put an account behind the double, one in which rules fail or one that is healthy; what it is like before."""
    aws.reset()
    seed(aws, {FAILING: failing, HEALTHY: lambda: read(MIGRATION), SMALL: small}[name](), folder / name)
    if name not in _before:
        found = collected(aws)
        outcome = judged(found, pack)
        _before[name] = Before(found, verdicts(outcome), unreadable(outcome))
    return _before[name]


def after(aws: Aws, before: Before, operation: str) -> Collection:
    """The collection as it is now, made anew around an operation."""
    calls = around(operation)
    again = collected(aws, calls)
    assert not again.faults
    made = {call.operation for call in calls}
    kept = [record for record in before.collection.records if record.operation not in made]
    return with_these(Before(Collection(tuple(kept), (), (), interrupted=False), {}, set()), list(again.records))


def with_these(before: Before, records: list[Record]) -> Collection:
    """The collection as it was, with these records in place of those of the same operation."""
    made = {record.operation for record in records}
    kept = [record for record in before.collection.records if record.operation not in made]
    records = sorted((*kept, *records), key=lambda one: OPERATIONS.index(one.operation))
    return Collection(tuple(records), (), (), interrupted=False)


def unreadable(outcome: Outcome) -> set[tuple[str, str]]:
    return {(gap.needs, gap.reason) for gap in outcome.gaps if gap.status is Status.NOT_READABLE}


@cache
def around(operation: str) -> list[Call]:
    """The calls of an operation and those that follow it, with all that lead to these, in the order of the table."""
    following = {operation}
    for _ in CALLS:
        following |= {
            other.operation for one in CALLS for other in CALLS if one.operation in following and leads(one, other)
        }
    near = led_by(*following)
    return [call for call in CALLS if call.operation in near]


@cache
def led_by(*operations: str) -> set[str]:
    """These operations, and those without which it is not known what to ask them about."""
    found = set(operations)
    for _ in CALLS:
        found |= {one.operation for one in CALLS for other in CALLS if other.operation in found and leads(one, other)}
    return found


@cache
def leads(one: Call, other: Call) -> bool:
    """Whether what one call tells is what the other is asked about."""
    return not set(one.kinds).isdisjoint(other.sources)


def needing(rules: tuple[Rule, ...], operation: str) -> tuple[Rule, ...]:
    """The rules that judge or read what an operation tells, or what may follow from it."""
    kinds = {kind for call in around(operation) for kind in call.kinds if operation in led_by(call.operation)}
    return tuple(rule for rule in rules if kinds & (made_of(kinds_judged([rule])) | kinds_read([rule])))


def made_of(kinds: set[str]) -> set[str]:
    return kinds | {one for kind in kinds for one in RESOURCES[kind].implied_by}


def better(then: Mapping[Judged, str], now: Mapping[Judged, str]) -> dict[Judged, str]:
    """What failed or was unknown, and does not seem to matter now."""
    return {
        pair: now[pair]
        for pair, verdict in then.items()
        if verdict in ("fail", "unknown") and now.get(pair, verdict) in ("pass", "not-applicable")
    }


def check(before: Before, now: Outcome, rules: tuple[Rule, ...], operation: str) -> bool:
    """Nothing is better than before, nothing fails that did not, and where something changed, a gap names the action.

    Whether there is such a gap.
    """
    action = next(call.action for call in CALLS if call.operation == operation)
    ids = {rule.id for rule in rules}
    then = {pair: verdict for pair, verdict in before.verdicts.items() if pair[0] in ids}
    found = verdicts(now)
    assert now.faults == ()
    assert not better(then, found)
    assert not {pair for pair, verdict in found.items() if verdict == "fail" and then.get(pair) != "fail"}
    gaps = {needs for needs, _ in unreadable(now) - before.gaps}
    assert gaps <= {action}
    assert gaps or found == then
    return bool(gaps)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_one_action_just_that_action_is_missed(aws: Aws, pack: Pack, tmp_path: Path, operation: str) -> None:
    dropped = next(call.action for call in CALLS if call.operation == operation)
    missed = False
    for name in (FAILING, HEALTHY):
        before = behind(aws, name, pack, tmp_path)
        aws.allow(set(least_policy.actions(CALLS)) - {dropped})
        now = judged(after(aws, before, operation), pack)
        missed |= check(before, now, pack.rules, operation)
        changed = {rule for (rule, _, _), _ in verdicts(now).items() ^ before.verdicts.items()}
        assert changed <= {rule.id for rule in needing(pack.rules, operation)}
        if missed:
            break
    assert missed is (operation not in SPARE)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_failure_of_a_call_leaves_what_a_denial_leaves(
    aws: Aws, pack: Pack, tmp_path: Path, operation: str
) -> None:
    before = behind(aws, SMALL, pack, tmp_path)
    # With two more: a Region in which no call at all is answered may be one that is not enabled.
    calls = [
        call for call in CALLS if call.operation in led_by(operation) | {"dms:DescribeEndpoints", "ec2:DescribeVpcs"}
    ]
    first = next(one for one in OPERATIONS if one.partition(":")[0] == operation.partition(":")[0])
    for kind in KINDS if operation == first else KINDS_OF_CALLS:
        with aws.fault(kind, operation, seconds=3, times=1 if kind == "timeout" else None):
            found = collected(aws, calls, timeout=2 if kind == "timeout" else 60)
        assert not found.faults, f"{kind}: {found.faults}"
        made = [record for record in found.records if record.operation == operation]
        for record in made:
            if record.refusal is not None and record not in before.collection.records:
                assert record.body is None, f"{kind}: an answer is made of it"
                assert record.refusal.code not in NOT_THERE, f"{kind}: it is taken for absent"
        if any(record.refusal is None and record not in before.collection.records for record in made):
            # An answer that says less than it did: what follows of it is judged.
            assert kind == "wrong_types"
            assert not better(before.verdicts, verdicts(judged(with_these(before, made), pack)))
        elif kind not in HARMLESS.get(operation, ()):
            assert any(record not in before.collection.records for record in made), f"{kind}: nothing is told"


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if not LISTING[one].follows])
def test_a_listing_that_breaks_off_is_not_the_whole(aws: Aws, pack: Pack, tmp_path: Path, operation: str) -> None:
    before = behind(aws, FAILING, pack, tmp_path)
    aws.page_size = 1
    with aws.fault("throttle", operation, page=2):
        (record,) = collected(aws, [LISTING[operation]]).records
    now = judged(with_these(before, [record]), pack)
    if record.refusal is not None:
        assert record.body
        check(before, now, pack.rules, operation)
    else:  # it holds one item at most
        assert verdicts(now) == before.verdicts


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_goes_on_and_says_what_is_missing(aws: Aws, tmp_path: Path, kind: Kind) -> None:
    seed(aws, read(MIGRATION), tmp_path / "seeded")
    with aws.fault(kind, "dms:DescribeCertificates", seconds=5):
        done = command(aws, "scan", "--timeout", "1", "-f", "json", "--at", "2026-11-23")
    assert done.returncode == 3
    assert done.stderr == ""
    report = json.loads(done.stdout)
    unreadable = {gap["needs"] for gap in report["gaps"] if gap["status"] == "not-readable"}
    assert unreadable == {"dms:DescribeCertificates"}
    assert report["summary"]["verdicts"]["pass"] > 150
    assert report["errors"] == []


def test_a_scan_under_the_printed_policy_misses_nothing(aws: Aws, tmp_path: Path) -> None:
    seed(aws, read(MIGRATION), tmp_path / "seeded")
    free = command(aws, "scan", "--read-secrets", "-f", "json", "--at", "2026-11-23")
    printed = json.loads(command(aws, "policy", "--read-secrets").stdout)
    aws.allow({action for statement in printed["Statement"] for action in statement["Action"]})
    bound = command(aws, "scan", "--read-secrets", "-f", "json", "--at", "2026-11-23")
    assert (bound.returncode, bound.stderr) == (0, "")
    assert without_times(bound.stdout) == without_times(free.stdout)


def test_with_nothing_allowed_nothing_is_clean(aws: Aws, tmp_path: Path) -> None:
    seed(aws, read(MIGRATION), tmp_path / "seeded")
    aws.allow(set())
    done = command(aws, "scan", "-f", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 3
    assert report["summary"]["verdicts"]["pass"] == report["summary"]["verdicts"]["fail"] == 0
    assert all(gap["status"] == "not-readable" for gap in report["gaps"])


def command(aws: Aws, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**aws.env(ACCOUNT, REGION), "AWS_MAX_ATTEMPTS": "1"}
    line = [sys.executable, "-m", "dms_lint", *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def without_times(text: str) -> Any:
    report = json.loads(text)
    del report["scan"]
    return report


def _documents(found: Collection) -> list[Document]:
    return [one for one in found.documents() if isinstance(one, Document)]

"""Which accounts and Regions are read, with whose credentials; and what is said of those that cannot be."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from dms_lint.cli import main
from dms_lint.collectors.live.calls import CALLS, READS_VALUES
from tests.collectors.live.running import ACCOUNT, FEW, Ran, run

if TYPE_CHECKING:
    from tests.aws.server import Aws, Request


HERE = "eu-central-1"
ROLE = "arn:aws:iam::888877776666:role/audit"
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
NEVER_ASKED = {"iam:ListAccessKeys", "ec2:GetManagedPrefixListEntries", READS_VALUES}
"""What the world has no subject for, and what is not asked without being told to."""
FEW_CALLS = {"dms:DescribeEndpoints", "rds:DescribeDBInstances", "rds:DescribeDBClusters"}


def regions(*names: str) -> list[str]:
    return [word for name in names for word in ("--region", name)]


def places(ran: Ran) -> set[tuple[str, str]]:
    """The accounts and Regions whose endpoints were listed."""
    return {(one.account, one.region) for one in ran.asked("dms:DescribeEndpoints")}


def refused(report: Any) -> list[Any]:
    return [gap for gap in report["gaps"] if gap["status"] == "not-readable"]


# -- the world: three accounts, four Regions each


@pytest.fixture(scope="module")
def organization(world_server: Aws) -> Ran:
    """A scan of the whole organization, in which one account is closed and one refuses the role."""
    from tests.aws import world
    from tests.aws.clients import ROLE as SCANNING

    world_server.reset()
    with world_server.fault("deny", "sts:AssumeRole", subject=world.WITHOUT_ROLE):
        return run(
            world_server,
            *("scan", "--organization", "--organization-role", SCANNING, "--external-id", "northwind-audit"),
            *("--role-session-name", "autumn", *regions(*world.REGIONS), "-f", "json"),
            account=world.MANAGEMENT,
        )


CONSEQUENCES = {
    ("444455556666", "us-east-1", "CRT006", "ca"),  # the endpoint without TLS was the one that used it
    ("444455556666", "us-east-1", "TLS011", "shop-to-lake"),  # what is read without TLS is written with it
}


def test_every_planted_fault_is_found_and_nothing_else_fails(organization: Ran) -> None:
    from tests.aws.world import PLANTED

    found = set()
    for one in organization.report["findings"]:
        if one["verdict"] == "fail":
            resource = one["resource"]
            # A role belongs to no Region, and a key has no name but by its alias.
            name = "alias/dms" if resource["kind"] == "kms-key" else resource["name"]
            found.add((resource["account"], resource["region"] or "us-east-1", one["rule"], name))
    from tests.aws.world import SUSPENDED

    planted = {(one.account, one.region, one.rule, one.resource) for one in PLANTED}
    assert found == planted | CONSEQUENCES
    assert (organization.code, organization.report["errors"]) == (1, [])
    assert organization.err == f"dms-lint: account {SUSPENDED} is suspended: not scanned\n"


def test_the_report_names_every_account_and_region_that_was_read(organization: Ran) -> None:
    from tests.aws.world import ACCOUNTS, REGIONS, WITHOUT_ROLE

    scan = organization.report["scan"]
    assert scan["accounts"] == sorted([*ACCOUNTS, WITHOUT_ROLE])
    assert scan["regions"] == sorted(REGIONS)
    assert places(organization) == {(account, region) for account in ACCOUNTS for region in REGIONS}


def test_a_closed_account_is_a_line(organization: Ran) -> None:
    from tests.aws.world import SUSPENDED

    assert f"account {SUSPENDED} is suspended: not scanned" in json.dumps(organization.report["notices"])
    assert SUSPENDED not in json.dumps(organization.report["gaps"])


def test_a_refused_account_is_a_gap_and_the_others_are_read(organization: Ran) -> None:
    from tests.aws.clients import ROLE as SCANNING
    from tests.aws.world import WITHOUT_ROLE

    gaps = refused(organization.report)
    assert {gap["account"] for gap in gaps} == {WITHOUT_ROLE}
    assert {gap["needs"] for gap in gaps} == {f"sts:AssumeRole on arn:aws:iam::{WITHOUT_ROLE}:role/{SCANNING}"}
    assert {gap["reason"] for gap in gaps} == {"AWS refused it: AccessDenied"}


def test_each_listing_is_asked_once_and_each_subject_once(organization: Ran) -> None:
    from tests.aws.world import ACCOUNTS, EMPTY, MANAGEMENT, REGIONS

    entering = Counter(one.operation for one in organization.requests if one.operation[:4] in ("sts:", "orga"))
    assert entering == {"sts:GetCallerIdentity": 1, "organizations:ListAccounts": 1, "sts:AssumeRole": 3}
    assert {one.account for one in organization.asked("sts:AssumeRole")} == {MANAGEMENT}
    times = Counter(key(one) for one in organization.requests if one.operation[:4] not in ("sts:", "orga"))
    assert {key: number for key, number in times.items() if number > 1} == {}
    listings = {call.operation for call in CALLS if not call.follows}
    of_account = {call.operation for call in CALLS if not call.follows and call.of_account}
    for account in ACCOUNTS:
        once = Counter(
            one.operation for one in organization.requests if one.account == account and one.operation in of_account
        )
        assert once == dict.fromkeys(of_account, 1)
        for region in REGIONS:
            here = Counter(
                one.operation for one in organization.requests if (one.account, one.region) == (account, region)
            )
            assert {one: here[one] for one in listings - of_account} == dict.fromkeys(listings - of_account, 1)
            if (account, region) == EMPTY:
                assert set(here) <= listings | {"ec2:DescribeVpcAttribute", "ec2:GetManagedPrefixListEntries"}
    here = Counter(one.operation for one in organization.requests if (one.account, one.region) == (ACCOUNTS[1], HERE))
    about = {one: number for one, number in here.items() if one not in listings and not one.startswith("sts:")}
    # There is one of everything, so that each row of the table is one request.
    assert about == Counter(call.operation for call in CALLS if call.follows and call.operation not in NEVER_ASKED)


def test_nothing_is_asked_that_is_not_in_the_table(organization: Ran) -> None:
    from dms_lint.collectors.live.calls import ENTERING

    table = {call.operation for call in CALLS} - {READS_VALUES}
    assert {one.operation for one in organization.requests} <= table | ENTERING


def key(request: Request) -> tuple[str, str, str, str]:
    return request.account, request.region, request.operation, json.dumps(request.parameters, sort_keys=True)


def test_external_id_and_session_name_arrive(organization: Ran) -> None:
    for one in organization.asked("sts:AssumeRole"):
        assert one.parameters["ExternalId"] == "northwind-audit"
        assert one.parameters["RoleSessionName"] == "autumn"


def test_with_roles_their_accounts_are_read_and_ones_own_is_not(world_server: Aws, aws: Aws) -> None:
    from tests.aws import world
    from tests.aws.clients import ROLE as SCANNING

    roles = [f"arn:aws:iam::{account}:role/{SCANNING}" for account in (*world.ACCOUNTS[1:], world.WITHOUT_ROLE)]
    words = ["scan", *FEW, "-f", "json", *regions(*world.REGIONS[:2])]
    with aws.fault("deny", "sts:AssumeRole", subject=roles[2]):
        ran = run(aws, *words, *(word for role in roles for word in ("--role-arn", role)), account=world.MANAGEMENT)
    # Nothing fails in these two Regions; of one account nothing is known.
    assert ran.code == 3
    assert places(ran) == {(account, region) for account in world.ACCOUNTS[1:] for region in world.REGIONS[:2]}
    assert {gap["account"] for gap in refused(ran.report)} == {world.WITHOUT_ROLE}
    assert Counter(one.operation for one in ran.requests if one.operation.startswith("sts:")) == {
        "sts:GetCallerIdentity": 1,
        "sts:AssumeRole": 3,
    }
    assert ran.asked("sts:AssumeRole")[0].parameters["RoleSessionName"] == "dms-lint"
    assert "ExternalId" not in ran.asked("sts:AssumeRole")[0].parameters


# -- organizations and roles without the world


def test_accounts_may_tell_their_state_instead_of_their_status(aws: Aws) -> None:
    accounts = [
        {"Id": ACCOUNT, "State": "ACTIVE"},
        {"Id": "888877776666", "State": "ACTIVE"},
        {"Id": "777766665555", "State": "CLOSED"},
        {"Id": "666655554444", "Status": "PENDING_CLOSURE"},
    ]
    aws.put(ACCOUNT, "us-east-1", "organizations:ListAccounts", {"Accounts": accounts})
    ran = run(aws, "scan", *FEW, "--organization", "-f", "json")
    assert places(ran) == {(ACCOUNT, HERE), ("888877776666", HERE)}
    assert ran.asked("sts:AssumeRole")[0].parameters["RoleArn"].endswith(":role/OrganizationAccountAccessRole")
    notices = json.dumps(ran.report["notices"])
    assert "777766665555 is closed" in notices
    assert "666655554444 is pending_closure" in notices
    assert ran.code == 0


@pytest.mark.parametrize(
    ("kind", "operation", "words", "says"),
    [
        ("deny", "organizations:ListAccounts", ["--organization"], "AWS refused ListAccounts (AccessDeniedException)"),
        ("wrong", "organizations:ListAccounts", ["--organization"], "the answer is not one that AWS sends"),
        ("wrong", "sts:GetCallerIdentity", [], "the answer is not one that AWS sends: is that AWS, at this endpoint?"),
        ("truncate", "sts:GetCallerIdentity", [], "the answer is not one that AWS sends"),
        ("reset", "sts:GetCallerIdentity", [], "Connection was closed"),
        ("expired", "*", [], "credentials have expired (ExpiredToken): renew them"),
        ("expired", "*", ["--role-arn", ROLE], "credentials have expired (ExpiredToken): renew them"),
        ("invalid_token", "*", [], "AWS refused GetCallerIdentity (InvalidClientTokenId)"),
    ],
)
def test_where_nobody_knows_what_to_read_one_line_says_why(
    aws: Aws, kind: Any, operation: str, words: list[str], says: str
) -> None:
    with aws.fault(kind, operation):
        ran = run(aws, "scan", *FEW, *words)
    assert says in ran.line
    assert ran.code == 2


@pytest.mark.parametrize("kind", ["wrong", "truncate", "reset"])
def test_a_broken_assume_role_is_a_gap_that_shows_no_key(aws: Aws, kind: Any) -> None:
    with aws.fault(kind, "sts:AssumeRole"):
        ran = run(aws, "scan", *FEW, "--role-arn", ROLE, "-f", "json")
    assert ran.code == 3
    assert {gap["needs"] for gap in refused(ran.report)} == {f"sts:AssumeRole on {ROLE}"}
    assert "SecretAccessKey" not in ran.out + ran.err
    assert places(ran) == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--role-arn", "audit"], "--role-arn is audit: it must be like arn:aws:iam::111122223333:role/NAME"),
        (["--role-arn", ROLE, "--role-arn", f"{ROLE}-2"], "two roles of the account 888877776666: give one"),
        (["--region", "eu-wset-1"], "there is no Region 'eu-wset-1': did you mean 'eu-west-1'?"),
        (["--region", "eu-wset-1", "--role-arn", ROLE], "did you mean 'eu-west-1'?"),
        (["--region", "somewhere"], "Regions are named like eu-west-1"),
        (["--endpoint-url", "http://example.com"], "--endpoint-url is http://example.com: it must begin with https://"),
        (["--endpoint-url", "http://localhost.example.com"], "it must begin with https://"),
        (["--endpoint-url", "https://"], "Invalid endpoint"),
        (["--profile", "nobody"], "profile (nobody) could not be found: `aws configure list-profiles` lists them"),
    ],
)
def test_an_impossible_name_is_refused_before_any_call(aws: Aws, words: list[str], says: str) -> None:
    ran = run(aws, "scan", *FEW, *words)
    assert says in ran.line
    assert (ran.code, ran.requests) == (2, ())


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"AWS_REGION": "eu-wset-1"}, "did you mean 'eu-west-1'?"),
        ({"AWS_DEFAULT_REGION": None}, "no Region: give --region, or set AWS_REGION"),
        ({"AWS_ENDPOINT_URL": "http://example.com"}, "AWS_ENDPOINT_URL is http://example.com: it must begin with"),
        ({"AWS_ENDPOINT_URL_DMS": "http://10.0.0.1:4566"}, "AWS_ENDPOINT_URL_DMS is http://10.0.0.1:4566"),
        (NO_KEYS, "Unable to locate credentials: log in (`aws sso login`, `aws configure`), set AWS_PROFILE, or give"),
        ({"AWS_SECRET_ACCESS_KEY": None}, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY: log in"),
        ({"AWS_PROFILE": "nobody"}, "profile (nobody) could not be found"),
    ],
)
def test_an_impossible_environment_is_refused_before_any_call(aws: Aws, env: dict[str, str | None], says: str) -> None:
    ran = run(aws, "scan", *FEW, env=env)
    assert says in ran.line
    assert (ran.code, ran.requests) == (2, ())


def test_without_credentials_roles_are_no_gap_but_an_error(aws: Aws) -> None:
    ran = run(aws, "scan", *FEW, "--role-arn", ROLE, env=NO_KEYS)
    assert "Unable to locate credentials" in ran.line
    assert ran.code == 2


@pytest.mark.parametrize(
    "words",
    [["--region", HERE], ["--profile", "p"], ["--role-arn", ROLE], ["--organization"], ["--endpoint-url", "https://x"]],
)
def test_live_options_are_refused_where_files_are_given(words: list[str]) -> None:
    ran = CliRunner().invoke(main, ["scan", "tests/accounts/clean", *words])
    assert f"{words[0]} is for the live account, and files are given" in ran.stderr
    assert ran.exit_code == 2


# -- Regions


def test_the_region_is_of_the_environment_then_the_profile(aws: Aws, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-north-1\n", encoding="utf-8")
    words = ("scan", *FEW, "-f", "json")
    env = {"AWS_CONFIG_FILE": str(config), "AWS_DEFAULT_REGION": None}
    assert places(run(aws, *words, env=env)) == {(ACCOUNT, "eu-north-1")}
    env["AWS_DEFAULT_REGION"] = "eu-south-1"
    assert places(run(aws, *words, env=env)) == {(ACCOUNT, "eu-south-1")}
    env["AWS_REGION"] = "eu-west-3"
    assert places(run(aws, *words, env=env)) == {(ACCOUNT, "eu-west-3")}


NOWHERE: dict[str, str | None] = {"AWS_DEFAULT_REGION": None}
"""Takes away the only default Region that the double's environment has."""


def every_service(aws: Aws, *words: str, env: dict[str, str | None] = NOWHERE) -> Ran:
    """What came of a command that asks every service, S3 among them, in an account that has all kinds of things."""
    enabled = {"Regions": [{"RegionName": "eu-west-1", "OptInStatus": "opted-in"}]}
    for region in ("us-east-1", "eu-west-1"):
        aws.put("111122223333", region, "ec2:DescribeRegions", enabled)
    return run(aws, *words, account="111122223333", env=env)


def homes(ran: Ran) -> set[str]:
    """The Regions in which was asked who asks."""
    return {one.region for one in ran.asked("sts:GetCallerIdentity")}


def reads_eu_west_1(ran: Ran) -> None:
    assert "Traceback" not in ran.err
    assert places(ran) == {("111122223333", "eu-west-1")}
    assert ran.asked("s3:HeadBucket")


@pytest.mark.parametrize(("region", "home"), [("eu-west-1", "eu-west-1"), ("all", "us-east-1")])
def test_a_scan_needs_no_default_region_where_one_is_given(migration: Aws, region: str, home: str) -> None:
    ran = every_service(migration, "scan", "--region", region, "-f", "json")
    reads_eu_west_1(ran)
    assert (ran.code, homes(ran)) == (0, {home})
    assert ran.report["errors"] == []


@pytest.mark.parametrize("region", ["eu-west-1", "all"])
def test_collect_needs_no_default_region_where_one_is_given(migration: Aws, tmp_path: Path, region: str) -> None:
    ran = every_service(migration, "collect", "--region", region, "-o", str(tmp_path / "snapshot"))
    reads_eu_west_1(ran)
    assert ran.code == 0
    assert list((tmp_path / "snapshot").rglob("*.json"))


def test_without_a_default_the_first_given_region_is_home(migration: Aws) -> None:
    migration.seed("111122223333", "eu-north-1", Path("tests/accounts/migration"))
    ran = every_service(migration, "scan", *regions("eu-west-1", "eu-north-1"), "-f", "json")
    assert "Traceback" not in ran.err
    assert (homes(ran), ran.report["errors"]) == ({"eu-west-1"}, [])
    assert places(ran) == {("111122223333", "eu-west-1"), ("111122223333", "eu-north-1")}


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_default_region_stays_home_where_another_is_given(migration: Aws, name: str) -> None:
    env = {**NOWHERE, name: "eu-north-1"}
    ran = every_service(migration, "scan", "--region", "eu-west-1", "-f", "json", env=env)
    reads_eu_west_1(ran)
    assert (ran.code, homes(ran)) == (0, {"eu-north-1"})


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_an_empty_default_region_is_none(migration: Aws, name: str) -> None:
    env = {**NOWHERE, name: ""}
    assert "no Region: give --region" in every_service(migration, "scan", env=env).line
    reads_eu_west_1(every_service(migration, "scan", "--region", "eu-west-1", "-f", "json", env=env))


def test_a_role_is_read_without_a_default_region(migration: Aws) -> None:
    own = "arn:aws:iam::111122223333:role/audit"
    ran = every_service(migration, "scan", "--region", "eu-west-1", "--role-arn", own, "-f", "json")
    reads_eu_west_1(ran)
    assert (ran.code, len(ran.asked("sts:AssumeRole"))) == (0, 1)


@pytest.fixture
def dms_in_two(tmp_path: Path) -> dict[str, str | None]:
    """An environment in which botocore knows DMS in eu-central-1 and eu-west-1 alone.

    Today there is no Region that botocore knows for EC2 and not for DMS.
    """
    import botocore

    told = json.loads((Path(botocore.__file__).parent / "data" / "endpoints.json").read_bytes())
    dms = told["partitions"][0]["services"]["dms"]["endpoints"]
    told["partitions"][0]["services"]["dms"]["endpoints"] = {name: dms[name] for name in (HERE, "eu-west-1")}
    (tmp_path / "endpoints.json").write_text(json.dumps(told), encoding="utf-8")
    return {"AWS_DATA_PATH": str(tmp_path)}


def test_all_are_those_that_are_enabled_and_have_dms(aws: Aws, dms_in_two: dict[str, str | None]) -> None:
    names = (HERE, "eu-north-1", "xx-north-1")
    enabled = {"Regions": [{"RegionName": name, "OptInStatus": "opted-in"} for name in names]}
    aws.put(ACCOUNT, HERE, "ec2:DescribeRegions", enabled)
    ran = run(aws, "scan", *FEW, "--region", "all", "-f", "json", env=dms_in_two)
    assert places(ran) == {(ACCOUNT, HERE)}
    for name in names[1:]:  # one that is too new for botocore is told as well
        assert f"there is no DMS in {name}, as far as boto3 knows: not scanned" in json.dumps(ran.report["notices"])
    assert (ran.code, ran.report["gaps"]) == (0, [])


@pytest.mark.parametrize("kind", ["deny", "wrong"])
def test_where_regions_cannot_be_listed_all_with_dms_are_tried(
    aws: Aws, kind: Any, dms_in_two: dict[str, str | None]
) -> None:
    with aws.fault(kind, "ec2:DescribeRegions"):
        ran = run(aws, "scan", *FEW, "--region", "all", "-f", "json", env=dms_in_two)
    assert places(ran) == {(ACCOUNT, HERE), (ACCOUNT, "eu-west-1")}
    assert "every Region with DMS is tried" in json.dumps(ran.report["notices"])
    assert ran.code == 0


def test_regions_not_enabled_or_without_dms_get_a_line(aws: Aws, dms_in_two: dict[str, str | None]) -> None:
    words = ["scan", *FEW, *regions(HERE, "eu-west-1", "eu-north-1"), "-f", "json"]
    with aws.fault("invalid_token", region="eu-west-1"):
        ran = run(aws, *words, env=dms_in_two)
    notices = json.dumps(ran.report["notices"])
    assert f"{ACCOUNT}: eu-west-1 is not enabled: not scanned" in notices
    assert f"{ACCOUNT}: there is no DMS in eu-north-1" in notices
    assert (ran.code, ran.report["gaps"], ran.report["scan"]["regions"]) == (0, [], [HERE])
    assert len(ran.err.splitlines()) == 2  # a line each, whatever the format


@pytest.mark.parametrize("kind", ["invalid_token", "expired"])
def test_credentials_that_go_bad_leave_gaps_and_no_region_out(aws: Aws, kind: Any) -> None:
    with aws.fault(kind, after=1):
        ran = run(aws, "scan", *FEW, *regions(HERE, "eu-west-1"), "-f", "json")
    assert {one.operation for one in ran.requests} >= FEW_CALLS
    assert {(gap["needs"], gap["region"]) for gap in refused(ran.report)} >= {
        ("dms:DescribeEndpoints", HERE),
        ("dms:DescribeEndpoints", "eu-west-1"),
    }
    assert "not enabled" not in ran.out
    assert ran.code == 3


def test_a_region_of_another_partition_is_a_problem(aws: Aws) -> None:
    ran = run(aws, "scan", *FEW, *regions(HERE, "cn-north-1"), "-f", "json")
    assert f"{ACCOUNT}: cn-north-1 is of another partition than {HERE}: not scanned" in ran.err
    assert (ran.code, places(ran)) == (3, {(ACCOUNT, HERE)})


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_other_partitions_are_read_with_their_own_names(aws: Aws, region: str, partition: str) -> None:
    member = {"Id": "888877776666", "Status": "ACTIVE"}
    aws.put(ACCOUNT, region, "organizations:ListAccounts", {"Accounts": [{"Id": ACCOUNT, "Status": "ACTIVE"}, member]})
    who = {"UserId": "A", "Account": ACCOUNT, "Arn": f"arn:{partition}:sts::{ACCOUNT}:assumed-role/Audit/m.palmer"}
    aws.put(ACCOUNT, region, "sts:GetCallerIdentity", who)
    with aws.fault("deny", "sts:AssumeRole"):
        ran = run(aws, "scan", "--select", "TAG001,IAM", "--organization", "-f", "json", env={"AWS_REGION": region})
    role = f"arn:{partition}:iam::888877776666:role/OrganizationAccountAccessRole"
    assert [one.parameters["RoleArn"] for one in ran.asked("sts:AssumeRole")] == [role]
    assert f"sts:AssumeRole on {role}" in {gap["needs"] for gap in refused(ran.report)}
    assert {one.region for one in ran.requests if one.operation.startswith(("dms:", "sts:"))} == {region}
    assert ran.code == 3


# -- credentials and endpoints


@pytest.fixture
def profiles(aws: Aws, tmp_path: Path) -> dict[str, str | None]:
    """An environment with profiles, one of which takes a role with the keys of another."""
    env = aws.env(ACCOUNT)
    keys = f"aws_access_key_id = {env['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {env['AWS_SECRET_ACCESS_KEY']}\n"
    config = tmp_path / "config"
    config.write_text(
        f"[profile base]\n{keys}\n"
        f"[profile audit]\nrole_arn = {ROLE}\nsource_profile = base\nregion = eu-west-1\n"
        f"[profile elsewhere]\n{keys}endpoint_url = http://example.com\nregion = eu-west-1\n",
        encoding="utf-8",
    )
    return {**NO_KEYS, "AWS_CONFIG_FILE": str(config), "AWS_DEFAULT_REGION": None}


def test_a_profile_may_take_a_role_by_itself(aws: Aws, profiles: dict[str, str | None]) -> None:
    ran = run(aws, "scan", *FEW, "-f", "json", "--profile", "audit", env=profiles)
    assert places(ran) == {("888877776666", "eu-west-1")}
    assert [one.account for one in ran.asked("sts:AssumeRole")] == [ACCOUNT]
    assert (ran.code, ran.err) == (0, "")
    ran = run(aws, "scan", *FEW, "-f", "json", env={**profiles, "AWS_PROFILE": "audit"})
    assert (ran.code, places(ran)) == (0, {("888877776666", "eu-west-1")})


def test_a_profile_needs_no_region_where_one_is_given(migration: Aws, profiles: dict[str, str | None]) -> None:
    keys = migration.env()
    with Path(str(profiles["AWS_CONFIG_FILE"])).open("a", encoding="utf-8") as config:
        config.write(f"[profile migration]\naws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\n")
        config.write(f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n")
    words = ("scan", "--profile", "migration")
    ran = every_service(migration, *words, "--region", "eu-west-1", "-f", "json", env=profiles)
    reads_eu_west_1(ran)
    assert (ran.code, homes(ran)) == (0, {"eu-west-1"})
    assert "no Region: give --region" in every_service(migration, *words, env=profiles).line


def test_a_profile_that_is_given_hides_that_of_the_environment(aws: Aws, profiles: dict[str, str | None]) -> None:
    env = {**profiles, "AWS_PROFILE": "nobody"}
    ran = run(aws, "scan", *FEW, "-f", "json", "--profile", "audit", "--role-arn", ROLE, env=env)
    assert (ran.code, places(ran)) == (0, {("888877776666", "eu-west-1")})


def test_the_settings_of_a_profile_hold_in_the_accounts_of_roles(aws: Aws, profiles: dict[str, str | None]) -> None:
    with Path(str(profiles["AWS_CONFIG_FILE"])).open("a", encoding="utf-8") as config:
        config.write(f"[profile local]\nrole_arn = {ROLE}\nsource_profile = base\nendpoint_url = {aws.url}\n")
    words = ("scan", *FEW, "--region", HERE, "-f", "json", "--profile", "local", "--role-arn", f"{ROLE}-2")
    ran = run(aws, *words, env={**profiles, "AWS_ENDPOINT_URL": None})
    assert (ran.code, places(ran)) == (0, {("888877776666", HERE)})


def test_a_profile_may_not_send_elsewhere_without_tls(aws: Aws, profiles: dict[str, str | None]) -> None:
    ran = run(aws, "scan", *FEW, "--profile", "elsewhere", env={**profiles, "AWS_ENDPOINT_URL": None})
    assert "the endpoint of sts is http://example.com: it must begin with https://" in ran.line
    assert ran.code == 2


def test_everything_goes_to_the_endpoint_that_is_given(aws: Aws) -> None:
    url = aws.url.replace("127.0.0.1", "localhost")
    ran = run(aws, "scan", *FEW, "--endpoint-url", url, "-f", "json", env={"AWS_ENDPOINT_URL": None})
    assert (ran.code, places(ran)) == (0, {(ACCOUNT, HERE)})


def test_where_all_is_refused_everything_is_a_gap(aws: Aws) -> None:
    aws.allow(set())
    ran = run(aws, "scan", "-f", "json", "--all-verdicts")
    assert ran.code == 3
    assert {one["verdict"] for one in ran.report["findings"]} <= {"unknown"}
    needs = {gap["needs"] for gap in refused(ran.report)}
    assert needs >= {"dms:DescribeEndpoints", "dms:DescribeReplicationInstances", "iam:GetAccountAuthorizationDetails"}
    assert {gap["reason"].partition(":")[0] for gap in refused(ran.report)} == {"AWS refused it"}

"""The baseline: what it holds fails no pipeline, what is new does; and nothing leaves it for want of data."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dms_lint.engine.scan import scan
from dms_lint.gate import baseline as baselines
from dms_lint.gate import exit_code as gate
from dms_lint.model import Document, Fault, Pack, Refusal, Report, Verdict
from dms_lint.schemas import schema_file
from tests.build import NOW
from tests.cli.test_cli import endpoint
from tests.forked import run

SCHEMA = json.loads(schema_file("baseline").read_text())
ACCOUNTS = Path(__file__).parent.parent / "accounts"
ORDERS = "TLS001:arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "in").mkdir()
    return tmp_path


def export(folder: Path, *endpoints: dict[str, Any], **more: Any) -> None:
    (folder / "in" / "describe-endpoints.json").write_text(json.dumps({"Endpoints": endpoints, **more}))


def lint(folder: Path, *arguments: str, select: str = "TLS001") -> Any:
    return run("scan", "in", "--select", select, *arguments, cwd=folder)


def known(folder: Path, file: str = "b.json") -> list[str]:
    """The fingerprints of a baseline."""
    return [one["fingerprint"] for one in json.loads((folder / file).read_text())["findings"]]


@pytest.fixture
def accepted(here: Path) -> Path:
    """A baseline of two endpoints that are not encrypted, and one that is."""
    export(here, endpoint(SslMode="none"), endpoint("crm", SslMode="none"), endpoint("hr"))
    done = run("baseline", "in", "-o", "b.json", "--select", "TLS001", cwd=here)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "2 findings in b.json\n")
    return here


# -- the file


def test_the_file_is_as_its_schema_says(accepted: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    text = (accepted / "b.json").read_text()
    assert list(Draft202012Validator(SCHEMA).iter_errors(json.loads(text))) == []
    assert known(accepted) == [ORDERS.replace("ORDERS", "CRM"), ORDERS]
    # One finding a line, so that a review shows what came and went.
    assert sum("fingerprint" in line for line in text.splitlines()) == 2


def test_the_same_failures_give_the_same_bytes(accepted: Path) -> None:
    before = (accepted / "b.json").read_bytes()
    export(accepted, endpoint("hr"), endpoint("crm", SslMode="none"), endpoint(SslMode="none"))
    run("baseline", "in", "-o", "b.json", "--select", "TLS001", "--at", "2030-01-01", cwd=accepted)
    assert (accepted / "b.json").read_bytes() == before
    shown = run("baseline", "in", "-o", "-", "--select", "TLS001", cwd=accepted)
    assert shown.stdout.encode() == before


def test_no_failure_gives_a_baseline_of_nothing(here: Path) -> None:
    export(here, endpoint())
    run("baseline", "in", "-o", "b.json", "--select", "TLS001", cwd=here)
    assert known(here) == []
    assert lint(here, "--baseline", "b.json").returncode == 0


def test_a_hostile_name_stays_within_its_line(here: Path) -> None:
    export(here, endpoint('x"}\n]\u2028\x1b[31m', EndpointArn=ORDERS.removeprefix("TLS001:"), SslMode="none"))
    run("baseline", "in", "-o", "b.json", "--select", "TLS001", cwd=here)
    assert known(here) == [ORDERS]
    assert (here / "b.json").read_text().isascii()
    assert "\x1b" not in (here / "b.json").read_text()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"findings": []}', '{"kind": "other"}', "precious"])
def test_a_file_that_is_no_baseline_is_not_overwritten(accepted: Path, content: str) -> None:
    (accepted / "other").write_text(content)
    done = run("baseline", "in", "-o", "other", cwd=accepted)
    assert done.returncode == 2
    assert "not overwritten" in done.stderr
    assert (accepted / "other").read_text() == content


def test_a_folder_or_a_device_is_not_replaced(accepted: Path) -> None:
    for place in ("in", "/dev/null"):
        done = run("baseline", "in", "-o", place, cwd=accepted)
        assert done.returncode == 2
        assert f"{place} is no file: choose another name" in done.stderr


def test_a_folder_that_is_not_there_is_said(accepted: Path) -> None:
    done = run("baseline", "in", "-o", "no/b.json", cwd=accepted)
    assert (done.returncode, done.stderr) == (2, "dms-lint: cannot write no/b.json: No such file or directory\n")


def test_nothing_to_judge_writes_nothing(here: Path) -> None:
    (here / "in" / "x.json").write_text("{")
    assert run("baseline", "in", "-o", "b.json", cwd=here).returncode == 2
    assert not (here / "b.json").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "b.json: cannot be read: No such file or directory"),
        (b"", "b.json:1: is not JSON"),
        (b'{"a": 1,\n "b"}', "b.json:2: is not JSON: Expecting ':' delimiter"),
        (b"\xff\xfe", "b.json:1: is not JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "b.json:1: is not JSON"),
        (b"[" * 100_000, "b.json:1: is not JSON"),
        (b'{"schema_version": "1.0", "findings": []}', "b.json:1: is no baseline; `dms-lint baseline PATH -o FILE`"),
        (b'{"kind": "dms-lint baseline", "schema_version": "2.0"}', "is a baseline of another version, '2.0'"),
        (b'{"kind": "dms-lint baseline", "schema_version": "1.0"}', "b.json:1: has no list of findings"),
        (b'{"kind": "dms-lint baseline", "schema_version": "1.0", "findings": [3]}', "its finding 1 does not say"),
        (
            b'{"kind": "dms-lint baseline", "schema_version": "1.0", "findings": [{"fingerprint": 3}]}',
            "its finding 1 does not say fingerprint, rule, kind, resource, name, message, all text",
        ),
    ],
)
def test_a_file_that_is_no_baseline_ends_the_scan(here: Path, content: bytes | None, says: str) -> None:
    export(here, endpoint())
    if content is not None:
        (here / "b.json").write_bytes(content)
    done = lint(here, "--baseline", "b.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


# -- what it accepts


def test_what_it_holds_fails_no_pipeline(accepted: Path) -> None:
    assert lint(accepted).returncode == 1
    done = lint(accepted, "--baseline", "b.json")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_new_failure_fails(accepted: Path) -> None:
    export(accepted, endpoint(SslMode="none"), endpoint("crm", SslMode="none"), endpoint("hr", SslMode="none"))
    assert lint(accepted, "--baseline", "b.json").returncode == 1


def test_another_rule_on_a_known_resource_fails(accepted: Path) -> None:
    export(accepted, endpoint(SslMode="none", Username="dms"))
    assert lint(accepted, "--baseline", "b.json").returncode == 0
    assert lint(accepted, "--baseline", "b.json", select="TLS001,SEC001").returncode == 1


def test_a_known_failure_is_a_failure_all_the_same(pack: Pack) -> None:
    report = report_of(pack, endpoint(SslMode="none"))
    marked = baselines.mark_known(report, baselines.failures_of(report))
    (finding,) = marked.findings
    assert (finding.verdict, finding.known, finding.accepted) == (Verdict.FAIL, True, True)
    assert marked.verdicts == report.verdicts


def test_a_known_failure_that_is_another_now_is_named(accepted: Path) -> None:
    before = (accepted / "b.json").read_text()
    (accepted / "b.json").write_text(before.replace("orders (mysql) is not encrypted", "orders was half as bad"))
    done = lint(accepted, "--baseline", "b.json")
    assert done.returncode == 0
    assert done.stderr == (
        "dms-lint: b.json: TLS001 on endpoint orders is not what was accepted: orders (mysql) is not encrypted: "
        "SslMode is none; accepted was: orders was half as bad: SslMode is none\n"
    )


def test_lines_and_files_may_move(accepted: Path) -> None:
    (accepted / "in" / "describe-endpoints.json").rename(accepted / "in" / "renamed.json")
    assert lint(accepted, "--baseline", "b.json").returncode == 0


# -- what leaves it


def report_of(pack: Pack, *endpoints: dict[str, Any], select: str = "TLS001", refused: str = "", **more: Any) -> Report:
    documents = [Document("dms:DescribeEndpoints", {"Endpoints": list(endpoints), **more}, file="in.json")]
    if refused:
        documents.append(Document(refused, {}, refusal=Refusal("AccessDeniedException", "no")))
    rules = [rule for rule in pack.rules if rule.id.startswith(select)]
    sought = [("endpoint", ORDERS.removeprefix("TLS001:"))]
    return scan(documents, pack, rules, at=NOW, sought=sought)


@pytest.fixture
def of_orders(pack: Pack) -> dict[str, baselines.AcceptedFailure]:
    return baselines.failures_of(report_of(pack, endpoint(SslMode="none")))


def test_what_passes_now_is_fixed(pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]) -> None:
    assert set(baselines.settled(report_of(pack, endpoint()), of_orders)) == {ORDERS}


def test_what_no_rule_applies_to_any_more_is_fixed(pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]) -> None:
    now = report_of(pack, endpoint(EngineName="dynamodb", EndpointType="TARGET", SslMode=None))
    assert not now.findings
    assert set(baselines.settled(now, of_orders)) == {ORDERS}


def test_a_resource_gone_from_a_complete_listing_is_fixed(
    pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]
) -> None:
    assert set(baselines.settled(report_of(pack, endpoint("crm")), of_orders)) == {ORDERS}


def test_what_fails_still_is_not_fixed(pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]) -> None:
    assert baselines.settled(report_of(pack, endpoint(SslMode="none")), of_orders) == {}


def test_what_is_unknown_now_is_not_fixed(pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]) -> None:
    now = report_of(pack, endpoint(SslMode=None))
    assert [finding.verdict for finding in now.findings] == [Verdict.UNKNOWN]
    assert baselines.settled(now, of_orders) == {}


def test_what_was_not_selected_is_not_fixed(pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]) -> None:
    assert baselines.settled(report_of(pack, endpoint(), select="TLS002"), of_orders) == {}


def test_a_resource_gone_from_a_cut_listing_is_not_fixed(
    pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]
) -> None:
    assert baselines.settled(report_of(pack, endpoint("crm"), Marker="more"), of_orders) == {}


def test_a_resource_of_another_account_or_region_is_not_fixed(
    pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]
) -> None:
    for place in ("eu-west-2:111122223333", "eu-west-1:444455556666"):
        elsewhere = endpoint("crm", EndpointArn=f"arn:aws:dms:{place}:endpoint:CRM")
        assert baselines.settled(report_of(pack, elsewhere), of_orders) == {}


def test_what_met_an_internal_error_is_not_fixed(pack: Pack, of_orders: dict[str, baselines.AcceptedFailure]) -> None:
    rule, _, resource = ORDERS.partition(":")
    now = report_of(pack, endpoint())._replace(faults=(Fault(rule, resource, "KeyError", ""),))
    assert baselines.settled(now, of_orders) == {}


def test_a_resource_without_an_arn_that_is_not_seen_again_stays(pack: Pack) -> None:
    of_account = {"IAM012:1": baselines.AcceptedFailure("IAM012:1", "IAM012", "account", "1", "1", "")}
    assert baselines.settled(report_of(pack, endpoint(), select="IAM"), of_account) == {}


def test_an_account_finding_needs_all_regions_to_be_fixed(here: Path) -> None:
    shutil.copytree(ACCOUNTS / "faulty", here / "accounts")  # another of its accounts is of us-east-1, too
    scan_it = ("accounts", "--select", "ROLE008,IAM015", "--at", "2026-11-23")
    assert run("baseline", *scan_it, "-o", "b.json", cwd=here).returncode == 0
    before = known(here)
    assert before == ["IAM015:arn:aws:iam::444455556666:user/migration-script", "ROLE008:444455556666"]
    assert list(Draft202012Validator(SCHEMA).iter_errors(json.loads((here / "b.json").read_text()))) == []
    (here / "accounts" / "444455556666" / "us-east-1").rename(here / "us-east-1")
    done = run("scan", *scan_it, "--baseline", "b.json", "--update", cwd=here)
    assert "b.json: 2 of its 2 findings could not be judged again, and stay in it" in done.stderr
    assert known(here) == before
    # Where they are read again, what no longer fails is fixed.
    (here / "us-east-1").rename(here / "accounts" / "444455556666" / "us-east-1")
    (here / "accounts" / "444455556666" / "us-east-1" / "describe-endpoints.json").write_text('{"Endpoints": []}')
    run("scan", *scan_it, "--baseline", "b.json", "--update", cwd=here)
    assert known(here) == []


@pytest.mark.parametrize("kind", ["principal", "iam-policy", "network-path", "account", "region"])
def test_what_no_listing_holds_stays_where_it_is_not_seen(here: Path, kind: str) -> None:
    arn = "arn:aws:iam::444455556666:user/ops"
    of_another = {f"TLS001:{arn}": baselines.AcceptedFailure(f"TLS001:{arn}", "TLS001", kind, arn, "ops", "")}
    (here / "b.json").write_text(baselines.text_of(of_another))
    export(here, endpoint())
    assert lint(here, "--baseline", "b.json", "--update").returncode == 0
    assert known(here) == [f"TLS001:{arn}"]


def test_a_kind_that_is_no_kind_stays(here: Path) -> None:
    export(here, endpoint())
    odd = {ORDERS: baselines.AcceptedFailure(ORDERS, "TLS001", "no-such-kind", "x", "x", "")}
    (here / "b.json").write_text(baselines.text_of(odd))
    assert lint(here, "--baseline", "b.json", "--update").returncode == 0
    assert known(here) == [ORDERS]


def test_what_is_fixed_is_named(accepted: Path) -> None:
    export(accepted, endpoint(), endpoint("crm", SslMode="none"), endpoint("hr"))
    done = lint(accepted, "--baseline", "b.json", "-f", "json")
    says = "fixed: TLS001 on endpoint orders; --update takes it out"
    assert done.stderr == f"dms-lint: b.json: {says}\n"
    notices = json.loads(done.stdout)["notices"]
    assert {"message": says, "file": "b.json", "line": None, "problem": False} in notices
    assert done.returncode == 0
    assert len(known(accepted)) == 2


def test_update_takes_out_what_is_fixed_and_adds_nothing(accepted: Path) -> None:
    export(accepted, endpoint(), endpoint("crm", SslMode="none"), endpoint("hr", SslMode="none"))
    done = lint(accepted, "--baseline", "b.json", "--update")
    assert done.stderr == "dms-lint: b.json: fixed: TLS001 on endpoint orders, taken out\n"
    assert done.returncode == 1
    assert known(accepted) == [ORDERS.replace("ORDERS", "CRM")]
    # What comes back is new.
    export(accepted, endpoint(SslMode="none"), endpoint("crm", SslMode="none"))
    assert lint(accepted, "--baseline", "b.json").returncode == 1


def test_update_keeps_what_could_not_be_judged(accepted: Path) -> None:
    before = (accepted / "b.json").read_bytes()
    export(accepted, endpoint(SslMode=None), NextToken="more")
    done = lint(accepted, "--baseline", "b.json", "--update")
    assert "b.json: 2 of its 2 findings could not be judged again, and stay in it" in done.stderr
    assert done.returncode == 3
    assert (accepted / "b.json").read_bytes() == before


def test_update_follows_links_and_keeps_permissions(accepted: Path) -> None:
    (accepted / "real").mkdir()
    (accepted / "b.json").rename(accepted / "real" / "b.json")
    (accepted / "b.json").symlink_to("real/b.json")
    (accepted / "b.json").chmod(0o640)
    export(accepted, endpoint(), endpoint("crm", SslMode="none"))
    assert lint(accepted, "--baseline", "b.json", "--update").returncode == 0
    assert (accepted / "b.json").is_symlink()
    assert known(accepted, "real/b.json") == [ORDERS.replace("ORDERS", "CRM")]
    assert (accepted / "real" / "b.json").stat().st_mode & 0o777 == 0o640
    assert [file.name for file in (accepted / "real").iterdir()] == ["b.json"]


def test_update_writes_to_no_file_that_somebody_linked_beside_it(accepted: Path) -> None:
    (accepted / "precious").write_text("precious")
    (accepted / "b.json.new").symlink_to("precious")
    export(accepted, endpoint(), endpoint("crm", SslMode="none"))
    assert lint(accepted, "--baseline", "b.json", "--update").returncode == 0
    assert (accepted / "precious").read_text() == "precious"
    assert not (accepted / "b.json").is_symlink()


def test_update_without_a_baseline_is_wrong_usage(accepted: Path) -> None:
    done = lint(accepted, "--update")
    assert done.returncode == 2
    assert "--update needs --baseline FILE" in done.stderr


# -- with waivers

WAIVER = "waivers:\n  - {rule: TLS001, resource: orders, reason: a, expires: 2026-12-31}\n"


def test_what_is_waived_does_not_enter_the_baseline(accepted: Path) -> None:
    (accepted / ".dms-lint.yaml").write_text(WAIVER)
    for at in ("2026-12-31", "2027-01-01"):
        run("baseline", "in", "-o", "b.json", "--select", "TLS001", "--at", at, cwd=accepted)
        assert known(accepted) == [ORDERS.replace("ORDERS", "CRM")]


def test_an_expired_waiver_counts_though_in_the_baseline(accepted: Path) -> None:
    (accepted / ".dms-lint.yaml").write_text(WAIVER)
    assert lint(accepted, "--baseline", "b.json", "--at", "2026-12-31").returncode == 0
    assert lint(accepted, "--baseline", "b.json", "--at", "2027-01-01").returncode == 1


def test_a_repository_over_time(here: Path) -> None:
    """Accepted today, failing on what is new, waived for a while, failing again when that has passed."""
    export(here, endpoint(SslMode="none"))
    assert lint(here).returncode == gate.FINDINGS
    assert run("baseline", "in", "-o", "b.json", "--select", "TLS001", cwd=here).returncode == 0
    assert lint(here, "--baseline", "b.json").returncode == gate.CLEAN

    export(here, endpoint(SslMode="none"), endpoint("crm", SslMode="none"))
    assert lint(here, "--baseline", "b.json").returncode == gate.FINDINGS

    (here / ".dms-lint.yaml").write_text(WAIVER.replace("orders", "crm"))
    assert lint(here, "--baseline", "b.json", "--at", "2026-12-31").returncode == gate.CLEAN
    assert lint(here, "--baseline", "b.json", "--at", "2027-01-01").returncode == gate.FINDINGS

    export(here, endpoint(), endpoint("crm"))
    done = lint(here, "--baseline", "b.json", "--update", "--at", "2027-01-01")
    assert done.returncode == gate.CLEAN
    assert "fixed: TLS001 on endpoint orders, taken out" in done.stderr
    assert "the waiver of TLS001 for crm fits no finding: it can go" in done.stderr
    assert known(here) == []

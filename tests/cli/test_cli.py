"""The command as a user runs it: a process of its own, its exit code, its two streams."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
REGION = "arn:aws:dms:eu-west-1:111122223333"


def run(
    *arguments: str, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dms_lint", *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100", **environment},
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def endpoint(name: str = "orders", **members: Any) -> dict[str, Any]:
    return {
        "EndpointIdentifier": name,
        "EndpointArn": f"{REGION}:endpoint:{name.upper()}",
        "EndpointType": "SOURCE",
        "EngineName": "mysql",
        "SslMode": "verify-full",
        **members,
    }


@pytest.fixture
def export(tmp_path: Path) -> Any:
    def write(*endpoints: dict[str, Any], name: str = "describe-endpoints.json") -> str:
        (tmp_path / name).write_text(json.dumps({"Endpoints": list(endpoints)}, indent=4))
        return str(tmp_path)

    return write


# -- exit codes


def test_exit_0_when_nothing_fails(export: Any) -> None:
    done = run("scan", export(endpoint()), "--select", "TLS001")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 failed" in done.stdout


def test_exit_1_when_something_fails(export: Any) -> None:
    done = run("scan", export(endpoint(SslMode="none")), "--select", "TLS001")
    assert done.returncode == 1
    assert "orders (mysql) is not encrypted" in done.stdout


def test_exit_0_when_what_fails_is_below_the_threshold(export: Any) -> None:
    path = export(endpoint(SslMode="none"))
    assert run("scan", path, "--select", "TLS001", "--fail-on", "critical").returncode == 0
    assert run("scan", path, "--select", "TLS001", "--fail-on", "high").returncode == 1


def test_exit_0_whatever_is_found_with_exit_zero(export: Any) -> None:
    assert run("scan", export(endpoint(SslMode="none")), "--exit-zero").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scan", "/no/such/folder"], "there is no file or folder '/no/such/folder'"),
        (["scan", ".", "--select", "TLZ"], "no rule is called 'TLZ'; did you mean 'TLS'?"),
        (["scan", ".", "-f", "jsn"], "Did you mean 'json'?"),
        (["scan", ".", "-o", "report.json"], "is not FORMAT=FILE"),
        (["scan", ".", "--at", "soon"], "'soon' is not a date"),
        (["scan", ".", "--select", "TLS001", "--ignore", "TLS"], "no rule is left"),
        (["scna"], "No such command 'scna'"),
        (["explain", "TLS1"], "no rule is called 'TLS1'"),
        (["explain", "TLS"], "'TLS' is several rules"),
    ],
)
def test_exit_2_for_wrong_usage(arguments: list[str], says: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_exit_2_when_nothing_in_the_input_can_be_judged(tmp_path: Path) -> None:
    (tmp_path / "describe-endpoints.json").write_text("{")
    done = run("scan", str(tmp_path))
    assert done.returncode == 2
    assert "breaks off" in done.stderr
    assert "nothing was judged" in done.stderr


def test_exit_2_when_an_output_cannot_be_written(export: Any) -> None:
    done = run("scan", export(endpoint()), "-o", "json=/no/such/folder/report.json")
    assert done.returncode == 2
    assert "cannot write /no/such/folder/report.json" in done.stderr


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02\xff\xfe\x80", "is binary"),
        (b'{"Endpoints": [', "breaks off"),
        (b"TABLE | OUTPUT", "is not JSON"),
        (b'{"Pods": []}', "no AWS answer that dms-lint reads"),
    ],
)
def test_exit_3_when_one_file_cannot_be_read(export: Any, content: bytes, says: str) -> None:
    path = export(endpoint())
    (Path(path) / "other.json").write_bytes(content)
    done = run("scan", path, "--select", "TLS001")
    assert done.returncode == 3
    assert "1 passed" in done.stdout
    assert says in unwrapped(done.stdout)


def test_exit_1_beats_exit_3(export: Any) -> None:
    path = export(endpoint(SslMode="none"))
    (Path(path) / "other.json").write_text("")
    assert run("scan", path, "--select", "TLS001").returncode == 1


def test_refused_is_not_readable_and_absent_not_provided(export: Any) -> None:
    path = export(endpoint())
    arguments = ("scan", path, "--select", "ROLE001")
    assert run(*arguments).returncode == 0
    assert run(*arguments, "--strict").returncode == 3
    (Path(path) / "roles.err").write_text(
        "\nAn error occurred (AccessDenied) when calling the GetAccountAuthorizationDetails operation: User: "
        "arn:aws:iam::111122223333:user/lint is not authorized to perform: iam:GetAccountAuthorizationDetails\n"
    )
    done = run(*arguments)
    assert done.returncode == 3
    assert "iam:GetAccountAuthorizationDetails" in done.stdout


def test_exit_4_for_an_internal_error_and_the_rest_is_judged(export: Any) -> None:
    path = export(endpoint(SslMode="none"))
    program = (
        "import dms_lint.engine.evaluate as e\n"
        "from dms_lint.facts import FACTS\n"
        "def broken(resource, inventory): raise ZeroDivisionError('a bug')\n"
        "FACTS['tls.unsupported_modes'] = FACTS['tls.unsupported_modes']._replace(derive=broken)\n"
        "from dms_lint.cli import main\n"
        f"main(['scan', {path!r}, '--select', 'TLS001,TLS002'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "is not encrypted" in done.stdout
    assert "TLS002 on arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS: ZeroDivisionError: a bug" in unwrapped(
        done.stdout
    )
    assert "Traceback" not in done.stdout + done.stderr


# -- input and output


def test_standard_input_is_read(export: Any) -> None:
    done = run(
        "scan", "-", "--select", "TLS001", "-q", stdin=json.dumps({"Endpoints": [endpoint(SslMode="none")]}).encode()
    )
    assert done.returncode == 1
    assert done.stdout == "-:1: high TLS001 orders (mysql) is not encrypted: SslMode is none\n"


def test_quiet_gives_one_line_a_finding(export: Any) -> None:
    path = export(endpoint("a", SslMode="none"), endpoint("b", SslMode="none"))
    done = run("scan", path, "--select", "TLS001", "--quiet")
    assert done.stdout.splitlines() == [
        f"{path}/describe-endpoints.json:5: high TLS001 a (mysql) is not encrypted: SslMode is none",
        f"{path}/describe-endpoints.json:12: high TLS001 b (mysql) is not encrypted: SslMode is none",
    ]


def test_verbose_says_what_was_read_on_standard_error(export: Any) -> None:
    done = run("scan", export(endpoint()), "--select", "TLS001", "--verbose")
    assert "read 1 endpoint in" in done.stderr


def test_json_fits_its_published_schema(export: Any, tmp_path: Path) -> None:
    path, file = export(endpoint(SslMode="none"), endpoint("other", EngineName="nosuch")), tmp_path / "out.report"
    done = run(
        "scan", path, "-f", "json", "-o", f"json={file}", "-o", f"text={tmp_path / 'out.text'}", "--all-verdicts"
    )
    schema = json.loads(run("schema", "report").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    report = json.loads(done.stdout)
    jsonschema.validate(report, schema, format_checker=jsonschema.FormatChecker())
    assert json.loads(file.read_text()) == report
    assert {finding["verdict"] for finding in report["findings"]} == {"pass", "fail", "unknown", "not-applicable"}
    counted = dict.fromkeys(report["summary"]["verdicts"], 0)
    for finding in report["findings"]:
        counted[finding["verdict"]] += 1
    assert counted == report["summary"]["verdicts"]
    assert "is not encrypted" in (tmp_path / "out.text").read_text()


def test_findings_name_their_controls_and_the_summary_counts(export: Any) -> None:
    report = json.loads(run("scan", export(endpoint(SslMode="none"), endpoint("b")), "-f", "json").stdout)
    (finding,) = (one for one in report["findings"] if one["rule"] == "TLS001")
    assert finding["controls"]["security-hub"] == ["DMS.9"]
    assert "SC-8" in finding["controls"]["nist-800-53-r5"]
    assert "prowler" not in finding["controls"]
    frameworks = report["summary"]["frameworks"]
    assert frameworks["security-hub"]["DMS.9"] == {"fail": 1, "unknown": 0, "pass": 1}
    assert "DMS.7" not in frameworks["security-hub"], "no task was in the input"
    assert "prowler" not in frameworks


def test_the_text_counts_failed_controls_and_names_on_request(export: Any) -> None:
    path = export(endpoint(SslMode="none"))
    shown = unwrapped(run("scan", path, "--select", "TLS").stdout)
    assert "AWS Security Hub 1 of 1 (--frameworks names them)" in shown
    named = unwrapped(run("scan", path, "--frameworks", "--select", "TLS").stdout)
    assert "AWS Security Hub: 1 of 1 control failed fail DMS.9" in named
    assert "--frameworks" not in named
    assert "Security Hub" not in run("scan", export(endpoint())).stdout
    assert "Security Hub" not in run("scan", path, "-q").stdout


def test_a_scan_may_ask_for_a_framework_alone(export: Any) -> None:
    done = run("scan", export(endpoint(SslMode="none")), "--control", "CT.DMS.PR.2,DMS.13", "-f", "json")
    assert {one["rule"] for one in json.loads(done.stdout)["findings"]} == {"TLS001"}


def test_the_same_input_gives_the_same_bytes_but_for_times(export: Any) -> None:
    from tools.golden import timeless

    path = export(endpoint(SslMode="none"), endpoint("b", SslMode="none"), endpoint("c", EngineName="x"))
    first = run("scan", path, "-f", "json", PYTHONHASHSEED="1").stdout
    assert timeless(first) == timeless(run("scan", path, "-f", "json", PYTHONHASHSEED="2").stdout)


def test_colour_follows_the_pipe_no_color_and_force_color(export: Any) -> None:
    path = export(endpoint(SslMode="none"))
    assert "\x1b" not in run("scan", path).stdout
    assert "\x1b[" in run("scan", path, FORCE_COLOR="1").stdout
    assert "\x1b" not in run("scan", path, FORCE_COLOR="1", NO_COLOR="1").stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_stream_that_cannot_hold_a_name_gets_it_written_out(export: Any, encoding: str) -> None:
    done = run("scan", export(endpoint("注文", SslMode="none")), "--select", "TLS001", PYTHONIOENCODING=encoding)
    assert done.returncode == 1
    assert "\\u6ce8\\u6587 (mysql) is not encrypted" in done.stdout


def test_a_reader_that_closes_the_pipe_early_is_no_error(export: Any) -> None:
    path = export(*(endpoint(f"e{n}", SslMode="none") for n in range(400)))
    done = subprocess.run(
        f"{sys.executable} -m dms_lint scan {path} -f json | head -c 10", shell=True, capture_output=True, check=False
    )
    assert b"BrokenPipe" not in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that only Linux has")
def test_a_full_disk_is_said_and_is_no_finding(export: Any) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "dms_lint", "scan", export(endpoint())]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        b"dms-lint: cannot write to standard output: No space left on device\n",
    )


def test_a_bug_outside_the_checks_ends_with_4(export: Any) -> None:
    command = f"{sys.executable} -m dms_lint scan {export(endpoint())} >&-"  # no standard output at all
    assert subprocess.run(["bash", "-c", command], stderr=subprocess.DEVNULL, check=False).returncode == 4


# -- the other commands


@pytest.mark.parametrize("control", ["DMS.9", "dms_endpoint_ssl_enabled", "ckv2_aws_49"])
def test_rules_are_found_by_what_others_call_them(control: str) -> None:
    (rule,) = json.loads(run("rules", "--control", control, "-f", "json").stdout)
    assert rule["id"] == "TLS001"
    assert rule["controls"]["security-hub"] == ["DMS.9"]
    assert rule["equivalents"]["prowler"] == ["dms_endpoint_ssl_enabled"]
    assert "TLS001" in run("rules", "--control", control).stdout


def test_rules_of_a_framework_and_of_nothing() -> None:
    assert "2 rules" in run("rules", "--control", "control-tower").stdout
    done = run("rules", "--control", "DMS.99")
    assert done.returncode == 2
    assert "no control is called 'DMS.99'; did you mean 'DMS.9'?" in unwrapped(done.stderr)


def test_templates_are_shown_as_they_are_written() -> None:
    (rule,) = json.loads(run("rules", "--select", "TGT006", "-f", "json").stdout)
    shown = run("explain", "TGT006", COLUMNS="60").stdout
    for template in (rule["fix"]["cloudformation"], rule["fix"]["terraform"]):
        assert template.count("\n") > 5
        assert "\n".join(f"    {line}" if line else "" for line in template.splitlines()) in shown


def test_the_coverage_of_the_guide_as_text_and_as_json() -> None:
    listed = json.loads(run("rules", "--coverage", "-f", "json").stdout)
    assert len(listed) == 115
    (modes,) = (one for one in listed if one["id"] == "G166")
    assert modes["section"] == "CHAP_Security.SSL"
    assert modes["rules"] == ["TLS001", "TLS003", "TLS004"]
    assert modes["no_rule"] is None
    shown = run("rules", "--coverage").stdout
    assert all(len(line) <= 100 for line in shown.splitlines())
    for one in listed:
        assert f"  {one['id']}  " in shown
        assert ", ".join(one["rules"]) in unwrapped(shown)
        assert (one["no_rule"] or "") in unwrapped(shown)


def test_the_coverage_of_chosen_rules_is_what_they_cover() -> None:
    listed = json.loads(run("rules", "--coverage", "--select", "TLS003", "-f", "json").stdout)
    assert [one["id"] for one in listed] == ["G166", "G172"]
    assert json.loads(run("rules", "--coverage", "--select", "NET001", "-f", "json").stdout) == []


def test_explain_shows_what_a_rule_answers_elsewhere() -> None:
    shown = run("explain", "TLS001").stdout
    assert "AWS Security Hub: DMS.9 (medium there)" in shown
    assert "Prowler: dms_endpoint_ssl_enabled" in shown


def test_version() -> None:
    from dms_lint import __version__

    for option in ("--version", "-V"):
        assert run(option).stdout == f"dms-lint, version {__version__}\n"


@pytest.mark.parametrize("command", ["", "scan", "rules", "explain", "inspect", "check-pack", "schema"])
def test_help_is_everywhere(command: str) -> None:
    arguments = [command] if command else []
    short, long = run(*arguments, "-h"), run(*arguments, "--help")
    assert short.returncode == 0
    assert short.stdout == long.stdout
    assert "Usage: dms-lint" in short.stdout


def test_rules_as_a_table_and_as_json() -> None:
    table, listed = run("rules", "--select", "TLS").stdout, json.loads(run("rules", "-f", "json").stdout)
    assert "TLS001" in table
    assert "KMS001" not in table
    assert {"TLS001", "KMS001"} <= {rule["id"] for rule in listed}


def test_rules_by_basis() -> None:
    listed = json.loads(run("rules", "-f", "json", "--basis", "practice").stdout)
    assert {rule["basis"] for rule in listed} == {"practice"}


def test_explain_shows_a_rule_by_id_or_name() -> None:
    page = run("explain", "tls001").stdout
    assert page == run("explain", "connection-unencrypted").stdout
    for words in ("Why", "Applies when", "Passes when", "How to fix it", "Cases", "G166"):
        assert words in page


def test_inspect_lists_resources_and_shows_every_fact_of_one(export: Any) -> None:
    path = export(endpoint(), endpoint("half", SslMode=None))
    assert f"orders  {REGION}:endpoint:ORDERS" in run("inspect", path).stdout
    for id_ in ("orders", f"{REGION}:endpoint:ORDERS", "ORDERS"):
        page = run("inspect", path, id_).stdout
        assert "tls.mode" in page
        assert "verify-full" in page
    assert "unknown: endpoint half" in run("inspect", path, "half").stdout
    done = run("inspect", path, "nosuch")
    assert done.returncode == 2
    assert "no resource is called 'nosuch'" in done.stderr


def test_check_pack_accepts_the_bundled_pack() -> None:
    done = run("check-pack", str(ROOT / "rules"))
    assert done.returncode == 0
    assert "all is as they say" in done.stdout


def test_check_pack_refuses_a_bad_rule_and_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("name: mine\nversion: '1'\n")
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "MY001.yaml").write_text("id: MY001\nname: mine\ncolour: red\n")
    done = run("check-pack", str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path}/my/MY001.yaml:3: unknown key 'colour'" in done.stderr


def test_check_pack_exits_with_1_when_a_case_is_not_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("name: mine\nversion: '1'\n")
    (tmp_path / "my").mkdir()
    source = (ROOT / "rules" / "tls" / "TLS001.yaml").read_text()
    (tmp_path / "my" / "MY001.yaml").write_text(source.replace("TLS001", "MY001"))
    cases = (ROOT / "rules" / "tls" / "TLS001.cases.yaml").read_text()
    (tmp_path / "my" / "MY001.cases.yaml").write_text(cases.replace("then: pass", "then: fail", 1))
    done = run("check-pack", str(tmp_path))
    assert done.returncode == 1
    assert "expected fail, got pass" in done.stdout


def test_check_pack_names_a_malformed_file_of_cases(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("name: mine\nversion: '1'\n")
    (tmp_path / "my").mkdir()
    source = (ROOT / "rules" / "tls" / "TLS001.yaml").read_text()
    (tmp_path / "my" / "MY001.yaml").write_text(source.replace("TLS001", "MY001"))
    (tmp_path / "my" / "MY001.cases.yaml").write_text("- name: [unclosed\n")
    done = run("check-pack", str(tmp_path))
    assert done.returncode == 1
    assert "MY001.cases.yaml" in done.stdout


@pytest.mark.parametrize("name", ["report", "rule", "cases", "control"])
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(run("schema", name).stdout))


def test_a_wholly_refused_region_is_not_empty(tmp_path: Path) -> None:
    here, there = tmp_path / "111122223333" / "us-east-1", tmp_path / "111122223333" / "eu-west-1"
    for folder in (here, there):
        folder.mkdir(parents=True)
    for operation, key in (("Endpoints", "endpoints"), ("ReplicationInstances", "replication-instances")):
        (here / f"describe-{key}.json").write_text(json.dumps({operation: []}))
        (there / f"describe-{key}.err").write_text(
            f"\nAn error occurred (AccessDeniedException) when calling the Describe{operation} operation: no\n"
        )
    done = run("scan", str(tmp_path), "--select", "ROLE001", "-f", "json", "--all-verdicts")
    assert done.returncode == 3
    assert [finding["verdict"] for finding in json.loads(done.stdout)["findings"]] == ["unknown"]


# -- secrets


def with_secret(export: Any) -> str:
    secret = f"{REGION.replace(':dms:', ':secretsmanager:')}:secret:orders-a1B2c3"
    path: str = export(endpoint(MySQLSettings={"SecretsManagerSecretId": secret}))
    answer = {
        "ARN": secret,
        "Name": "orders",
        "VersionId": "1",
        "SecretString": json.dumps({"username": "dms", "password": "hunter;2", "port": 3306}),
        "VersionStages": ["AWSCURRENT"],
    }
    (Path(path) / "get-secret-value.json").write_text(json.dumps(answer))
    return path


def test_a_secrets_value_is_left_alone_unless_asked_for(export: Any) -> None:
    done = run("scan", with_secret(export), "--select", "SEC008,SEC009")
    assert "holds a secret's value: not read without --read-secrets; delete this file" in unwrapped(done.stdout)
    assert "hunter" not in done.stdout + done.stderr
    assert done.returncode == 3


def test_a_secrets_value_gives_what_checks_need_when_asked_for(export: Any) -> None:
    done = run("scan", with_secret(export), "--select", "SEC008,SEC009", "--read-secrets", "-f", "json")
    found = {one["rule"]: one["message"] for one in json.loads(done.stdout)["findings"]}
    assert found["SEC008"].endswith("lacks host")
    assert found["SEC009"].endswith("(;)")
    assert "hunter" not in done.stdout + done.stderr
    assert done.returncode == 1


def test_inspect_reads_a_secrets_value_when_asked_for(export: Any) -> None:
    path = with_secret(export)
    assert "--read-secrets reads it" in unwrapped(run("inspect", path, "orders").stdout)
    page = run("inspect", path, "orders", "--read-secrets")
    assert "lacks host" in unwrapped(page.stdout)
    assert "hunter" not in page.stdout + page.stderr

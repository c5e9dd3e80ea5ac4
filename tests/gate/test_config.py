"""`.dms-lint.yaml`: what it says is in force, the command line wins, what is wrong in it is refused with its line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from dms_lint.data.tables import pack_directory
from dms_lint.gate.config import ConfigError, discover, read_config, read_waivers
from dms_lint.gate.overrides import adjusted
from dms_lint.model import Pack, Severity
from dms_lint.rulepack.loader import PackError, load_pack
from dms_lint.schemas import schema_file
from tests.cli.test_cli import endpoint, unwrapped
from tests.forked import run
from tests.rulepack.test_loader import changed, pack_of

NAME = ".dms-lint.yaml"
SCHEMA = json.loads(schema_file("config").read_text())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A repository with an endpoint that is not encrypted and has the tag `team`."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "in").mkdir()
    one = endpoint(SslMode="none")
    (tmp_path / "in" / "describe-endpoints.json").write_text(json.dumps({"Endpoints": [one]}))
    tags = {"TagList": [{"Key": "team", "Value": "x", "ResourceArn": one["EndpointArn"]}]}
    (tmp_path / "in" / "list-tags-for-resource.json").write_text(json.dumps(tags))
    return tmp_path


def configure(folder: Path, text: str) -> Path:
    file = folder / NAME
    file.write_text(text)
    return file


def findings(folder: Path, *arguments: str) -> dict[str, Any]:
    """By rule, the failures that a scan of `in` reports."""
    done = run("scan", "in", "-f", "json", *arguments, cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return {one["rule"]: one for one in json.loads(done.stdout)["findings"] if one["verdict"] == "fail"}


def refusal(text: str, folder: Path) -> list[str]:
    file = configure(folder, text)
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    return [problem.replace(str(file), "FILE") for problem in caught.value.problems]


# -- finding it


def test_the_nearest_file_upwards_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    outer = configure(tmp_path, "")
    assert discover(inner, Path("/nowhere")) == outer
    nearer = configure(tmp_path / "a", "")
    assert discover(inner, Path("/nowhere")) == nearer


@pytest.mark.parametrize("git", ["folder", "file"])
def test_nothing_beyond_the_repository_is_looked_for(tmp_path: Path, git: str) -> None:
    repository = tmp_path / "repository"
    (repository / "a").mkdir(parents=True)
    (repository / ".git").mkdir() if git == "folder" else (repository / ".git").write_text("gitdir: elsewhere")
    configure(tmp_path, "")
    assert discover(repository / "a", Path("/nowhere")) is None


def test_nothing_beyond_the_home_folder_is_looked_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "a").mkdir(parents=True)
    configure(tmp_path, "")
    assert discover(home / "a", home) is None


def test_a_file_by_another_ending_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".dms-lint.yml").write_text("")
    with pytest.raises(ConfigError, match=r"name it \.dms-lint\.yaml"):
        discover(tmp_path, Path("/nowhere"))


@pytest.mark.parametrize("target", ["gone", NAME])
def test_a_link_that_leads_nowhere_is_refused(here: Path, target: str) -> None:
    (here / NAME).symlink_to(target)
    done = run("scan", "in", cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{NAME}:1: cannot be read" in done.stderr


def test_a_user_without_a_home_folder_has_a_configuration(here: Path) -> None:
    configure(here, "fail-on: critical\n")
    done = run("config", cwd=here, HOME="~")  # as where no user of that number is known
    assert f"configuration: {NAME}" in done.stdout


def test_a_home_folder_that_is_a_link_ends_the_search_too(tmp_path: Path) -> None:
    (tmp_path / "disk" / "me" / "work").mkdir(parents=True)
    (tmp_path / "home").symlink_to("disk/me")
    configure(tmp_path, "fail-on: critical\n")
    done = run("config", cwd=tmp_path / "disk" / "me" / "work", HOME=str(tmp_path / "home"))
    assert "configuration: none" in done.stdout


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    config = read_config(configure(tmp_path, "# nothing yet\n"))
    assert (config.options, config.waivers) == ({}, ())


def test_no_yaml_is_parsed_where_there_is_no_configuration(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from dms_lint.gate.config import discover\n"
        "assert discover(Path.cwd(), Path('/nowhere')) is None; assert 'yaml' not in sys.modules"
    )
    (tmp_path / ".git").mkdir()
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


# -- what it says is in force


def test_select_and_ignore_choose_rules(here: Path) -> None:
    configure(here, "select: [TLS, TAG]\nignore: connection-unencrypted\n")
    assert "TLS001" not in findings(here)
    assert "TLS001" in findings(here, "--no-config")


def test_the_command_line_wins_over_the_file(here: Path) -> None:
    configure(here, "select: [TAG]\nfail-on: critical\nstrict: true\n")
    assert set(findings(here, "--select", "TLS001")) == {"TLS001"}
    assert run("scan", "in", "--select", "TLS001", cwd=here).returncode == 0
    assert run("scan", "in", "--select", "TLS001", "--fail-on", "low", cwd=here).returncode == 1
    # The credentials are not in the input, which `strict` minds.
    assert run("scan", "in", "--select", "SEC012,TLS005,IAM001,TLS006", cwd=here).returncode == 3
    assert run("scan", "in", "--select", "SEC012,TLS005,IAM001,TLS006", "--no-strict", cwd=here).returncode == 0


def test_another_severity_counts_for_report_and_exit_code(here: Path) -> None:
    configure(here, "severity: {TLS001: info}\n")
    assert findings(here, "--select", "TLS001")["TLS001"]["severity"] == "info"
    assert run("scan", "in", "--select", "TLS001", cwd=here).returncode == 0


def test_the_most_particular_word_counts(here: Path, pack: Pack) -> None:
    text = "severity:\n  connection-unencrypted: critical\n  TLS: info\n  TLS00: low\n"
    rules = {rule.id: rule for rule in adjusted(pack.rules, read_config(configure(here, text)))}
    assert rules["TLS001"].severity is Severity.CRITICAL
    assert rules["TLS003"].severity is Severity.LOW
    assert rules["TLS011"].severity is Severity.INFO


def test_a_setting_replaces_the_number_in_the_rule(here: Path, pack: Pack) -> None:
    rules = adjusted(pack.rules, read_config(configure(here, "settings: {CRT004: {minimum_days: 45}}\n")))
    rule = next(rule for rule in rules if rule.id == "CRT004")
    assert rule.expect == {"certificate.days_left": {"minimum": 45}}
    assert next(one for one in pack.rules if one.id == "CRT004").expect == {"certificate.days_left": {"minimum": 30}}


@pytest.mark.parametrize(
    ("required", "fails"),
    [(["team"], False), (["owner"], True), (["team", "owner"], True), (["Team"], True)],
)
def test_every_required_tag_must_be_there(here: Path, required: list[str], fails: bool) -> None:
    configure(here, yaml.safe_dump({"settings": {"TAG": {"required": required}}}))
    found = findings(here, "--select", "TAG005")
    assert ("TAG005" in found) is fails
    if fails:
        assert found["TAG005"]["message"] == (f"endpoint orders does not have all of the tags {', '.join(required)}")
        assert found["TAG005"]["evidence"] == {"tags.keys": ["team"]}


def test_required_tags_are_unknown_where_the_tags_are(here: Path) -> None:
    (here / "in" / "list-tags-for-resource.json").unlink()
    configure(here, "settings: {TAG: {required: [owner]}}\n")
    assert findings(here, "--select", "TAG005") == {}
    assert "1 unknown" in run("scan", "in", "--select", "TAG005", cwd=here).stdout


def test_the_report_says_that_a_configuration_is_in_force(here: Path) -> None:
    configure(here, "severity: {TLS001: info, TLS002: low}\nignore: KMS\nsettings: {TAG: {required: [a]}}\n")
    (here / "sub").mkdir()
    done = run("scan", "../in", "-f", "json", cwd=here / "sub")
    notices = json.loads(done.stdout)["notices"]
    said = {"message": "in force: 1 option, 2 severities, 1 setting", "file": f"../{NAME}", "line": None}
    assert {**said, "problem": False} in notices


def test_folders_of_packs_are_those_beside_the_file(tmp_path: Path) -> None:
    config = read_config(configure(tmp_path, "packs: [ours, /theirs]\nregions: eu-west-1\n"))
    assert config.options == {"packs": (str(tmp_path / "ours"), "/theirs"), "regions": ("eu-west-1",)}


# -- what is wrong


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a\n", "1: a configuration is a mapping; its keys are select, ignore"),
        ("selct: [TLS]\n", "1: unknown key 'selct'; did you mean 'select'?"),
        ("\nfail-on: hihg\n", "2: unknown severity 'hihg'; did you mean 'high'?"),
        ("fail-on: [high]\n", "1: unknown severity"),
        ("strict: 'yes'\n", "1: 'strict' is true or false"),
        ("select: []\n", "1: 'select' is a text or a list of texts"),
        ("select:\n  - TLS\n  - 3\n", "3: 'select' is a text or a list of texts"),
        ("severity: [TLS001]\n", "1: 'severity' is a mapping of rules to severities"),
        ("severity:\n  TLS001: high\n  TLS002: bad\n", "3: unknown severity 'bad'"),
        ("settings:\n  CRT004: 30\n", "2: the settings of CRT004 are a mapping"),
        ("waivers: {}\n", "1: 'waivers' is a list of waivers"),
        ("waivers:\n  - TLS001\n", "2: a waiver is a mapping with rule, resource, reason"),
        ("waivers:\n  - rule: TLS001\n    resource: a\n", "2: a waiver says its 'reason': why the risk is accepted"),
        ("waivers:\n  - rule: A\n    resource: a\n    reason: '  '\n", "4: a waiver says its 'reason'"),
        (
            "waivers:\n  - rule: A\n    resourse: a\n    reason: b\n",
            "3: unknown key of a waiver 'resourse'; did you",
        ),
        (
            "waivers:\n  - {rule: A, resource: a, reason: b,\n     account: 111122223333}\n",
            "3: 'account' is text: put",
        ),
        ("waivers:\n  - {rule: A, resource: a, reason: b, account: '1111'}\n", "2: 'account' has twelve digits"),
        ("waivers:\n  - {rule: A, resource: a, reason: b, expires: soon}\n", "2: 'expires' is the last day"),
        ("waivers:\n  - {rule: A, resource: a, reason: b, expires: 20261231}\n", "2: 'expires' is the last day"),
        ("waivers:\n  - {rule: A, resource: a, reason: b, expires: 2026-12-31 10:00:00}\n", "2: 'expires' is the last"),
        ("\nwaivers:\n  - {rule: A, resource: a, reason: b, expires: 2026-02-30}\n", "3: '2026-02-30' is no date"),
        ("waivers:\n  - {rule: A, resource: a, reason: b, expires: '2026-02-30'}\n", "2: 'expires' is the last day"),
        ("waivers:\n  - {rule: A, resource: a, reason: b, expires: 2026-W53-4}\n", "2: 'expires' is the last day"),
        ("\nwaivers:\n  - {rule: A, resource: a, reason: b, expires: !!timestamp soon}\n", "3: 'soon' is no date"),
        ("\nstrict: !!bool soon\n", "2: 'soon' is no boolean"),
        ("\nstrict: !!int ''\n", "2: '' is no whole number"),
        ("\nselect: !!python/name:os.system\n", "2: could not determine a constructor"),
        ("select: a\n---\nselect: b\n", "2: but found another document"),
        ("severity:\n  1: high\n  2: bad\n", "3: unknown severity 'bad'"),
        ("select: a\nselect: b\n", "2: the key 'select' stands twice"),
        ("select: [\n", "2: "),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    (problem,) = refusal(text, tmp_path)
    assert problem.startswith(f"FILE:{says}"), problem


@pytest.mark.parametrize(("text", "line"), [("severity: &a\n  <<: *a\n", 1), ("waivers:\n  - &a {<<: [*a]}\n", 2)])
def test_what_merges_itself_is_refused(tmp_path: Path, text: str, line: int) -> None:
    (problem,) = refusal(text, tmp_path)
    assert problem == f"FILE:{line}: an alias stands within what it repeats"


def test_an_alias_bomb_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["A0: &a0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"A{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 13)]
    (problem,) = refusal("severity:\n  " + "\n  ".join(lines) + "\n", tmp_path)
    assert problem == "FILE:7: too much, with all that aliases repeat"


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = "selct: a\nstrict: 1\nseverity:\n  A: x\n  B: y\nwaivers:\n  - a\n  - b\n"
    assert [problem.split(":")[1] for problem in refusal(text, tmp_path)] == ["1", "2", "4", "5", "7", "8"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("select:\n  - TLS\n  - TLZ\n", f"{NAME}:3: no rule is called 'TLZ'; did you mean 'TLS'?"),
        ("ignore: TLS999\n", f"{NAME}:1: no rule is called 'TLS999'"),
        ("severity:\n  TLS0001: high\n", f"{NAME}:2: no rule is called 'TLS0001'; did you mean 'TLS001'?"),
        ("severity:\n  1: high\n", f"{NAME}:2: no rule is called '1'"),
        ("settings:\n  CRT004:\n    min_days: 3\n", f"{NAME}:3: unknown setting of CRT004 'min_days'; did you mean"),
        ("settings:\n  CRT004: {x: 3}\n", "unknown setting of CRT004 'x'; there is minimum_days"),
        ("settings:\n  TLS001: {x: 3}\n", f"{NAME}:2: TLS001 has no settings"),
        ("settings:\n  CRT004: {minimum_days: -1}\n", "minimum_days of CRT004 is a whole number, like 30"),
        ("settings:\n  CRT004: {minimum_days: true}\n", "minimum_days of CRT004 is a whole number"),
        ("settings:\n  CRT004: {minimum_days: '30'}\n", "minimum_days of CRT004 is a whole number"),
        ("settings:\n  TAG001: {required: owner}\n", "required of TAG001 is a list of texts"),
        (
            "settings:\n  TAG001:\n    required:\n    - owner\n    - '{arn}'\n",
            f"{NAME}:5: required of TAG001 is a list",
        ),
        (
            "waivers:\n- {rule: TLS0001, resource: a, reason: b}\n",
            f"{NAME}:2: no rule is called 'TLS0001'; did you",
        ),
    ],
)
@pytest.mark.parametrize("command", [["scan", "in"], ["config"]])
def test_what_does_not_exist_is_refused_with_its_line(here: Path, command: list[str], text: str, says: str) -> None:
    configure(here, text)
    done = run(*command, cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--config", "no.yaml"], "no.yaml:1: cannot be read: No such file or directory"),
        (["--config", "in"], "in:1: cannot be read: Is a directory"),
        (["--config", "a.yaml", "--no-config"], "--config and --no-config exclude each other"),
        (["--waivers", "no.yaml"], "no.yaml:1: cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_ends_the_scan(here: Path, arguments: list[str], says: str) -> None:
    done = run("scan", "in", *arguments, cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in unwrapped(done.stderr)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_bytes(b"select: \xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_config(file)


def test_a_file_of_waivers_holds_nothing_else(tmp_path: Path) -> None:
    file = configure(tmp_path, "waivers:\n  - {rule: A, resource: b, reason: c}\n")
    assert [one.place for one in read_waivers(file)] == [f"{file}:2"]
    configure(tmp_path, "select: A\n")
    with pytest.raises(ConfigError, match="unknown key 'select'; there is waivers"):
        read_waivers(file)


# -- the published schema

FULL = """\
select: [TLS, KMS]
ignore: TLS003
severity: {TLS001: critical, TAG: info}
settings:
  CRT004: {minimum_days: 60}
  TAG: {required: [owner, "cost center"]}
fail-on: medium
strict: true
packs: [rules/ours]
regions: [eu-central-1]
waivers:
  - rule: TLS001
    resource: orders-*
    account: "111122223333"
    region: eu-central-1
    reason: The database speaks no TLS until it moves.
    expires: "2026-12-31"
    owner: orders-team
    ticket: 4711
"""


def configure_fully(folder: Path, text: str = FULL) -> Path:
    """The configuration, and the pack that it names."""
    (folder / "rules" / "ours").mkdir(parents=True)
    rule = (pack_directory() / "tls" / "TLS001.yaml").read_text(encoding="utf-8")
    rule = rule.replace("id: TLS001", "id: OURS001").replace("name: connection-unencrypted", "name: ours")
    (folder / "rules" / "ours" / "OURS001.yaml").write_text(rule)
    return configure(folder, text)


def test_the_schema_allows_what_is_read(here: Path) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert list(validator.iter_errors(yaml.safe_load(FULL))) == []
    file = configure_fully(here, FULL)
    config = read_config(file)
    assert set(config.options) == {"select", "ignore", "fail-on", "strict", "packs", "regions"}
    assert config.waivers[0]._asdict() == {
        **yaml.safe_load(FULL)["waivers"][0],
        "ticket": "4711",
        "place": f"{file}:12",
        "expired": False,
    }
    assert run("config", cwd=here).returncode == 0


@pytest.mark.parametrize(
    "text",
    [
        "selct: [TLS]",
        "fail-on: hihg",
        "strict: 'yes'",
        "select: []",
        "severity: [TLS001]",
        "severity: {TLS001: bad}",
        "settings: {CRT004: 30}",
        "settings: {CRT004: {}}",
        "waivers: {}",
        "waivers: [TLS001]",
        "waivers: [{rule: A, resource: a}]",
        "waivers: [{rule: A, resource: a, reason: ' '}]",
        "waivers: [{rule: A, resource: a, reason: b, tag: c}]",
        "waivers: [{rule: A, resource: a, reason: b, account: 111122223333}]",
        "waivers: [{rule: A, resource: a, reason: b, expires: soon}]",
        "[]",
    ],
)
def test_the_schema_refuses_what_is_refused(tmp_path: Path, text: str) -> None:
    validator = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert not validator.is_valid(yaml.safe_load(text))
    assert refusal(text, tmp_path)


def test_schema_and_reader_know_the_same_keys() -> None:
    from dms_lint.gate import config

    assert list(SCHEMA["properties"]) == list(config.KEYS)
    assert set(SCHEMA["$defs"]["waiver"]["properties"]) == set(config.WAIVER_KEYS)


@pytest.mark.parametrize("name", ["config", "baseline"])
def test_the_schema_is_printed(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(run("schema", name).stdout))


# -- dms-lint config


def test_each_value_is_shown_with_where_it_comes_from(here: Path) -> None:
    configure_fully(here, FULL.replace("KMS", "CRT").replace("strict: true\n", ""))
    shown = json.loads(run("config", "--fail-on", "high", "-f", "json", cwd=here).stdout)
    assert shown["file"] == NAME
    found = {row["key"]: (row["value"], row["from"]) for row in shown["values"]}
    assert found["select"] == (["TLS", "CRT"], f"{NAME}:1")
    assert found["fail-on"] == ("high", "command line")
    assert found["strict"] == (False, "default")
    assert found["severity.TLS001"] == ("critical", f"{NAME}:3")
    assert found["settings.CRT004.minimum_days"] == (60, f"{NAME}:5")
    assert found["settings.TAG003.required"] == (["owner", "cost center"], f"{NAME}:6")
    assert found["settings.OPS003.minimum_days"] == (91, "default")
    assert [waiver["place"] for waiver in shown["waivers"]] == [f"{NAME}:11"]


def test_the_policy_is_for_the_rules_the_configuration_leaves(here: Path) -> None:
    configure(here, "select: TLS001\n")
    least = run("policy", "--select", "TLS001", cwd=here.parent).stdout
    assert run("policy", cwd=here).stdout == least
    assert run("policy", "--select", "KMS003", cwd=here).stdout != least
    assert run("policy", "--no-config", cwd=here).stdout == run("policy", cwd=here.parent).stdout != least


def test_an_unusable_configuration_ends_a_collection_at_once(here: Path) -> None:
    configure(here, "regoins: all\n")
    done = run("collect", "-o", "snapshot", "--endpoint-url", "http://127.0.0.1:9", cwd=here)
    assert done.returncode == 2
    assert f"{NAME}:1: unknown key 'regoins'; did you mean 'regions'?" in done.stderr
    assert not (here / "snapshot").exists()


def test_the_text_shows_whether_a_waiver_has_expired(here: Path) -> None:
    configure_fully(here, FULL)
    assert "waiver TLS001 orders-* 111122223333 eu-central-1, until 2026-12-31: The database" in (
        run("config", "--at", "2026-12-31", cwd=here).stdout
    )
    assert "expired on 2026-12-31" in run("config", "--at", "2027-01-01", cwd=here).stdout
    assert "none found or wanted" in run("config", "--no-config", cwd=here).stdout


# -- settings as a rule declares them


def test_every_setting_keeps_its_rule_true_to_its_default(pack: Pack) -> None:
    from dms_lint.rulepack.settings import default, with_setting

    having = [rule for rule in pack.rules if rule.settings]
    assert having
    for rule in having:
        for name in rule.settings:
            value = default(rule, name)
            if value:
                assert with_setting(rule, name, value) == rule
                # The title is true whatever is set.
                assert str(value) not in rule.title


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("settings: []", "'settings' is a mapping of names"),
        ("settings: {Least: {fact: tls.mode, word: contains, about: a}}", "lower-case words joined by '_'"),
        ("settings: {least: minimum}", "a setting has a 'fact', a 'word' and an 'about', all text"),
        ("settings: {least: {fact: tls.mode, word: contains}}", "a setting must say its 'about'"),
        ("settings: {least: {fact: tls.mode, word: contains, abuot: a}}", "unknown key 'abuot'; did you mean 'about'?"),
        ("settings: {least: {fact: tls.moed, word: contains, about: a}}", "unknown fact of 'expect' 'tls.moed'"),
        ("settings: {least: {fact: tls.mode, word: enum, about: a}}", "unknown word of a setting 'enum'"),
        ("settings: {least: {fact: tls.mode, word: minimum, about: a}}", "on tls.mode has no 'minimum' to set"),
        ("settings: {least: {fact: tls.mode, word: contains, about: a}}", "tls.mode is not a list"),
        (
            "settings: {least: {fact: tls.encrypting_modes, word: minItems, about: a, fail: '{more}'}}",
            "{more} is no fact",
        ),
    ],
)
def test_a_setting_that_could_set_nothing_is_refused(tmp_path: Path, settings: str, says: str) -> None:
    rule = changed("expect:\n", "expect:\n  tls.encrypting_modes: {minItems: 1}\n")
    folder = pack_of(tmp_path, TLS001=f"{rule}{settings}\n")
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    (problem,) = caught.value.problems
    assert says in problem

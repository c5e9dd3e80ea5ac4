"""Rule packs of one's own: beside ours or instead, and the way of who writes one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import jsonschema
import pytest

from dms_lint.schemas import schema_file
from tests.cli.test_cli import ROOT, endpoint
from tests.forked import run

if TYPE_CHECKING:
    from pathlib import Path

TLS001 = ROOT / "rules" / "tls" / "TLS001.yaml"
RULE = TLS001.read_text(encoding="utf-8").replace("id: TLS001", "id: ACME001").replace("connection-unencrypted", "acme")
CASES = (ROOT / "rules" / "tls" / "TLS001.cases.yaml").read_text(encoding="utf-8")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A pack of one rule, in a folder that also has an account in `in`."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "pack.yaml").write_text("name: acme\nversion: '7'\n")
    (folder / "ACME001.yaml").write_text(RULE)
    (folder / "ACME001.cases.yaml").write_text(CASES)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "describe-endpoints.json").write_text(json.dumps({"Endpoints": [endpoint(SslMode="none")]}))
    return folder


def failed(text: str) -> set[str]:
    return {finding["rule"] for finding in json.loads(text)["findings"] if finding["verdict"] == "fail"}


def test_a_pack_is_judged_beside_ours_and_the_report_names_both(mine: Path) -> None:
    done = run("scan", "in", "--pack", "mine", "-f", "json", cwd=mine.parent)
    assert {"ACME001", "TLS001"} <= failed(done.stdout)
    report = json.loads(done.stdout)
    assert report["tool"]["pack"]["name"] == "dms-security"
    assert report["tool"]["packs"] == [{"name": "acme", "version": "7"}]
    jsonschema.validate(report, json.loads(schema_file("report").read_text()))


def test_a_pack_is_judged_instead_of_ours(mine: Path) -> None:
    done = run("scan", "in", "--pack", "mine", "--no-default-pack", "-f", "json", cwd=mine.parent)
    assert failed(done.stdout) == {"ACME001"}
    assert json.loads(done.stdout)["tool"]["pack"] == {"name": "acme", "version": "7"}
    assert "packs" not in json.loads(done.stdout)["tool"]


def test_no_pack_at_all_is_wrong_usage(mine: Path) -> None:
    done = run("scan", "in", "--no-default-pack", cwd=mine.parent)
    assert done.returncode == 2
    assert "name a pack of your own with --pack DIR" in done.stderr


def test_the_configuration_names_packs_beside_it(mine: Path) -> None:
    (mine.parent / ".dms-lint.yaml").write_text("packs: mine\n")
    assert "ACME001" in failed(run("scan", "in", "-f", "json", cwd=mine.parent).stdout)
    (mine.parent / ".dms-lint.yaml").write_text("strict: true\npacks: [mine, gone]\n")
    done = run("scan", "in", cwd=mine.parent)
    assert done.returncode == 2
    assert ".dms-lint.yaml:2: there is no folder 'gone'" in done.stderr


@pytest.mark.parametrize("command", [("rules",), ("policy",), ("explain", "ACME001"), ("baseline", "in", "-o", "-")])
def test_other_commands_know_it_too(mine: Path, command: tuple[str, ...]) -> None:
    done = run(*command, "--pack", "mine", cwd=mine.parent)
    assert done.returncode == 0, done.stderr
    assert "ACME001" in done.stdout or command == ("policy",)
    unknown = run(*command, "--pack", "mine", "--no-default-pack", cwd=mine.parent)
    assert "TLS001" not in unknown.stdout


def test_an_id_of_two_packs_is_refused_with_both_places(mine: Path) -> None:
    (mine / "TLS001.yaml").write_text("# mine\n" + TLS001.read_text())
    done = run("scan", "in", "--pack", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"mine/TLS001.yaml:2: TLS001 is the id of {TLS001}:1 too; give it another",
        "dms-lint: the rules cannot be used: 1 problem",
    ]
    assert "warning: mine/TLS001.yaml:2: TLS001 is the id of" in run("check-pack", "mine", cwd=mine.parent).stderr


def test_a_name_of_two_packs_is_refused(mine: Path) -> None:
    (mine / "ACME001.yaml").write_text(RULE.replace("name: acme", "name: connection-unencrypted"))
    done = run("rules", "--pack", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert f"mine/ACME001.yaml:2: connection-unencrypted is the name of {TLS001}:2 too" in done.stderr


def test_a_folder_named_twice_counts_once(mine: Path) -> None:
    done = run("rules", "--pack", "mine", "--pack", str(mine), "--pack", str(ROOT / "rules"), cwd=mine.parent)
    assert done.returncode == 0
    assert done.stdout.count("ACME001") == 1


def test_a_foreign_rule_is_linked_to_no_page_of_ours(mine: Path) -> None:
    said = run("scan", "in", "--pack", "mine", "-f", "sarif", cwd=mine.parent).stdout
    assert "docs/rules/TLS001.md" in said
    assert "docs/rules/ACME001.md" not in said


# -- the way of an author


def test_the_whole_way_of_an_author(mine: Path) -> None:
    here = mine.parent
    done = run("new-rule", "OWN001", "--directory", "own", cwd=here)
    assert (done.returncode, done.stdout) == (0, "wrote own/OWN001.yaml\nwrote own/OWN001.cases.yaml\n")

    done = run("check-pack", "own", cwd=here)
    assert done.returncode == 1
    for todo in ("'name'", "'title'", "'why'", "'fail'", "'fix.text'"):
        assert f"{todo} is still to be written" in done.stdout
    assert "expected fail, got unknown" in done.stdout
    assert "no case reaches pass" in done.stdout
    assert all(line.startswith("own/OWN001.") for line in done.stdout.splitlines())

    rule, cases = here / "own" / "OWN001.yaml", here / "own" / "OWN001.cases.yaml"
    rule.write_text(rule.read_text().replace("todo-own001", "own").replace("TODO ", ""))
    text = cases.read_text().replace("TODO what", "what").replace("# TODO the member that makes the rule fail", "{}")
    start = text.index("- name")
    one = text[start:]
    cases.write_text(
        one.format("SslMode: none")
        + one.format("SslMode: require").replace("what is", "that is").replace("then: fail", "then: pass")
        + one.format("ServerName: a").replace("what is", "which is").replace("then: fail", "then: unknown")
    )
    done = run("check-pack", "own", cwd=here)
    assert (done.returncode, done.stdout) == (0, "1 rule, 3 cases: all is as they say\n"), done.stdout
    assert "OWN001" in failed(run("scan", "in", "--pack", "own", "-f", "json", cwd=here).stdout)


def test_a_new_rule_overwrites_nothing(mine: Path) -> None:
    (mine / "ACME002.cases.yaml").write_text("mine")
    done = run("new-rule", "ACME002", "--directory", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert "mine/ACME002.cases.yaml stands there already: nothing was written" in done.stderr
    assert not (mine / "ACME002.yaml").exists()
    assert (mine / "ACME002.cases.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("id_", "said"), [("acme", "is no id"), ("TLS001", "TLS001 is taken"), ("ACME001", "ACME001 is taken, by mine")]
)
def test_a_new_rule_has_an_id_of_its_own(mine: Path, id_: str, said: str) -> None:
    done = run("new-rule", id_, "--directory", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert said in done.stderr


# -- what an author is told

WRONG = {
    "an unknown fact": ("  tls.mode:", "  tls.mod:", 14, "unknown fact 'tls.mod'; did you mean 'tls.mode'?"),
    "a fact of another kind": ("endpoint\nwhy", "task\nwhy", 12, "is a fact about endpoint, and the rule applies to"),
    "a wrong value": ("verify-ca,", "verify_ca,", 14, "tls.mode is never 'verify_ca'; it is one of"),
    "a value with its neighbour": ("verify-ca,", "verify_ca,", 14, "; did you mean 'verify-ca'?"),
    "a bad placeholder": ("is {tls.mode}", "is {tls.mde}", 16, "unknown fact 'tls.mde'; did you mean 'tls.mode'?"),
    "another id": ("id: ACME001", "id: ACME002", 1, "the id is ACME002 and the file ACME001.yaml"),
    "a tab": ("  tls.mode:", "\ttls.mode:", 14, "a tab stands here, and YAML indents with spaces alone"),
    "a misspelt word": (
        "{minItems: 1}",
        "{minItmes: 1}",
        12,
        "'minItmes' is no word of a condition; did you mean",
    ),
    "a tag that does not fit": ("severity: high", "severity: !!bool perhaps", 4, "'perhaps' is no boolean"),
    "an empty number": ("severity: high", "severity: !!int ''", 4, "'' is no whole number"),
    "a number without end": ("{minItems: 1}", f"{{minItems: {'9' * 5000}}}", 12, "is no whole number"),
    "no date": ("severity: high", "severity: !!timestamp soon", 4, "'soon' is no date"),
    "code": ("severity: high", "severity: !!python/object/apply:os.getcwd []", 4, "could not determine a constructor"),
    "a control character": ("title: The", 'title: "\\e[31mThe"\nx: The', 3, "holds '\\x1b', which does not print"),
    "an order of reading": ("{name} (", "{name}\u202e (", 16, "holds '\\u202e', which does not print"),
    "an alias within itself": ("{minItems: 1}", "&a {items: *a}", 12, "an alias stands within what it repeats"),
    "a pattern without end": (
        "{minItems: 1}",
        "{items: {pattern: '^(a+)+$'}}",
        12,
        "repeats what is repeated already",
    ),
    "a pattern too deep": (
        "{minItems: 1}",
        f"{{items: {{pattern: '{'(' * 3000}{')' * 3000}'}}}}",
        12,
        "nested too deeply",
    ),
    "a text without quotes": ('"{name} (', "{name} (", 16, "a text that begins with { or [ stands in quotes"),
}


@pytest.mark.parametrize(("old", "new", "line", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_refused_with_line_and_way_out(mine: Path, old: str, new: str, line: int, said: str) -> None:
    assert RULE.count(old) == 1
    (mine / "ACME001.yaml").write_text(RULE.replace(old, new))
    done = run("check-pack", "mine", cwd=mine.parent)
    assert done.returncode == 2
    *told, summary = done.stderr.splitlines()
    assert any(one.startswith(f"mine/ACME001.yaml:{line}: ") and said in one for one in told), told
    assert summary.startswith(f"dms-lint: the rules cannot be used: {len(told)} problem")


def test_all_that_is_wrong_with_a_rule_is_told_at_once(mine: Path) -> None:
    text = RULE.replace("severity: high", "severity: blocker").replace("basis:", "bases:").replace("verify-ca,", "ca,")
    (mine / "ACME001.yaml").write_text(text.replace("  text:", "  txt:").replace("tls.encrypting_modes:", "tls.modez:"))
    (mine / "ACME002.yaml").write_text(RULE)
    told = run("check-pack", "mine", cwd=mine.parent).stderr
    assert [one.partition(": ")[2].split(";")[0] for one in told.splitlines()[:-1]] == [
        "a rule must say its 'basis'",
        "unknown severity 'blocker'",
        "unknown key 'bases'",
        "unknown fact 'tls.modez'",
        "tls.mode is never 'ca'",
        "unknown key 'txt'",
        "the id is ACME001 and the file ACME002.yaml: name it ACME001.yaml",
    ]


CASE = """\
- name: one
  given:
    dms describe-endpoints:
      Endpoints:
        - EndpointIdentifier: orders
          EndpointArn: arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS
          EndpointType: SOURCE
          EngineName: mysql
          SslMode: none
  then: fail
"""
WRONG_CASES = {
    "what AWS never sends": ("SslMode:", "Sslmode:", 9, "no such member; did you mean 'SslMode'?"),
    "no such command": ("describe-endpoints", "describe-endpoint", 3, "did you mean 'dms describe-endpoints'?"),
    "another verdict": ("then: fail", "then: pass", 10, "expected pass, got fail"),
    "no verdict": ("then: fail", "then: fial", 10, "did you mean 'fail'?"),
    "an unknown key": ("  given", "  gave: a\n  given", 2, "'gave' is no key of a case"),
    "a verdict without case": ("", "", 1, "no case reaches unknown: add one with `then: unknown`"),
    "a tab": ("  then", "\tthen", 10, "a tab stands here"),
    "an alias within itself": ("SslMode: none", "Tags: &a [*a]", 9, "an alias stands within what it repeats"),
    "a date as a name": ("SslMode: none", "2026-01-01: none", 3, "called by a text: put it into quotes"),
    "a tag that does not fit": ("SslMode: none", "SslMode: !!bool perhaps", 9, "'perhaps' is no boolean"),
    "no words": ("then: fail", "then: fail\n  says: ''", 11, "'says' is a text or a list of texts"),
    "aliases without end": (
        "  then",
        "".join(f"  k{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]\n" for n in range(9)) + "  then",
        15,
        "too much, with all that aliases repeat",
    ),
}


@pytest.mark.parametrize(("old", "new", "line", "said"), WRONG_CASES.values(), ids=WRONG_CASES)
def test_a_wrong_case_is_told_with_line_and_way_out(mine: Path, old: str, new: str, line: int, said: str) -> None:
    (mine / "ACME001.cases.yaml").write_text(CASE.replace(old, new) if old else CASE)
    done = run("check-pack", "mine", cwd=mine.parent)
    assert done.returncode == 1
    told = [one for one in done.stdout.splitlines() if one.startswith(f"mine/ACME001.cases.yaml:{line}: ")]
    assert any(said in one for one in told), done.stdout
    assert "problem" in done.stderr


def test_an_empty_case_file_and_ruleless_cases_are_named(mine: Path) -> None:
    (mine / "ACME001.cases.yaml").rename(mine / "ACME010.cases.yaml")
    done = run("check-pack", "mine", cwd=mine.parent)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "mine/ACME001.yaml:1: ACME001 has no cases: write ACME001.cases.yaml beside it",
        "mine/ACME010.cases.yaml:1: no rule ACME010.yaml stands beside these cases; did you mean 'ACME001'?",
    ]
    (mine / "ACME010.cases.yaml").unlink()
    (mine / "ACME001.cases.yaml").write_text("")
    assert "mine/ACME001.cases.yaml:1: the file is empty: cases are a list" in (
        run("check-pack", "mine", cwd=mine.parent).stdout
    )


def test_an_empty_rule_and_an_id_twice_are_refused(mine: Path) -> None:
    (mine / "a").mkdir()
    (mine / "a" / "ACME001.yaml").write_text(RULE)
    (mine / "ACME002.yaml").write_text("")
    done = run("check-pack", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "mine/ACME002.yaml:1: the file is empty; `dms-lint new-rule` writes what one begins with",
        "mine/a/ACME001.yaml:1: ACME001 is the id of mine/ACME001.yaml:1 too; give it another",
        "dms-lint: the rules cannot be used: 2 problems",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pack.yaml", 'name: "\\e]0;a"\nversion: "1"\n'),
        ("controls/own.yaml", 'title: "\\e[31m"\nsource: a\ncontrols: {A: [ACME001]}\n'),
        ("controls/own.yaml", 'title: a\nsource: a\ncontrols: {"\\e[31m": [ACME001]}\n'),
    ],
)
def test_no_text_of_a_pack_is_a_command_to_a_terminal(mine: Path, name: str, text: str) -> None:
    (mine / "controls").mkdir()
    (mine / name).write_text(text)
    done = run("rules", "--pack", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert "the text holds '\\x1b', which does not print: take it out" in done.stderr


def test_what_never_ends_is_not_read(mine: Path) -> None:
    os.mkfifo(mine / "ACME002.cases.yaml")
    (mine / "ACME003.yaml").symlink_to("/dev/zero")
    (mine / "ACME004.yaml").write_text("# " + "a" * 1_000_000)
    done = run("check-pack", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "mine/ACME002.cases.yaml:1: is no file that ends: a pack is read from files alone",
        "mine/ACME003.yaml:1: is no file that ends: a pack is read from files alone",
        "mine/ACME004.yaml:1: is larger than 1,000,000 bytes: split it",
        "dms-lint: the rules cannot be used: 3 problems",
    ]


def test_a_rule_that_would_not_be_read_is_told(mine: Path) -> None:
    (mine / "a" / "b").mkdir(parents=True)
    (mine / "a" / "b" / "ACME002.yaml").write_text(RULE)
    (mine / "a" / "b" / "values.yaml").write_text("a: b")
    (mine / "ACME003.YAML").write_text(RULE)
    done = run("check-pack", "mine", cwd=mine.parent)
    assert done.returncode == 2
    assert done.stderr.splitlines()[:-1] == [
        "mine/ACME003.YAML:1: is not read: name it ACME003.yaml",
        "mine/a/b/ACME002.yaml:1: is not read here: a rule is ID.yaml or FAMILY/ID.yaml",
    ]


def test_a_pack_that_is_called_like_ours_is_held_against_it_too(mine: Path) -> None:
    (mine / "pack.yaml").write_text("name: dms-security\nversion: '1'\n")
    (mine / "ACME001.yaml").write_text(RULE.replace("name: acme", "name: connection-unencrypted"))
    done = run("check-pack", "mine", cwd=mine.parent)
    assert "connection-unencrypted is the name of" in done.stderr
    assert "dms-security" not in run("check-pack", str(ROOT / "rules")).stderr

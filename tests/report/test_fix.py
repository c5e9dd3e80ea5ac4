"""The script of fixes: what is in it is only ever run as it is meant, and what a person must decide is a comment."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from dms_lint.model import Finding, Pack, Report, Resource, Rule, Verdict, Waiver
from dms_lint.rulepack.placeholders import PLACEHOLDER
from tests.build import ACCOUNT, NOW, REGION
from tests.report.made import PACK, account, names, rendered
from tools import golden

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]
STUB = """#!/bin/sh
[ -z "${AWS_PAGER-less}" ] || exit 9
[ "$1" = sts ] && echo "$CREDENTIALS_OF" && exit
printf '%s\\0' "$#" "$@" >> "$RECORD"
"""
DISRUPTS = re.compile(
    r"aws \S+ (delete|remove|revoke|schedule|disable|stop|reboot|move|detach|replace|rotate|update|apply-pending"
    r"|modify-endpoint|modify-replication|modify-data-provider|modify-instance-profile|modify-vpc-endpoint"
    r"|put-(key-policy|role-policy|secret-value|event-selectors))(-|\s|$)"
)
COMMANDS = [
    (rule, kind, rule.fix.cli.get(kind, rule.fix.cli.get("", ""))) for rule in PACK.rules for kind in rule.applies_to
]
COMMANDS = [(rule, kind, template) for rule, kind, template in COMMANDS if template]

TAME = [
    "a; touch OWNED",
    "$(touch OWNED)",
    "`touch OWNED`",
    "a'; touch OWNED; '",
    'a"$(touch OWNED)"',
    "a\\",
    "a*?",
    "~",
]
TAME += ["a&&touch OWNED|touch OWNED", "> OWNED", "# OWNED", "é ü", "a'b\"c", "{arn} <CHOICE>", "!!", "$HOME", "a,B=c"]
TAME += ["key@=file://x", '{"a": ["b"]}', "[a]", "%s", "a\\\\", " -a", "a file://x"]
"""Names that a shell would interpret, and that the AWS CLI takes for names."""
WILD = [
    "a\ntouch OWNED\n",
    "a\rtouch OWNED",
    "\x1b[2J",
    "a\u2028touch OWNED",
    "\u202eabc",
    "--profile=x",
    "-rf",
    "file:///etc/x",
]
WILD += ["https://example.com/x", "http://a", "fileb://a", "lone \ud800", "a\r\nb", "nul \0", "a\u200bb"]
WILD += ["--cli-input-json", "a\\\ntouch OWNED"]
"""Names that are more than a name to the AWS CLI, or to a terminal that shows the script."""


def bare(rule: Rule, cli: str | None = None, **fix: Any) -> Rule:
    """The rule with nothing left to choose, and nothing said to disrupt, so that its command may run."""
    commands = {kind: re.sub("<[^>]*>", "CHOSEN", one) for kind, one in rule.fix.cli.items()}
    changes: dict[str, Any] = {"cli": commands if cli is None else {"": cli}, "disruptive": "", **fix}
    return rule._replace(fix=rule.fix._replace(**changes))


def failure(rule: Rule, kind: str = "endpoint", name: str = "orders", *, evidence: Any = None, **of: Any) -> Finding:
    """A failure in which the resource's words, and every fact, are that name."""
    words = {"account": ACCOUNT, "region": REGION, "arn": name, "name": name, **of}
    if evidence is None:
        evidence = {fact: name for fact in PLACEHOLDER.findall(f"{rule.fail}{rule.fix.cli}") if "." in fact}
    return Finding(rule, Resource(kind, name, {}, **words), Verdict.FAIL, evidence)


def report(*findings: Finding) -> Report:
    pack = Pack("test", "1", tuple({finding.rule.id: finding.rule for finding in findings}.values()))
    return Report(
        pack, NOW, 1.0, (), (ACCOUNT,), (REGION,), {}, dict.fromkeys(Verdict, 0), {},
        findings, (), (),
    )  # fmt: skip


def script(*findings: Finding) -> str:
    return rendered("fix", report(*findings))


def live(shown: str) -> list[str]:
    """The lines that are no comments, after the head."""
    lines = shown[shown.index("\n}\n") :].splitlines()
    return [line for line in lines[2:] if line and not line.startswith("#")]


def ran(
    shown: str, folder: Path, credentials: str = ACCOUNT
) -> tuple[list[list[str]], subprocess.CompletedProcess[str]]:
    """What arguments `aws` got when the script ran in a folder of its own, and how it ended: the same in each shell."""
    (calls, ended), *others = [ran_by(shell, shown, folder, credentials) for shell in SHELLS]
    assert all((called, one.returncode) == (calls, ended.returncode) for called, one in others)
    return calls, ended


def ran_by(
    shell: str, shown: str, folder: Path, credentials: str, *, whole: bool = True
) -> tuple[list[list[str]], subprocess.CompletedProcess[str]]:
    for name in ("bin", "here"):
        (folder / name).mkdir(exist_ok=True)
    stub, record, file = folder / "bin" / "aws", folder / "record", folder / "fix.sh"
    stub.write_text(STUB)
    stub.chmod(0o755)
    record.write_bytes(b"")
    file.write_text(shown, encoding="utf-8")
    path = f"{stub.parent}{os.pathsep}{os.environ['PATH']}"
    made = {**os.environ, "PATH": path, "RECORD": str(record), "CREDENTIALS_OF": credentials, "LC_ALL": "C.UTF-8"}
    if whole:
        assert subprocess.run([shell, "-n", str(file)], check=False, capture_output=True).stderr == b""
    ended = subprocess.run(
        [shell, str(file)],
        check=False,
        capture_output=True,
        text=True,
        env=made,
        cwd=folder / "here",
    )
    assert list((folder / "here").iterdir()) == [], "another command ran"
    words = iter(record.read_bytes().decode().split("\0")[:-1])
    return [[next(words) for _ in range(int(count))] for count in words], ended


def intended(template: str, kind: str, name: str) -> list[list[str]]:
    """The arguments that a template means, one for each command of it; all of its facts are that name."""
    of = {"kind": kind, "account": ACCOUNT, "region": REGION}
    found = []
    for one in template.split(" && "):
        words = [PLACEHOLDER.sub(lambda match: of.get(match[1], name), word) for word in shlex.split(one)[1:]]
        regional = words[0] != "iam" and "--region" not in words
        found.append([*words, "--region", REGION] if regional else words)
    return found


def only_whole_words(template: str) -> bool:
    """Whether every placeholder of an account's text is a word of its own, the value of the option before it."""
    words = template.split()
    for before, word in pairwise(words):
        mine = set(PLACEHOLDER.findall(word)) - {"kind", "account", "region"}
        if mine and not (PLACEHOLDER.fullmatch(word) and before.startswith("--") and not PLACEHOLDER.search(before)):
            return False
    return True


def names_an_option(template: str) -> bool:
    """Whether a placeholder of an account's text stands where an option does."""
    words = template.split()
    return any(PLACEHOLDER.fullmatch(word) and not before.startswith("--") for before, word in pairwise(words))


def holds_text(template: str) -> bool:
    return bool(set(PLACEHOLDER.findall(template)) - {"kind", "account", "region"})


# -- whatever the account's names hold


@pytest.mark.parametrize("name", TAME)
def test_each_command_gets_names_as_they_are_and_runs_no_more(name: str, tmp_path: Path) -> None:
    found = [failure(bare(rule), kind, name) for rule, kind, _ in COMMANDS]
    meant: list[list[str]] = []
    for finding, (_, kind, _) in zip(found, COMMANDS, strict=True):
        template = finding.rule.fix.cli.get(kind) or finding.rule.fix.cli[""]
        if only_whole_words(template):
            meant += [words for words in intended(template, kind, name) if words not in meant]
    calls, ended = ran(script(*found), tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert sorted(calls) == sorted(meant)
    assert len(calls) > 50


@pytest.mark.parametrize("name", ["@a", "\u0430rn:aws", "o" * 5000, "a/../b", "*"])
def test_a_name_that_is_one_within_a_word_too_is_passed_on_there(name: str, tmp_path: Path) -> None:
    meant: list[list[str]] = []
    for rule, kind, _ in COMMANDS:
        template = bare(rule).fix.cli.get(kind) or bare(rule).fix.cli[""]
        if not names_an_option(template):
            meant += [words for words in intended(template, kind, name) if words not in meant]
    calls, ended = ran(script(*(failure(bare(rule), kind, name) for rule, kind, _ in COMMANDS)), tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert sorted(calls) == sorted(meant)


@pytest.mark.parametrize("name", WILD)
def test_a_dangerous_name_makes_its_command_a_comment(name: str, tmp_path: Path) -> None:
    found = [failure(bare(rule), kind, name) for rule, kind, _ in COMMANDS]
    shown = script(*found)
    assert all(character == "\n" or character == "\u00a0" or character.isprintable() for character in shown)
    calls, ended = ran(shown, tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    untouched = [bare(rule).fix.cli for rule, _, template in COMMANDS if not holds_text(template)]
    assert 0 < len(calls) <= sum(len(one) for one in untouched)
    assert all("OWNED" not in word and name not in word for call in calls for word in call)
    assert "# check: the AWS CLI may take the value of arn for more than a value." in shown


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names.filter(bool))
def test_any_name_is_passed_on_exactly_or_not_at_all(name: str, tmp_path: Path) -> None:
    rule = bare(PACK.rules[0], "aws dms describe --of {name}", text="How: {name}")._replace(fail="{name} {arn}")
    calls, ended = ran(script(failure(rule, name=name)), tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert calls in ([], [["dms", "describe", "--of", name, "--region", REGION]])
    if name.isalnum() and name.isascii():
        assert calls


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names.filter(bool))
def test_a_name_within_a_word_is_passed_exactly_or_not_at_all(name: str, tmp_path: Path) -> None:
    rule = bare(PACK.rules[0], "aws dms describe --tags Key={name},Value=x")
    calls, ended = ran(script(failure(rule, name=name)), tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert calls in ([], [["dms", "describe", "--tags", f"Key={name},Value=x", "--region", REGION]])
    assert not calls or not set(name) & set(",=[]{}'\"\\ ")


@pytest.mark.parametrize(
    ("value", "runs"),
    [("arn:aws:dms:eu-west-1:1:task:A-b_c.d/*", True), ("a,B=c", False), ("a b", False), ("{}", False), ("a\n", False)],
)
def test_within_a_word_a_value_is_no_shorthand(value: str, *, runs: bool) -> None:
    rule = bare(PACK.rules[0], "aws dms describe --filters Name=x,Values={name}")
    assert bool(live(script(failure(rule, name=value)))[1:]) is runs


@pytest.mark.parametrize(
    ("value", "runs"), [("--s3-settings", True), ("--a=b", False), ("x", False), ("-- --a", False)]
)
def test_where_an_option_stands_a_value_is_an_option(value: str, *, runs: bool) -> None:
    rule = bare(PACK.rules[0], "aws dms describe {name} A=b")
    assert bool(live(script(failure(rule, name=value)))[1:]) is runs


def test_the_option_of_an_engine_is_no_reason_to_check() -> None:
    found = [
        failure(rule, kind, evidence={"secret.option": "--s3-settings", "target.settings_option": "--s3-settings"})
        for rule, kind, template in COMMANDS
        if "option}" in template
    ]
    assert len(found) > 5
    assert "# check:" not in script(*found)


def test_an_account_that_is_none_gets_no_live_line() -> None:
    rule = bare(PACK.rules[0], "aws dms describe --of {name}")
    for wrong in ("", "$(touch OWNED)", "1111222233334", "١" * 12):
        shown = script(failure(rule, account=wrong))
        assert live(shown) == []
        assert "# check: of which account the resource is." in shown


def test_a_region_that_is_not_known_is_left_to_a_person() -> None:
    shown = script(failure(bare(PACK.rules[0], "aws dms describe --of {name}"), region=""))
    assert "# choose: <region>\n# aws dms describe --of orders --region <region>\n" in shown


# -- what a person must decide


@pytest.mark.parametrize(("rule", "kind", "template"), COMMANDS, ids=lambda value: getattr(value, "id", None))
def test_a_command_that_disrupts_is_marked(rule: Rule, kind: str, template: str) -> None:
    assert template.startswith("aws "), kind
    if any(DISRUPTS.match(one) for one in template.split(" && ")):
        assert rule.fix.disruptive.endswith(".")


def test_no_command_that_disrupts_or_waits_for_a_choice_is_live() -> None:
    shown = script(*(failure(rule, kind, "orders") for rule, kind, _ in COMMANDS))
    commands = [line for line in live(shown) if line.startswith("aws ")]
    assert commands
    for command in commands:
        assert not DISRUPTS.match(command)
        assert "<" not in command
        assert re.search(r" (delete|remove|revoke|schedule|disable|stop|reboot|move|detach)-", command) is None


def test_the_check_of_what_disrupts_finds() -> None:
    for words in ("dms delete-certificate --x", "ec2 revoke-security-group-ingress", "dms stop-replication-task"):
        assert DISRUPTS.match(f"aws {words}")
    assert not DISRUPTS.match("aws kms enable-key-rotation --key-id x")


OPEN = [pytest.param(rule, kind, id=f"{rule.id}-{kind}") for rule, kind, template in COMMANDS if "<" in template]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("rule", "kind"), OPEN)
def test_a_command_with_a_choice_left_open_stops_the_script(rule: Rule, kind: str, shell: str, tmp_path: Path) -> None:
    uncommented = re.sub(r"^# aws (?!CLI)", "aws ", script(failure(rule, kind)), flags=re.MULTILINE) + "aws end\n"
    calls, ended = ran_by(shell, uncommented, tmp_path, ACCOUNT, whole=False)
    assert calls == []
    assert ended.returncode != 0


def test_a_disruptive_command_says_why() -> None:
    shown = script(failure(bare(PACK.rules[0], "aws dms delete-task --of {name}", disruptive="It deletes.")))
    assert f"# disruptive: It deletes.\n# aws dms delete-task --of orders --region {REGION}\n" in shown
    assert live(shown) == [f"account {ACCOUNT}"]


def test_what_must_be_chosen_is_collected_at_the_command() -> None:
    shown = script(
        failure(bare(PACK.rules[0], "aws dms describe --a <A_B> --c file://<C> --d <A_B> --e {no.fact}"), evidence={})
    )
    assert "# choose: <A_B>, <C>, <no.fact>\n# aws dms describe --a <A_B>" in shown


def test_a_command_that_stands_above_is_not_run_again() -> None:
    rule = bare(PACK.rules[0], "aws iam attach-role-policy --role-name {name}")
    shown = script(failure(rule), failure(rule._replace(id="ZZZ001")))
    assert live(shown)[1:] == ["aws iam attach-role-policy --role-name orders"]
    assert "# check: the same command stands above.\n" in shown
    open_ = bare(PACK.rules[0], "aws iam attach-role-policy --role-name <ROLE>")
    assert "the same command" not in script(failure(open_), failure(open_, name="other"))


def test_a_failure_without_a_command_says_how_to_mend_it() -> None:
    rule = PACK.rules[0]._replace(
        fail="It fails", fix=PACK.rules[0].fix._replace(text="Do this.", cli={}, disruptive="")
    )
    shown = script(failure(rule))
    assert f"# {rule.id} {rule.severity.label}: It fails\n#     Do this.\n" in shown
    assert "1 that no single command mends" in " ".join(shown.replace("\n# ", " ").split())


# -- accounts and Regions


def test_every_command_names_its_region_once() -> None:
    for rule, kind, template in COMMANDS:
        assert template.count(" --region ") <= 1, rule.id
        shown = script(failure(bare(rule), kind, "orders"))
        command = next(line for line in shown.splitlines() if re.match(r"(# )?aws (?!CLI)", line))
        for one in command.split(" && "):
            assert one.count(" --region ") == (0 if "aws iam " in one else 1), rule.id


def test_the_script_stops_at_the_credentials_of_another_account(tmp_path: Path) -> None:
    rule = bare(PACK.rules[0], "aws dms describe --of {name}")
    mine, other = failure(rule, name="mine"), failure(rule, name="other", account="444455556666")
    calls, ended = ran(script(other, mine), tmp_path)
    assert calls == [["dms", "describe", "--of", "mine", "--region", REGION]]
    assert ended.returncode == 1
    assert "for account 444455556666, and the credentials are of account 111122223333." in ended.stderr


def test_the_script_stops_without_credentials_or_on_failure(tmp_path: Path) -> None:
    rule = bare(PACK.rules[0], "aws dms describe --of {name}")
    calls, ended = ran(script(failure(rule)), tmp_path, credentials="")
    assert (calls, ended.returncode) == ([], 1)
    assert "\nset -eu\n" in script(failure(rule))


def test_with_several_accounts_each_is_asked_for_a_profile() -> None:
    rule = bare(PACK.rules[0], "aws dms describe --of {name}")
    shown = script(failure(rule, name="a"), failure(rule, name="b", account="444455556666"))
    assert "# export AWS_PROFILE=<PROFILE_OF_444455556666>\naccount 444455556666\n" in shown
    assert "AWS_PROFILE" not in script(failure(rule))


# -- the whole


def accepted(finding: Finding, **of: Any) -> Finding:
    return finding._replace(**of)


def test_accepted_failures_and_unknowns_are_left_out() -> None:
    rule = bare(PACK.rules[0], "aws dms describe --of {name}")
    waiver = Waiver(rule.id, "*", "being replaced")
    found = [
        failure(rule, name="kept"),
        accepted(failure(rule, name="waived"), waiver=waiver),
        accepted(failure(rule, name="known"), known=True),
        accepted(failure(rule, name="expired"), waiver=waiver._replace(expired=True)),
        accepted(failure(rule, name="unknown"), verdict=Verdict.UNKNOWN),
    ]
    shown = script(*found)
    assert [line.split()[4] for line in live(shown)[1:]] == ["expired", "kept"]
    assert "# Left out: 2 accepted failures (1 waived, 1 known).\n" in shown
    assert "# 2 failures: 2 with a command that runs as it stands" in shown


def test_the_worst_resource_comes_first_and_its_worst_failure() -> None:
    by_severity: dict[Any, Rule] = {rule.severity: rule for rule in PACK.rules}
    low, high = (by_severity[severity] for severity in sorted(by_severity)[1:4:2])
    shown = script(failure(low, name="a"), failure(low, name="b"), failure(high, name="b"))
    assert shown.index("---- endpoint b") < shown.index(f"# {high.id}") < shown.index(f"# {low.id}")
    assert shown.index(f"# {low.id}") < shown.index("---- endpoint a")


def test_a_report_without_failures_is_a_script_that_does_nothing(tmp_path: Path) -> None:
    calls, ended = ran(script(), tmp_path)
    assert (calls, ended.returncode, ended.stderr) == ([], 0, "")
    assert "# 0 failures: " in script()


def commented(lines: Iterable[str]) -> set[str]:
    return {match[1] for line in lines if (match := re.match(r"# ([A-Z]{2,5}[0-9]{3}) [a-z]+: ", line))}


@pytest.mark.parametrize("whole", golden.accounts())
def test_the_script_of_a_whole_account_names_every_rule(whole: str, tmp_path: Path) -> None:
    of = account(whole)
    shown = rendered("fix", of)
    failed = {finding.rule.id for finding in of.findings if finding.verdict is Verdict.FAIL}
    assert commented(shown.splitlines()) == failed
    _, ended = ran(shown, tmp_path, credentials="none")
    assert ended.returncode == (1 if failed else 0)
    for number in of.accounts:
        mine = of._replace(findings=tuple(one for one in of.findings if one.resource.account == number))
        shown = rendered("fix", mine)
        calls, ended = ran(shown, tmp_path, credentials=number)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
        assert calls == [shlex.split(line)[1:] for line in live(shown)[1:]]
        assert all(call[0] == "iam" or "--region" in call for call in calls)


def test_no_answer_waits_in_a_pager(tmp_path: Path) -> None:
    calls, _ = ran(script(failure(bare(PACK.rules[0], "aws dms describe --of {name}"))), tmp_path)
    assert calls, "an AWS CLI that has a pager would have ended"

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.model import Finding, Fix, Missing, Resource, Rule, Severity, Verdict
from dms_lint.rulepack.placeholders import commands, fix_cli, fix_command, fix_text, message, say

ORDERS = "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS"


def finding(
    text: str = "",
    cli: str | dict[str, str] = "",
    evidence: dict[str, Any] | None = None,
    verdict: Verdict = Verdict.FAIL,
    missing: Missing | None = None,
    **of: str,
) -> Finding:
    named: dict[str, Any] = {"name": "orders", "arn": ORDERS, "account": "111122223333", **of}
    resource = Resource("endpoint", ORDERS, {}, **named)
    rule = Rule(
        id="TLS001",
        name="unencrypted",
        title="The connection is encrypted",
        severity=Severity.HIGH,
        basis="guide",
        covers=(),
        applies_to=("endpoint",),
        why="",
        when={},
        expect={},
        evidence=(),
        fail=text,
        fix=Fix(text, cli if isinstance(cli, dict) else {"": cli}),
        refs=(),
        file="TLS001.yaml",
    )
    return Finding(rule, resource, verdict, evidence or {}, missing)


class TestSaying:
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("require", "require"),
            (True, "true"),
            (False, "false"),
            (0, "0"),
            ((), ""),
            (("a",), "a"),
            (("a", "b"), "a, b"),
            (tuple("abcdef"), "a, b, c, d, e, f"),
            (tuple("abcdefg"), "a, b, c, d, e, f and 1 more"),
            (tuple("abcdefghijklm"), "a, b, c, d, e, f and 7 more"),
        ],
    )
    def test_a_value_is_said_as_in_a_sentence(self, value: Any, said: str) -> None:
        assert say(value) == said


class TestMessages:
    def test_a_failure_says_the_rules_sentence_with_the_facts(self) -> None:
        found = finding(
            "{name} ({endpoint.engine}) in {account}: {tls.mode} of {tls.modes}",
            evidence={"endpoint.engine": "mysql", "tls.mode": "none", "tls.modes": ("none", "verify-ca")},
        )
        assert message(found) == "orders (mysql) in 111122223333: none of none, verify-ca"

    def test_a_fact_that_was_not_read_leaves_its_name(self) -> None:
        assert message(finding("the mode is {tls.mode}")) == "the mode is <tls.mode>"

    def test_a_number_that_is_nothing_is_said(self) -> None:
        assert message(finding("{days} of {ok}", evidence={"days": 0, "ok": False})) == "0 of false"

    def test_an_unknown_says_what_is_missing(self) -> None:
        missing = Missing("endpoint orders has no SslMode", needs="dms:DescribeEndpoints")
        assert message(finding("no", verdict=Verdict.UNKNOWN, missing=missing)) == "endpoint orders has no SslMode"

    @pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_APPLICABLE])
    def test_else_the_title_is_said(self, verdict: Verdict) -> None:
        assert message(finding("no", verdict=verdict)) == "The connection is encrypted"

    def test_braces_of_a_value_are_not_filled_again(self) -> None:
        assert message(finding("{name} is {kind}", name="{arn}")) == "{arn} is endpoint"

    @pytest.mark.parametrize(
        "text", ['{"Logging":{"EnableLogging":true}}', "IpRanges=[{CidrIp=0.0.0.0/0}]", "{}", "}{"]
    )
    def test_other_braces_stay(self, text: str) -> None:
        assert fix_text(finding(text)) == text

    def test_a_fix_is_filled_like_a_sentence(self) -> None:
        assert fix_text(finding("Set {m} for {name}.", evidence={"m": ("a", "b")})) == "Set a, b for orders."


class TestCommands:
    def test_the_command_of_the_kind_comes_before_the_one_for_all(self) -> None:
        assert fix_cli(finding(cli={"": "aws iam all", "endpoint": "aws iam one"})) == "aws iam one"
        assert fix_cli(finding(cli={"": "aws iam all", "task": "aws iam one"})) == "aws iam all"
        assert fix_cli(finding(cli={"task": "aws iam one"})) == ""
        assert fix_cli(finding(cli={})) == ""

    @pytest.mark.parametrize(
        ("command", "filled"),
        [
            (
                "aws dms delete-endpoint --endpoint-arn {arn}",
                f"aws dms delete-endpoint --endpoint-arn {ORDERS} --region r-1",
            ),
            ("aws ec2 a && aws iam b && aws kms c", "aws ec2 a --region r-1 && aws iam b && aws kms c --region r-1"),
            ("aws dms --region {region} a", "aws dms --region r-1 a"),
        ],
    )
    def test_a_command_names_its_region_where_services_have_some(self, command: str, filled: str) -> None:
        assert fix_cli(finding(cli=command, region="r-1")) == filled

    def test_what_a_person_must_choose_stays(self) -> None:
        assert fix_cli(finding(cli="aws iam --arn {arn} --mode <MODE>")) == f"aws iam --arn {ORDERS} --mode <MODE>"

    def test_what_is_not_known_is_left_to_a_person(self) -> None:
        assert (
            fix_cli(finding(cli="aws --region {region} --mode {tls.mode}")) == "aws --region <region> --mode <tls.mode>"
        )

    @pytest.mark.parametrize(
        ("template", "command"),
        [
            ("aws dms a --x y", "aws dms a --x y --region eu-west-1"),
            ("aws dms a && aws dms b", "aws dms a --region eu-west-1 && aws dms b --region eu-west-1"),
            ("aws kms a --region <HOME_REGION>", "aws kms a --region <HOME_REGION>"),
            ("aws iam a", "aws iam a"),
        ],
    )
    def test_a_command_goes_to_the_resources_region(self, template: str, command: str) -> None:
        found = finding(cli=template, region="eu-west-1")
        assert fix_cli(found) == command
        assert commands(found.rule) == {"": command.replace("eu-west-1", "{region}")}

    def test_each_item_of_a_list_is_a_word_and_none_is_left_out(self) -> None:
        groups = tuple(f"sg {n}" for n in range(9))
        command = fix_cli(finding(cli="aws iam --groups {groups}", evidence={"groups": groups}))
        assert shlex.split(command) == ["aws", "iam", "--groups", *groups]

    def test_a_list_of_nothing_is_left_to_a_person(self) -> None:
        assert fix_cli(finding(cli="aws iam --groups {groups}", evidence={"groups": ()})) == "aws iam --groups <groups>"

    @pytest.mark.parametrize(
        "name",
        [
            "a; rm -rf /",
            "$(id)",
            "`id`",
            "a'b",
            'a"b',
            "a'; id; '",
            "-a\n id",
            "a b",
            "*",
            "~",
            "!!",
            "é",
            "\\",
            "a&&b|c>d",
        ],
    )
    def test_a_hostile_name_is_one_word_to_a_shell(self, name: str) -> None:
        command = fix_cli(finding(cli="aws iam --name {name} --tags Key={tag}", name=name, evidence={"tag": name}))
        assert shlex.split(command) == ["aws", "iam", "--name", name, "--tags", f"Key={name}"]

    @given(st.text(min_size=1), st.lists(st.text(), min_size=1).map(tuple))
    def test_any_value_is_one_word_to_a_shell(self, name: str, values: tuple[str, ...]) -> None:
        command = fix_cli(finding(cli="aws iam --name {name} --of {values}", name=name, evidence={"values": values}))
        assert shlex.split(command) == ["aws", "iam", "--name", name, "--of", *values]

    def test_a_script_runs_no_value_that_a_runner_would_take(self) -> None:
        command = fix_command(finding(cli="aws iam a --name {name}", name="##[stop-commands]x"))
        assert command is not None
        assert command.unfit == ("name",)

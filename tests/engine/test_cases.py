from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from dms_lint.data.tables import pack_directory
from dms_lint.data.yaml_file import YamlError
from dms_lint.engine.cases import NOW, Case, case_file, documents, read_cases
from dms_lint.engine.check_pack import check, failures
from dms_lint.model import Pack, Rule, Verdict
from dms_lint.rulepack.loader import load_pack
from dms_lint.schemas import schema_file

if TYPE_CHECKING:
    from pathlib import Path

BUNDLED = load_pack(pack_directory())
CASES = [(rule, case) for rule in BUNDLED.rules if case_file(rule).exists() for case in read_cases(rule)]


@pytest.mark.parametrize(("rule", "case"), CASES, ids=[f"{case.rule}: {case.name}" for _, case in CASES])
def test_case(rule: Rule, case: Case) -> None:
    assert list(failures(case, rule)) == []


@pytest.mark.parametrize("rule", BUNDLED.rules, ids=lambda rule: rule.id)
def test_cases_reach_every_verdict_of_their_rule(rule: Rule) -> None:
    reached = {case.then for _, case in CASES if case.rule == rule.id}
    wanted = set(Verdict) if rule.when else set(Verdict) - {Verdict.NOT_APPLICABLE}
    assert wanted <= reached


@pytest.mark.parametrize("rule", BUNDLED.rules, ids=lambda rule: rule.id)
def test_a_rule_names_its_cases_differently(rule: Rule) -> None:
    names = [case.name for _, case in CASES if case.rule == rule.id]
    assert sorted(names) == sorted(set(names))


def test_all_cases_stand_beside_a_rule() -> None:
    beside = {case_file(rule) for rule in BUNDLED.rules}
    assert set(pack_directory().glob("*/*.cases.yaml")) <= beside


ENDPOINT: dict[str, Any] = {
    "EndpointIdentifier": "orders",
    "EndpointArn": "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS",
    "EndpointType": "SOURCE",
    "EngineName": "mysql",
    "SslMode": "none",
}
GIVEN: dict[str, Any] = {"dms describe-endpoints": {"Endpoints": [ENDPOINT]}}
RULE = """\
id: TLS001
name: unencrypted
title: The connection is encrypted
severity: high
basis: guide
applies_to: endpoint
why: It matters.
when: {endpoint.type: {const: source}}
expect: {tls.mode: {const: require}}
fail: "{name} has {tls.mode}"
fix: {text: Encrypt it.}
"""


def given(**changes: Any) -> dict[str, Any]:
    return {"dms describe-endpoints": {"Endpoints": [{**ENDPOINT, **changes}]}}


def case(**more: Any) -> dict[str, Any]:
    return {"name": "a case", "given": GIVEN, "then": "fail", **more}


EVERY = [
    case(name="one that is encrypted", given=given(SslMode="require"), then="pass"),
    case(name="one that is not"),
    case(name="one that says nothing", given=given(SslMode=None), then="unknown"),
    case(name="a target", given=given(EndpointType="TARGET"), then="not-applicable"),
]


@pytest.fixture
def rule(tmp_path: Path) -> Rule:
    (tmp_path / "pack.yaml").write_text("name: test\nversion: '1'\n")
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "TLS001.yaml").write_text(RULE)
    return load_pack(tmp_path).rules[0]


def write(rule: Rule, data: Any) -> None:
    case_file(rule).write_text(data if isinstance(data, str) else yaml.safe_dump(data, sort_keys=False))


def problems(rule: Rule, *cases: Any) -> list[str]:
    """What is wrong with these cases, besides that they reach not every verdict."""
    write(rule, list(cases))
    found = [problem.message for problem in check(Pack("test", "1", (rule,)))]
    return [problem for problem in found if "no case reaches" not in problem]


def test_a_case_is_read_as_its_file_says_it(rule: Rule) -> None:
    write(rule, [case(denied=["iam:ListRoles"], says=["a", "b"], of="orders", at="2026-01-02"), case(name="other")])
    one, other = read_cases(rule)
    assert one.at == datetime(2026, 1, 2, tzinfo=UTC)
    assert (one.rule, one.denied, one.says, one.subject) == ("TLS001", ("iam:ListRoles",), ("a", "b"), "orders")
    assert (other.at, other.says, other.then) == (NOW, (), Verdict.FAIL)


def test_a_text_is_a_list_of_one(rule: Rule) -> None:
    write(rule, [case(denied="iam:ListRoles", says="a")])
    (one,) = read_cases(rule)
    assert (one.denied, one.says) == (("iam:ListRoles",), ("a",))


def test_a_date_needs_no_quotes(rule: Rule) -> None:
    write(rule, "- {name: a, then: fail, at: 2026-01-02}\n")
    assert next(read_cases(rule)).at == datetime(2026, 1, 2, tzinfo=UTC)


BROKEN = {
    "a mapping": ("name: a\n", 1, "cases are a list"),
    "no case": ("[]\n", 1, "cases are a list"),
    "a text": ("- text\n", 1, "a case is a mapping that begins with its name"),
    "no name": ("- {then: pass}\n", 1, "a case is a mapping that begins with its name"),
    "a blank name": ("- {name: ' ', then: pass}\n", 1, "a case is a mapping that begins with its name"),
    "an unknown key": (
        "- {name: a, then: pass}\n- name: b\n  then: pass\n  say: c\n",
        4,
        "'say' is no key of a case; did you mean 'says'?",
    ),
    "no verdict": ("- {name: a}\n", 1, "'then' is one of pass, fail, unknown, not-applicable"),
    "an unknown verdict": ("- {name: a, then: passes}\n", 1, "'then' is one of"),
    "a list as verdict": ("- {name: a, then: [pass]}\n", 1, "'then' is one of"),
    "given as list": ("- {name: a, then: pass, given: []}\n", 1, "'given' is a mapping of AWS CLI commands"),
    "an answer as list": ("- {name: a, then: pass, given: {dms describe-endpoints: []}}\n", 1, "'given' is a mapping"),
    "denied as number": ("- {name: a, then: pass, denied: 5}\n", 1, "'denied' is a text or a list of texts"),
    "denied of nothing": ("- {name: a, then: pass, denied: []}\n", 1, "'denied' is a text or a list of texts"),
    "says as mapping": ("- {name: a, then: pass, says: {a: b}}\n", 1, "'says' is a text or a list of texts"),
    "of as list": ("- {name: a, then: pass, of: [b]}\n", 1, "'of' is the name, the id or the kind"),
    "a moment": ("- {name: a, then: pass, at: 2026-01-01T00:00:00Z}\n", 1, "'at' is a date, like 2026-11-23"),
    "no date": ("- {name: a, then: pass, at: soon}\n", 1, "'at' is a date, like 2026-11-23"),
}


@pytest.mark.parametrize(("text", "line", "said"), BROKEN.values(), ids=BROKEN)
def test_cases_of_another_form_are_refused_and_located(rule: Rule, text: str, line: int, said: str) -> None:
    write(rule, text)
    problems = [str(problem) for problem in check(Pack("test", "1", (rule,)))]
    # Cases that can be read are told of too.
    (problem,) = [one for one in problems if one.startswith(f"{case_file(rule)}:{line}: ")]
    assert said in problem


@pytest.mark.parametrize("name", BROKEN)
def test_the_schema_refuses_what_the_reader_refuses(name: str) -> None:
    def plain(data: Any) -> Any:
        return json.loads(json.dumps(data, default=lambda value: value.isoformat()))

    schema = json.loads(schema_file("cases").read_text())
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert not validator.is_valid(plain(yaml.safe_load(BROKEN[name][0])))
    assert validator.is_valid(
        plain([*EVERY, case(denied="kms:GetKeyPolicy a", says="x", of="orders", at="2026-01-02")])
    )


@pytest.mark.parametrize(
    ("call", "code"),
    [("s3:HeadBucket lake", "404"), ("kms:DescribeKey a", "NotFoundException"), ("iam:GetRole a", "NoSuchEntity")],
)
def test_what_is_absent_is_so_by_aws_own_word_for_it(rule: Rule, call: str, code: str) -> None:
    write(rule, [case(absent=call)])
    found = [document.refusal.code for document in documents(next(read_cases(rule))) if document.refusal]
    assert found == [code]


@pytest.mark.parametrize("text", ["", "- {name: a, name: b}\n", "- [\n"])
def test_cases_that_are_no_yaml_are_a_problem(rule: Rule, text: str) -> None:
    write(rule, text)
    (problem,) = map(str, check(Pack("test", "1", (rule,))))
    assert problem.startswith(f"{case_file(rule)}:")
    if text:
        with pytest.raises(YamlError):
            list(read_cases(rule))


def test_a_rule_without_cases_is_a_problem(rule: Rule) -> None:
    (problem,) = check(Pack("test", "1", (rule,)))
    assert str(problem) == f"{rule.file}:1: TLS001 has no cases: write TLS001.cases.yaml beside it"


def test_a_rule_whose_cases_reach_every_verdict_is_fine(rule: Rule) -> None:
    write(rule, EVERY)
    assert list(check(Pack("test", "1", (rule,)))) == []


@pytest.mark.parametrize("left_out", [0, 1, 2, 3])
def test_a_verdict_that_no_case_reaches_is_a_problem(rule: Rule, left_out: int) -> None:
    write(rule, EVERY[:left_out] + EVERY[left_out + 1 :])
    (problem,) = check(Pack("test", "1", (rule,)))
    assert f"no case reaches {EVERY[left_out]['then']}: add one" in problem.message


def test_two_cases_of_one_name_are_a_problem(rule: Rule) -> None:
    assert problems(rule, case(), case()) == ["two cases are named 'a case': say what makes this one different"]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"then": "pass"}, "expected pass, got fail ({'endpoint.type': 'source', 'tls.mode': 'none'})"),
        ({"then": "fail", "given": given(SslMode=None)}, "expected fail, got unknown (endpoint orders in"),
        ({"says": "encrypts"}, "expected the message to say 'encrypts', got 'orders has none'"),
        ({"of": "lake"}, "'of' says 'lake', and the rule judges endpoint orders"),
        ({"given": {}}, "the rule finds nothing to judge: what is given holds no endpoint"),
        ({"given": {"dms list-endpoints": {}}}, "'dms list-endpoints' is no AWS CLI command that dms-lint reads"),
        ({"given": {"describe-endpoints": {}}}, "'describe-endpoints' is no AWS CLI command that dms-lint reads"),
        ({"given": {"dms describe-endpoints": {"Tasks": []}}}, "never answers that: Tasks: no such member"),
        (
            {"given": {"dms describe-endpoints": {"SecretList": []}}},
            "dms:DescribeEndpoints never answers that: SecretList: no such member",
        ),
        ({"given": {"kms get-key-policy": {"Policy": "{}"}}}, "does not say what it is about"),
        ({"denied": ["dms:Nothing"]}, "'dms:Nothing' is no call that dms-lint reads"),
        (
            {"given": given(Sslmode="none")},
            "dms:DescribeEndpoints never answers that: Endpoints[0].Sslmode: no such member",
        ),
    ],
    ids=str,
)
def test_a_case_that_is_not_so_is_a_problem(rule: Rule, wrong: dict[str, Any], problem: str) -> None:
    (found,) = problems(rule, case(**wrong))
    assert problem in found


def test_of_two_judged_resources_one_is_named(rule: Rule) -> None:
    lake = {**ENDPOINT, "EndpointIdentifier": "lake", "EndpointArn": ENDPOINT["EndpointArn"][:-6] + "LAKE"}
    two = {"dms describe-endpoints": {"Endpoints": [ENDPOINT, {**lake, "SslMode": "require"}]}}
    assert problems(rule, case(given=two)) == [
        "TLS001: a case: the rule must judge one resource and judges endpoint lake, endpoint orders; "
        "say which with 'of'"
    ]
    for of in ("lake", lake["EndpointArn"]):
        assert problems(rule, case(given=two, then="pass", of=of)) == []


@pytest.mark.parametrize("subject", ["alias/orders", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd", "a b"])
def test_a_subject_may_hold_what_a_file_name_cannot(rule: Rule, subject: str) -> None:
    write(rule, [case(given={f"kms get-key-policy {subject}": {"Policy": "{}"}}, denied=f"kms:DescribeKey {subject}")])
    answered, denied = documents(next(read_cases(rule)))
    assert (answered.operation, answered.subject) == ("kms:GetKeyPolicy", subject)
    assert (denied.operation, denied.subject) == ("kms:DescribeKey", subject)
    assert denied.refusal is not None


def test_a_date_in_an_answer_is_what_the_aws_cli_prints(rule: Rule) -> None:
    write(
        rule,
        """
- name: a
  then: fail
  given:
    dms describe-certificates:
      Certificates:
        - CertificateArn: arn:aws:dms:eu-west-1:111122223333:cert:A
          ValidToDate: 2026-01-02T00:00:00Z
""",
    )
    (found,) = documents(next(read_cases(rule)))
    assert found.body["Certificates"][0]["ValidToDate"] == "2026-01-02T00:00:00+00:00"

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dms_lint.iam_policy.conditions import Condition, Context, parse_operator, resolve, satisfied
from dms_lint.iam_policy.decisions import Decision, any_decision
from dms_lint.iam_policy.evaluation import Identity, allowed, allowed_by_key, allowed_by_resource
from dms_lint.iam_policy.requests import Request, role_context
from dms_lint.iam_policy.statements import Policy, parse
from dms_lint.iam_policy.trust_policies import is_dms, service_context, trusted_services, trusts
from dms_lint.iam_policy.wildcards import STAR, matches, relation, tokens
from dms_lint.logic.kleene import Partial, Ternary, all_of, any_of, invert
from dms_lint.model import Missing
from tests.build import ACCOUNT

OTHER = "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/dms-access"
USER = f"arn:aws:iam::{ACCOUNT}:user/ana"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:orders-AbCdEf"
GAP = Missing("the policy X was not read", needs="iam:GetPolicyVersion")

Statement = dict[str, Any]


def policy(*statements: Statement, version: str = "2012-10-17") -> Policy:
    return parse({"Version": version, "Statement": list(statements)}, "test")


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> Statement:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def identity(
    *statements: Statement, arn: str = ROLE, boundary: list[Statement] | None = None, missing: Missing | None = None
) -> Identity:
    return Identity(
        arn,
        ACCOUNT,
        Partial((policy(*statements),), missing),
        None if boundary is None else Partial((policy(*boundary),)),
    )


def ask(action: str = "s3:GetObject", resource: str = "arn:aws:s3:::lake/a", **context: str) -> Request:
    return Request(action, resource, {key.replace("_", ":"): (value,) for key, value in context.items()})


# -- three values

TERNARY = st.sampled_from([True, False, None])


@given(st.lists(TERNARY))
def test_kleenes_and_and_or_are_each_others_mirror(values: list[Ternary]) -> None:
    assert invert(all_of(values)) is any_of([invert(value) for value in values])


@given(st.lists(TERNARY))
def test_kleenes_and_is_false_by_one_false_and_true_by_all_true(values: list[Ternary]) -> None:
    assert (all_of(values) is False) == (False in values)
    assert (all_of(values) is True) == all(value is True for value in values)


# -- patterns

PATTERN = st.text("ab:*?", max_size=9)
TEXT = st.text("ab:c", max_size=9)


def naive(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return naive(pattern[1:], text) or (bool(text) and naive(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and naive(pattern[1:], text[1:])


@given(PATTERN, TEXT)
def test_a_pattern_matches_as_the_plain_definition_says(pattern: str, text: str) -> None:
    assert matches(pattern, text) == naive(pattern, text)


@given(st.text(max_size=30))
def test_a_text_of_any_characters_matches_itself(text: str) -> None:
    assert matches(text.replace("*", "?"), text)
    assert matches("*", text)
    assert relation((STAR,), tuple(text)) is True


@given(PATTERN, TEXT)
def test_the_relation_to_a_plain_text_is_whether_it_matches(pattern: str, text: str) -> None:
    assert relation(tokens(pattern), tuple(text)) is matches(pattern, text)


@given(PATTERN, PATTERN, st.data())
def test_the_relation_of_patterns_holds_for_every_text(pattern: str, asked: str, data: st.DataObject) -> None:
    related = relation(tokens(pattern), tokens(asked))
    text = "".join(
        data.draw(TEXT) if one == "*" else data.draw(st.sampled_from("ab:c")) if one == "?" else one for one in asked
    )
    if related is not None:
        assert matches(pattern, text) is related


@given(PATTERN)
def test_a_pattern_covers_itself(pattern: str) -> None:
    assert relation(tokens(pattern), tokens(pattern)) is True


def test_a_hostile_pattern_takes_no_exponential_time() -> None:
    assert not matches("*a" * 60 + "b", "a" * 2000)
    assert relation(tokens("*a" * 60 + "b"), tokens("a" * 300 + "*c")) is False


@pytest.mark.parametrize(
    ("pattern", "related"),
    [
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-*", True),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-??????", True),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf", None),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders", False),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:invoices-*", False),
    ],
)
def test_a_secret_of_which_the_last_characters_are_not_known(pattern: str, related: Ternary) -> None:
    who = identity(allow("secretsmanager:GetSecretValue", pattern))
    asked = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:orders-??????"
    assert allowed(Request("secretsmanager:GetSecretValue", asked), who).allowed is related


# -- documents


@given(
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["Action", "NotAction"]),
    st.sampled_from(["Resource", "NotResource"]),
    st.text("abc:*", min_size=1, max_size=8),
)
def test_a_value_alone_is_a_list_of_one(effect: str, action: str, resource: str, value: str) -> None:
    alone: Any = {"Effect": effect, action: value, resource: value, "Principal": {"AWS": value}}
    listed: Any = {"Effect": effect, action: [value], resource: [value], "Principal": {"AWS": [value]}}
    assert parse({"Statement": alone}, "p") == parse({"Statement": [listed]}, "p")


@given(st.text(max_size=20), st.text("ab%+ é", max_size=12))
def test_a_document_reads_alike_as_object_text_and_encoded_text(sid: str, resource: str) -> None:
    document = {"Version": "2012-10-17", "Statement": [allow("s3:*", resource, Sid=sid)]}
    text = json.dumps(document)
    assert parse(document, "p") == parse(text, "p") == parse(quote(text), "p") == parse("\n " + text, "p")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Statement", "Effect", "Action", "Resource", "Principal", "Condition", "Sid", "Bool"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON | JSON.map(lambda one: {"Statement": one}) | st.text() | st.binary())
def test_garbage_is_refused_and_breaks_nothing(document: Any) -> None:
    try:
        found = parse(document, "p")
    except ValueError:
        return
    allowed(ask(), Identity(ROLE, ACCOUNT, Partial((found,))))
    trusted_services(found, ROLE, ACCOUNT)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (None, "is no policy document"),
        ("", "is not JSON"),
        ("[]", "is no JSON object"),
        ("[" * 100_000, "is not JSON"),
        ({}, "has no Statement"),
        ({"Statement": ["x"]}, "statement 1 is no object"),
        ({"Statement": {"Effect": "allow", "Action": "*"}}, "statement 1 neither allows nor denies"),
        ({"Statement": {"Effect": "Allow"}}, "statement 1 has no Action"),
        ({"Statement": {"Effect": "Allow", "Action": [1]}}, "has a Action that is not text"),
        ({"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "*"}}, "has both Action and NotAction"),
        ({"Statement": {"Effect": "Allow", "Action": "*", "Principal": 1}}, "neither * nor an object"),
        ({"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Bool": 1}}}, "not an object of objects"),
        ({"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"Bool": {"a": {}}}}}, "that is not text"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(document: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        parse(document, "p")


# -- conditions


def condition(operator: str, key: str, *values: str, version: str = "2012-10-17") -> Condition:
    (statement,) = policy(allow(Condition={operator: {key: list(values)}}), version=version).statements
    (found,) = statement.conditions
    return found


KNOWN: Context = {
    "aws:sourceaccount": (ACCOUNT,),
    "aws:sourcearn": (f"arn:aws:dms:*:{ACCOUNT}:*",),
    "aws:securetransport": ("true",),
    "aws:principalarn": (ROLE,),
    "aws:multifactorauthage": ("300",),
    "aws:tagkeys": ("team", "stage"),
    "aws:multifactorauthpresent": (),
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "holds"),
    [
        ("StringEquals", "aws:SourceAccount", [ACCOUNT], True),
        ("StringEquals", "AWS:sourceaccount", [OTHER, ACCOUNT], True),
        ("StringEquals", "aws:SourceAccount", ["1*"], False),
        ("StringEquals", "aws:SourceAccount", [], False),
        ("StringLike", "aws:SourceAccount", ["1*"], True),
        ("StringNotLike", "aws:SourceAccount", ["1*"], False),
        ("StringNotEquals", "aws:SourceAccount", [OTHER], True),
        ("StringNotEquals", "aws:SourceAccount", [OTHER, ACCOUNT], False),
        ("StringEqualsIgnoreCase", "aws:PrincipalArn", [ROLE.upper()], True),
        ("StringNotEqualsIgnoreCase", "aws:PrincipalArn", [ROLE.upper()], False),
        ("StringEquals", "aws:PrincipalArn", [ROLE.upper()], False),
        ("ArnLike", "aws:SourceArn", [f"arn:aws:dms:*:{ACCOUNT}:*"], True),
        ("ArnEquals", "aws:SourceArn", [f"arn:aws:dms:*:{ACCOUNT}:*"], True),
        ("ArnLike", "aws:SourceArn", ["*"], True),
        ("ArnLike", "aws:SourceArn", ["arn:*"], None),
        ("ArnLike", "aws:SourceArn", ["orders"], False),
        ("ArnLike", "aws:SourceArn", [f"arn:aws:dms:*:{OTHER}:*"], False),
        ("ArnLike", "aws:SourceArn", [f"arn:aws:dms:eu-west-1:{ACCOUNT}:*"], None),
        ("ArnNotLike", "aws:SourceArn", [f"arn:aws:dms:eu-west-1:{ACCOUNT}:*"], None),
        ("ArnNotLike", "aws:SourceArn", [f"arn:aws:s3:*:{ACCOUNT}:*"], True),
        ("StringLike", "aws:SourceArn", [f"arn:aws:dms:*:{ACCOUNT}:*"], True),
        ("Bool", "aws:SecureTransport", ["false"], False),
        ("Bool", "aws:SecureTransport", ["True"], True),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", ["false"], True),
        ("Bool", "aws:MultiFactorAuthPresent", ["false"], False),
        ("Null", "aws:MultiFactorAuthPresent", ["true"], True),
        ("Null", "aws:MultiFactorAuthPresent", ["false"], False),
        ("Null", "aws:SourceAccount", ["false"], True),
        ("StringNotEquals", "aws:MultiFactorAuthPresent", ["x"], True),
        ("ForAllValues:StringEquals", "aws:MultiFactorAuthPresent", ["x"], True),
        ("ForAnyValue:StringNotEquals", "aws:MultiFactorAuthPresent", ["x"], False),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "stage", "cost"], True),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team"], False),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["team"], True),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["team"], True),
        ("NumericLessThan", "aws:MultiFactorAuthAge", ["3600"], True),
        ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", ["301"], False),
        ("NumericLessThan", "aws:MultiFactorAuthAge", ["soon"], None),
        ("StringEquals", "aws:PrincipalOrgID", ["o-1234567890"], None),
        ("Null", "aws:PrincipalOrgID", ["true"], None),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", ["o-1234567890"], None),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/8"], None),
        ("streq", "aws:SourceAccount", [ACCOUNT], None),
        ("ArnEqual", "aws:SourceArn", [f"arn:aws:dms:*:{ACCOUNT}:*"], None),
        ("StringEquals", "aws:SourceAccount", ["${aws:PrincipalAccount}"], None),
        ("ArnLike", "aws:PrincipalArn", ["arn:aws:iam::${aws:SourceAccount}:role/*"], True),
    ],
)
def test_whether_a_condition_is_met(operator: str, key: str, values: list[str], holds: Ternary) -> None:
    assert satisfied(condition(operator, key, *values), KNOWN) is holds


OPERATOR = st.sampled_from(
    [
        prefix + operator + suffix
        for prefix in ("", "ForAllValues:", "ForAnyValue:")
        for operator in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnLike", "ArnNotEquals")
        for suffix in ("", "IfExists")
    ]
)


@given(OPERATOR, st.lists(PATTERN, max_size=3), PATTERN, st.data())
def test_what_is_certain_of_a_pattern_holds_for_every_value(
    operator: str, values: list[str], known: str, data: st.DataObject
) -> None:
    found = satisfied(condition(operator, "aws:sourcearn", *values), {"aws:sourcearn": (known,)})
    assume(found is not None)
    value = "".join(
        data.draw(TEXT.filter(lambda one: ":" not in one or "Arn" not in operator))
        if one == "*"
        else data.draw(st.sampled_from("abc"))
        if one == "?"
        else one
        for one in known
    )
    assert satisfied(condition(operator, "aws:sourcearn", *values), {"aws:sourcearn": (value,)}) in (found, None)


@given(OPERATOR, st.lists(PATTERN, max_size=3))
def test_a_key_that_is_not_known_leaves_every_condition_open(operator: str, values: list[str]) -> None:
    assert satisfied(condition(operator, "aws:sourcevpc", *values), KNOWN) is None


@given(st.sampled_from(["StringEquals", "StringLike", "ArnLike"]), st.lists(TEXT, max_size=3), TEXT)
def test_a_negated_operator_says_the_opposite(operator: str, values: list[str], value: str) -> None:
    negated = operator.replace("String", "StringNot").replace("Arn", "ArnNot")
    context = {"aws:sourcearn": (value,)}
    assert satisfied(condition(negated, "aws:sourcearn", *values), context) is invert(
        satisfied(condition(operator, "aws:sourcearn", *values), context)
    )


def test_an_operator_is_taken_apart() -> None:
    assert parse_operator("ForAnyValue:StringLikeIfExists") == ("stringlike", "foranyvalue", True)
    assert parse_operator("Bool") == ("bool", "", False)
    assert parse_operator("Odd:Bool") == ("odd:bool", "", False)


@pytest.mark.parametrize(
    ("written", "context", "found"),
    [
        ("home/${aws:username}/*", {"aws:username": ("ana",)}, (*tuple("home/ana/"), STAR)),
        ("${*}${?}${$}", {}, ("*", "?", "$")),
        ("${aws:username, 'none'}", {"aws:username": ()}, tuple("none")),
        ("${aws:username, 'none'}", {"aws:username": ("ana",)}, tuple("ana")),
    ],
)
def test_policy_variables_that_are_known(written: str, context: Context, found: tuple[str, ...]) -> None:
    assert resolve(written, context, variables=True) == (found, True)


@pytest.mark.parametrize("context", [{}, {"aws:username": ("a", "b")}, {"aws:username": ("a*",)}, {"aws:username": ()}])
def test_policy_variables_that_are_not_known_may_be_anything(context: Context) -> None:
    assert resolve("${aws:username}", context, variables=True) == ((STAR,), False)


# -- what is allowed


@pytest.mark.parametrize(
    ("statements", "answer"),
    [
        ([], False),
        ([allow("s3:GetObject", "arn:aws:s3:::lake/*")], True),
        ([allow("S3:getobject", "arn:aws:s3:::lake/?")], True),
        ([allow("s3:Get*", "arn:aws:s3:::LAKE/*")], False),
        ([allow("s3:Put*", "arn:aws:s3:::lake/*")], False),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::lake/*"}], False),
        ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::pool/*"}], True),
        ([{"Effect": "Allow", "Action": "*"}], None),
        ([allow(), deny("s3:*")], False),
        ([deny("s3:*"), allow()], False),
        ([allow(), deny("s3:Put*")], True),
        ([allow(), deny(Condition={"Bool": {"aws:SecureTransport": "false"}})], True),
        ([allow(), deny(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], None),
        ([deny(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], False),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], None),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), allow()], True),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "x"}, "Null": {"aws:SecureTransport": True}})], False),
        ([allow(resource="arn:aws:s3:::${aws:PrincipalTag/team}/*")], None),
        ([allow(resource="arn:aws:sqs:::${aws:PrincipalTag/team}/*")], False),
        ([allow(resource="arn:aws:s3:::${aws:PrincipalAccount}/*")], False),
    ],
)
def test_what_an_identitys_policies_allow(statements: list[Statement], answer: Ternary) -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::lake/a", role_context(ROLE, ACCOUNT, "eu-west-1"))
    assert allowed(request, identity(*statements)).allowed is answer


def test_variables_are_plain_text_in_old_policies() -> None:
    old = Partial((policy(allow(resource="arn:aws:s3:::${aws:username}/*"), version="2008-10-17"),))
    assert allowed(ask(), Identity(ROLE, ACCOUNT, old)).allowed is False


def test_an_action_without_a_resource_needs_everything_allowed() -> None:
    assert allowed(Request("ec2:DescribeVpcs"), identity(allow())).allowed is True
    assert allowed(Request("ec2:DescribeVpcs"), identity(allow(resource="arn:aws:ec2:*"))).allowed is False
    assert allowed(Request("ec2:DescribeVpcs"), identity(allow(resource="${aws:x}"))).allowed is None


def test_a_policy_that_was_not_read_opens_what_is_not_denied() -> None:
    assert allowed(ask(), identity(allow(), missing=GAP)).missing is GAP
    assert allowed(ask(), identity(missing=GAP)).allowed is None
    assert allowed(ask(), identity(deny(), missing=GAP)).allowed is False


def test_a_boundary_limits_and_denies() -> None:
    assert allowed(ask(), identity(allow(), boundary=[allow("s3:*")])).allowed is True
    assert allowed(ask(), identity(allow(), boundary=[allow("sqs:*")])).allowed is False
    assert allowed(ask(), identity(allow(), boundary=[allow(), deny("s3:*")])).allowed is False
    assert allowed(ask(), identity(boundary=[allow()])).allowed is False
    unread = Identity(ROLE, ACCOUNT, Partial((policy(allow()),)), Partial(missing=GAP))
    assert allowed(ask(), unread).missing is GAP
    nothing = Identity(ROLE, ACCOUNT, Partial(), Partial(missing=GAP))
    assert allowed(ask(), nothing).allowed is False


def test_a_decision_names_what_decides_and_what_it_depends_on() -> None:
    found = allowed(ask(), identity(allow(), deny("s3:*", Sid="NoS3")))
    assert [statement.sid for statement in found.statements] == ["NoS3"]
    found = allowed(ask(), identity(allow(Sid="Vpn", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})))
    assert found.depends_on == "the condition aws:sourceip of Vpn in test"
    assert (
        found.as_missing("role x").message
        == "role x: what it may do depends on the condition aws:sourceip of Vpn in test"
    )
    assert Decision(None, missing=GAP).as_missing("role x") is GAP
    assert Decision(None, missing=GAP).verdict("role x") is GAP
    assert (Decision(True).verdict("role x"), Decision(False).verdict("role x")) == (True, False)


def test_the_first_undecided_decision_counts_where_none_allows() -> None:
    first, second = Decision(None, depends_on="a"), Decision(None, depends_on="b")
    assert any_decision([Decision(False), first, second]) is first
    assert any_decision([first, Decision(True)]) == Decision(True)
    assert any_decision([]) == any_decision([Decision(False)]) == Decision(False)


STATEMENT = st.builds(
    lambda effect, action, resource, conditions, negated: {
        "Effect": effect,
        ("NotAction" if negated[0] else "Action"): action,
        ("NotResource" if negated[1] else "Resource"): resource,
        "Condition": conditions,
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["s3:*", "s3:Get*", "s3:Put*", "*"]),
    st.sampled_from(["arn:aws:s3:::lake/*", "arn:aws:s3:::pool/*", "*", "arn:aws:s3:::${aws:username}/*"]),
    st.dictionaries(
        st.sampled_from(["StringEquals", "StringNotEquals", "StringEqualsIfExists"]),
        st.dictionaries(st.sampled_from(["aws:username", "aws:sourcevpc"]), st.sampled_from(["lake", "b"]), max_size=2),
        max_size=1,
    ),
    st.tuples(st.booleans(), st.booleans()),
)
CONTEXT = st.fixed_dictionaries(
    {
        "aws:username": st.sampled_from([("lake",), ("b",), ()]),
        "aws:sourcevpc": st.sampled_from([("lake",), ("b",), ()]),
    }
)


@given(st.lists(STATEMENT, max_size=4), CONTEXT, st.sets(st.sampled_from(["aws:username", "aws:sourcevpc"])))
def test_more_knowledge_never_turns_a_certain_answer(
    statements: list[Statement], context: dict[str, tuple[str, ...]], hidden: set[str]
) -> None:
    who = identity(*statements)
    less = {key: values for key, values in context.items() if key not in hidden}
    answer = allowed(Request("s3:GetObject", "arn:aws:s3:::lake/a", less), who).allowed
    assert answer in (None, allowed(Request("s3:GetObject", "arn:aws:s3:::lake/a", context), who).allowed)


@given(st.lists(STATEMENT, max_size=4), CONTEXT)
def test_denials_never_allow_and_grants_never_deny(
    statements: list[Statement], context: dict[str, tuple[str, ...]]
) -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::lake/a", context)
    answer = allowed(request, identity(*statements)).allowed
    assert allowed(request, identity(*statements, deny())).allowed is False
    if answer is True:
        assert allowed(request, identity(*statements, allow("sqs:*"))).allowed is True


# -- policies of resources


def names(principal: Any, effect: str = "Allow", **more: Any) -> Statement:
    return {"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*", **more}


ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
READ = Request("secretsmanager:GetSecretValue", SECRET)


@pytest.mark.parametrize(
    ("mine", "theirs", "same_account", "other_account"),
    [
        ([], [], False, False),
        ([allow()], [], True, False),
        ([], [names({"AWS": ROLE})], True, False),
        ([], [names("*")], True, False),
        ([], [names(ROOT)], False, False),
        ([], [names({"AWS": ACCOUNT})], False, False),
        ([allow()], [names(ROOT)], True, True),
        ([allow()], [names({"AWS": ACCOUNT})], True, True),
        ([allow()], [names({"AWS": ROLE})], True, True),
        ([allow()], [names({"AWS": f"arn:aws:iam::{OTHER}:root"})], True, False),
        ([allow()], [names({"Service": "dms.amazonaws.com"})], True, False),
        ([allow()], [names(ROOT), names({"AWS": ROLE}, "Deny")], False, False),
        ([allow()], [names(ROOT), names(ROOT, "Deny")], False, False),
        ([allow(), deny()], [names({"AWS": ROLE})], False, False),
        ([], [names({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/dms-access/session"})], None, False),
        (
            [allow()],
            [names(ROOT), {"Effect": "Deny", "NotPrincipal": {"AWS": USER}, "Action": "*", "Resource": "*"}],
            False,
            False,
        ),
        (
            [allow()],
            [
                names(ROOT),
                {
                    "Effect": "Deny",
                    "NotPrincipal": {"AWS": [ROLE, f"arn:aws:iam::{ACCOUNT}:root"]},
                    "Action": "*",
                    "Resource": "*",
                },
            ],
            True,
            True,
        ),
        (
            [allow()],
            [names(ROOT), {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "*", "Resource": "*"}],
            None,
            None,
        ),
    ],
)
def test_what_an_identity_and_a_resources_policy_allow_together(
    mine: list[Statement], theirs: list[Statement], same_account: Ternary, other_account: Ternary
) -> None:
    who, resource = identity(*mine), Partial((policy(*theirs),))
    assert allowed_by_resource(READ, who, resource, ACCOUNT).allowed is same_account
    assert allowed_by_resource(READ, who, resource, OTHER).allowed is other_account


def test_a_resources_policy_that_was_not_read() -> None:
    unread: Partial[Policy] = Partial(missing=GAP)
    assert allowed_by_resource(READ, identity(), unread, OTHER).allowed is False
    assert allowed_by_resource(READ, identity(allow()), unread, OTHER).missing is GAP
    assert allowed_by_resource(READ, identity(allow()), unread, ACCOUNT).missing is GAP
    assert allowed_by_resource(READ, identity(), unread, ACCOUNT).allowed is None


def test_a_boundary_limits_resource_grants_to_roles_not_users() -> None:
    boundary = [allow("sqs:*")]
    to_role, to_user = Partial((policy(names({"AWS": ROLE})),)), Partial((policy(names({"AWS": USER})),))
    assert allowed_by_resource(READ, identity(boundary=boundary), to_role, ACCOUNT).allowed is False
    assert allowed_by_resource(READ, identity(arn=USER, boundary=boundary), to_user, ACCOUNT).allowed is True


DECRYPT = Request("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd")


@pytest.mark.parametrize(
    ("mine", "theirs", "granted", "same_account", "other_account"),
    [
        ([allow()], [], False, False, False),
        ([allow()], [names(ROOT)], False, True, True),
        ([], [names(ROOT)], False, False, False),
        ([], [names({"AWS": ROLE})], False, True, False),
        ([], [], True, True, True),
        ([], [], None, None, None),
        ([deny()], [names({"AWS": ROLE})], True, False, False),
        (
            [],
            [names({"AWS": "*"}, Condition={"StringEquals": {"kms:CallerAccount": OTHER}})],
            False,
            None,
            False,
        ),
    ],
)
def test_a_keys_policy_has_the_first_word(
    mine: list[Statement], theirs: list[Statement], granted: Ternary, same_account: Ternary, other_account: Ternary
) -> None:
    who, key = identity(*mine), Partial((policy(*theirs),))
    assert allowed_by_key(DECRYPT, who, key, ACCOUNT, granted).allowed is same_account
    assert allowed_by_key(DECRYPT, who, key, OTHER, granted).allowed is other_account


def test_a_key_that_serves_s3_alone_serves_a_target_there() -> None:
    context = role_context(ROLE, ACCOUNT, "eu-west-1", via="s3")
    key = Partial(
        (policy(names({"AWS": ROLE}, Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}})),)
    )
    assert allowed_by_key(Request("kms:Decrypt", "*", context), identity(), key, ACCOUNT).allowed is True
    elsewhere = role_context(ROLE, ACCOUNT, "eu-central-1", via="s3")
    assert allowed_by_key(Request("kms:Decrypt", "*", elsewhere), identity(), key, ACCOUNT).allowed is False


# -- whom a role trusts


def lets(principal: Any, effect: str = "Allow", **more: Any) -> Statement:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more}


ONLY_HERE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
ONLY_THERE = {"StringEquals": {"aws:SourceAccount": OTHER}}


@pytest.mark.parametrize(
    ("statements", "services"),
    [
        ([], ()),
        ([lets({"Service": "dms.amazonaws.com"})], ("dms.amazonaws.com",)),
        ([lets({"Service": "DMS.amazonaws.com.cn"})], ("dms.amazonaws.com",)),
        ([lets({"Service": ["redshift.amazonaws.com", "dms.amazonaws.com"]})],
         ("dms.amazonaws.com", "redshift.amazonaws.com")),
        ([lets("*")], ("*", "dms.amazonaws.com")),
        ([lets({"AWS": "*"})], ("*", "dms.amazonaws.com")),
        ([lets({"AWS": ROLE})], ()),
        ([lets({"Federated": "cognito-identity.amazonaws.com"})], ()),
        ([lets({"Service": "dms.amazonaws.com"}, Condition=ONLY_HERE)], ("dms.amazonaws.com",)),
        ([lets({"Service": "dms.amazonaws.com"}, Condition=ONLY_THERE)], ()),
        ([lets({"Service": "dms.amazonaws.com"}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})],
         ("dms.amazonaws.com",)),
        ([lets({"Service": "dms.amazonaws.com"}), lets("*", "Deny", Condition=ONLY_HERE)], ()),
        ([lets({"Service": "dms.amazonaws.com"}), lets("*", "Deny", Condition={"IpAddress": {"aws:SourceIp": "::/0"}})],
         ("dms.amazonaws.com",)),
        ([lets({"Service": "dms.amazonaws.com"}, Action=["sts:Tag*", "STS:assume*"])], ("dms.amazonaws.com",)),
        ([lets({"Service": "dms.amazonaws.com"}, Action="sts:TagSession")], ()),
        ([{"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "Action": "*"}], ("dms.amazonaws.com",)),
    ],
)  # fmt: skip
def test_the_services_that_a_role_trusts(statements: list[Statement], services: tuple[str, ...]) -> None:
    assert trusted_services(policy(*statements), ROLE, ACCOUNT, "dms.amazonaws.com") == services


def test_a_service_asks_on_behalf_of_its_own_resources() -> None:
    only_dms = policy(lets("*", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:dms:*:*:*"}}))
    assert trusts(only_dms, "dms.amazonaws.com", service_context("dms.amazonaws.com", ROLE, ACCOUNT))
    assert trusts(only_dms, "dms-data-migrations.amazonaws.com",
                  service_context("dms-data-migrations.amazonaws.com", ROLE, ACCOUNT))  # fmt: skip
    assert not trusts(only_dms, "redshift.amazonaws.com", service_context("redshift.amazonaws.com", ROLE, ACCOUNT))


def test_who_is_dms() -> None:
    for name in ("dms.amazonaws.com", "DMS.eu-west-1.amazonaws.com", "dms.cn-north-1.amazonaws.com.cn",
                 "dms-data-migrations.amazonaws.com"):  # fmt: skip
        assert is_dms(name)
    for name in ("dms.amazonaws.com.example.com", "xdms.amazonaws.com", "dms.a.b.amazonaws.com", "ec2.amazonaws.com"):
        assert not is_dms(name)


@pytest.mark.parametrize("suffix", ["amazonaws.com", "amazonaws.com.cn", "c2s.ic.gov", "sc2s.sgov.gov", "amazonaws.eu"])
def test_a_service_has_the_dns_suffix_of_its_partition(suffix: str) -> None:
    from dms_lint.iam_policy.trust_policies import is_dms

    assert is_dms(f"dms.{suffix}")
    assert is_dms(f"DMS.some-region-1.{suffix}")
    assert not is_dms(f"ec2.{suffix}")
    assert not is_dms(f"dms.{suffix}.example")

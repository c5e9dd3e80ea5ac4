from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dms_lint.engine.plan
from dms_lint.engine.evaluate import Outcome, evaluate
from dms_lint.facts.fact import Fact, text
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Finding, Fix, Missing, Refusal, Resource, Rule, Severity, Status, Verdict
from tests.build import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT, REGION = "111122223333", "eu-west-1"
TRUE, FALSE, UNKNOWN, BUG = "true", "false", "unknown", "bug"
HOLDS = {"const": TRUE}


def rule(
    id: str = "TST001",
    when: Mapping[str, Any] | None = None,
    expect: Mapping[str, Any] | None = None,
    evidence: tuple[str, ...] = (),
    applies_to: tuple[str, ...] = ("endpoint",),
) -> Rule:
    return Rule(
        id=id,
        name="test",
        title="All is well",
        severity=Severity.HIGH,
        basis="guide",
        covers=(),
        applies_to=applies_to,
        why="",
        when=when or {},
        expect=expect if expect is not None else {"a": HOLDS},
        evidence=evidence,
        fail="{name}",
        fix=Fix("", {}),
        refs=(),
        file=f"{id}.yaml",
    )


def endpoints(*named: str, account: str = ACCOUNT, region: str = REGION, **members: str) -> Document:
    items = [
        {"EndpointArn": f"arn:aws:dms:{region}:{account}:endpoint:{name}", "EndpointIdentifier": name, **members}
        for name in named
    ]
    return Document("dms:DescribeEndpoints", {"Endpoints": items}, account=account, region=region)


class Facts:
    """Facts `a` to `f`, each of which says what the endpoint's member of that name says."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fact(self, name: str) -> Fact:
        def derive(resource: Resource, inventory: Inventory) -> str:
            self.asked.append(f"{resource.name}.{name}")
            value = resource.data.get(name, TRUE)
            if value == UNKNOWN:
                raise Missing(f"{resource.name} has no {name}", needs=f"dms:{name}", reason=f"no {name}")
            if value == BUG:
                raise ZeroDivisionError("a bug")
            return str(value)

        return Fact(name, ("endpoint",), text(), derive)


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> Facts:
    found = Facts()
    monkeypatch.setattr(dms_lint.engine.plan, "FACTS", {name: found.fact(name) for name in "abcdef"})
    return found


def judge(*rules: Rule, of: Document | None = None, **members: str) -> Outcome:
    inventory = Inventory([of or endpoints("orders", **members)], NOW)
    return evaluate(rules, inventory, all_verdicts=True)


def verdict(outcome: Outcome) -> Finding:
    assert not outcome.faults
    (finding,) = outcome.findings
    assert outcome.verdicts == {one: int(one is finding.verdict) for one in Verdict}
    return finding


def conjunction(*values: str) -> str:
    """Kleene's AND."""
    return FALSE if FALSE in values else UNKNOWN if UNKNOWN in values else TRUE


VALUES = (TRUE, FALSE, UNKNOWN)


class TestLogic:
    @pytest.mark.parametrize(("a", "b", "c", "d"), list(product(VALUES, repeat=4)))
    def test_two_conditions_each(self, facts: Facts, a: str, b: str, c: str, d: str) -> None:
        found = verdict(judge(rule(when={"a": HOLDS, "b": HOLDS}, expect={"c": HOLDS, "d": HOLDS}), a=a, b=b, c=c, d=d))
        applies, fine = conjunction(a, b), conjunction(c, d)
        if applies != TRUE:
            expected = {FALSE: Verdict.NOT_APPLICABLE, UNKNOWN: Verdict.UNKNOWN}[applies]
        else:
            expected = {TRUE: Verdict.PASS, FALSE: Verdict.FAIL, UNKNOWN: Verdict.UNKNOWN}[fine]
        assert found.verdict is expected
        assert (found.missing is not None) == (expected is Verdict.UNKNOWN)

    @pytest.mark.parametrize(("value", "expected"), list(zip(VALUES, ("pass", "fail", "unknown"), strict=True)))
    def test_a_rule_without_when_always_applies(self, facts: Facts, value: str, expected: str) -> None:
        assert verdict(judge(rule(), a=value)).verdict == expected

    @pytest.mark.parametrize("order", list(permutations("abc")))
    def test_the_order_of_conditions_does_not_matter(self, facts: Facts, order: tuple[str, ...]) -> None:
        conditions = dict.fromkeys(order, HOLDS)
        assert verdict(judge(rule(expect=conditions), a=FALSE, b=UNKNOWN, c=TRUE)).verdict is Verdict.FAIL
        assert verdict(judge(rule(when=conditions), a=FALSE, b=UNKNOWN, c=TRUE)).verdict is Verdict.NOT_APPLICABLE

    def test_of_several_missing_facts_the_first_is_said(self, facts: Facts) -> None:
        found = verdict(judge(rule(expect={"b": HOLDS, "a": HOLDS}), a=UNKNOWN, b=UNKNOWN))
        assert found.missing is not None
        assert found.missing.message == "orders has no b"

    def test_expectations_do_not_matter_where_applying_is_unknown(self, facts: Facts) -> None:
        found = verdict(judge(rule(when={"a": HOLDS}, expect={"b": HOLDS}), a=UNKNOWN, b=FALSE))
        assert found.verdict is Verdict.UNKNOWN
        assert found.missing is not None
        assert found.missing.needs == "dms:a"

    def test_one_fact_may_be_asked_twice_differently(self, facts: Facts) -> None:
        twice = rule(when={"a": {"enum": ["x", "y"]}}, expect={"a": {"const": "x"}})
        assert verdict(judge(twice, a="x")).verdict is Verdict.PASS
        assert verdict(judge(twice, a="y")).verdict is Verdict.FAIL
        assert verdict(judge(twice, a="z")).verdict is Verdict.NOT_APPLICABLE

    def test_equal_conditions_are_one_and_similar_ones_are_not(self, facts: Facts) -> None:
        conditions: list[dict[str, Any]] = [{"const": TRUE}, {"const": "1"}, {"const": 1}, {"const": True}]
        rules = [rule(f"TST00{n}", expect={"a": condition}) for n, condition in enumerate(conditions)]
        found = [finding.verdict for finding in judge(*rules, rule("TST009"), a=TRUE).findings]
        assert found == [Verdict.PASS, Verdict.FAIL, Verdict.FAIL, Verdict.FAIL, Verdict.PASS]


class TestFacts:
    def test_a_fact_is_derived_once_for_a_resource(self, facts: Facts) -> None:
        rules = [rule(f"TST00{n}", when={"a": HOLDS}, expect={"b": HOLDS}, evidence=("a", "c")) for n in range(5)]
        judge(*rules, of=endpoints("orders", "lake", b=FALSE, c=UNKNOWN))
        assert sorted(facts.asked) == sorted(f"{name}.{fact}" for name in ("orders", "lake") for fact in "abc")

    def test_what_does_not_matter_is_not_derived(self, facts: Facts) -> None:
        judge(rule(when={"a": HOLDS}, expect={"b": HOLDS}, evidence=("c",)), a=FALSE)
        assert facts.asked == ["orders.a"]

    def test_only_a_failure_derives_what_it_shows_besides(self, facts: Facts) -> None:
        judge(rule(expect={"a": HOLDS}, evidence=("c",)))
        assert facts.asked == ["orders.a"]

    def test_a_failure_shows_every_fact_that_could_be_read(self, facts: Facts) -> None:
        found = verdict(
            judge(rule(when={"e": HOLDS}, expect={"a": HOLDS, "b": HOLDS}, evidence=("c", "d")), a=FALSE, c=UNKNOWN)
        )
        assert found.verdict is Verdict.FAIL
        assert dict(found.evidence) == {"e": TRUE, "a": FALSE, "b": TRUE, "d": TRUE}

    def test_a_kept_missing_does_not_keep_the_frames_of_its_fact(self, facts: Facts) -> None:
        found = verdict(judge(rule(), a=UNKNOWN))
        assert found.missing is not None
        assert found.missing.__traceback__ is None


class TestFaults:
    def test_a_bug_in_a_fact_is_no_verdict_and_stops_nothing_else(self, facts: Facts) -> None:
        body = endpoints("orders", "lake")
        body.body["Endpoints"][0]["a"] = BUG
        outcome = judge(rule("TST001"), rule("TST002", expect={"b": HOLDS}), of=body)
        (fault,) = outcome.faults
        assert (fault.rule, fault.resource) == ("TST001", f"arn:aws:dms:{REGION}:{ACCOUNT}:endpoint:orders")
        assert fault.error == "ZeroDivisionError: a bug"
        assert 'raise ZeroDivisionError("a bug")' in fault.traceback
        assert [(one.rule.id, one.resource.name) for one in outcome.findings] == [
            ("TST001", "lake"),
            ("TST002", "lake"),
            ("TST002", "orders"),
        ]
        assert sum(outcome.verdicts.values()) == 3

    def test_each_rule_that_meets_the_bug_says_so(self, facts: Facts) -> None:
        assert [fault.rule for fault in judge(rule("TST001"), rule("TST002"), a=BUG).faults] == ["TST001", "TST002"]

    def test_a_bug_that_is_never_met_is_none(self, facts: Facts) -> None:
        assert verdict(judge(rule(expect={"a": HOLDS, "b": HOLDS}), a=FALSE, b=TRUE)).verdict is Verdict.FAIL
        assert not judge(rule(when={"a": HOLDS}, expect={"b": HOLDS}), a=FALSE, b=BUG).faults


class TestOutcome:
    def test_passes_and_not_applicables_are_counted_and_listed(self, facts: Facts) -> None:
        rules = [
            rule("TST001"),
            rule("TST002", expect={"b": HOLDS}),
            rule("TST003", expect={"c": HOLDS}),
            rule("TST004", when={"b": HOLDS}),
        ]
        inventory = Inventory([endpoints("orders", b=FALSE, c=UNKNOWN)], NOW)
        told, all_told = evaluate(rules, inventory), evaluate(rules, inventory, all_verdicts=True)
        assert [one.verdict for one in told.findings] == [Verdict.FAIL, Verdict.UNKNOWN]
        assert [one.verdict for one in all_told.findings] == ["pass", "fail", "unknown", "not-applicable"]
        assert told.verdicts == all_told.verdicts == dict.fromkeys(Verdict, 1)
        assert told.gaps == all_told.gaps

    def test_checks_are_counted_by_rule_whatever_the_kind(self, facts: Facts) -> None:
        tasks = Document("dms:DescribeReplicationTasks", {"ReplicationTasks": [{"ReplicationTaskArn": "arn:t"}]})
        inventory = Inventory([endpoints("a"), endpoints("b", a=FALSE), endpoints("c", a=UNKNOWN), tasks], NOW)
        rules = [rule("TST001", applies_to=("task", "endpoint")), rule("TST002", when={"b": {"const": "never"}})]
        for all_verdicts in (False, True):
            assert evaluate(rules, inventory, all_verdicts=all_verdicts).checks == {
                "TST001": {Verdict.PASS: 2, Verdict.FAIL: 1, Verdict.UNKNOWN: 1},
                "TST002": {Verdict.PASS: 0, Verdict.FAIL: 0, Verdict.UNKNOWN: 0},
            }

    def test_resources_are_those_of_judged_kinds(self, facts: Facts) -> None:
        tasks = Document("dms:DescribeReplicationTasks", {"ReplicationTasks": [{"ReplicationTaskArn": "arn:t"}]})
        assert evaluate([rule()], Inventory([endpoints("a", "b"), tasks], NOW)).resources == {"endpoint": 2}

    def test_a_rule_for_two_kinds_judges_both(self, facts: Facts) -> None:
        tasks = Document("dms:DescribeReplicationTasks", {"ReplicationTasks": [{"ReplicationTaskArn": "arn:t"}]})
        inventory = Inventory([endpoints("b"), tasks], NOW)
        outcome = evaluate([rule(applies_to=("task", "endpoint"))], inventory, all_verdicts=True)
        assert [one.resource.kind for one in outcome.findings] == ["endpoint", "task"]
        assert outcome.resources == {"endpoint": 1, "task": 1}

    @given(
        st.permutations(["a", "b", "c", "d"]),
        st.permutations([rule(f"TST00{n}", expect={fact: HOLDS}) for n, fact in enumerate("abc")]),
    )
    def test_the_outcome_does_not_depend_on_any_order(self, names: list[str], rules: list[Rule]) -> None:
        with pytest.MonkeyPatch.context() as patch:
            facts = Facts()
            patch.setattr(dms_lint.engine.plan, "FACTS", {name: facts.fact(name) for name in "abcdef"})
            items = endpoints(*names, b=UNKNOWN, c=FALSE)
            found = evaluate(rules, Inventory([items], NOW), all_verdicts=True)
        assert [(one.rule.id, one.resource.name) for one in found.findings] == [
            (f"TST00{n}", name) for n in range(3) for name in "abcd"
        ]
        assert [(gap.needs, gap.rules, gap.resources, gap.checks) for gap in found.gaps] == [
            ("dms:b", ("TST001",), 4, 4)
        ]


class TestGaps:
    def test_unknowns_are_grouped_by_need_most_wanted_first(self, facts: Facts) -> None:
        rules = [
            rule("TST003", expect={"b": HOLDS}),
            rule("TST001"),
            rule("TST002", when={"a": HOLDS}),
        ]
        outcome = evaluate(rules, Inventory([endpoints("orders", "lake", a=UNKNOWN, b=UNKNOWN)], NOW))
        assert [tuple(gap) for gap in outcome.gaps] == [
            ("dms:a", "no a", Status.NOT_PROVIDED, ACCOUNT, REGION, ("TST001", "TST002"), 2, 4),
            ("dms:b", "no b", Status.NOT_PROVIDED, ACCOUNT, REGION, ("TST003",), 2, 2),
        ]

    def test_accounts_and_regions_are_told_apart(self, facts: Facts) -> None:
        documents = [
            endpoints("orders", a=UNKNOWN),
            endpoints("orders", region="us-east-1", a=UNKNOWN),
            endpoints("orders", account="444455556666", a=UNKNOWN),
        ]
        gaps = evaluate([rule()], Inventory(documents, NOW)).gaps
        assert [(gap.account, gap.region, gap.checks) for gap in gaps] == [
            (ACCOUNT, REGION, 1),
            (ACCOUNT, "us-east-1", 1),
            ("444455556666", REGION, 1),
        ]

    def test_refused_and_not_provided_are_kept_apart(self, facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
        def derive(resource: Resource, inventory: Inventory) -> str:
            status = Status.NOT_READABLE if resource.name == "orders" else Status.NOT_PROVIDED
            raise Missing(f"{resource.name}", needs="kms:DescribeKey", reason="no key", status=status)

        monkeypatch.setattr(dms_lint.engine.plan, "FACTS", {"a": Fact("a", ("endpoint",), text(), derive)})
        gaps = evaluate([rule()], Inventory([endpoints("orders", "lake", "sales")], NOW)).gaps
        assert [(gap.status, gap.checks) for gap in gaps] == [(Status.NOT_PROVIDED, 2), (Status.NOT_READABLE, 1)]

    def test_without_unknowns_there_is_none(self, facts: Facts) -> None:
        assert judge(rule()).gaps == ()


def refused(operation: str, **where: str) -> Document:
    place = {"account": ACCOUNT, "region": REGION, **where}
    return Document(operation, {}, refusal=Refusal("AccessDenied", "no"))._replace(**place)  # type: ignore[arg-type]


class TestListings:
    """What a listing that could not be read would have held is judged by nobody; the report must say so."""

    RULES: ClassVar = (rule("TST001"), rule("TST002"), rule("TST003", applies_to=("task",)))

    def gaps(self, *documents: Document) -> list[tuple[Any, ...]]:
        return [tuple(gap) for gap in evaluate(self.RULES, Inventory(documents, NOW)).gaps]

    def test_a_refused_listing_is_a_gap_for_every_rule_of_its_kind(self, facts: Facts) -> None:
        assert self.gaps(refused("dms:DescribeEndpoints")) == [
            (
                "dms:DescribeEndpoints",
                "AWS refused it: AccessDenied",
                Status.NOT_READABLE,
                ACCOUNT,
                REGION,
                ("TST001", "TST002"),
                0,
                2,
            )
        ]

    def test_a_refused_listing_is_unknown_to_every_rule_of_its_kind(self, facts: Facts) -> None:
        checks = evaluate(self.RULES, Inventory([refused("dms:DescribeEndpoints")], NOW)).checks
        assert {id_: counts[Verdict.UNKNOWN] for id_, counts in checks.items()} == {
            "TST001": 1,
            "TST002": 1,
            "TST003": 0,
        }

    def test_a_cut_listing_is_a_gap_though_its_start_is_judged(self, facts: Facts) -> None:
        cut = endpoints("orders")
        cut = cut._replace(body={**cut.body, "Marker": "2"})
        (gap,) = self.gaps(cut)
        assert gap[:3] == (
            "dms:DescribeEndpoints",
            "the listing breaks off, more pages follow",
            Status.NOT_READABLE,
        )
        assert self.gaps(cut, endpoints("lake")) == []

    def test_a_refusal_beside_a_complete_listing_is_none(self, facts: Facts) -> None:
        assert self.gaps(refused("dms:DescribeEndpoints"), endpoints("orders")) == []

    def test_a_refusal_elsewhere_is_one_there(self, facts: Facts) -> None:
        (gap,) = self.gaps(refused("dms:DescribeEndpoints", region="us-east-1"), endpoints("orders"))
        assert gap[3:5] == (ACCOUNT, "us-east-1")

    def test_two_refusals_of_one_listing_are_one(self, facts: Facts) -> None:
        assert len(self.gaps(refused("dms:DescribeEndpoints"), refused("dms:DescribeEndpoints"))) == 1

    def test_what_no_rule_judges_is_no_gap(self, facts: Facts) -> None:
        assert self.gaps(refused("kms:ListKeys"), refused("dms:DescribeCertificates")) == []

    def test_what_was_never_asked_is_no_gap(self, facts: Facts) -> None:
        assert self.gaps(endpoints("orders")) == []

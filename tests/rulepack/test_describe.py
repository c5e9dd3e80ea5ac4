"""A rule in words: the same sections for the terminal and for its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.cli import views
from dms_lint.model import Fix, Verdict
from dms_lint.rulepack.describe import Entry, Example, Sentence, sections_about
from tools import docs

if TYPE_CHECKING:
    from dms_lint.model import Pack, Rule


@pytest.fixture
def rule(pack: Pack) -> Rule:
    return next(rule for rule in pack.rules if rule.id == "TLS002")


def names(rule: Rule, examples: tuple[Example, ...] = ()) -> list[str]:
    return [section.name for section in sections_about(rule, (), examples)]


def test_a_section_that_would_be_empty_is_left_out(rule: Rule) -> None:
    bare = rule._replace(when={}, settings={}, covers=(), refs=(), fix=Fix("Do it.", {}))
    assert names(bare) == ["why", "expect", "fail", "fix"]
    assert names(bare, (Example(Verdict.PASS, "it is right"),))[-1] == "cases"


def test_every_section_has_a_title_in_both_renderings(pack: Pack) -> None:
    examples = [Example(Verdict.PASS, "it is right")]
    for rule in pack.rules:
        described = {section.name for section in sections_about(rule, pack.frameworks, examples)}
        assert described <= set(views.TITLES)
        assert described - {"covers", "refs"} <= set(docs.TITLES)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"const": True}, "is true"),
        ({"const": ""}, "is empty"),
        ({"maxItems": 0}, "is empty"),
        ({"minItems": 1, "maxItems": 3}, "is not empty and has at most 3 items"),
        ({"enum": ["a", "b"]}, "is one of a, b"),
        ({"items": {"const": "a"}}, "has only items that each is a"),
    ],
)
def test_a_condition_is_a_sentence(rule: Rule, schema: dict[str, Any], words: str) -> None:
    described = {section.name: section.parts for section in sections_about(rule._replace(expect={"x": schema}), (), ())}
    assert described["expect"] == (Entry("x", words),)


def test_a_frameworks_severity_is_named_where_it_differs(pack: Pack) -> None:
    rule = next(rule for rule in pack.rules if rule.id == "TLS001")
    (framework,) = (framework for framework in pack.frameworks if framework.name == "security-hub")
    parts = {section.name: section.parts for section in sections_about(rule, [framework], ())}["controls"]
    assert parts == (Sentence("AWS Security Hub: DMS.9 (medium there)"),)

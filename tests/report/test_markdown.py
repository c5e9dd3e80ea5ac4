"""Markdown: rendered as GitHub renders it, text from an account is text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dms_lint.report.formats.markdown import LIMIT
from dms_lint.report.safe import markdown, printable
from tests.report.made import (
    ARN,
    WAIVER,
    accepted,
    account,
    endpoint,
    failing_in_every_way,
    names,
    rendered,
    report_of,
    several,
)

if TYPE_CHECKING:
    from dms_lint.model import Report

HTML = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class Page(HTMLParser):
    """The tags of a page, its links, and the text of its cells."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.cells: list[str] = []
        self.text = ""
        self.feed(HTML.render(source))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.cells:
            self.cells[-1] += data


def page(report: Report) -> Page:
    return Page(rendered("markdown", report))


def test_a_failure_is_a_row_with_a_link_to_its_rule() -> None:
    found = page(report_of(endpoint()))
    severity, rule, resource, what, where = (cell.strip() for cell in found.cells[5:10])
    assert (severity, rule, resource) == ("high", "TLS001", "endpoint orders")
    assert what == "orders (mysql) is not encrypted: SslMode is none"
    assert where == "exports/describe-endpoints.json:3"
    assert found.links[0].endswith("/docs/rules/TLS001.md")


def test_the_head_line_counts() -> None:
    report = accepted(several(4), {"waiver": WAIVER}, {"known": True})
    assert rendered("markdown", report).startswith("## dms-lint: 2 failed (2 high) · 2 accepted · 0 unknown · 0 passed")


def test_what_is_accepted_is_folded_away_with_its_reason() -> None:
    shown = rendered("markdown", accepted(several(1), {"waiver": WAIVER}))
    assert "<summary>Accepted: 1</summary>" in shown
    assert "being replaced &#40;DB-12, DBA team&#41;" in shown
    assert "| Where |" not in shown


def test_what_is_unknown_is_folded_away_by_what_would_settle_it() -> None:
    found = page(account("faulty"))
    assert found.tags.count("details") == 2
    assert "Unknown, because something could not be read: 74" in found.text


def test_a_long_report_is_cut_to_what_github_takes_and_says_so() -> None:
    shown = rendered("markdown", several(2000))
    assert LIMIT * 0.9 < len(shown.encode()) <= LIMIT
    rows = shown.count("\n| high |")
    assert f"\n{2000 - rows} more failures are left out here" in shown


def test_everything_long_at_once_is_cut_too() -> None:
    many = [endpoint("é" * 5000, EndpointArn=f"{ARN}{n:04}", SslMode=None if n % 2 else "none") for n in range(300)]
    report = report_of(*many, select="TLS")
    report = accepted(report, *({"known": True} for _ in range(100)))
    shown = rendered("markdown", report)
    assert len(shown.encode()) <= LIMIT
    assert shown.count("<details>") == shown.count("</details>") >= 2


def test_nothing_to_say_is_one_line() -> None:
    assert rendered("markdown", several(1, SslMode="verify-full", CertificateArn="arn:x")).count("\n") == 1


@settings(max_examples=60)
@given(names)
def test_no_name_brings_markup_or_a_link(name: str) -> None:
    ours, theirs = page(failing_in_every_way()), page(failing_in_every_way(name))
    assert [tag for tag in theirs.tags if tag != "wbr"] == [tag for tag in ours.tags if tag != "wbr"]
    assert theirs.links == ours.links


MARKUP = st.text(alphabet="ab1 -+.#*_`~|\\<>[]()!@&$%:;/=\"'\n\t{}^w", max_size=30)


@given(MARKUP)
def test_text_is_shown_as_it_is(text: str) -> None:
    shown = Page(f"| a |\n| --- |\n| {markdown(text)} |\n")
    assert set(shown.tags) - {"wbr"} == {"table", "thead", "tbody", "tr", "th", "td"}
    assert shown.cells[1].replace("\u200b", "").strip() == printable(text).strip()


@example("1.")
@given(MARKUP.filter(str.strip))
def test_text_begins_no_block(text: str) -> None:
    assert [tag for tag in Page(markdown(text)).tags if tag != "wbr"] == ["p"]


@pytest.mark.parametrize(
    ("text", "sign"), [("@octocat", "@"), ("see #12", "#"), ("!5", "!"), ("owner/repo#3", "#"), ("GH-7", "GH")]
)
def test_a_mention_is_parted_from_its_sign(text: str, sign: str) -> None:
    shown = Page(markdown(text)).text.rstrip("\n")
    assert f"{sign}\u200b" in shown
    assert shown.replace("\u200b", "") == text


@pytest.mark.parametrize("text", [f"{ARN[:-9]}secret:dms", ":smile:", ":+1:", ":non-potable_water:", "a:100:b:key:"])
def test_no_part_of_an_arn_becomes_an_emoji_and_it_can_be_copied(text: str) -> None:
    """GitHub and GitLab look for `:secret:` in each run of text between tags, after they read the Markdown."""
    html = HTML.render(markdown(text))
    assert not any(re.search(r":[\w+-]+:", run) for run in re.split(r"<[^<>]*>", html))
    assert Page(markdown(text)).text.strip() == text


@pytest.mark.parametrize("text", ["https://example.com", "www.example.com", "WWW.example.com", "mail@example.com"])
def test_an_address_is_not_linked(text: str) -> None:
    # What the extended autolinks of GitHub look for in the source.
    assert not any(sign in markdown(text).lower() for sign in ("://", "www.", "@"))

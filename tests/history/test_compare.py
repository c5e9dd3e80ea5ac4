"""What changed between two reports; fixed is only what the newer one judged."""

import html
import json
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.history import compare as diff
from dms_lint.history import render as diff_pages
from dms_lint.model import Resource, Wording
from tests.cli.test_cli import endpoint
from tests.forked import run
from tests.report.made import endpoint as made_endpoint
from tests.report.made import report_of

REGION = "arn:aws:dms:eu-west-1:111122223333"
ORDERS = f"TLS001:{REGION}:endpoint:ORDERS"


class Reports:
    """Writes reports of endpoints, and compares them."""

    made: ClassVar[dict[tuple[str, ...], str]] = {}
    """By what was asked of which endpoints, the report: the same scans are compared many times."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".git").mkdir()

    def __call__(self, name: str, *endpoints: dict[str, Any], select: str = "TLS001", more: str = "") -> str:
        """The report on these, as a file of that name."""
        config = self.folder / ".dms-lint.yaml"
        said = json.dumps({"Endpoints": endpoints})
        asked = (said, select, more, config.read_text() if config.exists() else "")
        if asked not in self.made:
            (self.folder / "in.json").write_text(said)
            done = run("scan", "in.json", "--select", select, "-f", "json", *more.split(), cwd=self.folder)
            assert done.returncode in (0, 1, 3), done.stderr
            self.made[asked] = done.stdout
        (self.folder / name).write_text(self.made[asked])
        return name

    def diff(self, old: str, new: str, *arguments: str) -> Any:
        return run("diff", old, new, *arguments, cwd=self.folder)

    def lists(self, old: str, new: str) -> dict[str, list[tuple[str, str, str]]]:
        """By list, what changed: fingerprint, before and now; without the empty lists."""
        found = json.loads(self.diff(old, new, "-f", "json").stdout)
        names = ("failures", "fixed", "changed", "unknown", "gone")
        assert found["summary"] == {name: len(found[name]) for name in names}
        return {
            name: [(one["fingerprint"], one["was"], one["now"]) for one in found[name]] for name in names if found[name]
        }


@pytest.fixture
def reports(tmp_path: Path) -> Reports:
    return Reports(tmp_path)


BAD = endpoint(SslMode="none")
GOOD = endpoint()
OPEN = endpoint(SslMode=None)
ABSENT = endpoint("crm")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (GOOD, GOOD, {}),
        (BAD, BAD, {}),
        (OPEN, OPEN, {}),
        (GOOD, BAD, {"failures": [(ORDERS, "no failure", "fail")]}),
        (OPEN, BAD, {"failures": [(ORDERS, "unknown", "fail")]}),
        (ABSENT, BAD, {"failures": [(ORDERS, "not judged", "fail")]}),
        (BAD, GOOD, {"fixed": [(ORDERS, "fail", "no failure")]}),
        (BAD, OPEN, {"unknown": [(ORDERS, "fail", "unknown")]}),
        (GOOD, OPEN, {"unknown": [(ORDERS, "no failure", "unknown")]}),
        (OPEN, GOOD, {"changed": [(ORDERS, "unknown", "no failure")]}),
        (BAD, ABSENT, {"gone": [(ORDERS, "fail", "not judged")]}),
        (OPEN, ABSENT, {"gone": [(ORDERS, "unknown", "not judged")]}),
        (GOOD, ABSENT, {}),
    ],
)
@pytest.mark.parametrize("more", ["", "--all-verdicts"])
def test_every_change_stands_on_its_list(reports: Reports, old: Any, new: Any, expected: Any, more: str) -> None:
    found = reports.lists(reports("old.json", old, more=more), reports("new.json", new, more=more))
    assert found == expected


def test_a_failure_of_a_rule_not_run_is_gone_and_not_fixed(reports: Reports) -> None:
    old, new = reports("old.json", BAD), reports("new.json", GOOD, select="TLS002")
    assert reports.lists(old, new) == {"gone": [(ORDERS, "fail", "not judged")]}
    assert "fail -> not judged: the rule did not run" in reports.diff(old, new).stdout


def test_a_failure_of_an_unjudged_resource_is_gone_not_fixed(reports: Reports) -> None:
    old, new = reports("old.json", BAD), reports("new.json", ABSENT)
    done = reports.diff(old, new)
    assert "Gone: not judged any more, and so not known to be fixed: 1" in done.stdout
    assert "fail -> not judged: the resource is not among those judged" in done.stdout
    assert done.returncode == 0


def test_a_report_that_does_not_say_what_it_judged_fixes_nothing(reports: Reports) -> None:
    old, new = reports("old.json", BAD), reports("new.json", GOOD)
    report = json.loads((reports.folder / new).read_text())
    for member in ("checks", "judged"):
        (reports.folder / "less.json").write_text(
            json.dumps({key: value for key, value in report.items() if key != member})
        )
        assert reports.lists(old, "less.json") == {"gone": [(ORDERS, "fail", "not judged")]}


def test_what_met_an_internal_error_is_gone_and_not_fixed(reports: Reports) -> None:
    old, new = reports("old.json", BAD), reports("new.json", GOOD)
    report = json.loads((reports.folder / new).read_text())
    rule, _, resource = ORDERS.partition(":")
    report["errors"] = [{"rule": rule, "resource": resource, "error": "KeyError"}]
    (reports.folder / new).write_text(json.dumps(report))
    assert reports.lists(old, new) == {"gone": [(ORDERS, "fail", "not judged")]}


def test_an_account_failure_is_gone_where_fewer_regions_are_read(reports: Reports) -> None:
    old = reports("old.json", BAD)
    report = json.loads((reports.folder / old).read_text())
    report["findings"][0]["resource"]["region"] = ""
    (reports.folder / old).write_text(json.dumps(report))
    report["findings"] = []
    (reports.folder / "same.json").write_text(json.dumps(report))
    report["scan"]["scopes"] = ["111122223333/us-east-1"]
    (reports.folder / "fewer.json").write_text(json.dumps(report))
    assert reports.lists(old, "same.json") == {"fixed": [(ORDERS, "fail", "no failure")]}
    assert reports.lists(old, "fewer.json") == {"gone": [(ORDERS, "fail", "not judged")]}
    assert "fail -> not judged: 111122223333/eu-west-1 was not read again" in reports.diff(old, "fewer.json").stdout


def test_another_severity_is_a_change(reports: Reports) -> None:
    old = reports("old.json", BAD)
    (reports.folder / ".dms-lint.yaml").write_text("severity: {TLS001: critical}\n")
    new = reports("new.json", BAD)
    assert reports.lists(old, new) == {"changed": [(ORDERS, "fail (high)", "fail (critical)")]}
    assert reports.diff(old, new).returncode == 0


def test_a_failure_that_is_another_now_is_a_change(reports: Reports) -> None:
    old = reports("old.json", BAD)
    worse = marked(reports, old, message="orders is open to everybody")
    assert reports.lists(old, worse) == {"changed": [(ORDERS, "fail", "fail")]}
    done = reports.diff(old, worse)
    assert done.returncode == 0
    assert "fail -> fail: it was: orders (mysql) is not encrypted: SslMode is none\n" in done.stdout
    assert "    orders is open to everybody\n" in done.stdout
    # Accepted, it may be another as well.
    known = marked(reports, old, known=True)
    assert reports.lists(known, marked(reports, known, message="worse")) == {
        "changed": [(ORDERS, "accepted", "accepted")]
    }


def marked(reports: Reports, name: str, **members: Any) -> str:
    """The report of that name with other members in its finding."""
    report = json.loads((reports.folder / name).read_text())
    report["findings"][0].update(members)
    (reports.folder / f"marked-{name}").write_text(json.dumps(report))
    return f"marked-{name}"


IN_FORCE = {"waiver": {"reason": "a", "expires": None}}
EXPIRED = {"waiver": {"reason": "a", "expires": "2026-01-01", "expired": True}}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, IN_FORCE, {"changed": [(ORDERS, "fail", "accepted")]}),
        ({}, {"known": True}, {"changed": [(ORDERS, "fail", "accepted")]}),
        (IN_FORCE, EXPIRED, {"failures": [(ORDERS, "accepted", "fail")]}),
        ({"known": True}, {}, {"failures": [(ORDERS, "accepted", "fail")]}),
        ({}, EXPIRED, {}),
        (IN_FORCE, {"known": True}, {}),
    ],
)
def test_an_accepted_failure_is_new_once_it_counts_again(reports: Reports, old: Any, new: Any, expected: Any) -> None:
    name = reports("report.json", BAD)
    before = marked(reports, name, **old)
    (reports.folder / before).rename(reports.folder / "before.json")
    after = marked(reports, name, **new)
    assert reports.lists("before.json", after) == expected
    assert reports.diff("before.json", after).returncode == (1 if "failures" in expected else 0)


def test_an_accepted_failure_of_a_new_resource_is_no_new_failure(reports: Reports) -> None:
    old, new = reports("old.json", ABSENT), reports("new.json", BAD)
    assert reports.diff(old, marked(reports, new, known=True)).returncode == 0


def test_the_exit_code_is_1_for_new_failures_alone(reports: Reports) -> None:
    good, bad = reports("good.json", GOOD), reports("bad.json", BAD)
    assert reports.diff(good, bad).returncode == 1
    assert reports.diff(good, bad, "--fail-on", "critical").returncode == 0
    assert reports.diff(bad, good).returncode == 0
    assert reports.diff(bad, bad).returncode == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "new.json: cannot be read: No such file or directory"),
        (b"", "new.json:1: is not JSON"),
        (b"\xff", "new.json:1: is not JSON"),
        (b"[" * 100_000, "new.json:1: is not JSON"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "new.json:1: is not JSON"),
        (b"[]", "new.json:1: is no report; `dms-lint scan PATH -o json=FILE` writes one"),
        (b'{"findings": []}', "is no report"),
        (b'{"tool": {"name": "dms-lint"}, "findings": [], "schema_version": "9.0"}', "of another version, '9.0'"),
        (b'{"tool": {"name": "dms-lint"}, "findings": 3, "schema_version": "1.0"}', "is no whole report"),
        (b'{"tool": {"name": "dms-lint"}, "findings": [3], "schema_version": "1.0"}', "is no whole report"),
        (b'{"tool": {"name": "dms-lint"}, "findings": [{}], "schema_version": "1.0"}', "is no whole report"),
        (b'{"tool": {"name": "dms-lint"}, "findings": [], "judged": [[]], "schema_version": "1.0"}', "no whole report"),
        (b'{"tool": {"name": "dms-lint"}, "findings": [], "errors": [1], "schema_version": "1.0"}', "no whole report"),
    ],
)
def test_exit_2_for_what_is_no_report(reports: Reports, content: bytes | None, says: str) -> None:
    old = reports("old.json", BAD)
    if content is not None:
        (reports.folder / "new.json").write_bytes(content)
    for pair in ((old, "new.json"), ("new.json", old)):
        done = reports.diff(*pair)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr


@pytest.mark.parametrize(
    "members",
    [
        {"severity": "dire"},
        {"verdict": "Fail"},
        {"resource": None},
        {"fingerprint": 3},
        {"waiver": "yes"},
        {"message": None},
    ],
)
def test_exit_2_for_a_finding_that_is_none(reports: Reports, members: dict[str, Any]) -> None:
    old = reports("old.json", BAD)
    assert reports.diff(old, marked(reports, old, **members)).returncode == 2


def test_different_packs_are_said(reports: Reports) -> None:
    old = reports("old.json", BAD)
    report = json.loads((reports.folder / old).read_text())
    report["tool"]["pack"]["version"] = "99"
    (reports.folder / "new.json").write_text(json.dumps(report))
    name = report["tool"]["pack"]["name"]
    for format_ in ("text", "markdown"):
        shown = html.unescape(reports.diff(old, "new.json", "-f", format_).stdout)
        assert f"different rule packs, {name} " in shown
        assert f"{name} 99" in shown


def test_the_worst_stands_first(reports: Reports) -> None:
    old = reports("old.json", endpoint("a"), select="TLS001,SEC001")
    worse = [endpoint(name, SslMode="none", Username="dms") for name in ("a", "b")]
    new = reports("new.json", *worse, select="TLS001,SEC001")
    found = json.loads(reports.diff(old, new, "-f", "json").stdout)["failures"]
    assert [(one["rule"], one["name"]) for one in found] == [
        ("TLS001", "a"),
        ("TLS001", "b"),
        ("SEC001", "a"),
        ("SEC001", "b"),
    ]


def test_the_text_says_what_where_and_how(reports: Reports) -> None:
    done = reports.diff(reports("old.json", GOOD), reports("new.json", BAD))
    assert done.stdout == (
        "New failures: 1\n"
        "  HIGH     TLS001  endpoint orders (111122223333 eu-west-1)\n"
        "    no failure -> fail\n"
        "    orders (mysql) is not encrypted: SslMode is none\n"
        "\n"
        "1 newly failing · 0 fixed · 0 changed · 0 unknown now · 0 not judged any more\n"
    )


# -- names of the account are only names


FILES = ("old.json", "new.json")


def compared(name: str) -> diff.Diff:
    report = report_of(made_endpoint())
    (finding,) = report.findings
    resource = Resource("endpoint", "x", {}, name=name)
    failure = finding._replace(resource=resource, wording=Wording(f"{name} is bad"))
    return diff.compare(report._replace(findings=()), report._replace(findings=(failure,)))


@given(st.text(max_size=40))
def test_text_and_json_bear_any_name(name: str) -> None:
    found = compared(name)
    lines = "".join(diff_pages.render(found, "text", FILES)).split("\n")
    assert len(lines) == 7
    assert all(line.isprintable() or "\u00a0" in line for line in lines)
    assert json.loads("".join(diff_pages.render(found, "json", FILES)))["failures"][0]["name"] == (name or "x")


@pytest.mark.parametrize(
    "name",
    ["| a |", "a\\|b", "**bold**", "[x](https://evil.example)", "<img src=x onerror=alert(1)>", "@octocat", "#12",
     "https://evil.example", "www.evil.example", "`code`", "a\n| b |", "</code><script>", "&lt;b&gt;", "~~a~~", "_a_"],
)  # fmt: skip
def test_markdown_takes_no_name_for_markup(name: str) -> None:
    (row,) = [
        line for line in "".join(diff_pages.render(compared(name), "markdown", FILES)).split("\n") if "<code>" in line
    ]
    assert row.count("|") == 6
    cells = re.findall(r"<code>(.*?)</code>", row)
    assert len(cells) == 4
    for cell in cells:
        # Nothing is left that Markdown, HTML or a forge would read, but numbers of characters.
        assert not re.search(r"[^\w\s.,:;()/-]|_", re.sub(r"&#\d+;", "", cell))
        assert "://" not in cell
        assert "www." not in cell
    assert html.unescape(cells[1]) == f"endpoint {name}".replace("\n", " ")

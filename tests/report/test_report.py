"""The reports: what people and machines see, and what no account can make them do."""

import json
import shlex
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.data.tables import pack_directory
from dms_lint.engine.scan import scan
from dms_lint.model import Document, Report, Severity
from dms_lint.report import FORMATS, Style, render
from dms_lint.report.safe import printable
from dms_lint.rulepack.loader import load_pack
from dms_lint.rulepack.placeholders import fix_cli
from tests.build import NOW

PACK = load_pack(pack_directory())
ARN = "arn:aws:dms:eu-west-1:111122223333:endpoint:"


def report_of(*endpoints: dict[str, Any], select: str = "TLS001") -> Report:
    body = {"Endpoints": list(endpoints)}
    document = Document("dms:DescribeEndpoints", body, file="describe-endpoints.json", lines={"Endpoints": [3] * 99})
    rules = [rule for rule in PACK.rules if rule.id.startswith(select)]
    return scan([document], PACK, rules, inputs=["describe-endpoints.json"], at=NOW)


def endpoint(name: str = "orders", **members: Any) -> dict[str, Any]:
    return {"EndpointIdentifier": name, "EndpointArn": ARN + "X", "EngineName": "mysql", "SslMode": "none", **members}


def text(report: Report, **style: Any) -> str:
    return "".join(render("text", report, Style(**style)))


HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "[bold red]markup[/]",
    ":smile:",
    "line\nbreak\rcarriage",
    "\u202egnirts desrever",
    "\x9b31m",
    "nul\x00byte",
    "\u2028separator",
    "\ud800 lone surrogate",
    "'; rm -rf / #",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("style", [{}, {"quiet": True}, {"color": True}, {"width": 80}])
def test_names_are_never_interpreted_by_a_terminal(name: str, style: dict[str, Any]) -> None:
    shown = text(report_of(endpoint(name)), **style)
    if style.get("color"):
        ours = text(report_of(endpoint("x" * 10)), color=True)
        shown = shown.replace("\x1b[", "ESC[") if set(_escapes(shown)) <= set(_escapes(ours)) else shown
    for character in shown:
        assert character == "\n" or character.isprintable(), repr(character)
    for words in ("[bold red]markup[/]", ":smile:"):
        if name == words:
            assert words in shown


def _escapes(shown: str) -> list[str]:
    return ["\x1b" + part.partition("m")[0] for part in shown.split("\x1b")[1:]]


@given(st.text())
def test_printable_text_is_printable_and_stays_on_one_line(words: str) -> None:
    shown = printable(words)
    assert shown.isprintable() or "\u00a0" in shown
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"])).filter(lambda words: "##" not in words))
def test_printable_leaves_harmless_text_as_it_is(words: str) -> None:
    assert printable(words) == words


def test_a_hostile_name_is_quoted_in_the_command() -> None:
    hostile = endpoint(EndpointArn=ARN + "X; touch /tmp/owned $(id)")
    (finding,) = json.loads("".join(render("json", report_of(hostile), Style())))["findings"]
    assert "'" + ARN + "X; touch /tmp/owned $(id)'" in finding["fix"]["cli"]


@given(st.text(alphabet=" ab'\"\\$", min_size=1, max_size=120))
def test_a_command_can_be_pasted_as_it_is_shown(words: str) -> None:
    report = report_of(endpoint(EndpointArn=ARN + words))
    (finding,) = report.findings
    _, _, shown = text(report).partition("    $ ")
    command = shown.partition("\n\n")[0].replace("\\\n", "")  # as a shell joins lines
    assert shlex.split(command) == shlex.split(fix_cli(finding))


def test_reports_say_that_a_command_is_disruptive() -> None:
    report = report_of(endpoint())
    for said in ("It deletes.", ""):
        (failure,) = report.findings
        rule = failure.rule._replace(fix=failure.rule.fix._replace(disruptive=said))
        changed = report._replace(findings=(failure._replace(rule=rule),))
        (finding,) = json.loads("".join(render("json", changed, Style())))["findings"]
        assert finding["fix"]["disruptive"] == (said or None)
        assert ("Fix (disruptive): " in text(changed)) is bool(said)
        assert ("Fix (disruptive): " in "".join(render("junit", changed, Style()))) is bool(said)
        assert ("It deletes." in "".join(render("csv", changed, Style()))) is bool(said)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_lines_are_no_wider_than_the_terminal(width: int) -> None:
    names = [endpoint(f"endpoint-{n}", EndpointArn=f"{ARN}E{n}") for n in range(5)]
    for line in text(report_of(*names, endpoint("new", EngineName="nosuch", EndpointArn=ARN + "N")), width=width).split(
        "\n"
    ):
        assert len(line) <= width, line


def test_severity_is_a_word_and_the_worst_comes_first() -> None:
    report = report_of(
        endpoint("low", SslMode="verify-ca", EngineName="postgres", EndpointArn=ARN + "A", CertificateArn="arn:x"),
        endpoint("high", EndpointArn=ARN + "B"),
        select="TLS00",
    )
    shown = text(report)
    assert shown.index("HIGH") < shown.index("LOW")
    assert shown.index("endpoint high") < shown.index("endpoint low")


def test_info_findings_are_counted_and_shown_only_when_asked_for() -> None:
    report = report_of(endpoint(), select="TLS001")
    assert "HIGH" not in text(report, severity=Severity.CRITICAL)
    assert "not shown: 1 high (--severity high shows them)" in text(report, severity=Severity.CRITICAL)


def test_unknowns_are_grouped_by_what_would_settle_them() -> None:
    shown = text(report_of(*(endpoint(f"e{n}", SslMode=None, EndpointArn=f"{ARN}{n}") for n in range(7))))
    assert "7  dms:DescribeEndpoints: the answer has no SslMode" in " ".join(shown.split(" ")).replace("     ", "")
    assert "7 unknown" in shown


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_renders_an_empty_report(name: str) -> None:
    shown = "".join(render(name, report_of(), Style()))
    assert shown or name == "jsonl"


def test_json_is_ascii_so_that_nothing_reaches_a_terminal() -> None:
    for name in HOSTILE:
        shown = "".join(render("json", report_of(endpoint(name)), Style()))
        assert shown.isascii()
        assert json.loads(shown)["findings"][0]["resource"]["name"] == name

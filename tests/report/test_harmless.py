"""Whatever an account, a file name or a pack holds, no line of any output is a command to a CI runner.

GitHub's runner takes `::error::` for one at the start of a line, whatever blanks stand before it, and `##[error]`
anywhere; that of Azure takes `##vso[` so.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from dms_lint.cli import inspection
from dms_lint.cli import views as pages
from dms_lint.engine.scan import scan
from dms_lint.gate import baseline as baselines
from dms_lint.history import compare as diff
from dms_lint.history import render as diff_pages
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Fault, Fix, Notice, Refusal
from dms_lint.report import FORMATS, Style
from dms_lint.report.json_reader import load
from dms_lint.report.safe import harmless, line, lines
from tests.build import NOW
from tests.forked import run
from tests.report.made import ARN, PACK, WAIVER, accepted, endpoint, rendered

if TYPE_CHECKING:
    from pathlib import Path

    from dms_lint.model import Report, Rule

SIGNS = ("::error::owned", "::add-mask::owned", "##[error]owned", "##vso[task.complete]owned")
LEADS = {
    "start": "",
    "blank": " ",
    "no-break": "\u00a0",
    "newline": "x\n",
    "indented": "x\r\n\t ",
    "return": "x\r",
    "escape": "\x1b[31m",
    "next-line": "\x85",
    "separator": "\u2028",
}
"""What stands before each sign."""
STYLES: tuple[dict[str, Any], ...] = (
    {},
    {"quiet": True},
    {"width": 40},
    {"width": 61},
    {"width": 72},
    {"frameworks": True},
)

hostile = pytest.mark.parametrize("lead", LEADS.values(), ids=LEADS)


def named(lead: str) -> str:
    """A name that holds every sign, with this before each."""
    return "".join(lead + sign for sign in SIGNS)


def commands(shown: str) -> list[str]:
    """The lines that a runner takes for commands; it breaks lines at CR as well as at LF."""
    return [
        text
        for text in re.split("[\r\n]", shown)
        if text.lstrip().startswith("::") or re.search(r"##\w*\[", text, re.ASCII)
    ]


def test_the_looking_for_commands_itself() -> None:
    for sign in SIGNS:
        assert commands(f"a\n \u00a0{sign}\r\nb\r{sign}") == [f" \u00a0{sign}", sign]
    assert commands("a ::error::x\n# [x]\n#\n:error::x") == []


# -- reports, and what is made of them


@cache
def report_on(text: str) -> Report:
    """A report in which every name is this text: failures, accepted ones, unknowns, gaps, problems and bugs of ours."""
    documents: list[Document | Notice] = [
        Document(
            "dms:DescribeEndpoints",
            {
                "Endpoints": [
                    *(endpoint(text, EndpointArn=f"{ARN}{n}", ServerName=text) for n in range(4)),
                    endpoint(text, EndpointArn=text, EngineName=text),
                    {"EndpointIdentifier": text, "SslMode": text},
                    {"EndpointIdentifier": f"{text} b", "SslMode": [text], "EngineName": None},
                ]
            },
            file=text,
        ),
        *(
            Document(operation, {}, account=text, region=text, refusal=Refusal(text, text, needs=text))
            for operation in ("dms:DescribeCertificates", "dms:DescribeReplicationInstances")
        ),
        Notice(text, text, 7, problem=True),
        Notice(text, problem=True),
    ]
    rules = [rule for rule in PACK.rules if rule.id.startswith(("TLS00", "CRT00", "TAG00"))]
    report = scan(documents, PACK, rules, inputs=[text], at=NOW)
    waiver = WAIVER._replace(reason=text, place=text, owner=text, ticket=text)
    report = accepted(report, {"waiver": waiver}, {"known": True}, {"waiver": waiver._replace(expired=True)})
    return report._replace(faults=(Fault(rules[0].id, text, text, text), Fault(rules[0].id, text, text, text)))


@hostile
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "github"])
def test_no_line_of_a_report_is_a_command(name: str, lead: str) -> None:
    for style in STYLES:
        assert commands(rendered(name, report_on(named(lead)), **style)) == []


@hostile
def test_the_only_commands_are_our_own_annotations(lead: str) -> None:
    shown = rendered("github", report_on(named(lead))).splitlines()
    assert all(re.match("::(error|warning|notice) (file|title)=", text) for text in shown)
    assert len(shown) == len(rendered("github", report_on("harmless")).splitlines())
    assert not any(re.search(r"##\w*\[|\x1b|\r", text) for text in shown)


@hostile
@pytest.mark.parametrize("format_", diff_pages.FORMATS)
def test_no_line_of_a_comparison_is_a_command(tmp_path: Path, format_: str, lead: str) -> None:
    text = named(lead)
    reports = []
    for name, report in {"old": report_on("harmless"), "new": report_on(text)}.items():
        file = tmp_path / f"{name}.json"
        told = json.loads(rendered("json", report))
        for number, finding in enumerate(told["findings"]):
            # A report is a file that anybody may have written.
            finding["rule"] = finding["rule"] if number % 2 else text
            finding["fingerprint"] = f"{finding['rule']}:{finding['resource']['arn'] or finding['resource']['id']}"
        told["tool"]["pack"]["name"] = f"{text} {name}"
        file.write_text(json.dumps(told), encoding="utf-8")
        reports.append(load(file))
    for old, new in (reports, reversed(reports), (reports[1], reports[1]._replace(findings=()))):
        shown = "".join(diff_pages.render(diff.compare(old, new), format_, (text, text)))
        assert commands(shown) == []
        assert "owned" in shown


@hostile
def test_no_line_of_a_baseline_is_a_command(lead: str) -> None:
    known = baselines.failures_of(report_on(named(lead)))
    shown = baselines.text_of(known)
    assert commands(shown) == []
    assert "owned" in shown
    assert [one["name"] for one in json.loads(shown)["findings"]] == [known[one].name for one in sorted(known)]


# -- pages


@hostile
def test_no_line_of_an_inspection_is_a_command(lead: str) -> None:
    text = named(lead)
    body = {"Endpoints": [endpoint(text, EndpointArn=text, ServerName=text), endpoint(f"{text} b", ServerName=text)]}
    inventory = Inventory([Document("dms:DescribeEndpoints", body, file=text)], NOW)
    shown = "".join(inspection.resources(inventory))
    for resource in inventory.known("endpoint"):
        for width in range(40, 80):
            shown += "".join(inspection.inspection(resource, inventory, Style(width=width)))
    assert commands(shown) == []
    assert "owned" in shown


def rule_on(text: str) -> Rule:
    """A rule of somebody else's, as hostile as a pack may be."""
    fix = Fix(
        text, {"": f"aws dms {text}"}, cloudformation=f"A:\n{text}", terraform=f"{text}\n  {text}", disruptive=text
    )
    return PACK.rules[0]._replace(
        title=text,
        name=text,
        why=text,
        fail=text,
        covers=(text,),
        refs=(text,),
        when={"endpoint.engine": {"const": text}},
        fix=fix,
    )


@pytest.mark.parametrize("lead", ["", " ", "\u00a0", "x\n", "x\n\t"])
def test_no_line_about_a_rule_is_a_command(lead: str) -> None:
    rule = rule_on(named(lead))
    shown = "".join(pages.rules_json([rule], PACK.frameworks))
    for width in range(40, 100, 3):
        shown += "".join(pages.rules_table([rule], Style(width=width)))
        shown += "".join(pages.explanation(rule, PACK.frameworks, Style(width=width)))
    assert commands(shown) == []
    assert "owned" in shown


# -- the command


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_details_of_unknown_cases_hold_no_command(place: Path) -> None:
    body = endpoint("x\n::error::owned\n::add-mask::x", EngineName=None, SslMode="none")
    (place / "e.json").write_text(json.dumps({"Endpoints": [body]}))
    ran = run("scan", "e.json", "-f", "junit", "--select", "TLS001", cwd=place)
    assert commands(ran.stdout) == []
    assert "owned" in ran.stdout


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize("sign", SIGNS)
def test_no_line_about_a_configuration_is_a_command(place: Path, sign: str, format_: str) -> None:
    text = json.dumps(f"x\n{sign}")
    (place / f"{sign}.yaml").write_text(
        f"select: [TLS]\nignore: [TLS002]\nregions: [{text}]\n"
        f"waivers: [{{rule: TLS001, resource: {text}, reason: {text}, owner: {text}, ticket: {text}}}]\n"
    )
    ran = run("config", "--config", f"{sign}.yaml", "-f", format_, cwd=place)
    assert ran.returncode == 0, ran.stderr
    assert commands(ran.stdout + ran.stderr) == []
    assert "owned" in ran.stdout


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("key", ["select", "ignore", "packs", "fail-on", "severity", "nonsense"])
def test_what_is_wrong_with_a_configuration_is_no_command(place: Path, sign: str, key: str) -> None:
    text = json.dumps(f"x\n{sign}")
    value = f"{{TLS001: {text}}}" if key == "severity" else text
    (place / ".dms-lint.yaml").write_text(
        f"{key}: {value}\n{text}: {text}\n" if key == "nonsense" else f"{key}: {value}\n"
    )
    (place / "e.json").write_text(json.dumps({"Endpoints": [endpoint()]}))
    ran = run("scan", "e.json", cwd=place)
    assert ran.returncode == 2
    assert commands(ran.stdout + ran.stderr) == []
    assert "owned" in ran.stderr


@pytest.mark.parametrize("sign", SIGNS)
def test_no_name_of_a_file_is_a_command(place: Path, sign: str) -> None:
    (place / "good.json").write_text(json.dumps({"Endpoints": [endpoint()]}))
    (place / f"{sign}.json").write_text("{")
    (place / f"{sign}.yaml").write_text("id: x\n")
    for words in (
        ["scan", "good.json", f"{sign}.json"],
        ["scan", f"{sign}.json"],
        ["scan", f"\n{sign}.jsom"],
        ["inspect", f"{sign}.json"],
        ["diff", f"{sign}.json", "good.json"],
        ["check-pack", "."],
        ["baseline", "good.json", "-o", f"\n{sign}.txt"],
        ["scan", "good.json", "-f", f"\n{sign}"],
        ["scan", "good.json", "--select", f"\n{sign}"],
    ):
        ran = run(*words, cwd=place)
        assert commands(ran.stdout + ran.stderr) == [], words
        assert "owned" in ran.stdout + ran.stderr, words


def test_no_traceback_is_a_command(place: Path) -> None:
    text = "\n".join(SIGNS)
    script = (
        "import sys\nfrom unittest import mock\nfrom dms_lint.__main__ import main\n"
        "sys.argv = ['dms-lint', *sys.argv[1:]]\n"
        f"with mock.patch('{{}}', side_effect=ValueError({text!r})):\n    main()\n"
    )
    (place / "e.json").write_text(json.dumps({"Endpoints": [endpoint(SslMode="none")]}))
    for target, code in (("dms_lint.gate.exit_code.exit_code", 4), ("dms_lint.engine.evaluate.verdict_on", 4)):
        done = subprocess.run(
            [sys.executable, "-c", script.format(target), "scan", "e.json", "--debug"],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert "Traceback" in done.stderr
        assert "owned" in done.stderr
        assert commands(done.stdout + done.stderr) == []


# -- the escaping itself


def test_a_line_is_one_and_no_command() -> None:
    for lead in LEADS.values():
        assert "\n" not in line(named(lead))
        assert commands(line(named(lead))) == commands(lines(named(lead))) == []


def test_lines_stay_as_they_are_where_they_are_no_commands() -> None:
    text = "  a: ::error\n\topen to\n    ::/0\n# [x] ##\n"
    assert harmless(text) == text
    assert lines("  a\n    b::c") == "  a\n    b::c"

"""A program calls the scan as the command line does, and gets the same report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dms_lint
from dms_lint import ScanRequest, Where, scan
from dms_lint.collectors.live.scheduler import Collection
from dms_lint.engine.scan import NothingToJudge
from dms_lint.gate.baseline import Baseline, failures_of
from dms_lint.gate.config import Config, ConfigError, read_config
from dms_lint.gate.request import RequestError, configured
from dms_lint.model import Fault, Notice, Severity, Verdict, Waiver
from dms_lint.report import Style, render
from dms_lint.rulepack.loader import PackError
from tests.build import NOW as AT
from tests.cli.test_cli import ROOT, endpoint, run
from tools.golden import timeless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dms_lint.model import Report, Rule

EXAMPLE = "examples/account"


def as_json(report: Report) -> str:
    return timeless("".join(render("json", report, Style())))


@pytest.fixture
def export(tmp_path: Path) -> str:
    body = {"Endpoints": [endpoint("orders", SslMode="none"), endpoint("crm")]}
    (tmp_path / "describe-endpoints.json").write_text(json.dumps(body))
    return str(tmp_path)


def test_a_scan_is_what_the_command_line_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    report = scan(ScanRequest(paths=(EXAMPLE,), at=AT, all_verdicts=True))
    done = run("scan", EXAMPLE, "--at", "2026-11-23", "--all-verdicts", "-f", "json", "--no-config", cwd=ROOT)
    assert as_json(report) == timeless(done.stdout)


def test_a_configured_scan_is_what_the_command_line_reports(export: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(export).parent
    monkeypatch.chdir(folder)
    file = Path(".dms-lint.yaml")
    waiver = "{rule: TLS001, resource: orders, reason: being replaced}"
    file.write_text(f"select: TLS\nfail-on: high\nseverity: {{TLS001: low}}\nwaivers: [{waiver}]\n")
    request = configured(ScanRequest(paths=(export,), at=AT), read_config(file))
    assert (request.select, request.fail_on) == (("TLS",), Severity.HIGH)
    done = run("scan", export, "--at", "2026-11-23", "-f", "json", cwd=folder)
    assert as_json(scan(request)) == timeless(done.stdout)


def test_an_explicit_request_outranks_the_configuration() -> None:
    config = Config(options={"select": ("TLS",), "regions": ("eu-west-1",), "strict": True})
    request = configured(ScanRequest(select=("SEC",), where=Where(profile="dba")), config, {"select"})
    assert request == ScanRequest(
        select=("SEC",), where=Where(profile="dba", regions=("eu-west-1",)), strict=True, config=config
    )


def test_a_scan_accepts_and_changes_no_verdict(export: str) -> None:
    request = ScanRequest(paths=(export,), select=("TLS001",), at=AT)
    plain = scan(request)
    assert [(f.verdict, f.accepted) for f in plain.findings] == [(Verdict.FAIL, False)]
    waived = scan(request._replace(waivers=(Waiver("TLS001", "orders", "agreed", place="code:1"),)))
    known = scan(request._replace(baseline=Baseline(Path("accepted.json"), failures_of(plain))))
    assert [(f.verdict, f.accepted) for report in (waived, known) for f in report.findings] == [
        (Verdict.FAIL, True),
        (Verdict.FAIL, True),
    ]


def test_a_scan_announces_what_waivers_and_the_baseline_say(export: str) -> None:
    announced: list[Notice] = []
    unused = Waiver("TLS001", "nobody", "agreed", place="code:1")
    report = scan(ScanRequest(paths=(export,), waivers=(unused,), select=("TLS001",)), announce=announced.extend)
    assert [str(notice) for notice in announced] == [
        "code:1: the waiver of TLS001 for nobody fits no finding: it can go"
    ]
    assert set(announced) <= set(report.notices)


def test_a_scan_prints_and_writes_nothing(export: str, capfd: pytest.CaptureFixture[str]) -> None:
    accepted = Path(export).parent / "accepted.json"
    failures = failures_of(scan(ScanRequest(paths=(export,), select=("TLS001",))))
    gone = {key: failure._replace(resource="gone") for key, failure in failures.items()}
    scan(ScanRequest(paths=(export,), select=("TLS001",), baseline=Baseline(accepted, gone), update=True))
    assert capfd.readouterr() == ("", "")
    assert not accepted.exists()


@pytest.mark.parametrize(
    ("request_", "error", "says"),
    [
        (ScanRequest(paths=("nowhere",)), RequestError, "there is no file or folder 'nowhere'"),
        (ScanRequest(paths=("-",), select=("TLS999",)), RequestError, "no rule is called 'TLS999'"),
        (ScanRequest(paths=("-",), controls=("XYZ.1",)), RequestError, "no control is called 'XYZ.1'"),
        (ScanRequest(paths=("-",), ignore=("TLS",), select=("TLS",)), RequestError, "no rule is left"),
        (ScanRequest(paths=("-",), default_pack=False), RequestError, "name a pack of your own"),
        (ScanRequest(where=Where(organization=True, role_arns=("arn:aws:iam::1:role/a",))), RequestError, "either"),
        (ScanRequest(paths=("-",), packs=("nowhere",)), PackError, "nowhere"),
        (ScanRequest(paths=("-",), waivers=(Waiver("XYZ", "*", "a", place="w:1"),)), ConfigError, "w:1: no rule"),
        (ScanRequest(paths=(str(Path(__file__).parent),)), NothingToJudge, "nothing in the input could be read"),
    ],
)
def test_a_scan_that_cannot_be_made_raises(request_: ScanRequest, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        scan(request_)


def collection(*, interrupted: bool) -> Collection:
    return Collection((), (Notice("skipped eu-west-3"),), (Fault("", "", "KeyError", ""),), interrupted=interrupted)


def test_the_live_account_is_read_where_no_path_is_named() -> None:
    requests: list[tuple[int, ScanRequest]] = []

    def collect(rules: Sequence[Rule], request: ScanRequest) -> Collection:
        requests.append((len(rules), request))
        return collection(interrupted=False)

    request = ScanRequest(select=("TLS001",))
    with pytest.raises(NothingToJudge) as nothing:
        scan(request, collect=collect)
    assert requests == [(1, request)]
    assert [notice.message for notice in nothing.value.notices] == ["skipped eu-west-3"]


def test_ctrl_c_during_the_collection_is_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dms_lint.collectors.live.scheduler.collect", lambda *_: collection(interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        scan(ScanRequest())


def test_the_package_offers_what_it_names() -> None:
    offered: dict[str, Any] = {name: getattr(dms_lint, name) for name in dms_lint.__all__}
    assert callable(offered["scan"])
    with pytest.raises(AttributeError, match="no attribute 'lint'"):
        _ = dms_lint.lint


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, dms_lint; print([name for name in sys.modules if name.startswith('dms_lint.')])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


def test_importing_its_modules_first_shadows_no_name() -> None:
    code = "import dms_lint.engine.scan, dms_lint.api.scan, dms_lint.cli; print(callable(dms_lint.scan))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "True\n"


def test_a_text_is_no_tuple_of_paths() -> None:
    with pytest.raises(RequestError, match="give a tuple of paths"):
        scan(ScanRequest(paths="folder"))  # type: ignore[arg-type]

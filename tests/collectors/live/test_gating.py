"""Configuration and baseline with the live account: the file's Regions are read, and a refused call fixes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from dms_lint.model import Document
from tests.cli.test_cli import endpoint
from tests.collectors.live.accounts import ACCOUNT, REGION, seed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.server import Aws

SCAN = ("scan", "--select", "TLS001", "--baseline", "b.json")


def hold(aws: Aws, folder: Path, *endpoints: dict[str, Any]) -> None:
    """Let the account hold these endpoints and nothing else."""
    aws.reset()
    seed(
        aws, [Document("dms:DescribeEndpoints", {"Endpoints": list(endpoints)}, file="describe-endpoints.json")], folder
    )


def run(aws: Aws, folder: Path, *arguments: str, region: str = REGION) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "dms_lint", *arguments],
        env={**aws.env(ACCOUNT, region), "AWS_MAX_ATTEMPTS": "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert "Traceback" not in done.stderr
    return done


def known(folder: Path) -> list[str]:
    return [one["name"] for one in json.loads((folder / "b.json").read_text())["findings"]]


def repository(folder: Path) -> Path:
    here = folder / "here"
    (here / ".git").mkdir(parents=True)
    return here


def test_the_regions_of_the_configuration_are_read(aws: Aws, tmp_path: Path) -> None:
    here = repository(tmp_path)
    hold(aws, tmp_path / "seeded", endpoint(SslMode="none"))
    (here / ".dms-lint.yaml").write_text(f"regions: [{REGION}]\nselect: TLS001\n")
    found = json.loads(run(aws, here, "scan", "-f", "json", region="us-east-1").stdout)
    assert found["scan"]["regions"] == [REGION]
    assert [one["verdict"] for one in found["findings"]] == ["fail"]
    # Files are of the Regions that they are of.
    (here / "in.json").write_text(json.dumps({"Endpoints": [endpoint(SslMode="none")]}))
    assert run(aws, here, "scan", "in.json").returncode == 1


def test_a_snapshot_holds_what_the_same_scan_reads(aws: Aws, tmp_path: Path) -> None:
    here = repository(tmp_path)
    hold(aws, tmp_path / "seeded", endpoint(SslMode="none"))
    (here / ".dms-lint.yaml").write_text(f"regions: [{REGION}]\nselect: TLS001\n")
    done = run(aws, here, "collect", "-o", "snapshot", region="us-east-1")
    assert done.returncode == 0, done.stderr
    assert "dms-lint: .dms-lint.yaml: in force: 2 options\n" in done.stderr
    found = json.loads(run(aws, here, "scan", "snapshot", "-f", "json", region="us-east-1").stdout)
    assert found["scan"]["regions"] == [REGION]
    assert [one["verdict"] for one in found["findings"]] == ["fail"]
    # The command line wins, and a file need not be read.
    for number, option in enumerate((["--region", "us-east-1"], ["--no-config", "--select", "TLS001"])):
        done = run(aws, here, "collect", "-o", f"other{number}", *option, region="us-east-1")
        assert done.returncode == 0, done.stderr
        scanned = run(aws, here, "scan", f"other{number}", "-f", "json").stdout
        assert json.loads(scanned)["scan"]["regions"] == ["us-east-1"]


def test_a_live_baseline_loses_nothing_to_a_refused_call(aws: Aws, tmp_path: Path) -> None:
    here = repository(tmp_path)
    hold(aws, tmp_path / "before", endpoint(SslMode="none"), endpoint("crm", SslMode="none"))
    done = run(aws, here, "baseline", "-o", "b.json", "--select", "TLS001")
    assert done.returncode == 0, done.stderr
    assert sorted(known(here)) == ["crm", "orders"]
    assert run(aws, here, *SCAN).returncode == 0

    with aws.fault("deny", "dms:DescribeEndpoints"):
        assert run(aws, here, *SCAN, "--update").returncode in (2, 3)
    assert sorted(known(here)) == ["crm", "orders"]

    # A resource that was deleted is told from one that was not seen.
    hold(aws, tmp_path / "after", endpoint("crm", SslMode="none"))
    done = run(aws, here, *SCAN, "--update")
    assert "fixed: TLS001 on endpoint orders, taken out" in done.stderr
    assert done.returncode == 0
    assert known(here) == ["crm"]

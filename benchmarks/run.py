"""Prints how fast dms-lint is, as ratios measured in one run: on another machine the ratios hold, seconds do not.

    python benchmarks/run.py [--endpoints 10000] [--runs 7]

What is measured is dms-lint as it is installed: a wheel, built from this checkout.  Time is wall-clock time of a whole
process, the median of the runs; memory is the largest resident set of one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Every value of every file, as json.load gives it; some exports hold several values one after another.
LOAD = """
import json, sys
from pathlib import Path
kept = []
for file in sorted(Path(sys.argv[1]).rglob("*.json")):
    text, at, decoder = file.read_text(), 0, json.JSONDecoder()
    try:
        kept.append(json.loads(text))
    except json.JSONDecodeError:
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            kept.append(value)
            at += len(text[at : at + 9]) - len(text[at : at + 9].lstrip())
"""


@dataclass(frozen=True)
class Measure:
    """Seconds (median) and MiB (largest)."""

    seconds: float
    mib: float


def measure(command: list[str], runs: int, **environment: str) -> Measure:
    """Run a command several times, its output thrown away."""
    seconds, mib = [], 0.0
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**variables, **environment}
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds.append(time.perf_counter() - start)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1, 3):
            raise SystemExit(f"{' '.join(command)} exited with {process.returncode}")
        mib = max(mib, usage.ru_maxrss / 1024)
    return Measure(statistics.median(seconds), mib)


def install(folder: Path) -> str:
    """The package as a wheel holds it, unpacked; its dependencies are those of this environment."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(HERE.parent)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return str(folder / "site")


def part(what: str, ratio: float) -> None:
    """One line on what a result is made of."""
    print(f"  of which {what:<47} {ratio:6.2f} x")


def show(what: str, ratio: float, of: str, goal: float) -> None:
    """One line of the result."""
    print(f"{what:<58} {ratio:6.2f} x {of:<28} goal <= {goal:g} x  {'met' if ratio <= goal else 'NOT MET'}")


def main() -> None:
    """Generate exports, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=10_000, help="size of the large export")
    parser.add_argument("--runs", type=int, default=7, help="how often each small command runs")
    options = parser.parse_args()
    python = [sys.executable, "-c", "pass"]
    lint = [sys.executable, "-m", "dms_lint"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = install(folder)
        small, large = folder / "100", folder / "large"
        for size, target in ((100, small), (options.endpoints, large)):
            subprocess.run([sys.executable, str(HERE / "generate.py"), str(size), str(target)], check=True)
        megabytes = sum(file.stat().st_size for file in large.rglob("*.json")) / 1e6
        measure([*lint, "scan", str(small), "-f", "json"], 1, PYTHONPATH=site)  # the first run writes the bytecode
        base = measure(python, options.runs).seconds
        version = measure([*lint, "--version"], options.runs, PYTHONPATH=site)
        show("dms-lint --version", version.seconds / base, "python -c pass", 4)
        scan = measure([*lint, "scan", str(small), "-f", "json"], options.runs, PYTHONPATH=site)
        show("scan of 100 endpoints, all rules, to JSON", scan.seconds / base, "python -c pass", 12)
        for imports in ("click", "click, cryptography.x509"):
            command = [sys.executable, "-c", f"import {imports}"]
            part(f"importing {imports}", measure(command, options.runs).seconds / base)
        few = [*lint, "scan", str(small), "-f", "json", "--select", "TLS001"]
        part("a scan by one rule, without certificates", measure(few, options.runs, PYTHONPATH=site).seconds / base)
        load = measure([sys.executable, "-c", LOAD, str(large)], 3)
        scan = measure([*lint, "scan", str(large), "-f", "json"], 3, PYTHONPATH=site)
        what = f"scan of {options.endpoints} endpoints ({megabytes:.0f} MB), all rules, to JSON"
        show(what, scan.seconds / load.seconds, "json.load of the same, time", 3)
        show(what, scan.mib / load.mib, "json.load of the same, memory", 1.5)


if __name__ == "__main__":
    main()

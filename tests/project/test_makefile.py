"""What `make` sets up and runs, with scripts in the place of Python: nothing is installed, and no check runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOWEST = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
BEFORE = "{}.{}.9".format(LOWEST.split(".")[0], int(LOWEST.split(".")[1]) - 1)
GOALS = {"demo": ".venv-demo", "test": ".venv", "quick": ".venv", "lint": ".venv", "docs": ".venv"}
"""Commands of the Makefile, and the environment that each makes."""

PYTHON = """\
#!/bin/sh
# Says that it is {version}. What else is asked of it goes into the file `log`, and fails where there is a `NAME.code`.
ran() {{
    echo "$*" >> log
    test ! -f "$1.code" || exit "$(cat "$1.code")"
}}
case "$*" in
*version_info*) echo {version} ;;
*ensurepip*) test ! -f no-venv ;;
"-m venv --clear "*)
    rm -rf "$4" && mkdir -p "$4/bin" && ln -s {file} "$4/bin/python"
    ran venv {version} "$4" ;;
"-m pip install "*)
    for tool in dms-lint ruff mypy; do ln -s {file} "${{0%/*}}/$tool"; done
    for packages; do :; done
    ran pip "$packages" ;;
*) ran "${{0##*/}}" "$@" ;;
esac
"""


class Checkout(NamedTuple):
    """The files that setting up reads, and a folder of commands that comes first in the path."""

    folder: Path
    commands: Path

    def python(self, version: str, command: str = "python3", *, folder: Path | None = None) -> Path:
        """A Python of a version, as a command."""
        file = (folder or self.commands) / command
        file.parent.mkdir(exist_ok=True)
        file.write_text(PYTHON.format(version=version, file=shlex.quote(str(file))))
        file.chmod(0o755)
        return file

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What `make` says here, whatever the make is told under which the tests run."""
        path = f"{self.commands}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["make", *words], cwd=self.folder, env={"PATH": path}, capture_output=True, text=True, check=False
        )

    def log(self) -> list[str]:
        """What ran since this was last asked, a line each."""
        file = self.folder / "log"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    def sets_up(self, version: str, environment: str, *words: str) -> bool:
        """Whether `make` goes well, and first makes the environment by a Python of this version."""
        done = self.make(*words)
        assert done.returncode == 0, done.stderr
        assert self.stamps(environment)
        return f"venv {version} {environment}" in self.log()

    def stamps(self, environment: str) -> list[str]:
        return [file.name for file in (self.folder / environment).glob(".ready*")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    copied = Checkout(tmp_path / "checkout", tmp_path / "commands")
    for folder in copied:
        folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, copied.folder)
    return copied


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a `make` says that comes to nothing."""
    assert done.returncode != 0
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


# -- which Python sets up


@pytest.mark.parametrize("goal", GOALS)
def test_an_older_python_is_refused_in_one_line(checkout: Checkout, goal: str) -> None:
    old = checkout.python(BEFORE)
    line = only_line(checkout.make(goal))
    assert f"python3 is Python {BEFORE} ({old})" in line
    assert f"dms-lint needs Python {LOWEST} or later: run `make {goal} PYTHON=python3.12`" in line
    assert checkout.log() == []
    assert {file.name for file in checkout.folder.iterdir()} == {"Makefile", "pyproject.toml"}


@pytest.mark.parametrize("version", ["2.7.18", "3.1.5", "3.9.18", BEFORE])
def test_whatever_is_older_than_the_lowest_version_is_refused(checkout: Checkout, version: str) -> None:
    checkout.python(version)
    assert version in only_line(checkout.make())


@pytest.mark.parametrize("version", [f"{LOWEST}.0", "3.12.1", "3.20.0", "4.0.1"])
def test_the_lowest_version_and_newer_ones_set_up(checkout: Checkout, version: str) -> None:
    checkout.python(version)
    assert checkout.sets_up(version, ".venv-demo")


@pytest.mark.parametrize("goal", GOALS)
def test_the_way_out_that_the_line_names_is_one(checkout: Checkout, goal: str) -> None:
    checkout.python(BEFORE)
    checkout.python("3.12.1", "python3.12")
    way_out = re.search(r"run `make (.*)`", only_line(checkout.make(goal)))
    assert way_out
    assert checkout.sets_up("3.12.1", GOALS[goal], *way_out[1].split())


def test_an_older_python_leaves_a_whole_environment_alone(checkout: Checkout) -> None:
    checkout.python(BEFORE)
    checkout.python("3.12.1", "python3.12")
    assert checkout.sets_up("3.12.1", ".venv-demo", "demo", "PYTHON=python3.12")
    assert BEFORE in only_line(checkout.make("demo"))
    assert not checkout.sets_up("3.12.1", ".venv-demo", "demo", "PYTHON=python3.12")


def test_a_python_without_venv_is_told_with_its_package(checkout: Checkout) -> None:
    file = checkout.python("3.12.1")
    (checkout.folder / "no-venv").touch()
    line = only_line(checkout.make("demo"))
    assert f"python3 is Python 3.12.1 ({file}) without venv" in line
    assert "apt install python3.12-venv) and run `make demo` again" in line
    (checkout.folder / "no-venv").unlink()
    assert checkout.sets_up("3.12.1", ".venv-demo", "demo")


def test_a_command_that_is_no_python_is_told(checkout: Checkout) -> None:
    assert f"no-python runs no Python; dms-lint needs Python {LOWEST}" in only_line(checkout.make("PYTHON=no-python"))


# -- when an environment is made, and what is in it


def test_the_demo_has_the_packages_of_a_scan_alone(checkout: Checkout) -> None:
    checkout.python("3.12.1")
    assert checkout.make().returncode == 0
    assert checkout.log() == ["venv 3.12.1 .venv-demo", "pip .", "dms-lint scan examples/account --exit-zero"]
    assert checkout.make("lint").returncode == 0
    assert checkout.log()[:2] == ["venv 3.12.1 .venv", "pip .[dev]"]


@pytest.mark.parametrize("goal", ["demo", "lint"])
def test_an_environment_is_made_once(checkout: Checkout, goal: str) -> None:
    checkout.python("3.12.1")
    assert checkout.sets_up("3.12.1", GOALS[goal], goal)
    assert not checkout.sets_up("3.12.1", GOALS[goal], goal)


@pytest.mark.parametrize("goal", ["demo", "lint"])
def test_another_version_makes_the_environment_anew(checkout: Checkout, goal: str) -> None:
    for version in ("3.11.2", "3.12.1", "3.11.2"):
        checkout.python(version)
        assert checkout.sets_up(version, GOALS[goal], goal)
        assert checkout.stamps(GOALS[goal]) == [f".ready-{version}"]


@pytest.mark.parametrize("step", ["venv", "pip"])
def test_a_set_up_that_fails_half_way_begins_anew(checkout: Checkout, step: str) -> None:
    checkout.python("3.12.1")
    code = checkout.folder / f"{step}.code"
    code.write_text("1")
    assert checkout.make().returncode != 0
    assert checkout.stamps(".venv-demo") == []
    code.unlink()
    assert checkout.sets_up("3.12.1", ".venv-demo")


def test_a_set_up_that_fails_takes_the_stamp_of_the_one_before(checkout: Checkout) -> None:
    checkout.python("3.12.1")
    assert checkout.sets_up("3.12.1", ".venv-demo")
    checkout.python("3.13.0")
    (checkout.folder / "pip.code").write_text("1")
    assert checkout.make().returncode != 0
    assert checkout.stamps(".venv-demo") == []


def test_an_environment_whose_python_has_gone_is_made_anew(checkout: Checkout, tmp_path: Path) -> None:
    before = checkout.python("3.12.1", folder=tmp_path / "before")
    assert checkout.sets_up("3.12.1", ".venv-demo", "demo", f"PYTHON={before}")
    before.unlink()
    checkout.python("3.12.1")
    assert checkout.sets_up("3.12.1", ".venv-demo")


def test_other_packages_make_the_environment_anew(checkout: Checkout) -> None:
    checkout.python("3.12.1")
    assert checkout.sets_up("3.12.1", ".venv-demo")
    later = (checkout.folder / ".venv-demo" / ".ready-3.12.1").stat().st_mtime + 1
    os.utime(checkout.folder / "pyproject.toml", (later, later))
    assert checkout.sets_up("3.12.1", ".venv-demo")


def test_clean_leaves_no_environment(checkout: Checkout) -> None:
    checkout.python("3.12.1")
    assert checkout.make("demo", "lint").returncode == 0
    assert checkout.make("clean").returncode == 0
    assert not list(checkout.folder.glob(".venv*"))


def test_git_ignores_the_environments() -> None:
    assert {f"{name}/" for name in GOALS.values()} <= set((ROOT / ".gitignore").read_text().splitlines())


# -- what `make test` and `make quick` say


PARTS = {"lint": "ruff", "types": "mypy", "unit": "python", "pack": "dms-lint", "docs-check": "python"}
"""The parts of `make test`, and what each runs."""


def parts_with_a_time(done: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"^(\S+): \d+ s$", done.stdout, re.MULTILINE)


def test_every_part_says_how_long_it_took(checkout: Checkout) -> None:
    checkout.python("3.12.1")
    done = checkout.make("test")
    assert done.returncode == 0, done.stderr
    assert sorted(parts_with_a_time(done)) == sorted(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_fails_says_how_long_it_took(checkout: Checkout, part: str) -> None:
    checkout.python("3.12.1")
    (checkout.folder / f"{PARTS[part]}.code").write_text("3")
    done = checkout.make("test", "--keep-going")
    assert done.returncode != 0
    assert re.search(rf"\b{part}\] Error 3$", done.stderr, re.MULTILINE)
    assert sorted(parts_with_a_time(done)) == sorted(PARTS)


def test_the_time_is_what_the_clock_went_on_by(checkout: Checkout) -> None:
    checkout.python("3.12.1")
    clock = checkout.commands / "date"
    clock.write_text("#!/bin/sh\necho x >> ticks; expr 1000 + 7 '*' $(grep -c x ticks)\n")
    clock.chmod(0o755)
    assert "\nlint: 7 s\n" in checkout.make("lint").stdout


def test_the_quick_checks_run_on_tests_that_are_there(checkout: Checkout) -> None:
    checkout.python("3.12.1")
    done = checkout.make("quick")
    assert done.returncode == 0, done.stderr
    assert sorted(parts_with_a_time(done)) == ["lint", "pack", "quick-unit"]
    (pytest_run,) = (line.split() for line in checkout.log() if line.startswith("python -m pytest"))
    tests = [ROOT / word for word in pytest_run if word.startswith("tests")]
    assert len(tests) >= 3
    assert all(file.exists() for file in tests)


def test_readme_begins_with_what_sets_everything_up() -> None:
    first = (ROOT / "README.md").read_text().splitlines()[:12]
    assert [line.partition("#")[0].strip() for line in first if line.startswith("make ")] == ["make demo", "make test"]

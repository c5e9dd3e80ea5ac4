"""What `pip install` puts in place: the package with the rule pack inside, working from any directory."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dms_lint.data.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def _run(installed: Path, *arguments: str) -> str:
    program = f"import sys; sys.path.insert(0, {str(installed)!r}); from dms_lint.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=installed,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
    )
    return done.stdout


def _files(folder: Path) -> set[Path]:
    return {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}


def test_the_wheel_holds_the_whole_pack_and_the_schemas(installed: Path) -> None:
    assert _files(installed / "dms_lint" / "pack") == _files(ROOT / "rules") | {Path("compiled.json")}
    assert (installed / "dms_lint" / "schemas" / "report.schema.json").is_file()
    assert (installed / "dms_lint" / "facts" / "reads.json").is_file()
    assert (installed / "dms_lint" / "py.typed").is_file()


def test_the_compiled_pack_says_what_the_yaml_says(installed: Path) -> None:
    pack = installed / "dms_lint" / "pack"
    said = json.loads((pack / "compiled.json").read_text())
    assert set(said) == {str(file) for file in _files(pack) if file.suffix == ".yaml" and ".cases" not in file.name}
    for path, data in said.items():
        assert read_yaml(pack / path) == data


def test_the_wheel_holds_no_tests(installed: Path) -> None:
    assert {entry.name for entry in installed.iterdir() if not entry.name.endswith(".dist-info")} == {"dms_lint"}


def test_the_installed_command_uses_its_own_pack(installed: Path) -> None:
    listed = _run(installed, "rules", "--format", "json")
    assert listed == _run(ROOT, "rules", "--format", "json")
    assert '"id": "TLS001"' in listed
    assert "all is as they say" in _run(installed, "check-pack", str(installed / "dms_lint" / "pack"))

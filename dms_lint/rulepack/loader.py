"""Reads a rule pack and refuses a bad one: every refusal names the file, the line and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.errors import InputError, is_nonblank, sorted_by_line
from dms_lint.data.tables import compiled, pack_directory
from dms_lint.model import Pack, Rule
from dms_lint.rulepack.frameworks import load as load_controls
from dms_lint.rulepack.rule_parser import ID, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


_LARGEST: Final = 1_000_000
_BEGIN: Final = "; `dms-lint new-rule` writes what one begins with"


class PackError(Exception):
    """A pack that cannot be used; each problem is one line, `FILE:LINE: what is wrong, and what would be right`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_pack(directory: Path) -> Pack:
    """The pack in a folder: a rule in each ID.yaml or FAMILY/ID.yaml, and a framework in each controls/NAME.yaml.

    Its name and version are those of `pack.yaml`; without one it is called as its folder is.
    Raises PackError with every problem of every file.
    """
    if not directory.is_dir():
        raise PackError([f"{directory}:1: there is no such folder"])
    problems = [] if directory == pack_directory() else list(_unfit(directory))
    if problems:
        raise PackError(problems)
    ready = compiled() if directory == pack_directory() else {}

    def read(file: Path) -> Any:
        return ready[path] if (path := file.relative_to(directory).as_posix()) in ready else _read(file, problems)

    about: Any = {"name": directory.resolve().name, "version": ""}
    if (directory / "pack.yaml").exists():
        about = read(directory / "pack.yaml")
    if about is not None and not (isinstance(about, dict) and is_nonblank(about.get("name")) and _version(about)):
        problems.append(f"{directory / 'pack.yaml'}:1: a pack says its name and its version, both text")
    problems += _unread(directory)
    rules: dict[str, Rule] = {}
    for file in rule_files(directory):
        data = read(file)
        if data is None:
            continue
        wrong: list[InputError] = []
        rule = rule_of(data, file, wrong)
        if rule is not None and rule.id in rules:
            wrong.append(InputError(taken("id", rules[rule.id]), "id"))
        elif rule is not None:
            rules[rule.id] = rule
        problems += (f"{file}:{line}: {refused}" for line, refused in sorted_by_line(file, wrong))
    if not rules and not problems:
        problems.append(f"{directory}:1: no rule stands here; a rule is ID.yaml or FAMILY/ID.yaml")
    # Not while a rule is refused: what names it would be refused too, and nothing is wrong with that.
    frameworks = () if problems else load_controls(directory, rules, read, problems)
    if problems:
        raise PackError(problems)
    return Pack(about["name"], about["version"], tuple(rules[id_] for id_ in sorted(rules)), frameworks)


def _unfit(directory: Path) -> Iterator[str]:
    """Files of a pack that would take for ever to read: pipes, devices, and what is far too large."""
    for file in _files(directory, "yaml"):
        if file.exists() and not (file.is_file() or file.is_dir()):
            yield f"{file}:1: is no file that ends: a pack is read from files alone"
        elif file.is_file() and file.stat().st_size > _LARGEST:
            yield f"{file}:1: is larger than {_LARGEST:,} bytes: split it"


def _unread(directory: Path) -> Iterator[str]:
    """Files that somebody may take for a part of the pack, and that are none."""
    for file in sorted((*directory.glob("*.*"), *directory.glob("*/*.*"), *directory.glob("*/*/*.*"))):
        parts = file.relative_to(directory).parts
        if file.suffix.lower() not in (".yaml", ".yml") or any(part.startswith(".") for part in parts):
            continue
        if len(parts) == 3 and ID.fullmatch(file.name.partition(".")[0]):
            yield f"{file}:1: is not read here: a rule is ID.yaml or FAMILY/ID.yaml"
        elif len(parts) < 3 and file.suffix != ".yaml":
            yield f"{file}:1: is not read: name it {file.stem}.yaml"


def rule_files(directory: Path) -> Iterator[Path]:
    """The files of a pack that hold a rule, in order: ID.yaml and FAMILY/ID.yaml."""
    for file in _files(directory, "yaml"):
        if file.name != "pack.yaml" and file.parent.name not in ("tables", "controls") and not _holds_cases(file):
            yield file


def case_files(directory: Path) -> Iterator[Path]:
    """The files of a pack that hold cases, in order."""
    return filter(_holds_cases, _files(directory, "yaml"))


def _holds_cases(file: Path) -> bool:
    return file.name.endswith(".cases.yaml")


def _files(directory: Path, suffix: str) -> Iterator[Path]:
    """The files of a pack by their suffix; what is hidden, like the configuration of other tools, is no part of it."""
    for file in sorted((*directory.glob(f"*.{suffix}"), *directory.glob(f"*/*.{suffix}"))):
        if not any(part.startswith(".") for part in file.relative_to(directory).parts):
            yield file


def taken(what: str, by: Rule) -> str:
    """That another rule has the same id or name, and where it stands."""
    from pathlib import Path

    from dms_lint.data.yaml_file import line_of

    place = f"{by.file}:{line_of(Path(by.file), (what,))}"
    return f"{getattr(by, what)} is the {what} of {place} too; give it another"


def _version(about: Mapping[str, Any]) -> bool:
    return isinstance(about.get("version"), str)


def _read(file: Path, problems: list[str]) -> Any:
    from dms_lint.data.yaml_file import YamlError, read_yaml

    try:
        data = read_yaml(file)
    except YamlError as error:
        problems.append(str(error))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        problems.append(f"{file}:1: cannot be read: {reason}")
    else:
        refused = _unprintable(data)
        if data is None:
            problems.append(f"{file}:1: the file is empty{_BEGIN if ID.fullmatch(file.stem) else ''}")
        elif refused:
            problems.append(refused.within(file))
        else:
            return data
    return None


def _unprintable(data: Any, *path: str | int) -> InputError | None:
    """The first text of a file that holds what a terminal would take for a command, or show in another order."""
    if isinstance(data, str):
        bad = next((one for one in data if not one.isprintable() and one not in "\n\t\u00a0"), None)
        return InputError(f"the text holds {bad!r}, which does not print: take it out", *path) if bad else None
    members: Iterable[tuple[Any, Any]] = data.items() if isinstance(data, dict) else ()
    if isinstance(data, list):
        members = enumerate(data)
    for key, value in members:
        refused = _unprintable(key, *path) or _unprintable(value, *path, key)
        if refused:
            return refused
    return None

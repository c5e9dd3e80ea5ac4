"""Reads rule packs and refuses bad ones: every refusal names the file, the line and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.errors import InputError, is_nonblank, sorted_by_line
from dms_lint.data.tables import compiled, pack_directory
from dms_lint.model import Framework, Pack, Rule
from dms_lint.rulepack.frameworks import load_frameworks
from dms_lint.rulepack.rule_parser import ID, parse_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


_LARGEST: Final = 1_000_000
_BEGIN: Final = "; `dms-lint new-rule` writes what one begins with"


class PackError(Exception):
    """A pack that cannot be used; each problem is one line, `FILE:LINE: what is wrong, and what would be right`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_packs(directories: Iterable[Path]) -> Pack:
    """The packs of one folder or more as one, which is called as the first; a folder that is named again counts once.

    Raises PackError with every problem of every pack, and for an id or a name that a rule of two packs has.
    """
    packs: list[Pack] = []
    problems: list[str] = []
    folders: dict[Path, Path] = {}
    for directory in directories:
        folders.setdefault(directory.resolve(), directory)
    for directory in folders.values():
        try:
            packs.append(load_pack(directory))
        except PackError as error:
            problems += error.problems
    problems += name_conflicts(packs)
    if problems:
        raise PackError(problems)
    if len(packs) == 1:
        return packs[0]
    return packs[0]._replace(
        rules=tuple(sorted((rule for pack in packs for rule in pack.rules), key=lambda rule: rule.id)),
        frameworks=_merged_frameworks(packs),
        others=tuple((pack.name, pack.version) for pack in packs[1:]),
    )


def name_conflicts(packs: Sequence[Pack]) -> list[str]:
    """A line for each rule that has its id or its name from an earlier pack: nobody could tell which is meant."""
    earlier: dict[tuple[str, str], Rule] = {}
    problems = []
    for pack in packs:
        for rule in pack.rules:
            for attribute in ("id", "name"):
                key = (attribute, getattr(rule, attribute))
                if key in earlier:
                    conflict = InputError(conflict_with(earlier[key], attribute), attribute)
                    problems.append(conflict.within(Path(rule.file)))
                    break
        earlier |= {(attribute, getattr(rule, attribute)): rule for rule in pack.rules for attribute in ("id", "name")}
    return problems


def conflict_with(rule: Rule, attribute: str) -> str:
    """A sentence: that this rule has the same id or name already, and where it stands."""
    from dms_lint.data.yaml_file import line_of

    place = f"{rule.file}:{line_of(Path(rule.file), (attribute,))}"
    return f"{getattr(rule, attribute)} is the {attribute} of {place} too; give it another"


def _merged_frameworks(packs: Iterable[Pack]) -> tuple[Framework, ...]:
    """The frameworks of all packs; of one that several packs answer, the controls of all."""
    merged: dict[str, Framework] = {}
    for pack in packs:
        for framework in pack.frameworks:
            earlier = merged.get(framework.name)
            merged[framework.name] = framework if earlier is None else _with_controls_of(earlier, framework)
    return tuple(sorted(merged.values(), key=lambda framework: (framework.tool, framework.name)))


def _with_controls_of(framework: Framework, addition: Framework) -> Framework:
    controls = dict(framework.controls)
    for id_, control in addition.controls.items():
        earlier = controls.get(id_)
        controls[id_] = control if earlier is None else earlier._replace(rules=(*earlier.rules, *control.rules))
    return framework._replace(controls=controls)


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
    if about is not None and not _is_named(about):
        problems.append(f"{directory / 'pack.yaml'}:1: a pack says its name and its version, both text")
    problems += _unread(directory)
    rules = _rules(directory, read, problems)
    if not rules and not problems:
        problems.append(f"{directory}:1: no rule stands here; a rule is ID.yaml or FAMILY/ID.yaml")
    # Not while a rule is refused: what names it would be refused too, and nothing is wrong with that.
    frameworks = () if problems else load_frameworks(directory, rules, read, problems)
    if problems:
        raise PackError(problems)
    return Pack(about["name"], about["version"], tuple(rules[id_] for id_ in sorted(rules)), frameworks)


def _is_named(about: Any) -> bool:
    return isinstance(about, dict) and is_nonblank(about.get("name")) and isinstance(about.get("version"), str)


def _rules(directory: Path, read: Callable[[Path], Any], problems: list[str]) -> dict[str, Rule]:
    """The rules of a pack by id; what is wrong with any goes to `problems`."""
    rules: dict[str, Rule] = {}
    for file in rule_files(directory):
        data = read(file)
        if data is None:
            continue
        errors: list[InputError] = []
        rule = parse_rule(data, file, errors)
        if rule is not None and rule.id in rules:
            errors.append(InputError(conflict_with(rules[rule.id], "id"), "id"))
        elif rule is not None:
            rules[rule.id] = rule
        problems += (f"{file}:{line}: {error}" for line, error in sorted_by_line(file, errors))
    return rules


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
        unprintable = _unprintable(data)
        if data is None:
            problems.append(f"{file}:1: the file is empty{_BEGIN if ID.fullmatch(file.stem) else ''}")
        elif unprintable:
            problems.append(unprintable.within(file))
        else:
            return data
    return None


def _unprintable(data: Any, *path: str | int) -> InputError | None:
    """The first text of a file that holds what a terminal would take for a command, or show in another order."""
    if isinstance(data, str):
        for character in data:
            if not character.isprintable() and character not in "\n\t\u00a0":
                return InputError(f"the text holds {character!r}, which does not print: take it out", *path)
        return None
    members: Iterable[tuple[Any, Any]] = data.items() if isinstance(data, dict) else ()
    if isinstance(data, list):
        members = enumerate(data)
    for key, value in members:
        unprintable = _unprintable(key, *path) or _unprintable(value, *path, key)
        if unprintable:
            return unprintable
    return None

"""Reads a rule pack and refuses a bad one: every refusal names the file, the line and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dms_lint.answers import KINDS
from dms_lint.controls import load as load_controls
from dms_lint.facts import FACTS
from dms_lint.model import EMPTY, Fix, Pack, Rule, Severity
from dms_lint.predicates import compile_schema
from dms_lint.refused import Refused, nearest, said, unknown
from dms_lint.settings import declared
from dms_lint.tables import compiled, pack_directory
from dms_lint.templates import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from dms_lint.facts.base import Fact

BASES: Final = ("guide", "current", "practice")
SUBJECT: Final = ("name", "arn", "id", "kind", "account", "region")
"""Placeholders that every message and fix may use: the resource itself."""

_REQUIRED: Final = ("id", "name", "title", "severity", "basis", "applies_to", "why", "expect", "fail", "fix")
_OPTIONAL: Final = ("covers", "when", "evidence", "refs", "settings")
_TEMPLATES: Final = ("cloudformation", "terraform")
ID: Final = re.compile(r"[A-Z]{2,5}[0-9]{3}")
"""What the id of a rule looks like: a family and a number."""
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
    if about is not None and not (isinstance(about, dict) and said(about.get("name")) and _version(about)):
        problems.append(f"{directory / 'pack.yaml'}:1: a pack says its name and its version, both text")
    problems += _unread(directory)
    rules: dict[str, Rule] = {}
    for file in rule_files(directory):
        data = read(file)
        if data is None:
            continue
        try:
            rule = _rule(data, file)
            if rule.id in rules:
                raise Refused(taken("id", rules[rule.id]), "id")
            rules[rule.id] = rule
        except Refused as refused:
            problems.append(refused.within(file))
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

    from dms_lint.yamls import line_of

    place = f"{by.file}:{line_of(Path(by.file), (what,))}"
    return f"{getattr(by, what)} is the {what} of {place} too; give it another"


def _version(about: Mapping[str, Any]) -> bool:
    return isinstance(about.get("version"), str)


def _read(file: Path, problems: list[str]) -> Any:
    from dms_lint.yamls import YamlError, read_yaml

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
            problems.append(f"{file}:1: the file is empty{'' if file.name == 'pack.yaml' else _BEGIN}")
        elif refused:
            problems.append(refused.within(file))
        else:
            return data
    return None


def _unprintable(data: Any, *path: str | int) -> Refused | None:
    """The first text of a file that holds what a terminal would take for a command, or show in another order."""
    if isinstance(data, str):
        bad = next((one for one in data if not one.isprintable() and one not in "\n\t\u00a0"), None)
        return Refused(f"the text holds {bad!r}, which does not print: take it out", *path) if bad else None
    members: Iterable[tuple[Any, Any]] = data.items() if isinstance(data, dict) else ()
    if isinstance(data, list):
        members = enumerate(data)
    for key, value in members:
        refused = _unprintable(key, *path) or _unprintable(value, *path, key)
        if refused:
            return refused
    return None


def _rule(data: Any, file: Path) -> Rule:
    if not isinstance(data, dict):
        raise Refused("a rule is a mapping that begins with its id")
    for key in data:
        if key not in _REQUIRED and key not in _OPTIONAL:
            raise Refused(unknown("key", str(key), (*_REQUIRED, *_OPTIONAL)), str(key))
    for key in _REQUIRED:
        if key not in data:
            raise Refused(f"a rule must say its '{key}'")
    for key in ("id", "name", "title", "why", "fail"):
        if not said(data[key]):
            raise Refused(f"'{key}' must be text", key)
    if not ID.fullmatch(data["id"]):
        raise Refused("an id is a family in capitals and three digits, like TLS001", "id")
    if data["id"] != file.stem:
        raise Refused(f"the id is {data['id']} and the file {file.name}: name it {data['id']}.yaml", "id")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", data["name"]):
        raise Refused("a name is lower-case words joined by '-'", "name")
    severities = {severity.label: severity for severity in Severity}
    if str(data["severity"]) not in severities:
        raise Refused(unknown("severity", str(data["severity"]), severities), "severity")
    if data["basis"] not in BASES:
        raise Refused(unknown("basis", str(data["basis"]), BASES), "basis")
    kinds = _texts(data, "applies_to")
    for kind in kinds:
        if kind not in KINDS:
            raise Refused(unknown("kind", kind, KINDS), "applies_to")
    when = _conditions(data, "when", kinds)
    expect = _conditions(data, "expect", kinds)
    if not expect:
        raise Refused("'expect' must name a fact: a rule that expects nothing cannot fail", "expect")
    evidence = _texts(data, "evidence") if "evidence" in data else ()
    for name in evidence:
        _fact(name, kinds, "evidence")
    readable = (*SUBJECT, *when, *expect, *evidence)
    for path, template in _templates(data):
        for placeholder in PLACEHOLDER.findall(template):
            if placeholder not in readable:
                about = [name for name, fact in FACTS.items() if set(kinds) <= set(fact.kinds)]
                known = sorted({*readable, *about}, key=lambda name: name not in readable)
                hint = "list it under 'evidence'" if placeholder in about else unknown("fact", placeholder, known)
                raise Refused(f"{{{placeholder}}} is no fact that this rule reads: {hint}", *path)
        if template.count("{") != template.count("}"):
            raise Refused("a brace stands alone: a placeholder is a fact's name in two", *path)
        quoted = _quoted(template) if path == ("fix", "cli") else None
        if quoted:
            raise Refused(f"{quoted} stands within quotes, and brings its own: leave them out", *path)
    return Rule(
        id=data["id"],
        name=data["name"],
        title=data["title"],
        severity=severities[data["severity"]],
        basis=data["basis"],
        covers=_texts(data, "covers") if "covers" in data else (),
        applies_to=kinds,
        why=" ".join(data["why"].split()),
        when=when,
        expect=expect,
        evidence=evidence,
        fail=" ".join(data["fail"].split()),
        fix=_fix(data["fix"], kinds),
        refs=_texts(data, "refs") if "refs" in data else (),
        file=str(file),
        settings=declared(data["settings"], expect, readable, _lists(expect)) if "settings" in data else EMPTY,
    )


def _lists(names: Iterable[str]) -> frozenset[str]:
    """Those of the facts that are lists."""
    return frozenset(name for name in names if FACTS[name].schema["type"] == "array")


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = [data[key]] if isinstance(data[key], str) else data[key]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise Refused(f"'{key}' is a text or a list of texts", key)
    for value in values:
        if values.count(value) > 1:
            raise Refused(f"'{key}' says '{value}' twice", key)
    return tuple(values)


def _conditions(data: Mapping[str, Any], key: str, kinds: tuple[str, ...]) -> Mapping[str, Mapping[str, Any]]:
    conditions = data.get(key, {})
    if not isinstance(conditions, dict):
        raise Refused(f"'{key}' is a mapping of facts to what each must be", key)
    for name, schema in conditions.items():
        fact = _fact(str(name), kinds, key)
        if not isinstance(schema, dict):
            raise Refused(f"what {name} must be is a mapping, like {{const: true}}", key, name)
        try:
            compile_schema(schema)
        except ValueError as error:
            raise Refused(f"{name}: {error}", key, name) from None
        _possible(str(name), schema, fact.schema, key)
    return conditions


def _fact(name: str, kinds: tuple[str, ...], *path: str) -> Fact:
    fact = FACTS.get(name)
    if fact is None:
        raise Refused(unknown("fact", name, FACTS), *path, name)
    for kind in kinds:
        if kind not in fact.kinds:
            raise Refused(
                f"{name} is a fact about {', '.join(fact.kinds)}, and the rule applies to {kind}"
                f"{nearest(name, (one for one, of in FACTS.items() if kind in of.kinds))}",
                *path,
                name,
            )
    return fact


_WORDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("minLength", "maxLength", "pattern"),
    "integer": ("minimum", "maximum"),
    "boolean": (),
    "array": ("minItems", "maxItems", "uniqueItems", "contains", "items"),
}


def _possible(name: str, schema: Mapping[str, Any], of: Mapping[str, Any], key: str) -> None:
    """Refuses words and values that the fact can never meet: the condition would be always true or always false."""
    kind = of["type"]
    for word, wanted in schema.items():
        if word not in ("const", "enum", "type", *_WORDS_OF[kind]):
            raise Refused(f"{name} is of type {kind}: '{word}' says nothing about it", key, name)
        if word in ("contains", "items"):
            _possible(name, wanted, of["items"], key)
        if word == "type" and wanted != kind:
            raise Refused(f"{name} is of type {kind}, never {wanted}", key, name)
        for value in [wanted] if word == "const" else wanted if word == "enum" else ():
            if not compile_schema({"type": kind})(value):
                raise Refused(f"{name} is of type {kind}: it is never {value!r}", key, name)
            if "enum" in of and value not in of["enum"]:
                raise Refused(
                    f"{name} is never {value!r}; it is one of {', '.join(of['enum'])}{nearest(str(value), of['enum'])}",
                    key,
                    name,
                )
            if not compile_schema(of)(value):
                raise Refused(f"{name} is never {value!r}; it is as {dict(of)} says", key, name)


def _templates(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    yield ("fail",), data["fail"]
    fix = data["fix"]
    if isinstance(fix, dict):
        for key in ("text", "cli"):
            value = fix.get(key)
            for one in value.values() if isinstance(value, dict) else (value,):
                if isinstance(one, str):
                    yield ("fix", key), one


def _quoted(command: str) -> str | None:
    """A placeholder within quotes: there, the quotes of its value would end them, and a shell would read the rest."""
    quote = ""
    for position, character in enumerate(command):
        if character in ("'", '"'):
            quote = "" if character == quote else quote or character
        elif quote and (found := PLACEHOLDER.match(command, position)):
            return found[0]
    return None


def _fix(data: Any, kinds: tuple[str, ...]) -> Fix:
    optional = ("disruptive", *_TEMPLATES)
    if not isinstance(data, dict) or not said(data.get("text")) or not set(data) <= {"text", "cli", *optional}:
        wanted = f"a 'cli', {' and '.join(_TEMPLATES)}; 'disruptive' says why the 'cli' interrupts or destroys"
        raise Refused(f"'fix' has a 'text' and, where they mend it, {wanted}", "fix")
    for name in optional:
        if name in data and not said(data[name]):
            raise Refused(f"'{name}' must be text", "fix", name)
    if "disruptive" in data and "cli" not in data:
        raise Refused("'disruptive' is said of the 'cli', and there is none", "fix", "disruptive")
    cli = data.get("cli", {})
    if isinstance(cli, str):
        cli = {"": cli}
    if not isinstance(cli, dict) or not all(map(said, cli.values())):
        raise Refused("'cli' is a command, or a mapping of kinds to commands", "fix", "cli")
    for kind in cli:
        if kind and kind not in kinds:
            raise Refused(unknown("kind", str(kind), kinds), "fix", "cli")
    return Fix(
        " ".join(data["text"].split()),
        {kind: " ".join(one.split()) for kind, one in cli.items()},
        **{name: data.get(name, "").strip() for name in _TEMPLATES},
        disruptive=" ".join(data.get("disruptive", "").split()),
    )

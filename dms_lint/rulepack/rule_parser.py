"""Reads one rule from its file, and reports everything that is wrong with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dms_lint.aws.kinds import KINDS
from dms_lint.data.errors import InputError, is_nonblank, unknown_name
from dms_lint.facts import FACTS
from dms_lint.model import EMPTY, Fix, Rule, Severity
from dms_lint.rulepack.condition_checks import check_conditions, fact_of
from dms_lint.rulepack.placeholders import PLACEHOLDER
from dms_lint.rulepack.settings import parse_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from dms_lint.model import Setting

    Conditions = Mapping[str, Mapping[str, Any]]

T = TypeVar("T")

BASES: Final = ("guide", "current", "practice")
SUBJECT: Final = ("name", "arn", "id", "kind", "account", "region")
"""Placeholders that every message and fix may use: the resource itself."""

_REQUIRED: Final = ("id", "name", "title", "severity", "basis", "applies_to", "why", "expect", "fail", "fix")
_OPTIONAL: Final = ("covers", "when", "evidence", "refs", "settings")
_ADDRESS: Final = re.compile(r"https?://[^\s<>()|]+")
"""An address that every report can link: what ends a link in Markdown or a cell of a table is percent-encoded."""
_TEMPLATES: Final = ("cloudformation", "terraform")
ID: Final = re.compile(r"[A-Z]{2,5}[0-9]{3}")
"""What the id of a rule looks like: a family and a number."""


class _Members:
    """Reads the members of a rule one after the other, and collects all that is wrong with them."""

    def __init__(self, data: Mapping[str, Any], errors: list[InputError]) -> None:
        self.data = data
        self.errors = errors

    def read(self, key: str, parse: Callable[..., T], *arguments: Any) -> T | None:
        """What `parse` makes of the rule; None where the member is absent or wrong."""
        try:
            return parse(self.data, *arguments) if key in self.data else None
        except InputError as error:
            self.errors.append(error)
        return None


def parse_rule(data: Any, file: Path, errors: list[InputError]) -> Rule | None:
    """The rule in a file, or None; all that is wrong with it goes to `errors`."""
    if not isinstance(data, dict):
        errors.append(InputError("a rule is a mapping that begins with its id"))
        return None
    keys = (*_REQUIRED, *_OPTIONAL)
    errors += [InputError(unknown_name("key", str(key), keys), str(key)) for key in data if key not in keys]
    errors += [InputError(f"a rule must say its '{key}'") for key in _REQUIRED if key not in data]
    members = _Members(data, errors)
    severity = _read_head(members, file)
    covers, refs = members.read("covers", _texts, "covers") or (), members.read("refs", _refs) or ()
    kinds = members.read("applies_to", _kinds)
    if kinds is None:  # nothing can be said of the facts
        return None
    fix = members.read("fix", _fix, kinds)
    when, expect, evidence, settings = _read_facts(members, kinds)
    if errors or severity is None or fix is None or settings is None:
        return None
    return Rule(
        id=data["id"],
        name=data["name"],
        title=data["title"],
        severity=severity,
        basis=data["basis"],
        covers=covers,
        applies_to=kinds,
        why=" ".join(data["why"].split()),
        when=when,
        expect=expect,
        evidence=evidence,
        fail=" ".join(data["fail"].split()),
        fix=fix,
        refs=refs,
        file=str(file),
        settings=settings,
    )


def _read_head(members: _Members, file: Path) -> Severity | None:
    members.read("id", _id, file)
    members.read("name", _name)
    for key in ("title", "why", "fail"):
        members.read(key, _text, key)
    severity = members.read("severity", _severity)
    members.read("basis", _basis)
    return severity


def _read_facts(
    members: _Members, kinds: tuple[str, ...]
) -> tuple[Conditions, Conditions, tuple[str, ...], Mapping[str, Setting] | None]:
    """The conditions of 'when' and 'expect', the facts of 'evidence', and the settings; checks the placeholders."""
    data, errors = members.data, members.errors
    before = len(errors)
    when, expect = (check_conditions(data.get(key, {}), key, kinds, errors) for key in ("when", "expect"))
    evidence = members.read("evidence", _evidence, kinds) or ()
    settings: Mapping[str, Setting] | None = EMPTY
    if not expect and "expect" in data and len(errors) == before:
        errors.append(InputError("'expect' must name a fact: a rule that expects nothing cannot fail", "expect"))
    if len(errors) == before:  # else a fact that is misspelt there would be missed by all that names it
        readable = (*SUBJECT, *when, *expect, *evidence)
        for path, template in _templates(data):
            members.read(path[0], _template, template, path, readable, kinds)
        if "settings" in data:
            settings = members.read("settings", _settings, expect, readable)
    return when, expect, evidence, settings


def _text(data: Mapping[str, Any], key: str) -> str:
    if not is_nonblank(data[key]):
        raise InputError(f"'{key}' must be text", key)
    return str(data[key])


def _id(data: Mapping[str, Any], file: Path) -> None:
    id_ = _text(data, "id")
    if not ID.fullmatch(id_):
        raise InputError("an id is a family in capitals and three digits, like TLS001", "id")
    if id_ != file.stem:
        raise InputError(f"the id is {id_} and the file {file.name}: name it {id_}.yaml", "id")


def _name(data: Mapping[str, Any]) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", _text(data, "name")):
        raise InputError("a name is lower-case words joined by '-'", "name")


def _severity(data: Mapping[str, Any]) -> Severity:
    severities = {severity.label: severity for severity in Severity}
    label = data["severity"]
    if not isinstance(label, str) or label not in severities:
        raise InputError(unknown_name("severity", "" if label is None else str(label), severities), "severity")
    return severities[label]


def _basis(data: Mapping[str, Any]) -> None:
    if data["basis"] not in BASES:
        raise InputError(unknown_name("basis", str(data["basis"]), BASES), "basis")


def _kinds(data: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = _texts(data, "applies_to")
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(unknown_name("kind", kind, KINDS), "applies_to")
    return kinds


def _evidence(data: Mapping[str, Any], kinds: tuple[str, ...]) -> tuple[str, ...]:
    names = _texts(data, "evidence")
    for name in names:
        fact_of(name, kinds, "evidence")
    return names


def _refs(data: Mapping[str, Any]) -> tuple[str, ...]:
    refs = _texts(data, "refs")
    for ref in refs:
        if not _ADDRESS.fullmatch(ref):
            raise InputError(f"'refs' has '{ref}', which is no address that begins with https:// or http://", "refs")
    return refs


def _template(_: Any, template: str, path: tuple[str, ...], readable: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    for placeholder in PLACEHOLDER.findall(template):
        if placeholder not in readable:
            about = [name for name, fact in FACTS.items() if set(kinds) <= set(fact.kinds)]
            names = dict.fromkeys((*readable, *about))
            hint = "list it under 'evidence'" if placeholder in about else unknown_name("fact", placeholder, names)
            raise InputError(f"{{{placeholder}}} is no fact that this rule reads: {hint}", *path)
    if template.count("{") != template.count("}"):
        raise InputError("a brace stands alone: a placeholder is a fact's name in two", *path)
    quoted = _quoted(template) if path == ("fix", "cli") else None
    if quoted:
        raise InputError(f"{quoted} stands within quotes, and brings its own: leave them out", *path)


def _settings(
    data: Mapping[str, Any], expect: Mapping[str, Mapping[str, Any]], readable: tuple[str, ...]
) -> Mapping[str, Setting]:
    return parse_settings(data["settings"], expect, readable, _lists(expect))


def _lists(names: Iterable[str]) -> frozenset[str]:
    """Those of the facts that are lists."""
    return frozenset(name for name in names if FACTS[name].schema["type"] == "array")


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = [data[key]] if isinstance(data[key], str) else data[key]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise InputError(f"'{key}' is a text or a list of texts", key)
    for value in values:
        if values.count(value) > 1:
            raise InputError(f"'{key}' says '{value}' twice", key)
    return tuple(values)


def _templates(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(data.get("fail"), str):
        yield ("fail",), data["fail"]
    fix = data.get("fix")
    if isinstance(fix, dict):
        for key in ("text", "cli"):
            value = fix.get(key)
            for template in value.values() if isinstance(value, dict) else (value,):
                if isinstance(template, str):
                    yield ("fix", key), template


def _quoted(command: str) -> str | None:
    """A placeholder within quotes: there, the quotes of its value would end them, and a shell would read the rest."""
    quote = ""
    for position, character in enumerate(command):
        if character in ("'", '"'):
            quote = "" if character == quote else quote or character
        elif quote and (placeholder := PLACEHOLDER.match(command, position)):
            return placeholder[0]
    return None


def _fix(rule: Mapping[str, Any], kinds: tuple[str, ...]) -> Fix:
    data, optional = rule["fix"], ("disruptive", *_TEMPLATES)
    for key in data if isinstance(data, dict) else ():
        if key not in ("text", "cli", *optional):
            raise InputError(unknown_name("key", str(key), ("text", "cli", *optional)), "fix", str(key))
    if not isinstance(data, dict) or not is_nonblank(data.get("text")):
        members = f"a 'cli', {' and '.join(_TEMPLATES)}; 'disruptive' says why the 'cli' interrupts or destroys"
        raise InputError(f"'fix' has a 'text' and, where they mend it, {members}", "fix")
    for name in optional:
        if name in data and not is_nonblank(data[name]):
            raise InputError(f"'{name}' must be text", "fix", name)
    if "disruptive" in data and "cli" not in data:
        raise InputError("'disruptive' is said of the 'cli', and there is none", "fix", "disruptive")
    cli = data.get("cli", {})
    if isinstance(cli, str):
        cli = {"": cli}
    if not isinstance(cli, dict) or not all(map(is_nonblank, cli.values())):
        raise InputError("'cli' is a command, or a mapping of kinds to commands", "fix", "cli")
    for kind in cli:
        if kind and kind not in kinds:
            raise InputError(unknown_name("kind", str(kind), kinds), "fix", "cli")
    return Fix(
        " ".join(data["text"].split()),
        {kind: " ".join(command.split()) for kind, command in cli.items()},
        **{name: data.get(name, "").strip() for name in _TEMPLATES},
        disruptive=" ".join(data.get("disruptive", "").split()),
    )

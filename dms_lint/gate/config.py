"""`.dms-lint.yaml`: finding it, reading it, and refusing what is wrong in it, with its line.

Its form is published as schemas/config.schema.json.
"""

from __future__ import annotations

import os
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.data.errors import InputError, is_nonblank, unknown_name
from dms_lint.model import EMPTY, Severity, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

NAME: Final = ".dms-lint.yaml"
_SEVERITIES: Final = {severity.label: severity for severity in Severity}
_REQUIRED: Final = ("rule", "resource", "reason")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
WAIVER_KEYS: Final = (*_REQUIRED, "expires", "account", "region", "owner", "ticket")


class ConfigError(Exception):
    """A file that cannot be used; each problem is one line, `FILE:LINE: what is wrong, and what would be right`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Config(NamedTuple):
    """What a file says; of nothing that it leaves out is anything here."""

    file: Path | None = None
    options: Mapping[str, Any] = EMPTY
    """select, ignore, fail-on, strict, packs, regions: what the command line can say too."""
    severity: Mapping[str, Severity] = EMPTY
    """By rule, as the file names it."""
    settings: Mapping[str, Mapping[str, Any]] = EMPTY
    """By rule and name of the setting."""
    waivers: tuple[Waiver, ...] = ()


def discover(start: Path, home: Path | None) -> Path | None:
    """The nearest file called `.dms-lint.yaml`, from a folder upwards; not beyond a repository or the home folder.

    Raises ConfigError for one that is called `.dms-lint.yml`: passing it over would leave its waivers out unsaid.
    """
    for folder in (start, *start.parents):
        file = folder / NAME
        if os.path.lexists(file):  # a link that leads nowhere is no configuration, and refused when it is read
            return file
        if os.path.lexists(file.with_suffix(".yml")):
            raise ConfigError([f"{file.with_suffix('.yml')}:1: is not read: name it {NAME}"])
        if folder == home or os.path.lexists(folder / ".git"):
            return None
    return None


def read_config(file: Path) -> Config:
    """What a configuration says.  Raises ConfigError with every problem."""
    return _read(file, KEYS)


def read_waivers(file: Path) -> tuple[Waiver, ...]:
    """The waivers of a file that holds nothing else.  Raises ConfigError with every problem."""
    return _read(file, {"waivers": KEYS["waivers"]}).waivers


def _read(file: Path, keys: Mapping[str, Callable[[Any], Any]]) -> Config:
    # Only now: where there is no configuration, no YAML parser is loaded.
    from dms_lint.data.yaml_file import YamlError, lines_of, read_yaml

    try:
        data = read_yaml(file)
    except YamlError as error:
        raise ConfigError([str(error)]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError([f"{file}:1: cannot be read: {reason}"]) from None
    if data is None:
        return Config(file)
    if not isinstance(data, dict):
        raise ConfigError([f"{file}:1: a configuration is a mapping; its keys are {', '.join(keys)}"])
    refusals: list[InputError] = []
    members: dict[str, Any] = {}
    for key, value in data.items():
        try:
            if key not in keys:
                raise InputError(unknown_name("key", str(key), keys), str(key))
            members[key] = keys[key](value)
        except InputError as refused:
            refusals.append(refused)
        except _Several as several:
            refusals.extend(several.refusals)
    stop(file, refusals)
    waivers: Sequence[Waiver] = members.pop("waivers", ())
    lines = lines_of(file, [("waivers", number) for number in range(len(waivers))]) if waivers else []
    if "packs" in members:
        members["packs"] = tuple(str(file.parent / pack) for pack in members["packs"])
    return Config(
        file,
        severity=members.pop("severity", EMPTY),
        settings=members.pop("settings", EMPTY),
        waivers=tuple(waiver._replace(place=f"{file}:{line}") for waiver, line in zip(waivers, lines, strict=True)),
        options=members,
    )


class _Several(Exception):
    """More than one thing is wrong with a member."""

    def __init__(self, refusals: list[InputError]) -> None:
        super().__init__()
        self.refusals = refusals


def stop(file: Path, refusals: Sequence[InputError]) -> None:
    """Raise ConfigError with the line of each refusal, if there is any."""
    if refusals:
        from dms_lint.data.yaml_file import lines_of

        lines = lines_of(file, [refused.path for refused in refusals])
        raise ConfigError([f"{file}:{line}: {refused}" for line, refused in zip(lines, refusals, strict=True)])


def _words(key: str) -> Callable[[Any], tuple[str, ...]]:
    def read(value: Any) -> tuple[str, ...]:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not words:
            raise InputError(f"'{key}' is a text or a list of texts", key)
        for number, word in enumerate(words):
            if not is_nonblank(word):
                raise InputError(f"'{key}' is a text or a list of texts", key, number)
        return tuple(word.strip() for word in words)

    return read


def _severity(value: Any, *path: str) -> Severity:
    if not isinstance(value, str):
        raise InputError(f"unknown severity; there is {', '.join(reversed(_SEVERITIES))}", *path)
    if value not in _SEVERITIES:
        raise InputError(unknown_name("severity", value, reversed(_SEVERITIES)), *path)
    return _SEVERITIES[value]


def _strict(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError("'strict' is true or false", "strict")
    return value


def _severities(value: Any) -> Mapping[str, Severity]:
    if not isinstance(value, dict):
        raise InputError("'severity' is a mapping of rules to severities", "severity")
    return _each(_named(value), lambda rule, word: _severity(word, "severity", rule))


def _settings(value: Any) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(value, dict):
        raise InputError("'settings' is a mapping of rules to their settings", "settings")

    def one(rule: str, values: Any) -> Mapping[str, Any]:
        if not isinstance(values, dict) or not values:
            raise InputError(f"the settings of {rule} are a mapping of names to values", "settings", rule)
        return {str(name): members for name, members in values.items()}

    return _each(_named(value), one)


def _named(mapping: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((str(key), value) for key, value in mapping.items())


def _each(items: Iterable[tuple[Any, Any]], make: Callable[[Any, Any], Any]) -> dict[Any, Any]:
    """What is made of each item, or all that is wrong with them."""
    made: dict[Any, Any] = {}
    refusals: list[InputError] = []
    for key, value in items:
        try:
            made[key] = make(key, value)
        except InputError as refused:
            refusals.append(refused)
    if refusals:
        raise _Several(refusals)
    return made


def _waivers(value: Any) -> tuple[Waiver, ...]:
    if not isinstance(value, list):
        raise InputError("'waivers' is a list of waivers", "waivers")
    return tuple(_each(enumerate(value), _waiver).values())


def _waiver(number: int, data: Any) -> Waiver:
    path = ("waivers", number)
    if not isinstance(data, dict):
        raise InputError(f"a waiver is a mapping with {', '.join(_REQUIRED)}", *path)
    for key in data:
        if key not in WAIVER_KEYS:
            raise InputError(unknown_name("key of a waiver", str(key), WAIVER_KEYS), *path, str(key))
    for key in _REQUIRED:
        if not is_nonblank(data.get(key)):
            hint = "why the risk is accepted" if key == "reason" else "an ARN, an id, a name, or a part with *"
            raise InputError(f"a waiver says its '{key}'{f': {hint}' if key != 'rule' else ''}", *path, key)
    for key in ("account", "region", "owner", "ticket"):
        number_too = key == "ticket" and type(data.get(key)) is int
        if key in data and not number_too and not is_nonblank(data[key]):
            raise InputError(f"'{key}' is text: put it into quotes", *path, key)
    if "account" in data and not re.fullmatch(r"[0-9]{12}", data["account"]):
        raise InputError("'account' has twelve digits", *path, "account")
    texts: dict[str, Any] = {key: " ".join(str(data[key]).split()) for key in data if key != "expires"}
    return Waiver(**texts, expires=_day(data["expires"], *path, "expires") if "expires" in data else "")


def _day(value: Any, *path: str | int) -> str:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise InputError("'expires' is the last day on which it counts, like 2026-12-31", *path)
    return day.isoformat()


KEYS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "select": _words("select"),
    "ignore": _words("ignore"),
    "severity": _severities,
    "settings": _settings,
    "fail-on": lambda value: _severity(value, "fail-on").label,
    "strict": _strict,
    "packs": _words("packs"),
    "regions": _words("regions"),
    "waivers": _waivers,
}


def in_force(config: Config) -> str:
    """`in force: 2 severities, 1 waiver`: what a configuration changes."""
    counts = {
        ("option", "options"): len(config.options),
        ("severity", "severities"): len(config.severity),
        ("setting", "settings"): sum(map(len, config.settings.values())),
        ("waiver", "waivers"): len(config.waivers),
    }
    changes = [f"{number} {noun if number == 1 else plural}" for (noun, plural), number in counts.items() if number]
    return f"in force: {', '.join(changes) or 'nothing'}"


def must_have_packs(config: Config) -> None:
    """Refuse a pack of a configuration that is no folder.  Raises ConfigError."""
    if config.file is not None:
        packs = enumerate(config.options.get("packs", ()))
        absent = [(number, pack) for number, pack in packs if not os.path.isdir(pack)]  # noqa: PTH112 - cheap start-up
        stop(config.file, [InputError(f"there is no folder '{pack}'", "packs", number) for number, pack in absent])

"""What a configuration makes of a pack's rules: other severities and settings; and whether all that it names exists."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dms_lint.data.errors import InputError, unknown_name
from dms_lint.gate.config import ConfigError, stop
from dms_lint.gate.selection import SelectionError, fits, select
from dms_lint.rulepack.settings import with_setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dms_lint.gate.config import Config
    from dms_lint.model import Rule, Waiver


def adjusted(rules: Sequence[Rule], config: Config, waivers: Iterable[Waiver] = ()) -> tuple[Rule, ...]:
    """The rules with the severities and settings of a configuration.

    Raises ConfigError where it, or a waiver, names a rule or a setting that does not exist.
    """
    refusals: list[InputError] = []

    @contextmanager
    def within(*path: str | int) -> Iterator[None]:
        try:
            yield
        except (InputError, SelectionError) as error:
            refusals.append(InputError(str(error), *path, *getattr(error, "path", ())))

    for key in ("select", "ignore"):
        for number, word in enumerate(config.options.get(key, ())):
            with within(key, number):
                select(rules, (word,))
    for word in config.severity:
        with within("severity", word):
            select(rules, (word,))
    for word, values in config.settings.items():
        for name in values:
            with within("settings", word, name):
                _check(rules, word, name, values[name])
    if config.file is not None:
        stop(config.file, refusals)
    problems = []
    for waiver in waivers:
        try:
            select(rules, (waiver.rule,))
        except SelectionError as error:
            problems.append(f"{waiver.place}: {error}")
    if problems:
        raise ConfigError(problems)
    return tuple(_adjusted(rule, config) for rule in rules)


def _adjusted(rule: Rule, config: Config) -> Rule:
    word = severity_from(rule, config)
    if word:
        rule = rule._replace(severity=config.severity[word])
    for name, from_ in settings_from(rule, config).items():
        rule = with_setting(rule, name, config.settings[from_][name])
    return rule


def severity_from(rule: Rule, config: Config) -> str:
    """Under which word the configuration gives the rule its severity; '' where it gives none."""
    return next(reversed(_fitting(rule, config.severity)), "")


def settings_from(rule: Rule, config: Config) -> Mapping[str, str]:
    """By setting of the rule that the configuration gives, the word under which it stands."""
    words = _fitting(rule, config.settings)
    return {name: word for word in words for name in config.settings[word] if name in rule.settings}


def _fitting(rule: Rule, words: Iterable[str]) -> list[str]:
    """The words that name the rule, the most particular last: a longer prefix counts more, and a whole name most."""
    return sorted((word for word in words if fits(rule, word)), key=lambda word: (word.lower() == rule.name, len(word)))


def _check(rules: Sequence[Rule], word: str, name: str, value: Any) -> None:
    """Refuse a setting that none of the rules has which a word names, and a value that one of them cannot have."""
    selected = select(rules, (word,))
    having = [rule for rule in selected if name in rule.settings]
    if not having:
        settings = {setting: None for rule in selected for setting in rule.settings}
        raise InputError(unknown_name(f"setting of {word}", name, settings) if settings else f"{word} has no settings")
    for rule in having:
        with_setting(rule, name, value)

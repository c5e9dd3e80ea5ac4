"""What a configuration makes of a pack's rules: other severities and settings; and whether all that it names exists."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dms_lint.config import ConfigError, stop
from dms_lint.gate import SelectionError, fits, select
from dms_lint.refused import Refused
from dms_lint.settings import with_setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dms_lint.config import Config
    from dms_lint.model import Rule, Waiver


def adjusted(rules: Sequence[Rule], config: Config, waivers: Iterable[Waiver] = ()) -> tuple[Rule, ...]:
    """The rules with the severities and settings of a configuration.

    Raises ConfigError where it, or a waiver, names a rule or a setting that does not exist.
    """
    refusals: list[Refused] = []

    @contextmanager
    def within(*path: str | int) -> Iterator[None]:
        try:
            yield
        except (Refused, SelectionError) as error:
            refusals.append(Refused(str(error), *path, *getattr(error, "path", ())))

    made = {rule.id: rule for rule in rules}
    for key in ("select", "ignore"):
        for number, word in enumerate(config.options.get(key, ())):
            with within(key, number):
                select(rules, (word,))
    for word, severity in config.severity.items():
        with within("severity", word):
            rule = rule_of(made, word)
            made[rule.id] = rule._replace(severity=severity)
    for word, values in config.settings.items():
        for name, value in values.items():
            with within("settings", word, name):
                rule = with_setting(rule_of(made, word), name, value)
                made[rule.id] = rule
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
    return tuple(made[rule.id] for rule in rules)


def rule_of(rules: Mapping[str, Rule], word: str) -> Rule:
    """The rule of that id or name, among rules by id.  Raises Refused, and SelectionError where no rule is meant."""
    found = [rule for rule in rules.values() if fits(rule, word)]
    if not found:
        select(tuple(rules.values()), (word,))
    exact = [rule for rule in found if word.upper() == rule.id or word.lower() == rule.name]
    if not exact:
        raise Refused(f"'{word}' is several rules: name one, like {found[0].id}")
    return exact[0]

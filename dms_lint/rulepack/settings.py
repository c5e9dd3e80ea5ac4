"""What a team may set of a rule: the rule's file declares each setting, and a configuration gives it another value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.errors import InputError, is_nonblank, unknown_name
from dms_lint.model import Setting
from dms_lint.rulepack.placeholders import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dms_lint.model import Rule

NUMBERS: Final = ("minimum", "maximum", "minItems", "maxItems")
"""Words whose setting is a whole number."""
_WORDS: Final = (*NUMBERS, "contains")
_KEYS: Final = ("fact", "word", "about", "fail")
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f{}]{1,256}")
"""A text that a setting may require: nothing that a sentence would take for a placeholder."""


def parse_settings(
    data: Any, expect: Mapping[str, Mapping[str, Any]], readable: Collection[str], lists: Collection[str]
) -> Mapping[str, Setting]:
    """The settings that a rule's file declares, by name.

    `readable` are the facts that a sentence of the rule may name, `lists` those of `expect` that are lists.
    Raises InputError.
    """
    if not isinstance(data, dict) or not data:
        raise InputError("'settings' is a mapping of names to the fact and the word that each sets", "settings")
    return {str(name): _parse_setting(str(name), entry, expect, readable, lists) for name, entry in data.items()}


def _parse_setting(
    name: str,
    data: Any,
    expect: Mapping[str, Mapping[str, Any]],
    readable: Collection[str],
    lists: Collection[str],
) -> Setting:
    path = ("settings", name)
    if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name):
        raise InputError("a setting's name is lower-case words joined by '_'", *path)
    if not isinstance(data, dict) or not all(map(is_nonblank, data.values())):
        raise InputError("a setting has a 'fact', a 'word' and an 'about', all text", *path)
    for key in data:
        if key not in _KEYS:
            raise InputError(unknown_name("key", str(key), _KEYS), *path, str(key))
    for key in _KEYS[:3]:
        if key not in data:
            raise InputError(f"a setting must say its '{key}'", *path)
    fact, word = data["fact"], data["word"]
    if fact not in expect:
        raise InputError(unknown_name("fact of 'expect'", fact, expect), *path, "fact")
    if word not in _WORDS:
        raise InputError(unknown_name("word of a setting", word, _WORDS), *path, "word")
    if word == "contains" and fact not in lists:
        raise InputError(f"{fact} is not a list: 'contains' says nothing about it", *path, "word")
    if (word in expect[fact]) is (word == "contains"):
        wrong = "says what it contains: that cannot be set" if word == "contains" else f"has no '{word}' to set"
        raise InputError(f"the condition on {fact} {wrong}", *path, "word")
    fail = " ".join(data.get("fail", "").split())
    for placeholder in PLACEHOLDER.findall(fail):
        if placeholder != name and placeholder not in readable:
            raise InputError(f"{{{placeholder}}} is no fact that this rule reads", *path, "fail")
    return Setting(fact, word, " ".join(data["about"].split()), fail)


def default(rule: Rule, name: str) -> Any:
    """What a setting is where nobody sets it: the value in the rule's own condition."""
    setting = rule.settings[name]
    return [] if setting.word == "contains" else rule.expect[setting.fact][setting.word]


def with_setting(rule: Rule, name: str, value: Any) -> Rule:
    """The rule with another value of one of its settings.  Raises InputError; its path is the item that is wrong."""
    setting = rule.settings[name]
    expect, also = dict(rule.expect), rule.also
    if setting.word in NUMBERS:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9:
            raise InputError(f"{name} of {rule.id} is a whole number, like {default(rule, name)}")
        expect[setting.fact] = {**expect[setting.fact], setting.word: value}
        shown = str(value)
    else:
        if not isinstance(value, list) or not value:
            raise InputError(f"{name} of {rule.id} is a list of texts")
        for number, text in enumerate(value):
            if not isinstance(text, str) or not _TEXT.fullmatch(text):
                raise InputError(f"{name} of {rule.id} is a list of texts, without braces and line breaks", number)
        also = (*also, *((setting.fact, {"contains": {"const": text}}) for text in value))
        shown = ", ".join(value)
    fail = setting.fail.replace(f"{{{name}}}", shown) or rule.fail
    return rule._replace(expect=expect, also=also, fail=fail)

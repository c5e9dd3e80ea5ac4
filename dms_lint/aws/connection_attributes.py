"""Which extra connection attributes hold a credential, and how to show and to store the others without it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

from dms_lint.data.tables import table

HIDDEN: Final = "***"
"""What stands where a credential stood."""

# Patterns are compiled when they are needed, which is rare.
_NAME: Final = r"""(?<![\w.-])([\w.-]++)(?:\s*+=|["']\s*+:)\s*+"""
"""The name of an attribute and what stands before its value; within a value that is JSON, of a member."""

_NEXT: Final = r"\s*+(?:[\w.-]++\s*+=|\Z)"
"""What follows the `;` that ends a value."""

_USERINFO: Final = r"://[^/\s@;:]*+:[^/\s;]*@"
"""User name and password within an address: `mongodb://user:password@host`."""

_WORD: Final = r"[^\s;]+"
"""What may be an address: what stands in it between the first `://` and the last `@` may be user name and password.

Should they hold a `/`, rather too much is hidden than too little.
"""

_FIRST: Final = r"[\w.-]+"
"""The first word of an attribute: where it is written carelessly, that alone is a name."""

_SUSPECT: Final = (
    r"pass(?:word|wd|phrase)|(?<!by)pass$|pwd|token$|credentials?$|secret$|"
    r"(?:secret|access|private|encryption|api|account|client|auth)key$"
)
"""Names that speak of a credential though AWS documents no such attribute: those of drivers, and typing errors."""

_SWITCH: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "0", "1"})


@cache
def _named(part: str) -> frozenset[str]:
    return frozenset(_plain(row["name"]) for row in table("secret-attributes")[part])


def _plain(name: str) -> str:
    return re.sub(r"[._-]", "", name.lower())


def is_documented(name: str) -> bool:
    """Whether AWS documents that the attribute of this name holds a credential."""
    return _plain(name) in _named("credentials")


def is_suspect(name: str) -> bool:
    """Whether the name of an attribute speaks of a credential, documented or not."""
    plain = _plain(name)
    if plain in _named("harmless"):
        return False
    return plain in _named("credentials") or re.search(_SUSPECT, plain) is not None


def is_credential_member(name: str) -> bool:
    """Whether a member of an answer is named like the credential itself: `SaslPassword`, not `PasswordLastUsed`."""
    return is_suspect(name) and (is_documented(name) or re.search(f"(?:{_SUSPECT})$", _plain(name)) is not None)


def is_switch(value: str) -> bool:
    """Whether the value turns something on or off: `true`, `N`, `0`."""
    return value.strip().lower() in _SWITCH


def has_userinfo(value: str) -> bool:
    """Whether the value is an address with a password in it: `mongodb://user:password@host`."""
    return "://" in value and re.search(_USERINFO, value) is not None


class Credentials(NamedTuple):
    """The names of the attributes that hold a credential, and of those that may hold one or be a switch."""

    certain: tuple[str, ...]
    doubtful: tuple[str, ...]


@lru_cache(maxsize=1024)
def credentials_in(text: str) -> Credentials:
    """Which credentials the extra connection attributes hold, wherever in them a name and a value stand.

    Not only after a `;`: whoever separates by a comma or a blank has written a password into another's value.  What
    is stored of them is looked at, so that a snapshot gives what the account itself gives.
    """
    text = stored_attributes(text)
    certain: dict[str, None] = {}
    doubtful: dict[str, None] = {}
    for match in re.finditer(_NAME, text):
        name, value = match[1], text[match.end() : value_end(text, match.end())].strip()
        if not value or not is_suspect(name):
            continue
        (doubtful if is_switch(value) and not is_documented(name) else certain)[name.lower()] = None
    for part in text.split(";"):
        before, _, value = part.partition("=")
        # What is written carelessly may have a piece of the credential before the `=`: only the first word is a name.
        name = (re.findall(_FIRST, before) or [""])[0].lower()
        careless = name != before.strip().lower() and is_suspect(name) and value.strip()
        if name and (careless or has_userinfo(value)):
            certain[name] = None
    return Credentials(tuple(certain), tuple(name for name in doubtful if name not in certain))


def redacted_attributes(text: str) -> str:
    """The extra connection attributes as they are shown: with `***` in the place of every credential.

    A value reaches to the next `;`, or to the brace that closes it; what follows and is no attribute (it has no
    `name=`) belongs to the value too.  Passwords within addresses are hidden as well.
    """
    return redacted_text(stored_attributes(text))


def stored_attributes(text: str) -> str:
    """The extra connection attributes as they are kept: what is judged of them and shown of them is the same.

    A switch that may be a credential stays, since it decides whether that is known; and so does that an address has
    a password.
    """
    parts = _without_values(text, switches=True).split(";")
    return ";".join([_without_users(_careful(part)) for part in parts])


def redacted_text(text: str) -> str:
    """Prose with `***` in the place of the credentials that it names (`password=...`) or has in an address."""
    return re.sub(_WORD, _shown, _without_values(text, switches=False))


def _without_values(text: str, *, switches: bool) -> str:
    """The attributes with `***` for each value whose name speaks of a credential; with `switches`, mere ones stay."""
    shown: list[str] = []
    position = 0
    name = re.compile(_NAME)
    while match := name.search(text, position):
        shown.append(text[position : match.end()])
        position = match.end()
        if is_suspect(match[1]):
            end = value_end(text, position)
            value = text[position:end]
            harmless = not value.strip() or (is_switch(value) and not is_documented(match[1]))
            shown.append(value if switches and harmless else HIDDEN)
            position = end
    return "".join((*shown, text[position:]))


def _careful(part: str) -> str:
    """One attribute without what was written carelessly between the name of a credential and its value, or as it."""
    first = re.search(_FIRST, part)
    before, equals, value = part.partition("=")
    if first is None or first.end() > len(before) or not is_suspect(first[0]):
        return part
    between = before[first.end() :]
    if not between.strip():
        return part
    if equals:
        return f"{part[: first.end()]} {HIDDEN}={HIDDEN if value.strip() else value}"
    # Where a name and a value follow that are written otherwise, the value is hidden already.
    return part if re.search(_NAME, _without_users(part)) else f"{part[: first.end()]} {HIDDEN}"


def _shown(word: re.Match[str]) -> str:
    """A word without the user name and the password of an address."""
    start, end = _userinfo(word)
    return f"{word.string[word.start() : start]}{HIDDEN}{word.string[end : word.end()]}" if start < end else word[0]


def _without_users(part: str) -> str:
    """One attribute without them: `***:***` stands where the value is an address that has both."""
    value = part.find("=") + 1 or len(part) + 1

    def hide(word: re.Match[str]) -> str:
        start, end = _userinfo(word)
        if start >= end:
            return word[0]
        both = has_userinfo(part[max(start - len("://"), value) : end + 1])
        instead = f"{HIDDEN}:{HIDDEN}" if both else HIDDEN
        if start < value:
            # What stands before the `=` begins with a word still, and with none that speaks of a credential.
            first = f"_{HIDDEN}" if re.search(_FIRST, part[start : min(value, end)]) else HIDDEN
            instead = first + ("" if end < value else f"={HIDDEN}://{instead}" if both else f"={HIDDEN}")
        return f"{part[word.start() : start]}{instead}{part[end : word.end()]}"

    return re.sub(_WORD, hide, part)


def _userinfo(word: re.Match[str]) -> tuple[int, int]:
    """Where in a text a word has what may be user name and password; an end before the start where it has none."""
    mark = word[0].find("://")
    return (word.start() + mark + len("://"), word.start() + word[0].rfind("@")) if mark >= 0 else (0, -1)


def value_end(text: str, start: int) -> int:
    """Where the value that begins at `start` ends: before a `;` that an attribute follows, or at the end."""
    if text[start : start + 1] == "{":
        closed = text.find("}", start)
        start = closed if closed >= 0 else len(text)
    while True:
        end = text.find(";", start)
        if end < 0:
            return len(text)
        if re.compile(_NEXT).match(text, end + 1):
            return end
        start = end + 1

"""Which extra connection attributes hold a credential, and how to show the others without it."""

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

_USERINFO: Final = r"://[^/\s@;]*:[^/\s;]*@"
"""User name and password within an address: `mongodb://user:password@host`."""

_BEFORE_HOST: Final = r"(?<=://)[^\s;]+(?=@)"
"""Whatever may be user name and password there, should they hold a `/`: rather too much is hidden than too little."""

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

    Not only after a `;`: whoever separates by a comma or a blank has written a password into another's value.
    """
    certain: dict[str, None] = {}
    doubtful: dict[str, None] = {}
    for found in re.finditer(_NAME, text):
        name, value = found[1], text[found.end() : _end(text, found.end())].strip()
        if not value or not is_suspect(name):
            continue
        (doubtful if is_switch(value) and not is_documented(name) else certain)[name.lower()] = None
    for part in text.split(";"):
        written, _, value = part.partition("=")
        # What is written carelessly may have a piece of the credential before the `=`: only the first word is a name.
        name = (re.findall(r"[\w.-]+", written) or [""])[0].lower()
        careless = name != written.strip().lower() and is_suspect(name) and value.strip()
        if name and (careless or has_userinfo(value)):
            certain[name] = None
    return Credentials(tuple(certain), tuple(name for name in doubtful if name not in certain))


def redacted_attributes(text: str) -> str:
    """The extra connection attributes with `***` in the place of every credential.

    A value reaches to the next `;`, or to the brace that closes it; what follows and is no attribute (it has no
    `name=`) belongs to the value too.  Passwords within addresses are hidden as well.
    """
    shown: list[str] = []
    position = 0
    name = re.compile(_NAME)
    while found := name.search(text, position):
        if not is_suspect(found[1]):
            shown.append(text[position : found.end()])
            position = found.end()
            continue
        shown.append(text[position : found.end()] + HIDDEN)
        position = _end(text, found.end())
    shown.append(text[position:])
    return re.sub(_BEFORE_HOST, HIDDEN, "".join(shown))


def _end(text: str, start: int) -> int:
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

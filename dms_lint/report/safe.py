"""Makes untrusted text harmless to a terminal and to a CI runner: nothing an account contains is ever interpreted."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_LOGGING: Final = re.compile(r"#(?=#\w*\[)", re.ASCII)
"""What begins a command in a line of output: `##[error]` to GitHub's runner, `##vso[task.debug]` to that of Azure."""
_COMMAND: Final = re.compile(r"^([^\S\n]*):(?=:[A-Za-z])", re.MULTILINE)
"""What begins a command at the start of a line, to GitHub's runner: `::error::`, whatever blanks stand before it."""


def printable(text: str) -> str:
    """The text on one line, its control, format and bidirectional characters written out as `\\x1b` or `\\u202e`.

    So is the first sign of what a CI runner would take for a command wherever in a line it stands.
    """
    if "##" in text:
        text = _LOGGING.sub(r"\\x23", text)
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def line(text: str) -> str:
    """The text as a line of its own, which is printable and no command."""
    return harmless(printable(text))


def lines(text: str) -> str:
    """The text with the lines that it has, each of them printable and none a command."""
    return harmless("\n".join(map(printable, text.split("\n"))))


def harmless(text: str) -> str:
    """Finished lines, wrapped where a text was too long, none of which a CI runner takes for a command.

    What `printable` makes may stand anywhere in a line; only here is known what stands first in one.
    """
    if "::" in text:
        text = _COMMAND.sub(r"\1\\x3a", text)
    return _LOGGING.sub(r"\\x23", text) if "##" in text else text


def dumps(value: Any, indent: int | None = None) -> str:
    """The value as JSON of ASCII alone, in which no CI runner finds a command; a reader of JSON sees what it is."""
    text = json.dumps(value, indent=indent)
    return _LOGGING.sub(r"\\u0023", text) if "##" in text else text


def _shown(character: str) -> str:
    if character.isprintable() or character == "\u00a0":
        return character
    if character in "\n\r\t":
        return " "
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def markdown(text: str) -> str:
    """The text as one line of Markdown that shows just that text: no markup, HTML, link, mention or reference.

    Punctuation becomes character references, which no flavour of Markdown takes for markup.  GitHub and GitLab look
    for mentions and references after that, so a space without width parts their sign from the name.  They look for
    emoji then too, such as the `:secret:` of an ARN: a place where a line may break parts those, and is not copied.
    """
    shown = _BLOCK.sub(_NO_SPACE + r"\g<0>", printable(text))
    words = "".join(_written(part) for part in _WORDS.split(_REFERENCE.sub(r"\g<0>" + _NO_SPACE, shown)))
    return _EMOJI.sub(r"\g<0><wbr>", words)


def _written(part: str) -> str:
    return f"&#{ord(part)};" if part in _MARKUP else part


_NO_SPACE: Final = "\u200b"
_MARKUP: Final = frozenset("!\"#$%&'()*+/:<=>@[\\]^_`{|}~\u200b.")
_WORDS: Final = re.compile(r"""([!"#$%&'()*+/:<=>@\[\\\]^_`{|}~\u200b]|(?<=www)\.)""", re.IGNORECASE)
"""Splits at what begins markup within a line; a full stop does only in `www.`, which GitHub makes a link."""
_BLOCK: Final = re.compile(r"^(?:[-+\s]|\d+\.(?:\s|$))")
"""What begins a list, or a block of code, at the start of a line."""
_EMOJI: Final = re.compile(r"&#58;(?=(?:[\w-]|&#(?:43|95);)+&#58;)")
"""The colon before a word and another colon, as they are written."""
_REFERENCE: Final = re.compile(r"[@#!$%&~](?=\w)|\bGH(?=-\d)", re.IGNORECASE)
"""What makes a mention or a reference of the word that follows."""

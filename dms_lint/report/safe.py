"""Makes untrusted text harmless to a terminal: nothing an account contains is ever interpreted."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text on one line, its control, format and bidirectional characters written out as `\\x1b` or `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable() or character == "\u00a0":
        return character
    if character in "\n\r\t":
        return " "
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

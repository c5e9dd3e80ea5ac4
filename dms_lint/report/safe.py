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


def markdown(text: str) -> str:
    """The text as one line of Markdown that shows just that text: no markup, HTML, link, mention or reference.

    Punctuation becomes character references, which no flavour of Markdown takes for markup.  GitHub and GitLab look
    for mentions and references after that, so a space without width parts the sign from the name.
    """
    return "".join(
        f"&#{ord(character)};" + ("&#8203;" if character in "@#!" else "") if character in _MARKUP else character
        for character in printable(text)
    )


_MARKUP = frozenset("!\"#$%&'()*+/:<=>@[\\]^_`{|}~")
"""ASCII punctuation but for what is too common in names and sentences to be worth it, and begins nothing within a
line: comma, full stop, semicolon, question mark and hyphen."""

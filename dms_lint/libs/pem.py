"""The blocks of PEM files (RFC 7468): certificates, private keys, whatever else has a label."""

from __future__ import annotations

import re
from binascii import a2b_base64
from functools import lru_cache
from typing import Final, NamedTuple

_MARK: Final = re.compile(r"-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,39})-----")
_CERTIFICATE: Final = ("CERTIFICATE", "X509 CERTIFICATE")
"""The labels of a certificate; the second is an older name of the first (RFC 7468, section 5.1)."""
REMEMBERED: Final = 512
"""The number of PEM files that are remembered; an account has a few dozen."""


class Block(NamedTuple):
    """A `-----BEGIN label-----` with the body that follows it; None where its END is missing."""

    label: str
    body: str | None

    @property
    def is_certificate(self) -> bool:
        """Whether its label says that it is a certificate."""
        return self.label in _CERTIFICATE

    @property
    def is_private_key(self) -> bool:
        """Whether its label says that it is a private key, of any algorithm, encrypted or not."""
        return self.label.endswith("PRIVATE KEY")


@lru_cache(maxsize=REMEMBERED)
def blocks(text: str) -> tuple[Block, ...]:
    """The PEM blocks of a text, in order; whatever stands between them is no part of them."""
    pem_blocks = []
    marks = list(_MARK.finditer(text))
    for mark, after in zip(marks, [*marks[1:], None], strict=False):
        if mark[1] == "BEGIN":
            closed = after is not None and after[1] == "END" and after[2] == mark[2]
            pem_blocks.append(Block(mark[2], text[mark.end() : after.start()] if closed and after else None))
    return tuple(pem_blocks)


def decode(block: Block) -> tuple[bytes | None, str]:
    """The bytes of a block, or what is wrong with it."""
    if block.body is None:
        return None, "does not end"
    try:
        return a2b_base64("".join(block.body.split()), strict_mode=True), ""
    except ValueError:
        return None, "is not base64"

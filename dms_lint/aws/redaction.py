"""What a message or an answer of AWS may say once it is kept: the same without credentials."""

from __future__ import annotations

import re
from functools import lru_cache
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any, Final

from dms_lint.aws.connection_attributes import HIDDEN, is_credential_member, redacted_text, stored_attributes
from dms_lint.aws.responses import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Patterns are compiled when they are needed, which is rare.

# -- messages

_QUOTED_REQUEST: Final = r"(?i)\n[ \t\r]*\n|the canonical (?:string|request)|the string-?to-?sign|aws4-hmac-sha256"
"""Where AWS begins to quote the request that was signed: the session token is one of its headers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""
_LABELLED: Final = (
    # A header, or a parameter of a presigned URL.
    r"""(?i)((?:x-amz-[a-z0-9-]{1,40}+|aws_?access_?key_?id|(?:security|session)[-_ ]?token|signature|credential)"""
    r"""["']?\s*+[:=]\s*+["']?)[^\s"'&,;<>]++""",
    r"""(?i)(\bauthorization["']?\s*+[:=]\s*+)\S.*""",
    r"(?i)(encoded authorization failure message:?\s*+)\S++",
    r"""(?i)(\bidentified\s++by\s++(?:values\s++)?)(?:'[^']*+'?|"[^"]*+"?|\S++)""",
)
"""What says that a credential follows, and the credential."""
_CREDENTIALS: Final = (r"A[KS]IA[A-Z0-9]{12,}+", r"eyJ[\w-]++(?:\.[\w-]*+)*+")
"""The id of an access key, and a JSON web token."""
_LONG: Final = (
    r"""(?P<arn>arn:aws[a-z-]{0,20}:[a-z0-9-]{0,40}:[a-z0-9-]{0,40}:\d{0,12}:)(?P<resource>[^\s"'<>,]*+)"""
    r"""|[A-Za-z0-9+/=_%-]{40,}+"""
)
"""An ARN, or what is too long to be a word: a token, a signature, an encoded message."""
_RESOURCE: Final = 160
"""How long the resource of an ARN is at most: that of a session has the names of a role and of itself, 64 each."""
_NAME: Final = 64


def message(text: str) -> str:
    """What a message may say: its words and ARNs, and nothing of the request or of its credentials."""
    quoted = re.search(_QUOTED_REQUEST, text)
    if quoted:
        text = text[: quoted.start()].rstrip() or HIDDEN
    return _line(text)


def trace(text: str) -> str:
    """What a traceback may say: its places whole, and every other line as a message."""
    return "\n".join(line if line.startswith('  File "') else _line(line) for line in text.split("\n"))


def _line(text: str) -> str:
    for labelled in _LABELLED:
        text = re.sub(labelled, rf"\1{HIDDEN}", text)
    for secret in _CREDENTIALS:
        text = re.sub(secret, HIDDEN, text)
    return re.sub(_LONG, _short, redacted_text(text))


def _short(long: re.Match[str]) -> str:
    if long["arn"] is None:
        return HIDDEN
    resource = long["resource"]
    if len(resource) > _RESOURCE:
        return long["arn"] + HIDDEN
    return long["arn"] + re.sub(rf"[^:/]{{{_NAME + 1},}}", HIDDEN, resource)


# -- answers

_HOSTS: Final = frozenset({"ServerName", "Broker", "EndpointUri"})
"""Members that hold addresses of databases, in which a user name and a password may stand."""
_TEXTS: Final = ("Message", "Messages", "Reason", "Description")
"""How the names of members end that hold prose, which no rule reads."""
_MARK: Final = r"-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,39})-----"
_CERTIFICATES: Final = ("CERTIFICATE", "X509 CERTIFICATE")
_PRESIGNED: Final = r"(?i)[?&](?:x-amz-(?:signature|security-token)|signature)="
"""What makes an address in a member of any name a presigned URL, which lets in whoever knows it."""
_SCHEME: Final = "+-." + ascii_letters + digits
"""The characters of the name of a protocol, which begins with a letter."""
_JSON: Final = r'"(\w++)"(\s*+:\s*+)"((?:[^"\\]|\\.)*+)"'


def answer(body: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without credentials: what stands in their place is judged as they were.

    A member that is there is there still, and one that is empty is empty still.
    """
    return {name: _cleaned(member, name) for name, member in body.items()}


def _cleaned(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return answer(value)
    if isinstance(value, list):
        return [_cleaned(item, name) for item in value]
    return _text(value, name) if isinstance(value, str) else value


def _text(value: str, name: str) -> str:
    hide = _how(name)
    if hide is not None:
        value = hide(value)
    if "PRIVATE KEY" in value:
        value = without_keys(value)
    if "://" in value and "?" in value and re.search(_PRESIGNED, value):
        value = re.sub(_LABELLED[0], rf"\1{HIDDEN}", value)
    return re.sub(_JSON, _member, value) if '"' in value and ":" in value else value


@lru_cache(maxsize=4096)
def _how(name: str) -> Callable[[str], str] | None:
    """How to hide what is secret in a member of this name; None where nothing of it is."""
    if name == "ExtraConnectionAttributes":
        return stored_attributes
    if name in _HOSTS:
        return without_user
    if name == "CertificatePem":
        return without_keys
    # A wallet may hold private keys, and what is in it is Oracle's secret: rules ask whether there is one.
    if name == "CertificateWallet" or (name.isalnum() and name not in TOKENS and is_credential_member(name)):
        return _hidden
    if name.endswith("Script"):
        return _script
    return message if name.endswith(_TEXTS) else None


def _hidden(value: str) -> str:
    """AWS's own asterisks stay, and so does what is empty."""
    return HIDDEN if value.strip(" *") else value


def _script(value: str) -> str:
    """SQL in which a password may be set is hidden as a whole."""
    return HIDDEN if re.search(r"passw|pwd|identified|secret|token|credential", value, re.IGNORECASE) else value


def _member(match: re.Match[str]) -> str:
    """A member of JSON that stands in a text, as the settings of a task do."""
    name, colon, value = match.groups()
    if name in TOKENS or not is_credential_member(name):
        return match[0]
    return f'"{name}"{colon}"{_hidden(value)}"'


def without_user(address: str) -> str:
    """An address, or a list of them, without the user name and the password before the last `@`.

    Which hosts it names, and by which protocol, is the same; a `/` before the `@` makes that unknown, and stays.
    """
    before, at, host = address.rpartition("@")
    if not at:
        return address
    start = re.match(r"\s*+[A-Za-z][A-Za-z0-9+.-]*+://", before)
    scheme = start[0] if start else "x://" if "://" in before else ""
    return f"{scheme}{HIDDEN}/{HIDDEN}@{host}" if _has_path(before) else f"{scheme}{HIDDEN}@{host}"


def _has_path(address: str) -> bool:
    """Whether a `/`, `?` or `#` stands in an address besides those of its protocol."""
    first, mark, rest = address.partition("://")
    before = first.rstrip(_SCHEME) if mark else first
    has_protocol = not mark or not set(ascii_letters).isdisjoint(first[len(before) :])
    return not has_protocol or not set("/?#").isdisjoint(before + rest)


def without_keys(pem: str) -> str:
    """A PEM with its marks and its certificates, and nothing of a private key or of what is no certificate."""
    marks = list(re.finditer(_MARK, pem))
    pieces = [_outside(pem[: marks[0].start()] if marks else pem)]
    for mark, after in zip(marks, [*marks, None][1:], strict=True):
        between = pem[mark.end() : after.start() if after else len(pem)]
        pieces += [mark[0], _inside(mark, after, between) if mark[1] == "BEGIN" else _outside(between)]
    return "".join(pieces)


def _inside(mark: re.Match[str], after: re.Match[str] | None, between: str) -> str:
    closed = after is not None and after[1] == "END" and after[2] == mark[2]
    if mark[2] in _CERTIFICATES and closed and re.fullmatch(r"[A-Za-z0-9+/=\s]*", between):
        return between
    return f"\n{HIDDEN}\n" if between.strip() else between


def _outside(between: str) -> str:
    return f"\n{HIDDEN}\n" if re.search(r"PRIVATE KEY|[A-Za-z0-9+/=]{32}", between) else between

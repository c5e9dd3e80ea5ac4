"""Fills the placeholders of a rule's sentences and commands.  No template language: a name, or nothing."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.model import Finding

PLACEHOLDER: Final = re.compile(r"\{([\w .-]+)\}")
"""A fact's name in braces; the braces of JSON and of the AWS CLI's shorthand hold other characters."""
_SHOWN: Final = 6
"""How many items of a list a sentence names."""


def say(value: Any) -> str:
    """A fact's value within a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        more = f" and {len(value) - _SHOWN} more" if len(value) > _SHOWN else ""
        return ", ".join(str(item) for item in value[:_SHOWN]) + more
    return str(value)


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[str, ...]:
    return tuple(PLACEHOLDER.split(template))


def _words(value: Any) -> str | None:
    """A value as words of a POSIX shell, one for each item of a list; None for what is empty and would be no word."""
    values = value if isinstance(value, (list, tuple)) else (value,)
    return None if value == "" else " ".join(shlex.quote(say(one)) for one in values) or None


def _fill(template: str, finding: Finding, write: Callable[[Any], str | None]) -> str:
    parts = _parts(template)
    if len(parts) == 1:
        return template
    filled = list(parts)
    for position in range(1, len(parts), 2):
        name = parts[position]
        value = finding.evidence.get(name)
        if value is None:
            value = getattr(finding.resource, name, None) if "." not in name else None
        written = None if value is None else write(value)
        # A fact that could not be read leaves its name, as a placeholder for a person to fill.
        filled[position] = f"<{name}>" if written is None else written
    return "".join(filled)


def message(finding: Finding) -> str:
    """What a finding says: the rule's sentence for a failure, what is missing for an unknown, else the title."""
    if finding.verdict is Verdict.FAIL:
        return _fill(finding.rule.fail, finding, say)
    if finding.missing is not None:
        return finding.missing.message
    return finding.rule.title


def fix_text(finding: Finding) -> str:
    """How to mend it, in words."""
    return _fill(finding.rule.fix.text, finding, say)


def fix_cli(finding: Finding) -> str:
    """How to mend it, as an AWS CLI command with every value quoted for a POSIX shell; '' where none does."""
    commands = finding.rule.fix.cli
    template = commands.get(finding.resource.kind) or commands.get("", "")
    return _fill(template, finding, _words)

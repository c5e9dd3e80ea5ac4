"""Fills the placeholders of a rule's sentences and commands.  No template language: a name, or nothing."""

from __future__ import annotations

import re
import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from dms_lint.model import Finding, Rule

PLACEHOLDER: Final = re.compile(r"\{([\w .-]+)\}")
"""A fact's name in braces; the braces of JSON and of the AWS CLI's shorthand hold other characters."""
_CHOICE: Final = re.compile(r"<([^<>]*)>")
"""What a person must choose, or a fact that could not be read: its name in angle brackets."""
_GLOBAL: Final = ("aws iam ",)
"""How commands of services without Regions begin."""
_INTERPRETED: Final = ("-", "file://", "fileb://", "http://", "https://")
"""A value that begins so is an option to the AWS CLI, or makes it read a file or an address."""
_OPTION: Final = re.compile(r"--[a-z0-9]+(-[a-z0-9]+)*")
_AFTER_OPTION: Final = re.compile(r"(^| )--[\w-]+ $")
_WITHIN_A_WORD: Final = re.compile(r"[\w./:@+*-]+")
"""What within a word is surely neither the AWS CLI's shorthand nor JSON."""
_SHOWN: Final = 6
"""How many items of a list a sentence names."""


def say(value: Any) -> str:
    """A fact's value within a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        rest = f" and {len(value) - _SHOWN} more" if len(value) > _SHOWN else ""
        return ", ".join(str(item) for item in value[:_SHOWN]) + rest
    return str(value)


@lru_cache(maxsize=1024)
def _parts(template: str) -> tuple[str, ...]:
    return tuple(PLACEHOLDER.split(template))


def _words(value: Any) -> str | None:
    """A value as words of a POSIX shell, one for each item of a list; None for what is empty and would be no word."""
    values = value if isinstance(value, (list, tuple)) else (value,)
    return None if value == "" else " ".join(shlex.quote(say(item)) for item in values) or None


def _value(name: str, finding: Finding) -> Any:
    """What a placeholder stands for: a fact, or a word about the resource; None where it could not be read."""
    value = finding.evidence.get(name)
    return getattr(finding.resource, name, None) if value is None and "." not in name else value


def _fill(template: str, finding: Finding, write: Callable[[Any], str | None]) -> str:
    parts = _parts(template)
    if len(parts) == 1:
        return template
    filled = list(parts)
    for position in range(1, len(parts), 2):
        name = parts[position]
        value = _value(name, finding)
        words = None if value is None else write(value)
        # A fact that could not be read leaves its name, as a placeholder for a person to fill.
        filled[position] = f"<{name}>" if words is None else words
    return "".join(filled)


def message(finding: Finding) -> str:
    """What a finding says: the rule's sentence for a failure, what is missing for an unknown, else the title."""
    if finding.wording is not None:
        return finding.wording.message
    if finding.verdict is Verdict.FAIL:
        return _fill(finding.rule.fail, finding, say)
    if finding.missing is not None:
        return finding.missing.message
    return finding.rule.title


def fix_text(finding: Finding) -> str:
    """How to mend it, in words."""
    if finding.wording is not None:
        return finding.wording.fix
    return _fill(finding.rule.fix.text, finding, say)


def fix_cli(finding: Finding) -> str:
    """How to mend it, as an AWS CLI command with every value quoted for a POSIX shell; '' where none does.

    It names its Region where its service has Regions, as the resource's ARN alone does not tell the AWS CLI.
    """
    if finding.wording is not None:
        return finding.wording.cli
    return _fill(_command(finding), finding, _words)


def disruption(finding: Finding) -> str:
    """Why the command interrupts, deletes or cuts something off; '' where it does not, or where there is none."""
    if finding.wording is not None:
        return finding.wording.disruptive
    return finding.rule.fix.disruptive if _command(finding) else ""


def commands(rule: Rule) -> dict[str, str]:
    """The templates of a rule's commands, by kind: each names the Region where its service has Regions."""
    return {kind: _with_regions(template) for kind, template in rule.fix.cli.items()}


@lru_cache(maxsize=1024)
def _with_regions(template: str) -> str:
    return " && ".join(map(_with_region, template.split(" && ")))


def _with_region(template: str) -> str:
    """A template that names the resource's Region, unless it names one or its service has none."""
    regional = template.startswith("aws ") and not template.startswith(_GLOBAL) and " --region " not in template
    return f"{template} --region {{region}}" if regional else template


def _command(finding: Finding) -> str:
    cli = finding.rule.fix.cli
    return _with_regions(cli.get(finding.resource.kind) or cli.get("", ""))


class Command(NamedTuple):
    """The AWS CLI command that mends a failure, and what stands in the way of running it as it is."""

    text: str
    """Every value in it is quoted for a POSIX shell; commands that follow each other are joined by `&&`."""
    choices: tuple[str, ...]
    """What a person must choose before it can run, by the names that stand in it in angle brackets."""
    unfit: tuple[str, ...]
    """Placeholders whose value the AWS CLI or a terminal would take for more than a value."""


def fix_command(finding: Finding) -> Command | None:
    """How to mend it, as a command of a script; None where no command does, or a report was read back.

    A command that was filled in before no longer says which parts of it are values, and so whether it is fit to run.
    """
    template = _command(finding) if finding.wording is None else ""
    if not template:
        return None
    parts = _parts(template)
    choices, unfit = _CHOICE.findall(template), []
    for position in range(1, len(parts), 2):
        name, before, after = parts[position], parts[position - 1], parts[position + 1]
        value = _value(name, finding)
        if value is None or _words(value) is None:
            choices.append(name)
        elif not _is_safe(value, before, after):
            unfit.append(name)
    return Command(_fill(template, finding, _words), tuple(dict.fromkeys(choices)), tuple(dict.fromkeys(unfit)))


def _is_safe(value: Any, before: str, after: str) -> bool:
    """Whether the AWS CLI takes each text of a value for just that, and a terminal or a CI runner shows it as it is.

    A value that follows no option is one itself, such as `--s3-settings`.  Values that are only a part of a word are
    looked at more closely: in `Key={tag}` a comma would begin another key.
    """
    texts = [say(item) for item in (value if isinstance(value, (list, tuple)) else (value,))]
    single = texts[0] if len(texts) == 1 else ""
    is_word = before.endswith(" ") and after[:1] in ("", " ")
    if is_word and not _AFTER_OPTION.search(before):
        return _OPTION.fullmatch(single) is not None
    if not is_word and not _WITHIN_A_WORD.fullmatch(single):
        return False
    return all(text.isprintable() and "##" not in text and not text.startswith(_INTERPRETED) for text in texts)

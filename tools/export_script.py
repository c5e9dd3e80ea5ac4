"""Writes into examples/export.sh the commands that the table of calls makes of the live account."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dms_lint.aws.responses import RESPONSES, command, operations, shapes_of
from dms_lint.collectors.live.calls import CALLS, READS_VALUES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from dms_lint.collectors.live.calls import Call

SCRIPT: Final = Path(__file__).resolve().parent.parent / "examples" / "export.sh"
_BLOCK: Final = re.compile(r"^# >>> (.*)\n(?:.*\n)*?# <<<\n", re.MULTILINE)
_COMMAND: Final = re.compile(r"^(?:about|listing|listing account|line '[^']*') ([\w-]+ [\w-]+)", re.MULTILINE)
"""A command that writes a file, and not one that a loop goes over."""
_ABOUT: Final = re.compile(r"([\w-]+) about (\w+) in (\$\w+)")
"""The title of a block within a loop: the service, the member that says what is asked about, and the variable."""


def script() -> str:
    """The script with its blocks made anew; a call with a command outside of them is not in any."""
    text = SCRIPT.read_text(encoding="utf-8")
    by_hand = set(_COMMAND.findall(_BLOCK.sub("", text)))
    calls = [call for call in CALLS if call.operation != READS_VALUES and _words(call) not in by_hand]
    titles = [block[1] for block in _BLOCK.finditer(text)]
    loops = {match.group(1, 2) for match in map(_ABOUT.fullmatch, titles) if match}

    def block(match: re.Match[str]) -> str:
        return f"# >>> {match[1]}\n" + "".join(f"{line}\n" for line in _lines(match[1], calls, loops)) + "# <<<\n"

    return _BLOCK.sub(block, text)


def _lines(title: str, calls: Sequence[Call], loops: Collection[tuple[str, ...]]) -> Iterator[str]:
    about = _ABOUT.fullmatch(title)
    if about:
        yield from (_about(call, about[3]) for call in calls if (call.service, call.about) == about.group(1, 2))
    elif title == "listings of the account":
        yield from (f"listing account {_words(call)}{_options(call)}" for call in calls if _is_listing(call, "account"))
    elif title == "listings of a Region":
        yield from map(_listing, (call for call in calls if _is_listing(call, "region")))
    else:
        rest = [call for call in calls if call.about and (call.service, call.about) not in loops]
        for _, group in groupby(rest, key=lambda call: (call.about, call.follows)):
            yield from _loop(list(group))


def _is_listing(call: Call, scope: str) -> bool:
    return not call.about and call.of_account == (scope == "account")


def _words(call: Call) -> str:
    """Service and name of the command that makes a call."""
    return f"{ {'s3': 's3api'}.get(call.service, call.service) } {command(call.operation)}"


def _options(call: Call) -> str:
    """The options of the command; the AWS CLI sets the size of pages itself."""
    return "".join(
        f" --no-{_option(name)}" if value is False else f" --{_option(name)} {value}"
        for name, value in call.options
        if isinstance(value, (bool, str))
    )


def _option(member: str) -> str:
    return command(f":{member}")


def _listing(call: Call) -> str:
    same_name = Counter(command(operation) for operation in {row.operation for row in RESPONSES})
    name = command(call.operation)
    if same_name[name] > 1 and call.service != "dms":
        # The file of DMS's command of the same name is another.
        return f"line '$folder/{call.service}-{name}' {_words(call)}{_options(call)} --region '\"$region\"'"
    return f"listing {_words(call)}{_options(call)}"


def _about(call: Call, variable: str) -> str:
    return f"about {_words(call)}{_options(call)} --{_option(call.about)} '\"{variable}\"'"


def _loop(calls: Sequence[Call]) -> Iterator[str]:
    """A loop for each selector of calls about the same."""
    yield f"printf '\\n    # {', '.join(map(_words, calls))}.\\n'"
    paths = [(selector.kinds[0], selector.path) for selector in calls[0].follows]
    for kind, path in paths:
        if not path:
            raise ValueError(f"{calls[0].operation} is not asked about members alone: write its command by hand")
        listing = operations(kind)[0]
        row = next(row for row in shapes_of(listing) if row.kind == kind)
        query = f"{row.key}[].{path}" + ("[]" if "*" in path else "")
        service = listing.partition(":")[0]
        yield f"each arn {service} {command(listing)} --query \"'{query}'\""
        yield from ("cat << 'END'", "        name=${arn##*[:/]}", "END")
        yield from (_about(call, "$arn") for call in calls)
        yield "printf '    done\\n'"

"""The AWS CLI commands that mend the failures, as a POSIX shell script to read, complete and run.

What a person must decide is a comment: a command that waits for a choice, one that interrupts, deletes or cuts access,
and one with a value that is not surely just a value to the AWS CLI.
"""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from dms_lint.report.findings import by_severity, failures, subject, tally_failures, worst_first
from dms_lint.report.safe import printable
from dms_lint.rulepack.placeholders import fix_command, fix_text, message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dms_lint.model import Finding, Report, Resource
    from dms_lint.report import Style
    from dms_lint.rulepack.placeholders import Command

_WIDTH: Final = 110
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_GUARD: Final = """set -eu
export AWS_PAGER=

# Stops the script unless the credentials are those of the account.
account() {
  found=$(aws sts get-caller-identity --query Account --output text)
  if [ "$found" != "$1" ]; then
    echo "The commands that follow are for account $1, and the credentials are of account $found." >&2
    exit 1
  fi
}
"""


def render(report: Report, style: Style) -> Iterator[str]:
    """The whole script: a head that counts, then account by account the resources, the worst first."""
    accounts = _by_account(worst_first(failures(report, accepted=False)))
    counts = {"ready": 0, "open": 0, "none": 0}
    body = [piece for account, group in accounts.items() for piece in _account(account, group, len(accounts), counts)]
    yield "#!/bin/sh\n"
    for sentence in _head(report, counts):
        yield _comment(sentence)
    yield _GUARD
    yield from body


def _by_account(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings of each account, by its number; '' for those of no account that is known."""
    accounts: dict[str, list[Finding]] = {}
    for finding in findings:
        account = finding.resource.account
        accounts.setdefault(account if _ACCOUNT.fullmatch(account) else "", []).append(finding)
    return {account: accounts[account] for account in sorted(accounts, key=lambda account: (not account, account))}


def _head(report: Report, counts: dict[str, int]) -> Iterator[str]:
    when = report.started_at.strftime("%Y-%m-%d %H:%M:%S %Z")
    count = tally_failures(report)
    yield f"Commands of the AWS CLI that mend what dms-lint found in its scan of {when}."
    yield f"Accounts: {', '.join(report.accounts) or 'not known'}. Regions: {', '.join(report.regions) or 'not known'}."
    yield (
        "dms-lint has run nothing of this. Read each command, and what it would change, before you run it; "
        "take out what you do not want."
    )
    yield (
        f"{_number(count.failed, 'failure')}: {counts['ready']} with a command that runs as it stands, "
        f"{counts['open']} with one that is a comment until somebody decides (its lines 'choose', 'disruptive' and "
        f"'check' say what), {counts['none']} that no single command mends."
    )
    yield (
        "To run one of the comments, take the '# ' away and put a value for each <NAME>, in single quotes where it "
        "holds more than letters, digits and - _ . / :."
    )
    accepted = count.waived + count.in_baseline
    if accepted:
        yield f"Left out: {_number(accepted, 'accepted failure')} ({count.waived} waived, {count.in_baseline} known)."


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _account(account: str, findings: list[Finding], accounts: int, counts: dict[str, int]) -> Iterator[str]:
    """The guard of an account, and its resources."""
    yield "\n"
    if not account:
        yield _comment("==== Of no account that is known: every command here is a comment")
    else:
        yield _comment(f"==== Account {account}")
        if accounts > 1:
            yield f"# export AWS_PROFILE=<PROFILE_OF_{account}>\n"
        yield f"account {account}\n"
    seen: set[str] = set()
    for group in _by_resource(findings):
        yield "\n" + _comment(f"---- {_in_words(group[0].resource)}")
        for finding in group:
            yield "".join(_finding(finding, account, seen, counts))


def _by_resource(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings of each resource: first the resource with more failures of the worst severity."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.resource.kind, finding.resource.id), []).append(finding)
    order = sorted(groups, key=lambda key: ([-number for number in by_severity(groups[key]).values()], key))
    return [groups[key] for key in order]


def _in_words(resource: Resource) -> str:
    """The resource in words, with its ARN and where it stands."""
    place = " ".join(part for part in (resource.account, resource.region) if part)
    return ", ".join(part for part in (subject(resource), resource.arn, place) if part)


def _finding(finding: Finding, account: str, seen: set[str], counts: dict[str, int]) -> Iterator[str]:
    """What is wrong and how to mend it as comments, then the command, a comment too where a person must decide."""
    rule = finding.rule
    yield "\n# " + printable(f"{rule.id} {rule.severity.label}: {message(finding)}") + "\n"
    yield _comment(fix_text(finding), indent="    ")
    command = fix_command(finding)
    if command is None:
        counts["none"] += 1
        return
    reasons = list(_reasons(command, finding, account, seen))
    seen.add(command.text)
    counts["open" if reasons else "ready"] += 1
    for reason in reasons:
        yield _comment(reason)
    yield f"# {printable(command.text)}\n" if reasons else f"{command.text}\n"


def _reasons(command: Command, finding: Finding, account: str, seen: set[str]) -> Iterator[str]:
    """Why the command is a comment."""
    if finding.rule.fix.disruptive:
        yield f"disruptive: {finding.rule.fix.disruptive}"
    if command.choices:
        yield "choose: " + ", ".join(f"<{name}>" for name in command.choices)
    if command.unfit:
        yield f"check: the AWS CLI may take the value of {', '.join(command.unfit)} for more than a value."
    if not account:
        yield "check: of which account the resource is."
    if command.text in seen and not command.choices:  # what is chosen may differ
        yield "check: the same command stands above."


def _comment(text: str, indent: str = "") -> str:
    """The text as lines of a comment, out of which nothing in it can break: what is not printable is written out."""
    lines = wrap(printable(text), _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {indent}{line}\n" for line in lines)

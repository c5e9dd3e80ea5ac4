"""The options that several commands take, and the kinds of value they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from dms_lint import report

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS: Final = tuple(report.FORMATS)
SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
READ_SECRETS: Final = (
    "Derive from the values of secrets what checks need: which members a secret has, its host and port, and which "
    "forbidden characters its password has. The value itself is never kept or shown."
)
_BASES: Final = ("guide", "current", "practice")


class OneOf(click.Choice[str]):
    """A choice that names the nearest word when a wrong one is given."""

    def fail(self, message: str, param: click.Parameter | None = None, ctx: click.Context | None = None) -> NoReturn:
        """Name the nearest word."""
        from difflib import get_close_matches

        wrong = message.split("'")[1] if message.count("'") > 1 else ""
        near = get_close_matches(wrong, list(self.choices), n=1)
        super().fail(message + (f" Did you mean '{near[0]}'?" if near else ""), param, ctx)


class Output(click.ParamType[tuple[str, str]]):
    """FORMAT=FILE."""

    name = "format=file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Format and file."""
        format_, separator, file = str(value).partition("=")
        if not separator or not file:
            self.fail(f"'{value}' is not FORMAT=FILE, like json=report.json", param, ctx)
        return OneOf(FORMATS).convert(format_, param, ctx), file


class Words(click.ParamType[tuple[str, ...]]):
    """Words separated by commas."""

    name = "words"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The words."""
        if isinstance(value, tuple):
            return value
        words = tuple(word.strip() for word in str(value).split(",") if word.strip())
        if not words:
            self.fail("needs at least one word", param, ctx)
        return words


def flat(_ctx: click.Context, _param: click.Parameter, value: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The words of an option that was given several times."""
    return tuple(word for words in value for word in words)


def packing(command: Any) -> Any:
    """The options that choose rule packs."""
    for option in (
        click.option("--no-default-pack", is_flag=True, help="Judge by the packs of --pack alone."),
        click.option(
            "--pack",
            "packs",
            type=click.Path(exists=True, file_okay=False),
            metavar="DIR",
            multiple=True,
            help="Judge by the rules in this folder too, beside those of dms-lint; repeatable.",
        ),
    ):
        command = option(command)
    return command


def selection(command: Any) -> Any:
    """The options that choose rules, and the packs that they are of."""
    command = packing(command)
    for option in (
        click.option(
            "--control",
            "controls",
            type=Words(),
            metavar="CONTROLS",
            multiple=True,
            callback=flat,
            help="Only rules that answer these: a framework (security-hub), its controls (DMS.9), or another tool's "
            "checks (CKV_AWS_89), separated by commas.",
        ),
        click.option(
            "--basis",
            type=OneOf(_BASES),
            multiple=True,
            help="Only rules of this basis: the guide, what AWS states today, or good practice.",
        ),
        click.option(
            "--ignore",
            type=Words(),
            metavar="RULES",
            multiple=True,
            callback=flat,
            help="Leave these rules out; ids, prefixes or names, separated by commas.",
        ),
        click.option(
            "--select",
            type=Words(),
            metavar="RULES",
            multiple=True,
            callback=flat,
            help="Only these rules: ids (TLS001), prefixes (TLS,KMS) or names, separated by commas.",
        ),
    ):
        command = option(command)
    return command


_WHERE: Final = (
    click.option(
        "--profile", metavar="NAME", help="The profile of the AWS CLI's configuration whose credentials to use."
    ),
    click.option(
        "--region",
        "regions",
        metavar="REGION",
        multiple=True,
        help="A Region to read, or `all`: every enabled one that has DMS; repeatable. Else the Region of the session.",
    ),
    click.option(
        "--role-arn",
        "role_arns",
        metavar="ARN",
        multiple=True,
        help="Read the account of this role instead of one's own; repeatable, one an account.",
    ),
    click.option("--external-id", metavar="ID", help="The external ID that the roles ask for."),
    click.option(
        "--role-session-name",
        metavar="NAME",
        default="dms-lint",
        show_default=True,
        help="What sessions of the roles are called in CloudTrail.",
    ),
    click.option("--organization", is_flag=True, help="Read every active account of the organization."),
    click.option(
        "--organization-role",
        metavar="NAME",
        default="OrganizationAccountAccessRole",
        show_default=True,
        help="The role to assume in the organization's accounts.",
    ),
    click.option("--endpoint-url", metavar="URL", help="Send every call there instead of to AWS."),
    click.option(
        "--timeout",
        type=click.IntRange(1, 600),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help="How long one answer may take.",
    ),
    click.option(
        "--max-workers",
        "workers",
        type=click.IntRange(1, 64),
        default=16,
        show_default=True,
        metavar="N",
        help="How many calls may be under way at once.",
    ),
    click.option("--no-progress", is_flag=True, help="Show no progress bars, on a terminal either."),
)


def where_options(command: Any) -> Any:
    """The options that say which accounts and Regions to read."""
    for option in reversed(_WHERE):
        command = option(command)
    return command


def configuration(command: Any) -> Any:
    """The options that choose a configuration."""
    for option in (
        click.option("--no-config", is_flag=True, help="Read no configuration file."),
        click.option(
            "--config",
            metavar="FILE",
            help="Read this configuration instead of the nearest .dms-lint.yaml, from here upwards.",
        ),
    ):
        command = option(command)
    return command


def waiving(command: Any) -> Any:
    """The options that choose a configuration and waivers."""
    waivers = click.option("--waivers", metavar="FILE", help="Take in the waivers of this YAML file as well.")
    return configuration(waivers(command))


def baselining(command: Any) -> Any:
    """The options of a scan that knows a baseline."""
    for option in (
        click.option("--update", is_flag=True, help="Take out of the baseline what certainly fails no more."),
        click.option("--baseline", metavar="FILE", help="Accept the failures that this file holds."),
    ):
        command = option(command)
    return command


def reading(command: Any) -> Any:
    """What a command takes that judges an input: the input, which rules, and as of when."""
    for option in (
        click.option("--at", metavar="DATE", help="Judge as of this date (YYYY-MM-DD) instead of now."),
        click.option("--read-secrets", is_flag=True, help=READ_SECRETS),
        waiving,
        selection,
        where_options,
        click.argument("paths", nargs=-1, metavar="[PATH]..."),
    ):
        command = option(command)
    return command

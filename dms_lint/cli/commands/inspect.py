"""The command that shows a resource as rules see it."""

from __future__ import annotations

import click

from dms_lint.cli.common import complain, date, page_style, show, stop
from dms_lint.cli.options import READ_SECRETS
from dms_lint.cli.session import ending_in_words
from dms_lint.gate.exit_code import USAGE


@click.command()
@click.argument("path")
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--read-secrets", is_flag=True, help=READ_SECRETS)
@click.option("--at", metavar="DATE", help="Derive as of this date (YYYY-MM-DD) instead of now.")
def inspect(path: str, id_: str | None, at: str | None, *, read_secrets: bool) -> None:
    """Show a resource with every fact about it, as rules see it; without ID, list the resources.

    ID is an ARN, an id, a name, or the end of an ARN.
    """
    from datetime import UTC, datetime

    from dms_lint.api.scan import must_exist
    from dms_lint.cli import inspection
    from dms_lint.collectors import read_inputs
    from dms_lint.engine.scan import NothingToJudge, read

    with ending_in_words():
        must_exist((path,))
    try:
        inventory = read(read_inputs((path,), read_secrets=read_secrets), date(at) or datetime.now(UTC))
    except NothingToJudge as nothing:
        complain(notice for notice in nothing.notices if notice.problem)
        stop(str(nothing), USAGE)
    complain(notice for notice in inventory.notices if notice.problem)
    if id_ is None:
        show(inspection.resources(inventory))
        return
    matching = inspection.matching(inventory, id_)
    if not matching:
        stop(f"no resource is called '{id_}'; `dms-lint inspect {path}` lists them", USAGE)
    for resource in matching:
        show(inspection.inspection(resource, inventory, page_style()))

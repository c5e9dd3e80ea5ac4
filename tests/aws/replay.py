"""Answers that tests seed, by account and Region, and how they are found for a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from dms_lint.aws.responses import RESPONSES, TOKENS
from dms_lint.collectors import read_inputs
from dms_lint.model import Document
from tests.aws.paging import lists_of
from tests.aws.subjects import ABOUT, names_of, normal, not_found, spellings, subject_of
from tests.aws.wire import AwsError, operation_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dms_lint.model import Refusal
    from tests.aws.asked import Asked

_OF_ACCOUNT: Final = frozenset({"account", "iam", "organizations", "s3"})
"""Services that answer the same whatever Region is asked."""
_READ: Final = frozenset(row.operation for row in RESPONSES)
_ATTRIBUTE: Final = "ec2:DescribeVpcAttribute"
_TAGS: Final = "dms:ListTagsForResource"
_REGIONS: Final = "account:ListRegions"
_VALUE: Final = "secretsmanager:GetSecretValue"


class Seed(NamedTuple):
    """One answer that waits for its request."""

    subject: str
    body: Mapping[str, Any]
    error: AwsError | None = None


class Seeds:
    """All that is seeded."""

    def __init__(self) -> None:
        self._seeds: dict[tuple[str, str], dict[str, list[Seed]]] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._seeds.clear()

    def read(self, account: str, region: str, path: str | Path) -> None:
        """Seed the AWS CLI answers of a file or a folder; refused ones too.  Raises ValueError for what is none.

        Pages of a listing become one listing.  Derived records of secrets are left out: AWS never answers so.
        """
        for one in read_inputs([str(path)]):
            if not isinstance(one, Document):
                if one.problem:
                    raise ValueError(str(one))
            elif "Derived" not in one.body:
                refused = one.refusal and _told(one.refusal)
                self._of(account, region, one.operation).append(Seed(one.subject, one.body, refused))

    def put(self, account: str, region: str, operation: str, body: Mapping[str, Any], subject: str = "") -> None:
        """Seed one answer in place of those of the same operation about the same thing."""
        if operation_model(operation) is None:
            raise ValueError(f"AWS has no operation {operation}")
        seeds = self._of(account, region, operation)
        new = Seed(subject, body)
        seeds[:] = [*(seed for seed in seeds if not _same(operation, seed, new)), new]

    def put_secret_value(self, account: str, region: str, arn: str, value: Mapping[str, Any] | str) -> None:
        """Seed what a secret holds."""
        name = arn.split(":", 6)[6].rpartition("-")[0]
        text = value if isinstance(value, str) else json.dumps(value)
        version = "9f3c1a52-7d0e-4c1b-8a4e-5b6c7d8e9f00"
        body = {"ARN": arn, "Name": name, "VersionId": version, "SecretString": text, "VersionStages": ["AWSCURRENT"]}
        self.put(account, region, _VALUE, body)

    def _of(self, account: str, region: str, operation: str) -> list[Seed]:
        place = "" if operation.partition(":")[0] in _OF_ACCOUNT else region
        return self._seeds.setdefault((account, place), {}).setdefault(operation, [])

    def answer(self, asked: Asked) -> Mapping[str, Any] | None:
        """The whole answer to a request, before it is cut into pages; None where it is not for us to answer.

        Raises AwsError for what is not there, and for what was refused when the answers were collected.
        """
        if asked.operation == _REGIONS:
            return self._regions(asked)
        of_account = asked.service in _OF_ACCOUNT
        here = self._seeds.get((asked.account, "" if of_account else asked.region))
        if here is None and not (of_account and any(account == asked.account for account, _ in self._seeds)):
            return None
        seeds = (here or {}).get(asked.operation, [])
        if not seeds and asked.operation not in _READ:
            return None
        if asked.operation == _TAGS:
            return self._tags(asked, seeds)
        if asked.operation in ABOUT:
            return self._one(asked, seeds)
        return _listing(asked, seeds)

    def _one(self, asked: Asked, seeds: list[Seed]) -> Mapping[str, Any]:
        subject = self._resolved(asked)
        for spelling in spellings(subject, asked.account, asked.region):
            found = [seed for seed in seeds if spelling in names_of(asked.operation, seed.subject, seed.body)]
            if not found:
                continue
            if found[0].error:
                raise found[0].error
            if asked.operation == _ATTRIBUTE:
                return _attribute(asked, found)
            return found[0].body
        if asked.operation == "s3:GetBucketEncryption" and self._has_bucket(asked):
            message = "The server side encryption configuration was not found"
            raise AwsError("ServerSideEncryptionConfigurationNotFoundError", message, 404)
        raise not_found(asked)

    def _resolved(self, asked: Asked) -> str:
        """The subject of a request; the key behind an alias, which DescribeKey alone takes."""
        subject = subject_of(asked)
        place = f"arn:aws:kms:{asked.region}:{asked.account}:"
        if asked.service != "kms" or not subject.removeprefix(place).startswith("alias/"):
            return subject
        if asked.operation != "kms:DescribeKey":
            raise AwsError("NotFoundException", f"Invalid keyId {subject}")
        for seed in self._seeds.get((asked.account, asked.region), {}).get("kms:ListAliases", []):
            for alias in seed.body.get("Aliases", ()):
                if alias["AliasName"] == subject.removeprefix(place) and "TargetKeyId" in alias:
                    return str(alias["TargetKeyId"])
        raise AwsError("NotFoundException", f"Alias {place}{subject.removeprefix(place)} is not found.")

    def _has_bucket(self, asked: Asked) -> bool:
        here = self._seeds.get((asked.account, ""), {})
        listed = (bucket for seed in here.get("s3:ListBuckets", []) for bucket in seed.body.get("Buckets", ()))
        looked = (seed for name in ("s3:HeadBucket", "s3:GetBucketLocation") for seed in here.get(name, []))
        bucket = subject_of(asked)
        return any(one["Name"] == bucket for one in listed) or any(seed.subject == bucket for seed in looked)

    def _tags(self, asked: Asked, seeds: list[Seed]) -> Mapping[str, Any]:
        """Tags of one resource, or of several with the resource in each tag, as DMS answers."""
        several = asked.parameters.get("ResourceArnList")
        tags = []
        for arn in several or [subject_of(asked)]:
            about = [seed for seed in seeds if seed.subject and _is_called(seed.subject, arn, asked)]
            if about and about[-1].error:
                raise about[-1].error
            if not about and not self._knows(asked, arn):
                raise not_found(asked)
            tags += [
                {**tag, "ResourceArn": arn}
                for seed in about or seeds
                for tag in seed.body.get("TagList", ())
                if tag.get("ResourceArn", arn if about else "") == arn
            ]
        if not several:
            tags = [{name: value for name, value in tag.items() if name != "ResourceArn"} for tag in tags]
        return {"TagList": tags}

    def _regions(self, asked: Asked) -> Mapping[str, Any]:
        """The Regions of an account; unless seeded, as moto's EC2 has them, since it has no such answer itself."""
        seeds = self._seeds.get((asked.account, ""), {}).get(_REGIONS, [])
        if seeds:
            regions = [region for seed in seeds for region in seed.body["Regions"]]
        else:
            default = {"opt-in-not-required": "ENABLED_BY_DEFAULT", "opted-in": "ENABLED"}
            regions = [
                {"RegionName": region.name, "RegionOptStatus": default.get(region.opt_in_status, "DISABLED")}
                for region in RegionsAndZonesBackend.regions
            ]
        wanted = asked.parameters.get("RegionOptStatusContains")
        return {"Regions": [one for one in regions if not wanted or one["RegionOptStatus"] in wanted]}

    def _knows(self, asked: Asked, arn: str) -> bool:
        """Whether anything seeded of DMS tells of a resource."""
        here = self._seeds[asked.account, asked.region]
        texts = (json.dumps(seed.body) for name, seeds in here.items() if name.startswith("dms:") for seed in seeds)
        names = (json.dumps(arn), json.dumps(arn.split(":")[-1]))
        return any(name in text for text in texts for name in names)


def _same(operation: str, old: Seed, new: Seed) -> bool:
    """Whether one answer takes another's place."""
    if operation == _TAGS:
        return normal(old.subject) == normal(new.subject)
    if operation not in ABOUT:
        return True
    if operation == _ATTRIBUTE and not (set(old.body) & set(new.body)) - {"VpcId"}:
        return False  # another attribute of the VPC
    names = names_of(operation, old.subject, old.body)
    return bool(names & names_of(operation, new.subject, new.body))


def _is_called(subject: str, arn: str, asked: Asked) -> bool:
    """Whether a subject means the resource of an ARN: it is the ARN, or its end as `endpoint.ABC`."""
    called = normal(subject)
    return normal(arn) == called or normal(arn).endswith(f"-{asked.account}-{called}")


def _attribute(asked: Asked, seeds: list[Seed]) -> Mapping[str, Any]:
    """One attribute of a VPC: EC2 answers no more at a time."""
    wanted = str(asked.parameters.get("Attribute", ""))
    member = wanted[:1].upper() + wanted[1:]
    for seed in seeds:
        if member in seed.body:
            return {"VpcId": seed.body.get("VpcId", subject_of(asked)), member: seed.body[member]}
    raise not_found(asked)


def _listing(asked: Asked, seeds: list[Seed]) -> Mapping[str, Any]:
    """All that was seeded of a listing; empty lists where nothing was."""
    for seed in seeds:
        if seed.error:
            raise seed.error
    keys = lists_of(asked.operation)
    whole: dict[str, Any] = {}
    for seed in seeds:
        whole |= {name: value for name, value in seed.body.items() if name not in TOKENS}
    if asked.operation == "iam:GetCredentialReport" and not seeds:
        raise AwsError("ReportNotPresent", "No report exists. Call GenerateCredentialReport first.", 410)
    return whole | {key: [item for seed in seeds for item in seed.body.get(key) or ()] for key in keys}


def _told(refusal: Refusal) -> AwsError:
    """A refusal that was exported; of an answer without a body the code is its HTTP status."""
    status = int(refusal.code) if refusal.code.isdecimal() else 404 if refusal.code.startswith("NoSuch") else 400
    return AwsError(refusal.code, refusal.message, status)

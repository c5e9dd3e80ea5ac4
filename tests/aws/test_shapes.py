from __future__ import annotations

from typing import Any

import pytest

from dms_lint.aws.shapes import misfits


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("dms:DescribeEndpoints", {}),
        ("dms:DescribeEndpoints", {"Endpoints": []}),
        (
            "dms:DescribeEndpoints",
            {"Endpoints": [{"EndpointType": "SOURCE", "SslMode": "none", "CertificateArn": None}]},
        ),
        (
            "dms:DescribeEndpoints",
            {"Endpoints": [{"MySQLSettings": {"Port": 3306, "ServerName": "db"}}], "Marker": "a"},
        ),
        ("dms:DescribeEndpoints", {"Endpoints": [], "NextToken": "the AWS CLI's own"}),
        ("dms:DescribeReplicationInstances", {"ReplicationInstances": [{"InstanceCreateTime": 1700000000.5}]}),
        (
            "dms:DescribeReplicationInstances",
            {"ReplicationInstances": [{"InstanceCreateTime": "2026-01-01T00:00:00Z"}]},
        ),
        (
            "dms:DescribeReplicationInstances",
            {"ReplicationInstances": [{"ReplicationInstancePublicIpAddresses": [None]}]},
        ),
        ("dms:DescribeCertificates", {"Certificates": [{"CertificateWallet": "aGk="}]}),
        ("iam:GetRole", {"Role": {"AssumeRolePolicyDocument": {"Statement": []}}}),
        ("iam:GetRole", {"Role": {"AssumeRolePolicyDocument": "%7B%7D"}}),
        ("iam:GetAccountSummary", {"SummaryMap": {"Users": 3}}),
        ("secretsmanager:DescribeSecret", {"VersionIdsToStages": {"a": ["AWSCURRENT"]}}),
    ],
    ids=str,
)
def test_what_aws_sends_fits(operation: str, body: dict[str, Any]) -> None:
    assert list(misfits(operation, body)) == []


@pytest.mark.parametrize(
    ("operation", "body", "said"),
    [
        ("dms:DescribeEndpoints", {"Endpoint": []}, "Endpoint: no such member; did you mean 'Endpoints'?"),
        ("dms:DescribeEndpoints", {"Endpoints": {}}, "Endpoints: not a list"),
        ("dms:DescribeEndpoints", {"Endpoints": [1]}, "Endpoints[0]: not an object"),
        (
            "dms:DescribeEndpoints",
            {"Endpoints": [{}, {"Sslmode": "none"}]},
            "Endpoints[1].Sslmode: no such member; did you mean 'SslMode'?",
        ),
        ("dms:DescribeEndpoints", {"Endpoints": [{"Port": "3306"}]}, "Endpoints[0].Port: not a integer"),
        ("dms:DescribeEndpoints", {"Endpoints": [{"Port": True}]}, "Endpoints[0].Port: not a integer"),
        ("dms:DescribeEndpoints", {"Endpoints": [{"EngineName": 5}]}, "Endpoints[0].EngineName: not a string"),
        (
            "dms:DescribeEndpoints",
            {"Endpoints": [{"SslMode": "verify"}]},
            "Endpoints[0].SslMode: 'verify' is none of none, require, verify-ca, verify-full"
            "; did you mean 'verify-ca'?",
        ),
        (
            "dms:DescribeEndpoints",
            {"Endpoints": [{"MySQLSettings": {"ServerNam": "db"}}]},
            "Endpoints[0].MySQLSettings.ServerNam: no such member; did you mean 'ServerName'?",
        ),
        (
            "dms:DescribeReplicationInstances",
            {"ReplicationInstances": [{"MultiAZ": "false"}]},
            "ReplicationInstances[0].MultiAZ: not a boolean",
        ),
        (
            "dms:DescribeReplicationInstances",
            {"ReplicationInstances": [{"InstanceCreateTime": True}]},
            "ReplicationInstances[0].InstanceCreateTime: not a timestamp",
        ),
        ("kms:GetKeyPolicy", {"Policy": {"Statement": []}}, "Policy: not a string"),
        ("iam:GetAccountSummary", {"SummaryMap": []}, "SummaryMap: not an object"),
        ("iam:GetAccountSummary", {"SummaryMap": {"Users": "3"}}, "SummaryMap.Users: not a integer"),
        (
            "secretsmanager:DescribeSecret",
            {"VersionIdsToStages": {"a": "AWSCURRENT"}},
            "VersionIdsToStages.a: not a list",
        ),
    ],
    ids=str,
)
def test_what_aws_never_sends_is_said_with_its_path(operation: str, body: dict[str, Any], said: str) -> None:
    assert list(misfits(operation, body)) == [said]


def test_every_misfit_is_said() -> None:
    assert len(list(misfits("dms:DescribeEndpoints", {"Endpoints": [{"A": 1, "B": 2}], "C": 3}))) == 3

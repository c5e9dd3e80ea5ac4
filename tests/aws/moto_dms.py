"""Makes moto's DMS answer as AWS does: what dms-lint reads, and what makes the resources that it reads.

Moto knows 18 operations, leaves defaults out of its answers, echoes passwords and pages nothing.  Here a listing is a
row of LISTINGS, and an operation that makes something a row of CREATES.  What is made is kept as AWS returns it, by
account and Region on moto's own backend, so that a reset of moto clears it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.aws.moto_dms_made import CREATES, Faulty, Made, child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Listing(NamedTuple):
    """An operation that lists."""

    key: str
    """The member with the items."""
    filters: Mapping[str, str] = {}
    """Which member of an item a filter compares."""


# fmt: off
LISTINGS: Final[Mapping[str, Listing]] = {
    "DescribeEndpoints": Listing("Endpoints", {
        "endpoint-arn": "EndpointArn", "endpoint-id": "EndpointIdentifier", "endpoint-type": "EndpointType",
        "engine-name": "EngineName"}),
    "DescribeReplicationInstances": Listing("ReplicationInstances", {
        "replication-instance-arn": "ReplicationInstanceArn",
        "replication-instance-id": "ReplicationInstanceIdentifier",
        "replication-instance-class": "ReplicationInstanceClass", "engine-version": "EngineVersion"}),
    "DescribeReplicationSubnetGroups": Listing("ReplicationSubnetGroups", {
        "replication-subnet-group-id": "ReplicationSubnetGroupIdentifier"}),
    "DescribeCertificates": Listing("Certificates", {
        "certificate-arn": "CertificateArn", "certificate-id": "CertificateIdentifier"}),
    "DescribeReplicationTasks": Listing("ReplicationTasks", {
        "replication-task-arn": "ReplicationTaskArn", "replication-task-id": "ReplicationTaskIdentifier",
        "migration-type": "MigrationType", "endpoint-arn": "SourceEndpointArn",
        "replication-instance-arn": "ReplicationInstanceArn"}),
    "DescribeReplicationConfigs": Listing("ReplicationConfigs", {
        "replication-config-arn": "ReplicationConfigArn", "replication-config-id": "ReplicationConfigIdentifier"}),
    "DescribeReplications": Listing("Replications", {"replication-config-arn": "ReplicationConfigArn"}),
    "DescribeConnections": Listing("Connections", {
        "endpoint-arn": "EndpointArn", "replication-instance-arn": "ReplicationInstanceArn"}),
    "DescribeEventSubscriptions": Listing("EventSubscriptionsList", {"event-subscription-arn": "CustSubscriptionId"}),
    "DescribeInstanceProfiles": Listing("InstanceProfiles", {"instance-profile-identifier": "InstanceProfileArn"}),
    "DescribeDataProviders": Listing("DataProviders", {"data-provider-identifier": "DataProviderArn"}),
    "DescribeMigrationProjects": Listing("MigrationProjects", {"migration-project-identifier": "MigrationProjectArn"}),
    "DescribeDataMigrations": Listing("DataMigrations"),
    "DescribePendingMaintenanceActions": Listing("PendingMaintenanceActions"),
    "DescribeEngineVersions": Listing("EngineVersions"),
    "DescribeOrderableReplicationInstances": Listing("OrderableReplicationInstances"),
    "DescribeReplicationTaskAssessmentRuns": Listing("ReplicationTaskAssessmentRuns"),
    "DescribeEndpointSettings": Listing("EndpointSettings"),
}
VERSIONS: Final = (("3.6.1", "2025-06-30", "2027-12-31"), ("3.6.0", "2025-01-31", "2027-06-30"))
"""Engine versions of every Region: version, launch, end of support."""
SETTINGS: Final = {"mysql": ("EventsPollInterval", "integer", False), "oracle": ("AsmPassword", "string", True)}
"""An endpoint setting of an engine: its name, its type, whether it is sensitive."""
# fmt: on


def patch() -> None:
    """Put these operations into moto's DMS; a second call changes nothing."""
    from moto.dms.responses import DatabaseMigrationServiceResponse as Dms

    for operation in LISTINGS:
        setattr(Dms, _snake(operation), _answering(_list, operation))
    for operation in CREATES:
        setattr(Dms, _snake(operation), _answering(_create, operation))
    for function in (
        _start_replication_task,
        _stop_replication_task,
        _test_connection,
        _describe_account_attributes,
        _list_tags_for_resource,
        _add_tags_to_resource,
    ):
        setattr(Dms, function.__name__[1:], _answering(function, ""))


def put(account: str, region: str, operation: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Add items, as AWS returns them, to what a listing (`DescribeDataMigrations`) answers in an account's Region."""
    from moto.dms.models import dms_backends

    _state(dms_backends[account][region]).setdefault(LISTINGS[operation].key, []).extend(dict(one) for one in items)


def _answering(function: Callable[[Any, str, dict[str, Any]], Any], operation: str) -> Callable[[Any], str]:
    """A method of moto's: its name is the operation's, its answer JSON."""

    def method(self: Any) -> str:
        try:
            return json.dumps(function(self, operation, json.loads(self.body or "{}")))
        except Faulty as fault:
            from moto.dms.exceptions import DmsClientError

            raise DmsClientError(*fault.args) from None

    return method


def _snake(operation: str) -> str:
    from moto.core.utils import camelcase_to_underscores

    return str(camelcase_to_underscores(operation))


def _state(backend: Any) -> dict[str, Any]:
    return backend.__dict__.setdefault("as_aws_returns_it", {})  # type: ignore[no-any-return]


@cache
def model() -> Any:
    """The botocore model of DMS."""
    import botocore.session

    return botocore.session.get_session().get_service_model("dms")


def _sent(shape: Any, value: Any) -> Any:
    """What of an input AWS sends back: the members of the output's shape, without what is sensitive."""
    if shape.type_name == "structure":
        return {
            key: _sent(shape.members[key], one)
            for key, one in value.items()
            if key in shape.members and not shape.members[key].metadata.get("sensitive")
        }
    if shape.type_name == "list":
        return [_sent(shape.member, one) for one in value]
    return value


# -- listings


def _list(self: Any, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    listing = LISTINGS[operation]
    items = _items(self, operation, asked)
    if not asked.get("Filters"):
        return _page(listing.key, items, asked)
    for one in asked["Filters"]:
        if one["Name"] not in listing.filters:
            raise Faulty("InvalidParameterValueException", f"Unrecognized filter name: {one['Name']}")
        wanted = {value.lower() for value in one["Values"]}
        items = [item for item in items if str(item.get(listing.filters[one["Name"]], "")).lower() in wanted]
    if not items:
        raise Faulty("ResourceNotFoundFault", f"No {listing.key} found matching provided filters.")
    return _page(listing.key, items, asked)


def _items(self: Any, operation: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    state = _state(self.dms_backend)
    kept: list[dict[str, Any]] = state.get(LISTINGS[operation].key, [])
    if operation == "DescribeEngineVersions":
        return kept + [
            {
                "Version": version,
                "Lifecycle": "Generally Available",
                "ReleaseStatus": "prod",
                "LaunchDate": _seconds(launched),
                "DeprecationDate": _seconds(ends),
                "ForceUpgradeDate": _seconds(ends),
                "AvailableUpgrades": [newer for newer, _, _ in VERSIONS if newer > version],
            }
            for version, launched, ends in VERSIONS
        ]
    if operation == "DescribeOrderableReplicationInstances":
        return kept + [
            {
                "EngineVersion": version,
                "ReplicationInstanceClass": f"dms.{size}",
                "StorageType": "gp2",
                "MinAllocatedStorage": 5,
                "MaxAllocatedStorage": 6144,
                "DefaultAllocatedStorage": 100,
                "IncludedAllocatedStorage": 100,
                "AvailabilityZones": [self.region + zone for zone in "abc"],
            }
            for version, _, _ in VERSIONS
            for size in (f"{family}.{size}" for family in ("c5", "c6i", "r5", "r6i") for size in ("large", "xlarge"))
        ]
    if operation == "DescribeEndpointSettings":
        setting = SETTINGS.get(asked["EngineName"])
        return [*kept, dict(zip(("Name", "Type", "Sensitive"), setting, strict=True))] if setting else kept
    if operation == "DescribeReplicationTasks" and asked.get("WithoutSettings"):
        return [{name: one[name] for name in one if name != "ReplicationTaskSettings"} for one in kept]
    return kept


def _seconds(day: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(day + "T00:00:00+00:00").timestamp()


def _page(key: str, items: list[dict[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    size = asked.get("MaxRecords", 100)
    if not 20 <= size <= 100:
        raise Faulty("InvalidParameterValueException", f"MaxRecords must be between 20 and 100, inclusive: {size}")
    start = 0
    if marker := asked.get("Marker"):
        try:
            start = int(base64.b64decode(marker, validate=True).removeprefix(b"from "))
        except ValueError:
            raise Faulty("InvalidParameterValueException", "Invalid Marker") from None
    page: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        page["Marker"] = base64.b64encode(b"from %d" % (start + size)).decode()
    return page


def _describe_account_attributes(self: Any, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    state = _state(self.dms_backend)
    unique = hashlib.sha256(f"{self.current_account} {self.region}".encode()).hexdigest()[:12]
    quotas = (("ReplicationInstances", 60), ("Endpoints", 1000), ("Certificates", 100))
    return {
        "AccountQuotas": [
            {"AccountQuotaName": name, "Used": len(state.get(name, ())), "Max": most} for name, most in quotas
        ],
        "UniqueAccountIdentifier": f"{self.region}-{unique}",
    }


# -- tags


def _list_tags_for_resource(self: Any, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    state = _state(self.dms_backend)
    if bool(asked.get("ResourceArn")) == bool(asked.get("ResourceArnList")):
        raise Faulty("InvalidParameterCombinationException", "Either ResourceArn or ResourceArnList must be given.")
    found = []
    for arn in asked.get("ResourceArnList") or [asked["ResourceArn"]]:
        if arn not in state.get("tags", {}):
            raise Faulty("ResourceNotFoundFault", f"Resource {arn} not found")
        extra = {"ResourceArn": arn} if asked.get("ResourceArnList") else {}
        found += [{"Key": key, "Value": value, **extra} for key, value in state["tags"][arn].items()]
    return {"TagList": found}


def _add_tags_to_resource(self: Any, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    tags = _state(self.dms_backend).get("tags", {})
    if asked["ResourceArn"] not in tags:
        raise Faulty("ResourceNotFoundFault", f"Resource {asked['ResourceArn']} not found")
    tags[asked["ResourceArn"]].update({one["Key"]: one.get("Value", "") for one in asked["Tags"]})
    return {}


# -- what is made


def _create(self: Any, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    row = CREATES[operation]
    state = _state(self.dms_backend)
    items: list[dict[str, Any]] = state.setdefault(row.key, [])
    name = asked[row.asks]
    if row.lower:
        name = name.lower()
    if any(str(one[row.name]).lower() == name.lower() for one in items):
        raise Faulty("ResourceAlreadyExistsFault", f"{row.answer} already exists: {name}")
    made = Made(self.current_account, self.region, state, asked, time.time())
    resource = asked.get("ResourceIdentifier") or _identity(made, row.kind, name)
    arn = f"arn:aws:dms:{self.region}:{self.current_account}:{row.kind}:{name if row.named else resource}"
    item = _sent(child(model(), operation, row.answer), {**asked, row.name: name})
    if row.arn:
        item[row.arn] = arn
    item = {key: value for key, value in {**item, **row.fill(made, item)}.items() if value is not None}
    items.append(item)
    state.setdefault("tags", {})[arn] = {one["Key"]: one.get("Value", "") for one in asked.get("Tags", ())}
    return {row.answer: item}


def _identity(made: Made, kind: str, name: str) -> str:
    """26 letters and digits, as in the ARNs of AWS; the same for the same thing in every run."""
    digest = hashlib.sha256(f"{made.account} {made.region} {kind} {name}".encode()).digest()
    return base64.b32encode(digest).decode()[:26]


def _found(self: Any, key: str, member: str, arn: str) -> dict[str, Any]:
    for one in _state(self.dms_backend).get(key, ()):
        if one[member] == arn:
            return one  # type: ignore[no-any-return]
    raise Faulty("ResourceNotFoundFault", f"{arn} not found")


def _start_replication_task(self: Any, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    task = _found(self, "ReplicationTasks", "ReplicationTaskArn", asked["ReplicationTaskArn"])
    task.update(Status="running", ReplicationTaskStartDate=time.time())
    return {"ReplicationTask": task}


def _stop_replication_task(self: Any, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    task = _found(self, "ReplicationTasks", "ReplicationTaskArn", asked["ReplicationTaskArn"])
    if task["Status"] != "running":
        raise Faulty("InvalidResourceStateFault", "Replication Task cannot be stopped, it is not running")
    task.update(Status="stopped", StopReason="Stop Reason NORMAL")
    return {"ReplicationTask": task}


def _test_connection(self: Any, _: str, asked: dict[str, Any]) -> dict[str, Any]:
    instance = _found(self, "ReplicationInstances", "ReplicationInstanceArn", asked["ReplicationInstanceArn"])
    endpoint = _found(self, "Endpoints", "EndpointArn", asked["EndpointArn"])
    connection = {
        "ReplicationInstanceArn": asked["ReplicationInstanceArn"],
        "EndpointArn": asked["EndpointArn"],
        "Status": "successful",
        "EndpointIdentifier": endpoint["EndpointIdentifier"],
        "ReplicationInstanceIdentifier": instance["ReplicationInstanceIdentifier"],
    }
    _state(self.dms_backend).setdefault("Connections", []).append(connection)
    return {"Connection": {**connection, "Status": "testing"}}

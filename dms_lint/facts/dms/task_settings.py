"""The settings of a task or a serverless replication, which AWS sends as JSON within JSON."""

from __future__ import annotations

import json
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dms_lint.model import Missing, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.model import Resource

_MEMBERS: Final = {"replication-config": "ReplicationSettings"}
_MEMBER: Final = "ReplicationTaskSettings"


def settings(task: Resource) -> Mapping[str, Any]:
    """The settings, by section: `{"Logging": {"EnableLogging": true}, ...}`.

    Missing where the listing was made without settings, and where the text is no JSON object.
    """
    member = _MEMBERS.get(task.kind, _MEMBER)
    raw = task.data.get(member)
    if raw is None:
        raise Missing(
            f"{task.where} has no {member}: it was listed without settings",
            needs=task.needs,
            reason="listed without settings",
        )
    if isinstance(raw, dict):
        # CloudFormation takes a serverless replication's settings as an object too.
        return raw
    if not isinstance(raw, str):
        raise task.malformed(member, "text")
    sections = _parse(raw)
    if sections is None:
        raise task.malformed(member, "a JSON object")
    return sections


def section(task: Resource, name: str) -> Record:
    """A section of the settings as a record, without members where the settings leave it out.

    What an absent member means stands in AWS's description of that setting: the caller says it, as a default.
    """
    member = _MEMBERS.get(task.kind, _MEMBER)
    return Record(settings(task), f"{task.where}: {member}", task.needs).block(name, default={})


@lru_cache(maxsize=64)
def _parse(text: str) -> Mapping[str, Any] | None:
    """The JSON object that the text is; None when it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return MappingProxyType(value) if isinstance(value, dict) else None

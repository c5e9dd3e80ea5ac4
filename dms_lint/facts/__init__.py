"""Every fact that a rule may read, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts import (
    authentication,
    availability,
    certificates,
    dms_policies,
    endpoints,
    keys,
    logs,
    network,
    operations,
    roles,
    secret_settings,
    secrets,
    service_roles,
    tags,
    targets,
    tasks,
    tls,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.facts.base import Fact

_MODULES: Final = (
    authentication,
    availability,
    certificates,
    dms_policies,
    endpoints,
    keys,
    logs,
    network,
    operations,
    roles,
    secret_settings,
    secrets,
    service_roles,
    tags,
    targets,
    tasks,
    tls,
)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for module in _MODULES for fact in module.FACTS}

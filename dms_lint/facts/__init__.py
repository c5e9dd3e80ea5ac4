"""Every fact that a rule may read, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts import (
    authentication,
    availability,
    certificates,
    data_providers,
    endpoints,
    keys,
    logs,
    network,
    operations,
    roles,
    secret_paths,
    secret_settings,
    secrets,
    secrets_endpoint_doors,
    service_paths,
    service_roles,
    tags,
    targets,
    tasks,
    tls,
    tls_versions,
    trails,
    vpc_endpoint_groups,
    vpc_endpoints,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.facts.base import Fact

_MODULES: Final = (
    authentication,
    availability,
    certificates,
    data_providers,
    endpoints,
    keys,
    logs,
    network,
    operations,
    roles,
    secret_paths,
    secret_settings,
    secrets,
    secrets_endpoint_doors,
    service_paths,
    service_roles,
    tags,
    targets,
    tasks,
    tls,
    tls_versions,
    trails,
    vpc_endpoint_groups,
    vpc_endpoints,
)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for module in _MODULES for fact in module.FACTS}

"""Every fact that a rule may read, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts import (
    access_keys,
    authentication,
    availability,
    certificates,
    endpoints,
    kerberos,
    keys,
    logs,
    network,
    operations,
    principal_keys,
    principal_needs,
    principal_secrets,
    principals,
    role_trust,
    roles,
    root_user,
    rotation,
    secret_access,
    secret_contents,
    secret_keys,
    secret_settings,
    secrets,
    serverless_role,
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
    access_keys,
    authentication,
    availability,
    certificates,
    endpoints,
    kerberos,
    keys,
    logs,
    network,
    operations,
    principal_keys,
    principal_needs,
    principal_secrets,
    principals,
    role_trust,
    roles,
    root_user,
    rotation,
    secret_access,
    secret_contents,
    secret_keys,
    secret_settings,
    secrets,
    serverless_role,
    service_roles,
    tags,
    targets,
    tasks,
    tls,
)

FACTS: Final[Mapping[str, Fact]] = {fact.name: fact for module in _MODULES for fact in module.FACTS}

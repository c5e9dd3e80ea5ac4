"""Every fact that a rule may read, by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.facts.base import Fact

# The modules that have facts of their own, one a line.
_MODULES: Final = (
    "access_keys",
    "authentication",
    "availability",
    "buckets",
    "certificate_users",
    "certificates",
    "data_providers",
    "database_authorities",
    "databases",
    "dms_policies",
    "endpoint_certificates",
    "endpoints",
    "kerberos",
    "key_policies",
    "key_users",
    "keys",
    "legs",
    "login_roles",
    "logs",
    "malformed_statements",
    "network",
    "openings",
    "operations",
    "paths",
    "policy_effects",
    "principal_keys",
    "principal_needs",
    "principal_secrets",
    "principals",
    "role_trust",
    "roles",
    "root_user",
    "rotation",
    "secret_access",
    "secret_contents",
    "secret_keys",
    "secret_paths",
    "secret_settings",
    "secrets",
    "secrets_endpoint_doors",
    "serverless_role",
    "service_access",
    "service_paths",
    "service_roles",
    "tag_conditions",
    "tags",
    "target_keys",
    "targets",
    "tasks",
    "tls",
    "tls_versions",
    "trails",
    "unseen",
    "vpc_endpoint_groups",
    "vpc_endpoints",
)

FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact for name in _MODULES for fact in import_module(f"dms_lint.facts.{name}").FACTS
}

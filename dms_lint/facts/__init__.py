"""Every fact that a rule may read, by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dms_lint.facts.fact import Fact

# The modules that have facts of their own, one a line.
_MODULES: Final = (
    "access.bucket_access",
    "access.iam_authentication_roles",
    "access.kerberos",
    "access.key_policies",
    "access.key_usage",
    "access.operator_key_access",
    "access.operator_permissions",
    "access.operator_secret_access",
    "access.secret_roles",
    "access.secret_access",
    "access.secret_key_access",
    "access.target_key_access",
    "credentials.authentication",
    "credentials.rotation",
    "credentials.secret_changes",
    "credentials.secret_records",
    "credentials.secret_settings",
    "credentials.secrets",
    "dms.encryption_keys",
    "dms.endpoints",
    "dms.presence",
    "dms.tags",
    "iam.dms_policies",
    "iam.dms_roles.required_roles",
    "iam.dms_roles.role_trust",
    "iam.dms_roles.serverless_role",
    "iam.dms_roles.service_access_roles",
    "iam.identities.access_keys",
    "iam.identities.organization_policies",
    "iam.identities.principals",
    "iam.identities.root_user",
    "iam.ineffective_statements",
    "iam.policy_effects",
    "iam.tag_conditions",
    "network.databases",
    "network.endpoint_locations",
    "network.instance_exposure",
    "network.internet_ingress",
    "network.private_endpoints.endpoint_security_groups",
    "network.private_endpoints.secrets_endpoint_blockers",
    "network.private_endpoints.secrets_reachability",
    "network.private_endpoints.service_reachability",
    "network.private_endpoints.vpc_endpoints",
    "network.reachability",
    "operations.availability",
    "operations.cloudtrail",
    "operations.maintenance",
    "operations.task_logs",
    "operations.tasks",
    "targets.buckets",
    "targets.encryption",
    "tls.certificate_authorities",
    "tls.certificate_usage",
    "tls.certificates",
    "tls.data_providers",
    "tls.endpoint_certificates",
    "tls.modes",
    "tls.required_tls",
)

FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact for name in _MODULES for fact in import_module(f"dms_lint.facts.{name}").FACTS
}

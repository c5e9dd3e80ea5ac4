"""Every fact that a rule may read, by name, and what must be collected for it."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dms_lint.facts.fact import Fact
    from dms_lint.model import Rule

READS_FILE: Final = Path(__file__).with_name("reads.json")
"""By fact, the kinds of resources that it may ask the inventory for.  tools/reads.py writes it."""

# The modules that have facts of their own, one a line.
MODULES: Final = (
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
    "tls.aurora_hosts",
    "tls.certificate_authorities",
    "tls.certificate_usage",
    "tls.certificates",
    "tls.data_providers",
    "tls.endpoint_certificates",
    "tls.engine_protocols",
    "tls.modes",
    "tls.required_tls",
)

FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact for name in MODULES for fact in import_module(f"dms_lint.facts.{name}").FACTS
}


@cache
def reads() -> Mapping[str, tuple[str, ...]]:
    """By fact, the kinds of resources that it may ask the inventory for, besides the resource that it is about."""
    table: Mapping[str, list[str]] = json.loads(READS_FILE.read_bytes())
    return {fact: tuple(kinds) for fact, kinds in table.items()}


def judged_kinds(rules: Iterable[Rule]) -> set[str]:
    """The kinds of resources that rules judge."""
    return {kind for rule in rules for kind in rule.applies_to}


def kinds_read(rules: Iterable[Rule]) -> set[str]:
    """The kinds of resources that the facts of rules ask for, besides the resource that is judged."""
    facts = {fact for rule in rules for fact in (*rule.when, *rule.expect, *rule.evidence)}
    return {kind for fact in facts for kind in reads()[fact]}

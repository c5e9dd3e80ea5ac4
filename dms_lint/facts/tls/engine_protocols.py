"""The protocol settings of engines that have their own in place of an SSL mode: Kafka, Redis, OpenSearch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dms_lint.facts.dms.endpoints import ENDPOINT, engine, setting, unsettled
from dms_lint.facts.fact import Fact, text

if TYPE_CHECKING:
    from dms_lint.inventory.inventory import Inventory
    from dms_lint.model import Resource

KAFKA_PROTOCOLS: Final = ("plaintext", "ssl-encryption", "ssl-authentication", "sasl-ssl")
REDIS_PROTOCOLS: Final = ("plaintext", "ssl-encryption")
NAME_CHECKS: Final = ("none", "https")


def kafka_protocol(endpoint: Resource, inventory: Inventory) -> str:
    """The security protocol of a Kafka endpoint, `plaintext` where none is set; '' for other engines."""
    if engine(endpoint, inventory) != "kafka":
        return ""
    # A Kafka endpoint is created without encryption unless a protocol is named:
    # https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kafka.html
    return _one_of(endpoint, inventory, "SecurityProtocol", KAFKA_PROTOCOLS, "plaintext")


def kafka_name_check(endpoint: Resource, inventory: Inventory) -> str:
    """How a Kafka endpoint checks that a broker's certificate names the broker: `https`, or `none`.

    '' for other engines.  Missing where it is not set: AWS does not say what holds then.
    """
    if engine(endpoint, inventory) != "kafka":
        return ""
    member = "SslEndpointIdentificationAlgorithm"
    value = _one_of(endpoint, inventory, member, NAME_CHECKS, "")
    if not value:
        raise unsettled(
            endpoint,
            f"{member} is not set, and AWS does not say whether broker names are checked then",
            f"{member} in the Kafka settings",
        )
    return value


def redis_protocol(endpoint: Resource, inventory: Inventory) -> str:
    """The security protocol of a Redis endpoint, `ssl-encryption` where none is set; '' for other engines."""
    if engine(endpoint, inventory) != "redis":
        return ""
    # "The default is ssl-encryption": https://docs.aws.amazon.com/dms/latest/APIReference/API_RedisSettings.html
    return _one_of(endpoint, inventory, "SslSecurityProtocol", REDIS_PROTOCOLS, "ssl-encryption")


def _one_of(endpoint: Resource, inventory: Inventory, member: str, values: tuple[str, ...], default: str) -> str:
    value = setting(endpoint, inventory, member).lower() or default
    if value and value not in values:
        raise endpoint.malformed(member, f"one of {', '.join(values)}")
    return value


def search_scheme(endpoint: Resource, inventory: Inventory) -> str:
    """How an OpenSearch or Elasticsearch endpoint is reached, `http` or `https`; '' for other engines."""
    if engine(endpoint, inventory) != "elasticsearch":
        return ""
    uri = setting(endpoint, inventory, "EndpointUri").strip().lower()
    if not uri:
        raise endpoint.missing("EndpointUri")
    scheme, separator, _ = uri.partition("://")
    if not separator:
        # HTTPS is used where the address names no protocol:
        # https://docs.aws.amazon.com/dms/latest/APIReference/API_ElasticsearchSettings.html
        return "https"
    if scheme not in ("http", "https"):
        raise endpoint.malformed("EndpointUri", "an address of HTTP or HTTPS")
    return scheme


FACTS: Final = (
    Fact("tls.kafka_protocol", ENDPOINT, text("", *KAFKA_PROTOCOLS), kafka_protocol),
    Fact("tls.kafka_name_check", ENDPOINT, text("", *NAME_CHECKS), kafka_name_check),
    Fact("tls.redis_protocol", ENDPOINT, text("", *REDIS_PROTOCOLS), redis_protocol),
    Fact("tls.search_scheme", ENDPOINT, text("", "http", "https"), search_scheme),
)

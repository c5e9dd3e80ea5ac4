"""The guard: a client that makes no call but those of the table, whatever the code asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection


class Forbidden(Exception):
    """A call that dms-lint must never make: a bug, met before anything was sent."""


def guard(client: Any, allowed: Collection[str]) -> Any:
    """The same boto3 client, which from now on refuses every operation (`dms:DescribeEndpoints`) that is not allowed.

    Asked twice: before an input is built, and before each request is sent, however it came about.
    """
    service = client.meta.service_model.service_name

    def check(name: str) -> None:
        if f"{service}:{name}" not in allowed:
            raise Forbidden(f"{service}:{name} is not among the calls that dms-lint makes")

    def before_input(model: Any, **_: Any) -> None:
        check(model.name)

    def before_sending(operation_name: str, **_: Any) -> None:
        check(operation_name)

    client.meta.events.register_first("before-parameter-build", before_input)
    client.meta.events.register_first("request-created", before_sending)
    return client

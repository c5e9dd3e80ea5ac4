"""Compares a response with botocore's model of the operation: what AWS never sends is no test of anything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dms_lint.data.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (str, int, float),  # the AWS CLI prints ISO 8601 (version 2) or seconds (version 1)
    "blob": (str,),  # base64, as the AWS CLI prints it
}


@cache
def _session() -> Any:
    import botocore.session

    return botocore.session.get_session()


@cache
def _output(operation: str) -> Any:
    service, name = operation.split(":")
    return _session().get_service_model(service).operation_model(name).output_shape


def misfits(operation: str, body: Mapping[str, Any]) -> Iterator[str]:
    """What an answer holds that the operation does not send, each with its path; nothing when it fits.

    Enumerations are compared without case: DescribeEndpoints answers SOURCE where its model says source.
    """
    shape = _output(operation)
    for key, value in body.items():
        if key == "NextToken" and key not in shape.members:
            continue  # the AWS CLI's own, with --max-items
        if key not in shape.members:
            yield f"{key}: no such member{nearest(str(key), shape.members)}"
        else:
            yield from _misfit(shape.members[key], value, key)


def _misfit(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            yield f"{path}: not an object"
            return
        for key, member in value.items():
            if key not in shape.members:
                yield f"{path}.{key}: no such member{nearest(str(key), shape.members)}"
            else:
                yield from _misfit(shape.members[key], member, f"{path}.{key}")
    elif shape.type_name == "list":
        if not isinstance(value, list):
            yield f"{path}: not a list"
            return
        for number, item in enumerate(value):
            yield from _misfit(shape.member, item, f"{path}[{number}]")
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            yield f"{path}: not an object"
            return
        for key, item in value.items():
            yield from _misfit(shape.value, item, f"{path}.{key}")
    else:
        yield from _scalar(shape, value, path)


def _scalar(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.name == "policyDocumentType" and isinstance(value, dict):
        return  # the AWS CLI decodes IAM's policy documents
    types = _TYPES[shape.type_name]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        yield f"{path}: not a {shape.type_name}"
    elif shape.type_name == "string" and shape.enum and str(value).lower() not in {word.lower() for word in shape.enum}:
        yield f"{path}: '{value}' is none of {', '.join(shape.enum)}{nearest(str(value), shape.enum)}"

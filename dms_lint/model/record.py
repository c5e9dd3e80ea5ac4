"""JSON objects as AWS sent them, read by name, and the resources that they describe."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dms_lint.model.verdict import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ABSENT: Final = object()
EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Record:
    """A JSON object that AWS sent, read by name.

    An accessor without `default` raises Missing when the member is absent (or null, which AWS uses alike).
    Giving a `default` is the visible statement that AWS documents absence to mean just that.  A member of
    another type than AWS sends raises Missing too: the answer was garbled, and nothing follows from it.
    """

    __slots__ = ("_place", "data", "needs")

    def __init__(self, data: Mapping[str, Any], place: str | tuple[Record, str], needs: str) -> None:
        self.data = data
        self.needs = needs
        self._place = place

    @property
    def where(self) -> str:
        """What this is and where it was read: the subject of a sentence about it."""
        place = self._place
        return place if isinstance(place, str) else f"{place[0].where}: {place[1]}"

    def __contains__(self, key: str) -> bool:
        return self.data.get(key) is not None

    def __getitem__(self, key: str) -> Any:
        """The member as AWS sent it; Missing when it is absent."""
        value = self.data.get(key)
        if value is None:
            raise self.missing(key)
        return value

    def missing(self, key: str) -> Missing:
        """The absence of a member, for a caller that must say so itself."""
        return Missing(f"{self.where} has no {key}", needs=self.needs, reason=f"the answer has no {key}")

    def malformed(self, key: str, wanted: str) -> Missing:
        """A member that is there and is not what AWS sends."""
        return Missing(
            f"{self.where} has a {key} that is not {wanted}",
            needs=self.needs,
            reason=f"{key} is not {wanted}",
            status=Status.NOT_READABLE,
        )

    def _typed(self, key: str, types: type | tuple[type, ...], wanted: str, default: Any) -> Any:
        value = self.data.get(key)
        if value is None:
            if default is _ABSENT:
                raise self.missing(key)
            return default
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            raise self.malformed(key, wanted)
        return value

    def text(self, key: str, default: Any = _ABSENT) -> str:
        """A string member."""
        value = self.data.get(key)
        if value.__class__ is not str:
            value = self._typed(key, str, "text", default)
        text: str = value
        return text

    def flag(self, key: str, default: Any = _ABSENT) -> bool:
        """A boolean member."""
        value: bool = self._typed(key, bool, "true or false", default)
        return value

    def number(self, key: str, default: Any = _ABSENT) -> int:
        """A whole-number member."""
        value = self.data.get(key)
        if value.__class__ is not int:
            value = self._typed(key, int, "a whole number", default)
        number: int = value
        return number

    def texts(self, key: str, default: Any = _ABSENT) -> tuple[str, ...]:
        """A list of strings; nulls in it are left out, as AWS sends `[null]` for none."""
        values = self._typed(key, (list, tuple), "a list", default)
        found = tuple(value for value in values if value is not None)
        if not all(isinstance(value, str) for value in found):
            raise self.malformed(key, "a list of text")
        return found

    def records(self, key: str, default: Any = _ABSENT) -> tuple[Record, ...]:
        """A list of objects, each a record; nulls in it are left out."""
        found = self.objects(key, default)
        return tuple(Record(value, (self, f"{key}[{n}]"), self.needs) for n, value in enumerate(found))

    def objects(self, key: str, default: Any = _ABSENT) -> Sequence[dict[str, Any]]:
        """What `records` gives, as AWS sent it: for lists that are read too often to make a record of each item."""
        values = self.data.get(key)
        if values.__class__ is not list:
            values = self._typed(key, (list, tuple), "a list", default)
        found: Sequence[Any] = [value for value in values if value is not None] if None in values else values
        for value in found:
            if not isinstance(value, dict):
                raise self.malformed(key, "a list of objects")
        return found

    def block(self, key: str, default: Any = _ABSENT) -> Record:
        """A nested object, as a record that names its path when something in it is missing."""
        value = self._typed(key, dict, "an object", default)
        return Record(value, (self, key), self.needs)


class Resource(Record):
    """One resource of the account, in AWS's own shape and names, and where it was read.

    `id` is unique among the resources of a kind: the ARN where AWS gives one.  `file` and `line` (from 1) say
    where its first document names it; both are None for what was not read from a file.  `memo` keeps what was
    derived of it, by the function that derives it.
    """

    __slots__ = ("account", "arn", "file", "id", "kind", "line", "memo", "name", "operation", "region", "type")

    def __init__(
        self,
        kind: str,
        id: str,  # noqa: A002 - the word of the report
        data: Mapping[str, Any],
        *,
        name: str = "",
        arn: str = "",
        account: str = "",
        region: str = "",
        file: str | None = None,
        line: int | None = None,
        operation: str = "",
        type: str = "",  # noqa: A002 - the word of the report
    ) -> None:
        self.kind = kind
        self.id = id
        self.name = name or id
        self.arn = arn
        self.account = account
        self.region = region
        self.file = file
        self.line = line
        self.operation = operation
        self.type = type
        self.memo: dict[Any, Any] = {}
        super().__init__(data, "", operation)

    @property
    def where(self) -> str:
        """`endpoint orders-source in describe-endpoints.json`: the subject of a sentence about it."""
        return f"{self.kind} {self.name}" + (f" in {self.file}" if self.file else "")

    def __repr__(self) -> str:
        return f"Resource({self.kind!r}, {self.id!r})"

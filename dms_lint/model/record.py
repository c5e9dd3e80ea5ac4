"""JSON objects as AWS sent them, read by name, and the resources that they describe."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dms_lint.model.verdict import Missing, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ABSENT: Final = object()
_SCALAR: Final = frozenset({str, int, float, bool, type(None)})
EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Unresolved:
    """A value that a template leaves open, with the chain of reasons: `parameter Mode`, `condition IsProd`.

    The member may even be absent (AWS::NoValue).  Whoever compares the value, tests its truth or looks for it in a set
    past the accessors of Record gets Missing, for nothing follows from it.
    """

    __slots__ = ("reasons",)

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons

    def missing(self, where: str = "a value") -> Missing:
        """The Missing of the value, which stands at `where`."""
        chain = ", ".join(self.reasons)
        return Missing(
            f"{where} depends on {chain}",
            needs=self.reasons[0],
            reason=f"the value depends on {chain}",
        )

    def __bool__(self) -> bool:
        raise self.missing()

    def __eq__(self, value: object) -> bool:
        raise self.missing()

    def __hash__(self) -> int:
        raise self.missing()

    def __repr__(self) -> str:
        return f"Unresolved({self.reasons!r})"


class Record:
    """A JSON object that AWS sent, read by name.

    An accessor without `default` raises Missing when the member is absent (or null, which AWS uses alike).
    Giving a `default` is the visible statement that AWS documents absence to mean just that.  A member of
    another type than AWS sends raises Missing too: the answer was garbled, and nothing follows from it.  So does a
    value that is Unresolved, with or without a `default`: nobody knows whether the member is there at all.
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
        value = self.data.get(key)
        if value.__class__ is Unresolved:
            raise self.unresolved(key, value)
        return value is not None

    def __getitem__(self, key: str) -> Any:
        """The member as AWS sent it; Missing when it is absent, or when anything in it is unresolved."""
        value = self.data.get(key)
        if value is None:
            raise self.missing(key)
        if value.__class__ not in _SCALAR:
            self._require_resolved(key, value)
        return value

    def _require_resolved(self, path: str, value: Any) -> None:
        """Raise Missing when a value is unresolved, or any value within it."""
        if isinstance(value, Unresolved):
            raise self.unresolved(path, value)
        if isinstance(value, dict):
            for name, member in value.items():
                if member.__class__ not in _SCALAR:
                    self._require_resolved(f"{path}.{name}", member)
        elif isinstance(value, (list, tuple)):
            for number, item in enumerate(value):
                if item.__class__ not in _SCALAR:
                    self._require_resolved(f"{path}[{number}]", item)

    def unresolved(self, path: str, value: Unresolved) -> Missing:
        """The Missing of a member that a template leaves open."""
        return value.missing(f"{self.where}: {path}")

    def missing(self, key: str) -> Missing:
        """The absence of a member, for a caller that must say so itself."""
        return Missing(f"{self.where} has no {key}", needs=self.needs, reason=f"the answer has no {key}")

    def malformed(self, key: str, expected: str) -> Missing:
        """A member that is there and is not what AWS sends."""
        return Missing(
            f"{self.where} has a {key} that is not {expected}",
            needs=self.needs,
            reason=f"{key} is not {expected}",
            status=Status.NOT_READABLE,
        )

    def typed(self, key: str, types: type | tuple[type, ...], expected: str, default: Any) -> Any:
        """A member of one of these types; the default where it is absent, Missing where that is ABSENT."""
        value = self.data.get(key)
        if value is None:
            if default is ABSENT:
                raise self.missing(key)
            return default
        if value.__class__ is Unresolved:
            raise self.unresolved(key, value)
        if not isinstance(value, types) or (isinstance(value, bool) and types is not bool):
            raise self.malformed(key, expected)
        return value

    def text(self, key: str, default: Any = ABSENT) -> str:
        """A string member."""
        value = self.data.get(key)
        if value.__class__ is not str:
            value = self.typed(key, str, "text", default)
        text: str = value
        return text

    def flag(self, key: str, default: Any = ABSENT) -> bool:
        """A boolean member."""
        value: bool = self.typed(key, bool, "true or false", default)
        return value

    def number(self, key: str, default: Any = ABSENT) -> int:
        """A whole-number member."""
        value = self.data.get(key)
        if value.__class__ is not int:
            value = self.typed(key, int, "a whole number", default)
        number: int = value
        return number

    def texts(self, key: str, default: Any = ABSENT) -> tuple[str, ...]:
        """A list of strings; nulls in it are left out, as AWS sends `[null]` for none."""
        values = self.typed(key, (list, tuple), "a list", default)
        texts = tuple(value for value in values if value is not None)
        for number, value in enumerate(texts):
            if not isinstance(value, str):
                raise self._misfit(key, number, value, "a list of text")
        return texts

    def _misfit(self, key: str, number: int, item: Any, expected: str) -> Missing:
        """The Missing of an item that is unresolved, or not what AWS sends."""
        if isinstance(item, Unresolved):
            return self.unresolved(f"{key}[{number}]", item)
        return self.malformed(key, expected)

    def records(self, key: str, default: Any = ABSENT) -> tuple[Record, ...]:
        """A list of objects, each a record; nulls in it are left out."""
        items = self.objects(key, default)
        return tuple(Record(item, (self, f"{key}[{n}]"), self.needs) for n, item in enumerate(items))

    def objects(self, key: str, default: Any = ABSENT) -> Sequence[dict[str, Any]]:
        """What `records` gives, as AWS sent it: for lists that are read too often to make a record of each item."""
        values = self.data.get(key)
        if values.__class__ is not list:
            values = self.typed(key, (list, tuple), "a list", default)
        has_null = False
        for number, value in enumerate(values):
            if value is None:
                has_null = True
            elif not isinstance(value, dict):
                raise self._misfit(key, number, value, "a list of objects")
        items: Sequence[Any] = [value for value in values if value is not None] if has_null else values
        return items

    def block(self, key: str, default: Any = ABSENT) -> Record:
        """A nested object, as a record that names its path when something in it is missing."""
        value = self.typed(key, dict, "an object", default)
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
        id: str,
        data: Mapping[str, Any],
        *,
        name: str = "",
        arn: str = "",
        account: str = "",
        region: str = "",
        file: str | None = None,
        line: int | None = None,
        operation: str = "",
        type: str = "",
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

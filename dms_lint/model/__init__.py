"""The words of dms-lint: verdicts, resources, absence, findings, reports.  Nothing here knows AWS or a rule.

They are named tuples: as frozen as a dataclass, and made ten times as fast, which start-up is full of.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class Verdict(StrEnum):
    """What a rule says of a resource."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Severity(IntEnum):
    """How much a failure matters; a larger number is worse."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word that rules, reports and options use: `critical`, `high`, ..."""
        return self.name.lower()


class Status(StrEnum):
    """Why something is unknown: the input has no such data, or it was there and could not be read."""

    NOT_PROVIDED = "not-provided"
    NOT_READABLE = "not-readable"


class Missing(Exception):
    """Data that a fact needs and does not have.  It makes a verdict unknown, never a pass or a fail.

    `message` says what is missing of which resource; `reason` says the same without naming a resource, so that
    many can be counted together; `needs` names what would settle it: an AWS action, or a file to mend.
    """

    def __init__(self, message: str, *, needs: str, reason: str = "", status: Status = Status.NOT_PROVIDED) -> None:
        super().__init__(message)
        self.message = message
        self.needs = needs
        self.reason = reason or message
        self.status = status


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


class Refusal(NamedTuple):
    """A call without an answer: AWS refused it (`code` and `message` are AWS's own), or it `failed` on the way."""

    code: str
    message: str
    failed: bool = False
    """Whether no answer came, or none that says anything: a time-out, throttling to the end, a garbled answer."""
    needs: str = ""
    """What would settle it, where that is not the action of the call itself."""

    def missing(self, what: str, action: str) -> Missing:
        """What is missing because of it: `action` is what would have settled it, had it been answered."""
        needs = self.needs or action
        how = f"{needs} failed" if self.failed else f"AWS refused {needs}"
        return Missing(
            f"{what}: {how} ({self.code})",
            needs=needs,
            reason=f"the call failed: {self.code}" if self.failed else f"AWS refused it: {self.code}",
            status=Status.NOT_READABLE,
        )


class Document(NamedTuple):
    """One answer of one AWS operation, as AWS gave it, and where it was read."""

    operation: str
    """Service and operation, as IAM writes them: `dms:DescribeEndpoints`."""
    body: Mapping[str, Any]
    """The answer; empty when the call was refused."""
    file: str | None = None
    subject: str = ""
    """What the answer is about, where it does not say so itself (the key of a key policy)."""
    account: str = ""
    region: str = ""
    modified: float = 0.0
    """When the file was last written (seconds since 1970): of two answers about a resource the newer counts."""
    line: int | None = None
    """Where it begins in its file, from 1."""
    lines: Mapping[str, Sequence[int]] = EMPTY
    """By listing member, the line that names each of its items."""
    refusal: Refusal | None = None


class Notice(NamedTuple):
    """A line about the input: a file that could not be read (`problem`) or something worth knowing."""

    message: str
    file: str | None = None
    line: int | None = None
    problem: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" if place else self.message


class Fix(NamedTuple):
    """How to mend a failure: a sentence or two, and how that is written for each tool."""

    text: str
    cli: Mapping[str, str]
    """An AWS CLI command by kind of resource ('' for every kind)."""
    cloudformation: str = ""
    """Resources of a template, in YAML: what of them matters.  '' where no template mends it."""
    terraform: str = ""
    """The same as blocks of HCL, in the words of the AWS provider."""
    disruptive: str = ""
    """Why the command deletes, interrupts what is running or cuts access, so that nobody runs it in passing; '' for
    one that does not."""


class Setting(NamedTuple):
    """A value of a rule's `expect` that a team may set for itself."""

    fact: str
    word: str
    """The word of the fact's condition that it sets; `contains` takes a list, all of which must be in the value."""
    about: str
    """What it sets, for people."""
    fail: str = ""
    """What a failure says once it is set, where the rule's own sentence would not be true then."""


class Rule(NamedTuple):
    """One rule of a pack, as its file says it."""

    id: str
    name: str
    title: str
    severity: Severity
    basis: str
    covers: tuple[str, ...]
    applies_to: tuple[str, ...]
    why: str
    when: Mapping[str, Mapping[str, Any]]
    expect: Mapping[str, Mapping[str, Any]]
    evidence: tuple[str, ...]
    fail: str
    fix: Fix
    refs: tuple[str, ...]
    file: str
    settings: Mapping[str, Setting] = EMPTY
    also: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """What settings expect besides: facts, and what each must be."""


class Waiver(NamedTuple):
    """A risk that somebody accepts: which findings, why, and until when."""

    rule: str
    """A rule's id, a prefix of ids, or a name."""
    resource: str
    """An ARN, id or name, in which `*` stands for anything."""
    reason: str
    expires: str = ""
    """The last day on which it counts, as YYYY-MM-DD; '' where it has no end."""
    account: str = ""
    region: str = ""
    owner: str = ""
    ticket: str = ""
    place: str = ""
    """`FILE:LINE` where it stands."""
    expired: bool = False
    """Whether its last day had passed at the moment of the scan."""


class Wording(NamedTuple):
    """The sentences of a finding, filled in."""

    message: str
    fix: str = ""
    cli: str = ""
    disruptive: str = ""


class Finding(NamedTuple):
    """A rule's verdict on a resource, with what it rests on."""

    rule: Rule
    resource: Resource
    verdict: Verdict
    evidence: Mapping[str, Any]
    """The facts that were read, by name; those that could not be read are absent."""
    missing: Missing | None = None
    waiver: Waiver | None = None
    """The waiver that fits it, in force or expired.  It changes no verdict."""
    known: bool = False
    """Whether the baseline holds it."""
    wording: Wording | None = None
    """Its sentences as a report that was read back holds them; None where the rule's templates give them."""

    @property
    def accepted(self) -> bool:
        """Whether it is known or waived, so that it fails no pipeline."""
        return self.known or (self.waiver is not None and not self.waiver.expired)

    @property
    def fingerprint(self) -> str:
        """Rule and resource: the same finding has the same fingerprint in every scan, wherever its lines stand."""
        return f"{self.rule.id}:{self.resource.arn or self.resource.id}"


class Gap(NamedTuple):
    """Verdicts that one missing thing would settle."""

    needs: str
    reason: str
    status: Status
    account: str
    region: str
    rules: tuple[str, ...]
    resources: int
    checks: int


class Fault(NamedTuple):
    """A bug of dms-lint met while judging: never a verdict."""

    rule: str
    resource: str
    error: str
    traceback: str


class Control(NamedTuple):
    """What a framework or another tool asks, by the rules that answer it."""

    rules: tuple[str, ...]
    severity: Severity | None
    """What it weighs there; None where the framework does not say."""


class Framework(NamedTuple):
    """Controls that users know by their ids: those of a standard, of an AWS service, or another tool's checks."""

    name: str
    title: str
    source: str
    tool: bool
    """Whether it is another tool: its checks lead to rules, and are no account of compliance."""
    controls: Mapping[str, Control]
    tallies: Mapping[str, tuple[int, int, int]] | None = None
    """By control, how many checks failed, are unknown and passed, as a report that was read back holds it; None where
    the checks of the controls' rules give it."""


class Pack(NamedTuple):
    """A rule pack: its name, version and rules in the order of their ids, and what the rules answer elsewhere."""

    name: str
    version: str
    rules: tuple[Rule, ...]
    frameworks: tuple[Framework, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    """Name and version of each further pack that is in force beside it: their rules are among `rules`."""


class Report(NamedTuple):
    """All that a scan found out."""

    pack: Pack
    started_at: datetime
    duration_s: float
    inputs: tuple[str, ...]
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    resources: Mapping[str, int]
    """How many resources of each kind were judged."""
    verdicts: Mapping[Verdict, int]
    checks: Mapping[str, Mapping[Verdict, int]]
    """How many checks of each rule passed, failed and are unknown; of each listing that could not be read, one is."""
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    faults: tuple[Fault, ...]
    notices: tuple[Notice, ...] = ()
    judged: frozenset[str] = frozenset()
    """ARN or id of every resource that was judged."""
    absent: frozenset[str] = frozenset()
    """Of the resources that were asked about, those that certainly do not exist: a complete listing has them not."""
    scopes: tuple[str, ...] = ()
    """`ACCOUNT/REGION` of every answer of DMS itself: what belongs to a whole account may fail for what is in each."""

    def failures(self) -> dict[Severity, int]:
        """How many findings failed at each severity, the worst first."""
        counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
        for finding in self.findings:
            if finding.verdict is Verdict.FAIL:
                counts[finding.rule.severity] += 1
        return counts

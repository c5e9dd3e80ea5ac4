"""Makes the calls of the table: side by side across accounts, Regions and services, and in an order that repeats.

Each account, and each of its Regions, is a chain of waves: listings first, then what is asked about what they told
of.  Clients are made in the one thread that runs the chains; other threads only ask.
"""

from __future__ import annotations

import threading
import traceback
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dms_lint.aws import redaction
from dms_lint.aws.arn import parse_arn
from dms_lint.collectors.live.calls import CALLS, READS_VALUES, Call, wave
from dms_lint.collectors.live.errors import INTERRUPTED, NOT_ENABLED
from dms_lint.collectors.live.request import ask, batches
from dms_lint.collectors.live.sessions import enter
from dms_lint.collectors.live.subjects import subjects
from dms_lint.collectors.records import Record, documents
from dms_lint.model import Fault, Notice, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from dms_lint.aws.where import Where
    from dms_lint.collectors.live.account import Account
    from dms_lint.model import Document

_LAST: Final = max(map(wave, CALLS))
_BUG: Final = Refusal("InternalError", "a bug of dms-lint", failed=True)
_Ask = tuple[Call, tuple[str, ...]]
"""A call, and what it is asked about."""


class Counts(NamedTuple):
    """How far a collection has come: how many are done, and how many are known of."""

    accounts: tuple[int, int]
    regions: tuple[int, int]
    calls: tuple[int, int]


class Collection(NamedTuple):
    """What was collected: every call that was made or should have been, and what is to be said of them."""

    records: tuple[Record, ...]
    notices: tuple[Notice, ...]
    faults: tuple[Fault, ...]
    interrupted: bool

    def documents(self) -> Iterator[Document | Notice]:
        """The answers and refusals, in the order of accounts, Regions and the table."""
        yield from self.notices
        for record in self.records:
            yield from documents(record)


class _Job(NamedTuple):
    """Calls of one service in one Region, made one after another by one thread."""

    chain: _Chain
    client: Any
    asks: list[_Ask]


class _Chain:
    """The calls of an account in one Region; Region '' stands for what an account has as a whole."""

    def __init__(self, account: Account, region: str, calls: Iterable[Call]) -> None:
        self.account = account
        self.region = region
        self.calls = [call for call in calls if call.of_account_alone == (not region)]
        self.begun: tuple[int, list[_Ask]] = (-1, [])
        """The wave that is under way, and what it asks: set at once, for Ctrl-C may come at any time."""
        self.made: set[_Ask] = set()
        self.pending = 0
        self.records: list[Record] = []

    @property
    def wave(self) -> int:
        """The wave that is under way; -1 before the first."""
        return self.begun[0]

    def asks(self) -> dict[tuple[str, str], list[_Ask]]:
        """What the next wave asks, by service and Region; empty when the chain is at its end."""
        asks: dict[tuple[str, str], list[_Ask]] = defaultdict(list)
        next_wave = self.wave
        while not asks and next_wave < _LAST:
            next_wave += 1
            answers: list[Document] | None = None
            for call in (call for call in self.calls if wave(call) == next_wave):
                if not call.follows:
                    asks[call.service, self.place].append((call, ()))
                    continue
                if answers is None:
                    answers = [document for record in self.records for document in documents(record)]
                by_place: dict[str, list[str]] = defaultdict(list)
                for subject in subjects(call, answers, self.account.id, self.region, self.account.regions):
                    by_place[_region_of(subject) or self.place].append(subject)
                for place, some in by_place.items():
                    asks[call.service, place] += [(call, batch) for batch in batches(some, call.batch)]
        self.begun = (next_wave, [ask for group in asks.values() for ask in group])
        return asks

    @property
    def place(self) -> str:
        """The Region in which to ask."""
        return self.region or self.account.home

    def record(self, call: Call, about: tuple[str, ...], body: Any, refusal: Refusal | None) -> None:
        """Keep what came of a call."""
        self.made.add((call, about))
        region = "" if call.of_account else self.region
        self.records.append(Record(call.operation, self.account.id, region, about, body, refusal))


def collect(calls: Sequence[Call], where: Where, progress: Callable[[Counts], None] | None = None) -> Collection:
    """Make these calls in every account and Region that is asked for.

    Raises CannotStart when nothing can be read at all.  Ctrl-C ends it early: what was not asked is told as such.
    """
    return _Collecting(calls, where, progress or (lambda _: None)).run()


class _Collecting:
    def __init__(self, calls: Sequence[Call], where: Where, progress: Callable[[Counts], None]) -> None:
        self.calls = calls
        self.where = where
        self.progress = progress
        self.allowed = {call.operation for call in CALLS if call.operation != READS_VALUES or call in calls}
        self.notices: list[Notice] = []
        self.faults: list[Fault] = []
        self.chains: list[_Chain] = []
        self.open: list[_Chain] = []
        self.requested: set[tuple[str, str, tuple[Any, ...], tuple[str, ...]]] = set()
        self.planned = self.done = 0
        self.entered = False
        self.stopped = threading.Event()

    def run(self) -> Collection:
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        executor = ThreadPoolExecutor(self.where.workers)
        under_way: dict[Future[None], _Job] = {}
        try:
            for entry in enter(self.where, self.allowed):
                if isinstance(entry, Notice):
                    self.notices.append(entry)
                else:
                    self._enter(entry)
                self._tell()
            self.entered = True
            for chain in tuple(self.open):
                under_way |= {executor.submit(self._work, job): job for job in self._next(chain)}
            while under_way:
                done, _ = wait(under_way, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    chain = under_way.pop(future).chain
                    chain.pending -= 1
                    if not chain.pending and self._enabled(chain):
                        under_way |= {executor.submit(self._work, job): job for job in self._next(chain)}
                self._tell()
        except KeyboardInterrupt:
            self._give_up()
        executor.shutdown(wait=False, cancel_futures=True)
        order = {call: number for number, call in enumerate(CALLS)}
        places = {operation.operation: number for operation, number in order.items()}
        records = [record for chain in self.chains for record in chain.records]
        records.sort(key=lambda rec: (rec.account, rec.region, places[rec.operation], rec.subjects, rec.refusal or ()))
        return Collection(tuple(records), tuple(self.notices), tuple(self.faults), self.stopped.is_set())

    def _enter(self, account: Account) -> None:
        """Begin the chains of an account; of one that may not be entered, every listing is refused."""
        for region in ("", *account.regions):
            chain = _Chain(account, region, self.calls)
            if not chain.calls:
                continue
            self.chains.append(chain)
            if account.refusal is None:
                self.open.append(chain)
                continue
            for call in chain.calls:
                if not call.follows:
                    chain.record(call, (), None, account.refusal)

    def _next(self, chain: _Chain) -> Iterator[_Job]:
        for (service, region), asks in chain.asks().items():
            new = [(call, about) for call, about in asks if self._is_new(chain, call, about)]
            chain.made |= set(asks) - set(new)  # by another
            if new:
                chain.pending += 1
                self.planned += len(new)
                yield _Job(chain, chain.account.client(service, region), new)
        if not chain.pending:
            if chain.wave < _LAST:
                yield from self._next(chain)
            else:
                self.open.remove(chain)

    def _is_new(self, chain: _Chain, call: Call, about: tuple[str, ...]) -> bool:
        """Whether nobody has asked it: two Regions may refer to one bucket, which belongs to neither."""
        if not call.of_account:
            return True
        key = (chain.account.id, call.operation, call.options, about)
        new = key not in self.requested
        self.requested.add(key)
        return new

    def _work(self, job: _Job) -> None:
        for call, about in job.asks:
            if self.stopped.is_set():
                return
            try:
                body, refusal = ask(job.client, call, about)
            except Exception as error:  # noqa: BLE001 - a bug stops no other call, and is told
                why = f"{type(error).__name__}: {redaction.message(str(error))}"
                trace = redaction.trace("".join(traceback.format_exception(error)))
                self.faults.append(Fault("", call.operation, why, trace))
                body, refusal = None, _BUG
            if self.stopped.is_set():  # it has been told already that it was not made
                return
            job.chain.record(call, about, body, refusal)
            self.done += 1

    def _enabled(self, chain: _Chain) -> bool:
        """Whether a chain goes on: not where its Region refuses everything because the account has not enabled it."""
        refusals = [record.refusal for record in chain.records]
        if chain.wave or not chain.region or not all(refusal and refusal.code in NOT_ENABLED for refusal in refusals):
            return True
        if not chain.account.credentials_work():
            return True
        chain.records.clear()
        self.chains.remove(chain)
        self.open.remove(chain)
        self.notices.append(Notice(f"{chain.account.id}: {chain.region} is not enabled: not scanned"))
        return False

    def _tell(self) -> None:
        accounts = {chain.account.id: True for chain in self.chains}
        accounts.update({chain.account.id: False for chain in self.open})
        regions = [chain for chain in self.chains if chain.region]
        left = [chain for chain in self.open if chain.region]
        self.progress(
            Counts(
                (sum(accounts.values()), len(accounts)),
                (len(regions) - len(left), len(regions)),
                (self.done, self.planned),
            )
        )

    def _give_up(self) -> None:
        """Tell of every call that was not made: those under way, and those that would have followed."""
        self.stopped.set()
        for chain in self.open:
            missing = [ask for ask in chain.begun[1] if ask not in chain.made]
            missing += [(call, ()) for call in chain.calls if wave(call) > chain.wave]
            for call, about in missing:
                chain.record(call, about, None, INTERRUPTED)
        if not self.entered:
            message = "interrupted before it was known which accounts and Regions there are: some are missing"
            self.notices.append(Notice(message, problem=True))


def _region_of(subject: str) -> str:
    """The Region of the resource that an ARN names; '' for anything else."""
    arn = parse_arn(subject)
    return arn.region if arn else ""

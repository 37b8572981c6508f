"""What happens in a search, as messages for whoever shows it: two threads, one for events and one for reads.

Events tell of epochs at once; of everything else they tell that something is to be read anew, since progress, best and
remaining time are the service's to say.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass

from headstock._events import SILENCE_S, Frame, frames
from headstock.errors import ApiError, HeadstockError, Unreachable
from headstock.ledger import Ledger
from headstock.models import Epoch, Event, SearchRecord, TrialRecord
from headstock.searches import Search

# Reads follow each other at this distance at most, however much happens; and so often when nothing does.
READ_PAUSE_S = 0.4
QUIET_S = 5.0
_LONGEST_WAIT_S = 5.0
CURVES = 8
"""Running trials whose curves are read; more lines than these tell nothing."""


@dataclass(frozen=True, slots=True)
class Read:
    """The search and all its trials, by number."""

    record: SearchRecord
    trials: tuple[TrialRecord, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """What had been recorded of a trial."""

    trial_id: str
    epochs: tuple[Epoch, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """An event."""

    event: Event


@dataclass(frozen=True, slots=True)
class Link:
    """The stream of events has come up, or is broken and will be opened again."""

    up: bool


@dataclass(frozen=True, slots=True)
class Over:
    """Nothing more comes: the service refuses for good, or something went wrong here."""

    fault: HeadstockError


Message = Read | Curve | Told | Link | Over


class Feed:
    """Messages about one search until it has ended or `stop` is called. Use as a context.

    A service that is away is asked again for as long as it takes.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._http = search._http
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._stale = threading.Event()
        self._drawn: set[str] = set()

    def __enter__(self) -> Feed:
        self._stale.set()
        for work in (self._listen, self._read):
            threading.Thread(target=self._guarded, args=(work,), name=f"headstock{work.__name__}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End both threads: the reading one at once, the listening one when the service next says something."""
        self._stopped.set()
        self._stale.set()

    def messages(self, *, timeout_s: float = 0.0) -> list[Message]:
        """All that has come, oldest first; waits at most so long for the first."""
        found: list[Message] = []
        try:
            found.append(self._messages.get(timeout=timeout_s) if timeout_s > 0 else self._messages.get_nowait())
            while True:
                found.append(self._messages.get_nowait())
        except queue.Empty:
            return found

    def _guarded(self, work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except HeadstockError as fault:
            self._messages.put(Over(fault))
        except Exception as fault:
            # The client was closed under a thread that still read: whoever stopped us wants to hear no more.
            if not self._stopped.is_set():
                self._messages.put(Over(HeadstockError(f"following the search failed: {fault!r}")))

    def _listen(self) -> None:
        seen: int | None = None
        failures = 0
        up: bool | None = None
        while not self._stopped.is_set():
            headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
            if seen is not None:
                headers["Last-Event-ID"] = str(seen)
            try:
                path = f"{self._search._path}/events"
                with self._http.stream(path, headers=headers, read_timeout_s=SILENCE_S) as response:
                    for frame in frames(response.iter_lines()):
                        if self._stopped.is_set():
                            return
                        if not up:
                            up, failures = True, 0
                            self._messages.put(Link(up=True))
                            # What happened before the stream began is told by nobody.
                            self._stale.set()
                        if frame is not None:
                            seen = self._told(frame, seen)
            except (Unreachable, ApiError) as fault:
                if isinstance(fault, ApiError) and not fault.retryable:
                    raise
            if up is not False:
                up = False
                self._messages.put(Link(up=False))
            failures += 1
            self._stopped.wait(min(_LONGEST_WAIT_S, 0.1 * 2.0 ** min(failures, 8)))

    def _told(self, frame: Frame, seen: int | None) -> int:
        event = Event.model_validate_json(frame.data)
        if event.kind == "reset":
            self._drawn.clear()
        elif seen is not None and event.seq <= seen:
            return seen
        if event.kind == "trial.epoch":
            self._messages.put(Told(event))
        else:
            self._stale.set()
        return event.seq

    def _read(self) -> None:
        ledger = Ledger(self._search.trial_page)
        while True:
            self._stale.wait(QUIET_S)
            if self._stopped.is_set():
                return
            self._stale.clear()
            try:
                record = self._http.get(self._search._path, SearchRecord)
                ledger.update()
                self._messages.put(Read(record, tuple(trial for _, trial in sorted(ledger.trials.items()))))
                self._read_curves(record, ledger)
            except (Unreachable, ApiError) as fault:
                if isinstance(fault, ApiError) and not fault.retryable:
                    raise
                self._messages.put(Link(up=False))
                self._stale.set()
            else:
                if record.ended:
                    self._stopped.set()
                    return
            self._stopped.wait(READ_PAUSE_S)

    def _read_curves(self, record: SearchRecord, ledger: Ledger) -> None:
        """Curves of the trials that run, and of the best, each once: what comes later is told by events."""
        wanted = {trial.id: trial for trial in ledger.running[:CURVES]}
        best = ledger.by_id(record.best.trial_id) if record.best else None
        if best is not None:
            wanted[best.id] = best
        for trial_id, trial in wanted.items():
            if trial_id not in self._drawn:
                self._drawn.add(trial_id)
                self._messages.put(Curve(trial_id, tuple(self._search.handle(trial).epochs())))

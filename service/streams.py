"""The event log, fanned out to Server-Sent Events.

One thread reads new events for everybody, so that a hundred open dashboards cost the database one query per look. Each
reader has a bounded queue; one that cannot keep up is disconnected, and goes on where it stopped with `Last-Event-ID`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.errors import TooManyRequests
from service.limits import Limits
from service.measures import Measures
from service.written import written_time
from storage.errors import HeadstockError
from storage.ids import SearchId, TokenId
from storage.records import Event
from storage.repository import Repository

_log = structlog.get_logger("service")
_PAGE = 500
_RETRY_MS = 1000


@dataclass(eq=False, slots=True)
class Reader:
    """One open stream: what it wants to hear and what it has not been sent yet."""

    owner: str
    token_id: TokenId
    search_id: SearchId | None
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[tuple[Event, ...]]
    live: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class EventHub:
    """Owns the reading thread and all readers. `open` and `close` are called on the event loop."""

    def __init__(self, repository: Repository, *, limits: Limits, measures: Measures) -> None:
        self._repository = repository
        self._limits = limits
        self._measures = measures
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._readers: set[Reader] = set()
        self._per_token: Counter[TokenId] = Counter()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._seq: int | None = None

    @property
    def count(self) -> int:
        """Streams open now."""
        with self._lock:
            return len(self._readers)

    def open(self, *, owner: str, token_id: TokenId, search_id: SearchId | None) -> Reader:
        """A reader that hears every event from now on.

        Raises:
            TooManyRequests: The token, or everybody together, holds too many streams already.
        """
        reader = Reader(
            owner, token_id, search_id, asyncio.get_running_loop(), asyncio.Queue(self._limits.stream_queue)
        )
        with self._lock:
            if self._per_token[token_id] >= self._limits.streams_per_token:
                raise TooManyRequests(f"a token may hold {self._limits.streams_per_token} event streams")
            if len(self._readers) >= self._limits.streams:
                raise TooManyRequests("too many event streams are open")
            self._readers.add(reader)
            self._per_token[token_id] += 1
            self._measures.streams.set(len(self._readers))
            if self._seq is not None:
                reader.live.set()
            if self._stopping:
                reader.gone.set()
            elif self._thread is None:
                self._thread = threading.Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
            self._wake.notify_all()
        return reader

    def close(self, reader: Reader) -> None:
        """Forget a reader."""
        with self._lock:
            if reader in self._readers:
                self._readers.discard(reader)
                self._per_token[reader.token_id] -= 1
                if self._per_token[reader.token_id] <= 0:
                    del self._per_token[reader.token_id]
            self._measures.streams.set(len(self._readers))

    def stop(self) -> None:
        """End all streams, so that a shutdown does not wait for them. May be called from any thread, and again."""
        with self._lock:
            self._stopping = True
            readers = tuple(self._readers)
            self._wake.notify_all()
        for reader in readers:
            self._tell(reader, None)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5.0)

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._readers and not self._stopping:
                    # What happens while nobody listens need not be read: the next reader starts at its own place.
                    self._seq = None
                    self._wake.wait()
                if self._stopping:
                    return
            try:
                self._pass_on()
            except HeadstockError as error:
                _log.warning("events_unreadable", action="read_events", code=error.code)
            with self._lock:
                if not self._stopping:
                    self._wake.wait(timeout=self._limits.event_poll_s)

    def _pass_on(self) -> None:
        if self._seq is None:
            # Readers wait for this before they catch up from the log: otherwise what is recorded between their last
            # look and this one would reach them on neither way.
            seq = self._repository.last_event_seq()
            with self._lock:
                self._seq = seq
                waiting = tuple(self._readers)
            for reader in waiting:
                _call(reader, reader.live.set)
        while events := self._repository.events_after(self._seq, limit=_PAGE):
            with self._lock:
                readers = tuple(self._readers)
            # Records of events do not say whose they are; the database does.
            owners = {reader.owner for reader in readers if reader.search_id is None}
            owned = {
                owner: {event.seq for event in self._repository.events_after(self._seq, owner=owner, limit=_PAGE)}
                for owner in owners
            }
            for reader in readers:
                # One batch at a time: single events of a burst would fill the queue before the reader gets its turn.
                heard = tuple(event for event in events if _hears(reader, event, owned))
                if heard:
                    self._tell(reader, heard)
            self._seq = events[-1].seq
            if len(events) < _PAGE:
                return

    def _tell(self, reader: Reader, batch: tuple[Event, ...] | None) -> None:
        def deliver() -> None:
            if batch is None:
                reader.gone.set()
                return
            try:
                reader.queue.put_nowait(batch)
            except asyncio.QueueFull:
                if not reader.gone.is_set():
                    self._measures.streams_dropped.inc()
                reader.gone.set()

        _call(reader, deliver)


def _hears(reader: Reader, event: Event, owned: dict[str, set[int]]) -> bool:
    if reader.search_id is not None:
        # Whether the search is the caller's was checked when the stream was opened.
        return event.search_id == reader.search_id
    return event.seq in owned[reader.owner] or event.kind.startswith("worker.")


def _call(reader: Reader, action: Callable[[], None]) -> None:
    try:
        reader.loop.call_soon_threadsafe(action)
    except RuntimeError:
        # The loop has ended meanwhile, and the reader with it.
        return


def event_lines(event: Event) -> bytes:
    """One event in the stream's text format; a JSON text has no raw line ends, so one `data:` line holds it."""
    document = {
        "seq": event.seq,
        "kind": event.kind,
        "search_id": event.search_id,
        "trial_id": event.trial_id,
        "payload": event.payload,
        "recorded_at": written_time(event.recorded_at),
    }
    return _frame(event.seq, event.kind, document)


def reset_lines(seq: int) -> bytes:
    """Tells a reader who claims to know the future that numbering has begun anew: read everything again."""
    return _frame(seq, "reset", {"seq": seq, "kind": "reset", "search_id": None, "trial_id": None, "payload": {}})


def _frame(seq: int, kind: str, document: dict[str, object]) -> bytes:
    data = json.dumps(document, ensure_ascii=False, allow_nan=False, default=dict, separators=(",", ":"))
    return f"id: {seq}\nevent: {kind}\ndata: {data}\n\n".encode("utf-8", errors="replace")


class EventStream(Response):
    """An endless `text/event-stream` answer.

    The reader is registered with the hub first and then catches up from the log, so nothing falls between the two; what
    both bring is sent once, by its number.
    """

    media_type = "text/event-stream"

    def __init__(
        self, hub: EventHub, reader: Reader, *, repository: Repository, limits: Limits, after: int | None, reset: bool
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        # The body is sent in pieces as they come; a length would be a lie.
        del self.headers["content-length"]
        self._hub = hub
        self._reader = reader
        self._repository = repository
        self._limits = limits
        self._after = after
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = [
            asyncio.create_task(self._send_all(send)),
            asyncio.create_task(self._reader.gone.wait()),
            asyncio.create_task(_disconnected(receive)),
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if parts[0] in done and (error := parts[0].exception()) is not None:
                _log.info("stream_ended", action="send_events", error=type(error).__name__)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
            self._hub.close(self._reader)
        if self._reader.gone.is_set():
            try:
                async with asyncio.timeout(1.0):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            except (TimeoutError, OSError):
                return

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._write(send, f"retry: {_RETRY_MS}\n\n".encode())
        seq = self._after if self._after is not None else await asyncio.to_thread(self._repository.last_event_seq)
        await self._reader.live.wait()
        # Tells the reader that from here on nothing is missed.
        await self._write(send, b": live\n\n")
        if self._reset:
            await self._write(send, reset_lines(seq))
        while events := await asyncio.to_thread(self._page_after, seq):
            seq = events[-1].seq
            await self._write(send, b"".join(event_lines(event) for event in events))
        while True:
            try:
                async with asyncio.timeout(self._limits.keep_alive_s):
                    batch = await self._reader.queue.get()
            except TimeoutError:
                await self._write(send, b": still here\n\n")
                continue
            fresh = [event for event in batch if event.seq > seq]
            if fresh:
                seq = fresh[-1].seq
                await self._write(send, b"".join(event_lines(event) for event in fresh))

    def _page_after(self, seq: int) -> tuple[Event, ...]:
        return self._repository.events_after(
            seq, search_id=self._reader.search_id, owner=self._reader.owner, limit=_PAGE
        )

    async def _write(self, send: Send, data: bytes) -> None:
        # Not `wait_for`: in Python 3.11 it can swallow the cancellation that ends this stream.
        async with asyncio.timeout(self._limits.send_timeout_s):
            await send({"type": "http.response.body", "body": data, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

# Made from _async/_events.py by `make twins`: edit that one.
"""Server-Sent Events: the text format, and a stream that goes on where it broke.

Format: WHATWG HTML, "Server-sent events", https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from headstock._http import Http
from headstock.errors import ApiError, UnexpectedAnswer, Unreachable
from headstock.models import Event

# Several times the pause between the service's keep-alive comments: silence for longer means a dead connection.
SILENCE_S = 60.0
# Who waits for news should not have to wait for the client's own pauses long after the service is back.
LONGEST_PAUSE_S = 5.0
# The last event of a search: the service writes it after those of the trials it ends.
LAST_KINDS = frozenset({"search.completed", "search.failed", "search.cancelled"})


@dataclass(frozen=True, slots=True)
class Frame:
    """One dispatched message of the stream."""

    id: str
    event: str
    data: str


def frames(lines: Iterable[str]) -> Iterator[Frame | None]:
    """The messages in a stream's lines (without line ends), and None for each keep-alive comment.

    A last message that the stream's end cut short is dropped, as the format asks.
    """
    last_id, event, data = "", "", list[str]()
    for line in lines:
        if line == "":
            if data:
                yield Frame(last_id, event or "message", "\n".join(data))
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "":
                yield None
            case "data":
                data.append(value)
            case "event":
                event = value
            case "id" if "\0" not in value:
                last_id = value
            case _:  # `retry`, or a field from the future
                continue


def follow(http: Http, path: str, *, after: int | None, over: Callable[[], bool] | None = None) -> Iterator[Event]:
    """Events in order, none twice; a connection that breaks is opened again with the number of the last event seen.

    The service's stream never ends by itself. With `over`, the iteration ends after the search's last event; and, for
    those who had seen that already, at the second comment without an event before it (the service sends one when a
    stream begins, and one after each quiet time) once the search was over before.

    Args:
        after: Number of the last event already seen; 0 for all that are kept, None for those from now on.
        over: Whether nothing new can happen; None follows for ever.

    Raises:
        ApiError: The service refused in a way that trying again will not help.
        Unreachable: For `Retries.away_s` no connection has told anything; the waits between them grow.
    """
    seen, failures = after, 0
    heard = http.waiting.monotonic()
    was_over = over is not None and over()
    while True:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if seen is not None:
            headers["Last-Event-ID"] = str(seen)
        fault: ApiError | Unreachable | None = None
        quiet = 0
        try:
            with http.stream(path, headers=headers, read_timeout_s=SILENCE_S) as response:
                for frame in frames(response.iter_lines()):
                    failures, heard = 0, http.waiting.monotonic()
                    if frame is None:
                        quiet += 1
                        if was_over and quiet >= 2:
                            return
                        was_over = over is not None and over()
                        continue
                    quiet = 0
                    event = _event(frame)
                    if event.kind != "reset" and seen is not None and event.seq <= seen:
                        continue
                    seen = event.seq
                    yield event
                    if over is not None and event.kind in LAST_KINDS:
                        return
        except Unreachable as broken:
            fault = broken
        except ApiError as refusal:
            if not refusal.retryable:
                raise
            fault = refusal
        failures += 1
        if fault is not None and http.waiting.monotonic() - heard >= http.retries.away_s:
            raise fault
        pause_s = http.retries.wait_s(failures, draw=http.waiting.draw())
        http.waiting.sleep(min(pause_s, LONGEST_PAUSE_S))


def _event(frame: Frame) -> Event:
    try:
        return Event.model_validate_json(frame.data)
    except ValidationError as fault:
        raise UnexpectedAnswer(f"event {frame.id!r} is not one this library understands: {frame.data[:200]}") from fault

"""Bounds on what one request may ask; the figures a client can meet are listed in `docs/rest.md`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep one client from taking the service away from the others.

    Attributes:
        body_bytes: Largest JSON body.
        depth: Deepest nesting of objects and arrays in a body.
        nodes: Most values in a body.
        text_characters: Longest string in a body.
        code_characters: Longest Python source in a definition, the one text that may have lines.
        integer_bound: Integers beyond it either way lose digits in JSON readers that use doubles (2**53).
        url_bytes: Longest request target.
        idle_s: Seconds a sender may pause in the middle of a body.
        bad_tokens_per_minute: Failed sign-ins from one address, after which further ones are put off.
        streams_per_token: Event streams one token may hold open.
        streams: Event streams in all.
        stream_queue: Batches (of up to 500 events) kept for one slow reader before its stream is closed.
        send_timeout_s: Seconds a reader may leave a sent event unread before its stream is closed.
        keep_alive_s: Seconds between comments on a silent event stream.
        event_poll_s: Seconds between looks at the event log while somebody listens.
        checks: Definitions checked at a time, those that wait for the planner included.
        exports: Models made ready for download at a time.
        pictures: Pictures drawn at a time, those that wait for a drawing process included.
        tables: Parquet and event files written at a time.
        analyses: Importances and surfaces worked out at a time, those that wait for the process included.
        previews: Data sets looked into at a time, those that wait for the process included.
        gate_wait_s: Seconds a request waits for a place among those before it is sent away.
        login_code_s: Seconds a login link works.
        session_s: Seconds a dashboard session lasts.
    """

    body_bytes: int = 1 << 20
    depth: int = 32
    nodes: int = 20_000
    text_characters: int = 4096
    code_characters: int = 256 * 1024
    integer_bound: int = 2**53
    url_bytes: int = 8192
    idle_s: float = 30.0
    bad_tokens_per_minute: int = 10
    streams_per_token: int = 10
    streams: int = 500
    stream_queue: int = 16
    send_timeout_s: float = 30.0
    keep_alive_s: float = 15.0
    event_poll_s: float = 0.1
    checks: int = 12
    exports: int = 4
    pictures: int = 12
    analyses: int = 8
    previews: int = 8
    tables: int = 4
    gate_wait_s: float = 1.0
    login_code_s: float = 600.0
    session_s: float = 12 * 3600.0

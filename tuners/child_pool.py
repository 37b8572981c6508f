"""A few warm children that answer lines for many askers, bounded in time and memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import structlog

from storage.clock import Clock
from tuners.children import Child, Ended, OverMemory, OverTime

_START_TIMEOUT_S = 120.0

_log = structlog.get_logger("children")


class ChildPool:
    """Child processes for one kind of question; none runs until the first, and idle ones end by themselves.

    Safe for threads: at most `places` questions are worked on at once, others wait.

    Args:
        name: What the children are called in the log.
        command: Starts a child.
        environment: All its variables.
        ready: What a child writes first.
        line_limit: Bytes of the longest answer.
        timeout_s: Seconds one answer may take.
        memory_mb: Resident memory (MiB) above which a child is ended.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        ready: bytes,
        line_limit: int,
        places: int,
        timeout_s: float,
        memory_mb: int,
    ) -> None:
        self._clock = clock
        self._name = name
        self._command = command
        self._environment = environment
        self._ready = ready
        self._line_limit = line_limit
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._turns = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._busy: set[Child] = set()

    def ask(self, line: bytes) -> bytes:
        """The answer to one line, newlines included.

        Raises:
            Ended: The child ended, and so did the one that replaced it.
            OverTime: The answer took too long; its child was ended.
            OverMemory: Likewise with memory.
        """
        with self._turns:
            return self._answer(line)

    def close(self) -> None:
        """Ends all children at once, with what they are working on. The pool may be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
            for child in self._busy:
                child.end()
        for child in idle:
            child.kill()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the children that live."""
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._busy) if child.alive)

    def _answer(self, line: bytes) -> bytes:
        # A child may end for being idle at the very moment it is asked, so one that ended is replaced once.
        for last_try in (False, True):
            child = self._taken()
            kept = False
            try:
                child.write(line)
                answer = child.read_line(self._clock.monotonic() + self._timeout_s)
                kept = True
                return answer
            except Ended:
                _log.warning("child ended", child=self._name, action="restart", stderr=child.last_words())
                if last_try:
                    raise
            except (OverTime, OverMemory) as error:
                _log.warning("child over its limits", child=self._name, action="kill", limit=type(error).__name__)
                raise
            finally:
                self._give_back(child, alive=kept)
        raise AssertionError("unreachable")

    def _taken(self) -> Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive:
                    self._busy.add(child)
                    return child
                child.kill()
        child = self._started()
        with self._lock:
            self._busy.add(child)
        return child

    def _give_back(self, child: Child, *, alive: bool) -> None:
        with self._lock:
            self._busy.discard(child)
            if alive and child.alive:
                self._idle.append(child)
                return
        child.kill()

    def _started(self) -> Child:
        child = Child(
            self._command,
            clock=self._clock,
            memory_mb=self._memory_mb,
            environment=self._environment,
            line_limit=self._line_limit,
        )
        try:
            if child.read_line(self._clock.monotonic() + _START_TIMEOUT_S) != self._ready:
                raise Ended
        except (Ended, OverTime, OverMemory):
            _log.error("child cannot start", child=self._name, action="start", stderr=child.last_words())
            child.kill()
            raise
        return child

"""The asker's side of pictures: a few warm children that draw, bounded in time and memory."""

from __future__ import annotations

import base64
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import structlog
from pydantic import ValidationError

from storage.clock import Clock
from tuners.children import Child, Ended, OverMemory, OverTime, plain_environment
from tuners.pictures.figure import LINE_LIMIT, READY, Figure, Format, Reply, Request, Theme

# `-P`: nothing is imported from the folder it happens to start in.
_COMMAND = (sys.executable, "-P", "-m", "tuners.pictures")
_START_TIMEOUT_S = 120.0

_log = structlog.get_logger("pictures")


class PictureFailed(Exception):
    """It could not be drawn: too slow, too large, or the process that draws it ended."""


class Painter:
    """Draws in child processes with matplotlib; none runs until the first picture, and idle ones end by themselves.

    Safe for threads: at most `places` pictures are drawn at once, others wait.

    Args:
        cache_dir: Where matplotlib keeps its list of fonts; made when needed.
        idle_s: Seconds after which an idle child ends.
        timeout_s: Seconds one picture may take.
        memory_mb: Resident memory (MiB) above which a child is ended.
        command: Starts a child; it gets the idle seconds as its last argument.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        cache_dir: Path,
        places: int = 2,
        idle_s: float = 300.0,
        timeout_s: float = 30.0,
        memory_mb: int = 1024,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._clock = clock
        self._cache_dir = cache_dir
        self._command = (*command, str(idle_s))
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._turns = threading.BoundedSemaphore(places)
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._busy: set[Child] = set()

    def draw(self, figure: Figure, *, format: Format, theme: Theme = "light") -> bytes:
        """The picture's bytes.

        Raises:
            PictureFailed: It takes more time or memory than it may, or its process ended twice.
        """
        line = Request(figure=figure, format=format, theme=theme).model_dump_json().encode() + b"\n"
        with self._turns:
            try:
                reply = self._answer(line)
            except (Ended, OverTime, OverMemory, ValidationError) as error:
                raise PictureFailed(f"the picture could not be drawn ({type(error).__name__})") from error
        if reply.error:
            _log.error("picture failed", action="draw", error=reply.error)
            raise PictureFailed("the picture could not be drawn")
        return base64.b64decode(reply.data)

    def close(self) -> None:
        """Ends all children at once, with what they are drawing. The painter may be used again."""
        with self._lock:
            idle, self._idle = self._idle, []
            for child in self._busy:
                child.end()
        for child in idle:
            child.kill()

    @property
    def child_pids(self) -> tuple[int, ...]:
        """Process ids of the children that live."""
        with self._lock:
            return tuple(child.pid for child in (*self._idle, *self._busy) if child.alive)

    def _answer(self, line: bytes) -> Reply:
        # A child may end for being idle at the very moment it is asked, so one that ended is replaced once.
        for last_try in (False, True):
            child = self._taken()
            kept = False
            try:
                child.write(line)
                reply = Reply.model_validate_json(child.read_line(self._clock.monotonic() + self._timeout_s))
                kept = True
                return reply
            except Ended:
                _log.warning("painter ended", action="restart", stderr=child.last_words())
                if last_try:
                    raise
            except (OverTime, OverMemory) as error:
                _log.warning("painter over its limits", action="kill", limit=type(error).__name__)
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
        self._cache_dir.mkdir(parents=True, exist_ok=True)
        child = Child(
            self._command,
            clock=self._clock,
            memory_mb=self._memory_mb,
            # Its own folder: nobody's matplotlibrc has a say in what pictures look like.
            environment={**plain_environment(), "MPLCONFIGDIR": str(self._cache_dir.absolute()), "MPLBACKEND": "agg"},
            line_limit=LINE_LIMIT,
        )
        try:
            if child.read_line(self._clock.monotonic() + _START_TIMEOUT_S) != READY:
                raise Ended
        except (Ended, OverTime, OverMemory):
            _log.error("painter cannot start", action="start", stderr=child.last_words())
            child.kill()
            raise
        return child

"""The asker's side of pictures: a few warm children that draw, bounded in time and memory."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from pydantic import ValidationError

from storage.clock import Clock
from tuners.child_pool import ChildPool
from tuners.children import Ended, OverMemory, OverTime, plain_environment
from tuners.pictures.figure import LINE_LIMIT, READY, Figure, Format, Reply, Request, Theme

# `-P`: nothing is imported from the folder it happens to start in.
_COMMAND = (sys.executable, "-P", "-m", "tuners.pictures")

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
        self._cache_dir = cache_dir
        self._children = ChildPool(
            clock,
            name="painter",
            command=(*command, str(idle_s)),
            # Its own folder: nobody's matplotlibrc has a say in what pictures look like.
            environment={**plain_environment(), "MPLCONFIGDIR": str(cache_dir.absolute()), "MPLBACKEND": "agg"},
            ready=READY,
            line_limit=LINE_LIMIT,
            places=places,
            timeout_s=timeout_s,
            memory_mb=memory_mb,
        )

    def draw(self, figure: Figure, *, format: Format, theme: Theme = "light") -> bytes:
        """The picture's bytes.

        Raises:
            PictureFailed: It takes more time or memory than it may, or its process ended twice.
        """
        self._cache_dir.mkdir(parents=True, exist_ok=True)
        line = Request(figure=figure, format=format, theme=theme).model_dump_json().encode() + b"\n"
        try:
            reply = Reply.model_validate_json(self._children.ask(line))
        except (Ended, OverTime, OverMemory, ValidationError) as error:
            raise PictureFailed(f"the picture could not be drawn ({type(error).__name__})") from error
        if reply.error:
            _log.error("picture failed", action="draw", error=reply.error)
            raise PictureFailed("the picture could not be drawn")
        return base64.b64decode(reply.data)

    def close(self) -> None:
        """Ends all children at once, with what they are drawing. The painter may be used again."""
        self._children.close()

    @property
    def child_pids(self) -> tuple[int, ...]:
        """Process ids of the children that live."""
        return self._children.pids

"""Files that a child process makes piece by piece: it answers each question with the bytes that are new.

The child's libraries (pyarrow, TensorBoard's) stay out of the asker's process, and neither side holds the file.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterable, Iterator

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from storage.clock import Clock
from tuners.children import Answer, Child, Ended, OverMemory, OverTime, plain_environment

LINE_LIMIT = 64 * 1024**2
READY = b'{"ready": true}\n'
_IDLE_S = 300.0
_START_TIMEOUT_S = 120.0
_ANSWER_TIMEOUT_S = 60.0
_MEMORY_MB = 1024

_log = structlog.get_logger("files")


class FileFailed(Exception):
    """The file could not be made: too slow, too large, or the process that makes it ended."""


class Reply(BaseModel):
    """What is new of the file, in base64; or why there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str = ""
    error: str = ""


def file_pieces(module: str, questions: Iterable[object], *, what: str, clock: Clock) -> Iterator[bytes]:
    """A file piece by piece, from a child process that ends with the iterator.

    One question is on its way at a time. The first piece is yielded even if it is empty, so that who takes it knows
    that the child has begun.

    Args:
        module: What `python -m` runs; it calls `answer_lines` with `answering(...)`.
        questions: JSON documents; the last one ends the file.
        what: The file in a word, for messages.

    Raises:
        FileFailed: The child took more time or memory than it may, or ended.
    """
    child = Child(
        (sys.executable, "-P", "-m", module, str(_IDLE_S)),
        clock=clock,
        memory_mb=_MEMORY_MB,
        environment={**plain_environment(), "OMP_NUM_THREADS": "1"},
        line_limit=LINE_LIMIT,
    )
    try:
        if child.read_line(clock.monotonic() + _START_TIMEOUT_S) != READY:
            raise Ended
        first = True
        for question in questions:
            child.write(json.dumps(question).encode() + b"\n")
            reply = Reply.model_validate_json(child.read_line(clock.monotonic() + _ANSWER_TIMEOUT_S))
            if reply.error:
                raise FileFailed(f"the {what} could not be written: {reply.error}")
            if reply.data or first:
                yield base64.b64decode(reply.data)
            first = False
    except (Ended, OverTime, OverMemory, ValidationError) as error:
        _log.error("file failed", what=what, action="write", reason=type(error).__name__, stderr=child.last_words())
        raise FileFailed(f"the {what} could not be written ({type(error).__name__})") from error
    finally:
        child.kill()


def answering(pieces: Callable[[object], bytes]) -> Answer:
    """The child's side: `pieces` turns a question into the bytes that are new; what it raises is told to the asker."""

    def answer(line: bytes) -> bytes:
        try:
            reply = Reply(data=base64.b64encode(pieces(json.loads(line))).decode("ascii"))
        except Exception as error:
            reply = Reply(error=f"{type(error).__name__}: {error}"[:1000])
        return reply.model_dump_json().encode()

    return answer

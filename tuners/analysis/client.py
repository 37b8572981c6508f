"""The asker's side of the analysis: warm children, bounded in time and memory, and the answers they gave last."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from storage.clock import Clock
from tuners.analysis.wire import (
    LINE_LIMIT,
    READY,
    Importance,
    ImportanceQuestion,
    Question,
    Reply,
    Surface,
    SurfaceQuestion,
)
from tuners.child_pool import ChildPool
from tuners.children import Ended, OverMemory, OverTime, plain_environment

# `-P`: nothing is imported from the folder it happens to start in.
_COMMAND = (sys.executable, "-P", "-m", "tuners.analysis")
# One thread each: the trainers need the other cores more.
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_KEPT_ANSWERS = 128

_log = structlog.get_logger("analysis")


class AnalysisFailed(Exception):
    """There is no answer: it took too much time or memory, or the process that works on it ended."""


class Analyst:
    """Answers questions about many trials in child processes; none runs until the first question.

    The last answers are kept by their whole question, scores and all, so that none is ever out of date. Safe for
    threads: at most `places` questions are worked on at once, others wait.

    Args:
        idle_s: Seconds after which an idle child ends.
        timeout_s: Seconds one answer may take.
        memory_mb: Resident memory (MiB) above which a child is ended.
        command: Starts a child; it gets the idle seconds as its last argument.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        places: int = 1,
        idle_s: float = 300.0,
        timeout_s: float = 60.0,
        memory_mb: int = 1536,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._children = ChildPool(
            clock,
            name="analyst",
            command=(*command, str(idle_s)),
            environment={**plain_environment(), **_THREADS},
            ready=READY,
            line_limit=LINE_LIMIT,
            places=places,
            timeout_s=timeout_s,
            memory_mb=memory_mb,
        )
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, Reply] = OrderedDict()

    def importance(self, question: ImportanceQuestion) -> Importance:
        """What the question's method says. Raises AnalysisFailed."""
        reply = self._reply(Question(question=question))
        if reply.importance is None:
            raise AnalysisFailed("the answer is another question's")
        return reply.importance

    def surface(self, question: SurfaceQuestion) -> Surface:
        """The scores between the points. Raises AnalysisFailed."""
        reply = self._reply(Question(question=question))
        if reply.surface is None:
            raise AnalysisFailed("the answer is another question's")
        return reply.surface

    def close(self) -> None:
        """Ends all children at once. The analyst may be used again."""
        self._children.close()

    @property
    def child_pids(self) -> tuple[int, ...]:
        """Process ids of the children that live."""
        return self._children.pids

    def _reply(self, question: Question) -> Reply:
        line = question.model_dump_json().encode()
        key = hashlib.sha256(line).digest()
        with self._lock:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
                return known
        try:
            reply = Reply.model_validate_json(self._children.ask(line + b"\n"))
        except (Ended, OverTime, OverMemory, ValidationError) as error:
            raise AnalysisFailed(f"it could not be worked out ({type(error).__name__})") from error
        if reply.error:
            _log.error("analysis failed", action="answer", error=reply.error)
            raise AnalysisFailed("it could not be worked out")
        with self._lock:
            self._answers[key] = reply
            while len(self._answers) > _KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return reply

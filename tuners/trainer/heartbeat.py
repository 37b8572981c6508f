"""Signs of life from a fit that nothing can interrupt, and the way out of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tuners.trainer.control import Control
from tuners.trainer.guard import memory_mb
from tuners.trainer.protocol import Batches, Ended, Outcome, RunTrial

BEAT_S = 1.0
PATIENCE_S = 2.0

ENDINGS: dict[str, Outcome] = {"stop": "stopped", "release": "released", "abandon": "abandoned"}


def _leave() -> None:
    os._exit(0)


class Heartbeat:
    """Within it, a thread tells the worker each second that the fit goes on, however long it takes.

    scikit-learn has no place where a fit can be asked to end. When the worker has asked (to stop, to abandon, or to
    hand back within a time that has passed) and the fit has not come back for some seconds, the thread reports the
    outcome itself and ends the process; the folds reported before it count, and the worker starts another trainer.

    Args:
        leave: Ends the process.
    """

    def __init__(
        self,
        job: RunTrial,
        control: Control,
        execution: int,
        *,
        beat_s: float = BEAT_S,
        patience_s: float = PATIENCE_S,
        leave: Callable[[], None] = _leave,
    ) -> None:
        self._job = job
        self._control = control
        self._execution = execution
        self._beat_s = beat_s
        self._patience_s = patience_s
        self._leave = leave
        self._done = threading.Event()
        # Held while leaving, so that a fit that comes back just then does not report a second end.
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._done.set()
        self._thread.join()

    def _run(self) -> None:
        waited_s = 0.0
        while not self._done.wait(self._beat_s):
            self._control.send(Batches(self._job.trial_id, self._job.attempt, self._execution, 0))
            waited_s = waited_s + self._beat_s if self._control.end_now() else 0.0
            if waited_s >= self._patience_s and self._left():
                return

    def _left(self) -> bool:
        with self._lock:
            how = self._control.how
            if self._done.is_set() or how is None:
                return False
            self._control.send(Ended(self._job.trial_id, self._job.attempt, ENDINGS[how], memory_mb(), leaves=True))
            self._leave()
            return True

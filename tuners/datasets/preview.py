"""The asker's side of previews: a warm child that maps the arrays, and the answers it gave last.

Pure: imports neither numpy nor Keras, so the API may use it.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from storage.artifacts.store import ArtifactStore
from storage.clock import Clock
from storage.datasets import Dataset
from storage.errors import ArtifactDamaged
from tuners.child_pool import ChildPool
from tuners.children import Ended, OverMemory, OverTime, plain_environment
from tuners.datasets.files import read_meta
from tuners.datasets.preview_wire import (
    LINE_LIMIT,
    READY,
    InputQuestion,
    Part,
    Preview,
    PreviewQuestion,
    PreviewReply,
    Sample,
    TargetQuestion,
)
from tuners.datasets.wire import META_NAME

_COMMAND = (sys.executable, "-P", "-m", "tuners.datasets.preview_child")
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_KEPT_ANSWERS = 64
# More inputs than that nobody looks at.
_MAX_INPUTS = 16

_log = structlog.get_logger("previews")


class PreviewFailed(Exception):
    """There is no answer: it took too much time or memory, or the process that looks ended."""


class Previewer:
    """Looks into stored data sets in a child process; none runs until the first question.

    The last answers are kept by the data's fingerprint and the question: equal data look equal. Safe for threads.

    Args:
        store: Where the arrays are.
        idle_s: Seconds after which an idle child ends.
        timeout_s: Seconds one answer may take.
        memory_mb: Resident memory (MiB) above which a child is ended; mapped arrays count while they are looked at.
        command: Starts a child; it gets the idle seconds as its last argument.
    """

    def __init__(
        self,
        store: ArtifactStore,
        clock: Clock,
        *,
        idle_s: float = 300.0,
        timeout_s: float = 60.0,
        memory_mb: int = 2048,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._store = store
        self._children = ChildPool(
            clock,
            name="preview",
            command=(*command, str(idle_s)),
            environment={**plain_environment(), **_THREADS},
            ready=READY,
            line_limit=LINE_LIMIT,
            places=1,
            timeout_s=timeout_s,
            memory_mb=memory_mb,
        )
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[object, ...], Preview] = OrderedDict()

    def preview(self, dataset: Dataset, *, part: Part, rows: int, sample: Sample, seed: int) -> Preview:
        """Some rows of a part that the data set has, and figures over all of them.

        Raises:
            ArtifactDamaged: Files are missing, cut off, or of other data.
            StorageUnavailable: The store is away.
            PreviewFailed: There is no answer.
        """
        inputs, targets = _inputs(dataset), _targets(dataset)
        key = (dataset.fingerprint, part, rows, sample, seed if sample == "random" else 0, inputs, targets)
        with self._lock:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
                return known
        question = PreviewQuestion(
            folder=self._folder(dataset, part), part=part, rows=rows, sample=sample, seed=seed, inputs=inputs,
            targets=targets,
        )  # fmt: skip
        try:
            reply = PreviewReply.model_validate_json(self._children.ask(question.model_dump_json().encode() + b"\n"))
        except (Ended, OverTime, OverMemory, ValidationError) as error:
            raise PreviewFailed(f"it could not be looked at ({type(error).__name__})") from error
        if reply.damaged is not None:
            raise ArtifactDamaged(reply.damaged)
        if reply.preview is None:
            _log.error("preview failed", action="answer", error=reply.error)
            raise PreviewFailed("it could not be looked at")
        with self._lock:
            self._answers[key] = reply.preview
            while len(self._answers) > _KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return reply.preview

    def close(self) -> None:
        """Ends the child at once. The previewer may be used again."""
        self._children.close()

    def _folder(self, dataset: Dataset, part: Part) -> str:
        """A local folder with the arrays of the part, fetched first when the store is remote."""
        meta = read_meta(self._store, dataset.key)
        if meta.fingerprint() != dataset.fingerprint:
            raise ArtifactDamaged(f"The files of data set {dataset.id} are not those of its record.")
        for name in meta.part_arrays(part):
            self._store.local_path(f"{dataset.key}/{name}.npy")
        return str(self._store.local_path(f"{dataset.key}/{META_NAME}").parent)


def _inputs(dataset: Dataset) -> tuple[InputQuestion, ...]:
    if not dataset.inputs:
        return (InputQuestion(text=dataset.kind == "text", image=dataset.kind in ("image", "array")),)
    return tuple(InputQuestion(name=each.name) for each in dataset.inputs[:_MAX_INPUTS])


def _targets(dataset: Dataset) -> tuple[TargetQuestion, ...]:
    if not dataset.targets:
        return (TargetQuestion(task=dataset.task, num_classes=dataset.num_classes),)
    return tuple(
        TargetQuestion(name=each.name, task=each.task, num_classes=each.num_classes)
        for each in dataset.targets[:_MAX_INPUTS]
    )

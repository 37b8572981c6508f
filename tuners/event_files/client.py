"""The asker's side of event files: hands messages over, yields the zip's bytes. Never imports TensorBoard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storage.clock import Clock
from tuners.child_files import file_pieces
from tuners.event_files.wire import End, Experiment, Run, RunEnd, Scalars


def event_file_bytes(
    experiment: Experiment, runs: Iterable[Run | Scalars | RunEnd], *, clock: Clock
) -> Iterator[bytes]:
    """A zip of event files piece by piece, from a child process that ends with the iterator.

    Args:
        runs: Run by run: its beginning, its scalars in as many messages as one likes, its end.

    Raises:
        FileFailed: The child took more time or memory than it may, or ended.
    """

    def messages() -> Iterator[object]:
        yield experiment.model_dump()
        for each in runs:
            yield each.model_dump()
        yield End().model_dump()

    return file_pieces("tuners.event_files", messages(), what="event files", clock=clock)

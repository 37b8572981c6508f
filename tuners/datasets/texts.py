"""Texts of any length, kept as their bytes one after another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tuners.datasets.npy import Array
from tuners.datasets.raw import Texts


class TextWriter:
    """Writes texts to a file, a block at a time; a context manager that closes it.

    Args:
        path: Of the file, which does not exist yet.

    Attributes:
        size_bytes: Written so far.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._out = path.open("xb")
        self._lengths: list[Array] = []
        self.size_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._out.close()

    def add(self, texts: Sequence[str]) -> None:
        """Append texts, which must be encodable as UTF-8."""
        encoded = [text.encode("utf-8") for text in texts]
        self._lengths.append(np.array([len(each) for each in encoded], dtype=np.int64))
        self.size_bytes += self._out.write(b"".join(encoded))

    def texts(self) -> Texts:
        """All that was written; the writer must be closed. With no bytes at all `data` is empty and not mapped."""
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), *self._lengths]).cumsum()
        if offsets[-1] == 0:
            return Texts(np.zeros(0, dtype=np.uint8), offsets)
        return Texts(np.memmap(self._path, dtype=np.uint8, mode="r"), offsets)

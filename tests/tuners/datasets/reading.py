"""A small upload of each kind, and what the child makes of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.tuners.dataset_files import npy
from tuners.datasets.__main__ import _answer
from tuners.datasets.wire import Meta, Reply, Request

Y = np.array([0, 1, 0, 1])
X = np.arange(12, dtype=np.float32).reshape(4, 3)
X_NPY, Y_NPY = npy(X), npy(Y)
CSV = "a,b,label\n1,2,0\n3,4,1\n5,6,0\n"


def read(tmp_path: Path, content: bytes, *, file_format: str, **options: Any) -> tuple[Reply, Path]:
    """The child's answer to an upload, asked in this process (its limits are tested with the real one)."""
    upload = tmp_path / "upload"
    upload.write_bytes(content)
    folder = tmp_path / "arrays"
    folder.mkdir()
    work = {
        "kind": "upload",
        "path": str(upload),
        "file_format": file_format,
        "max_bytes": 64 << 20,
        "max_cpu_s": 60,
        "max_memory_bytes": 1 << 30,
        **options,
    }
    return _answer(Request.model_validate({"folder": str(folder), "work": work})), folder


def good(tmp_path: Path, content: bytes, *, file_format: str, **options: Any) -> tuple[Meta, dict[str, np.ndarray]]:
    reply, folder = read(tmp_path, content, file_format=file_format, **options)
    assert reply.faults == ()
    assert reply.meta is not None
    arrays = {path.stem: np.load(path, allow_pickle=False) for path in folder.iterdir()}
    assert set(arrays) == set(reply.meta.arrays)
    return reply.meta, arrays

"""Sequences of integers, brought to one length.

Needs numpy alone, and no other module of ours: its text becomes part of programs that people take home.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def apply_sequences(length: int, x: NDArray[Any]) -> NDArray[np.int32]:
    """Each row's first `length` integers, padded with 0 at the end: int32 of shape (rows, length)."""
    kept = np.zeros((len(x), length), dtype=np.int32)
    kept[:, : x.shape[1]] = x[:, :length]
    return kept

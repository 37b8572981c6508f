"""Fitting and applying a scale, as `scaling_rule` states it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuners.datasets.builtin_names import Scale
from tuners.datasets.npy import blocks
from tuners.datasets.scaling_rule import ScaleAxis

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FittedScale:
    """`(x - offset) / divisor`, in float64; both of shape () or (features,)."""

    offset: NDArray[np.float64]
    divisor: NDArray[np.float64]

    def apply(self, x: NDArray[Any], rows: NDArray[np.int64] | None = None) -> Float32:
        """The rows (all of them by default), scaled: float32, C order, not written to disk."""
        count = len(x) if rows is None else len(rows)
        scaled: Float32 = np.empty((count, *x.shape[1:]), dtype=np.float32)
        plain = not self.offset.any() and bool((self.divisor == 1).all())
        for start, block in blocks(scaled):
            stop = start + len(block)
            part = x[start:stop] if rows is None else x[rows[start:stop]]
            block[...] = part if plain else (part.astype(np.float64) - self.offset) / self.divisor
        return scaled


def fit_scale(x: NDArray[Any], scale: Scale, axis: ScaleAxis) -> FittedScale:
    """The scale's numbers for the training rows `x`, shape (rows, ...).

    A divisor of 0 becomes 1. "none" gives offset 0 and divisor 1.
    """
    if scale == "none":
        return FittedScale(np.zeros(()), np.ones(()))
    over = None if axis == "all" else 0
    if scale == "0-1":
        low = np.asarray(x.min(axis=over), dtype=np.float64)
        return FittedScale(low, _divisor(np.asarray(x.max(axis=over), dtype=np.float64) - low))
    mean = np.asarray(x.mean(axis=over, dtype=np.float64))
    total = np.zeros(mean.shape)
    # Block by block: numpy's own `std` holds a float64 copy of everything.
    for _, block in blocks(x):
        total = total + np.square(block.astype(np.float64) - mean).sum(axis=over)
    count = x.size if over is None else len(x)
    return FittedScale(mean, _divisor(np.sqrt(total / count)))


def _divisor(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value == 0.0, 1.0, value)

"""How data are scaled, as a rule without numbers: trainers apply it, and generated code repeats it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tuners.datasets.builtin_names import Scale

ScaleAxis = Literal["all", "feature"]


def scale_axis(input_shape: Sequence[int], x_dtype: str) -> ScaleAxis:
    """Whether the numbers of a scale are taken over all values at once, or for each feature by itself.

    `scale` "0-1" gives `(x - min) / (max - min)` and "standard" gives `(x - mean) / std` (the population's, `ddof=0`).
    The numbers come from the training part only, in float64, and are applied to every part. Where `max == min` or
    `std == 0` the divisor is 1, so a constant column becomes 0.

    - "feature": one number for each column, `axis=0`: examples that are rows of a table (one axis).
    - "all": one number for the whole array: images and everything else with more axes, and uint8 tables, which are
      flattened images: a pixel that is black in all training rows must not be stretched in the others.
    """
    return "feature" if len(input_shape) == 1 and x_dtype != "uint8" else "all"


def default_scale(dtype: str, shape: Sequence[int]) -> Scale:
    """What examples of this NumPy type and shape get when nobody says: bytes are pixels, floats in a row a table."""
    if dtype == "uint8":
        return "0-1"
    return "standard" if dtype.startswith("float") and len(shape) == 1 else "none"

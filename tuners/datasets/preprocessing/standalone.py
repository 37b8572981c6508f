"""A fitted preprocessing at work on raw rows: all that a model needs beside its weights.

Needs numpy and its neighbours here; with theirs its text becomes part of the program that people take home.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuners.datasets.preprocessing.sequences import apply_sequences
from tuners.datasets.preprocessing.tables import apply_table, table_codes
from tuners.datasets.preprocessing.texts import apply_texts
from tuners.datasets.preprocessing.windows import window_rows


def preprocess(raw: Any, fitted: Mapping[str, Any]) -> Any:
    """Raw rows as the model wants them.

    Args:
        raw: A list of texts; a list of mappings from column names to values, for a table (or an array as it lies in the
            data set); an array of numbers otherwise. Where the model has several inputs: all of them, by name.
        fitted: What was learnt in training, as JSON.

    Returns:
        An array, or one for each input by name. Where rows become windows: one for each window, in the rows' order.
    """
    inputs = fitted["inputs"]
    if "" not in inputs:
        return {name: apply_state(state, raw[name]) for name, state in inputs.items()}
    x = apply_state(inputs[""], raw)
    window = fitted["window"]
    if window is None:
        return x
    windows, _ = window_rows(len(x), None, None, length=window["length"], horizon=0, stride=window["stride"])
    return x[windows]


def apply_state(state: Mapping[str, Any], raw: Any) -> NDArray[Any]:
    """One array of raw examples as the model wants it."""
    way = state["way"]
    if way == "text":
        return apply_texts(state, list(raw))
    if way == "table":
        table = raw if isinstance(raw, np.ndarray) else table_codes(state["columns"], raw)
        return apply_table(state["columns"], table)
    if way == "sequence":
        return apply_sequences(state["length"], np.asarray(raw))
    if way == "tokens":
        return np.asarray(raw, dtype=np.int32)
    x = np.asarray(raw, dtype=np.float64)
    scaled: NDArray[np.float64] = (x - np.asarray(state["offset"])) / np.asarray(state["divisor"])
    return np.ascontiguousarray(scaled, dtype=np.float32)

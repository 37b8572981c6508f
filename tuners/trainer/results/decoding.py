"""From a model's outputs to answers.

Needs numpy alone, and no other module of ours: its text becomes part of programs that people take home.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def decoded(output: NDArray[Any], how: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Answers and scores of one output.

    Args:
        output: What the model gave, shape (rows, ...).
        how: `task` ("classification", "multilabel" or "regression"), `activation` (the one that the loss applied to the
            model's logits: "softmax", "sigmoid" or None) and `threshold` (from which on a single number means yes).

    Returns:
        Of a classification: classes, int64 of shape (rows,), and scores of shape (rows, classes), or (rows,) of the
        second of two classes. Of labels: 0 or 1, int64, and scores, both of shape (rows, labels). Of numbers: float64
        of shape (rows,) or (rows, numbers), and no scores.
    """
    values = np.asarray(output, dtype=np.float64)
    if how["task"] == "regression":
        return (values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values), None
    if how["activation"] == "softmax":
        values = np.exp(values - values.max(axis=-1, keepdims=True))
        values = values / values.sum(axis=-1, keepdims=True)
    elif how["activation"] == "sigmoid":
        # Written with tanh, which does not overflow.
        values = 0.5 * (1.0 + np.tanh(0.5 * values))
    if how["task"] == "multilabel":
        return (values > how["threshold"]).astype(np.int64), values
    if values.ndim == 2 and values.shape[1] > 1:
        return values.argmax(axis=1), values
    single = values.reshape(len(values))
    return (single > how["threshold"]).astype(np.int64), single

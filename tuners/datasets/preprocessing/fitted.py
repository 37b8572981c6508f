"""A preprocessing with what the training rows told: it makes of any rows what the model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tuners.datasets.preprocessing.layout import InputLayout, Plan
from tuners.datasets.preprocessing.standalone import apply_state, preprocess
from tuners.datasets.preprocessing.tables import fit_table
from tuners.datasets.preprocessing.texts import fit_texts
from tuners.datasets.scaling import FittedScale, fit_scale
from tuners.datasets.stored import Examples, Indices, Texts

Tensors = NDArray[Any] | Mapping[str, NDArray[Any]]
"""One array; or several, by name."""


@dataclass(frozen=True, slots=True)
class FittedPreprocessing:
    """What becomes of raw examples. Plain JSON holds all of it.

    Attributes:
        inputs: For each array of examples what to do with it, by name; under "" when there is one only. `way` says
            which module does it: "table", "text", "sequence", "tokens" or "scale".
        feature_names: Of the columns that come out of a table; empty for everything else.
        window: `length` and `stride`, where rows become windows.
    """

    inputs: Mapping[str, Mapping[str, Any]]
    feature_names: tuple[str, ...] = ()
    window: Mapping[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "inputs": {name: dict(state) for name, state in self.inputs.items()},
            "feature_names": list(self.feature_names),
            "window": None if self.window is None else dict(self.window),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        return cls(document["inputs"], tuple(document["feature_names"]), document["window"])

    def apply(self, raw: Tensors | Sequence[str] | Sequence[Mapping[str, Any]]) -> Tensors:
        """Raw rows as the model wants them (`standalone.preprocess` says how raw rows look).

        Raises:
            KeyError: One of several inputs is not there.
            ValueError: A table has gaps where the definition allows none.
        """
        made: Tensors = preprocess(raw, {"inputs": self.inputs, "window": self.window})
        return made

    def transform(self, examples: Mapping[str, Examples], rows: Indices | None) -> dict[str, NDArray[Any]]:
        """The rows (None: all) of each array of examples, before windows are cut."""
        return {name: _transformed(state, examples[name], rows) for name, state in self.inputs.items()}


def fit_input(
    layout: InputLayout, x: Examples, rows: Indices | None, *, plan: Plan, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The state of one array of examples, from its training rows (None: all of them).

    Args:
        plan: Of a table.
        options: Of texts or sequences.
    """
    if isinstance(x, Texts):
        return {"way": "text", **fit_texts(options, x.take(rows))}
    taken = x if rows is None else x[rows]
    if layout.way == "table":
        return {"way": "table", "columns": fit_table(plan, taken)}
    if layout.way == "sequence":
        return {"way": "sequence", "length": options["length"]}
    if layout.way == "tokens":
        return {"way": "tokens"}
    scale = fit_scale(taken, layout.scale, layout.axis)
    return {"way": "scale", "offset": scale.offset.tolist(), "divisor": scale.divisor.tolist()}


def _transformed(state: Mapping[str, Any], x: Examples, rows: Indices | None) -> NDArray[Any]:
    if isinstance(x, Texts):
        return apply_state(state, x.take(rows))
    if state["way"] == "scale":
        # Block by block: a float64 copy of all images at once may not fit into memory.
        scale = FittedScale(np.asarray(state["offset"], np.float64), np.asarray(state["divisor"], np.float64))
        return scale.apply(x, rows)
    return np.ascontiguousarray(apply_state(state, x if rows is None else x[rows]))

"""Hyperparameters' values as places on their axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.records import Scalar
from tuners.analysis.wire import Column
from tuners.list_values import shown
from tuners.scales import index_of, place_of
from tuners.space import Hyperparameter

# Steps so many that they are as good as a range.
_MOST_STEPS = 1000


def column_of(hyperparameter: Hyperparameter, values: Sequence[Scalar | None]) -> Column:
    """The hyperparameter's values where they lie on its sampling scale; None where it is inactive."""
    kind, count = _kind(hyperparameter)
    # Most repeat a few values. True equals 1 as a key: the type keeps a choice of both apart.
    known: dict[tuple[type, Scalar | None], float | None] = {}
    places = []
    for value in values:
        key = (type(value), value)
        if key not in known:
            known[key] = _place(hyperparameter, value, kind)
        places.append(known[key])
    # Every place was worked out here: checking ten thousand numbers again takes longer than that.
    return Column.model_construct(name=hyperparameter.name, kind=kind, count=count, places=places)


def _kind(hyperparameter: Hyperparameter) -> tuple[Any, int]:
    if hyperparameter.type in ("int", "float"):
        count = hyperparameter.cardinality()
        # Whole numbers without a step may lie on a logarithmic scale: those are places, not steps.
        stepped = hyperparameter.step is not None or hyperparameter.sampling == "linear"
        if count is not None and count <= _MOST_STEPS and stepped:
            return "steps", count
        return "range", 0
    return ("steps" if hyperparameter.ordered else "choices"), len(hyperparameter.grid_values())


def _place(hyperparameter: Hyperparameter, value: Scalar | None, kind: str) -> float | None:
    if value is None:
        return None
    try:
        return place_of(hyperparameter, value) if kind == "range" else float(index_of(hyperparameter, value))
    except ValueError:
        # The search's space was another one when the trial was proposed.
        return None


def axis_document(hyperparameter: Hyperparameter) -> dict[str, Any]:
    """What an axis of this hyperparameter shows: its kind, ends, scale and named places."""
    numbers = hyperparameter.type in ("int", "float")
    return {
        "name": hyperparameter.name,
        "type": hyperparameter.type,
        "sampling": hyperparameter.sampling if numbers else None,
        "ordered": numbers or hyperparameter.ordered,
        "low": hyperparameter.lowest if numbers else None,
        "high": hyperparameter.highest if numbers else None,
        "values": [] if numbers else [shown(value) for value in hyperparameter.grid_values()],
        "conditional": bool(hyperparameter.conditions),
    }

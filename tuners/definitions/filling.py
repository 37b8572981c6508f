"""Puts values into holes."""

from __future__ import annotations

from collections.abc import Mapping

from storage.records import Scalar
from tuners.definitions.declared import INDEX
from tuners.definitions.facts import DataFacts
from tuners.definitions.walking import divided, hole_kind


class Inactive(KeyError):
    """A hole names a hyperparameter that has no value at this point."""


def filled(value: object, values: Mapping[str, Scalar], facts: DataFacts, index: int | None = None) -> object:
    """The value with every hole replaced.

    Args:
        values: The point: active hyperparameters only.
        index: Number of the pass of the innermost repeat; None outside of repeats.

    Raises:
        Inactive: A hole's hyperparameter has no value.
    """
    if isinstance(value, list):
        return [filled(item, values, facts, index) for item in value]
    if not isinstance(value, dict):
        return value
    kind = hole_kind(value)
    if kind == "hp":
        name = value["hp"] if index is None else value["hp"].replace(INDEX, str(index))
        if name not in values:
            raise Inactive(name)
        return values[name]
    if kind == "data":
        return facts.value(value["data"])
    left, right = (filled(operand, values, facts, index) for operand in value[kind])
    assert isinstance(left, int)
    assert isinstance(right, int)
    return left * right if kind == "mul" else divided(left, right)

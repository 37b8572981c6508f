"""Puts values into holes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from storage.records import Scalar
from tuners.definitions.declared import INDEX
from tuners.definitions.facts import DataFacts
from tuners.definitions.walking import divided, hole_kind
from tuners.list_values import shown


class Inactive(KeyError):
    """A hole names a hyperparameter that has no value at this point."""


@dataclass(frozen=True)
class Place:
    """Where in the unrolled model a value stands.

    Attributes:
        index: Number of the pass of the innermost repeat; None outside of repeats.
        items: For each list that a repeat around it goes through, by name as written: the item of this pass.
    """

    index: int | None = None
    items: Mapping[str, int | float] = field(default_factory=dict)

    def passes(self, count: object, values: Mapping[str, Scalar], facts: DataFacts) -> Iterator[Place]:
        """The places inside a repeat: one for each pass of a number, or for each item of a list."""
        times = filled(count, values, facts, self)
        if isinstance(times, list):
            assert isinstance(count, dict)
            for number, item in enumerate(times):
                yield Place(number, {**self.items, count["hp"]: item})
            return
        assert isinstance(times, int)
        for number in range(times):
            yield replace(self, index=number)


OUTSIDE = Place()


def filled(value: object, values: Mapping[str, Scalar], facts: DataFacts, place: Place = OUTSIDE) -> object:
    """The value with every hole replaced, also inside lists and objects.

    Args:
        values: The point: active hyperparameters only.

    Raises:
        Inactive: A hole's hyperparameter has no value.
    """
    if isinstance(value, list):
        return [filled(item, values, facts, place) for item in value]
    if not isinstance(value, dict):
        return value
    kind = hole_kind(value)
    if kind is None:
        return {key: filled(item, values, facts, place) for key, item in value.items()}
    if kind == "hp":
        name = value["hp"] if place.index is None else value["hp"].replace(INDEX, str(place.index))
        if name not in values:
            raise Inactive(name)
        return shown(values[name])
    if kind == "item":
        return place.items[value["item"]]
    if kind == "data":
        return facts.value(value["data"])
    left, right = (filled(operand, values, facts, place) for operand in value[kind])
    assert isinstance(left, int)
    assert isinstance(right, int)
    return left * right if kind == "mul" else divided(left, right)

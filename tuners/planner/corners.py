"""Which points of a space are built to see whether all of it can be: its middle, its corners and a few drawn ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storage.records import Scalar
from tuners.space import Hyperparameter, Space

_MAX_POINTS = 32
_MAX_CHOICES = 8
_SAMPLES = 4
_DRAWS = 200


@dataclass(frozen=True)
class Corner:
    """One point and why it was chosen."""

    label: str
    values: Mapping[str, Scalar]


def corners(space: Space) -> tuple[Corner, ...]:
    """Different points of the space that keep its value constraints, at most 32, always in the same order.

    First the defaults, then the smallest and the largest point; then every value that decides whether something else
    exists, and every value of a choice, at an otherwise largest point; each number at its ends with all others at
    their defaults; at last four drawn points. What breaks a constraint is left out, for it will not be run.
    """
    found: dict[str, Corner] = {}
    for corner in _candidates(space):
        values = space.active(corner.values)
        key = space.hash_values(values)
        if key not in found and space.satisfies(values):
            found[key] = Corner(corner.label, values)
            if len(found) == _MAX_POINTS:
                break
    return tuple(found.values())


def _candidates(space: Space) -> Iterator[Corner]:
    hyperparameters = space.hyperparameters
    defaults = {each.name: each.default for each in hyperparameters}
    lowest = {each.name: _end(each, highest=False) for each in hyperparameters}
    highest = {each.name: _end(each, highest=True) for each in hyperparameters}
    yield Corner("the defaults", defaults)
    yield Corner("the smallest point", lowest)
    yield Corner("the largest point", highest)
    for each in hyperparameters:
        for condition in each.conditions:
            for value in (condition.values[0], condition.values[-1]):
                yield Corner("a corner", {**highest, **_parents(space, each), condition.hp: value})
    for each in hyperparameters:
        if each.type in ("choice", "boolean") and (each.cardinality() or 0) <= _MAX_CHOICES:
            for value in each.grid_values():
                yield Corner("a corner", {**highest, **_parents(space, each), each.name: value})
    yield from _drawn(space)
    for each in hyperparameters:
        for value in (_end(each, highest=False), _end(each, highest=True)):
            yield Corner("a corner", {**defaults, **_parents(space, each), each.name: value})


def _end(hyperparameter: Hyperparameter, *, highest: bool) -> Scalar:
    """The smallest or largest value; of choices by size when they are numbers, else the first or last."""
    if hyperparameter.type == "choice":
        numbers = [value for value in hyperparameter.values if isinstance(value, int | float)]
        if len(numbers) == len(hyperparameter.values):
            return max(numbers) if highest else min(numbers)
    return hyperparameter.highest if highest else hyperparameter.lowest


def _parents(space: Space, hyperparameter: Hyperparameter) -> dict[str, Scalar]:
    """Values under which the hyperparameter is active."""
    values: dict[str, Scalar] = {}
    for condition in hyperparameter.conditions:
        values |= _parents(space, space.by_name[condition.hp])
        values[condition.hp] = condition.values[-1]
    return values


def _drawn(space: Space) -> Iterator[Corner]:
    # The same points for the same space, whoever asks: a definition refused once is refused again.
    rng = random.Random(0)
    kept = 0
    for _ in range(_DRAWS):
        values = space.sample(rng)
        if space.satisfies(values):
            yield Corner("a drawn point", values)
            kept += 1
            if kept == _SAMPLES:
                return

"""Second moments of sums of boxes over one axis or two, without looking at every pair of boxes.

A function that is the sum of weighted boxes is constant between the ends of the boxes. Along a number its values are
running sums over those ends: each weight is added where its box begins and taken away where it ends. Choices, which are
several features with two halves each, have few different boxes; those are told apart, and what two of them have in
common is a small matrix. Over two axes the one is done after the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class NumberAxis:
    """Where boxes lie along a number.

    Attributes:
        size: How many places there are.
        entries: Of every box a place and the sign with which its weight is entered there.
        widths: Room between each place and the next.
    """

    size: int
    entries: Sequence[tuple[Places, float]]
    widths: Floats

    @classmethod
    def of(cls, low: Floats, high: Floats) -> NumberAxis:
        """Of boxes from `low` to `high`, shares of the axis, shape (boxes,)."""
        ends, places = np.unique(np.concatenate([low, high]), return_inverse=True)
        return cls(len(ends), ((places[: len(low)], 1.0), (places[len(low) :], -1.0)), np.diff(ends))

    def summed(self, table: Floats, along: int) -> Floats:
        """What was entered in `table`, as values of the function."""
        # Beyond the last end there is nothing.
        values: Floats = np.cumsum(table, axis=along)[(slice(None),) * along + (slice(-1),)]
        return values

    def measured(self, values: Floats, along: int) -> Floats:
        """The values, each times the room it takes."""
        shape = [1] * values.ndim
        shape[along] = -1
        found: Floats = values * self.widths.reshape(shape)
        return found


@dataclass(frozen=True)
class ChoiceAxis:
    """Where boxes lie over several features at once; likewise, but each box has a place of its kind.

    Attributes:
        shared: What the boxes of two places have in common.
    """

    size: int
    entries: Sequence[tuple[Places, float]]
    shared: Floats

    @classmethod
    def of(cls, low: Floats, high: Floats) -> ChoiceAxis:
        """Of boxes from `low` to `high`, shape (boxes, features)."""
        boxes, places = np.unique(np.hstack([low, high]), axis=0, return_inverse=True)
        low, high = np.hsplit(boxes, 2)
        common = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        return cls(len(boxes), ((places.reshape(-1), 1.0),), np.clip(common, 0.0, None).prod(axis=2))

    def summed(self, table: Floats, along: int) -> Floats:
        """The table: what was entered are values already."""
        return table

    def measured(self, values: Floats, along: int) -> Floats:
        """The values, each with its share of all others."""
        return np.moveaxis(np.tensordot(self.shared, values, axes=(1, along)), 0, along)


Axis = NumberAxis | ChoiceAxis


def second_moment(weights: Floats, axes: Sequence[Axis]) -> float:
    """The mean square, over a uniform space, of the sum of these boxes with these weights (shape (boxes,))."""
    shape = tuple(axis.size for axis in axes)
    places, signed = [], []
    for entry in itertools.product(*(axis.entries for axis in axes)):
        places.append(np.ravel_multi_index(tuple(place for place, _ in entry), shape))
        signed.append(weights * math.prod(sign for _, sign in entry))
    entered: Any = np.bincount(np.concatenate(places), np.concatenate(signed), minlength=math.prod(shape))
    table: Floats = entered.reshape(shape)
    for along, axis in enumerate(axes):
        table = axis.summed(table, along)
    measured = table
    for along, axis in enumerate(axes):
        measured = axis.measured(measured, along)
    return float(np.vdot(table, measured))

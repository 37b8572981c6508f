"""The search space as plain data: what may vary, between which bounds, and under which conditions. Never imports Keras.

Argument names and grids are Keras Tuner's: a linear `step` adds, a step under `log` or `reverse_log` multiplies, and
`max_value` belongs to the range whenever it lies on the grid. Grids of floats are computed in decimal arithmetic, so
that 0.0 .. 0.5 by 0.1 really has the six values one would write down (Keras Tuner's binary `//` loses the last one).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from storage.records import Scalar
from tuners import grids
from tuners.list_values import is_list, items_of
from tuners.space_size import count_points

Sampling = Literal["linear", "log", "reverse_log"]
HyperparameterType = Literal["int", "float", "choice", "boolean", "fixed"]
ConstraintKind = Literal["product", "sum", "less"]

_MAX_ENUMERATION = 10_000_000


def same(left: Scalar, right: Scalar) -> bool:
    """Whether two values are equal without Python's `True == 1`; 1 and 1.0 are equal numbers."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def typed(value: Scalar) -> tuple[bool, Scalar]:
    """A key for sets and dictionaries that tells `True` from 1."""
    return isinstance(value, bool), value


@dataclass(frozen=True)
class Condition:
    """Holds when hyperparameter `hp` is active and its value is one of `values`."""

    hp: str
    values: tuple[Scalar, ...]

    @cached_property
    def _keys(self) -> frozenset[tuple[bool, Scalar]]:
        return frozenset(typed(value) for value in self.values)

    def admits(self, value: Scalar) -> bool:
        return typed(value) in self._keys


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One named choice.

    Attributes:
        min_value: Smallest value of an `int` or `float`, inclusive; None for other types.
        max_value: Largest value, inclusive when it lies on the grid of `step`.
        step: Adds (linear) or multiplies (log, reverse_log); None: any integer, or any real number, in the range.
        values: The values of a `choice`, or the single value of a `fixed`; empty for other types.
        ordered: Whether neighbours in `values` are alike.
        conditions: All must hold, or the hyperparameter is inactive and has no value.
    """

    name: str
    type: HyperparameterType
    default: Scalar
    min_value: float | int | None = None
    max_value: float | int | None = None
    step: float | int | None = None
    sampling: Sampling = "linear"
    values: tuple[Scalar, ...] = ()
    ordered: bool = False
    conditions: tuple[Condition, ...] = ()

    @cached_property
    def grid(self) -> grids.Grid | None:
        """The values of a number as an indexable grid; None when there are no numbers or they are continuous."""
        if self.type not in ("int", "float"):
            return None
        assert self.min_value is not None
        assert self.max_value is not None
        if self.type == "int":
            return grids.integer_grid(int(self.min_value), int(self.max_value), self.step, sampling=self.sampling)
        return grids.float_grid(float(self.min_value), float(self.max_value), self.step, sampling=self.sampling)

    @cached_property
    def _choices(self) -> Mapping[tuple[bool, Scalar], Scalar]:
        values = (False, True) if self.type == "boolean" else self.values
        return {typed(value): value for value in values}

    @property
    def is_list(self) -> bool:
        """Whether its values stand for lists of numbers (`tuners.list_values`)."""
        return bool(self.values) and is_list(self.values[0])

    @property
    def lowest(self) -> Scalar:
        """The smallest value it can take; the first one of what is not a number."""
        if self.grid is not None:
            return self.grid.lowest
        return next(iter(self._choices.values())) if self.min_value is None else float(self.min_value)

    @property
    def highest(self) -> Scalar:
        """The largest value it can take, which is below `max_value` when that is off the grid."""
        if self.grid is not None:
            return self.grid.highest
        return list(self._choices.values())[-1] if self.max_value is None else float(self.max_value)

    def cardinality(self) -> int | None:
        """How many different values it can take; None when continuous."""
        if self.type in ("int", "float"):
            return None if self.grid is None else len(self.grid)
        return len(self._choices)

    def grid_values(self) -> tuple[Scalar, ...]:
        """Every value in ascending (for a choice: the given) order.

        Raises:
            ValueError: There is no end of them: a float without a step, or more than ten million.
        """
        count = self.cardinality()
        if count is None or count > _MAX_ENUMERATION:
            raise ValueError(f"the values of {self.name} cannot be listed: give it a (larger) step")
        return tuple(self.grid) if self.grid is not None else tuple(self._choices.values())

    def contains(self, value: object) -> bool:
        """Whether the value is of the right type, in the range and on the step (floats within 1e-9 of a step)."""
        return self._snapped(value) is not None

    def canonical(self, value: Scalar) -> Scalar:
        """The one way this value is written: floats as floats, and exactly on the grid.

        Raises:
            ValueError: The space does not contain the value.
        """
        snapped = self._snapped(value)
        if snapped is None:
            raise ValueError(f"{self.name} cannot take this value")
        return snapped

    def _snapped(self, value: object) -> Scalar | None:
        if not isinstance(value, bool | int | float | str):
            return None
        if self.type not in ("int", "float"):
            found = self._choices.get(typed(value))
            return self._same_list(value) if found is None and isinstance(value, str) else found
        if isinstance(value, bool | str) or (self.type == "int" and not isinstance(value, int)):
            return None
        if self.grid is not None:
            return self.grid.snapped(value)
        assert self.min_value is not None
        assert self.max_value is not None
        inside = self.min_value <= value <= self.max_value
        # `+ 0.0` turns the negative zero, which is the same point, into the positive one.
        return float(value) + 0.0 if inside else None

    def _same_list(self, value: str) -> str | None:
        """The choice that is the same list of numbers, however these are written."""
        if not self.is_list or not is_list(value):
            return None
        items = items_of(value)
        return next((text for text in self.values if isinstance(text, str) and items_of(text) == items), None)

    def at(self, unit: float) -> Scalar:
        """The value at a place between 0 (inclusive) and 1 on the sampling scale."""
        if self.type not in ("int", "float"):
            choices = tuple(self._choices.values())
            return choices[min(int(unit * len(choices)), len(choices) - 1)]
        if self.grid is not None:
            return self.grid.at(unit)
        assert self.min_value is not None
        assert self.max_value is not None
        return grids.scaled(unit, float(self.min_value), float(self.max_value), sampling=self.sampling)

    def to_json(self) -> dict[str, object]:
        document: dict[str, object] = {"name": self.name, "type": self.type, "default": self.default}
        if self.type in ("int", "float"):
            document |= {"min_value": self.min_value, "max_value": self.max_value, "sampling": self.sampling}
            if self.step is not None:
                document["step"] = self.step
        if self.values:
            document |= {"values": list(self.values), "ordered": self.ordered}
        if self.conditions:
            document["conditions"] = [{"hp": each.hp, "in": list(each.values)} for each in self.conditions]
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Hyperparameter:
        conditions = document.get("conditions", ())
        values = document.get("values", ())
        assert isinstance(conditions, list | tuple)
        assert isinstance(values, list | tuple)
        return cls(
            name=document["name"],  # type: ignore[arg-type]
            type=document["type"],  # type: ignore[arg-type]
            default=document["default"],  # type: ignore[arg-type]
            min_value=document.get("min_value"),  # type: ignore[arg-type]
            max_value=document.get("max_value"),  # type: ignore[arg-type]
            step=document.get("step"),  # type: ignore[arg-type]
            sampling=document.get("sampling", "linear"),  # type: ignore[arg-type]
            values=tuple(values),
            ordered=bool(document.get("ordered", False)),
            conditions=tuple(Condition(each["hp"], tuple(each["in"])) for each in conditions),
        )


@dataclass(frozen=True)
class Constraint:
    """A rule over the values of several hyperparameters; it is skipped while one of them is inactive.

    `product` and `sum` must lie between `minimum` and `maximum` (inclusive, None: no bound); `less` wants each value
    smaller than the next one.
    """

    kind: ConstraintKind
    hps: tuple[str, ...]
    minimum: float | int | None = None
    maximum: float | int | None = None

    def holds(self, values: Mapping[str, Scalar]) -> bool:
        if any(name not in values for name in self.hps):
            return True
        numbers = [value for name in self.hps if not isinstance(value := values[name], str)]
        if self.kind == "less":
            return all(left < right for left, right in itertools.pairwise(numbers))
        result = math.prod(numbers) if self.kind == "product" else sum(numbers)
        return (self.minimum is None or result >= self.minimum) and (self.maximum is None or result <= self.maximum)

    def describe(self) -> str:
        """The rule in words, for messages."""
        if self.kind == "less":
            return " < ".join(self.hps)
        sign = " * " if self.kind == "product" else " + "
        low = "" if self.minimum is None else f"{self.minimum} <= "
        high = "" if self.maximum is None else f" <= {self.maximum}"
        return f"{low}{sign.join(self.hps)}{high}"

    def to_json(self) -> dict[str, object]:
        document: dict[str, object] = {self.kind: list(self.hps)}
        if self.minimum is not None:
            document["min"] = self.minimum
        if self.maximum is not None:
            document["max"] = self.maximum
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Constraint:
        kinds: tuple[ConstraintKind, ...] = ("product", "sum", "less")
        kind = next(each for each in kinds if each in document)
        return cls(kind, tuple(document[kind]), document.get("min"), document.get("max"))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Space:
    """All hyperparameters of a search, parents before children, names unique.

    Attributes:
        max_parameters: Models with more trainable and other weights are not run; None means no such rule. What has
            so many only the built model can tell, so `satisfies` does not look at it.
    """

    hyperparameters: tuple[Hyperparameter, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    max_parameters: int | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Hyperparameter]:
        return {each.name: each for each in self.hyperparameters}

    def is_active(self, hp: str | Hyperparameter, values: Mapping[str, Scalar]) -> bool:
        """Whether all conditions hold, those of the parents included. Unknown names are inactive."""
        hyperparameter = self.by_name.get(hp) if isinstance(hp, str) else hp
        if hyperparameter is None:
            return False
        return all(
            condition.hp in values and condition.admits(values[condition.hp]) and self.is_active(condition.hp, values)
            for condition in hyperparameter.conditions
        )

    def active(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """The values without those of inactive hyperparameters and of names the space does not have, in its order."""
        kept: dict[str, Scalar] = {}
        for each in self.hyperparameters:
            if each.name in values and _holds(each.conditions, kept):
                kept[each.name] = values[each.name]
        return kept

    def defaults(self) -> dict[str, Scalar]:
        """The defaults of the hyperparameters that are active at the defaults."""
        return self.active({each.name: each.default for each in self.hyperparameters})

    def contains(self, values: Mapping[str, Scalar]) -> bool:
        """Whether exactly the active hyperparameters have a value and each is in range. Constraints are not asked."""
        kept: dict[str, Scalar] = {}
        for each in self.hyperparameters:
            if _holds(each.conditions, kept):
                if each.name not in values or not each.contains(values[each.name]):
                    return False
                kept[each.name] = values[each.name]
        return kept.keys() == values.keys()

    def satisfies(self, values: Mapping[str, Scalar]) -> bool:
        """Whether no constraint is broken."""
        return all(each.holds(values) for each in self.constraints)

    def broken_constraints(self, values: Mapping[str, Scalar]) -> tuple[str, ...]:
        """The broken constraints in words."""
        return tuple(each.describe() for each in self.constraints if not each.holds(values))

    def hash_values(self, values: Mapping[str, Scalar], *, parent: str | None = None, repeat: int = 0) -> str:
        """32 hex digits that are equal exactly for the same active point (and parent, for promotions; and number of the
        repeat, where a point is run again on purpose).

        Values off the space (an older definition's, say) are hashed as they are.
        """
        point: dict[str, Scalar] = {}
        for name, value in self.active(values).items():
            snapped = self.by_name[name]._snapped(value)
            point[name] = value if snapped is None else snapped
        known: dict[str, object] = {"parent": parent, "values": point}
        if repeat:
            known["repeat"] = repeat
        text = json.dumps(known, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def size(self) -> int | None:
        """How many distinct active points there are, constraints aside; None when infinite.

        Exact up to `tuners.space_size.CAP`, which stands for "that many or more".
        """
        return count_points(self.hyperparameters)

    def sample(self, rng: random.Random) -> dict[str, Scalar]:
        """One point, each active hyperparameter drawn uniformly on its sampling scale. Constraints are not asked."""
        point: dict[str, Scalar] = {}
        for each in self.hyperparameters:
            if _holds(each.conditions, point):
                point[each.name] = each.at(rng.random())
        return point

    def to_json(self) -> dict[str, object]:
        document: dict[str, object] = {"hyperparameters": [each.to_json() for each in self.hyperparameters]}
        if self.constraints:
            document["constraints"] = [each.to_json() for each in self.constraints]
        if self.max_parameters is not None:
            document["max_parameters"] = self.max_parameters
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Space:
        """The space that `to_json` wrote. Raises KeyError or TypeError for anything else."""
        hyperparameters: Iterable[Mapping[str, object]] = document["hyperparameters"]  # type: ignore[assignment]
        constraints: Iterable[Mapping[str, object]] = document.get("constraints", ())  # type: ignore[assignment]
        return cls(
            tuple(Hyperparameter.from_json(each) for each in hyperparameters),
            tuple(Constraint.from_json(each) for each in constraints),
            document.get("max_parameters"),  # type: ignore[arg-type]
        )


def _holds(conditions: tuple[Condition, ...], active: Mapping[str, Scalar]) -> bool:
    """Whether all conditions hold over values that are known to be active."""
    return all(each.hp in active and each.admits(active[each.hp]) for each in conditions)

"""The border with Keras Tuner 1.4.8: our spaces and trials on one side, its objects in memory on the other.

Nothing here or above writes a file, and its `synchronized` methods (`create_trial`, `update_trial`, `end_trial`) are
never entered: their lock is keyed by thread name, stays held after an exception, and each oracle that ever took it is
kept alive for good in two module-level dictionaries. `populate_space`, which they wrap, is called instead, and what
they would have done with a trial is done here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keras_tuner import HyperParameters
from keras_tuner.engine import hyperparameters as kt_hp
from keras_tuner.engine import trial as kt_trial
from keras_tuner.src.engine.conditions import Parent

from storage.records import Scalar
from tuners.oracles.points import conditions_hold
from tuners.space import Hyperparameter, Space, same

_BELOW_ONE = math.nextafter(1.0, 0.0)


class ExactFloat(kt_hp.Float):  # type: ignore[misc]  # Keras Tuner is untyped
    """Keras Tuner's stepped `Float` on our decimal grid: its own counts steps with a binary `//`, which loses the last
    of 0.0 ... 0.5 by 0.1 and takes some values for their lower neighbours."""

    def __init__(self, hp: Hyperparameter, conditions: list[Parent]) -> None:
        super().__init__(hp.name, hp.min_value, hp.max_value, step=hp.step, default=hp.default, conditions=conditions)
        self._grid: Any = hp.grid

    def _get_n_values(self) -> int:
        return len(self._grid)

    def _get_value_by_index(self, index: int) -> float:
        return float(self._grid[index])

    def _to_prob_with_step(self, value: float) -> float:
        return float((round((value - self.min_value) / self.step) + 0.5) / len(self._grid))


class _Column:
    """One hyperparameter on both sides."""

    def __init__(self, hp: Hyperparameter, parents: Mapping[str, _Column]) -> None:
        self.hp = hp
        # Keras Tuner turns the booleans of a Choice into integers and refuses one of mixed types: those go by place.
        kinds = {type(value) for value in hp.values}
        self._by_place = hp.type == "choice" and (bool in kinds or len(kinds) > 1)
        conditions = [
            Parent(each.hp, [parents[each.hp].theirs(value) for value in each.values]) for each in hp.conditions
        ]
        self.kt = self._make(hp, conditions)

    def theirs(self, value: Scalar) -> Scalar:
        if not self._by_place:
            return value
        return next((place for place, each in enumerate(self.hp.values) if same(each, value)), -1)

    def ours(self, value: Scalar) -> Scalar:
        if self._by_place:
            assert isinstance(value, int)
            return self.hp.values[value]
        if self.hp.type in ("int", "float"):
            # Rounding can put a value on a curved scale just outside its range.
            assert isinstance(value, int | float)
            assert self.hp.min_value is not None
            assert self.hp.max_value is not None
            value = min(max(value, self.hp.min_value), self.hp.max_value)
        return self.hp.canonical(value)

    def at(self, unit: float) -> Scalar:
        """The value at a place between 0 and 1 (both ends included), on Keras Tuner's scale."""
        return self.ours(self.kt.prob_to_value(min(max(unit, 0.0), _BELOW_ONE)))

    def place(self, value: Scalar) -> float:
        """The place of a value between 0 and 1, on Keras Tuner's scale."""
        return float(self.kt.value_to_prob(self.theirs(value)))

    def _make(self, hp: Hyperparameter, conditions: list[Parent]) -> Any:
        if hp.type == "int":
            return kt_hp.Int(
                hp.name,
                hp.min_value,
                hp.max_value,
                step=None if hp.step is None else int(hp.step),
                sampling=hp.sampling,
                default=hp.default,
                conditions=conditions,
            )
        if hp.type == "float":
            if hp.step is not None and hp.sampling == "linear":
                return ExactFloat(hp, conditions)
            return kt_hp.Float(
                hp.name,
                hp.min_value,
                hp.max_value,
                step=hp.step,
                sampling=hp.sampling,
                default=hp.default,
                conditions=conditions,
            )
        if hp.type == "boolean":
            return kt_hp.Boolean(hp.name, default=hp.default, conditions=conditions)
        if hp.type == "fixed":
            return kt_hp.Fixed(hp.name, hp.values[0] if hp.values else hp.default, conditions=conditions)
        values = list(range(len(hp.values))) if self._by_place else list(hp.values)
        # Only numbers can be ordered there, and it insists.
        ordered = hp.ordered and not isinstance(values[0], str)
        return kt_hp.Choice(hp.name, values, ordered=ordered, default=self.theirs(hp.default), conditions=conditions)


class KerasTunerSpace:
    """A space in Keras Tuner's types, parents before children, and the way back."""

    def __init__(self, space: Space) -> None:
        columns: dict[str, _Column] = {}
        for hp in space.hyperparameters:
            columns[hp.name] = _Column(hp, columns)
        self._columns = tuple(columns.values())
        self.hyperparameters = HyperParameters()
        for column in self._columns:
            self.hyperparameters._hps[column.hp.name].append(column.kt)
            self.hyperparameters._space.append(column.kt)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def dimensions(self) -> int:
        """Hyperparameters that can vary."""
        return sum(column.hp.type != "fixed" for column in self._columns)

    def draw(self, seed_state: int) -> tuple[dict[str, Scalar], int]:
        """One random point and the next seed state: Keras Tuner's `_random_values`, draw for draw.

        Its own rebuilds every hyperparameter from its configuration for each point; here they are only asked.
        """
        values: dict[str, Scalar] = {}
        for column in self._columns:
            if conditions_hold(column.hp, values):
                values[column.hp.name] = column.ours(column.kt.random_sample(seed_state))
                seed_state += 1
        return values, seed_state

    def places(self, values: Mapping[str, Scalar]) -> list[float]:
        """The point in the unit cube, one number per varying hyperparameter; an inactive one stands at its default."""
        return [
            column.place(values.get(column.hp.name, column.hp.default))
            for column in self._columns
            if column.hp.type != "fixed"
        ]

    def point(self, places: list[float]) -> dict[str, Scalar]:
        """The active values at a place of the unit cube."""
        values: dict[str, Scalar] = {}
        remaining = iter(places)
        for column in self._columns:
            value = column.at(next(remaining)) if column.hp.type != "fixed" else column.ours(column.kt.value)
            if conditions_hold(column.hp, values):
                values[column.hp.name] = value
        return values

    def light(self, values: Mapping[str, Scalar]) -> Any:
        """Keras Tuner's `HyperParameters` of one trial, sharing the space: only the values are its own."""
        light = HyperParameters()
        light._hps, light._space = self.hyperparameters._hps, self.hyperparameters._space
        light.values = dict(values)
        return light

    def trial(self, number: int, values: Mapping[str, Scalar], *, status: str, score: float | None) -> Any:
        """Keras Tuner's `Trial` for one of ours, known by its number."""
        trial = kt_trial.Trial(self.light(values), trial_id=str(number), status=status)
        trial.score = score
        return trial


class NoDisk:
    """Mixed in front of an oracle of Keras Tuner: nothing is written or read, and nothing is printed."""

    def save(self) -> None: ...

    def reload(self) -> None: ...

    def _save_trial(self, trial: object) -> None: ...


# Retries, the budget and the rule about failures in a row are ours (they are kept in the database); Keras Tuner's must
# not interfere: its failure rule raises again at every later end once it has been tripped.
OFF = {"max_retries_per_trial": 0, "max_consecutive_failed_trials": 2**62}

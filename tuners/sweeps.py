"""One hyperparameter at a time: the points of a sweep, from the baseline of defaults."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate

from storage.records import Scalar
from tuners.scales import index_of, nth, value_at
from tuners.space import Hyperparameter, Space, same

DEFAULT_POINTS = 8


def swept(values: Mapping[str, Scalar], space: Space) -> str | None:
    """The hyperparameter that a point of a sweep varies: the one whose value is not its default. None: the baseline.

    Children that a swept parent brings to life stand at their defaults, so there is never more than one.
    """
    return next(
        (hp.name for hp in space.hyperparameters if hp.name in values and not same(values[hp.name], hp.default)), None
    )


def at_baseline_but(name: str, values: Mapping[str, Scalar], space: Space) -> bool:
    """Whether every active hyperparameter but this one stands at its default."""
    return all(
        hp.name == name or hp.name not in values or same(values[hp.name], hp.default) for hp in space.hyperparameters
    )


class Sweep:
    """The points of a sweep by index: 0 is the baseline, then every other value of each hyperparameter in turn.

    A value is tried with all others at their defaults; children that it brings to life are at theirs, and those that
    it takes away have none. Values are counted, not listed: a sweep over a long range costs no memory.

    Args:
        names: What is swept, in this order; None: everything that is active at the baseline and can vary.
        points: How many values of a number without a step are tried, on its sampling scale, both ends included. An
            integer range with no more values than that is tried whole.
    """

    def __init__(self, space: Space, names: Sequence[str] | None = None, *, points: int = DEFAULT_POINTS) -> None:
        self._space = space
        self.baseline = space.defaults()
        chosen = [name for name in self.baseline if _varies(space.by_name[name])] if names is None else names
        self._columns = tuple(_Column(space.by_name[name], points) for name in chosen)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate((len(column) for column in self._columns), initial=1))

    def __len__(self) -> int:
        return self._ends[-1]

    def values(self, index: int) -> dict[str, Scalar]:
        """The active values of the point with this index."""
        if index == 0:
            return dict(self.baseline)
        place = bisect_right(self._ends, index) - 1
        column = self._columns[place]
        changed = {column.hp.name: column[index - self._ends[place]]}
        return self._space.active({**{hp.name: hp.default for hp in self._space.hyperparameters}, **changed})

    def points(self) -> Iterator[dict[str, Scalar]]:
        """All points in order that keep the constraints."""
        return (values for index in range(len(self)) if self._space.satisfies(values := self.values(index)))


def _varies(hp: Hyperparameter) -> bool:
    return hp.cardinality() != 1


class _Column:
    """The values of one hyperparameter without its default."""

    def __init__(self, hp: Hyperparameter, points: int) -> None:
        self.hp = hp
        self._chosen: list[Scalar] | None = None
        count = hp.cardinality()
        if hp.type in ("int", "float") and hp.step is None and (count is None or count > points):
            places = [place / (points - 1) for place in range(points)]
            values = dict.fromkeys(value_at(hp, place) for place in places)
            self._chosen = [value for value in values if not same(value, hp.default)]
            return
        assert count is not None
        self._count = count
        self._default_at = index_of(hp, hp.default)

    def __len__(self) -> int:
        return len(self._chosen) if self._chosen is not None else self._count - 1

    def __getitem__(self, index: int) -> Scalar:
        if self._chosen is not None:
            return self._chosen[index]
        return nth(self.hp, index if index < self._default_at else index + 1)

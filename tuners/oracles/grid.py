"""Grid search as one integer: the index of the next point.

Keras Tuner's own grid runs one trial at a time (each trial's end releases its successor) and cannot be reloaded, so
only its documented order is kept here.
"""

from __future__ import annotations

from storage.records import JsonObject, NewTrial, OracleSnapshot, Trial
from tuners.oracles.base import SPACE_EXHAUSTED, Accepts, Ask, TrialBook, space_of, stored_int
from tuners.oracles.points import PointIndex
from tuners.space import Space

# Points looked at in one ask: constraints that refuse nearly everything must not hold up the other searches.
SCAN_POINTS = 2_000
# Calls of `accepts` likewise: each may have a model built.
SCAN_CHECKS = 20
_END = -1


class GridOracle:
    """Every point of the space once, in the order of `PointIndex`, skipping those that constraints refuse.

    Its whole state is the index of the next point, so any number of trials can be open at once.
    """

    def __init__(self, space: Space, *, next_index: int, book: TrialBook, accepts: Accepts | None = None) -> None:
        self._space = space
        self._points = PointIndex(space)
        self._next = next_index
        self._book = book
        self._accepts = accepts

    @classmethod
    def from_snapshot(cls, snapshot: OracleSnapshot, accepts: Accepts | None = None) -> GridOracle:
        space = space_of(snapshot)
        book = TrialBook.of(snapshot.trials)
        next_index = stored_int(snapshot.state, "next", 0)
        if stored_int(snapshot.state, "trials", 0) != book.count:
            # Proposals were dropped when the state was stored (`max_trials` had been lowered): go on after the last.
            points = PointIndex(space)
            last = max(snapshot.trials, key=lambda trial: trial.number, default=None)
            after = 0 if last is None else points.after(points.index(last.values))
            next_index = _END if after is None else after
        return cls(space, next_index=next_index, book=book, accepts=accepts)

    @property
    def lookahead(self) -> int:
        return 2

    def ask(self, count: int) -> Ask:
        trials: list[NewTrial] = []
        points, checks = SCAN_POINTS, SCAN_CHECKS
        while len(trials) < count and self._next != _END:
            if points == 0 or checks == 0:
                return Ask(tuple(trials), "wait", interrupted=True)
            points -= 1
            values = self._points.values(self._next)
            after = self._points.after(self._next)
            self._next = _END if after is None else after
            if not self._space.satisfies(values):
                continue
            if self._accepts is not None:
                checks -= 1
                if not self._accepts(values):
                    continue
            trial = NewTrial(values=values, values_hash=self._space.hash_values(values))
            self._book.propose(trial)
            trials.append(trial)
        if len(trials) < count:
            return Ask(tuple(trials), "exhausted", SPACE_EXHAUSTED)
        return Ask(tuple(trials), "ok")

    def tell(self, trial: Trial) -> None:
        self._book.close(trial)

    def state(self) -> JsonObject:
        return {"next": self._next, "trials": self._book.count}

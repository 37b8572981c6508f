"""One hyperparameter at a time, from the baseline of defaults: the way most people tune by hand."""

from __future__ import annotations

from collections.abc import Sequence

from storage.records import JsonObject, NewTrial, OracleSnapshot, Trial
from tuners.oracles.base import TUNER_FINISHED, Accepts, Ask, TrialBook, space_of, stored_int, tuner_options
from tuners.space import Space
from tuners.sweeps import DEFAULT_POINTS, Sweep

# Points looked at in one ask, and calls of `accepts`, as for the grid: others must have their turn.
SCAN_POINTS = 2_000
SCAN_CHECKS = 20


class SweepOracle:
    """The points of `Sweep` in order, all of them `repeats` times, skipping those that constraints refuse.

    A repeat is a trial of its own with the next number, and so with seeds of its own. Whole sweeps follow each other,
    so that one that is cut short has every point before it has any twice. The whole state is one integer, the place
    in this schedule: any number of trials can be open at once.
    """

    def __init__(
        self, space: Space, sweep: Sweep, *, repeats: int, next_place: int, book: TrialBook, accepts: Accepts | None
    ) -> None:
        self._space = space
        self._sweep = sweep
        self._places = len(sweep) * repeats
        self._next = next_place
        self._book = book
        self._accepts = accepts

    @classmethod
    def from_snapshot(cls, snapshot: OracleSnapshot, accepts: Accepts | None = None) -> SweepOracle:
        space = space_of(snapshot)
        options = tuner_options(snapshot)
        names, points, repeats = options.get("hyperparameters"), options.get("points"), options.get("repeats")
        sweep = Sweep(
            space,
            [str(name) for name in names] if isinstance(names, list | tuple) else None,
            points=points if isinstance(points, int) else DEFAULT_POINTS,
        )
        book = TrialBook.of(snapshot.trials)
        next_place = stored_int(snapshot.state, "next", 0)
        if stored_int(snapshot.state, "trials", 0) != book.count:
            # Proposals were dropped when the state was stored (`max_trials` had been lowered): go on after the last.
            next_place = _after_last(space, sweep, snapshot.trials)
        return cls(
            space,
            sweep,
            repeats=repeats if isinstance(repeats, int) else 1,
            next_place=next_place,
            book=book,
            accepts=accepts,
        )

    @property
    def lookahead(self) -> int:
        return 2

    def ask(self, count: int) -> Ask:
        trials: list[NewTrial] = []
        points, checks = SCAN_POINTS, SCAN_CHECKS
        while len(trials) < count and self._next < self._places:
            if points == 0 or checks == 0:
                return Ask(tuple(trials), "wait", interrupted=True)
            points -= 1
            repeat, index = divmod(self._next, len(self._sweep))
            self._next += 1
            values = self._sweep.values(index)
            if not self._space.satisfies(values):
                continue
            if self._accepts is not None:
                checks -= 1
                if not self._accepts(values):
                    continue
            trial = NewTrial(values=values, values_hash=self._space.hash_values(values, repeat=repeat))
            self._book.propose(trial)
            trials.append(trial)
        if len(trials) < count:
            return Ask(tuple(trials), "exhausted", TUNER_FINISHED)
        return Ask(tuple(trials), "ok")

    def tell(self, trial: Trial) -> None:
        self._book.close(trial)

    def state(self) -> JsonObject:
        return {"next": self._next, "trials": self._book.count}


def _after_last(space: Space, sweep: Sweep, trials: Sequence[Trial]) -> int:
    """The place after the trial with the highest number."""
    last = max(trials, key=lambda trial: trial.number, default=None)
    if last is None:
        return 0
    point = space.hash_values(last.values)
    index = next(place for place in range(len(sweep)) if space.hash_values(sweep.values(place)) == point)
    repeat = sum(space.hash_values(trial.values) == point for trial in trials) - 1
    return repeat * len(sweep) + index + 1

"""Random search: Keras Tuner's oracle, draw for draw."""

from __future__ import annotations

from typing import Any

from keras_tuner.oracles import RandomSearchOracle

from storage.records import JsonObject, NewTrial, OracleSnapshot, Trial
from tuners.oracles.base import SPACE_EXHAUSTED, Accepts, Ask, TrialBook, oracle_seed, space_of
from tuners.oracles.keras_tuner_border import OFF, KerasTunerSpace, NoDisk
from tuners.oracles.sampling import PointSource
from tuners.space import Space


class _KerasTunerRandom(NoDisk, RandomSearchOracle):  # type: ignore[misc]  # Keras Tuner is untyped
    """Its `populate_space` over our source of points."""

    def __init__(self, source: PointSource, keras_tuner: KerasTunerSpace) -> None:
        super().__init__(max_trials=None, seed=1, hyperparameters=keras_tuner.hyperparameters, **OFF)
        self.verbose = 0
        self._source = source

    def _random_values(self) -> Any:
        return self._source.draw()


class RandomOracle:
    """Points drawn at random, each hyperparameter on its own scale, none twice.

    A space that can be listed is tried to its last point; Keras Tuner ends after 20 draws of known points in a row.
    """

    def __init__(self, space: Space, source: PointSource, keras_tuner: KerasTunerSpace, book: TrialBook) -> None:
        self._space = space
        self._source = source
        self._book = book
        self._oracle = _KerasTunerRandom(source, keras_tuner)

    @classmethod
    def from_snapshot(cls, snapshot: OracleSnapshot, accepts: Accepts | None = None) -> RandomOracle:
        space = space_of(snapshot)
        keras_tuner = KerasTunerSpace(space)
        book = TrialBook.of(snapshot.trials)
        seed = oracle_seed(snapshot.search.seed)
        source = PointSource.restored(space, keras_tuner, book, state=snapshot.state, seed=seed, accepts=accepts)
        return cls(space, source, keras_tuner, book)

    @property
    def lookahead(self) -> int:
        return 2

    def ask(self, count: int) -> Ask:
        self._source.begin_ask()
        trials: list[NewTrial] = []
        while len(trials) < count:
            # Without values it says STOPPED, whatever the reason.
            values = self._oracle.populate_space(str(self._book.count))["values"]
            if values is None:
                if self._source.exhausted:
                    return Ask(tuple(trials), "exhausted", SPACE_EXHAUSTED)
                return Ask(tuple(trials), "wait", interrupted=True)
            trial = NewTrial(values=values, values_hash=self._space.hash_values(values))
            self._book.propose(trial)
            trials.append(trial)
        return Ask(tuple(trials), "ok")

    def tell(self, trial: Trial) -> None:
        self._book.close(trial)

    def state(self) -> JsonObject:
        return self._source.state()

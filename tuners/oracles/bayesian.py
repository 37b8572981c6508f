"""Bayesian search with Keras Tuner's model and acquisition function, computed in batches.

Source: Srinivas, Krause, Kakade, Seeger (2010), "Gaussian Process Optimization in the Bandit Setting",
arXiv:0912.3995 (the acquisition function); Keras Tuner 1.4.8, `tuners/bayesian.py` (model, beta, alpha, the number of
random trials, values that stand for inactive hyperparameters, the pessimistic guess for running trials).
We differ: the process is fitted to the finished trials before the running ones are guessed (a rebuilt oracle there
guesses 1.0 for all), with at most `MAX_POINTS` trials; candidates are compared as the points that would really run
(rounded to their steps, inactive ones at their defaults); no point is proposed twice; a small space is searched whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from storage.records import Direction, JsonObject, NewTrial, OracleSnapshot, Scalar, Trial
from storage.states import TRIAL_ENDED
from tuners.oracles.base import (
    SPACE_EXHAUSTED,
    Accepts,
    Ask,
    TrialBook,
    oracle_seed,
    space_of,
    tuner_options,
    usable_score,
)
from tuners.oracles.gaussian_process import Floats, GaussianProcess
from tuners.oracles.keras_tuner_border import KerasTunerSpace
from tuners.oracles.points import PointIndex
from tuners.oracles.sampling import CHECKS_PER_ASK, PointSource
from tuners.seeds import derived_seed
from tuners.space import Space

# An ask stays under half a second on one core with these.
MAX_POINTS = 500
CANDIDATES = 4096
POLISHED = 5
COMPARED = 256


@dataclass(frozen=True, slots=True)
class BayesianOptions:
    """Keras Tuner's options of the same names.

    Attributes:
        num_initial_points: Trials that must have a score before the model is used; the default is 3 for each
            hyperparameter, and at least 3.
        alpha: Variance of the noise of the scores, in units of their own variance.
        beta: How much uncertainty counts: the larger, the more is explored.
    """

    num_initial_points: int
    alpha: float = 1e-4
    beta: float = 2.6

    @classmethod
    def of(cls, snapshot: OracleSnapshot, space: Space) -> BayesianOptions:
        options = tuner_options(snapshot)

        def number(name: str, default: float) -> float:
            value = options.get(name)
            return float(value) if isinstance(value, int | float) else default

        # As there: 0 and None both stand for the default, and fixed hyperparameters count.
        initial = int(number("num_initial_points", 0)) or max(3 * len(space.hyperparameters), 3)
        return cls(initial, alpha=number("alpha", 1e-4), beta=number("beta", 2.6))


@dataclass(frozen=True, slots=True)
class _Listed:
    """All allowed points of a small space."""

    indices: list[int]
    places: Floats


class BayesianOracle:
    """Random points first, then the ones where a Gaussian process sees the best chance.

    Everything it computes follows from the trials, their numbers and the seed: the only state is that of the random
    points.
    """

    def __init__(
        self,
        space: Space,
        source: PointSource,
        keras_tuner: KerasTunerSpace,
        book: TrialBook,
        *,
        seed: int,
        direction: Direction,
        options: BayesianOptions,
        accepts: Accepts | None = None,
    ) -> None:
        self._space = space
        self._source = source
        self._keras_tuner = keras_tuner
        self._book = book
        self._seed = seed
        self._sign = -1.0 if direction == "max" else 1.0
        self._options = options
        self._accepts = accepts
        self._places: dict[int, list[float]] = {}
        self._costs: dict[int, float] = {}
        self._process: GaussianProcess | None = None
        self._listed: _Listed | None = None

    @classmethod
    def from_snapshot(cls, snapshot: OracleSnapshot, accepts: Accepts | None = None) -> BayesianOracle:
        space = space_of(snapshot)
        keras_tuner = KerasTunerSpace(space)
        book = TrialBook.of(snapshot.trials)
        seed = oracle_seed(snapshot.search.seed)
        source = PointSource.restored(space, keras_tuner, book, state=snapshot.state, seed=seed, accepts=accepts)
        oracle = cls(
            space,
            source,
            keras_tuner,
            book,
            seed=seed,
            direction=snapshot.search.objective.direction,
            options=BayesianOptions.of(snapshot, space),
            accepts=accepts,
        )
        for trial in snapshot.trials:
            oracle._places[trial.number] = keras_tuner.places(trial.values)
            if trial.state in TRIAL_ENDED:
                oracle._take_in(trial)
        return oracle

    @property
    def lookahead(self) -> int:
        # The first points are random whatever comes of the others. When all of them are out, a point asked ahead
        # would be one more random one; later it is chosen with one result less.
        if self._book.count < self._options.num_initial_points:
            return 2
        return 1 if self._uses_model else 0

    def ask(self, count: int) -> Ask:
        self._source.begin_ask()
        trials: list[NewTrial] = []
        while len(trials) < count:
            values = self._suggest() if self._uses_model else self._source.draw()
            if values is None:
                if self._source.interrupted:
                    return Ask(tuple(trials), "wait", interrupted=True)
                return Ask(tuple(trials), "exhausted", SPACE_EXHAUSTED)
            trial = NewTrial(values=values, values_hash=self._space.hash_values(values))
            self._places[self._book.propose(trial)] = self._keras_tuner.places(values)
            trials.append(trial)
        return Ask(tuple(trials), "ok")

    def tell(self, trial: Trial) -> None:
        self._book.close(trial)
        self._take_in(trial)

    def state(self) -> JsonObject:
        return self._source.state()

    @property
    def _uses_model(self) -> bool:
        return len(self._costs) >= self._options.num_initial_points and self._keras_tuner.dimensions > 0

    def _take_in(self, trial: Trial) -> None:
        score = usable_score(trial)
        if score is None:
            self._costs.pop(trial.number, None)
        else:
            self._costs[trial.number] = self._sign * score
        self._process = None

    def _suggest(self) -> dict[str, Scalar] | None:
        """The best new point by the model; a random one when all candidates are taken or refused."""
        process = self._with_open_trials()
        checks = CHECKS_PER_ASK
        for values in self._ranked(process):
            if self._accepts is None or self._accepts(values):
                return values
            checks -= 1
            if checks == 0:
                break
        return self._source.draw()

    def _with_open_trials(self) -> GaussianProcess:
        if self._process is None:
            numbers = self._modelled()
            x = np.array([self._places[number] for number in numbers])
            y = np.array([self._costs[number] for number in numbers])
            self._process = GaussianProcess.fitted(x, y, alpha=self._options.alpha)
        running = sorted(self._book.open)
        if not running:
            return self._process
        x = np.array([self._places[number] for number in running])
        mean, deviation = self._process.predict(x)
        return self._process.with_points(x, mean + deviation)

    def _modelled(self) -> list[int]:
        """Numbers of the trials the process is fitted to: all, or the best and the latest."""
        if len(self._costs) <= MAX_POINTS:
            return sorted(self._costs)
        best = sorted(self._costs, key=lambda number: (self._costs[number], number))
        chosen = set(sorted(self._costs)[-MAX_POINTS // 2 :])
        for number in best:
            if len(chosen) == MAX_POINTS:
                break
            chosen.add(number)
        return sorted(chosen)

    def _ranked(self, process: GaussianProcess) -> Iterator[dict[str, Scalar]]:
        """New points that the constraints allow, best first."""
        size = self._space.size()
        if size is not None and size <= CANDIDATES:
            return self._ranked_whole_space(process)
        return self._ranked_candidates(process)

    def _ranked_whole_space(self, process: GaussianProcess) -> Iterator[dict[str, Scalar]]:
        points = PointIndex(self._space)
        if self._listed is None:
            indices = [index for index in points.indices() if self._space.satisfies(points.values(index))]
            places = np.array([self._keras_tuner.places(points.values(index)) for index in indices])
            self._listed = _Listed(indices, places)
        if not self._listed.indices:
            return
        bounds = process.lower_bound(self._listed.places, beta=self._options.beta)
        for place in np.argsort(bounds, kind="stable"):
            values = points.values(self._listed.indices[place])
            if self._space.hash_values(values) not in self._book.tried:
                yield values

    def _ranked_candidates(self, process: GaussianProcess) -> Iterator[dict[str, Scalar]]:
        # Seeded by the trial's number: a rebuilt oracle looks at the same candidates.
        generator = np.random.default_rng(derived_seed(self._seed, "candidates", self._book.count))
        batch = generator.random((CANDIDATES, self._keras_tuner.dimensions))
        batch = batch[np.argsort(process.lower_bound(batch, beta=self._options.beta), kind="stable")]
        seen: set[str] = set()
        first = self._new_points(
            [*(self._polish(process, start) for start in batch[:POLISHED]), *batch[:COMPARED]], seen
        )
        if first:
            places = np.array([self._keras_tuner.places(values) for values in first])
            for place in np.argsort(process.lower_bound(places, beta=self._options.beta), kind="stable"):
                yield first[place]
        for start in range(COMPARED, CANDIDATES, COMPARED):
            yield from self._new_points(list(batch[start : start + COMPARED]), seen)

    def _polish(self, process: GaussianProcess, start: Floats) -> Floats:
        found = minimize(
            process.lower_bound_slope,
            x0=start,
            args=(self._options.beta,),
            jac=True,
            bounds=[(0.0, 1.0)] * len(start),
            method="L-BFGS-B",
        )
        polished: Floats = found.x
        return polished

    def _new_points(self, batch: list[Floats], seen: set[str]) -> list[dict[str, Scalar]]:
        """The points at these places that are allowed and neither tried nor `seen`, in order; `seen` grows by them."""
        found = []
        for places in batch:
            values = self._keras_tuner.point(places.tolist())
            name = self._space.hash_values(values)
            if name not in seen and name not in self._book.tried and self._space.satisfies(values):
                seen.add(name)
                found.append(values)
        return found

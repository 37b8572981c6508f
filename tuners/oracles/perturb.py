"""Change the best a little at random, keep what is better, and take smaller steps when nothing is.

A (1+1) evolution strategy with the one-fifth success rule. Sources: Rechenberg (1973), "Evolutionsstrategie:
Optimierung technischer Systeme nach Prinzipien der biologischen Evolution" (the strategy and the rule); Schumer,
Steiglitz (1968), "Adaptive step size random search", doi:10.1109/TAC.1968.1098903 (steps that follow success); in the
form of Kern, Mueller, Hansen, Buche, Ocenasek, Koumoutsakos (2004), "Learning probability distributions in continuous
evolutionary algorithms", doi:10.1023/B:NACO.0000023416.59689.4e, section 4: the step grows at each success and shrinks
at each other trial by a fourth root of the same factor, so that it stays the same when one trial in five is better.

We differ: several trials may be open at once, each a change of the best known when it was asked; a trial is judged by
the best that was known when it ended. Values lie on their steps and choices have no distances, so points repeat: known
ones are drawn again from ever farther away, and when none is found near the best, one is drawn from the whole space.
"""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storage.records import Direction, JsonObject, NewTrial, OracleSnapshot, Scalar, Trial
from storage.states import TRIAL_ENDED, TrialState
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
from tuners.oracles.keras_tuner_border import KerasTunerSpace
from tuners.oracles.points import conditions_hold
from tuners.oracles.sampling import CHECKS_PER_ASK, PointSource
from tuners.scales import index_of, nth, place_of, value_at
from tuners.seeds import derived_seed
from tuners.space import Hyperparameter, Space, same

DRAWS = 60
WIDENING = 1.08
"""Each further draw for one proposal is so many times as wide: a hundred times after all of them."""


@dataclass(frozen=True, slots=True)
class PerturbOptions:
    """Sizes of the steps, as shares of each hyperparameter's range on its sampling scale.

    Attributes:
        sigma: Standard deviation of the first steps.
        shrink: Factor at each trial that is not better; a better one makes up for four of them.
        min_sigma: Steps never get smaller than this.
    """

    sigma: float = 0.2
    shrink: float = 0.9
    min_sigma: float = 0.01

    @classmethod
    def of(cls, snapshot: OracleSnapshot) -> PerturbOptions:
        options = tuner_options(snapshot)

        def number(name: str, default: float) -> float:
            value = options.get(name)
            return float(value) if isinstance(value, int | float) else default

        return cls(number("sigma", 0.2), number("shrink", 0.9), number("min_sigma", 0.01))


class Climb:
    """Where the strategy stands after the trials that have ended, in the order in which they did.

    Attributes:
        best: Values of the best trial; None before the first score.
        sigma: Size of the next step.
    """

    def __init__(self, options: PerturbOptions, *, direction: Direction) -> None:
        self._options = options
        self._sign = -1.0 if direction == "max" else 1.0
        self._ended: list[tuple[int, int]] = []
        self._trials: dict[int, Trial] = {}
        self._cost: float | None = None
        self.best: Mapping[str, Scalar] | None = None
        self.sigma = options.sigma

    def take_in(self, trial: Trial) -> None:
        """A trial that has ended; one told again replaces what was told before."""
        before = self._trials.get(trial.number)
        place = (-1 if trial.ended_seq is None else trial.ended_seq, trial.number)
        if before is not None:
            self._ended.remove((-1 if before.ended_seq is None else before.ended_seq, trial.number))
        self._trials[trial.number] = trial
        in_order = before is None and (not self._ended or self._ended[-1] < place)
        insort(self._ended, place)
        if in_order:
            self._step(trial)
            return
        self._cost, self.best, self.sigma = None, None, self._options.sigma
        for _, number in self._ended:
            self._step(self._trials[number])

    def _step(self, trial: Trial) -> None:
        score = usable_score(trial)
        if score is None:
            # A point that fails is no better one; a cancelled trial says nothing about its point.
            if trial.state is not TrialState.CANCELLED and self._cost is not None:
                self._shrink()
            return
        cost = self._sign * score
        if self._cost is not None:
            if cost >= self._cost:
                self._shrink()
                return
            self.sigma = min(self.sigma / self._options.shrink**4, 1.0)
        self._cost, self.best = cost, trial.values

    def _shrink(self) -> None:
        self.sigma = max(self.sigma * self._options.shrink, min(self._options.min_sigma, self._options.sigma))


class PerturbOracle:
    """The defaults first, then one small change of the best after the other.

    What it proposes follows from the ended trials, the number of the trial and the seed; the only state is that of the
    points drawn from the whole space.
    """

    def __init__(
        self,
        space: Space,
        source: PointSource,
        book: TrialBook,
        climb: Climb,
        *,
        seed: int,
        accepts: Accepts | None = None,
    ) -> None:
        self._space = space
        self._source = source
        self._book = book
        self._climb = climb
        self._seed = seed
        self._accepts = accepts

    @classmethod
    def from_snapshot(cls, snapshot: OracleSnapshot, accepts: Accepts | None = None) -> PerturbOracle:
        space = space_of(snapshot)
        book = TrialBook.of(snapshot.trials)
        seed = oracle_seed(snapshot.search.seed)
        source = PointSource.restored(
            space, KerasTunerSpace(space), book, state=snapshot.state, seed=seed, accepts=accepts
        )
        climb = Climb(PerturbOptions.of(snapshot), direction=snapshot.search.objective.direction)
        ended = [trial for trial in snapshot.trials if trial.state in TRIAL_ENDED]
        for trial in sorted(ended, key=lambda trial: -1 if trial.ended_seq is None else trial.ended_seq):
            climb.take_in(trial)
        return cls(space, source, book, climb, seed=seed, accepts=accepts)

    @property
    def lookahead(self) -> int:
        # Each proposal starts from the best known: one made ahead would start from a point that may be beaten by then.
        return 0

    def ask(self, count: int) -> Ask:
        self._source.begin_ask()
        trials: list[NewTrial] = []
        while len(trials) < count:
            values = self._near_best()
            if values is None:
                values = self._source.draw()
            if values is None:
                if self._source.interrupted:
                    return Ask(tuple(trials), "wait", interrupted=True)
                return Ask(tuple(trials), "exhausted", SPACE_EXHAUSTED)
            trial = NewTrial(values=values, values_hash=self._space.hash_values(values))
            self._book.propose(trial)
            trials.append(trial)
        return Ask(tuple(trials), "ok")

    def tell(self, trial: Trial) -> None:
        self._book.close(trial)
        self._climb.take_in(trial)

    def state(self) -> JsonObject:
        return self._source.state()

    def _near_best(self) -> dict[str, Scalar] | None:
        """A new point near the best; None when no draw gave one."""
        checks = CHECKS_PER_ASK
        for values in self._candidates():
            if not self._space.satisfies(values) or self._space.hash_values(values) in self._book.tried:
                continue
            if self._accepts is None or self._accepts(values):
                return values
            checks -= 1
            if checks == 0:
                return None
        return None

    def _candidates(self) -> Iterator[dict[str, Scalar]]:
        """The defaults to begin with, then changes of the best, seeded by the trial's number: a rebuilt oracle draws
        the same.
        """
        if self._book.count == 0:
            yield self._space.defaults()
        start = self._climb.best or self._space.defaults()
        rng = random.Random(derived_seed(self._seed, "perturb", self._book.count))
        for draw in range(DRAWS):
            yield changed(start, self._space, sigma=min(self._climb.sigma * WIDENING**draw, 1.0), rng=rng)


def changed(start: Mapping[str, Scalar], space: Space, *, sigma: float, rng: random.Random) -> dict[str, Scalar]:
    """A point near another: numbers take a normal step, and of n hyperparameters each choice flips with chance 1/n.

    Args:
        start: Active values. What a change brings to life stands at its default.
        sigma: Standard deviation of a step, as a share of the range on the sampling scale. A step beyond an end is
            reflected there.

    Returns:
        Active values, at least one of them changed; the same point when nothing in it can vary.
    """
    varying = [hp for hp in space.hyperparameters if hp.name in start and hp.cardinality() != 1]
    values = dict(start)
    for hp in varying:
        if hp.type in ("int", "float"):
            values[hp.name] = _stepped(hp, start[hp.name], rng.gauss(0.0, sigma))
        elif rng.random() < 1.0 / len(varying):
            values[hp.name] = _flipped(hp, start[hp.name], rng)
    if varying and all(same(values[hp.name], start[hp.name]) for hp in varying):
        # Steps smaller than the grid would stand still for ever.
        chosen = rng.choice(varying)
        values[chosen.name] = _flipped(chosen, start[chosen.name], rng)
    point: dict[str, Scalar] = {}
    for hp in space.hyperparameters:
        if conditions_hold(hp, point):
            point[hp.name] = values.get(hp.name, hp.default)
    return point


def _stepped(hp: Hyperparameter, value: Scalar, step: float) -> Scalar:
    place = abs(place_of(hp, value) + step) % 2.0
    return value_at(hp, 2.0 - place if place > 1.0 else place)


def _flipped(hp: Hyperparameter, value: Scalar, rng: random.Random) -> Scalar:
    """A neighbour of a value that has some, else any other one."""
    count = hp.cardinality()
    if count is None:
        return hp.at(rng.random())
    index = index_of(hp, value)
    if hp.ordered or hp.type in ("int", "float"):
        return nth(hp, rng.choice([near for near in (index - 1, index + 1) if 0 <= near < count]))
    other = rng.randrange(count - 1)
    return nth(hp, other if other < index else other + 1)

"""What a search will cost, before anything runs: trials, epochs, brackets, and what looks unwise. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from storage.records import Scalar
from tuners.definitions import (
    BayesianTuner,
    DataFacts,
    Definition,
    GridTuner,
    HyperbandTuner,
    SweepTuner,
    bounds,
)
from tuners.definitions.faults import Faults
from tuners.definitions.filling import filled
from tuners.definitions.metrics import with_validation
from tuners.definitions.sweeping import sweep_of
from tuners.definitions.walking import Scope, Walk
from tuners.space import Space

_SAMPLES = 1000
_OWN_SCHEDULE = (HyperbandTuner, SweepTuner)
"""Tuners that end for other reasons than that the space is used up."""


@dataclass(frozen=True)
class RoundPlan:
    """One stage of a bracket: so many trials train from one epoch to another (both absolute, the latter exclusive)."""

    trials: int
    start_epoch: int
    target_epochs: int


@dataclass(frozen=True)
class BracketPlan:
    """One of Hyperband's groups. `epochs` are what its trials train altogether, once per execution."""

    number: int
    rounds: tuple[RoundPlan, ...]

    @property
    def trials(self) -> int:
        return sum(each.trials for each in self.rounds)

    @property
    def epochs(self) -> int:
        return sum(each.trials * (each.target_epochs - each.start_epoch) for each in self.rounds)


@dataclass(frozen=True)
class PlanWarning:
    """Something allowed that may not be meant: a stable word, where it is, and a sentence."""

    code: str
    pointer: str
    detail: str


@dataclass(frozen=True)
class Plan:
    """The cost if nothing ends the search early.

    Attributes:
        trials: None when only a limit of time, epochs or patience ends the search.
        epochs: Over all trials and executions; the expected number when epochs are a hyperparameter.
        min_epochs: The fewest they can be; equal to `epochs` unless epochs are a hyperparameter.
        max_epochs: The most they can be; `limits.max_epochs` is taken into account.
        space_size: Distinct points; None when continuous.
        brackets: Hyperband's, in the order in which they start; empty for other tuners.
        iterations: How often all brackets are run; 1 for other tuners.
    """

    trials: int | None
    epochs: int | None
    min_epochs: int | None
    max_epochs: int | None
    space_size: int | None
    brackets: tuple[BracketPlan, ...]
    iterations: int
    warnings: tuple[PlanWarning, ...]


def hyperband_brackets(max_epochs: int, factor: int) -> tuple[BracketPlan, ...]:
    """One iteration of Hyperband's brackets in Keras Tuner's sizes, the most halving one first.

    Source: Li et al. (2018), Hyperband, JMLR 18, algorithm 1; sizes as rounded by Keras Tuner 1.4.8
    (`tuners/hyperband.py`, `_get_size`, `_get_epochs`), so that both run the same trials.
    """
    count = 0
    left = float(max_epochs)
    while left >= 1:
        left /= factor
        count += 1
    last_size = math.ceil(1 + math.log(max_epochs, factor))
    brackets = []
    for number in reversed(range(count)):
        rounds = []
        before = 0
        for place in range(number + 1):
            trials = math.ceil(last_size / (number + 1) * factor ** (number - place))
            epochs = math.ceil(max_epochs / factor ** (number - place))
            rounds.append(RoundPlan(trials, before, epochs))
            before = epochs
        brackets.append(BracketPlan(number, tuple(rounds)))
    return tuple(brackets)


def plan(definition: Definition, space: Space, data: DataFacts) -> Plan:
    """The cost of a definition that has been checked against its data set."""
    size = space.size()
    warnings = [*_about_space(definition, space, size), *_about_objective(definition)]
    iterations = 1
    brackets: tuple[BracketPlan, ...] = ()
    if isinstance(definition.tuner, HyperbandTuner):
        iterations = definition.tuner.hyperband_iterations
        brackets = hyperband_brackets(definition.tuner.max_epochs, definition.tuner.factor)
        trials, low, expected, high = _hyperband_cost(brackets, iterations, definition.limits.max_trials)
    elif isinstance(definition.tuner, SweepTuner):
        trials, low, expected, high = _sweep_cost(definition, definition.tuner, space, data)
    else:
        trials, low, expected, high = _plain_cost(definition, space, data, size)
    warnings += _about_tuner(definition, space, brackets, size)
    times = definition.trainings_per_trial
    most = definition.limits.max_epochs
    epochs = [None if each is None else round(each * times) for each in (low, expected, high)]
    if most is not None:
        epochs = [most if each is None else min(each, most) for each in epochs]
    warnings += _about_folds(definition, data)
    if data.train_rows < 100:
        warnings.append(
            PlanWarning("little_data", "/dataset", f"the data set has only {data.train_rows} training rows")
        )
    return Plan(trials, epochs[1], epochs[0], epochs[2], size, brackets, iterations, tuple(warnings))


_Cost = tuple[int | None, float | None, float | None, float | None]


def _hyperband_cost(brackets: tuple[BracketPlan, ...], iterations: int, limit: int | None) -> _Cost:
    trials = iterations * sum(bracket.trials for bracket in brackets)
    epochs = iterations * sum(bracket.epochs for bracket in brackets)
    if limit is None or limit >= trials:
        return trials, epochs, epochs, epochs
    # Which trials come first depends on the workers: count the cheapest and the dearest ones.
    costs = sorted(
        (each.target_epochs - each.start_epoch, iterations * each.trials)
        for bracket in brackets
        for each in bracket.rounds
    )
    return limit, _first(costs, limit), epochs * limit / trials, _first(costs[::-1], limit)


def _sweep_cost(definition: Definition, tuner: SweepTuner, space: Space, data: DataFacts) -> _Cost:
    """Exact: which points a sweep runs is known beforehand."""
    limit = definition.limits.max_trials
    points = list(sweep_of(tuner, space).points())
    trials = len(points) * tuner.repeats
    run = trials if limit is None else min(trials, limit)
    each = [_epochs_at(definition, values, data) for values in points]
    whole, rest = divmod(run, len(points)) if points else (0, 0)
    epochs = whole * sum(each) + sum(each[:rest])
    return run, epochs, epochs, epochs


def _epochs_at(definition: Definition, values: Mapping[str, Scalar], data: DataFacts) -> int:
    """Epochs of one trial; a model that is not trained in epochs has one."""
    epochs = filled(definition.fit.epochs, values, data)
    return epochs if isinstance(epochs, int) else 1


def _first(costs: list[tuple[int, int]], count: int) -> int:
    """What the first so many trials cost, given (epochs, trials) in order."""
    total = 0
    for epochs, trials in costs:
        taken = min(trials, count)
        total += taken * epochs
        count -= taken
    return total


def _plain_cost(definition: Definition, space: Space, data: DataFacts, size: int | None) -> _Cost:
    limit = definition.limits.max_trials
    # No point is tried twice, so a finite space ends a search too; but one too large to be used up does not.
    finite = None if size is None or size > bounds.MAX_TRIALS * 100 else size
    trials = min((each for each in (finite, limit) if each is not None), default=None)
    if trials is None:
        return None, None, None, None
    low, expected, high = _epochs_per_trial(definition, space, data)
    return trials, trials * low, trials * expected, trials * high


def _epochs_per_trial(definition: Definition, space: Space, data: DataFacts) -> tuple[int, float, int]:
    """The fewest, the expected (draws even on the sampling scale) and the most epochs of one trial."""
    epochs = 1 if definition.fit.epochs is None else definition.fit.epochs
    if isinstance(epochs, int):
        return epochs, epochs, epochs
    span = Walk(definition.analysis.declarations, Faults(), data).span(epochs, "/fit/epochs", Scope())
    assert span is not None
    assert span.low is not None
    assert span.high is not None
    draws = []
    for seed in range(_SAMPLES):
        drawn = filled(epochs, space.sample(random.Random(seed)), data)
        assert isinstance(drawn, int)
        draws.append(drawn)
    return span.low, sum(draws) / len(draws), span.high


def _about_folds(definition: Definition, data: DataFacts) -> list[PlanWarning]:
    """Of k classes one has at most a k-th of the rows."""
    folding = definition.fit.cross_validation
    classes = data.num_classes or 1
    if folding is None or data.task != "classification" or folding.folds <= data.train_rows // classes:
        return []
    detail = (
        f"of {classes} classes in {data.train_rows} rows one has fewer rows than there are folds: some folds validate "
        "without it"
    )
    return [PlanWarning("folds_without_a_class", "/fit/cross_validation/folds", detail)]


def _about_space(definition: Definition, space: Space, size: int | None) -> list[PlanWarning]:
    warnings = []
    limit = definition.limits.max_trials
    if size is not None and limit is not None and limit > size and not isinstance(definition.tuner, _OWN_SCHEDULE):
        detail = f"the space has only {size} points, and none is tried twice: the search ends after {size} trials"
        warnings.append(PlanWarning("max_trials_exceeds_space", "/limits/max_trials", detail))
    if isinstance(definition.tuner, GridTuner) and size is not None and limit is not None and limit < size:
        detail = f"the grid has {size} points, of which the first {limit} are tried: the last ones never are"
        warnings.append(PlanWarning("grid_cut_short", "/limits/max_trials", detail))
    if space.constraints:
        kept = sum(space.satisfies(space.sample(random.Random(seed))) for seed in range(_SAMPLES))
        if kept < _SAMPLES / 100:
            detail = f"of {_SAMPLES} random points {kept} keep all constraints: finding points will be slow, or fail"
            warnings.append(PlanWarning("constraints_are_tight", "/constraints", detail))
    return warnings


def _about_objective(definition: Definition) -> list[PlanWarning]:
    better = with_validation(definition.metrics() or {}).get(definition.objective.name)
    warnings = []
    if better is not None and better != definition.objective.direction:
        detail = f"`{definition.objective.name}` is usually better when {'larger' if better == 'max' else 'smaller'}"
        warnings.append(PlanWarning("unusual_direction", "/objective/direction", detail))
    if not definition.objective.name.startswith("val_"):
        detail = "this is measured on the training rows: a model that learns them by heart wins"
        warnings.append(PlanWarning("training_objective", "/objective/name", detail))
    return warnings


def _about_tuner(
    definition: Definition, space: Space, brackets: tuple[BracketPlan, ...], size: int | None
) -> list[PlanWarning]:
    tuner, limit = definition.tuner, definition.limits.max_trials
    warnings = []
    if isinstance(tuner, HyperbandTuner):
        first = brackets[0].rounds[0].trials
        if size is not None and size < first:
            detail = f"Hyperband starts with {first} different points, and the space has {size}: try a grid instead"
            warnings.append(PlanWarning("space_smaller_than_first_round", "/tuner", detail))
        trials = tuner.hyperband_iterations * sum(bracket.trials for bracket in brackets)
        if limit is not None and limit < trials:
            detail = f"Hyperband would run {trials} trials and is cut off after {limit}: later brackets never run"
            warnings.append(PlanWarning("hyperband_cut_short", "/limits/max_trials", detail))
    elif isinstance(tuner, BayesianTuner) and limit is not None:
        initial = tuner.num_initial_points or max(3 * len(space.hyperparameters), 3)
        if initial >= limit:
            detail = f"the first {initial} trials are random, so no prediction is ever made in {limit} trials"
            warnings.append(PlanWarning("bayesian_never_predicts", "/tuner/num_initial_points", detail))
    elif isinstance(tuner, SweepTuner) and limit is not None:
        whole = sum(1 for _ in sweep_of(tuner, space).points()) * tuner.repeats
        if limit < whole:
            detail = f"the sweep has {whole} trials, of which the first {limit} are run: the last ones never are"
            warnings.append(PlanWarning("sweep_cut_short", "/limits/max_trials", detail))
    return warnings

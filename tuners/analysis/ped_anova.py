"""Which hyperparameters matter for being among the best: PED-ANOVA, by Optuna's evaluator."""

from __future__ import annotations

import warnings
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator

from tuners.analysis.wire import DIGITS, Column, Effect, Importance, ImportanceQuestion

TOP_SHARE = 0.1
FEWEST_TOP = 5


def ped_anova(question: ImportanceQuestion) -> Importance:
    """Optuna's evaluator, which tells regimes of conditional hyperparameters apart by itself."""
    # What a child prints is read only when it fails.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {column.name: _distribution(column) for column in question.columns}
    study = optuna.create_study(direction="minimize" if question.lower_is_better else "maximize")
    trials = []
    for row, score in enumerate(question.scores):
        params: dict[str, Any] = {}
        for column in question.columns:
            place = column.places[row]
            if place is not None:
                params[column.name] = place if column.kind == "range" else int(place)
        own = {name: distributions[name] for name in params}
        trials.append(optuna.trial.create_trial(params=params, distributions=own, value=score))
    study.add_trials(trials)
    quantile = top_share(len(trials))
    with warnings.catch_warnings():
        # That the evaluator is young is said on the page about importance.
        warnings.simplefilter("ignore")
        divergences = PedAnovaImportanceEvaluator(target_quantile=quantile).evaluate(study)
    whole = sum(divergences.values())
    effects = [
        Effect(
            name=column.name,
            share=round(float(divergences.get(column.name, 0.0)) / whole, DIGITS) if whole > 0.0 else 0.0,
            trials=sum(place is not None for place in column.places),
        )
        for column in question.columns
    ]
    return Importance(effects=effects)


def top_share(trials: int) -> float:
    """The share of trials that counts as the best: a tenth, or five trials where that is more; at most half."""
    return min(0.5, max(TOP_SHARE, FEWEST_TOP / trials))


def _distribution(column: Column) -> BaseDistribution:
    if column.kind == "range":
        return FloatDistribution(0.0, 1.0)
    if column.kind == "steps":
        return IntDistribution(0, column.count - 1)
    return CategoricalDistribution(list(range(column.count)))

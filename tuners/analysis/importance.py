"""Which hyperparameters matter, conditional ones included."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator

from tuners.analysis.fanova import shares
from tuners.analysis.wire import Column, Effect, Importance, ImportanceQuestion, PairEffect

# A forest over more takes longer than anybody waits; what it says hardly changes.
FOREST_TRIALS = 1000
FEWEST_TRIALS = 8
TOP_SHARE = 0.1
FEWEST_TOP = 5
# How sums are split among threads shows in the last digits only.
_DIGITS = 12


def importance(question: ImportanceQuestion) -> Importance:
    """The shares by the question's method; the same question gives the same answer."""
    return _fanova(question) if question.method == "fanova" else _ped_anova(question)


def _fanova(question: ImportanceQuestion) -> Importance:
    """One forest for each set of trials in which some hyperparameter is active.

    A hyperparameter is judged among the trials in which it is active, beside all others that are active in every one of
    them. By the law of total variance, what it explains there counts towards the variance of all scores with the part
    of the sum of squares that lies within those trials. A forest does not see what acts in only some of its trials, and
    would take all variance for its own: where there is such a hyperparameter, shares are of what it does foretell.
    """
    scores = np.array(question.scores, dtype=np.float64)
    total = _sum_of_squares(scores)
    groups: dict[bytes, list[Column]] = {}
    active = {column.name: np.array([place is not None for place in column.places]) for column in question.columns}
    for column in question.columns:
        groups.setdefault(active[column.name].tobytes(), []).append(column)
    effects: list[Effect] = []
    pairs: list[PairEffect] = []
    for own in groups.values():
        rows = _thinned(np.flatnonzero(active[own[0].name]))
        beside = [column for column in question.columns if active[column.name][rows].all()]
        chosen = [_at(column, rows) for column in beside]
        varied = [column for column in chosen if len(set(column.places)) > 1]
        within = scores[rows]
        names = {column.name for column in own}
        found = None
        if len(rows) >= FEWEST_TRIALS and varied and np.ptp(within) > 0.0:
            found = shares(varied, within, seed=question.seed)
        # Thinned rows stand for all of them.
        everywhere = scores[np.flatnonzero(active[own[0].name])]
        weight = _sum_of_squares(everywhere) / total if total > 0.0 else 0.0
        hidden = any(active[column.name][rows].any() for column in question.columns if column not in beside)
        seen = found.seen if found and hidden else 1.0
        places = {column.name: place for place, column in enumerate(varied)}
        for column in own:
            share = seen * float(found.single[places[column.name]]) if found and column.name in places else 0.0
            effects.append(
                Effect(
                    name=column.name,
                    share=round(share * weight, _DIGITS),
                    share_where_active=round(share, _DIGITS),
                    trials=len(everywhere),
                )
            )
        for (i, j), beyond in (found.pairs if found else {}).items():
            share = seen * beyond
            both = (varied[i].name, varied[j].name)
            if names & set(both):
                pairs.append(
                    PairEffect(
                        names=both,
                        share=round(share * weight, _DIGITS),
                        share_where_active=round(share, _DIGITS),
                        trials=len(everywhere),
                    )
                )
    return Importance(effects=sorted(effects, key=_order), pairs=sorted(pairs, key=lambda pair: -pair.share))


def _ped_anova(question: ImportanceQuestion) -> Importance:
    """Optuna's evaluator, which tells regimes of conditional hyperparameters apart by itself."""
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
            share=round(float(divergences.get(column.name, 0.0)) / whole, _DIGITS) if whole > 0.0 else 0.0,
            trials=sum(place is not None for place in column.places),
        )
        for column in question.columns
    ]
    return Importance(effects=sorted(effects, key=_order))


def top_share(trials: int) -> float:
    """The share of trials that counts as the best: a tenth, or five trials where that is more; at most half."""
    return min(0.5, max(TOP_SHARE, FEWEST_TOP / trials))


def _distribution(column: Column) -> BaseDistribution:
    if column.kind == "range":
        return FloatDistribution(0.0, 1.0)
    if column.kind == "steps":
        return IntDistribution(0, column.count - 1)
    return CategoricalDistribution(list(range(column.count)))


def _thinned(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(rows) <= FOREST_TRIALS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, FOREST_TRIALS).round().astype(np.intp)]


def _at(column: Column, rows: Sequence[int] | NDArray[np.intp]) -> Column:
    return column.model_copy(update={"places": [column.places[row] for row in rows]})


def _sum_of_squares(scores: NDArray[np.float64]) -> float:
    return float(((scores - scores.mean()) ** 2).sum()) if len(scores) else 0.0


def _order(effect: Effect) -> tuple[float, str]:
    return -effect.share, effect.name

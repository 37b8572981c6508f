"""Functional ANOVA where some hyperparameters are active in some trials only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tuners.analysis.fanova import shares
from tuners.analysis.wire import DIGITS, Column, Effect, Importance, ImportanceQuestion, PairEffect

# A forest over more takes longer than anybody waits; what it says hardly changes.
FOREST_TRIALS = 1000
FEWEST_TRIALS = 8


def fanova(question: ImportanceQuestion) -> Importance:
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
            mine = frozenset(place for place, column in enumerate(varied) if column.name in names)
            found = shares(varied, within, seed=question.seed, paired=mine)
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
                    share=round(share * weight, DIGITS),
                    share_where_active=round(share, DIGITS),
                    trials=len(everywhere),
                )
            )
        for (i, j), beyond in (found.pairs if found else {}).items():
            share = seen * beyond
            pairs.append(
                PairEffect(
                    names=(varied[i].name, varied[j].name),
                    share=round(share * weight, DIGITS),
                    share_where_active=round(share, DIGITS),
                    trials=len(everywhere),
                )
            )
    return Importance(effects=effects, pairs=pairs)


def _thinned(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(rows) <= FOREST_TRIALS:
        return rows
    return rows[np.linspace(0, len(rows) - 1, FOREST_TRIALS).round().astype(np.intp)]


def _at(column: Column, rows: Sequence[int] | NDArray[np.intp]) -> Column:
    return column.model_copy(update={"places": [column.places[row] for row in rows]})


def _sum_of_squares(scores: NDArray[np.float64]) -> float:
    return float(((scores - scores.mean()) ** 2).sum()) if len(scores) else 0.0

"""Which hyperparameters matter: the question to the analysing child, and its answer as the API gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from service.trends.encoding import column_of
from service.trends.measuring import At, measured
from storage.columns import ScoredColumns
from storage.records import Direction, Search
from tuners.analysis.wire import Importance, ImportanceQuestion, Method
from tuners.space import Space

FEWEST_TRIALS = 10
_MOST_COLUMNS = 200
# Fewer trials than so many for each hyperparameter, and the shares are more chance than knowledge.
_TRIALS_PER_COLUMN = 5
# Less than this explained alone and in pairs, and a small share does not say that a hyperparameter does not matter.
_MOST_EXPLAINED = 0.5
_DESCRIPTIONS: dict[Method, str] = {
    "fanova": (
        "share of the variance of the score that a hyperparameter explains alone (and pairs beyond both), uniform over "
        "the space on its sampling scales: functional ANOVA of a random forest of 64 trees, Hutter, Hoos, "
        "Leyton-Brown (2014), https://proceedings.mlr.press/v32/hutter14.html. A conditional hyperparameter is judged "
        "among the trials in which it is active (`share_where_active`); `share` weighs that with the part of the sum "
        "of squares that lies within those trials"
    ),
    "ped_anova": (
        "share of the Pearson divergences between the values of the best tenth of the trials (of five trials, where "
        "that is more) and those of all of them: PED-ANOVA, Watanabe, Bansal, Hutter (2023), arXiv:2304.10255. "
        "Conditional hyperparameters have their divergences taken within each regime of activity, Conditional "
        "PED-ANOVA, arXiv:2601.20800, as in Optuna. Shares add up to 1"
    ),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What the importance is about: a method, and a metric with its direction at an epoch of each trial."""

    method: Method
    metric: str
    direction: Direction
    at: At = "best"


class Asker(Protocol):
    """What is asked of the analysing child."""

    def importance(self, question: ImportanceQuestion) -> Importance: ...


def importance_report(
    search: Search, trials: ScoredColumns, subject: Subject, *, space: Space, analyst: Asker
) -> dict[str, Any]:
    """The whole answer. With too little to go on it is empty, and `note` says what is missing.

    Raises:
        AnalysisFailed: The child has no answer.
    """
    rows = measured(trials, subject.metric, at=subject.at, objective=search.objective)
    columns = [column_of(each, rows.values(each.name)) for each in space.hyperparameters[:_MOST_COLUMNS]]
    columns = [column for column in columns if any(place is not None for place in column.places)]
    note = _shortage(rows.scores, len(columns))
    found = Importance(effects=[])
    if note is None:
        question = ImportanceQuestion(
            method=subject.method,
            columns=columns,
            scores=list(rows.scores),
            lower_is_better=subject.direction == "min",
            seed=search.seed % 2**32,
        )
        found = analyst.importance(question)
        note = "; ".join(_cautions(found, subject.method, search, trials=len(rows), columns=len(columns))) or None
    return {
        "objective": asdict(search.objective),
        "metric": {"name": subject.metric, "direction": subject.direction},
        "at": subject.at,
        "method": subject.method,
        "description": _DESCRIPTIONS[subject.method],
        "trials": len(rows),
        "hyperparameters": [
            {**effect.model_dump(), "conditional": bool(space.by_name[effect.name].conditions)}
            for effect in found.effects
        ],
        "pairs": [pair.model_dump() for pair in found.pairs],
        "note": note,
    }


def _cautions(found: Importance, method: Method, search: Search, *, trials: int, columns: int) -> Iterator[str]:
    """What speaks against reading too much into the shares."""
    if trials < _TRIALS_PER_COLUMN * columns:
        yield f"{trials} trials are few for {columns} hyperparameters: the order may still change"
    if method != "fanova":
        return
    explained = sum(each.share for each in found.effects) + sum(each.share for each in found.pairs)
    if explained < _MOST_EXPLAINED:
        yield f"alone and in pairs they explain {explained:.0%}; the rest is combinations of three or more, or chance"
    if search.tuner not in ("random", "grid", "sweep"):
        yield "the tuner looks more closely where scores are good: shares are about where it looked"


def _shortage(scores: Sequence[float], columns: int) -> str | None:
    if columns == 0:
        return "there is no hyperparameter with values yet"
    if len(scores) < FEWEST_TRIALS:
        return f"{len(scores)} scored trials: at least {FEWEST_TRIALS} are needed"
    if min(scores) == max(scores):
        return "all scores are equal: there is nothing to explain"
    return None

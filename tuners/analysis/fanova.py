"""Functional analysis of variance of a random forest: how much of the score's variance each hyperparameter explains.

Source: Hutter, Hoos, Leyton-Brown (2014), "An Efficient Approach for Assessing Hyperparameter Importance", ICML,
https://proceedings.mlr.press/v32/hutter14.html. The forest is that of `optuna.importance.FanovaImportanceEvaluator`
(64 trees, depth 64, bootstrapped), and so are the shares of single hyperparameters, to rounding. Optuna walks each tree
once for every cell of a marginal, which takes minutes for a thousand trials and has no pairs; here a tree is taken as
its leaves, boxes with a value each. For a set U of hyperparameters the marginal (their eq. 2) is

    f_U(x) = sum over leaves l of  c_l * a_l(not U) * [x lies in l's box over U]

where a_l(S) is the share of the space over S that the box covers. Its second moment over a uniform space is then

    E[f_U^2] = sum over l, m of  c_l a_l(not U) * c_m a_m(not U) * o_lm(U)

with o_lm(U) the share that both boxes cover, a product over the hyperparameters in U. The pair's own share is what is
left of the variance of f_{i,j} after those of f_i and f_j (their Algorithm 2).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from tuners.analysis.wire import Column

TREES = 64
DEPTH = 64
# Pairs of what explains nothing alone and nothing together would only cost time.
PAIRED = 8

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """Shares of the forest's variance by column, and by pair of columns, mean over trees.

    `seen` is the share of the scores' variance that the forest foretells of trials it was not grown on (out of bag),
    0 to 1.
    """

    single: Floats
    pairs: dict[tuple[int, int], float]
    seen: float


def shares(columns: Sequence[Column], scores: Floats, *, seed: int) -> Shares:
    """What each column, and each pair among the strongest, explains of the variance of the scores.

    Args:
        columns: Without gaps; each with at least two different places.
        scores: float64, shape (trials,), not all equal.
        seed: Of the forest.
    """
    encoded, bounds, groups = _encoded(columns)
    forest = RandomForestRegressor(n_estimators=TREES, max_depth=DEPTH, oob_score=True, random_state=seed)
    forest.fit(encoded, scores)
    trees = [_Leaves.of(estimator.tree_, bounds) for estimator in forest.estimators_]
    trees = [tree for tree in trees if tree.variance > 0.0]
    if not trees:
        return Shares(np.zeros(len(columns)), {}, 0.0)
    single = np.array([tree.explained(groups) for tree in trees])
    totals = np.array([tree.variance for tree in trees])
    strongest = sorted(np.argsort(-(single / totals[:, None]).mean(axis=0), kind="stable")[:PAIRED].tolist())
    paired = list(itertools.combinations(strongest, 2))
    both = np.array([tree.explained([[*groups[i], *groups[j]] for i, j in paired]) for tree in trees])
    pairs = {
        (i, j): float(np.mean(np.clip(both[:, place] - single[:, i] - single[:, j], 0.0, None) / totals))
        for place, (i, j) in enumerate(paired)
    }
    return Shares((single / totals[:, None]).mean(axis=0), pairs, min(1.0, max(0.0, float(forest.oob_score_))))


def _encoded(columns: Sequence[Column]) -> tuple[Floats, Floats, list[list[int]]]:
    """The forest's features (choices one-hot), their bounds, and which of them each column became."""
    features: list[Floats] = []
    bounds: list[tuple[float, float]] = []
    groups: list[list[int]] = []
    for column in columns:
        places = np.array(column.places, dtype=np.float64)
        first = len(features)
        if column.kind == "choices":
            features += [(places == index).astype(np.float64) for index in range(column.count)]
            bounds += [(0.0, 1.0)] * column.count
        else:
            features.append(places)
            # Around each step there is as much room as around any other (Optuna gives the two at the ends half).
            bounds.append((0.0, 1.0) if column.kind == "range" else (-0.5, column.count - 0.5))
        groups.append(list(range(first, len(features))))
    return np.column_stack(features), np.array(bounds), groups


@dataclass
class _Leaves:
    """The leaves of one tree: values (leaves,), lower and upper ends (leaves, features) as shares of the bounds."""

    values: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        self.sizes = self.high - self.low
        volumes = self.sizes.prod(axis=1)
        self.mean = float(self.values @ volumes)
        self.variance = float(((self.values - self.mean) ** 2) @ volumes)

    @classmethod
    def of(cls, tree: object, bounds: Floats) -> _Leaves:
        left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
        feature, threshold = tree.feature, tree.threshold  # type: ignore[attr-defined]
        width = bounds[:, 1] - bounds[:, 0]
        values, lows, highs = [], [], []
        pending = [(0, np.zeros(len(bounds)), np.ones(len(bounds)))]
        while pending:
            node, low, high = pending.pop()
            if left[node] < 0:
                values.append(tree.value[node].item())  # type: ignore[attr-defined]
                lows.append(low)
                highs.append(high)
                continue
            axis = feature[node]
            cut = (threshold[node] - bounds[axis, 0]) / width[axis]
            below, above = high.copy(), low.copy()
            below[axis] = above[axis] = cut
            pending += [(left[node], low, below), (right[node], above, high)]
        return cls(np.array(values), np.array(lows), np.array(highs))

    def explained(self, sets: Sequence[Sequence[int]]) -> list[float]:
        """Variance of the marginal over each set of features, in squared units of the score."""
        # Kept for this call only: of all trees together they would take gigabytes.
        overlaps: dict[int, Floats] = {}
        return [self._explained(features, overlaps) for features in sets]

    def _explained(self, features: Sequence[int], overlaps: dict[int, Floats]) -> float:
        others = np.delete(self.sizes, features, axis=1).prod(axis=1)
        # Values less their mean: the second moment is the variance then, without a difference of large numbers.
        weights = (self.values - self.mean) * others
        overlap: Floats | float = 1.0
        for each in features:
            if each not in overlaps:
                overlaps[each] = self._overlap(each)
            overlap = overlap * overlaps[each]
        return max(0.0, float(weights @ overlap @ weights))

    def _overlap(self, feature: int) -> Floats:
        low, high = self.low[:, feature], self.high[:, feature]
        shared: Floats = np.clip(np.minimum(high[:, None], high) - np.maximum(low[:, None], low), 0.0, None)
        return shared

"""Functional analysis of variance of a random forest: how much of the score's variance each hyperparameter explains.

Source: Hutter, Hoos, Leyton-Brown (2014), "An Efficient Approach for Assessing Hyperparameter Importance", ICML,
https://proceedings.mlr.press/v32/hutter14.html. The forest is that of `optuna.importance.FanovaImportanceEvaluator`
(64 trees, depth 64, bootstrapped), and so are the shares of single hyperparameters, to rounding. Optuna walks each tree
once for every cell of a marginal, which takes minutes for a thousand trials and has no pairs; here a tree is taken as
its leaves, boxes with a value each. For a set U of hyperparameters the marginal (their eq. 2) is

    f_U(x) = sum over leaves l of  c_l * a_l(not U) * [x lies in l's box over U]

where a_l(S) is the share of the space over S that the box covers. It is constant on the cells between the ends of all
boxes, so its second moment over a uniform space is a sum over cells, which are far fewer than pairs of leaves
(`tuners/analysis/axes.py`). The pair's own share is what is left of the variance of f_{i,j} after those of f_i and f_j
(their Algorithm 2).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from tuners.analysis.axes import Axis, ChoiceAxis, NumberAxis, second_moment
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


def shares(columns: Sequence[Column], scores: Floats, *, seed: int, paired: Collection[int] | None = None) -> Shares:
    """What each column, and each pair among the strongest, explains of the variance of the scores.

    Args:
        columns: Without gaps; each with at least two different places.
        scores: float64, shape (trials,), not all equal.
        seed: Of the forest.
        paired: Only pairs with one of these columns in them; None: all pairs.
    """
    encoded, bounds, groups = _encoded(columns)
    forest = RandomForestRegressor(n_estimators=TREES, max_depth=DEPTH, oob_score=True, random_state=seed)
    forest.fit(encoded, scores)
    trees = [_Leaves.of(estimator.tree_, bounds) for estimator in forest.estimators_]
    trees = [tree for tree in trees if tree.variance > 0.0]
    if not trees:
        return Shares(np.zeros(len(columns)), {}, 0.0)
    sets = [[place] for place in range(len(columns))]
    single = np.array([tree.explained(sets, groups) for tree in trees])
    totals = np.array([tree.variance for tree in trees])
    strongest = sorted(np.argsort(-(single / totals[:, None]).mean(axis=0), kind="stable")[:PAIRED].tolist())
    wanted = [(i, j) for i, j in itertools.combinations(strongest, 2) if paired is None or i in paired or j in paired]
    both = np.array([tree.explained(wanted, groups) for tree in trees])
    pairs = {
        (i, j): float(np.mean(np.clip(both[:, place] - single[:, i] - single[:, j], 0.0, None) / totals))
        for place, (i, j) in enumerate(wanted)
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
    def of(cls, tree: Any, bounds: Floats) -> _Leaves:
        left, right, feature = tree.children_left, tree.children_right, tree.feature
        low = np.zeros((tree.node_count, len(bounds)))
        high = np.ones_like(low)
        inner = np.flatnonzero(left[:1] >= 0)
        while len(inner):
            # All nodes of one depth at a time.
            axis = feature[inner]
            cut = (tree.threshold[inner] - bounds[axis, 0]) / (bounds[axis, 1] - bounds[axis, 0])
            below, above = left[inner], right[inner]
            low[below] = low[above] = low[inner]
            high[below] = high[above] = high[inner]
            high[below, axis] = low[above, axis] = cut
            next_ones = np.concatenate([below, above])
            inner = next_ones[left[next_ones] >= 0]
        ends = left < 0
        return cls(tree.value[ends, 0, 0], low[ends], high[ends])

    def explained(self, sets: Sequence[Sequence[int]], groups: Sequence[Sequence[int]]) -> list[float]:
        """Variance of the marginal over each set of columns, in squared units of the score.

        Args:
            groups: Which features each column is.
        """
        # Kept for this call only: of all trees together they would take gigabytes.
        axes = {column: self._axis(groups[column]) for column in set(itertools.chain.from_iterable(sets))}
        found = []
        for columns in sets:
            own = [feature for column in columns for feature in groups[column]]
            others = np.delete(self.sizes, own, axis=1).prod(axis=1)
            # Values less their mean: the second moment is the variance then, without a difference of large numbers.
            weights = (self.values - self.mean) * others
            found.append(max(0.0, second_moment(weights, [axes[column] for column in columns])))
        return found

    def _axis(self, features: Sequence[int]) -> Axis:
        if len(features) == 1:
            return NumberAxis.of(self.low[:, features[0]], self.high[:, features[0]])
        return ChoiceAxis.of(self.low[:, features], self.high[:, features])

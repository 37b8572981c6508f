"""The trends' arithmetic, progress, sampling and exports: pure functions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from service.exports.text import safe_cell
from service.trends.hyperparameter import BINS, MOST_DISTINCT, ValuePoint, hyperparameter_trend
from service.trends.objective import score_progress
from service.trends.quantiles import quantile, ranks, spearman
from service.trends.sampling import down_sampled
from storage.columns import ScoredColumns
from storage.ids import TrialId
from storage.records import Direction, Scalar

START = datetime(2026, 1, 1, tzinfo=UTC)
FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6)


def trend(scores: Sequence[tuple[Scalar, float]], *, direction: Direction = "max", ordered: bool = True):  # type: ignore[no-untyped-def]
    return hyperparameter_trend(points(scores), direction=direction, axis=float if ordered else None)


def points(scores: Sequence[tuple[Scalar, float]]) -> list[ValuePoint]:
    return [ValuePoint(f"t_{number}", number, value, score, {}) for number, (value, score) in enumerate(scores)]


# Quantiles and ranks


@given(st.lists(FINITE, min_size=2, max_size=50))
def test_quantiles_agree_with_the_standard_library(values: list[float]) -> None:
    ordered = sorted(values)
    quartiles = statistics.quantiles(ordered, n=4, method="inclusive")
    assert [quantile(ordered, q) for q in (0.25, 0.5, 0.75)] == pytest.approx(quartiles)
    assert (quantile(ordered, 0), quantile(ordered, 1)) == (ordered[0], ordered[-1])


@given(st.lists(st.tuples(FINITE, FINITE), min_size=2, max_size=40))
def test_spearman_agrees_with_scipy(pairs: list[tuple[float, float]]) -> None:
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    assume(len(set(xs)) > 1 and len(set(ys)) > 1)
    assert spearman(xs, ys) == pytest.approx(spearmanr(xs, ys).statistic, abs=1e-9)


def test_ties_share_their_ranks() -> None:
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]
    assert spearman([1.0, 1.0], [1.0, 2.0]) == 0.0


# The objective


@given(st.lists(FINITE, max_size=30), st.sampled_from(["min", "max"]))
def test_the_best_so_far_never_gets_worse(scores: list[float], direction: Direction) -> None:
    count = len(scores)
    trials = ScoredColumns(
        ids=[TrialId(str(n)) for n in range(count)],
        numbers=range(count),
        scores=scores,
        ended_at=[START + timedelta(seconds=n) for n in range(count)],
        epochs=[2] * count,
        seconds=[0.5] * count,
    )
    progress = score_progress(trials, direction=direction, started_at=START)
    steps = progress.steps(range(count))
    sign = 1 if direction == "min" else -1
    bests = [sign * step.best for step in steps]
    assert bests == sorted(bests, reverse=True)
    assert [step.epochs_spent for step in steps] == [2 * (n + 1) for n in range(len(scores))]
    assert [step.elapsed_seconds for step in steps] == list(range(len(scores)))
    changes = progress.improvements()
    assert [n for n in range(count) if n == 0 or steps[n].best != steps[n - 1].best] == changes


# One hyperparameter


def rising(value: float) -> float:
    return 1 - math.exp(-value / 4)


@pytest.mark.parametrize(
    ("curve", "verdict"),
    [
        (rising, "monotone_increasing"),
        (lambda value: -rising(value), "monotone_decreasing"),
        (lambda value: -((value - 8.0) ** 2), "peak"),
        (lambda value: (value - 8.0) ** 2, "valley"),
    ],
)
def test_verdicts_on_clear_shapes(curve: object, verdict: str) -> None:
    scores = [(value, curve(value)) for value in range(1, 17)]  # type: ignore[operator]
    assert trend(scores).verdict == verdict


def test_a_score_that_does_not_depend_on_the_value_is_flat() -> None:
    scores = [(value, 0.5 + 0.1 * ((value * 7 + repeat) % 5)) for repeat in range(5) for value in (1, 2, 3, 4)]
    assert trend(scores).verdict == "flat"


def test_too_few_values_say_nothing() -> None:
    assert trend([]).verdict == "unclear"
    assert trend([(1, 0.5)]).verdict == "unclear"
    assert trend([(1, 0.5), (2, 0.9)]).verdict == "monotone_increasing"


def test_gains_end_where_less_than_a_twentieth_remains() -> None:
    scores = [(value, rising(value)) for value in range(1, 17)]
    found = trend(scores)
    whole = rising(16) - rising(1)
    expected = next(value for value in range(1, 17) if rising(16) - rising(value) < 0.05 * whole)
    assert found.diminishing_returns_at == expected
    assert 1 < expected < 16
    linear = trend([(value, float(value)) for value in range(1, 17)])
    assert linear.diminishing_returns_at is None
    falling = trend(scores, direction="min")
    assert falling.diminishing_returns_at is None
    mirrored = trend([(value, -score) for value, score in scores], direction="min")
    assert mirrored.diminishing_returns_at == expected


def test_many_values_are_binned_by_count_and_equal_ones_stay_together() -> None:
    scores = [(value / 7, float(value)) for value in range(200)] + [(3.0, 0.0)] * 50
    found = trend(scores)
    assert len({value for value, _ in scores}) > MOST_DISTINCT
    assert len(found.groups) <= BINS
    assert sum(group.count for group in found.groups) == len(scores)
    for before, after in zip(found.groups, found.groups[1:], strict=False):
        assert before.high is not None
        assert after.low is not None
        assert before.high < after.low
    assert found.method.grouping == "10 bins of equal count"


def test_a_continuous_range_is_binned_from_few_trials_on() -> None:
    scores = points([(1e-4 * 1.3**number, rising(number)) for number in range(20)])
    found = hyperparameter_trend(scores, direction="max", axis=float, continuous=True)
    assert [group.count for group in found.groups] == [4] * 5
    assert found.method.grouping == "5 bins of equal count"
    assert len(hyperparameter_trend(scores[:6], direction="max", axis=float, continuous=True).groups) == 6


def test_choices_without_order_are_summarised_but_not_shaped() -> None:
    found = trend([("relu", 0.9), ("tanh", 0.7), ("relu", 0.8)], ordered=False)
    assert [(group.value, group.count, group.best) for group in found.groups] == [("relu", 2, 0.9), ("tanh", 1, 0.7)]
    assert (found.best_value, found.verdict, found.diminishing_returns_at) == ("relu", "unclear", None)


def test_true_and_one_are_two_values() -> None:
    assert len(trend([(True, 0.5), (1, 0.6)], ordered=False).groups) == 2


def test_ties_for_the_best_go_to_the_earlier_trial() -> None:
    assert trend([(3, 0.9), (1, 0.9)]).best_value == 3


# Sampling and cells


@given(st.integers(1, 300), st.integers(1, 300))
def test_thinned_curves_keep_their_ends(length: int, most: int) -> None:
    rows = list(range(length))
    thinned = down_sampled(rows, most=most)
    assert len(thinned) == min(length, most)
    assert thinned == sorted(set(thinned))
    assert thinned[-1] == rows[-1]
    if most > 1:
        assert thinned[0] == rows[0]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_formulas_are_defused(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1, -0.5, "relu", None, True])
def test_numbers_and_plain_texts_are_left_alone(value: Scalar | None) -> None:
    assert safe_cell(value) is value

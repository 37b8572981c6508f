from __future__ import annotations

import dataclasses
import math
import random
import statistics
from collections.abc import Mapping
from typing import Any

import keras_tuner as kt
import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from storage.records import Scalar
from tests.tuners.oracle_driver import Driver
from tests.tuners.stock_keras_tuner import StockBayesian
from tuners.oracles import bayesian
from tuners.oracles.base import oracle_seed
from tuners.oracles.gaussian_process import Floats, GaussianProcess
from tuners.oracles.keras_tuner_border import KerasTunerSpace
from tuners.space import Condition, Constraint, Hyperparameter, Space


def real(name: str, low: float, high: float, **more: Any) -> Hyperparameter:
    return Hyperparameter(name=name, type="float", default=low, min_value=low, max_value=high, **more)


CUBE = Space((real("x", 0.0, 1.0), real("y", 0.0, 1.0), real("z", 0.0, 1.0)))


def bowl(values: Mapping[str, Scalar], epochs: int | None = None) -> float:
    """Largest, 1.0, at (0.3, 0.7, 0.5)."""
    return 1.0 - sum(
        weight * (float(values[name]) - best) ** 2
        for name, best, weight in (("x", 0.3, 1.0), ("y", 0.7, 1.5), ("z", 0.5, 0.5))
    )


def data(n: int, *, seed: int = 0, noise: float = 0.05) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    x = generator.random((n, 3))
    return x, 40.0 + np.sin(3 * x[:, 0]) + x[:, 1] ** 2 + noise * generator.standard_normal(n)


def stock_process(alpha: float = 1e-4, restarts: int = 20) -> Any:
    return GaussianProcessRegressor(
        kernel=Matern(nu=2.5), n_restarts_optimizer=restarts, normalize_y=True, alpha=alpha, random_state=1
    )


@pytest.mark.parametrize("n", [3, 20, 60])
@pytest.mark.parametrize("noise", [0.0, 0.05, 1.0])
def test_process_is_scikit_learns_with_as_good_a_length_scale(n: int, noise: float) -> None:
    x, y = data(n, seed=n, noise=noise)
    ours, theirs = GaussianProcess.fitted(x, y, alpha=1e-4), stock_process().fit(x, y)
    assert ours.log_likelihood >= theirs.log_marginal_likelihood_value_ - 1e-3
    # With the same length scale the two are the same to rounding.
    fixed = GaussianProcessRegressor(
        kernel=Matern(ours.length_scale, nu=2.5), optimizer=None, normalize_y=True, alpha=1e-4
    ).fit(x, y)
    at = np.random.default_rng(9).random((50, 3))
    mean, deviation = ours.predict(at)
    their_mean, their_deviation = fixed.predict(at, return_std=True)
    np.testing.assert_allclose(mean, their_mean, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(deviation, their_deviation, rtol=1e-4, atol=1e-6)
    assert ours.log_likelihood == pytest.approx(fixed.log_marginal_likelihood_value_, abs=1e-6)


def test_equal_scores_give_a_flat_process() -> None:
    x, _ = data(10)
    process = GaussianProcess.fitted(x, np.full(10, 0.1), alpha=1e-4)
    mean, deviation = process.predict(x)
    np.testing.assert_allclose(mean, 0.1)
    assert np.isfinite(deviation).all()


def test_slope_is_the_gradient_of_the_bound() -> None:
    x, y = data(25)
    process = GaussianProcess.fitted(x, y, alpha=1e-4)
    for point in np.random.default_rng(4).random((5, 3)):
        bound, slope = process.lower_bound_slope(point, 2.6)

        def height(each: np.ndarray) -> float:
            return float(process.lower_bound_slope(each, 2.6)[0])

        numeric = approx_fprime(point, height, 1e-6)
        np.testing.assert_allclose(slope, numeric, rtol=1e-3, atol=1e-3)
        outside = process.lower_bound(point[None, :], beta=2.6)[0]
        assert bound * process.scale + process.mean == pytest.approx(outside)


def test_suggestion_is_as_good_as_the_best_of_keras_tuners_fifty_searches() -> None:
    """By the acquisition function of scikit-learn's process, on the same 100 finished trials."""
    generator = random.Random(3)
    points = [{name: generator.random() for name in "xyz"} for _ in range(100)]

    driver = Driver(CUBE, {"type": "bayesian"}, seed=5)
    border = KerasTunerSpace(CUBE)
    stock = StockBayesian(
        objective=kt.Objective("score", "max"),
        max_trials=200,
        hyperparameters=border.hyperparameters,
        seed=oracle_seed(5),
    )
    stock.verbose = 0
    for number, point in enumerate(points):
        driver.ask(1)
        driver.trials[number] = dataclasses.replace(driver.trials[number], values=point)
        driver.end(driver.trials[number], bowl(point))
        stock.trials[str(number)] = border.trial(number, point, status="COMPLETED", score=bowl(point))
    driver.rebuild()
    ours = driver.ask(1).trials[0].values
    theirs = stock.populate_space("100")["values"]

    process = stock_process(restarts=5).fit(np.array([border.places(p) for p in points]), [-bowl(p) for p in points])

    def bound(values: Mapping[str, Scalar]) -> float:
        mean, deviation = process.predict(np.array([border.places(values)]), return_std=True)
        return float(mean[0] - 2.6 * deviation[0])

    spread = statistics.pstdev(bowl(p) for p in points)
    assert bound(ours) <= bound(theirs) + 1e-3 * spread


def test_finds_the_optimum_of_a_smooth_function_more_often_than_chance() -> None:
    """25 trials each. An oracle no better than random search would win 9 of 12 pairs or more with a chance of 7 %.
    Measured over 100 other seeds, ours wins 96, so that with new seeds this would fail with a chance of 1 in 1,000."""
    wins = 0
    gaps = []
    for seed in range(12):
        best = []
        for tuner in ("bayesian", "random"):
            driver = Driver(CUBE, {"type": tuner}, seed=seed)
            driver.run(bowl, max_trials=25)
            best.append(max(trial.score or -math.inf for trial in driver.trials))
        wins += best[0] > best[1]
        gaps.append(1.0 - best[0])
    assert wins >= 9
    assert statistics.median(gaps) < 0.005


def test_minimises_when_told_to() -> None:
    driver = Driver(CUBE, {"type": "bayesian"}, direction="min", seed=2)
    driver.run(lambda values, epochs: -bowl(values), max_trials=30)
    assert min(trial.score or math.inf for trial in driver.trials) < -0.99


def test_first_points_are_those_of_random_search() -> None:
    """Three for each hyperparameter, as in Keras Tuner."""
    runs = [Driver(CUBE, {"type": tuner}, seed=4) for tuner in ("bayesian", "random")]
    for driver in runs:
        driver.run(bowl, max_trials=12)
    assert runs[0].points[:9] == runs[1].points[:9]
    assert runs[0].points[9:] != runs[1].points[9:]


def test_open_trials_are_avoided() -> None:
    """Without a guess for running trials, eight workers would be sent to one place."""
    driver = Driver(CUBE, {"type": "bayesian"}, seed=1)
    driver.run(bowl, max_trials=20)
    asked = driver.ask(8).trials
    border = KerasTunerSpace(CUBE)
    places = np.array([border.places(trial.values) for trial in asked])
    distances = [math.dist(a, b) for i, a in enumerate(places) for b in places[:i]]
    assert min(distances) > 0.01


def test_order_of_ending_does_not_matter() -> None:
    """What was told is a set: two workers whose results arrive the other way round change nothing."""
    suggested = []
    for order in (1, -1):
        driver = Driver(CUBE, {"type": "bayesian"}, seed=6)
        driver.ask(12)
        for trial in driver.open[::order]:
            driver.end(trial, bowl(trial.values))
        suggested.append(driver.ask(1).trials[0].values)
    assert suggested[0] == suggested[1]


def test_small_space_finds_its_best_point_early() -> None:
    """144 points, the best one is known; random search needs 72 trials on average."""
    space = Space(
        (
            Hyperparameter(name="x", type="float", default=0.0, min_value=0.0, max_value=1.0, step=0.1),
            Hyperparameter(name="y", type="float", default=0.0, min_value=0.0, max_value=1.1, step=0.1),
            Hyperparameter(name="z", type="fixed", default=0.5, values=(0.5,)),
        )
    )
    driver = Driver(space, {"type": "bayesian"}, seed=3)
    driver.run(bowl, max_trials=30)
    best = max(driver.trials, key=lambda trial: trial.score or -math.inf)
    assert (best.values["x"], best.values["y"]) == (0.3, 0.7)


def test_constraints_hold_in_the_model_phase() -> None:
    space = Space(CUBE.hyperparameters, constraints=(Constraint("sum", ("x", "y"), maximum=0.5),))
    driver = Driver(space, {"type": "bayesian"}, seed=3)
    driver.run(bowl, max_trials=25)
    assert all(space.satisfies(point) for point in driver.points)
    # On the border x + y = 0.5 the best is where 1.0 (x - 0.3) = 1.5 (y - 0.7).
    assert max(trial.score or -1.0 for trial in driver.trials) > 0.8


def test_inactive_hyperparameters_are_left_out_of_the_point() -> None:
    space = Space(
        (
            Hyperparameter(name="deep", type="boolean", default=False),
            real("x", 0.0, 1.0),
            real("y", 0.0, 1.0, conditions=(Condition("deep", (True,)),)),
        )
    )
    driver = Driver(space, {"type": "bayesian", "num_initial_points": 6}, seed=3)
    driver.run(lambda values, epochs: bowl({"y": 0.0, "z": 0.5, **values}), max_trials=20)
    assert {frozenset(point) for point in driver.points} == {
        frozenset({"deep", "x"}),
        frozenset({"deep", "x", "y"}),
    }


def test_model_is_fitted_to_the_best_and_the_latest_trials_only() -> None:
    driver = Driver(CUBE, {"type": "bayesian"}, seed=3)
    generator = random.Random(8)
    n = bayesian.MAX_POINTS + 100
    template = Driver(CUBE, {"type": "random"}, seed=3)
    template.ask(n)
    for trial in template.open:
        template.end(trial, generator.random())
    driver.trials = template.trials
    driver.rebuild()
    assert isinstance(driver.oracle, bayesian.BayesianOracle)
    chosen = driver.oracle._modelled()
    assert len(chosen) == bayesian.MAX_POINTS
    assert set(range(n - bayesian.MAX_POINTS // 2, n)) <= set(chosen)
    best = sorted(template.trials, key=lambda trial: -(trial.score or 0.0))
    assert {trial.number for trial in best[:200]} <= set(chosen)
    assert len(driver.ask(1).trials) == 1

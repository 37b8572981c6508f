"""The one-fifth rule by hand, the shape of a change, and a smooth bowl where it beats random search."""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping

import pytest

from storage.records import Scalar
from storage.states import TrialState
from tests.tuners.oracle_driver import Driver
from tuners.oracles.perturb import Climb, PerturbOptions, changed
from tuners.space import Condition, Hyperparameter, Space

BOWL = Space(
    tuple(
        Hyperparameter(name=f"x{index}", type="float", default=1.0, min_value=0.0, max_value=1.0) for index in range(4)
    )
)
CENTRE = (0.31, 0.62, 0.47, 0.55)


def bowl(values: Mapping[str, Scalar], epochs: int | None) -> float:
    """The squared distance from `CENTRE`, to be minimised."""
    return sum((float(values[f"x{index}"]) - centre) ** 2 for index, centre in enumerate(CENTRE))


def best_after(tuner: dict[str, object], *, seed: int, trials: int) -> float:
    driver = Driver(BOWL, tuner, seed=seed, direction="min")
    driver.run(bowl, max_trials=trials)
    return min(trial.score for trial in driver.trials if trial.score is not None)


def test_better_than_random_search_on_a_smooth_bowl() -> None:
    # All is seeded: this either always passes or always fails.
    perturbed = [best_after({"type": "perturb"}, seed=seed, trials=60) for seed in range(9)]
    drawn = [best_after({"type": "random"}, seed=seed, trials=60) for seed in range(9)]
    assert statistics.median(perturbed) < 0.25 * statistics.median(drawn)


def test_first_the_defaults_then_changes_of_the_best() -> None:
    driver = Driver(BOWL, {"type": "perturb", "sigma": 0.05, "min_sigma": 0.001}, direction="min")
    driver.run(bowl, max_trials=30)
    assert driver.trials[0].values == {f"x{index}": 1.0 for index in range(4)}
    best = driver.trials[0]
    # The first change is of the first size: five deviations at most.
    assert all(0.75 < float(value) < 1.0 for value in driver.trials[1].values.values())
    for trial in driver.trials[1:]:
        assert trial.values != best.values
        if bowl(trial.values, None) < bowl(best.values, None):
            best = trial
    assert bowl(best.values, None) < bowl(driver.trials[0].values, None)


def ended(driver: Driver, score: float | None, state: TrialState | None = None) -> None:
    driver.ask(1)
    driver.end(driver.open[0], score, state=state)


def test_the_step_shrinks_at_failures_and_a_success_makes_up_for_four() -> None:
    driver = Driver(BOWL, {"type": "perturb"})
    climb = Climb(PerturbOptions(sigma=0.2, shrink=0.9, min_sigma=0.15), direction="max")
    steps = []
    for score in (0.5, 0.4, 0.5, None, 0.3, 0.6, 0.7):
        ended(driver, score)
        climb.take_in(driver.trials[-1])
        steps.append(climb.sigma)
    grown = 0.15 / 0.9**4
    # The first score is the start. Equal is not better; a failed trial is not either; 0.15 is the smallest step.
    assert steps == pytest.approx([0.2, 0.18, 0.162, 0.15, 0.15, grown, grown / 0.9**4])
    assert climb.best == driver.trials[-1].values


def test_cancelled_trials_say_nothing() -> None:
    driver = Driver(BOWL, {"type": "perturb"})
    climb = Climb(PerturbOptions(), direction="max")
    for score, state in ((0.5, None), (None, TrialState.CANCELLED)):
        ended(driver, score, state)
        climb.take_in(driver.trials[-1])
    assert climb.sigma == 0.2


def test_a_trial_told_again_counts_once_and_in_its_place() -> None:
    driver = Driver(BOWL, {"type": "perturb"})
    for score in (0.5, 0.6, 0.4, 0.7):
        ended(driver, score)
    once = Climb(PerturbOptions(), direction="max")
    again = Climb(PerturbOptions(), direction="max")
    for trial in driver.trials:
        once.take_in(trial)
    for trial in (*reversed(driver.trials), driver.trials[1], driver.trials[3]):
        again.take_in(trial)
    assert (once.sigma, once.best) == (again.sigma, again.best)


MIXED = Space(
    (
        Hyperparameter(name="units", type="int", default=32, min_value=16, max_value=64, step=16),
        Hyperparameter(name="kind", type="choice", default="a", values=("a", "b", "c")),
        Hyperparameter(name="size", type="choice", default=3, values=(1, 3, 5, 7), ordered=True),
        Hyperparameter(name="only_b", type="float", default=0.5, min_value=0.0, max_value=1.0,
                       conditions=(Condition("kind", ("b",)),)),
        Hyperparameter(name="k", type="fixed", default=1, values=(1,)),
    ),
)  # fmt: skip


def test_a_change_changes_something_and_stays_in_the_space() -> None:
    start = MIXED.defaults()
    for seed in range(300):
        point = changed(start, MIXED, sigma=0.001, rng=random.Random(seed))
        assert MIXED.contains(point)
        assert point != start
        assert point["units"] in (16, 32, 48)
        assert point["size"] in (1, 3, 5)
        if point["kind"] == "b":
            assert point["only_b"] == 0.5


def test_each_choice_flips_with_a_chance_of_one_in_n() -> None:
    # Three of them vary: a share of 1/3, within 4 standard deviations of 2,000 draws (an accident in 16,000 runs).
    start = MIXED.defaults()
    draws = [changed(start, MIXED, sigma=1.0, rng=random.Random(seed)) for seed in range(2000)]
    for name in ("kind", "size"):
        share = sum(point[name] != start[name] for point in draws) / len(draws)
        assert share == pytest.approx(1 / 3, abs=4 * (2 / 9 / 2000) ** 0.5 + 0.02)


def test_steps_are_reflected_at_the_ends() -> None:
    start = dict.fromkeys((f"x{index}" for index in range(4)), 1.0)
    draws = [changed(start, BOWL, sigma=0.1, rng=random.Random(seed))["x0"] for seed in range(200)]
    assert all(0.5 < float(value) < 1.0 for value in draws)


def test_nothing_to_change_gives_the_same_point() -> None:
    fixed = Space((Hyperparameter(name="k", type="fixed", default=1, values=(1,)),))
    assert changed({"k": 1}, fixed, sigma=0.2, rng=random.Random(1)) == {"k": 1}

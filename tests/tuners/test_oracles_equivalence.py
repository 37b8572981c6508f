"""Our trials against Keras Tuner's own, in memory, one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras_tuner as kt
import pytest
from keras_tuner.src.engine import oracle as kt_oracle

from storage.records import Scalar
from tests.tuners.oracle_driver import Driver
from tests.tuners.stock_keras_tuner import StockHyperband, StockRandom, our_space, run_stock, stock_space
from tuners.oracles.base import oracle_seed
from tuners.oracles.keras_tuner_border import KerasTunerSpace
from tuners.space import Hyperparameter, Space

PATIENT = {"max_consecutive_failed_trials": 10**9}


def score(values: Mapping[str, Scalar], epochs: int | None) -> float:
    rate = values["rate"]
    assert isinstance(rate, float)
    return -((math.log10(rate) + 2.5) ** 2) + math.sin(float(values["scale"]) * 5) + 0.01 * (epochs or 0)


def sometimes_failing(values: Mapping[str, Scalar], epochs: int | None) -> float | None:
    return None if float(values["scale"]) > 0.5 else score(values, epochs)


def equal(ours: Mapping[str, Scalar], theirs: Mapping[str, Any]) -> None:
    """The same names, types and values; floats on a step may differ by the last bit (theirs are sums in binary)."""
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        assert type(value) is type(theirs[name]), name
        assert value == (pytest.approx(theirs[name], rel=1e-12) if isinstance(value, float) else theirs[name]), name


def test_random_search_makes_the_very_same_trials() -> None:
    driver = Driver(our_space(), {"type": "random"}, seed=11)
    driver.run(score, max_trials=120)
    stock = StockRandom(max_trials=120, hyperparameters=stock_space(), seed=oracle_seed(11))
    theirs = run_stock(stock, score, count=120)
    assert len(theirs) == 120
    for ours, point in zip(driver.points, theirs, strict=True):
        equal(ours, point)


def test_random_search_of_a_small_space_begins_alike_and_goes_on_to_the_last_point() -> None:
    hp = kt.HyperParameters()
    hp.Int("a", 1, 4)
    hp.Choice("b", ["x", "y", "z", "w"])
    space = Space(
        (
            Hyperparameter(name="a", type="int", default=1, min_value=1, max_value=4),
            Hyperparameter(name="b", type="choice", default="x", values=("x", "y", "z", "w")),
        )
    )
    driver = Driver(space, {"type": "random"}, seed=5)
    driver.run(lambda values, epochs: 0.0)
    seed = oracle_seed(5)
    theirs = run_stock(
        StockRandom(max_trials=100, hyperparameters=hp, seed=seed), lambda values, epochs: 0.0, count=100
    )
    assert [dict(point) for point in driver.points[: len(theirs)]] == theirs
    assert len(driver.points) == 16


@pytest.mark.parametrize("result", [score, sometimes_failing], ids=["all complete", "a quarter fails"])
@pytest.mark.parametrize(
    ("max_epochs", "factor", "iterations", "trials", "epochs"),
    [(10, 3, 1, 30, 120), (27, 3, 1, 70, 375), (81, 3, 1, 211, 1767), (50, 4, 1, 44, 594), (9, 2, 2, None, None)],
)
def test_hyperband_makes_the_very_same_trials(
    result: Any, max_epochs: int, factor: int, iterations: int, trials: int | None, epochs: int | None
) -> None:
    options = {"max_epochs": max_epochs, "factor": factor, "hyperband_iterations": iterations}
    driver = Driver(our_space(), {"type": "hyperband", **options}, seed=11)
    answer = driver.run(result)
    assert answer.reason is not None
    assert answer.reason.code == "tuner_finished"
    stock = StockHyperband(
        objective=kt.Objective("score", "max"),
        hyperparameters=stock_space(),
        seed=oracle_seed(11),
        **options,
        **PATIENT,
    )
    theirs = run_stock(stock, result, count=10_000)
    assert len(driver.trials) == len(theirs)
    ids = {trial.id: str(trial.number) for trial in driver.trials}
    for ours, point in zip(driver.trials, theirs, strict=True):
        equal(ours.values, {name: value for name, value in point.items() if not name.startswith("tuner/")})
        assert ours.start_epoch == point["tuner/initial_epoch"]
        assert ours.target_epochs == point["tuner/epochs"]
        assert ours.round == point["tuner/round"]
        parent = None if ours.parent_trial_id is None else int(ids[ours.parent_trial_id])
        theirs_parent = point.get("tuner/trial_id")
        assert parent == (None if theirs_parent is None else int(theirs_parent))
    if trials is not None and result is score:
        assert len(driver.trials) == trials
        assert sum((trial.target_epochs or 0) - trial.start_epoch for trial in driver.trials) == epochs


@pytest.mark.parametrize("workers", [2, 4, 16])
def test_hyperband_of_many_workers_has_the_same_rounds(workers: int) -> None:
    driver = Driver(our_space(), {"type": "hyperband", "max_epochs": 27, "factor": 3})
    driver.run(score, workers=workers)
    assert len(driver.trials) == 70
    assert sum((trial.target_epochs or 0) - trial.start_epoch for trial in driver.trials) == 375
    rounds: dict[tuple[int | None, int | None], int] = {}
    for trial in driver.trials:
        rounds[trial.bracket, trial.round] = rounds.get((trial.bracket, trial.round), 0) + 1
    assert rounds == {
        (3, 0): 27, (3, 1): 9, (3, 2): 3, (3, 3): 1, (2, 0): 12, (2, 1): 4, (2, 2): 2, (1, 0): 6, (1, 1): 2, (0, 0): 4,
    }  # fmt: skip


def test_our_space_reaches_keras_tuner_as_its_users_write_it() -> None:
    theirs, ours = stock_space(), KerasTunerSpace(our_space()).hyperparameters
    assert [hp.name for hp in ours.space] == [hp.name for hp in theirs.space]
    for our_hp, their_hp in zip(ours.space, theirs.space, strict=True):
        assert isinstance(our_hp, type(their_hp))
        # An Int's default of None stands for its smallest value.
        assert {**our_hp.get_config(), "default": our_hp.default} == {
            **their_hp.get_config(),
            "default": their_hp.default,
        }


def test_keras_tuner_keeps_no_oracle_of_ours_alive() -> None:
    before = len(kt_oracle.LOCKS), len(kt_oracle.THREADS)
    for tuner in ("random", "hyperband", "bayesian"):
        Driver(our_space(), {"type": tuner}).run(score, max_trials=5)
    assert (len(kt_oracle.LOCKS), len(kt_oracle.THREADS)) == before


@pytest.mark.parametrize("hp", [hp for hp in our_space().hyperparameters if hp.type != "fixed"], ids=lambda hp: hp.name)
def test_places_in_the_unit_cube_are_keras_tuners(hp: Hyperparameter) -> None:
    theirs = next(each for each in stock_space().space if each.name == hp.name)
    values = sorted(hp.grid_values(), key=str)[:200] if hp.cardinality() else [hp.at(place / 7) for place in range(7)]
    border = KerasTunerSpace(Space((Hyperparameter(**{**vars_of(hp), "conditions": ()}),)))
    for value in values:
        [place] = border.places({hp.name: value})
        assert place == pytest.approx(theirs.value_to_prob(value), abs=1e-9)
        back = border.point([place])[hp.name]
        assert back == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value)


def test_stepped_float_reaches_its_last_value() -> None:
    """Keras Tuner counts 0.0 ... 0.5 by 0.1 as five values, and puts 0.3 in the place of 0.2."""
    space = Space((Hyperparameter(name="rate", type="float", default=0.0, min_value=0.0, max_value=0.5, step=0.1),))
    border = KerasTunerSpace(space)
    drawn = {border.draw(seed)[0]["rate"] for seed in range(200)}
    assert drawn == {0.0, 0.1, 0.2, 0.3, 0.4, 0.5}
    assert [border.point(border.places({"rate": value}))["rate"] for value in sorted(drawn)] == sorted(drawn)


def vars_of(hp: Hyperparameter) -> dict[str, Any]:
    names = ("name", "type", "default", "min_value", "max_value", "step", "sampling", "values", "ordered")
    return {name: getattr(hp, name) for name in names}

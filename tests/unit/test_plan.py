from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuners.definitions import DataFacts, parse_definition
from tuners.plan import Plan, hyperband_brackets, plan

GOOD: dict[str, Any] = json.loads((Path(__file__).parent / "good_definition.json").read_text("utf-8"))
DIGITS = DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64")


def planned(data: DataFacts = DIGITS, **changes: Any) -> Plan:
    definition = parse_definition({**copy.deepcopy(GOOD), **changes})
    return plan(definition, definition.space(), data)


def finite(*names_and_highs: tuple[str, int]) -> dict[str, Any]:
    """A change that makes the space a product of integer ranges from 1."""
    layers = [{"layer": "Dense", "units": {"hp": name}} for name, _ in names_and_highs]
    return {
        "model": {"type": "sequential", "layers": [*layers, {"layer": "Dense", "units": 10}]},
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 4, "validation_split": 0.2},
        "hyperparameters": [
            {"name": name, "type": "int", "min_value": 1, "max_value": high} for name, high in names_and_highs
        ],
    }


SWEEP = {"type": "sweep", "points": 5}


def test_a_sweep_is_counted_exactly() -> None:
    # The baseline, 2 more layers, 15 other units, the norm, 5 other dropouts, 4 other rates, 2 other batch sizes.
    found = planned(tuner=SWEEP, limits={})
    assert (found.trials, found.epochs, found.min_epochs, found.max_epochs) == (30, 900, 900, 900)
    assert planned(tuner={**SWEEP, "repeats": 3}, limits={}).trials == 90
    assert planned(tuner={**SWEEP, "hyperparameters": ["dropout"]}, limits={}).trials == 6
    narrow = [{"product": ["units_0", "batch_size"], "max": 16 * 128}]
    assert planned(tuner={**SWEEP, "hyperparameters": ["units_0"]}, constraints=narrow, limits={}).trials == 4


def test_a_sweep_that_is_cut_short_is_told() -> None:
    found = planned(tuner={**SWEEP, "repeats": 2}, limits={"max_trials": 40})
    assert (found.trials, found.epochs) == (40, 1200)
    assert "sweep_cut_short" in codes(found)
    assert "sweep_cut_short" not in codes(planned(tuner=SWEEP, limits={"max_trials": 40}))
    assert "max_trials_exceeds_space" not in codes(planned(tuner=SWEEP, limits={"max_trials": 40}))


def test_epochs_of_a_sweep_are_those_of_its_points() -> None:
    space = finite(("a", 3))
    space["hyperparameters"].append({"name": "epochs", "type": "int", "min_value": 2, "max_value": 5, "default": 3})
    space["fit"] = {"epochs": {"hp": "epochs"}, "validation_split": 0.2}
    # The baseline and two other widths train 3 epochs each; then 2, 4 and 5.
    found = planned(**space, tuner={"type": "sweep"}, limits={})
    assert (found.trials, found.epochs) == (6, 9 + 11)
    assert planned(**space, tuner={"type": "sweep", "repeats": 2}, limits={"max_trials": 8}).epochs == 20 + 6


def test_perturbing_ends_after_ten_trials_unless_told_otherwise() -> None:
    assert planned(tuner={"type": "perturb"}, limits={}).trials == 10


def codes(found: Plan) -> set[str]:
    return {warning.code for warning in found.warnings}


@pytest.mark.parametrize(
    ("max_epochs", "factor", "trials", "epochs"),
    [
        (10, 3, 30, 120),
        (27, 3, 70, 375),
        (81, 3, 211, 1767),
        (100, 3, 254, 2672),
        (100, 2, 359, 4148),
        (50, 4, 44, 594),
    ],
)
def test_hyperband_costs_what_keras_tuner_runs(max_epochs: int, factor: int, trials: int, epochs: int) -> None:
    brackets = hyperband_brackets(max_epochs, factor)
    assert sum(bracket.trials for bracket in brackets) == trials
    assert sum(bracket.epochs for bracket in brackets) == epochs
    found = planned(tuner={"type": "hyperband", "max_epochs": max_epochs, "factor": factor}, limits={})
    assert (found.trials, found.epochs, found.min_epochs, found.max_epochs) == (trials, epochs, epochs, epochs)


@given(st.integers(1, 300), st.integers(2, 10))
def test_every_bracket_shrinks_and_trains_to_the_end(max_epochs: int, factor: int) -> None:
    brackets = hyperband_brackets(max_epochs, factor)
    assert [bracket.number for bracket in brackets] == list(reversed(range(len(brackets))))
    for bracket in brackets:
        assert bracket.rounds[-1].target_epochs == max_epochs
        assert bracket.rounds[0].start_epoch == 0
        for before, after in zip(bracket.rounds, bracket.rounds[1:], strict=False):
            assert after.start_epoch == before.target_epochs <= after.target_epochs
            assert after.trials <= before.trials


def test_iterations_executions_and_limits_multiply_and_cut() -> None:
    tuner = {"type": "hyperband", "max_epochs": 10, "factor": 3, "hyperband_iterations": 2}
    twice = planned(tuner=tuner, limits={}, executions_per_trial=3)
    assert (twice.trials, twice.epochs, twice.iterations) == (60, 720, 2)
    cut = planned(tuner=tuner, limits={"max_trials": 10})
    assert cut.trials == 10
    assert cut.min_epochs is not None
    assert cut.epochs is not None
    assert cut.max_epochs is not None
    assert 20 == cut.min_epochs < cut.epochs < cut.max_epochs <= 100
    assert "hyperband_cut_short" in codes(cut)
    assert planned(tuner=tuner, limits={"max_epochs": 50}).epochs == 50


def test_a_huge_hyperband_is_planned_at_once() -> None:
    tuner = {"type": "hyperband", "max_epochs": 10_000, "factor": 2, "hyperband_iterations": 1000}
    found = planned(tuner=tuner, limits={"max_trials": 10_000})
    assert found.trials == 10_000
    assert len(found.brackets) == 14


def test_random_and_bayesian_run_max_trials() -> None:
    for kind in ("random", "bayesian"):
        found = planned(tuner={"type": kind}, limits={"max_trials": 25})
        assert (found.trials, found.epochs, found.space_size, found.brackets) == (25, 750, None, ())
    assert planned(tuner={"type": "random"}, limits={"max_seconds": 60}).trials is None
    assert planned(tuner={"type": "random"}, limits={"max_seconds": 60}).epochs is None
    assert planned(tuner={"type": "random"}, limits={}).trials == 10


def test_a_grid_is_the_whole_space_unless_cut() -> None:
    whole = planned(**finite(("a", 4), ("b", 5)), tuner={"type": "grid"}, limits={})
    assert (whole.trials, whole.epochs, whole.space_size, whole.warnings) == (20, 80, 20, ())
    cut = planned(**finite(("a", 4), ("b", 5)), tuner={"type": "grid"}, limits={"max_trials": 7})
    assert (cut.trials, cut.epochs) == (7, 28)
    assert codes(cut) == {"grid_cut_short"}


def test_a_finite_space_ends_a_random_search() -> None:
    found = planned(**finite(("a", 2), ("b", 3)), tuner={"type": "random"}, limits={"max_trials": 50})
    assert found.trials == 6
    assert codes(found) == {"max_trials_exceeds_space"}


def test_a_space_smaller_than_hyperbands_first_round_is_told() -> None:
    small = planned(**finite(("a", 3), ("b", 3)), tuner={"type": "hyperband", "max_epochs": 27}, limits={})
    assert codes(small) == {"space_smaller_than_first_round"}


def test_epochs_that_vary_have_a_range_and_a_mean() -> None:
    changes = finite(("a", 9))
    changes["fit"] = {"epochs": {"hp": "epochs"}, "validation_split": 0.2}
    changes["hyperparameters"].append({"name": "epochs", "type": "choice", "values": [2, 4, 30]})
    found = planned(**changes, tuner={"type": "random"}, limits={"max_trials": 10})
    assert (found.min_epochs, found.max_epochs) == (20, 300)
    # The mean of 12 over 1,000 fixed draws: the standard error is 0.4 a trial, so 20 is five of them.
    assert found.epochs == pytest.approx(120, abs=20)


def test_a_bayesian_search_that_never_predicts_is_told() -> None:
    found = planned(tuner={"type": "bayesian"}, limits={"max_trials": 10})
    assert codes(found) == {"bayesian_never_predicts"}
    assert not codes(planned(tuner={"type": "bayesian", "num_initial_points": 5}, limits={"max_trials": 10}))


def test_odd_objectives_constraints_and_data_are_told() -> None:
    found = planned(
        DataFacts("classification", (8, 8), 10, 90, 0, 0, "float32", "int64"),
        objective={"name": "accuracy", "direction": "min"},
        constraints=[{"sum": ["units_0", "units_1", "units_2"], "max": 96}, {"sum": ["num_layers"], "min": 3}],
    )
    assert {"unusual_direction", "training_objective", "constraints_are_tight", "little_data"} <= codes(found)

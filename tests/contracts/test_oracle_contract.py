"""What every oracle promises, whatever its algorithm."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.records import Scalar
from storage.states import TrialState
from tests.tuners.oracle_driver import Driver
from tuners.space import Condition, Constraint, Hyperparameter, Space

TUNERS: dict[str, dict[str, object]] = {
    "random": {"type": "random"},
    "grid": {"type": "grid"},
    "hyperband": {"type": "hyperband", "max_epochs": 9, "factor": 3, "hyperband_iterations": 2},
    "bayesian": {"type": "bayesian", "num_initial_points": 5},
    "sweep": {"type": "sweep", "points": 40},
    "perturb": {"type": "perturb", "sigma": 0.3},
}

SMALL = Space(
    (
        Hyperparameter(name="layers", type="int", default=1, min_value=1, max_value=2),
        Hyperparameter(name="units_0", type="int", default=16, min_value=16, max_value=48, step=16),
        Hyperparameter(
            name="units_1", type="int", default=16, min_value=16, max_value=48, step=16,
            conditions=(Condition("layers", (2,)),),
        ),
        Hyperparameter(name="norm", type="boolean", default=True),
    ),
    constraints=(Constraint("product", ("units_0", "units_1"), maximum=1024),),
)  # fmt: skip
# One layer: 3 x 2 points; two: the 6 of 9 pairs whose product is at most 1024, x 2.
SMALL_POINTS = 18
# One hyperparameter at a time: the baseline, a second layer, two other widths, no norm.
SWEPT_POINTS = 5


def points_of(tuner: Mapping[str, object]) -> int:
    """How many points of SMALL the tuner tries."""
    return SWEPT_POINTS if tuner["type"] == "sweep" else SMALL_POINTS


LARGE = Space(
    (
        Hyperparameter(name="kind", type="choice", default="a", values=("a", "b", "c")),
        Hyperparameter(
            name="units", type="int", default=8, min_value=1, max_value=4096, sampling="log",
            conditions=(Condition("kind", ("a", "b")),),
        ),
        Hyperparameter(name="rate", type="float", default=0.0, min_value=0.0, max_value=0.5, step=0.1),
        Hyperparameter(name="flag", type="choice", default=True, values=(True, False)),
        Hyperparameter(name="mixed", type="choice", default=0.5, values=(1, 0.5)),
        Hyperparameter(
            name="depth", type="int", default=3, min_value=1, max_value=9,
            conditions=(Condition("flag", (True,)), Condition("mixed", (1,))),
        ),
        Hyperparameter(name="k", type="fixed", default=3, values=(3,)),
    ),
)  # fmt: skip


def score(values: Mapping[str, Scalar], epochs: int | None) -> float:
    """Differs between points, and grows with training."""
    total = sum(len(str(value)) + (float(value) if not isinstance(value, str) else 0.0) for value in values.values())
    return math.sin(total) + 0.01 * (epochs or 0)


@pytest.fixture(params=sorted(TUNERS))
def tuner(request: pytest.FixtureRequest) -> dict[str, object]:
    return TUNERS[request.param]


@pytest.mark.parametrize("workers", [1, 3])
def test_small_space_is_tried_to_its_last_point_and_no_point_twice(tuner: dict[str, object], workers: int) -> None:
    driver = Driver(SMALL, tuner)
    answer = driver.run(score, workers=workers)
    first = [json.dumps(dict(trial.values), sort_keys=True) for trial in driver.trials if trial.parent_trial_id is None]
    assert len(set(first)) == len(first) == points_of(tuner)
    assert answer.status == "exhausted"
    assert answer.reason is not None
    assert answer.reason.code in ("space_exhausted", "tuner_finished")


@pytest.mark.parametrize("space", [SMALL, LARGE], ids=["small", "large"])
def test_points_lie_in_the_space_and_keep_its_constraints(tuner: dict[str, object], space: Space) -> None:
    driver = Driver(space, tuner)
    driver.run(score, workers=2, max_trials=40)
    assert len(driver.trials) >= min(points_of(tuner), 18)
    for trial in driver.trials:
        assert space.contains(trial.values), trial.values
        assert space.satisfies(trial.values), trial.values
        assert trial.values_hash == space.hash_values(trial.values, parent=trial.parent_trial_id)


@pytest.mark.parametrize("workers", [1, 3])
def test_rebuilt_oracle_proposes_what_the_old_one_would_have(tuner: dict[str, object], workers: int) -> None:
    kept, rebuilt = Driver(LARGE, tuner), Driver(LARGE, tuner)
    kept.run(score, workers=workers, max_trials=45)
    rebuilt.run(score, workers=workers, max_trials=45, rebuild=True)
    assert [
        (trial.values, trial.parent_trial_id, trial.start_epoch, trial.target_epochs, trial.bracket, trial.round)
        for trial in kept.trials
    ] == [
        (trial.values, trial.parent_trial_id, trial.start_epoch, trial.target_epochs, trial.bracket, trial.round)
        for trial in rebuilt.trials
    ]
    assert kept.stored == rebuilt.stored


def test_same_seed_gives_the_same_trials_and_another_gives_others(tuner: dict[str, object]) -> None:
    runs = [Driver(LARGE, tuner, seed=seed) for seed in (3, 3, 4)]
    for driver in runs:
        driver.run(score, workers=2, max_trials=12)
    assert runs[0].points == runs[1].points
    if tuner["type"] not in ("grid", "sweep"):
        assert runs[0].points != runs[2].points


def test_state_is_small_plain_json(tuner: dict[str, object]) -> None:
    driver = Driver(LARGE, tuner)
    driver.run(score, workers=2, max_trials=60)
    assert len(json.dumps(driver.stored, allow_nan=False)) < 2_000


def test_space_without_hyperparameters_has_one_point(tuner: dict[str, object]) -> None:
    driver = Driver(Space(), tuner)
    answer = driver.run(score)
    assert [trial.values for trial in driver.trials if trial.parent_trial_id is None] == [{}]
    assert answer.status == "exhausted"


def test_search_of_failures_ends(tuner: dict[str, object]) -> None:
    driver = Driver(SMALL, tuner)
    answer = driver.run(lambda values, epochs: None, workers=2)
    assert answer.status == "exhausted"
    assert len(driver.trials) == points_of(tuner)


def test_infinite_and_missing_scores_are_failures_to_the_oracle(tuner: dict[str, object]) -> None:
    driver = Driver(LARGE, tuner)
    for number in range(20):
        driver.ask(1)
        bad = math.inf if number % 2 else None
        driver.end(driver.open[0], bad, state=TrialState.COMPLETED)
    driver.ask(1)
    assert len(driver.points) == 21
    assert all(trial.parent_trial_id is None for trial in driver.trials)


def test_unanswered_trials_do_not_hold_up_more_than_they_must(tuner: dict[str, object]) -> None:
    driver = Driver(LARGE, tuner)
    answer = driver.ask(8)
    assert answer.status == "ok"
    assert len(answer.trials) == 8
    assert len({trial.values_hash for trial in answer.trials}) == 8


def test_cancelled_trials_are_neither_open_nor_scored(tuner: dict[str, object]) -> None:
    driver = Driver(SMALL, tuner)
    while driver.ask(4).trials:
        for trial in driver.open:
            driver.end(trial, None, state=TrialState.CANCELLED)
    assert driver.ask(1).status == "exhausted"
    assert len(driver.trials) == points_of(tuner)


def test_proposals_that_were_not_stored_are_proposed_again_or_forgotten(tuner: dict[str, object]) -> None:
    driver = Driver(SMALL, tuner)
    driver.ask(2)
    for trial in driver.open:
        driver.end(trial, score(trial.values, trial.target_epochs))
    # The state of three proposals is saved with only one of them, as when `max_trials` is lowered meanwhile.
    driver.ask(3)
    del driver.trials[3:]
    driver.rebuild()
    driver.run(score)
    points = [trial.values_hash for trial in driver.trials if trial.parent_trial_id is None]
    assert len(points) == len(set(points)) == points_of(tuner)


def test_refused_points_are_drawn_again(tuner: dict[str, object]) -> None:
    driver = Driver(SMALL, tuner, accepts=lambda values: values["units_0"] != 32)
    while driver.run(score, workers=2).status != "exhausted":
        pass
    fresh = [trial for trial in driver.trials if trial.parent_trial_id is None]
    assert all(trial.values["units_0"] != 32 for trial in fresh)
    # One layer: 2 x 2; two: (16, 16), (16, 32), (16, 48), (48, 16) x 2.
    assert len(fresh) == (4 if tuner["type"] == "sweep" else 12)


def test_space_where_every_point_is_refused_ends_with_nothing(tuner: dict[str, object]) -> None:
    # A grid looks at every point before it says so.
    driver = Driver(SMALL if tuner["type"] == "grid" else LARGE, tuner, accepts=lambda values: False)
    answers = 1
    while (answer := driver.ask(1)).status != "exhausted":
        assert answer.status == "wait"
        answers += 1
        assert answers < 100
    assert driver.trials == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.sampled_from(["ask", "end", "fail", "stop", "rebuild"]), max_size=60))
def test_any_order_of_events_keeps_the_promises(tuner: dict[str, object], moves: list[str]) -> None:
    driver = Driver(SMALL, tuner)
    for move in moves:
        if move == "ask":
            driver.ask(1)
        elif move == "rebuild":
            driver.rebuild()
        elif driver.open:
            trial = driver.open[-1]
            value = score(trial.values, trial.target_epochs)
            if move == "fail":
                driver.end(trial, None)
            else:
                driver.end(trial, value, state=TrialState.STOPPED if move == "stop" else TrialState.COMPLETED)
    hashes = [trial.values_hash for trial in driver.trials]
    assert len(hashes) == len(set(hashes))
    for trial in driver.trials:
        assert SMALL.contains(trial.values)
        assert SMALL.satisfies(trial.values)
        if trial.parent_trial_id is not None:
            parent = next(each for each in driver.trials if each.id == trial.parent_trial_id)
            assert parent.score is not None
            assert parent.target_epochs == trial.start_epoch
            assert parent.values == trial.values
            assert (parent.bracket, parent.round) == (trial.bracket, (trial.round or 0) - 1)

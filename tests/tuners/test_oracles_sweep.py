"""The sweep: the points one would write down, repeats with numbers of their own, and its place after a restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import Scalar
from tests.tuners.oracle_driver import Driver
from tuners.scales import index_of, nth, place_of, value_at
from tuners.space import Condition, Constraint, Hyperparameter, Space
from tuners.sweeps import Sweep, at_baseline_but, swept

RATE = Hyperparameter(name="rate", type="float", default=3e-4, min_value=1e-4, max_value=0.1, sampling="log")
UNITS = Hyperparameter(name="units", type="int", default=18, min_value=18, max_value=72, step=18)
HIDDEN = Hyperparameter(name="hidden", type="choice", default="[18]", values=("[18]", "[18, 18]"), ordered=True)
DEEP = Hyperparameter(
    name="deep", type="int", default=2, min_value=1, max_value=4, conditions=(Condition("hidden", ("[18, 18]",)),)
)
NORM = Hyperparameter(name="norm", type="boolean", default=False)
FIXED = Hyperparameter(name="k", type="fixed", default=3, values=(3,))
SPACE = Space((RATE, UNITS, HIDDEN, DEEP, NORM, FIXED))
BASELINE: dict[str, Scalar] = {"rate": 3e-4, "units": 18, "hidden": "[18]", "norm": False, "k": 3}


def test_points_are_the_baseline_and_every_other_value_in_turn() -> None:
    driver = Driver(SPACE, {"type": "sweep", "points": 4})
    driver.run(lambda values, epochs: 0.5)
    assert [trial.values for trial in driver.trials] == [
        BASELINE,
        *({**BASELINE, "rate": rate} for rate in (1e-4, 1e-3, 1e-2, 0.1)),
        *({**BASELINE, "units": units} for units in (36, 54, 72)),
        # What a value brings to life stands at its default.
        {**BASELINE, "hidden": "[18, 18]", "deep": 2},
        {**BASELINE, "norm": True},
    ]
    assert [swept(trial.values, SPACE) for trial in driver.trials] == [
        None, *["rate"] * 4, *["units"] * 3, "hidden", "norm",
    ]  # fmt: skip


def test_only_named_ones_are_swept_in_their_order() -> None:
    driver = Driver(SPACE, {"type": "sweep", "hyperparameters": ["norm", "units"]})
    driver.run(lambda values, epochs: 0.5)
    assert [swept(trial.values, SPACE) for trial in driver.trials] == [None, "norm", "units", "units", "units"]


@pytest.mark.parametrize("rebuild", [False, True])
def test_repeats_are_whole_sweeps_with_hashes_of_their_own(rebuild: bool) -> None:
    driver = Driver(SPACE, {"type": "sweep", "hyperparameters": ["units"], "repeats": 3})
    answer = driver.run(lambda values, epochs: 0.5, workers=2, rebuild=rebuild)
    assert answer.reason is not None
    assert answer.reason.code == "tuner_finished"
    assert [trial.values["units"] for trial in driver.trials] == [18, 36, 54, 72] * 3
    assert len({trial.values_hash for trial in driver.trials}) == 12
    assert [trial.values_hash for trial in driver.trials[:4]] == [
        SPACE.hash_values(trial.values) for trial in driver.trials[:4]
    ]


@pytest.mark.parametrize("stored", [1, 4, 5, 7])
def test_dropped_proposals_are_made_again(stored: int) -> None:
    driver = Driver(SPACE, {"type": "sweep", "hyperparameters": ["units"], "repeats": 2})
    driver.ask(8)
    del driver.trials[stored:]
    driver.rebuild()
    driver.run(lambda values, epochs: 0.5, workers=8)
    assert [trial.values["units"] for trial in driver.trials] == [18, 36, 54, 72] * 2
    assert len({trial.values_hash for trial in driver.trials}) == 8


def test_points_that_break_a_rule_are_left_out() -> None:
    space = Space((UNITS, NORM), (Constraint("product", ("units",), maximum=54),))
    driver = Driver(space, {"type": "sweep"})
    driver.run(lambda values, epochs: 0.5)
    assert [trial.values["units"] for trial in driver.trials] == [18, 36, 54, 18]
    assert [point["units"] for point in Sweep(space).points()] == [18, 36, 54, 18]


def test_an_integer_range_without_a_step_is_thinned_on_its_scale() -> None:
    def tried(low: int, high: int, points: int, **more: object) -> list[object]:
        hp = Hyperparameter(name="n", type="int", default=low, min_value=low, max_value=high, **more)  # type: ignore[arg-type]
        return [values["n"] for values in Sweep(Space((hp,)), points=points).points()]

    assert tried(1, 1024, 6, sampling="log") == [1, 4, 16, 64, 256, 1024]
    assert tried(0, 100, 5) == [0, 25, 50, 75, 100]
    assert tried(1, 4, 8) == [1, 2, 3, 4]
    assert tried(1, 10, 8, sampling="log") == [1, 2, 3, 4, 5, 7, 10]


def test_a_long_range_is_counted_and_not_listed() -> None:
    hp = Hyperparameter(name="n", type="int", default=5, min_value=0, max_value=10**9 - 1, step=1)
    sweep = Sweep(Space((hp,)))
    assert len(sweep) == 10**9
    assert [sweep.values(index)["n"] for index in (0, 1, 5, 6, 10**9 - 1)] == [5, 0, 4, 6, 10**9 - 1]


def test_others_at_the_baseline() -> None:
    assert at_baseline_but("units", {**BASELINE, "units": 54}, SPACE)
    assert at_baseline_but("hidden", {**BASELINE, "hidden": "[18, 18]", "deep": 2}, SPACE)
    assert not at_baseline_but("hidden", {**BASELINE, "hidden": "[18, 18]", "deep": 3}, SPACE)
    assert not at_baseline_but("units", {**BASELINE, "norm": True}, SPACE)
    assert at_baseline_but("units", BASELINE, SPACE)


# Scales


def test_ends_are_exact_and_middles_are_on_the_scale() -> None:
    low = Hyperparameter(name="r", type="float", default=1.0, min_value=0.3e-3, max_value=0.1, sampling="log")
    assert (value_at(low, 0.0), value_at(low, 1.0)) == (0.3e-3, 0.1)
    assert value_at(low, 0.5) == pytest.approx((0.3e-3 * 0.1) ** 0.5)
    assert value_at(RATE, 1 / 3) == 0.001
    mirrored = Hyperparameter(name="m", type="float", default=1.0, min_value=0.1, max_value=1.0, sampling="reverse_log")
    assert value_at(mirrored, 0.5) == pytest.approx(1.1 - 0.1 * 10**0.5)
    assert (value_at(UNITS, 0.4), value_at(NORM, 0.9), value_at(HIDDEN, 0.2)) == (36, True, "[18]")


@given(st.sampled_from([RATE, UNITS, HIDDEN, DEEP, NORM, FIXED]), st.floats(-0.5, 1.5))
def test_values_at_places_belong_to_the_hyperparameter(hp: Hyperparameter, place: float) -> None:
    value = value_at(hp, place)
    assert hp.contains(value)
    assert value_at(hp, place_of(hp, value)) == pytest.approx(value) if isinstance(value, float) else True


@given(st.integers(0, 3))
def test_index_and_value_are_each_others_inverse(index: int) -> None:
    assert index_of(UNITS, nth(UNITS, index)) == index


@pytest.mark.parametrize(("hp", "value"), [(UNITS, 20), (HIDDEN, "[1]"), (UNITS, 90)])
def test_what_is_no_value_has_no_index(hp: Hyperparameter, value: int | str) -> None:
    with pytest.raises(ValueError, match="cannot take"):
        index_of(hp, value)


@pytest.mark.parametrize(
    "tuner",
    [
        {"type": "random"},
        {"type": "grid"},
        {"type": "bayesian", "num_initial_points": 3},
        {"type": "hyperband", "max_epochs": 27},
        {"type": "perturb"},
    ],
    ids=lambda tuner: tuner["type"],
)
def test_every_tuner_takes_lists(tuner: dict[str, object]) -> None:
    driver = Driver(Space((HIDDEN, DEEP, NORM)), tuner)
    driver.run(lambda values, epochs: len(str(values["hidden"])) / 10 + (epochs or 0) / 100, max_trials=200)
    points = {(trial.values["hidden"], trial.values.get("deep"), trial.values["norm"]) for trial in driver.trials}
    # [18] has no depth: two points; [18, 18] has four depths: eight.
    assert len(points) == 10

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from storage.ids import TrialId
from storage.records import BestScore, Direction, Failure, Limits, NewTrial, Search, Trial
from storage.states import Fault, TrialState
from tests.tuners.oracle_driver import CRASH, make_search, make_trial
from tuners.coordinator.endings import HOPELESS_TRIALS, Endings, reached_limit
from tuners.space import Space


def search(direction: Direction = "max", **changes: Any) -> Search:
    return dataclasses.replace(make_search(Space(), {"type": "random"}, direction=direction), **changes)


def ended(number: int, seq: int, state: TrialState, *, fault: Fault = Fault.DEFINITION) -> Trial:
    failure: Failure | None = dataclasses.replace(CRASH, fault=fault) if state is TrialState.FAILED else None
    return dataclasses.replace(make_trial(NewTrial({}, "h"), number), state=state, ended_seq=seq, failure=failure)


@pytest.mark.parametrize(
    ("direction", "best", "target", "over"),
    [
        ("max", 0.9, 0.9, True),
        ("max", 0.89, 0.9, False),
        ("min", 0.1, 0.1, True),
        ("min", 0.11, 0.1, False),
        ("min", -5.0, 0.1, True),
        ("max", None, -1e9, False),
    ],
)
def test_target_is_reached_from_the_right_side(
    direction: Direction, best: float | None, target: float, over: bool
) -> None:
    record = search(
        direction,
        limits=Limits(target=target),
        best=None if best is None else BestScore(TrialId("t_1"), best),
    )
    assert (reached_limit(record) is not None) is over


@pytest.mark.parametrize(
    ("limits", "spent"),
    [
        (Limits(max_seconds=10.0), {"active_seconds": 10.0}),
        (Limits(max_epochs=10), {"epochs_recorded": 10}),
        (Limits(max_device_seconds=10.0), {"device_seconds": 10.0}),
        (Limits(patience_trials=10), {"trials_since_best": 10}),
    ],
)
def test_limit_binds_exactly_where_it_says(limits: Limits, spent: dict[str, Any]) -> None:
    [(name, at)] = spent.items()
    reached = reached_limit(search(limits=limits, **spent))
    assert reached is not None
    assert getattr(limits, reached.code) is not None
    assert reached_limit(search(limits=limits, **{name: at - 1})) is None
    assert reached_limit(search(limits=Limits(), **spent)) is None


def failures(count: int, **more: Fault) -> list[Trial]:
    return [ended(number, number, TrialState.FAILED, **more) for number in range(count)]


def test_first_failures_make_a_search_hopeless_only_if_there_is_nothing_else() -> None:
    assert Endings.of(failures(HOPELESS_TRIALS)).hopeless
    assert not Endings.of(failures(HOPELESS_TRIALS - 1)).hopeless
    assert not Endings.of(failures(HOPELESS_TRIALS, fault=Fault.MACHINE)).hopeless
    later = [ended(9, 0, TrialState.COMPLETED), *(dataclasses.replace(t, ended_seq=t.number + 1) for t in failures(8))]
    assert not Endings.of(later).hopeless


def test_cancelled_trials_are_passed_over() -> None:
    trials = [ended(8, 2, TrialState.CANCELLED), *(t for t in failures(HOPELESS_TRIALS + 1) if t.number != 2)]
    assert Endings.of(trials).hopeless


def test_order_is_that_of_ending_and_not_of_numbers() -> None:
    first_done = ended(7, 0, TrialState.COMPLETED)
    trials = [dataclasses.replace(trial, ended_seq=trial.number + 1) for trial in failures(7)]
    endings = Endings.of([*trials, first_done])
    assert not endings.hopeless
    assert endings.next_seq == 8


def test_failed_trial_that_is_tried_again_counts_as_it_ended_last() -> None:
    endings = Endings.of(failures(HOPELESS_TRIALS - 1))
    endings.take_in(ended(0, 10, TrialState.COMPLETED))
    endings.take_in(ended(6, 11, TrialState.FAILED))
    assert not endings.hopeless

"""Progress and time left, on searches that are played through: no worker, no clock, only their counters."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.progress import progress_of
from storage.ids import DatasetId, SearchId, TrialId
from storage.records import BestScore, Limits, Objective, Search, TrialCounts
from storage.states import SEARCH_ENDED, SearchState
from tuners.plan import hyperband_brackets

START = datetime(2026, 1, 1, tzinfo=UTC)
SEARCH = Search(
    id=SearchId("s_1"),
    owner="ada",
    name="x",
    state=SearchState.RUNNING,
    state_reason=None,
    definition={"fit": {"epochs": 10}, "limits": {"max_trials": 10}},
    space={},
    dataset_id=DatasetId("d_1"),
    objective=Objective("val_loss", "min"),
    tuner="random",
    limits=Limits(max_trials=10),
    parallelism=1,
    executions_per_trial=1,
    max_retries_per_trial=1,
    priority=0,
    seed=1,
    tags={},
    counts=TrialCounts(completed=5),
    best=BestScore(TrialId("t_1"), 0.5),
    oracle_version=1,
    checked_at=START,
    planned_trials=10,
    planned_epochs=100,
    epochs_recorded=50,
    device_seconds=0.0,
    active_seconds=30.0,
    trials_since_best=0,
    versions={},
    created_at=START,
    started_at=START,
    ended_at=None,
)


# A search played through


@dataclass(frozen=True)
class Job:
    """One trial to come: its epochs over all executions, seconds for each, and the jobs that must have ended before."""

    epochs: int
    epoch_s: float
    after: frozenset[int] = frozenset()


def played(search: Search, jobs: Sequence[Job]) -> Iterator[Search]:
    """The search at its start and after each epoch, until all jobs are done or a limit ends it.

    `parallelism` slots take the first job that may begin; what an epoch takes is all that takes time.
    """
    limits = search.limits
    jobs = jobs[: limits.max_trials]
    running: list[tuple[float, int, int]] = []
    ended: set[int] = set()
    waiting = list(range(len(jobs)))
    epochs, device_s, now = 0, 0.0, 0.0

    def seen() -> Search:
        counts = TrialCounts(queued=min(len(waiting), 1), running=len(running), completed=len(ended))
        return replace(
            search, counts=counts, epochs_recorded=epochs, active_seconds=now, device_seconds=device_s, started_at=START
        )

    while True:
        for job in [each for each in waiting if jobs[each].after <= ended]:
            if len(running) < search.parallelism:
                waiting.remove(job)
                heapq.heappush(running, (now + jobs[job].epoch_s, job, 1))
        yield seen()
        if not running:
            return
        now, job, done = heapq.heappop(running)
        if limits.max_seconds is not None and now > limits.max_seconds:
            return
        epochs += 1
        if done < jobs[job].epochs:
            heapq.heappush(running, (now + jobs[job].epoch_s, job, done + 1))
        else:
            ended.add(job)
            device_s += jobs[job].epochs * jobs[job].epoch_s
        if limits.max_epochs is not None and epochs >= limits.max_epochs:
            return
        if limits.max_device_seconds is not None and device_s >= limits.max_device_seconds:
            return


def assert_sound(search: Search, jobs: Sequence[Job], *, off: float) -> None:
    """Progress stays within 0 and 1 and never falls back; the time left is near the truth.

    Args:
        off: From a third of the search on, how far the time left may be off, as a share of all its time. Beyond that it
            may be off by an epoch; with several slots by the longest trial, which may be the last and alone.
    """
    states = list(played(search, jobs))
    whole = states[-1].active_seconds
    grain = max(job.epoch_s * (job.epochs if search.parallelism > 1 else 1) for job in jobs)
    last = 0.0
    for state in states:
        told = progress_of(state)
        assert told.fraction is not None
        assert last <= told.fraction < 1.0
        last = told.fraction
        if state.epochs_recorded == 0 and state.limits.max_seconds is None:
            assert told.remaining_seconds is None
            continue
        assert told.remaining_seconds is not None
        assert told.remaining_seconds >= 0.0
        if state.active_seconds >= whole / 3:
            assert abs(told.remaining_seconds - (whole - state.active_seconds)) <= off * whole + grain
    assert progress_of(replace(states[-1], state=SearchState.COMPLETED)).fraction == 1.0


def planned(jobs: Sequence[Job], **changes: Any) -> Search:
    """A random search whose plan is these jobs."""
    search = replace(
        SEARCH,
        limits=Limits(max_trials=len(jobs)),
        definition={"fit": {"epochs": 10}, "limits": {"max_trials": len(jobs)}},
        planned_trials=len(jobs),
        planned_epochs=sum(job.epochs for job in jobs),
        counts=TrialCounts(),
        epochs_recorded=0,
        active_seconds=0.0,
    )
    return replace(search, **changes)


# One example is a search of hundreds of epochs.
PLAYED = settings(max_examples=25)
# So few that each of them has been looked at: chance fails no test.
SEEDS = st.integers(0, 99)
SLOTS = st.integers(1, 4)


@PLAYED
@given(SEEDS, st.integers(1, 30), SLOTS)
def test_trials_of_equal_epochs(seed: int, epochs: int, slots: int) -> None:
    draw = random.Random(seed)
    jobs = [Job(epochs, draw.uniform(0.5, 1.5)) for _ in range(40)]
    assert_sound(planned(jobs, parallelism=slots), jobs, off=0.25)


@PLAYED
@given(st.integers(20, 40), st.integers(1, 10), SLOTS, st.integers(2, 5))
def test_folds_and_executions_are_epochs(trials: int, epochs: int, slots: int, trainings: int) -> None:
    jobs = [Job(epochs * trainings, 1.0)] * trials
    search = planned(jobs, parallelism=slots, executions_per_trial=trainings)
    assert search.planned_epochs == trials * epochs * trainings
    assert_sound(search, jobs, off=0.1)


@PLAYED
@given(SEEDS, SLOTS)
def test_trials_that_stop_early(seed: int, slots: int) -> None:
    draw = random.Random(seed)
    jobs = [Job(draw.randint(5, 15), 1.0) for _ in range(40)]
    # Planned are 50 epochs for each, and early stopping ends them long before.
    fit = {"epochs": 50, "callbacks": [{"callback": "EarlyStopping", "patience": 3}]}
    search = planned(
        jobs, definition={"fit": fit, "limits": {"max_trials": 40}}, planned_epochs=40 * 50, parallelism=slots
    )
    assert_sound(search, jobs, off=0.25)


@PLAYED
@given(SEEDS, SLOTS)
def test_epochs_that_a_hyperparameter_decides(seed: int, slots: int) -> None:
    draw = random.Random(seed)
    jobs = [Job(draw.randint(1, 40), 1.0) for _ in range(40)]
    # The plan knows what to expect, not what was drawn.
    definition = {"fit": {"epochs": {"hp": "epochs"}}, "limits": {"max_trials": 40}}
    search = planned(jobs, definition=definition, planned_epochs=820, parallelism=slots)
    assert_sound(search, jobs, off=0.25)


@PLAYED
@given(st.integers(1, 3), st.permutations([2, 4, 8, 16, 32]), SLOTS)
def test_sweeps_of_epochs_with_repeats(repeats: int, epochs: list[int], slots: int) -> None:
    jobs = [Job(each, 1.0) for each in epochs * repeats]
    definition = {"fit": {"epochs": {"hp": "epochs"}}, "limits": {}}
    search = planned(jobs, definition=definition, tuner="sweep", limits=Limits(), parallelism=slots)
    assert_sound(search, jobs, off=0.05)


def hyperband_jobs(max_epochs: int, factor: int, iterations: int, *, executions: int = 1) -> list[Job]:
    """All trials in order; a round begins when the round before it has ended."""
    jobs: list[Job] = []
    for _ in range(iterations):
        for bracket in hyperband_brackets(max_epochs, factor):
            before: frozenset[int] = frozenset()
            for each in bracket.rounds:
                epochs = (each.target_epochs - each.start_epoch) * executions
                first = len(jobs)
                jobs += [Job(epochs, 1.0, before)] * each.trials
                before = frozenset(range(first, len(jobs)))
    return jobs


@PLAYED
@given(
    st.sampled_from([(9, 3), (27, 3), (30, 3), (16, 2), (20, 4)]),
    st.integers(1, 2),
    st.integers(1, 3),
    SLOTS,
    st.floats(0.1, 1.2),
)
def test_hyperband_whole_or_cut_off_by_trials(
    sizes: tuple[int, int], iterations: int, executions: int, slots: int, share: float
) -> None:
    jobs = hyperband_jobs(*sizes, iterations, executions=executions)
    limit = max(6, round(share * len(jobs)))
    tuner = {"type": "hyperband", "max_epochs": sizes[0], "factor": sizes[1], "hyperband_iterations": iterations}
    search = planned(
        jobs,
        tuner="hyperband",
        definition={"tuner": tuner, "limits": {"max_trials": limit}},
        limits=Limits(max_trials=limit),
        planned_trials=min(limit, len(jobs)),
        # On average; the early trials are the cheap ones.
        planned_epochs=round(sum(job.epochs for job in jobs) * min(1.0, limit / len(jobs))),
        executions_per_trial=executions,
        parallelism=slots,
    )
    # Slots that wait for a round's last trial take one of a later bracket, which is not in the order of the schedule.
    assert_sound(search, jobs, off=0.01 if slots == 1 else 0.1)


@PLAYED
@given(st.floats(20.0, 200.0), SLOTS)
def test_a_limit_of_time_is_known_to_the_second(seconds: float, slots: int) -> None:
    jobs = [Job(10, 1.0)] * 500
    search = planned(
        jobs, limits=Limits(max_seconds=seconds), planned_trials=None, planned_epochs=None, parallelism=slots
    )
    for state in played(search, jobs):
        told = progress_of(state)
        assert told.remaining_seconds == pytest.approx(seconds - state.active_seconds)
        assert told.fraction == pytest.approx(min(state.active_seconds / seconds, 0.999))


@PLAYED
@given(st.integers(50, 400), SLOTS)
def test_a_limit_of_epochs(epochs: int, slots: int) -> None:
    jobs = [Job(10, 1.0)] * 100
    search = planned(
        jobs, limits=Limits(max_epochs=epochs), planned_trials=None, planned_epochs=epochs, parallelism=slots
    )
    assert_sound(search, jobs, off=0.1)


@PLAYED
@given(st.floats(100.0, 400.0), SLOTS)
def test_a_limit_of_device_time(seconds: float, slots: int) -> None:
    """Device time is known when an attempt ends; so the estimate is late by the trials that run."""
    jobs = [Job(5, 1.0)] * 200
    limits = Limits(max_device_seconds=seconds)
    search = planned(jobs, limits=limits, planned_trials=None, planned_epochs=None, parallelism=slots)
    states = list(played(search, jobs))
    whole = states[-1].active_seconds
    for before, state in itertools.pairwise(states):
        told = progress_of(state)
        assert told.fraction is not None
        assert (progress_of(before).fraction or 0.0) <= told.fraction < 1.0
        if state.active_seconds >= whole / 2:
            assert told.remaining_seconds is not None
            late = slots * 5.0 / seconds
            assert abs(told.remaining_seconds - (whole - state.active_seconds)) <= (0.05 + 2 * late) * whole


# Figures that are known by hand


def test_half_done_takes_as_long_again() -> None:
    progress = progress_of(SEARCH)
    assert (progress.fraction, progress.remaining_seconds) == (0.5, 30.0)


def test_early_stopping_does_not_hold_progress_back() -> None:
    assert progress_of(replace(SEARCH, epochs_recorded=20)).fraction == 0.5


def test_hyperband_is_measured_in_epochs() -> None:
    search = replace(SEARCH, tuner="hyperband", limits=Limits(), planned_trials=None, epochs_recorded=10)
    assert progress_of(search).fraction == 0.1


def test_the_nearest_limit_decides() -> None:
    search = replace(SEARCH, limits=Limits(max_trials=10, max_seconds=40.0))
    progress = progress_of(search)
    assert (progress.fraction, progress.remaining_seconds) == (0.75, 10.0)


@pytest.mark.parametrize("limits", [Limits(), Limits(target=0.99), Limits(patience_trials=20)])
def test_an_open_end_is_unknown(limits: Limits) -> None:
    search = replace(SEARCH, limits=limits, definition={}, planned_trials=None, planned_epochs=None)
    progress = progress_of(search)
    assert (progress.fraction, progress.remaining_seconds) == (None, None)


@pytest.mark.parametrize(
    ("first", "now", "planned_trials", "fraction"),
    [
        (10, 20, 10, 0.25),  # The limit was what ended it: there is more to try.
        (10, 5, 10, 0.999),
        (10, None, 10, None),  # No end any more.
        (100, 200, 10, 0.5),  # The space has ten points, whatever the limit.
        (None, 5, 10, 0.999),
        (None, 20, None, 0.25),
    ],
)
def test_limits_that_were_changed_change_the_plan(
    first: int | None, now: int | None, planned_trials: int | None, fraction: float | None
) -> None:
    search = replace(
        SEARCH,
        definition={"fit": {"epochs": 10}, "limits": {} if first is None else {"max_trials": first}},
        limits=Limits(max_trials=now),
        planned_trials=planned_trials,
        planned_epochs=None if planned_trials is None else 10 * planned_trials,
    )
    assert progress_of(search).fraction == fraction


def test_a_larger_limit_of_epochs_is_a_larger_plan() -> None:
    definition = {"fit": {"epochs": 10}, "limits": {"max_epochs": 100}}
    search = replace(SEARCH, definition=definition, limits=Limits(max_epochs=200), planned_trials=None)
    assert progress_of(search).fraction == 0.25


def test_only_a_completed_search_is_whole() -> None:
    assert progress_of(replace(SEARCH, counts=TrialCounts(completed=10), epochs_recorded=100)).fraction == 0.999
    assert progress_of(replace(SEARCH, state=SearchState.COMPLETED, epochs_recorded=3)).fraction == 1.0
    cancelled = progress_of(replace(SEARCH, state=SearchState.CANCELLED))
    assert (cancelled.fraction, cancelled.remaining_seconds) == (0.5, 0.0)


def test_nobody_knows_when_a_paused_search_goes_on() -> None:
    paused = progress_of(replace(SEARCH, state=SearchState.PAUSED))
    assert (paused.fraction, paused.remaining_seconds) == (0.5, None)


def test_results_of_elsewhere_are_whole() -> None:
    imported = replace(SEARCH, state=SearchState.COMPLETED, tuner="imported", planned_epochs=None, started_at=None)
    progress = progress_of(imported)
    assert (progress.fraction, progress.remaining_seconds) == (1.0, 0.0)


COUNTS = st.builds(TrialCounts, *([st.integers(0, 50)] * 6))
MAYBE = st.none() | st.integers(1, 100)


@given(
    state=st.sampled_from(SearchState),
    tuner=st.sampled_from(["random", "grid", "sweep", "bayesian", "hyperband", "imported"]),
    counts=COUNTS,
    limits=st.builds(Limits, MAYBE, MAYBE.map(lambda each: each and each / 2), MAYBE, MAYBE, st.none(), st.none()),
    definition=st.sampled_from(
        [
            {},
            {"fit": {"epochs": {"hp": "e"}}, "limits": {"max_trials": 7}},
            {"tuner": {"type": "hyperband", "max_epochs": 9, "factor": 3, "hyperband_iterations": 1}},
        ]
    ),
    planned_trials=st.none() | st.integers(0, 100),
    planned_epochs=st.none() | SEEDS,
    epochs=st.integers(0, 2000),
    seconds=st.floats(0.0, 1e6),
    started=st.booleans(),
)
def test_whatever_the_counters_are_the_answer_is_sound(
    state: SearchState,
    tuner: str,
    counts: TrialCounts,
    limits: Limits,
    definition: dict[str, Any],
    planned_trials: int | None,
    planned_epochs: int | None,
    epochs: int,
    seconds: float,
    started: bool,
) -> None:
    told = progress_of(
        replace(
            SEARCH,
            state=state,
            tuner=tuner,
            counts=counts,
            limits=limits,
            definition=definition,
            planned_trials=planned_trials,
            planned_epochs=planned_epochs,
            epochs_recorded=epochs,
            active_seconds=seconds,
            device_seconds=seconds / 2,
            started_at=START if started else None,
        )
    )
    assert told.fraction is None or 0.0 <= told.fraction <= 1.0
    assert (told.fraction == 1.0) == (state is SearchState.COMPLETED)
    assert told.remaining_seconds is None or told.remaining_seconds >= 0.0
    if state in SEARCH_ENDED:
        assert told.remaining_seconds == 0.0

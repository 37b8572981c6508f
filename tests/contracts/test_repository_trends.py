"""What trends are drawn from is kept between calls: it always equals what the rows themselves say."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.clock import ManualClock
from storage.columns import ScoredColumns
from storage.epochs import EpochRow
from storage.errors import NotFound
from storage.ids import SearchId, TrialId
from storage.leases import Claim
from storage.records import NewTrial, Reason
from storage.repository import Repository
from storage.sql import open_repository
from storage.sql.dialects import quantile
from storage.states import SearchState
from tests.contracts.scenes import BUILD_ERROR, CRASH, Scene

METRICS = ("val_loss", "loss", 'odd "name"')
SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)
NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf, 0.5])
STEPS = st.sampled_from(
    ["queue", "claim", "report", "complete", "stop", "fail", "crash", "release", "retry", "promote", "read"]
)


def bands_of_rows(repository: Repository, search_id: SearchId, metric: str) -> list[tuple[int, int, list[float]]]:
    """The definition: every epoch row of the search, the mean over executions, the quantiles over trials."""
    of_trial: defaultdict[tuple[TrialId, int], list[float]] = defaultdict(list)
    token: str | None = None
    while True:
        page = repository.search_epochs(search_id, limit=50, page_token=token)
        for row in page.items:
            if math.isfinite(value := row.metrics.get(metric, math.nan)):
                of_trial[row.trial_id, row.epoch].append(value)
        token = page.next_page_token
        if token is None:
            break
    by_epoch: defaultdict[int, list[float]] = defaultdict(list)
    for (_, epoch), values in of_trial.items():
        by_epoch[epoch].append(statistics.fmean(values))
    return [
        (epoch, len(values), [quantile(sorted(values), share) for share in SHARES])
        for epoch, values in sorted(by_epoch.items())
    ]


def assert_bands_are_true(repository: Repository, search_id: SearchId) -> None:
    for metric in METRICS:
        bands = repository.epoch_bands(search_id, metric, quantiles=SHARES)
        expected = bands_of_rows(repository, search_id, metric)
        assert [(band.epoch, band.count) for band in bands] == [(epoch, count) for epoch, count, _ in expected]
        for band, (_, _, quantiles) in zip(bands, expected, strict=True):
            assert list(band.quantiles) == pytest.approx(quantiles, rel=1e-12, abs=1e-9)


def assert_whole_curves_are_true(repository: Repository, search_id: SearchId) -> None:
    """Means of the rows, of the trials that ended with finite values in as many epochs of every execution."""
    executions = range(repository.get_search(search_id).executions_per_trial)
    trials = repository.list_trials(search_id, limit=500).items
    expected: dict[TrialId, object] = {}
    for trial in trials:
        rows = repository.list_epochs(trial.id, limit=500).items
        own = [[row for row in rows if row.execution == execution] for execution in executions]
        finite = all(math.isfinite(value) for row in rows for value in row.metrics.values())
        if trial.ended_seq is not None and rows and finite and len({len(each) for each in own}) == 1:
            means = {
                name: tuple(
                    math.fsum(row.metrics[name] / len(own) for row in alike) for alike in zip(*own, strict=True)
                )
                for name in METRICS
            }
            expected[trial.id] = (own[0][0].epoch, len(own), means)
    found = repository.whole_curves([trial.id for trial in trials], METRICS)
    assert {trial_id: tuple(curves) for trial_id, curves in found.items()} == expected


def assert_columns_are_true(repository: Repository, search_id: SearchId) -> None:
    trials = sorted(repository.scored_trials(search_id), key=lambda trial: trial.ended_seq or 0)
    columns = repository.scored_columns(search_id)
    names = ("number", "score", "ended_at", "epochs", "seconds", "parameters")
    columns_of = (
        columns.numbers,
        columns.scores,
        columns.ended_at,
        columns.epochs,
        columns.seconds,
        columns.parameters,
    )
    assert list(columns.ids) == [trial.id for trial in trials]
    for name, column in zip(names, columns_of, strict=True):
        assert list(column) == [getattr(trial, name) for trial in trials]
    for place, trial in enumerate(trials):
        assert {name: column[place] for name, column in columns.values.items() if column[place] is not None} == (
            trial.values
        )
        assert _finite(columns.metrics, place) == _known(trial.metrics)
        assert _finite(columns.last_metrics, place) == _known(trial.last_metrics)
    assert set(columns.metrics) == {name for trial in trials for name in trial.metrics}


def _finite(columns: object, place: int) -> dict[str, float]:
    assert isinstance(columns, dict)
    return {name: column[place] for name, column in columns.items() if not math.isnan(column[place])}


def _known(metrics: object) -> dict[str, float]:
    assert hasattr(metrics, "items")
    return {name: value for name, value in metrics.items() if value is not None}


@dataclass
class Play:
    """One search, and what can be done to it."""

    scene: Scene
    executions: int
    numbers: Callable[[], float]
    search_id: SearchId = field(init=False)
    running: list[Claim] = field(default_factory=list)
    reported: dict[TrialId, int] = field(default_factory=dict)
    ended: list[TrialId] = field(default_factory=list)

    def __post_init__(self) -> None:
        search = self.scene.search(
            trials=2, parallelism=4, executions_per_trial=self.executions, max_retries_per_trial=1
        )
        self.search_id = search.id

    def do(self, step: str) -> None:
        repository = self.scene.repository
        self.scene.clock.advance(0.25)
        if step == "read":
            assert_bands_are_true(repository, self.search_id)
            assert_columns_are_true(repository, self.search_id)
            assert_whole_curves_are_true(repository, self.search_id)
        elif step == "queue":
            self._add(NewTrial(values={"units": 8.5, "kind": "a", "on": True}, values_hash="x"))
        elif step == "promote" and self.ended:
            parent = repository.get_trial(self.ended[-1])
            self._add(
                NewTrial(
                    values=parent.values, values_hash="y", parent_trial_id=parent.id, start_epoch=2, target_epochs=9
                )
            )
        elif step == "claim":
            self.running += self.scene.claims(1)
        elif step == "retry":
            failed = [trial for trial in repository.list_trials(self.search_id, limit=100).items if trial.failure]
            if failed:
                repository.retry_trial(failed[-1].id)
        elif self.running and step == "report":
            self._report(self.running[-1])
        elif self.running:
            self._end(step, self.running.pop())

    def _add(self, new: NewTrial) -> None:
        version = self.scene.repository.get_search(self.search_id).oracle_version
        self.scene.repository.add_trials(self.search_id, [new], oracle_state={}, expected_version=version)

    def _report(self, claim: Claim) -> None:
        trial = self.scene.repository.get_trial(claim.trial.id)
        stored = self.scene.repository.list_epochs(trial.id, limit=500).items
        for execution in range(self.executions):
            epochs = [row.epoch for row in stored if row.execution == execution]
            first = max(epochs, default=trial.start_epoch - 1) + 1
            if trial.target_epochs is not None and first + 1 >= trial.target_epochs:
                continue
            rows = [
                EpochRow(execution, epoch, {name: self.numbers() for name in METRICS}, seconds=0.5)
                for epoch in (first, first + 1)
            ]
            self.scene.repository.record_epochs(claim.lease, rows)

    def _end(self, how: str, claim: Claim) -> None:
        repository, lease = self.scene.repository, claim.lease
        if how == "complete":
            repository.complete_trial(lease, seconds=1.5)
        elif how == "stop":
            repository.stop_trial(lease, seconds=1.0, reason=Reason("median", "below the median"))
        elif how == "fail":
            repository.fail_attempt(lease, BUILD_ERROR, seconds=1.0)
        elif how == "crash":
            repository.fail_attempt(lease, CRASH, seconds=1.0)
        else:
            repository.release_trial(lease, seconds=1.0)
        if repository.get_trial(claim.trial.id).score is not None:
            self.ended.append(claim.trial.id)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    executions=st.integers(1, 2),
    steps=st.lists(STEPS, min_size=8, max_size=40),
    data=st.data(),
)
def test_what_is_kept_equals_what_the_rows_say(
    repository: Repository, clock: ManualClock, executions: int, steps: list[str], data: st.DataObject
) -> None:
    play = Play(Scene(repository, clock), executions, lambda: data.draw(NUMBERS))
    for step in steps:
        play.do(step)
    play.do("read")
    repository.cancel_search(play.search_id)
    play.do("read")
    repository.delete_search(play.search_id)
    with pytest.raises(NotFound):
        repository.epoch_bands(play.search_id, "loss", quantiles=SHARES)
    with pytest.raises(NotFound):
        repository.scored_columns(play.search_id)


def test_a_failed_trial_that_is_tried_again_takes_its_first_curve_along(scene: Scene) -> None:
    """Its old number is gone, another trial's end takes the count back to what it was: only together they tell."""
    search = scene.search(trials=2, parallelism=2, max_retries_per_trial=0)
    failing, other = scene.claims(2)
    scene.report(failing.lease, 1.0)
    failed = scene.repository.fail_attempt(failing.lease, BUILD_ERROR, seconds=1)
    assert_bands_are_true(scene.repository, search.id)
    scene.repository.retry_trial(failed.id)
    scene.report(other.lease, 5.0)
    scene.repository.complete_trial(other.lease, seconds=1)
    again = scene.claim()
    scene.report(again.lease, 7.0)
    (band,) = scene.repository.epoch_bands(search.id, "val_loss", quantiles=[0.0, 1.0])
    assert band.quantiles == (5.0, 7.0)
    assert_bands_are_true(scene.repository, search.id)


def test_many_ends_at_once_are_sorted_in(scene: Scene) -> None:
    search = scene.search(parallelism=200)
    for losses in (range(90), range(90, 0, -1)):
        scene.queue(search.id, len(losses))
        for claim, loss in zip(scene.claims(len(losses)), losses, strict=True):
            scene.report(claim.lease, float(loss))
            scene.repository.complete_trial(claim.lease, seconds=1)
        assert_bands_are_true(scene.repository, search.id)


def test_columns_once_given_out_stay_as_they_are(scene: Scene) -> None:
    search = scene.search()
    scene.finished(search.id, 1.0)
    before = scene.repository.scored_columns(search.id)
    scene.finished(search.id, 2.0)
    after = scene.repository.scored_columns(search.id)
    assert (list(before.scores), list(after.scores)) == ([1.0], [1.0, 2.0])
    assert len(before.values["units"]) == len(before.metrics["loss"]) == 1
    assert scene.repository.scored_columns(search.id) == after


def test_nothing_scored_has_empty_columns(scene: Scene) -> None:
    assert scene.repository.scored_columns(scene.search(trials=1).id) == ScoredColumns()


def test_processes_see_each_others_trials(database_url: str, clock: ManualClock) -> None:
    one, two = (open_repository(database_url, clock=clock, lease_clock=clock) for _ in range(2))
    scene = Scene(one, clock)
    search = scene.search(parallelism=2)
    for repository in (one, two):
        assert_bands_are_true(repository, search.id)
        assert_columns_are_true(repository, search.id)
    for losses in ((1.0, 2.0), (3.0,), (0.5, 0.25)):
        scene.finished(search.id, *losses)
        scene.queue(search.id, 1)
        claim = scene.claim()
        scene.report(claim.lease, 9.0)
        one.release_trial(claim.lease, seconds=1)
        assert_bands_are_true(two, search.id)
        assert_columns_are_true(two, search.id)
        one.request_stop(claim.trial.id)
    one.end_search(search.id, SearchState.COMPLETED, Reason("max_trials", "done"))
    assert_bands_are_true(two, search.id)
    one.delete_search(search.id)
    with pytest.raises(NotFound):
        two.scored_columns(search.id)
    one.close()
    two.close()

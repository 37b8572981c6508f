"""Trials, epochs and trends as they are read: what `TrialReads` promises."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TypeVar

import pytest

from storage.epochs import EpochRow
from storage.errors import InvalidPage, NotFound
from storage.ids import ArtifactId, SearchId, TrialId
from storage.records import Objective, Page, Trial, TrialOrder
from storage.sql.dialects import quantile
from storage.states import TrialState
from tests.contracts.scenes import BUILD_ERROR, Scene

T = TypeVar("T")


def _all_pages(read: Callable[[str | None], Page[T]]) -> list[T]:
    items: list[T] = []
    token: str | None = None
    while True:
        page = read(token)
        items += page.items
        token = page.next_page_token
        if token is None:
            return items


def test_trials_are_paged_by_number(scene: Scene) -> None:
    search = scene.search(trials=7)
    scene.search(trials=2)
    trials = _all_pages(lambda token: scene.repository.list_trials(search.id, limit=3, page_token=token))
    assert [trial.number for trial in trials] == list(range(7))
    exact = scene.repository.list_trials(search.id, limit=7)
    assert (len(exact.items), exact.next_page_token) == (7, None)


def test_trials_are_filtered_by_state(scene: Scene) -> None:
    search = scene.search(trials=3, max_retries_per_trial=0)
    done, failed = scene.claims(2)
    scene.report(done.lease, 1.0)
    scene.repository.complete_trial(done.lease, seconds=1)
    scene.repository.fail_attempt(failed.lease, BUILD_ERROR, seconds=1)
    wanted = frozenset({TrialState.COMPLETED, TrialState.FAILED})
    first = scene.repository.list_trials(search.id, limit=1, states=wanted)
    rest = scene.repository.list_trials(search.id, limit=9, states=wanted, page_token=first.next_page_token)
    assert [trial.number for trial in first.items + rest.items] == [0, 1]
    with pytest.raises(InvalidPage):
        scene.repository.list_trials(search.id, limit=1, page_token=first.next_page_token)


@pytest.mark.parametrize("descending", [False, True])
def test_trials_are_listed_in_other_orders(scene: Scene, descending: bool) -> None:
    search = scene.search(trials=7, parallelism=7, max_retries_per_trial=0)
    claims = scene.claims(6)
    for place, loss in ((3, 0.1), (0, 1e-300), (4, 0.5), (1, 0.1), (2, -2.0)):
        scene.report(claims[place].lease, loss)
        scene.repository.complete_trial(claims[place].lease, seconds=1)
    scene.repository.fail_attempt(claims[5].lease, BUILD_ERROR, seconds=1)
    expected: dict[TrialOrder, list[int]] = {
        "number": [0, 1, 2, 3, 4, 5, 6],
        "score": [2, 0, 1, 3, 4],
        "ended": [3, 0, 4, 1, 2, 5],
    }
    for order, numbers in expected.items():
        found = _all_pages(
            lambda token, order=order: scene.repository.list_trials(  # type: ignore[misc]
                search.id, limit=2, page_token=token, order=order, descending=descending
            )
        )
        assert [trial.number for trial in found] == (numbers[::-1] if descending else numbers)
    first = scene.repository.list_trials(search.id, limit=2, order="score", descending=descending)
    with pytest.raises(InvalidPage):
        scene.repository.list_trials(search.id, limit=2, page_token=first.next_page_token, order="ended")
    failed = scene.repository.list_trials(search.id, limit=9, order="ended", states=frozenset({TrialState.FAILED}))
    assert [trial.number for trial in failed.items] == [5]


def test_a_trial_shows_only_to_its_owner(scene: Scene) -> None:
    claim = scene.running()
    assert scene.repository.get_trial(claim.trial.id, owner="ada") == claim.trial
    with pytest.raises(NotFound):
        scene.repository.get_trial(claim.trial.id, owner="bob")


def test_what_is_not_there_is_not_found(scene: Scene) -> None:
    read, search_id, trial_id = scene.repository, SearchId("s_none"), TrialId("t_none")
    calls: list[Callable[[], object]] = [
        lambda: read.list_trials(search_id, limit=1),
        lambda: read.best_trials(search_id, count=1),
        lambda: read.search_epochs(search_id, limit=1),
        lambda: read.scored_columns(search_id),
        lambda: read.scored_trials(search_id),
        lambda: read.epoch_bands(search_id, "loss", quantiles=[0.5]),
        lambda: read.ended_trials(search_id, from_seq=0),
        lambda: read.get_trial(trial_id),
        lambda: read.list_attempts(trial_id),
        lambda: read.list_epochs(trial_id, limit=1),
        lambda: read.trial_artifacts(trial_id),
        lambda: read.retry_trial(trial_id),
        lambda: read.get_artifact(ArtifactId("a_none")),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(("direction", "numbers"), [("min", [2, 1, 4, 0]), ("max", [0, 1, 4, 2])])
def test_best_trials_come_best_first(scene: Scene, direction: str, numbers: list[int]) -> None:
    search = scene.search(objective=Objective("val_loss", "max" if direction == "max" else "min"))
    for loss in (5.0, 3.0, -1.0):
        scene.finished(search.id, loss)
    scene.queue(search.id, 1)
    unscored = scene.claim()
    scene.repository.complete_trial(unscored.lease, seconds=1)
    scene.finished(search.id, 3.0)
    assert [trial.number for trial in scene.repository.best_trials(search.id, count=9)] == numbers
    assert [trial.number for trial in scene.repository.best_trials(search.id, count=2)] == numbers[:2]
    assert scene.repository.best_trials(search.id, count=0) == ()
    best = scene.repository.get_search(search.id).best
    assert best is not None
    assert scene.trial(best.trial_id).number == numbers[0]


def test_epochs_are_paged_by_execution_and_epoch(scene: Scene) -> None:
    search = scene.search(trials=2, executions_per_trial=2)
    one, two = scene.claims(2)
    scene.report(two.lease, 3.0)
    scene.report(one.lease, 1.0, 2.0)
    scene.report(one.lease, 4.0, 5.0, execution=1)
    rows = _all_pages(lambda token: scene.repository.list_epochs(one.trial.id, limit=3, page_token=token))
    assert [(row.execution, row.epoch, row.metrics["val_loss"]) for row in rows] == [
        (0, 0, 1.0),
        (0, 1, 2.0),
        (1, 0, 4.0),
        (1, 1, 5.0),
    ]
    both = _all_pages(lambda token: scene.repository.search_epochs(search.id, limit=2, page_token=token))
    assert [(row.trial_id, row.metrics["val_loss"]) for row in both] == [
        *((one.trial.id, loss) for loss in (1.0, 2.0, 4.0, 5.0)),
        (two.trial.id, 3.0),
    ]


def test_epochs_of_several_trials_are_those_of_each(scene: Scene) -> None:
    scene.search(trials=3, parallelism=3, executions_per_trial=2)
    claims = scene.claims(3)
    scene.report(claims[0].lease, 2.0, math.nan, math.inf)
    scene.report(claims[0].lease, 1.0, execution=1)
    scene.report(claims[1].lease, 0.5)
    ids = [claim.trial.id for claim in claims]
    found = scene.repository.epoch_metrics(ids)
    assert set(found) == set(ids[:2])
    for trial_id in ids:
        rows = scene.repository.list_epochs(trial_id, limit=10).items
        told = [repr((row.execution, row.epoch, row.metrics)) for row in rows]
        assert [repr(tuple(row)) for row in found.get(trial_id, ())] == told
    assert scene.repository.epoch_metrics([]) == {}


def test_workers_are_busy_with_what_they_run(scene: Scene) -> None:
    one, two, idle = (scene.search(trials=3, parallelism=3) for _ in range(3))
    first, second = scene.worker("first"), scene.worker("second")
    assert {claim.search.id for claim in scene.claims(6, worker_id=first)} <= {one.id, two.id, idle.id}
    scene.repository.cancel_search(idle.id)
    scene.claims(3, worker_id=second)
    busy = scene.repository.busy_workers([one.id, two.id, idle.id])
    assert busy == {search.id: len({trial.worker_id for trial in _running(scene, search.id)}) for search in (one, two)}
    assert scene.repository.busy_workers([one.id]) == {one.id: busy[one.id]}
    assert scene.repository.busy_workers([]) == {}


def _running(scene: Scene, search_id: SearchId) -> tuple[Trial, ...]:
    return scene.repository.list_trials(search_id, limit=10, states=frozenset({TrialState.RUNNING})).items


def test_scored_trials_are_what_trends_are_drawn_from(scene: Scene) -> None:
    search = scene.search(trials=4, parallelism=4, max_retries_per_trial=0)
    claims = scene.claims(4)
    scene.repository.report_start(claims[0].lease, parameters=4810, device="cpu:0")
    for place in (1, 0):
        scene.clock.advance(1)
        scene.report(claims[place].lease, 5.0, float(place))
        scene.repository.complete_trial(claims[place].lease, seconds=2.5 + place)
    scene.repository.fail_attempt(claims[2].lease, BUILD_ERROR, seconds=1)
    assert [trial.number for trial in scene.repository.scored_trials(search.id)] == [0, 1]
    found = scene.repository.scored_columns(search.id)
    points = zip(found.numbers, found.scores, found.epochs, found.seconds, found.parameters, strict=True)
    assert list(points) == [(1, 1.0, 2, 3.5, None), (0, 0.0, 2, 2.5, 4810)]
    assert found.ended_at[0] < found.ended_at[1] == scene.clock.now()


def test_bands_are_quantiles_over_trials(scene: Scene) -> None:
    search = scene.search(trials=5, parallelism=5)
    curves = [(1.0, 10.0), (2.0, 20.0), (4.0,), (math.nan, 40.0), (math.inf, math.nan)]
    for claim, curve in zip(scene.claims(5), curves, strict=True):
        scene.report(claim.lease, *curve)
    shares = [0.0, 0.25, 0.5, 1.0]
    bands = scene.repository.epoch_bands(search.id, "val_loss", quantiles=shares)
    assert [(band.epoch, band.count) for band in bands] == [(0, 3), (1, 3)]
    assert bands[0].quantiles == pytest.approx((1.0, 1.5, 2.0, 4.0))
    assert bands[1].quantiles == pytest.approx((10.0, 15.0, 20.0, 40.0))
    halves = scene.repository.epoch_bands(search.id, "loss", quantiles=shares)
    assert halves[0].quantiles == pytest.approx((0.5, 0.75, 1.0, 2.0))
    assert scene.repository.epoch_bands(search.id, "absent", quantiles=shares) == ()
    assert scene.repository.epoch_bands(search.id, 'a"b', quantiles=shares) == ()
    with pytest.raises(ValueError, match="between 0 and 1"):
        scene.repository.epoch_bands(search.id, "val_loss", quantiles=[1.5])


def test_bands_take_the_mean_over_executions_first(scene: Scene) -> None:
    search = scene.search(trials=2, executions_per_trial=2)
    one, two = scene.claims(2)
    for execution, loss in ((0, 1.0), (1, 3.0)):
        scene.report(one.lease, loss, execution=execution)
    scene.report(two.lease, 4.0)
    scene.report(two.lease, math.nan, execution=1)
    for metric, expected in (("val_loss", (2.0, 4.0)), ("loss", (1.0, 2.0))):
        (band,) = scene.repository.epoch_bands(search.id, metric, quantiles=[0, 1])
        assert band.count == 2
        assert band.quantiles == pytest.approx(expected)


def test_odd_metric_names_have_bands_too(scene: Scene) -> None:
    claim = scene.running()
    name = """we"ird 'name' \\ é $.x"""
    row = EpochRow(0, 0, {"val_loss": 1.0, name: 2.5}, seconds=1)
    scene.repository.record_epochs(claim.lease, [row])
    (band,) = scene.repository.epoch_bands(claim.search.id, name, quantiles=[0.5])
    assert band.quantiles == (2.5,)


def test_quantiles_interpolate_between_neighbours() -> None:
    assert quantile([7.0], 0.3) == 7.0
    assert quantile([1.0, 2.0, 4.0, 8.0], 0.5) == 3.0
    assert quantile([-1.7e308, 1.7e308], 0.5) == 0.0
    assert quantile([1.0, 2.0], 1.0) == 2.0


def test_attempts_are_listed_in_order(scene: Scene) -> None:
    claim = scene.running()
    scene.repository.release_trial(claim.lease, seconds=1)
    second = scene.claim()
    attempts = scene.repository.list_attempts(claim.trial.id)
    assert [(attempt.number, attempt.worker_id) for attempt in attempts] == [
        (1, claim.lease.worker_id),
        (2, second.lease.worker_id),
    ]
    assert dataclasses.asdict(attempts[1])["ended_at"] is None

"""Claims and leases: what `WorkQueue` promises about who runs what."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from storage.errors import LeaseLost, NotFound
from storage.ids import WorkerId
from storage.leases import Claim, Lease
from storage.records import NewTrial, Reason, SearchChanges
from storage.states import AttemptState, TrialState
from tests.contracts.scenes import BUILD_ERROR, LEASE_S, Scene, losses_to_rows


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run `work` in threads that begin at the same moment; an error in one is raised here."""
    barrier = threading.Barrier(count)
    errors: list[BaseException] = []

    def run(place: int) -> None:
        try:
            barrier.wait()
            work(place)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_claim_holds_all_a_worker_needs(scene: Scene) -> None:
    search = scene.search(trials=1)
    worker = scene.worker()
    (claim,) = scene.repository.claim_trials(worker, count=1, lease_s=LEASE_S)
    assert claim.trial.state is TrialState.RUNNING
    assert (claim.trial.attempt, claim.lease.attempt) == (1, 1)
    assert claim.trial.started_at == scene.clock.now()
    assert claim.trial == scene.trial(claim.trial.id)
    assert claim.search.id == search.id
    assert claim.search.definition == search.definition
    assert claim.search.counts.running == 1
    assert claim.dataset.id == search.dataset_id
    assert (claim.resume, claim.parent) == (None, None)
    assert claim.lease.expires_at == scene.clock.now() + timedelta(seconds=LEASE_S)
    assert claim.trial.worker_id == claim.lease.worker_id == worker
    (attempt,) = scene.repository.list_attempts(claim.trial.id)
    assert (attempt.number, attempt.state, attempt.worker_id) == (1, AttemptState.RUNNING, worker)
    assert scene.kinds(search.id)[-1] == "trial.started"


def test_lowest_numbers_first(scene: Scene) -> None:
    scene.search(trials=4, parallelism=4)
    assert [claim.trial.number for claim in scene.claims(3)] == [0, 1, 2]
    assert [claim.trial.number for claim in scene.claims(3)] == [3]


def test_nothing_is_claimed_from_searches_that_do_not_run(scene: Scene) -> None:
    scene.repository.pause_search(scene.search(trials=1).id)
    scene.repository.cancel_search(scene.search(trials=1).id)
    scene.search(started=False)
    assert scene.claims(5) == ()
    assert scene.claims(0) == ()


def test_an_unknown_worker_claims_nothing(scene: Scene) -> None:
    for trials in (0, 1):
        scene.search(trials=trials)
        with pytest.raises(NotFound):
            scene.claims(1, worker_id=WorkerId("w_none"))


def test_parallelism_is_never_exceeded(scene: Scene) -> None:
    search = scene.search(trials=6, parallelism=2)
    first = scene.claims(5)
    assert len(first) == 2
    assert scene.claims(1) == ()
    scene.report(first[0].lease, 1.0)
    scene.repository.complete_trial(first[0].lease, seconds=1)
    assert len(scene.claims(5)) == 1
    scene.repository.change_search(search.id, SearchChanges(parallelism=4))
    assert len(scene.claims(5)) == 2
    scene.repository.change_search(search.id, SearchChanges(parallelism=1))
    assert scene.claims(5) == ()


def test_priority_comes_first(scene: Scene) -> None:
    scene.search(trials=1, priority=0)
    high = scene.search(trials=2, priority=5)
    scene.search(trials=1, priority=-1)
    priorities = [claim.search.priority for claim in scene.claims(4)]
    assert priorities == [5, 5, 0, -1]
    assert scene.repository.get_search(high.id).counts.running == 2


def test_searches_of_one_owner_share(scene: Scene) -> None:
    first = scene.search(trials=4, parallelism=4)
    scene.clock.advance(1)
    second = scene.search(trials=4, parallelism=4)
    order = [claim.search.id for claim in scene.claims(4)]
    assert order == [first.id, second.id, first.id, second.id]


def test_many_searches_do_not_push_another_owner_aside(scene: Scene) -> None:
    for _ in range(5):
        scene.clock.advance(1)
        scene.search(trials=2, owner="ada")
    scene.clock.advance(1)
    scene.search(trials=3, owner="bob", parallelism=3)
    owners = [claim.search.owner for claim in scene.claims(6)]
    assert owners == ["ada", "bob"] * 3


def test_each_trial_goes_to_one_worker(scene: Scene) -> None:
    workers = [scene.worker(f"host-{place}") for place in range(8)]
    searches = [scene.search(trials=10, parallelism=10, owner=owner) for owner in ("ada", "bob")]
    claimed: list[Claim] = []

    def work(place: int) -> None:
        while claims := scene.repository.claim_trials(workers[place], count=1 + place % 2, lease_s=LEASE_S):
            claimed.extend(claims)

    _in_threads(len(workers), work)
    assert Counter(Counter(claim.trial.id for claim in claimed).values()) == {1: 20}
    assert len({claim.lease.token for claim in claimed}) == 20
    for search in searches:
        assert scene.repository.get_search(search.id).counts.running == 10


def test_parallelism_holds_among_threads(scene: Scene) -> None:
    worker = scene.worker()
    search = scene.search(trials=16, parallelism=3)
    claimed: list[Claim] = []
    _in_threads(8, lambda _: claimed.extend(scene.repository.claim_trials(worker, count=2, lease_s=LEASE_S)))
    assert len(claimed) == 3
    assert scene.repository.get_search(search.id).counts.running == 3


def test_one_trial_has_one_winner_round_after_round(scene: Scene) -> None:
    workers = [scene.worker(f"host-{place}") for place in range(3)]
    search = scene.search(parallelism=1)
    for _ in range(10):
        scene.queue(search.id, 1)
        won: list[Claim] = []

        def claim(place: int, won: list[Claim] = won) -> None:
            won.extend(scene.repository.claim_trials(workers[place], count=1, lease_s=5))

        _in_threads(3, claim)
        assert len(won) == 1
        scene.report(won[0].lease, 1.0)
        scene.repository.complete_trial(won[0].lease, seconds=1)


def test_renewal_moves_the_end_of_a_lease(scene: Scene) -> None:
    claim = scene.running()
    for _ in range(3):
        scene.clock.advance(LEASE_S - 1)
        (status,) = scene.repository.renew_leases([claim.lease], lease_s=LEASE_S)
        assert status.directive == "continue"
        assert status.expires_at == scene.clock.now() + timedelta(seconds=LEASE_S)
    assert scene.repository.reap_expired() == ()


def test_an_expired_lease_is_not_renewed(scene: Scene) -> None:
    claim = scene.running()
    scene.clock.advance(LEASE_S)
    (status,) = scene.repository.renew_leases([claim.lease], lease_s=LEASE_S)
    assert (status.directive, status.expires_at) == ("lost", None)


def test_renewals_answer_in_order(scene: Scene) -> None:
    scene.search(trials=4, parallelism=4)
    claims = scene.claims(4)
    scene.repository.request_stop(claims[1].trial.id)
    scene.report(claims[2].lease, 1.0)
    scene.repository.complete_trial(claims[2].lease, seconds=1)
    stale = dataclasses.replace(claims[3].lease, token="0" * 32)
    leases = [claims[3].lease, claims[2].lease, claims[1].lease, stale, claims[0].lease]
    statuses = scene.repository.renew_leases(leases, lease_s=LEASE_S)
    assert [status.directive for status in statuses] == ["continue", "lost", "stop", "lost", "continue"]
    assert [status.trial_id for status in statuses] == [lease.trial_id for lease in leases]
    assert scene.repository.renew_leases([], lease_s=LEASE_S) == ()


def test_a_paused_search_asks_its_trials_back(scene: Scene) -> None:
    claim = scene.running()
    scene.repository.pause_search(claim.search.id)
    (status,) = scene.repository.renew_leases([claim.lease], lease_s=LEASE_S)
    assert status.directive == "release"
    # A stop comes first: what it leaves behind is a score, not a trial to go on with.
    scene.repository.request_stop(claim.trial.id)
    assert scene.repository.renew_leases([claim.lease], lease_s=LEASE_S)[0].directive == "stop"


def _writes() -> dict[str, Callable[[Scene, Lease], object]]:
    return {
        "report_start": lambda s, lease: s.repository.report_start(lease, parameters=1, device="cpu"),
        "record_epochs": lambda s, lease: s.repository.record_epochs(lease, losses_to_rows([1.0], first=1)),
        "record_checkpoint": lambda s, lease: s.checkpoint(lease, epoch=0),
        "complete_trial": lambda s, lease: s.repository.complete_trial(lease, seconds=1),
        "stop_trial": lambda s, lease: s.repository.stop_trial(lease, seconds=1, reason=Reason("a", "a")),
        "fail_attempt": lambda s, lease: s.repository.fail_attempt(lease, BUILD_ERROR, seconds=1),
        "release_trial": lambda s, lease: s.repository.release_trial(lease, seconds=1),
    }


def _ways_to_lose() -> dict[str, Callable[[Scene, Claim], Lease]]:
    def expired(scene: Scene, claim: Claim) -> Lease:
        scene.clock.advance(LEASE_S)
        return claim.lease

    def reaped(scene: Scene, claim: Claim) -> Lease:
        scene.clock.advance(LEASE_S)
        scene.repository.reap_expired()
        return claim.lease

    def claimed_anew(scene: Scene, claim: Claim) -> Lease:
        lease = reaped(scene, claim)
        scene.claim()
        return lease

    def cancelled(scene: Scene, claim: Claim) -> Lease:
        scene.repository.cancel_search(claim.search.id)
        return claim.lease

    def deleted(scene: Scene, claim: Claim) -> Lease:
        scene.repository.cancel_search(claim.search.id)
        scene.repository.delete_search(claim.search.id)
        return claim.lease

    return {
        "other token": lambda scene, claim: dataclasses.replace(claim.lease, token="0" * 32),
        "other attempt": lambda scene, claim: dataclasses.replace(claim.lease, attempt=2),
        "other search": lambda scene, claim: dataclasses.replace(claim.lease, search_id=scene.search().id),
        "expired": expired,
        "reaped": reaped,
        "claimed anew": claimed_anew,
        "cancelled": cancelled,
        "deleted": deleted,
    }


@pytest.mark.parametrize("way", _ways_to_lose())
def test_a_late_writer_changes_nothing(scene: Scene, way: str) -> None:
    claim = scene.running()
    scene.report(claim.lease, 2.0)
    lease = _ways_to_lose()[way](scene, claim)
    exists = way != "deleted"
    before = (scene.repository.load_oracle(claim.search.id), scene.trial(claim.trial.id)) if exists else None
    seq = scene.repository.last_event_seq()
    for write in _writes().values():
        with pytest.raises(LeaseLost):
            write(scene, lease)
    assert scene.repository.last_event_seq() == seq
    if exists:
        assert (scene.repository.load_oracle(claim.search.id), scene.trial(claim.trial.id)) == before
        assert scene.repository.trial_artifacts(claim.trial.id) == ()


def test_the_holder_still_writes_at_the_last_moment(scene: Scene) -> None:
    claim = scene.running()
    scene.clock.advance(LEASE_S - 0.001)
    scene.report(claim.lease, 1.0)
    assert scene.repository.complete_trial(claim.lease, seconds=1).state is TrialState.COMPLETED


def test_a_retry_goes_on_from_the_last_checkpoint(scene: Scene) -> None:
    claim = scene.running()
    scene.report(claim.lease, 5.0, 4.0, 3.0)
    scene.checkpoint(claim.lease, epoch=1)
    scene.checkpoint(claim.lease, epoch=2, kind="best")
    scene.clock.advance(LEASE_S)
    scene.repository.reap_expired()
    again = scene.claim()
    assert again.trial.id == claim.trial.id
    assert again.resume is not None
    assert (again.resume.execution, again.resume.epoch, again.resume.kind) == (0, 1, "last")
    assert again.trial.epochs == 2
    assert again.search.epochs_recorded == 2
    epochs = scene.repository.list_epochs(claim.trial.id, limit=10).items
    assert [(row.epoch, row.attempt) for row in epochs] == [(0, 1), (1, 1)]
    # The best weights were of an epoch that has been taken back.
    assert [artifact.kind for artifact in scene.repository.trial_artifacts(claim.trial.id)] == ["last"]
    scene.report(again.lease, 2.0, first=2)
    assert scene.repository.complete_trial(again.lease, seconds=1).score == 2.0


def test_a_retry_without_a_checkpoint_begins_anew(scene: Scene) -> None:
    claim = scene.running()
    scene.report(claim.lease, 5.0, 4.0)
    scene.checkpoint(claim.lease, epoch=0, kind="best")
    scene.clock.advance(LEASE_S)
    scene.repository.reap_expired()
    again = scene.claim()
    assert (again.resume, again.trial.epochs, again.search.epochs_recorded) == (None, 0, 0)
    assert scene.repository.list_epochs(claim.trial.id, limit=10).items == ()
    assert scene.repository.trial_artifacts(claim.trial.id) == ()
    scene.report(again.lease, 1.0)


def test_resuming_keeps_earlier_executions(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=3)
    scene.report(claim.lease, 5.0, 4.0)
    scene.checkpoint(claim.lease, epoch=1, kind="best")
    scene.report(claim.lease, 6.0, 3.0, execution=1)
    scene.checkpoint(claim.lease, epoch=0, execution=1)
    scene.report(claim.lease, 9.0, execution=2)
    scene.clock.advance(LEASE_S)
    scene.repository.reap_expired()
    again = scene.claim()
    assert again.resume is not None
    assert (again.resume.execution, again.resume.epoch) == (1, 0)
    rows = scene.repository.list_epochs(claim.trial.id, limit=10).items
    assert [(row.execution, row.epoch) for row in rows] == [(0, 0), (0, 1), (1, 0)]
    assert {artifact.kind for artifact in scene.repository.trial_artifacts(claim.trial.id)} == {"last", "best"}


def test_a_promoted_trial_gets_its_parents_checkpoint(scene: Scene) -> None:
    search = scene.search(trials=1)
    parent = scene.claim()
    scene.report(parent.lease, 3.0, 2.0)
    scene.checkpoint(parent.lease, epoch=1)
    scene.repository.complete_trial(parent.lease, seconds=1)
    promotion = NewTrial(
        values=parent.trial.values,
        values_hash="promoted",
        start_epoch=2,
        target_epochs=4,
        parent_trial_id=parent.trial.id,
        bracket=1,
        round=1,
    )
    (child,) = scene.repository.add_trials(search.id, [promotion], oracle_state={}, expected_version=1)
    assert (child.start_epoch, child.target_epochs, child.bracket, child.round) == (2, 4, 1, 1)
    claim = scene.claim()
    assert claim.trial.parent_trial_id == parent.trial.id
    assert claim.parent is not None
    assert (claim.parent.trial_id, claim.parent.epoch) == (parent.trial.id, 1)
    assert claim.resume is None
    scene.report(claim.lease, 1.5, 1.0, first=2)
    done = scene.repository.complete_trial(claim.lease, seconds=1)
    assert (done.score, done.best_epoch, done.epochs) == (1.0, 3, 2)
    scene.repository.cancel_search(search.id)
    scene.repository.delete_search(search.id)

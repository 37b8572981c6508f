"""No sequence of calls breaks the table of moves or gives one trial to two workers."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.clock import ManualClock
from storage.epochs import EpochRow
from storage.errors import Conflict, LeaseLost
from storage.records import Limits, Reason
from storage.repository import Repository
from storage.states import SEARCH_ENDED, TRIAL_ENDED, TRIAL_MOVES, SearchState, TrialState
from tests.contracts.scenes import BUILD_ERROR, CRASH, LEASE_S, Scene

_MAX_TRIALS = 6
_MOVED_TO = {
    "trial.queued": TrialState.QUEUED,
    "trial.started": TrialState.RUNNING,
    "trial.completed": TrialState.COMPLETED,
    "trial.stopped": TrialState.STOPPED,
    "trial.failed": TrialState.FAILED,
    "trial.cancelled": TrialState.CANCELLED,
    "trial.requeued": TrialState.QUEUED,
    "trial.lost": TrialState.QUEUED,
    "trial.released": TrialState.QUEUED,
}
LOSSES = st.sampled_from([1.0, 2.0, 0.5, math.nan, math.inf])


class Lifecycle(RuleBasedStateMachine):
    """Drives one search. The model is small: which claims were handed out, and which of them must still hold."""

    def __init__(self, repository: Repository, clock: ManualClock) -> None:
        super().__init__()
        self.scene = Scene(repository, clock)
        self.repository = repository
        self.worker = self.scene.worker()
        self.claims: list[Any] = []
        self.expires_at: dict[str, datetime] = {}
        self.best: float | None = None

    @initialize(parallelism=st.integers(1, 3), retries=st.integers(0, 1))
    def begin(self, parallelism: int, retries: int) -> None:
        search = self.scene.search(
            parallelism=parallelism, max_retries_per_trial=retries, limits=Limits(max_trials=_MAX_TRIALS)
        )
        self.search_id, self.parallelism = search.id, parallelism

    @property
    def search(self) -> Any:
        return self.repository.get_search(self.search_id)

    @rule(count=st.integers(1, 4))
    def propose(self, count: int) -> None:
        if self.search.state is SearchState.RUNNING:
            self.scene.queue(self.search_id, count)

    @rule(count=st.integers(1, 3))
    def claim(self, count: int) -> None:
        held = {claim.trial.id for claim in self.claims if self.holds(claim)}
        for claim in self.repository.claim_trials(self.worker, count=count, lease_s=LEASE_S):
            assert claim.trial.id not in held, "one trial, two workers"
            held.add(claim.trial.id)
            self.claims.append(claim)
            self.expires_at[claim.lease.token] = claim.lease.expires_at

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), losses=st.lists(LOSSES, min_size=1, max_size=3), checkpoint=st.booleans())
    def report(self, data: st.DataObject, losses: list[float], checkpoint: bool) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        holds = self.holds(claim)
        stored = self.repository.list_epochs(claim.trial.id, limit=100).items
        first = stored[-1].epoch + 1 if stored else 0
        rows = [EpochRow(0, first + place, {"val_loss": loss}, 0.1) for place, loss in enumerate(losses)]
        self.fenced(holds, lambda: self.repository.record_epochs(claim.lease, rows))
        if holds and checkpoint:
            self.scene.checkpoint(claim.lease, epoch=rows[-1].epoch)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), how=st.sampled_from(["complete", "stop", "crash", "fault", "release", "start"]))
    def end(self, data: st.DataObject, how: str) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        lease = claim.lease
        calls = {
            "complete": lambda: self.repository.complete_trial(lease, seconds=1),
            "stop": lambda: self.repository.stop_trial(lease, seconds=1, reason=Reason("rule", "rule")),
            "crash": lambda: self.repository.fail_attempt(lease, CRASH, seconds=1),
            "fault": lambda: self.repository.fail_attempt(lease, BUILD_ERROR, seconds=1),
            "release": lambda: self.repository.release_trial(lease, seconds=1),
            "start": lambda: self.repository.report_start(lease, parameters=1, device="cpu"),
        }
        before = self.repository.last_event_seq()
        if self.fenced(self.holds(claim), calls[how], may_repeat=True) == "repeated":
            assert self.repository.last_event_seq() == before

    @precondition(lambda self: self.claims)
    @rule()
    def renew(self) -> None:
        leases = [claim.lease for claim in self.claims]
        holds = [self.holds(claim) for claim in self.claims]
        statuses = self.repository.renew_leases(leases, lease_s=LEASE_S)
        assert [status.directive != "lost" for status in statuses] == holds
        for claim, status in zip(self.claims, statuses, strict=True):
            if status.expires_at is not None:
                self.expires_at[claim.lease.token] = status.expires_at

    @rule(seconds=st.sampled_from([1, LEASE_S / 2, LEASE_S]))
    def wait(self, seconds: float) -> None:
        self.scene.clock.advance(seconds)

    @rule()
    def reap(self) -> None:
        self.repository.reap_expired()

    @rule(number=st.integers(0, _MAX_TRIALS - 1), retry=st.booleans())
    def by_hand(self, number: int, retry: bool) -> None:
        trials = self.repository.list_trials(self.search_id, limit=100).items
        if number >= len(trials):
            return
        call = self.repository.retry_trial if retry else self.repository.request_stop
        try:
            call(trials[number].id)
        except Conflict:
            assert self.scene.trial(trials[number].id) == trials[number]

    @rule(how=st.sampled_from(["pause", "resume", "resume", "resume"]))
    def pause(self, how: str) -> None:
        if self.search.state not in SEARCH_ENDED:
            getattr(self.repository, f"{how}_search")(self.search_id)

    @precondition(lambda self: len(self.claims) > 2)
    @rule(cancel=st.booleans())
    def end_search(self, cancel: bool) -> None:
        state = self.search.state
        if cancel and state in (SearchState.RUNNING, SearchState.PAUSED):
            self.repository.cancel_search(self.search_id)
        elif state is SearchState.RUNNING:
            self.repository.end_search(self.search_id, SearchState.COMPLETED, Reason("enough", "enough"))

    @invariant()
    def limits_hold(self) -> None:
        if not hasattr(self, "search_id"):
            return
        search = self.search
        assert search.counts.running <= self.parallelism
        assert search.counts.total <= _MAX_TRIALS
        if search.best is not None:
            assert self.best is None or search.best.score <= self.best, "the best score got worse"
            self.best = search.best.score
        if search.state in SEARCH_ENDED:
            assert search.counts.ended == search.counts.total

    def holds(self, claim: Any) -> bool:
        """Whether this claim must still hold, by what its trial shows."""
        trial = self.scene.trial(claim.trial.id)
        if trial.state is not TrialState.RUNNING or trial.attempt != claim.lease.attempt:
            return False
        return self.expires_at[claim.lease.token] > self.scene.clock.now()

    def fenced(self, holds: bool, call: Callable[[], object], *, may_repeat: bool = False) -> str:
        """Run a fenced write: accepted when the claim holds, refused when it does not.

        Only an ending may be accepted from a token that no longer holds: when it is the one that ended the attempt.
        """
        try:
            call()
        except LeaseLost:
            assert not holds, "a holder was refused"
            return "refused"
        assert holds or may_repeat, "a late writer was accepted"
        return "accepted" if holds else "repeated"

    def teardown(self) -> None:
        if not hasattr(self, "search_id"):
            return
        assert self.repository.check_invariants() == ()
        states: dict[str, TrialState | None] = {}
        for event in self.repository.events_after(0, search_id=self.search_id, limit=100_000):
            to = _MOVED_TO.get(event.kind)
            if to is None or event.trial_id is None:
                continue
            before = states.get(event.trial_id)
            assert to is TrialState.QUEUED if before is None else to in TRIAL_MOVES[before], (before, event)
            states[event.trial_id] = to
        for trial in self.repository.list_trials(self.search_id, limit=100).items:
            assert trial.state is states[trial.id]
            assert (trial.state in TRIAL_ENDED) == (trial.ended_seq is not None)
        if self.search.state not in SEARCH_ENDED:
            self.repository.cancel_search(self.search_id)
        self.repository.delete_search(self.search_id)


def test_no_sequence_breaks_the_rules(repository: Repository, clock: ManualClock) -> None:
    # Hypothesis takes any function that makes one, but says it wants a class.
    made: Any = partial(Lifecycle, repository, clock)
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            # The clock goes on from example to example, so that a failure kept on disk would not come back alike.
            database=None,
        ),
    )

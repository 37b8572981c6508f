"""Who may write to a trial, and how trials end."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from storage.records import IMPORTED
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.fsck.found import Found
from storage.states import TRIAL_ENDED, AttemptState, TrialState

_searches = tables.searches.c
_trials = tables.trials.c
_attempts = tables.attempts.c
_epochs = tables.epochs.c


def leases(tx: Transaction) -> Found:
    """A lease exists exactly while a trial is RUNNING, and its attempt is the running one."""
    running = _trials.state == TrialState.RUNNING
    leased = and_(
        _trials.lease_token.is_not(None),
        _trials.lease_worker_id.is_not(None),
        _trials.lease_expires_at.is_not(None),
    )
    unleased = and_(
        _trials.lease_token.is_(None), _trials.lease_worker_id.is_(None), _trials.lease_expires_at.is_(None)
    )
    statement = select(_trials.id, _trials.state).where(or_(and_(running, ~leased), and_(~running, ~unleased)))
    for row in tx.all(statement):
        yield row.id, f"a {row.state} trial whose lease is {'missing' if row.state == 'RUNNING' else 'still there'}"


def attempts_match(tx: Transaction) -> Found:
    """Attempts are numbered 1..n, and only the last of a RUNNING trial runs, under the trial's token."""
    counted = (
        select(_attempts.trial_id, func.count().label("count"), func.max(_attempts.number).label("last"))
        .group_by(_attempts.trial_id)
        .subquery()
    )
    count = func.coalesce(counted.c.count, 0)
    last = func.coalesce(counted.c.last, 0)
    for row in tx.all(
        select(_trials.id, _trials.attempt, count.label("count"), last.label("last"))
        .outerjoin_from(tables.trials, counted, counted.c.trial_id == _trials.id)
        .where(or_(_trials.attempt != count, _trials.attempt != last))
    ):
        yield row.id, f"the trial says {row.attempt} attempts, {row.count} are stored, the last is {row.last}"
    running = _attempts.state == AttemptState.RUNNING
    current = and_(
        _trials.state == TrialState.RUNNING,
        _attempts.number == _trials.attempt,
        _attempts.token == _trials.lease_token,
    )
    for row in tx.all(
        select(_attempts.trial_id, _attempts.number)
        .join_from(tables.attempts, tables.trials)
        .where(running, or_(_trials.state != TrialState.RUNNING, ~current))
    ):
        yield row.trial_id, f"attempt {row.number} is RUNNING without being the one its trial runs"
    own = aliased(tables.attempts)
    for row in tx.all(
        select(_trials.id)
        .outerjoin_from(
            tables.trials,
            own,
            and_(own.c.trial_id == _trials.id, own.c.number == _trials.attempt, own.c.state == AttemptState.RUNNING),
        )
        .where(_trials.state == TrialState.RUNNING, own.c.trial_id.is_(None))
    ):
        yield row.id, "the trial is RUNNING, but no attempt of it is"


def one_owner(tx: Transaction) -> Found:
    """No row was written by an attempt after the next one began."""
    statement = (
        select(_epochs.trial_id, _epochs.execution, _epochs.epoch, _epochs.attempt)
        .join_from(
            tables.epochs,
            tables.attempts,
            and_(_attempts.trial_id == _epochs.trial_id, _attempts.number == _epochs.attempt + 1),
        )
        .where(_epochs.recorded_at > _attempts.started_at)
    )
    for row in tx.all(statement):
        yield (
            row.trial_id,
            f"epoch {row.epoch} of execution {row.execution} was written by attempt {row.attempt} after the next began",
        )


def ended_once(tx: Transaction) -> Found:
    """A trial ends well at most once; an ended one has its place in the order of ending."""
    done = (AttemptState.COMPLETED, AttemptState.STOPPED)
    for row in tx.all(
        select(_attempts.trial_id, func.count().label("count"))
        .where(_attempts.state.in_(done))
        .group_by(_attempts.trial_id)
        .having(func.count() > 1)
    ):
        yield row.trial_id, f"{row.count} attempts brought the trial to an end"
    ended = _trials.state.in_(sorted(TRIAL_ENDED))
    for row in tx.all(select(_trials.id, _trials.state).where(ended != _trials.ended_seq.is_not(None))):
        yield row.id, f"a {row.state} trial {'without a' if row.state in TRIAL_ENDED else 'with a'} place of ending"
    for row in tx.all(
        select(_trials.search_id, func.count().label("count"), func.max(_trials.ended_seq).label("last"))
        .join_from(tables.trials, tables.searches)
        .where(_trials.ended_seq.is_not(None))
        .group_by(_trials.search_id, _searches.endings)
        # Fewer trials than places is no fault: one that failed and was tried again left its place empty.
        .having(
            or_(
                func.max(_trials.ended_seq) >= _searches.endings,
                func.count() != func.count(_trials.ended_seq.distinct()),
            )
        )
    ):
        yield row.search_id, f"the order of ending of {row.count} trials is broken (last place {row.last})"


def log_complete(tx: Transaction) -> Found:
    """Every ended trial has told so: once, and once more for each time it was tried again after failing."""
    terminal = [f"trial.{state.value.lower()}" for state in sorted(TRIAL_ENDED)]
    events = tables.events.c
    told = (
        select(events.trial_id, func.count().label("count"))
        .where(events.kind.in_(terminal))
        .group_by(events.trial_id)
        .subquery()
    )
    statement = (
        select(_trials.id, _trials.state)
        .outerjoin_from(tables.trials, told, told.c.trial_id == _trials.id)
        .join(tables.searches, _searches.id == _trials.search_id)
        # The end of an imported search tells of all its trials at once.
        .where(_trials.ended_seq.is_not(None), told.c.count.is_(None), _searches.tuner != IMPORTED)
    )
    for row in tx.all(statement):
        yield row.id, f"the trial is {row.state}, but no event says so"

"""What must be true of any database of ours, whatever happened to the processes that wrote it.

Each invariant is a query for its counterexamples. Constraints make most of them impossible to write; they are asked all
the same, because a restored backup, a disk or a hand-made UPDATE knows no constraints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import aliased

from storage.records import IMPORTED, SearchKind, Violation
from storage.sql import tables
from storage.sql.curves import is_packed
from storage.sql.database import Transaction
from storage.sql.part import Part
from storage.states import SEARCH_ENDED, TRIAL_ENDED, TRIAL_SCORED, AttemptState, SearchState, TrialState

_searches = tables.searches.c
_trials = tables.trials.c
_attempts = tables.attempts.c
_epochs = tables.epochs.c
_artifacts = tables.artifacts.c
_curves = tables.curves.c
_MOST_PER_INVARIANT = 100
RESULTS: dict[SearchKind, frozenset[str]] = {
    "finalize": frozenset({"report", "model", "bundle"}),
    "lr_range_test": frozenset({"report"}),
}
"""What a job of each kind leaves when it completes."""


class Invariants(Part):
    def check_invariants(self) -> tuple[Violation, ...]:
        def work(tx: Transaction) -> tuple[Violation, ...]:
            found: list[Violation] = []
            for invariant, check in INVARIANTS.items():
                for number, (subject, detail) in enumerate(check(tx)):
                    if number == _MOST_PER_INVARIANT:
                        found.append(Violation(invariant, "", "and more"))
                        break
                    found.append(Violation(invariant, subject, detail))
            return tuple(found)

        return self._database.read(work)


Found = Iterable[tuple[str, str]]
_LOWEST = func.min(_trials.number).label("low")
_HIGHEST = func.max(_trials.number).label("high")


def _numbers_dense(tx: Transaction) -> Found:
    """Trial numbers are 0..n-1, and n is what the search says."""
    statement = (
        select(_trials.search_id, func.count().label("count"), _LOWEST, _HIGHEST)
        .group_by(_trials.search_id)
        .having(or_(func.min(_trials.number) != 0, func.max(_trials.number) != func.count() - 1))
    )
    for row in tx.all(statement):
        yield row.search_id, f"{row.count} trials are numbered {row.low} to {row.high}"


def _budget_kept(tx: Transaction) -> Found:
    statement = (
        select(_searches.id, _searches.max_trials, func.count().label("count"))
        .join_from(tables.searches, tables.trials)
        .where(_searches.max_trials.is_not(None))
        .group_by(_searches.id, _searches.max_trials)
        .having(func.count() > _searches.max_trials)
    )
    for row in tx.all(statement):
        yield row.id, f"{row.count} trials, but at most {row.max_trials} are allowed"


def _counters_true(tx: Transaction) -> Found:
    """The counters on a search are what its rows add up to."""
    states = list(TrialState)
    counted = (
        select(
            _trials.search_id,
            func.count().label("trials"),
            *(func.sum(case((_trials.state == state, 1), else_=0)).label(state.value.lower()) for state in states),
            func.sum(_trials.epochs).label("epochs"),
        )
        .group_by(_trials.search_id)
        .subquery()
    )
    statement = select(tables.searches, counted).outerjoin(counted, counted.c.search_id == _searches.id)
    for row in tx.all(statement):
        mapping = row._mapping
        for said, real in (
            (_searches.trials, counted.c.trials),
            *((_searches[f"trials_{state.value.lower()}"], counted.c[state.value.lower()]) for state in states),
            (_searches.epochs_recorded, counted.c.epochs),
        ):
            if mapping[said] != (mapping[real] or 0):
                yield mapping[_searches.id], f"{said.name} says {mapping[said]}, the rows say {mapping[real] or 0}"


def _epochs_counted(tx: Transaction) -> Found:
    counted = select(_epochs.trial_id, func.count().label("count")).group_by(_epochs.trial_id).subquery()
    statement = (
        select(_trials.id, _trials.epochs, func.coalesce(counted.c.count, 0).label("count"))
        .outerjoin_from(tables.trials, counted, counted.c.trial_id == _trials.id)
        .where(_trials.epochs != func.coalesce(counted.c.count, 0))
    )
    for row in tx.all(statement):
        yield row.id, f"the trial says {row.epochs} epochs, {row.count} are stored"


def _epochs_contiguous(tx: Transaction) -> Found:
    """Epochs of each execution run from the trial's first without a hole; of imported trials only some may be known."""
    statement = (
        select(
            _epochs.trial_id,
            _epochs.execution,
            _trials.start_epoch,
            func.min(_epochs.epoch).label("low"),
            func.max(_epochs.epoch).label("high"),
            func.count().label("count"),
        )
        .join_from(tables.epochs, tables.trials)
        .join(tables.searches, _searches.id == _trials.search_id)
        .where(_searches.tuner != IMPORTED)
        .group_by(_epochs.trial_id, _epochs.execution, _trials.start_epoch)
        .having(
            or_(
                func.min(_epochs.epoch) != _trials.start_epoch,
                func.count() != func.max(_epochs.epoch) - func.min(_epochs.epoch) + 1,
            )
        )
    )
    for row in tx.all(statement):
        yield (
            row.trial_id,
            f"execution {row.execution} has {row.count} rows from epoch {row.low} to {row.high}, beginning should be"
            f" {row.start_epoch}",
        )


def _executions_whole(tx: Transaction) -> Found:
    """A COMPLETED trial has epochs of every execution, and all epochs of an execution are of one fold."""
    counted = (
        select(_epochs.trial_id, func.count(_epochs.execution.distinct()).label("count"))
        .group_by(_epochs.trial_id)
        .subquery()
    )
    for row in tx.all(
        select(_trials.id, counted.c.count, _searches.executions_per_trial.label("wanted"))
        .join_from(tables.trials, tables.searches)
        .join(counted, counted.c.trial_id == _trials.id)
        .where(_trials.state == TrialState.COMPLETED, counted.c.count != _searches.executions_per_trial)
    ):
        yield row.id, f"it completed with epochs of {row.count} executions, {row.wanted} were asked for"
    for row in tx.all(
        select(_epochs.trial_id, _epochs.execution)
        .group_by(_epochs.trial_id, _epochs.execution)
        .having(func.count(func.coalesce(_epochs.fold, -1).distinct()) > 1)
    ):
        yield row.trial_id, f"the epochs of execution {row.execution} are of several folds"


def _results_there(tx: Transaction) -> Found:
    """A job that has completed has left what it was run for, and only jobs leave such files."""
    for kind, wanted in RESULTS.items():
        found = (
            select(_artifacts.trial_id, func.count(_artifacts.kind.distinct()).label("count"))
            .where(_artifacts.kind.in_(sorted(wanted)))
            .group_by(_artifacts.trial_id)
            .subquery()
        )
        statement = (
            select(_trials.id, func.coalesce(found.c.count, 0).label("count"))
            .join_from(tables.trials, tables.searches)
            .outerjoin(found, found.c.trial_id == _trials.id)
            .where(
                _searches.kind == kind,
                _trials.state == TrialState.COMPLETED,
                func.coalesce(found.c.count, 0) != len(wanted),
            )
        )
        for row in tx.all(statement):
            yield row.id, f"the {kind} completed with {row.count} of its results ({', '.join(sorted(wanted))})"
    strange = (
        select(_artifacts.id, _artifacts.kind, _searches.kind.label("job"))
        .join_from(tables.artifacts, tables.searches, _artifacts.search_id == _searches.id)
        .where(
            or_(
                and_(_searches.kind == "search", _artifacts.kind.in_(("report", "bundle"))),
                and_(_searches.kind == "lr_range_test", _artifacts.kind.not_in(("report", "last", "best"))),
            )
        )
    )
    for row in tx.all(strange):
        yield row.id, f"a {row.kind} of a {row.job}"


def _jobs_single(tx: Transaction) -> Found:
    """A job is one trial, and a final training says which trial it began with."""
    statement = select(_searches.id, _searches.kind, _searches.trials, _searches.source_trial_id).where(
        or_(
            and_(_searches.kind != "search", _searches.trials > 1),
            (_searches.kind == "finalize") != _searches.source_trial_id.is_not(None),
        )
    )
    for row in tx.all(statement):
        yield row.id, f"a {row.kind} with {row.trials} trials and the source {row.source_trial_id}"


def _one_owner(tx: Transaction) -> Found:
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


def _leases(tx: Transaction) -> Found:
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


def _attempts_match(tx: Transaction) -> Found:
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


def _ended_once(tx: Transaction) -> Found:
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


def _nothing_open(tx: Transaction) -> Found:
    """An ended search has only ended trials."""
    statement = (
        select(_trials.id, _trials.state, _searches.state.label("search_state"))
        .join_from(tables.trials, tables.searches)
        .where(_searches.state.in_(sorted(SEARCH_ENDED)), _trials.state.not_in(sorted(TRIAL_ENDED)))
    )
    for row in tx.all(statement):
        yield row.id, f"the trial is {row.state} in a search that is {row.search_state}"


def _best_is_best(tx: Transaction) -> Found:
    """The best on record is the best of the rows; ties go to the lower number."""
    better = func.row_number().over(
        partition_by=_trials.search_id,
        order_by=(
            case((_searches.objective_direction == "min", _trials.score), else_=-_trials.score),
            _trials.number,
        ),
    )
    ranked = (
        select(_trials.search_id, _trials.id, _trials.score, better.label("place"))
        .join_from(tables.trials, tables.searches)
        .where(_trials.score.is_not(None))
        .subquery()
    )
    statement = select(
        _searches.id, _searches.best_trial_id, _searches.best_score, ranked.c.id.label("real"), ranked.c.score
    ).outerjoin_from(tables.searches, ranked, and_(ranked.c.search_id == _searches.id, ranked.c.place == 1))
    for row in tx.all(statement):
        if (row.best_trial_id, row.best_score) != (row.real, row.score):
            yield row.id, f"the best on record is {row.best_trial_id}, the rows say {row.real}"


def _scores_true(tx: Transaction) -> Found:
    """Trials have a score exactly when they ended with one, and it lies within what was reported."""
    scored = _trials.state.in_(sorted(TRIAL_SCORED))
    for row in tx.all(select(_trials.id, _trials.state).where(scored != _trials.score.is_not(None))):
        yield row.id, f"a {row.state} trial {'without' if row.state in TRIAL_SCORED else 'with'} a score"
    reported = (
        select(_epochs.trial_id, func.min(_epochs.objective).label("low"), func.max(_epochs.objective).label("high"))
        .group_by(_epochs.trial_id)
        .subquery()
    )
    slack = 1e-9 * (1 + func.abs(_trials.score))
    for row in tx.all(
        select(_trials.id, _trials.score)
        .outerjoin_from(tables.trials, reported, reported.c.trial_id == _trials.id)
        .where(
            _trials.score.is_not(None),
            or_(
                reported.c.low.is_(None),
                _trials.score < reported.c.low - slack,
                _trials.score > reported.c.high + slack,
            ),
        )
    ):
        yield row.id, f"the score {row.score} is not within what its epochs reported"


def _curves_whole(tx: Transaction) -> Found:
    """The packed curve of a trial's objective has as many values as its rows have epochs with a finite one."""
    packed = and_(_curves.search_id == _trials.search_id, _curves.ended_seq == _trials.ended_seq)
    counted = (
        select(_epochs.trial_id, func.count(_epochs.epoch.distinct()).label("count"))
        .where(_epochs.objective.is_not(None))
        .group_by(_epochs.trial_id)
        .subquery()
    )
    for (name,) in tx.all(select(_searches.objective_name).distinct()):
        if not is_packed(name):
            continue
        values = func.coalesce(func.length(_curves.content) / 8, 0)
        stored = func.coalesce(counted.c.count, 0)
        statement = (
            select(_trials.id, values.label("values"), stored.label("stored"))
            .join_from(tables.trials, tables.searches, _searches.id == _trials.search_id)
            .outerjoin(tables.curves, and_(packed, _curves.metric == name))
            .outerjoin(counted, counted.c.trial_id == _trials.id)
            .where(_searches.objective_name == name, _trials.curves_seq == _trials.ended_seq, values != stored)
        )
        for row in tx.all(statement):
            yield row.id, f"its packed curve of {name} has {row.values} values, its epochs have {row.stored}"


def _clocks(tx: Transaction) -> Found:
    """A search's times agree with its state."""
    statement = select(_searches.id, _searches.state).where(
        or_(
            (_searches.state == SearchState.RUNNING) != _searches.running_since.is_not(None),
            _searches.state.in_(sorted(SEARCH_ENDED)) != _searches.ended_at.is_not(None),
        )
    )
    for row in tx.all(statement):
        yield row.id, f"a {row.state} search whose times say otherwise"


def _resumable(tx: Transaction) -> Found:
    """No checkpoint to go on from lies ahead of the epochs stored."""
    stored = (
        select(_epochs.trial_id, _epochs.execution, func.max(_epochs.epoch).label("last"))
        .group_by(_epochs.trial_id, _epochs.execution)
        .subquery()
    )
    last = func.coalesce(stored.c.last, _trials.start_epoch - 1)
    statement = (
        select(_artifacts.id, _artifacts.epoch, last.label("last"))
        .join_from(tables.artifacts, tables.trials, _artifacts.trial_id == _trials.id)
        .outerjoin(stored, and_(stored.c.trial_id == _artifacts.trial_id, stored.c.execution == _artifacts.execution))
        .where(_artifacts.kind == "last", _artifacts.epoch > last)
    )
    for row in tx.all(statement):
        yield row.id, f"a checkpoint of epoch {row.epoch}, but epochs are stored up to {row.last}"


def _data_there(tx: Transaction) -> Found:
    """A search that has not ended has its definition and its data."""
    statement = (
        select(_searches.id, tables.definitions.c.search_id.label("definition"), tables.datasets.c.id.label("dataset"))
        .outerjoin_from(tables.searches, tables.definitions)
        .outerjoin(tables.datasets, tables.datasets.c.id == _searches.dataset_id)
        .where(
            or_(
                tables.definitions.c.search_id.is_(None),
                and_(_searches.ended_at.is_(None), tables.datasets.c.id.is_(None)),
            )
        )
    )
    for row in tx.all(statement):
        yield row.id, "the definition is missing" if row.definition is None else "the data set is missing"


def _imports_ended(tx: Transaction) -> Found:
    """An imported search is COMPLETED, and nothing here ever ran for it; a search without data set was imported."""
    own = select(_trials.search_id).where(_trials.attempt > 0)
    files = select(_artifacts.search_id).where(_artifacts.search_id.is_not(None))
    imported = _searches.tuner == IMPORTED
    statement = select(_searches.id, _searches.state, _searches.dataset_id).where(
        or_(
            imported != (_searches.dataset_id == ""),
            and_(
                imported,
                or_(_searches.state != SearchState.COMPLETED, _searches.id.in_(own), _searches.id.in_(files)),
            ),
        )
    )
    for row in tx.all(statement):
        yield row.id, f"imported results and a search of our own in one: {row.state}, data set {row.dataset_id!r}"


def _log_complete(tx: Transaction) -> Found:
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


def _file_whole(tx: Transaction) -> Found:
    for line in tx.dialect.check_file(tx.connection):
        yield "database", line


INVARIANTS: dict[str, Callable[[Transaction], Found]] = {
    "numbers_dense": _numbers_dense,
    "budget_kept": _budget_kept,
    "counters_true": _counters_true,
    "epochs_counted": _epochs_counted,
    "epochs_contiguous": _epochs_contiguous,
    "executions_whole": _executions_whole,
    "one_owner": _one_owner,
    "lease_while_running": _leases,
    "attempts_match": _attempts_match,
    "ended_once": _ended_once,
    "nothing_open_in_ended_search": _nothing_open,
    "best_is_best": _best_is_best,
    "scores_true": _scores_true,
    "curves_whole": _curves_whole,
    "clocks_agree": _clocks,
    "resumable": _resumable,
    "data_there": _data_there,
    "log_complete": _log_complete,
    "jobs_single": _jobs_single,
    "results_there": _results_there,
    "imports_ended": _imports_ended,
    "file_whole": _file_whole,
}

"""`check_invariants` finds what constraints would forbid, once somebody has gone round them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, text

from storage.clock import ManualClock
from storage.ids import TrialId
from storage.sql import open_repository
from storage.sql.engine import open_migration_engine, parse_url
from storage.sql.fsck import INVARIANTS
from tests.contracts.scenes import Scene
from tests.databases import PostgresServer, SqliteTemplate, empty


class Relaxed:
    """A database without any rule, and a way to write into it behind the repository's back."""

    def __init__(self, address: str, clock: ManualClock) -> None:
        self.repository = open_repository(address, clock=clock, lease_clock=clock)
        self.engine: Engine = open_migration_engine(parse_url(address))
        self.clock = clock
        if self.engine.name == "sqlite":
            event.listen(
                self.engine, "connect", lambda raw, _: raw.execute("PRAGMA ignore_check_constraints = ON").close()
            )
            self.run("DROP INDEX uq_trials_ended_seq", "DROP INDEX uq_attempts_running")
        else:
            with self.engine.begin() as connection:
                for table, name in connection.execute(text(_RULES)).all():
                    connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}" CASCADE'))
            self.run("DROP INDEX uq_trials_ended_seq", "DROP INDEX uq_attempts_running")

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def close(self) -> None:
        self.repository.close()
        self.engine.dispose()


# Checks, unique and foreign keys; primary keys and NOT NULL may stay.
_RULES = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u') ORDER BY contype = 'u'
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def relaxed_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session_clock: ManualClock
) -> Iterator[Relaxed]:
    if request.param == "sqlite":
        template: SqliteTemplate = request.getfixturevalue("sqlite_template")
        opened = Relaxed(template.copy(tmp_path_factory.mktemp("relaxed")), session_clock)
        yield opened
        opened.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy() as address:
        opened = Relaxed(address, session_clock)
        yield opened
        opened.close()


@pytest.fixture
def relaxed(relaxed_database: Relaxed) -> Iterator[Relaxed]:
    yield relaxed_database
    empty(relaxed_database.engine)


def _played(relaxed: Relaxed) -> Scene:
    """A search with a completed, a failed-and-retried, a running and a queued trial."""
    scene = Scene(relaxed.repository, relaxed.clock)
    search = scene.search(trials=4, parallelism=4)
    done, retried, _ = scene.claims(3)
    scene.report(done.lease, 3.0, 2.0)
    scene.checkpoint(done.lease, epoch=1)
    scene.repository.complete_trial(done.lease, seconds=1)
    scene.report(retried.lease, 4.0, 5.0)
    scene.checkpoint(retried.lease, epoch=0)
    scene.clock.advance(1)
    scene.repository.release_trial(retried.lease, seconds=1)
    (again,) = scene.claims(1)
    assert again.trial.id == retried.trial.id
    assert search.id == again.search.id
    _job(scene)
    return scene


def _job(scene: Scene) -> None:
    """A final training that has completed with its results."""
    source = scene.repository.active_searches()[0]
    new = scene.new_search(kind="finalize", tuner="fixed", source_trial_id=TrialId("t_0"), priority=9)
    job, _ = scene.repository.create_search(dataclasses.replace(new, dataset_id=source.dataset_id))
    scene.repository.start_search(job.id)
    scene.queue(job.id, 1)
    claim = scene.claim()
    assert claim.search.id == job.id
    scene.report(claim.lease, 3.0)
    for kind in ("report", "model", "bundle"):
        scene.checkpoint(claim.lease, epoch=0, kind=kind)
    scene.repository.complete_trial(claim.lease, seconds=1)


CORRUPTIONS: dict[str, tuple[str, ...]] = {
    "numbers_dense": ("UPDATE trials SET number = 9 WHERE number = 3",),
    "budget_kept": ("UPDATE searches SET max_trials = 3",),
    "counters_true": ("UPDATE searches SET trials_failed = 1",),
    "epochs_counted": (
        "UPDATE trials SET epochs = epochs + 1 WHERE number = 0",
        "UPDATE searches SET epochs_recorded = epochs_recorded + 1",
    ),
    "epochs_contiguous": ("UPDATE epochs SET epoch = 5 WHERE epoch = 1",),
    "executions_whole": ("UPDATE searches SET executions_per_trial = 2",),
    "one_owner": ("UPDATE attempts SET started_at = '2020-01-01 00:00:00.000000' WHERE number = 2",),
    "lease_while_running": ("UPDATE trials SET lease_expires_at = NULL WHERE state = 'RUNNING'",),
    "attempts_match": ("UPDATE attempts SET token = 'other' WHERE state = 'RUNNING'",),
    "ended_once": (
        "UPDATE attempts SET state = 'COMPLETED' WHERE state = 'RELEASED'",
        "UPDATE attempts SET state = 'STOPPED', ended_at = started_at WHERE number = 2",
    ),
    "nothing_open_in_ended_search": (
        "UPDATE searches SET state = 'COMPLETED', ended_at = created_at, running_since = NULL",
    ),
    "best_is_best": ("UPDATE searches SET best_score = 1.5",),
    "scores_true": ("UPDATE trials SET score = 0.5 WHERE number = 0",),
    "curves_whole": ("DELETE FROM curves WHERE metric = '\"val_loss\"'",),
    "clocks_agree": ("UPDATE searches SET running_since = NULL",),
    "resumable": ("UPDATE artifacts SET epoch = 7",),
    "data_there": ("DELETE FROM datasets",),
    "log_complete": ("DELETE FROM events WHERE kind = 'trial.completed'",),
    "imports_ended": ("UPDATE searches SET tuner = 'imported'",),
    "jobs_single": ("UPDATE searches SET source_trial_id = NULL",),
    "results_there": ("DELETE FROM artifacts WHERE kind = 'bundle'",),
}


def test_a_whole_database_has_no_violations(relaxed: Relaxed) -> None:
    scene = _played(relaxed)
    assert scene.repository.check_invariants() == ()


@pytest.mark.parametrize("invariant", CORRUPTIONS)
def test_each_invariant_finds_its_corruption(relaxed: Relaxed, invariant: str) -> None:
    scene = _played(relaxed)
    relaxed.run(*CORRUPTIONS[invariant])
    found = scene.repository.check_invariants()
    assert invariant in {violation.invariant for violation in found}
    assert all(violation.subject and violation.detail for violation in found)


MORE: dict[str, tuple[str, str]] = {
    "a lease left behind": (
        "lease_while_running",
        "UPDATE trials SET lease_token = 't', lease_worker_id = 'w', lease_expires_at = created_at WHERE number = 3",
    ),
    "a running trial without its attempt": (
        "attempts_match",
        "UPDATE attempts SET state = 'LOST', ended_at = started_at WHERE state = 'RUNNING'",
    ),
    "an attempt missing": ("attempts_match", "DELETE FROM attempts WHERE number = 1"),
    "a place of ending missing": ("ended_once", "UPDATE trials SET ended_seq = NULL WHERE number = 0"),
    "a place of ending too high": ("ended_once", "UPDATE trials SET ended_seq = 7 WHERE number = 0"),
    "a score missing": ("scores_true", "UPDATE trials SET score = NULL WHERE number = 0"),
    "a definition missing": ("data_there", "DELETE FROM definitions"),
    "an execution of two folds": ("executions_whole", "UPDATE epochs SET fold = 1 WHERE epoch = 1"),
    "a job without results": ("results_there", "DELETE FROM artifacts WHERE kind IN ('bundle', 'model', 'report')"),
    "a report of a search": ("results_there", "UPDATE artifacts SET kind = 'report' WHERE kind = 'last'"),
    "a search with a source": ("jobs_single", "UPDATE searches SET source_trial_id = 't_0' WHERE kind = 'search'"),
}


@pytest.mark.parametrize("corruption", MORE)
def test_other_corruptions_are_found_too(relaxed: Relaxed, corruption: str) -> None:
    scene = _played(relaxed)
    invariant, statement = MORE[corruption]
    relaxed.run(statement)
    assert invariant in {violation.invariant for violation in scene.repository.check_invariants()}


@pytest.mark.parametrize(
    "damage", ["DELETE FROM datasets", "UPDATE searches SET trials_queued = trials_queued + 1, priority = 9"]
)
def test_a_damaged_search_does_not_stop_the_others(relaxed: Relaxed, damage: str) -> None:
    scene = Scene(relaxed.repository, relaxed.clock)
    damaged = scene.search(priority=9, trials=1)
    if damage.startswith("UPDATE"):
        scene.claim()
    relaxed.run(damage)
    whole = scene.search(trials=1)
    assert [claim.search.id for claim in scene.claims(2)] == [whole.id]
    assert scene.repository.get_search(damaged.id).counts.running == (1 if damage.startswith("UPDATE") else 0)


def test_a_long_list_is_cut_short(relaxed: Relaxed) -> None:
    scene = _played(relaxed)
    search = scene.repository.active_searches()[0]
    scene.queue(search.id, 120)
    relaxed.run("UPDATE trials SET epochs = 1 WHERE state = 'QUEUED'")
    found = [one for one in scene.repository.check_invariants() if one.invariant == "epochs_counted"]
    assert len(found) == 101
    assert found[-1].detail == "and more"


def test_every_invariant_has_its_corruption() -> None:
    # A broken file cannot be made through SQL.
    assert CORRUPTIONS.keys() == INVARIANTS.keys() - {"file_whole"}

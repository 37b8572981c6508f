"""Small scenes for repository tests: a data set, a search, trials, a worker that claims them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from storage.clock import ManualClock
from storage.datasets import Dataset
from storage.epochs import EpochRow
from storage.files import NewArtifact
from storage.ids import SearchId, TrialId, WorkerId, new_dataset_id
from storage.leases import Claim, Lease
from storage.records import Failure, Limits, NewSearch, NewTrial, Objective, Search, Trial
from storage.repository import Repository
from storage.states import Fault
from storage.workers import Slot

LEASE_S = 30.0
CRASH = Failure(code="crash", message="killed by signal 9", fault=Fault.MACHINE, retryable=True)
BUILD_ERROR = Failure(code="build_error", message="no such shape", fault=Fault.DEFINITION, retryable=True)


class Scene:
    """One repository with what the tests put into it. Every method goes through the interface under test."""

    def __init__(self, repository: Repository, clock: ManualClock) -> None:
        self.repository = repository
        self.clock = clock

    def dataset(self, *, owner: str = "ada", name: str | None = None, builtin: bool = False) -> Dataset:
        return self.repository.add_dataset(self.new_dataset(owner=owner, name=name, builtin=builtin))

    def new_dataset(self, *, owner: str = "ada", name: str | None = None, builtin: bool = False) -> Dataset:
        dataset_id = new_dataset_id()
        return Dataset(
            id=dataset_id,
            owner=owner,
            name=name or f"data-{dataset_id}",
            task="classification",
            input_shape=(8, 8),
            num_classes=10,
            class_names=("zero", "one"),
            feature_names=(),
            train_rows=1437,
            validation_rows=0,
            test_rows=360,
            x_dtype="float32",
            y_dtype="int64",
            scale="0-1",
            source="upload",
            builtin=builtin,
            key=f"datasets/{dataset_id}",
            size_bytes=123_456_789_012,
            fingerprint="ab" * 32,
            created_at=self.clock.now(),
        )

    def new_search(self, **changes: Any) -> NewSearch:
        dataset_id = changes.pop("dataset_id", None) or self.dataset(owner=changes.get("owner", "ada")).id
        new = NewSearch(
            owner="ada",
            name="digits-mlp",
            definition={"name": "digits-mlp", "fit": {"epochs": 3}},
            space={"hyperparameters": []},
            dataset_id=dataset_id,
            objective=Objective("val_loss", "min"),
            tuner="random",
            limits=Limits(),
            parallelism=2,
            executions_per_trial=1,
            max_retries_per_trial=1,
            priority=0,
            seed=2**64 - 1,
            tags={},
            planned_trials=10,
            planned_epochs=30,
            versions={"keras": "3.15.1"},
        )
        return dataclasses.replace(new, **changes)

    def search(self, *, trials: int = 0, started: bool = True, **changes: Any) -> Search:
        """A stored search, by default RUNNING, with `trials` queued trials."""
        search, is_new = self.repository.create_search(self.new_search(**changes))
        assert is_new
        if started:
            search = self.repository.start_search(search.id)
        if trials:
            self.queue(search.id, trials)
        return self.repository.get_search(search.id)

    def queue(self, search_id: SearchId, count: int, **changes: Any) -> tuple[Trial, ...]:
        version = self.repository.get_search(search_id).oracle_version
        new = [
            NewTrial(values={"units": version * 1000 + place}, values_hash=f"{version}-{place}", **changes)
            for place in range(count)
        ]
        return self.repository.add_trials(search_id, new, oracle_state={"asked": version}, expected_version=version)

    def worker(self, name: str = "host-1") -> WorkerId:
        worker = self.repository.register_worker(
            name=name, host="host", pid=4711, backend="tensorflow", slots=[Slot(0, "cpu", None)], versions={}
        )
        return worker.id

    def claims(self, count: int = 1, *, worker_id: WorkerId | None = None) -> tuple[Claim, ...]:
        return self.repository.claim_trials(worker_id or self.worker(), count=count, lease_s=LEASE_S)

    def claim(self, *, worker_id: WorkerId | None = None) -> Claim:
        (claim,) = self.claims(1, worker_id=worker_id)
        return claim

    def running(self, **changes: Any) -> Claim:
        """A claimed trial of a new search."""
        self.search(trials=1, **changes)
        return self.claim()

    def report(self, lease: Lease, *losses: float, execution: int = 0, first: int = 0) -> None:
        """One epoch row per value of `val_loss`, from epoch `first` on."""
        self.repository.record_epochs(lease, losses_to_rows(losses, execution=execution, first=first))

    def checkpoint(self, lease: Lease, *, epoch: int, execution: int = 0, kind: Any = "last") -> NewArtifact:
        new = NewArtifact(
            key=f"trials/{lease.trial_id}/{lease.attempt}/{kind}-{execution}-{epoch}",
            kind=kind,
            sha256="cd" * 32,
            size_bytes=1000,
            execution=execution,
            epoch=epoch,
        )
        self.repository.record_checkpoint(lease, new)
        return new

    def finished(self, search_id: SearchId, *losses: float) -> Trial:
        """Queue, claim and complete one trial with these losses."""
        self.queue(search_id, 1)
        claim = self.claim()
        assert claim.trial.search_id == search_id
        self.report(claim.lease, *losses)
        return self.repository.complete_trial(claim.lease, seconds=1.0)

    def trial(self, trial_id: TrialId) -> Trial:
        return self.repository.get_trial(trial_id)

    def kinds(self, search_id: SearchId) -> list[str]:
        return [event.kind for event in self.repository.events_after(0, search_id=search_id)]


def losses_to_rows(losses: Sequence[float], *, execution: int = 0, first: int = 0) -> list[EpochRow]:
    return [
        EpochRow(execution, first + place, {"loss": loss / 2, "val_loss": loss}, seconds=0.5)
        for place, loss in enumerate(losses)
    ]

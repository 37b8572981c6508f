"""Searches with trials that have really gone through the repository's moves."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from storage.artifacts import ArtifactStore
from storage.epochs import EpochRow
from storage.files import NewArtifact
from storage.ids import SearchId
from storage.records import Failure, NewTrial, Reason, Trial
from storage.repository import Repository
from storage.states import Fault, SearchState
from storage.workers import Slot


def start_trials(
    repository: Repository, search_id: SearchId, values: Sequence[dict[str, int | float]], *, first: int = 0
) -> tuple[Trial, ...]:
    """QUEUED trials with these values in a running search."""
    repository.start_search(search_id)
    trials = [NewTrial(values=each, values_hash=f"{first + index:032x}") for index, each in enumerate(values)]
    version = repository.get_search(search_id).oracle_version
    return repository.add_trials(search_id, trials, oracle_state={}, expected_version=version)


def train(
    repository: Repository,
    store: ArtifactStore,
    folder: Path,
    curves: Sequence[Sequence[float]],
    *,
    checkpoint: bool = True,
) -> tuple[Trial, ...]:
    """Claims as many trials as there are curves of `val_accuracy`, and completes each after its epochs."""
    worker = repository.register_worker(
        name="desk-1", host="desk", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    done = []
    for curve in curves:
        (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
        lease = claim.lease
        repository.report_start(lease, parameters=1234, device="cpu:0")
        rows = [
            EpochRow(execution=0, epoch=epoch, metrics={"val_accuracy": value, "loss": 1.0 - epoch / 100}, seconds=0.5)
            for epoch, value in enumerate(curve)
        ]
        repository.record_epochs(lease, rows)
        if checkpoint:
            source = folder / "weights"
            source.write_bytes(f"weights {lease.trial_id}".encode())
            stored = store.put(f"trials/{lease.trial_id}/best.npz", source)
            repository.record_checkpoint(
                lease, NewArtifact(stored.key, "best", stored.sha256, stored.size_bytes, epoch=len(curve) - 1)
            )
        done.append(repository.complete_trial(lease, seconds=0.5 * len(curve), log="epoch 0\n"))
    return tuple(done)


def end_job(
    repository: Repository, store: ArtifactStore, folder: Path, job_id: str, report: dict[str, Any] | None
) -> None:
    """What coordinator and worker would do with a job: it completes with this report, or fails without one."""
    job = repository.start_search(SearchId(job_id))
    options: Any = job.options
    new = NewTrial(options["values"], "hash", target_epochs=options["epochs"])
    repository.add_trials(job.id, [new], oracle_state={}, expected_version=job.oracle_version)
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu", None)], versions={}
    )
    claims = repository.claim_trials(worker.id, count=10, lease_s=60)
    (lease,) = [claim.lease for claim in claims if claim.search.id == job.id]
    if report is None:
        why = Failure("training_error", "it broke", Fault.DEFINITION, retryable=False)
        repository.fail_attempt(lease, why, seconds=1)
        repository.end_search(job.id, SearchState.FAILED, Reason("no_trial_completed", "it broke"))
        return
    metrics = {job.objective.name: 0.5}
    repository.record_epochs(lease, [EpochRow(0, epoch, metrics, 0.1) for epoch in range(options["epochs"])])
    files: dict[Any, tuple[str, bytes]] = {"report": ("report.json", json.dumps(report).encode())}
    if job.kind == "finalize":
        bundle = io.BytesIO()
        with zipfile.ZipFile(bundle, "w") as file:
            file.writestr("model-card.md", "# digits\n")
        files |= {"model": ("model.keras", b"weights"), "bundle": ("bundle.zip", bundle.getvalue())}
    for kind, (name, content) in files.items():
        (folder / name).write_bytes(content)
        stored = store.put(f"trials/{lease.trial_id}/{name}", folder / name)
        repository.record_checkpoint(lease, NewArtifact(stored.key, kind, stored.sha256, stored.size_bytes))
    repository.complete_trial(lease, seconds=1)
    repository.end_search(job.id, SearchState.COMPLETED, Reason("max_trials", "All 1 trials have been run."))

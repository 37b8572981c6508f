"""Searches with trials that have really gone through the repository's moves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from storage.artifacts import ArtifactStore
from storage.ids import SearchId
from storage.records import EpochRow, NewArtifact, NewTrial, Slot, Trial
from storage.repository import Repository


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

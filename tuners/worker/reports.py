"""What one attempt reports, written under its lease: epochs, checkpoints, the outcome."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import structlog

from storage.artifacts.store import ArtifactStore
from storage.epochs import EpochRow
from storage.errors import LeaseLost, ProtocolViolation, StorageUnavailable
from storage.files import NewArtifact
from storage.leases import Claim
from storage.records import Failure, Reason
from storage.repository import Repository
from tuners.failures import TrialFault, without_paths
from tuners.trainer.protocol import Outcome, Saved, SavedKind, Started
from tuners.worker.running import Running
from tuners.worker.writing import write

_log = structlog.get_logger()

_CHECKPOINTS = frozenset({"last", "best"})
_SUFFIXES: dict[SavedKind, tuple[str, ...]] = {
    "last": (".npz",),
    "best": (".npz",),
    "model": (".keras", ".skops"),
    "report": (".json",),
    "bundle": (".zip",),
}


class Reports:
    """Writes for one attempt; every method repeats itself while the database is away and the lease is good.

    All raise LeaseLost when the trial is no longer ours. Those that take a trainer's report raise
    TrialFault(`protocol_error`) when it cannot be true.

    Args:
        scratch: The folder the trainer may name files in.
    """

    def __init__(self, running: Running, repository: Repository, store: ArtifactStore, *, scratch: Path) -> None:
        self._running = running
        self._lease = running.lease
        self._repository = repository
        self._store = store
        self._scratch = scratch

    def started(self, report: Started, *, device: str) -> None:
        parameters = report.parameters
        write(self._running, lambda: self._repository.report_start(self._lease, parameters=parameters, device=device))

    def epochs(self, rows: list[EpochRow]) -> None:
        try:
            write(self._running, lambda: self._repository.record_epochs(self._lease, rows))
        except ProtocolViolation as violation:
            raise TrialFault("protocol_error", violation.message) from violation

    def file(self, saved: Saved) -> None:
        """Move a checkpoint or a result to the store, record it, remove those it replaces.

        A store that is full or away costs a checkpoint, not the trial. A result is what the trial is run for: without
        it the attempt fails (`storage_full`) and is charged to the machine.
        """
        path = Path(saved.path)
        if path.parent != self._scratch or path.is_symlink():
            raise TrialFault("protocol_error", "The trainer named a file outside its folder.")
        if path.suffix not in _SUFFIXES[saved.kind]:
            raise TrialFault("protocol_error", f"The trainer saved a {saved.kind} as {path.suffix!r}.")
        lease = self._lease
        place = f"{lease.attempt}-{saved.execution}" + ("" if saved.epoch is None else f"-{saved.epoch}")
        key = f"trials/{lease.trial_id}/{place}-{saved.kind}{path.suffix}"
        try:
            stored = self._store.put(key, path)
            path.unlink(missing_ok=True)
            if stored.sha256 != saved.sha256:
                raise StorageUnavailable("the file changed on its way")
        except (StorageUnavailable, OSError) as error:
            message = without_paths(str(error))
            if saved.kind not in _CHECKPOINTS:
                self._remove(key)
                raise TrialFault("storage_full", f"The {saved.kind} could not be stored: {message}") from error
            _log.warning("checkpoint_skipped", message=message, epoch=saved.epoch, **names(self._running.claim))
            self._remove(key)
            return
        new = NewArtifact(
            key=key,
            kind=saved.kind,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            execution=saved.execution,
            epoch=saved.epoch,
        )
        try:
            _, replaced = write(self._running, lambda: self._repository.record_checkpoint(lease, new))
        except LeaseLost:
            self._remove(key)
            raise
        except ProtocolViolation as violation:
            self._remove(key)
            raise TrialFault("protocol_error", violation.message) from violation
        for artifact in replaced:
            if artifact.key != key:
                self._remove(artifact.key)

    def end(self, outcome: Outcome | Failure, *, log: str | None) -> None:
        """Write what came of the attempt."""
        lease, seconds, repository = self._lease, self._running.seconds, self._repository
        told = {"seconds": round(seconds, 3), **names(self._running.claim)}
        if isinstance(outcome, Failure):
            why = outcome
            write(self._running, lambda: repository.fail_attempt(lease, why, seconds=seconds, log=log))
            _log.warning("attempt_failed", code=why.code, fault=why.fault, message=why.message, **told)
            return
        if outcome == "completed":
            write(self._running, lambda: repository.complete_trial(lease, seconds=seconds, log=log))
        elif outcome == "stopped":
            reason = Reason("stop_requested", "A person or a rule asked the trial to stop with the score so far.")
            write(self._running, lambda: repository.stop_trial(lease, seconds=seconds, reason=reason, log=log))
        else:
            write(self._running, lambda: repository.release_trial(lease, seconds=seconds, log=log))
        _log.info("trial_ended", outcome=outcome, **told)

    def _remove(self, key: str) -> None:
        # What stays behind is found by `headstock fsck`.
        with suppress(StorageUnavailable):
            self._store.delete(key)


def names(claim: Claim) -> dict[str, object]:
    """The fields every log line about a trial has."""
    return {
        "search_id": claim.search.id,
        "trial_id": claim.trial.id,
        "number": claim.trial.number,
        "attempt": claim.lease.attempt,
    }

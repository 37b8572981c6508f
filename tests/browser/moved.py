"""A search whose trials a test moves by hand, as a worker would."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service import examples
from storage.epochs import EpochRow
from storage.files import NewArtifact
from storage.ids import SearchId, TrialId
from storage.leases import Claim
from storage.records import Failure, NewTrial, Reason, Search, Trial
from storage.states import Fault, SearchState
from storage.workers import Slot
from tests.browser.conftest import Board

FAILURE = Failure(
    "build_error",
    "units must be <i>positive</i>",
    Fault.DEFINITION,
    retryable=False,
    traceback='Traceback\n  File "model.py", line 3\nValueError: <script>units</script>',
)


class MovedSearch:
    """Submitted through the API; its trials are proposed, claimed and ended through the repository."""

    def __init__(self, board: Board, name: str, **changes: Any) -> None:
        self._board = board
        self.repository = board.service.repository
        definition = {**copy.deepcopy(examples.DEFINITION), "name": name, **changes}
        submitted = board.ada.post("/v1/searches", json=definition)
        assert submitted.status_code == 201, submitted.text
        self.id = SearchId(submitted.json()["id"])
        self._hashes = 0
        self.repository.start_search(self.id)
        self._worker = self.repository.register_worker(
            name="desk-1", host="desk", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
        )

    @property
    def address(self) -> str:
        return f"{self._board.address}/#/searches/{self.id}"

    def search(self) -> Search:
        return self.repository.get_search(self.id)

    def trial(self, trial_id: TrialId) -> Trial:
        return self.repository.get_trial(trial_id)

    def begin(self, units: int = 64, **proposal: Any) -> Claim:
        """A proposed trial that the worker has claimed and built."""
        self._hashes += 1
        values = {"units": units, "learning_rate": 0.001 * self._hashes}
        new = NewTrial(values=values, values_hash=f"{self._hashes:032x}", **proposal)
        self.repository.add_trials(
            self.id, [new], oracle_state={}, expected_version=self.repository.get_search(self.id).oracle_version
        )
        claims = self.repository.claim_trials(self._worker.id, count=100, lease_s=600.0)
        # Other tests of the module may have left queued trials behind: they are taken along.
        (claim,) = [claim for claim in claims if claim.search.id == self.id]
        self.repository.report_start(claim.lease, parameters=75 * units + 10, device="cpu:0")
        return claim

    def epochs(
        self, claim: Claim, scores: Sequence[float], *, first: int = 0, execution: int = 0, fold: int | None = None
    ) -> None:
        rows = [
            EpochRow(
                execution,
                first + place,
                {"loss": 1 - score, "val_loss": 1.05 - score, "accuracy": score, "val_accuracy": score},
                0.5,
                fold,
            )
            for place, score in enumerate(scores)
        ]
        self.repository.record_epochs(claim.lease, rows)

    def complete(self, claim: Claim, *, weights: Path | None = None) -> Trial:
        """The trial's end; with `weights`, a folder to write in, it leaves a checkpoint of its best epoch."""
        if weights is not None:
            source = weights / "weights"
            source.write_bytes(f"weights {claim.trial.id}".encode())
            stored = self._board.service.store.put(f"trials/{claim.trial.id}/best.npz", source)
            self.repository.record_checkpoint(
                claim.lease, NewArtifact(stored.key, "best", stored.sha256, stored.size_bytes, epoch=0)
            )
        return self.repository.complete_trial(claim.lease, seconds=1.5, log="epoch 0\n<b>done</b>\n")

    def ended(self, *scores: float, units: int = 64, weights: Path | None = None, **proposal: Any) -> Trial:
        claim = self.begin(units, **proposal)
        self.epochs(claim, scores)
        return self.complete(claim, weights=weights)

    def failed(self, *scores: float) -> Trial:
        claim = self.begin()
        if scores:
            self.epochs(claim, scores)
        return self.repository.fail_attempt(claim.lease, FAILURE, seconds=0.5, log="epoch 0\n")

    def close(self) -> None:
        self.repository.end_search(self.id, SearchState.COMPLETED, Reason("max_trials", "All trials have been run."))

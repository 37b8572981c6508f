"""A search of the real service whose trials are moved by hand: a worker without Keras."""

from __future__ import annotations

import copy
from typing import Any

from service import examples
from storage.epochs import EpochRow
from storage.ids import SearchId
from storage.leases import Claim
from storage.records import NewTrial, Reason
from storage.states import SearchState
from storage.workers import Slot
from tests.service.assembled import Service


class MovedSearch:
    """A running search of the service; trials are queued, trained and ended one call at a time."""

    def __init__(self, service: Service, *, name: str = "digits-mlp") -> None:
        self.service = service
        definition: dict[str, Any] = {**copy.deepcopy(examples.DEFINITION), "name": name}
        # Not as a context: that would end the app, and its event streams, with it.
        answer = service.client(service.token(owner="ada")).post("/v1/searches", json=definition)
        assert answer.status_code == 201, answer.text
        self.id: str = answer.json()["id"]
        self._id = SearchId(self.id)
        repository = service.repository
        repository.start_search(self._id)
        self._worker = repository.register_worker(
            name="box", host="box", pid=1, backend="tensorflow", slots=[Slot(0, "cpu", None)], versions={}
        )
        self._count = 0

    def queue(self, count: int = 1) -> None:
        repository = self.service.repository
        new = [
            NewTrial(values={"units": 32 * (1 + number % 8), "learning_rate": 0.001}, values_hash=f"{number:032x}")
            for number in range(self._count, self._count + count)
        ]
        self._count += count
        version = repository.get_search(self._id).oracle_version
        repository.add_trials(self._id, new, oracle_state={}, expected_version=version)

    def claim(self) -> Claim:
        """A queued trial, running."""
        (claim,) = self.service.repository.claim_trials(self._worker.id, count=1, lease_s=600.0)
        self.service.repository.report_start(claim.lease, parameters=1000, device="cpu")
        return claim

    def train(self, claim: Claim, *accuracies: float, first: int = 0) -> None:
        """Epochs with these validation accuracies."""
        rows = [
            EpochRow(0, first + place, {"loss": 1 - accuracy, "val_accuracy": accuracy}, 0.5)
            for place, accuracy in enumerate(accuracies)
        ]
        self.service.repository.record_epochs(claim.lease, rows)

    def complete(self, claim: Claim) -> None:
        self.service.repository.complete_trial(claim.lease, seconds=1.5)

    def trained(self, *accuracies: float) -> None:
        """A trial from beginning to end."""
        self.queue()
        claim = self.claim()
        self.train(claim, *accuracies)
        self.complete(claim)

    def end(self, state: SearchState = SearchState.COMPLETED, message: str = "all trials have ended") -> None:
        self.service.repository.end_search(self._id, state, Reason("max_trials", message))

    @property
    def state(self) -> str:
        return self.service.repository.get_search(self._id).state.value

"""Workers that train nothing: they claim trials from a real repository and end them as a function of their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from storage.clock import Clock
from storage.datasets import Dataset
from storage.epochs import EpochRow
from storage.ids import DatasetId, SearchId
from storage.leases import Claim
from storage.records import Failure, Limits, NewSearch, Objective, Scalar, Search, Trial
from storage.repository import Repository
from storage.settings import Settings
from storage.states import SEARCH_ENDED, Fault
from storage.workers import Slot
from tests.tuners.oracle_driver import NOW
from tuners.coordinator import Coordinator
from tuners.space import Space

Curve = Callable[[Mapping[str, Scalar], int], float]
BROKEN = Failure("training_error", "It cannot be trained.", Fault.DEFINITION, retryable=False)


def add_search(
    repository: Repository,
    space: Space,
    tuner: Mapping[str, object],
    *,
    name: str = "test",
    seed: int = 7,
    limits: Limits | None = None,
    parallelism: int = 1,
    epochs: int = 2,
    direction: str = "max",
    definition: Mapping[str, object] | None = None,
) -> Search:
    repository.add_dataset(
        Dataset(
            id=DatasetId("d_1"),
            owner="me",
            name="digits",
            task="classification",
            input_shape=(8, 8),
            num_classes=10,
            class_names=(),
            feature_names=(),
            train_rows=100,
            validation_rows=0,
            test_rows=0,
            x_dtype="float32",
            y_dtype="int64",
            scale="none",
            source="scikit-learn",
            builtin=True,
            key="datasets/d_1",
            size_bytes=1,
            fingerprint="0" * 64,
            created_at=NOW,
        )
    )
    search, _ = repository.create_search(
        NewSearch(
            owner="me",
            name=name,
            definition=definition or {"tuner": dict(tuner), "fit": {"epochs": epochs}},
            space=space.to_json(),
            dataset_id=DatasetId("d_1"),
            objective=Objective("val_accuracy", direction),  # type: ignore[arg-type]
            tuner=str(tuner["type"]),
            limits=limits or Limits(),
            parallelism=parallelism,
            executions_per_trial=1,
            max_retries_per_trial=0,
            priority=0,
            seed=seed,
            tags={},
            planned_trials=None,
            planned_epochs=None,
            versions={},
        )
    )
    return search


def make_coordinator(repository: Repository, clock: Clock, *, holder: str = "one", **extra: object) -> Coordinator:
    return Coordinator(repository, Settings(), clock, holder=holder, **extra)  # type: ignore[arg-type]


def settle(coordinator: Coordinator) -> None:
    """Step until there is nothing to do; a coordinator that never comes to rest fails the test."""
    for _ in range(1_000):
        if not coordinator.step():
            return
    raise AssertionError("The coordinator does not come to rest.")


class SimulatedWorker:
    """Claims up to `slots` trials, and ends the oldest one at each turn.

    Attributes:
        started: Trials run, in the order of claiming.
        most: Trials held at once at most.
    """

    def __init__(self, repository: Repository, *, curve: Curve, slots: int, epochs: int = 2) -> None:
        self.started: list[Trial] = []
        self.most = 0
        self.claims: list[Claim] = []
        self._repository = repository
        self._curve = curve
        self._slots = slots
        self._epochs = epochs
        self._worker = repository.register_worker(
            name="simulated",
            host="here",
            pid=1,
            backend="none",
            slots=[Slot(number, "cpu", None) for number in range(slots)],
            versions={},
        )

    def claim(self) -> None:
        """Fill the slots."""
        free = self._slots - len(self.claims)
        if free:
            claimed = self._repository.claim_trials(self._worker.id, count=free, lease_s=30.0)
            self.claims.extend(claimed)
            self.started.extend(claim.trial for claim in claimed)
            self.most = max(self.most, len(self.claims))

    def report(self, claim: Claim, *, epochs: int | None = None) -> None:
        """Store the first epochs of a claimed trial (all of them by default)."""
        trial = claim.trial
        end = trial.target_epochs if trial.target_epochs is not None else self._epochs
        rows = [
            EpochRow(0, epoch, {"val_accuracy": self._curve(trial.values, epoch)}, seconds=1.0)
            for epoch in range(trial.start_epoch, end)
        ]
        self._repository.record_epochs(claim.lease, rows[:epochs])

    def finish(self) -> bool:
        """End the trial claimed first: as failed when its curve raises ValueError; whether there was one."""
        if not self.claims:
            return False
        claim = self.claims.pop(0)
        try:
            self.report(claim)
        except ValueError:
            self._repository.fail_attempt(claim.lease, BROKEN, seconds=1.0)
        else:
            self._repository.complete_trial(claim.lease, seconds=1.0)
        return True


def run_search(
    repository: Repository,
    search_id: SearchId,
    coordinator: Coordinator,
    worker: SimulatedWorker,
    *,
    each: Callable[[int], Coordinator | None] = lambda number: None,
) -> Search:
    """Coordinator and worker in turn until the search has ended; the search.

    Args:
        each: Called with the number of trials ended so far before each turn; may give another coordinator to go on
            with.
    """
    for number in range(10_000):
        coordinator = each(number) or coordinator
        settle(coordinator)
        search = repository.get_search(search_id)
        if search.state in SEARCH_ENDED:
            return search
        worker.claim()
        assert worker.finish(), f"Nothing to run, and not over: {search}"
    raise AssertionError("The search does not end.")


def all_trials(repository: Repository, search_id: SearchId) -> tuple[Trial, ...]:
    return repository.list_trials(search_id, limit=500).items


def smooth(values: Mapping[str, Scalar], epoch: int) -> float:
    """A learning curve that rises to a smooth function of the values, largest (1.0) at rate 1e-3 and dropout 0.2."""
    rate, dropout = values["rate"], values["dropout"]
    assert isinstance(rate, float)
    assert isinstance(dropout, float)
    return 1.0 - (math.log10(rate) + 3.0) ** 2 / 4 - (dropout - 0.2) ** 2 * 4 - 0.5 ** (epoch + 2)

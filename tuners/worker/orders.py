"""From a claim to the order a trainer gets: the resolved definition, the data, the checkpoints to begin with."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from storage.artifacts.store import ArtifactStore
from storage.epochs import StoredEpoch
from storage.errors import ArtifactDamaged
from storage.files import Artifact
from storage.ids import SearchId
from storage.leases import Claim
from storage.records import Search, SearchKind
from tuners.datasets.files import dataset_folder
from tuners.definitions import DataFacts, Definition, parse_definition, resolve
from tuners.seeds import training_seed
from tuners.space import Space
from tuners.trainer.protocol import ResumePoint, RunTrial, Task
from tuners.worker.initial_weights import InitialWeights, Sources
from tuners.worker.reports import names

_log = structlog.get_logger()

_KEPT_SEARCHES = 16
_PAGE = 500
_TASKS: dict[SearchKind, Task] = {"search": "trial", "finalize": "finalize", "lr_range_test": "lr_range_test"}


@dataclass(frozen=True, slots=True)
class _Prepared:
    definition: Definition
    max_parameters: int | None


class OrderDesk:
    """Writes orders. Not safe for threads: each slot has its own."""

    def __init__(self, store: ArtifactStore, trials: Sources, *, max_parameters: int, downloads: bool) -> None:
        self._store = store
        self._trials = trials
        self._weights = InitialWeights(store, trials, downloads=downloads)
        self._max_parameters = max_parameters
        self._searches: OrderedDict[SearchId, _Prepared] = OrderedDict()

    def order(self, claim: Claim, scratch: Path) -> RunTrial:
        """The order to train the claimed trial.

        Raises:
            InvalidDefinition: The stored definition is none this version understands.
            ArtifactDamaged: Files of the data set are missing.
            TrialFault: `weights_unavailable`: the weights the model is to begin with are gone.
            StorageUnavailable: The artifact store or the database is away.
        """
        trial, search, dataset = claim.trial, claim.search, claim.dataset
        prepared = self._prepared(search)
        resolved: dict[str, Any] = resolve(
            prepared.definition,
            trial.values,
            DataFacts.of(dataset, prepared.definition.dataset),
            seed=training_seed(search.seed, trial.number),
        )
        if search.kind != "search":
            # What a job trains by need not be the objective of the definition it began with.
            resolved["objective"] = asdict(search.objective)
        return RunTrial(
            trial_id=trial.id,
            attempt=claim.lease.attempt,
            resolved=self._weights.found(resolved, owner=search.owner),
            dataset=dataset,
            data_folder=str(dataset_folder(self._store, dataset)),
            scratch=str(scratch),
            search_seed=search.seed,
            trial_number=trial.number,
            executions=search.executions_per_trial,
            start_epoch=trial.start_epoch,
            target_epochs=trial.target_epochs or int(resolved["fit"]["epochs"]),
            max_parameters=self._max_parameters,
            constraint_parameters=prepared.max_parameters,
            parent_path=self._checkpoint(claim, claim.parent),
            resume=self._resume(claim),
            task=_TASKS[search.kind],
            options=self._options(claim),
        )

    def _options(self, claim: Claim) -> dict[str, Any]:
        """The job's options; of a final training also what earlier attempts have done, which its report tells too."""
        options = dict(claim.search.options)
        if claim.search.kind == "finalize" and claim.trial.epochs:
            rows: list[StoredEpoch] = []
            token: str | None = None
            while not rows or token is not None:
                page = self._trials.list_epochs(claim.trial.id, limit=_PAGE, page_token=token)
                rows += page.items
                token = page.next_page_token
            done = [{"epoch": row.epoch, "seconds": row.seconds, "metrics": {}} for row in rows]
            done[-1]["metrics"] = dict(rows[-1].metrics)
            options["done"] = done
        return options

    def _prepared(self, search: Search) -> _Prepared:
        found = self._searches.get(search.id)
        if found is None:
            found = _Prepared(parse_definition(search.definition), Space.from_json(search.space).max_parameters)
            self._searches[search.id] = found
            if len(self._searches) > _KEPT_SEARCHES:
                self._searches.popitem(last=False)
        return found

    def _resume(self, claim: Claim) -> ResumePoint | None:
        artifact = claim.resume
        if artifact is None or artifact.epoch is None:
            return None
        return ResumePoint(
            artifact.execution,
            artifact.epoch,
            self._checkpoint(claim, artifact),
            self._best_epoch(claim, artifact.execution),
        )

    def _checkpoint(self, claim: Claim, artifact: Artifact | None) -> str | None:
        """The file, its content compared with the record; None when there is none that can be used."""
        if artifact is None:
            return None
        try:
            return str(self._store.local_path(artifact.key, sha256=artifact.sha256))
        except ArtifactDamaged as error:
            _log.warning("checkpoint_damaged", message=error.message, **names(claim))
            return None

    def _best_epoch(self, claim: Claim, execution: int) -> int | None:
        """Epoch of the best weights that are in the store for an execution; None when there are none."""
        artifacts = self._trials.trial_artifacts(claim.trial.id)
        found = [artifact.epoch for artifact in artifacts if (artifact.kind, artifact.execution) == ("best", execution)]
        return found[-1] if found else None

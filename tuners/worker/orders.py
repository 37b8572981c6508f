"""From a claim to the order a trainer gets: the resolved definition, the data, the checkpoints to begin with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.artifacts.store import ArtifactStore
from storage.errors import ArtifactDamaged
from storage.ids import SearchId
from storage.records import Artifact, Claim, Search
from tuners.datasets.files import dataset_folder
from tuners.definitions import DataFacts, Definition, parse_definition, resolve
from tuners.seeds import training_seed
from tuners.space import Space
from tuners.trainer.protocol import ResumePoint, RunTrial

_KEPT_SEARCHES = 16


@dataclass(frozen=True, slots=True)
class _Prepared:
    definition: Definition
    max_parameters: int | None


class OrderDesk:
    """Writes orders. Not safe for threads: each slot has its own.

    Args:
        best_epoch: Epoch of the stored best weights of a claim's trial in that execution, or None.
        note: Called with a code and a sentence about what was found damaged on the way.
    """

    def __init__(
        self,
        store: ArtifactStore,
        *,
        max_parameters: int,
        best_epoch: Callable[[Claim, int], int | None],
        note: Callable[[Claim, str, str], None],
    ) -> None:
        self._store = store
        self._max_parameters = max_parameters
        self._best_epoch = best_epoch
        self._note = note
        self._searches: OrderedDict[SearchId, _Prepared] = OrderedDict()

    def order(self, claim: Claim, scratch: Path) -> RunTrial:
        """The order to train the claimed trial.

        Raises:
            InvalidDefinition: The stored definition is none this version understands.
            ArtifactDamaged: Files of the data set are missing.
            StorageUnavailable: The artifact store is away.
        """
        trial, search, dataset = claim.trial, claim.search, claim.dataset
        prepared = self._prepared(search)
        resolved: dict[str, Any] = resolve(
            prepared.definition,
            trial.values,
            DataFacts.of(dataset),
            seed=training_seed(search.seed, trial.number),
        )
        return RunTrial(
            trial_id=trial.id,
            attempt=claim.lease.attempt,
            resolved=resolved,
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
        )

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
            self._note(claim, "checkpoint_damaged", error.message)
            return None

"""Finds the file of the weights a model is to begin with: definitions name them by id, trainers read local paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from storage.artifacts.store import ArtifactStore
from storage.errors import ArtifactDamaged, NotFound
from storage.files import Artifact
from storage.ids import TrialId, WeightsId
from storage.repository import TrialReads, WeightsStore
from tuners.failures import TrialFault

_KINDS = {"best": "checkpoint", "last": "checkpoint", "model": "model"}
"""Artifacts that hold weights, the first found is taken, and what the trainer reads them as."""


class Sources(TrialReads, WeightsStore, Protocol):
    """Where trials and uploaded weights are on record."""


class InitialWeights:
    """Fills in `model.weights_file` of resolved definitions.

    Args:
        downloads: Whether ImageNet's weights may be downloaded by this worker's trainers.
    """

    def __init__(self, store: ArtifactStore, sources: Sources, *, downloads: bool) -> None:
        self._store = store
        self._sources = sources
        self._downloads = downloads

    def found(self, resolved: dict[str, Any], *, owner: str) -> dict[str, Any]:
        """The resolved definition with the file its model's weights are in; as it is when it asks for none.

        Raises:
            TrialFault: `weights_unavailable`: whoever owns the search has no such weights, or their file is gone.
            StorageUnavailable: The artifact store or the database is away.
        """
        weights = resolved["model"].get("weights")
        if weights is None:
            return resolved
        return {**resolved, "model": {**resolved["model"], "weights_file": self._file(weights, owner)}}

    def _file(self, weights: str | Mapping[str, str], owner: str) -> dict[str, Any]:
        if isinstance(weights, str):
            return {"kind": "imagenet", "download": self._downloads}
        try:
            if "trial" in weights:
                return self._of_trial(TrialId(weights["trial"]), owner)
            record = self._sources.get_weights(WeightsId(weights["weights"]), owner=owner)
            return {"kind": "file", "path": str(self._store.local_path(record.key, sha256=record.sha256))}
        except NotFound as error:
            message = "The weights that the definition names have been deleted."
            raise TrialFault("weights_unavailable", message) from error
        except ArtifactDamaged as error:
            raise TrialFault("weights_unavailable", f"The file of the weights: {error.message}") from error

    def _of_trial(self, trial_id: TrialId, owner: str) -> dict[str, Any]:
        self._sources.get_trial(trial_id, owner=owner)
        artifact = kept_weights(self._sources.trial_artifacts(trial_id))
        if artifact is None:
            raise TrialFault("weights_unavailable", f"The trial {trial_id} has kept no weights.")
        path = self._store.local_path(artifact.key, sha256=artifact.sha256)
        return {"kind": _KINDS[artifact.kind], "path": str(path)}


def kept_weights(artifacts: tuple[Artifact, ...]) -> Artifact | None:
    """The file with the weights that stand for a trial: the best ones of its first execution."""
    for kind in _KINDS:
        of_kind = [artifact for artifact in artifacts if artifact.kind == kind]
        if of_kind:
            return min(of_kind, key=lambda artifact: artifact.execution)
    return None

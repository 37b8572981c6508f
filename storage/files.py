"""Records of files in the artifact store: what a trial wrote, and uploaded weights. Frozen value objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from storage.ids import ArtifactId, SearchId, TrialId, WeightsId

ArtifactKind = Literal["last", "best", "model", "dataset", "report", "bundle"]


@dataclass(frozen=True, slots=True)
class NewArtifact:
    """A file already in the artifact store under `key` (written whole, then moved): record it.

    `kind` "last" is the checkpoint to resume from, "best" holds the weights of the best epoch of `execution`, "model"
    is a whole model file, "report" a JSON document of results, "bundle" a zip of a final model with its preprocessing.
    """

    key: str
    kind: ArtifactKind
    sha256: str
    size_bytes: int
    execution: int = 0
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    id: ArtifactId
    trial_id: TrialId | None
    search_id: SearchId | None
    attempt: int | None
    key: str
    kind: ArtifactKind
    sha256: str
    size_bytes: int
    execution: int
    epoch: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Weights:
    """An uploaded file of pretrained weights (Keras' `.weights.h5` or `.h5`) under `key` in the artifact store."""

    id: WeightsId
    owner: str
    name: str
    key: str
    sha256: str
    size_bytes: int
    created_at: datetime

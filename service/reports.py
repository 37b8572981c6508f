"""What jobs leave in the artifact store."""

from __future__ import annotations

import json
from typing import Any

from storage.artifacts import ArtifactStore
from storage.files import Artifact, ArtifactKind
from storage.records import Trial
from storage.repository import Repository
from storage.states import TRIAL_SCORED


def result_of(trial: Trial, kind: ArtifactKind, repository: Repository) -> Artifact | None:
    """Of a trial that has ended well only: what an attempt left before it was lost is none."""
    if trial.state not in TRIAL_SCORED:
        return None
    found = [artifact for artifact in repository.trial_artifacts(trial.id) if artifact.kind == kind]
    return found[-1] if found else None


def report_of(trial: Trial, repository: Repository, store: ArtifactStore) -> dict[str, Any] | None:
    """The report that a job's trial has left; None when there is none (yet).

    Raises:
        ArtifactDamaged: Its file is missing or has changed.
    """
    found = result_of(trial, "report", repository)
    if found is None:
        return None
    document: dict[str, Any] = json.loads(store.local_path(found.key, sha256=found.sha256).read_bytes())
    return document

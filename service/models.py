"""The model of a trial: its definition without holes, and its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.context import Context
from service.errors import ModelNotReady
from storage.datasets import Dataset
from storage.errors import NotFound
from storage.files import Artifact
from storage.records import Search, Trial
from storage.states import TRIAL_ENDED
from tuners.definitions import DataFacts, parse_definition, resolve
from tuners.seeds import training_seed


def resolved_definition(search: Search, trial: Trial, dataset: Dataset) -> dict[str, Any]:
    """The search's definition with the trial's values, epochs and seed in its holes."""
    return resolved_definitions(search, dataset)(trial)


def resolved_definitions(search: Search, dataset: Dataset) -> Callable[[Trial], dict[str, Any]]:
    """Makes the same of one trial after the other: checking the definition takes longer than filling its holes."""
    definition = parse_definition(search.definition)
    facts = DataFacts.of(dataset, definition.dataset)

    def resolved_for(trial: Trial) -> dict[str, Any]:
        seed = training_seed(search.seed, trial.number)
        resolved: dict[str, Any] = resolve(definition, trial.values, facts, seed=seed)
        if trial.target_epochs is not None:
            # A trial of an early round was trained for fewer epochs than the definition's; the recipe must say so.
            resolved["fit"]["epochs"] = trial.target_epochs
        # Places in the definition are for faults, not for people who take the model home.
        resolved.pop("layer_pointers", None)
        return resolved

    return resolved_for


def model_file(trial: Trial, *, ctx: Context) -> Path:
    """The trial's `.keras` file, made from the weights of its best epoch, or the file that its trainer made of it.

    Raises:
        ModelNotReady: The trial has not ended, or never had weights worth keeping.
        ArtifactDamaged: The weights' file is missing or has changed.
    """
    artifacts = ctx.repository.trial_artifacts(trial.id)
    whole = _newest(artifacts, "model")
    if whole is not None:
        return ctx.store.local_path(whole.key, sha256=whole.sha256)
    weights = _newest(artifacts, "best")
    if weights is None:
        if trial.state not in TRIAL_ENDED:
            raise ModelNotReady("the trial has no finished epoch yet; ask again later")
        raise ModelNotReady("the trial ended without weights to keep")
    search = ctx.repository.get_search(trial.search_id)
    try:
        dataset = ctx.repository.get_dataset(search.dataset_id)
    except NotFound as error:
        raise ModelNotReady("the data set was deleted, and with it the shapes that the model is built from") from error
    with ctx.exports.entered():
        return ctx.exporter(
            resolved_definition(search, trial, dataset), ctx.store.local_path(weights.key, sha256=weights.sha256)
        )


def _newest(artifacts: tuple[Artifact, ...], kind: str) -> Artifact | None:
    # Of several executions the first one's stands for the trial.
    of_kind = [artifact for artifact in artifacts if artifact.kind == kind]
    return min(of_kind, key=lambda artifact: artifact.execution, default=None)

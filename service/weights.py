"""The weights a definition's model is to begin with: whether they are there, the caller's, and allowed here."""

from __future__ import annotations

import os
from pathlib import Path

from service.context import Context
from storage.errors import FieldFault, InvalidDefinition, NotFound
from storage.files import Weights
from storage.ids import SearchId, TrialId, WeightsId
from tuners.catalogue.applications import applications
from tuners.definitions import Definition, parse_definition
from tuners.definitions.models.application import IMAGENET


def with_known_weights(definition: Definition, *, owner: str, ctx: Context) -> Definition:
    """The definition, weights that it names by their name named by their id.

    So that the search goes on meaning these weights, whatever is called so later.

    Raises:
        InvalidDefinition: `weights_not_allowed`: ImageNet's weights are not here, and may not be downloaded.
            `unknown_weights`: the caller has no such weights, or no such trial of an application.
    """
    weights = definition.model.get("weights") if definition.model["type"] == "application" else None
    if weights is None:
        return definition
    if weights == IMAGENET:
        if not ctx.settings.downloads:
            _refuse_missing(definition)
        return definition
    if "trial" in weights:
        _refuse_unknown_trial(TrialId(weights["trial"]), definition, owner=owner, ctx=ctx)
        return definition
    found = _find(weights["weights"], owner=owner, ctx=ctx)
    return definition.model_copy(update={"model": {**definition.model, "weights": {"weights": found.id}}})


def _refuse_missing(definition: Definition) -> None:
    """Refuses ImageNet's weights of a backbone of which Keras has no file on this machine."""
    named = definition.model["application"]
    names = [named] if isinstance(named, str) else definition.space().by_name[named["hp"]].values
    cache = Path(os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser(), "models")
    for name in names:
        if not any((cache / file).is_file() for file in applications()[str(name)].files.values()):
            detail = (
                f"weights of ImageNet for `{name}` are not on this machine, and this service may not download them: "
                "upload them (POST /v1/weights), or train from scratch with null"
            )
            raise _refused("/model/weights", "weights_not_allowed", detail)


def _find(named: str, *, owner: str, ctx: Context) -> Weights:
    found = ctx.repository.find_weights(named, owner=owner)
    if found is not None:
        return found
    try:
        return ctx.repository.get_weights(WeightsId(named), owner=owner)
    except NotFound as error:
        detail = "no weights of yours have this name or id: GET /v1/weights lists them"
        raise _refused("/model/weights/weights", "unknown_weights", detail) from error


def _refuse_unknown_trial(trial_id: TrialId, definition: Definition, *, owner: str, ctx: Context) -> None:
    pointer = "/model/weights/trial"
    try:
        trial = ctx.repository.get_trial(trial_id, owner=owner)
        search = ctx.repository.get_search(SearchId(trial.search_id), owner=owner)
    except NotFound as error:
        raise _refused(pointer, "unknown_weights", "no trial of yours has this id") from error
    earlier = parse_definition(search.definition).model
    if earlier["type"] != "application":
        raise _refused(pointer, "unknown_weights", "the trial's model has no backbone: name one of an application")
    mine, theirs = definition.model["application"], earlier["application"]
    if isinstance(theirs, dict):
        theirs = trial.values.get(theirs["hp"])
    if isinstance(mine, str) and mine != theirs:
        raise _refused(pointer, "unknown_weights", f"the trial's backbone is `{theirs}`, and here it is `{mine}`")
    if not ctx.repository.trial_artifacts(trial_id):
        raise _refused(pointer, "unknown_weights", "the trial has kept no weights")


def _refused(pointer: str, code: str, detail: str) -> InvalidDefinition:
    return InvalidDefinition("1 problem found", (FieldFault(pointer, code, detail),))

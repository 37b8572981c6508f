"""From an untrusted document to a checked definition."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from storage.errors import FieldFault, InvalidDefinition
from tuners.datasets.preprocessing import options
from tuners.definitions import bounds
from tuners.definitions.analysis import Analysis, analysed
from tuners.definitions.data import check_data_shapes, split_completed
from tuners.definitions.declared import Declarations
from tuners.definitions.document import (
    BayesianTuner,
    Compile,
    CrossValidation,
    DatasetReference,
    Definition,
    Fit,
    GridTuner,
    HyperbandTuner,
    ObjectiveReference,
    PerturbTuner,
    RandomTuner,
    SearchLimits,
    SweepTuner,
)
from tuners.definitions.faults import Faults, child, listed, suggestion
from tuners.definitions.metrics import logged_metrics, usual_direction, with_validation
from tuners.definitions.models import model_type
from tuners.definitions.models.application import check_scale, completed_scale
from tuners.definitions.scanning import scan
from tuners.definitions.sweeping import check_sweep
from tuners.definitions.training import check_logged_name
from tuners.definitions.walking import Walk

_TUNERS: Mapping[str, type[BaseModel]] = {
    "random": RandomTuner,
    "grid": GridTuner,
    "hyperband": HyperbandTuner,
    "bayesian": BayesianTuner,
    "sweep": SweepTuner,
    "perturb": PerturbTuner,
}
_PARTS: Mapping[str, type[BaseModel]] = {
    "dataset": DatasetReference,
    "dataset/preprocessing": options.Preprocessing,
    "dataset/preprocessing/numbers": options.Numbers,
    "dataset/preprocessing/categories": options.Categories,
    "dataset/preprocessing/columns": options.Column,
    "dataset/preprocessing/text": options.Text,
    "dataset/preprocessing/sequence": options.Sequence,
    "dataset/preprocessing/window": options.Window,
    "compile": Compile,
    "fit": Fit,
    "fit/cross_validation": CrossValidation,
    "objective": ObjectiveReference,
    "limits": SearchLimits,
}
_DEFAULT_MAX_TRIALS = 10
"""Keras Tuner's."""

# Words under which other libraries take the path of a file of words.
_FILES = ("vocabulary", "vocabulary_file", "path", "file", "url")

# pydantic's words for a fault, and ours. What is not here is a wrong type.
_CODES = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "literal_error": "invalid_enum",
    "union_tag_invalid": "invalid_enum",
    "union_tag_not_found": "missing_field",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "finite_number": "not_finite",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "invalid_id",
    "too_long": "too_many",
    "too_short": "too_short",
    "out_of_range": "out_of_range",
    "invalid_name": "invalid_name",
}
_DETAILS = {
    "missing": "this field is needed",
    "int_type": "must be an integer, without quotes or decimal point",
    "float_type": "must be a number, without quotes",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_pattern_mismatch": "must be made of letters, digits and underscores",
}


def parse_definition(document: object) -> Definition:
    """The checked definition of a JSON document, with defaults filled in. Pure: touches no file, imports no Keras.

    Raises:
        InvalidDefinition: With at most 50 faults, each with the JSON pointer of its place. Values are not repeated.
    """
    faults = Faults()
    scan(document, faults)
    faults.raise_if_any()
    if not isinstance(document, dict):
        detail = "a definition is a JSON object"
        raise InvalidDefinition(detail, (FieldFault("", "invalid_type", detail),))
    # A copy, so that what the caller does with the document later cannot change the definition.
    completed = _completed(copy.deepcopy(document))
    definition = _framed(completed, faults)
    found = analysed(completed, faults)
    _check_objective(completed, found.declarations, faults)
    _check_tuner(completed, found, faults)
    check_scale(completed, faults)
    faults.raise_if_any()
    assert definition is not None
    # With the defaults of the declarations too, so that the stored document says everything.
    declared = tuple(each.to_json() for each in found.declarations.sound.values())
    return definition.model_copy(update={"hyperparameters": declared})


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with those defaults that follow from other fields. Wrong parts are left as they are."""
    completed = split_completed(document)
    compiled, fit, tuner, objective = (completed.get(key) for key in ("compile", "fit", "tuner", "objective"))
    if isinstance(objective, dict) and "direction" not in objective:
        logged = logged_metrics(compiled, document.get("model"))
        name = objective.get("name")
        direction = None
        if isinstance(name, str):
            direction = usual_direction(name) if logged is None else with_validation(logged).get(name)
        if direction is not None:
            completed["objective"] = {**objective, "direction": direction}
    kind = model_type(document.get("model"))
    if kind is not None and kind.discovered:
        completed = {"hyperparameters": [], "fit": {}, **completed}
        fit = completed["fit"]
    in_epochs = kind is None or kind.in_epochs
    if in_epochs and isinstance(tuner, dict) and tuner.get("type") == "hyperband" and isinstance(fit, dict):
        if "max_epochs" not in tuner and _is_integer(fit.get("epochs")):
            completed["tuner"] = {**tuner, "max_epochs": fit["epochs"]}
        elif "epochs" not in fit and _is_integer(tuner.get("max_epochs")):
            completed["fit"] = {**fit, "epochs": tuner["max_epochs"]}
    scale = completed_scale(completed)
    if scale is not None:
        completed["dataset"] = {**completed["dataset"], "scale": scale}
    limits = completed.get("limits", {})
    ending = ("max_trials", "max_seconds", "max_epochs", "max_device_seconds", "patience_trials")
    open_ended = isinstance(tuner, dict) and tuner.get("type") in ("random", "bayesian", "perturb")
    if open_ended and isinstance(limits, dict) and not any(key in limits for key in ending):
        completed["limits"] = {**limits, "max_trials": _DEFAULT_MAX_TRIALS}
    return completed


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _framed(document: dict[str, Any], faults: Faults) -> Definition | None:
    _check_shapes(document, faults)
    try:
        return Definition.model_validate(document)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_context=True, include_input=False):
            _add(error, document, faults)
        return None


def _check_shapes(document: Mapping[str, Any], faults: Faults) -> None:
    """Faults that pydantic would report less clearly."""
    dataset = document.get("dataset")
    if isinstance(dataset, dict):
        named = [key for key in ("name", "id") if key in dataset]
        if len(named) != 1:
            code = "missing_field" if not named else "invalid_dataset"
            faults.add("/dataset", code, 'say which by either "name" or "id"')
        for key in ("name", "id", "scale", "preprocessing"):
            if key in dataset and dataset[key] is None:
                faults.add(child("/dataset", key), "invalid_type", "must not be null: leave the field out")
    objective = document.get("objective")
    if isinstance(objective, list):
        code = "too_many" if len(objective) > 1 else "invalid_type"
        faults.add("/objective", code, 'a search has one objective: {"name": ..., "direction": "min" or "max"}')
    fit = document.get("fit")
    if isinstance(fit, dict):
        for key in ("validation_split", "cross_validation", "class_weight"):
            if key in fit and fit[key] is None:
                faults.add(child("/fit", key), "invalid_type", "must not be null: leave the field out")
    check_data_shapes(document, faults)
    if "seed" in document and document["seed"] is None:
        faults.add("/seed", "invalid_type", "must not be null: leave the field out for a seed of our own")


def _add(error: ErrorDetails, document: Mapping[str, Any], faults: Faults) -> None:
    kind = error["type"]
    path = [part for part in error["loc"] if part != "[key]"]
    # The discriminated union names its branch in the path; the document does not have that level.
    if len(path) > 1 and path[0] == "tuner" and path[1] in _TUNERS:
        del path[1]
    if path[:3] == ["dataset", "preprocessing", "columns"]:
        del path[4:5]
    known = _known_fields(path, document)
    pointer = ""
    for part in path:
        pointer = child(pointer, part)
    code = _CODES.get(kind, "invalid_type")
    detail = _DETAILS.get(kind, error["msg"].lower().removeprefix("input should be ").strip())
    if not detail.startswith("must") and kind not in _DETAILS:
        detail = f"must be {detail}"
    if kind == "extra_forbidden":
        detail = _unknown(str(path[-1]), path, known)
        if path[:2] == ["dataset", "preprocessing"] and path[-1] in _FILES:
            code, detail = "path_not_allowed", "the vocabulary is learnt from the training rows: no file is read"
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        tuner = document.get("tuner")
        word = tuner.get("type") if isinstance(tuner, dict) else None
        hint = suggestion(word, _TUNERS) if isinstance(word, str) else ""
        pointer, detail = "/tuner/type", f"must be one of {listed(_TUNERS)}{hint}"
    elif kind == "missing" and path == ["objective", "direction"]:
        detail = 'must be "min" or "max": which is better does not follow from this name'
    elif kind == "missing" and path == ["tuner", "max_epochs"]:
        detail = "must be given, since `fit.epochs` is no plain number"
    elif kind == "too_long":
        detail = f"must have at most {error['ctx']['max_length']} entries"
    elif kind == "too_short":
        detail = "must not be empty: leave the field out for the default"
    if not faults.at_or_below(pointer) or kind == "extra_forbidden":
        faults.add(pointer, code, detail)


def _known_fields(path: list[int | str], document: Mapping[str, Any]) -> list[str]:
    if len(path) == 1:
        return list(Definition.model_fields)
    if path[0] == "tuner":
        tuner = document.get("tuner")
        kind = tuner.get("type") if isinstance(tuner, dict) else None
        return list(_TUNERS[kind].model_fields) if isinstance(kind, str) and kind in _TUNERS else ["type"]
    part = _PARTS.get("/".join(str(each) for each in path[: 3 if path[2:3] == ["columns"] else -1]))
    return [] if part is None else list(part.model_fields)


def _unknown(key: str, path: list[int | str], known: list[str]) -> str:
    if path[0] == "tuner" and key in SearchLimits.model_fields:
        return f"`{key}` belongs in `limits`"
    hint = suggestion(key, known)
    return f"no such field{hint}" + ("" if hint else f"; known are {listed(known, limit=20)}")


def _check_objective(document: Mapping[str, Any], declarations: Declarations, faults: Faults) -> None:
    objective, compiled, model = (document.get(key) for key in ("objective", "compile", "model"))
    name = objective.get("name") if isinstance(objective, dict) else None
    kind = model_type(model)
    if isinstance(name, str) and (isinstance(compiled, dict) or (kind is not None and not kind.compiled)):
        walk = Walk(declarations, faults, None)
        check_logged_name(name, "/objective/name", logged_metrics(compiled, model), walk)


def _check_tuner(document: Mapping[str, Any], found: Analysis, faults: Faults) -> None:
    tuner, fit, limits = (document.get(key) for key in ("tuner", "fit", "limits"))
    kind = tuner.get("type") if isinstance(tuner, dict) else None
    if kind == "grid" and len(faults) == 0:
        _check_grid(found, faults)
    model = model_type(document.get("model"))
    if kind == "hyperband" and model is not None and not model.in_epochs:
        detail = "Hyperband stops trainings after some epochs, and estimators have none: take another tuner"
        faults.add("/tuner/type", "unsupported_combination", detail)
    if kind == "sweep" and isinstance(tuner, dict) and len(faults) == 0:
        check_sweep(SweepTuner.model_validate(tuner), found.space, faults)
    if kind == "hyperband" and isinstance(fit, dict) and isinstance(fit.get("epochs"), dict):
        detail = "Hyperband decides how long each trial trains: give a number, and no hole"
        faults.add("/fit/epochs", "invalid_type", detail)
    if kind == "bayesian" and isinstance(tuner, dict) and isinstance(limits, dict):
        first, most = tuner.get("num_initial_points"), limits.get("max_trials")
        if isinstance(first, int) and isinstance(most, int) and first > most:
            faults.add("/tuner/num_initial_points", "out_of_range", "must not be greater than `limits.max_trials`")


def _check_grid(found: Analysis, faults: Faults) -> None:
    for declared in found.declarations.sound.values():
        if declared.prototype.cardinality() is None:
            detail = "a grid search lists all values, so this needs a `step`"
            faults.add(child(declared.pointer, "step"), "invalid_step", detail)
    size = found.space.size()
    if size is not None and size > bounds.MAX_GRID:
        detail = f"a grid has at most {bounds.MAX_GRID} points; this space has more: use larger steps or another tuner"
        faults.add("/tuner/type", "cardinality_too_large", detail)

"""A definition at one point of its space: plain JSON without holes, ready to be built and trained."""

from __future__ import annotations

from collections.abc import Mapping

from storage.records import Scalar
from tuners.definitions.compiling import resolve_compile
from tuners.definitions.document import Definition
from tuners.definitions.facts import DataFacts
from tuners.definitions.filling import filled
from tuners.definitions.models import MODEL_TYPES
from tuners.definitions.schedules import SCHEDULE, resolve_schedule


def resolve(
    definition: Definition, values: Mapping[str, Scalar], data: DataFacts, *, seed: int | None = None
) -> dict[str, object]:
    """The definition with every hole filled.

    Args:
        values: A point of `definition.space()`: the active hyperparameters only.
        data: Facts of the data set the definition was checked against.
        seed: Of the training; the definition's own when None.

    Returns:
        JSON: `model` (`type`, `input_shape`, `layers`), `compile`, `fit`, `objective`, `seed`, `dataset`, and
        `layer_pointers`, the place in the definition of each resolved layer. Optional parts that were not given are
        absent.

    Raises:
        KeyError: A hole's hyperparameter has no value: `values` is no point of the space.
        LookupError: The data set lacks something a hole asks for.
    """
    kind = MODEL_TYPES[definition.model["type"]]
    model = kind.resolve(definition.model, values, data)
    compiled = _compile(definition, values, data, compiled=kind.compiled)
    fit: dict[str, object] = {"epochs": 1}
    if kind.in_epochs:
        fit = {
            "epochs": filled(definition.fit.epochs, values, data),
            "batch_size": filled(definition.fit.batch_size, values, data),
            "shuffle": filled(definition.fit.shuffle, values, data),
        }
        fit["callbacks"] = [
            _callback(callback, values, data, optimizer=compiled.get("optimizer"), epochs=fit["epochs"])
            for callback in definition.fit.callbacks
        ]
    if definition.fit.validation_split is not None:
        fit["validation_split"] = filled(definition.fit.validation_split, values, data)
    if definition.fit.cross_validation is not None:
        fit["cross_validation"] = definition.fit.cross_validation.model_dump()
    fit["split_by"] = definition.fit.split_by
    fit["sample_weight"] = definition.fit.sample_weight
    if definition.fit.class_weight is not None:
        fit["class_weight"] = definition.fit.class_weight
    return {
        "model": {"type": definition.model["type"], **model.document},
        "compile": compiled,
        "fit": fit,
        "objective": definition.objective.model_dump(),
        "seed": definition.seed if seed is None else seed,
        "dataset": definition.dataset.to_json(),
        "layer_pointers": model.pointers,
    }


def _compile(
    definition: Definition, values: Mapping[str, Scalar], data: DataFacts, *, compiled: bool
) -> dict[str, object]:
    if not compiled:
        return {"metrics": [filled(metric, values, data) for metric in definition.compile.metrics]}
    return resolve_compile(definition.compile.model_dump(exclude_none=True), values, data)


def _callback(
    callback: Mapping[str, object], values: Mapping[str, Scalar], data: DataFacts, *, optimizer: object, epochs: object
) -> object:
    if callback["callback"] != SCHEDULE:
        return filled(callback, values, data)
    assert isinstance(epochs, int)
    assert optimizer is None or isinstance(optimizer, Mapping)
    return resolve_schedule(callback, values, data, optimizer=optimizer, epochs=epochs)

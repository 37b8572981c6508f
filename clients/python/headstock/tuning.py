"""`headstock.search`: a Keras Tuner build function and arrays in, a search on the service out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from headstock.arrays import uploaded
from headstock.client import Client
from headstock.errors import CodeNotAllowed, HeadstockError
from headstock.searches import Search
from headstock.sources import source_of

TUNERS: Mapping[str, str] = {
    "RandomSearch": "random",
    "GridSearch": "grid",
    "BayesianOptimization": "bayesian",
    "Hyperband": "hyperband",
}
"""Keras Tuner's names, which are understood too."""

Direction = Literal["min", "max"]


def search(
    build: Callable[..., Any] | type | str,
    x: Any,
    y: Any,
    *,
    tuner: str | Mapping[str, Any] = "hyperband",
    objective: str | tuple[str, Direction] | None = None,
    max_epochs: int | None = None,
    max_trials: int | None = None,
    validation_data: tuple[Any, Any] | None = None,
    validation_split: float | None = 0.2,
    epochs: int | None = None,
    batch_size: int | None = None,
    executions_per_trial: int = 1,
    parallelism: int = 1,
    callbacks: Sequence[Mapping[str, Any]] = (),
    hyperparameters: Sequence[Mapping[str, Any]] = (),
    arguments: Mapping[str, Any] | None = None,
    seed: int | None = None,
    name: str | None = None,
    wait: bool = True,
    url: str | None = None,
    token: str | None = None,
) -> Search:
    """Tune what `build` builds on these arrays; returns the search, when it has ended unless `wait` is False.

    The function travels as source, with the imports, constants and functions of its file that it uses, and runs on a
    service whose operator allows that. The arrays are kept there by content: the same ones are sent once.

    Args:
        build: A function `build(hp)` that returns a compiled Keras model, a `keras_tuner.HyperModel` class, or the name
            of a builder that the operator has registered.
        x: Examples, shape (rows, ...). They are used as they are.
        y: Targets, one a row.
        tuner: `random`, `grid`, `hyperband`, `bayesian`, ... or Keras Tuner's class names; or the `tuner` part of a
            definition with its options.
        objective: A logged metric; where its name does not tell which way is better, a pair such as
            `("val_my_metric", "max")`. None takes `val_loss`.
        max_epochs: The most epochs of a trial: Hyperband's, or what `epochs` says for other tuners.
        max_trials: The most trials.
        validation_data: A pair of arrays; None holds out the share `validation_split` of the rows.
        epochs: Of each trial. It may be left out for Hyperband, and where a HyperModel's own `fit` says it.
        batch_size: None takes 32, or what a HyperModel's own `fit` says.
        callbacks: As in definitions: `{"callback": "EarlyStopping", "patience": 3}`.
        hyperparameters: Other ranges for some that the builder asks for, as in definitions.
        arguments: For the constructor of a HyperModel class, or further arguments of the function.
        url: Where the service is; None finds it as `Client` does.

    Raises:
        CodeNotAllowed: The operator has not turned the setting `code` on.
        NotPortable: The function uses something that cannot travel as source; the message names it.
        InvalidDefinition: The service refuses it; `errors` has the places and reasons.
        SearchFailed: The search has failed.
    """
    model, title = _model(build, arguments)
    client = Client(url, token)
    if "code" in model and client.catalog().get("code") is False:
        # Before anything is sent.
        raise CodeNotAllowed.by_catalog()
    data = uploaded(client, x, y, validation_data=validation_data)
    fit: dict[str, Any] = {"callbacks": [dict(each) for each in callbacks]}
    chosen = _tuner(tuner, max_epochs)
    trained = epochs if epochs is not None or chosen["type"] == "hyperband" else max_epochs
    for key, value in (("epochs", trained), ("batch_size", batch_size)):
        if value is not None:
            fit[key] = value
    if validation_data is None and validation_split is not None:
        fit["validation_split"] = validation_split
    definition: dict[str, Any] = {
        "name": name or title,
        "dataset": {"id": data.id, "scale": "none"},
        "model": model,
        "fit": fit,
        "objective": _objective(objective),
        "tuner": chosen,
        "hyperparameters": [dict(each) for each in hyperparameters],
        "executions_per_trial": executions_per_trial,
        "parallelism": parallelism,
    }
    if max_trials is not None:
        definition["limits"] = {"max_trials": max_trials}
    if seed is not None:
        definition["seed"] = seed
    found = client.submit(definition)
    return found.wait(progress=True) if wait else found


def _model(build: Callable[..., Any] | type | str, arguments: Mapping[str, Any] | None) -> tuple[dict[str, Any], str]:
    """The `model` part, and what to call the search."""
    more = {} if not arguments else {"arguments": dict(arguments)}
    if isinstance(build, str):
        return {"type": "builder", "builder": build, **more}, build
    source = source_of(build)
    return {"type": "builder", "code": source.code, "entry": source.entry, **more}, source.entry


def _tuner(tuner: str | Mapping[str, Any], max_epochs: int | None) -> dict[str, Any]:
    chosen: dict[str, Any] = dict(tuner) if isinstance(tuner, Mapping) else {"type": TUNERS.get(tuner, tuner)}
    if chosen.get("type") == "hyperband" and max_epochs is not None:
        chosen.setdefault("max_epochs", max_epochs)
    return chosen


def _objective(objective: Any) -> dict[str, Any]:
    if objective is None:
        return {"name": "val_loss"}
    if isinstance(objective, str):
        return {"name": objective}
    if isinstance(objective, tuple) and len(objective) == 2:
        return {"name": objective[0], "direction": objective[1]}
    name, direction = getattr(objective, "name", None), getattr(objective, "direction", None)
    if isinstance(name, str) and isinstance(direction, str):
        return {"name": name, "direction": direction}
    raise HeadstockError('objective must be a metric\'s name, or a pair such as ("val_accuracy", "max")')

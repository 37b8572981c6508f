# Made from _async/_tuning.py by `make twins`: edit that one.
"""A Keras Tuner build function and arrays in, a search on the service out."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from headstock._datasets import StoredDatasets
from headstock._seam import in_thread
from headstock.arrays import Arrays, arrays_of
from headstock.definitions import Definition
from headstock.errors import CodeNotAllowed, NameTaken
from headstock.models import Dataset
from headstock.searches import Search
from headstock.tuning import Builder, TargetMetric, Tuner, model_part, objective_part, tuner_part


class Tuning(StoredDatasets, ABC):
    """Searches that begin with a function and arrays."""

    @abstractmethod
    def submit(self, definition: Definition, *, idempotency_key: str | None = None) -> Search: ...

    @abstractmethod
    def catalog(self) -> dict[str, Any]: ...

    def tune(
        self,
        build: Builder,
        x: Any,
        y: Any,
        *,
        tuner: Tuner = "hyperband",
        objective: TargetMetric | None = None,
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
    ) -> Search:
        """Tune what `build` builds on these arrays; returns the search.

        The function travels as source, with the imports, constants and functions of its file that it uses, and runs on
        a service whose operator allows that. The arrays are kept there by content: the same ones are sent once.

        Args:
            build: A function `build(hp)` that returns a compiled Keras model, a `keras_tuner.HyperModel` class, or the
                name of a builder that the operator has registered.
            x: Examples, shape (rows, ...). They are used as they are.
            y: Targets, one a row.
            tuner: `random`, `grid`, `hyperband`, `bayesian`, ... or Keras Tuner's class names; or the `tuner` part of a
                definition with its options.
            objective: A logged metric; where its name does not tell which way is better, a pair such as
                `("val_my_metric", "max")`. None takes `val_loss`.
            max_epochs: The most epochs of a trial: Hyperband's, or what `epochs` says for other tuners.
            max_trials: The most trials.
            validation_data: A pair of arrays; None holds out the share `validation_split` of the rows.
            validation_split: Above 0 and below 1. None holds nothing out: then the objective must be one of training.
            epochs: Of each trial. It may be left out for Hyperband, and where a HyperModel's own `fit` says it.
            batch_size: None takes 32, or what a HyperModel's own `fit` says.
            executions_per_trial: Trainings of each trial, from fresh weights; its score is their mean.
            parallelism: Trials at a time, as far as there are workers.
            callbacks: As in definitions: `{"callback": "EarlyStopping", "patience": 3}`.
            hyperparameters: Other ranges for some that the builder asks for, as in definitions.
            arguments: For the constructor of a HyperModel class, or further arguments of the function.
            seed: Of weights, order and proposals; None lets the service choose.
            name: Of the search; None takes the function's.
            wait: Show the progress and return when the search has ended. False returns at once; `search.wait()` waits.

        Raises:
            CodeNotAllowed: The operator has not turned the setting `code` on.
            NotPortable: The function uses something that cannot travel as source; the message names it.
            HeadstockError: The arrays cannot be used.
            InvalidDefinition: The service refuses it; `errors` has the places and reasons.
            SearchFailed: The search has failed.
        """
        model, title = model_part(build, arguments)
        catalog = self.catalog() if "code" in model else {}
        if catalog.get("code") is False:
            # Before anything is sent.
            raise CodeNotAllowed.by_catalog()
        data = self._kept(in_thread(arrays_of, x, y, validation_data=validation_data))
        fit: dict[str, Any] = {"callbacks": [dict(each) for each in callbacks]}
        chosen = tuner_part(tuner, max_epochs)
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
            "objective": objective_part(objective),
            "tuner": chosen,
            "hyperparameters": [dict(each) for each in hyperparameters],
            "executions_per_trial": executions_per_trial,
            "parallelism": parallelism,
        }
        if max_trials is not None:
            definition["limits"] = {"max_trials": max_trials}
        if seed is not None:
            definition["seed"] = seed
        found = self.submit(definition)
        return found.wait(progress=True) if wait else found

    def _kept(self, arrays: Arrays) -> Dataset:
        """The data set with these arrays: the one that is there already, or a new one.

        Raises:
            InvalidDataset: The service cannot use them.
        """
        known = self._named(arrays.name)
        if known is not None:
            return known
        with tempfile.TemporaryDirectory(prefix="headstock-") as folder:
            file = in_thread(arrays.write, folder)
            try:
                return self.upload_dataset(file, name=arrays.name, scale="none", task=arrays.task)
            except NameTaken:
                # The same arrays were on their way from somewhere else.
                taken = self._named(arrays.name)
                if taken is None:
                    raise
                return taken

    def _named(self, name: str) -> Dataset | None:
        for dataset in self.datasets():
            if dataset.name == name:
                return dataset
        return None

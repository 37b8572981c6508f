"""The parts of a definition that say which data a model sees: `dataset`, and the splits in `fit`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tuners.catalogue import catalogue
from tuners.datasets.preprocessing.layout import example_bytes
from tuners.datasets.preprocessing.options import Column, Preprocessing
from tuners.definitions import bounds
from tuners.definitions.document import Definition
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults, child, listed, suggestion
from tuners.definitions.models import model_type
from tuners.definitions.walking import Scope, Walk, hole_kind

_PREPROCESSING = "/dataset/preprocessing"
_LEFT_OUT = "must not be null: leave the field out"
_OF_NUMBERS = ("scale", "indicator")
_OF_CATEGORIES = ("encode",)
_MISSING = {"number": ("median", "mean", "zero", "refuse"), "category": ("category", "most_frequent")}


def split_completed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with `fit.split_by` filled in where windows are cut: rows drawn at random are no windows."""
    fit = document.get("fit")
    if not isinstance(fit, dict) or "split_by" in fit or _window(document) is None:
        return dict(document)
    return {**document, "fit": {**fit, "split_by": "time"}}


def _window(document: Mapping[str, Any]) -> object:
    dataset = document.get("dataset")
    options = dataset.get("preprocessing") if isinstance(dataset, dict) else None
    return options.get("window") if isinstance(options, dict) else None


def check_data_shapes(document: Mapping[str, Any], faults: Faults) -> None:
    """Faults in the data's part of a document that its frame would report less clearly."""
    dataset, fit = document.get("dataset"), document.get("fit")
    if isinstance(dataset, dict):
        if "test_split" in dataset and dataset["test_split"] is None:
            faults.add("/dataset/test_split", "invalid_type", _LEFT_OUT)
        for pointer, value in _values(dataset.get("preprocessing"), _PREPROCESSING):
            if value is None and pointer != _PREPROCESSING:
                faults.add(pointer, "invalid_type", _LEFT_OUT)
            elif isinstance(value, dict) and len(value) == 1 and hole_kind(value) is not None:
                faults.add(pointer, "invalid_type", "preprocessing takes plain values: no hole can stand here")
    if not isinstance(fit, dict):
        return
    for pointer, value in _values(fit.get("cross_validation", {}), "/fit/cross_validation"):
        if value is None:
            faults.add(pointer, "invalid_type", _LEFT_OUT)
    folding = isinstance(fit.get("cross_validation"), dict)
    if folding and "validation_split" in fit:
        detail = "the folds of `cross_validation` are the validation parts: leave one of the two out"
        faults.add("/fit/validation_split", "unsupported_combination", detail)
    tuner = document.get("tuner")
    if folding and isinstance(tuner, dict) and tuner.get("type") == "hyperband":
        detail = (
            "a trial that Hyperband promotes goes on from weights that have seen the rows of later folds: "
            "take another tuner, or `validation_split`"
        )
        faults.add("/fit/cross_validation", "unsupported_combination", detail)
    if _window(document) is not None and fit.get("split_by") == "rows":
        detail = 'windows need neighbouring rows, which a split by rows tears apart: write "time", or "group"'
        faults.add("/fit/split_by", "unsupported_combination", detail)


def _values(value: object, pointer: str) -> Iterator[tuple[str, object]]:
    yield pointer, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, child(pointer, key))


def check_data(definition: Definition, data: DataFacts, faults: Faults) -> None:
    """Adds a fault for preprocessing, splits and batches that do not suit the data set."""
    options = definition.dataset.preprocessing or Preprocessing()
    _check_kind(definition, options, data, faults)
    if data.kind == "table" and data.columns:
        _check_columns(options, data, faults)
    if len(faults) == 0:
        _check_sizes(options, data, faults)
    _check_split(definition, data, faults)
    _check_validation(definition, data, faults)
    kind = model_type(definition.model)
    in_epochs = kind is None or kind.in_epochs
    largest = highest(definition, definition.fit.batch_size, data) if in_epochs else None
    if isinstance(largest, int) and largest > data.train_rows:
        detail = f"must not be greater than the number of training rows, {data.train_rows}"
        faults.add("/fit/batch_size", "out_of_range", detail)


def highest(definition: Definition, value: object, data: DataFacts) -> object:
    """The largest number that a plain number or a hole of `fit` can become; None when there is none."""
    if not isinstance(value, Mapping):
        return value
    if "hp" not in value:
        span = Walk(definition.analysis.declarations, Faults(), data).span(value, "", Scope())
        return None if span is None else span.high
    hyperparameter = definition.space().by_name[value["hp"]]
    return max(hyperparameter.values) if hyperparameter.values else hyperparameter.highest


def _check_kind(definition: Definition, options: Preprocessing, data: DataFacts, faults: Faults) -> None:
    """Every part of the preprocessing is for one kind of data."""
    suits = {
        "numbers": (data.kind == "table", "a table"),
        "categories": (data.kind == "table", "a table"),
        "columns": (data.kind == "table", "a table"),
        "text": (data.kind == "text", "texts"),
        "sequence": (data.sequences, "rows of integers"),
        "window": (data.rows_of_numbers, "a table, or other rows of numbers"),
    }
    for part, (suited, wanted) in suits.items():
        if getattr(options, part) and not suited:
            faults.add(
                f"{_PREPROCESSING}/{part}", "task_mismatch", f"this is for {wanted}, and the data set is another"
            )
    if data.kind == "text" and definition.dataset.scale is not None:
        faults.add("/dataset/scale", "task_mismatch", "texts have no scale")
    if options.sequence is not None and options.window is not None:
        detail = "`sequence` and `window` are two ways to get one axis: leave one of them out"
        faults.add(f"{_PREPROCESSING}/window", "unsupported_combination", detail)


def _check_columns(options: Preprocessing, data: DataFacts, faults: Faults) -> None:
    for name, chosen in options.columns.items():
        place = child(f"{_PREPROCESSING}/columns", name)
        kind = data.columns.get(name)
        if kind is None:
            hint = suggestion(name, data.columns)
            faults.add(place, "unknown_column", f"the data set has the columns {listed(data.columns)}{hint}")
        elif isinstance(chosen, Column):
            for key in _OF_CATEGORIES if kind == "number" else _OF_NUMBERS:
                if getattr(chosen, key) is not None:
                    other = "categories" if kind == "number" else "numbers"
                    faults.add(child(place, key), "task_mismatch", f"this is for {other}, and the column is another")
            if chosen.missing is not None and chosen.missing not in _MISSING[kind]:
                faults.add(child(place, "missing"), "invalid_enum", f"must be one of {listed(_MISSING[kind])}")
    for name in data.gaps:
        chosen = options.columns.get(name, Column())
        if data.columns[name] != "number" or not isinstance(chosen, Column):
            continue
        if (chosen.missing or (options.numbers and options.numbers.missing)) == "refuse":
            own = child(f"{_PREPROCESSING}/columns", name)
            place = f"{own}/missing" if chosen.missing else f"{_PREPROCESSING}/numbers/missing"
            faults.add(place, "missing_values", f"the column `{name}` has missing values in its training rows")
    if not data.features:
        faults.add(f"{_PREPROCESSING}/columns", "shape_mismatch", "every column is dropped: nothing is left to see")


def _check_sizes(options: Preprocessing, data: DataFacts, faults: Faults) -> None:
    if options.window is not None and data.train_rows < 2:
        detail = "the data set has too few rows for two windows of this length and horizon"
        faults.add(f"{_PREPROCESSING}/window/length", "out_of_range", detail)
    if options.model_fields_set and example_bytes(data.input_shape, data.train_rows) > bounds.MAX_EXAMPLE_BYTES:
        needed, most = (
            size / 2**30 for size in (example_bytes(data.input_shape, data.train_rows), bounds.MAX_EXAMPLE_BYTES)
        )
        detail = f"the examples would take {needed:.0f} GiB of memory, and at most {most:.0f} are allowed"
        faults.add(_PREPROCESSING, "too_many", detail)


def _check_split(definition: Definition, data: DataFacts, faults: Faults) -> None:
    fit = definition.fit
    if definition.dataset.test_split is not None and data.tested:
        detail = "the data set has a test part of its own, which no trial sees: leave this out"
        faults.add("/dataset/test_split", "unsupported_combination", detail)
    options = definition.dataset.preprocessing
    if fit.split_by == "group" and not data.grouped:
        detail = "the rows have no groups: name the column of groups when the data are uploaded"
        faults.add("/fit/split_by", "data_unavailable", detail)
    # Windows fall back on the order in which rows were stored.
    if fit.split_by == "time" and not data.timed and (options is None or options.window is None):
        detail = "the rows have no times: name the column of times when the data are uploaded"
        faults.add("/fit/split_by", "data_unavailable", detail)
    if fit.cross_validation is not None and fit.cross_validation.folds > data.train_rows:
        detail = f"must not be greater than the number of training rows, {data.train_rows}"
        faults.add("/fit/cross_validation/folds", "out_of_range", detail)


def _check_validation(definition: Definition, data: DataFacts, faults: Faults) -> None:
    fit = definition.fit
    split = highest(definition, fit.validation_split, data)
    if isinstance(split, float) and not 1 <= int(data.train_rows * split) < data.train_rows:
        detail = f"leaves no rows to train on, or none to validate with: the data set has {data.train_rows} rows"
        faults.add("/fit/validation_split", "out_of_range", detail)
    if fit.validation_split is not None or fit.cross_validation is not None or data.validation_rows:
        return
    detail = (
        "there is no validation part: give `fit.validation_split` or `fit.cross_validation`, or name a metric of the "
        "training part"
    )
    if definition.objective.name.startswith("val_"):
        faults.add("/objective/name", "unknown_metric", detail)
    for index, callback in enumerate(fit.callbacks):
        entry = catalogue().callbacks[callback["callback"]]
        if "monitor" in entry.arguments:
            monitor = callback.get("monitor", entry.arguments["monitor"].default)
            if str(monitor).startswith("val_"):
                faults.add(f"/fit/callbacks/{index}/monitor", "unknown_metric", detail)

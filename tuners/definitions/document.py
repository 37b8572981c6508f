"""The frame of a search definition: its fields, their types and ranges. What the holes mean is checked elsewhere."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from storage import records
from tuners.datasets.preprocessing.options import Preprocessing
from tuners.definitions import bounds
from tuners.definitions.analysis import Analysis, analysed
from tuners.definitions.faults import Faults
from tuners.definitions.metrics import Better, logged_metrics, with_validation
from tuners.definitions.models import model_type
from tuners.definitions.scanning import name_fault
from tuners.definitions.training import OF_EPOCHS
from tuners.space import Space

JsonObject = dict[str, Any]


def _given(value: object) -> object:
    if value is None:
        raise PydanticCustomError("out_of_range", "must not be null: leave the field out for no limit")
    return value


def _visible(value: object) -> object:
    detail = name_fault(value) if isinstance(value, str) else None
    if detail is not None:
        raise PydanticCustomError("invalid_name", "{detail}", {"detail": detail})
    return value


_Given = BeforeValidator(_given)
_Name = Annotated[str, BeforeValidator(_visible)]
_List = Field(strict=False)
_Trials = Annotated[int, Field(ge=1, le=bounds.MAX_TRIALS)]
_Epochs = Annotated[int, Field(ge=1, le=bounds.MAX_TOTAL_EPOCHS)]
_Seconds = Annotated[float, Field(gt=0, le=bounds.MAX_SECONDS)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class DatasetReference(_Part):
    """Which data set: by name (a built-in one, or the caller's newest of that name) or by id.

    Attributes:
        test_split: Share of the training rows that no trial sees; they are the test part of a data set without one.
    """

    name: _Name | None = None
    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_]+$")] | None = None
    scale: Literal["0-1", "standard", "none"] | None = None
    test_split: Annotated[float, Field(gt=0, lt=1)] | None = None
    preprocessing: Preprocessing | None = None

    def to_json(self) -> JsonObject:
        """What was given, and the defaults of the parts of the preprocessing that were."""
        document = self.model_dump(exclude_none=True)
        return document if self.preprocessing is None else {**document, "preprocessing": self.preprocessing.to_json()}


class ObjectiveReference(_Part):
    """What is optimised."""

    name: str
    direction: Literal["min", "max"]

    def to_record(self) -> records.Objective:
        return records.Objective(self.name, self.direction)


class SearchLimits(_Part):
    """A search ends at the first of these; None means no such limit."""

    max_trials: Annotated[_Trials | None, _Given] = None
    max_seconds: Annotated[_Seconds | None, _Given] = None
    max_epochs: Annotated[_Epochs | None, _Given] = None
    max_device_seconds: Annotated[_Seconds | None, _Given] = None
    target: Annotated[float | None, _Given] = None
    patience_trials: Annotated[_Trials | None, _Given] = None

    def to_record(self) -> records.Limits:
        return records.Limits(**self.model_dump())


class RandomTuner(_Part):
    type: Literal["random"]


class GridTuner(_Part):
    type: Literal["grid"]


class HyperbandTuner(_Part):
    """Options of Keras Tuner's Hyperband. `max_epochs` defaults to `fit.epochs`."""

    type: Literal["hyperband"]
    max_epochs: Annotated[int, Field(ge=1, le=bounds.MAX_EPOCHS)]
    factor: Annotated[int, Field(ge=2, le=100)] = 3
    hyperband_iterations: Annotated[int, Field(ge=1, le=1000)] = 1


class BayesianTuner(_Part):
    """Options of Keras Tuner's BayesianOptimization. Without `num_initial_points`: three for each hyperparameter."""

    type: Literal["bayesian"]
    num_initial_points: Annotated[int, Field(ge=1, le=bounds.MAX_TRIALS)] | None = None
    alpha: Annotated[float, Field(gt=0, le=1e6)] = 1e-4
    beta: Annotated[float, Field(ge=0, le=1e6)] = 2.6


class SweepTuner(_Part):
    """One hyperparameter at a time from the baseline of defaults.

    Attributes:
        hyperparameters: Expanded names, in the order in which they are swept; None: all active at the defaults.
        points: How many values of a number without a step are tried, on its sampling scale, both ends included.
        repeats: How often each point is run.
    """

    type: Literal["sweep"]
    hyperparameters: (
        Annotated[tuple[str, ...], _List, Field(min_length=1, max_length=bounds.MAX_HYPERPARAMETERS)] | None
    ) = None
    points: Annotated[int, Field(ge=2, le=bounds.MAX_CHOICES)] = 8
    repeats: Annotated[int, Field(ge=1, le=100)] = 1


class PerturbTuner(_Part):
    """Change the best a little at random, keep what is better (`tuners/oracles/perturb.py` has the rule).

    Attributes:
        sigma: Deviation of the first steps, as a share of each range on its sampling scale.
        shrink: Factor of the step at each trial that is not better; a better one makes up for four.
        min_sigma: Steps never get smaller.
    """

    type: Literal["perturb"]
    sigma: Annotated[float, Field(gt=0, le=1)] = 0.2
    shrink: Annotated[float, Field(ge=0.5, lt=1)] = 0.9
    min_sigma: Annotated[float, Field(gt=0, le=1)] = 0.01


Tuner = Annotated[
    RandomTuner | GridTuner | HyperbandTuner | BayesianTuner | SweepTuner | PerturbTuner, Field(discriminator="type")
]


class Compile(_Part):
    """Keras' `compile`. Each of them is a name, or an object with arguments, in which numbers may be holes.

    Optimizer and loss are None for models that bring their own. With several outputs loss and metrics are
    `{"outputs": {name: ...}}`.
    """

    optimizer: Any = None
    loss: Any = None
    loss_weights: Any = None
    metrics: Any = ()


class CrossValidation(_Part):
    """Each trial trains once a fold, each time validating on another part of the training rows."""

    folds: Annotated[int, Field(ge=2, le=bounds.MAX_FOLDS)]
    stratified: bool = True


class Fit(_Part):
    """Keras' `fit`. Numbers may be holes.

    Attributes:
        epochs: None for models that are not trained in epochs.
        validation_split: Share of the training rows that is held out; None uses the data set's own validation part.
        cross_validation: Instead of it.
        split_by: What either of them keeps together or apart: nothing, groups, or the past and the future.
        sample_weight: Whether the data set's sample weights count, where it has any.
    """

    epochs: Any = None
    batch_size: Any = 32
    validation_split: Any = None
    cross_validation: CrossValidation | None = None
    split_by: Literal["rows", "group", "time"] = "rows"
    shuffle: Any = True
    sample_weight: bool = True
    class_weight: Literal["balanced"] | None = None
    callbacks: Annotated[tuple[Any, ...], _List] = ()


_TagKey = Annotated[str, Field(min_length=1, max_length=bounds.MAX_TAG_KEY)]
_TagValue = Annotated[str, Field(max_length=bounds.MAX_TAG_VALUE)]


class Definition(_Part):
    """A checked search definition, with defaults filled in. Get one from `parse_definition`.

    The parts with holes (`model`, `compile`, `hyperparameters`, ...) are JSON as the client wrote it; do not change it.
    """

    name: _Name
    dataset: DatasetReference
    model: JsonObject
    compile: Compile = Compile()
    fit: Fit = Fit()
    hyperparameters: Annotated[tuple[JsonObject, ...], _List]
    constraints: Annotated[tuple[JsonObject, ...], _List] = ()
    objective: ObjectiveReference
    tuner: Tuner
    limits: SearchLimits = SearchLimits()
    parallelism: Annotated[int, Field(ge=1, le=bounds.MAX_PARALLELISM)] = 1
    executions_per_trial: Annotated[int, Field(ge=1, le=bounds.MAX_EXECUTIONS)] = 1
    max_retries_per_trial: Annotated[int, Field(ge=0, le=bounds.MAX_RETRIES)] = 0
    priority: Annotated[int, Field(ge=-bounds.MAX_PRIORITY, le=bounds.MAX_PRIORITY)] = 0
    seed: Annotated[int, Field(ge=0, le=bounds.MAX_INTEGER)] | None = None
    tags: Annotated[dict[_TagKey, _TagValue], Field(max_length=bounds.MAX_TAGS)] = {}

    def to_json(self) -> JsonObject:
        """The canonical document: defaults filled in, absent fields left out. Parsing it gives this definition."""
        return copy.deepcopy(self.model_dump(mode="python", exclude_none=True)) | _opaque(self)

    @cached_property
    def analysis(self) -> Analysis:
        """What the walk over the holes found."""
        faults = Faults()
        found = analysed(self.to_json(), faults)
        faults.raise_if_any()
        return found

    def space(self) -> Space:
        """The expanded space: repeats unrolled, generated conditions added, constraints attached."""
        return self.analysis.space

    @property
    def trainings_per_trial(self) -> int:
        """How often each trial trains from fresh weights: once for each fold of each execution."""
        folding = self.fit.cross_validation
        return self.executions_per_trial * (1 if folding is None else folding.folds)

    def metric_names(self, *, validation: bool = True) -> tuple[str, ...]:
        """The names under which the model logs; with `validation` those of the validation part too."""
        names = self.metrics() or {}
        return tuple(with_validation(names) if validation else names)

    def metrics(self) -> Better | None:
        """The names under which the model logs on its training part; None when only training can tell."""
        return logged_metrics({"loss": self.compile.loss, "metrics": self.compile.metrics}, self.model)


def _opaque(definition: Definition) -> JsonObject:
    """The parts whose nulls mean something (`"clipnorm": null`) and are therefore kept."""
    kind = model_type(definition.model)
    in_epochs = kind is None or kind.in_epochs
    document: JsonObject = {
        "model": definition.model,
        "dataset": definition.dataset.to_json(),
        "hyperparameters": list(definition.hyperparameters),
        "compile": {
            key: list(value) if isinstance(value, tuple) else value
            for key in Compile.model_fields
            if (value := getattr(definition.compile, key)) is not None
        },
        "fit": {
            key: _plain(value)
            for key in Fit.model_fields
            if (in_epochs or key not in OF_EPOCHS) and (value := getattr(definition.fit, key)) is not None
        },
        "constraints": list(definition.constraints),
    }
    return copy.deepcopy(document)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return list(value) if isinstance(value, tuple) else value

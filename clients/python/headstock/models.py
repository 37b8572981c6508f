"""What the service answers, as frozen models. Fields this library does not know are ignored: newer services add some.

Times are aware UTC datetimes; durations are seconds, as their names say. Metrics that were not finite are None.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel

Scalar = bool | int | float | str
Value = Scalar | list[int | float]
"""A value of a hyperparameter; a choice may be between lists of numbers."""
SearchState = Literal["QUEUED", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
TrialState = Literal["QUEUED", "RUNNING", "COMPLETED", "STOPPED", "FAILED", "CANCELLED"]
SEARCH_ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
TRIAL_ENDED = frozenset({"COMPLETED", "STOPPED", "FAILED", "CANCELLED"})
T = TypeVar("T")


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from headstock.notebook.views import html_of

        return html_of(self)


class Document(RootModel[dict[str, Any]]):
    """An answer whose keys are data: a definition, the catalog."""


class Page(Model, Generic[T]):
    """One page of a list; `next_page_token` is None on the last."""

    items: list[T]
    next_page_token: str | None = None


class Objective(Model):
    name: str
    direction: Literal["min", "max"]


class Reason(Model):
    """Why something ended or waits: a stable word and a sentence."""

    code: str
    message: str


class Remark(Reason):
    """What is odd in a definition, but allowed. `pointer` is a JSON pointer (RFC 6901) to the place."""

    pointer: str = ""


class TrialCounts(Model):
    """How many trials of a search are in each state."""

    queued: int = 0
    running: int = 0
    completed: int = 0
    stopped: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.running + self.ended

    @property
    def ended(self) -> int:
        return self.completed + self.stopped + self.failed + self.cancelled


class BestScore(Model):
    trial_id: str
    score: float


class SearchRecord(Model):
    """One search as the service described it at one moment.

    Attributes:
        tuner: The tuner's type, as in a definition (`hyperband`, ...).
        progress: Part of the planned work that is done, 0 to 1; None when the search is open-ended.
        elapsed_seconds: Seconds spent RUNNING; pauses are left out.
        remaining_seconds: The service's estimate; None while it has none.
        planned_trials: Trials the search makes if nothing ends it early; None when open-ended.
        workers_busy: Workers that train trials of it now.
        definition: As submitted, with defaults filled in; None in lists, which leave it out.
        warnings: What was odd but allowed; told at submission only.
    """

    id: str
    name: str
    state: SearchState
    state_reason: Reason | None = None
    objective: Objective
    tuner: str
    dataset_id: str | None = None
    limits: dict[str, float | None]
    parallelism: int | None = None
    executions_per_trial: int = 1
    max_retries_per_trial: int | None = None
    priority: int = 0
    seed: int | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    trials: TrialCounts
    best: BestScore | None = None
    planned_trials: int | None = None
    planned_epochs: int | None = None
    epochs_recorded: int | None = None
    device_seconds: float | None = None
    progress: float | None = None
    elapsed_seconds: float = 0.0
    remaining_seconds: float | None = None
    workers_busy: int | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    definition: dict[str, Any] | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    warnings: list[Remark] = Field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.state in SEARCH_ENDED

    @property
    def fit_epochs(self) -> int | None:
        """Epochs of each trial where the definition fixes them; None where a hyperparameter decides."""
        fit = (self.definition or {}).get("fit")
        epochs = fit.get("epochs") if isinstance(fit, dict) else None
        return epochs if isinstance(epochs, int) else None


class SearchCounts(Model):
    """How many searches there are, by state and all together."""

    states: dict[SearchState, int]
    total: int


class Failure(Reason):
    """Why an attempt failed.

    Attributes:
        fault: `definition` or `machine`: whose budget of retries it is charged to.
        traceback: Shortened; None when there is none.
    """

    fault: str | None = None
    retryable: bool | None = None
    traceback: str | None = None


class TrialRecord(Model):
    """One trial as the service described it at one moment.

    Attributes:
        number: Counts within the search, from 0.
        score: The objective at its best epoch, mean over executions; None until scored.
        best_epoch: Epoch of the best objective, counted from 0.
        epochs: Epochs recorded, over all executions.
        hyperparameters: The active ones.
        swept: Of a sweep: the hyperparameter that is not at its default; None for the baseline and other tuners.
        metrics: All metrics at the best epoch; None where not finite.
        seconds: Training seconds over all attempts that ended.
        parent_trial_id: The trial this one goes on from (Hyperband's promotions).
        target_epochs: Epochs to have been trained at the end; None means those of the definition's fit.
        ended_seq: Its place in the order of ending, from 0; None while open.
    """

    id: str
    search_id: str
    number: int
    state: TrialState
    score: float | None = None
    best_epoch: int | None = None
    epochs: int = 0
    hyperparameters: dict[str, Value]
    swept: str | None = None
    metrics: dict[str, float | None] = Field(default_factory=dict)
    attempts: int = 0
    failure: Failure | None = None
    seconds: float | None = None
    parameters: int | None = None
    device: str | None = None
    worker_id: str | None = None
    parent_trial_id: str | None = None
    start_epoch: int = 0
    target_epochs: int | None = None
    bracket: int | None = None
    round: int | None = None
    stop_requested: bool = False
    ended_seq: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in TRIAL_ENDED


class BestRecord(TrialRecord):
    """One of the best trials, with the definition without holes, and Keras Python.

    Attributes:
        definition: None, and `code` too, where there is no data set (any more) to take the shapes from.
    """

    definition: dict[str, Any] | None = None
    code: str | None = None


class Recipe(Model):
    """How to have a trial's model again.

    Attributes:
        definition: The model, compile and fit parts with the trial's values filled in.
        code: Keras Python that builds and trains it as it stands. Both are None where there is no data set (any more)
            to take the shapes from.
    """

    trial_id: str
    definition: dict[str, Any] | None = None
    code: str | None = None


class Epoch(Model):
    """One pass over the data, counted from 0 and absolute over promotions.

    Attributes:
        trial_number: Set in lists over a whole search.
        metrics: None where a value was not finite.
    """

    trial_id: str
    trial_number: int | None = None
    epoch: int
    execution: int
    fold: int | None = None
    metrics: dict[str, float | None]
    seconds: float
    recorded_at: datetime


class Attempt(Model):
    """One try at running a trial. `number` counts from 1."""

    number: int
    state: str
    worker_id: str | None = None
    device: str | None = None
    failure: Failure | None = None
    started_at: datetime
    ended_at: datetime | None = None


class AttemptLog(Model):
    """The last lines an attempt's trainer printed; None while it runs and when nothing was kept."""

    attempt: int
    log: str | None = None


class Column(Model):
    """One column of a table that is learnt from.

    Attributes:
        kind: "number" or "category".
        categories: The first of them, in order; `num_categories` says how many there are.
        missing: Training rows without a value.
    """

    name: str
    kind: str
    categories: list[str] = Field(default_factory=list)
    num_categories: int = 0
    missing: int = 0


class DatasetInput(Model):
    """One of several named arrays of examples."""

    name: str
    shape: list[int]
    dtype: str


class DatasetTarget(Model):
    """One of several named targets."""

    name: str
    task: str
    num_classes: int | None = None
    class_names: list[str] = Field(default_factory=list)
    shape: list[int] = Field(default_factory=list)


class Dataset(Model):
    """Data kept by the service.

    Attributes:
        kind: "array", "image", "table" or "text".
        task: "classification", "regression" or "multilabel".
        input_shape: Shape of one example, without the batch axis; empty for texts.
        target_shape: Shape of one example's target: empty for one number or class.
        target_names: Of several numbers or labels, where they were named.
        columns: Of a table, in the order of `input_shape`.
        inputs: When an example consists of several arrays: all of them.
        targets: When there are several named targets: all of them.
        max_token: Largest of rows of whole numbers, none negative: tokens or codes.
        weighted: Whether rows have sample weights.
        grouped: Whether rows belong to groups that a split can keep whole.
        timed: Whether rows have times that a split can keep in order.
        scale: "0-1", "standard" or "none"; applied by the service, fitted on the training part only.
        builtin: Whether it came by name and not by upload.
    """

    id: str
    name: str
    kind: str = "array"
    task: str
    input_shape: list[int]
    num_classes: int | None = None
    class_names: list[str] = Field(default_factory=list)
    target_shape: list[int] = Field(default_factory=list)
    target_names: list[str] = Field(default_factory=list)
    feature_names: list[str] = Field(default_factory=list)
    columns: list[Column] = Field(default_factory=list)
    inputs: list[DatasetInput] = Field(default_factory=list)
    targets: list[DatasetTarget] = Field(default_factory=list)
    max_token: int | None = None
    weighted: bool = False
    grouped: bool = False
    timed: bool = False
    train_rows: int = 0
    validation_rows: int = 0
    test_rows: int = 0
    x_dtype: str | None = None
    y_dtype: str | None = None
    scale: str | None = None
    source: str | None = None
    builtin: bool = False
    size_bytes: int | None = None
    fingerprint: str | None = None
    created_at: datetime | None = None


class ClassCount(Model):
    """Rows of one class, or with one label."""

    name: str
    count: int


class Feature(Model):
    """One column, or all values of an array together; figures are over its finite values.

    Attributes:
        kind: "number", or "category", which has no minimum, maximum and mean.
        missing: Values that are not there.
    """

    name: str
    kind: str = "number"
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    missing: int = 0


class PreviewInput(Model):
    """One array of examples.

    Attributes:
        name: Empty when there is only one.
        kind: "table", "image", "text" or "values".
        features: The first 64 columns of a table or flat array; one for all values of other arrays.
        looked_at: Rows that the figures are over.
    """

    name: str
    kind: str
    shape: list[int]
    features: list[Feature] = Field(default_factory=list)
    looked_at: int = 0


class PreviewTarget(Model):
    """What is to be learnt: rows of each class or label, or figures of each number."""

    name: str
    task: str
    classes: list[ClassCount] = Field(default_factory=list)
    numbers: list[Feature] = Field(default_factory=list)


class PreviewCell(Model):
    """What one row holds of one input.

    Attributes:
        values: The first 64 numbers and names of categories, None where missing.
        text: The first 400 characters.
        image: PNG in base64, at most 64 pixels on the longer side.
        shortened: Whether there is more than is shown.
    """

    values: list[float | str | None] | None = None
    text: str | None = None
    image: str | None = None
    shortened: bool = False


class PreviewRow(Model):
    """One row.

    Attributes:
        row: Counted from 0 within the part.
        targets: Of each target: a class's name, a number, names of labels, or several numbers.
    """

    row: int
    inputs: list[PreviewCell]
    targets: list[float | str | list[float | None] | list[str] | None]


class DatasetPreview(Model):
    """A look into a data set: a few rows, and figures over the part they are from."""

    dataset_id: str
    part: str
    rows_in_part: int
    inputs: list[PreviewInput]
    targets: list[PreviewTarget]
    rows: list[PreviewRow]


class BuiltinDataset(Model):
    """A data set that a definition can name without an upload; prepared when a search first does.

    Attributes:
        needs_network: Whether the first use fetches files from the internet.
    """

    name: str
    description: str = ""
    library: str | None = None
    task: str | None = None
    input_shape: list[int] = Field(default_factory=list)
    num_classes: int | None = None
    target_shape: list[int] = Field(default_factory=list)
    train_rows: int = 0
    test_rows: int = 0
    scale: str | None = None
    needs_network: bool = False


class Weights(Model):
    """Pretrained weights kept by the service.

    Attributes:
        format: ".weights.h5" (Keras 3) or ".h5" (older, layer by layer).
    """

    id: str
    name: str
    format: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    created_at: datetime | None = None


class TemplateName(Model):
    name: str


class Slot(Model):
    """One training place of a worker, and how busy its device is; what is unknown is None.

    Attributes:
        trial_id: None when it is free, or trains for somebody else.
        utilisation: Of its GPU, 0 to 1; on the CPU the share of the machine's cores that its trainer uses.
        memory_used_bytes: Of its GPU, by all programs; on the CPU of its trainer.
        memory_total_bytes: Of its GPU; on the CPU of the machine.
        trainer_bytes: Main memory of its trainer.
    """

    number: int
    device: str
    busy: bool = False
    trial_id: str | None = None
    utilisation: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_celsius: float | None = None
    trainer_bytes: int | None = None


class SlotSample(Model):
    """How busy a slot's device was at one moment."""

    number: int
    utilisation: float | None = None
    memory_used_bytes: int | None = None


class MachineSample(Model):
    """How busy a worker's machine was at one moment.

    Attributes:
        cpu: Share of all cores in use, 0 to 1.
    """

    recorded_at: datetime
    cpu: float | None = None
    memory_used_bytes: int | None = None
    slots: list[SlotSample] = Field(default_factory=list)


class LoginCode(Model):
    path: str
    expires_at: datetime | None = None


class Worker(Model):
    """A process that runs trials, and how busy its machine is as last sampled.

    Attributes:
        cpu: Share of the machine's cores in use by all programs, 0 to 1.
        samples: The last minutes, oldest first, as many as were asked for.
    """

    id: str
    name: str
    host: str
    pid: int | None = None
    backend: str | None = None
    slots: list[Slot] = Field(default_factory=list)
    versions: dict[str, str] = Field(default_factory=dict)
    cpu: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    sampled_at: datetime | None = None
    samples: list[MachineSample] = Field(default_factory=list)
    started_at: datetime | None = None
    seen_at: datetime | None = None
    ended_at: datetime | None = None


class Event(Model):
    """One change, as it was told. `seq` grows; it is what a later stream can go on after."""

    seq: int
    kind: str
    search_id: str | None = None
    trial_id: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    recorded_at: datetime | None = None


class JobRecord(Model):
    """A training that is no search of its own, as the service described it at one moment.

    Attributes:
        trial_id: The job's one trial, once it exists.
        failure: Why it failed; None when it did not.
        links: Addresses of what there is of it.
    """

    id: str
    name: str
    state: SearchState
    state_reason: Reason | None = None
    hyperparameters: dict[str, Any]
    seed: int
    dataset_id: str
    trial_id: str | None = None
    progress: float | None = None
    elapsed_seconds: float = 0.0
    remaining_seconds: float | None = None
    failure: Failure | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    links: dict[str, str] = Field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state in SEARCH_ENDED


class FinalSource(Model):
    """The trial that a final training retrains, as it was when the job was made.

    Attributes:
        executions: Trainings behind the score: repeats and folds.
    """

    search_id: str
    search_name: str
    trial_id: str
    trial_number: int
    objective: Objective
    score: float | None = None
    best_epoch: int | None = None
    executions: int = 1
    metrics: dict[str, float | None] = Field(default_factory=dict)


class FinalRecord(JobRecord):
    """A final training.

    Attributes:
        epochs: Epochs to train; None for models without epochs.
        report: How it was trained and how it did on the test part; None until it has ended well, and in lists.
    """

    source: FinalSource
    epochs: int | None = None
    report: dict[str, Any] | None = None


class RangeSuggestion(Model):
    """A range of learning rates to search in.

    Attributes:
        steepest: Where the smoothed loss falls fastest.
        minimum: Where the smoothed loss is least.
        method: How they were found, in words.
    """

    min_rate: float
    max_rate: float
    steepest: float
    minimum: float
    method: dict[str, str] = Field(default_factory=dict)


class RangeTestRecord(JobRecord):
    """A learning-rate range test; its points are there once it has ended well.

    Attributes:
        diverged: Whether it ended because the loss grew without end.
    """

    min_rate: float
    max_rate: float
    steps: int
    smoothing: float
    divergence: float
    batch_size: int | None = None
    diverged: bool | None = None
    rates: list[float] = Field(default_factory=list)
    losses: list[float] = Field(default_factory=list)
    smoothed: list[float] = Field(default_factory=list)
    suggestion: RangeSuggestion | None = None

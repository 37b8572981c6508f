"""What worker and trainer say to each other: one JSON object a line, on two pipes of their own.

Neither end trusts the other: a line is decoded strictly (unknown fields, wrong types, unknown kinds are refused), and
is bounded in length. NaN and the infinities are legal in metrics and travel as the words "NaN", "Infinity" and
"-Infinity", since JSON has no numbers for them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter, ValidationError

from storage.datasets import Dataset
from storage.records import Failure

LINE_LIMIT = 4 * 1024 * 1024

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _to_word(number: float) -> float | str:
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def _from_word(value: object) -> object:
    return _WORDS.get(value, value) if isinstance(value, str) else value


Number = Annotated[float, BeforeValidator(_from_word), PlainSerializer(_to_word, return_type=float | str)]

_CONFIG = ConfigDict(extra="forbid", strict=True)


class ProtocolFault(Exception):
    """A line that is none of ours."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where an earlier attempt of the same trial left off.

    Attributes:
        execution: The execution to go on with; earlier ones are done.
        epoch: Its last epoch that counts as stored, absolute.
        path: The checkpoint file; None when it was damaged, so that the epochs up to `epoch` must be trained again
            (they are not reported again).
        best_epoch: Epoch of the best weights that are in the store for this execution, or None.
    """

    __pydantic_config__ = _CONFIG

    execution: int
    epoch: int
    path: str | None
    best_epoch: int | None = None


Task = Literal["trial", "finalize", "lr_range_test"]


@dataclass(frozen=True, slots=True)
class RunTrial:
    """Train this.

    Attributes:
        resolved: The definition with all holes filled (`tuners.definitions.resolve`).
        data_folder: Folder of the prepared data set's arrays.
        scratch: Folder for checkpoints on their way to the store; empty, and removed by the worker.
        start_epoch: First epoch of every execution, absolute.
        target_epochs: Train until this many epochs have been done, absolute.
        max_parameters: Above this a model is refused before it is allocated.
        constraint_parameters: The definition's own bound on parameters, or None.
        parent_path: Last checkpoint of the trial this one goes on from, or None.
        executions: Trainings in all; each fold of a cross-validation is one of them.
        task: "trial": train and report. "finalize": train on all training rows, test, and save the model with its
            report. "lr_range_test": raise the learning rate batch by batch and report the losses.
        options: What tasks other than "trial" need to know (`Search.options`).
    """

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    resolved: dict[str, Any]
    dataset: Dataset
    data_folder: str
    scratch: str
    search_seed: int
    trial_number: int
    executions: int
    start_epoch: int
    target_epochs: int
    max_parameters: int
    constraint_parameters: int | None
    parent_path: str | None
    resume: ResumePoint | None
    task: Task = "trial"
    options: dict[str, Any] = field(default_factory=dict)
    type: Literal["run"] = "run"

    def fold(self, execution: int) -> int | None:
        """The fold that training number `execution` leaves out, from 0; None without cross-validation.

        A final training leaves none out, whatever the definition says.
        """
        folds = (self.resolved["fit"].get("cross_validation") or {}).get("folds")
        return execution % int(folds) if folds and self.task == "trial" else None


How = Literal["stop", "release", "abandon"]


@dataclass(frozen=True, slots=True)
class EndTrial:
    """End the trial early. `stop`: with the score so far, after this batch. `release`: after this epoch with a
    checkpoint, or after the batch at which `within_s` has passed. `abandon`: after this batch, nobody wants it."""

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    how: How
    within_s: float | None = None
    type: Literal["end"] = "end"


@dataclass(frozen=True, slots=True)
class Quit:
    """End the process."""

    __pydantic_config__ = _CONFIG

    type: Literal["quit"] = "quit"


@dataclass(frozen=True, slots=True)
class Ready:
    """Keras is imported; trials may come. `device` is Keras' name for it, such as `cpu:0`."""

    __pydantic_config__ = _CONFIG

    backend: str
    device: str
    versions: dict[str, str]
    memory_mb: float
    type: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True)
class ExecutionBegun:
    """A model is about to be built and traced: the next batch may take as long as the first one."""

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    execution: int
    type: Literal["execution"] = "execution"


@dataclass(frozen=True, slots=True)
class Started:
    """The first batch of the attempt has been trained. `parameters` is None for models that have no count of them."""

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    parameters: int | None
    type: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches have been trained or tested since the last message (at most about once a second)."""

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    execution: int
    epoch: int
    type: Literal["batches"] = "batches"


@dataclass(frozen=True, slots=True)
class EpochDone:
    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    execution: int
    epoch: int
    metrics: Mapping[str, Number]
    seconds: Annotated[float, Field(ge=0)]
    type: Literal["epoch"] = "epoch"


SavedKind = Literal["last", "best", "model", "report", "bundle"]


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint or a result lies whole under `path`; the worker moves it to the store.

    `epoch` is the last one that has gone into it, absolute; None where a result does not depend on epochs.
    """

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    kind: SavedKind
    execution: int
    epoch: int | None
    path: str
    sha256: str
    size_bytes: int
    type: Literal["saved"] = "saved"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth a log line that does not end the trial (a checkpoint that could not be written or read)."""

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    code: str
    message: str
    type: Literal["notice"] = "notice"


Outcome = Literal["completed", "stopped", "released", "abandoned"]


@dataclass(frozen=True, slots=True)
class Ended:
    """The trial is over. `leaves`: so is the process, which was in the middle of something that nothing can end."""

    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    outcome: Outcome
    memory_mb: float
    leaves: bool = False
    type: Literal["ended"] = "ended"


@dataclass(frozen=True, slots=True)
class Failed:
    __pydantic_config__ = _CONFIG

    trial_id: str
    attempt: int
    failure: Failure
    memory_mb: float
    type: Literal["failed"] = "failed"


ToTrainer = RunTrial | EndTrial | Quit
FromTrainer = Ready | ExecutionBegun | Started | Batches | EpochDone | Saved | Notice | Ended | Failed

_to_trainer: TypeAdapter[ToTrainer] = TypeAdapter(Annotated[ToTrainer, Field(discriminator="type")])
_from_trainer: TypeAdapter[FromTrainer] = TypeAdapter(Annotated[FromTrainer, Field(discriminator="type")])


def encode_to_trainer(message: ToTrainer) -> bytes:
    """One line, ending in a newline."""
    return _line(_to_trainer.dump_json(message))


def encode_from_trainer(message: FromTrainer) -> bytes:
    """One line, ending in a newline."""
    return _line(_from_trainer.dump_json(message))


def decode_to_trainer(line: bytes) -> ToTrainer:
    """Raises ProtocolFault for anything that is not exactly one message."""
    message: ToTrainer = _decoded(_to_trainer, line)
    return message


def decode_from_trainer(line: bytes) -> FromTrainer:
    """Raises ProtocolFault for anything that is not exactly one message."""
    message: FromTrainer = _decoded(_from_trainer, line)
    return message


def _line(document: bytes) -> bytes:
    if len(document) >= LINE_LIMIT:
        raise ProtocolFault(f"message of {len(document)} bytes is longer than {LINE_LIMIT}")
    return document + b"\n"


def _decoded(adapter: TypeAdapter[Any], line: bytes) -> Any:
    if len(line) > LINE_LIMIT or not line.endswith(b"\n"):
        raise ProtocolFault("line is too long, or cut off")
    try:
        return adapter.validate_json(line, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise ProtocolFault(f"{where or 'line'}: {first['msg']}") from None

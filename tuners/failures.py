"""What an exception means: whose fault it is, whether trying again can help, and a sentence for people.

`docs/failures.md` shows the table; a test compares the two. Nothing here imports Keras: exceptions of the numeric
libraries are known by the names of their classes, so that the worker can use this module too.
"""

from __future__ import annotations

import errno
import re
import signal
import traceback
from dataclasses import dataclass, replace

from storage.errors import ArtifactDamaged, HeadstockError, InvalidDefinition
from storage.records import Failure
from storage.states import Fault

_FRAMES = 6
_MESSAGE_LENGTH = 2_000
_TRACEBACK_LENGTH = 8_000


@dataclass(frozen=True, slots=True)
class FailureKind:
    """One row of the table.

    Attributes:
        code: The stable word in the API.
        fault: Whose budget of retries an attempt that failed so is charged to.
        retryable: Whether the same values may be tried again.
        ends_search: Whether it ends a search in which no batch has been trained yet: other values would fare alike.
        sentence: What happened, for people.
    """

    code: str
    fault: Fault
    retryable: bool
    ends_search: bool
    sentence: str


_D, _M = Fault.DEFINITION, Fault.MACHINE

KINDS: dict[str, FailureKind] = {
    kind.code: kind
    for kind in (
        FailureKind("build_error", _D, False, True, "The model could not be built from the definition."),
        FailureKind("invalid_model", _D, False, False, "The builder could not make a model of these values."),
        FailureKind("model_too_large", _D, False, False, "The model has more parameters than this service allows."),
        FailureKind("constraint_parameters", _D, False, False, "The model breaks the constraint on parameters."),
        FailureKind("data_error", _D, False, True, "The data set could not be prepared for this definition."),
        FailureKind("weights_unavailable", _D, False, True, "The weights the model begins with could not be had."),
        FailureKind("objective_missing", _D, False, True, "The objective is not among the reported metrics."),
        FailureKind("training_error", _D, True, True, "Training raised an error."),
        FailureKind("non_finite_objective", _D, False, False, "The objective was never a finite number."),
        FailureKind("out_of_memory", _D, True, False, "The device or the machine ran out of memory."),
        FailureKind("crash", _M, True, False, "The trainer process died."),
        FailureKind("no_progress", _M, True, False, "The trainer process showed no progress and was ended."),
        FailureKind("timeout", _M, True, False, "The trial did not reach its first batch in time."),
        FailureKind("lease_lost", _M, True, False, "The worker lost its claim on the trial."),
        FailureKind("checkpoint_damaged", _M, True, False, "A checkpoint was damaged and nothing could replace it."),
        FailureKind("storage_full", _M, True, False, "The disk is full."),
        FailureKind("data_unavailable", _M, True, False, "The data set's files could not be read."),
        FailureKind("device_lost", _M, True, False, "The device is not usable."),
        FailureKind("resource_limit", _M, True, False, "The machine refused a resource (processes, files)."),
        FailureKind("protocol_error", _M, True, False, "Worker and trainer did not understand each other."),
    )
}


class BuildFault(Exception):
    """The model cannot be built: where in the resolved definition (JSON pointer), and why."""

    code = "build_error"

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer}: {message}" if pointer else message)
        self.pointer = pointer
        self.message = message

    def __reduce__(self) -> tuple[type[BuildFault], tuple[str, str]]:
        return type(self), (self.pointer, self.message)


class ModelTooLarge(BuildFault):
    """The model has more parameters than the service allows; noticed before they are allocated."""

    code = "model_too_large"


class TrialFault(Exception):
    """A failure whose code is known where it is raised."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[TrialFault], tuple[str, str]]:
        return type(self), (self.code, self.message)


def failure(code: str, message: str | None = None, *, before_first_batch: bool = False) -> Failure:
    """The record of a failure of that kind; the table's sentence when there is no message.

    `before_first_batch` says that nothing has been trained in this attempt: only then can a fault of the definition
    end its search, and trying the same values again cannot help.
    """
    kind = KINDS[code]
    definition_fault = kind.fault is Fault.DEFINITION
    return Failure(
        code=kind.code,
        message=(message or kind.sentence)[:_MESSAGE_LENGTH],
        fault=kind.fault,
        retryable=kind.retryable and not (before_first_batch and kind.ends_search),
        ends_search=kind.ends_search and definition_fault and before_first_batch,
    )


def classify(error: BaseException, *, before_first_batch: bool, otherwise: str = "training_error") -> Failure:
    """What `error` means. `otherwise` names the kind of an exception that says nothing about itself."""
    code, message = _code_of(error, otherwise), _message_of(error)
    record = failure(code, message, before_first_batch=before_first_batch)
    if code in {"model_too_large", "constraint_parameters"}:
        return record  # The sentence says it all.
    return replace(record, traceback=short_traceback(error))


def death(returncode: int) -> Failure:
    """What it means that the trainer process ended by itself with this code (negative: by that signal)."""
    if returncode < 0:
        name = _signal_name(-returncode)
        hint = " (often the kernel's out-of-memory killer)" if name == "SIGKILL" else ""
        return failure("crash", f"The trainer process was killed by {name}{hint}.")
    return failure("crash", f"The trainer process ended with exit code {returncode}.")


def short_traceback(error: BaseException) -> str:
    """The last frames and the exception, with file names relative to their package and no path of this machine."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    lines = ["Traceback (most recent call last):"] if frames else []
    for frame in frames:
        lines.append(f'  File "{_short_path(frame.filename)}", line {frame.lineno}, in {frame.name}')
        if frame.line:
            lines.append(f"    {frame.line.strip()}")
    lines.append(f"{type(error).__name__}: {_message_of(error)}")
    return "\n".join(lines)[-_TRACEBACK_LENGTH:]


def without_paths(text: str) -> str:
    """`text` with absolute paths cut to their last two parts: where things lie on a machine is nobody's business."""
    return re.sub(r"(?<![\w.:/])/(?:[\w.@+-]+/)+([\w.@+-]+/[\w.@+-]+)", r"\1", text)


def _code_of(error: BaseException, otherwise: str) -> str:
    if isinstance(error, (BuildFault, TrialFault)):
        return error.code
    if isinstance(error, InvalidDefinition):
        return "build_error"
    if isinstance(error, ArtifactDamaged):
        return "data_unavailable"
    if _is_out_of_memory(error):
        return "out_of_memory"
    if isinstance(error, OSError):
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            return "storage_full"
        if error.errno in {errno.EMFILE, errno.ENFILE, errno.EAGAIN}:
            return "resource_limit"
    if _is_device_fault(error):
        return "device_lost"
    return otherwise


def _is_out_of_memory(error: BaseException) -> bool:
    names = {cls.__name__ for cls in type(error).__mro__}
    if names & {"MemoryError", "ResourceExhaustedError", "OutOfMemoryError"}:
        return True
    # JAX has one exception class for everything the runtime reports.
    return bool(names & {"XlaRuntimeError", "JaxRuntimeError"}) and "RESOURCE_EXHAUSTED" in str(error)


def _is_device_fault(error: BaseException) -> bool:
    text = str(error)
    return any(mark in text for mark in ("CUDA_ERROR_", "no CUDA-capable device", "CUDNN_STATUS_INTERNAL_ERROR"))


def _message_of(error: BaseException) -> str:
    if isinstance(error, (BuildFault, TrialFault, HeadstockError)):
        # Our own words: their pointers look like paths, and must stay.
        return str(error)[:_MESSAGE_LENGTH]
    return without_paths(str(error).strip() or type(error).__name__)[:_MESSAGE_LENGTH]


def _short_path(path: str) -> str:
    for mark in ("site-packages/", "dist-packages/"):
        if mark in path:
            return path.rsplit(mark, 1)[1]
    parts = path.replace("\\", "/").split("/")
    for room in ("tuners", "storage"):
        if room in parts:
            return "/".join(parts[len(parts) - 1 - parts[::-1].index(room) :])
    return parts[-1]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

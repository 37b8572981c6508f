"""The asker's side of imports: what the child says of a file, checked like any other input."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import ValidationError

from storage.clock import Clock
from storage.errors import FieldFault, InvalidImport
from tuners.children import Child, Ended, OverMemory, OverTime, plain_environment
from tuners.imports.wire import (
    CPU_S,
    ENDINGS,
    LINE_LIMIT,
    MAX_BYTES,
    MAX_EPOCHS,
    MAX_TRIALS,
    Header,
    ImportOptions,
    Reply,
    Request,
    TrialLine,
)

_COMMAND = (sys.executable, "-P", "-m", "tuners.imports")
_TIMEOUT_S = 2.0 * CPU_S
_MEMORY_MB = 1536

_log = structlog.get_logger("imports")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds: the objective and the space in the header, and every trial in the order they ended."""

    header: Header
    trials: tuple[TrialLine, ...]


def read_results(path: Path, *, filename: str, options: ImportOptions, clock: Clock) -> Imported:
    """The results in a file, read by a child process that is bounded in time and memory and runs nothing of it.

    Args:
        path: The uploaded bytes, on this machine.
        filename: What the client called the file: its ending says the format.

    Raises:
        InvalidImport: The file holds no results that can be used; the faults say where and why.
    """
    ending = Path(filename).suffix.lower()
    if ending not in ENDINGS:
        raise _refused("unsupported_media_type", f"files ending in {', '.join(ENDINGS)} are read")
    if path.stat().st_size > MAX_BYTES:
        raise _refused("too_large", f"the file is larger than {MAX_BYTES} bytes")
    request = Request(path=str(path.absolute()), ending=ending, options=options)
    child = Child(
        (*_COMMAND, request.model_dump_json()),
        clock=clock,
        memory_mb=_MEMORY_MB,
        environment=plain_environment(),
        line_limit=LINE_LIMIT,
    )
    deadline = clock.monotonic() + _TIMEOUT_S
    trials: list[TrialLine] = []
    header: Header | None = None
    epochs = 0
    try:
        while True:
            reply = Reply.model_validate_json(child.read_line(deadline))
            if reply.refusal is not None:
                faults = tuple(
                    FieldFault(each.pointer[:64], each.code[:64], each.detail[:500]) for each in reply.refusal.faults
                )
                raise InvalidImport(f"The results cannot be used: {faults[0].detail}", faults)
            if reply.end and header is not None:
                return Imported(header, tuple(trials))
            if reply.trial is not None:
                trials.append(reply.trial)
                epochs += len(reply.trial.epochs)
            header = reply.header or header
            if len(trials) > MAX_TRIALS or epochs > MAX_EPOCHS:
                raise Ended
    except (Ended, OverTime, OverMemory, ValidationError, IndexError) as error:
        _log.warning("imports_child", action="failed", reason=type(error).__name__, log=child.last_words())
        detail = "Reading the file took more time or memory than is allowed, or ended its reader: is it damaged?"
        raise _refused("too_costly", detail) from error
    finally:
        child.kill()


def _refused(code: str, detail: str) -> InvalidImport:
    return InvalidImport(f"The results cannot be used: {detail}", (FieldFault("/file", code, detail),))

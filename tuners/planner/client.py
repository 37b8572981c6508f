"""The API's side of the planner: starts the child when it is needed, bounds its time and memory, remembers answers."""

from __future__ import annotations

import hashlib
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import structlog
from pydantic import ValidationError

from storage.clock import Clock
from storage.errors import FieldFault, HeadstockError, InvalidDefinition
from storage.settings import Settings
from tuners.definitions import DataFacts
from tuners.planner.wire import LINE_LIMIT, READY, ModelSize, Reply, Request

ModelFacts = ModelSize
"""Smallest, largest and default parameter count of a definition's models, as far as they were built."""

# `-P`: nothing is imported from the folder it happens to start in.
_COMMAND = (sys.executable, "-P", "-m", "tuners.planner")
_START_TIMEOUT_S = 180.0
_LOOK_S = 0.05
_REMEMBERED = 128
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_NOT_ABOUT_THE_MODEL = (
    "name", "dataset", "limits", "tuner", "parallelism", "executions_per_trial", "max_retries_per_trial", "priority",
    "seed", "tags",
)  # fmt: skip

_log = structlog.get_logger("planner")


class _Ended(Exception):
    """The child ended by itself: it had been idle, or it crashed."""


class _OverTime(Exception):
    pass


class _OverMemory(Exception):
    pass


class Planner:
    """Checks definitions in one child process with Keras loaded; starting it costs nothing until the first check.

    Safe for threads: checks wait for each other, answers that are remembered do not wait.

    Args:
        command: Starts the child; it gets the idle seconds as its last argument.
    """

    def __init__(self, settings: Settings, clock: Clock, *, command: Sequence[str] = _COMMAND) -> None:
        self._command = (*command, str(settings.planner_idle_s))
        self._settings = settings
        self._clock = clock
        self._turn = threading.Lock()
        self._child: _Child | None = None
        self._closing = False
        self._memory_lock = threading.Lock()
        self._answers: OrderedDict[str, Reply] = OrderedDict()

    def check(self, definition: Mapping[str, object], facts: DataFacts) -> ModelFacts:
        """The sizes of the definition's models, after building them at the corners of its space.

        Args:
            definition: What `Definition.to_json` gives: checked, with defaults filled in.

        Raises:
            InvalidDefinition: A model cannot be built, is too large, or does not fit the data; the fault has the place,
                a code (`build_error`, `shape_mismatch`, `model_too_large`) and Keras' reason. Also when the check
                takes more time or memory than the settings allow, or ends the child twice.
            HeadstockError: The child cannot be started at all.
        """
        request = Request(definition=dict(definition), facts=facts, max_parameters=self._settings.max_parameters)
        key = _fingerprint(request)
        reply = self._remembered(key)
        if reply is None:
            with self._turn:
                reply = self._remembered(key) or self._asked(key, request)
        if reply.size is not None:
            return reply.size
        raise InvalidDefinition("the model cannot be built over the whole search space", reply.faults)

    def close(self) -> None:
        """Ends the child at once, with the check it is at. The planner may be used again; it then starts another."""
        self._closing = True
        child = self._child
        if child is not None:
            child.end()
        with self._turn:
            self._drop()
            self._closing = False

    @property
    def child_pid(self) -> int | None:
        """Process id of the child if one lives."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def _remembered(self, key: str) -> Reply | None:
        with self._memory_lock:
            reply = self._answers.get(key)
            if reply is not None:
                self._answers.move_to_end(key)
            return reply

    def _asked(self, key: str, request: Request) -> Reply:
        try:
            reply = self._answer(request)
        except _OverTime:
            return _refusal("building and checking the models takes longer than {} s", self._settings.planner_timeout_s)
        except _OverMemory:
            return _refusal("building the models takes more than {} MiB of memory", self._settings.planner_memory_mb)
        except _Ended:
            return _refusal("building the models ends the process that tries it", code="build_error")
        if reply.error or (reply.size is None and not reply.faults):
            raise HeadstockError(f"the planner failed: {reply.error or 'it gave an empty answer'}")
        with self._memory_lock:
            self._answers[key] = reply
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        return reply

    def _answer(self, request: Request) -> Reply:
        line = request.model_dump_json().encode() + b"\n"
        # A child may end for being idle at the very moment it is asked, so one that ended is replaced once.
        for last_try in (False, True):
            child = self._started()
            try:
                child.write(line)
                answer = child.read_line(self._clock.monotonic() + self._settings.planner_timeout_s)
                return Reply.model_validate_json(answer)
            except _Ended:
                _log.warning("planner ended", action="restart", stderr=child.last_words())
                self._drop()
                if self._closing:
                    raise HeadstockError("the planner was closed during the check") from None
                if last_try:
                    raise
            except (_OverTime, _OverMemory) as error:
                _log.warning("planner over its limits", action="kill", limit=type(error).__name__)
                self._drop()
                raise
            except ValidationError:
                self._drop()
                raise HeadstockError("the planner gave an answer that is none") from None
        raise AssertionError("unreachable")

    def _started(self) -> _Child:
        if self._child is not None and self._child.alive:
            return self._child
        self._drop()
        child = self._child = _Child(self._command, self._settings, self._clock)
        if self._closing:
            child.end()
        try:
            if child.read_line(self._clock.monotonic() + _START_TIMEOUT_S) != READY:
                raise _Ended
        except (_Ended, _OverTime, _OverMemory) as error:
            words = child.last_words()
            self._drop()
            _log.error("planner cannot start", action="start", reason=type(error).__name__, stderr=words)
            raise HeadstockError("the planner process could not be started; its log says why") from error
        return child

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()


class _Child:
    """One planner process and its two pipes."""

    def __init__(self, command: Sequence[str], settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._memory_limit = settings.planner_memory_mb * 1024 * 1024
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(settings),
            cwd=tempfile.gettempdir(),
            bufsize=0,
        )
        self._buffer = b""
        # An idle child ends when it likes; somebody must wait for it, or it stays behind as a zombie.
        threading.Thread(target=self._process.wait, name="planner-wait", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            left = memoryview(line)
            while left:
                left = left[self._process.stdin.write(left) :]
        except OSError as error:
            raise _Ended from error

    def read_line(self, deadline: float) -> bytes:
        """The next line the child writes.

        Raises:
            _OverTime: The clock passed `deadline` first.
            _OverMemory: The child's resident memory passed its limit first.
            _Ended: The child ended first.
        """
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            if select.select([descriptor], [], [], _LOOK_S)[0]:
                chunk = os.read(descriptor, 1 << 16)
                if not chunk or len(self._buffer) > LINE_LIMIT:
                    raise _Ended
                self._buffer += chunk
                continue
            if self._clock.monotonic() > deadline:
                raise _OverTime
            if _resident_bytes(self.pid) > self._memory_limit:
                raise _OverMemory
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def last_words(self) -> str:
        """The end of what the child wrote to standard error."""
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 2000))
        return self._errors.read().decode(errors="replace")

    def end(self) -> None:
        """Kill the process; whoever reads from it finds that it ended."""
        self._process.kill()

    def kill(self) -> None:
        """Kill the process and give back its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()


def _environment(settings: Settings) -> dict[str, str]:
    """Only what Python and Keras need: the child builds what strangers wrote, and needs no secret to do so."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    root = Path(__file__).resolve().parents[2]
    return {
        **kept,
        "PYTHONPATH": str(root),
        "KERAS_BACKEND": settings.backend,
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _resident_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _fingerprint(request: Request) -> str:
    document = request.model_dump(mode="json")
    for name in _NOT_ABOUT_THE_MODEL:
        document["definition"].pop(name, None)
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _refusal(sentence: str, limit: float | int | None = None, *, code: str = "model_too_large") -> Reply:
    detail = sentence.format(f"{limit:g}") if limit is not None else sentence
    return Reply(faults=(FieldFault("/model", code, f"{detail}: make the largest models smaller"),))

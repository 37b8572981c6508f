"""The API's side of the planner: starts the child when it is needed, bounds its time and memory, remembers answers."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import structlog
from pydantic import ValidationError

from storage.clock import Clock
from storage.errors import FieldFault, HeadstockError, InvalidDefinition
from storage.settings import Settings
from tuners.children import Child, Ended, OverMemory, OverTime, plain_environment
from tuners.definitions import DataFacts
from tuners.planner.wire import LINE_LIMIT, READY, Discovery, ModelSize, Reply, Request
from tuners.registered import child_environment

ModelFacts = ModelSize
"""Smallest, largest and default parameter count of a definition's models, as far as they were built."""

# `-P`: nothing is imported from the folder it happens to start in.
_COMMAND = (sys.executable, "-P", "-m", "tuners.planner")
_START_TIMEOUT_S = 180.0
_REMEMBERED = 128
_EXPLORED_SHARE = 0.6
"""Share of the time for a check in which a builder is explored; the rest is for its longest single step."""
_NOT_ABOUT_THE_MODEL = (
    "name", "dataset", "limits", "tuner", "parallelism", "executions_per_trial", "max_retries_per_trial", "priority",
    "seed", "tags",
)  # fmt: skip

_log = structlog.get_logger("planner")


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
        self._child: Child | None = None
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
        reply = self._reply(definition, facts)
        if reply.size is not None:
            return reply.size
        raise InvalidDefinition("the model cannot be built over the whole search space", reply.faults)

    def discover(self, definition: Mapping[str, object], facts: DataFacts) -> Discovery:
        """What looking at the definition's builder shows. Its code runs in the child, and in no other process here.

        A child that has run code from a client ends afterwards: nobody else's definition is checked in it.

        Raises:
            InvalidDefinition: As `tuners.planner.builders.look_at` says, or time and memory as for `check`.
            HeadstockError: The child cannot be started at all.
        """
        reply = self._reply(definition, facts, explore_s=_EXPLORED_SHARE * self._settings.planner_timeout_s)
        if reply.discovery is not None:
            return reply.discovery
        raise InvalidDefinition("the builder cannot be used", reply.faults)

    def _reply(self, definition: Mapping[str, object], facts: DataFacts, *, explore_s: float | None = None) -> Reply:
        request = Request(
            definition=dict(definition),
            facts=facts,
            max_parameters=self._settings.max_parameters,
            explore_s=explore_s,
        )
        key = _fingerprint(request)
        reply = self._remembered(key)
        if reply is None:
            with self._turn:
                reply = self._remembered(key) or self._asked(key, request)
                if "code" in request.definition["model"]:
                    self._drop()
        return reply

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
        except OverTime:
            return _refusal("building and checking the models takes longer than {} s", self._settings.planner_timeout_s)
        except OverMemory:
            return _refusal("building the models takes more than {} MiB of memory", self._settings.planner_memory_mb)
        except Ended:
            return _refusal("building the models ends the process that tries it", code="build_error")
        if reply.error or (reply.size is None and reply.discovery is None and not reply.faults):
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
            except Ended:
                _log.warning("planner ended", action="restart", stderr=child.last_words())
                self._drop()
                if self._closing:
                    raise HeadstockError("the planner was closed during the check") from None
                if last_try:
                    raise
            except (OverTime, OverMemory) as error:
                _log.warning("planner over its limits", action="kill", limit=type(error).__name__)
                self._drop()
                raise
            except ValidationError:
                self._drop()
                raise HeadstockError("the planner gave an answer that is none") from None
        raise AssertionError("unreachable")

    def _started(self) -> Child:
        if self._child is not None and self._child.alive:
            return self._child
        self._drop()
        child = self._child = Child(
            self._command,
            clock=self._clock,
            memory_mb=self._settings.planner_memory_mb,
            environment=_environment(self._settings),
            line_limit=LINE_LIMIT,
        )
        if self._closing:
            child.end()
        try:
            if child.read_line(self._clock.monotonic() + _START_TIMEOUT_S) != READY:
                raise Ended
        except (Ended, OverTime, OverMemory) as error:
            words = child.last_words()
            self._drop()
            _log.error("planner cannot start", action="start", reason=type(error).__name__, stderr=words)
            raise HeadstockError("the planner process could not be started; its log says why") from error
        return child

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()


def _environment(settings: Settings) -> dict[str, str]:
    """Only what Python and Keras need: the child builds what strangers wrote, and needs no secret to do so."""
    return {
        **plain_environment(),
        **child_environment(settings),
        "KERAS_BACKEND": settings.backend,
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _fingerprint(request: Request) -> str:
    document = request.model_dump(mode="json")
    for name in _NOT_ABOUT_THE_MODEL:
        # What is found is checked against all of the definition, the tuner's wishes included.
        if request.explore_s is None or name not in ("tuner", "limits"):
            document["definition"].pop(name, None)
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _refusal(sentence: str, limit: float | int | None = None, *, code: str = "model_too_large") -> Reply:
    detail = sentence.format(f"{limit:g}") if limit is not None else sentence
    return Reply(faults=(FieldFault("/model", code, f"{detail}: make the largest models smaller"),))

"""Trainers as child processes of the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import BinaryIO

from tuners.launchers.base import Deliver, TrainerExited, TrainerGarbled
from tuners.trainer.devices import Place, cores, places, trainer_environment, visible_gpus
from tuners.trainer.protocol import (
    LINE_LIMIT,
    ProtocolFault,
    ToTrainer,
    decode_from_trainer,
    encode_to_trainer,
)

LOG_BYTES = 64 * 1024
_CLOSE_S = 10.0
_LOG_JOIN_S = 0.5


class LocalLauncher:
    """Starts trainers on this machine, each in a process group of its own.

    Args:
        slots: Trainers that run at once; the machine's cores are shared out among them.
        backend: Keras' backend.
        environment: Where the trainers' environment is taken from, by an allow-list.
        command: What is run; the pipes' numbers are added to it.
    """

    def __init__(
        self,
        *,
        slots: int,
        backend: str,
        environment: Mapping[str, str],
        command: Sequence[str] = (sys.executable, "-P", "-m", "tuners.trainer"),
    ) -> None:
        self._backend = backend
        self._environment = dict(environment)
        self._command = tuple(command)
        self._places = places(slots, visible_gpus(environment))

    @property
    def places(self) -> tuple[Place, ...]:
        return self._places

    def start(self, place: Place, deliver: Deliver) -> LocalTrainer:
        environment = trainer_environment(
            place, slots=len(self._places), backend=self._backend, inherited=self._environment, cores=cores()
        )
        return LocalTrainer(self._command, environment, deliver)


class LocalTrainer:
    """A child process, two pipes, and what it prints."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], deliver: Deliver) -> None:
        orders_read, orders_write = os.pipe()
        reports_read, reports_write = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    *command,
                    "--orders", str(orders_read),
                    "--reports", str(reports_write),
                    "--parent", str(os.getpid()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                pass_fds=(orders_read, reports_write),
                # Not where the worker was started: a relative import or file name must find nothing there.
                cwd=tempfile.gettempdir(),
                # Its own group, so that it can be ended with all it has started, and Ctrl-C does not reach it.
                start_new_session=True,
            )  # fmt: skip
        except BaseException:
            os.close(orders_write)
            os.close(reports_read)
            raise
        finally:
            os.close(orders_read)
            os.close(reports_write)
        self._deliver = deliver
        self._orders: SimpleQueue[bytes | None] = SimpleQueue()
        self._log = bytearray()
        self._log_lock = threading.Lock()
        self._gone = threading.Event()
        assert self._process.stdout is not None
        self._printing = self._thread("log", self._read_log, self._process.stdout)
        self._writing = self._thread("orders", self._write_orders, os.fdopen(orders_write, "wb", buffering=0))
        self._reading = self._thread("reports", self._read_reports, os.fdopen(reports_read, "rb"))

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: ToTrainer) -> None:
        self._orders.put(encode_to_trainer(message))

    def kill(self) -> None:
        # The group's number is the child's, which cannot be given to another before we have waited for it.
        if not self._gone.is_set():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def begin_log(self) -> None:
        with self._log_lock:
            self._log.clear()

    def log(self) -> str:
        with self._log_lock:
            # No database takes a NUL in a text.
            return bytes(self._log).decode("utf-8", "replace").replace("\0", "\ufffd")

    def close(self) -> None:
        self.kill()
        self._orders.put(None)
        self._gone.wait(_CLOSE_S)

    def _thread(self, name: str, target: object, file: object) -> threading.Thread:
        thread = threading.Thread(
            target=target,  # type: ignore[arg-type]  # bound methods below
            args=(file,),
            name=f"trainer-{self._process.pid}-{name}",
            daemon=True,
        )
        thread.start()
        return thread

    def _write_orders(self, pipe: BinaryIO) -> None:
        """On a thread of its own: a trainer that is stopped does not read, and must not hold up its slot."""
        with suppress(OSError), pipe:
            while (line := self._orders.get()) is not None:
                view = memoryview(line)
                while view:
                    view = view[pipe.write(view) :]

    def _read_reports(self, pipe: BinaryIO) -> None:
        with pipe:
            while line := pipe.readline(LINE_LIMIT + 1):
                try:
                    message = decode_from_trainer(line)
                except ProtocolFault as fault:
                    # A line cut off by the end of the process is no misunderstanding.
                    if line.endswith(b"\n") or len(line) > LINE_LIMIT:
                        self._deliver(TrainerGarbled(str(fault)))
                    break
                self._deliver(message)
        self._wait_for_end()

    def _wait_for_end(self) -> None:
        returncode = self._process.wait()
        # What it has started may live on and hold the pipes; nobody wants it any more. The number is still ours only
        # while a member of the group lives, so this can end nothing else.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._gone.set()
        self._orders.put(None)
        # The last words matter most, but a stray grandchild with the pipe open must not delay the news.
        self._printing.join(_LOG_JOIN_S)
        self._deliver(TrainerExited(returncode))

    def _read_log(self, pipe: BinaryIO) -> None:
        with suppress(OSError, ValueError), pipe:
            while chunk := os.read(pipe.fileno(), 8192):
                with self._log_lock:
                    self._log += chunk
                    del self._log[:-LOG_BYTES]

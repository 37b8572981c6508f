"""Child processes that answer one line at a time, bounded in time and memory, and kept warm between questions."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from storage.clock import Clock

Answer = Callable[[bytes], bytes]

_LOOK_S = 0.05
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


class Ended(Exception):
    """The child ended by itself: it had been idle, or it crashed."""


class OverTime(Exception):
    """The child did not answer in time."""


class OverMemory(Exception):
    """The child took more memory than it may."""


def plain_environment() -> dict[str, str]:
    """Only what Python needs: a child that works on what strangers wrote needs no secret to do so."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}


class Child:
    """One process that answers lines, and its two pipes. Used by one thread at a time; `end` may come from another.

    Args:
        command: Starts the process.
        memory_mb: Resident memory (MiB) above which `read_line` raises.
        environment: All its variables.
        line_limit: Bytes of the longest line it may write; a longer one counts as its end.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        clock: Clock,
        memory_mb: int,
        environment: Mapping[str, str],
        line_limit: int,
    ) -> None:
        self._clock = clock
        self._memory_limit = memory_mb * 1024 * 1024
        self._line_limit = line_limit
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(environment),
            cwd=tempfile.gettempdir(),
            bufsize=0,
        )
        self._buffer = b""
        # An idle child ends when it likes; somebody must wait for it, or it stays behind as a zombie.
        threading.Thread(target=self._process.wait, name="child-wait", daemon=True).start()

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
            raise Ended from error

    def read_line(self, deadline: float) -> bytes:
        """The next line the child writes.

        Raises:
            OverTime: The clock passed `deadline` first.
            OverMemory: The child's resident memory passed its limit first.
            Ended: The child ended first.
        """
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            if select.select([descriptor], [], [], _LOOK_S)[0]:
                chunk = os.read(descriptor, 1 << 16)
                if not chunk or len(self._buffer) > self._line_limit:
                    raise Ended
                self._buffer += chunk
                continue
            if self._clock.monotonic() > deadline:
                raise OverTime
            if _resident_bytes(self.pid) > self._memory_limit:
                raise OverMemory
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


def _resident_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def answer_lines(arguments: Sequence[str], *, ready: bytes, line_limit: int, load: Callable[[], Answer]) -> int:
    """The child's side: answers each line of standard input until the pipe is closed or nobody has asked for a while.

    Args:
        arguments: The last one is how many seconds it waits for a question.
        ready: Written once `load` has returned.
        line_limit: Bytes of the longest question.
        load: Imports what is needed and gives what answers: a line for a line, without newlines.
    """
    idle_s = float(arguments[-1])
    # Libraries print; what they print must not get between our lines.
    channel = os.dup(1)
    os.dup2(2, 1)
    answer = load()
    _write_all(channel, ready)
    buffer = b""
    while True:
        while b"\n" not in buffer:
            if not select.select([0], [], [], idle_s)[0]:
                return 0
            chunk = os.read(0, 1 << 16)
            if not chunk or len(buffer) > line_limit:
                return 0
            buffer += chunk
        line, _, buffer = buffer.partition(b"\n")
        _write_all(channel, answer(line) + b"\n")


def _write_all(channel: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(channel, left) :]

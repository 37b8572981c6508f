"""A terminal of our own: runs a command behind a pseudo-terminal and reads its screen as a person would."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping
from types import TracebackType

import pyte

from tests.waiting import wait_until


class Terminal:
    """`python -m headstock ...` on a screen of `columns` x `lines`; use as a context."""

    def __init__(self, *arguments: str, env: Mapping[str, str], columns: int = 120, lines: int = 36) -> None:
        self._arguments = arguments
        self._env = {
            name: value
            for name, value in {**os.environ, **env}.items()
            if name not in ("COLUMNS", "LINES", "NO_COLOR", "HEADSTOCK_DATA_DIR")
        }
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.raw = b""
        self._size = (lines, columns)

    def __enter__(self) -> Terminal:
        self._master, self._slave = pty.openpty()
        self._resized(*self._size)
        self.settings_before = termios.tcgetattr(self._slave)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "headstock", *self._arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**self._env, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=10)
        os.close(self._slave)
        self._reader.join(timeout=10)
        os.close(self._master)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        with self._lock:
            self._screen.resize(lines, columns)
        self._resized(lines, columns)

    def text(self) -> str:
        """The screen now."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def shows(self, *parts: str, timeout_s: float = 20.0) -> str:
        """The screen, once all the parts are on it."""

        def seen() -> str:
            text = self.text()
            return text if all(part in text for part in parts) else ""

        try:
            return wait_until(seen, timeout_s=timeout_s)
        except AssertionError:
            raise AssertionError(f"never seen: {parts}; the screen is\n{self.text()}") from None

    def until(self, condition: Callable[[str], bool], *, timeout_s: float = 20.0) -> str:
        """The screen, once it is as wanted."""
        return wait_until(lambda: text if condition(text := self.text()) else "", timeout_s=timeout_s)

    def ended(self) -> int:
        """The exit code, once it has ended and all it said has been read."""
        code = self.process.wait(timeout=20)
        # Everything written before the end lies in the terminal's buffer: read on until it is empty.
        wait_until(lambda: b"\x1b[?25h" in self.raw)
        return code

    @property
    def settings(self) -> list[object]:
        """What the terminal is set to: echo, line mode, ..."""
        return termios.tcgetattr(self._slave)

    def _resized(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)

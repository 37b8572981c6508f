"""Keys pressed on a terminal, one by one and unseen; nothing where there is no terminal to read from."""

from __future__ import annotations

import os
import select
import sys
import threading
from types import TracebackType
from typing import Any

try:
    import termios
except ModuleNotFoundError:  # Windows: the screen lives without keys, Ctrl-C ends it
    termios = None  # type: ignore[assignment]

# What terminals send for the keys with names, as xterm and VT220 do.
_NAMED = {
    "\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[C": "right", "\x1b[D": "left",
    "\x1b[5~": "pageup", "\x1b[6~": "pagedown", "\x1b[H": "home", "\x1b[F": "end", "\x1b[1~": "home", "\x1b[4~": "end",
}  # fmt: skip


class Keys:
    """The keys of the terminal behind a file descriptor. Use as a context: it gives the terminal back as it was."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None

    @classmethod
    def of_stdin(cls) -> Keys:
        """Those of standard input, where that is a terminal."""
        try:
            descriptor = sys.stdin.fileno()
        except (AttributeError, OSError, ValueError):
            return cls()
        return cls(descriptor if os.isatty(descriptor) else None)

    @property
    def works(self) -> bool:
        return self._before is not None

    def __enter__(self) -> Keys:
        if self._descriptor is not None and termios is not None:
            self._before = termios.tcgetattr(self._descriptor)
            changed = termios.tcgetattr(self._descriptor)
            # Unbuffered and unechoed; Ctrl-C and Ctrl-Z stay signals, output stays as it is.
            changed[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, changed)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None and self._descriptor is not None:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
            self._before = None

    def pressed(self, *, timeout_s: float) -> list[str]:
        """Keys pressed since the last call, by character or name; waits at most so long for the first."""
        if self._before is None or self._descriptor is None:
            threading.Event().wait(timeout_s)
            return []
        ready, _, _ = select.select([self._descriptor], [], [], timeout_s)
        if not ready:
            return []
        data = os.read(self._descriptor, 1024)
        if not data:  # the terminal is gone
            raise KeyboardInterrupt
        return names(data.decode("utf-8", "ignore"))


def names(text: str) -> list[str]:
    """The keys in what a terminal has sent."""
    found = []
    while text:
        sequence = next((known for known in _NAMED if text.startswith(known)), text[0])
        found.append(_NAMED.get(sequence, sequence))
        text = text[len(sequence) :]
    return found

"""The full screen that follows a search until it ends or its watcher leaves."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType

from rich.console import Console
from rich.live import Live

from headstock.errors import HeadstockError
from headstock.models import SearchRecord
from headstock.searches import Search
from headstock.terminal.board import Board
from headstock.terminal.feed import Feed
from headstock.terminal.keys import Keys
from headstock.terminal.screen import Looking, View, picture

FRAME_S = 0.2
_KEYS_S = 0.1
_NOTICE_S = 4.0
_VIEWS: dict[str, View] = {"t": "trials", "b": "best", "l": "curves"}
_SCROLLS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -(10**9), "end": 10**9}


@dataclass(slots=True)
class Screen:
    """One watching of one search.

    Attributes:
        console: A terminal.
        keys: Where key presses come from.
    """

    search: Search
    console: Console
    keys: Keys = field(default_factory=Keys.of_stdin)
    _looking: Looking = field(default_factory=Looking)
    _notice_until: float = 0.0
    _left: bool = False
    _errands: list[str] = field(default_factory=list)

    def run(self) -> Board:
        """Show it; returns the last board: of a search that has ended, or (`ended` false) one that was left.

        Raises:
            HeadstockError: The service refuses for good.
            KeyboardInterrupt: Ctrl-C.
        """
        board = Board(self.search.record)
        live = Live(console=self.console, screen=True, auto_refresh=False, vertical_overflow="crop")
        with _ended_by_signals(), Feed(self.search) as feed, self.keys, live, _suspending(live, self.keys):
            self._looking.keys = self.keys.works
            drawn, size = -1.0, self.console.size
            while not (board.ended or self._left):
                news = feed.messages()
                for message in news:
                    board.take(message)
                if board.fault is not None:
                    raise board.fault
                now = time.monotonic()
                changed = bool(news) or self.console.size != size
                if (changed and now - drawn >= FRAME_S) or now - drawn >= 1.0:
                    size, drawn = self.console.size, now
                    self._draw(live, board, now)
                if pressed := self.keys.pressed(timeout_s=_KEYS_S):
                    for key in pressed:
                        self._press(key, board)
                    self._draw(live, board, time.monotonic())
        return board

    def _draw(self, live: Live, board: Board, now: float) -> None:
        if self._errands:
            self._say(self._errands.pop(0))
        if self._looking.notice and now > self._notice_until:
            self._looking.notice = ""
        size = self.console.size
        live.update(picture(board, self._looking, width=size.width, height=size.height), refresh=True)

    def _say(self, text: str) -> None:
        self._looking.notice = text
        self._notice_until = time.monotonic() + _NOTICE_S

    def _press(self, key: str, board: Board) -> None:
        looking = self._looking
        if looking.asking:
            looking.asking = False
            if key == "y":
                self._send("cancel", self.search.cancel)
            else:
                self._say("not cancelled")
        elif key == "q":
            self._left = True
        elif key in _VIEWS:
            looking.view, looking.scroll = _VIEWS[key], 0
        elif key in _SCROLLS:
            looking.scroll = max(0, looking.scroll + _SCROLLS[key])
        elif key == "m":
            looking.metric = (looking.metric + 1) % len(board.metrics())
        elif key == "p":
            self._send("pause", self.search.pause)
        elif key == "r":
            self._send("resume", self.search.resume)
        elif key == "c":
            looking.asking = True

    def _send(self, what: str, request: Callable[[], Search]) -> None:
        """Ask the service beside the screen, which goes on meanwhile."""

        def work() -> None:
            try:
                request()
                self._errands.append(f"{what}: done")
            except HeadstockError as fault:
                self._errands.append(str(fault).splitlines()[0])

        self._say(f"{what} ...")
        threading.Thread(target=work, daemon=True, name=f"headstock-{what}").start()


def watch(search: Search, console: Console) -> SearchRecord | None:
    """Follow a search on the full screen; what it was when it ended, or None when its watcher left.

    Raises:
        HeadstockError: The service refuses for good.
        KeyboardInterrupt: Ctrl-C.
    """
    board = Screen(search, console).run()
    search.record = board.record
    return board.record if board.ended else None


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the screen like Ctrl-C, so that the terminal is always given back."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _suspending(live: Live, keys: Keys) -> Iterator[None]:
    """Ctrl-Z gives the terminal back until the shell brings the watcher to the front again."""
    if not hasattr(signal, "SIGTSTP") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def suspend(number: int, frame: FrameType | None) -> None:
        live.stop()
        keys.__exit__(None, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        keys.__enter__()
        live.start(refresh=True)

    before = signal.signal(signal.SIGTSTP, suspend)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)

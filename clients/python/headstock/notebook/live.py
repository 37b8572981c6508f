"""Searches that show themselves while they go on."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from types import TracebackType
from typing import Any

from headstock.errors import HeadstockError, SearchFailed
from headstock.notebook.summary import Running, Summary, summary_html
from headstock.searches import Search
from headstock.terminal.board import Board
from headstock.terminal.feed import CURVES, Feed
from headstock.trials import Trial

UPDATE_S = 0.5
LEADERS = 5
_POINTS = 400


def in_notebook() -> bool:
    """Whether this runs where HTML is shown: Jupyter, VS Code, Colab, ...; not IPython on a terminal."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    return shell is not None and type(shell).__name__ != "TerminalInteractiveShell"


def summary_of(search: Search) -> Summary:
    """A search as it is now, by a few requests; as it was last read where the service does not answer."""
    try:
        return read_summary(search.refresh())
    except HeadstockError as fault:
        return Summary(search.record, note=f"as of the last read: {fault.message}")


def read_summary(search: Search) -> Summary:
    """What belongs to a search that has just been read. Raises HeadstockError."""
    trend = search.objective_trend(points=_POINTS)
    leaders = [trial.record for trial in search.best(LEADERS)] if search.best_score else []
    running = [_running(trial) for trial in islice(search.trials(state="RUNNING"), CURVES)] if not search.ended else []
    scores = [(float(place), point.score) for place, point in enumerate(trend.points, start=1)]
    bests = [(float(place), point.best) for place, point in enumerate(trend.points, start=1)]
    return Summary(search.record, scores, bests, leaders, running)


def _running(trial: Trial) -> Running:
    last = list(trial.epochs(max_points=1))[-1:]
    done = last[0].epoch + 1 if last else trial.record.start_epoch
    return Running(trial.record, done, last[0].metrics if last else {})


def summary_of_board(board: Board, *, note: str = "") -> Summary:
    """A watched search at one moment."""
    scores, bests = board.history
    running = []
    for trial in board.running[:CURVES]:
        last = board.last(trial)
        running.append(Running(trial, trial.epochs if last is None else last[0] + 1, {} if last is None else last[1]))
    note = note or ("" if board.up else "reconnecting ...")
    return Summary(board.record, scores, bests, board.ranked[:LEADERS], running, note)


class Display:
    """A place below a cell whose content can be replaced: what `IPython.display` calls a display handle."""

    def __init__(self, html: str) -> None:
        from IPython.display import HTML, display

        self._html: Any = HTML
        self._shown = html
        self._handle: Any = display(HTML(html), display_id=True)  # type: ignore[no-untyped-call]

    def update(self, html: str) -> None:
        if html != self._shown:
            self._shown = html
            self._handle.update(self._html(html))


class NotebookView:
    """The watcher of `wait(progress=True)` in a notebook. Use as a context."""

    def __init__(self) -> None:
        self._display: Display | None = None
        self._last: Summary | None = None

    def __enter__(self) -> NotebookView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if fault is not None and not isinstance(fault, SearchFailed):
            why = f": {fault.message}" if isinstance(fault, HeadstockError) else "; the search goes on"
            self._note(f"no longer followed{why}")

    def look(self, search: Search) -> None:
        """Show the search, which has just been read."""
        self._show(read_summary(search))

    def away(self, fault: HeadstockError) -> None:
        """Say that the service does not answer."""
        self._note(f"waiting for the service: {fault.message}")

    def _note(self, text: str) -> None:
        if self._last is not None:
            self._show(replace(self._last, note=text))

    def _show(self, summary: Summary) -> None:
        self._last = summary
        html = summary_html(summary)
        if self._display is None:
            self._display = Display(html)
        else:
            self._display.update(html)


def show(search: Search, *, wait: bool) -> None:
    """The live view that suits the place: see `Search.live`."""
    if not in_notebook():
        _show_on_terminal(search)
        return
    display = Display(summary_html(summary_of(search)))
    if wait:
        _follow(search, display)
    else:
        threading.Thread(target=_follow, args=(search, display), daemon=True, name="headstock-live").start()


def _follow(search: Search, display: Display) -> None:
    board = Board(search.record)
    try:
        with Feed(search) as feed:
            drawn = 0.0
            while not board.ended and board.fault is None:
                news = feed.messages(timeout_s=UPDATE_S)
                for message in news:
                    board.take(message)
                if news and board.complete and (time.monotonic() - drawn >= UPDATE_S or board.ended):
                    display.update(summary_html(summary_of_board(board)))
                    drawn = time.monotonic()
    except KeyboardInterrupt:
        display.update(summary_html(summary_of_board(board, note="no longer followed; the search goes on")))
        return
    search.record = board.record
    note = "" if board.fault is None else f"no longer followed: {board.fault.message}"
    display.update(summary_html(summary_of_board(board, note=note)))


def _show_on_terminal(search: Search) -> None:
    from headstock.progress import ProgressView
    from headstock.terminal.console import SafeConsole
    from headstock.terminal.watch import watch

    console = SafeConsole(highlight=False)
    if console.is_terminal:
        watch(search, console)
        return
    # The view has told how it ended.
    with suppress(SearchFailed), ProgressView(console=console) as view:
        search.wait(progress=view)

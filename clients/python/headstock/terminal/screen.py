"""What `headstock watch` draws: one picture of a board, for a terminal of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from headstock import words
from headstock.models import SearchRecord, TrialRecord
from headstock.terminal.board import Board
from headstock.terminal.charts import BEST, SERIES, Chart, Series
from headstock.terminal.feed import CURVES
from headstock.terminal.plots import history_chart
from headstock.terminal.tables import STATE_STYLE

View = Literal["trials", "best", "curves"]
KEYS = (
    ("q", "quit"), ("t", "trials"), ("b", "best"), ("l", "curves"), ("m", "metric"), ("↑↓", "scroll"),
    ("p", "pause"), ("r", "resume"), ("c", "cancel"),
)  # fmt: skip
"""What the keys do, the most needed first: a narrow terminal cuts the line."""
SIDE_BY_SIDE = 96
"""Columns from which curves and table stand beside each other."""
_HEAD = 3
_BORDER = "bright_black"


@dataclass(slots=True)
class Looking:
    """How a person looks at the board.

    Attributes:
        metric: Place in the board's list of metrics.
        asking: Whether a cancel waits for its y.
        notice: The last thing to say; replaces the key help.
    """

    view: View = "trials"
    scroll: int = 0
    metric: int = 0
    asking: bool = False
    notice: str = ""
    keys: bool = True


def picture(board: Board, looking: Looking, *, width: int, height: int) -> RenderableType:
    """The whole screen, `width` by `height` characters."""
    layout = Layout()
    body = Layout(name="body")
    layout.split_column(Layout(head(board), name="head", size=_HEAD), body, Layout(_foot(board, looking), size=1))
    room = max(1, height - _HEAD - 1)
    if looking.view == "curves":
        parts = [
            Layout(_panel(_curves(board, looking))),
            Layout(_panel(_running(board)), size=_running_size(board, room)),
        ]
        body.split_column(*(parts if room >= 14 else parts[:1]))
    elif width >= SIDE_BY_SIDE:
        left, right = Layout(ratio=9), Layout(_table(board, looking, room), ratio=11)
        left.split_column(*_charts(board, looking, room))
        body.split_row(left, right)
    elif room >= 18:
        history = Layout(_panel(_history(board)), size=room // 2)
        body.split_column(history, Layout(_table(board, looking, room - room // 2)))
    else:
        body.update(_table(board, looking, room))
    return layout


def _panel(content: RenderableType, title: str | None = None) -> Panel:
    return Panel(content, title=title, title_align="left", border_style=_BORDER, padding=(0, 1))


def _charts(board: Board, looking: Looking, room: int) -> list[Layout]:
    history = Layout(_panel(_history(board)))
    return [history, Layout(_panel(_curves(board, looking)))] if room >= 16 else [history]


def head(board: Board) -> RenderableType:
    """Name and state; progress and counts; best and times."""
    search = board.record
    objective = search.objective
    first = Text.assemble(
        (search.name, "bold"), "  ", (search.state, f"bold {STATE_STYLE[search.state]}"),
        f"  {search.tuner}  {objective.name} ({objective.direction})  ", (search.id, "dim"),
        no_wrap=True, overflow="ellipsis",
    )  # fmt: skip
    second = Table.grid(padding=(0, 2, 0, 0))
    second.add_row(_bar(search), Text(counts(search), no_wrap=True, overflow="ellipsis"))
    parts = []
    if board.best is not None:
        score = search.best.score if search.best else board.best.score
        parts.append(Text.assemble(("best ", ""), (words.number(score), "bold green"), f" (trial {board.best.number})"))
    parts.append(Text(f"{words.duration(search.elapsed_seconds)} so far"))
    if not search.ended:
        parts.append(Text(f"{words.duration(search.remaining_seconds)} left"))
    if search.workers_busy is not None:
        parts.append(Text(f"{search.workers_busy} worker{'' if search.workers_busy == 1 else 's'} busy"))
    if not board.up:
        parts.append(Text("reconnecting ...", style="bold yellow"))
    third = Text("   ").join(parts)
    third.no_wrap, third.overflow = True, "ellipsis"
    return Group(first, second, third)


def counts(search: SearchRecord) -> str:
    """Trials ended, running, waiting and failed."""
    trials = search.trials
    total = search.planned_trials or search.limits.get("max_trials")
    shown = [f"{trials.ended}{f'/{int(total)}' if total else ''} trials", f"{trials.running} running"]
    shown += [f"{trials.queued} queued"] if trials.queued else []
    shown += [f"{trials.stopped} stopped early"] if trials.stopped else []
    shown += [f"{trials.failed} failed"] if trials.failed else []
    return "  ".join(shown)


def _bar(search: SearchRecord) -> RenderableType:
    total = search.planned_trials or search.limits.get("max_trials")
    share = search.progress
    if share is None and total:
        share = search.trials.ended / total
    if share is None:
        return ProgressBar(total=None, width=30, pulse=not search.ended)
    return ProgressBar(
        total=1.0, completed=min(1.0, max(0.0, share)), width=30, complete_style=SERIES[0], finished_style=BEST
    )


def _history(board: Board) -> Chart:
    scores, bests = board.history
    objective = board.record.objective
    return history_chart(scores, bests, objective.name)


def _curves(board: Board, looking: Looking) -> Chart:
    """The running trials' curves; behind them that of the best."""
    names = board.metrics()
    metric = names[looking.metric % len(names)]
    series: list[Series] = []
    if board.best is not None:
        label = f"best ({board.best.number})"
        for number, points in enumerate(board.curves(board.best, metric)):
            series.append(Series(points, "" if number else label, "bright_black"))
    for place, trial in enumerate(board.running[:CURVES]):
        style = SERIES[place % len(SERIES)]
        for number, points in enumerate(board.curves(trial, metric)):
            series.append(Series(points, "" if number else str(trial.number), style))
    empty = "no trial has trained an epoch yet" if not board.record.ended else "nothing is running"
    return Chart(series, title=f"{metric} by epoch", x_label="epoch (from 0)", clip=True, empty=empty)


def _running_size(board: Board, room: int) -> int:
    return min(room // 3, len(board.running[:CURVES]) + 3)


def _running(board: Board) -> RenderableType:
    table = _grid(("", "left"), ("trial", "right"), ("epoch", "right"), ("metrics", "left"))
    for place, trial in enumerate(board.running[:CURVES]):
        last = board.last(trial)
        shown = "starting" if last is None else "  ".join(f"{name} {words.number(x)}" for name, x in last[1].items())
        table.add_row(
            Text("━", style=SERIES[place % len(SERIES)]), str(trial.number), _epochs(board, trial), Text(shown)
        )
    return table if board.running else Text("nothing is running", style="dim")


def _epochs(board: Board, trial: TrialRecord) -> str:
    """Epochs trained, and those to be trained."""
    last = board.last(trial) if trial.state == "RUNNING" else None
    done = trial.epochs if last is None else last[0] + 1
    target = trial.target_epochs or board.record.fit_epochs
    return f"{done}/{target}" if target and trial.state == "RUNNING" else str(done)


def _table(board: Board, looking: Looking, room: int) -> Panel:
    best = looking.view == "best"
    rows: Sequence[TrialRecord] = board.ranked if best else board.recent
    visible = max(1, room - 3)
    start = looking.scroll = max(0, min(looking.scroll, len(rows) - visible))
    table = _grid(("trial", "right"), ("state", "left"), ("score", "right"), ("epochs", "right"), ("values", "left"))
    for trial in rows[start : start + visible]:
        leader = board.best is not None and trial.id == board.best.id
        table.add_row(
            str(trial.number),
            Text(trial.state.lower(), style=STATE_STYLE[trial.state]),
            Text(words.number(trial.score), style=BEST if leader else ""),
            _epochs(board, trial),
            Text(trial.failure.code, style="red") if trial.failure and trial.state == "FAILED" else _values(trial),
        )
    where = f" {start + 1}–{min(len(rows), start + visible)} of {len(rows)}" if len(rows) > visible else f" {len(rows)}"
    title = f"{'best trials' if best else 'trials'}{where}"
    return _panel(table if rows else Text("no trial is scored yet" if best else "no trial yet", style="dim"), title)


def _values(trial: TrialRecord) -> Text:
    return Text(words.values(trial.hyperparameters))


def _grid(*columns: tuple[str, Literal["left", "right"]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", expand=True)
    for number, (name, justify) in enumerate(columns):
        last = number == len(columns) - 1
        table.add_column(name, justify=justify, no_wrap=True, overflow="ellipsis", ratio=1 if last else None)
    return table


def _foot(board: Board, looking: Looking) -> Text:
    if looking.asking:
        return Text(f"cancel {board.record.name}? its open trials end now: y / n", style="bold yellow", no_wrap=True)
    if looking.notice:
        return Text(looking.notice, style="yellow", no_wrap=True, overflow="ellipsis")
    if not looking.keys:
        return Text("Ctrl-C leaves; the search goes on", style="dim", no_wrap=True)
    # Of the two that undo each other the one that would do something.
    idle = "p" if board.record.state == "PAUSED" else "r"
    shown = [Text.assemble((key, "bold"), (f" {what}", "dim")) for key, what in KEYS if key != idle]
    line = Text("  ").join(shown)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line

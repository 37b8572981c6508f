"""Live progress of a search: a moving view on a terminal, a line per ended trial everywhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from headstock import words
from headstock.errors import HeadstockError
from headstock.ledger import Ledger
from headstock.models import Epoch, SearchRecord, TrialRecord
from headstock.searches import Search
from headstock.terminal.console import SafeConsole
from headstock.terminal.tables import STATE_STYLE

SHOWN_RUNNING = 12


class Watcher(Protocol):
    def look(self, search: Search) -> None:
        """Called after every look at the search, the last one included."""
        ...


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A running trial and the last epoch that was recorded of it (None before the first)."""

    record: TrialRecord
    last: Epoch | None
    target_epochs: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one view shows."""

    search: SearchRecord
    running: tuple[RunningTrial, ...] = ()
    best: TrialRecord | None = None
    newly_ended: tuple[TrialRecord, ...] = ()


@dataclass(slots=True)
class ProgressView:
    """Shows a search while it goes on. Use as a context, calling `look` after every refresh.

    Attributes:
        console: Where to; a terminal gets the moving view, anything else plain lines.
        moving: Whether a terminal may get the moving view.
    """

    console: Console = field(default_factory=lambda: SafeConsole(highlight=False))
    moving: bool = True
    _live: Live | None = None
    _ledger: Ledger | None = None
    _announced: bool = False
    _waiting: bool = False

    def __enter__(self) -> ProgressView:
        if self.console.is_terminal and self.moving:
            self._live = Live(console=self.console, refresh_per_second=8, transient=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def look(self, search: Search) -> None:
        """Read what the view needs, and show it."""
        self._waiting = False
        if self._ledger is None:
            self._ledger = Ledger(search.trial_page)
        newly_ended = self._ledger.update()
        # Only the moving view has room for running trials; lines do not need their epochs.
        running = self._running(search, self._ledger) if self._live is not None else ()
        best = self._ledger.by_id(search.best_score.trial_id) if search.best_score else None
        snapshot = Snapshot(search.record, running, best, tuple(newly_ended))
        if self._live is not None:
            self._live.update(picture(snapshot))
        else:
            self._print_lines(snapshot)

    def away(self, fault: HeadstockError) -> None:
        """Say, once, that the service does not answer."""
        if not self._waiting:
            self._waiting = True
            self.console.print(
                f"waiting for the service: {fault.message}", style="yellow", markup=False, soft_wrap=True
            )

    def _running(self, search: Search, ledger: Ledger) -> tuple[RunningTrial, ...]:
        shown = []
        for record in ledger.running[:SHOWN_RUNNING]:
            epochs = list(search.handle(record).epochs(max_points=1))
            target = record.target_epochs or search.record.fit_epochs
            shown.append(RunningTrial(record, epochs[-1] if epochs else None, target))
        return tuple(shown)

    def _print_lines(self, snapshot: Snapshot) -> None:
        search = snapshot.search
        if not self._announced:
            self._announced = True
            self.console.print(headline(search), soft_wrap=True)
        for trial in snapshot.newly_ended:
            self.console.print(ended_line(trial, search), soft_wrap=True, highlight=False)
        if search.ended:
            self.console.print(closing_line(search), soft_wrap=True)


def picture(snapshot: Snapshot) -> RenderableType:
    """The moving view of one moment."""
    search = snapshot.search
    parts: list[RenderableType] = [headline(search), _overall(search)]
    if snapshot.running:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for trial in snapshot.running:
            table.add_row(*_running_row(trial))
        parts.append(table)
    if snapshot.best is not None and search.best is not None:
        parts.append(best_line(snapshot.best, search))
    if search.ended:
        parts.append(closing_line(search))
    return Group(*parts)


def headline(search: SearchRecord) -> Text:
    """Name, state, tuner and objective in one line."""
    objective = search.objective
    return Text.assemble(
        (search.name, "bold"),
        "  ",
        (search.state, STATE_STYLE[search.state]),
        f"  {search.tuner}  {objective.name} ({objective.direction})  ",
        (search.id, "dim"),
    )


def _overall(search: SearchRecord) -> Table:
    counts = search.trials
    total = search.planned_trials or _whole(search.limits.get("max_trials"))
    fraction = search.progress
    if fraction is None and total:
        fraction = counts.ended / total
    figures = [f"{counts.ended}{f'/{total}' if total else ''} trials", f"{counts.running} running"]
    if counts.failed:
        figures.append(f"{counts.failed} failed")
    figures.append(f"{words.duration(search.elapsed_seconds)} so far")
    if not search.ended:
        figures.append(f"{words.duration(search.remaining_seconds)} left")
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_row(_bar(fraction, width=30), Text("  ".join(figures)))
    return row


def _running_row(trial: RunningTrial) -> tuple[RenderableType, ...]:
    done = trial.last.epoch + 1 if trial.last else (trial.record.start_epoch or 0)
    target = trial.target_epochs
    run = f" run {trial.last.execution + 1}" if trial.last and trial.last.execution else ""
    metrics = Text("starting", style="dim")
    if trial.last:
        metrics = Text("  ".join(f"{name} {words.number(value)}" for name, value in trial.last.metrics.items()))
    return (
        Text(f"trial {trial.record.number}{run}", style="cyan"),
        _bar(done / target if target else None, width=16),
        Text(f"epoch {done}{f'/{target}' if target else ''}"),
        metrics,
    )


def _bar(fraction: float | None, *, width: int) -> RenderableType:
    if fraction is None:
        # No end is known: rich's pulse says that something moves, without claiming how far.
        return ProgressBar(total=None, width=width, pulse=True)
    return ProgressBar(total=1.0, completed=min(1.0, max(0.0, fraction)), width=width)


def best_line(best: TrialRecord, search: SearchRecord) -> Text:
    """The best trial in one line."""
    score = search.best.score if search.best else None
    return Text.assemble(
        ("best so far ", "bold"),
        (f"{search.objective.name} {words.number(score)}", "green"),
        f"  trial {best.number}  {words.values(best.hyperparameters)}",
    )


def ended_line(trial: TrialRecord, search: SearchRecord) -> Text:
    """One ended trial in one line."""
    counts = search.trials
    total = search.planned_trials or _whole(search.limits.get("max_trials"))
    head = f"[{counts.ended}{f'/{total}' if total else ''}] trial {trial.number} {trial.state.lower()}"
    if trial.failure:
        return Text(f"{head}: {trial.failure.code}: {trial.failure.message}", style="red")
    score = f"  {search.objective.name} {words.number(trial.score)}" if trial.score is not None else ""
    return Text(f"{head}{score}  {words.duration(trial.seconds)}  {words.values(trial.hyperparameters)}")


def closing_line(search: SearchRecord) -> Text:
    """How it ended."""
    parts = [(search.state, STATE_STYLE[search.state]), (f" after {words.duration(search.elapsed_seconds)}", "")]
    if search.best:
        parts.append((f", best {search.objective.name} {words.number(search.best.score)}", ""))
    if search.state_reason:
        parts.append((f": {search.state_reason.message}", ""))
    return Text.assemble(*parts)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)

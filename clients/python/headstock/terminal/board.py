"""All that is known of a watched search at one moment, put together from a feed's messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headstock.errors import HeadstockError
from headstock.models import SearchRecord, TrialRecord
from headstock.terminal.charts import Point
from headstock.terminal.feed import CURVES, Curve, Link, Message, Over, Read, Told

Run = tuple[int, int | None]
"""Execution and fold of one training."""
Metrics = dict[str, float | None]
POINTS = 500
"""Scores in one history, at least; more than twice as many dots fit on no terminal."""


@dataclass(slots=True)
class Board:
    """The state of one search and its trials.

    Attributes:
        trials: By number.
        up: Whether events are coming.
        fault: Why nothing more comes.
    """

    record: SearchRecord
    trials: tuple[TrialRecord, ...] = ()
    up: bool = True
    fault: HeadstockError | None = None
    complete: bool = False
    _curves: dict[str, dict[Run, dict[int, Metrics]]] = field(default_factory=dict)
    _ranked: list[TrialRecord] = field(default_factory=list)
    _recent: list[TrialRecord] = field(default_factory=list)
    _history: tuple[list[Point], list[Point]] = field(default_factory=lambda: ([], []))

    def take(self, message: Message) -> None:
        """Bring what a message says into the picture."""
        match message:
            case Read(record, trials):
                self.record, self.trials, self.complete = record, trials, True
                self._sort()
            case Curve(trial_id, epochs):
                for epoch in epochs:
                    self._point(trial_id, (epoch.execution, epoch.fold), epoch.epoch, epoch.metrics)
            case Told(event):
                said = event.payload
                if event.trial_id is not None and isinstance(said.get("epoch"), int):
                    run = (int(said.get("execution") or 0), said.get("fold"))
                    self._point(event.trial_id, run, said["epoch"], said.get("metrics") or {})
            case Link(up):
                self.up = up
            case Over(fault):
                self.fault = fault

    @property
    def ended(self) -> bool:
        """Whether the search is over and everything of it has been read."""
        return self.complete and self.record.ended

    @property
    def running(self) -> list[TrialRecord]:
        return [trial for trial in self.trials if trial.state == "RUNNING"]

    @property
    def best(self) -> TrialRecord | None:
        """The best scored trial."""
        return self._ranked[0] if self._ranked else None

    @property
    def ranked(self) -> Sequence[TrialRecord]:
        """Scored trials, best first."""
        return self._ranked

    @property
    def recent(self) -> Sequence[TrialRecord]:
        """All trials: those that run, then those that ended, latest first, then those that wait."""
        return self._recent

    @property
    def history(self) -> tuple[Sequence[Point], Sequence[Point]]:
        """Scores and best so far, in order of ending."""
        return self._history

    def last(self, trial: TrialRecord) -> tuple[int, Metrics] | None:
        """The newest epoch of a trial, and its metrics."""
        runs = self._curves.get(trial.id)
        if not runs:
            return None
        run = runs[max(runs, key=lambda each: (each[0], each[1] or 0))]
        epoch = max(run)
        return epoch, run[epoch]

    def curves(self, trial: TrialRecord, metric: str) -> list[list[Point]]:
        """A line for each execution or fold; epochs without a finite value are left out."""
        runs = self._curves.get(trial.id, {})
        return [
            [
                (float(epoch), value)
                for epoch, metrics in sorted(run.items())
                if (value := metrics.get(metric)) is not None
            ]
            for _, run in sorted(runs.items(), key=lambda each: (each[0][0], each[0][1] or 0))
        ]

    def metrics(self) -> list[str]:
        """Names of the metrics seen, the objective first."""
        names = {
            name for runs in self._curves.values() for run in runs.values() for seen in run.values() for name in seen
        }
        return [self.record.objective.name, *sorted(names - {self.record.objective.name})]

    def _point(self, trial_id: str, run: Run, epoch: int, metrics: Metrics) -> None:
        self._curves.setdefault(trial_id, {}).setdefault(run, {})[epoch] = metrics

    def _sort(self) -> None:
        objective = self.record.objective
        scored = [trial for trial in self.trials if trial.score is not None and trial.ended]
        better = -1.0 if objective.direction == "max" else 1.0
        self._ranked = sorted(scored, key=lambda trial: (better * (trial.score or 0.0), trial.number))
        ended = sorted((trial for trial in self.trials if trial.ended), key=_place)
        queued = [trial for trial in self.trials if trial.state == "QUEUED"]
        self._recent = [*self.running, *reversed(ended), *queued]
        self._history = _history([trial.score for trial in ended if trial.score is not None], objective.direction)
        # Curves that nobody will look at again would grow with the search.
        kept = {trial.id for trial in self.running[:CURVES]} | {trial.id for trial in self._ranked[:1]}
        for trial_id in [known for known in self._curves if known not in kept]:
            del self._curves[trial_id]


def _history(scored: Sequence[float], direction: str) -> tuple[list[Point], list[Point]]:
    """Scores and best so far; of very many scores as many as can be told apart, of the best all steps."""
    scores: list[Point] = []
    bests: list[Point] = []
    every = max(1, len(scored) // POINTS)
    for place, score in enumerate(scored, start=1):
        if place % every == 0:
            scores.append((float(place), score))
        if not bests or (score > bests[-1][1] if direction == "max" else score < bests[-1][1]):
            bests.append((float(place), score))
    if bests:
        bests.append((float(len(scored)), bests[-1][1]))
    return scores, bests


def _place(trial: TrialRecord) -> tuple[float, int]:
    """Where it stands in the order of ending."""
    if trial.ended_seq is not None:
        return float(trial.ended_seq), trial.number
    return float("inf"), trial.number

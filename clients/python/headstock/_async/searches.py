"""Handles of searches: what the service said of one, and everything that can be asked of it."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstock import event_files, frames
from headstock._async import _downloads, _events, _pages
from headstock._async._answers import AsyncSearchAnswers
from headstock._async._http import AsyncHttp
from headstock._async._plots import AsyncSearchPlots
from headstock._async._seam import SearchShown, in_thread, listed, progress_view, show_live
from headstock._async._waiting import until_ended
from headstock._async.jobs import AsyncFinalJob
from headstock._async.trials import AsyncBestTrial, AsyncTrial
from headstock._wire import QueryValue, segment
from headstock.analysis import Method
from headstock.definitions import At, Baseline, Chart, ExportTable, Format, Theme, TrialOrder, format_of, picture_format
from headstock.errors import HeadstockError, NoSuchTrial, NotFound
from headstock.models import (
    BestRecord,
    BestScore,
    Epoch,
    Event,
    FinalRecord,
    Objective,
    Page,
    Reason,
    SearchRecord,
    SearchState,
    TrialCounts,
    TrialRecord,
    TrialState,
    Value,
)
from headstock.notebook.shown import Table

if TYPE_CHECKING:
    import pandas

    from headstock._async._seam import AsyncWatcher

_TRIAL_ENDS = frozenset({"trial.completed", "trial.stopped", "trial.failed", "trial.cancelled"})


class AsyncSearch(SearchShown, AsyncSearchAnswers, AsyncSearchPlots):
    """One hunt for good hyperparameters.

    Attributes:
        record: Everything the service said of it, as of the last read; `refresh` reads anew.
    """

    def __init__(self, http: AsyncHttp, record: SearchRecord) -> None:
        self._http = http
        self.record = record

    def __repr__(self) -> str:
        counts = self.counts
        return f"<AsyncSearch {self.id} {self.name!r} {self.state} {counts.ended} ended, {counts.running} running>"

    @property
    def id(self) -> str:
        """Under this `client.search` gives it again."""
        return self.record.id

    @property
    def name(self) -> str:
        """As its definition says; several searches may have the same."""
        return self.record.name

    @property
    def state(self) -> SearchState:
        """`QUEUED`, `RUNNING`, `PAUSED`, `COMPLETED`, `FAILED` or `CANCELLED`, as of the last read."""
        return self.record.state

    @property
    def reason(self) -> Reason | None:
        """Why it is in its state, when there is something to say."""
        return self.record.state_reason

    @property
    def objective(self) -> Objective:
        """What is looked for: a metric, and whether `min` or `max` of it."""
        return self.record.objective

    @property
    def counts(self) -> TrialCounts:
        """How many trials are in each state."""
        return self.record.trials

    @property
    def best_score(self) -> BestScore | None:
        """The best trial's id and score; None until one is scored."""
        return self.record.best

    @property
    def ended(self) -> bool:
        """Whether it is over, as of the last read."""
        return self.record.ended

    @property
    def _path(self) -> str:
        return f"/v1/searches/{segment(self.id)}"

    async def refresh(self) -> AsyncSearch:
        """Itself, with the record read anew."""
        self.record = await self._http.get(self._path, SearchRecord)
        return self

    async def wait(
        self,
        *,
        progress: bool | AsyncWatcher = False,
        timeout: float | None = None,
        poll_s: float = 1.0,
    ) -> AsyncSearch:
        """Itself, once it has ended as COMPLETED or CANCELLED.

        A service that is restarted meanwhile is waited for, `Retries.away_s` long. Ctrl-C ends the waiting only.

        Args:
            progress: True shows live progress: below the cell of a notebook, else on standard output. An object with a
                method `look(search)` is told after every look; if it has a method `away(fault)`, also when the
                service did not answer.
            timeout: Seconds after which to give up; None waits for as long as it takes. The search goes on either way.
            poll_s: Seconds between two looks.

        Raises:
            SearchFailed: It ended as FAILED; `code` and `reason` say why.
            WaitTimeout: It had not ended in time.
            Unreachable: The service has been away for too long.
        """
        if progress is True:
            async with progress_view(self._http) as view:
                return await self._wait(view, timeout_s=timeout, poll_s=poll_s)
        return await self._wait(progress or None, timeout_s=timeout, poll_s=poll_s)

    async def _wait(self, watcher: AsyncWatcher | None, *, timeout_s: float | None, poll_s: float) -> AsyncSearch:
        look = watcher.look if watcher is not None else None
        away = getattr(watcher, "away", None)
        return await until_ended(self, self._http, look=look, away=away, timeout_s=timeout_s, poll_s=poll_s)

    async def live(self, *, wait: bool = True) -> None:
        """Show it as it goes on: in a notebook below the cell, on a terminal on its screen, else line by line.

        The view ends with the search, whatever it ended as; ending the view (interrupting the kernel, Ctrl-C) leaves
        the search as it is.

        Args:
            wait: Until it has ended. False returns at once, and the view below the cell goes on by itself (notebooks
                only).
        """
        await show_live(self, wait=wait)

    async def best(self, count: int = 1) -> Table[AsyncBestTrial]:
        """The best scored trials, best first; fewer than `count` when fewer are scored."""
        page = await self._http.get(f"{self._path}/best", Page[BestRecord], query={"count": count})
        return Table(AsyncBestTrial(self._http, record) for record in page.items)

    async def best_hyperparameters(self) -> dict[str, Value]:
        """The values of the best trial.

        Raises:
            NoSuchTrial: No trial is scored yet.
        """
        best = await self._best()
        return best.hyperparameters

    async def best_model(self) -> Any:
        """The trained Keras model of the best trial, at its best epoch. Needs Keras on this machine.

        Layers of the builder's own must be importable here, as for `keras.models.load_model`.

        Raises:
            NoSuchTrial: No trial is scored yet.
            HeadstockError: Keras is not installed.
        """
        try:
            import keras
        except ModuleNotFoundError as fault:
            detail = "loading a model needs Keras; without it, best()[0].download_model(path) saves the file"
            raise HeadstockError(detail) from fault
        with tempfile.TemporaryDirectory(prefix="headstock-") as folder:
            best = await self._best()
            file = await best.download_model(Path(folder, "best.keras"))
            return await in_thread(keras.models.load_model, file)

    async def finalize(
        self,
        *,
        trial: str | AsyncTrial | None = None,
        epochs: int | None = None,
        seed: int | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncFinalJob:
        """Train a trial once more, on all training rows, and test the model on the data set's test part.

        Args:
            trial: One of this search's scored trials, or its id; None takes the best.
            epochs: None trains as long as the trial got better.
            seed: Of weights and order; None takes the search's.
            idempotency_key: The same request gives the same job in any case, unless that has failed.

        Raises:
            NoScoredTrial: There is nothing to retrain yet.
        """
        body = {"trial_id": trial.id if isinstance(trial, AsyncTrial) else trial, "epochs": epochs, "seed": seed}
        record = await self._http.post(
            f"{self._path}/finalize",
            FinalRecord,
            json={name: value for name, value in body.items() if value is not None},
            idempotency_key=idempotency_key or uuid.uuid4().hex,
        )
        return AsyncFinalJob(self._http, record)

    async def final(self) -> AsyncFinalJob:
        """The newest final training of its trials. Raises NotFound when there is none."""
        return AsyncFinalJob(self._http, await self._http.get(f"{self._path}/final", FinalRecord))

    async def results_summary(self, count: int = 10) -> None:
        """Print the best trials: score and values of each."""
        from rich.console import Console

        lines = [f"Results summary of {self.name} ({self.id})"]
        lines.append(f"Objective: {self.objective.name} ({self.objective.direction})")
        for trial in await self.best(count):
            lines += ["", f"Trial {trial.number} summary", "Hyperparameters:"]
            lines += [f"{name}: {value}" for name, value in trial.hyperparameters.items()]
            lines.append(f"Score: {trial.score}")
        Console().print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)

    async def _best(self) -> AsyncBestTrial:
        best = await self.best()
        if not best:
            raise NoSuchTrial(f"search {self.id} has no scored trial yet; it is {self.state}")
        return best[0]

    async def trials(
        self, *, state: TrialState | None = None, order: TrialOrder | None = None, descending: bool = False
    ) -> AsyncIterator[AsyncTrial]:
        """Its trials, fetched page by page.

        Args:
            state: Only those in this state.
            order: By `number` unless told otherwise; `score`: those with one; `ended`: those that have, by their end.
            descending: The largest first.
        """
        async for record in self._trial_records(state=state, order=order, descending=descending):
            yield AsyncTrial(self._http, record)

    async def trial_page(self, page_token: str | None = None) -> Page[TrialRecord]:
        """One page of its trials, by number."""
        query = {"limit": _pages.PAGE_SIZE, "page_token": page_token}
        return await self._http.get(f"{self._path}/trials", Page[TrialRecord], query=query)

    def handle(self, record: TrialRecord) -> AsyncTrial:
        """What can be done with a trial of which only the record is at hand."""
        return AsyncTrial(self._http, record)

    async def trial(self, number: int) -> AsyncTrial:
        """The trial with that number.

        Raises:
            NoSuchTrial: There is none.
        """
        async for trial in self.trials():
            if trial.number == number:
                return trial
        raise NoSuchTrial(f"search {self.id} has no trial {number}: it has {self.counts.total} so far, counted from 0")

    def epochs(self, *, metrics: Sequence[str] = (), max_points: int | None = None) -> AsyncIterator[Epoch]:
        """All learning curves of the search: by trial number, execution, epoch.

        Args:
            metrics: Only these; none: all.
            max_points: At most so many epochs of each curve, evenly chosen; None: all.
        """
        query: dict[str, QueryValue | list[str]] = {"metrics": list(metrics), "max_points": max_points}
        return _pages.items(self._http, f"{self._path}/epochs", Page[Epoch], query=query, page_size=500)

    async def trials_frame(self) -> pandas.DataFrame:
        """A pandas table with one row per trial and one column per hyperparameter (`hp.<name>`)."""
        return frames.trials_frame(await listed(self._trial_records()))

    async def epochs_frame(self) -> pandas.DataFrame:
        """A pandas table with one row per trained epoch and one column per metric."""
        return frames.epochs_frame(await listed(self.epochs()))

    async def plot(
        self,
        kind: str,
        path: str | Path,
        *,
        name: str | None = None,
        metrics: Sequence[str] = (),
        at: At | None = None,
        chart: Chart | None = None,
        min_value: float | None = None,
        max_value: float | None = None,
        baseline: Baseline | None = None,
        trial: AsyncTrial | str | None = None,
        against: str | None = None,
        x: str | None = None,
        y: str | None = None,
        method: Method | None = None,
        theme: Theme = "light",
    ) -> Path:
        """Save a picture as `.svg` or `.png`, as the file's ending says; returns the file.

        Args:
            kind: `objective`, `hyperparameter` (of `name`), `learning-curves` (of all trials, or of `trial`),
                `importance`, `parallel-coordinates`, `contour` (of `x` and `y`), `trade-off` (`against` a cost),
                `lr-range-test` or `confusion-matrix`.
            path: The file to write; replaced if it is there.

        Raises:
            HeadstockError: The file's ending is none of a picture.
            ReportNotReady: It is drawn from a report that is not there.
        """
        target = Path(path)
        query: dict[str, QueryValue | list[str]] = {
            "format": picture_format(target),
            "name": name,
            "metric": list(metrics),
            "at": at,
            "chart": chart,
            "min": min_value,
            "max": max_value,
            "baseline": baseline,
            "trial": trial.id if isinstance(trial, AsyncTrial) else trial,
            "against": against,
            "x": x,
            "y": y,
            "method": method,
            "theme": theme,
        }
        return await _downloads.download(self._http, f"{self._path}/plots/{segment(kind)}", target, query=query)

    async def pause(self) -> AsyncSearch:
        """Start no more trials; running ones are handed back at their next checkpoint. Repeating it changes nothing."""
        return await self._move("pause")

    async def resume(self) -> AsyncSearch:
        """Go on after a pause, where each trial was."""
        return await self._move("resume")

    async def cancel(self) -> AsyncSearch:
        """End it now, with its open trials. What was trained stays readable."""
        return await self._move("cancel")

    async def change(
        self,
        *,
        limits: Mapping[str, float | int | None] | None = None,
        parallelism: int | None = None,
        priority: int | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> AsyncSearch:
        """Change what may be changed while it runs; what is None stays as it is."""
        given = {"limits": limits, "parallelism": parallelism, "priority": priority, "tags": tags}
        changes = {name: value for name, value in given.items() if value is not None}
        self.record = self._http.parse(await self._http.send("PATCH", self._path, json=changes), SearchRecord)
        return self

    async def delete(self) -> None:
        """Remove it with all its trials, epochs and files. It must have ended."""
        await self._http.send("DELETE", self._path)

    def events(self, *, after: int = 0) -> AsyncGenerator[Event]:
        """What has happened in it since event number `after`, then what happens, as it happens.

        Ends with the event that tells of the search's end. A broken connection is opened again; nothing is told twice.
        """
        return _events.follow(self._http, f"{self._path}/events", after=after, over=self._is_over)

    async def stream(self, *, after: int = 0) -> AsyncGenerator[AsyncTrial]:
        """Its trials, each when it has ended: first those that have already, then the others as they do.

        Ends with the search, and goes on after a lost connection, as `events` does. A trial that is retried after it
        failed comes again.

        Args:
            after: Number of the last event already seen; 0 for all trials.
        """
        async for event in self.events(after=after):
            if event.trial_id is None or event.kind not in _TRIAL_ENDS:
                continue
            try:
                record = await self._http.get(f"/v1/trials/{segment(event.trial_id)}", TrialRecord, patient=True)
            except NotFound:  # deleted meanwhile, with its search
                return
            yield AsyncTrial(self._http, record)

    async def _is_over(self) -> bool:
        try:
            await self.refresh()
        except NotFound:  # deleted meanwhile
            return True
        return self.ended

    async def export(self, path: str | Path, *, table: ExportTable = "trials", format: Format | None = None) -> Path:
        """Save a table as a file; returns the file.

        Args:
            path: The file to write; replaced if it is there.
            table: One row per trial, or per epoch.
            format: `csv`, `jsonl` (an object a line) or `parquet`; None takes the file's ending, and csv without one.

        Raises:
            HeadstockError: No format was given, and the file's ending is none of them.
        """
        target = Path(path)
        query = {"table": table, "format": format or format_of(target)}
        return await _downloads.download(self._http, f"{self._path}/export", target, query=query)

    async def export_tensorboard(self, folder: str | Path) -> Path:
        """Write TensorBoard's event files, a run for each trial that has begun; returns the folder, for `--logdir`.

        Args:
            folder: Made if it is not there. Runs of an older export into it are replaced.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        query = {"format": "tensorboard"}
        archive = await _downloads.download(self._http, f"{self._path}/export", target / f".{self.id}.zip", query=query)
        try:
            return await in_thread(event_files.unpack, archive, target)
        finally:
            archive.unlink()

    def _trial_records(
        self, *, state: TrialState | None = None, order: TrialOrder | None = None, descending: bool = False
    ) -> AsyncIterator[TrialRecord]:
        query = {"state": state, "order": order, "descending": descending or None}
        return _pages.items(self._http, f"{self._path}/trials", Page[TrialRecord], query=query)

    async def _move(self, verb: str) -> AsyncSearch:
        self.record = await self._http.post(f"{self._path}/{verb}", SearchRecord)
        return self

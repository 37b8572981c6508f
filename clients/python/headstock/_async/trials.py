"""Handles of trials: what the service said of one, and what can be done with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from headstock._async import _downloads, _pages
from headstock._async._http import AsyncHttp
from headstock._async._seam import listed
from headstock._async.figures import AsyncFigure, drawn
from headstock._wire import QueryValue, segment
from headstock.analysis import Diagnosis
from headstock.definitions import PictureFormat, Theme
from headstock.models import (
    Attempt,
    AttemptLog,
    BestRecord,
    Epoch,
    Failure,
    Page,
    Recipe,
    TrialRecord,
    TrialState,
    Value,
)
from headstock.notebook.shown import RecordShown, Table


class AsyncTrial(RecordShown):
    """One set of values under test.

    Attributes:
        record: Everything the service said of it, as of the last read.
    """

    def __init__(self, http: AsyncHttp, record: TrialRecord) -> None:
        self._http = http
        self.record = record

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.number} {self.state} score={self.score} {self.hyperparameters}>"

    @property
    def id(self) -> str:
        """Under this `client.trial` gives it again."""
        return self.record.id

    @property
    def number(self) -> int:
        """Place within the search, from 0."""
        return self.record.number

    @property
    def state(self) -> TrialState:
        """`QUEUED`, `RUNNING`, `COMPLETED`, `STOPPED` (early, with its score), `FAILED` or `CANCELLED`."""
        return self.record.state

    @property
    def score(self) -> float | None:
        """Value of the objective, mean over executions; None until scored."""
        return self.record.score

    @property
    def best_epoch(self) -> int | None:
        """Epoch of the best objective, from 0; None until scored."""
        return self.record.best_epoch

    @property
    def hyperparameters(self) -> dict[str, Value]:
        """The values under test (active hyperparameters only)."""
        return self.record.hyperparameters

    @property
    def swept(self) -> str | None:
        """Of a sweep: the hyperparameter that is not at its default; None for the baseline and other tuners."""
        return self.record.swept

    @property
    def metrics(self) -> dict[str, float | None]:
        """All metrics at the best epoch, mean over executions; None where not finite, empty until scored."""
        return self.record.metrics

    @property
    def seconds(self) -> float | None:
        """Training seconds over all its attempts that ended."""
        return self.record.seconds

    @property
    def parameters(self) -> int | None:
        """Parameters of its model; None until it was built."""
        return self.record.parameters

    @property
    def failure(self) -> Failure | None:
        """Why its last attempt failed; None when it did not."""
        return self.record.failure

    @property
    def _path(self) -> str:
        return f"/v1/trials/{segment(self.id)}"

    async def refresh(self) -> AsyncTrial:
        """Itself, with the record read anew."""
        self.record = await self._http.get(self._path, TrialRecord)
        return self

    def epochs(self, *, metrics: Sequence[str] = (), max_points: int | None = None) -> AsyncIterator[Epoch]:
        """Its learning curve: all epochs by execution, then epoch.

        Args:
            metrics: Only these; none: all.
            max_points: At most so many epochs of each curve, evenly chosen; None: all.
        """
        query: dict[str, QueryValue | list[str]] = {"metrics": list(metrics), "max_points": max_points}
        return _pages.items(self._http, f"{self._path}/epochs", Page[Epoch], query=query, page_size=500)

    async def download_model(self, path: str | Path, *, name: str | None = None) -> Path:
        """Save the trained model of its best epoch as a `.keras` file, or an estimator as `.skops`; returns the file.

        Args:
            path: The file to write (replaced if it is there), or a folder: then `trial-<number>.keras` (or `.skops`)
                in it.
            name: In a folder, the file's name without its suffix.

        Raises:
            ModelNotReady: It cannot be had yet, or never will be; the message says which.
            NotFound: The trial is gone.
        """
        target = Path(path)
        if target.is_dir():
            target = target / (name or f"trial-{self.number}")
            return await _downloads.download(self._http, f"{self._path}/model", target, suffixes=(".keras", ".skops"))
        return await _downloads.download(self._http, f"{self._path}/model", target)

    async def diagnosis(self) -> Diagnosis:
        """What its learning curves show (overfitting, divergence, ...), the evidence, and what to try next."""
        return await self._http.get(f"{self._path}/diagnosis", Diagnosis)

    async def recipe(self) -> Recipe:
        """Its definition without holes, and Keras Python: what `best` tells of the best ones."""
        return await self._http.get(f"{self._path}/code", Recipe)

    async def plot_curves(
        self, *, metric: str | None = None, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> AsyncFigure:
        """Its learning curves: all trainings (or folds), on the training and the validation part."""
        query: dict[str, QueryValue | list[str]] = {"metric": metric, "trial": self.id}
        search_id = self.record.search_id
        return await drawn(self._http, search_id, "learning-curves", query=query, format=format, theme=theme)

    async def attempts(self) -> Table[Attempt]:
        """Every try at running it, with how each ended."""
        attempts = await listed(_pages.items(self._http, f"{self._path}/attempts", Page[Attempt], page_size=None))
        return Table(attempts)

    async def logs(self) -> list[AttemptLog]:
        """What its trainer printed in each attempt that has ended."""
        return await listed(_pages.items(self._http, f"{self._path}/logs", Page[AttemptLog], page_size=None))

    async def retry(self) -> AsyncTrial:
        """Try it once more after it failed, with fresh budgets, while its search has not ended."""
        self.record = await self._http.post(f"{self._path}/retry", TrialRecord)
        return self

    async def stop(self) -> AsyncTrial:
        """Ask a running trial to end with the score so far; a queued one is cancelled."""
        self.record = await self._http.post(f"{self._path}/stop", TrialRecord)
        return self


class AsyncBestTrial(AsyncTrial):
    """A trial among the best of its search: also its definition without holes, and Keras Python."""

    def __init__(self, http: AsyncHttp, record: BestRecord) -> None:
        super().__init__(http, record)
        self._best = record

    @property
    def definition(self) -> dict[str, Any] | None:
        """The model, compile and fit parts with this trial's values filled in; None where the data set is gone."""
        return self._best.definition

    @property
    def code(self) -> str | None:
        """Keras Python that builds and trains this trial as it stands; None where the data set is gone."""
        return self._best.code

"""Handles of jobs: final trainings and learning-rate range tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from headstock._async import _downloads
from headstock._async._http import AsyncHttp
from headstock._async._waiting import until_ended
from headstock._async.figures import AsyncFigure, drawn
from headstock._wire import segment
from headstock.definitions import PictureFormat, Theme
from headstock.models import FinalRecord, JobRecord, RangeSuggestion, RangeTestRecord, Reason, SearchRecord, SearchState
from headstock.notebook.shown import RecordShown

R = TypeVar("R", bound=JobRecord)


class _AsyncJob(RecordShown, Generic[R]):
    """A training that is no search of its own.

    Attributes:
        record: Everything the service said of it, as of the last read; `refresh` reads anew.
    """

    _record_type: type[R]
    _place: str

    def __init__(self, http: AsyncHttp, record: R) -> None:
        self._http = http
        self.record = record

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.record.name!r} {self.state}>"

    @property
    def id(self) -> str:
        """Also its id as a search: its events, trial and epochs are there."""
        return self.record.id

    @property
    def state(self) -> SearchState:
        """As a search's, as of the last read."""
        return self.record.state

    @property
    def reason(self) -> Reason | None:
        """Why it is in its state, when there is something to say."""
        return self.record.state_reason

    @property
    def ended(self) -> bool:
        """Whether it is over, as of the last read."""
        return self.record.ended

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """The values it trains with."""
        return self.record.hyperparameters

    @property
    def _path(self) -> str:
        return f"{self._place}/{segment(self.id)}"

    async def refresh(self) -> Self:
        """Itself, with the record read anew."""
        self.record = await self._http.get(self._path, self._record_type)
        return self

    async def wait(self, *, timeout: float | None = None, poll_s: float = 1.0) -> Self:
        """Itself, once it has ended as COMPLETED or CANCELLED.

        A service that is restarted meanwhile is waited for, `Retries.away_s` long. Ctrl-C ends the waiting only.

        Args:
            timeout: Seconds after which to give up; None waits for as long as it takes. The job goes on either way.
            poll_s: Seconds between two looks.

        Raises:
            SearchFailed: It ended as FAILED; `code` and `reason` say why.
            WaitTimeout: It had not ended in time.
            Unreachable: The service has been away for too long.
        """
        return await until_ended(self, self._http, timeout_s=timeout, poll_s=poll_s)

    async def cancel(self) -> Self:
        """End it for good."""
        await self._http.post(f"/v1/searches/{segment(self.id)}/cancel", SearchRecord)
        return await self.refresh()

    async def delete(self) -> None:
        """Remove it with its files. It must have ended."""
        await self._http.send("DELETE", f"/v1/searches/{segment(self.id)}")


class AsyncFinalJob(_AsyncJob[FinalRecord]):
    """A trial's values, trained on all training rows and tested once on the test part."""

    _record_type = FinalRecord
    _place = "/v1/final"

    @property
    def report(self) -> dict[str, Any] | None:
        """How it was trained and how it did on the test part; None until it has ended well."""
        return self.record.report

    async def card(self) -> str:
        """The model card, in Markdown. Raises ReportNotReady."""
        answer = await self._http.send("GET", f"{self._path}/card", repeatable=True)
        return answer.text

    async def plot_confusion_matrix(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> AsyncFigure:
        """True against predicted classes of the test part.

        Raises:
            ReportNotReady: It has not ended well, the data set has no test part, or the task is no classification.
        """
        return await drawn(self._http, self.id, "confusion-matrix", query={}, format=format, theme=theme)

    async def plot_curves(
        self, *, metric: str | None = None, format: PictureFormat = "svg", theme: Theme = "light"
    ) -> AsyncFigure:
        """Its learning curve on the training rows: no others are held out in a final training."""
        query = {"metric": metric, "trial": self.record.trial_id}
        return await drawn(self._http, self.id, "learning-curves", query=query, format=format, theme=theme)

    async def download_model(self, path: str | Path) -> Path:
        """Save the model as a `.keras` file, or an estimator as `.skops`; returns the file.

        Args:
            path: The file to write (replaced if it is there), or a folder: then `model.keras` (or `.skops`) in it.

        Raises:
            ReportNotReady: The job has not ended, or left nothing.
        """
        target = Path(path)
        if target.is_dir():
            suffixes = (".keras", ".skops")
            return await _downloads.download(self._http, f"{self._path}/model", target / "model", suffixes=suffixes)
        return await _downloads.download(self._http, f"{self._path}/model", target)

    async def download_bundle(self, path: str | Path) -> Path:
        """Save the zip file with model, preprocessing, `predict.py`, report and card; returns the file.

        Args:
            path: The file to write (replaced if it is there), or a folder: then `bundle.zip` in it.

        Raises:
            ReportNotReady: The job has not ended, or left nothing.
        """
        target = Path(path)
        target = target / "bundle.zip" if target.is_dir() else target
        return await _downloads.download(self._http, f"{self._path}/bundle", target)


class AsyncRangeTest(_AsyncJob[RangeTestRecord]):
    """Losses of a few batches with an ever greater learning rate."""

    _record_type = RangeTestRecord
    _place = "/v1/lr-range-tests"

    @property
    def rates(self) -> list[float]:
        """Learning rates, one a batch; empty until it has ended well."""
        return self.record.rates

    @property
    def losses(self) -> list[float]:
        """Of the batches."""
        return self.record.losses

    @property
    def smoothed(self) -> list[float]:
        """The running mean of the losses."""
        return self.record.smoothed

    async def plot_losses(self, *, format: PictureFormat = "svg", theme: Theme = "light") -> AsyncFigure:
        """Loss against the learning rate, batch by batch and smoothed, with the suggested range.

        Raises:
            ReportNotReady: It has not ended well.
        """
        return await drawn(self._http, self.id, "lr-range-test", query={}, format=format, theme=theme)

    @property
    def suggestion(self) -> RangeSuggestion | None:
        """A range of learning rates to search in; None until it has ended well, and when the loss never fell."""
        return self.record.suggestion

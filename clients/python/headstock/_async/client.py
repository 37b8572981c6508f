"""The client: one object per service, from which everything else comes."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import httpx

from headstock._async import _downloads, _events, _pages
from headstock._async._http import BYTES, UPLOAD_TIMEOUT_S, AsyncHttp
from headstock._async._seam import AsyncWaiting, in_thread, listed
from headstock._async._tuning import AsyncTuning
from headstock._async._weights import AsyncStoredWeights
from headstock._async.jobs import AsyncFinalJob, AsyncRangeTest
from headstock._async.searches import AsyncSearch
from headstock._async.trials import AsyncTrial
from headstock._version import __version__
from headstock._wire import QueryValue, Retries, segment
from headstock.analysis import Comparison
from headstock.connection import discover, local
from headstock.definitions import Definition, between_commas, load_definition, opened
from headstock.errors import HeadstockError
from headstock.models import (
    Dataset,
    Document,
    Event,
    FinalRecord,
    LoginCode,
    Page,
    RangeTestRecord,
    SearchCounts,
    SearchRecord,
    SearchState,
    TemplateName,
    TrialRecord,
    Worker,
)
from headstock.notebook.shown import Table
from headstock.plans import Plan
from headstock.projects import project_zip

# A definition is checked with Keras itself, in a process that may have to start first.
CHECK_TIMEOUT_S = 180.0


class AsyncClient(AsyncTuning, AsyncStoredWeights):
    """A connection to one Headstock service. Use it as a context, or close it; safe to share between tasks.

    Args:
        url: Address of the service; None reads HEADSTOCK_URL, else the address that `headstock up` left in the data
            folder (HEADSTOCK_DATA_DIR, else `./headstock-data`).
        token: What opens it; None reads HEADSTOCK_TOKEN, else the token file of that folder (for an address on this
            machine only).
        timeout: Seconds a request may take; checks and uploads have longer ones of their own.
        transport: Another way to send requests (tests, proxies).
        retries: How often and how long repeatable requests are tried again. Repeatable are reads, and posts with an
            idempotency key; nothing else is sent twice.
        waiting: Time and chance for the waits in between (tests give their own).

    Raises:
        NotConfigured: There is no address to be found.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        retries: Retries | None = None,
        waiting: AsyncWaiting | None = None,
    ) -> None:
        self._http = AsyncHttp(
            discover(url, token, environ=os.environ, directory=Path.cwd()),
            timeout_s=timeout,
            transport=transport,
            retries=retries or Retries(),
            waiting=waiting or AsyncWaiting(),
            user_agent=f"headstock-python/{__version__}",
        )

    @classmethod
    def local(cls, data_dir: str | Path, *, timeout: float = 30.0) -> AsyncClient:
        """A client of the service that `headstock up --data-dir ...` runs, whatever the environment says.

        Raises:
            NotConfigured: No service has left its address in that folder.
        """
        connection = local(Path(data_dir))
        return cls(connection.url, connection.token, timeout=timeout)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<AsyncClient {self.url}>"

    @property
    def url(self) -> str:
        """Address of the service; the dashboard is there, too."""
        return self._http.connection.url

    async def aclose(self) -> None:
        """Close its connections. Handles that came from it end with it."""
        await self._http.aclose()

    # Searches

    async def submit(self, definition: Definition, *, idempotency_key: str | None = None) -> AsyncSearch:
        """Start a search.

        Args:
            definition: The definition, or the path of a JSON file with it.
            idempotency_key: Makes a repeated call return the first search. One is made for each call by default, so
                that the retries of one call never start two searches.

        Raises:
            InvalidDefinition: Something in it is wrong; `errors` has the places.
            IdempotencyKeyReused: The key belongs to another definition.
        """
        record = await self._http.post(
            "/v1/searches",
            SearchRecord,
            json=load_definition(definition),
            idempotency_key=idempotency_key or uuid.uuid4().hex,
            timeout_s=CHECK_TIMEOUT_S,
        )
        return AsyncSearch(self._http, record)

    async def plan(self, definition: Definition) -> Plan:
        """What a definition would cost: trials, epochs, size of the space and of the models. Nothing is stored.

        Raises:
            InvalidDefinition: Something in it is wrong; `errors` has the places.
        """
        return await self._http.post(
            "/v1/searches/plan",
            Plan,
            json=load_definition(definition),
            repeatable=True,
            timeout_s=CHECK_TIMEOUT_S,
        )

    async def search(self, search_id: str) -> AsyncSearch:
        """The search with that id. Raises NotFound."""
        return AsyncSearch(self._http, await self._http.get(f"/v1/searches/{segment(search_id)}", SearchRecord))

    async def compare(self, *searches: AsyncSearch | str, target: float | None = None) -> Comparison:
        """Two or more searches side by side: best scores, what they took, and when each reached the target.

        Args:
            searches: Themselves or their ids.
            target: A score to be reached; None takes the worst of the best scores.
        """
        ids = [each if isinstance(each, str) else each.id for each in searches]
        return await self._http.get("/v1/searches/compare", Comparison, query={"id": ids, "target": target})

    async def searches(
        self,
        *,
        state: SearchState | None = None,
        tag: Mapping[str, str] | None = None,
        name: str | None = None,
        text: str | None = None,
        dataset: str | Dataset | None = None,
        page_size: int = _pages.PAGE_SIZE,
    ) -> AsyncIterator[AsyncSearch]:
        """Searches, newest first, fetched page by page.

        Args:
            state: Only those in this state.
            tag: Only those with all these tags.
            name: Only those of this name.
            text: Only those with this in their name, in either case.
            dataset: Only those on this data set: itself, or its id.
        """
        query = {"state": state, "name": name, **_filters(tag, text, dataset)}
        pages = _pages.items(self._http, "/v1/searches", Page[SearchRecord], query=query, page_size=page_size)
        async for record in pages:
            yield AsyncSearch(self._http, record)

    async def count_searches(
        self,
        *,
        tag: Mapping[str, str] | None = None,
        text: str | None = None,
        dataset: str | Dataset | None = None,
    ) -> SearchCounts:
        """How many there are in each state of those that `searches` would give."""
        return await self._http.get("/v1/searches/counts", SearchCounts, query=_filters(tag, text, dataset))

    async def trial(self, trial_id: str) -> AsyncTrial:
        """The trial with that id. Raises NotFound."""
        return AsyncTrial(self._http, await self._http.get(f"/v1/trials/{segment(trial_id)}", TrialRecord))

    # Jobs

    async def final(self, job_id: str) -> AsyncFinalJob:
        """The final training with that id. Raises NotFound."""
        return AsyncFinalJob(self._http, await self._http.get(f"/v1/final/{segment(job_id)}", FinalRecord))

    async def finals(self) -> AsyncIterator[AsyncFinalJob]:
        """Final trainings, newest first, without their reports; also those whose search has been deleted."""
        async for record in _pages.items(self._http, "/v1/final", Page[FinalRecord]):
            yield AsyncFinalJob(self._http, record)

    async def lr_range_test(
        self,
        definition: Definition,
        *,
        values: Mapping[str, Any] | None = None,
        min_rate: float | None = None,
        max_rate: float | None = None,
        steps: int | None = None,
        smoothing: float | None = None,
        divergence: float | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncRangeTest:
        """Find a range of learning rates for a definition's model, by a few batches with an ever greater one.

        What is None has the service's default.

        Args:
            definition: The definition, or the path of a JSON file with it.
            values: Values of some hyperparameters; the others have their defaults.
            min_rate: The first learning rate.
            max_rate: The last one.
            steps: Batches.
            smoothing: Share of the old value in the running mean of the losses.
            divergence: It ends when the smoothed loss is so many times the least one.

        Raises:
            InvalidDefinition: Something in the definition is wrong; `errors` has the places.
            Invalid: Something else is.
        """
        options = {
            "values": None if values is None else dict(values),
            "min_rate": min_rate,
            "max_rate": max_rate,
            "steps": steps,
            "smoothing": smoothing,
            "divergence": divergence,
        }
        record = await self._http.post(
            "/v1/lr-range-tests",
            RangeTestRecord,
            json={
                "definition": load_definition(definition),
                **{name: value for name, value in options.items() if value is not None},
            },
            idempotency_key=idempotency_key or uuid.uuid4().hex,
            timeout_s=CHECK_TIMEOUT_S,
        )
        return AsyncRangeTest(self._http, record)

    async def range_test(self, job_id: str) -> AsyncRangeTest:
        """The range test with that id. Raises NotFound."""
        return AsyncRangeTest(
            self._http, await self._http.get(f"/v1/lr-range-tests/{segment(job_id)}", RangeTestRecord)
        )

    async def range_tests(self) -> AsyncIterator[AsyncRangeTest]:
        """Learning-rate range tests, newest first, without their points."""
        async for record in _pages.items(self._http, "/v1/lr-range-tests", Page[RangeTestRecord]):
            yield AsyncRangeTest(self._http, record)

    def events(self, *, after: int | None = None) -> AsyncGenerator[Event]:
        """What happens in all searches from now on (or since event number `after`); never ends by itself."""
        return _events.follow(self._http, "/v1/events", after=after)

    # Results of elsewhere

    async def import_results(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        objective: str | None = None,
        direction: Literal["min", "max"] | None = None,
        hyperparameters: str | Sequence[str] | None = None,
        metrics: str | Sequence[str] | None = None,
        trial: str | None = None,
        epoch: str | None = None,
        study: str | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncSearch:
        """Store results that were made elsewhere as a search, with trends, pictures, best trials and exports.

        Args:
            path: A table (`.csv`, `.json`, `.jsonl`), Optuna's SQLite file (`.db`, `.sqlite`, `.sqlite3`), or a project
                folder of Keras Tuner (of which `oracle.json` and the trials' `trial.json` are sent), or a zip of one.
            name: Of the search; None takes the file's name without its ending.
            objective: The metric that is the score. May be left out where the file has one metric, or tells.
            direction: Which scores are better; None: what the metric's name, or the file, tells.
            hyperparameters: Of a table: the columns that are hyperparameters. None: those with a prefix (`hp:`,
                `params_`, ...), or all that are neither metrics nor bookkeeping.
            metrics: Of a table: the columns that are metrics, likewise.
            trial: Of a table with a row for each epoch: the column that tells trials apart.
            epoch: Of such a table: the column with the epoch, counted from 0.
            study: Of a file with several Optuna studies: the name of one.
            idempotency_key: As for `submit`.

        Raises:
            InvalidImport: The file holds no results that can be used; the message says where and why.
        """
        source = Path(path)
        options = {
            "objective": objective,
            "direction": direction,
            "hyperparameters": between_commas(hyperparameters),
            "metrics": between_commas(metrics),
            "trial": trial,
            "epoch": epoch,
            "study": study,
        }
        given = {option: text for option, text in options.items() if text is not None}
        with await in_thread(project_zip, source) if source.is_dir() else opened(source) as content:
            record = await self._http.upload(
                "/v1/searches/import",
                SearchRecord,
                files={"file": (f"{source.name}.zip" if source.is_dir() else source.name, content, BYTES)},
                data={"name": name or source.stem, **given},
                idempotency_key=idempotency_key or uuid.uuid4().hex,
                timeout_s=UPLOAD_TIMEOUT_S,
            )
        return AsyncSearch(self._http, record)

    # What definitions are made from

    async def templates(self) -> list[str]:
        """Names of the stored definitions to start from."""
        names = await listed(_pages.items(self._http, "/v1/templates", Page[TemplateName], page_size=None))
        return [each.name for each in names]

    async def template(self, name: str) -> dict[str, Any]:
        """A stored definition, to be edited and submitted. Raises NotFound."""
        document = await self._http.get(f"/v1/templates/{segment(name)}", Document)
        return document.root

    async def catalog(self) -> dict[str, Any]:
        """Layers, optimizers, losses, metrics, callbacks and tuners that definitions may name, with their arguments."""
        document = await self._http.get("/v1/catalog", Document)
        return document.root

    # The service

    async def workers(self, *, ended: bool = False, samples: int = 0) -> Table[Worker]:
        """The workers that are alive, and what their slots do.

        Args:
            ended: Also those that are no more.
            samples: How many of the last samples of its machine to tell of each, at most 60.
        """
        query = {"ended": ended or None, "samples": samples or None}
        return Table(await listed(_pages.items(self._http, "/v1/workers", Page[Worker], query=query, page_size=None)))

    async def dashboard_link(self) -> str:
        """A link that signs a browser in to the dashboard with this client's rights. It works once, for minutes."""
        code = await self._http.post("/v1/login-codes", LoginCode)
        return self.url + code.path

    async def is_ready(self) -> bool:
        """Whether the service answers and its database does. Never raises for a service that is down."""
        try:
            await self._http.send("GET", "/readyz")
        except HeadstockError:
            return False
        return True

    async def openapi(self, path: str | Path) -> Path:
        """Save the service's OpenAPI document; returns the file."""
        return await _downloads.download(self._http, "/openapi.json", Path(path))


def _filters(
    tag: Mapping[str, str] | None, text: str | None, dataset: str | Dataset | None
) -> dict[str, QueryValue | list[str]]:
    return {
        "tag": [f"{key}:{value}" for key, value in (tag or {}).items()],
        "text": text,
        "dataset": dataset.id if isinstance(dataset, Dataset) else dataset,
    }

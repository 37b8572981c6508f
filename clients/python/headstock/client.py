# Made from _async/client.py by `make twins`: edit that one.
"""The client: one object per service, from which everything else comes."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import httpx

from headstock import _downloads, _events, _pages
from headstock._http import BYTES, UPLOAD_TIMEOUT_S, Http
from headstock._seam import Waiting, in_thread, listed
from headstock._tuning import Tuning
from headstock._version import __version__
from headstock._weights import StoredWeights
from headstock._wire import QueryValue, Retries, segment
from headstock.analysis import Comparison
from headstock.connection import discover, local
from headstock.definitions import Definition, between_commas, load_definition, opened
from headstock.errors import HeadstockError
from headstock.jobs import FinalJob, RangeTest
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
from headstock.searches import Search
from headstock.trials import Trial

# A definition is checked with Keras itself, in a process that may have to start first.
CHECK_TIMEOUT_S = 180.0


class Client(Tuning, StoredWeights):
    """A connection to one Headstock service. Use it as a context, or close it; safe to share between threads.

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
        transport: httpx.BaseTransport | None = None,
        retries: Retries | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self._http = Http(
            discover(url, token, environ=os.environ, directory=Path.cwd()),
            timeout_s=timeout,
            transport=transport,
            retries=retries or Retries(),
            waiting=waiting or Waiting(),
            user_agent=f"headstock-python/{__version__}",
        )

    @classmethod
    def local(cls, data_dir: str | Path, *, timeout: float = 30.0) -> Client:
        """A client of the service that `headstock up --data-dir ...` runs, whatever the environment says.

        Raises:
            NotConfigured: No service has left its address in that folder.
        """
        connection = local(Path(data_dir))
        return cls(connection.url, connection.token, timeout=timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self.url}>"

    @property
    def url(self) -> str:
        """Address of the service; the dashboard is there, too."""
        return self._http.connection.url

    def close(self) -> None:
        """Close its connections. Handles that came from it end with it."""
        self._http.close()

    # Searches

    def submit(self, definition: Definition, *, idempotency_key: str | None = None) -> Search:
        """Start a search.

        Args:
            definition: The definition, or the path of a JSON file with it.
            idempotency_key: Makes a repeated call return the first search. One is made for each call by default, so
                that the retries of one call never start two searches.

        Raises:
            InvalidDefinition: Something in it is wrong; `errors` has the places.
            IdempotencyKeyReused: The key belongs to another definition.
        """
        record = self._http.post(
            "/v1/searches",
            SearchRecord,
            json=load_definition(definition),
            idempotency_key=idempotency_key or uuid.uuid4().hex,
            timeout_s=CHECK_TIMEOUT_S,
        )
        return Search(self._http, record)

    def plan(self, definition: Definition) -> Plan:
        """What a definition would cost: trials, epochs, size of the space and of the models. Nothing is stored.

        Raises:
            InvalidDefinition: Something in it is wrong; `errors` has the places.
        """
        return self._http.post(
            "/v1/searches/plan",
            Plan,
            json=load_definition(definition),
            repeatable=True,
            timeout_s=CHECK_TIMEOUT_S,
        )

    def search(self, search_id: str) -> Search:
        """The search with that id. Raises NotFound."""
        return Search(self._http, self._http.get(f"/v1/searches/{segment(search_id)}", SearchRecord))

    def compare(self, *searches: Search | str, target: float | None = None) -> Comparison:
        """Two or more searches side by side: best scores, what they took, and when each reached the target.

        Args:
            searches: Themselves or their ids.
            target: A score to be reached; None takes the worst of the best scores.
        """
        ids = [each if isinstance(each, str) else each.id for each in searches]
        return self._http.get("/v1/searches/compare", Comparison, query={"id": ids, "target": target})

    def searches(
        self,
        *,
        state: SearchState | None = None,
        tag: Mapping[str, str] | None = None,
        name: str | None = None,
        text: str | None = None,
        dataset: str | Dataset | None = None,
        page_size: int = _pages.PAGE_SIZE,
    ) -> Iterator[Search]:
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
        for record in pages:
            yield Search(self._http, record)

    def count_searches(
        self,
        *,
        tag: Mapping[str, str] | None = None,
        text: str | None = None,
        dataset: str | Dataset | None = None,
    ) -> SearchCounts:
        """How many there are in each state of those that `searches` would give."""
        return self._http.get("/v1/searches/counts", SearchCounts, query=_filters(tag, text, dataset))

    def trial(self, trial_id: str) -> Trial:
        """The trial with that id. Raises NotFound."""
        return Trial(self._http, self._http.get(f"/v1/trials/{segment(trial_id)}", TrialRecord))

    # Jobs

    def final(self, job_id: str) -> FinalJob:
        """The final training with that id. Raises NotFound."""
        return FinalJob(self._http, self._http.get(f"/v1/final/{segment(job_id)}", FinalRecord))

    def finals(self) -> Iterator[FinalJob]:
        """Final trainings, newest first, without their reports; also those whose search has been deleted."""
        for record in _pages.items(self._http, "/v1/final", Page[FinalRecord]):
            yield FinalJob(self._http, record)

    def lr_range_test(
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
    ) -> RangeTest:
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
        record = self._http.post(
            "/v1/lr-range-tests",
            RangeTestRecord,
            json={
                "definition": load_definition(definition),
                **{name: value for name, value in options.items() if value is not None},
            },
            idempotency_key=idempotency_key or uuid.uuid4().hex,
            timeout_s=CHECK_TIMEOUT_S,
        )
        return RangeTest(self._http, record)

    def range_test(self, job_id: str) -> RangeTest:
        """The range test with that id. Raises NotFound."""
        return RangeTest(self._http, self._http.get(f"/v1/lr-range-tests/{segment(job_id)}", RangeTestRecord))

    def range_tests(self) -> Iterator[RangeTest]:
        """Learning-rate range tests, newest first, without their points."""
        for record in _pages.items(self._http, "/v1/lr-range-tests", Page[RangeTestRecord]):
            yield RangeTest(self._http, record)

    def events(self, *, after: int | None = None) -> Iterator[Event]:
        """What happens in all searches from now on (or since event number `after`); never ends by itself."""
        return _events.follow(self._http, "/v1/events", after=after)

    # Results of elsewhere

    def import_results(
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
    ) -> Search:
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
        with in_thread(project_zip, source) if source.is_dir() else opened(source) as content:
            record = self._http.upload(
                "/v1/searches/import",
                SearchRecord,
                files={"file": (f"{source.name}.zip" if source.is_dir() else source.name, content, BYTES)},
                data={"name": name or source.stem, **given},
                idempotency_key=idempotency_key or uuid.uuid4().hex,
                timeout_s=UPLOAD_TIMEOUT_S,
            )
        return Search(self._http, record)

    # What definitions are made from

    def templates(self) -> list[str]:
        """Names of the stored definitions to start from."""
        names = listed(_pages.items(self._http, "/v1/templates", Page[TemplateName], page_size=None))
        return [each.name for each in names]

    def template(self, name: str) -> dict[str, Any]:
        """A stored definition, to be edited and submitted. Raises NotFound."""
        document = self._http.get(f"/v1/templates/{segment(name)}", Document)
        return document.root

    def catalog(self) -> dict[str, Any]:
        """Layers, optimizers, losses, metrics, callbacks and tuners that definitions may name, with their arguments."""
        document = self._http.get("/v1/catalog", Document)
        return document.root

    # The service

    def workers(self, *, ended: bool = False, samples: int = 0) -> Table[Worker]:
        """The workers that are alive, and what their slots do.

        Args:
            ended: Also those that are no more.
            samples: How many of the last samples of its machine to tell of each, at most 60.
        """
        query = {"ended": ended or None, "samples": samples or None}
        return Table(listed(_pages.items(self._http, "/v1/workers", Page[Worker], query=query, page_size=None)))

    def dashboard_link(self) -> str:
        """A link that signs a browser in to the dashboard with this client's rights. It works once, for minutes."""
        code = self._http.post("/v1/login-codes", LoginCode)
        return self.url + code.path

    def is_ready(self) -> bool:
        """Whether the service answers and its database does. Never raises for a service that is down."""
        try:
            self._http.send("GET", "/readyz")
        except HeadstockError:
            return False
        return True

    def openapi(self, path: str | Path) -> Path:
        """Save the service's OpenAPI document; returns the file."""
        return _downloads.download(self._http, "/openapi.json", Path(path))


def _filters(
    tag: Mapping[str, str] | None, text: str | None, dataset: str | Dataset | None
) -> dict[str, QueryValue | list[str]]:
    return {
        "tag": [f"{key}:{value}" for key, value in (tag or {}).items()],
        "text": text,
        "dataset": dataset.id if isinstance(dataset, Dataset) else dataset,
    }

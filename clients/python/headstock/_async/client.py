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
from headstock._async._http import AsyncHttp
from headstock._async._seam import AsyncWaiting, in_thread, listed
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
    BuiltinDataset,
    Dataset,
    DatasetPreview,
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
    Weights,
    Worker,
)
from headstock.plans import Plan
from headstock.projects import project_zip

# A definition is checked with Keras itself, in a process that may have to start first.
CHECK_TIMEOUT_S = 180.0
_BYTES = "application/octet-stream"
UPLOAD_TIMEOUT_S = 600.0


class AsyncClient:
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

    # Data

    async def upload_dataset(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        target: str | Sequence[str] | None = None,
        text: str | None = None,
        ignore: str | Sequence[str] | None = None,
        part: str | None = None,
        group: str | None = None,
        time: str | None = None,
        weight: str | None = None,
        image_size: str | tuple[int, int] | None = None,
        color: str | None = None,
        scale: str | None = None,
        task: str | None = None,
    ) -> Dataset:
        """Store a data set; definitions then refer to it by its name.

        Args:
            path: An `.npz` file (`x_train`, `y_train`, and where there are any `x_validation`, `x_test`, ...), a
                `.csv` file with a header, a `.parquet` file, or a `.zip` file with a folder of images for each class.
            name: None takes the file's name without its ending.
            target: Of a table: the column to predict, or several.
            text: Of a table: the column of texts that are the examples.
            ignore: Of a table: columns to leave out.
            part: Of a table: the column that says `train`, `validation` or `test`.
            group: Of a table: the column whose equal values must stay on one side of a split.
            time: Of a table: the column that orders the rows.
            weight: Of a table: the column of sample weights.
            image_size: Height and width, as `(64, 64)` or `"64x64"`, that images are brought to.
            color: `rgb` or `grayscale`: what images are brought to.
            scale: `0-1`, `standard` or `none`, applied in training.
            task: `classification`, `regression` or `multilabel`; None lets the service tell from the targets.

        Raises:
            InvalidDataset: The file cannot be used; the message says why.
            NameTaken: There is another of that name.
        """
        file = Path(path)
        options = {
            "name": name or file.stem,
            "target": between_commas(target),
            "text": text,
            "ignore": between_commas(ignore),
            "part": part,
            "group": group,
            "time": time,
            "weight": weight,
            "image_size": image_size if isinstance(image_size, str | None) else f"{image_size[0]}x{image_size[1]}",
            "color": color,
            "scale": scale,
            "task": task,
        }
        with opened(file) as content:
            return await self._http.upload(
                "/v1/datasets",
                Dataset,
                files={"file": (file.name, content, "application/octet-stream")},
                data={key: value for key, value in options.items() if value is not None},
                timeout_s=UPLOAD_TIMEOUT_S,
            )

    def datasets(self) -> AsyncIterator[Dataset]:
        """The stored data sets, newest first."""
        return _pages.items(self._http, "/v1/datasets", Page[Dataset])

    async def dataset(self, dataset_id: str) -> Dataset:
        """The stored data set with that id. Raises NotFound."""
        return await self._http.get(f"/v1/datasets/{segment(dataset_id)}", Dataset)

    async def builtin_datasets(self) -> list[BuiltinDataset]:
        """The data sets that a definition can name without an upload."""
        return await listed(_pages.items(self._http, "/v1/datasets/builtin", Page[BuiltinDataset], page_size=None))

    async def preview_dataset(
        self,
        dataset: str | Dataset,
        *,
        rows: int = 10,
        part: Literal["train", "validation", "test"] = "train",
        sample: Literal["first", "random"] = "first",
        seed: int = 0,
    ) -> DatasetPreview:
        """A few rows of a data set (itself, its id or its name), and figures over the part they are from.

        Args:
            rows: How many, at most 50.
            sample: The first rows, or random ones; then `seed` chooses.

        Raises:
            NotFound: There is none.
            Invalid: It has no such part.
        """
        dataset_id = dataset.id if isinstance(dataset, Dataset) else await self._dataset_id(dataset)
        return await self._http.get(
            f"/v1/datasets/{segment(dataset_id)}/preview",
            DatasetPreview,
            query={"rows": rows, "part": part, "sample": sample, "seed": seed},
        )

    async def delete_dataset(self, dataset: str | Dataset) -> None:
        """Remove a data set, given itself, its id or its name.

        Raises:
            NotFound: There is none.
            DatasetInUse: A search that has not ended uses it.
        """
        dataset_id = dataset.id if isinstance(dataset, Dataset) else await self._dataset_id(dataset)
        await self._http.send("DELETE", f"/v1/datasets/{segment(dataset_id)}")

    async def _dataset_id(self, reference: str) -> str:
        """The id of the data set of that name; what is no name is taken for an id."""
        async for dataset in self.datasets():
            if dataset.name == reference:
                return dataset.id
        return reference

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
                files={"file": (f"{source.name}.zip" if source.is_dir() else source.name, content, _BYTES)},
                data={"name": name or source.stem, **given},
                idempotency_key=idempotency_key or uuid.uuid4().hex,
                timeout_s=UPLOAD_TIMEOUT_S,
            )
        return AsyncSearch(self._http, record)

    # Weights for models to begin with

    async def upload_weights(self, path: str | Path, *, name: str | None = None) -> Weights:
        """Store weights for the backbone of an `application` model; definitions refer to them by their name.

        Args:
            path: What `model.save_weights` writes (`.weights.h5`), or weights or a whole model as `.h5`.
            name: None takes the file's name without its ending.

        Raises:
            InvalidWeights: The file cannot be used; the message says why.
            NameTaken: There are others of that name.
        """
        file = Path(path)
        with opened(file) as content:
            return await self._http.upload(
                "/v1/weights",
                Weights,
                files={"file": (file.name, content, "application/octet-stream")},
                data={"name": name or file.stem.removesuffix(".weights")},
                timeout_s=UPLOAD_TIMEOUT_S,
            )

    def weights(self) -> AsyncIterator[Weights]:
        """The uploaded weights, newest first."""
        return _pages.items(self._http, "/v1/weights", Page[Weights])

    async def delete_weights(self, weights: str | Weights) -> None:
        """Remove weights, given themselves, their id or their name.

        Raises:
            NotFound: There are none.
        """
        weights_id = weights.id if isinstance(weights, Weights) else await self._weights_id(weights)
        await self._http.send("DELETE", f"/v1/weights/{segment(weights_id)}")

    async def _weights_id(self, reference: str) -> str:
        """The id of the weights of that name; what is no name is taken for an id."""
        async for weights in self.weights():
            if weights.name == reference:
                return weights.id
        return reference

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

    async def workers(self, *, ended: bool = False, samples: int = 0) -> list[Worker]:
        """The workers that are alive, and what their slots do.

        Args:
            ended: Also those that are no more.
            samples: How many of the last samples of its machine to tell of each, at most 60.
        """
        query = {"ended": ended or None, "samples": samples or None}
        return await listed(_pages.items(self._http, "/v1/workers", Page[Worker], query=query, page_size=None))

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

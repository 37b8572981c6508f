"""A real API over a real SQLite file; only Keras and the data's child process are stood in for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

from service.app import create_app
from service.limits import Limits
from service.tokens import ALL_SCOPES, make_token
from storage.artifacts import ArtifactStore, open_store
from storage.clock import ManualClock, SystemClock
from storage.datasets import Dataset
from storage.errors import FieldFault, InvalidDefinition
from storage.ids import DatasetId, new_dataset_id
from storage.records import Scope
from storage.repository import Repository
from storage.settings import Settings
from storage.sql import open_repository
from tuners.datasets.options import UploadOptions
from tuners.datasets.record import recorded
from tuners.datasets.wire import Meta
from tuners.definitions import DataFacts
from tuners.planner.client import ModelFacts
from tuners.planner.wire import Discovery


class CountingPlanner:
    """Answers like the planner for models it is told are fine; refuses layers called `Impossible` in their name."""

    def __init__(self) -> None:
        self.asked = 0

    def check(self, definition: Mapping[str, object], facts: DataFacts) -> ModelFacts:
        self.asked += 1
        if definition["name"] == "cannot-be-built":
            fault = FieldFault("/model/layers/1", "build_error", "Keras says that the shapes do not fit")
            raise InvalidDefinition("the model cannot be built", (fault,))
        return ModelFacts(min_parameters=100, max_parameters=1000, default_parameters=200)

    def discover(self, definition: Mapping[str, object], facts: DataFacts) -> Discovery:
        """As if each builder asked for `units` and compiled with the accuracy."""
        self.asked += 1
        return Discovery(
            hyperparameters=[{"name": "units", "type": "int", "min_value": 4, "max_value": 8}],
            found={"metrics": {"loss": "min", "accuracy": "max"}},
            epochs=3,
            size=ModelFacts(min_parameters=100, max_parameters=1000, default_parameters=200),
        )


@dataclass
class FolderDatasets:
    """Makes records of data sets with tiny files, without reading what was uploaded."""

    store: ArtifactStore
    folder: Path
    repository: Repository
    prepared: list[str] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    options: list[UploadOptions] = field(default_factory=list)

    def builtin(self, name: str, owner: str) -> Dataset:
        self.prepared.append(name)
        return self._made(name, owner, builtin=True)

    def upload(self, path: Path, *, filename: str, name: str, owner: str, options: UploadOptions) -> Dataset:
        self.uploads.append(path.read_bytes())
        self.options.append(options)
        return self._made(name, owner, builtin=False)

    def delete(self, dataset_id: DatasetId) -> None:
        self.store.delete_prefix(self.repository.delete_dataset(dataset_id).key)

    def _made(self, name: str, owner: str, *, builtin: bool) -> Dataset:
        x, y = ({"dtype": dtype, "sha256": "0" * 64} for dtype in ("float32", "int32"))
        meta = Meta.model_validate(
            {
                "task": "classification",
                "input_shape": (8, 8),
                "num_classes": 10,
                "class_names": tuple("0123456789"),
                "feature_names": (),
                "scale": "0-1",
                "arrays": {"x_train": {**x, "shape": (1797, 8, 8)}, "y_train": {**y, "shape": (1797,)}},
            }
        )
        dataset_id = new_dataset_id()
        dataset = recorded(
            meta,
            dataset_id=dataset_id,
            owner=owner,
            name=name,
            source="scikit-learn: digits" if builtin else "upload: a.npz",
            builtin=builtin,
            key=f"datasets/{meta.fingerprint()}/{dataset_id}",
            size_bytes=15,
            created_at=SystemClock().now(),
        )
        kept = self.repository.add_dataset(dataset)
        if kept.id == dataset.id:
            source = self.folder / "file"
            source.write_text(meta.model_dump_json(), encoding="utf-8")
            for file in ("x_train.npy", "y_train.npy", "meta.json"):
                self.store.put(f"{dataset.key}/{file}", source)
        return kept


@dataclass
class FileExporter:
    """Writes a file where the real one would run Keras."""

    folder: Path
    asked: list[tuple[dict[str, Any], Path]] = field(default_factory=list)

    def __call__(self, resolved: dict[str, Any], weights: Path) -> Path:
        self.asked.append((resolved, weights))
        path = self.folder / "model.keras"
        path.write_bytes(b"model of " + weights.read_bytes())
        return path


@dataclass
class Service:
    """The app with its parts, and clients of it."""

    app: FastAPI
    settings: Settings
    repository: Repository
    store: ArtifactStore
    planner: CountingPlanner
    datasets: FolderDatasets
    exporter: FileExporter
    clock: ManualClock

    def token(self, *scopes: Scope, owner: str = "ada", lasts_s: float | None = None) -> str:
        """A fresh token of an owner; all scopes unless some are named."""
        token, text = make_token(
            owner=owner,
            name="test",
            scopes=frozenset(scopes) or ALL_SCOPES,
            now=self.clock.now(),
            lasts_s=lasts_s,
        )
        self.repository.add_token(token)
        return text

    def client(self, token: str | None = None, **headers: str) -> TestClient:
        """A client whose errors in the app are answers, as they would be over a network."""
        all_headers = {**headers, **({"Authorization": f"Bearer {token}"} if token else {})}
        return TestClient(
            self.app, base_url="http://127.0.0.1:8000", headers=all_headers, raise_server_exceptions=False,
            follow_redirects=False,
        )  # fmt: skip

    def stored(self) -> tuple[int, ...]:
        """How much the database and the store hold: equal before and after what must change nothing."""
        from storage.records import SearchFilter

        searches = self.repository.list_searches(SearchFilter(), limit=500).items
        return (
            len(searches),
            sum(search.counts.total for search in searches),
            len(tuple(self.store.keys())),
            self.repository.last_event_seq(),
            len(list((self.settings.data_dir / "uploads").glob("*"))),
        )


@contextmanager
def open_service(folder: Path, url: str, limits: Limits, **changes: Any) -> Iterator[Service]:
    """A service with its data in `folder` until the block ends; `changes` are settings."""
    settings = Settings(
        data_dir=folder / "data",
        upload_max_bytes=100_000,
        allowed_hosts=("headstock.example",),
        **changes,
    )
    settings.data_dir.mkdir()
    clock = ManualClock(SystemClock().now())
    repository = open_repository(url)
    store = open_store(settings.artifacts)
    planner = CountingPlanner()
    datasets = FolderDatasets(store, folder, repository)
    exporter = FileExporter(folder)
    app = create_app(
        settings,
        repository=repository,
        store=store,
        planner=planner,
        datasets=datasets,
        clock=clock,
        exporter=exporter,
        limits=limits,
    )
    yield Service(app, settings, repository, store, planner, datasets, exporter, clock)
    app.state.context.hub.stop()
    app.state.context.painter.close()
    app.state.context.analyst.close()
    app.state.context.previewer.close()
    repository.close()

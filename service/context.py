"""What the routes work with, made once by `service.app.create_app`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from service.gate import Gate
from service.limits import Limits
from service.measures import Measures
from service.sign_in import Brake, LoginCodes
from service.streams import EventHub
from service.trends.kept import KeptAnswers
from service.upload_slots import UploadSlots
from storage.artifacts.store import ArtifactStore
from storage.clock import Clock
from storage.datasets import Dataset
from storage.ids import DatasetId
from storage.repository import Repository
from storage.settings import Settings
from tuners.analysis.wire import Importance, ImportanceQuestion, Surface, SurfaceQuestion
from tuners.datasets.options import UploadOptions
from tuners.datasets.preview_wire import Part, Preview, Sample
from tuners.definitions import DataFacts
from tuners.pictures.figure import Figure, Format, Theme
from tuners.planner.client import ModelFacts
from tuners.planner.wire import Discovery
from tuners.weights.client import WeightsClient


class Checker(Protocol):
    """What is asked of the planner."""

    def check(self, definition: Mapping[str, object], facts: DataFacts) -> ModelFacts: ...

    def discover(self, definition: Mapping[str, object], facts: DataFacts) -> Discovery: ...


class Preparer(Protocol):
    """What is asked of the data set client."""

    def builtin(self, name: str, owner: str) -> Dataset: ...

    def upload(self, path: Path, *, filename: str, name: str, owner: str, options: UploadOptions) -> Dataset: ...

    def delete(self, dataset_id: DatasetId) -> None: ...


class Exporter(Protocol):
    """Makes a `.keras` file of a resolved definition and the weights of its best epoch."""

    def __call__(self, resolved: dict[str, Any], weights: Path) -> Path: ...


class Drawer(Protocol):
    """Makes the bytes of a picture."""

    def draw(self, figure: Figure, *, format: Format, theme: Theme) -> bytes: ...


class Analysing(Protocol):
    """Answers what needs numeric libraries."""

    def importance(self, question: ImportanceQuestion) -> Importance: ...

    def surface(self, question: SurfaceQuestion) -> Surface: ...


class Previewing(Protocol):
    """Looks into stored data sets."""

    def preview(self, dataset: Dataset, *, part: Part, rows: int, sample: Sample, seed: int) -> Preview: ...


@dataclass(frozen=True, slots=True)
class Context:
    settings: Settings
    limits: Limits
    repository: Repository
    store: ArtifactStore
    planner: Checker
    datasets: Preparer
    weights: WeightsClient
    clock: Clock
    codes: LoginCodes
    brake: Brake
    hub: EventHub
    measures: Measures
    uploads: UploadSlots
    checks: Gate
    exports: Gate
    exporter: Exporter
    pictures: Gate
    tables: Gate
    painter: Drawer
    analyses: Gate
    answers: KeptAnswers
    analyst: Analysing
    previews: Gate
    previewer: Previewing

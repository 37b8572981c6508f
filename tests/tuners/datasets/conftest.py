"""A data set client over a store and a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.artifacts import open_store
from storage.artifacts.store import ArtifactStore
from storage.clock import ManualClock
from storage.repository import Repository
from storage.settings import Settings
from storage.sql import open_repository
from tuners.datasets.client import DatasetClient


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", upload_max_bytes=1 << 20, downloads=False)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def repository(sqlite_url: str) -> Iterator[Repository]:
    opened = open_repository(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def client(settings: Settings, store: ArtifactStore, repository: Repository) -> DatasetClient:
    return DatasetClient(settings, store, repository, ManualClock())


@pytest.fixture
def untouched(settings: Settings, store: ArtifactStore) -> Iterator[None]:
    """Nothing is left behind by the test: no scratch files, no stored ones."""
    yield
    scratch = settings.data_dir / "scratch"
    assert not scratch.exists() or list(scratch.iterdir()) == []
    assert list(store.keys()) == []

"""Data sets that are asked for by name: bundled ones, downloads, and the page that lists them."""

from __future__ import annotations

import gzip
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from storage.artifacts.store import ArtifactStore
from storage.datasets import Dataset
from storage.errors import DatasetUnavailable, NotFound
from storage.repository import Repository
from storage.settings import Settings
from tests.tuners.dataset_files import MNIST_VARIABLE
from tuners.datasets.arrays import ArraysCache, DataRequest, load_arrays
from tuners.datasets.builtin_names import BUILTINS, builtin_names, find_builtin, nearest_builtin
from tuners.datasets.client import DatasetClient
from tuners.datasets.files import dataset_folder


class TestBuiltin:
    def test_unknown_name(self, client: DatasetClient) -> None:
        with pytest.raises(NotFound, match="'digits'"):
            client.builtin("digit", "ann")
        assert nearest_builtin("fashion-mnist") == "fashion_mnist"
        assert nearest_builtin("zzzzzz") is None

    @pytest.mark.parametrize("name", [item.name for item in BUILTINS if not item.needs_network])
    def test_catalogue_tells_the_truth_of_what_is_bundled(self, client: DatasetClient, name: str) -> None:
        item = find_builtin(name)
        assert item is not None
        record = client.builtin(name, "ann")
        assert record.builtin
        assert (record.name, record.task, record.scale) == (name, item.task, item.scale)
        assert (record.input_shape, record.num_classes) == (item.input_shape, item.num_classes)
        assert (record.train_rows, record.test_rows) == (item.train_rows, item.test_rows)
        assert record.target_shape == item.target_shape
        assert item.class_names in ((), record.class_names)
        assert len(record.class_names) == (item.num_classes or 0)

    def test_digits_are_small_and_whole(self, client: DatasetClient, store: ArtifactStore) -> None:
        record = client.builtin("digits")
        assert (record.x_dtype, record.source) == ("uint8", "scikit-learn: digits")
        folder = dataset_folder(store, record)
        arrays = load_arrays(folder, record, request=DataRequest(validation_split=0.2, seed=7), cache=ArraysCache())
        assert (len(arrays.x_train), arrays.x_val is not None and len(arrays.x_val)) == (1437, 360)
        assert isinstance(arrays.x_train, np.ndarray)
        assert (arrays.x_train.min(), arrays.x_train.max()) == (0.0, 1.0)

    @pytest.mark.usefixtures("untouched")
    def test_downloads_switched_off(
        self, tmp_path: Path, settings: Settings, store: ArtifactStore, repository: Repository
    ) -> None:
        client = DatasetClient(
            settings, store, repository, environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        )
        with pytest.raises(DatasetUnavailable, match=r"mnist\.npz.*switched off.*headstock datasets add"):
            client.builtin("mnist", "ann")

    @pytest.mark.keras
    @pytest.mark.usefixtures("untouched")
    def test_no_network(self, tmp_path: Path, settings: Settings, store: ArtifactStore, repository: Repository) -> None:
        client = DatasetClient(
            settings.model_copy(update={"downloads": True}),
            store,
            repository,
            environment={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "KERAS_HOME": str(tmp_path / "keras"),
                # Nobody listens on the discard port.
                "HTTPS_PROXY": "http://127.0.0.1:9",
            },
        )
        with pytest.raises(DatasetUnavailable, match=r"boston_housing\.npz.*no network was reachable.*datasets add"):
            client.builtin("boston_housing", "ann")

    @pytest.mark.keras
    def test_files_in_keras_cache_folder_need_no_network(
        self, tmp_path: Path, settings: Settings, store: ArtifactStore, repository: Repository
    ) -> None:
        item = find_builtin("fashion_mnist")
        assert item is not None
        rng = np.random.default_rng(1)
        for file in item.files:
            path = tmp_path / "keras" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = 20 if "train" in path.name else 10
            if "labels" in path.name:
                raw = struct.pack(">2L", 2049, rows) + bytes(range(10)) * (rows // 10)
            else:
                raw = (
                    struct.pack(">4L", 2051, rows, 28, 28) + rng.integers(0, 256, rows * 784, dtype=np.uint8).tobytes()
                )
            path.write_bytes(gzip.compress(raw))
        client = DatasetClient(
            settings,
            store,
            repository,
            environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KERAS_HOME": str(tmp_path / "keras")},
        )
        record = client.builtin("fashion_mnist", "ann")
        assert (record.train_rows, record.test_rows, record.input_shape) == (20, 10, (28, 28))
        assert record.class_names == item.class_names
        assert record.source == "keras: fashion_mnist"


def test_names_are_unique_and_plain() -> None:
    assert len(set(builtin_names())) == len(BUILTINS)
    for item in BUILTINS:
        assert item.name.isidentifier()
        assert len(item.class_names) in (0, item.num_classes)
        assert item.needs_network == (item.library == "keras")


def test_page_names_every_set_and_every_refusal() -> None:
    root = Path(__file__).parents[3]
    page = (root / "docs" / "datasets.md").read_text(encoding="utf-8")
    for item in BUILTINS:
        shape = str(item.input_shape)
        rows = [line for line in page.splitlines() if line.startswith(f"| `{item.name}` | {item.task} | {shape} |")]
        assert len(rows) == 1, item.name
        assert f"| {item.train_rows:,} |" in rows[0]
        assert f"| {item.scale} |" in rows[0]
    sources = "".join(path.read_text(encoding="utf-8") for path in (root / "tuners" / "datasets").glob("*.py"))
    codes = set(re.findall(r'rejection\(\s*"(\w+)"', sources)) | set(
        re.findall(r'FieldFault\("/\w+", "(\w+)"', sources)
    )
    codes |= {"invalid_choice"}
    assert len(codes) > 15
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


class TestMnist:
    """Real data, where there are any."""

    @pytest.fixture(scope="class")
    @staticmethod
    def mnist() -> Path:
        root = Path(__file__).parents[3]
        path = Path(os.environ.get(MNIST_VARIABLE) or root.parent / "shared" / "data" / "mnist.npz")
        if not path.is_file():
            pytest.skip(f"set {MNIST_VARIABLE} to the path of mnist.npz")
        return path

    def test_upload(self, mnist: Path, tmp_path: Path, store: ArtifactStore, repository: Repository) -> None:
        client = DatasetClient(Settings(data_dir=tmp_path / "data"), store, repository)
        record = client.upload(mnist, filename="mnist.npz", name="mnist", owner="ann")
        assert (record.train_rows, record.test_rows, record.input_shape) == (60_000, 10_000, (28, 28))
        assert (record.task, record.num_classes, record.scale, record.x_dtype) == ("classification", 10, "0-1", "uint8")
        folder = dataset_folder(store, record)
        arrays = load_arrays(
            folder, record, request=DataRequest(validation_split=0.2, seed=1, test=True), cache=ArraysCache()
        )
        assert arrays.x_val is not None
        assert arrays.x_test is not None
        assert (len(arrays.x_train), len(arrays.x_val), len(arrays.x_test)) == (48_000, 12_000, 10_000)
        assert isinstance(arrays.x_test, np.ndarray)
        with np.load(mnist) as original:
            np.testing.assert_allclose(arrays.x_test, original["x_test"] / 255.0, rtol=1e-6)


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content)
    return path


def load_arrays_of(store: ArtifactStore, record: Dataset) -> np.ndarray:
    loaded: np.ndarray = np.load(dataset_folder(store, record) / "x_train.npy", mmap_mode="r")
    return loaded

"""The child process from its caller's side: limits, surroundings, and nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.artifacts.filesystem import FilesystemStore
from storage.artifacts.store import ArtifactStore, StoredFile
from storage.clock import ManualClock
from storage.datasets import Dataset
from storage.errors import InvalidDataset, NameTaken, NotFound, StorageUnavailable
from storage.repository import Repository
from storage.settings import Settings
from tests.tuners.dataset_files import npz
from tuners.datasets.client import DatasetClient
from tuners.datasets.files import dataset_folder
from tuners.datasets.options import UploadOptions

LABEL = UploadOptions(target="label")
GOOD = npz(x=np.arange(40.0).reshape(10, 4), y=np.arange(10) % 2)


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content)
    return path


def load_arrays_of(store: ArtifactStore, record: Dataset) -> np.ndarray:
    loaded: np.ndarray = np.load(dataset_folder(store, record) / "x_train.npy", mmap_mode="r")
    return loaded


def codes(error: pytest.ExceptionInfo[InvalidDataset]) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in error.value.faults]


class TestUpload:
    def test_record_tells_what_was_stored(
        self,
        tmp_path: Path,
        client: DatasetClient,
        store: ArtifactStore,
        settings: Settings,
        repository: Repository,
    ) -> None:
        path = written(tmp_path, GOOD)
        record = client.upload(path, filename="C:\\tmp\\my\nfile.NPZ", name="Mine", owner="ann")
        assert (record.owner, record.name, record.builtin) == ("ann", "Mine", False)
        assert record.source == "upload: my?file.NPZ"
        assert (record.task, record.input_shape, record.num_classes) == ("classification", (4,), 2)
        assert (record.train_rows, record.validation_rows, record.test_rows) == (10, 0, 0)
        assert (record.x_dtype, record.y_dtype, record.scale) == ("float64", "int32", "standard")
        assert record.created_at == ManualClock().now()
        assert record.key == f"datasets/{record.fingerprint}/{record.id}"
        assert repository.get_dataset(record.id) == record
        names = {key.rpartition("/")[2] for key in store.keys(record.key)}
        assert names == {"x_train.npy", "y_train.npy", "meta.json"}
        assert record.size_bytes == sum(store.local_path(key).stat().st_size for key in store.keys(record.key))
        assert path.read_bytes() == GOOD
        assert list((settings.data_dir / "scratch").iterdir()) == []
        client.delete(record.id)
        assert list(store.keys()) == []
        with pytest.raises(NotFound):
            client.delete(record.id)

    def test_equal_content_is_kept_once_for_as_long_as_somebody_has_it(
        self, tmp_path: Path, client: DatasetClient, store: ArtifactStore
    ) -> None:
        path = written(tmp_path, GOOD)
        mine = client.upload(path, filename="a.npz", name="a", owner="ann")
        stored = set(store.keys())
        path.write_bytes(npz(packed=True, X=np.arange(40.0).reshape(10, 4), labels=np.arange(10) % 2))
        others = client.upload(path, filename="b.npz", name="b", owner="bob")
        assert (others.key, others.fingerprint) == (mine.key, mine.fingerprint)
        assert others.id != mine.id
        assert others.size_bytes == mine.size_bytes
        assert set(store.keys()) == stored
        client.delete(mine.id)
        assert set(store.keys()) == stored
        assert len(load_arrays_of(store, others)) == 10
        client.delete(others.id)
        assert set(store.keys()) == set()
        # What comes after the last one gets a new place: the removal of the old files may still be under way.
        again = client.upload(path, filename="a.npz", name="a", owner="ann")
        assert again.key != mine.key

    def test_files_that_are_not_whole_are_not_shared(
        self, tmp_path: Path, client: DatasetClient, store: ArtifactStore
    ) -> None:
        path = written(tmp_path, GOOD)
        first = client.upload(path, filename="a.npz", name="a", owner="ann")
        store.delete(f"{first.key}/y_train.npy")
        second = client.upload(path, filename="a.npz", name="b", owner="ann")
        assert second.key != first.key
        assert len(load_arrays_of(store, second)) == 10

    def test_files_deleted_at_the_moment_they_are_to_be_shared(
        self, tmp_path: Path, client: DatasetClient, store: ArtifactStore, settings: Settings, repository: Repository
    ) -> None:
        path = written(tmp_path, GOOD)
        first = client.upload(path, filename="a.npz", name="a", owner="ann")

        class Interrupted:
            """Deletes the set whose files are about to be shared: they are still there, its record is not."""

            def __getattr__(self, name: str) -> Any:
                return getattr(repository, name)

            def find_dataset_key(self, fingerprint: str) -> str | None:
                key = repository.find_dataset_key(fingerprint)
                repository.delete_dataset(first.id)
                return key

        late = DatasetClient(settings, store, Interrupted(), ManualClock())
        second = late.upload(path, filename="a.npz", name="b", owner="ann")
        assert second.key != first.key
        assert len(load_arrays_of(store, second)) == 10

    @pytest.mark.usefixtures("untouched")
    def test_taken_name_is_told_before_the_file_is_read(
        self, tmp_path: Path, client: DatasetClient, repository: Repository
    ) -> None:
        first = client.upload(written(tmp_path, GOOD), filename="a.npz", name="a", owner="ann")
        with pytest.raises(NameTaken):
            client.upload(written(tmp_path, b"no archive"), filename="a.npz", name="a", owner="ann")
        assert repository.dataset_keys() == {first.key}
        client.delete(first.id)

    def test_csv(self, tmp_path: Path, client: DatasetClient) -> None:
        path = written(tmp_path, b"a,b,price\n1,2,0.5\n3,4,1.5\n")
        record = client.upload(
            path, filename="t.csv", name="t", owner="ann", options=UploadOptions(target="price", scale="none")
        )
        assert (record.task, record.feature_names, record.scale) == ("regression", ("a", "b"), "none")

    @pytest.mark.usefixtures("untouched")
    @pytest.mark.parametrize(
        "filename", ["a.pkl", "a.h5", "a.keras", "a.tar.gz", "a.7z", "a.exe", "a", ".npz", "a.npz.exe", "a.npy"]
    )
    def test_other_kinds_of_files_are_not_read(self, tmp_path: Path, client: DatasetClient, filename: str) -> None:
        with pytest.raises(InvalidDataset) as error:
            client.upload(written(tmp_path, GOOD), filename=filename, name="a", owner="ann")
        assert codes(error) == [("/file", "unsupported_media_type")]

    @pytest.mark.usefixtures("untouched")
    @pytest.mark.parametrize("name", ["", " ", "a ", "x" * 129, "a\nb", "a\0", "a\u202eb", "a\ud800"])
    def test_bad_names(self, tmp_path: Path, client: DatasetClient, name: str) -> None:
        with pytest.raises(InvalidDataset) as error:
            client.upload(written(tmp_path, GOOD), filename="a.npz", name=name, owner="ann")
        assert codes(error) == [("/name", "invalid_name")]

    @pytest.mark.usefixtures("untouched")
    def test_all_wrong_options_are_told_at_once(self, tmp_path: Path, client: DatasetClient) -> None:
        with pytest.raises(InvalidDataset) as error:
            client.upload(
                written(tmp_path, GOOD),
                filename="a.npz",
                name="",
                owner="ann",
                options=UploadOptions(target="y", scale="0-255", task="rank", image_size="0x9", color="cmyk"),
            )
        assert codes(error) == [
            ("/name", "invalid_name"),
            ("/target", "not_applicable"),
            ("/image_size", "not_applicable"),
            ("/color", "not_applicable"),
            ("/scale", "invalid_choice"),
            ("/task", "invalid_choice"),
            ("/image_size", "invalid_size"),
        ]

    @pytest.mark.usefixtures("untouched")
    def test_larger_than_allowed(self, tmp_path: Path, client: DatasetClient) -> None:
        with pytest.raises(InvalidDataset) as error:
            client.upload(written(tmp_path, b"\0" * ((1 << 20) + 1)), filename="a.npz", name="a", owner="ann")
        assert codes(error) == [("/file", "too_large")]

    @pytest.mark.usefixtures("untouched")
    def test_refusal_of_the_child_comes_through(self, tmp_path: Path, client: DatasetClient) -> None:
        content = npz(x=np.array([{}, {}], dtype=object), y=[0, 1])
        with pytest.raises(InvalidDataset, match="Object arrays are never read") as error:
            client.upload(written(tmp_path, content), filename="a.npz", name="a", owner="ann")
        assert codes(error) == [("/file", "dtype_not_allowed")]

    @pytest.mark.usefixtures("untouched")
    def test_child_that_computes_too_long_is_ended(
        self, tmp_path: Path, settings: Settings, store: ArtifactStore, repository: Repository
    ) -> None:
        # Its whole CPU time is one second: a table that takes longer than that to read, within the size allowed.
        client = DatasetClient(
            settings.model_copy(update={"upload_max_bytes": 1 << 30}),
            store,
            repository,
            ManualClock(),
            upload_timeout_s=2.0,
        )
        content = b"a,b,label\n" + b"1.25,2.5,0\n" * 3_000_000
        with pytest.raises(InvalidDataset) as error:
            client.upload(written(tmp_path, content), filename="a.csv", name="a", owner="ann", options=LABEL)
        assert codes(error) == [("/file", "too_costly")]

    @pytest.mark.parametrize(("max_memory_mb", "enough"), [(96, False), (1024, True)])
    def test_child_that_needs_too_much_memory_gives_up(self, tmp_path: Path, max_memory_mb: int, enough: bool) -> None:
        # Finding the classes of 8 million labels takes a sorted copy of 64 MB.
        rows = 8_000_000
        labels = np.zeros(rows, dtype=np.int64)
        labels[::2] = 1
        folder = tmp_path / "arrays"
        folder.mkdir()
        work = {
            "kind": "upload",
            "path": str(written(tmp_path, npz(x=np.zeros((rows, 1), dtype=np.int8), y=labels))),
            "file_format": "npz",
            "max_bytes": 100 << 20,
            "max_cpu_s": 60,
            "max_memory_bytes": max_memory_mb << 20,
        }
        child = subprocess.run(
            [sys.executable, "-m", "tuners.datasets"],
            input=json.dumps({"folder": str(folder), "work": work}).encode(),
            capture_output=True,
            timeout=60,
            cwd=Path(__file__).parents[3],
            env={"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"},
        )
        assert child.returncode == 0
        reply = json.loads(child.stdout)
        assert (reply["meta"] is not None) == enough
        assert [fault["code"] for fault in reply["faults"]] == ([] if enough else ["too_large"])

    @pytest.mark.usefixtures("untouched")
    @pytest.mark.parametrize("option", [{}, {"text": "c"}])
    def test_few_bytes_that_unpack_to_many_gigabytes_are_refused(
        self, tmp_path: Path, client: DatasetClient, option: dict[str, str]
    ) -> None:
        # One text of 20 MB, 200,000 times: 4 TB in 4 kB.
        rows = 200_000
        column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * (20 << 20)]))
        path = tmp_path / "upload"
        pq.write_table(pa.table({"c": column, "y": np.arange(rows) % 2}), path, compression="zstd")
        assert path.stat().st_size < 10_000
        options = UploadOptions(target="y", **option)
        with pytest.raises(InvalidDataset) as error:
            client.upload(path, filename="a.parquet", name="a", owner="ann", options=options)
        assert codes(error)[0][1] in ("too_large", "too_costly")

    def test_failing_store_keeps_nothing(self, tmp_path: Path, settings: Settings, repository: Repository) -> None:
        class FullStore(FilesystemStore):
            def put(self, key: str, source: Path) -> StoredFile:
                if key.endswith("meta.json"):
                    raise StorageUnavailable("no room")
                return super().put(key, source)

        store = FullStore(tmp_path / "store")
        client = DatasetClient(settings, store, repository, ManualClock())
        with pytest.raises(StorageUnavailable, match="no room"):
            client.upload(written(tmp_path, GOOD), filename="a.npz", name="a", owner="ann")
        assert list(store.keys()) == []
        assert list((settings.data_dir / "scratch").iterdir()) == []

    def test_leftovers_of_a_killed_process_are_swept(
        self, tmp_path: Path, client: DatasetClient, settings: Settings
    ) -> None:
        scratch = settings.data_dir / "scratch"
        for name, age_s in (("dataset-dead", 90_000), ("dataset-alive", 3_000), ("other", 90_000)):
            (scratch / name / "arrays").mkdir(parents=True)
            then = ManualClock().now().timestamp() - age_s
            os.utime(scratch / name, (then, then))
        client.upload(written(tmp_path, GOOD), filename="a.npz", name="a", owner="ann")
        assert {path.name for path in scratch.iterdir()} == {"dataset-alive", "other"}

    @pytest.mark.usefixtures("untouched")
    def test_secrets_do_not_reach_the_child_and_its_crash_is_a_refusal(
        self, tmp_path: Path, settings: Settings, store: ArtifactStore, repository: Repository
    ) -> None:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\nenv > {tmp_path / 'seen'}\necho '{{\"meta\": null}}'\nkill -SEGV $$\n")
        python.chmod(0o755)
        environment = {
            "PATH": os.environ["PATH"],
            "HEADSTOCK_DATABASE_URL": "postgresql://hush-hush",
            "AWS_SECRET_ACCESS_KEY": "hush-hush",
            "HTTPS_PROXY": "http://hush-hush@proxy",
            "HOME": "/home/hush-hush",
            "PYTHONPATH": "/hush-hush",
        }
        client = DatasetClient(settings, store, repository, environment=environment, python=str(python))
        with pytest.raises(InvalidDataset) as error:
            client.upload(written(tmp_path, GOOD), filename="a.npz", name="a", owner="ann")
        assert codes(error) == [("/file", "too_costly")]
        seen = (tmp_path / "seen").read_text()
        assert "PYTHONUTF8=1" in seen
        assert "hush-hush" not in seen
        assert "AWS" not in seen

    @pytest.mark.usefixtures("untouched")
    @pytest.mark.parametrize(
        "reply",
        [
            "",
            "{}",
            "not json",
            '{"meta": {"arrays": {"../../etc/passwd": {}}}}',
            '{"meta": {"format": 1, "task": "classification", "input_shape": [1], "num_classes": 2, "class_names": [], '
            '"feature_names": [], "scale": "none", "arrays": {"x_train": {"dtype": "f4", "shape": [1, 1], '
            '"sha256": "%s"}}}}' % ("0" * 64),
        ],
    )
    def test_child_is_not_believed(
        self, tmp_path: Path, settings: Settings, store: ArtifactStore, reply: str, repository: Repository
    ) -> None:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\ncat <<'END'\n{reply}\nEND\nln -s /etc/passwd arrays/x_train.npy\n")
        python.chmod(0o755)
        client = DatasetClient(settings, store, repository, python=str(python))
        with pytest.raises((InvalidDataset, StorageUnavailable)):
            client.upload(written(tmp_path, GOOD), filename="a.npz", name="a", owner="ann")


def test_caller_loads_no_numeric_library() -> None:
    code = (
        "import sys, tuners.datasets.client, tuners.datasets.builtin_names, tuners.datasets.files, "
        "tuners.datasets.scaling_rule; "
        "heavy = ('numpy', 'pandas', 'sklearn', 'scipy', 'keras', 'tensorflow'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert out.stdout.strip() == "[]"

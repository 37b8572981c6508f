"""Generated programs read the uploaded file again and end with the very arrays that trainers had."""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from storage.artifacts import open_store
from storage.artifacts.store import ArtifactStore
from storage.clock import ManualClock
from storage.datasets import Dataset
from storage.settings import Settings
from storage.sql import open_repository
from tuners.codegen import keras_code
from tuners.codegen_data import data_code
from tuners.datasets.arrays import ArraysCache, DataRequest, load_arrays
from tuners.datasets.client import DatasetClient
from tuners.datasets.files import dataset_folder
from tuners.datasets.options import UploadOptions
from tuners.datasets.provenance import Provenance, read_source, upload_source
from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve

TELL = """

import sys
found = {}
for name in ("x", "y", "w"):
    for part in ("train", "validation", "test"):
        value = globals().get(f"{name}_{part}")
        for key, each in (value.items() if isinstance(value, dict) else [("", value)]):
            if each is not None:
                found[f"{name}_{part}.{key}"] = each
np.savez(sys.argv[1], **found)
"""


class Desk:
    """Takes uploads as the API does, and runs generated programs beside the uploaded file."""

    def __init__(self, folder: Path, client: DatasetClient, store: ArtifactStore) -> None:
        self.folder = folder
        self._client = client
        self._store = store

    def upload(self, name: str, **options: str) -> Dataset:
        return self._client.upload(
            self.folder / name,
            filename=name,
            name=name.partition(".")[0],
            owner="ann",
            options=UploadOptions(**options),
        )

    def program(self, dataset: Dataset, fit: Mapping[str, Any], **about: Any) -> str:
        resolved = {"dataset": about, "fit": dict(fit)}
        code = data_code(resolved, dataset, split_seed=11, one_hot=False)
        imports = [*code.standard_imports, "import numpy as np", *code.imports]
        return "\n\n".join(["\n".join(imports), "\n".join(code.constants), *code.blocks]) + TELL

    def run(self, program: str) -> subprocess.CompletedProcess[str]:
        path = self.folder / "program.py"
        path.write_text(program, "utf-8")
        return subprocess.run(
            [sys.executable, "-W", "error::SyntaxWarning", str(path), str(self.folder / "out.npz")],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def compare(self, dataset: Dataset, fit: Mapping[str, Any], *, exact: bool = True, **about: Any) -> set[str]:
        """The program's arrays are the trainer's; answers their names."""
        done = self.run(self.program(dataset, fit, **about))
        assert done.returncode == 0, done.stderr[-3000:]
        folding = fit.get("cross_validation")
        request = DataRequest(
            preprocessing=about.get("preprocessing", {}),
            scale=about.get("scale"),
            validation_split=fit.get("validation_split"),
            folds=None if folding is None else folding["folds"],
            split_by=fit.get("split_by", "rows"),
            seed=11,
            test=True,
            test_split=about.get("test_split"),
        )
        arrays = load_arrays(dataset_folder(self._store, dataset), dataset, request=request, cache=ArraysCache())
        expected: dict[str, Any] = {}
        for axis in "xyw":
            for ours, theirs in (("train", "train"), ("val", "validation"), ("test", "test")):
                value = getattr(arrays, f"{axis}_{ours}")
                if value is not None:
                    named = value if isinstance(value, Mapping) else {"": value}
                    expected.update({f"{axis}_{theirs}.{name}": each for name, each in named.items()})
        with np.load(self.folder / "out.npz", allow_pickle=False) as found:
            assert set(found) == set(expected)
            for name, array in expected.items():
                if name[0] == "x" and not exact:
                    np.testing.assert_allclose(found[name], array, rtol=1e-5, atol=1e-6, err_msg=name)
                else:
                    np.testing.assert_array_equal(found[name], array, err_msg=name)
                assert found[name].dtype == array.dtype, name
        return set(expected)


@pytest.fixture
def desk(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    settings = Settings(data_dir=tmp_path / "data", upload_max_bytes=1 << 22, downloads=False)
    store, repository = open_store(str(tmp_path / "store")), open_repository(sqlite_url)
    folder = tmp_path / "files"
    folder.mkdir()
    yield Desk(folder, DatasetClient(settings, store, repository, ManualClock()), store)
    repository.close()


def people(rows: int = 80) -> dict[str, list[Any]]:
    rng = np.random.default_rng(4)
    ages = [None if rng.random() < 0.15 else round(float(age), 3) for age in rng.normal(40, 12, rows)]
    return {
        "age": ages,
        "income": [round(float(each), 2) for each in rng.normal(3000, 500, rows)],
        "city": [None if rng.random() < 0.1 else str(rng.choice(["Bern", "Oslo, NO", 'St. "X"'])) for _ in range(rows)],
        "member": [bool(each) for each in rng.integers(0, 2, rows)],
        "household": [f"h{each}" for each in rng.integers(0, 15, rows)],
        "day": [f"2026-01-{1 + each:02d}T08:00:00" for each in rng.integers(0, 28, rows)],
        "weight": [round(float(each), 2) for each in rng.random(rows) + 0.1],
        "part": [str(rng.choice(["train", "train", "val", "test"])) for _ in range(rows)],
        "outcome": [str(rng.choice(["yes", "no"])) for _ in range(rows)],
        "amount": [round(float(each), 4) for each in rng.normal(size=rows)],
        "second": [round(float(each), 4) for each in rng.normal(size=rows)],
    }


def write_csv(path: Path, columns: Mapping[str, list[Any]], separator: str = ",") -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(
                ["" if cell is None else str(cell).lower() if isinstance(cell, bool) else cell for cell in row]
            )


SPLIT = {"validation_split": 0.25}
FOLDS = {"cross_validation": {"folds": 4, "stratified": True}}
UNUSED = "household,day,weight,part,amount,second"


class TestTables:
    def test_categories_gaps_and_truths(self, desk: Desk) -> None:
        write_csv(desk.folder / "people.csv", people(), ";")
        dataset = desk.upload("people.csv", target="outcome", ignore=UNUSED)
        options = {"numbers": {"indicator": True}, "columns": {"income": {"scale": "0-1"}, "member": "drop"}}
        desk.compare(dataset, SPLIT)
        desk.compare(dataset, FOLDS, preprocessing=options)
        desk.compare(dataset, {}, scale="none", preprocessing={"categories": {"encode": "ordinal"}})

    def test_parquet(self, desk: Desk) -> None:
        pq.write_table(pa.table(people()), desk.folder / "people.parquet")
        dataset = desk.upload("people.parquet", target="outcome", ignore=UNUSED)
        desk.compare(dataset, SPLIT)

    @pytest.mark.parametrize("fit", [SPLIT, FOLDS])
    @pytest.mark.parametrize("by", ["group", "time"])
    def test_groups_times_and_weights(self, desk: Desk, fit: dict[str, Any], by: str) -> None:
        write_csv(desk.folder / "people.csv", people())
        dataset = desk.upload(
            "people.csv", target="outcome", group="household", time="day", weight="weight", ignore="part,amount,second"
        )
        assert "w_validation." in desk.compare(dataset, {**fit, "split_by": by})

    @pytest.mark.parametrize("fit", [SPLIT, FOLDS, {}])
    @pytest.mark.parametrize("by", ["rows", "group", "time"])
    def test_rows_set_aside_for_the_end(self, desk: Desk, fit: dict[str, Any], by: str) -> None:
        write_csv(desk.folder / "people.csv", people())
        dataset = desk.upload(
            "people.csv", target="outcome", group="household", time="day", weight="weight", ignore="part,amount,second"
        )
        assert "x_test." in desk.compare(dataset, {**fit, "split_by": by}, test_split=0.25)

    def test_parts_in_a_column_and_several_numbers_to_predict(self, desk: Desk) -> None:
        write_csv(desk.folder / "people.csv", people())
        dataset = desk.upload(
            "people.csv", target="amount,second", part="part", weight="weight", ignore="household,day,outcome"
        )
        assert "x_test." in desk.compare(dataset, {})
        assert "x_validation." in desk.compare(dataset, SPLIT)

    def test_windows(self, desk: Desk) -> None:
        write_csv(desk.folder / "people.csv", people())
        dataset = desk.upload(
            "people.csv", target="amount", time="day", group="household", weight="weight", ignore="part,outcome"
        )
        window = {"window": {"length": 2, "horizon": 1, "stride": 1}}
        desk.compare(dataset, {**SPLIT, "split_by": "group"}, preprocessing=window)
        desk.compare(
            dataset, {**FOLDS, "split_by": "time"}, preprocessing={"window": {**window["window"], "length": 1}}
        )
        desk.compare(dataset, {**SPLIT, "split_by": "group"}, preprocessing=window, test_split=0.3)

    def test_one_target_left_over_needs_no_name(self, desk: Desk) -> None:
        columns = {name: people()[name] for name in ("age", "city", "outcome")}
        write_csv(desk.folder / "people.csv", columns)
        dataset = desk.upload("people.csv", target="outcome")
        old = upload_source("people.csv", {})
        program = desk.program(Dataset(**{**_fields(dataset), "source": old}), SPLIT)
        assert "TARGET = None" in program
        assert desk.run(program).returncode == 0

    def test_what_nobody_wrote_down_is_asked_for(self, desk: Desk) -> None:
        write_csv(desk.folder / "people.csv", people())
        dataset = desk.upload("people.csv", target="outcome", group="household", ignore="part,amount,second,day")
        program = desk.program(Dataset(**{**_fields(dataset), "source": "upload: people.csv"}), SPLIT)
        assert "to one of" in desk.run(program).stderr


def _fields(dataset: Dataset) -> dict[str, Any]:
    return {name: getattr(dataset, name) for name in dataset.__dataclass_fields__}


TEXTS = ["Good film, really", "bad, bad film", "a film", "so bad it is good", "", "the end\nof it", "good"] * 6


class TestTexts:
    @pytest.mark.parametrize("output", ["int", "tf_idf"])
    def test_a_column_of_texts(self, desk: Desk, output: str) -> None:
        labels = [str(number % 2) for number in range(len(TEXTS))]
        write_csv(
            desk.folder / "reviews.csv",
            {"n": labels, "review": [text.replace("\n", " ") for text in TEXTS], "y": labels},
        )
        dataset = desk.upload("reviews.csv", target="y", text="review")
        options = {"text": {"max_tokens": 9, "sequence_length": 4, "output": output, "ngrams": 2}}
        desk.compare(dataset, SPLIT, preprocessing=options)

    def test_an_archive_of_texts(self, desk: Desk) -> None:
        labels = np.arange(len(TEXTS)) % 3
        np.savez(desk.folder / "texts.npz", x=np.array(TEXTS), y=labels, x_test=np.array(TEXTS[:4]), y_test=labels[:4])
        desk.compare(desk.upload("texts.npz"), SPLIT)


class TestArchives:
    def test_several_inputs_and_targets_with_weights_and_groups(self, desk: Desk) -> None:
        rng = np.random.default_rng(1)
        rows = 40
        arrays: dict[str, Any] = {
            "x.form_train": rng.normal(size=(rows, 3)),
            "x.picture_train": rng.integers(0, 256, (rows, 4, 4, 1)).astype(np.uint8),
            "x.words_train": rng.integers(0, 50, (rows, 6)),
            "y.kind_train": np.arange(rows) % 3,
            "y.size_train": rng.normal(size=(rows, 2)),
            "w_train": rng.random(rows) + 0.1,
            "groups": np.array([f"g{number % 9}" for number in range(rows)]),
        }
        arrays |= {
            name.replace("_train", "_val"): each[:6] for name, each in arrays.items() if name[:2] in ("x.", "y.")
        }
        np.savez(desk.folder / "many.npz", **arrays)
        dataset = desk.upload("many.npz")
        found = desk.compare(dataset, {**SPLIT, "split_by": "group"}, exact=False)
        assert {"x_train.words", "y_validation.kind", "w_validation."} <= found
        desk.compare(dataset, {}, exact=False)

    def test_tokens_labels_and_sequences(self, desk: Desk) -> None:
        rng = np.random.default_rng(1)
        np.savez(desk.folder / "tokens.npz", x=rng.integers(0, 90, (30, 7)), y=rng.integers(0, 2, (30, 4)))
        dataset = desk.upload("tokens.npz")
        assert dataset.task == "multilabel"
        desk.compare(dataset, SPLIT)
        desk.compare(dataset, FOLDS, preprocessing={"sequence": {"length": 9}})

    def test_series_without_times(self, desk: Desk) -> None:
        rng = np.random.default_rng(1)
        np.savez(desk.folder / "series.npz", x=rng.normal(size=(50, 2)), y=rng.normal(size=50))
        window = {"window": {"length": 5, "horizon": 2, "stride": 3}}
        dataset = desk.upload("series.npz")
        desk.compare(dataset, {**SPLIT, "split_by": "time"}, exact=False, preprocessing=window)
        desk.compare(dataset, {**FOLDS, "split_by": "time"}, exact=False, preprocessing=window)


class TestImages:
    @pytest.mark.parametrize("wrapped", [False, True])
    def test_class_folders(self, desk: Desk, wrapped: bool) -> None:
        rng = np.random.default_rng(1)
        with zipfile.ZipFile(desk.folder / "pets.zip", "w") as archive:
            for number in range(24):
                size = (10 + number % 3, 12)
                image = Image.fromarray(rng.integers(0, 256, (*size, 3)).astype(np.uint8))
                folder = "test" if number % 6 == 5 else "train"
                name = f"{'pets/' if wrapped else ''}{folder}/{['cat', 'dög'][number % 2]}/{number}.png"
                with archive.open(name, "w") as file:
                    image.save(file, "PNG")
            archive.writestr("__MACOSX/cat/._x.png", b"litter")
        dataset = desk.upload("pets.zip", image_size="8x6", color="grayscale")
        assert dataset.input_shape == (8, 6, 1)
        assert "x_test." in desk.compare(dataset, SPLIT, exact=False)


@pytest.mark.keras
def test_a_whole_program_trains_on_weighted_texts(desk: Desk) -> None:
    labels = ["yes" if "good" in text.lower() else "no" for text in TEXTS]
    columns: dict[str, list[Any]] = {
        "review": [text.replace("\n", " ") for text in TEXTS],
        "liked": labels,
        "w": [1.5] * len(TEXTS),
    }
    write_csv(desk.folder / "reviews.csv", columns)
    dataset = desk.upload("reviews.csv", target="liked", text="review", weight="w")
    definition = parse_definition(
        {
            "name": "reviews",
            "dataset": {"name": "reviews", "preprocessing": {"text": {"max_tokens": 30, "output": "multi_hot"}}},
            "model": {
                "type": "sequential",
                "layers": [
                    {"layer": "Dense", "units": {"hp": "units"}, "activation": "relu"},
                    {"layer": "Dense", "units": {"data": "target_size"}, "activation": "softmax"},
                ],
            },
            "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
            "fit": {
                "epochs": 60, "batch_size": 8, "cross_validation": {"folds": 3}, "class_weight": "balanced",
            },
            "hyperparameters": [{"name": "units", "type": "int", "min_value": 8, "max_value": 9}],
            "objective": {"name": "val_accuracy"},
            "tuner": {"type": "random"},
        }
    )  # fmt: skip
    facts = DataFacts.of(dataset, definition.dataset)
    check_against_data(definition, facts)
    resolved: dict[str, Any] = resolve(definition, {"units": 8}, facts, seed=3)
    done = desk.run(
        keras_code(resolved, dataset, split_seed=11) + '\nprint("last:", history.history["val_accuracy"][-1])'
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert float(done.stdout.rpartition("last:")[2]) > 0.9


class TestProvenance:
    @pytest.mark.parametrize(
        ("filename", "said"),
        [
            ("houses.csv", {"target": "price", "group": None}),
            ('a {"target": "x"}.csv', {"target": 'q"} {', "time": "ü"}),
            ("plain.npz", {}),
            ("{.csv", {"text": "t"}),
        ],
    )
    def test_what_is_written_is_read_again(self, filename: str, said: dict[str, str | None]) -> None:
        roles = {role: value for role, value in said.items() if value is not None}
        assert read_source(upload_source(filename, said)) == Provenance(filename, roles)

    def test_other_sources(self) -> None:
        assert read_source("keras: mnist") is None
        assert read_source('upload: a.csv {"else": 1}') == Provenance('a.csv {"else": 1}', {})

"""Data sets over the API as clients send them, read by the real child process: every format there and back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from starlette.testclient import TestClient

from service.app import create_app
from storage.datasets import Dataset
from storage.ids import DatasetId
from tests.service.assembled import Service
from tests.tuners.dataset_files import npz, npz_of
from tuners.datasets.client import DatasetClient
from tuners.datasets.files import dataset_folder
from tuners.datasets.options import OPTIONS, UploadOptions


@pytest.fixture
def ada(service: Service) -> Iterator[TestClient]:
    """A client of an API whose uploads are really read."""
    app = create_app(
        service.settings,
        repository=service.repository,
        store=service.store,
        planner=service.planner,
        datasets=DatasetClient(service.settings, service.store, service.repository, service.clock),
        clock=service.clock,
        exporter=service.exporter,
    )
    headers = {"Authorization": f"Bearer {service.token()}"}
    yield TestClient(app, base_url="http://127.0.0.1:8000", headers=headers, raise_server_exceptions=False)
    app.state.context.hub.stop()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [1.0, None, 3.0], "c": ["x", "y", "x"], "w": [1, 2, 1], "y": [0.5, 1, 2]}), buffer)
    return buffer.getvalue()


def images() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for part, label, value in (("train", "cat", 10), ("train", "dog", 20), ("test", "cat", 30)):
            picture = io.BytesIO()
            Image.fromarray(np.full((4, 6, 3), value, dtype=np.uint8)).save(picture, "PNG")
            out.writestr(f"{part}/{label}/{value}.png", picture.getvalue())
    return buffer.getvalue()


def several() -> bytes:
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    return npz_of({
        "x.image_train": np.zeros((4, 5, 5, 1), np.uint8), "x.meta_train": x,
        "y.digit_train": [0, 1, 2, 1], "y.size_train": [0.5, 1.5, 2.5, 3.5],
        "w": [1.0, 2, 1, 1], "groups": ["a", "b", "a", "c"], "times": [4, 3, 2, 1],
    })  # fmt: skip


ROUND_TRIPS: dict[str, tuple[str, bytes, dict[str, str], dict[str, Any], dict[str, Any]]] = {
    "tokens in .npz": (
        "tokens.npz",
        npz(x=np.array([[1, 2, 0], [9, 0, 0]]), y=[0, 1]),
        {},
        {"kind": "array", "input_shape": [3], "max_token": 9},
        {"x_train": [[1, 2, 0], [9, 0, 0]], "y_train": [0, 1]},
    ),
    "labels in .npz": (
        "labels.npz",
        npz(x=np.array([[1.5], [2.5]]), y=np.array([[1, 1, 0], [0, 1, 1]]), target_names=["a", "b", "c"]),
        {},
        {"task": "multilabel", "num_classes": 3, "target_shape": [3], "target_names": ["a", "b", "c"]},
        {"y_train": [[1, 1, 0], [0, 1, 1]]},
    ),
    "texts in .npz": (
        "texts.npz",
        npz(x=np.array(["so good", "bäd"]), y=["p", "n"]),
        {},
        {"kind": "text", "input_shape": [], "x_dtype": "str", "class_names": ["n", "p"], "max_token": None},
        {"x_train": list("so goodbäd".encode()), "offsets_train": [0, 7, 11], "y_train": [1, 0]},
    ),
    "several inputs and targets in .npz": (
        "several.npz",
        several(),
        {},
        {
            "kind": "array",
            "input_shape": [5, 5, 1],
            "inputs": [
                {"name": "image", "shape": [5, 5, 1], "dtype": "uint8"},
                {"name": "meta", "shape": [2], "dtype": "float32"},
            ],
            "task": "classification",
            "num_classes": 3,
            "weighted": True,
            "grouped": True,
            "timed": True,
        },
        {
            "x.meta_train": [[0, 1], [2, 3], [4, 5], [6, 7]],
            "y.digit_train": [0, 1, 2, 1],
            "y.size_train": [0.5, 1.5, 2.5, 3.5],
            "w_train": [1, 2, 1, 1],
            "g_train": [0, 1, 0, 2],
            "t_train": [4, 3, 2, 1],
        },
    ),
    ".csv with parts": (
        "table.csv",
        b"a,c,p,label\n1,x,train,no\n,y,train,yes\n3,x,test,no\n",
        {"target": "label", "part": "p"},
        {
            "kind": "table",
            "columns": [
                {"name": "a", "kind": "number", "categories": [], "num_categories": 0, "missing": 1},
                {"name": "c", "kind": "category", "categories": ["x", "y"], "num_categories": 2, "missing": 0},
            ],
            "train_rows": 2,
            "test_rows": 1,
            "feature_names": ["a", "c"],
        },
        {"x_train": [[1, 0], [np.nan, 1]], "x_test": [[3, 0]], "y_train": [0, 1], "y_test": [0]},
    ),
    ".csv of texts": (
        "texts.csv",
        b'text,label\n"a, b",0\nc,1\n',
        {"target": "label", "text": "text"},
        {"kind": "text", "columns": [], "scale": "none"},
        {"x_train": list(b"a, bc"), "offsets_train": [0, 4, 5]},
    ),
    ".parquet": (
        "table.parquet",
        parquet(),
        {"target": "y", "weight": "w"},
        {"kind": "table", "task": "regression", "weighted": True, "feature_names": ["a", "c"]},
        {"x_train": [[1, 0], [np.nan, 1], [3, 0]], "y_train": [0.5, 1, 2], "w_train": [1, 2, 1]},
    ),
    ".zip of images": (
        "pets.zip",
        images(),
        {"image_size": "2x3", "color": "grayscale"},
        {"kind": "image", "input_shape": [2, 3, 1], "class_names": ["cat", "dog"], "scale": "0-1", "test_rows": 1},
        {"x_train": np.array([10, 20]).repeat(6).reshape(2, 2, 3, 1), "y_train": [0, 1], "y_test": [0]},
    ),
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_there_and_back(ada: TestClient, service: Service, name: str) -> None:
    filename, content, options, told, stored = ROUND_TRIPS[name]
    answer = ada.post("/v1/datasets", files={"file": (filename, content)}, data={"name": "mine", **options})
    assert answer.status_code == 201, answer.text
    dataset = answer.json()
    assert {key: dataset[key] for key in told} == told
    assert ada.get(answer.headers["Location"]).json() == dataset
    record: Dataset = service.repository.get_dataset(DatasetId(dataset["id"]))
    folder = dataset_folder(service.store, record)
    for array, values in stored.items():
        np.testing.assert_array_equal(np.load(folder / f"{array}.npy"), values, err_msg=array)
    # The same through the client that the API uses, for somebody else: one set of files.
    path = service.settings.data_dir / "file"
    path.write_bytes(content)
    client = DatasetClient(service.settings, service.store, service.repository, service.clock)
    second = client.upload(path, filename=filename, name="ours", owner="bob", options=UploadOptions(**options))
    assert (second.key, second.fingerprint) == (record.key, dataset["fingerprint"])
    assert ada.delete(f"/v1/datasets/{record.id}").status_code == 204
    assert dataset_folder(service.store, second) == folder
    client.delete(second.id)
    assert not list(service.store.keys())


BAD_OPTIONS = [
    ("a.npz", {"target": "y"}, "/target", "not_applicable"),
    ("a.zip", {"text": "t"}, "/text", "not_applicable"),
    ("a.csv", {"target": "b", "image_size": "8x8"}, "/image_size", "not_applicable"),
    ("a.zip", {"image_size": "8"}, "/image_size", "invalid_size"),
    ("a.zip", {"image_size": "0x8"}, "/image_size", "invalid_size"),
    ("a.zip", {"image_size": "8x9999"}, "/image_size", "invalid_size"),
    ("a.zip", {"color": "cmyk"}, "/color", "invalid_choice"),
    ("a.csv", {"target": "b", "task": "ranking"}, "/task", "invalid_choice"),
    ("a.csv", {"target": "b", "scale": "0-255"}, "/scale", "invalid_choice"),
    ("a.csv", {}, "/target", "target_required"),
    ("a.csv", {"target": "c"}, "/target", "unknown_column"),
    ("a.csv", {"target": "b", "ignore": "b"}, "/ignore", "repeated_column"),
    ("a.csv", {"target": "b", "part": "'; DROP TABLE"}, "/part", "unknown_column"),
    ("a.csv", {"target": "b", "group": "x"}, "/group", "unknown_column"),
    ("a.csv", {"target": "b", "time": "x"}, "/time", "unknown_column"),
    ("a.csv", {"target": "b", "weight": "x"}, "/weight", "unknown_column"),
    ("a.csv", {"target": "b", "text": "x"}, "/text", "unknown_column"),
    ("a.parquet", {"target": "b"}, "/file", "content_mismatch"),
    ("a.zip", {}, "/file", "content_mismatch"),
    ("a.npz", {}, "/file", "content_mismatch"),
]


@pytest.mark.parametrize(("filename", "options", "pointer", "code"), BAD_OPTIONS)
def test_refusals_name_the_place(
    ada: TestClient, service: Service, filename: str, options: dict[str, str], pointer: str, code: str
) -> None:
    before = service.stored()
    content = b"a,b\n1,0\n2,1\n"
    answer = ada.post("/v1/datasets", files={"file": (filename, content)}, data={"name": "mine", **options})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_dataset")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [(pointer, code)]
    assert service.stored() == before


def test_form_is_documented(ada: TestClient) -> None:
    document = ada.get("/openapi.json").json()
    content = document["paths"]["/v1/datasets"]["post"]["requestBody"]["content"]["multipart/form-data"]
    properties = content["schema"]["properties"]
    assert set(properties) == {"file", "name", *(option.name for option in OPTIONS)}
    assert all(facts["description"] for facts in properties.values())
    assert {option.name for option in OPTIONS} == set(UploadOptions.__dataclass_fields__)

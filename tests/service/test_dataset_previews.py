"""Looks into data sets: what is shown of each kind, by the real child process over real files."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from storage.datasets import Dataset, DatasetInput, DatasetTarget
from tests.service.assembled import Service
from tests.tuners.stored_datasets import joined_texts, stored_dataset, table_columns
from tuners.datasets.looking import is_image

Document = dict[str, Any]


class Shelf:
    """Puts arrays into the service's store as data sets of ada's, and looks at them."""

    def __init__(self, service: Service, ada: TestClient) -> None:
        self.service = service
        self.ada = ada
        self.count = 0

    def put(self, arrays: dict[str, Any], **fields: Any) -> Dataset:
        self.count += 1
        folder = self.service.settings.data_dir / f"made{self.count}"
        record = stored_dataset(folder, arrays, **fields)
        record = replace(
            record, owner="ada", name=f"data-{self.count}", key=f"datasets/{record.fingerprint}/{record.id}"
        )
        for path in folder.iterdir():
            self.service.store.put(f"{record.key}/{path.name}", path)
        return self.service.repository.add_dataset(record)

    def look(self, dataset: Dataset, query: str = "") -> Document:
        answer = self.ada.get(f"/v1/datasets/{dataset.id}/preview{query}")
        assert answer.status_code == 200, answer.text
        found: Document = answer.json()
        return found


@pytest.fixture
def shelf(service: Service, ada: TestClient) -> Shelf:
    return Shelf(service, ada)


def test_each_kind_is_shown_as_what_it_is(shelf: Shelf) -> None:
    x = np.array([[1.5, 0, np.nan], [2.5, 1, 4], [np.nan, 0, 5]])
    columns = table_columns(x, {1: ["blue", "red"]})
    table = shelf.put(
        {"x_train": x, "y_train": np.array([1, 0, 1], np.int32)},
        kind="table", columns=columns, feature_names=("a", "b", "c"), class_names=("no", "yes"),
    )  # fmt: skip
    seen = shelf.look(table)
    assert (seen["part"], seen["rows_in_part"]) == ("train", 3)
    assert [row["inputs"][0]["values"] for row in seen["rows"]] == [
        [1.5, "blue", None], [2.5, "red", 4], [None, "blue", 5],
    ]  # fmt: skip
    assert [row["targets"] for row in seen["rows"]] == [["yes"], ["no"], ["yes"]]
    (told,) = seen["inputs"]
    assert told["kind"] == "table"
    first, second, third = told["features"]
    assert first == {"name": "a", "kind": "number", "minimum": 1.5, "maximum": 2.5, "mean": 2.0, "missing": 1}
    assert (second["kind"], second["mean"], second["missing"]) == ("category", None, 0)
    assert (third["mean"], third["missing"]) == (4.5, 1)
    assert seen["targets"][0]["classes"] == [{"name": "no", "count": 1}, {"name": "yes", "count": 2}]

    texts = shelf.put({**joined_texts(["so good", "ü" * 401]), "y_train": np.array([0.5, 3.0])},
                      kind="text", task="regression")  # fmt: skip
    seen = shelf.look(texts)
    assert [row["inputs"][0]["text"] for row in seen["rows"]] == ["so good", "ü" * 400]
    assert [row["inputs"][0]["shortened"] for row in seen["rows"]] == [False, True]
    assert [row["targets"] for row in seen["rows"]] == [[0.5], [3.0]]
    (number,) = seen["targets"][0]["numbers"]
    assert (number["minimum"], number["maximum"], number["mean"]) == (0.5, 3.0, 1.75)

    several = shelf.put(
        {
            "x.photo_train": np.full((2, 130, 65, 3), [10, 20, 30], np.uint8),
            "x.more_train": np.arange(200.0).reshape(2, 100),
            "y.tags_train": np.array([[1.0, 0, 1], [0, 0, 1]]),
            "y.place_train": np.array([[0.5, 1], [2, 3]]),
        },
        inputs=(DatasetInput("photo", (130, 65, 3), "uint8"), DatasetInput("more", (100,), "float64")),
        targets=(
            DatasetTarget("tags", "multilabel", 3, ("sun", "rain", "snow"), (3,)),
            DatasetTarget("place", "regression", None, (), (2,)),
        ),
        input_shape=(130, 65, 3), task="multilabel", num_classes=3, target_shape=(3,),
        class_names=("sun", "rain", "snow"),
    )  # fmt: skip
    seen = shelf.look(several)
    photo, more = seen["rows"][1]["inputs"]
    picture = Image.open(io.BytesIO(base64.b64decode(photo["image"])))
    assert picture.size == (32, 64)
    assert picture.getpixel((3, 3)) == (10, 20, 30)
    assert (len(more["values"]), more["values"][0], more["shortened"]) == (64, 100.0, True)
    assert [row["targets"] for row in seen["rows"]] == [[["sun", "snow"], [0.5, 1]], [["snow"], [2, 3]]]
    assert [each["count"] for each in seen["targets"][0]["classes"]] == [1, 0, 2]
    assert [each["kind"] for each in seen["inputs"]] == ["image", "values"]


def test_rows_are_the_first_or_random_ones_and_parts_have_their_own(shelf: Shelf) -> None:
    dataset = shelf.put(
        {
            "x_train": np.arange(300.0).reshape(100, 3), "y_train": np.arange(100, dtype=np.int32) % 2,
            "x_test": np.zeros((4, 3)), "y_test": np.zeros(4, np.int32),
        },
    )  # fmt: skip
    rows = [row["row"] for row in shelf.look(dataset)["rows"]]
    assert rows == list(range(10))
    drawn = [
        [row["row"] for row in shelf.look(dataset, f"?sample=random&rows=5&seed={seed}")["rows"]] for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] == sorted(drawn[0])
    assert drawn[0] != drawn[2]
    test = shelf.look(dataset, "?part=test&rows=50")
    assert (test["rows_in_part"], len(test["rows"])) == (4, 4)
    assert test["targets"][0]["classes"] == [{"name": "0", "count": 4}, {"name": "1", "count": 0}]
    # Numbers of other ranges are stretched to the whole of black to white, by the range of all rows.
    grey = shelf.put({"x_train": np.stack([np.full((8, 8), 4.0), np.full((8, 8), 12.0)]), "y_train": np.array([0, 1])})
    images = [base64.b64decode(row["inputs"][0]["image"]) for row in shelf.look(grey)["rows"]]
    assert [Image.open(io.BytesIO(image)).getpixel((0, 0)) for image in images] == [0, 255]


def test_damaged_files_are_told_and_others_data_are_not(shelf: Shelf) -> None:
    dataset = shelf.put({"x_train": np.zeros((4, 3)), "y_train": np.zeros(4, np.int32)})
    stranger = shelf.service.client(shelf.service.token(owner="bob"))
    assert stranger.get(f"/v1/datasets/{dataset.id}/preview").status_code == 404
    shelf.service.store.local_path(f"{dataset.key}/x_train.npy").write_bytes(b"\x93NUMPY cut off")
    answer = shelf.ada.get(f"/v1/datasets/{dataset.id}/preview")
    assert answer.json()["code"] == "artifact_damaged"


@pytest.mark.parametrize(
    ("shape", "image"),
    [((8, 8), True), ((32, 20, 3), True), ((9, 9, 2), False), ((8,), False), ((100, 3), False), ((4, 4, 4, 3), False)],
)
def test_what_may_be_a_picture(shape: tuple[int, ...], image: bool) -> None:
    assert is_image(shape) is image

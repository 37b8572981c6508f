"""The description that lies beside a set's arrays."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from storage.artifacts.store import ArtifactStore
from storage.clock import ManualClock
from storage.ids import DatasetId
from tuners.datasets.files import dataset_folder, read_meta
from tuners.datasets.record import recorded
from tuners.datasets.wire import Meta


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"x_train": (3, 2)},
        {"x_train": (), "y_train": ()},
        {"x_train": (3, 2), "y_train": ()},
        {"x_train": (3, 2), "y_train": (2,)},
        {"x_train": (3, 2), "y_train": (3, 1)},
        {"x_train": (3, 3), "y_train": (3,)},
        {"x_test": (3, 2), "y_test": (3,)},
        {"x_train": (3, 2), "y_train": (3,), "y_test": (3,)},
    ],
)
def test_description_of_parts_that_do_not_fit_together(shapes: dict[str, tuple[int, ...]]) -> None:
    whole = {"x_train": (3, 2), "y_train": (3,)}
    document = {
        "task": "regression",
        "input_shape": (2,),
        "num_classes": None,
        "class_names": (),
        "feature_names": (),
        "scale": "none",
    }
    for arrays, fits in ((whole, True), (shapes, False)):
        facts = {name: {"dtype": "float32", "shape": shape, "sha256": "0" * 64} for name, shape in arrays.items()}
        if fits:
            assert Meta.model_validate({**document, "arrays": facts}).rows("train") == 3
        else:
            with pytest.raises(ValidationError):
                Meta.model_validate({**document, "arrays": facts})


def test_sets_stored_in_the_first_format_are_still_read(store: ArtifactStore, tmp_path: Path) -> None:
    """As version 0.1 wrote them: six arrays at most, and a description without the later fields."""
    x, y = np.arange(6, dtype="<f8").reshape(3, 2), np.array([0, 1, 0], dtype="<i4")
    facts = {}
    for name, array in (("x_train", x), ("y_train", y), ("x_test", x), ("y_test", y)):
        np.save(tmp_path / f"{name}.npy", array)
        store.put(f"datasets/d_1/{name}.npy", tmp_path / f"{name}.npy")
        sha256 = hashlib.sha256(array.tobytes()).hexdigest()
        facts[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "sha256": sha256}
    document = {
        "format": 1,
        "task": "classification",
        "input_shape": [2],
        "num_classes": 2,
        "class_names": ["no", "yes"],
        "feature_names": ["a", "b"],
        "scale": "standard",
        "arrays": facts,
    }
    (tmp_path / "meta.json").write_text(json.dumps(document))
    store.put("datasets/d_1/meta.json", tmp_path / "meta.json")
    listed = {name: [each["dtype"], each["shape"], each["sha256"]] for name, each in facts.items()}
    first = hashlib.sha256(json.dumps(listed, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    meta = read_meta(store, "datasets/d_1")
    record = recorded(
        meta,
        dataset_id=DatasetId("d_1"),
        owner="ann",
        name="old",
        source="upload: old.npz",
        builtin=False,
        key="datasets/d_1",
        size_bytes=1,
        created_at=ManualClock().now(),
    )
    assert record.fingerprint == first
    assert (record.kind, record.train_rows, record.validation_rows, record.test_rows) == ("array", 3, 0, 3)
    assert (record.columns, record.inputs, record.targets, record.max_token) == ((), (), (), None)
    assert (record.weighted, record.grouped, record.timed) == (False, False, False)
    np.testing.assert_array_equal(np.load(dataset_folder(store, record) / "x_test.npy"), x)

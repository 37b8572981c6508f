"""Data sets, and weights, which are uploaded as they are."""

from __future__ import annotations

from typing import Any

from service.examples.common import DATASET_ID

DATASET: dict[str, Any] = {
    "id": DATASET_ID,
    "name": "digits",
    "kind": "array",
    "task": "classification",
    "input_shape": [8, 8],
    "num_classes": 10,
    "class_names": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    "target_shape": [],
    "target_names": [],
    "feature_names": [],
    "columns": [],
    "inputs": [],
    "targets": [],
    "max_token": None,
    "weighted": False,
    "grouped": False,
    "timed": False,
    "train_rows": 1797,
    "validation_rows": 0,
    "test_rows": 0,
    "x_dtype": "float32",
    "y_dtype": "int64",
    "scale": "0-1",
    "source": "scikit-learn: load_digits",
    "builtin": True,
    "size_bytes": 474536,
    "fingerprint": "6f1a" + "0" * 60,
    "created_at": "2026-03-01T11:59:58Z",
}
PREVIEW: dict[str, Any] = {
    "dataset_id": DATASET_ID,
    "part": "train",
    "rows_in_part": 1797,
    "inputs": [
        {
            "name": "",
            "kind": "image",
            "shape": [8, 8],
            "features": [
                {"name": "all values", "kind": "number", "minimum": 0.0, "maximum": 16.0, "mean": 4.884, "missing": 0}
            ],
            "looked_at": 1797,
        }
    ],
    "targets": [
        {
            "name": "",
            "task": "classification",
            "classes": [
                {"name": "0", "count": 178},
                {"name": "1", "count": 182},
                {"name": "2", "count": 177},
                {"name": "3", "count": 183},
                {"name": "4", "count": 181},
                {"name": "5", "count": 182},
                {"name": "6", "count": 181},
                {"name": "7", "count": 179},
                {"name": "8", "count": 174},
                {"name": "9", "count": 180},
            ],
            "numbers": [],
        }
    ],
    "rows": [
        {
            "row": 0,
            "inputs": [{"values": None, "text": None, "image": "iVBORw0KGgo...", "shortened": False}],
            "targets": ["0"],
        }
    ],
}
WEIGHTS: dict[str, Any] = {
    "id": "w8_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a",
    "name": "vgg16-xrays",
    "format": ".weights.h5",
    "size_bytes": 58926080,
    "sha256": "9c1e" + "0" * 60,
    "created_at": "2026-03-01T11:59:58Z",
}
BUILTIN: dict[str, Any] = {
    "name": "digits",
    "description": "1,797 hand-written digits as 8 x 8 grey images with values 0 to 16.",
    "library": "scikit-learn",
    "task": "classification",
    "input_shape": [8, 8],
    "num_classes": 10,
    "target_shape": [],
    "train_rows": 1797,
    "test_rows": 0,
    "scale": "0-1",
    "needs_network": False,
}

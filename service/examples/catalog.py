"""What definitions are made of."""

from __future__ import annotations

from typing import Any

CATALOG: dict[str, Any] = {
    "keras_version": "3.15.1",
    "layers": {"Dense": {"arguments": {"units": {"kinds": ["int"], "required": True, "minimum": 1}}}},
    "optimizers": {},
    "losses": {},
    "metrics": {},
    "callbacks": {},
    "tuners": {},
    "applications": {
        "VGG16": {
            "arguments": {},
            "minimum": 32,
            "preprocessing": "caffe",
            "parameters": 14714688,
            "layers": ["block1_conv1", "block1_conv2"],
        }
    },
    "scikit_learn_version": "1.9.1",
    "estimators": {"SVC": {"tasks": ["classification"], "sample_weight": True, "arguments": {}}},
    "steps": {},
    "estimator_metrics": {"accuracy": {"tasks": ["classification", "multilabel"], "direction": "max"}},
    "builders": {"convnet": {"help": "A small convolutional net for images."}},
    "code": False,
}

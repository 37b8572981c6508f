"""Checks models with a backbone without ever allocating the backbone's weights.

Its parameters and the shape of its output depend on few hyperparameters, so they are found out once for each way it
can be, and a stand-in without weights takes its place where the layers around it are built and tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import keras

from tuners.failures import ModelTooLarge
from tuners.trainer.applications import build_backbone, image_shape
from tuners.trainer.limits import parameter_limit

_DECIDING = ("application", "arguments", "pooling", "preprocess", "image_size")
_KEPT = 64


def lightened(resolved: Mapping[str, Any], limit: int) -> tuple[Mapping[str, Any], int]:
    """The definition with a stand-in for its backbone, and the backbone's parameters; others as they are, and 0.

    Raises:
        BuildFault: The backbone cannot be built, or has more than `limit` parameters (ModelTooLarge).
    """
    model = resolved["model"]
    if model["type"] != "application":
        return resolved, 0
    with keras.StatelessScope(initialize_variables=False):
        height, width = image_shape(resolved)
    key = json.dumps({name: model[name] for name in _DECIDING if name in model}, sort_keys=True)
    shape, parameters = _facts(key, height, width, limit)
    if parameters > limit:
        detail = f"{model['application']} has {parameters} parameters of the {limit} that are allowed"
        raise ModelTooLarge("/model/application", detail)
    return {**resolved, "model": {**model, "stand_in": list(shape)}}, parameters


@lru_cache(maxsize=_KEPT)
def _facts(key: str, height: int, width: int, limit: int) -> tuple[tuple[int, ...], int]:
    """Shape of the backbone's output, and its parameters."""
    with keras.StatelessScope(initialize_variables=False), parameter_limit(limit):
        backbone = build_backbone(json.loads(key), (height, width))
    return tuple(int(size) for size in backbone.output_shape[1:]), int(backbone.count_params())

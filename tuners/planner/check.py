"""Builds a definition's models at the corners of its space and tries them on two examples (runs in the child)."""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from typing import Any

import keras

from tuners.definitions import parse_definition, resolve
from tuners.failures import BuildFault, ModelTooLarge
from tuners.planner.applications import lightened
from tuners.planner.corners import Corner, corners
from tuners.planner.refusals import refused, refused_at
from tuners.planner.tokens import refuse_small_vocabulary
from tuners.planner.trying import try_model
from tuners.planner.wire import ModelSize, Request
from tuners.trainer.builder import build_model
from tuners.trainer.making import ShapeMismatch

_MAX_TRIES = 8
"""Points on which a step of training is tried: one for each loss and other ways to compile that there are."""


def check(request: Request) -> ModelSize:
    """Parameter counts over the built points.

    Points above the definition's own `parameters` constraint are drawn again by searches, so they are no fault here
    while there are others.

    Raises:
        InvalidDefinition: A point cannot be built or is above `request.max_parameters`, none is within the definition's
            own constraint, or loss and metrics do not fit the outputs and the data.
    """
    definition = parse_definition(request.definition)
    space = definition.space()
    points = corners(space)
    if not points:
        raise refused("/constraints", "unsatisfiable", "no point that was tried keeps all constraints: loosen them")
    if definition.model["type"] == "sklearn":
        # Only now: most checks never need scikit-learn.
        from tuners.planner.estimators import check_estimators

        return check_estimators(definition, points, request.facts, max_parameters=request.max_parameters)
    own_limit = space.max_parameters
    limit = min(request.max_parameters, own_limit or request.max_parameters)
    counts: list[int] = []
    tried: set[str] = set()
    default_count: int | None = None
    too_large: tuple[Corner, ModelTooLarge] | None = None
    for corner in points:
        resolved = resolve(definition, corner.values, request.facts)
        try:
            light, backbone = lightened(resolved, limit)
            count = backbone + _count(light, limit - backbone)
        except ModelTooLarge as fault:
            if own_limit is None or own_limit > request.max_parameters:
                raise refused_at(fault, "model_too_large", corner, _too_large_hint(request.max_parameters)) from fault
            too_large = too_large or (corner, fault)
            continue
        except BuildFault as fault:
            code = "shape_mismatch" if isinstance(fault, ShapeMismatch) else "build_error"
            raise refused_at(fault, code, corner) from fault
        finally:
            keras.utils.clear_session(free_memory=False)
        refuse_small_vocabulary(resolved, request.facts, corner)
        way = _compiled_way(resolved)
        if way not in tried and len(tried) < _MAX_TRIES:
            tried.add(way)
            try_model(light, corner, request.facts, count - backbone)
        counts.append(count)
        default_count = count if corner.label == "the defaults" else default_count
    if not counts:
        assert too_large is not None
        raise refused_at(too_large[1], "model_too_large", too_large[0], "; so is every other point that was tried")
    gc.collect()
    return ModelSize(
        min_parameters=min(counts), max_parameters=max(counts), default_parameters=default_count or counts[0]
    )


def _count(resolved: Mapping[str, Any], limit: int) -> int:
    return int(build_model(resolved, max_parameters=limit, allocate=False).count_params())


def _compiled_way(resolved: Mapping[str, Any]) -> str:
    """What losses and metrics are made of: a point that differs in it may fit the data less well."""
    compiled = resolved["compile"]
    return json.dumps([_words(compiled.get("loss")), compiled.get("metrics")], sort_keys=True)


def _words(loss: Any) -> Any:
    """The names of losses, without the numbers that may differ from point to point."""
    if isinstance(loss, Mapping) and "outputs" in loss:
        return {name: _words(each) for name, each in loss["outputs"].items()}
    return loss.get("loss") if isinstance(loss, Mapping) else loss


def _too_large_hint(limit: int) -> str:
    return f': lower the ranges, or add {{"parameters": {{"max": {limit}}}}} to constraints'

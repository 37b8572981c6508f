"""Whatever comes in, the answer is a definition or a refusal with places: never another exception."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.datasets import DatasetTarget
from storage.errors import InvalidDefinition
from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve
from tuners.plan import plan
from tuners.space import Space
from tuners.templates import template

GOOD: dict[str, Any] = json.loads((Path(__file__).parent / "good_definition.json").read_text("utf-8"))
GRAPH: dict[str, Any] = json.loads((Path(__file__).parent / "graph_definition.json").read_text("utf-8"))
DOCUMENTS = [GOOD, template("mlp"), template("convnet"), template("text"), template("residual"), GRAPH, GRAPH]
FACTS = [
    DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64"),
    DataFacts("regression", (10,), None, 353, 0, 89, "float64", "float64"),
    DataFacts(
        "classification",
        (8, 8),
        10,
        1437,
        0,
        360,
        "float32",
        "int64",
        inputs={"image": (8, 8), "table": (3,)},
        features=("age", "size", "weight"),
        vocabulary_size=100,
        targets=(DatasetTarget("digit", "classification", 10), DatasetTarget("parity", "classification", 2)),
    ),
]
NAMES = ["num_layers", "units_{i}", "units_1", "batch_norm", "dropout", "learning_rate", "batch_size", "nothing"]
KEYS = [
    "hp", "data", "mul", "div", "repeat", "if", "in", "layers", "layer", "units", "rate", "name", "type", "values",
    "min_value", "max_value", "step", "sampling", "default", "when", "value", "optimizer", "loss", "metric", "callback",
    "monitor", "epochs", "product", "sum", "less", "parameters", "min", "max", "class_name", "x",
    "nodes", "inputs", "outputs", "columns", "of", "regularizer", "l2",
]  # fmt: skip
WORDS = [
    *NAMES, "int", "float", "choice", "boolean", "fixed", "log", "Dense", "Conv2D", "Lambda", "Adam", "sgd", "mse",
    "accuracy", "val_loss", "num_classes", "image_shape", "random", "grid", "hyperband", "bayesian", "", "a/b~c",
    "image", "stem", "deep", "sum", "input", "digit", "parity", "Add", "Bidirectional", "L2",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([-1, 0, 1, 2, 3, 8, 500, 10**6, 2**53, 2**64])
    | st.sampled_from([0.0, -0.0, 0.5, 1.0, 1e-12, 1e300, float("inf"), float("nan")])
    | st.sampled_from(WORDS)
    | st.text(max_size=4)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)


def containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list) and value:
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


@st.composite
def mutants(draw: st.DrawFn) -> Any:
    """A good document with up to three places replaced, removed, added to, or swapped with another place."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(containers(document))
        container = places[draw(st.integers(0, len(places) - 1))]
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        key = keys[draw(st.integers(0, len(keys) - 1))]
        action = draw(st.sampled_from(["replace", "replace", "remove", "add", "copy"]))
        if action == "replace":
            container[key] = draw(ANYTHING)
        elif action == "remove" and len(container) > 1:
            del container[key]
        elif action == "add" and isinstance(container, dict):
            container[draw(st.sampled_from(KEYS))] = draw(ANYTHING)
        elif action == "copy":
            container[key] = copy.deepcopy(places[draw(st.integers(0, len(places) - 1))])
    return document


def check_refusal(refused: InvalidDefinition) -> None:
    assert 1 <= len(refused.faults) <= 50
    for fault in refused.faults:
        assert fault.pointer == "" or fault.pointer.startswith("/")
        assert fault.code
        # What is sent to clients must be sendable.
        assert (fault.pointer + fault.detail).encode()


def outcome(document: object) -> str:
    try:
        definition = parse_definition(document)
    except InvalidDefinition as refused:
        check_refusal(refused)
        return "refused"
    assert parse_definition(json.loads(json.dumps(definition.to_json()))) == definition
    space = definition.space()
    assert Space.from_json(json.loads(json.dumps(space.to_json()))) == space
    assert space.contains(space.defaults())
    for facts in FACTS:
        try:
            check_against_data(definition, facts)
        except InvalidDefinition as refused:
            check_refusal(refused)
            continue
        plan(definition, space, facts)
        for seed in range(3):
            point = space.sample(random.Random(seed))
            assert space.contains(point)
            json.dumps(resolve(definition, point, facts), allow_nan=False)
    return "accepted"


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mutants())
def test_a_mutant_is_accepted_or_refused(document: Any) -> None:
    assert outcome(document) in ("accepted", "refused")


@given(ANYTHING)
def test_anything_is_refused(document: Any) -> None:
    assert outcome(document) == "refused"

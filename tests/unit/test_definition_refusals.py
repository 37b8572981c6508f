"""Every way in which a definition can be wrong, as data: `bad_definitions.json` against `good_definition.json`."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest

from storage.errors import InvalidDefinition
from tuners.definitions import parse_definition

HERE = Path(__file__).parent
GOOD: dict[str, Any] = json.loads((HERE / "good_definition.json").read_text("utf-8"))
ROWS: list[dict[str, Any]] = json.loads((HERE / "bad_definitions.json").read_text("utf-8"))


def place(document: Any, pointer: str) -> tuple[Any, Any]:
    """The container of what a pointer names, and its key or index there."""
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document, int(last) if isinstance(document, list) else last


def changed(row: dict[str, Any]) -> Any:
    if "whole" in row:
        return row["whole"]
    document = copy.deepcopy(GOOD)
    for pointer, value in row.get("set", {}).items():
        container, key = place(document, pointer)
        container[key] = value
    for pointer in row.get("remove", []):
        container, key = place(document, pointer)
        del container[key]
    return document


def refusal(document: object) -> InvalidDefinition:
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document)
    return refused.value


def test_the_good_definition_is_good() -> None:
    assert parse_definition(GOOD).name == "digits-mlp"


def test_every_row_has_its_own_id() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS) > 100


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_bad_definition_is_refused_at_the_right_place(row: dict[str, Any]) -> None:
    faults = {(fault.pointer, fault.code): fault.detail for fault in refusal(changed(row)).faults}
    assert (row["pointer"], row["code"]) in faults
    detail = faults[row["pointer"], row["code"]]
    assert row.get("says", "") in detail
    assert 3 < len(detail) < 1000


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_single_mistake_is_not_a_shower_of_faults(row: dict[str, Any]) -> None:
    assert len(refusal(changed(row)).faults) <= 8


def test_all_faults_are_told_at_once() -> None:
    document = copy.deepcopy(GOOD)
    document["max_trails"] = 1
    document["model"]["layers"][0]["layer"] = "Flaten"
    document["model"]["layers"][2]["units"] = 0
    document["hyperparameters"][0]["max_value"] = -1
    document["fit"]["batch_size"] = {"hp": "nothing"}
    document["objective"]["name"] = "val_f1"
    found = {(fault.pointer, fault.code) for fault in refusal(document).faults}
    assert found >= {
        ("/max_trails", "unknown_field"),
        ("/model/layers/0/layer", "unknown_layer"),
        ("/model/layers/2/units", "out_of_range"),
        ("/hyperparameters/0/max_value", "not_greater_than_min"),
        ("/fit/batch_size/hp", "unknown_hyperparameter"),
        ("/objective/name", "unknown_metric"),
    }


def test_a_faulty_hyperparameter_is_not_also_called_unknown() -> None:
    document = copy.deepcopy(GOOD)
    document["hyperparameters"][1]["max_value"] = 1
    assert {fault.code for fault in refusal(document).faults} == {"not_greater_than_min"}


def many_fields(count: int) -> dict[str, Any]:
    return {**GOOD, **{f"field_{number}": number for number in range(count)}}


def test_at_most_fifty_faults_are_told() -> None:
    assert len(refusal(many_fields(200)).faults) == 50


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def nested_repeats(depth: int) -> dict[str, Any]:
    layers: list[dict[str, Any]] = [{"layer": "Flatten"}]
    for _ in range(depth):
        layers = [{"repeat": 500, "layers": layers}]
    return {**GOOD, "model": {"type": "sequential", "layers": layers}}


def with_hyperparameters(count: int, **more: Any) -> dict[str, Any]:
    extra = [{"name": f"h{n}", "type": "boolean", **more} for n in range(count)]
    return {**GOOD, "hyperparameters": [*GOOD["hyperparameters"], *extra]}


def chain(length: int) -> dict[str, Any]:
    links: list[dict[str, Any]] = [{"name": "h0", "type": "boolean"}]
    for number in range(1, length):
        links.append({"name": f"h{number}", "type": "boolean", "when": [{"hp": f"h{number - 1}"}]})
    return {**GOOD, "hyperparameters": [*GOOD["hyperparameters"], *links]}


def ring(length: int) -> dict[str, Any]:
    links = [{"name": f"h{n}", "type": "boolean", "when": [{"hp": f"h{(n + 1) % length}"}]} for n in range(length)]
    return {**GOOD, "hyperparameters": [*GOOD["hyperparameters"], *links]}


HOSTILE = [
    pytest.param(nested(100_000), "", "too_deep", id="A09 nested lists"),
    pytest.param({**GOOD, "tags": nested(33)}, "", "too_deep", id="A09 33 levels"),
    pytest.param([0] * 1_000_000, "", "too_many_nodes", id="A11 a million items"),
    pytest.param({str(n): n for n in range(100_000)}, "", "too_many_nodes", id="A11 many keys"),
    pytest.param({**GOOD, "seed": 10**4200}, "/seed", "out_of_range", id="A13 4,200 digits"),
    pytest.param({**GOOD, "name": float("nan")}, "/name", "not_finite", id="A06 NaN"),
    pytest.param({**GOOD, "x" * 1_000_000: 1}, "", "unknown_field", id="a key of a megabyte"),
    pytest.param({**GOOD, "name": "x" * 1_000_000}, "/name", "too_long", id="a name of a megabyte"),
    pytest.param({**GOOD, "name": "a" + "\u0301" * 1000}, "/name", "invalid_name", id="A16 combining marks"),
    pytest.param({**GOOD, "name": "x" * 129}, "/name", "invalid_name", id="a name of 129 characters"),
    pytest.param({**GOOD, "name": b"bytes"}, "/name", "invalid_type", id="bytes"),
    pytest.param(dict[Any, Any](GOOD) | {1: 1}, "", "invalid_type", id="a key that is no text"),
    pytest.param(nested_repeats(12), "/model/layers", "too_many", id="C10 500^12 layers"),
    pytest.param(with_hyperparameters(200), "/hyperparameters", "too_many", id="B06 206 hyperparameters"),
    pytest.param(chain(18), "/hyperparameters/23/when", "invalid_condition", id="B14 17 conditions deep"),
    pytest.param(ring(100), "/hyperparameters/6/when", "invalid_condition", id="B14 a ring of 100"),
    pytest.param({**GOOD, "tags": {f"t{n}": "x" for n in range(1000)}}, "/tags", "too_many", id="B32 a thousand tags"),
    pytest.param({**GOOD, "tags": {"t": "x" * 4000}}, "/tags/t", "too_long", id="B32 a long tag"),
    pytest.param(
        {**GOOD, "model": {"type": "sequential", "layers": [{"layer": "Flatten"}] * 501}},
        "/model/layers",
        "too_many",
        id="C10 501 layers",
    ),
    pytest.param(
        {**GOOD, "hyperparameters": [{"name": "c", "type": "choice", "values": list(range(1001))}]},
        "/hyperparameters/0/values",
        "invalid_choices",
        id="B12 1,001 choices",
    ),
    pytest.param(
        {**GOOD, "constraints": [{"sum": ["num_layers"] * 33, "max": 1}]},
        "/constraints/0/sum",
        "invalid_constraint",
        id="33 operands",
    ),
    pytest.param({**GOOD, "objective": [{}] * 50}, "/objective", "too_many", id="B36 50 objectives"),
]


@pytest.mark.parametrize(("document", "pointer", "code"), HOSTILE)
def test_hostile_documents_are_refused_quickly(document: object, pointer: str, code: str) -> None:
    started = time.perf_counter()
    refused = refusal(document)
    seconds = time.perf_counter() - started
    assert (pointer, code) in {(fault.pointer, fault.code) for fault in refused.faults}
    # Ten times what it takes here; the point is that no bound is quadratic.
    assert seconds < 2


SECRET = "s3cr3t-value"


@pytest.mark.parametrize(
    "change",
    [
        {"/name": SECRET + "\u200b"},
        {"/parallelism": SECRET},
        {"/model/type": SECRET},
        {"/model/layers/0/layer": SECRET},
        {"/model/layers/2/units": SECRET},
        {"/model/layers/2/activation": SECRET},
        {"/compile/loss": SECRET},
        {"/compile/optimizer": SECRET},
        {"/compile/metrics/0": SECRET},
        {"/fit/callbacks/0/callback": SECRET},
        {"/fit/callbacks/0/monitor": SECRET},
        {"/fit/batch_size": {"hp": SECRET}},
        {"/tuner/type": SECRET},
        {"/objective/name": SECRET},
        {"/objective/direction": SECRET},
        {"/dataset/scale": SECRET},
        {"/hyperparameters/0/type": SECRET},
        {"/hyperparameters/3/when": [{"hp": SECRET}]},
        {"/constraints": [{"less": [SECRET, SECRET]}]},
    ],
    ids=str,
)
def test_refused_values_are_not_repeated(change: dict[str, Any]) -> None:
    refused = refusal(changed({"set": change}))
    assert SECRET not in refused.message + "".join(fault.detail for fault in refused.faults)


def test_a_faulty_count_or_branch_hides_nothing_inside_and_blames_nothing_else() -> None:
    document = copy.deepcopy(GOOD)
    document["hyperparameters"][0]["min_value"] = 9  # num_layers, the count of the repeat
    document["hyperparameters"][2]["type"] = "bool"  # batch_norm, the branch inside
    document["model"]["layers"][1]["layers"][1]["layers"][0]["layer"] = "BatchNormalisation"
    document["model"]["layers"][1]["layers"][2]["rat"] = 0.1
    assert {fault.pointer for fault in refusal(document).faults} == {
        "/hyperparameters/0/max_value",
        "/hyperparameters/2/type",
        "/model/layers/1/layers/1/layers/0/layer",
        "/model/layers/1/layers/2/rat",
    }

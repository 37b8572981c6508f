"""Programs for trials of builders: they import what is registered, or hold what was sent."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.tuners.trainer_doubles import dataset
from tuners.codegen import keras_code

VALUES = {"units": 8, "conv/filters": 4}


def program(found: dict[str, Any], **model: Any) -> str:
    resolved = {
        "model": {"type": "builder", "values": VALUES, "input_shape": [4], "found": found, **model},
        "compile": {"metrics": []},
        "fit": {"epochs": 3, "batch_size": 16, "shuffle": True, "callbacks": [], "validation_split": 0.25},
        "objective": {"name": "val_accuracy", "direction": "max"},
        "seed": 7,
        "dataset": {"name": "tiny", "scale": "none"},
        "layer_pointers": [],
    }
    code = keras_code(resolved, dataset(validation_rows=0))
    ast.parse(code)
    return code


def test_a_registered_function_is_imported_and_given_the_values() -> None:
    code = program({"target": "my_models.nets:make", "kind": "function"}, builder="net", arguments={"width": 3})
    assert "from my_models.nets import make" in code.splitlines()
    assert "    'conv/filters': 4," in code.splitlines()
    assert "model = make(hp, width=3)" in code.splitlines()
    assert "history = model.fit(" in code
    assert "to_categorical" not in code


def test_labels_are_one_hot_where_the_builders_loss_wants_that() -> None:
    assert "to_categorical" in program({"target": "m:f", "one_hot": True}, builder="net")


@pytest.mark.parametrize(
    ("kind", "made", "model", "fit"),
    [
        ("makes_hypermodel", "hypermodel = Net(width=3)", "model = hypermodel.build(hp)", "hypermodel.fit("),
        ("makes_function", "build = Net(width=3)", "model = build(hp)", "model.fit("),
        ("hypermodel", "", "model = Net.build(hp, width=3)", "Net.fit("),
    ],
)
def test_what_is_named_decides_how_it_is_called(kind: str, made: str, model: str, fit: str) -> None:
    own = kind != "makes_function"
    found = {"target": "m:Net", "kind": kind, "fit": own, "overrides": ["batch_size"] if own else []}
    lines = program(found, builder="net", arguments={"width": 3}).splitlines()
    assert made == "" or made in lines
    assert model in lines
    (call,) = [number for number, line in enumerate(lines) if line.startswith(f"history = {fit}")]
    text = "".join(lines[call : call + 8])
    assert ("hp" in text) == own
    assert ("batch_size" in text) == (not own)


def test_sent_code_is_in_the_program_with_its_future_imports_first() -> None:
    source = "from __future__ import annotations\n\nimport keras\n\n\ndef build(hp):\n    return keras.Sequential()\n"
    code = program({"kind": "function"}, code=source, entry="build")
    assert code.startswith("from __future__ import annotations\n")
    assert code.count("__future__") == 1
    assert "def build(hp):\n    return keras.Sequential()\n" in code
    assert "model = build(hp)" in code.splitlines()

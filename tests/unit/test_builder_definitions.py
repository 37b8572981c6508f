"""Definitions of type `builder`, and what the operator registers: all without running a builder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from storage.errors import InvalidDefinition
from storage.records import Scalar
from storage.settings import Settings
from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve
from tuners.registered import child_environment, registered, summary

FACTS = DataFacts("classification", (8, 8), 10, 1000, 0, 0, "float32", "int64")
FOUND = {"metrics": {"loss": "min", "accuracy": "max", "surprise": None}, "names": {"conv.filters": "conv/filters"}}


def document(model: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "name": "built",
        "dataset": {"name": "digits"},
        "model": {"type": "builder", "builder": "convnet"} | (model or {}),
        "fit": {"epochs": 3, "validation_split": 0.2},
        "objective": {"name": "val_accuracy"},
        "tuner": {"type": "random"},
    } | changes


def test_a_builder_needs_neither_compile_nor_hyperparameters() -> None:
    definition = parse_definition(document())
    check_against_data(definition, FACTS)
    assert definition.hyperparameters == ()
    assert definition.objective.direction == "max"
    assert parse_definition(definition.to_json()).to_json() == definition.to_json()


def test_what_was_found_makes_an_ordinary_space() -> None:
    space = [
        {"name": "kind", "type": "choice", "values": ["mlp", "cnn"]},
        {
            "name": "conv.filters",
            "type": "int",
            "min_value": 4,
            "max_value": 8,
            "when": [{"hp": "kind", "in": ["cnn"]}],
        },
        {"name": "units", "type": "int", "min_value": 4, "max_value": 8},
    ]
    definition = parse_definition(document({"found": FOUND}, hyperparameters=space))
    assert [each.name for each in definition.space().hyperparameters] == ["kind", "conv.filters", "units"]
    values: dict[str, Scalar] = {"kind": "cnn", "conv.filters": 4, "units": 8}
    assert definition.space().contains(values)
    resolved = resolve(definition, values, FACTS)
    # The builder asks by its own names.
    assert resolved["model"]["values"] == {"kind": "cnn", "conv/filters": 4, "units": 8}  # type: ignore[index]
    assert resolved["model"]["input_shape"] == [8, 8]  # type: ignore[index]


def test_the_objective_must_be_what_the_models_log() -> None:
    units = [{"name": "units", "type": "int", "min_value": 4, "max_value": 8}]
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document({"found": FOUND}, hyperparameters=units, objective={"name": "val_acuracy"}))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/objective/direction", "missing_field"),
        ("/objective/name", "unknown_metric"),
    ]


def test_of_an_unknown_metric_the_direction_must_be_said() -> None:
    units = [{"name": "units", "type": "int", "min_value": 4, "max_value": 8}]
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document({"found": FOUND}, hyperparameters=units, objective={"name": "val_surprise"}))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/objective/direction", "missing_field")
    ]


def test_a_fit_of_its_own_may_log_anything() -> None:
    units = [{"name": "units", "type": "int", "min_value": 4, "max_value": 8}]
    objective = {"name": "my_metric", "direction": "min"}
    assert parse_definition(document({"found": {**FOUND, "fit": True}}, hyperparameters=units, objective=objective))


def test_when_nothing_was_found_there_is_nothing_to_search() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document({"found": FOUND}))
    assert ("/hyperparameters", "empty_space") in [(fault.pointer, fault.code) for fault in refused.value.faults]


def test_how_long_to_train_must_be_known_in_the_end() -> None:
    units = [{"name": "units", "type": "int", "min_value": 4, "max_value": 8}]
    assert parse_definition(document(fit={}))
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document({"found": FOUND}, fit={"validation_split": 0.2}, hyperparameters=units))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/fit/epochs", "missing_field")]


def test_code_may_have_lines_and_be_long_but_not_longer_than_that() -> None:
    code = "# a long comment\n" * 10_000 + "def build(hp):\n\treturn None\n"
    assert parse_definition(document() | {"model": code_model(code)})
    with pytest.raises(InvalidDefinition) as refused:
        parse_definition(document() | {"model": code_model("#" * (256 * 1024 + 1))})
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/model/code", "too_long")]


def code_model(code: str) -> dict[str, Any]:
    return {"type": "builder", "code": code, "entry": "build"}


@pytest.mark.parametrize(
    "builders", [{"Convnet": "a:b"}, {"a b": "a:b"}, {"x" * 65: "a:b"}, {"convnet": "a"}, {"convnet": "../a:b"}]
)
def test_the_operator_names_builders_plainly(builders: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(builders=builders)


def test_builders_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTOCK_BUILDERS", '{"convnet": "my_models.images:build"}')
    monkeypatch.setenv("HEADSTOCK_CODE", "true")
    settings = Settings()
    assert settings.builders == {"convnet": "my_models.images:build"}
    assert settings.code is True


def test_a_child_learns_of_builders_and_nothing_else_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "some_folder")
    settings = Settings(builders={"convnet": "a:b"}, database_url="postgresql://user:secret@host/db")
    given = child_environment(settings)
    assert set(given) == {"HEADSTOCK_BUILDERS", "HEADSTOCK_CODE", "PYTHONPATH"}
    assert json.loads(given["HEADSTOCK_BUILDERS"]) == {"convnet": "a:b"}
    assert given["HEADSTOCK_CODE"] == "0"
    assert str(Path("some_folder").absolute()) in given["PYTHONPATH"].split(":")


def test_a_builder_is_described_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "rooms_of_models"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "images.py").write_text(
        'raise RuntimeError("imported")\n\n'
        'def build(hp):\n    """A small convnet.\n\n    More."""\n\n\n'
        "class Net:\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert summary("rooms_of_models.images:build") == "A small convnet."
    assert summary("rooms_of_models.images:Net") == ""
    assert summary("rooms_of_models.nothing:build") == ""
    assert not any(name.startswith("rooms_of_models") for name in sys.modules)


def test_the_setting_wins_over_an_entry_point_and_names_are_sorted() -> None:
    assert list(registered({"b": "x:y", "a": "x:z"})) == ["a", "b"]

"""Looking at builders: the space that is found, against Keras Tuner's own discovery, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.clock import SystemClock
from storage.errors import FieldFault, InvalidDefinition
from storage.settings import Settings
from tests.waiting import wait_until
from tuners.definitions import DataFacts, parse_definition
from tuners.planner.client import Planner
from tuners.planner.wire import Discovery, Request

pytestmark = pytest.mark.keras

FACTS = DataFacts("classification", (8, 8), 10, 1000, 0, 0, "float32", "int64")
EXAMPLES = "tests.tuners.builder_examples"
NAMES = (
    "build_model", "loops", "restless", "twins", "alike", "picky", "nothing", "uncompiled", "constant", "huge",
    "wrong_data", "Tuned", "Scored", "Loop", "Number", "instance", "factory",
)  # fmt: skip
REGISTERED = {name.lower(): f"{EXAMPLES}:{name}" for name in NAMES}


def document(builder: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "built",
        "dataset": {"name": "digits"},
        "model": {"type": "builder", "builder": builder.lower()} | changes.pop("model", {}),
        "fit": {"epochs": 3, "validation_split": 0.2},
        "objective": {"name": "val_loss"},
        "tuner": {"type": "random"},
    } | changes


Look = Callable[..., Discovery]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """Looks in this process, as the planner's child does."""
    from tuners.planner.builders import look_at

    monkeypatch.setenv("HEADSTOCK_BUILDERS", json.dumps(REGISTERED))

    def looked(builder: str, *, max_parameters: int = 10**8, **changes: Any) -> Discovery:
        definition = document(builder, **changes)
        return look_at(Request(definition=definition, facts=FACTS, max_parameters=max_parameters, explore_s=60))

    yield looked

    import keras

    keras.utils.clear_session()


def refusal(look: Look, builder: str, **changes: Any) -> FieldFault:
    with pytest.raises(InvalidDefinition) as refused:
        look(builder, **changes)
    (fault,) = refused.value.faults
    return fault


def by_name(found: Discovery) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in found.hyperparameters}


def test_the_space_is_that_of_keras_tuners_own_discovery(look: Look, tmp_path: Path) -> None:
    import keras_tuner

    from tests.tuners.builder_examples import build_model

    stock = keras_tuner.RandomSearch(build_model, objective="val_loss", max_trials=1, directory=tmp_path)
    found = look("build_model")
    ours = by_name(found)
    theirs = {ours_name: ours_name for ours_name in ours} | dict(found.found["names"])
    assert list(theirs.values()) != list(theirs)
    expected = {hp.name: hp for hp in stock.oracle.get_space().space}
    assert {theirs[name] for name in ours} == set(expected)
    for name, mine in ours.items():
        hp = expected[theirs[name]]
        conditions = [{"hp": {v: k for k, v in theirs.items()}[each.name], "in": each.values} for each in hp.conditions]
        assert mine.get("when", []) == conditions, name
        assert mine["default"] == hp.default
        for key in ("min_value", "max_value", "sampling"):
            assert mine.get(key) == getattr(hp, key, None)
        if "values" in mine:
            assert mine["values"] == hp.values
    assert ours["units"]["step"] == 8
    assert ours["pool_size"]["when"] == [{"hp": "model_type", "in": ["cnn"]}, {"hp": "pooled", "in": [True]}]


def test_loops_and_branches_are_followed_where_keras_tuner_stops(look: Look) -> None:
    found = look("loops", objective={"name": "val_accuracy"})
    assert set(by_name(found)) == {"num_layers", "units_0", "units_1", "units_2", "ending", "rate"}
    assert found.found["metrics"] == {"loss": "min", "accuracy": "max"}
    # A loss that is no sparse one gets its labels one-hot.
    assert found.found["one_hot"] is True
    smallest, largest = 64 * 4 + 4 + 4 * 10 + 10, (64 * 8 + 8) + 2 * (8 * 8 + 8) + (8 * 10 + 10)
    assert (found.size.min_parameters, found.size.max_parameters) == (smallest, largest)


def test_a_scope_that_closes_by_being_opened_is_tried_once(look: Look) -> None:
    assert set(by_name(look("restless"))) == {"kind", "never"}


def test_what_is_declared_narrows_what_is_found(look: Look) -> None:
    declared = [
        {"name": "model_type", "type": "fixed", "value": "cnn"},
        {"name": "lr", "type": "choice", "values": [0.001, 0.01]},
        {"name": "batch_size", "type": "choice", "values": [16, 32]},
    ]
    fit = {"epochs": 3, "batch_size": {"hp": "batch_size"}, "validation_split": 0.2}
    found = by_name(look("build_model", hyperparameters=declared, fit=fit))
    # `units` belongs to the other kind of model, which is never built now.
    assert set(found) == {"model_type", "conv.filters", "pooled", "pool_size", "dropout", "lr", "batch_size"}
    assert found["lr"]["values"] == [0.001, 0.01]


def test_what_was_found_may_be_submitted_again(look: Look) -> None:
    first = look("build_model")
    again = look("build_model", hyperparameters=first.hyperparameters, model={"found": first.found})
    assert again.hyperparameters == first.hyperparameters


def test_what_fit_asks_for_is_found_without_training(look: Look) -> None:
    found = look("Tuned", fit={"validation_split": 0.2})
    assert set(by_name(found)) == {"units", "batch_size", "epochs", "shuffle"}
    assert found.found["fit"] is True
    assert found.found["overrides"] == ["batch_size", "epochs", "shuffle"]
    assert found.epochs == {"hp": "epochs"}
    assert found.found["kind"] == "makes_hypermodel"


def test_arguments_go_to_the_constructor(look: Look) -> None:
    assert by_name(look("Tuned", model={"arguments": {"width": 16}}))["units"]["max_value"] == 16
    assert by_name(look("factory", model={"arguments": {"width": 12}}))["units"]["max_value"] == 12
    assert by_name(look("instance"))["units"]["max_value"] == 6
    fault = refusal(look, "Tuned", model={"arguments": {"widht": 16}})
    assert (fault.pointer, fault.code) == ("/model/arguments/widht", "unknown_argument")
    assert "`width`" in fault.detail
    assert refusal(look, "instance", model={"arguments": {"width": 3}}).code == "unknown_argument"


def test_an_own_metric_of_fit_is_taken_on_trust(look: Look) -> None:
    objective = {"name": "my_metric", "direction": "min"}
    assert look("Scored", objective=objective).found["metrics"] == {"loss": "min", "accuracy": "max"}
    assert look("Loop", objective=objective).found["overrides"] == []


@pytest.mark.parametrize(
    ("builder", "pointer", "code", "says"),
    [
        ("twins", "/model/builder", "duplicate_name", "`units` under two different conditions"),
        ("alike", "/model/builder", "duplicate_name", "would both be called `a_b`"),
        ("nothing", "/model/builder", "build_error", "returned nothing"),
        ("uncompiled", "/model", "build_error", "model.compile"),
        ("constant", "/model/builder", "empty_space", "nothing to tune"),
        ("huge", "/model", "model_too_large", "100000000 parameters"),
        ("wrong_data", "/model", "build_error", "does not train on data like these"),
        ("unheard_of", "/model/builder", "build_error", "no builder `unheard_of` is registered"),
    ],
)
def test_what_cannot_be_tuned_is_refused_with_the_reason(
    look: Look, builder: str, pointer: str, code: str, says: str
) -> None:
    fault = refusal(look, builder)
    assert (fault.pointer, fault.code) == (pointer, code)
    assert says in fault.detail


def test_a_point_that_cannot_be_built_is_no_fault_of_the_others(look: Look) -> None:
    found = look("picky")
    assert by_name(found)["units"]["values"] == [8, 16, 1000]
    assert found.size.max_parameters == 64 * 16 + 16 + 16 * 10 + 10
    fault = refusal(look, "picky", hyperparameters=[{"name": "units", "type": "fixed", "value": 1000}])
    assert (fault.pointer, fault.code) == ("/model/builder", "build_error")
    assert "too slow" in fault.detail


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ({"name": "lr", "type": "choice", "values": ["a"]}, "hyperparameter_type_mismatch"),
        ({"name": "model_type", "type": "choice", "values": ["rnn"]}, "hyperparameter_type_mismatch"),
        ({"name": "units", "type": "float", "min_value": 1.0, "max_value": 2.0}, "hyperparameter_type_mismatch"),
        ({"name": "unit", "type": "int", "min_value": 1, "max_value": 2}, "unused_hyperparameter"),
        (
            {"name": "lr", "type": "fixed", "value": 0.1, "when": [{"hp": "model_type", "in": ["cnn"]}]},
            "invalid_condition",
        ),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused_at_its_place(
    look: Look, declared: dict[str, Any], code: str
) -> None:
    other = {"name": "model_type", "type": "choice", "values": ["mlp", "cnn"]}
    several = [declared] if declared["name"] == "model_type" else [other, declared]
    with pytest.raises(InvalidDefinition) as refused:
        look("build_model", hyperparameters=several)
    place = f"/hyperparameters/{len(several) - 1}"
    assert (refused.value.faults[0].pointer.removesuffix("/when"), refused.value.faults[0].code) == (place, code)


def test_what_the_tuner_cannot_do_with_a_found_one_names_it(look: Look) -> None:
    fault = refusal(look, "build_model", tuner={"type": "grid"})
    assert (fault.pointer, fault.code) == ("/hyperparameters", "invalid_step")
    assert "`lr`" in fault.detail
    steps = [{"name": "lr", "type": "choice", "values": [0.01, 0.001]}]
    assert look("build_model", tuner={"type": "grid"}, hyperparameters=steps)


def test_an_objective_the_models_do_not_log_is_refused(look: Look) -> None:
    fault = refusal(look, "build_model", objective={"name": "val_acc", "direction": "max"})
    assert (fault.pointer, fault.code) == ("/objective/name", "unknown_metric")
    assert "val_accuracy" in fault.detail


CODE = """
import os
import keras

def build(hp):
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(hp.Int("units", 4, 8)))
    model.add(keras.layers.Dense(10, activation="softmax", name="process_%d" % os.getpid()))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    open(os.environ["TMPDIR"] + "/environment", "w").write(" ".join(os.environ))
    return model
"""


def test_code_runs_in_a_child_that_knows_no_secret_and_ends_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HEADSTOCK_DATABASE_URL", "postgresql://user:secret@host/db")
    settings = Settings(data_dir=tmp_path / "data", code=True)
    planner = Planner(settings, SystemClock())
    try:
        definition = parse_definition(document("x") | {"model": {"type": "builder", "code": CODE, "entry": "build"}})
        found = planner.discover(definition.to_json(), FACTS)
        assert [each["name"] for each in found.hyperparameters] == ["units"]
        seen = (tmp_path / "environment").read_text().split()
        assert {name for name in seen if name.startswith("HEADSTOCK_")} == {"HEADSTOCK_BUILDERS", "HEADSTOCK_CODE"}
        wait_until(lambda: planner.child_pid is None, what="the child's end")
        # The same again is remembered, and needs no child.
        assert planner.discover(definition.to_json(), FACTS) == found
        assert planner.child_pid is None
    finally:
        planner.close()


def test_code_is_refused_by_a_process_whose_operator_did_not_allow_it(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tuners.planner.builders import look_at

    monkeypatch.setenv("HEADSTOCK_CODE", "0")
    definition = document("x") | {"model": {"type": "builder", "code": CODE, "entry": "build"}}
    with pytest.raises(InvalidDefinition) as refused:
        look_at(Request(definition=definition, facts=FACTS, max_parameters=10**6, explore_s=10))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/model/code", "build_error")]

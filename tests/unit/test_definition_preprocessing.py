"""What a definition may ask of its data: preprocessing, splits, folds; and what it then knows of them."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from storage.datasets import Dataset, DatasetInput, DatasetTarget, TableColumn
from storage.errors import InvalidDefinition
from storage.ids import DatasetId
from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve
from tuners.plan import plan

GOOD: dict[str, Any] = json.loads((Path(__file__).parent / "good_definition.json").read_text("utf-8"))
RANDOM = {"type": "random"}

TABLE = Dataset(
    id=DatasetId("d"), owner="o", name="people", task="classification", input_shape=(4,), num_classes=2,
    class_names=("no", "yes"), feature_names=("age", "income", "city", "id"), train_rows=500, validation_rows=0,
    test_rows=0, x_dtype="float64", y_dtype="int32", scale="standard", source="upload: people.csv", builtin=False,
    key="datasets/d", size_bytes=1, fingerprint="0" * 64, created_at=datetime(2026, 1, 1, tzinfo=UTC), kind="table",
    columns=(
        TableColumn("age", "number", missing=3),
        TableColumn("income", "number"),
        TableColumn("city", "category", ("Bern", "Rome"), missing=1),
        TableColumn("id", "number"),
    ),
)  # fmt: skip
TEXT = replace(TABLE, kind="text", input_shape=(), x_dtype="str", columns=(), feature_names=(), scale="none")
TOKENS = replace(
    TABLE, kind="array", input_shape=(120,), x_dtype="int64", columns=(), feature_names=(), scale="none", max_token=999
)
IMAGES = replace(TABLE, kind="image", input_shape=(8, 8, 3), x_dtype="uint8", columns=(), feature_names=())
GROUPED = replace(TABLE, grouped=True, timed=True, weighted=True)


def definition(*, dataset: dict[str, Any] | None = None, fit: dict[str, Any] | None = None, **more: Any) -> Any:
    document = copy.deepcopy(GOOD)
    document["dataset"] = {"name": "people", **({} if dataset is None else {"preprocessing": dataset})}
    document["model"]["layers"][-1]["units"] = {"data": "target_size"}
    document["tuner"] = RANDOM
    if fit is not None:
        document["fit"] = {"epochs": 3, "batch_size": {"hp": "batch_size"}, **fit}
    return parse_definition({**document, **more})


def facts(data: Dataset, preprocessing: dict[str, Any] | None = None) -> DataFacts:
    return DataFacts.of(data, definition(dataset=preprocessing).dataset)


class TestFacts:
    def test_a_table_is_as_wide_as_its_columns_say(self) -> None:
        plain = facts(TABLE)
        assert plain.features == ("age", "income", "city=Bern", "city=Rome", "city=missing", "id")
        assert (plain.input_shape, plain.x_dtype, plain.value("input_size")) == ((6,), "float32", 6)

    def test_columns_are_dropped_encoded_and_marked(self) -> None:
        options = {"numbers": {"indicator": True}, "columns": {"id": "drop", "city": {"encode": "ordinal"}}}
        assert facts(TABLE, options).features == ("age", "age=missing", "income", "city")
        frequent = {"categories": {"missing": "most_frequent"}, "columns": {"age": "drop", "id": "drop"}}
        assert facts(TABLE, frequent).features == ("income", "city=Bern", "city=Rome")

    def test_a_table_without_columns_on_record_is_as_it_was(self) -> None:
        old = replace(TABLE, kind="array", columns=())
        assert facts(old).input_shape == (4,)
        assert facts(old).features == TABLE.feature_names

    @pytest.mark.parametrize(
        ("options", "shape", "dtype"),
        [
            (None, (200,), "int32"),
            ({"text": {"sequence_length": 9, "max_tokens": 50}}, (9,), "int32"),
            ({"text": {"output": "tf_idf", "max_tokens": 50}}, (50,), "float32"),
        ],
    )
    def test_texts(self, options: dict[str, Any] | None, shape: tuple[int, ...], dtype: str) -> None:
        found = facts(TEXT, options)
        assert (found.input_shape, found.x_dtype) == (shape, dtype)
        assert found.value("vocabulary_size") == (10_000 if options is None else 50)

    def test_token_sequences(self) -> None:
        assert facts(TOKENS).value("vocabulary_size") == 1000
        assert (facts(TOKENS).input_shape, facts(TOKENS).x_dtype) == ((120,), "int32")
        assert facts(TOKENS, {"sequence": {"length": 30}}).input_shape == (30,)
        scaled = DataFacts.of(TOKENS, replace_scale("standard"))
        assert (scaled.x_dtype, scaled.vocabulary_size) == ("float32", None)

    def test_windows(self) -> None:
        found = facts(TABLE, {"window": {"length": 24, "horizon": 2, "stride": 10}})
        assert found.input_shape == (24, 6)
        # Windows begin at rows 0, 10, ..., 470; the last one's target is row 470 + 23 + 2.
        assert found.train_rows == 48

    def test_several_inputs_and_targets(self) -> None:
        data = replace(
            IMAGES,
            inputs=(DatasetInput("picture", (8, 8, 3), "uint8"), DatasetInput("form", (5,), "float64")),
            targets=(DatasetTarget("kind", "classification", 3), DatasetTarget("size", "regression", shape=(2,))),
        )
        found = facts(data)
        assert found.inputs == {"picture": (8, 8, 3), "form": (5,)}
        assert found.target("size").shape == (2,)
        assert found.input_shape == (8, 8, 3)

    @pytest.mark.parametrize(
        ("changes", "size"),
        [
            ({"task": "multilabel", "num_classes": 7, "target_shape": (7,)}, 7),
            ({"task": "regression", "num_classes": None, "target_shape": (3,)}, 3),
            ({"task": "regression", "num_classes": None}, 1),
            ({}, 2),
        ],
    )
    def test_target_size(self, changes: dict[str, Any], size: int) -> None:
        assert facts(replace(TABLE, **changes)).value("target_size") == size

    @pytest.mark.parametrize("data", [TABLE, TEXT, TOKENS, IMAGES, GROUPED])
    def test_facts_travel_as_json(self, data: Dataset) -> None:
        adapter = TypeAdapter(DataFacts)
        found = facts(data)
        assert adapter.validate_json(adapter.dump_json(found)) == found


def replace_scale(scale: str) -> Any:
    document = copy.deepcopy(GOOD)
    document["dataset"] = {"name": "people", "scale": scale}
    return parse_definition(document).dataset


class TestLanguage:
    def test_the_canonical_document_says_everything_and_means_the_same(self) -> None:
        first = definition(dataset={"text": {"max_tokens": 9}}, fit={"cross_validation": {"folds": 4}})
        document = first.to_json()
        assert document["dataset"]["preprocessing"] == {
            "text": {"max_tokens": 9, "sequence_length": 200, "output": "int", "lowercase": True, "ngrams": 1}
        }
        assert document["fit"]["cross_validation"] == {"folds": 4, "stratified": True}
        assert parse_definition(json.loads(json.dumps(document))) == first

    def test_columns_survive_the_canonical_document(self) -> None:
        columns = {"age": {"missing": "mean"}, "id": "drop"}
        document = definition(dataset={"columns": columns}).to_json()
        assert document["dataset"]["preprocessing"] == {"columns": columns}
        assert parse_definition(document).to_json() == document

    def test_windows_are_split_by_time_unless_by_group(self) -> None:
        window = {"window": {"length": 3}}
        assert definition(dataset=window, fit={"validation_split": 0.2}).fit.split_by == "time"
        assert definition(dataset=window, fit={"split_by": "group"}).fit.split_by == "group"
        assert definition(fit={}).fit.split_by == "rows"

    def test_resolved(self) -> None:
        chosen = definition(
            dataset={"window": {"length": 3}},
            fit={"cross_validation": {"folds": 5, "stratified": False}, "sample_weight": False},
        )
        resolved: Any = resolve(chosen, chosen.space().defaults(), DataFacts.of(TABLE, chosen.dataset))
        assert resolved["dataset"]["preprocessing"] == {"window": {"length": 3, "horizon": 1, "stride": 1}}
        assert resolved["fit"]["cross_validation"] == {"folds": 5, "stratified": False}
        assert (resolved["fit"]["split_by"], resolved["fit"]["sample_weight"]) == ("time", False)
        assert resolved["model"]["input_shape"] == [3, 6]

    def test_every_fold_of_every_execution_is_a_training_and_is_planned(self) -> None:
        folded = definition(
            fit={"cross_validation": {"folds": 5}}, executions_per_trial=2, limits={"max_trials": 4},
        )  # fmt: skip
        assert folded.trainings_per_trial == 10
        assert plan(folded, folded.space(), facts(TABLE)).epochs == 4 * 3 * 10
        assert definition(executions_per_trial=2).trainings_per_trial == 2

    @pytest.mark.parametrize(("rows", "warned"), [(19, True), (20, False)])
    def test_more_folds_than_a_class_can_have_rows(self, rows: int, warned: bool) -> None:
        folded = definition(fit={"cross_validation": {"folds": 10}})
        codes = {each.code for each in plan(folded, folded.space(), facts(replace(TABLE, train_rows=rows))).warnings}
        assert ("folds_without_a_class" in codes) == warned


def faults(document: Any, data: Dataset) -> set[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as refused:
        check_against_data(document, DataFacts.of(data, document.dataset))
    assert all(fault.detail for fault in refused.value.faults)
    return {(fault.pointer, fault.code) for fault in refused.value.faults}


OF_TABLES = "/dataset/preprocessing"
SPLIT = {"validation_split": 0.2}


class TestSuitability:
    @pytest.mark.parametrize(
        ("options", "fit", "data"),
        [
            ({"numbers": {"missing": "mean"}, "columns": {"age": {"indicator": True}}}, SPLIT, TABLE),
            ({"columns": {"age": {"missing": "zero"}}, "numbers": {"missing": "refuse"}}, SPLIT, TABLE),
            ({"columns": {"age": "drop"}, "numbers": {"missing": "refuse"}}, SPLIT, TABLE),
            ({"text": {"output": "multi_hot"}}, SPLIT, TEXT),
            ({"sequence": {"length": 5}}, {"cross_validation": {"folds": 3}}, TOKENS),
            ({"window": {"length": 10}}, SPLIT, TABLE),
            ({"window": {"length": 10}}, {"cross_validation": {"folds": 3}}, replace(TOKENS, x_dtype="float64")),
            (None, {"split_by": "group", **SPLIT}, GROUPED),
            (None, {"split_by": "time", "cross_validation": {"folds": 10}}, GROUPED),
        ],
    )
    def test_what_suits(self, options: Any, fit: Any, data: Dataset) -> None:
        chosen = definition(dataset=options, fit=fit)
        check_against_data(chosen, DataFacts.of(data, chosen.dataset))

    @pytest.mark.parametrize(
        ("options", "fit", "data", "pointer", "code"),
        [
            ({"text": {}}, SPLIT, TABLE, f"{OF_TABLES}/text", "task_mismatch"),
            ({"numbers": {}}, SPLIT, TEXT, f"{OF_TABLES}/numbers", "task_mismatch"),
            ({"categories": {}}, SPLIT, IMAGES, f"{OF_TABLES}/categories", "task_mismatch"),
            ({"columns": {"age": "drop"}}, SPLIT, TOKENS, f"{OF_TABLES}/columns", "task_mismatch"),
            ({"sequence": {"length": 3}}, SPLIT, TABLE, f"{OF_TABLES}/sequence", "task_mismatch"),
            ({"window": {"length": 3}}, SPLIT, IMAGES, f"{OF_TABLES}/window", "task_mismatch"),
            ({"window": {"length": 3}}, SPLIT, TEXT, f"{OF_TABLES}/window", "task_mismatch"),
            ({"window": {"length": 3}, "sequence": {"length": 3}}, SPLIT, TOKENS, f"{OF_TABLES}/window",
             "unsupported_combination"),
            ({"window": {"length": 499}}, SPLIT, TABLE, f"{OF_TABLES}/window/length", "out_of_range"),
            ({"columns": {"agge": "drop"}}, SPLIT, TABLE, f"{OF_TABLES}/columns/agge", "unknown_column"),
            ({"columns": {"age": {"encode": "ordinal"}}}, SPLIT, TABLE, f"{OF_TABLES}/columns/age/encode",
             "task_mismatch"),
            ({"columns": {"city": {"scale": "none"}}}, SPLIT, TABLE, f"{OF_TABLES}/columns/city/scale",
             "task_mismatch"),
            ({"columns": {"city": {"missing": "mean"}}}, SPLIT, TABLE, f"{OF_TABLES}/columns/city/missing",
             "invalid_enum"),
            ({"columns": {"age": {"missing": "category"}}}, SPLIT, TABLE, f"{OF_TABLES}/columns/age/missing",
             "invalid_enum"),
            ({"numbers": {"missing": "refuse"}}, SPLIT, TABLE, f"{OF_TABLES}/numbers/missing", "missing_values"),
            ({"columns": {"age": {"missing": "refuse"}}}, SPLIT, TABLE, f"{OF_TABLES}/columns/age/missing",
             "missing_values"),
            ({"columns": dict.fromkeys(["age", "income", "city", "id"], "drop")}, SPLIT, TABLE,
             f"{OF_TABLES}/columns", "shape_mismatch"),
            ({"text": {"output": "count", "max_tokens": 200_000}}, SPLIT, replace(TEXT, train_rows=10**6), OF_TABLES,
             "too_many"),
            (None, {"split_by": "group", **SPLIT}, TABLE, "/fit/split_by", "data_unavailable"),
            (None, {"split_by": "time", **SPLIT}, TABLE, "/fit/split_by", "data_unavailable"),
            (None, {"cross_validation": {"folds": 90}}, replace(TABLE, train_rows=80), "/fit/cross_validation/folds",
             "out_of_range"),
            (None, {}, TABLE, "/objective/name", "unknown_metric"),
            (None, {"class_weight": "balanced", **SPLIT},
             replace(TABLE, targets=(DatasetTarget("a", "classification", 2), DatasetTarget("b", "regression"))),
             "/fit/class_weight", "task_mismatch"),
        ],
    )  # fmt: skip
    def test_what_does_not_suit(self, options: Any, fit: Any, data: Dataset, pointer: str, code: str) -> None:
        assert (pointer, code) in faults(definition(dataset=options, fit=fit), data)

    def test_texts_have_no_scale(self) -> None:
        document = copy.deepcopy(GOOD) | {"dataset": {"name": "people", "scale": "standard"}}
        assert ("/dataset/scale", "task_mismatch") in faults(parse_definition(document), TEXT)

    def test_folds_are_a_validation_part(self) -> None:
        chosen = definition(fit={"cross_validation": {"folds": 3}}, objective={"name": "val_accuracy"})
        check_against_data(chosen, facts(TABLE))


MULTILABEL = replace(TABLE, task="multilabel", num_classes=3, target_shape=(3,), target_names=("a", "b", "c"))
NUMBERS = replace(TABLE, task="regression", num_classes=None, target_shape=(3,), class_names=())


def with_output(units: object, activation: str, loss: str, metric: str) -> Any:
    document = copy.deepcopy(GOOD)
    document["model"]["layers"][-1] = {"layer": "Dense", "units": units, "activation": activation}
    document["compile"] |= {"loss": loss, "metrics": [metric]}
    document["objective"] = {"name": "val_loss"}
    return parse_definition(document)


class TestTasks:
    @pytest.mark.parametrize(
        ("units", "activation", "loss", "metric", "data"),
        [
            ({"data": "num_classes"}, "sigmoid", "binary_crossentropy", "binary_accuracy", MULTILABEL),
            ({"data": "target_size"}, "sigmoid", "binary_focal_crossentropy", "AUC", MULTILABEL),
            (3, "sigmoid", "mse", "Precision", MULTILABEL),
            ({"data": "target_size"}, "linear", "mse", "mae", NUMBERS),
        ],
    )
    def test_what_suits(self, units: object, activation: str, loss: str, metric: str, data: Dataset) -> None:
        check_against_data(with_output(units, activation, loss, metric), facts(data))

    @pytest.mark.parametrize(
        ("units", "activation", "loss", "metric", "data", "pointer", "code"),
        [
            (3, "softmax", "sparse_categorical_crossentropy", "AUC", MULTILABEL, "/compile/loss", "task_mismatch"),
            (3, "softmax", "categorical_crossentropy", "AUC", MULTILABEL, "/compile/loss", "task_mismatch"),
            (3, "sigmoid", "binary_crossentropy", "accuracy", MULTILABEL, "/compile/metrics/0", "task_mismatch"),
            (2, "sigmoid", "binary_crossentropy", "AUC", MULTILABEL, "/model/layers/2/units", "shape_mismatch"),
            (1, "linear", "mse", "mae", NUMBERS, "/model/layers/2/units", "shape_mismatch"),
            (3, "linear", "binary_crossentropy", "mae", NUMBERS, "/compile/loss", "task_mismatch"),
        ],
    )
    def test_what_does_not(
        self, units: object, activation: str, loss: str, metric: str, data: Dataset, pointer: str, code: str
    ) -> None:
        assert (pointer, code) in faults(with_output(units, activation, loss, metric), data)

"""Tables: gaps, scales and categories, learnt from training rows alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from storage.datasets import TableColumn
from tests.tuners.stored_datasets import table_columns
from tuners.datasets.preprocessing.layout import plan_features, table_plan
from tuners.datasets.preprocessing.options import Preprocessing
from tuners.datasets.preprocessing.tables import apply_table, fit_table, table_codes
from tuners.datasets.scaling import fit_scale

NAN = float("nan")
CITIES = ("Bern", "Oslo", "Rome")


def plan_of(columns: Any, scale: Any = "standard", /, **options: Any) -> Any:
    return table_plan(columns, Preprocessing.model_validate(options), scale)


def holey(rows: int, columns: int, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    x = rng.normal(5, 3, (rows, columns))
    x[rng.random(x.shape) < 0.2] = NAN
    return x


class TestNumbers:
    @pytest.mark.parametrize(("missing", "strategy"), [("median", "median"), ("mean", "mean"), ("zero", "constant")])
    @pytest.mark.parametrize(("scale", "scaler"), [("standard", StandardScaler()), ("0-1", MinMaxScaler())])
    def test_as_scikit_learn(self, missing: str, strategy: str, scale: str, scaler: Any) -> None:
        x, other = holey(200, 4), holey(50, 4, seed=1)
        fitted = fit_table(plan_of(table_columns(x), numbers={"missing": missing, "scale": scale}), x)
        imputer = SimpleImputer(strategy=strategy, fill_value=0).fit(x)
        scaler.fit(imputer.transform(x))
        for part in (x, other):
            expected = scaler.transform(imputer.transform(part))
            np.testing.assert_allclose(apply_table(fitted, part), expected, rtol=1e-5, atol=1e-6)

    @given(rows=st.integers(1, 60), columns=st.integers(1, 6), seed=st.integers(0, 99), scale=st.sampled_from(
        ["standard", "0-1", "none"]
    ))  # fmt: skip
    @settings(max_examples=60)
    def test_a_table_without_gaps_is_scaled_bit_for_bit_as_any_array(
        self, rows: int, columns: int, seed: int, scale: Any
    ) -> None:
        x = np.random.default_rng(seed).normal(1e3, 7, (rows, columns))
        made = apply_table(fit_table(plan_of(table_columns(x), scale), x), x)
        np.testing.assert_array_equal(made, fit_scale(x, scale, "feature").apply(x))

    def test_also_when_the_table_is_read_in_several_pieces(self) -> None:
        x = np.random.default_rng(3).normal(3, 2, (5000, 500))
        made = apply_table(fit_table(plan_of(table_columns(x)), x), x)
        np.testing.assert_array_equal(made, fit_scale(x, "standard", "feature").apply(x))

    def test_indicators_mark_columns_that_have_gaps_in_training(self) -> None:
        x = np.array([[1.0, 2.0], [NAN, 4.0], [3.0, 6.0]])
        plan = plan_of(table_columns(x), "none", numbers={"indicator": True})
        assert plan_features(plan) == ["a", "a=missing", "b"]
        made = apply_table(fit_table(plan, x), np.array([[NAN, NAN], [5.0, 6.0]]))
        assert made.tolist() == [[2.0, 1.0, 4.0], [5.0, 0.0, 6.0]]

    def test_a_column_of_gaps_alone_is_zero(self) -> None:
        x = np.full((3, 1), NAN)
        assert apply_table(fit_table(plan_of(table_columns(x)), x), x).tolist() == [[0.0]] * 3

    def test_gaps_are_refused_where_none_may_be(self) -> None:
        x = np.array([[1.0], [2.0]])
        plan = plan_of(table_columns(x), numbers={"missing": "refuse"})
        fitted = fit_table(plan, x)
        for rows in (np.array([[1.0], [NAN]]),):
            with pytest.raises(ValueError, match="'a' has missing values"):
                apply_table(fitted, rows)
            with pytest.raises(ValueError, match="'a' has missing values"):
                fit_table(plan, rows)


class TestCategories:
    X = np.array([[0.0], [2.0], [2.0], [NAN]])
    COLUMNS = table_columns(X, {0: CITIES})

    def made(self, rows: list[float], **options: Any) -> list[list[float]]:
        fitted = fit_table(plan_of(self.COLUMNS, **options), self.X)
        made: list[list[float]] = apply_table(fitted, np.array(rows).reshape(-1, 1)).tolist()
        return made

    def test_one_hot(self) -> None:
        assert plan_features(plan_of(self.COLUMNS)) == ["a=Bern", "a=Oslo", "a=Rome", "a=missing"]
        assert self.made([0, 2, NAN]) == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]

    def test_what_training_has_not_seen_is_all_zeros(self) -> None:
        assert self.made([1, -1, 7]) == [[0, 0, 0, 0]] * 3

    def test_the_most_frequent_fills_gaps(self) -> None:
        options = {"categories": {"missing": "most_frequent"}}
        assert self.made([NAN, 0], **options) == [[0, 0, 1], [1, 0, 0]]

    def test_ordinal(self) -> None:
        assert self.made([0, 1, 2, NAN, -1, 9], categories={"encode": "ordinal"}) == [[0], [1], [2], [3], [-1], [-1]]
        frequent = {"encode": "ordinal", "missing": "most_frequent"}
        assert self.made([NAN, 1], categories=frequent) == [[2], [1]]

    def test_as_scikit_learn(self) -> None:
        rng = np.random.default_rng(2)
        x = rng.integers(0, 3, (40, 2)).astype(float)
        fitted = fit_table(plan_of(table_columns(x, {0: CITIES, 1: CITIES})), x)
        expected = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(x).transform(x)
        np.testing.assert_array_equal(apply_table(fitted, x), expected)

    def test_the_width_does_not_depend_on_the_rows(self) -> None:
        plan = plan_of(self.COLUMNS)
        for rows in ([[1.0]], [[NAN]], [[0.0], [1.0], [2.0]]):
            x = np.array(rows)
            assert apply_table(fit_table(plan, x), x).shape == (len(x), len(plan_features(plan)))


def test_columns_keep_their_order_and_the_dropped_are_gone() -> None:
    x = np.array([[1.0, 0.0, 9.0, 4.0], [3.0, 1.0, 9.0, 8.0]])
    columns = table_columns(x, {1: CITIES[:2]})
    plan = plan_of(columns, "none", columns={"c": "drop", "d": {"scale": "0-1"}})
    assert plan_features(plan) == ["a", "b=Bern", "b=Oslo", "d"]
    assert apply_table(fit_table(plan, x), x).tolist() == [[1, 1, 0, 0], [3, 0, 1, 1]]


def test_what_was_learnt_survives_json() -> None:
    x = np.column_stack([holey(30, 2), np.random.default_rng(0).integers(0, 3, 30)])
    fitted = fit_table(plan_of(table_columns(x, {2: CITIES}), numbers={"indicator": True}), x)
    again = json.loads(json.dumps(fitted))
    np.testing.assert_array_equal(apply_table(again, x), apply_table(fitted, x))


def test_rows_as_people_have_them() -> None:
    columns = (TableColumn("age", "number", missing=1), TableColumn("city", "category", CITIES, missing=1))
    x = np.array([[30.0, 0.0], [NAN, 1.0], [50.0, NAN]])
    fitted = fit_table(plan_of(columns, "none", numbers={"missing": "mean"}), x)
    rows: list[dict[str, Any]] = [
        {"age": 30, "city": "Bern"}, {"age": "41.5", "city": "Rome"}, {"age": None, "city": ""}, {"city": "Paris"},
        {"age": NAN, "city": "Oslo"},
    ]  # fmt: skip
    codes = table_codes(fitted, rows)
    np.testing.assert_array_equal(codes, [[30, 0], [41.5, 2], [NAN, NAN], [NAN, -1], [NAN, 1]])
    assert apply_table(fitted, codes)[2].tolist() == [40.0, 0.0, 0.0, 0.0, 1.0]

"""Each kind of data set as a trainer gets it: preprocessed by its training rows, split, folded, cut into windows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.datasets import DatasetInput, DatasetTarget
from tests.tuners.stored_datasets import joined_texts, stored_dataset, table_columns
from tuners.datasets.arrays import ArraysCache, DataRequest, load_arrays
from tuners.datasets.preprocessing.fitted import FittedPreprocessing
from tuners.datasets.preprocessing.windows import window_rows
from tuners.definitions import DataFacts, DatasetReference
from tuners.seeds import split_seed

NAN = float("nan")
RNG = np.random.default_rng(0)


def load(folder: Path, dataset: Any, **options: Any) -> Any:
    return load_arrays(folder, dataset, request=DataRequest(**options), cache=ArraysCache())


def promised(dataset: Any, **options: Any) -> DataFacts:
    return DataFacts.of(dataset, DatasetReference.model_validate({"name": "data", "preprocessing": options}))


class TestTables:
    def table(self, folder: Path, rows: int = 60, **more: Any) -> Any:
        x = np.column_stack([RNG.normal(5, 2, (rows, 2)), RNG.integers(0, 3, rows)])
        x[::7, 0] = NAN
        arrays = {"x_train": x, "y_train": np.arange(rows, dtype=np.int32) % 2, **more}
        columns = table_columns(x, {2: ("Bern", "Oslo", "Rome")})
        return stored_dataset(folder, arrays, kind="table", columns=columns, scale="standard"), x

    def test_what_is_learnt_comes_from_the_rows_that_train(self, tmp_path: Path) -> None:
        dataset, x = self.table(tmp_path)
        arrays = load(tmp_path, dataset, validation_split=0.25, seed=3)
        (column, *_) = arrays.preprocessing.to_json()["inputs"][""]["columns"]
        again = load(tmp_path, dataset, validation_split=0.25, seed=3, preprocessing={"columns": {"b": "drop"}})
        assert len(arrays.x_train) == 45
        medians = {round(float(np.nanmedian(x[:, 0])), 12), round(column["fill"], 12)}
        assert len(medians) == 2
        np.testing.assert_allclose(arrays.x_train[:, 0].mean(), 0, atol=1e-6)
        np.testing.assert_array_equal(again.x_train[:, 1:], arrays.x_train[:, 2:])

    def test_shape_and_names_are_those_that_were_promised(self, tmp_path: Path) -> None:
        dataset, _ = self.table(tmp_path)
        for options in ({}, {"numbers": {"indicator": True}}, {"categories": {"encode": "ordinal"}}):
            arrays = load(tmp_path, dataset, preprocessing=options)
            facts = promised(dataset, **options)
            assert arrays.x_train.shape == (60, *facts.input_shape)
            assert arrays.preprocessing.feature_names == facts.features
            assert arrays.x_train.dtype.name == facts.x_dtype

    def test_scale_of_the_definition_and_of_the_numbers(self, tmp_path: Path) -> None:
        dataset, _ = self.table(tmp_path)
        assert load(tmp_path, dataset, scale="0-1").x_train[:, 1].max() == 1.0
        own = {"numbers": {"scale": "none"}}
        assert load(tmp_path, dataset, scale="0-1", preprocessing=own).x_train[:, 1].max() > 2

    def test_applied_again_to_raw_rows(self, tmp_path: Path) -> None:
        dataset, x = self.table(tmp_path)
        arrays = load(tmp_path, dataset)
        fitted = FittedPreprocessing.from_json(json.loads(json.dumps(arrays.preprocessing.to_json())))
        assert fitted.feature_names == arrays.preprocessing.feature_names
        np.testing.assert_array_equal(fitted.apply(x), arrays.x_train)


class TestTexts:
    TEXTS = ("good film", "bad film, bad", "", "Good! good", "zebra", "ünï çode")

    def test_each_part_with_the_training_rows_words(self, tmp_path: Path) -> None:
        arrays = {
            **joined_texts(self.TEXTS), "y_train": np.array([0, 1] * 3, np.int32),
            **joined_texts(["film unseen"], "test"), "y_test": np.array([0], np.int32),
        }  # fmt: skip
        dataset = stored_dataset(tmp_path, arrays, kind="text", input_shape=())
        options = {"text": {"max_tokens": 20, "sequence_length": 3}}
        loaded = load(tmp_path, dataset, preprocessing=options, test=True)
        vocabulary = loaded.preprocessing.to_json()["inputs"][""]["vocabulary"]
        assert vocabulary[0] == "good"
        assert "çode" in vocabulary
        assert loaded.x_train.shape == (6, *promised(dataset, **options).input_shape)
        assert loaded.x_train.dtype == np.int32
        film = vocabulary.index("film") + 2
        assert loaded.x_test.tolist() == [[film, 1, 0]]
        np.testing.assert_array_equal(loaded.preprocessing.apply(self.TEXTS), loaded.x_train)

    def test_validation_words_are_unknown(self, tmp_path: Path) -> None:
        texts = [f"word{number}" for number in range(20)]
        arrays = {**joined_texts(texts), "y_train": np.arange(20, dtype=np.int32) % 2}
        dataset = stored_dataset(tmp_path, arrays, kind="text", input_shape=())
        loaded = load(tmp_path, dataset, validation_split=0.3)
        assert (loaded.x_val[:, 0] == 1).all()
        assert (loaded.x_train[:, 0] > 1).all()

    def test_whole_joins_the_parts(self, tmp_path: Path) -> None:
        arrays = {
            **joined_texts(["a", "bb"]), "y_train": np.array([0, 1], np.int32),
            **joined_texts(["ccc"], "validation"), "y_validation": np.array([1], np.int32),
        }  # fmt: skip
        dataset = stored_dataset(tmp_path, arrays, kind="text", input_shape=())
        loaded = load(tmp_path, dataset, whole=True)
        assert sorted(loaded.preprocessing.inputs[""]["vocabulary"]) == ["a", "bb", "ccc"]
        assert (len(loaded.x_train), loaded.y_train.tolist(), loaded.x_val) == (3, [0, 1, 1], None)


class TestTokens:
    def test_integers_stay_integers_and_are_padded_or_cut(self, tmp_path: Path) -> None:
        x = np.arange(12).reshape(4, 3)
        dataset = stored_dataset(tmp_path, {"x_train": x, "y_train": np.array([0, 1, 0, 1], np.int32)}, max_token=11)
        plain = load(tmp_path, dataset).x_train
        assert (plain.dtype, plain.tolist()) == (np.int32, x.tolist())
        assert load(tmp_path, dataset, preprocessing={"sequence": {"length": 2}}).x_train.tolist() == x[:, :2].tolist()
        padded = load(tmp_path, dataset, preprocessing={"sequence": {"length": 5}})
        assert padded.x_train[1].tolist() == [3, 4, 5, 0, 0]
        np.testing.assert_array_equal(padded.preprocessing.apply(x), padded.x_train)
        assert load(tmp_path, dataset, scale="0-1").x_train.dtype == np.float32


class TestTargets:
    X = RNG.normal(size=(8, 2))

    def test_labels(self, tmp_path: Path) -> None:
        y = RNG.integers(0, 2, (8, 3)).astype(np.uint8)
        dataset = stored_dataset(
            tmp_path, {"x_train": self.X, "y_train": y}, task="multilabel", num_classes=3, target_shape=(3,)
        )
        made = load(tmp_path, dataset, one_hot=True, validation_split=0.25)
        assert (made.y_train.dtype, made.y_train.shape, made.y_val.shape) == (np.float32, (6, 3), (2, 3))

    def test_several_numbers(self, tmp_path: Path) -> None:
        y = RNG.normal(size=(8, 2))
        dataset = stored_dataset(tmp_path, {"x_train": self.X, "y_train": y}, task="regression", target_shape=(2,))
        np.testing.assert_allclose(load(tmp_path, dataset).y_train, y, rtol=1e-6)

    def test_several_inputs_and_targets_by_name(self, tmp_path: Path) -> None:
        pictures = RNG.integers(0, 256, (8, 4, 4, 3)).astype(np.uint8)
        arrays = {
            "x.form_train": self.X, "x.picture_train": pictures,
            "y.kind_train": np.array([0, 1, 2, 0, 1, 2, 0, 1], np.int32), "y.size_train": self.X[:, 0],
        }  # fmt: skip
        dataset = stored_dataset(
            tmp_path, arrays, num_classes=3, input_shape=(2,), scale="none",
            inputs=(DatasetInput("form", (2,), "float64"), DatasetInput("picture", (4, 4, 3), "uint8")),
            targets=(DatasetTarget("kind", "classification", 3), DatasetTarget("size", "regression")),
        )  # fmt: skip
        made = load(tmp_path, dataset, one_hot=frozenset({"kind"}), validation_split=0.25)
        assert {name: x.shape for name, x in made.x_train.items()} == {"form": (6, 2), "picture": (6, 4, 4, 3)}
        assert made.x_train["picture"].max() <= 1.0
        np.testing.assert_allclose(made.x_train["form"].mean(axis=0), 0, atol=1e-6)
        assert {name: y.shape for name, y in made.y_train.items()} == {"kind": (6, 3), "size": (6,)}
        assert load(tmp_path, dataset).y_train["kind"].shape == (8,)
        raw = {"form": self.X, "picture": pictures}
        again = load(tmp_path, dataset)
        np.testing.assert_array_equal(again.preprocessing.apply(raw)["picture"], again.x_train["picture"])


class TestSplits:
    def rows(self, folder: Path, **more: Any) -> Any:
        x = np.arange(40.0).reshape(40, 1)
        return stored_dataset(folder, {"x_train": x, "y_train": np.arange(40, dtype=np.int32) % 2, **more})

    def test_weights_go_with_their_rows(self, tmp_path: Path) -> None:
        dataset = self.rows(tmp_path, w_train=np.arange(40.0))
        made = load(tmp_path, dataset, validation_split=0.2, seed=5)
        np.testing.assert_array_equal(made.w_train, made.x_train[:, 0])
        np.testing.assert_array_equal(made.w_val, made.x_val[:, 0])
        assert made.w_train.dtype == np.float32
        assert load(tmp_path, dataset, sample_weight=False).w_train is None

    def test_folds_together_validate_every_row_once(self, tmp_path: Path) -> None:
        dataset = self.rows(tmp_path)
        folds = [load(tmp_path, dataset, folds=4, fold=fold, seed=2) for fold in range(4)]
        assert sorted(np.concatenate([made.x_val[:, 0] for made in folds])) == list(range(40))
        assert all(made.y_val.sum() == 5 for made in folds)

    def test_groups(self, tmp_path: Path) -> None:
        groups = (np.arange(40) % 7).astype(np.int32)
        dataset = self.rows(tmp_path, g_train=groups)
        made = load(tmp_path, dataset, validation_split=0.3, split_by="group")
        sides = [set(groups[part[:, 0].astype(int)]) for part in (made.x_train, made.x_val)]
        assert not sides[0] & sides[1]

    def test_times(self, tmp_path: Path) -> None:
        dataset = self.rows(tmp_path, t_train=np.arange(40, 0, -1, dtype=np.int64))
        made = load(tmp_path, dataset, validation_split=0.25, split_by="time")
        assert made.x_val[:, 0].tolist() == list(range(10))
        last = load(tmp_path, dataset, folds=3, fold=2, split_by="time")
        assert last.x_val[:, 0].tolist() == list(range(10))

    def test_no_groups_or_times(self, tmp_path: Path) -> None:
        dataset = self.rows(tmp_path)
        for by in ("group", "time"):
            with pytest.raises(ValueError, match="to split by"):
                load(tmp_path, dataset, validation_split=0.2, split_by=by)

    def test_whole_trains_on_all_rows_and_validates_on_none(self, tmp_path: Path) -> None:
        own: dict[str, Any] = {"x_validation": np.full((3, 1), 99.0), "y_validation": np.zeros(3, np.int32)}
        dataset = self.rows(tmp_path, **own)
        for options, rows in (({}, 43), ({"validation_split": 0.2}, 40), ({"folds": 4, "fold": 1}, 40)):
            made = load(tmp_path, dataset, whole=True, **options)
            assert (len(made.x_train), len(made.y_train), made.x_val) == (rows, rows, None)

    def test_whole_does_not_depend_on_the_split(self, tmp_path: Path) -> None:
        dataset, cache = self.rows(tmp_path), ArraysCache()
        requests = [DataRequest(folds=4, fold=fold, seed=fold, whole=True) for fold in range(2)]
        first, second = (load_arrays(tmp_path, dataset, request=each, cache=cache) for each in requests)
        assert first is second

    def test_folds_are_different_arrays_to_the_cache(self, tmp_path: Path) -> None:
        dataset, cache = self.rows(tmp_path), ArraysCache()
        made = [
            load_arrays(tmp_path, dataset, request=DataRequest(folds=4, fold=fold), cache=cache) for fold in (0, 1, 0)
        ]
        assert made[0] is made[2]
        assert made[0] is not made[1]


class TestWindows:
    def series(self, folder: Path, rows: int = 50, **more: Any) -> Any:
        """Rows stored in no order: `x` and `y` tell each row's time."""
        clock = np.random.default_rng(1).permutation(rows)
        x = np.column_stack([clock, clock * 10]).astype(float)
        arrays = {"x_train": x, "y_train": clock.astype(float), "t_train": clock.astype(np.int64), **more}
        return stored_dataset(folder, arrays, task="regression")

    def test_windows_and_their_targets_follow_the_times(self, tmp_path: Path) -> None:
        dataset = self.series(tmp_path)
        options = {"window": {"length": 4, "horizon": 2, "stride": 3}}
        made = load(tmp_path, dataset, preprocessing=options, split_by="time")
        facts = promised(dataset, **options)
        assert made.x_train.shape == (facts.train_rows, *facts.input_shape) == (15, 4, 2)
        np.testing.assert_array_equal(made.x_train[:, :, 0], np.arange(0, 45, 3)[:, None] + np.arange(4))
        np.testing.assert_array_equal(made.y_train, made.x_train[:, -1, 0] + 2)

    def test_no_window_reaches_over_the_border_of_a_split(self, tmp_path: Path) -> None:
        dataset = self.series(tmp_path)
        options = {"window": {"length": 3}}
        made = load(tmp_path, dataset, preprocessing=options, split_by="time", validation_split=0.2)
        assert made.y_train.max() == 39
        assert made.x_val.min() == 40
        assert (len(made.x_train), len(made.x_val)) == (37, 7)
        fold = load(tmp_path, dataset, preprocessing=options, split_by="time", folds=4, fold=1)
        assert (fold.y_train.max(), fold.x_val[:, :, 0].min(), fold.y_val.max()) == (19, 20, 29)

    def test_nor_from_one_group_into_another(self, tmp_path: Path) -> None:
        groups = np.random.default_rng(2).integers(0, 5, 50).astype(np.int32)
        dataset = self.series(tmp_path, g_train=groups, w_train=np.arange(50.0))
        group_at = dict(zip(np.random.default_rng(1).permutation(50).tolist(), groups.tolist(), strict=True))
        made = load(
            tmp_path, dataset, preprocessing={"window": {"length": 3}}, split_by="group", validation_split=0.3,
        )  # fmt: skip
        sides = []
        for x, y in ((made.x_train, made.y_train), (made.x_val, made.y_val)):
            found = [
                {group_at[int(time)] for time in [*window[:, 0], target]} for window, target in zip(x, y, strict=True)
            ]
            assert all(len(each) == 1 for each in found)
            sides.append(set().union(*found))
        assert not sides[0] & sides[1]
        assert len(made.w_train) == len(made.x_train)

    def test_stored_order_where_there_are_no_times(self, tmp_path: Path) -> None:
        x = np.arange(10.0).reshape(10, 1)
        dataset = stored_dataset(tmp_path, {"x_train": x, "y_train": x[:, 0]}, task="regression")
        made = load(tmp_path, dataset, preprocessing={"window": {"length": 2}}, split_by="time", validation_split=0.3)
        assert made.x_val[:, :, 0].tolist() == [[7, 8]]
        assert made.y_val.tolist() == [9]
        np.testing.assert_array_equal(made.preprocessing.apply(x[:4])[:, :, 0], [[0, 1], [1, 2], [2, 3]])

    def test_whole_keeps_the_parts_apart(self, tmp_path: Path) -> None:
        own: dict[str, Any] = {"x_validation": np.full((5, 2), -1.0), "y_validation": np.full(5, -1.0)}
        dataset = self.series(tmp_path, **own)
        made = load(tmp_path, dataset, preprocessing={"window": {"length": 3}}, split_by="time", whole=True)
        assert len(made.x_train) == 47 + 2
        assert all((window < 0).all() or (window >= 0).all() for window in made.x_train)

    def test_a_part_too_short_for_a_window(self, tmp_path: Path) -> None:
        dataset = self.series(tmp_path)
        with pytest.raises(ValueError, match="5 rows is too short for one window of 8 rows"):
            load(
                tmp_path, dataset, preprocessing={"window": {"length": 8}}, split_by="time", validation_split=0.1,
            )  # fmt: skip

    @given(
        rows=st.integers(1, 60),
        length=st.integers(1, 9),
        horizon=st.integers(1, 5),
        stride=st.integers(1, 4),
        groups=st.integers(1, 4),
        seed=st.integers(0, 99),
    )
    @settings(max_examples=150)
    def test_windows_are_steps_of_one_group_in_time_order(
        self, rows: int, length: int, horizon: int, stride: int, groups: int, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        times, member = rng.permutation(rows), rng.integers(0, groups, rows)
        windows, targets = window_rows(rows, times, member, length=length, horizon=horizon, stride=stride)
        assert windows.shape == (len(targets), length)
        order = {group: np.flatnonzero(member == group)[np.argsort(times[member == group])] for group in set(member)}
        expected = [
            [*each[start : start + length], each[start + length - 1 + horizon]]
            for each in (order[group] for group in sorted(order))
            for start in range(0, len(each) - length - horizon + 1, stride)
        ]
        assert np.column_stack([windows, targets]).tolist() == [list(map(int, row)) for row in expected]


class TestRequest:
    def test_of_a_resolved_definition(self) -> None:
        resolved = {
            "dataset": {"name": "d", "scale": "none", "preprocessing": {"window": {"length": 3}}},
            "fit": {"cross_validation": {"folds": 4, "stratified": False}, "split_by": "time", "sample_weight": False},
        }
        asked = [DataRequest.of(resolved, search_seed=9, execution=number) for number in (0, 5)]
        assert [each.fold for each in asked] == [0, 1]
        first = asked[0]
        assert (first.folds, first.stratified, first.split_by, first.sample_weight) == (4, False, "time", False)
        assert (first.scale, first.preprocessing, first.seed) == ("none", {"window": {"length": 3}}, split_seed(9))
        assert first.key != asked[1].key

    def test_of_an_old_one(self) -> None:
        asked = DataRequest.of({"fit": {"validation_split": 0.2}}, search_seed=9, execution=3, one_hot=True)
        assert asked == DataRequest(validation_split=0.2, seed=split_seed(9), one_hot=True)

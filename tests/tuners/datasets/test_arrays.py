"""What trainers get: the same rows every time, scaled by what the training part alone tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.class_weight import compute_class_weight

from storage.clock import ManualClock
from storage.datasets import Dataset
from storage.errors import ArtifactDamaged
from storage.ids import new_dataset_id
from tuners.datasets.arrays import Arrays, ArraysCache, DataRequest, balanced_class_weights, load_arrays
from tuners.datasets.prepare import prepare
from tuners.datasets.preprocessing.fitted import FittedPreprocessing
from tuners.datasets.raw import Part, RawData
from tuners.datasets.scaling_rule import scale_axis
from tuners.datasets.splits import split_rows, validation_rows
from tuners.datasets.wire import META_NAME

RNG = np.random.default_rng(0)


def stored(folder: Path, scale: Any = None, **parts: tuple[Any, Any]) -> Dataset:
    """A prepared data set in `folder` and its record."""
    folder.mkdir(exist_ok=True)
    raw = RawData(parts={name: Part(np.asarray(x), np.asarray(y)) for name, (x, y) in parts.items()})
    meta = prepare(raw, folder, scale=scale)
    (folder / META_NAME).write_text(meta.model_dump_json())
    return Dataset(
        id=new_dataset_id(),
        owner="ann",
        name="data",
        task=meta.task,
        input_shape=meta.input_shape,
        num_classes=meta.num_classes,
        class_names=meta.class_names,
        feature_names=meta.feature_names,
        train_rows=meta.rows("train"),
        validation_rows=meta.rows("validation"),
        test_rows=meta.rows("test"),
        x_dtype=meta.arrays["x_train"].dtype,
        y_dtype=meta.arrays["y_train"].dtype,
        scale=meta.scale,
        source="test",
        builtin=False,
        key="datasets/d",
        size_bytes=0,
        fingerprint=meta.fingerprint(),
        created_at=ManualClock().now(),
    )


def load(folder: Path, dataset: Dataset, *, cache: ArraysCache | None = None, **options: Any) -> Any:
    """The arrays; a fresh cache keeps tests apart."""
    request = DataRequest(**{"seed": 1, **options})
    return load_arrays(folder, dataset, request=request, cache=ArraysCache() if cache is None else cache)


class TestSplit:
    @given(
        labels=st.lists(st.integers(0, 6), min_size=2, max_size=200),
        share=st.floats(0.01, 0.99),
        seed=st.integers(0, 2**63),
        stratified=st.booleans(),
    )
    @settings(max_examples=200)
    def test_every_row_is_on_one_side(self, labels: list[int], share: float, seed: int, stratified: bool) -> None:
        y = np.array(labels)
        train, aside = split_rows(y, validation_split=share, seed=seed, stratified=stratified)
        assert sorted([*train, *aside]) == list(range(len(y)))
        assert (np.diff(train) > 0).all()
        assert (np.diff(aside) > 0).all()
        assert len(train) >= 1
        assert len(aside) >= 1
        again = split_rows(y, validation_split=share, seed=seed, stratified=stratified)
        np.testing.assert_array_equal(aside, again[1])
        counts = np.bincount(y)
        if not stratified or (counts[counts > 0] < 2).any():
            assert len(aside) == validation_rows(len(y), share)
        else:
            # Every class is trained on. The exact share is kept wherever that leaves it possible.
            assert set(y[train]) == set(labels)
            possible = len(y) - np.count_nonzero(counts)
            assert len(aside) == min(validation_rows(len(y), share), possible)
            exact = counts * len(aside) / len(y)
            if len(aside) == validation_rows(len(y), share) and (exact <= counts - 1).all():
                assert (np.abs(np.bincount(y[aside], minlength=len(counts)) - exact) <= 1.0).all()

    @pytest.mark.parametrize(
        ("rows", "share", "aside"),
        [(1797, 0.2, 360), (60_000, 0.2, 12_000), (10, 0.1, 1), (10, 0.9, 9), (100, 0.29, 29), (2, 0.5, 1),
         (3, 0.01, 1), (2, 0.99, 1), (100, 0.07, 7)],
    )  # fmt: skip
    def test_how_many(self, rows: int, share: float, aside: int) -> None:
        assert validation_rows(rows, share) == aside

    @pytest.mark.parametrize(("rows", "share"), [(1, 0.5), (0, 0.5), (10, 0.0), (10, 1.0), (10, -0.1), (10, np.nan)])
    def test_impossible(self, rows: int, share: float) -> None:
        with pytest.raises(ValueError, match="cannot set aside"):
            validation_rows(rows, share)

    def test_seeds_give_other_rows(self) -> None:
        y = np.arange(1000) % 10
        one, two = (split_rows(y, validation_split=0.2, seed=seed, stratified=True)[1] for seed in (1, 2))
        # By chance 40 of 200 rows are the same; 100 or more have a probability below 1e-20.
        assert len(set(one) & set(two)) < 100

    def test_order_of_rows_does_not_choose_the_side(self) -> None:
        """Files sorted by class are common: the last rows must not be the validation part."""
        y = np.repeat(np.arange(10), 100)
        for stratified in (True, False):
            aside = split_rows(y, validation_split=0.2, seed=3, stratified=stratified)[1]
            assert set(y[aside]) == set(range(10))

    def test_these_rows_are_a_promise(self) -> None:
        """A split must not change between versions: results of a resumed search would not be comparable."""
        y = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
        assert split_rows(y, validation_split=0.25, seed=2, stratified=True)[1].tolist() == [2, 7, 9]
        assert split_rows(y, validation_split=0.25, seed=2, stratified=False)[1].tolist() == [0, 2, 9]


class TestTestSplit:
    X, Y = np.arange(200.0).reshape(100, 2), np.arange(100) % 4

    def test_no_training_sees_the_rows(self, tmp_path: Path) -> None:
        dataset = stored(tmp_path / "d", scale="none", train=(self.X, self.Y))
        found = load(tmp_path / "d", dataset, test_split=0.2, validation_split=0.25, test=True)
        parts = [set(part[:, 0]) for part in (found.x_train, found.x_val, found.x_test)]
        assert [len(part) for part in parts] == [60, 20, 20]
        assert set.union(*parts) == set(self.X[:, 0])
        np.testing.assert_array_equal(np.bincount(found.y_test), [5, 5, 5, 5])

    def test_all_searches_leave_out_the_same(self, tmp_path: Path) -> None:
        dataset = stored(tmp_path / "d", scale="none", train=(self.X, self.Y))
        one = load(tmp_path / "d", dataset, seed=1, test_split=0.2, folds=3, fold=1, test=True)
        other = load(tmp_path / "d", dataset, seed=2, test_split=0.2, whole=True, test=True)
        np.testing.assert_array_equal(one.x_test, other.x_test)
        assert len(other.x_train) == 80
        assert other.x_val is None

    def test_it_stays_out_when_it_is_not_asked_for(self, tmp_path: Path) -> None:
        dataset = stored(tmp_path / "d", scale="none", train=(self.X, self.Y))
        found = load(tmp_path / "d", dataset, test_split=0.2, validation_split=0.25)
        assert found.x_test is None
        assert len(found.x_train) + len(found.x_val) == 80

    def test_beside_a_validation_part_of_its_own(self, tmp_path: Path) -> None:
        x, y = self.X + 1000, self.Y
        dataset = stored(tmp_path / "d", scale="none", train=(self.X, self.Y), validation=(x, y))
        found = load(tmp_path / "d", dataset, test_split=0.2, whole=True, test=True)
        assert len(found.x_train) == 180
        assert set(found.x_train[80:, 0]) == set(x[:, 0])
        assert not set(found.x_train[:, 0]) & set(found.x_test[:, 0])


class TestScale:
    def test_table_by_feature_from_the_training_part_alone(self, tmp_path: Path) -> None:
        x, y = RNG.normal(5, 3, (200, 4)) * [1, 10, 1000, 0.001], RNG.normal(size=200)
        x[:, 3] = 8.0
        x_test = RNG.normal(0, 9, (50, 4))
        dataset = stored(tmp_path / "a", train=(x, y), test=(x_test, np.ones(50)))
        for scale, scaler in (("standard", StandardScaler()), ("0-1", MinMaxScaler())):
            arrays = load(tmp_path / "a", dataset, validation_split=0.25, scale=scale, test=True)
            train, aside = split_rows(y, validation_split=0.25, seed=1, stratified=False)
            scaler.fit(x[train])
            assert arrays.x_val is not None
            assert arrays.x_test is not None
            np.testing.assert_allclose(arrays.x_train, scaler.transform(x[train]), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(arrays.x_val, scaler.transform(x[aside]), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(arrays.x_test, scaler.transform(x_test), rtol=1e-5, atol=1e-6)

    def test_images_by_all_values_at_once(self, tmp_path: Path) -> None:
        x = RNG.integers(10, 200, (50, 6, 7, 3), dtype=np.uint8)
        x[0, 0, 0, 0], x[1, 0, 0, 0] = 10, 210
        dataset = stored(tmp_path / "a", train=(x, np.arange(50) % 2))
        assert dataset.scale == "0-1"
        np.testing.assert_allclose(load(tmp_path / "a", dataset).x_train, (x - 10.0) / 200.0, rtol=1e-6)
        standard = load(tmp_path / "a", dataset, scale="standard").x_train
        np.testing.assert_allclose(standard, (x - x.mean()) / x.std(), rtol=1e-4, atol=1e-6)
        none = load(tmp_path / "a", dataset, scale="none").x_train
        assert none.dtype == np.float32
        np.testing.assert_array_equal(none, x)

    def test_axis(self) -> None:
        assert scale_axis((13,), "float32") == "feature"
        assert scale_axis((784,), "uint8") == "all"
        assert scale_axis((28, 28), "uint8") == scale_axis((8, 8), "float64") == "all"

    def test_large_values_keep_their_differences(self, tmp_path: Path) -> None:
        """Seconds since 1970 differ by less than float32 can tell apart; scaled they must still differ."""
        x = (1_700_000_000.0 + np.arange(100.0)).reshape(-1, 1)
        dataset = stored(tmp_path / "a", train=(x, np.arange(100.0) / 3))
        scaled = load(tmp_path / "a", dataset).x_train
        assert len(np.unique(scaled)) == 100

    def test_rows_over_several_blocks(self, tmp_path: Path) -> None:
        x = RNG.normal(3, 2, (3000, 1000))
        dataset = stored(tmp_path / "a", train=(x, np.arange(3000.0) / 7))
        scaled = load(tmp_path / "a", dataset, validation_split=0.1).x_train
        np.testing.assert_allclose(scaled.mean(axis=0, dtype=float), 0, atol=1e-6)
        np.testing.assert_allclose(scaled.std(axis=0, dtype=float), 1, rtol=1e-5)


class TestLoad:
    def test_own_validation_part_is_used_unless_a_split_is_asked_for(self, tmp_path: Path) -> None:
        x = np.arange(20.0).reshape(10, 2)
        y = np.arange(10) % 2
        dataset = stored(tmp_path / "a", scale="none", train=(x, y), validation=(x[:4] + 100, y[:4]))
        arrays = load(tmp_path / "a", dataset)
        assert arrays.x_val is not None
        assert arrays.x_val.tolist() == (x[:4] + 100).tolist()
        assert len(arrays.x_train) == 10
        split = load(tmp_path / "a", dataset, validation_split=0.2)
        assert split.x_val is not None
        assert split.x_val.max() < 100
        assert (len(split.x_train), len(split.x_val)) == (8, 2)

    def test_parts_that_are_not_there_are_none(self, tmp_path: Path) -> None:
        dataset = stored(tmp_path / "a", train=(np.eye(4), [0, 1, 0, 1]))
        arrays = load(tmp_path / "a", dataset, test=True)
        assert (arrays.x_val, arrays.y_val, arrays.x_test, arrays.y_test) == (None, None, None, None)
        assert arrays.x_train.flags.c_contiguous
        assert arrays.x_train.dtype == np.float32

    def test_targets(self, tmp_path: Path) -> None:
        x = np.eye(6)
        classes = stored(tmp_path / "c", train=(x, [5, 7, 9, 5, 7, 9]))
        plain, one_hot = load(tmp_path / "c", classes).y_train, load(tmp_path / "c", classes, one_hot=True).y_train
        assert (plain.dtype, plain.tolist()) == (np.int32, [0, 1, 2, 0, 1, 2])
        assert (one_hot.dtype, one_hot.tolist()) == (np.float32, np.eye(3)[plain].tolist())
        numbers = stored(tmp_path / "r", train=(x, [0.5, 1, 2, 3, 4, 5]))
        for asked in (False, True):
            target = load(tmp_path / "r", numbers, one_hot=asked).y_train
            assert (target.dtype, target.tolist()) == (np.float32, [0.5, 1, 2, 3, 4, 5])

    def test_repeated_call_costs_nothing_and_other_options_are_other_arrays(self, tmp_path: Path) -> None:
        dataset = stored(tmp_path / "a", train=(RNG.normal(size=(20, 2)), np.arange(20) % 2))
        cache = ArraysCache()
        first = load(tmp_path / "a", dataset, cache=cache, validation_split=0.2)
        assert load(tmp_path / "a", dataset, cache=cache, validation_split=0.2) is first
        others: list[dict[str, Any]] = [{"seed": 2}, {"scale": "none"}, {"one_hot": True}, {"test": True}]
        for other in (*others, {"validation_split": 0.3}):
            assert load(tmp_path / "a", dataset, **{"validation_split": 0.2, "cache": cache, **other}) is not first
        unsplit = load(tmp_path / "a", dataset, cache=cache, seed=1)
        assert load(tmp_path / "a", dataset, cache=cache, seed=2) is unsplit

    def test_cache_keeps_the_latest_within_its_size(self) -> None:
        def arrays(rows: int) -> Arrays:
            x, y = np.zeros((rows, 25), np.float32), np.zeros(0)
            return Arrays(x, y, None, None, None, None, None, None, None, FittedPreprocessing({}))

        cache = ArraysCache(max_bytes=1000)
        for name in ("a", "b"):
            cache.add((name,), arrays(5))
        cache.get(("a",))
        cache.add(("c",), arrays(5))
        assert [cache.get((name,)) is not None for name in "abc"] == [True, False, True]
        cache.add(("huge",), arrays(100))
        assert [cache.get((name,)) is not None for name in ("a", "c", "huge")] == [False, False, True]

    @pytest.mark.parametrize("name", ["x_train.npy", "y_train.npy", META_NAME])
    def test_damaged_or_missing_files_are_not_trained_on(self, tmp_path: Path, name: str) -> None:
        dataset = stored(tmp_path / "a", train=(np.eye(40), np.arange(40) % 2))
        path = tmp_path / "a" / name
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[-20] ^= 1
        for content in (bytes(flipped), whole[:-1], b""):
            path.write_bytes(content)
            with pytest.raises(ArtifactDamaged):
                load(tmp_path / "a", dataset)
        path.unlink()
        with pytest.raises(ArtifactDamaged):
            load(tmp_path / "a", dataset)
        path.write_bytes(whole)
        load(tmp_path / "a", dataset)

    def test_files_of_another_data_set_are_refused(self, tmp_path: Path) -> None:
        dataset = stored(tmp_path / "a", train=(np.eye(4), [0, 1, 0, 1]))
        other = replace(dataset, fingerprint="0" * 64)
        with pytest.raises(ArtifactDamaged, match="not those of its record"):
            load(tmp_path / "a", other)


class TestClassWeights:
    def test_as_scikit_learn(self) -> None:
        y = RNG.choice(4, 500, p=[0.7, 0.1, 0.15, 0.05]).astype(np.int32)
        expected = compute_class_weight("balanced", classes=np.arange(4), y=y)
        for targets in (y, np.eye(4, dtype=np.float32)[y]):
            weights = balanced_class_weights(targets, 4)
            assert list(weights) == [0, 1, 2, 3]
            np.testing.assert_allclose(list(weights.values()), expected)

    def test_class_without_rows_gets_one(self) -> None:
        assert balanced_class_weights(np.array([0, 0, 2]), 3) == {0: 0.75, 1: 1.0, 2: 1.5}

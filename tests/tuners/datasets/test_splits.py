"""Folds, groups and times: who validates, who trains, and what never happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, TimeSeriesSplit

from tuners.datasets.splits import dealt_groups, fold_rows, fold_times, split, split_times, validation_rows

SEEDS = st.integers(0, 2**31)


def halves(rows: int, **how: Any) -> tuple[list[int], list[int]]:
    fields = {"by": "rows", "validation_split": None, "folds": None, "fold": 0, "seed": 1}
    train, aside = split(rows, **{**fields, "classes": None, "groups": None, "times": None, **how})
    return train.tolist(), aside.tolist()


class TestFolds:
    @given(
        labels=st.lists(st.integers(0, 5), min_size=10, max_size=120),
        folds=st.integers(2, 10),
        seed=SEEDS,
        stratified=st.booleans(),
    )
    @settings(max_examples=150)
    def test_every_row_validates_once_and_classes_keep_their_shares(
        self, labels: list[int], folds: int, seed: int, stratified: bool
    ) -> None:
        y = np.array(labels)
        validated: list[int] = []
        counts = []
        for fold in range(folds):
            train, aside = fold_rows(y, folds=folds, fold=fold, seed=seed, stratified=stratified)
            assert sorted([*train, *aside]) == list(range(len(y)))
            validated += aside.tolist()
            counts.append(np.bincount(y[aside], minlength=6))
        assert sorted(validated) == list(range(len(y)))
        sizes = [int(count.sum()) for count in counts]
        assert max(sizes) - min(sizes) <= 1
        if stratified:
            assert (np.max(counts, axis=0) - np.min(counts, axis=0) <= 1).all()

    def test_the_seed_decides(self) -> None:
        y = np.arange(200) % 2
        first, again, other = (
            fold_rows(y, folds=5, fold=2, seed=seed, stratified=True)[1].tolist() for seed in (1, 1, 2)
        )
        assert first == again != other

    def test_these_rows_are_a_promise(self) -> None:
        """A fold must not change between versions: results of a resumed search would not be comparable."""
        y = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
        assert [fold_rows(y, folds=3, fold=fold, seed=2, stratified=True)[1].tolist() for fold in range(3)] == [
            [2, 3, 7, 9], [0, 4, 6, 10], [1, 5, 8, 11],
        ]  # fmt: skip

    def test_more_folds_than_rows(self) -> None:
        with pytest.raises(ValueError, match="3 rows cannot make 4 folds"):
            fold_rows(np.zeros(3, int), folds=4, fold=0, seed=1, stratified=False)


class TestGroups:
    @given(
        groups=st.lists(st.integers(0, 30), min_size=20, max_size=200),
        folds=st.integers(2, 5),
        seed=SEEDS,
        data=st.data(),
    )
    @settings(max_examples=150)
    def test_no_group_is_on_two_sides(self, groups: list[int], folds: int, seed: int, data: st.DataObject) -> None:
        member = np.array(groups)
        classes = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(groups), max_size=len(groups))))
        for given_classes in (None, classes):
            shares = [1 / folds] * folds
            if len(set(groups)) < folds:
                with pytest.raises(ValueError, match="groups cannot be on"):
                    dealt_groups(member, given_classes, shares=shares, seed=seed)
                continue
            side = dealt_groups(member, given_classes, shares=shares, seed=seed)
            assert set(side.tolist()) == set(range(folds))
            for group in set(groups):
                assert len(set(side[member == group].tolist())) == 1

    @given(groups=st.lists(st.integers(0, 40), min_size=30, max_size=200), share=st.floats(0.05, 0.95), seed=SEEDS)
    @settings(max_examples=100)
    def test_a_share_is_met_as_nearly_as_the_largest_group_allows(
        self, groups: list[int], share: float, seed: int
    ) -> None:
        member = np.array(groups)
        if len(set(groups)) < 2:
            return
        train, aside = halves(len(member), by="group", groups=member, validation_split=share, seed=seed)
        assert not set(member[train]) & set(member[aside])
        assert sorted(train + aside) == list(range(len(member)))
        assert min(len(train), len(aside)) > 0
        assert abs(len(aside) - share * len(member)) <= np.bincount(member).max()

    def test_folds_are_as_even_as_scikit_learns(self) -> None:
        rng = np.random.default_rng(5)
        member = rng.integers(0, 60, 1000)
        ours = np.bincount(dealt_groups(member, None, shares=[0.2] * 5, seed=3))
        theirs = [len(aside) for _, aside in GroupKFold(5).split(member, groups=member)]
        assert np.ptp(ours) <= np.ptp(theirs) + 1

    def test_classes_are_spread_as_evenly_as_scikit_learn_does(self) -> None:
        rng = np.random.default_rng(5)
        member = rng.integers(0, 80, 2000)
        classes = (member % 5 + rng.integers(0, 2, 2000)) % 5

        def uneven(sides: list[Any]) -> float:
            return float(np.std([np.bincount(classes[side], minlength=5) for side in sides], axis=0).mean())

        ours = dealt_groups(member, classes, shares=[0.25] * 4, seed=3)
        splitter = StratifiedGroupKFold(4, shuffle=True, random_state=3)
        theirs = [aside for _, aside in splitter.split(member, classes, member)]
        assert uneven([np.flatnonzero(ours == side) for side in range(4)]) <= 1.5 * uneven(theirs)

    def test_the_seed_decides_among_equal_groups(self) -> None:
        member = np.repeat(np.arange(20), 5)
        first, again, other = (
            halves(100, by="group", groups=member, validation_split=0.3, seed=seed)[1] for seed in (1, 1, 2)
        )
        assert first == again != other
        assert len(first) == 30

    def test_without_groups(self) -> None:
        with pytest.raises(ValueError, match="no groups to split by"):
            halves(10, by="group", validation_split=0.5)


class TestTimes:
    @given(times=st.permutations(range(60)), share=st.floats(0.02, 0.98))
    @settings(max_examples=60)
    def test_the_past_trains_and_the_last_share_validates(self, times: list[int], share: float) -> None:
        train, aside = split_times(np.array(times), validation_split=share)
        assert len(aside) == validation_rows(60, share)
        assert max(np.array(times)[train]) < min(np.array(times)[aside])
        assert (np.diff(train) > 0).all()

    @given(times=st.lists(st.integers(-3, 9), min_size=4, max_size=60), folds=st.integers(2, 4), data=st.data())
    @settings(max_examples=200)
    def test_rows_of_one_time_stay_together(self, times: list[int], folds: int, data: st.DataObject) -> None:
        clock = np.array(times)
        fold = data.draw(st.integers(0, folds - 1))
        if len(times) <= folds or len(set(times)) <= folds:
            with pytest.raises(ValueError, match=r"different times|folds over time"):
                fold_times(clock, folds=folds, fold=fold)
            return
        try:
            train, aside = fold_times(clock, folds=folds, fold=fold)
        except ValueError:
            # Equal times can push two cuts onto one place.
            assert len(set(times)) < len(times)
            return
        assert clock[train].max() < clock[aside].min()
        assert len(set(train.tolist()) & set(aside.tolist())) == 0

    @pytest.mark.parametrize(("rows", "folds"), [(60, 5), (61, 5), (7, 2), (100, 9), (11, 10)])
    def test_as_scikit_learn_where_times_differ(self, rows: int, folds: int) -> None:
        times = np.random.default_rng(rows).permutation(rows)
        order = np.argsort(times)
        for fold, (train, aside) in enumerate(TimeSeriesSplit(folds).split(order)):
            ours = fold_times(times, folds=folds, fold=fold)
            np.testing.assert_array_equal(ours[0], np.sort(order[train]))
            np.testing.assert_array_equal(ours[1], np.sort(order[aside]))

    def test_a_cut_in_the_first_time_moves_on(self) -> None:
        train, aside = split_times(np.array([1, 1, 1, 2]), validation_split=0.5)
        assert (train.tolist(), aside.tolist()) == ([0, 1, 2], [3])

    def test_one_time_for_all(self) -> None:
        with pytest.raises(ValueError, match="1 different times"):
            split_times(np.zeros(9), validation_split=0.5)

    def test_without_times(self) -> None:
        with pytest.raises(ValueError, match="no times to split by"):
            halves(10, by="time", folds=3)


def test_too_few_rows_for_folds_over_time() -> None:
    with pytest.raises(ValueError, match="3 rows cannot make 5 folds over time"):
        fold_times(np.arange(3), folds=5, fold=0)

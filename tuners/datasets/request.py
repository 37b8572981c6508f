"""Which rows of a data set a trainer wants, and in which form. Pure data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from tuners.datasets.builtin_names import Scale
from tuners.seeds import split_seed

SplitBy = Literal["rows", "group", "time"]


@dataclass(frozen=True, slots=True)
class DataRequest:
    """What `arrays.load_arrays` is asked for.

    Attributes:
        preprocessing: `dataset.preprocessing` of a definition; empty for what suits the data set's kind.
        scale: Overrides the data set's own.
        validation_split: Share of the training rows to set aside, between 0 and 1; None for none.
        folds: Folds of a cross-validation, of which number `fold` (from 0) validates; None for none.
        split_by: Rows one by one, whole groups, or the past before the future.
        stratified: Whether the shares of classes should be kept where there are classes.
        seed: Of the split: the search's, so that all its trials validate on the same rows. At least 0.
        one_hot: Whether classes are wanted one-hot (losses `categorical_*`): all targets, or those named.
        sample_weight: Whether the sample weights are wanted, where the data set has them.
        test_split: Share of the training rows to set aside before anything else, as the test part of a data set that
            has none; the same rows for every search. None for none.
        test: Whether the test part is wanted as well.
        whole: Train on everything: the training rows and those that would validate. Then no part validates.
    """

    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    scale: Scale | None = None
    validation_split: float | None = None
    folds: int | None = None
    fold: int = 0
    split_by: SplitBy = "rows"
    stratified: bool = True
    seed: int = 0
    one_hot: bool | frozenset[str] = False
    sample_weight: bool = True
    test_split: float | None = None
    test: bool = False
    whole: bool = False

    @classmethod
    def of(
        cls,
        resolved: Mapping[str, Any],
        *,
        search_seed: int,
        execution: int = 0,
        one_hot: bool | frozenset[str] = False,
        test: bool = False,
        whole: bool = False,
    ) -> Self:
        """What one training of a resolved definition wants. Training number `execution` has fold `execution % folds`.

        Args:
            resolved: As `tuners.definitions.resolve` gives it; its parts `dataset` and `fit` are read.
            search_seed: The search's, from which the split's is derived.
        """
        dataset, fit = resolved.get("dataset") or {}, resolved.get("fit") or {}
        folding = fit.get("cross_validation")
        return cls(
            preprocessing=dataset.get("preprocessing") or {},
            scale=dataset.get("scale"),
            validation_split=fit.get("validation_split"),
            folds=None if folding is None else folding["folds"],
            fold=0 if folding is None else execution % folding["folds"],
            split_by=fit.get("split_by", "rows"),
            stratified=True if folding is None else folding.get("stratified", True),
            seed=split_seed(search_seed),
            one_hot=one_hot,
            sample_weight=fit.get("sample_weight", True),
            test_split=dataset.get("test_split"),
            test=test,
            whole=whole,
        )

    @property
    def splits(self) -> bool:
        """Whether training rows are set aside (and the data set's own validation part is left alone)."""
        return self.validation_split is not None or self.folds is not None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for requests that are answered by equal arrays."""
        split: tuple[object, ...] = ()
        if self.splits and not self.whole:
            split = (self.validation_split, self.folds, self.fold, self.stratified, self.seed)
        return (
            json.dumps(self.preprocessing, sort_keys=True),
            self.scale,
            self.splits,
            self.split_by,
            split,
            self.one_hot,
            self.sample_weight,
            self.test_split,
            self.test,
            self.whole,
        )

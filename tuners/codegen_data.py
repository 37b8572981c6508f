"""The part of generated programs that loads, splits and preprocesses the data, by the rules trainers follow.

What is more than a few lines is the trainers' own source text (`codegen_source`), so it does what they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from storage.datasets import Dataset
from tuners.codegen_files import Loading, Needs
from tuners.codegen_loading import uploaded
from tuners.codegen_source import pieces
from tuners.codegen_text import literal, mapping
from tuners.datasets.builtin_names import Builtin, find_builtin
from tuners.datasets.preprocessing.layout import InputLayout, can_be_windows, layouts, table_plan
from tuners.datasets.preprocessing.options import Preprocessing, Text
from tuners.datasets.request import DataRequest
from tuners.seeds import seed_of_test_part


@dataclass(frozen=True, slots=True)
class DataCode:
    """Pieces of the program. After `blocks` there are `x_train`, `y_train`, and the parts that exist.

    Attributes:
        validated: Whether there is a validation part.
        weighted: Whether there are sample weights, `w_train` and `w_validation` (which can be None).
        tested: Whether there is a test part.
    """

    standard_imports: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[str, ...]
    blocks: tuple[str, ...]
    validated: bool
    weighted: bool = False
    tested: bool = False


def data_code(
    resolved: Mapping[str, Any], dataset: Dataset, *, split_seed: int, one_hot: bool | frozenset[str]
) -> DataCode:
    """Code that leaves the same arrays as a trainer has; of a cross-validation those of its first fold."""
    return _Program(resolved, dataset, split_seed, one_hot).code()


class _Program:
    def __init__(
        self, resolved: Mapping[str, Any], dataset: Dataset, split_seed: int, one_hot: bool | frozenset[str]
    ) -> None:
        self._dataset = dataset
        self._one_hot = one_hot
        self._request = replace(DataRequest.of(resolved, search_seed=0), seed=split_seed)
        self._options = Preprocessing.model_validate(dict(self._request.preprocessing))
        self._window = self._options.window if can_be_windows(dataset) else None
        own = ["validation"] if dataset.validation_rows else []
        self._tested = bool(dataset.test_rows) or self._request.test_split is not None
        tests = ["test"] if self._tested else []
        stored_tests = ["test"] if dataset.test_rows else []
        self._stored = ("train", *(own if not self._request.splits else []), *stored_tests)
        validated = self._request.splits or bool(own)
        self._parts = ("train", *(["validation"] if validated else []), *tests)
        divides = self._request.splits or self._request.test_split is not None
        by = self._request.split_by if divides else "rows"
        self._needs = Needs(
            # Tables hold their parts in one file, so rows of an unused one must be known to be left out.
            parts=self._stored,
            weights=dataset.weighted and self._request.sample_weight,
            groups=dataset.grouped and (by == "group" or self._window is not None),
            times=dataset.timed and (by == "time" or self._window is not None),
        )
        self._functions: list[str] = []

    def code(self) -> DataCode:
        loading = self._loading()
        constants = list(loading.constants)
        blocks = [loading.code]
        if self._request.test_split is not None:
            constants.append(f"TEST_SPLIT = {self._request.test_split!r}")
            if self._request.split_by != "time":
                constants.append(f"TEST_SEED = {seed_of_test_part(self._dataset.fingerprint)}")
            blocks.append(self._test())
        if self._request.splits:
            constants += self._split_constants()
            blocks.append(self._split())
        blocks += self._preprocessing()
        if self._window is not None:
            blocks.append(self._windows())
        blocks += self._encoding()
        functions = pieces(*self._functions)
        if functions.code:
            blocks.insert(0, f"\n{functions.code}\n")
        return DataCode(
            (*loading.standard, *functions.standard),
            (*loading.imports, *(line for line in functions.others if line != "import numpy as np")),
            tuple(constants),
            tuple(blocks),
            "validation" in self._parts,
            self._needs.weights,
            self._tested,
        )

    def _loading(self) -> Loading:
        dataset = self._dataset
        builtin = find_builtin(dataset.name) if dataset.builtin else None
        if builtin is None:
            return uploaded(dataset, self._needs)
        if builtin.library == "scikit-learn":
            return Loading((), (f"from sklearn.datasets import load_{builtin.name}",), (), _from_sklearn(builtin))
        return Loading((), (), (), _from_keras(builtin))

    # --- splits

    def _split_constants(self) -> list[str]:
        request = self._request
        share = [f"VALIDATION_SPLIT = {request.validation_split!r}"] if request.folds is None else []
        folds = [] if request.folds is None else [f"FOLDS = {request.folds}", "FOLD = 0"]
        return [*share, *folds, *([] if request.split_by == "time" else [f"SPLIT_SEED = {request.seed}"])]

    def _split(self) -> str:
        comment = "# The rows set aside for validation, the same for every trial of the search."
        if self._request.folds is not None:
            comment = "# One fold: a trial's score is the mean over all of them."
        request = self._request
        lines = self._sides("VALIDATION_SPLIT", "SPLIT_SEED", folded=request.folds is not None)
        return "\n".join([comment, *lines, *self._divided("validation")])

    def _test(self) -> str:
        lines = ["# The rows set aside as the test part, the same for every search on these data."]
        lines += [*self._sides("TEST_SPLIT", "TEST_SEED", folded=False), *self._divided("test")]
        for name in ("times", "groups"):
            if getattr(self._needs, name):
                lines.append(f"{name}_test, {name} = {name}[aside], {name}[train]")
        return "\n".join(lines)

    def _sides(self, share: str, seed: str, *, folded: bool) -> list[str]:
        """Lines that make `train` and `aside`, numbers of rows.

        Args:
            share: Name of the constant that says how many rows are set aside, unless they are a fold's.
            seed: Name of the constant with the seed.
        """
        request = self._request
        first = next(iter(self._dataset.targets), None)
        labels = "y_train" if first is None else f"y_train[{literal(first.name)}]"
        task = self._dataset.task if first is None else first.task
        stratified = request.stratified and task == "classification"
        if request.split_by == "time":
            lines = [] if self._needs.times else [f"times = np.arange(len({labels}))"]
            how = "folds=FOLDS, fold=FOLD" if folded else f"validation_split={share}"
            function = "fold_times" if folded else "split_times"
            self._functions.append(f"splits.{function}")
            return [*lines, f"train, aside = {function}(times, {how})"]
        if request.split_by == "group":
            self._functions.append("splits.dealt_groups")
            shares = "[1 / FOLDS] * FOLDS" if folded else f"[{share}, 1 - {share}]"
            side = "FOLD" if folded else "0"
            classes = labels if stratified else "None"
            return [
                f"side = dealt_groups(groups, {classes}, shares={shares}, seed={seed})",
                f"train, aside = np.flatnonzero(side != {side}), np.flatnonzero(side == {side})",
            ]
        function = "fold_rows" if folded else "split_rows"
        self._functions.append(f"splits.{function}")
        how = "folds=FOLDS, fold=FOLD" if folded else f"validation_split={share}"
        return [f"train, aside = {function}({labels}, {how}, seed={seed}, stratified={stratified})"]

    def _divided(self, other: str) -> list[str]:
        """Lines that move the rows `aside` from the training part to another one."""
        named = {"x": [each.name for each in self._dataset.inputs], "y": [each.name for each in self._dataset.targets]}
        if self._needs.weights:
            named["w"] = []
        lines = []
        for name, keys in named.items():
            both = f"{name}_train, {name}_{other}"
            if keys:
                each = f"{{name: each[rows] for name, each in {name}_train.items()}}"
                lines.append(f"{both} = ({each} for rows in (train, aside))")
            else:
                lines.append(f"{both} = {name}_train[train], {name}_train[aside]")
        if self._window is not None and other == "validation":
            lines += [
                f"{name}_of = {{'train': {name}[train], 'validation': {name}[aside]}}".replace("'", '"')
                for name in ("times", "groups")
                if getattr(self._needs, name)
            ]
        return lines

    # --- preprocessing

    def _preprocessing(self) -> list[str]:
        found = layouts(self._dataset, self._options, self._request.scale)
        return [block for name, layout in found.items() for block in self._input(name, layout)]

    def _input(self, name: str, layout: InputLayout) -> list[str]:
        place = f"[{literal(name)}]" if name else ""
        variables = [f"x_{part}{place}" for part in self._parts]
        if layout.way == "scale":
            return [_scaling(layout, variables)]
        if layout.way == "tokens":
            return ["\n".join(f'{each} = {each}.astype("int32")' for each in variables)]
        if layout.way == "sequence":
            assert self._options.sequence is not None
            self._functions.append("sequences.apply_sequences")
            return [
                "\n".join(f"{each} = apply_sequences({self._options.sequence.length}, {each})" for each in variables)
            ]
        if layout.way == "text":
            options = (self._options.text or Text()).model_dump()
            fit, apply, given = "fit_texts", "apply_texts", mapping({key: literal(options[key]) for key in options})
            self._functions += ["texts.fit_texts", "texts.apply_texts"]
        else:
            plan = table_plan(self._dataset.columns, self._options, self._request.scale or self._dataset.scale)
            shown = [mapping({key: _value(column[key]) for key in column}, indent=4) for column in plan]
            fit, apply = "fit_table", "apply_table"
            given = "[\n" + "".join(f"    {column},\n" for column in shown) + "]"
            self._functions += ["tables.fit_table", "tables.apply_table"]
        lines = ["# What has to be learnt for it, the training rows tell.", f"options = {given}"]
        lines.append(f"fitted = {fit}(options, x_train)")
        return ["\n".join([*lines, *(f"{each} = {apply}(fitted, {each})" for each in variables)])]

    def _windows(self) -> str:
        assert self._window is not None
        self._functions.append("windows.window_rows")
        numbers = ", ".join(f"{name}={value}" for name, value in self._window.model_dump().items())
        lines = ["# Windows are cut from each part by itself."]
        for part in self._parts:
            given = [self._order(name, part) for name in ("times", "groups")]
            lines += [
                f"windows, targets = window_rows(len(x_{part}), {', '.join(given)}, {numbers})",
                f"x_{part}, y_{part} = x_{part}[windows], {self._windowed_targets(part)}",
            ]
            if self._needs.weights:
                weights = f"w_{part}[targets]"
                lines.append(f"w_{part} = {weights if part == 'train' else f'None if w_{part} is None else {weights}'}")
        return "\n".join(lines)

    def _order(self, name: str, part: str) -> str:
        """What orders or groups the rows of a part; only training rows have it on record."""
        if not getattr(self._needs, name):
            return "None"
        if self._request.splits and part in ("train", "validation"):
            return f'{name}_of["{part}"]'
        if part == "test" and self._request.test_split is not None:
            return f"{name}_test"
        return name if part == "train" else "None"

    def _windowed_targets(self, part: str) -> str:
        if not self._dataset.targets:
            return f"y_{part}[targets]"
        return f"{{name: each[targets] for name, each in y_{part}.items()}}"

    # --- targets

    def _encoding(self) -> list[str]:
        encoded = {"": self._dataset.num_classes} if self._one_hot is True else {}
        if isinstance(self._one_hot, frozenset):
            encoded = {each.name: each.num_classes for each in self._dataset.targets if each.name in self._one_hot}
        lines = []
        for name, classes in encoded.items():
            place = f"[{literal(name)}]" if name else ""
            lines += [
                f"y_{part}{place} = keras.utils.to_categorical(y_{part}{place}, {classes})" for part in self._parts
            ]
        return ["\n".join(lines)] if lines else []


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(literal(item) for item in value)}]"
    return literal(value)


def _from_sklearn(builtin: Builtin) -> str:
    examples = "images" if builtin.name == "digits" else 'data.astype("float32")'
    kind = "int32" if builtin.task == "classification" else "float32"
    return f'bunch = load_{builtin.name}()\nx_train = bunch.{examples}\ny_train = bunch.target.astype("{kind}")'


def _from_keras(builtin: Builtin) -> str:
    kind = "int32" if builtin.task == "classification" else "float32"
    return (
        f"(x_train, y_train), (x_test, y_test) = keras.datasets.{builtin.name}.load_data()\n"
        f'y_train = y_train.reshape(-1).astype("{kind}")\ny_test = y_test.reshape(-1).astype("{kind}")'
    )


def _scaling(layout: InputLayout, variables: Sequence[str]) -> str:
    """Lines that scale variables, the first of which has the training rows."""
    train = variables[0]
    if layout.scale == "none":
        return "\n".join(f'{each} = {each}.astype("float32")' for each in variables)
    by_feature = layout.axis == "feature"
    axis = "axis=0" if by_feature else ""
    if layout.scale == "0-1":
        numbers = [f"offset = {train}.min({axis})", f"divisor = {train}.max({axis}) - offset"]
    else:
        precise = f'{axis}, dtype="float64"' if by_feature else 'dtype="float64"'
        numbers = [f"offset = {train}.mean({precise})", f"divisor = {train}.std({precise})"]
    numbers.append("divisor = np.where(divisor == 0, 1, divisor)" if by_feature else "divisor = divisor or 1")
    # One number for a whole array of images needs no more than 32 bits, and half the memory.
    whole = '{0} = ({0}.astype("float32") - np.float32(offset)) / np.float32(divisor)'
    columns = '{0} = (({0} - offset) / divisor).astype("float32")'
    applied = [(columns if by_feature else whole).format(each) for each in variables]
    return "\n".join(["# The numbers of the scale come from the training rows only.", *numbers, *applied])

"""The part of generated programs that loads, splits and scales the data, by the rules trainers follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from storage.records import Dataset
from tuners.codegen_text import literal
from tuners.datasets.builtin_names import Builtin, find_builtin
from tuners.datasets.scaling_rule import scale_axis

_MAX_LISTED_COLUMNS = 200

NPZ_NAMES: Mapping[str, tuple[str, ...]] = {
    "x_train": ("x_train", "x", "data", "features", "images", "train_images"),
    "y_train": ("y_train", "y", "target", "targets", "labels", "label", "train_labels"),
    "x_validation": ("x_validation", "x_val", "x_valid", "val_images"),
    "y_validation": ("y_validation", "y_val", "y_valid", "val_labels"),
    "x_test": ("x_test", "test_images"),
    "y_test": ("y_test", "test_labels"),
}
"""The names under which uploads may hold each array."""


@dataclass(frozen=True, slots=True)
class DataCode:
    """Pieces of the program. After `blocks` there are `x_train`, `y_train`, and the parts that exist."""

    standard_imports: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[str, ...]
    blocks: tuple[str, ...]
    validated: bool


def data_code(resolved: Mapping[str, Any], dataset: Dataset, *, split_seed: int, one_hot: bool) -> DataCode:
    """Code that leaves the same arrays as a trainer has, examples as float32."""
    share = resolved["fit"].get("validation_split")
    parts = ["train"]
    if share is not None or dataset.validation_rows:
        parts.append("validation")
    if dataset.test_rows:
        parts.append("test")
    loaded = [part for part in parts if part != "validation" or share is None]
    builtin = find_builtin(dataset.name) if dataset.builtin else None
    standard_imports: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    if builtin is not None and builtin.library == "scikit-learn":
        imports = (f"from sklearn.datasets import load_{builtin.name}",)
        loading = _from_sklearn(builtin)
    elif builtin is not None:
        loading = _from_keras(builtin)
    elif dataset.source.lower().endswith("csv"):
        standard_imports = ("import csv",)
        constants, loading = _from_csv(dataset)
    else:
        constants, loading = _from_npz(dataset, loaded)
    if dataset.input_shape == (1,):
        loading += "".join(f"\nx_{part} = x_{part}.reshape(-1, 1)" for part in loaded)
    blocks = [loading]
    if share is not None:
        standard_imports = (*standard_imports, "import math")
        constants = (*constants, f"VALIDATION_SPLIT = {share!r}", f"SPLIT_SEED = {split_seed}")
        blocks.append(_STRATIFIED_SPLIT if dataset.task == "classification" else _PLAIN_SPLIT)
    blocks.append(_scaling(str((resolved.get("dataset") or {}).get("scale") or dataset.scale), dataset, parts))
    if one_hot:
        blocks.append(
            "\n".join(f"y_{part} = keras.utils.to_categorical(y_{part}, {dataset.num_classes})" for part in parts)
        )
    return DataCode(standard_imports, imports, constants, tuple(blocks), "validation" in parts)


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


def _from_npz(dataset: Dataset, parts: list[str]) -> tuple[tuple[str, ...], str]:
    lines = [_NPZ_READER]
    for part in parts:
        for name in (f"x_{part}", f"y_{part}"):
            lines.append(f"{name} = array{literal(NPZ_NAMES[name])}")
    return (f"DATA_FILE = {_file_name(dataset, 'npz')}",), "\n".join([*lines, *_targets(dataset, parts)])


_NPZ_READER = """\
with np.load(DATA_FILE) as file:
    arrays = {name.lower(): file[name] for name in file}


def array(*names):
    return next(arrays[name] for name in names if name in arrays)


"""


def _from_csv(dataset: Dataset) -> tuple[tuple[str, ...], str]:
    constants = [f"DATA_FILE = {_file_name(dataset, 'csv')}"]
    if 0 < len(dataset.feature_names) <= _MAX_LISTED_COLUMNS:
        listed = "".join(f"    {literal(name)},\n" for name in dataset.feature_names)
        constants.append(f"FEATURES = [\n{listed}]")
        choice = "features = [header.index(name) for name in FEATURES]"
    else:
        choice = "features = list(range(len(header) - 1))  # the last column is the target"
    loading = f"""\
with open(DATA_FILE, encoding="utf-8-sig", newline="") as file:
    separator = max(",;\\t", key=file.readline().count)
    file.seek(0)
    records = list(csv.reader(file, delimiter=separator))
header = [name.strip() for name in records.pop(0)]
{choice}
target = next(index for index in range(len(header)) if index not in features)
words = {{"true": 1.0, "false": 0.0}}
x_train = np.array(
    [[words.get(row[index].strip().lower(), row[index]) for index in features] for row in records],
    dtype="float64",
)
y_train = np.array([row[target].strip() for row in records])
try:
    y_train = y_train.astype("float64")
except ValueError:
    pass  # the classes are named by words"""
    return tuple(constants), "\n".join([loading, *_targets(dataset, ["train"])])


def _targets(dataset: Dataset, parts: list[str]) -> list[str]:
    if dataset.task == "regression":
        return [f'y_{part} = y_{part}.reshape(-1).astype("float32")' for part in parts]
    every = ", ".join(f"y_{part}" for part in parts)
    flat = [
        f"y_{part} = y_{part}.argmax(axis=1) if y_{part}[0].size > 1 else y_{part}.reshape(-1)  # one-hot, or by number"
        for part in parts
    ]
    joined = f"np.concatenate([{every}])" if len(parts) > 1 else every
    coded = [f'y_{part} = np.searchsorted(classes, y_{part}).astype("int32")' for part in parts]
    return [*flat, f"classes = np.unique({joined})", *coded]


def _file_name(dataset: Dataset, suffix: str) -> str:
    """The uploaded file's own name as a literal, or one made of the data set's."""
    uploaded = dataset.source.removeprefix("upload: ")
    return literal(uploaded if uploaded.lower().endswith(f".{suffix}") else f"{dataset.name}.{suffix}")


def _scaling(scale: str, dataset: Dataset, parts: list[str]) -> str:
    if scale == "none":
        return "\n".join(f'x_{part} = x_{part}.astype("float32")' for part in parts)
    each = scale_axis(dataset.input_shape, dataset.x_dtype) == "feature"
    axis = "axis=0" if each else ""
    if scale == "0-1":
        numbers = [f"offset = x_train.min({axis})", f"divisor = x_train.max({axis}) - offset"]
    else:
        precise = f'{axis}, dtype="float64"' if each else 'dtype="float64"'
        numbers = [f"offset = x_train.mean({precise})", f"divisor = x_train.std({precise})"]
    numbers.append("divisor = np.where(divisor == 0, 1, divisor)" if each else "divisor = divisor or 1")
    comment = "# The numbers of the scale come from the training rows only."
    # One number for a whole array of images needs no more than 32 bits, and half the memory.
    applied = (
        "(x_{0} - offset) / divisor" if each else 'x_{0}.astype("float32") - np.float32(offset)) / np.float32(divisor'
    )
    lines = [
        f'x_{part} = ({applied.format(part)}).astype("float32")' if each else f"x_{part} = ({applied.format(part)})"
        for part in parts
    ]
    return "\n".join([comment, *numbers, *lines])


_PLAIN_SPLIT = """\
# The rows set aside for validation, the same for every trial of the search.
wanted = min(max(1, math.ceil(len(y_train) * VALIDATION_SPLIT - 1e-9)), len(y_train) - 1)
aside = np.zeros(len(y_train), dtype=bool)
aside[np.random.default_rng(SPLIT_SEED).permutation(len(y_train))[:wanted]] = True
x_train, x_validation = x_train[~aside], x_train[aside]
y_train, y_validation = y_train[~aside], y_train[aside]"""

_STRATIFIED_SPLIT = """\
# The rows set aside for validation, the same for every trial of the search: each class gives its share.
rows = len(y_train)
wanted = min(max(1, math.ceil(rows * VALIDATION_SPLIT - 1e-9)), rows - 1)
order = np.random.default_rng(SPLIT_SEED).permutation(rows)
aside = np.zeros(rows, dtype=bool)
counts = np.bincount(y_train)
if (counts[counts > 0] < 2).any():
    aside[order[:wanted]] = True
else:
    shares, remainders = counts * wanted // rows, counts * wanted % rows
    missing = min(wanted - shares.sum(), (np.maximum(counts - 1, 0) - shares).sum())
    while missing > 0:
        for label in np.argsort(-remainders, kind="stable"):
            if missing > 0 and shares[label] < counts[label] - 1:
                shares[label] += 1
                missing -= 1
    for label, share in enumerate(shares):
        aside[order[y_train[order] == label][:share]] = True
x_train, x_validation = x_train[~aside], x_train[aside]
y_train, y_validation = y_train[~aside], y_train[aside]"""

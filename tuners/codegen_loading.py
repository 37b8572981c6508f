"""The part of generated programs that reads an uploaded file: tables, texts, archives of arrays and of images.

Each leaves `x_train` and `y_train` as they lie in the data set (one array each, or several by name), and where they are
wanted `w_train`, `groups` and `times`; the same for the other parts, as `x_validation`, ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.records import Dataset
from tuners.codegen_text import literal, mapping
from tuners.datasets.provenance import read_source

NPZ_NAMES: Mapping[str, tuple[str, ...]] = {
    "x_train": ("x_train", "x", "data", "features", "images", "train_images"),
    "y_train": ("y_train", "y", "target", "targets", "labels", "label", "train_labels"),
    "x_validation": ("x_validation", "x_val", "x_valid", "val_images"),
    "y_validation": ("y_validation", "y_val", "y_valid", "val_labels"),
    "x_test": ("x_test", "test_images"),
    "y_test": ("y_test", "test_labels"),
    "w_train": ("w_train", "w", "sample_weight", "sample_weights", "sample_weight_train"),
    "w_validation": ("w_validation", "w_val", "w_valid", "sample_weight_validation", "sample_weight_val"),
    "w_test": ("w_test", "sample_weight_test"),
    "g_train": ("g_train", "g", "groups", "groups_train"),
    "t_train": ("t_train", "t", "times", "times_train"),
}
"""The names under which uploads may hold each array."""
_PART_NAMES: Mapping[str, tuple[str, ...]] = {
    "train": ("train",), "validation": ("validation", "val", "valid"), "test": ("test",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a data set the program uses.

    Attributes:
        parts: "train" first; those that the file itself holds.
        weights: Whether sample weights.
        groups: Whether groups.
        times: Whether times.
    """

    parts: tuple[str, ...]
    weights: bool = False
    groups: bool = False
    times: bool = False


@dataclass(frozen=True, slots=True)
class Loading:
    """Pieces of the program."""

    standard: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[str, ...]
    code: str


def uploaded(dataset: Dataset, needs: Needs) -> Loading:
    """Reads the file that was uploaded, which lies beside the program."""
    ending = dataset.source if read_source(dataset.source) is None else _file_name(dataset)
    suffix = ending.lower().rpartition(".")[2]
    if suffix in ("csv", "parquet"):
        return _table(dataset, needs, suffix)
    if suffix == "zip":
        return _images(dataset, needs)
    return _archive(dataset, needs)


def _file_name(dataset: Dataset, suffix: str = "") -> str:
    """The uploaded file's own name, or one made of the data set's."""
    known = read_source(dataset.source)
    if known is not None and (not suffix or known.filename.lower().endswith(f".{suffix}")):
        return known.filename
    return f"{dataset.name}.{suffix}"


def _data_file(dataset: Dataset, suffix: str) -> str:
    return f"DATA_FILE = {literal(_file_name(dataset, suffix))}"


# --- archives of arrays


def _archive(dataset: Dataset, needs: Needs) -> Loading:
    lines = [_NPZ_READER, *([_NPZ_WEIGHTS] if needs.weights else [])]
    for part in needs.parts:
        lines.append(f"x_{part} = {_arrays('x', part, [each.name for each in dataset.inputs])}")
        if dataset.kind == "text":
            lines.append(f"x_{part} = x_{part}.reshape(-1).astype(object)")
        lines.append(f"y_{part} = {_arrays('y', part, [each.name for each in dataset.targets])}")
        if needs.weights:
            lines.append(f"w_{part} = weights({_quoted(NPZ_NAMES[f'w_{part}'])})")
    if needs.groups:
        lines.append(f"groups = array({_quoted(NPZ_NAMES['g_train'])}).reshape(-1)")
    if needs.times:
        lines.append(f"times = array({_quoted(NPZ_NAMES['t_train'])}).reshape(-1)")
    if dataset.input_shape == (1,) and not dataset.inputs:
        lines += [f"x_{part} = x_{part}.reshape(-1, 1)" for part in needs.parts]
    return Loading((), (), (_data_file(dataset, "npz"),), "\n".join([*lines, *_targets(dataset, needs.parts)]))


def _arrays(axis: str, part: str, names: Sequence[str]) -> str:
    if not names:
        return f"array({_quoted(NPZ_NAMES[f'{axis}_{part}'])})"
    found = {name: f"array({_quoted([f'{axis}.{name}_{called}' for called in _PART_NAMES[part]])})" for name in names}
    return mapping(found)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(literal(name) for name in names)


_NPZ_READER = """\
with np.load(DATA_FILE) as file:
    arrays = {name.lower(): file[name] for name in file}


def array(*names):
    return next(arrays[name] for name in names if name in arrays)


"""

_NPZ_WEIGHTS = """\
def weights(*names):
    found = [arrays[name].reshape(-1).astype("float32") for name in names if name in arrays]
    return found[0] if found else None


"""


def _targets(dataset: Dataset, parts: Sequence[str]) -> list[str]:
    """Lines that give targets their final form: classes as numbers from 0, all else as 32-bit floats."""
    if not dataset.targets:
        return _target(dataset.task, tuple(dataset.target_shape), parts, "")
    return [
        line
        for each in dataset.targets
        for line in _target(each.task, tuple(each.shape), parts, f"[{literal(each.name)}]")
    ]


def _target(task: str, shape: tuple[int, ...], parts: Sequence[str], place: str) -> list[str]:
    names = [f"y_{part}{place}" for part in parts]
    if task != "classification":
        flat = "" if shape else ".reshape(-1)"
        return [f'{name} = {name}{flat}.astype("float32")' for name in names]
    flat_lines = [
        f"{name} = {name}.argmax(axis=1) if {name}[0].size > 1 else {name}.reshape(-1)  # one-hot, or by number"
        for name in names
    ]
    joined = f"np.concatenate([{', '.join(names)}])" if len(names) > 1 else names[0]
    coded = [f'{name} = np.searchsorted(classes, {name}).astype("int32")' for name in names]
    return [*flat_lines, f"classes = np.unique({joined})", *coded]


# --- tables


def _table(dataset: Dataset, needs: Needs, suffix: str) -> Loading:
    known = read_source(dataset.source)
    roles = dict(known.roles) if known is not None else {}
    wanted = {
        "text": dataset.kind == "text",
        "part": len(needs.parts) > 1,
        "weight": needs.weights,
        "group": needs.groups,
        "time": needs.times,
    }
    constants = [_data_file(dataset, suffix)]
    if dataset.kind != "text":
        constants.append(_features(dataset))
    if dataset.target_shape:
        constants.append(f"TARGETS = {literal(list(dataset.target_names))}")
    else:
        constants.append(f"TARGET = {literal(roles.get('target'))}")
    named = [role for role, needed in wanted.items() if needed]
    constants += [f"{role.upper()} = {literal(roles.get(role))}" for role in named]
    lines = [_CSV_READER if suffix == "csv" else _PARQUET_READER, _cell_functions(dataset, needs)]
    if not dataset.target_shape and "target" not in roles:
        lines.append(_ONLY_TARGET.format(features="COLUMNS" if dataset.kind != "text" else "[TEXT]"))
    if named:
        lines.append(_ASK.format(roles=mapping({role.upper(): role.upper() for role in named})))
    lines.append(_examples(dataset))
    lines.append(_table_targets(dataset))
    if needs.weights:
        lines.append('w_train = numbers(WEIGHT).astype("float32")')
    if needs.groups:
        lines.append("groups = np.unique([str(cell) for cell in cells[GROUP]], return_inverse=True)[1]")
    if needs.times:
        lines.append("times = moments(TIME)")
    if len(needs.parts) > 1:
        lines.append(_parts(needs))
    standard = ["import csv"] if suffix == "csv" else []
    if needs.times:
        standard.append("import datetime")
    imports = () if suffix == "csv" else ("import pyarrow.parquet",)
    return Loading(tuple(standard), imports, tuple(constants), "\n".join(lines))


def _features(dataset: Dataset) -> str:
    """The features by name, each with its categories."""
    columns = [(column.name, column.categories) for column in dataset.columns]
    columns = columns or [(name, ()) for name in dataset.feature_names]
    lines = "".join(f"    {literal(name)}: {literal(list(categories))},\n" for name, categories in columns)
    return f"COLUMNS = {{  # the features, and their categories; none: numbers\n{lines}}}"


def _cell_functions(dataset: Dataset, needs: Needs) -> str:
    numbers = needs.weights or dataset.kind != "text" or dataset.task != "classification" or needs.times
    wanted = [
        _NUMBERS if numbers else "",
        _CODES if any(column.categories for column in dataset.columns) else "",
        _MOMENTS if needs.times else "",
    ]
    return "\n".join(f"\n{each}\n" for each in wanted if each)


def _examples(dataset: Dataset) -> str:
    if dataset.kind == "text":
        return 'x_train = np.array([cell or "" for cell in cells[TEXT]], dtype=object)'
    if not any(column.categories for column in dataset.columns):
        return "x_train = np.column_stack([numbers(name) for name in COLUMNS])"
    return (
        "x_train = np.column_stack(\n"
        "    [codes(name, categories) if categories else numbers(name) for name, categories in COLUMNS.items()]\n)"
    )


def _table_targets(dataset: Dataset) -> str:
    if dataset.target_shape:
        return 'y_train = np.column_stack([numbers(name) for name in TARGETS]).astype("float32")'
    if dataset.task != "classification":
        return 'y_train = numbers(TARGET).astype("float32")'
    return _CLASSES


def _parts(needs: Needs) -> str:
    variables = ["x", "y", *(["w"] if needs.weights else [])]
    lines = [_PART_OF_ROWS]
    for name in variables:
        others = [f"{name}_{part}" for part in needs.parts]
        chosen = ", ".join(f'{name}_train[part == "{part}"]' for part in needs.parts)
        lines.append(f"{', '.join(others)} = {chosen}")
    lines += [f'{name} = {name}[part == "train"]' for name in ("groups", "times") if getattr(needs, name)]
    return "\n".join(lines)


_CSV_READER = """\
csv.field_size_limit(1 << 24)
with open(DATA_FILE, encoding="utf-8-sig", newline="") as file:
    separator = max(",;\\t", key=file.readline().count)
    file.seek(0)
    header, *records = [row for row in csv.reader(file, delimiter=separator) if row]
missing = {"", "na", "n/a", "#n/a", "nan", "null", "?"}
cells = {
    name.strip(): [None if (cell := row[place].strip()).lower() in missing else cell for row in records]
    for place, name in enumerate(header)
}
"""

_PARQUET_READER = """\
table = pyarrow.parquet.read_table(DATA_FILE)
cells = {
    name: [None if cell is None or cell != cell else cell for cell in column.to_pylist()]
    for name, column in zip(table.column_names, table.columns)
}
"""

_NUMBERS = """\
def numbers(name):
    truths = {"true": 1.0, "false": 0.0}
    given = [np.nan if cell is None else truths.get(str(cell).lower(), cell) for cell in cells[name]]
    return np.array(given, dtype="float64")
"""

_CODES = """\
def codes(name, categories):
    known = {category: code for code, category in enumerate(categories)}
    texts = [cell if cell in known else str(cell).lower() for cell in cells[name]]
    return np.array([np.nan if cell is None else known[text] for cell, text in zip(cells[name], texts)])
"""

_MOMENTS = """\
def moments(name):
    try:
        return numbers(name)
    except (TypeError, ValueError):
        dates = [datetime.datetime.fromisoformat(str(cell)) for cell in cells[name]]
    zone = datetime.timezone.utc
    return np.array([(date if date.tzinfo else date.replace(tzinfo=zone)).timestamp() for date in dates])
"""

_ONLY_TARGET = """\
left = [name for name in cells if name not in {features}]
if TARGET is None and len(left) == 1:
    TARGET = left[0]
if TARGET not in cells:
    raise SystemExit(f"Set TARGET, at the top of this program, to one of {{left}}.")"""

_ASK = """\
for role, name in {roles}.items():
    if name not in cells:
        raise SystemExit(f"Set {{role}}, at the top of this program, to one of {{list(cells)}}.")"""

_CLASSES = """\
labels = np.array([str(cell).lower() if isinstance(cell, bool) else cell for cell in cells[TARGET]])
try:
    labels = labels.astype("float64")
except ValueError:
    pass  # the classes are named by words
y_train = np.unique(labels, return_inverse=True)[1].astype("int32")"""

_PART_OF_ROWS = """\
called = {"training": "train", "val": "validation", "valid": "validation"}
part = np.array([called.get(cell.lower(), cell.lower()) for cell in cells[PART]])"""


# --- images


def _images(dataset: Dataset, needs: Needs) -> Loading:
    height, width, channels = dataset.input_shape
    constants = (
        _data_file(dataset, "zip"),
        f"CLASSES = {literal(list(dataset.class_names))}",
        f"HEIGHT, WIDTH = {height}, {width}",
    )
    lines = [_IMAGE_READER.format(mode="L" if channels == 1 else "RGB", channels=channels)]
    for part in needs.parts:
        lines.append(f'x_{part} = np.stack([pixels(path) for _, path in pictures["{part}"]])')
        lines.append(f'y_{part} = np.array([CLASSES.index(label) for label, _ in pictures["{part}"]], dtype="int32")')
    return Loading(("import unicodedata", "import zipfile"), ("from PIL import Image",), constants, "\n".join(lines))


_IMAGE_READER = """\
parts = {{"train": "train", "validation": "validation", "val": "validation", "valid": "validation", "test": "test"}}
pictures = {{"train": [], "validation": [], "test": []}}
archive = zipfile.ZipFile(DATA_FILE)
for path in archive.namelist():
    *folders, name = unicodedata.normalize("NFC", path).split("/")
    places = [place for place, folder in enumerate(folders) if folder in CLASSES]
    if not places or not name.lower().endswith((".png", ".jpg", ".jpeg", ".bmp", ".gif")):
        continue
    if any(each.startswith(".") or each == "__MACOSX" for each in (*folders, name)):
        continue
    part = next((parts[each.lower()] for each in folders[: places[0]] if each.lower() in parts), "train")
    pictures[part].append((folders[places[0]], path))
for found in pictures.values():
    found.sort()


def pixels(path):
    with archive.open(path) as file, Image.open(file) as image:
        image.draft("{mode}", (WIDTH, HEIGHT))
        if image.mode.startswith("I"):  # grey of 16 bits
            grey = np.clip(np.asarray(image), 0, 65535).astype("uint32") >> 8
            image = Image.fromarray(grey.astype("uint8"))
        flat = image.convert("{mode}")
        if flat.size != (WIDTH, HEIGHT):
            flat = flat.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
        return np.asarray(flat, dtype="uint8").reshape(HEIGHT, WIDTH, {channels})


"""

"""The part of generated programs that reads an uploaded table: numbers and categories, or a column of texts."""

from __future__ import annotations

from storage.datasets import Dataset
from tuners.codegen_files import Loading, Needs, data_file
from tuners.codegen_text import literal, mapping
from tuners.datasets.provenance import read_source


def table_loading(dataset: Dataset, needs: Needs, suffix: str) -> Loading:
    """Reads a "csv" or "parquet" file. What the record does not tell of its columns the program asks for."""
    known = read_source(dataset.source)
    roles = dict(known.roles) if known is not None else {}
    wanted = {
        "text": dataset.kind == "text",
        "part": len(needs.parts) > 1,
        "weight": needs.weights,
        "group": needs.groups,
        "time": needs.times,
    }
    constants = [data_file(dataset, suffix)]
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

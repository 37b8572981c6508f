"""The part of generated programs that reads an uploaded file: tables, texts, archives of arrays and of images.

Each leaves `x_train` and `y_train` as they lie in the data set (one array each, or several by name), and where they are
wanted `w_train`, `groups` and `times`; the same for the other parts, as `x_validation`, ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage.datasets import Dataset
from tuners.codegen_files import Loading, Needs, data_file, file_name
from tuners.codegen_tables import table_loading
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


def uploaded(dataset: Dataset, needs: Needs) -> Loading:
    """Reads the file that was uploaded, which lies beside the program."""
    ending = dataset.source if read_source(dataset.source) is None else file_name(dataset)
    suffix = ending.lower().rpartition(".")[2]
    if suffix in ("csv", "parquet"):
        return table_loading(dataset, needs, suffix)
    if suffix == "zip":
        return _images(dataset, needs)
    return _archive(dataset, needs)


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
    return Loading((), (), (data_file(dataset, "npz"),), "\n".join([*lines, *_targets(dataset, needs.parts)]))


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


# --- images


def _images(dataset: Dataset, needs: Needs) -> Loading:
    height, width, channels = dataset.input_shape
    constants = (
        data_file(dataset, "zip"),
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

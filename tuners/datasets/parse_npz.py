"""From an uploaded .npz to arrays on disk, a piece at a time; nothing is ever unpickled."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tuners.datasets.archive import NPZ, Member, read_directory, stream
from tuners.datasets.npy import Array, NpyHeader, blocks, header_length, read_header
from tuners.datasets.raw import Part, RawData, Texts
from tuners.datasets.texts import TextWriter
from tuners.datasets.wire import INPUT_NAME, PARTS, rejection

# The names people use: ours, Keras', scikit-learn's, and those of the MedMNIST collection.
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "x_train": ("x", "data", "features", "images", "train_images"),
    "y_train": ("y", "target", "targets", "labels", "label", "train_labels"),
    "x_validation": ("x_val", "x_valid", "val_images"),
    "y_validation": ("y_val", "y_valid", "val_labels"),
    "x_test": ("test_images",),
    "y_test": ("test_labels",),
    "class_names": ("target_names",),
    "feature_names": (),
    "w_train": ("w", "sample_weight", "sample_weights", "sample_weight_train"),
    "w_validation": ("w_val", "w_valid", "sample_weight_validation", "sample_weight_val"),
    "w_test": ("sample_weight_test",),
    "g_train": ("g", "groups", "groups_train"),
    "t_train": ("t", "times", "times_train"),
}
_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}
_NAMES = frozenset({"class_names", "feature_names"})
_NAMED = re.compile(rf"([xy])\.({INPUT_NAME})_(train|validation|valid|val|test)")
_PART_ALIASES = {"val": "validation", "valid": "validation"}
_MAX_NAMES_BYTES = 16 << 20
# Longer texts for labels, groups and names are a mistake; as examples they are what is learnt from.
_MAX_LABEL = 256
_LAST_CHARACTER = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)


def parse_npz(path: Path, scratch: Path, *, max_bytes: int) -> RawData:
    """The arrays of the archive, mapped from files in `scratch`.

    Args:
        path: The upload.
        scratch: Folder for the unpacked arrays.
        max_bytes: Limit of all unpacked arrays together.

    Raises:
        InvalidDataset: As `read_directory` and `read_header` say; `shape_mismatch` when a header's shape does not
            make the member's size exactly; `missing_array` and `unexpected_array` for the wrong names.
    """
    with path.open("rb") as file:
        members = _by_array(read_directory(file, NPZ, max_bytes=max_bytes))
        arrays = {name: _unpack(file, member, scratch / f"{name}.npy", name) for name, member in members.items()}
    return RawData(
        parts={part: _part(arrays, part, scratch) for part in PARTS if _axis(arrays, "x", part)},
        class_names=_names(arrays, "class_names"),
        feature_names=_names(arrays, "feature_names") or (),
    )


def _part(arrays: Mapping[str, Array], part: str, scratch: Path) -> Part:
    x, y = ({_input(name): arrays[name] for name in _axis(arrays, axis, part)} for axis in ("x", "y"))
    examples: Array | Texts | dict[str, Array] = x.pop("") if "" in x else x
    if isinstance(examples, np.ndarray) and examples.dtype.kind == "U":
        examples = _texts(examples, part, scratch)
    return Part(
        x=examples,
        y=y.pop("") if "" in y else y,
        weights=arrays.get(f"w_{part}"),
        groups=arrays.get(f"g_{part}"),
        times=arrays.get(f"t_{part}"),
    )


def _axis(arrays: Mapping[str, object], axis: str, part: str) -> list[str]:
    """The part's arrays of examples or targets, in the order they have in the archive."""
    return [name for name in arrays if name[0] == axis and name.endswith(f"_{part}")]


def _input(name: str) -> str:
    """NAME of `x.NAME_train`; empty for `x_train`."""
    return name[2:].rpartition("_")[0] if name[1] == "." else ""


def _by_array(members: tuple[Member, ...]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for member in members:
        stem, dot, suffix = member.name.rpartition(".")
        if suffix.lower() in ("zip", "npz", "gz", "tar", "7z"):
            raise rejection("archive_rejected", "The archive holds another archive.")
        if not dot or suffix != "npy" or "/" in stem:
            raise rejection("corrupt_file", "The archive holds something that is not an .npy array.")
        name = _canonical(stem)
        if name in found:
            raise rejection("unexpected_array", f"The archive holds {name} twice, under two names.")
        found[name] = member
    _check_complete(found)
    return found


def _canonical(stem: str) -> str:
    lower = stem.lower()
    if lower in _CANONICAL:
        return _CANONICAL[lower]
    named = _NAMED.fullmatch(lower)
    if named is not None:
        return f"{named[1]}.{named[2]}_{_PART_ALIASES.get(named[3], named[3])}"
    close = difflib.get_close_matches(lower, _CANONICAL, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise rejection(
        "unexpected_array",
        f"The archive holds an array {stem!r}, which has no meaning here.{hint} Known are {', '.join(_ALIASES)}, x and "
        "y alone, and x.NAME_train, y.NAME_train and so on for several inputs and targets.",
    )


def _check_complete(found: Mapping[str, Member]) -> None:
    """Each part has examples and targets, made of the same arrays in all parts; what else there is has its part."""
    listed = ", ".join(sorted(found)) or "no arrays"
    for axis in ("x", "y"):
        train = [_input(name) for name in _axis(found, axis, "train")]
        if not train:
            raise rejection("missing_array", f"The archive has no {axis}_train (or {axis}); it holds {listed}.")
        if "" in train and len(train) > 1:
            raise rejection("unexpected_array", f"The archive holds {axis}_train beside named ones: name them all.")
        if train != [""] and len(train) == 1:
            raise rejection("unexpected_array", f"There is one {axis} only: call it {axis}_train, without a name.")
        for part in PARTS:
            if not _axis(found, "x", part) and not _axis(found, "y", part):
                continue
            names = [_input(name) for name in _axis(found, axis, part)]
            for name in train:
                if name not in names:
                    called = f"{axis}.{name}_{part}" if name else f"{axis}_{part}"
                    other = next(each for each in found if each.endswith(f"_{part}") and each[0] in "xy")
                    raise rejection("missing_array", f"The archive has {other} but no {called}.")
            for name in names:
                if name not in train:
                    called = f"{axis}.{name}" if name else axis
                    raise rejection("missing_array", f"The archive has {called}_{part} but no {called}_train.")
    for name in found:
        part = name.rpartition("_")[2]
        if name[:2] == "w_" and not _axis(found, "x", part):
            raise rejection("missing_array", f"The archive has {name} but no x_{part}.")
        if name[:2] == "w_" and "w_train" not in found:
            raise rejection("missing_array", f"The archive has {name} but no w_train.")


def _unpack(file: BinaryIO, member: Member, target: Path, name: str) -> Array:
    """Stream one member to disk, its header checked against the member's size first; mapped read-only."""
    chunks = stream(file, member)
    start = b""
    header: NpyHeader | None = None
    with target.open("xb") as out:
        for chunk in chunks:
            if header is not None:
                out.write(chunk)
                continue
            start += chunk
            if len(start) < 12 or len(start) < header_length(start[:12], name=name):
                continue
            header = read_header(start[: header_length(start[:12], name=name)], name=name)
            _check(header, member, name)
            out.write(start)
    if header is None:
        raise rejection("corrupt_file", f"{name} is not an .npy array.")
    if 0 in header.shape:
        raise rejection("empty_dataset", f"{name} has no rows, or rows without values.")
    array = np.memmap(
        target,
        dtype=np.dtype(header.descr),
        mode="r",
        offset=header.bytes_before,
        shape=header.shape,
        order="F" if header.fortran_order else "C",
    )
    if header.is_text and array.itemsize:
        _check_characters(array, name)
    return array


def _check(header: NpyHeader, member: Member, name: str) -> None:
    if header.is_text and name[0] == "x":
        if name[1] == ".":
            raise rejection("dtype_not_allowed", f"{name} is text; of several inputs, all must be numbers.")
        if len(header.shape) != 1 and (len(header.shape) != 2 or header.shape[1] != 1):
            raise rejection("shape_mismatch", f"{name} must be one text for each row.")
    elif header.is_text and (name[0] in "wt" or header.itemsize > 4 * _MAX_LABEL):
        raise rejection("dtype_not_allowed", f"{name} is text of up to {header.itemsize // 4} characters.")
    if name in _NAMES and (not header.is_text or len(header.shape) != 1 or member.size_bytes > _MAX_NAMES_BYTES):
        raise rejection("dtype_not_allowed", f"{name} must be a list of texts.")
    if header.size_bytes != member.size_bytes:
        raise rejection("shape_mismatch", f"The shape {name} claims does not fit its {member.size_bytes} bytes.")
    if name not in _NAMES and not header.shape:
        raise rejection("shape_mismatch", f"{name} is a single number, not an array.")


def _check_characters(array: Array, name: str) -> None:
    """The four bytes of each character may be anything in a file; Python stumbles over what is no character."""
    for _, block in blocks(array):
        points = np.ascontiguousarray(block).view(block.dtype.byteorder.replace("|", "=") + "u4")
        if (points > _LAST_CHARACTER).any() or ((points >= _SURROGATES[0]) & (points <= _SURROGATES[1])).any():
            raise rejection("corrupt_file", f"{name} holds what is no character.")


def _texts(array: Array, part: str, scratch: Path) -> Texts:
    with TextWriter(scratch / f"texts_{part}.raw") as out:
        for _, block in blocks(array.reshape(-1)):
            out.add(block.tolist())
    return out.texts()


def _names(arrays: Mapping[str, Array], name: str) -> tuple[str, ...] | None:
    return tuple(str(text) for text in arrays[name]) if name in arrays else None

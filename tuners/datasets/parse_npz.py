"""From an uploaded .npz to arrays on disk, a piece at a time; nothing is ever unpickled."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tuners.datasets.archive import Member, read_directory, stream
from tuners.datasets.npy import Array, NpyHeader, header_length, read_header
from tuners.datasets.prepare import Part, RawData
from tuners.datasets.wire import PARTS, rejection

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
}
_CANONICAL = {alias: name for name, aliases in _ALIASES.items() for alias in (name, *aliases)}
_NAMES = frozenset({"class_names", "feature_names"})
_MAX_NAMES_BYTES = 16 << 20


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
        members = _by_array(read_directory(file, max_bytes=max_bytes))
        arrays = {name: _unpack(file, member, scratch / f"{name}.npy", name) for name, member in members.items()}
    parts = {part: Part(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in PARTS if f"x_{part}" in arrays}
    return RawData(
        parts=parts,
        class_names=_names(arrays, "class_names"),
        feature_names=_names(arrays, "feature_names") or (),
    )


def _by_array(members: tuple[Member, ...]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for member in members:
        stem, dot, suffix = member.name.rpartition(".")
        if suffix.lower() in ("zip", "npz", "gz", "tar", "7z"):
            raise rejection("archive_rejected", "The archive holds another archive.")
        if not dot or suffix != "npy" or "/" in stem:
            raise rejection("corrupt_file", "The archive holds something that is not an .npy array.")
        name = _CANONICAL.get(stem.lower())
        if name is None:
            close = difflib.get_close_matches(stem.lower(), _CANONICAL, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise rejection(
                "unexpected_array",
                f"The archive holds an array {stem!r}, which has no meaning here.{hint} Known are "
                f"{', '.join(_ALIASES)}, and x and y alone.",
            )
        if name in found:
            raise rejection("unexpected_array", f"The archive holds {name} twice, under two names.")
        found[name] = member
    listed = ", ".join(sorted(found)) or "no arrays"
    for name in ("x_train", "y_train"):
        if name not in found:
            raise rejection("missing_array", f"The archive has no {name} (or {name[0]}); it holds {listed}.")
    for part in PARTS:
        for one, other in ((f"x_{part}", f"y_{part}"), (f"y_{part}", f"x_{part}")):
            if one in found and other not in found:
                raise rejection("missing_array", f"The archive has {one} but no {other}.")
    return found


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
    return np.memmap(
        target,
        dtype=np.dtype(header.descr),
        mode="r",
        offset=header.bytes_before,
        shape=header.shape,
        order="F" if header.fortran_order else "C",
    )


def _check(header: NpyHeader, member: Member, name: str) -> None:
    if header.size_bytes != member.size_bytes:
        raise rejection("shape_mismatch", f"The shape {name} claims does not fit its {member.size_bytes} bytes.")
    if header.is_text and name[0] == "x":
        raise rejection("dtype_not_allowed", f"{name} is text; examples must be numbers.")
    if name in _NAMES and (not header.is_text or len(header.shape) != 1 or member.size_bytes > _MAX_NAMES_BYTES):
        raise rejection("dtype_not_allowed", f"{name} must be a list of texts.")
    if name not in _NAMES and not header.shape:
        raise rejection("shape_mismatch", f"{name} is a single number, not an array.")


def _names(arrays: Mapping[str, Array], name: str) -> tuple[str, ...] | None:
    return tuple(str(text) for text in arrays[name]) if name in arrays else None

"""Whether an HDF5 file holds weights as Keras saves them, and nothing else (runs in the child).

HDF5 can point at other files, at itself and at code for its filters. What trainers open has none of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import h5py

Layout = Literal["nested", "named"]
"""How the weights lie in the file: "nested" as in Keras 3's `.weights.h5`, "named" layer by layer as in older `.h5`."""

_MAX_OBJECTS = 50_000
_MAX_DEPTH = 64
_BLOCK_BYTES = 32 * 1024**2
_NUMBERS = "biuf"
_FILTERS = (None, "gzip", "lzf")


class Unfit(Exception):
    """The file cannot be used: a stable word, and what would be right."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def check_weights(path: Path, *, max_bytes: int) -> Layout:
    """How the weights lie in the file; it has been read to its end by then.

    Args:
        max_bytes: Most bytes its arrays may have once they are unpacked.

    Raises:
        Unfit: It is damaged, too large, or holds anything but groups and arrays of numbers.
    """
    try:
        with h5py.File(path, "r") as file:
            used = 0
            arrays = 0
            for dataset in _arrays(file):
                used += dataset.size * dataset.dtype.itemsize
                if used > max_bytes:
                    raise Unfit("too_large", f"The arrays in the file have more than {max_bytes} bytes.")
                arrays += 1
                _read(dataset)
            if not arrays:
                raise Unfit("no_weights", "There are no weights in the file.")
            return _layout(file)
    except Unfit:
        raise
    except Exception as error:
        # h5py raises anything from KeyError to RuntimeError on files that are damaged.
        raise Unfit("damaged", "The file is no whole HDF5 file: save it anew with model.save_weights.") from error


def _arrays(file: h5py.File) -> Iterator[h5py.Dataset]:
    """Every array, once; hard links may make the groups a circle."""
    seen: set[int] = set()
    pending: list[tuple[h5py.Group, int]] = [(file, 0)]
    while pending:
        group, depth = pending.pop()
        if depth > _MAX_DEPTH:
            raise Unfit("too_deep", f"Groups are nested more than {_MAX_DEPTH} deep.")
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise Unfit("link_not_allowed", "The file links to something else: links are not followed.")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _MAX_OBJECTS:
                raise Unfit("too_many", f"The file holds more than {_MAX_OBJECTS} groups and arrays.")
            if isinstance(item, h5py.Group):
                pending.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                yield _checked(item)
            else:
                raise Unfit("not_numbers", "The file holds something that is neither a group nor an array.")


def _checked(dataset: h5py.Dataset) -> h5py.Dataset:
    if dataset.external or dataset.is_virtual:
        raise Unfit("link_not_allowed", "An array lies in another file: everything must be in the one uploaded.")
    if dataset.dtype.kind not in _NUMBERS:
        raise Unfit("not_numbers", "An array holds something else than numbers.")
    if dataset.compression not in _FILTERS:
        raise Unfit("filter_not_allowed", "An array is packed with a filter other than gzip and lzf.")
    return dataset


def _read(dataset: h5py.Dataset) -> None:
    """Read the array block by block: what is damaged shows here and not in a trainer."""
    if dataset.shape is None or dataset.size == 0:
        return
    if not dataset.shape:
        dataset[()]
        return
    row = max(dataset.size // dataset.shape[0] * dataset.dtype.itemsize, 1)
    rows = max(_BLOCK_BYTES // row, 1)
    for start in range(0, dataset.shape[0], rows):
        dataset[start : start + rows]


def _layout(file: h5py.File) -> Layout:
    groups: list[Any] = [file]
    if isinstance(file.get("model_weights"), h5py.Group):
        groups.append(file["model_weights"])
    if any("layer_names" in group.attrs for group in groups):
        return "named"
    if any(isinstance(file.get(name), h5py.Group) for name in ("layers", "_layer_checkpoint_dependencies")):
        return "nested"
    raise Unfit("no_weights", "The file was not saved by Keras: use model.save_weights, or model.save as `.h5`.")

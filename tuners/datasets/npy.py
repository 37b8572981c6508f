"""Reading an untrusted .npy header, and writing arrays a block of rows at a time.

Format: numpy.lib.format, versions 1.0 to 3.0. The header is read here and not by numpy, so that nothing of the array is
allocated before its size is known to be true.
"""

from __future__ import annotations

import ast
import hashlib
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tuners.datasets.wire import ArrayFacts, rejection

_MAX_HEADER_BYTES = 10_000
_MAX_AXES = 32
_PREAMBLE_BYTES = 8
_MAGIC = b"\x93NUMPY"
_NUMERIC = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f[248])")
_TEXT = re.compile(r"[<>|=]?U(\d{1,6})")
BLOCK_BYTES = 8 << 20

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What an .npy file says of its array. `bytes_before` is where the array's bytes begin."""

    descr: str
    shape: tuple[int, ...]
    fortran_order: bool
    bytes_before: int
    itemsize: int

    @property
    def is_text(self) -> bool:
        return "U" in self.descr

    @property
    def size_bytes(self) -> int:
        """Bytes of header and array together."""
        return self.bytes_before + math.prod(self.shape) * self.itemsize


def header_length(start: bytes, *, name: str) -> int:
    """Bytes before the array, told by the first 12 bytes of the file. Raises InvalidDataset (`corrupt_file`)."""
    if len(start) < 12 or not start.startswith(_MAGIC) or start[6] not in (1, 2, 3) or start[7] != 0:
        raise rejection("corrupt_file", f"{name} is not an .npy array.")
    if start[6] == 1:
        length, before = struct.unpack_from("<H", start, _PREAMBLE_BYTES)[0], _PREAMBLE_BYTES + 2
    else:
        length, before = struct.unpack_from("<L", start, _PREAMBLE_BYTES)[0], _PREAMBLE_BYTES + 4
    if length > _MAX_HEADER_BYTES:
        raise rejection("corrupt_file", f"The header of {name} is longer than {_MAX_HEADER_BYTES} bytes.")
    return int(before + length)


def read_header(raw: bytes, *, name: str) -> NpyHeader:
    """The header, checked.

    Args:
        raw: Exactly the bytes before the array.
        name: Of the array, for messages.

    Raises:
        InvalidDataset: `corrupt_file`, `dtype_not_allowed` (anything but bool, integers, f2, f4, f8 and text; object
            arrays would have to be unpickled), or `shape_mismatch` (negative, or too many axes).
    """
    before = header_length(raw[:12], name=name)
    text_from = _PREAMBLE_BYTES + (2 if raw[6] == 1 else 4)
    try:
        document = ast.literal_eval(raw[text_from:before].decode("utf-8" if raw[6] == 3 else "latin-1").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise rejection("corrupt_file", f"The header of {name} cannot be read.") from error
    if len(raw) != before or not isinstance(document, dict) or set(document) != {"descr", "fortran_order", "shape"}:
        raise rejection("corrupt_file", f"The header of {name} cannot be read.")
    descr, fortran_order, shape = document["descr"], document["fortran_order"], document["shape"]
    text = _TEXT.fullmatch(descr) if isinstance(descr, str) else None
    if not isinstance(descr, str) or not (_NUMERIC.fullmatch(descr) or text):
        raise rejection(
            "dtype_not_allowed",
            f"{name} is neither boolean, integer (8 to 64 bit) nor float (16 to 64 bit), nor text. "
            "Object arrays are never read: convert them with .astype(...) before saving.",
        )
    if not isinstance(fortran_order, bool) or not isinstance(shape, tuple):
        raise rejection("corrupt_file", f"The header of {name} cannot be read.")
    if len(shape) > _MAX_AXES or any(type(size) is not int or size < 0 for size in shape):
        raise rejection("shape_mismatch", f"{name} has an impossible shape.")
    return NpyHeader(descr, shape, fortran_order, before, np.dtype(descr).itemsize)


def blocks(array: Array, *, block_bytes: int = BLOCK_BYTES) -> Iterator[tuple[int, Array]]:
    """The array in blocks of whole rows, each with the number of its first row."""
    rows = len(array)
    row_bytes = max(1, array.nbytes // max(1, rows))
    step = max(1, block_bytes // row_bytes)
    for start in range(0, rows, step):
        yield start, array[start : start + step]


def write_npy(path: Path, array: Array, dtype: np.dtype[Any], *, shape: tuple[int, ...]) -> ArrayFacts:
    """Write an array as little-endian, C-ordered .npy without holding it in memory; answers its facts.

    `shape` may differ from the array's own by axes of length 1.
    """
    digest = hashlib.sha256()
    little = dtype.newbyteorder("<")
    with path.open("xb") as file:
        _write_header(file, little, shape)
        for _, block in blocks(array):
            data = np.ascontiguousarray(block, dtype=little).data.cast("B")
            digest.update(data)
            file.write(data)
    return ArrayFacts(dtype=little.name, shape=shape, sha256=digest.hexdigest())


def _write_header(file: BinaryIO, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    document = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, document)

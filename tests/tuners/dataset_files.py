"""Makers of the files that data set tests upload, honest and not."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MNIST_VARIABLE = "HEADSTOCK_MNIST"


def npy(array: Any) -> bytes:
    """An .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array), allow_pickle=True)
    return buffer.getvalue()


def npz(*, packed: bool = False, **arrays: Any) -> bytes:
    """An .npz file as numpy writes it."""
    return npz_of(arrays, packed=packed)


def npz_of(arrays: Mapping[str, Any], *, packed: bool = False) -> bytes:
    """The same of arrays whose names are no words of Python."""
    buffer = io.BytesIO()
    save: Callable[..., None] = np.savez_compressed if packed else np.savez
    save(buffer, **{name: np.asarray(value) for name, value in arrays.items()})
    return buffer.getvalue()


def npy_with_header(header: str | bytes, body: bytes = b"", *, version: int = 1, length: int | None = None) -> bytes:
    """An .npy file with any header."""
    raw = header.encode() if isinstance(header, str) else header
    size = len(raw) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<L", size) + raw + body


def npy_claiming(descr: str, shape: str, body: bytes = b"\0" * 64, *, fortran: bool = False) -> bytes:
    """An .npy file whose header says whatever it is told to."""
    return npy_with_header(f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n", body)


@dataclass(frozen=True)
class Entry:
    """One member of a hand-made archive; what is None is told truly."""

    name: bytes
    content: bytes
    method: int = 8
    flags: int = 0
    mode: int = 0o100644
    says_size: int | None = None
    says_packed: int | None = None
    says_crc: int | None = None
    local_name: bytes | None = None
    packed: bytes | None = None
    extra: bytes = b""
    offset: int | None = None


def archive(
    *entries: Entry,
    before: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
    says_count: int | None = None,
    zip64_count: int | None = None,
    moved: int = 0,
) -> bytes:
    """A zip file written by hand, lies included."""
    out = bytearray(before)
    directory = bytearray()
    for entry in entries:
        packed = entry.packed if entry.packed is not None else _pack(entry)
        crc = zlib.crc32(entry.content) if entry.says_crc is None else entry.says_crc
        size = len(entry.content) if entry.says_size is None else entry.says_size
        packed_size = len(packed) if entry.says_packed is None else entry.says_packed
        offset = len(out) if entry.offset is None else entry.offset
        local = entry.name if entry.local_name is None else entry.local_name
        if entry.offset is None:
            out += struct.pack(
                "<4s5H3L2H", b"PK\3\4", 20, entry.flags, entry.method, 0, 0, crc, packed_size, size, len(local), 0
            )
            out += local + packed
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", (3 << 8) | 20, 20, entry.flags, entry.method, 0, 0, crc, packed_size, size,
            len(entry.name), len(entry.extra), 0, 0, 0, entry.mode << 16, offset,
        )  # fmt: skip
        directory += entry.name + entry.extra
    start = len(out)
    out += directory
    count = len(entries) if says_count is None else says_count
    if zip64_count is not None:
        at = len(out)
        out += struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, zip64_count, zip64_count, len(directory), start)
        out += struct.pack("<4sLQL", b"PK\6\7", 0, at, 1)
    out += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), start + moved, len(comment))
    return bytes(out + comment + after)


def _pack(entry: Entry) -> bytes:
    if entry.method != 8:
        return entry.content
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(entry.content) + deflate.flush()


def member(name: str, content: bytes, **lies: Any) -> Entry:
    """A member by a name that is text."""
    return Entry(name.encode(), content, **lies)


def zip_of(**files: bytes) -> bytes:
    """An ordinary zip file of the given `.npy` contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, content in files.items():
            out.writestr(f"{name}.npy", content)
    return buffer.getvalue()

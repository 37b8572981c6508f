"""Reading an untrusted zip archive: everything is checked from its directory before a byte is unpacked.

Python's own reader trusts more than we can: it takes the directory's word for the number of entries (a million small
ones cost a gigabyte), accepts data before the archive, and leaves overlap and ratio to its caller. Members are streamed
through a byte budget; their names never touch a file system.

Layout: PKWARE's APPNOTE.TXT, sections 4.3.6 to 4.3.16.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tuners.datasets.wire import rejection

_MAX_RATIO = 100
# Small members may be of one value throughout (labels sorted by class), which deflate packs 1,000 to 1.
_RATIO_FROM_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_STORED, _DEFLATED = 0, 8
_FORBIDDEN_FLAGS = 0x1 | 0x40 | 0x2000  # encrypted, strongly encrypted, masked headers

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")


@dataclass(frozen=True, slots=True)
class Kind:
    """What an archive is expected to be.

    Attributes:
        what: Words for a file that is none.
        smaller: The way out for whoever packed something rather empty.
        folders: Whether folders of their own are let pass (they are left out of the members).
    """

    what: str
    smaller: str
    max_members: int
    max_directory_bytes: int
    folders: bool = False


NPZ = Kind(
    what="an .npz archive (a zip file of .npy arrays)",
    smaller="If it really is that empty, save it unpacked: numpy.savez instead of numpy.savez_compressed.",
    max_members=64,
    max_directory_bytes=1 << 20,
)
IMAGES = Kind(
    what="a .zip archive",
    smaller="If it really is that empty, store it unpacked: zip -0.",
    max_members=200_000,
    max_directory_bytes=64 << 20,
    folders=True,
)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive: its name and where its packed bytes lie."""

    name: str
    raw_name: bytes
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    header_offset: int
    is_folder: bool


def read_directory(file: BinaryIO, kind: Kind, *, max_bytes: int) -> tuple[Member, ...]:
    """The members of the archive, all checks passed.

    Args:
        file: The archive, seekable.
        kind: What it is expected to be.
        max_bytes: Limit of the sum of unpacked sizes.

    Raises:
        InvalidDataset: `content_mismatch` (not a zip file, or one hidden behind something else), `corrupt_file`,
            `too_many` members, `archive_rejected` (bomb, overlap, encryption, odd names, links), `too_large`.
    """
    file.seek(0)
    if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
        raise rejection("content_mismatch", f"The file is not {kind.what}.")
    count, directory_offset, directory = _find_directory(file, kind)
    members = _parse_directory(directory, count, folders=kind.folders)
    _check_names(members)
    _check_sizes(members, kind, max_bytes=max_bytes)
    _check_places(file, members, end=directory_offset)
    return tuple(member for member in members if not member.is_folder)


def stream(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The unpacked bytes, at most `member.size_bytes` of them. Raises InvalidDataset at the first lie."""
    file.seek(member.header_offset)
    header = _LOCAL.unpack(file.read(_LOCAL.size))
    file.seek(header[9] + header[10], 1)
    crc = 0
    total = 0
    for chunk in _unpacked(file, member):
        total += len(chunk)
        if total > member.size_bytes:
            raise rejection("archive_rejected", f"{member.name} is larger than the archive's directory says.")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if total != member.size_bytes or crc != member.crc:
        raise rejection("corrupt_file", f"{member.name} is damaged: its size or checksum is not what the archive says.")


def _unpacked(file: BinaryIO, member: Member) -> Iterator[bytes]:
    left = member.packed_bytes
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == _DEFLATED else None
    while left and not (inflate and inflate.eof):
        packed = file.read(min(left, _CHUNK_BYTES))
        if not packed:
            raise rejection("corrupt_file", f"{member.name} is cut short.")
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        try:
            while packed:
                chunk = inflate.decompress(packed, _CHUNK_BYTES)
                packed = inflate.unconsumed_tail
                if chunk:
                    yield chunk
        except zlib.error as error:
            raise rejection("corrupt_file", f"{member.name} is damaged: it cannot be unpacked.") from error
    if inflate is not None:
        if not inflate.eof:
            raise rejection("corrupt_file", f"{member.name} is cut short.")
        if left or inflate.unused_data:
            raise rejection("archive_rejected", f"{member.name} holds data after its end.")


def _find_directory(file: BinaryIO, kind: Kind) -> tuple[int, int, bytes]:
    """Number of entries, offset and bytes of the central directory."""
    size = file.seek(0, 2)
    start = max(0, size - _END.size - 0xFFFF)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise rejection("corrupt_file", "The archive has no end record: it is cut short or damaged.")
    _, disk, directory_disk, here, count, length, offset, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        raise rejection("archive_rejected", "The archive has data after its end.")
    end = start + at
    if end >= _END64_LOCATOR.size:
        file.seek(end - _END64_LOCATOR.size)
        magic, _, end64, _ = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
        if magic == b"PK\x06\x07":
            file.seek(min(end64, size))
            record = file.read(_END64.size)
            if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
                raise rejection("archive_rejected", "The archive's 64-bit end record is not where it should be.")
            values = _END64.unpack(record)
            wide = values[6:10]
            for narrow, value, marker in zip(
                (here, count, length, offset), wide, (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), strict=True
            ):
                if narrow not in (value, marker):
                    raise rejection("archive_rejected", "The archive's two end records contradict each other.")
            here, count, length, offset = wide
            end = end64
    if disk or directory_disk or here != count:
        raise rejection("archive_rejected", "The archive is one of several parts.")
    if count > kind.max_members:
        raise rejection("too_many", f"The archive has {count} members; at most {kind.max_members} are read.")
    if length > kind.max_directory_bytes or offset + length != end:
        raise rejection("archive_rejected", "The archive's directory is not where its end record says.")
    file.seek(offset)
    return count, offset, file.read(length)


def _parse_directory(directory: bytes, count: int, *, folders: bool) -> tuple[Member, ...]:
    members: list[Member] = []
    at = 0
    while at < len(directory):
        if len(directory) - at < _ENTRY.size or directory[at : at + 4] != b"PK\x01\x02" or len(members) == count:
            raise rejection("corrupt_file", "The archive's directory is damaged.")
        fields = _ENTRY.unpack_from(directory, at)
        (_, made_by, _, flags, method, _, _, crc, packed, size, name_len, extra_len, comment_len, disk) = fields[:14]
        attributes, offset = fields[15], fields[16]
        at += _ENTRY.size
        raw_name = directory[at : at + name_len]
        extra = directory[at + name_len : at + name_len + extra_len]
        at += name_len + extra_len + comment_len
        if at > len(directory) or len(extra) < extra_len:
            raise rejection("corrupt_file", "The archive's directory is damaged.")
        is_folder = folders and raw_name.endswith(b"/")
        name = _member_name(raw_name.removesuffix(b"/") if is_folder else raw_name)
        size, packed, offset = _wide_fields(extra, size=size, packed=packed, offset=offset)
        if flags & _FORBIDDEN_FLAGS:
            raise rejection("archive_rejected", f"{name} is encrypted.")
        if method not in (_STORED, _DEFLATED):
            raise rejection("archive_rejected", f"{name} is packed by a method other than deflate.")
        kind = stat.S_IFMT(attributes >> 16) if made_by >> 8 == 3 else 0
        if kind not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG) or disk:
            raise rejection("archive_rejected", f"{name} is not a plain file.")
        if is_folder and size:
            raise rejection("archive_rejected", f"{name} is a folder with bytes of its own.")
        members.append(Member(name, raw_name, method, crc, packed, size, offset, is_folder))
    if len(members) != count:
        raise rejection("corrupt_file", "The archive's directory has fewer entries than it says.")
    return tuple(members)


def _wide_fields(extra: bytes, *, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Size, packed size and offset with their 64-bit values put in where the narrow ones are only markers."""
    at = 0
    wide = b""
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        if tag == 1:
            wide = extra[at + 4 : at + 4 + length]
        at += 4 + length
    values = [size, packed, offset]
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF:
            if len(wide) < 8:
                raise rejection("archive_rejected", "A member's 64-bit size is missing.")
            values[index] = struct.unpack_from("<Q", wide)[0]
            wide = wide[8:]
    return values[0], values[1], values[2]


def _member_name(raw: bytes) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise rejection("archive_rejected", "A member's name is not UTF-8.") from error
    parts = name.split("/")
    if (
        not name
        or len(raw) > 255
        or not name.isprintable()
        or "\\" in name
        or (len(name) > 1 and name[1] == ":")
        or any(part in ("", ".", "..") for part in parts)
    ):
        raise rejection("archive_rejected", "A member's name is absolute, leads outside, or has odd characters.")
    return name


def _check_names(members: tuple[Member, ...]) -> None:
    if len({member.name for member in members}) < len(members):
        raise rejection("corrupt_file", "Two members have the same name.")
    if len({unicodedata.normalize("NFC", member.name).casefold() for member in members}) < len(members):
        raise rejection("archive_rejected", "Two members' names differ only in case.")


def _check_sizes(members: tuple[Member, ...], kind: Kind, *, max_bytes: int) -> None:
    total = sum(member.size_bytes for member in members)
    for member in members:
        if member.size_bytes > _RATIO_FROM_BYTES and member.size_bytes > _MAX_RATIO * max(1, member.packed_bytes):
            raise rejection(
                "archive_rejected",
                f"{member.name} unpacks to more than {_MAX_RATIO} times its size. {kind.smaller}",
            )
        if member.method == _STORED and member.packed_bytes != member.size_bytes:
            raise rejection("archive_rejected", f"{member.name} is stored, but with two sizes.")
    if total > max_bytes:
        raise rejection("too_large", f"The archive unpacks to more than the {max_bytes} bytes allowed.")


def _check_places(file: BinaryIO, members: tuple[Member, ...], *, end: int) -> None:
    """Each member's local header is there, names the same file, and no two members share bytes."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    if ordered and ordered[0].header_offset != 0:
        raise rejection("content_mismatch", "The file does not begin with the archive's first member.")
    if any(member.header_offset >= end for member in members):
        raise rejection("corrupt_file", "A member lies behind the archive's directory.")
    for index, member in enumerate(ordered):
        limit = ordered[index + 1].header_offset if index + 1 < len(ordered) else end
        file.seek(member.header_offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
            raise rejection("corrupt_file", f"{member.name} is not where the archive's directory says.")
        fields = _LOCAL.unpack(header)
        if fields[3] != member.method or file.read(fields[9]) != member.raw_name:
            raise rejection("archive_rejected", f"{member.name} is described twice, differently.")
        if member.header_offset + _LOCAL.size + fields[9] + fields[10] + member.packed_bytes > limit:
            raise rejection("archive_rejected", f"{member.name} overlaps another member.")

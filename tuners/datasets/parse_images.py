"""From an uploaded .zip of class folders of images to arrays on disk, an image at a time.

Nothing is unpacked to a file: a member is decoded in memory, by its content and never by its name, and only by the few
formats that are allowed. Its size is known, and checked, before a pixel is.
"""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from storage.errors import InvalidDataset
from tuners.datasets.archive import IMAGES, Member, read_directory, stream
from tuners.datasets.npy import Array
from tuners.datasets.raw import Part, RawData
from tuners.datasets.wire import PARTS, Color, rejection

_FORMATS = ("PNG", "JPEG", "BMP", "GIF")
# What Pillow calls a JPEG of a phone that holds a second picture, too.
_FOUND = frozenset({*_FORMATS, "MPO"})
_ENDINGS = frozenset({"png", "jpg", "jpeg", "bmp", "gif"})
_ARCHIVES = frozenset({"zip", "npz", "gz", "tar", "tgz", "7z", "rar", "xz", "bz2"})
_PARTS = {"train": "train", "validation": "validation", "val": "validation", "valid": "validation", "test": "test"}
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
_MAX_PIXELS = 50_000_000
_MAX_FILE_BYTES = 64 << 20
_MAX_SIDE = 2048
_MAX_CLASSES = 10_000
_MAX_CLASS_NAME = 128
_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "I;16N")

Image.MAX_IMAGE_PIXELS = _MAX_PIXELS


@dataclass(frozen=True, slots=True)
class _Picture:
    part: str
    label: str
    member: Member


def parse_images(
    path: Path, scratch: Path, *, size: tuple[int, int] | None, color: Color | None, max_bytes: int
) -> RawData:
    """The images as uint8 of shape (rows, height, width, channels), mapped from files in `scratch`, and their classes.

    Rows are in the order of the files' paths, so that the order within the archive does not matter.

    Args:
        path: The upload.
        scratch: Folder for the pixels.
        size: Height and width all are brought to (bilinear); None demands that they have one already.
        color: "rgb" (also for None) or "grayscale".
        max_bytes: Limit of all pixels together, and of what the archive unpacks to.

    Raises:
        InvalidDataset: As `read_directory` says; `no_classes`, `single_class`, `too_many`, `image_rejected`,
            `shape_mismatch`, `empty_dataset`, `too_large`.
    """
    with path.open("rb") as file:
        pictures = _pictures(read_directory(file, IMAGES, max_bytes=max_bytes))
        classes = _classes(pictures)
        if size is None:
            size = _common_size(file, pictures)
        channels = 1 if color == "grayscale" else 3
        row_bytes = size[0] * size[1] * channels
        if len(pictures) * row_bytes > max_bytes:
            raise rejection("too_large", f"The images are larger than the {max_bytes} bytes allowed, as pixels.")
        place = {name: index for index, name in enumerate(classes)}
        parts: dict[str, Part] = {}
        for part in PARTS:
            chosen = [picture for picture in pictures if picture.part == part]
            if not chosen:
                continue
            target = scratch / f"x_{part}.raw"
            with target.open("xb") as out:
                for picture in chosen:
                    out.write(_pixels(file, picture.member, size=size, channels=channels).data)
            x = np.memmap(target, dtype=np.uint8, mode="r", shape=(len(chosen), *size, channels))
            y: Array = np.array([place[picture.label] for picture in chosen], dtype=np.int32)
            parts[part] = Part(x=x, y=y)
    return RawData(parts=parts, class_names=classes, labels_are_text=True)


def _pictures(members: tuple[Member, ...]) -> list[_Picture]:
    """What the folders say of each image. Litter of file managers is left out."""
    paths = [(member.name.split("/"), member) for member in members]
    paths = [(parts, member) for parts, member in paths if not _is_litter(parts)]
    if not paths:
        raise rejection("empty_dataset", "The archive holds no images.")
    for parts, member in paths:
        ending = parts[-1].rpartition(".")[2].lower()
        if ending in _ARCHIVES:
            raise rejection("archive_rejected", "The archive holds another archive.")
        if ending not in _ENDINGS:
            raise _refused(member, f"is no image: files ending in {', '.join(sorted(_ENDINGS))} are read")
    # `zip -r pets.zip pets` puts everything into one more folder.
    while len({parts[0] for parts, _ in paths}) == 1 and all(len(parts) > 2 for parts, _ in paths):
        if paths[0][0][0].lower() in _PARTS:
            break
        paths = [(parts[1:], member) for parts, member in paths]
    with_parts = any(parts[0].lower() == "train" and len(parts) > 1 for parts, _ in paths)
    pictures = [_picture(parts, member, with_parts=with_parts) for parts, member in paths]
    for part in PARTS:
        tops = {parts[0] for parts, _ in paths if with_parts and _PARTS[parts[0].lower()] == part}
        if len(tops) > 1:
            raise rejection("no_classes", f"Two folders are the {part} part: {', '.join(sorted(tops))}.")
    return sorted(pictures, key=lambda picture: (picture.label, picture.member.name))


def _picture(parts: list[str], member: Member, *, with_parts: bool) -> _Picture:
    part = "train"
    if with_parts:
        if parts[0].lower() not in _PARTS:
            raise rejection(
                "no_classes",
                f"{member.name} lies beside the folder train: then all folders are parts, named train, validation and "
                "test, and the classes are folders in them.",
            )
        part = _PARTS[parts[0].lower()]
        parts = parts[1:]
    if len(parts) < 2:
        raise rejection(
            "no_classes", f"{member.name} lies in no class folder. Each class is a folder with its images in it."
        )
    return _Picture(part, unicodedata.normalize("NFC", parts[0]), member)


def _is_litter(parts: list[str]) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return hidden or parts[-1].lower() in _LITTER


def _classes(pictures: Sequence[_Picture]) -> tuple[str, ...]:
    classes = sorted({picture.label for picture in pictures})
    if len(classes) < 2:
        raise rejection("single_class", f"There is one class folder only, {classes[0]!r}: there is nothing to learn.")
    if len(classes) > _MAX_CLASSES:
        raise rejection("too_many", f"There are {len(classes)} class folders; at most {_MAX_CLASSES} are allowed.")
    longest = max(classes, key=len)
    if len(longest) > _MAX_CLASS_NAME:
        raise rejection("no_classes", f"The folder {longest[:40]!r}... has more than {_MAX_CLASS_NAME} characters.")
    twins = {name.casefold() for name in classes}
    if len(twins) < len(classes):
        raise rejection("archive_rejected", "Two class folders' names differ only in case.")
    if not any(picture.part == "train" for picture in pictures):
        raise rejection("no_classes", "The folder train holds no images.")
    return tuple(classes)


def _common_size(file: BinaryIO, pictures: Sequence[_Picture]) -> tuple[int, int]:
    """Height and width of all images, from their headers."""
    first = pictures[0].member
    common: tuple[int, int] | None = None
    for picture in pictures:
        with _opened(file, picture.member) as image:
            size = (image.height, image.width)
        if common is None:
            common = size
        if size != common:
            raise rejection(
                "shape_mismatch",
                f"{first.name} is {common[0]}x{common[1]} and {picture.member.name} is {size[0]}x{size[1]} (height x "
                'width). Say to which size all should be brought: image_size, for example "64x64".',
            )
    assert common is not None
    if max(common) > _MAX_SIDE:
        raise rejection(
            "shape_mismatch",
            f"The images are {common[0]}x{common[1]}, and at most {_MAX_SIDE} pixels on a side are kept. Say to which "
            'size they should be brought: image_size, for example "256x256".',
        )
    return common


def _pixels(file: BinaryIO, member: Member, *, size: tuple[int, int], channels: int) -> Array:
    """The image as uint8 of shape (height, width, channels)."""
    height, width = size
    mode = "L" if channels == 1 else "RGB"
    with _opened(file, member) as image:
        try:
            # JPEG can be decoded at a half, a quarter or an eighth of its size.
            image.draft(mode, (width, height))
            image.load()
            flat = _eight_bits(image).convert(mode)
            if flat.size != (width, height):
                flat = flat.resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(flat, dtype=np.uint8).reshape(height, width, channels)
        except MemoryError:
            raise
        # Each format's decoder has its own kinds of errors for damaged files.
        except Exception as error:
            raise _refused(member, "is damaged: it cannot be decoded") from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits brought to 8: Pillow's own conversion cuts it off at 255."""
    if image.mode not in _SIXTEEN_BITS:
        return image
    return Image.fromarray((np.clip(np.asarray(image), 0, 65_535).astype(np.uint32) >> 8).astype(np.uint8))


def _opened(file: BinaryIO, member: Member) -> Image.Image:
    """The image with its header read: format, size and mode are known and allowed, its pixels not decoded yet."""
    if member.size_bytes > _MAX_FILE_BYTES:
        raise _refused(member, f"is larger than {_MAX_FILE_BYTES} bytes")
    content = b"".join(stream(file, member))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused(member, f"has more than {_MAX_PIXELS:,} pixels") from error
    except MemoryError:
        raise
    except Exception as error:
        raise _refused(member, f"is none of {', '.join(_FORMATS)}, whatever its name says, or is damaged") from error
    if image.format not in _FOUND:
        raise _refused(member, f"is {image.format}, not one of {', '.join(_FORMATS)}")
    return image


def _refused(member: Member, problem: str) -> InvalidDataset:
    return rejection("image_rejected", f"{member.name} {problem}.")

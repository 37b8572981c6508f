"""What may be said about an uploaded file, as plain data: the API's form and the checks are made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, get_args

from storage.datasets import Task
from storage.errors import FieldFault
from tuners.datasets.builtin_names import Scale
from tuners.datasets.wire import Color, FileFormat

FILE_FORMATS: dict[str, FileFormat] = {".npz": "npz", ".csv": "csv", ".parquet": "parquet", ".zip": "zip"}
_ALL: frozenset[FileFormat] = frozenset(get_args(FileFormat))
_TABLES: frozenset[FileFormat] = frozenset({"csv", "parquet"})
_IMAGES: frozenset[FileFormat] = frozenset({"zip"})
_SIZE = re.compile(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})")
_MAX_SIDE = 2048


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be said. `choices` is empty where any text may be."""

    name: str
    description: str
    formats: frozenset[FileFormat]
    choices: tuple[str, ...] = ()


OPTIONS: tuple[Option, ...] = (
    Option(
        "target",
        "Tables: the column to predict, or several between commas (numbers: regression with several outputs; 0 and 1: "
        "yes/no labels).",
        _TABLES,
    ),
    Option("text", "Tables: the column of texts that are the examples; other columns are left out.", _TABLES),
    Option("ignore", "Tables: columns to leave out, between commas.", _TABLES),
    Option("part", "Tables: the column that says of each row `train`, `validation` or `test`.", _TABLES),
    Option("group", "Tables: the column whose equal values must stay on one side of a split.", _TABLES),
    Option("time", "Tables: the column of times (numbers or ISO 8601 dates), for splits in order of time.", _TABLES),
    Option("weight", "Tables: the column of sample weights, 0 or more.", _TABLES),
    Option(
        "image_size",
        "Images: `HEIGHTxWIDTH` that all are brought to; without it they must have one size already.",
        _IMAGES,
    ),
    Option("color", "Images: what they are brought to; `rgb` when left out.", _IMAGES, get_args(Color)),
    Option("scale", "How trainers scale examples; what suits the data when left out.", _ALL, get_args(Scale)),
    Option("task", "What is learnt; told from the targets when left out.", _ALL, get_args(Task)),
)


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """What was said of an upload, as text; None where nothing was. `OPTIONS` describes each."""

    target: str | None = None
    text: str | None = None
    ignore: str | None = None
    part: str | None = None
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    image_size: str | None = None
    color: str | None = None
    scale: str | None = None
    task: str | None = None

    def faults(self, file_format: FileFormat) -> list[FieldFault]:
        """What is wrong with them for a file of this format, without a look into it."""
        found: list[FieldFault] = []
        for option in OPTIONS:
            value = getattr(self, option.name)
            pointer = f"/{option.name}"
            if value is None:
                continue
            if file_format not in option.formats:
                suits = " and ".join(f".{each}" for each in sorted(option.formats))
                found.append(FieldFault(pointer, "not_applicable", f"Is for {suits} files only."))
            elif option.choices and value not in option.choices:
                found.append(FieldFault(pointer, "invalid_choice", f"One of {', '.join(option.choices)}."))
        if self.image_size is not None and _parsed_size(self.image_size) is None:
            detail = f"HEIGHTxWIDTH in pixels, each 1 to {_MAX_SIDE}, as in 64x64."
            found.append(FieldFault("/image_size", "invalid_size", detail))
        return found

    def to_request(self) -> dict[str, Any]:
        """The fields of `wire.UploadRequest` that they fill."""
        document = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**document, "image_size": None if self.image_size is None else _parsed_size(self.image_size)}


def _parsed_size(text: str) -> tuple[int, int] | None:
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    height, width = int(match[1]), int(match[2])
    return (height, width) if max(height, width) <= _MAX_SIDE else None

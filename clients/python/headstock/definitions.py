"""What callers hand over, checked and brought into shape before anything is sent: definitions, files, formats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

from headstock.errors import HeadstockError

Definition = Mapping[str, Any] | str | Path
ExportTable = Literal["trials", "epochs"]
Format = Literal["csv", "jsonl", "parquet"]
At = Literal["best", "last"]
Baseline = Literal["only", "all"]
Sort = Literal["number", "value", "score"]
TrialOrder = Literal["number", "score", "ended"]
Direction = Literal["min", "max"]
PictureFormat = Literal["svg", "png"]
Theme = Literal["light", "dark"]
Chart = Literal["line", "bar"]


def load_definition(definition: Definition) -> dict[str, Any]:
    """The definition as a document, read from its file when a path was given.

    Raises:
        HeadstockError: The file cannot be read, or is not a JSON object.
    """
    if isinstance(definition, Mapping):
        document = dict(definition)
        try:
            json.dumps(document, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as fault:
            raise HeadstockError(f"the definition cannot be written as JSON: {fault}") from fault
        return document
    file = Path(definition)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise HeadstockError(f"{file} cannot be read: {fault.strerror or fault}") from fault
    except UnicodeDecodeError as fault:
        raise HeadstockError(f"{file} is not UTF-8 text") from fault
    except json.JSONDecodeError as fault:
        raise HeadstockError(f"{file}, line {fault.lineno}, column {fault.colno}: {fault.msg}") from fault
    if not isinstance(document, dict):
        raise HeadstockError(f"{file} holds {type(document).__name__}, not a JSON object")
    return document


def opened(file: Path) -> BinaryIO:
    """The file, to be read. Raises HeadstockError when it cannot be."""
    try:
        return file.open("rb")
    except OSError as fault:
        raise HeadstockError(f"{file} cannot be read: {fault.strerror or fault}") from fault


def between_commas(columns: str | Sequence[str] | None) -> str | None:
    """Several names as one field of a form."""
    return columns if isinstance(columns, str | None) else ",".join(columns)


def format_of(target: Path) -> Format:
    """The format of a table that the file's ending tells; csv without one. Raises HeadstockError for others."""
    match target.suffix.lower():
        case "" | ".csv":
            return "csv"
        case ".jsonl" | ".ndjson":
            return "jsonl"
        case ".parquet":
            return "parquet"
        case other:
            raise HeadstockError(f"{target}: {other!r} is no format of an export; these are: .csv, .jsonl, .parquet")


def picture_format(target: Path) -> PictureFormat:
    """The format of a picture that the file's ending tells. Raises HeadstockError for others."""
    match target.suffix.lower():
        case ".svg":
            return "svg"
        case ".png":
            return "png"
        case other:
            raise HeadstockError(f"{target}: {other!r} is no format of a picture; these are: .svg, .png")

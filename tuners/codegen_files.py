"""What the parts of generated programs that read an uploaded file have in common."""

from __future__ import annotations

from dataclasses import dataclass

from storage.datasets import Dataset
from tuners.codegen_text import literal
from tuners.datasets.provenance import read_source


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a data set the program uses.

    Attributes:
        parts: "train" first; those that the file itself holds.
        weights: Whether sample weights.
        groups: Whether groups.
        times: Whether times.
    """

    parts: tuple[str, ...]
    weights: bool = False
    groups: bool = False
    times: bool = False


@dataclass(frozen=True, slots=True)
class Loading:
    """Pieces of the program."""

    standard: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[str, ...]
    code: str


def file_name(dataset: Dataset, suffix: str = "") -> str:
    """The uploaded file's own name, or one made of the data set's."""
    known = read_source(dataset.source)
    if known is not None and (not suffix or known.filename.lower().endswith(f".{suffix}")):
        return known.filename
    return f"{dataset.name}.{suffix}"


def data_file(dataset: Dataset, suffix: str) -> str:
    return f"DATA_FILE = {literal(file_name(dataset, suffix))}"

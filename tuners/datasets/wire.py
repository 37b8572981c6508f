"""What the API process and the child that reads data say to each other: one request, one reply, as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from storage.errors import FieldFault, InvalidDataset
from tuners.datasets.builtin_names import Scale, Task

PARTS = ("train", "validation", "test")
META_NAME = "meta.json"
ArrayName = Literal["x_train", "y_train", "x_validation", "y_validation", "x_test", "y_test"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BuiltinRequest(_Message):
    """Prepare a built-in set; with `downloads` off only from files that are here already."""

    kind: Literal["builtin"] = "builtin"
    name: str
    downloads: bool


class UploadRequest(_Message):
    """Parse an uploaded file.

    Attributes:
        max_bytes: The arrays may not grow larger than this, in bytes.
        max_cpu_s: CPU time after which the child is ended, in seconds.
        max_memory_bytes: Memory of its own that the child may use.
    """

    kind: Literal["upload"] = "upload"
    path: str
    file_format: Literal["npz", "csv"]
    target: str | None = None
    scale: Scale | None = None
    task: Task | None = None
    max_bytes: int
    max_cpu_s: int
    max_memory_bytes: int


class Request(_Message):
    """`folder` is where the arrays are to be written; it exists and is empty."""

    folder: str
    work: BuiltinRequest | UploadRequest = Field(discriminator="kind")


class ArrayFacts(_Message):
    """One array: `sha256` is of its bytes in C order, without the file's header."""

    dtype: str
    shape: tuple[int, ...]
    sha256: Sha256


class Meta(_Message):
    """What `meta.json` beside the arrays says of them; the fields of `storage.records.Dataset` come from here."""

    format: Literal[1] = 1
    task: Task
    input_shape: tuple[int, ...]
    num_classes: int | None
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    scale: Scale
    arrays: Mapping[ArrayName, ArrayFacts]

    @model_validator(mode="after")
    def _parts_are_whole(self) -> Self:
        shapes = {str(name): facts.shape for name, facts in self.arrays.items()}
        if "x_train" not in shapes:
            raise ValueError("there is no training part")
        for part in PARTS:
            x, y = shapes.get(f"x_{part}"), shapes.get(f"y_{part}")
            if x is None and y is None:
                continue
            if x is None or y is None or len(y) != 1 or x != (y[0], *self.input_shape):
                raise ValueError(f"the {part} part does not fit together")
        if (self.task == "classification") != (self.num_classes is not None):
            raise ValueError("classes do not suit the task")
        return self

    def rows(self, part: str) -> int:
        """Rows of a part; 0 when the set has none such."""
        facts = {str(name): facts for name, facts in self.arrays.items()}.get(f"x_{part}")
        return facts.shape[0] if facts else 0

    def fingerprint(self) -> str:
        """sha256 over every array's name, dtype, shape and content: equal exactly when the data are."""
        listed = {name: [facts.dtype, list(facts.shape), facts.sha256] for name, facts in self.arrays.items()}
        return hashlib.sha256(json.dumps(listed, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Fault(_Message):
    pointer: str
    code: str
    detail: str


class Reply(_Message):
    """Exactly one of the three: the data are in the folder, or they are wrong, or something outside failed."""

    meta: Meta | None = None
    faults: tuple[Fault, ...] = ()
    unavailable: str | None = None
    no_space: bool = False


def rejection(code: str, detail: str, *, pointer: str = "/file") -> InvalidDataset:
    """The error for one fault of an upload."""
    return InvalidDataset(f"The data set cannot be used: {detail}", (FieldFault(pointer, code, detail),))

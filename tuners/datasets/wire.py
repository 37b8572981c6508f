"""What the API process and the child that reads data say to each other: one request, one reply, as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from storage.datasets import DatasetInput, DatasetKind, DatasetTarget, TableColumn, Task
from storage.errors import FieldFault, InvalidDataset
from tuners.datasets.builtin_names import Scale

PARTS = ("train", "validation", "test")
META_NAME = "meta.json"
# Names become parts of file names, and of layers' names in Keras.
INPUT_NAME = r"[a-z][a-z0-9_]{0,63}"
_PART = "(?:train|validation|test)"
ArrayName = Annotated[
    str, Field(pattern=rf"^(?:[xy](?:\.{INPUT_NAME})?_{_PART}|(?:offsets|w)_{_PART}|[gt]_train)$", max_length=100)
]
FileFormat = Literal["npz", "csv", "parquet", "zip"]
Color = Literal["rgb", "grayscale"]
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
        target: Of a table: the column to be predicted, or several between commas.
        text: Of a table: the column of texts that are the examples.
        ignore: Of a table: columns to leave out, between commas.
        part: Of a table: the column that says "train", "validation" or "test".
        group: Of a table: the column whose equal values must stay together.
        time: Of a table: the column that orders the rows.
        weight: Of a table: the column of sample weights.
        image_size: Height and width that images are brought to.
        max_bytes: The arrays may not grow larger than this, in bytes.
        max_cpu_s: CPU time after which the child is ended, in seconds.
        max_memory_bytes: Memory of its own that the child may use.
    """

    kind: Literal["upload"] = "upload"
    path: str
    file_format: FileFormat
    target: str | None = None
    text: str | None = None
    ignore: str | None = None
    part: str | None = None
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    image_size: tuple[int, int] | None = None
    color: Color | None = None
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


def array_name(axis: Literal["x", "y"], part: str, name: str | None = None) -> str:
    """The name of a file of examples or targets, without its ending; `name` is that of one of several."""
    return f"{axis}_{part}" if name is None else f"{axis}.{name}_{part}"


class Meta(_Message):
    """What `meta.json` beside the arrays says of them; the fields of `storage.datasets.Dataset` come from here.

    Data sets with equal arrays share one folder, and so one of these files: whoever reads a stored set takes only
    `arrays` from it, and everything else from the record.

    Attributes:
        format: 2; sets stored as 1 had only `x_*` and `y_*` of numbers, and say so by leaving the later fields out.
        arrays: Facts of every array, by file name without its ending. For each part there are `x_PART` and `y_PART`, or
            `x.NAME_PART` and `y.NAME_PART` for each of several inputs and targets. Texts are `x_PART` (uint8, all texts
            joined, UTF-8) with `offsets_PART` (int64, rows + 1). `w_PART` (float64) are sample weights, `g_train`
            (int32) codes of groups, `t_train` (int64) times of which only the order matters.
    """

    format: Literal[1, 2] = 2
    task: Task
    input_shape: tuple[int, ...]
    num_classes: int | None
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...]
    scale: Scale
    arrays: Mapping[ArrayName, ArrayFacts]
    kind: DatasetKind = "array"
    target_shape: tuple[int, ...] = ()
    target_names: tuple[str, ...] = ()
    columns: tuple[TableColumn, ...] = ()
    inputs: tuple[DatasetInput, ...] = ()
    targets: tuple[DatasetTarget, ...] = ()
    max_token: int | None = None

    @model_validator(mode="after")
    def _parts_are_whole(self) -> Self:
        if not self._has("train"):
            raise ValueError("there is no training part")
        for part in PARTS:
            if self._has(part) and not self._fits(part):
                raise ValueError(f"the {part} part does not fit together")
        expected = {name for part in PARTS if self._has(part) for name in self.part_arrays(part)}
        if set(self.arrays) != expected:
            raise ValueError("there are arrays that belong to no part")
        if (self.task == "regression") != (self.num_classes is None):
            raise ValueError("classes do not suit the task")
        if self.columns and self.input_shape != (len(self.columns),):
            raise ValueError("columns do not suit the examples")
        return self

    def part_arrays(self, part: str) -> tuple[str, ...]:
        """Names of all arrays of a part, examples first; nothing when the set has no such part."""
        if not self._has(part):
            return ()
        names = [array_name("x", part, each.name) for each in self.inputs] or [array_name("x", part)]
        if self.kind == "text":
            names.append(f"offsets_{part}")
        names += [array_name("y", part, each.name) for each in self.targets] or [array_name("y", part)]
        return (*names, *(name for name in (f"w_{part}", f"g_{part}", f"t_{part}") if name in self.arrays))

    def rows(self, part: str) -> int:
        """Rows of a part; 0 when the set has none such."""
        if not self._has(part):
            return 0
        if self.kind == "text":
            return self.arrays[f"offsets_{part}"].shape[0] - 1
        return self.arrays[self.part_arrays(part)[0]].shape[0]

    def fingerprint(self) -> str:
        """sha256 over every array's name, dtype, shape and content: equal exactly when the data are.

        Of a table with categories their names count as well: without them the codes mean nothing.
        """
        listed: dict[str, object] = {
            name: [facts.dtype, list(facts.shape), facts.sha256] for name, facts in self.arrays.items()
        }
        if any(column.kind == "category" for column in self.columns):
            listed["categories"] = [list(column.categories) for column in self.columns]
        return hashlib.sha256(json.dumps(listed, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def _has(self, part: str) -> bool:
        first = array_name("x", part, self.inputs[0].name if self.inputs else None)
        return first in self.arrays or f"y_{part}" in self.arrays

    def _fits(self, part: str) -> bool:
        names = self.part_arrays(part)
        if not set(names) <= set(self.arrays):
            return False
        shapes = {name: self.arrays[name].shape for name in names}
        if not all(shapes.values()):
            return False
        rows = self.rows(part)
        examples = {array_name("x", part, each.name): each.shape for each in self.inputs} or {
            array_name("x", part): self.input_shape
        }
        if self.kind == "text":
            examples = {}
            if len(shapes[f"offsets_{part}"]) != 1 or len(shapes[f"x_{part}"]) != 1 or self.input_shape or rows < 1:
                return False
        targets = {array_name("y", part, each.name): each.shape for each in self.targets} or {
            array_name("y", part): self.target_shape
        }
        others = {name: () for name in (f"w_{part}", f"g_{part}", f"t_{part}") if name in shapes}
        return all(shapes[name] == (rows, *shape) for name, shape in {**examples, **targets, **others}.items())


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

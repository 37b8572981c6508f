"""What is said to the child that makes Parquet files: one line of JSON a question, one line an answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ColumnType = Literal["bool", "int", "float", "text", "time", "ints", "floats"]
"""`int` is 64 bits wide, `float` a double, `time` UTC microseconds; `ints` and `floats` are lists of those."""
WireCell = bool | int | float | str | list[int] | list[float] | None


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Message):
    name: str
    type: ColumnType

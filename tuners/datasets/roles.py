"""What each column of an uploaded table is for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from storage.errors import InvalidDataset
from tuners.datasets.wire import UploadRequest, rejection


@dataclass(frozen=True, slots=True)
class Roles:
    """Places of columns in the table; features are what is left, and none when `text` is given."""

    targets: tuple[int, ...]
    features: tuple[int, ...]
    text: int | None = None
    part: int | None = None
    group: int | None = None
    time: int | None = None
    weight: int | None = None


def assign_roles(names: Sequence[str], request: UploadRequest) -> Roles:
    """The roles that the options give to columns.

    Several columns are named with commas between them; a column whose own name has a comma is found when it is named
    alone.

    Raises:
        InvalidDataset: `target_required`, `unknown_column`, `repeated_column`, `no_features`.
    """
    if request.target is None:
        raise rejection(
            "target_required", f"Say which column is to be predicted. The columns are {_listed(names)}.",
            pointer="/target",
        )  # fmt: skip
    taken: dict[int, str] = {}

    def places(option: str, value: str | None, *, several: bool = False) -> tuple[int, ...]:
        found = []
        for name in _split(names, value, several=several):
            if name not in names:
                raise _unknown(names, name, option)
            place = names.index(name)
            if place in taken:
                detail = f"The column {name!r} is named twice, here and as {taken[place]}."
                raise rejection("repeated_column", detail, pointer=f"/{option}")
            taken[place] = option
            found.append(place)
        return tuple(found)

    def place(option: str, value: str | None) -> int | None:
        return next(iter(places(option, value)), None)

    targets = places("target", request.target, several=True)
    text, part, group = place("text", request.text), place("part", request.part), place("group", request.group)
    time, weight = place("time", request.time), place("weight", request.weight)
    places("ignore", request.ignore, several=True)
    features = () if text is not None else tuple(index for index in range(len(names)) if index not in taken)
    if not features and text is None:
        raise rejection("no_features", "No column is left to learn from.")
    return Roles(targets, features, text=text, part=part, group=group, time=time, weight=weight)


def _split(names: Sequence[str], value: str | None, *, several: bool) -> list[str]:
    if value is None:
        return []
    if not several or value in names:
        return [value]
    return [name.strip() for name in value.split(",")]


def _unknown(names: Sequence[str], name: str, option: str) -> InvalidDataset:
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    detail = f"There is no column {name[:128]!r}.{hint} The columns are {_listed(names)}."
    return rejection("unknown_column", detail, pointer=f"/{option}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:20]) + (", ..." if len(names) > 20 else "")

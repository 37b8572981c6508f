"""`--set tuner.max_epochs=9`: single places of a definition, changed on the command line."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

import typer


def overridden(definition: dict[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """The definition with `path=value` assignments applied, in order.

    A path's parts are separated by dots; a number stands for the place in a list. Parts that are missing are made. A
    value is read as JSON where it is JSON (`9`, `true`, `[16, 32]`), else as text.

    Raises:
        typer.BadParameter: An assignment has no `=`, or its path leads through something that is no object or list.
    """
    changed = copy.deepcopy(definition)
    for assignment in assignments:
        path, sign, text = assignment.partition("=")
        if not sign or not path:
            raise typer.BadParameter(f"{assignment!r} is not of the form path=value", param_hint="--set")
        _assign(changed, path, _value(text))
    return changed


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _assign(document: dict[str, Any], path: str, value: Any) -> None:
    parts = path.split(".")
    place: Any = document
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        if isinstance(place, dict):
            if last:
                place[part] = value
            else:
                place = place.setdefault(part, {})
        elif isinstance(place, list) and part.isdigit() and int(part) < len(place):
            if last:
                place[int(part)] = value
            else:
                place = place[int(part)]
        else:
            where = ".".join(parts[: depth + 1])
            raise typer.BadParameter(f"there is no place {where!r} in the definition", param_hint="--set")

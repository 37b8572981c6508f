"""Python source text: literals and calls, laid out to be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WIDTH = 100


def literal(value: Any) -> str:
    """The value as Python writes it; lists become tuples, strings get double quotes.

    Raises:
        ValueError: It is neither a scalar nor a list of such.
    """
    if isinstance(value, list | tuple):
        items = ", ".join(literal(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, str):
        # `repr` escapes whatever could end the string or the line; only its quotes are changed.
        shown = repr(value)
        return f'"{shown[1:-1]}"' if shown[0] == "'" and '"' not in shown and "\\'" not in shown else shown
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    raise ValueError(f"no literal for a {type(value).__name__}")


def call(name: str, arguments: list[str], *, indent: int = 0) -> str:
    """The call on one line, or one argument a line when that is too long or an argument has several lines."""
    return _bracketed(f"{name}(", arguments, ")", indent)


def listed(items: list[str], *, indent: int = 4) -> str:
    """The list on one line, or one item a line."""
    return _bracketed("[", items, "]", indent)


def mapping(items: Mapping[str, str], *, indent: int = 4) -> str:
    """The dictionary of texts on one line, or one entry a line."""
    return _bracketed("{", [f"{literal(key)}: {value}" for key, value in items.items()], "}", indent)


def _bracketed(opening: str, items: list[str], closing: str, indent: int) -> str:
    line = f"{opening}{', '.join(items)}{closing}"
    if (len(line) + indent < _WIDTH and "\n" not in line) or not items:
        return line
    inner = " " * (indent + 4)
    return f"{opening}\n" + "".join(f"{inner}{item},\n" for item in items) + f"{' ' * indent}{closing}"

"""Stored definitions to start from: each is an ordinary search definition, to be edited and posted."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def template_names() -> tuple[str, ...]:
    """The names of all templates, in alphabetical order."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))


def template(name: str) -> dict[str, object]:
    """A fresh copy of one template.

    Raises:
        KeyError: There is no template of this name.
    """
    # Looked up in the list of names, never made into a path: the name comes from a client.
    if name not in template_names():
        raise KeyError(name)
    document: dict[str, object] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return document

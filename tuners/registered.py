"""Builders the operator has registered, by name. Nothing is imported here: the API process uses this too.

A builder is what Keras Tuner users have already: a function `build(hp)`, or a `keras_tuner.HyperModel`. The setting
`builders` and the entry points of the group `headstock.builders` name them; where both have a name, the setting counts.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path

from storage.settings import Settings

NAME = re.compile(r"[a-z0-9_.-]{1,64}")
GROUP = "headstock.builders"
_BUILDERS = "HEADSTOCK_BUILDERS"
_CODE = "HEADSTOCK_CODE"
_MAX_SOURCE_BYTES = 4 * 1024 * 1024


def registered(setting: Mapping[str, str]) -> dict[str, str]:
    """What clients may name: name to `module:attribute`, sorted by name."""
    found = {point.name: point.value for point in entry_points(group=GROUP) if NAME.fullmatch(point.name)}
    return dict(sorted((found | dict(setting)).items()))


def child_environment(settings: Settings) -> dict[str, str]:
    """What a child process that builds models must know of the settings: it is given nothing else of them.

    `PYTHONPATH` is in it, with absolute folders, when the operator has set one: there the builders' modules may lie.
    """
    environment = {_BUILDERS: json.dumps(settings.builders), _CODE: "1" if settings.code else "0"}
    given = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    root = str(Path(__file__).resolve().parents[1])
    path = dict.fromkeys([root, *(str(Path(part).absolute()) for part in given)])
    return {**environment, "PYTHONPATH": os.pathsep.join(path)}


def registered_here() -> dict[str, str]:
    """In a child process: what its parent's settings and the installed packages register."""
    return registered(json.loads(os.environ.get(_BUILDERS, "{}")))


def code_allowed_here() -> bool:
    """In a child process: whether its parent's settings allow code from clients."""
    return os.environ.get(_CODE) == "1"


@lru_cache(maxsize=256)
def summary(target: str) -> str:
    """The first line of the docstring of `module:attribute`; empty when there is none to be found.

    Read from the source file as text: importing it would run it, and import Keras.
    """
    module, _, attribute = target.partition(":")
    source = _source(module)
    if source is None:
        return ""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == attribute:
            text = ast.get_docstring(node) or ""
            return text.split("\n", 1)[0].strip()
    return ""


def _source(module: str) -> str | None:
    """The text of a module found on the path, without importing it or the packages around it."""
    path = None
    spec = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = PathFinder.find_spec(name, path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    try:
        with open(spec.origin, encoding="utf-8") as file:
            return file.read(_MAX_SOURCE_BYTES)
    except (OSError, UnicodeDecodeError):
        return None

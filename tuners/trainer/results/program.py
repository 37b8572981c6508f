"""The text of `predict.py`: the modules it is made of, one after the other, in a single file."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_MODULES = (
    "tuners/datasets/preprocessing/sequences.py",
    "tuners/datasets/preprocessing/tables.py",
    "tuners/datasets/preprocessing/texts.py",
    "tuners/datasets/preprocessing/windows.py",
    "tuners/datasets/preprocessing/standalone.py",
    "tuners/trainer/results/decoding.py",
    "tuners/trainer/results/predicting.py",
)


@cache
def predict_program() -> str:
    """A program that needs none of our modules: `predicting` with everything it imports from us in front of it."""
    sources = [(_ROOT / name).read_text(encoding="utf-8") for name in _MODULES]
    trees = [ast.parse(source) for source in sources]
    imports: set[str] = set()
    bodies = []
    for source, tree in zip(sources, trees, strict=True):
        lines = source.splitlines()
        first = 0
        for node in tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                if not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("tuners", "__future__"))):
                    imports.update(_single(node))
            elif not (node is tree.body[0] and isinstance(node, ast.Expr)):
                break
            first = node.end_lineno or first
        bodies.append("\n".join(lines[first:]).strip("\n"))
    docstring = ast.get_docstring(trees[-1], clean=False)
    head = [f'"""{docstring}"""', "", "from __future__ import annotations", ""]
    plain, named = (sorted(line for line in imports if line.startswith(kind)) for kind in ("import ", "from "))
    return "\n".join([*head, *plain, *named, "", "", "\n\n\n".join(bodies), ""])


def _single(node: ast.Import | ast.ImportFrom) -> list[str]:
    """One statement for each name, so that modules that import the same do not repeat each other."""
    origin = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
    return [f"{origin}import {name.name}" + (f" as {name.asname}" if name.asname else "") for name in node.names]

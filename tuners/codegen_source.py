"""Source text of our own functions, for programs that run without us.

Read from the modules that trainers run, so what people take home does what was done here. Nothing is imported for it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_DATASETS = Path(__file__).parent / "datasets"
_MODULES = {
    "splits": _DATASETS / "splits.py",
    **{
        name: _DATASETS / "preprocessing" / f"{name}.py"
        for name in ("sequences", "tables", "texts", "windows", "standalone")
    },
}
_OURS = "tuners.datasets.preprocessing."


@dataclass(frozen=True, slots=True)
class Pieces:
    """Functions with all they need: `standard` and `others` are lines of imports, `code` the definitions."""

    standard: tuple[str, ...]
    others: tuple[str, ...]
    code: str


def pieces(*wanted: str) -> Pieces:
    """The source of functions, each named as `module.function`, and of what they use.

    Raises:
        KeyError: There is no such module or function.
    """
    gathered = _Gathered()
    for each in wanted:
        module, _, name = each.partition(".")
        gathered.add(module, name)
    return gathered.pieces()


@dataclass(frozen=True, slots=True)
class _Module:
    """Text of each name a module defines, the names that text uses, and where imported names come from."""

    texts: dict[str, str]
    uses: dict[str, frozenset[str]]
    imports: dict[str, str]
    ours: dict[str, str]


@cache
def _module(name: str) -> _Module:
    text = _MODULES[name].read_text("utf-8")
    found = _Module({}, {}, {}, {})
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_OURS):
            found.ours.update({alias.name: (node.module or "").removeprefix(_OURS) for alias in node.names})
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                line = ast.unparse(
                    ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
                )
                found.imports[alias.asname or alias.name] = line
        else:
            for defined in _defined(node):
                found.texts[defined] = ast.get_source_segment(text, node) or ""
                found.uses[defined] = frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


@dataclass(slots=True)
class _Gathered:
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)

    def add(self, module: str, name: str) -> None:
        known = _module(module)
        if name in known.ours:
            self.add(known.ours[name], name)
            return
        if name in known.imports:
            self.imports.add(known.imports[name])
            return
        chosen = self.texts.setdefault(module, {})
        if name in chosen:
            return
        chosen[name] = known.texts[name]
        for used in sorted(known.uses[name]):
            if used in known.texts or used in known.imports or used in known.ours:
                self.add(module, used)

    def pieces(self) -> Pieces:
        texts: list[str] = []
        for module, chosen in self.texts.items():
            # In the module's own order, and what two modules define alike only once.
            texts += [text for name, text in _module(module).texts.items() if name in chosen and text not in texts]
        assigned = [text for text in texts if not text.startswith(("def ", "class "))]
        functions = [text for text in texts if text.startswith(("def ", "class "))]
        code = "\n\n\n".join([*(["\n".join(assigned)] if assigned else []), *functions])
        lines = _merged(self.imports)
        others = tuple(line for line in lines if "numpy" in line)
        return Pieces(tuple(line for line in lines if line not in others), others, code)


def _merged(lines: set[str]) -> list[str]:
    """Lines of imports, one for each module, in the usual order: whole modules first."""
    whole = sorted(line for line in lines if line.startswith("import "))
    names: dict[str, list[str]] = {}
    for line in sorted(lines - set(whole)):
        module, name = line.removeprefix("from ").split(" import ")
        names.setdefault(module, []).append(name)
    return [*whole, *(f"from {module} import {', '.join(found)}" for module, found in names.items())]

"""The source of a function or class with what it needs from its file, so that it can be run elsewhere.

What a build function uses besides its arguments travels with it: modules and what is imported from them as imports,
functions and classes of the same file as source, plain constants as values. Anything else (an array, a model, an open
file) is refused here, with its name, rather than missed there.
"""

from __future__ import annotations

import ast
import builtins
import dis
import importlib
import inspect
import linecache
import math
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headstock.errors import HeadstockError

MAX_BYTES = 256 * 1024
_MAX_CONSTANT = 10_000
_ANNOTATIONS = "from __future__ import annotations"


class NotPortable(HeadstockError):
    """The function or class cannot be sent as source; the message says what is in the way."""


@dataclass(frozen=True, slots=True)
class Source:
    """Python source that defines `entry`."""

    code: str
    entry: str


def source_of(builder: object) -> Source:
    """The source of a function or class, whole in itself.

    Raises:
        NotPortable: It is neither, its source cannot be found, or it uses something that cannot travel.
    """
    if inspect.isfunction(builder) and builder.__name__ == "<lambda>":
        raise NotPortable("a lambda has no name to be called by: write it as a function with `def`")
    if not inspect.isfunction(builder) and not inspect.isclass(builder):
        hint = ""
        if callable(getattr(type(builder), "build", None)):
            hint = ": send the class, and what its constructor takes as `arguments`"
        raise NotPortable(f"a builder is a function build(hp) or a HyperModel class, not a {_kind(builder)}{hint}")
    collector = _Collector(str(builder.__module__))
    collector.define(builder)
    code = collector.code()
    if len(code.encode()) > MAX_BYTES:
        raise NotPortable(f"`{builder.__name__}` and what it needs have more than {MAX_BYTES} bytes of source")
    return Source(code, builder.__name__)


@dataclass
class _Collector:
    """Gathers definitions in the order in which they must run."""

    module: str
    imports: dict[str, None] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    names: dict[str, object] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)

    def code(self) -> str:
        parts = [_ANNOTATIONS, "\n".join(self.imports)]
        parts.append("\n".join(f"{name} = {value}" for name, value in self.constants.items()))
        parts += self.definitions.values()
        return "\n\n".join(part for part in parts if part) + "\n"

    def define(self, thing: Any) -> None:
        """Take a function or class, after what it needs."""
        name = thing.__name__
        if name in self.begun:
            # Two functions that call each other.
            return
        self.begun.add(name)
        self.names[name] = thing
        text = _text(thing)
        for needed in sorted(_needs(text, name)):
            found, value = _value(thing, needed)
            if found:
                self._take(needed, value, user=thing)
        self.definitions[name] = text

    def _take(self, name: str, value: object, *, user: Any) -> None:
        if name in self.names:
            if self.names[name] is not value:
                raise NotPortable(f"`{name}` means two things in what `{user.__name__}` needs: rename one")
            return
        self.names[name] = value
        if isinstance(value, types.ModuleType):
            self.imports[_written_import(user, name) or _module_import(value, name, user)] = None
        elif _is_constant(value):
            self.constants[name] = repr(value)
        elif inspect.isfunction(value) or inspect.isclass(value):
            if value.__module__ == self.module:
                self.define(value)
                if value.__name__ != name:
                    self.definitions[name] = f"{name} = {value.__name__}"
            else:
                self.imports[_written_import(user, name) or _attribute_import(value, name, user)] = None
        else:
            written = _written_import(user, name)
            if written is None:
                raise NotPortable(
                    f"`{user.__name__}` uses `{name}`, a {_kind(value)}: only modules, functions, classes and plain "
                    "constants travel with it; make it inside the function"
                )
            self.imports[written] = None


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _is_constant(value: object, depth: int = 0) -> bool:
    """Whether `repr` writes it back as it is."""
    if value is None or type(value) in (bool, int, str, bytes):
        return len(repr(value)) <= _MAX_CONSTANT
    if type(value) is float:
        return math.isfinite(value)
    if depth > 5 or len(repr(value)) > _MAX_CONSTANT:
        return False
    if type(value) is dict:
        return all(_is_constant(each, depth + 1) for pair in value.items() for each in pair)
    if type(value) in (list, tuple) or (type(value) in (set, frozenset) and value):
        assert isinstance(value, list | tuple | set | frozenset)
        return all(_is_constant(each, depth + 1) for each in value)
    return False


def _text(thing: Any) -> str:
    try:
        lines = _class_lines(thing) if inspect.isclass(thing) else inspect.getsource(thing)
    except (OSError, TypeError) as fault:
        raise NotPortable(
            f"the source of `{thing.__name__}` cannot be found: write it in a file or a notebook cell"
        ) from fault
    text = textwrap.dedent(lines)
    try:
        ast.parse(text)
    except SyntaxError as fault:
        raise NotPortable(f"the source of `{thing.__name__}` cannot be taken by itself: {fault.msg}") from fault
    return text.rstrip("\n")


def _class_lines(cls: type) -> str:
    """The source of a class. `inspect` cannot find one of a notebook before Python 3.13: its methods know the cell."""
    for member in vars(cls).values():
        function = inspect.unwrap(member) if inspect.isfunction(member) else None
        if function is None:
            continue
        lines = linecache.getlines(function.__code__.co_filename)
        for node in ast.walk(ast.parse("".join(lines))) if lines else ():
            if not isinstance(node, ast.ClassDef) or node.name != cls.__name__:
                continue
            if node.lineno <= function.__code__.co_firstlineno <= (node.end_lineno or 0):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                return "".join(lines[first - 1 : node.end_lineno])
    return inspect.getsource(cls)


def _needs(text: str, own: str) -> set[str]:
    """The global names that running the text, and calling what it defines, looks up."""
    code = compile(f"{_ANNOTATIONS}\n{text}", "<builder>", "exec")
    looked_up = set(_looked_up(code))
    return {name for name in looked_up if name != own and not hasattr(builtins, name)}


def _looked_up(code: types.CodeType) -> Iterator[str]:
    own = {str(each.argval) for each in dis.get_instructions(code) if each.opname == "STORE_NAME"}
    for each in dis.get_instructions(code):
        # In the body of a class or module a name may be its own.
        if each.opname == "LOAD_GLOBAL" or (each.opname == "LOAD_NAME" and each.argval not in own):
            yield str(each.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _looked_up(constant)


def _value(thing: Any, name: str) -> tuple[bool, object]:
    """What a name stands for in the function, or in the methods of the class. A name that is nowhere is its affair."""
    functions = [thing] if inspect.isfunction(thing) else list(_methods(thing))
    for function in functions:
        for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if free == name and name != "__class__":
                try:
                    return True, cell.cell_contents
                except ValueError:
                    return False, None
    for function in functions:
        if name in function.__globals__:
            return True, function.__globals__[name]
    module = sys.modules.get(thing.__module__) if inspect.isclass(thing) else None
    namespace: Mapping[str, object] = vars(module) if module is not None else {}
    return name in namespace, namespace.get(name)


def _methods(cls: type) -> Iterator[Any]:
    for member in vars(cls).values():
        inner = getattr(member, "__func__", member)
        if inspect.isfunction(inner):
            yield inspect.unwrap(inner)


def _written_import(user: Any, name: str) -> str | None:
    """The import of the file that binds the name, as it is written there; None when there is none at its top."""
    functions = [user] if inspect.isfunction(user) else list(_methods(user))
    for function in functions:
        lines = linecache.getlines(function.__code__.co_filename)
        try:
            tree = ast.parse("".join(lines))
        except SyntaxError:
            continue
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    if bound == name and not (isinstance(node, ast.ImportFrom) and node.level):
                        return _import_line(node, alias)
    return None


def _import_line(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    what = alias.name if alias.asname is None else f"{alias.name} as {alias.asname}"
    return f"import {what}" if isinstance(node, ast.Import) else f"from {node.module} import {what}"


def _module_import(module: types.ModuleType, name: str, user: Any) -> str:
    path = module.__name__
    try:
        found = importlib.import_module(path)
    except Exception:
        found = None
    if found is not module:
        raise NotPortable(f"`{user.__name__}` uses the module `{name}`, which cannot be imported as `{path}`")
    return f"import {path}" if path == name else f"import {path} as {name}"


def _attribute_import(value: Any, name: str, user: Any) -> str:
    """For what stands in a notebook, where the imports are in other cells than the function."""
    module, attribute = str(value.__module__), str(value.__qualname__)
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except Exception:
        found = None
    if found is not value or "." in attribute or module == "__main__":
        raise NotPortable(f"`{user.__name__}` uses `{name}`, which cannot be imported as `{module}.{attribute}`")
    return f"from {module} import {attribute}" if attribute == name else f"from {module} import {attribute} as {name}"

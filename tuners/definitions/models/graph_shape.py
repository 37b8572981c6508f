"""How the nodes of a graph hang together: names, inputs, outputs; no cycles, nothing without an end."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tuners.catalogue import catalogue
from tuners.definitions import bounds
from tuners.definitions.faults import Faults, child, listed, suggestion

BODIES = ("layer", "layers", "nodes")
"""What a node can be: one layer, a list of layers, or a group of nodes with one output."""

NODE_FIELDS = ("name", *BODIES, "inputs", "outputs", "if", "repeat")

GROUP_INPUT = "input"
"""The name of a group's input among its own nodes."""

NODE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_NAME_RULE = "must begin with a letter and go on with letters, digits and `_`, at most 64 in all"
_MAX_INPUTS = 64


@dataclass(frozen=True)
class Level:
    """One list of nodes with its outputs.

    Attributes:
        pointer: Of what holds `nodes` and `outputs`.
        sources: Names that come from outside.
        open: Whether other names may come from the data set, which is not known yet.
    """

    nodes: object
    outputs: object
    pointer: str
    sources: Collection[str]
    open: bool = False
    group: bool = False


def check_name(name: object, pointer: str, faults: Faults) -> str | None:
    """The name of a node, an input or an output; None and a fault when it is none."""
    if name is None:
        faults.add(pointer, "missing_field", f"a name is needed: it {_NAME_RULE}")
    elif not isinstance(name, str):
        faults.add(pointer, "invalid_type", "must be text")
    elif not NODE_NAME.fullmatch(name):
        faults.add(pointer, "invalid_name", _NAME_RULE)
    else:
        return name
    return None


def check_level(level: Level, faults: Faults) -> frozenset[str]:
    """Adds a fault for all that is wrong with how the nodes hang together; the sources that are used."""
    place = child(level.pointer, "nodes")
    if not isinstance(level.nodes, list) or not level.nodes:
        code = "missing_field" if level.nodes is None else "invalid_graph" if level.nodes == [] else "invalid_type"
        faults.add(place, code, 'must be a list of nodes such as {"name": "a", "layer": "Dense", "inputs": ["x"], ...}')
        return frozenset(level.sources)
    if len(level.nodes) > bounds.MAX_LAYERS:
        faults.add(place, "too_many", f"a model has at most {bounds.MAX_LAYERS} layers")
        return frozenset(level.sources)
    before = len(faults)
    takes = _Reader(level, place, faults).read()
    ends = _read_outputs(level, takes, faults)
    if len(faults) > before:
        return frozenset(level.sources)
    for name in _circular(takes):
        detail = "its inputs lead back to itself: a graph must not have a cycle"
        faults.add(child(takes[name].pointer, "inputs"), "invalid_graph", detail)
    reached = _reached(takes, ends)
    for name, node in takes.items():
        if name not in reached:
            faults.add(node.pointer, "invalid_graph", "no output depends on this node: use it, or remove it")
    return frozenset(reached)


@dataclass(frozen=True)
class _Node:
    pointer: str
    inputs: tuple[str, ...]


class _Reader:
    """Reads the nodes of one level."""

    def __init__(self, level: Level, place: str, faults: Faults) -> None:
        self._level = level
        self._place = place
        self._faults = faults

    def read(self) -> dict[str, _Node]:
        assert isinstance(self._level.nodes, list)
        items: dict[str, tuple[str, dict[str, Any]]] = {}
        for index, item in enumerate(self._level.nodes):
            pointer = child(self._place, index)
            if not isinstance(item, dict):
                detail = 'must be an object such as {"name": "a", "layer": "Dense", "inputs": ["x"], "units": 8}'
                self._faults.add(pointer, "invalid_type", detail)
                continue
            name = check_name(item.get("name"), child(pointer, "name"), self._faults)
            self._check_kind(item, pointer)
            if name is None:
                continue
            if name in items or name in self._level.sources:
                what = "another node" if name in items else "an input"
                self._faults.add(child(pointer, "name"), "invalid_graph", f"{what} has this name")
                continue
            items[name] = pointer, item
        return {name: self._node(name, item, pointer, items) for name, (pointer, item) in items.items()}

    def _check_kind(self, item: dict[str, Any], pointer: str) -> None:
        bodies = [body for body in BODIES if body in item]
        if len(bodies) != 1:
            if "class_name" in item:
                detail = 'Keras configurations are not accepted: write {"name": ..., "layer": name, argument: value}'
                self._faults.add(child(pointer, "class_name"), "layer_not_allowed", detail)
                return
            code = "missing_field" if not bodies else "invalid_graph"
            self._faults.add(pointer, code, f"a node has one of {listed(BODIES)}")
            return
        if bodies == ["layer"]:
            if "outputs" in item:
                detail = "only a group (`nodes`) says which of its nodes it ends with"
                self._faults.add(child(pointer, "outputs"), "unknown_field", detail)
            return
        known = [field for field in NODE_FIELDS if field not in BODIES or field == bodies[0]]
        if bodies == ["layers"]:
            known.remove("outputs")
        for key in item:
            if key not in known:
                detail = f"no such field here{suggestion(key, known)}; known are {listed(known)}"
                self._faults.add(child(pointer, key), "unknown_field", detail)
        if bodies == ["nodes"]:
            check_level(Level(item["nodes"], item.get("outputs"), pointer, (GROUP_INPUT,), group=True), self._faults)

    def _node(self, name: str, item: dict[str, Any], pointer: str, known: Mapping[str, object]) -> _Node:
        place = child(pointer, "inputs")
        inputs = item.get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, str) for each in inputs):
            code = "missing_field" if inputs is None else "invalid_type"
            self._faults.add(place, code, f'must be a list of names of nodes and inputs, such as ["{self._example()}"]')
            return _Node(pointer, ())
        for index, each in enumerate(inputs[:_MAX_INPUTS]):
            if each == name:
                self._faults.add(child(place, index), "invalid_graph", "a node cannot take its own output")
            elif each not in known and each not in self._level.sources:
                if self._level.open and NODE_NAME.fullmatch(each):
                    continue
                names = [*self._level.sources, *known]
                detail = f"no node or input has this name{suggestion(each, names)}"
                if self._level.group:
                    detail += f"; a group sees its own nodes, and its input as `{GROUP_INPUT}`"
                self._faults.add(child(place, index), "invalid_graph", detail)
        self._check_count(item, len(inputs), place)
        return _Node(pointer, tuple(inputs))

    def _example(self) -> str:
        return next(iter(self._level.sources), "x")

    def _check_count(self, item: dict[str, Any], count: int, pointer: str) -> None:
        word = item.get("layer")
        entry = catalogue().layers.get(word) if isinstance(word, str) else None
        fewest, most = (1, 1) if entry is None else entry.inputs
        what = f"`{entry.name}`" if entry is not None else "a node of this kind"
        if "repeat" in item:
            most = 1
            what = "a repeated node, whose passes take each other's output,"
            if fewest > 1:
                detail = "what joins several inputs cannot be repeated by itself: put it into a group (`nodes`)"
                self._faults.add(pointer, "invalid_graph", detail)
                return
        if not fewest <= count <= most:
            number = str(fewest) if fewest == most else f"{fewest} to {most}"
            plural = "input" if number == "1" else "inputs"
            self._faults.add(pointer, "invalid_graph", f"{what} takes {number} {plural}")


def _read_outputs(level: Level, takes: Mapping[str, _Node], faults: Faults) -> list[str]:
    pointer = child(level.pointer, "outputs")
    outputs = level.outputs
    shown = '["sum"]' if level.group else '["out"], or {"digit": "node_1", "parity": "node_2"}'
    if outputs is None:
        faults.add(pointer, "missing_field", f"must name the nodes it ends with: {shown}")
        return []
    if not isinstance(outputs, list if level.group else list | dict):
        faults.add(pointer, "invalid_type", f"must be a list of names of nodes: {shown}")
        return []
    if not 1 <= len(outputs) <= (1 if level.group else _MAX_INPUTS):
        many = "one output" if level.group else f"1 to {_MAX_INPUTS} outputs"
        faults.add(pointer, "invalid_graph", f"must have {many}: {shown}")
        return []
    pairs = outputs.items() if isinstance(outputs, dict) else enumerate(outputs)
    ends: list[str] = []
    for key, name in pairs:
        place = child(pointer, key)
        if isinstance(key, str):
            if check_name(key, place, faults) is None:
                continue
            if key != name and (key in takes or key in level.sources):
                faults.add(place, "invalid_graph", "another node or an input has the name of this output")
        if not isinstance(name, str):
            faults.add(place, "invalid_type", "must be the name of a node")
        elif name not in takes:
            faults.add(place, "invalid_graph", f"no node has this name{suggestion(name, takes)}")
        elif name in ends and isinstance(outputs, list):
            faults.add(place, "invalid_graph", "this output is named twice")
        else:
            ends.append(name)
    return ends


def _circular(takes: Mapping[str, _Node]) -> list[str]:
    """The nodes that lie on a cycle or behind one, the first of each cycle first."""
    done: set[str] = set()
    waiting = dict(takes)
    progress = True
    while progress:
        progress = False
        for name, node in list(waiting.items()):
            if all(each in done or each not in takes for each in node.inputs):
                done.add(name)
                del waiting[name]
                progress = True
    # Of what waits, only those that reach themselves are to blame.
    return [name for name in waiting if name in _reached(takes, waiting[name].inputs)]


def _reached(takes: Mapping[str, _Node], ends: Collection[str]) -> set[str]:
    """The names on which the ends depend, these included."""
    reached: set[str] = set()
    queue = list(ends)
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue.extend(takes[name].inputs if name in takes else ())
    return reached


def in_order(nodes: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The nodes of a sound level with their places in the list, each after those it takes."""
    names = {node["name"] for node in nodes}
    done: set[str] = set()
    waiting = dict(enumerate(nodes))
    while waiting:
        for index, node in list(waiting.items()):
            if all(each in done or each not in names for each in node["inputs"]):
                done.add(node["name"])
                del waiting[index]
                yield index, node

"""Models of type `graph`: named nodes that take each other's outputs.

A node is a layer, a list of layers, or a group of nodes of its own. `inputs` names what it takes; with `repeat` it
becomes a chain of passes, each taking the one before; with `if` it may be absent, and then passes its (first) input on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage.records import Scalar
from tuners.definitions.arguments import check_layer
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import child, listed, suggestion
from tuners.definitions.filling import OUTSIDE, Place, filled
from tuners.definitions.models.base import ResolvedModel
from tuners.definitions.models.graph_inputs import check_inputs, resolve_inputs
from tuners.definitions.models.graph_shape import GROUP_INPUT, NODE_FIELDS, Level, check_level, in_order
from tuners.definitions.models.layers import branch, check_layers, chosen, passes, resolve_layers
from tuners.definitions.walking import Scope, Walk

_FIELDS = ("type", "inputs", "nodes", "outputs")


def check_graph(model: Mapping[str, object], walk: Walk) -> None:
    """Adds a fault for everything wrong with the model, and notes the hyperparameters it uses."""
    for key in model:
        if key not in _FIELDS:
            detail = f"a graph has {listed(_FIELDS)}{suggestion(key, _FIELDS)}"
            walk.faults.add(child("/model", key), "unknown_field", detail)
    sources = check_inputs(model.get("inputs"), walk)
    level = Level(model.get("nodes"), model.get("outputs"), "/model", sources.names, open=sources.open)
    used = check_level(level, walk.faults)
    sources.refuse_unused(used, walk)
    _check_nodes(model.get("nodes"), "/model/nodes", Scope(), walk)


def graph_outputs(model: Mapping[str, object]) -> tuple[str, ...]:
    """The names of the outputs when there are several; empty when there is one."""
    outputs = model.get("outputs")
    names = outputs if isinstance(outputs, dict | list) else ()
    return tuple(name for name in names if isinstance(name, str)) if len(names) > 1 else ()


def _check_nodes(nodes: object, pointer: str, scope: Scope, walk: Walk) -> None:
    """What stands inside the nodes; how they hang together has been checked."""
    for index, item in enumerate(nodes if isinstance(nodes, list) else ()):
        place = child(pointer, index)
        if not walk.step(place):
            return
        if not isinstance(item, dict):
            continue
        inner = branch(item["if"], place, scope, walk) if "if" in item else scope
        if inner is None:
            continue
        for each in passes(item["repeat"], place, inner, walk) if "repeat" in item else (inner,):
            _check_body(item, place, each, walk)
            if not walk.step(place):
                return


def _check_body(item: dict[str, object], pointer: str, scope: Scope, walk: Walk) -> None:
    if "layer" in item:
        layer = {key: value for key, value in item.items() if key not in NODE_FIELDS or key == "layer"}
        check_layer(layer, pointer, scope, walk)
    elif "layers" in item:
        check_layers(item["layers"], child(pointer, "layers"), scope, walk)
    elif "nodes" in item:
        _check_nodes(item["nodes"], child(pointer, "nodes"), scope, walk)


@dataclass(frozen=True)
class _Found:
    """The nodes of one point, each a single layer, and where in the definition each was written."""

    nodes: list[dict[str, object]]
    pointers: list[str]

    def add(self, name: str, layer: Mapping[str, object], inputs: Sequence[str], pointer: str) -> str:
        self.nodes.append({"name": name, "layer": dict(layer), "inputs": list(inputs)})
        self.pointers.append(pointer)
        return name


def resolve_graph(model: Mapping[str, object], values: Mapping[str, Scalar], facts: DataFacts) -> ResolvedModel:
    """The nodes that these values choose and the outputs need, each one layer, in an order in which they can be made.

    The document has `inputs` (all of the data set's: name and shape), `slices` (columns of one of them under a name of
    their own), `nodes` (`name`, `layer`, `inputs`) and `outputs`: one name, or a name for each output.
    """
    inputs, slices = resolve_inputs(model.get("inputs"), facts)
    tensors = {str(each["name"]): str(each["name"]) for each in (*inputs, *slices)}
    found = _Found([], [])
    _resolve_nodes(model["nodes"], "/model/nodes", "", tensors, values, facts, OUTSIDE, found)
    outputs = model["outputs"]
    assert isinstance(outputs, dict | list)
    ends: str | dict[str, str]
    if isinstance(outputs, dict):
        ends = {name: tensors[node] for name, node in outputs.items()}
    else:
        ends = {name: tensors[name] for name in outputs}
    needed = _needed(found, set(ends.values()))
    if len(ends) == 1:
        (ends,) = ends.values()
    kept = [number for number, node in enumerate(found.nodes) if node["name"] in needed]
    return ResolvedModel(
        {
            "inputs": inputs,
            "slices": [each for each in slices if each["name"] in needed],
            "nodes": [found.nodes[number] for number in kept],
            "outputs": ends,
        },
        [found.pointers[number] for number in kept],
    )


def _resolve_nodes(
    nodes: object,
    pointer: str,
    prefix: str,
    tensors: dict[str, str],
    values: Mapping[str, Scalar],
    facts: DataFacts,
    place: Place,
    found: _Found,
) -> None:
    assert isinstance(nodes, list)
    for index, item in in_order(nodes):
        here = child(pointer, index)
        name, given = item["name"], [tensors[each] for each in item["inputs"]]
        if "if" in item and not chosen(item["if"], values, facts, place):
            tensors[name] = given[0]
            continue
        for path, inner in _named_passes(item, prefix + name, values, facts, place):
            given = [_resolve_body(item, here, path, given, values, facts, inner, found)]
        tensors[name] = given[0]


def _named_passes(
    item: dict[str, object], path: str, values: Mapping[str, Scalar], facts: DataFacts, place: Place
) -> Iterator[tuple[str, Place]]:
    if "repeat" not in item:
        yield path, place
        return
    for number, inner in enumerate(place.passes(item["repeat"], values, facts)):
        # Names of nodes have no hyphens, so what is made from them cannot be the name of another.
        yield f"{path}-{number}", inner


def _resolve_body(
    item: dict[str, object],
    pointer: str,
    path: str,
    given: list[str],
    values: Mapping[str, Scalar],
    facts: DataFacts,
    place: Place,
    found: _Found,
) -> str:
    """The name of the tensor in which the body ends."""
    if "layer" in item:
        layer = {key: value for key, value in item.items() if key not in NODE_FIELDS or key == "layer"}
        filled_layer = filled(layer, values, facts, place)
        assert isinstance(filled_layer, dict)
        return found.add(path, filled_layer, given, pointer)
    if "layers" in item:
        listed_layers = resolve_layers(item["layers"], child(pointer, "layers"), values, facts, place)
        (end,) = given
        for number, (layer, here) in enumerate(zip(listed_layers.layers, listed_layers.pointers, strict=True)):
            end = found.add(f"{path}-{number}", layer, [end], here)
        return end
    (only,) = given
    tensors = {GROUP_INPUT: only}
    _resolve_nodes(item["nodes"], child(pointer, "nodes"), f"{path}-", tensors, values, facts, place, found)
    outputs = item["outputs"]
    assert isinstance(outputs, list)
    return tensors[outputs[0]]


def _needed(found: _Found, ends: set[str]) -> set[str]:
    """The nodes and inputs on which the ends depend."""
    needed = set(ends)
    # Inputs come before the node that takes them.
    for node in reversed(found.nodes):
        if node["name"] in needed:
            inputs = node["inputs"]
            assert isinstance(inputs, list)
            needed.update(inputs)
    return needed

"""The part of generated programs that builds a Keras model: as a list of layers, or node by node."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tuners.catalogue import catalogue
from tuners.codegen_application import application_lines
from tuners.codegen_objects import applied_code, layer_code
from tuners.codegen_text import literal, mapping


def model_code(model: Mapping[str, Any]) -> str:
    """Code that leaves a Keras model in `model` and prints its summary."""
    return f"{_MODELS[model.get('type', 'sequential')](model)}\nmodel.summary()"


def _sequential(model: Mapping[str, Any]) -> str:
    if any(catalogue().layers[layer["layer"]].inputs[1] > 1 for layer in model["layers"]):
        return _attending(model)
    layers = [f"keras.Input({literal(model['input_shape'])})"]
    layers += [layer_code(each, indent=8) for each in model["layers"]]
    lines = "".join(f"        {layer},\n" for layer in layers)
    return f"model = keras.Sequential(\n    [\n{lines}    ]\n)"


def _attending(model: Mapping[str, Any]) -> str:
    """Layers that attend to themselves take their input twice, which Keras' Sequential does not do."""
    lines = [f"inputs = outputs = keras.Input({literal(model['input_shape'])})"]
    lines += [f"outputs = {applied_code(each, ['outputs'])}" for each in model["layers"]]
    return _function([*lines, "return keras.Model(inputs, outputs)"])


def _graph(model: Mapping[str, Any]) -> str:
    names = _Names()
    lines = [
        f"{names.of(each['name'])} = keras.Input({literal(each['shape'])}, name={literal(each['name'])})"
        for each in model["inputs"]
    ]
    lines += [
        f"{names.of(each['name'])} = keras.ops.take({names.of(each['of'])}, {_plain_list(each['columns'])}, axis=-1)"
        for each in model["slices"]
    ]
    ends = model["outputs"]
    named = {} if isinstance(ends, str) else {node: name for name, node in ends.items() if node == name}
    for node in model["nodes"]:
        tensors = [names.of(name) for name in node["inputs"]]
        shown = applied_code(node["layer"], tensors, name=named.get(node["name"]))
        lines.append(f"{names.of(node['name'])} = {shown}")
    inputs = [each["name"] for each in model["inputs"]]
    given = mapping({name: names.of(name) for name in inputs}) if len(inputs) > 1 else names.of(inputs[0])
    if isinstance(ends, str):
        outputs = names.of(ends)
    else:
        # Keras names an output after the layer that makes it.
        outputs = mapping(
            {
                name: names.of(node)
                if node == name
                else f"keras.layers.Identity(name={literal(name)})({names.of(node)})"
                for name, node in ends.items()
            }
        )
    return _function([*lines, f"return keras.Model({given}, {outputs})"])


def _function(lines: Iterable[str]) -> str:
    """In a function of its own, names of nodes cannot get in the way of the program's."""
    body = "\n".join(f"    {line}" for line in lines)
    return f"\ndef build_model():\n{body}\n\n\nmodel = build_model()"


def _plain_list(numbers: Iterable[int]) -> str:
    return f"[{', '.join(str(int(number)) for number in numbers)}]"


class _Names:
    """Variables for nodes: their own names as far as Python allows."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, node: str) -> str:
        if node not in self._known:
            variable = node.replace("-", "_")
            while variable in self._known.values() or keyword.iskeyword(variable) or variable == "keras":
                variable += "_"
            self._known[node] = variable
        return self._known[node]


def _application(model: Mapping[str, Any]) -> str:
    return _function(application_lines(model))


_MODELS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "sequential": _sequential,
    "application": _application,
    "graph": _graph,
}
"""What writes each type of model."""

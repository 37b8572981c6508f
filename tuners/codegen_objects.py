"""Keras objects of a resolved definition as Python text: layers and what they hold, losses, metrics, optimizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuners.catalogue import Argument, Entry, catalogue
from tuners.codegen_text import call, literal


def layer_code(document: Mapping[str, Any], *, name: str | None = None, indent: int = 0) -> str:
    """`keras.layers.Dense(units=8)` for `{"layer": "Dense", "units": 8}`."""
    entry = catalogue().layers[document["layer"]]
    given = {key: value for key, value in document.items() if key == "layer" or not entry.arguments[key].at_call}
    arguments = keywords(entry, given, own="layer")
    if name is not None:
        arguments.append(f"name={literal(name)}")
    return call(f"keras.layers.{entry.name}", arguments, indent=indent)


def applied_code(document: Mapping[str, Any], tensors: Sequence[str], *, name: str | None = None) -> str:
    """The layer called on tensors; attention with one of them attends to itself."""
    entry = catalogue().layers[document["layer"]]
    given = {key: value for key, value in document.items() if key == "layer" or entry.arguments[key].at_call}
    several = list(tensors)
    if entry.group == "attention" and len(several) == 1:
        several *= 2
    by_list = entry.group == "merging" or entry.name in ("Attention", "AdditiveAttention")
    taken = [f"[{', '.join(several)}]"] if by_list else several
    return call(layer_code(document, name=name, indent=4), [*taken, *keywords(entry, given, own="layer")], indent=4)


def loss_code(document: Any) -> str:
    """A loss: its word when all arguments are Keras' defaults."""
    entry, given = found(document, "loss")
    arguments = keywords(entry, given, own="loss")
    return call(f"keras.losses.{entry.name}", arguments) if arguments else literal(entry.aliases[0])


def metric_code(document: Any) -> str:
    """A metric under the name it has in the logs."""
    entry, given = found(document, "metric")
    name = catalogue().metric_log_name(document)
    if entry.name == "Accuracy" and name in ("accuracy", "acc"):
        # Only as a word does Keras choose the accuracy that fits the outputs.
        return literal(name)
    arguments = [each for each in keywords(entry, given, own="metric") if not each.startswith("name=")]
    return call(f"keras.metrics.{entry.name}", [*arguments, f"name={literal(name)}"])


def optimizer_code(document: Any) -> str:
    """An optimizer, its learning rate always shown."""
    entry, given = found(document, "optimizer")
    return call(f"keras.optimizers.{entry.name}", keywords(entry, given, own="optimizer", always=("learning_rate",)))


def found(document: Any, kind: str) -> tuple[Entry, Mapping[str, Any]]:
    """The catalogue entry and the arguments of an optimizer, loss or metric.

    Raises:
        ValueError: The catalogue has no such thing.
    """
    find = {"optimizer": catalogue().optimizer, "loss": catalogue().loss, "metric": catalogue().metric}[kind]
    entry = find(document[kind] if isinstance(document, Mapping) else document)
    if entry is None:
        raise ValueError(f"the resolved definition names no {kind} of the catalogue")
    return entry, document if isinstance(document, Mapping) else {}


def keywords(entry: Entry, document: Mapping[str, Any], *, own: str, always: Sequence[str] = ()) -> list[str]:
    """`name=value` for each argument that is required, shown always, or other than Keras' default, in Keras' order.

    Raises:
        ValueError: The class has no such argument.
    """
    shown = []
    for name, argument in entry.arguments.items():
        if name in document:
            value = document[name]
        elif name in always:
            value = argument.default
        else:
            continue
        if argument.required or name in always or not _same(value, argument.default):
            # `layer` names the wrapper itself in a definition, so what it holds stands under `of`.
            shown.append(f"{'layer' if name == 'of' else name}={_value(value, argument)}")
    unknown = document.keys() - entry.arguments.keys() - {own}
    if unknown:
        raise ValueError(f"{entry.name} has no argument {sorted(unknown)[0]}")
    return shown


def _value(value: Any, argument: Argument) -> str:
    if not isinstance(value, Mapping):
        return literal(value)
    kind = argument.object_kind
    if kind is None:
        return layer_code(value)
    entry = catalogue().objects(kind)[value[kind]]
    return call(f"keras.{kind}s.{entry.name}", keywords(entry, value, own=kind))


def _same(value: Any, default: Any) -> bool:
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)

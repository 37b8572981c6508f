"""Named Keras objects with arguments: layers, and whatever else a definition writes as `{"layer": name, ...}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from tuners.catalogue import Argument, Entry, catalogue
from tuners.definitions.faults import child, listed, suggestion
from tuners.definitions.walking import Scope, Walk
from tuners.space import typed

E = TypeVar("E", bound=Entry)

OUTSIDE = Scope()

# Layers of Keras that exist but are not offered, so that the refusal can say so instead of suggesting a spelling.
_NOT_OFFERED = frozenset({
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "Pipeline", "StringLookup", "IntegerLookup",
    "TextVectorization", "Hashing", "HashedCrossing", "Discretization", "Normalization", "MelSpectrogram",
    "STFTSpectrogram", "Wrapper", "RNN", "StackedRNNCells", "LSTMCell", "GRUCell", "SimpleRNNCell", "EinsumDense",
    "ReversibleEmbedding", "InputLayer", "Input", "Layer", "Sequential", "Model", "Functional", "AugMix", "MixUp",
    "CutMix", "Equalization", "MaxNumBoundingBoxes", "ContrastLimitedAdaptiveHistogramEqualization",
})  # fmt: skip
# Fields of Keras' own serialised layers. They choose what is imported there; here they are only unknown.
_KERAS_CONFIG = frozenset({"class_name", "config", "module", "registered_name", "build_config", "compile_config"})


def check_layer(item: Mapping[str, object], pointer: str, scope: Scope, walk: Walk) -> Entry | None:
    """Checks one layer with its arguments; its catalogue entry, or None (and a fault) when there is no such layer."""
    walk.layers += 1
    entry = _find_layer(item["layer"], child(pointer, "layer"), walk)
    if entry is not None:
        check_arguments(item, entry, pointer, scope, walk, own="layer")
    return entry


def _find_layer(name: object, pointer: str, walk: Walk) -> Entry | None:
    layers = catalogue().layers
    if not isinstance(name, str):
        detail = "must be the name of a Keras layer; it cannot be a hole, but see `if`"
        walk.faults.add(pointer, "invalid_type", detail)
        return None
    entry = layers.get(name)
    if entry is None and name in _NOT_OFFERED:
        detail = "this layer is not offered; GET /v1/catalog lists those that are"
        walk.faults.add(pointer, "layer_not_allowed", detail)
    elif entry is None:
        detail = f"no such layer{suggestion(name, layers)}; GET /v1/catalog lists them"
        walk.faults.add(pointer, "unknown_layer", detail)
    return entry


def check_arguments(
    item: Mapping[str, object], entry: Entry, pointer: str, scope: Scope, walk: Walk, *, own: str
) -> None:
    """Checks the arguments of one named Keras object; `own` is the key that holds its name."""
    for key, value in item.items():
        if key == own:
            continue
        argument = entry.arguments.get(key)
        if argument is not None:
            _check_value(value, argument, child(pointer, key), scope, walk)
        elif key in _KERAS_CONFIG:
            walk.faults.add(child(pointer, key), "unknown_field", "Keras configurations are not accepted here")
        else:
            walk.faults.add(child(pointer, key), "unknown_argument", unknown_argument(entry, key))
    for argument in entry.arguments.values():
        if argument.required and argument.name not in item:
            detail = f"`{entry.name}` needs `{argument.name}`: {argument.expectation()}"
            walk.faults.add(child(pointer, argument.name), "missing_argument", detail)


def unknown_argument(entry: Entry, key: str) -> str:
    """What to say about an argument the class does not have, or that is not offered."""
    if not entry.arguments:
        return f"`{entry.name}` takes no arguments here"
    hint = suggestion(key, entry.arguments)
    return f"`{entry.name}` has no such argument{hint}" + ("" if hint else f"; it has {listed(entry.arguments)}")


def _check_value(value: object, argument: Argument, pointer: str, scope: Scope, walk: Walk) -> None:
    kind = argument.object_kind
    if isinstance(value, dict) and kind is not None and kind in value:
        _check_object(value, kind, pointer, scope, walk)
    elif isinstance(value, dict) and "layer" in argument.kinds and "layer" in value:
        _check_wrapped(value, argument, pointer, scope, walk)
    else:
        walk.check(value, argument, pointer, scope)


def _check_object(value: dict[str, object], kind: str, pointer: str, scope: Scope, walk: Walk) -> None:
    """`{"regularizer": "L2", "l2": 0.001}` and its like."""
    word, known = value[kind], catalogue().objects(kind)
    entry = known.get(word) if isinstance(word, str) else None
    if entry is None:
        code = "invalid_enum" if isinstance(word, str) else "invalid_type"
        hint = suggestion(word, known) if isinstance(word, str) else ""
        walk.faults.add(child(pointer, kind), code, f"must be one of {listed(known, limit=20)}{hint}")
        return
    check_arguments(value, entry, pointer, scope, walk, own=kind)


def _check_wrapped(value: dict[str, object], argument: Argument, pointer: str, scope: Scope, walk: Walk) -> None:
    """The layer inside a wrapper."""
    assert argument.choices is not None
    place = child(pointer, "layer")
    entry = _find_layer(value["layer"], place, walk)
    if entry is None:
        return
    if entry.group == "wrapper":
        walk.faults.add(place, "too_deep", "a wrapper holds a layer, and no other wrapper")
    elif entry.name not in argument.choices:
        walk.faults.add(place, "layer_not_allowed", f"must be one of {listed(argument.choices)}")
    else:
        check_arguments(value, entry, pointer, scope, walk, own="layer")


def possible_classes(
    value: object,
    pointer: str,
    scope: Scope,
    walk: Walk,
    *,
    known: Mapping[str, E],
    find: Callable[[str], E | None],
    what: str,
) -> dict[str, E] | None:
    """The classes that a name, or a hole over names, can become, by the word that chooses each.

    None (and a fault) when it is neither, or one of the names is none of `known`. `what` is for people: "optimizer".
    """
    if isinstance(value, dict) and set(value) == {"hp"}:
        declared = walk.lookup(value["hp"], child(pointer, "hp"), scope)
        if declared is None:
            return None
        words = declared.prototype.values
        if not words or not all(isinstance(word, str) for word in words):
            detail = f"`{declared.name}` must be a choice of {what} names"
            walk.faults.add(pointer, "hyperparameter_type_mismatch", detail)
            return None
        reached = scope.reached.get(declared.name)
        words = tuple(word for word in words if reached is None or typed(word) in reached)
    elif isinstance(value, str):
        words = (value,)
    else:
        walk.faults.add(pointer, "invalid_type", f'must be the name of one {what}, or {{"hp": name}}')
        return None
    found: dict[str, E] = {}
    for word in words:
        entry = find(str(word))
        if entry is None:
            names = [*known, *(alias for each in known.values() for alias in each.aliases)]
            detail = f"no such {what}{suggestion(str(word), names)}; there are {listed(known, limit=20)}"
            walk.faults.add(pointer, "invalid_enum", detail)
            return None
        found[str(word)] = entry
    return found


def check_shared_argument(
    key: str,
    value: object,
    chooser: str,
    possible: Mapping[str, Entry],
    pointer: str,
    walk: Walk,
    scope: Scope = OUTSIDE,
) -> None:
    """One argument where the class itself is a hole: every class it can meet must have it.

    Args:
        chooser: The hyperparameter that chooses the class; "" when it is written out.
        possible: The classes, by the value that chooses each.
    """
    having = {word: entry for word, entry in possible.items() if key in entry.arguments}
    if not having:
        walk.faults.add(pointer, "unknown_argument", unknown_argument(next(iter(possible.values())), key))
        return
    met = set(possible) & _meeting(value, chooser, possible, walk)
    for word in possible:
        if word in met and word not in having:
            detail = (
                f"`{possible[word].name}` has no `{key}`: make it a hyperparameter that is active only "
                f'"when": [{{"hp": "{chooser}", "in": [those that have it]}}]'
            )
            walk.faults.add(pointer, "unknown_argument", detail)
            return
    for word in met:
        walk.check(value, having[word].arguments[key], pointer, scope, optional=True)


def _meeting(value: object, chooser: str, possible: Mapping[str, Entry], walk: Walk) -> set[str]:
    """The chooser's values with which an argument has a value: by its own conditions and those of its parents."""
    met = set(possible)
    queue = [value["hp"]] if isinstance(value, dict) and isinstance(value.get("hp"), str) else []
    seen: set[str] = set()
    while queue:
        name = queue.pop()
        declared = walk.declarations.find(name)
        if declared is None or name in seen:
            continue
        seen.add(name)
        for parent in declared.parents:
            if parent.hp == chooser:
                met &= {str(word) for word in parent.values}
            queue.append(parent.hp)
    return met

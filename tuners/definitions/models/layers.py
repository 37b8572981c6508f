"""Lists of layers with holes, repeats and branches: what every type of Keras model is written with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from storage.records import Scalar
from tuners.catalogue import Argument
from tuners.definitions import bounds
from tuners.definitions.arguments import check_layer
from tuners.definitions.declared import Declared, possible, read_membership
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import child, suggestion
from tuners.definitions.filling import OUTSIDE, Place, filled
from tuners.definitions.walking import Scope, Walk
from tuners.list_values import items_of

REPEAT = Argument("repeat", ("int",), minimum=0, maximum=bounds.MAX_LAYERS)


def check_layers(items: object, pointer: str, scope: Scope, walk: Walk) -> None:
    """Adds a fault for everything wrong with a list of layers, and notes the hyperparameters it uses."""
    if not isinstance(items, list):
        walk.faults.add(pointer, "invalid_type", "must be a list of layers")
        return
    if not items:
        walk.faults.add(pointer, "missing_layers", "must hold at least one layer")
    if len(items) > bounds.MAX_LAYERS:
        walk.faults.add(pointer, "too_many", f"a model has at most {bounds.MAX_LAYERS} layers")
        return
    for index, item in enumerate(items):
        place = child(pointer, index)
        if not walk.step(place):
            return
        if not isinstance(item, dict):
            walk.faults.add(place, "invalid_type", 'must be an object such as {"layer": "Dense", "units": 10}')
        elif "layer" in item:
            _check_listed(item, place, scope, walk)
        elif "repeat" in item:
            _check_repeat(item, place, scope, walk)
        elif "if" in item:
            _check_if(item, place, scope, walk)
        elif "class_name" in item:
            detail = 'Keras configurations are not accepted: write {"layer": name, argument: value, ...}'
            walk.faults.add(child(place, "class_name"), "layer_not_allowed", detail)
        else:
            walk.faults.add(child(place, "layer"), "missing_field", "must have one of `layer`, `repeat`, `if`")


def _check_listed(item: dict[str, object], pointer: str, scope: Scope, walk: Walk) -> None:
    entry = check_layer(item, pointer, scope, walk)
    if entry is not None and entry.inputs[0] > 1:
        detail = f"`{entry.name}` joins several inputs: only a node of a graph has them"
        walk.faults.add(child(pointer, "layer"), "layer_not_allowed", detail)


def _check_repeat(item: dict[str, object], pointer: str, scope: Scope, walk: Walk) -> None:
    if not _has_only(item, "repeat", pointer, walk):
        return
    for inner in passes(item["repeat"], pointer, scope, walk):
        check_layers(item["layers"], child(pointer, "layers"), inner, walk)
        if not walk.step(pointer):
            return


def passes(count: object, pointer: str, scope: Scope, walk: Walk) -> Iterator[Scope]:
    """The places inside the repeat at `pointer`, one for each pass that can be reached; faults when it is none."""
    place = child(pointer, "repeat")
    around = (*scope.repeats, pointer)
    through = walk.named_list(count, place, scope)
    if through is not None:
        yield from _passes_through(through, count, replace(scope, repeats=around))
        return
    hp = count.get("hp") if isinstance(count, dict) else None
    span = None
    if isinstance(count, dict) and hp is None:
        walk.faults.add(place, "invalid_type", 'must be a number of passes or {"hp": name}')
    else:
        span = walk.span(count, place, scope)
    if span is None or span.low is None or span.high is None:
        # How often is not known, but what stands inside can be looked at once all the same.
        walk.partial = True
        yield replace(scope, index=0, repeats=around)
        return
    fault = REPEAT.fault(span.low) or REPEAT.fault(span.high)
    if fault is not None:
        walk.faults.add(place, *fault)
        return
    declared = walk.declarations.find(hp) if isinstance(hp, str) else None
    name = scope.expanded(hp) if isinstance(hp, str) else None
    if declared is None or name is None:
        yield from (replace(scope, index=number, repeats=around) for number in range(span.high))
        return
    values = [value for value in declared.prototype.grid_values() if isinstance(value, int)]
    for number in range(span.high):
        inner = scope.narrowed(name, [value for value in values if value > number])
        if inner is not None:
            yield replace(inner, index=number, repeats=around)


def _passes_through(through: Declared, count: object, scope: Scope) -> Iterator[Scope]:
    """One pass for each item of a list of numbers, reached with the lists that have so many."""
    assert isinstance(count, dict)
    written: str = count["hp"]
    name = scope.expanded(written)
    assert name is not None
    lists = through.prototype.values
    for number in range(max(len(items_of(value)) for value in lists)):
        inner = scope.narrowed(name, [value for value in lists if len(items_of(value)) > number])
        if inner is not None:
            yield replace(inner, index=number, items={**scope.items, written: (name, number)})


def _check_if(item: dict[str, object], pointer: str, scope: Scope, walk: Walk) -> None:
    if not _has_only(item, "if", pointer, walk):
        return
    inner = branch(item["if"], pointer, scope, walk)
    if inner is not None:
        check_layers(item["layers"], child(pointer, "layers"), inner, walk)


def branch(condition: object, pointer: str, scope: Scope, walk: Walk) -> Scope | None:
    """The place inside the `if` at `pointer`; None when it can never be reached, or cannot be told apart (a fault)."""
    place = child(pointer, "if")
    membership = read_membership(condition, place, walk.faults)
    declared = None if membership is None else walk.lookup(membership.hp, child(place, "hp"), scope)
    hp = None if membership is None else scope.expanded(membership.hp)
    if membership is None or declared is None or hp is None:
        # When it is reached is not known, but what stands inside can be looked at all the same.
        walk.partial = True
        return scope
    values = possible(membership, declared.prototype, walk.faults)
    return None if values is None else scope.narrowed(hp, values)


def _has_only(item: dict[str, object], kind: str, pointer: str, walk: Walk) -> bool:
    known = (kind, "layers")
    for key in item:
        if key not in known:
            detail = f"a `{kind}` has the fields `{kind}` and `layers`{suggestion(key, known)}"
            walk.faults.add(child(pointer, key), "unknown_field", detail)
    if "layers" not in item:
        walk.faults.add(child(pointer, "layers"), "missing_field", f"a `{kind}` needs a list of layers")
    return "layers" in item


@dataclass(frozen=True)
class Layers:
    """The layers of one point, without holes, and where in the definition each was written."""

    layers: list[dict[str, object]]
    pointers: list[str]


def resolve_layers(
    items: object, pointer: str, values: Mapping[str, Scalar], facts: DataFacts, place: Place = OUTSIDE
) -> Layers:
    """The layers of the list at `pointer` that these values choose."""
    found = Layers([], [])
    _resolve(items, pointer, values, facts, place, found)
    return found


def _resolve(
    items: object, pointer: str, values: Mapping[str, Scalar], facts: DataFacts, place: Place, found: Layers
) -> None:
    assert isinstance(items, list)
    for number, item in enumerate(items):
        here = child(pointer, number)
        if "layer" in item:
            found.layers.append({key: filled(value, values, facts, place) for key, value in item.items()})
            found.pointers.append(here)
        elif "repeat" in item:
            for inner in place.passes(item["repeat"], values, facts):
                _resolve(item["layers"], child(here, "layers"), values, facts, inner, found)
        elif chosen(item["if"], values, facts, place):
            _resolve(item["layers"], child(here, "layers"), values, facts, place, found)


def chosen(condition: Mapping[str, object], values: Mapping[str, Scalar], facts: DataFacts, place: Place) -> bool:
    """Whether these values take the branch of an `if`."""
    actual = filled({"hp": condition["hp"]}, values, facts, place)
    wanted = condition.get("in", [True])
    assert isinstance(wanted, list)
    return any(isinstance(actual, bool) == isinstance(each, bool) and actual == each for each in wanted)

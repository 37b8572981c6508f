"""`constraints`: rules over several hyperparameters, checked against the expanded space."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import cast

from tuners.definitions import bounds
from tuners.definitions.faults import Faults, child, suggestion
from tuners.space import Constraint, ConstraintKind, Hyperparameter

_KINDS = ("product", "sum", "less", "parameters")


def read_constraints(
    items: object, space: Mapping[str, Hyperparameter] | None, faults: Faults
) -> tuple[tuple[Constraint, ...], int | None]:
    """The constraints over values, and the largest number of model parameters (None: any).

    Args:
        space: By name; None when it could not be expanded, so that names are not looked up.
    """
    pointer = "/constraints"
    if not isinstance(items, list):
        faults.add(pointer, "invalid_type", "must be a list of constraints")
        return (), None
    if len(items) > bounds.MAX_CONSTRAINTS:
        faults.add(pointer, "too_many", f"at most {bounds.MAX_CONSTRAINTS} constraints")
        return (), None
    constraints: list[Constraint] = []
    most: list[int] = []
    for index, item in enumerate(items):
        place = child(pointer, index)
        kinds = [kind for kind in _KINDS if kind in item] if isinstance(item, dict) else []
        if not isinstance(item, dict) or len(kinds) != 1:
            faults.add(
                place, "invalid_constraint", "must be an object with one of `product`, `sum`, `less`, `parameters`"
            )
        elif kinds[0] == "parameters":
            limit = _parameters(item, place, faults)
            if limit is not None:
                most.append(limit)
        else:
            constraint = _over_values(item, cast(ConstraintKind, kinds[0]), place, space, faults)
            if constraint is not None:
                constraints.append(constraint)
    return tuple(constraints), min(most, default=None)


def _only(item: Mapping[str, object], known: tuple[str, ...], pointer: str, faults: Faults) -> bool:
    for key in item:
        if key not in known:
            faults.add(child(pointer, key), "unknown_field", f"no such field here{suggestion(key, known)}")
    return all(key in known for key in item)


def _parameters(item: Mapping[str, object], pointer: str, faults: Faults) -> int | None:
    if not _only(item, ("parameters",), pointer, faults):
        return None
    place = child(pointer, "parameters")
    rule = item["parameters"]
    if not isinstance(rule, dict):
        faults.add(place, "invalid_type", 'must be an object such as {"max": 5000000}')
        return None
    if not _only(rule, ("max",), place, faults):
        return None
    most = rule.get("max")
    if isinstance(most, bool) or not isinstance(most, int):
        code = "invalid_type" if "max" in rule else "missing_field"
        faults.add(child(place, "max"), code, "must be an integer")
        return None
    if not 1 <= most <= bounds.MAX_PARAMETERS:
        faults.add(child(place, "max"), "out_of_range", f"must be at least 1 and at most {bounds.MAX_PARAMETERS}")
        return None
    return most


def _over_values(
    item: Mapping[str, object],
    kind: ConstraintKind,
    pointer: str,
    space: Mapping[str, Hyperparameter] | None,
    faults: Faults,
) -> Constraint | None:
    known = (kind,) if kind == "less" else (kind, "min", "max")
    if not _only(item, known, pointer, faults):
        return None
    names = _operands(item[kind], child(pointer, kind), space, faults, fewest=2 if kind == "less" else 1)
    ends: dict[str, float | int | None] = {}
    for key in ("min", "max"):
        value = item.get(key)
        if key in item and (isinstance(value, bool) or not isinstance(value, int | float)):
            faults.add(child(pointer, key), "invalid_type", "must be a number")
            return None
        ends[key] = cast("float | int | None", value)
    if names is None:
        return None
    low, high = ends["min"], ends["max"]
    if kind != "less" and low is None and high is None:
        faults.add(pointer, "missing_field", "needs `min` or `max`, or both")
        return None
    if low is not None and high is not None and high < low:
        faults.add(child(pointer, "max"), "not_greater_than_min", "must not be below `min`")
        return None
    constraint = Constraint(kind, names, low, high)
    if space is not None and not _possible(constraint, space):
        faults.add(pointer, "empty_space", "no point of the space keeps this rule while all its operands are active")
        return None
    return constraint


def _operands(
    value: object, pointer: str, space: Mapping[str, Hyperparameter] | None, faults: Faults, *, fewest: int
) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        faults.add(pointer, "invalid_type", "must be a list of names of hyperparameters")
        return None
    if not fewest <= len(value) <= bounds.MAX_CONSTRAINT_OPERANDS:
        detail = f"must have {fewest} to {bounds.MAX_CONSTRAINT_OPERANDS} names"
        faults.add(pointer, "invalid_constraint", detail)
        return None
    if space is None:
        return None
    sound = True
    for index, name in enumerate(value):
        hyperparameter = space.get(name)
        place = child(pointer, index)
        if hyperparameter is None:
            hint = suggestion(name, space)
            faults.add(place, "unknown_hyperparameter", f"no hyperparameter of the expanded space has this name{hint}")
        elif not _numbers(hyperparameter):
            detail = "is a list: constraints compare numbers" if hyperparameter.is_list else ""
            faults.add(place, "hyperparameter_type_mismatch", detail or "must be a number in all its values")
        sound = sound and hyperparameter is not None and _numbers(hyperparameter)
    return tuple(value) if sound else None


def _numbers(hyperparameter: Hyperparameter) -> bool:
    return all(not isinstance(value, bool | str) for value in _ends(hyperparameter))


def _ends(hyperparameter: Hyperparameter) -> tuple[object, ...]:
    if hyperparameter.type in ("int", "float"):
        return hyperparameter.lowest, hyperparameter.highest
    return hyperparameter.grid_values()


def _possible(constraint: Constraint, space: Mapping[str, Hyperparameter]) -> bool:
    """Whether the ends of the ranges leave room for the rule. Says yes when in doubt."""
    ranges = []
    for name in constraint.hps:
        numbers = [float(value) for value in _ends(space[name]) if isinstance(value, int | float)]
        ranges.append((min(numbers), max(numbers)))
    if constraint.kind == "less":
        reached = -math.inf
        for low, high in ranges:
            reached = max(low, math.nextafter(reached, math.inf))
            if reached > high or (low == high == reached and reached != low):
                return False
        return True
    smallest = largest = 1.0 if constraint.kind == "product" else 0.0
    for low, high in ranges:
        if constraint.kind == "sum":
            smallest, largest = smallest + low, largest + high
        else:
            corners = (smallest * low, smallest * high, largest * low, largest * high)
            smallest, largest = min(corners), max(corners)
    below = constraint.minimum is not None and largest < constraint.minimum
    above = constraint.maximum is not None and smallest > constraint.maximum
    return not below and not above

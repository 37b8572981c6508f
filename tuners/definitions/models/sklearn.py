"""Models of type `sklearn`: one estimator of scikit-learn, or steps that end with one."""

from __future__ import annotations

from collections.abc import Mapping

from storage.records import Scalar
from tuners.catalogue.estimators import Estimator, estimator_catalogue
from tuners.definitions import bounds
from tuners.definitions.arguments import check_shared_argument, possible_classes
from tuners.definitions.declared import Parent, possible, read_membership
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults, child, suggestion
from tuners.definitions.filling import Inactive, filled
from tuners.definitions.models.base import ResolvedModel
from tuners.definitions.walking import Keys, Scope, Walk
from tuners.space import typed

_STEPS = "/model/steps"


def check_sklearn(model: Mapping[str, object], walk: Walk) -> None:
    """Adds a fault for everything wrong with the model, and notes the hyperparameters it uses."""
    if "steps" not in model:
        if "estimator" not in model:
            detail = "a sklearn model names its `estimator`, or has `steps` of which the last is an estimator"
            walk.faults.add("/model/estimator", "missing_field", detail)
            return
        _check_class({key: value for key, value in model.items() if key != "type"}, "/model", Scope(), walk)
        return
    for key in model:
        if key not in ("type", "steps"):
            detail = f"a sklearn model with steps has `type` and `steps`{suggestion(key, ('type', 'steps'))}"
            if key == "estimator":
                detail = "with `steps` the estimator is their last item"
            walk.faults.add(child("/model", key), "unknown_field", detail)
    _check_steps(model["steps"], walk)


def possible_estimators(model: Mapping[str, object], walk: Walk) -> list[tuple[str, Estimator]]:
    """Every estimator that a sound model can end with, each with the place where it is named.

    Args:
        walk: Of the definition's declarations; faults and uses that it collects may be thrown away.
    """
    items = model.get("steps", [model])
    assert isinstance(items, list)
    found: list[tuple[str, Estimator]] = []
    for number, item in enumerate(items):
        if "estimator" in item:
            pointer = child(child(_STEPS, number) if "steps" in model else "/model", "estimator")
            scope = _reached(item, walk) or Scope()
            classes = _classes(item["estimator"], "estimator", pointer, scope, walk) or {}
            found += [(pointer, estimator) for estimator in classes.values()]
    return found


def _reached(item: Mapping[str, object], walk: Walk) -> Scope | None:
    if "if" not in item:
        return None
    membership = read_membership(item["if"], "", walk.faults)
    return None if membership is None else Scope().narrowed(membership.hp, membership.values)


def _classes(name: object, own: str, pointer: str, scope: Scope, walk: Walk) -> dict[str, Estimator] | None:
    known = estimator_catalogue().estimators if own == "estimator" else estimator_catalogue().steps
    return possible_classes(name, pointer, scope, walk, known=known, find=known.get, what=own)


def _check_steps(items: object, walk: Walk) -> None:
    if not isinstance(items, list):
        walk.faults.add(_STEPS, "invalid_type", "must be a list of steps, of which the last is an estimator")
        return
    if len(items) > bounds.MAX_STEPS:
        walk.faults.add(_STEPS, "too_many", f"at most {bounds.MAX_STEPS} steps")
        return
    branches: list[tuple[str, Parent | None]] = []
    sound = True
    for number, item in enumerate(items):
        pointer = child(_STEPS, number)
        own = _own(item, pointer, walk)
        if own is None or not isinstance(item, dict):
            sound = False
            continue
        if own == "step" and branches:
            walk.faults.add(pointer, "invalid_type", "steps stand before the estimator: it is the last")
        scope, branch = _scope(item, pointer, walk)
        if own == "estimator":
            branches.append((pointer, branch))
        if scope is None:
            walk.partial, sound = True, False
        _check_class({key: value for key, value in item.items() if key != "if"}, pointer, scope or Scope(), walk)
    if sound:
        _check_one_at_each_point(branches, walk)


def _own(item: object, pointer: str, walk: Walk) -> str | None:
    """Whether an item is a step or an estimator; None and a fault when it is neither."""
    if not isinstance(item, dict):
        detail = 'must be an object such as {"step": "StandardScaler"} or {"estimator": "SVC", "C": 1.0}'
        walk.faults.add(pointer, "invalid_type", detail)
        return None
    named = [own for own in ("step", "estimator") if own in item]
    if len(named) != 1:
        code = "unknown_field" if named else "missing_field"
        detail = "must have one of `step` and `estimator`" + (", not both" if named else "")
        walk.faults.add(child(pointer, "step"), code, detail)
        return None
    return named[0]


def _scope(item: Mapping[str, object], pointer: str, walk: Walk) -> tuple[Scope | None, Parent | None]:
    """Where an item with an `if` is reached, and its condition; no scope when that cannot be told."""
    if "if" not in item:
        return Scope(), None
    place = child(pointer, "if")
    membership = read_membership(item["if"], place, walk.faults)
    declared = None if membership is None else walk.lookup(membership.hp, child(place, "hp"), Scope())
    if membership is None or declared is None:
        return None, membership
    values = possible(membership, declared.prototype, walk.faults)
    return (None if values is None else Scope().narrowed(membership.hp, values)), membership


def _check_class(item: Mapping[str, object], pointer: str, scope: Scope, walk: Walk) -> None:
    own = "estimator" if "estimator" in item else "step"
    written = item[own]
    classes = _classes(written, own, child(pointer, own), scope, walk)
    if classes is None:
        return
    chooser = str(written["hp"]) if isinstance(written, dict) else ""
    for key, value in item.items():
        if key != own:
            check_shared_argument(key, value, chooser, classes, child(pointer, key), walk, scope)


def _check_one_at_each_point(branches: list[tuple[str, Parent | None]], walk: Walk) -> None:
    """One estimator, or several that the values of one hyperparameter choose from: each value exactly one."""
    if not branches:
        walk.faults.add(_STEPS, "missing_field", 'the last item must be an estimator: {"estimator": name, ...}')
        return
    if len(branches) == 1 and branches[0][1] is None:
        return
    taken: Keys = frozenset()
    first = branches[0][1]
    for pointer, branch in branches:
        if branch is None or first is None or branch.hp != first.hp:
            detail = "of several estimators each needs an `if`, all on the same hyperparameter"
            walk.faults.add(child(pointer, "if"), "invalid_condition", detail)
            return
        keys = frozenset(typed(value) for value in branch.values)
        if keys & taken:
            detail = f"another estimator is there with the same value of `{branch.hp}`"
            walk.faults.add(child(pointer, "if"), "invalid_condition", detail)
            return
        taken |= keys
    assert first is not None
    declared = walk.declarations.find(first.hp)
    if declared is not None and (declared.parents or declared.prototype.cardinality() != len(taken)):
        detail = f"some points have no estimator: `{first.hp}` must always have a value, and each value an estimator"
        walk.faults.add(_STEPS, "invalid_condition", detail)


def resolve_sklearn(model: Mapping[str, object], values: Mapping[str, Scalar], facts: DataFacts) -> ResolvedModel:
    """The steps that are there at this point; an argument whose hyperparameter is inactive is left to its default."""
    if "steps" in model:
        written = model["steps"]
        assert isinstance(written, list)
        places = [(child(_STEPS, number), item) for number, item in enumerate(written)]
    else:
        places = [("/model", {key: value for key, value in model.items() if key != "type"})]
    steps: list[dict[str, object]] = []
    pointers: list[str] = []
    for pointer, item in places:
        if "if" not in item or _is_there(item["if"], values):
            steps.append(_filled(item, values, facts))
            pointers.append(pointer)
    return ResolvedModel({"input_shape": list(facts.input_shape), "steps": steps}, pointers)


def _is_there(membership: object, values: Mapping[str, Scalar]) -> bool:
    branch = read_membership(membership, "", Faults())
    assert branch is not None
    actual = values.get(branch.hp)
    return actual is not None and typed(actual) in {typed(value) for value in branch.values}


def _filled(item: Mapping[str, object], values: Mapping[str, Scalar], facts: DataFacts) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in item.items():
        if key == "if":
            continue
        try:
            found[key] = filled(value, values, facts)
        except Inactive:
            if key in ("step", "estimator"):
                raise
    return found

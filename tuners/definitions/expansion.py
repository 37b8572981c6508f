"""From declared hyperparameters and their uses to the expanded space: numbered names and generated conditions.

`units_{i}` becomes one hyperparameter for each pass of a repeat that can be reached, active exactly when that pass is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.records import Scalar
from tuners.definitions import bounds
from tuners.definitions.declared import INDEX, Declarations, Declared, possible
from tuners.definitions.faults import Faults, child
from tuners.definitions.walking import Keys, Use
from tuners.space import Condition, Hyperparameter, typed

Reached = Mapping[str, Keys]


@dataclass(frozen=True)
class _Instance:
    """One hyperparameter-to-be: its declaration, its number (None when it has none) and who needs it."""

    declared: Declared
    index: int | None
    reached: tuple[Reached, ...]
    pointer: str

    @property
    def name(self) -> str:
        return self.declared.name if self.index is None else self.declared.named(self.index)


def expand(declarations: Declarations, uses: Sequence[Use], faults: Faults) -> tuple[Hyperparameter, ...]:
    """The hyperparameters, parents first. What cannot be expanded is left out, with a fault."""
    sound = _acyclic(declarations, faults)
    instances = _instances(sound, uses, faults)
    if len(instances) > bounds.MAX_HYPERPARAMETERS:
        detail = f"they expand to {len(instances)} hyperparameters; at most {bounds.MAX_HYPERPARAMETERS} are allowed"
        faults.add("/hyperparameters", "too_many", detail)
        return ()
    return _Conditions(instances, declarations, faults).ordered()


def _acyclic(declarations: Declarations, faults: Faults) -> dict[str, Declared]:
    """The declarations without those whose conditions go round in circles or too deep."""
    depth: dict[str, int] = {}
    pending = dict(declarations.sound)
    progress = True
    while progress:
        progress = False
        for name, declared in list(pending.items()):
            parents = [declarations.find(parent.hp) for parent in declared.parents]
            known = [parent.name for parent in parents if parent is not None]
            if all(parent in depth for parent in known):
                depth[name] = 1 + max((depth[parent] for parent in known), default=0)
                del pending[name]
                progress = True
    for declared in pending.values():
        faults.add(child(declared.pointer, "when"), "invalid_condition", "its conditions lead back to itself")
    for name, level in depth.items():
        if level > bounds.MAX_CONDITION_DEPTH + 1:
            detail = f"conditions may be nested at most {bounds.MAX_CONDITION_DEPTH} deep"
            faults.add(child(declarations.sound[name].pointer, "when"), "invalid_condition", detail)
    return {name: declarations.sound[name] for name in sorted(depth, key=lambda each: depth[each])}


def _instances(sound: dict[str, Declared], uses: Sequence[Use], faults: Faults) -> dict[str, _Instance]:
    needed: dict[str, dict[int, list[Reached]]] = {name: {} for name, each in sound.items() if each.numbered}
    _refuse_nested(uses, faults)
    places: dict[str, str] = {}
    for use in uses:
        if use.name in needed and use.scope.index is not None:
            needed[use.name].setdefault(use.scope.index, []).append(use.scope.reached)
            places.setdefault(use.name, use.pointer)
    # Children come later in `sound`: backwards, each numbered child asks for its numbered parents.
    for declared in reversed(sound.values()):
        for parent in declared.parents:
            if declared.numbered and parent.hp in needed:
                for index, reached in needed[declared.name].items():
                    needed[parent.hp].setdefault(index, []).extend(reached)
    instances: dict[str, _Instance] = {}
    for declared in sound.values():
        if not declared.numbered:
            instance = _Instance(declared, None, (), declared.pointer)
            _add(instances, instance, faults)
            continue
        for index, reached in sorted(needed[declared.name].items()):
            pointer = places.get(declared.name, declared.pointer)
            _add(instances, _Instance(declared, index, tuple(reached), pointer), faults)
    return instances


def _add(instances: dict[str, _Instance], instance: _Instance, faults: Faults) -> None:
    if instance.name in instances:
        detail = f"another hyperparameter has the name `{instance.name}` once `{INDEX}` is counted"
        faults.add(child(instance.declared.pointer, "name"), "duplicate_name", detail)
    instances.setdefault(instance.name, instance)


def _refuse_nested(uses: Sequence[Use], faults: Faults) -> None:
    """The same `{i}` may not count an outer repeat here and an inner one there."""
    seen: dict[str, set[tuple[str, ...]]] = {}
    for use in uses:
        if INDEX not in use.name:
            continue
        for other in seen.setdefault(use.name, set()):
            shorter, longer = sorted((other, use.scope.repeats), key=len)
            if longer[: len(shorter)] == shorter and longer != shorter:
                detail = "`{i}` counts the innermost repeat, and this name is used in the outer one too: use two names"
                faults.add(use.pointer, "ambiguous_index", detail)
        seen[use.name].add(use.scope.repeats)


class _Conditions:
    """Puts conditions on the instances."""

    def __init__(self, instances: dict[str, _Instance], declarations: Declarations, faults: Faults) -> None:
        self._instances = instances
        self._declarations = declarations
        self._faults = faults
        self._done: dict[str, Hyperparameter] = {}

    def ordered(self) -> tuple[Hyperparameter, ...]:
        """All hyperparameters in the order of declaration, except that parents come before children."""
        rank = {name: place for place, name in enumerate(self._declarations.sound)}
        # A generated condition may name any repeat's count, which itself may be numbered: hence by need.
        waiting = sorted(self._instances.values(), key=lambda each: (rank[each.declared.name], each.index or 0))
        conditions = {each.name: self._conditions(each) for each in waiting}
        placed: dict[str, Hyperparameter] = {}
        progress = True
        while progress:
            progress = False
            for instance in waiting:
                needed = conditions[instance.name]
                if instance.name in placed or any(each.hp not in placed for each in needed):
                    continue
                placed[instance.name] = dataclasses.replace(
                    instance.declared.prototype, name=instance.name, conditions=needed
                )
                progress = True
                self._refuse_unreachable(placed[instance.name], instance, placed)
                # From the start again: a parent lets earlier declared children in at their place.
                break
        for instance in waiting:
            if instance.name not in placed:
                place = child(instance.declared.pointer, "when")
                self._faults.add(place, "invalid_condition", "its conditions, or the repeats it is in, lead back to it")
        return tuple(placed.values())

    def _conditions(self, instance: _Instance) -> tuple[Condition, ...]:
        wanted: dict[str, list[Scalar]] = {}
        for hp, keys in self._generated(instance).items():
            if hp in self._instances and hp != instance.name:
                wanted[hp] = self._spelled(hp, keys)
        for parent in instance.declared.parents:
            name = parent.hp if instance.index is None else parent.hp.replace(INDEX, str(instance.index))
            if INDEX in name:
                detail = f"a name with `{INDEX}` can only be asked for by a hyperparameter with `{INDEX}`"
                self._faults.add(child(parent.pointer, "hp"), "invalid_condition", detail)
                continue
            if name not in self._instances:
                if not self._declarations.is_faulty(parent.hp):
                    detail = self._declarations.unknown(parent.hp)
                    self._faults.add(child(parent.pointer, "hp"), "invalid_condition", detail)
                continue
            values = possible(parent, self._instances[name].declared.prototype, self._faults)
            if values is None:
                continue
            if name in wanted:
                allowed = {typed(value) for value in values}
                values = tuple(value for value in wanted[name] if typed(value) in allowed)
                if not values:
                    detail = f"contradicts another condition on `{name}`: it can never be active"
                    self._faults.add(parent.pointer, "invalid_condition", detail)
                    continue
            wanted[name] = list(values)
        return tuple(Condition(hp, tuple(values)) for hp, values in wanted.items())

    def _spelled(self, hp: str, keys: Keys) -> list[Scalar]:
        prototype = self._instances[hp].declared.prototype
        return sorted((prototype.canonical(value) for _, value in keys), key=_by_number_or_text)

    def _generated(self, instance: _Instance) -> Reached:
        """When some use of a numbered hyperparameter is reached, as one condition per hyperparameter."""
        if not instance.reached:
            return {}
        # Uses in one pass share one object, so a long body costs no more than a short one.
        ways = [self._needed(reached) for reached in {id(each): each for each in instance.reached}.values()]
        weakest = next((way for way in ways if all(_implies(other, way) for other in ways)), None)
        if weakest is not None:
            return weakest
        merged = _united(ways)
        if merged is None:
            detail = (
                f"`{instance.declared.name}` is used in places that are reached under different conditions: "
                "give each repeat its own name"
            )
            self._faults.add(instance.pointer, "ambiguous_index", detail)
            return {}
        return merged

    def _needed(self, reached: Reached) -> Reached:
        """Without what always holds: all values of a hyperparameter that is always active."""
        kept: dict[str, Keys] = {}
        for hp, keys in reached.items():
            instance = self._instances.get(hp)
            always = (
                instance is not None
                and instance.index is None
                and not instance.declared.parents
                and instance.declared.prototype.cardinality() == len(keys)
            )
            if not always:
                kept[hp] = keys
        return kept

    def _refuse_unreachable(
        self, hyperparameter: Hyperparameter, instance: _Instance, placed: Mapping[str, Hyperparameter]
    ) -> None:
        if closure(hyperparameter.conditions, placed) is None:
            detail = "its conditions and those of its parents contradict each other: it can never be active"
            self._faults.add(child(instance.declared.pointer, "when"), "invalid_condition", detail)


def closure(conditions: Sequence[Condition], space: Mapping[str, Hyperparameter]) -> dict[str, Keys] | None:
    """Everything that holds where the conditions hold, parents' conditions included; None when nothing can."""
    holds: dict[str, Keys] = {}
    queue = list(conditions)
    visited: set[str] = set()
    while queue:
        condition = queue.pop()
        keys = frozenset(typed(value) for value in condition.values)
        holds[condition.hp] = keys & holds.get(condition.hp, keys)
        if not holds[condition.hp]:
            return None
        if condition.hp not in visited and condition.hp in space:
            visited.add(condition.hp)
            queue.extend(space[condition.hp].conditions)
    return holds


def check_uses(uses: Sequence[Use], space: Mapping[str, Hyperparameter], faults: Faults) -> None:
    """Adds a fault where a hyperparameter is used and may have no value."""
    known: dict[int, dict[str, Keys] | None] = {}
    for use in uses:
        hyperparameter = space.get(use.hp)
        if hyperparameter is None or use.optional or not hyperparameter.conditions:
            continue
        # All uses of one pass share its scope.
        key = id(use.scope.reached)
        if key not in known:
            reached = [Condition(hp, tuple(value for _, value in keys)) for hp, keys in use.scope.reached.items()]
            known[key] = closure(reached, space)
        holds = known[key]
        if holds is None:
            continue
        missing = _missing(hyperparameter, holds, space)
        if missing is not None:
            detail = (
                f"`{use.hp}` has no value here unless `{missing.hp}` has certain values: "
                f'put this into {{"if": {{"hp": "{missing.hp}", "in": [...]}}, "layers": [...]}}'
            )
            faults.add(use.pointer, "invalid_condition", detail)


def _missing(
    hyperparameter: Hyperparameter, holds: Mapping[str, Keys], space: Mapping[str, Hyperparameter]
) -> Condition | None:
    """The first condition of the hyperparameter, or of its parents, that need not hold."""
    for condition in hyperparameter.conditions:
        wanted = frozenset(typed(value) for value in condition.values)
        given = holds.get(condition.hp)
        if given is not None:
            if not given <= wanted:
                return condition
            continue
        parent = space[condition.hp]
        if parent.cardinality() != len(wanted):
            return condition
        deeper = _missing(parent, holds, space)
        if deeper is not None:
            return deeper
    return None


def _implies(narrow: Reached, wide: Reached) -> bool:
    return all(hp in narrow and narrow[hp] <= keys for hp, keys in wide.items())


def _united(ways: Sequence[Reached]) -> Reached | None:
    """One condition for several ways that differ in one hyperparameter's values only; None when there is none."""
    first = ways[0]
    if any(way.keys() != first.keys() for way in ways):
        return None
    differing = [hp for hp in first if any(way[hp] != first[hp] for way in ways)]
    if len(differing) > 1:
        return None
    return {hp: frozenset().union(*(way[hp] for way in ways)) for hp in first}


def _by_number_or_text(value: Scalar) -> tuple[bool, float, str]:
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value), "")

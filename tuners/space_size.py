"""How many distinct points a space with conditions has, without listing them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.records import Scalar
    from tuners.space import Hyperparameter

CAP = 10**18
"""Sizes are exact below this; it stands for "so many or more"."""

_MAX_STATES = 20_000
_INACTIVE = -1


def count_points(hyperparameters: Sequence[Hyperparameter]) -> int | None:
    """The number of distinct active points, at most `CAP`; None when a hyperparameter is continuous.

    Parents are walked before children while a table holds, for each combination of parents that later children still
    ask for, how many points lead there. Values of a parent that no condition tells apart are one entry, so the work
    grows with the number of parents that are open at once, not with the number of values. A space so entangled that
    the table would outgrow its bound has a great many points, and is answered with `CAP`.

    Args:
        hyperparameters: Parents before children.
    """
    if any(each.cardinality() is None for each in hyperparameters):
        return None
    return min(_Count(hyperparameters).total(), CAP)


class _Count:
    def __init__(self, hyperparameters: Sequence[Hyperparameter]) -> None:
        self._by_name = {each.name: each for each in hyperparameters}
        self._children: dict[str, list[str]] = {each.name: [] for each in hyperparameters}
        for each in hyperparameters:
            for parent in dict.fromkeys(condition.hp for condition in each.conditions):
                self._children[parent].append(each.name)
        # For each parent: how many values are alike, and which conditions (by child and place) they meet.
        self._groups = {name: self._alike(name) for name, children in self._children.items() if children}

    def total(self) -> int:
        order = self._order()
        last_use = {name: place for place, name in enumerate(order)}
        for place, name in enumerate(order):
            for condition in self._by_name[name].conditions:
                last_use[condition.hp] = max(last_use[condition.hp], place)
        factor = 1
        states: dict[tuple[tuple[str, int], ...], int] = {(): 1}
        for place, name in enumerate(order):
            states = self._extended(states, name)
            # Parents nobody asks for any more are forgotten, which merges their entries.
            merged: dict[tuple[tuple[str, int], ...], int] = defaultdict(int)
            for state, points in states.items():
                merged[tuple(item for item in state if last_use[item[0]] > place)] += points
            states = merged
            if len(states) > _MAX_STATES:
                return CAP
            if len(states) == 1 and () in states:
                factor *= states[()]
                states = {(): 1}
                if factor >= CAP:
                    return CAP
        return factor * sum(states.values())

    def _order(self) -> list[str]:
        """Depth first: a family is finished before the next one opens."""
        order: dict[str, None] = {}
        for root in self._by_name:
            stack = [root]
            while stack:
                name = stack.pop()
                if name in order or any(c.hp not in order for c in self._by_name[name].conditions):
                    continue
                order[name] = None
                # Childless children go first: they cost nothing and close their parents.
                stack.extend(sorted(self._children[name], key=lambda child: -len(self._children[child])))
        return list(order)

    def _alike(self, name: str) -> list[tuple[int, frozenset[tuple[str, int]]]]:
        parent = self._by_name[name]
        met: dict[tuple[bool, Scalar], set[tuple[str, int]]] = defaultdict(set)
        for child in self._children[name]:
            for place, condition in enumerate(self._by_name[child].conditions):
                if condition.hp == name:
                    for value in condition.values:
                        if parent.contains(value):
                            met[isinstance(value, bool), value].add((child, place))
        sizes: dict[frozenset[tuple[str, int]], int] = defaultdict(int)
        for conditions in met.values():
            sizes[frozenset(conditions)] += 1
        others = (parent.cardinality() or 0) - len(met)
        if others:
            sizes[frozenset()] += others
        return [(size, conditions) for conditions, size in sizes.items()]

    def _extended(
        self, states: dict[tuple[tuple[str, int], ...], int], name: str
    ) -> dict[tuple[tuple[str, int], ...], int]:
        hyperparameter = self._by_name[name]
        groups = self._groups.get(name)
        extended: dict[tuple[tuple[str, int], ...], int] = defaultdict(int)
        for state, points in states.items():
            if not self._is_active(hyperparameter, dict(state)):
                extended[(*state, (name, _INACTIVE)) if groups else state] += points
            elif groups is None:
                extended[state] += points * (hyperparameter.cardinality() or 0)
            else:
                for index, (size, _) in enumerate(groups):
                    extended[(*state, (name, index))] += points * size
        return extended

    def _is_active(self, hyperparameter: Hyperparameter, state: dict[str, int]) -> bool:
        for place, condition in enumerate(hyperparameter.conditions):
            group = state[condition.hp]
            if group == _INACTIVE or (hyperparameter.name, place) not in self._groups[condition.hp][group][1]:
                return False
        return True

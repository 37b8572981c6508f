"""The shared part of walking a definition: where we are, which hyperparameters are used, and what a hole can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from storage.records import Scalar
from tuners.catalogue import NAMED_KINDS, Argument
from tuners.definitions import bounds
from tuners.definitions.declared import INDEX, Declarations, Declared
from tuners.definitions.facts import DATA_HOLES, LIST_HOLES, DataFacts
from tuners.definitions.faults import Faults, child, listed, suggestion
from tuners.list_values import items_of, shown
from tuners.space import Hyperparameter, typed

Keys = frozenset[tuple[bool, Scalar]]

HOLES = ("hp", "item", "data", "mul", "div")


@dataclass(frozen=True)
class Scope:
    """A place in the unrolled definition.

    Attributes:
        index: Number of the pass of the innermost repeat; None outside of repeats.
        repeats: Pointers of the repeats around it, outermost first.
        reached: For each hyperparameter that decides whether this place is reached: the values with which it is.
        items: The lists that repeats around it go through, by name as written: the name with `{i}` replaced, and
            which item this pass is at.
    """

    index: int | None = None
    repeats: tuple[str, ...] = ()
    reached: Mapping[str, Keys] = field(default_factory=dict)
    items: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def expanded(self, name: str) -> str | None:
        """The name with `{i}` replaced; None when there is no repeat to count."""
        if INDEX not in name:
            return name
        return None if self.index is None else name.replace(INDEX, str(self.index))

    def narrowed(self, name: str, values: Iterable[Scalar]) -> Scope | None:
        """The place inside a branch on a hyperparameter; None when it can never be reached."""
        keys = frozenset(typed(value) for value in values)
        if name in self.reached:
            keys &= self.reached[name]
        return replace(self, reached={**self.reached, name: keys}) if keys else None


@dataclass(frozen=True)
class Use:
    """One hole (or repeat, or if) that names a hyperparameter.

    Attributes:
        name: As written.
        hp: With `{i}` replaced.
        optional: The argument is left out while the hyperparameter is inactive.
    """

    name: str
    hp: str
    scope: Scope
    pointer: str
    optional: bool = False


class Walk:
    """What one walk over a definition knows and finds.

    Attributes:
        facts: The data set's, when known: then `data` holes are looked up and checked too.
        partial: Some repeat or branch was looked at without knowing when it is reached, because what decides that is
            faulty. Then nothing may be said of hyperparameters that seem unused.
    """

    def __init__(self, declarations: Declarations, faults: Faults, facts: DataFacts | None) -> None:
        self.declarations = declarations
        self.faults = faults
        self.facts = facts
        self.uses: list[Use] = []
        self.layers = 0
        self.partial = False
        self._steps = 0

    def step(self, pointer: str) -> bool:
        """Counts one visit; False (and a fault) when nested repeats unroll beyond all bounds."""
        self._steps += 1
        if self._steps > bounds.MAX_UNROLLING or self.layers > bounds.MAX_LAYERS:
            detail = f"repeats unroll to more than {bounds.MAX_LAYERS} layers; a model has at most that many"
            self.faults.add("/model/layers", "too_many", detail)
            return False
        return True

    def lookup(self, name: object, pointer: str, scope: Scope, *, optional: bool = False) -> Declared | None:
        """The declaration a hole names; notes the use. A fault (or silence, if reported before) and None otherwise."""
        if not isinstance(name, str):
            self.faults.add(pointer, "invalid_type", "must be the name of a hyperparameter")
            return None
        hp = scope.expanded(name)
        if hp is None:
            self.faults.add(
                pointer, "unknown_hyperparameter", "`{i}` counts the passes of a repeat; there is none here"
            )
            return None
        declared = self.declarations.find(name)
        if declared is None:
            if not self.declarations.is_faulty(name):
                self.faults.add(pointer, "unknown_hyperparameter", self.declarations.unknown(name))
            return None
        self.uses.append(Use(name, hp, scope, pointer, optional))
        return declared

    def check(self, value: object, slot: Argument, pointer: str, scope: Scope, *, optional: bool = False) -> None:
        """Adds a fault unless the value, or everything its holes can become, is allowed in the slot."""
        if isinstance(value, dict):
            self._check_hole(value, slot, pointer, scope, optional=optional)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            self._check_list(value, slot, pointer, scope)
        else:
            fault = slot.fault(value)
            if fault is not None:
                self.faults.add(pointer, *fault)

    def _check_hole(
        self, hole: dict[str, object], slot: Argument, pointer: str, scope: Scope, *, optional: bool
    ) -> None:
        kind = hole_kind(hole)
        if kind is None:
            named = any(each in slot.kinds for each in NAMED_KINDS)
            detail = f'{slot.expectation()}, or a hole such as {{"hp": name}}'
            self.faults.add(pointer, "invalid_enum" if named else "invalid_type", detail)
            return
        if kind == "hp":
            declared = self._named(hole, pointer, scope, optional=optional)
            if declared is not None:
                self._check_range(declared.prototype, slot, pointer)
            return
        if kind == "data" and isinstance(hole["data"], str) and hole["data"] in LIST_HOLES:
            self._check_data_list(hole, slot, pointer)
            return
        if kind == "item":
            for number in self._items(hole, pointer, scope):
                fault = slot.fault(number)
                if fault is not None:
                    self.faults.add(pointer, fault[0], f"an item of `{hole['item']}` does not fit: {fault[1]}")
                    return
            return
        span = self.span(hole, pointer, scope)
        if span is None:
            return
        if not ("int" in slot.kinds or "float" in slot.kinds):
            self.faults.add(pointer, "invalid_type", f"{slot.expectation()}, not a computed integer")
            return
        for value in span.known():
            fault = slot.fault(value)
            if fault is not None:
                self.faults.add(pointer, fault[0], f"{fault[1]}, but this can become {value}")
                return

    def _check_range(self, hyperparameter: Hyperparameter, slot: Argument, pointer: str) -> None:
        if hyperparameter.type in ("int", "float"):
            values = {"smallest": hyperparameter.lowest, "largest": hyperparameter.highest}
            words = {key: f"the {key} value of `{hyperparameter.name}` does not fit" for key in values}
            pairs = [(value, words[key]) for key, value in values.items()]
        else:
            pairs = [
                (value, f"a value of `{hyperparameter.name}` does not fit") for value in hyperparameter.grid_values()
            ]
        for value, words_for_it in pairs:
            fault = slot.fault(shown(value))
            if fault is not None:
                code = "hyperparameter_type_mismatch" if fault[0] == "invalid_type" else fault[0]
                self.faults.add(pointer, code, f"{words_for_it}: {slot.name} {fault[1]}")
                return

    def _check_data_list(self, hole: dict[str, object], slot: Argument, pointer: str) -> None:
        name = self._data_name(hole, pointer)
        if name is None:
            return
        if "int_list" not in slot.kinds and "float_list" not in slot.kinds:
            self.faults.add(pointer, "invalid_type", f"{slot.expectation()}; the data's `{name}` is a list")
            return
        value = self._data_value(name, pointer)
        fault = None if value is None else slot.fault(value)
        if fault is not None:
            self.faults.add(pointer, *fault)

    def _check_list(self, items: list[object], slot: Argument, pointer: str, scope: Scope) -> None:
        if "int_list" not in slot.kinds and "float_list" not in slot.kinds:
            self.faults.add(pointer, "invalid_type", slot.expectation())
            return
        before = len(self.faults)
        corners: list[tuple[object, object]] = []
        for index, item in enumerate(items):
            if isinstance(item, dict):
                place = child(pointer, index)
                if hole_kind(item) is None:
                    self.faults.add(place, "invalid_type", 'must be a number, or a hole such as {"hp": name}')
                    continue
                if hole_kind(item) == "hp":
                    declared = self._named(item, place, scope, optional=False)
                    if declared is not None:
                        corners.append((declared.prototype.lowest, declared.prototype.highest))
                    continue
                if hole_kind(item) == "item":
                    numbers = self._items(item, place, scope)
                    corners.extend([(min(numbers), max(numbers))] if numbers else [])
                    continue
                span = self.span(item, place, scope)
                if span is not None:
                    corners.append((1, 1) if span.low is None or span.high is None else (span.low, span.high))
            else:
                corners.append((item, item))
        if len(self.faults) > before or len(corners) < len(items):
            return
        for corner in zip(*corners, strict=True):
            fault = slot.fault(list(corner))
            if fault is not None:
                self.faults.add(pointer, *fault)
                return

    def _named(self, hole: dict[str, object], pointer: str, scope: Scope, *, optional: bool) -> Declared | None:
        if not self._alone(hole, "hp", pointer):
            return None
        return self.lookup(hole["hp"], child(pointer, "hp"), scope, optional=optional)

    def named_list(self, hole: object, pointer: str, scope: Scope) -> Declared | None:
        """The list-valued hyperparameter that a repeat goes through, its use noted; None when it names none."""
        name = hole.get("hp") if isinstance(hole, dict) else None
        declared = self.declarations.find(name) if isinstance(name, str) else None
        if declared is None or not declared.prototype.is_list:
            return None
        assert isinstance(hole, dict)
        return self._named(hole, pointer, scope, optional=False)

    def _items(self, hole: dict[str, object], pointer: str, scope: Scope) -> list[int | float]:
        """What an item hole can become; empty, with a fault, when there is no such list around it."""
        if not self._alone(hole, "item", pointer):
            return []
        name = hole["item"]
        if not isinstance(name, str) or name not in scope.items:
            detail = 'must name a list of numbers that a repeat around it goes through: {"repeat": {"hp": name}, ...}'
            code = "unknown_hyperparameter" if isinstance(name, str) else "invalid_type"
            self.faults.add(child(pointer, "item"), code, detail)
            return []
        declared = self.declarations.find(name)
        assert declared is not None
        hp, at = scope.items[name]
        reached = scope.reached.get(hp)
        lists = (items_of(value) for value in declared.prototype.values if reached is None or typed(value) in reached)
        return list(dict.fromkeys(items[at] for items in lists if len(items) > at))

    def _alone(self, hole: dict[str, object], kind: str, pointer: str) -> bool:
        for key in hole:
            if key != kind:
                self.faults.add(child(pointer, key), "unknown_field", f"a hole has the field `{kind}` and no other")
                return False
        return True

    def _data_name(self, hole: dict[str, object], pointer: str) -> str | None:
        if not self._alone(hole, "data", pointer):
            return None
        name = hole["data"]
        if isinstance(name, str) and name in DATA_HOLES:
            return name
        hint = suggestion(name, DATA_HOLES) if isinstance(name, str) else ""
        self.faults.add(child(pointer, "data"), "unknown_data", f"must be one of {listed(DATA_HOLES)}{hint}")
        return None

    def _data_value(self, name: str, pointer: str) -> int | list[int] | None:
        if self.facts is None:
            return None
        try:
            return self.facts.value(name)
        except LookupError as missing:
            self.faults.add(child(pointer, "data"), "data_unavailable", str(missing))
            return None

    def span(self, value: object, pointer: str, scope: Scope) -> Span | None:
        """Between which integers a number or hole can come out; None (and a fault) when it is no natural number."""
        if isinstance(value, int) and not isinstance(value, bool):
            return self._natural(Span(value, value), pointer)
        kind = hole_kind(value) if isinstance(value, dict) else None
        if kind is None or not isinstance(value, dict):
            self.faults.add(pointer, "invalid_type", 'must be an integer, or a hole such as {"hp": name}')
            return None
        if kind == "hp":
            declared = self._named(value, pointer, scope, optional=False)
            return None if declared is None else self._integer_span(declared.prototype, pointer)
        if kind == "data":
            return self._data_span(value, pointer)
        if kind == "item":
            numbers = self._items(value, pointer, scope)
            if any(not isinstance(number, int) for number in numbers):
                detail = f"`{value['item']}` must hold integers to be used here"
                self.faults.add(pointer, "hyperparameter_type_mismatch", detail)
                return None
            return self._natural(Span(int(min(numbers)), int(max(numbers))), pointer) if numbers else None
        return self._computed(value, kind, pointer, scope)

    def _natural(self, span: Span, pointer: str) -> Span | None:
        if span.low is not None and span.low < 0:
            self.faults.add(pointer, "out_of_range", "must not be negative")
            return None
        if span.high is not None and span.high > bounds.MAX_INTEGER:
            self.faults.add(pointer, "out_of_range", "must stay below 2^53")
            return None
        return span

    def _integer_span(self, hyperparameter: Hyperparameter, pointer: str) -> Span | None:
        if hyperparameter.type == "int":
            values: tuple[Scalar, ...] = (hyperparameter.lowest, hyperparameter.highest)
        elif hyperparameter.type == "float":
            values = (0.5,)
        else:
            values = hyperparameter.grid_values()
        integers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        if len(integers) < len(values):
            detail = f"`{hyperparameter.name}` must be an integer in all its values to be used here"
            if hyperparameter.is_list:
                detail = (
                    f"`{hyperparameter.name}` is a list; inside a repeat over it, an item hole is one of its numbers"
                )
            self.faults.add(pointer, "hyperparameter_type_mismatch", detail)
            return None
        return self._natural(Span(min(integers), max(integers)), pointer)

    def _data_span(self, hole: dict[str, object], pointer: str) -> Span | None:
        name = self._data_name(hole, pointer)
        if name is None:
            return None
        if name in LIST_HOLES:
            self.faults.add(
                child(pointer, "data"), "invalid_type", f"`{name}` is a list, and an integer is needed here"
            )
            return None
        value = self._data_value(name, pointer)
        if self.facts is not None and value is None:
            return None
        return Span(value, value) if isinstance(value, int) else Span(None, None)

    def _computed(self, hole: dict[str, object], kind: str, pointer: str, scope: Scope) -> Span | None:
        if not self._alone(hole, kind, pointer):
            return None
        place = child(pointer, kind)
        operands = hole[kind]
        if not isinstance(operands, list) or len(operands) != 2:
            self.faults.add(place, "invalid_type", "must be a list of two integers or holes")
            return None
        left = self.span(operands[0], child(place, 0), scope)
        right = self.span(operands[1], child(place, 1), scope)
        if left is None or right is None:
            return None
        if kind == "div" and right.low == 0:
            self.faults.add(child(place, 1), "division_by_zero", "must be at least 1 in all its values")
            return None
        return self._natural(product(left, right) if kind == "mul" else quotient(left, right), pointer)


@dataclass(frozen=True)
class Span:
    """The smallest and the largest integer something can be; None while only the data set can tell."""

    low: int | None
    high: int | None

    def known(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(end for end in (self.low, self.high) if end is not None))


def product(left: Span, right: Span) -> Span:
    low = None if left.low is None or right.low is None else left.low * right.low
    high = None if left.high is None or right.high is None else left.high * right.high
    return Span(low, high)


def quotient(left: Span, right: Span) -> Span:
    low = None if left.low is None or right.high is None else divided(left.low, right.high)
    high = None if left.high is None or right.low is None else divided(left.high, right.low)
    return Span(low, high)


def divided(left: int, right: int) -> int:
    """The quotient rounded down, but at least 1: halving filters again and again ends at one filter, not at none."""
    return max(left // right, 1)


def hole_kind(value: Mapping[str, object]) -> str | None:
    """Which hole an object is; None when it is none."""
    return next((kind for kind in HOLES if kind in value), None)

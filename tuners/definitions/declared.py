"""Hyperparameters as declared: one object of the list `hyperparameters`, checked by itself."""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from storage.records import Scalar
from tuners.definitions import bounds
from tuners.definitions.faults import Faults, child, listed, suggestion
from tuners.list_values import MAX_ITEMS, held, is_list, shown
from tuners.space import Hyperparameter, Sampling, same, typed

INDEX = "{i}"
"""What stands for the number of the pass in names inside a `repeat`."""

_NAME = re.compile(r"[^\W\d][\w.:-]*")
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "int": ("min_value", "max_value", "step", "sampling", "default"),
    "float": ("min_value", "max_value", "step", "sampling", "default"),
    "choice": ("values", "ordered", "default"),
    "boolean": ("default",),
    "fixed": ("value",),
}
_SAMPLINGS = ("linear", "log", "reverse_log")


@dataclass(frozen=True)
class Parent:
    """One item of `when`: the parent's name as written, and the values with which the child is active."""

    hp: str
    values: tuple[Scalar, ...]
    pointer: str


@dataclass(frozen=True)
class Declared:
    """One declared hyperparameter. `prototype` has its range; conditions and numbered names come with expansion."""

    prototype: Hyperparameter
    parents: tuple[Parent, ...]
    pointer: str

    @property
    def name(self) -> str:
        return self.prototype.name

    @property
    def numbered(self) -> bool:
        """Whether it stands for one hyperparameter per pass of a repeat."""
        return INDEX in self.name

    def named(self, index: int) -> str:
        return self.name.replace(INDEX, str(index))

    def to_json(self) -> dict[str, object]:
        """As declared, with defaults filled in."""
        document = self.prototype.to_json()
        if self.prototype.is_list:
            document |= {
                "default": shown(self.prototype.default),
                "values": [shown(value) for value in self.prototype.values],
            }
        if self.prototype.type == "fixed":
            document = {"name": self.name, "type": "fixed", "value": self.prototype.default}
        if self.parents:
            document["when"] = [
                {"hp": parent.hp, "in": [shown(value) for value in parent.values]} for parent in self.parents
            ]
        return document


class Declarations:
    """What a definition declares, by name as written; names of faulty declarations are known but without a range."""

    def __init__(self) -> None:
        self.sound: dict[str, Declared] = {}
        self.faulty: set[str] = set()

    def find(self, name: str) -> Declared | None:
        """The declaration behind a name: itself, or `units_{i}` for `units_3`."""
        found = self.sound.get(name)
        if found is not None or not any(character.isdigit() for character in name):
            return found
        for match in re.finditer(r"[0-9]+", name):
            numbered = self.sound.get(name[: match.start()] + INDEX + name[match.end() :])
            if numbered is not None and numbered.named(int(match.group())) == name:
                return numbered
        return None

    def is_faulty(self, name: str) -> bool:
        return name in self.faulty or re.sub(r"[0-9]+", lambda _: INDEX, name, count=1) in self.faulty

    def unknown(self, name: str) -> str:
        """What to say about a name nobody declared."""
        return f"no hyperparameter has this name{suggestion(name, self.sound)}"


def read_declarations(items: object, faults: Faults, *, needed: bool = True) -> Declarations:
    """The declared hyperparameters; everything wrong with one by itself becomes a fault, as does none if `needed`."""
    declarations = Declarations()
    pointer = "/hyperparameters"
    if not isinstance(items, list):
        faults.add(pointer, "invalid_type", "must be a list of hyperparameters")
        return declarations
    if not items and needed:
        faults.add(pointer, "empty_space", "a search needs at least one hyperparameter")
    if len(items) > bounds.MAX_HYPERPARAMETERS:
        faults.add(pointer, "too_many", f"a search has at most {bounds.MAX_HYPERPARAMETERS} hyperparameters")
        items = items[: bounds.MAX_HYPERPARAMETERS]
    seen: set[str] = set()
    for index, item in enumerate(items):
        place = child(pointer, index)
        if not isinstance(item, dict):
            faults.add(place, "invalid_type", 'must be an object such as {"name": ..., "type": "int", ...}')
            continue
        before = len(faults)
        name = _read_name(item.get("name"), child(place, "name"), faults)
        if name is not None:
            # Two names that differ in case only would be one column in many a tool.
            folded = unicodedata.normalize("NFC", name).casefold()
            if folded in seen:
                faults.add(child(place, "name"), "duplicate_name", "another hyperparameter has this name")
            seen.add(folded)
        declared = _Reader(item, name or "unnamed", place, faults).read()
        if declared is not None and name is not None and len(faults) == before:
            declarations.sound[name] = declared
        elif name is not None:
            declarations.faulty.add(name)
    return declarations


def _read_name(name: object, pointer: str, faults: Faults) -> str | None:
    if name is None:
        faults.add(pointer, "missing_field", "a hyperparameter needs a name")
        return None
    if not isinstance(name, str):
        faults.add(pointer, "invalid_type", "must be text")
        return None
    detail = None
    if name.startswith("tuner/"):
        detail = "names that begin with `tuner/` are reserved"
    elif len(name) > bounds.MAX_NAME:
        detail = f"must have at most {bounds.MAX_NAME} characters"
    elif unicodedata.normalize("NFC", name) != name:
        detail = "must be in Unicode's composed form (NFC)"
    elif name.count(INDEX) > 1 or not _NAME.fullmatch(name.replace(INDEX, "0")):
        detail = "must begin with a letter and go on with letters, digits, `_`, `-`, `.` or `:`; `{i}` at most once"
    if detail is not None:
        faults.add(pointer, "invalid_name", detail)
        return None
    return name


class _Reader:
    """Reads one declaration."""

    def __init__(self, item: dict[str, object], name: str, pointer: str, faults: Faults) -> None:
        self._item = item
        self._name = name
        self._pointer = pointer
        self._faults = faults

    def read(self) -> Declared | None:
        kind = self._item.get("type")
        if kind is None:
            self._fault("type", "missing_field", f"must be one of {listed(_ARGUMENTS)}")
            return None
        if not isinstance(kind, str) or kind not in _ARGUMENTS:
            hint = suggestion(kind, [*_ARGUMENTS]) if isinstance(kind, str) else ""
            self._fault("type", "invalid_enum", f"must be one of {listed(_ARGUMENTS)}{hint}")
            return None
        known = ("name", "type", "when", *_ARGUMENTS[kind])
        for key in self._item:
            if key not in known:
                self._fault(key, "unknown_field", f"`{kind}` has no such field{suggestion(key, known)}")
        parents = self._parents()
        if kind in ("int", "float"):
            prototype = self._number(cast(Literal["int", "float"], kind))
        elif kind == "choice":
            prototype = self._choice()
        elif kind == "boolean":
            prototype = self._boolean()
        else:
            prototype = self._fixed()
        return None if prototype is None else Declared(prototype, parents, self._pointer)

    def _fault(self, key: str, code: str, detail: str) -> None:
        self._faults.add(child(self._pointer, key), code, detail)

    def _number(self, kind: Literal["int", "float"]) -> Hyperparameter | None:
        low = self._bound(kind, "min_value", required=True)
        high = self._bound(kind, "max_value", required=True)
        step = self._bound(kind, "step", required=False)
        sampling = self._item.get("sampling", "linear")
        if sampling not in _SAMPLINGS:
            hint = suggestion(sampling, _SAMPLINGS) if isinstance(sampling, str) else ""
            self._fault("sampling", "invalid_enum", f"must be one of {listed(_SAMPLINGS)}{hint}")
            return None
        if low is None or high is None or (step is None and "step" in self._item):
            return None
        if high <= low:
            self._fault("max_value", "not_greater_than_min", "must be greater than `min_value`")
            return None
        if sampling != "linear" and low <= 0:
            self._fault("min_value", "log_needs_positive", f"must be above 0 for `{sampling}` sampling")
            return None
        if step is not None and not self._step_fits(low, high, step, logarithmic=sampling != "linear"):
            return None
        plain = Hyperparameter(
            name=self._name,
            type=kind,
            default=low,
            min_value=low,
            max_value=high,
            step=step,
            sampling=cast(Sampling, sampling),
        )
        if step is not None and (plain.cardinality() or 0) > bounds.MAX_CARDINALITY:
            self._fault("step", "cardinality_too_large", "is so small that there are more than 10^9 values")
            return None
        return self._with_default(plain)

    def _bound(self, kind: str, key: str, *, required: bool) -> float | int | None:
        if key not in self._item:
            if required:
                self._fault(key, "missing_field", f"`{kind}` needs `{key}`")
            return None
        value = self._item[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._fault(key, "invalid_type", "must be a number, without quotes")
            return None
        if kind == "int" and not isinstance(value, int):
            self._fault(key, "invalid_type", "must be an integer, written without a decimal point")
            return None
        if abs(value) > bounds.MAX_REAL or not math.isfinite(value):
            self._fault(key, "out_of_range", "must lie between -1e100 and 1e100")
            return None
        return value if kind == "int" else float(value) + 0.0

    def _step_fits(self, low: float, high: float, step: float, *, logarithmic: bool) -> bool:
        detail = None
        if logarithmic and step <= 1:
            detail = "multiplies under `log` and `reverse_log` sampling, so it must be above 1"
        elif logarithmic and step > high / low:
            detail = "must not be greater than `max_value` divided by `min_value`"
        elif not logarithmic and step <= 0:
            detail = "must be above 0"
        elif not logarithmic and step > high - low:
            detail = "must not be greater than `max_value` minus `min_value`"
        if detail is not None:
            self._fault("step", "invalid_step", detail)
        return detail is None

    def _choice(self) -> Hyperparameter | None:
        values = self._item.get("values")
        if values is None:
            self._fault("values", "missing_field", "`choice` needs the list `values`")
            return None
        if not isinstance(values, list):
            self._fault("values", "invalid_choices", "must be a list")
            return None
        if not 1 <= len(values) <= bounds.MAX_CHOICES:
            self._fault("values", "invalid_choices", f"must have 1 to {bounds.MAX_CHOICES} values")
            return None
        kinds = {type(value) for value in values}
        if list in kinds:
            return self._list_choice(values)
        detail = None
        if kinds == {bool}:
            detail = 'must not be true and false: use a hyperparameter of type "boolean"'
        elif len(kinds) > 1 or kinds - {int, float, str}:
            detail = "must be all integers, all numbers with a decimal point, or all texts"
        elif len(set(values)) < len(values):
            detail = "must all be different"
        elif any(isinstance(value, str) and len(value) > bounds.MAX_TAG_VALUE for value in values):
            detail = f"must have at most {bounds.MAX_TAG_VALUE} characters each"
        elif any(is_list(value) for value in values):
            detail = "must not begin with `[`: write lists of numbers as lists"
        if detail is not None:
            self._fault("values", "invalid_choices", detail)
            return None
        numeric = kinds != {str}
        ordered = self._item.get("ordered", numeric)
        if not isinstance(ordered, bool):
            self._fault("ordered", "invalid_type", "must be true or false")
            return None
        if ordered and not numeric:
            self._fault("ordered", "invalid_choices", "must be false for texts")
            return None
        return self._with_default(
            Hyperparameter(name=self._name, type="choice", default=values[0], values=tuple(values), ordered=ordered)
        )

    def _list_choice(self, values: list[object]) -> Hyperparameter | None:
        items = [item for value in values if isinstance(value, list) for item in value]
        real = any(isinstance(item, float) for item in items)
        texts = [text for value in values if (text := held(value, real=real)) is not None]
        detail = None
        if len(texts) < len(values):
            detail = f"must all be lists of 1 to {MAX_ITEMS} numbers"
        elif len(set(texts)) < len(texts):
            detail = "must all be different"
        if detail is not None:
            self._fault("values", "invalid_choices", detail)
            return None
        ordered = self._item.get("ordered", True)
        if not isinstance(ordered, bool):
            self._fault("ordered", "invalid_type", "must be true or false")
            return None
        return self._with_default(
            Hyperparameter(name=self._name, type="choice", default=texts[0], values=tuple(texts), ordered=ordered)
        )

    def _boolean(self) -> Hyperparameter | None:
        return self._with_default(Hyperparameter(name=self._name, type="boolean", default=False))

    def _fixed(self) -> Hyperparameter | None:
        value = self._item.get("value")
        if not isinstance(value, bool | int | float | str):
            code = "invalid_type" if "value" in self._item else "missing_field"
            self._fault("value", code, "`fixed` needs one `value`: a number, a text, true or false")
            return None
        if is_list(value):
            self._fault("value", "invalid_choices", "must not begin with `[`")
            return None
        return Hyperparameter(name=self._name, type="fixed", default=value, values=(value,))

    def _with_default(self, plain: Hyperparameter) -> Hyperparameter | None:
        # The lowest value rather than `min_value`: under `reverse_log` with a step these differ.
        if "default" not in self._item:
            return plain if plain.type == "boolean" else dataclasses.replace(plain, default=plain.lowest)
        value = self._item["default"]
        if plain.is_list:
            value = held(value)
        if not plain.contains(value):
            self._fault("default", "invalid_default", "must be one of the values this hyperparameter can take")
            return None
        return dataclasses.replace(plain, default=plain.canonical(cast(Scalar, value)))

    def _parents(self) -> tuple[Parent, ...]:
        if "when" not in self._item:
            return ()
        items = self._item["when"]
        pointer = child(self._pointer, "when")
        if not isinstance(items, list):
            self._faults.add(pointer, "invalid_type", 'must be a list such as [{"hp": "kind", "in": ["cnn"]}]')
            return ()
        if not 1 <= len(items) <= bounds.MAX_CONDITIONS:
            self._faults.add(pointer, "invalid_condition", f"must have 1 to {bounds.MAX_CONDITIONS} conditions")
            return ()
        parents = (read_membership(item, child(pointer, index), self._faults) for index, item in enumerate(items))
        return tuple(parent for parent in parents if parent is not None)


def read_membership(item: object, pointer: str, faults: Faults) -> Parent | None:
    """`{"hp": name, "in": [...]}`; without `in` the hyperparameter must be true. Its values are not looked up here."""
    if not isinstance(item, dict):
        faults.add(pointer, "invalid_type", 'must be an object such as {"hp": "kind", "in": ["cnn"]}')
        return None
    for key in item:
        if key not in ("hp", "in"):
            faults.add(child(pointer, key), "unknown_field", f"only `hp` and `in`{suggestion(key, ('hp', 'in'))}")
            return None
    name = item.get("hp")
    if not isinstance(name, str):
        code = "invalid_type" if "hp" in item else "missing_field"
        faults.add(child(pointer, "hp"), code, "must be the name of a hyperparameter")
        return None
    values = item.get("in", [True])
    place = child(pointer, "in")
    if isinstance(values, list):
        values = [held(value) if isinstance(value, list) else None if is_list(value) else value for value in values]
    if not isinstance(values, list) or not all(isinstance(value, bool | int | float | str) for value in values):
        faults.add(place, "invalid_type", "must be a list of values")
        return None
    if not 1 <= len(values) <= bounds.MAX_CHOICES:
        faults.add(place, "invalid_condition", f"must have 1 to {bounds.MAX_CHOICES} values")
        return None
    unique = {typed(value): value for value in values}
    return Parent(name, tuple(unique.values()), pointer)


def possible(parent: Parent, hyperparameter: Hyperparameter, faults: Faults) -> tuple[Scalar, ...] | None:
    """The condition's values as the hyperparameter spells them; a fault and None when it can never take one."""
    if any(not hyperparameter.contains(value) for value in parent.values):
        if hyperparameter.type != "boolean" and all(same(value, True) for value in parent.values):
            detail = f"`{hyperparameter.name}` is not a boolean: say with `in` for which of its values this holds"
        else:
            detail = f"must be values that `{hyperparameter.name}` can take"
        faults.add(child(parent.pointer, "in"), "invalid_condition", detail)
        return None
    return tuple(hyperparameter.canonical(value) for value in parent.values)

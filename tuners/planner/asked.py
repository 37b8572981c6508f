"""What a builder asks its `hp` for, over several builds, as hyperparameters of a definition."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keras_tuner.engine import hyperparameters as kt_hp

from storage.errors import FieldFault, InvalidDefinition
from storage.records import Scalar
from tuners.definitions.declared import read_declarations
from tuners.definitions.faults import Faults, child, suggestion
from tuners.planner.refusals import refused
from tuners.space import Hyperparameter

Document = dict[str, Any]


class Asked:
    """Keras Tuner's hyperparameters in order of appearance, parents before children; each name once.

    Args:
        place: The pointer of the builder, for refusals.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self._items: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        """The builder's name to ours."""

    def __len__(self) -> int:
        return len(self._items)

    def take(self, asked: Iterable[Any]) -> None:
        """Note what a build has asked for.

        Raises:
            InvalidDefinition: A name cannot be one of ours, or stands for two hyperparameters.
        """
        for hp in asked:
            known = self._items.get(hp.name)
            if known is None:
                self.names[hp.name] = self._named(hp.name)
                self._items[hp.name] = hp
            elif known.conditions != hp.conditions:
                detail = (
                    f"it asks for `{hp.name}` under two different conditions, and Keras Tuner mixes up hyperparameters "
                    "of one name: give them different names"
                )
                raise refused(self._place, "duplicate_name", detail)

    def documents(self, declared: Sequence[Document], *, more: frozenset[str], whole: bool) -> list[Document]:
        """All of it in the language of definitions, ranges of the same name taken from `declared`.

        Args:
            declared: The definition's own hyperparameters.
            more: Names among them that need not be asked for.
            whole: Whether all that is asked for is known by now; if not, what is declared beyond it is left out.

        Raises:
            InvalidDefinition: A declared one is of another kind than what the builder asks for, or is not asked for.
        """
        own = {str(each["name"]): (place, each) for place, each in enumerate(declared)}
        faults: list[FieldFault] = []
        parents: dict[str, Hyperparameter | None] = {}
        documents: list[Document] = []
        for name, hp in self._items.items():
            ours = self.names[name]
            plain = _document(hp, ours)
            when = None if plain is None else self._when(hp, parents)
            if plain is None or when is None:
                parents[name] = None
                continue
            place, given = own.pop(ours, (None, None))
            if given is not None and place is not None:
                faults += _conflicts(hp, given, f"/hyperparameters/{place}", when)
                plain = {key: value for key, value in given.items() if key != "when"}
            document = {**plain, "when": when} if when else plain
            documents.append(document)
            parents[name] = _prototype(plain)
        for ours, (place, given) in own.items():
            if ours in more:
                documents.append(given)
            elif whole:
                hint = suggestion(ours, self.names.values())
                detail = f"the builder never asks for it{hint}, and no hole in `fit` uses it"
                faults.append(FieldFault(f"/hyperparameters/{place}", "unused_hyperparameter", detail))
        if faults:
            raise InvalidDefinition("the hyperparameters do not fit the builder", tuple(faults))
        return documents

    def _named(self, name: str) -> str:
        text = re.sub(r"[^\w.:-]", "_", unicodedata.normalize("NFC", name).replace("/", "."))
        ours = text if re.match(r"[^\W\d]", text) else f"_{text}"
        folded = {each.casefold(): theirs for theirs, each in self.names.items()}
        if ours.casefold() in folded:
            detail = f"its hyperparameters `{folded[ours.casefold()]}` and `{name}` would both be called `{ours}`"
            raise refused(self._place, "duplicate_name", f"{detail}: rename one")
        return ours

    def _when(self, hp: Any, parents: Mapping[str, Hyperparameter | None]) -> list[Document] | None:
        """Its conditions; None when they can never hold within the ranges of its parents."""
        conditions: list[Document] = []
        for condition in hp.conditions:
            parent = parents.get(condition.name)
            if parent is None:
                return None
            values = [value for each in condition.values if (value := taken_by(parent, each)) is not None]
            if not values:
                return None
            conditions.append({"hp": parent.name, "in": list(dict.fromkeys(values))})
        return conditions


def taken_by(parent: Hyperparameter, value: Any) -> Scalar | None:
    """A condition's value as the parent has it (to Keras Tuner `1` and `True` are equal); None if it never does."""
    spellings: list[Any] = [value]
    if value in (0, 1):
        spellings += [bool(value), int(value)]
    for spelling in spellings:
        if parent.contains(spelling):
            return parent.canonical(spelling)
    return None


def _prototype(document: Document) -> Hyperparameter | None:
    faults = Faults()
    declarations = read_declarations([document], faults)
    return next((each.prototype for each in declarations.sound.values()), None)


def _document(hp: Any, name: str) -> Document | None:
    """Without conditions; None for a fixed value that is no finite number, which the builder keeps to itself."""
    if isinstance(hp, kt_hp.Fixed):
        odd = isinstance(hp.value, float) and not math.isfinite(hp.value)
        return None if odd else {"name": name, "type": "fixed", "value": hp.value}
    if isinstance(hp, kt_hp.Boolean):
        return {"name": name, "type": "boolean", "default": bool(hp.default)}
    if isinstance(hp, kt_hp.Choice):
        values = list(dict.fromkeys(hp.values))
        return {"name": name, "type": "choice", "values": values, "ordered": bool(hp.ordered), "default": hp.default}
    return _number(hp, name)


def _number(hp: Any, name: str) -> Document:
    kind = "int" if isinstance(hp, kt_hp.Int) else "float"
    number = int if kind == "int" else float
    low, high = number(hp.min_value), number(hp.max_value)
    step = hp.step
    widest = high - low if hp.sampling == "linear" else high / low
    if low == high or (step is not None and step > widest):
        # Keras Tuner allows ranges of one value.
        return {"name": name, "type": "fixed", "value": low}
    document: Document = {"name": name, "type": kind, "min_value": low, "max_value": high, "sampling": hp.sampling}
    if step is not None and not (kind == "int" and step == 1 and hp.sampling == "linear"):
        document["step"] = step if hp.sampling != "linear" else number(step)
    prototype = _prototype(document)
    default = number(hp.default)
    if prototype is not None and prototype.contains(default):
        # Keras Tuner does not look whether the default is in the range; ours then begins at the lowest value.
        document["default"] = default
    return document


def _conflicts(hp: Any, given: Document, pointer: str, when: list[Document]) -> list[FieldFault]:
    """What is wrong with a declaration for something the builder asks for in its own way."""
    if given.get("when", when) != when:
        detail = "the builder decides when this has a value: leave `when` out"
        return [FieldFault(child(pointer, "when"), "invalid_condition", detail)]
    kinds = _python_kinds(given)
    if isinstance(hp, kt_hp.Boolean):
        fits, wanted = kinds <= {bool}, "true or false"
    elif isinstance(hp, kt_hp.Int):
        fits, wanted = kinds <= {int}, "integers"
    elif isinstance(hp, kt_hp.Float):
        fits, wanted = kinds <= {int, float}, "numbers"
    elif isinstance(hp, kt_hp.Choice):
        values = [given["value"]] if given["type"] == "fixed" else given.get("values", [None])
        known = [(type(value), value) for value in hp.values]
        fits, wanted = all((type(value), value) in known for value in values), f"some of {hp.values}"
    else:
        fits, wanted = kinds <= {type(hp.value)}, f"a {type(hp.value).__name__}"
    if fits:
        return []
    detail = f"the builder asks for `{hp.name}` and expects {wanted}"
    return [FieldFault(pointer, "hyperparameter_type_mismatch", detail)]


def _python_kinds(given: Document) -> set[type]:
    kind = given["type"]
    if kind == "choice":
        return {type(value) for value in given["values"]}
    if kind == "fixed":
        return {type(given["value"])}
    return {{"int": int, "float": float, "boolean": bool}[kind]}

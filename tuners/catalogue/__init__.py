"""What a definition may name: layers, optimizers, losses, metrics, callbacks and tuners, with their arguments.

The data lies in `keras.json`, generated from Keras' own signatures by `python -m tuners.catalogue.generate`. Reading it
needs no Keras, so the API checks names, types and ranges without loading one. What is not listed does not exist for a
client: layers that run code or read files (`Lambda`, `TFSMLayer`, the lookup layers, ...) are not in it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

NAMED_KINDS = ("activation", "initializer", "regularizer", "constraint", "enum")
"""Kinds whose strings come from a fixed list, `Argument.choices`."""

OBJECT_KINDS = ("initializer", "regularizer", "constraint")
"""Kinds that may also be an object with arguments: `{"regularizer": "L2", "l2": 0.001}`."""

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_MAX_ITEMS = 64


@dataclass(frozen=True)
class Argument:
    """One constructor argument and the values a client may give it.

    Attributes:
        kinds: What the value may be, any of: int, float, bool, string, int_list, float_list, null, activation,
            initializer, regularizer, constraint, enum, layer. A `string` is one plain word, never a path or an
            address; a `layer` is an object such as {"layer": "LSTM", "units": 32}.
        default: Keras' default as JSON; None where `required`.
        choices: The allowed strings when a kind takes its strings from a list, or the allowed layers; None otherwise.
        minimum: Smallest number, also of each item of a list; None when unbounded.
        maximum: Largest number, likewise.
        min_items: Fewest items of a list.
        max_items: Most items of a list.
        help: What Keras' documentation says, shortened.
        at_call: Given to the layer when it is called, and not when it is made.
    """

    name: str
    kinds: tuple[str, ...]
    required: bool = False
    default: JSON = None
    choices: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    help: str = ""
    min_items: int = 1
    max_items: int = _MAX_ITEMS
    at_call: bool = False

    @property
    def object_kind(self) -> str | None:
        """Which of `OBJECT_KINDS` it takes, if any."""
        return next((kind for kind in OBJECT_KINDS if kind in self.kinds), None)

    def fault(self, value: object) -> tuple[str, str] | None:
        """Why a concrete value is not allowed: a stable code and what would be right; None when it is allowed.

        Codes: `invalid_type`, `out_of_range`, `invalid_enum`. The value itself is never repeated in the text. Objects
        (layers, and what `OBJECT_KINDS` names) are checked by who knows their parts: here they are of a wrong type.
        """
        if value is None:
            return None if "null" in self.kinds else ("invalid_type", self.expectation())
        if isinstance(value, bool):
            return None if "bool" in self.kinds else ("invalid_type", self.expectation())
        if isinstance(value, int | float):
            return self._number_fault(value, integer="int" in self.kinds, real="float" in self.kinds)
        if isinstance(value, str):
            return self._string_fault(value)
        if isinstance(value, list | tuple):
            return self._list_fault(value)
        return "invalid_type", self.expectation()

    def _number_fault(self, value: int | float, *, integer: bool, real: bool) -> tuple[str, str] | None:
        if not (real or (integer and isinstance(value, int))):
            return "invalid_type", self.expectation()
        # Compared before anything is converted: an integer of a thousand digits has no float.
        if isinstance(value, float) and not math.isfinite(value):
            return "out_of_range", self.expectation()
        low, high = self.minimum, self.maximum
        if low is not None and (value < low or (self.exclusive_minimum and value == low)):
            return "out_of_range", self.expectation()
        if high is not None and (value > high or (self.exclusive_maximum and value == high)):
            return "out_of_range", self.expectation()
        return None

    def _string_fault(self, value: str) -> tuple[str, str] | None:
        if "layer" in self.kinds:
            return "invalid_type", self.expectation()
        if self.choices is not None:
            return None if value in self.choices else ("invalid_enum", self.expectation())
        if "string" not in self.kinds:
            return "invalid_type", self.expectation()
        return None if _WORD.fullmatch(value) else ("invalid_enum", self.expectation())

    def _list_fault(self, value: list[object] | tuple[object, ...]) -> tuple[str, str] | None:
        integer, real = "int_list" in self.kinds, "float_list" in self.kinds
        if not (integer or real):
            return "invalid_type", self.expectation()
        if not self.min_items <= len(value) <= self.max_items:
            return "out_of_range", self.expectation()
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int | float):
                return "invalid_type", self.expectation()
            fault = self._number_fault(item, integer=integer, real=real)
            if fault is not None:
                return fault
        return None

    def expectation(self) -> str:
        """What would be right, as a phrase: `must be an integer of at least 1 or a list of 2 such integers`."""
        bounds = self._bounds()
        parts: list[str] = []
        if "float" in self.kinds:
            parts.append(f"a number{bounds}")
        elif "int" in self.kinds:
            parts.append(f"an integer{bounds}")
        if "int_list" in self.kinds or "float_list" in self.kinds:
            items = "integers" if "int_list" in self.kinds else "numbers"
            parts.append(f"a list of {self._count()} {items}" + ("" if parts else bounds))
        if "bool" in self.kinds:
            parts.append("true or false")
        if "layer" in self.kinds:
            assert self.choices is not None
            parts.append('an object such as {"layer": "' + self.choices[0] + '", argument: value}')
        elif self.choices is not None:
            parts.append("one of " + ", ".join(self.choices))
        elif "string" in self.kinds:
            parts.append("a word of letters, digits and underscores")
        if "null" in self.kinds:
            parts.append("null")
        return "must be " + ", or ".join(parts)

    def _bounds(self) -> str:
        low, high = self.minimum, self.maximum
        below = None if high is None else f"{'below' if self.exclusive_maximum else 'at most'} {_plain(high)}"
        above = None if low is None else f"{'above' if self.exclusive_minimum else 'at least'} {_plain(low)}"
        both = " and ".join(part for part in (above, below) if part)
        return f" {both}" if both else ""

    def _count(self) -> str:
        return str(self.max_items) if self.min_items == self.max_items else f"{self.min_items} to {self.max_items}"


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(number)


@dataclass(frozen=True)
class Entry:
    """One thing a definition may name.

    Attributes:
        name: Keras' class name (for tuners: our word).
        group: Where it belongs, for display: "core", "convolution", ...
        arguments: By name, in Keras' order.
        aliases: Other strings Keras takes for it with all defaults, such as "mse".
        logged_as: The name under which a metric appears in the logs when it has no `name`; empty for other things.
        inputs: Fewest and most inputs of a layer.
    """

    name: str
    group: str
    arguments: Mapping[str, Argument]
    help: str = ""
    aliases: tuple[str, ...] = ()
    logged_as: str = ""
    inputs: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Catalogue:
    """Everything a definition may name, by class name."""

    layers: Mapping[str, Entry]
    optimizers: Mapping[str, Entry]
    losses: Mapping[str, Entry]
    metrics: Mapping[str, Entry]
    callbacks: Mapping[str, Entry]
    tuners: Mapping[str, Entry]
    initializers: Mapping[str, Entry]
    regularizers: Mapping[str, Entry]
    constraints: Mapping[str, Entry]
    keras_version: str
    _aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def optimizer(self, word: str) -> Entry | None:
        """The optimizer of a class name or an alias such as "adam"; None when there is none."""
        return self.optimizers.get(self._aliases["optimizers"].get(word, word))

    def loss(self, word: str) -> Entry | None:
        """The loss of a class name or an alias such as "mse"; None when there is none."""
        return self.losses.get(self._aliases["losses"].get(word, word))

    def metric(self, word: str) -> Entry | None:
        """The metric of a class name or an alias such as "accuracy"; None when there is none."""
        return self.metrics.get(self._aliases["metrics"].get(word, word))

    def objects(self, kind: str) -> Mapping[str, Entry]:
        """What can be given as an object where an argument is of this kind (one of `OBJECT_KINDS`), by class name."""
        found: Mapping[str, Entry] = getattr(self, f"{kind}s")
        return found

    def metric_log_name(self, metric: object) -> str | None:
        """The name a metric of `compile.metrics` has in the logs; None when it is not in the catalogue.

        A string keeps its spelling when it is an alias ("acc" is logged as `acc`, "mse" as `mse`); a class name, alone
        or as `{"metric": "AUC"}`, is logged in Keras' snake case (`auc`), or as its `name` argument.
        """
        word = metric.get("metric") if isinstance(metric, Mapping) else metric
        entry = self.metric(word) if isinstance(word, str) else None
        if entry is None or not isinstance(word, str):
            return None
        given = metric.get("name") if isinstance(metric, Mapping) else None
        if isinstance(given, str):
            return given
        return entry.logged_as if word == entry.name else word


_SECTIONS = (
    "layers", "optimizers", "losses", "metrics", "callbacks", "tuners", "initializers", "regularizers", "constraints",
)  # fmt: skip


@cache
def catalogue() -> Catalogue:
    """The catalogue of this release; read once per process, without Keras. Safe for threads."""
    document = json.loads((Path(__file__).parent / "keras.json").read_text("utf-8"))
    vocabularies = {kind: tuple(names) for kind, names in document["vocabularies"].items()}
    sections = {
        section: MappingProxyType(
            {name: read_entry(name, raw, vocabularies) for name, raw in document[section].items()}
        )
        for section in _SECTIONS
    }
    aliases = {
        section: {alias: entry.name for entry in entries.values() for alias in entry.aliases}
        for section, entries in sections.items()
    }
    return Catalogue(**sections, keras_version=document["keras_version"], _aliases=aliases)


def read_entry(name: str, raw: Mapping[str, Any], vocabularies: Mapping[str, tuple[str, ...]]) -> Entry:
    """One entry of a catalogue file; strings of the kinds in `vocabularies` come from those lists."""
    arguments: dict[str, dict[str, Any]] = raw["arguments"]
    return Entry(
        name=name,
        group=raw["group"],
        arguments=MappingProxyType({key: _argument(key, value, vocabularies) for key, value in arguments.items()}),
        help=raw.get("help", ""),
        aliases=tuple(raw.get("aliases", ())),
        logged_as=raw.get("logged_as", ""),
        inputs=tuple(raw.get("inputs", (1, 1))),
    )


def _argument(name: str, raw: Mapping[str, Any], vocabularies: Mapping[str, tuple[str, ...]]) -> Argument:
    options: dict[str, Any] = dict(raw)
    kinds: tuple[str, ...] = tuple(options["kinds"])
    options["kinds"] = kinds
    if "choices" in options:
        options["choices"] = tuple(options["choices"])
    else:
        named = next((kind for kind in kinds if kind in vocabularies), None)
        options["choices"] = None if named is None else vocabularies[named]
    return Argument(name=name, **options)

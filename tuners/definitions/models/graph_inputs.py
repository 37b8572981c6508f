"""The inputs of a graph: those of the data set, and slices of a table's columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import child, suggestion
from tuners.definitions.models.graph_shape import check_name
from tuners.definitions.walking import Walk

ONLY_INPUT = "x"
"""The name of the input when the data set has one that has no name."""

_MAX_COLUMNS = 10_000


@dataclass(frozen=True)
class Sources:
    """What nodes may take from outside.

    Attributes:
        names: Known names.
        open: Whether the data set, which is not known yet, may have others.
        declared: Where in the definition each was listed; empty when none was.
    """

    names: Collection[str]
    open: bool
    declared: Mapping[str, str] = field(default_factory=dict)

    def refuse_unused(self, used: Collection[str], walk: Walk) -> None:
        """Adds a fault for each listed input that no node takes."""
        for name, pointer in self.declared.items():
            if name not in used:
                walk.faults.add(pointer, "invalid_graph", "no node takes this input: use it, or remove it")


def data_inputs(facts: DataFacts) -> dict[str, tuple[int, ...]]:
    """The inputs of the data set: name and shape of one example."""
    return {name: tuple(shape) for name, shape in facts.inputs.items()} or {ONLY_INPUT: tuple(facts.input_shape)}


def check_inputs(items: object, walk: Walk) -> Sources:
    """Adds a fault for everything wrong with the list `inputs`; what nodes may take."""
    known = None if walk.facts is None else data_inputs(walk.facts)
    if items is None:
        return Sources((ONLY_INPUT,), True) if known is None else Sources(tuple(known), False)
    pointer = "/model/inputs"
    if not isinstance(items, list):
        walk.faults.add(pointer, "invalid_type", 'must be a list such as ["x"], or left out for all the data set has')
        return Sources((), True)
    if not 1 <= len(items) <= 64:
        walk.faults.add(pointer, "invalid_graph", "must have 1 to 64 inputs; leave it out for all the data set has")
        return Sources((), True)
    declared: dict[str, str] = {}
    for index, item in enumerate(items):
        place = child(pointer, index)
        slice_of_columns = isinstance(item, dict)
        where = child(place, "name") if slice_of_columns else place
        name = check_name(item.get("name") if isinstance(item, dict) else item, where, walk.faults)
        if isinstance(item, dict):
            _check_slice(item, place, known, walk)
        if name is None:
            continue
        if name in declared:
            walk.faults.add(where, "invalid_graph", "another input has this name")
        elif not slice_of_columns and known is not None and name not in known:
            detail = f"the data set has no such input{suggestion(name, known)}; it has {', '.join(known)}"
            walk.faults.add(where, "invalid_graph", detail)
        elif slice_of_columns and known is not None and name in known:
            walk.faults.add(where, "invalid_graph", "an input of the data set has this name")
        declared[name] = place
    return Sources(tuple(declared), False, declared)


def _check_slice(
    item: Mapping[str, object], pointer: str, known: Mapping[str, tuple[int, ...]] | None, walk: Walk
) -> None:
    fields = ("name", "of", "columns")
    for key in item:
        if key not in fields:
            walk.faults.add(child(pointer, key), "unknown_field", f"no such field here{suggestion(key, fields)}")
    columns = item.get("columns")
    place = child(pointer, "columns")
    plain = isinstance(columns, list) and all(
        isinstance(column, str | int) and not isinstance(column, bool) for column in columns
    )
    if not isinstance(columns, list) or not plain:
        code = "missing_field" if columns is None else "invalid_type"
        walk.faults.add(place, code, 'must be a list of columns, by name or by number: ["age", "income"]')
        return
    if not 1 <= len(columns) <= _MAX_COLUMNS:
        walk.faults.add(place, "too_many" if columns else "invalid_graph", f"must have 1 to {_MAX_COLUMNS} columns")
        return
    of = item.get("of", ONLY_INPUT)
    if not isinstance(of, str):
        walk.faults.add(child(pointer, "of"), "invalid_type", "must be the name of one of the data set's inputs")
        return
    if known is None or walk.facts is None:
        return
    source = _source(item, known)
    if source is None:
        detail = f"must be one of the data set's inputs: {', '.join(known)}"
        walk.faults.add(child(pointer, "of"), "invalid_graph", detail)
    elif not known[source]:
        walk.faults.add(pointer, "shape_mismatch", "an input without axes has no columns")
    else:
        for index, column in enumerate(columns):
            if not _places(column, known[source][-1], walk.facts):
                known_names = [*walk.facts.columns, *walk.facts.features]
                hint = suggestion(column, known_names) if isinstance(column, str) else ""
                walk.faults.add(child(place, index), "unknown_column", f"the data set has no such column{hint}")


def _source(item: Mapping[str, object], known: Mapping[str, tuple[int, ...]]) -> str | None:
    """The input of which an item is a slice: the one it names, or the only one."""
    of = item.get("of", next(iter(known)) if len(known) == 1 else None)
    return of if isinstance(of, str) and of in known else None


def _places(column: object, width: int, facts: DataFacts) -> list[int]:
    """The places of a column among the numbers of an example: several when it is a category given one-hot."""
    if isinstance(column, int):
        return [column] if 0 <= column < width else []
    # A category given one-hot has a feature `colour=red` for each of its values.
    expanded = isinstance(column, str) and column in facts.columns
    return [
        number
        for number, feature in enumerate(facts.features)
        if feature == column or (expanded and feature.startswith(f"{column}="))
    ]


def resolve_inputs(items: object, facts: DataFacts) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """All inputs of the data set (`name`, `shape`), and the slices (`name`, `of`, `columns` by number)."""
    known = data_inputs(facts)
    inputs: list[dict[str, object]] = [{"name": name, "shape": list(shape)} for name, shape in known.items()]
    slices: list[dict[str, object]] = []
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            source = _source(item, known)
            assert source is not None
            places = [place for column in item["columns"] for place in _places(column, known[source][-1], facts)]
            slices.append({"name": item["name"], "of": source, "columns": places})
    return inputs, slices

"""Whether the outputs of a model, with their losses and metrics, suit what the data set has to predict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from storage.datasets import DatasetTarget, Task
from tuners.catalogue import catalogue
from tuners.definitions.document import Definition
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults, child, listed
from tuners.definitions.metrics import per_output
from tuners.definitions.models import MODEL_TYPES
from tuners.definitions.resolution import resolve
from tuners.definitions.tasks import check_loss, check_metric, is_one_hot, is_sparse

# What may follow the layer that decides how many outputs there are.
_SAME_WIDTH = frozenset({"Activation", "Softmax", "Dropout", "ReLU", "LeakyReLU", "ELU", "PReLU", "Identity"})


def check_outputs(definition: Definition, data: DataFacts, faults: Faults) -> None:
    """Adds a fault for everything in the outputs, losses and metrics that does not suit the data set."""
    kind = MODEL_TYPES[definition.model["type"]]
    names = kind.outputs(definition.model)
    if not kind.several and not faults.at_or_below("/model"):
        _refuse_several(data, faults)
    elif names or (data.targets and definition.model["type"] == "graph"):
        _check_names(names, data, faults)
    if definition.fit.class_weight is not None and (data.task != "classification" or data.targets):
        detail = "only a classification data set with one target has classes to weigh"
        faults.add("/fit/class_weight", "task_mismatch", detail)
    if {target.name for target in data.targets} != set(names) and names:
        return
    ends = list(_ends(definition, names, data)) if kind.compiled else []
    for end in ends:
        for loss in end.losses:
            check_loss(loss, f"/compile/loss{end.suffix}", end.target, faults)
    for pointer, metric, end in _metrics(definition, ends, data):
        check_metric(metric, pointer, end.target, end.losses, faults)
    if len(faults) == 0 and ends:
        _check_widths(definition, ends, data, faults)


def _refuse_several(data: DataFacts, faults: Faults) -> None:
    for what, names in (("inputs", list(data.inputs)), ("targets", [target.name for target in data.targets])):
        if names:
            detail = f"the data set has several {what} ({listed(names)}): a model of type `graph` can take them"
            faults.add("/model/type", "task_mismatch", detail)


def _check_names(names: Sequence[str], data: DataFacts, faults: Faults) -> None:
    wanted = [target.name for target in data.targets]
    if not wanted:
        detail = "the data set has one target, so the model needs one output: name one node"
        faults.add("/model/outputs", "task_mismatch", detail)
    elif set(names) != set(wanted):
        shown = ", ".join(f'"{name}": node' for name in wanted)
        detail = f"the data set has the targets {listed(wanted)}, and each needs an output: {{{shown}}}"
        faults.add("/model/outputs", "task_mismatch", detail)


class KnownTargets(Protocol):
    """What a data set says of its targets; `targets` is empty when there is one only."""

    @property
    def task(self) -> Task: ...

    @property
    def num_classes(self) -> int | None: ...

    @property
    def targets(self) -> tuple[DatasetTarget, ...]: ...


@dataclass(frozen=True)
class _End:
    """One output: what it must predict, and the losses it may get (more than one where a hole chooses)."""

    name: str | None
    target: DatasetTarget
    losses: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return "" if self.name is None else child("/outputs", self.name)


def _ends(definition: Definition, names: Sequence[str], data: DataFacts) -> Iterator[_End]:
    loss = definition.compile.loss
    of_outputs = per_output(loss) or {}
    if not names:
        yield _End(None, data.target(), _loss_names(definition, loss))
    for name in names:
        yield _End(name, data.target(name), _loss_names(definition, of_outputs.get(name)))


def _loss_names(definition: Definition, loss: object) -> tuple[str, ...]:
    word = loss["loss"] if isinstance(loss, Mapping) and "loss" in loss else loss
    words: Sequence[object] = (word,)
    if isinstance(word, Mapping) and isinstance(word.get("hp"), str):
        declared = definition.analysis.declarations.find(word["hp"])
        words = () if declared is None else declared.prototype.values
    entries = (catalogue().loss(str(each)) for each in words)
    return tuple(entry.name for entry in entries if entry is not None)


def _metrics(definition: Definition, ends: Sequence[_End], data: DataFacts) -> Iterator[tuple[str, str, _End]]:
    """Place and class of each metric, with the output it is for."""
    metrics = definition.compile.metrics
    of_outputs = per_output(metrics)
    for end in ends or (_End(None, data.target(), ()),):
        items = metrics if of_outputs is None else of_outputs.get(end.name or "", ())
        for index, metric in enumerate(items if isinstance(items, list | tuple) else ()):
            word = metric.get("metric") if isinstance(metric, Mapping) else metric
            entry = catalogue().metric(str(word))
            if entry is not None:
                yield f"/compile/metrics{end.suffix}/{index}", entry.name, end


def _check_widths(definition: Definition, ends: Sequence[_End], data: DataFacts, faults: Faults) -> None:
    """Compares the width of closing Dense layers, at the defaults, with what the losses expect."""
    resolved = resolve(definition, definition.space().defaults(), data)
    for end in ends:
        closing = _closing(resolved, end.name)
        if closing is None:
            continue
        layer, pointer, softmax = closing
        detail = _width_fault(layer["units"], end, softmax=softmax)
        if detail is not None:
            faults.add(f"{pointer}/units", "shape_mismatch", detail)


def _width_fault(units: int, end: _End, *, softmax: bool) -> str | None:
    target = end.target
    classes = target.num_classes or 0
    if softmax and units == 1:
        return "a softmax over one unit is always 1: use `sigmoid`, or more units"
    if target.task != "classification":
        wanted = classes if target.task == "multilabel" else _numbers(target)
        what = "labels" if target.task == "multilabel" else "numbers to predict"
        if units != wanted:
            hole = ': write {"data": "target_size"}' if end.name is None else ""
            return f"must be {wanted}, the {what} of each row{hole}"
        return None
    if units == classes or (units == 1 and classes == 2 and not any(is_sparse(loss) for loss in end.losses)):
        return None
    hole = ': write {"data": "num_classes"}' if end.name is None else ""
    either = ", or 1" if classes == 2 and not any(is_sparse(loss) for loss in end.losses) else ""
    return f"must be {classes}, the number of classes{either}{hole}"


def _numbers(target: DatasetTarget) -> int:
    size = 1
    for axis in target.shape:
        size *= axis
    return size


def one_hot_by_text(resolved: Mapping[str, Any], data: KnownTargets) -> bool | frozenset[str]:
    """What `tuners.trainer.targets.one_hot_targets` finds in the built model, told from the definition alone.

    Where the width of an output cannot be told, it is taken to fit the loss: the definition has been checked.
    """
    found = resolved["model"].get("found")
    if isinstance(found, Mapping):
        return bool(found.get("one_hot"))
    discovered = resolved["model"].get("found") or {}
    losses = resolved["compile"].get("loss")
    if losses is None:
        return bool(discovered.get("one_hot"))
    of_outputs = per_output(losses)
    if of_outputs is None:
        return _wants_one_hot(resolved, None, losses, data.num_classes if data.task == "classification" else None)
    classes = {each.name: each.num_classes for each in data.targets if each.task == "classification"}
    return frozenset(
        name for name, loss in of_outputs.items() if _wants_one_hot(resolved, name, loss, classes.get(name))
    )


def _wants_one_hot(resolved: Mapping[str, Any], output: str | None, loss: object, classes: int | None) -> bool:
    word = loss["loss"] if isinstance(loss, Mapping) else loss
    entry = catalogue().loss(str(word))
    if classes is None or classes < 2 or entry is None or is_sparse(entry.name):
        return False
    closing = _closing(resolved, output)
    if closing is not None:
        return bool(closing[0]["units"] == classes)
    return classes > 2 or is_one_hot(entry.name)


def _closing(resolved: Mapping[str, Any], output: str | None) -> tuple[Mapping[str, Any], str, bool] | None:
    """The Dense layer that decides on the width of an output, its place, and whether a softmax comes last."""
    softmax = False
    for layer, pointer in _backwards(resolved, output):
        softmax = softmax or layer["layer"] == "Softmax" or layer.get("activation") == "softmax"
        if layer["layer"] == "Dense":
            return layer, pointer, softmax
        if layer["layer"] not in _SAME_WIDTH:
            return None
    return None


def _backwards(resolved: Mapping[str, Any], output: str | None) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The layers from an output back to where several paths meet, with their places."""
    model, pointers = resolved["model"], resolved["layer_pointers"]
    if model["type"] == "graph":
        nodes = {node["name"]: (node, pointer) for node, pointer in zip(model["nodes"], pointers, strict=True)}
        outputs = model["outputs"]
        name = outputs if isinstance(outputs, str) else outputs[output]
        while name in nodes:
            node, pointer = nodes[name]
            yield node["layer"], pointer
            if len(node["inputs"]) > 1:
                return
            (name,) = node["inputs"]
    elif model["type"] == "sequential":
        yield from reversed(list(zip(model["layers"], pointers, strict=True)))

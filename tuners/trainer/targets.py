"""How a model wants its targets: classes by number, or one-hot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

from storage.datasets import Task
from tuners.catalogue import catalogue
from tuners.definitions.outputs import KnownTargets


def one_hot_targets(resolved: Mapping[str, Any], model: Any, dataset: KnownTargets) -> bool | frozenset[str]:
    """Whether classes are given one-hot: when a loss that is no sparse one gets an output for each class.

    Args:
        resolved: A definition without holes; a model that brings its own loss is asked for it.
        model: The built Keras model.

    Returns:
        For several targets the names of those; for a single one whether.
    """
    found = resolved["model"].get("found") or {}
    if "one_hot" in found:
        # What a builder's loss wants was tried out when the definition was checked.
        return bool(found["one_hot"])
    widths = _widths(model)
    if not dataset.targets:
        loss = _class_name(_loss_of(resolved, model, None))
        return one_hot(loss, next(iter(widths.values()), None), dataset.task, dataset.num_classes)
    return frozenset(
        target.name
        for target in dataset.targets
        if one_hot(
            _class_name(_loss_of(resolved, model, target.name)),
            widths.get(target.name),
            target.task,
            target.num_classes,
        )
    )


def one_hot(loss: str, width: int | None, task: Task, num_classes: int | None) -> bool:
    """Whether a loss of this class, over so many outputs, wants the classes one-hot."""
    several = task == "classification" and num_classes is not None and num_classes > 1
    return several and bool(loss) and not loss.startswith("Sparse") and width == num_classes


def _widths(model: Any) -> dict[str, int | None]:
    """The last axis of each output, by name; nothing for a model that does not know its outputs yet."""
    outputs: Sequence[Any] = getattr(model, "outputs", None) or ()
    names: Sequence[str] = getattr(model, "output_names", None) or [str(number) for number in range(len(outputs))]
    return {name: tensor.shape[-1] for name, tensor in zip(names, outputs, strict=False)}


def _loss_of(resolved: Mapping[str, Any], model: Any, target: str | None) -> Any:
    loss = resolved["compile"]["loss"] if "loss" in resolved["compile"] else getattr(model, "loss", None)
    if target is not None and isinstance(loss, Mapping):
        return loss.get("outputs", loss).get(target)
    return loss


def _class_name(loss: Any) -> str:
    """The class of a loss given by name, as `{"loss": name}`, or as an object; "" for none."""
    word = loss.get("loss") if isinstance(loss, Mapping) else loss
    if isinstance(word, str):
        entry = catalogue().loss(word)
        return word if entry is None else entry.name
    if isinstance(word, FunctionType):
        return _class_name(word.__name__)
    return "" if word is None else type(word).__name__

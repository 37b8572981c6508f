"""The part `compile`: optimizer, loss and metrics, of one output or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage.records import Scalar
from tuners.catalogue import Argument, Entry, catalogue
from tuners.definitions import bounds
from tuners.definitions.arguments import check_arguments, check_shared_argument, possible_classes
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import child, listed, suggestion
from tuners.definitions.filling import Inactive, filled
from tuners.definitions.metrics import per_output
from tuners.definitions.walking import Scope, Walk

LOSS_WEIGHT = Argument("loss_weights", ("float",), minimum=0, maximum=1e6)


def check_compile(part: Mapping[str, object], walk: Walk, *, needed: bool, outputs: Sequence[str] = ()) -> None:
    """Adds a fault for everything wrong with the optimizer, the loss and the metrics.

    Args:
        needed: Whether the model needs an optimizer and a loss; if not, it brings its own.
        outputs: Names of the model's outputs when it has several: then loss and metrics are given for each.
    """
    for key in ("optimizer", "loss"):
        if needed and key not in part:
            walk.faults.add(child("/compile", key), "missing_field", "this field is needed")
        elif not needed and key in part:
            walk.faults.add(child("/compile", key), "unknown_field", f"a model of this type brings its own {key}")
            return
    if "optimizer" in part:
        _check_chosen(part["optimizer"], "/compile/optimizer", walk, own="optimizer")
    if "loss" in part:
        losses = _for_outputs(part["loss"], "/compile/loss", walk, outputs, example='"mse"', needed=True)
        for pointer, loss in losses.items():
            _check_chosen(loss, pointer, walk, own="loss")
    if "loss_weights" in part:
        _check_loss_weights(part["loss_weights"], walk, outputs)
    metrics = part.get("metrics", [])
    if outputs and metrics == []:
        return
    for pointer, items in _for_outputs(
        metrics, "/compile/metrics", walk, outputs, example='["accuracy"]', needed=False
    ).items():
        _check_metrics(items, pointer, walk)


def _for_outputs(
    value: object, pointer: str, walk: Walk, outputs: Sequence[str], *, example: str, needed: bool
) -> dict[str, object]:
    """What is given for each output, by its place; for a single output the value itself."""
    given = per_output(value)
    if not outputs:
        if given is None:
            return {pointer: value}
        walk.faults.add(child(pointer, "outputs"), "unknown_field", "the model has one output: give it without names")
        return {}
    shown = f'{{"outputs": {{"{outputs[0]}": {example}, ...}}}}'
    if given is None or not isinstance(value, Mapping):
        detail = f"the model has several outputs, so give it for each: {shown}"
        walk.faults.add(pointer, "invalid_type", detail)
        return {}
    for key in value:
        if key != "outputs":
            walk.faults.add(child(pointer, key), "unknown_field", f"only `outputs` is known here: {shown}")
    place = child(pointer, "outputs")
    for name in given:
        if name not in outputs:
            hint = suggestion(name, outputs)
            walk.faults.add(child(place, name), "unknown_field", f"no output has this name{hint}: {listed(outputs)}")
    for name in outputs:
        if needed and name not in given:
            walk.faults.add(child(place, name), "missing_field", "every output needs one")
    return {child(place, name): each for name, each in given.items() if name in outputs}


def _check_loss_weights(value: object, walk: Walk, outputs: Sequence[str]) -> None:
    pointer = "/compile/loss_weights"
    if not outputs:
        walk.faults.add(pointer, "unknown_field", "only a model with several outputs weighs their losses")
    elif not isinstance(value, dict):
        detail = f'must be an object such as {{"{outputs[0]}": 1.0}}'
        walk.faults.add(pointer, "invalid_type", detail)
    else:
        for name, weight in value.items():
            if name in outputs:
                walk.check(weight, LOSS_WEIGHT, child(pointer, name), Scope())
            else:
                hint = suggestion(name, outputs)
                walk.faults.add(child(pointer, name), "unknown_field", f"no output has this name{hint}")


def _check_metrics(metrics: object, place: str, walk: Walk) -> None:
    if not isinstance(metrics, list):
        walk.faults.add(place, "invalid_type", "must be a list")
        return
    if len(metrics) > bounds.MAX_METRICS:
        walk.faults.add(place, "too_many", f"at most {bounds.MAX_METRICS} metrics")
    names: set[str] = set()
    for index, metric in enumerate(metrics[: bounds.MAX_METRICS]):
        pointer = child(place, index)
        _check_metric(metric, pointer, walk)
        name = catalogue().metric_log_name(metric) or ""
        if name in names or name == "loss" or name.startswith("val_"):
            walk.faults.add(pointer, "duplicate_name", "another metric is logged under this name: give it a `name`")
        names.add(name)


def _check_metric(value: object, pointer: str, walk: Walk) -> None:
    """A word, or an object that names the class and gives arguments."""
    word = value.get("metric") if isinstance(value, dict) else value
    place = child(pointer, "metric") if isinstance(value, dict) else pointer
    if not isinstance(word, str):
        detail = 'must be a name, or an object such as {"metric": name, argument: value}; no hole for the name'
        walk.faults.add(place, "invalid_type", detail)
        return
    entry = catalogue().metric(word)
    if entry is None:
        detail = f"no such metric{suggestion(word, _words(catalogue().metrics))}; GET /v1/catalog lists them"
        walk.faults.add(place, "unknown_metric", detail)
        return
    if isinstance(value, dict):
        check_arguments(value, entry, pointer, Scope(), walk, own="metric")
    else:
        _refuse_required(entry, "metric", pointer, walk)


def _refuse_required(entry: Entry, own: str, pointer: str, walk: Walk) -> None:
    # A bare word takes all defaults, so what has none must be given as an object.
    for argument in entry.arguments.values():
        if argument.required:
            detail = f'write {{"{own}": "{entry.name}", "{argument.name}": ...}}: {argument.expectation()}'
            walk.faults.add(pointer, "missing_argument", detail)


def _check_chosen(value: object, pointer: str, walk: Walk, *, own: str) -> None:
    """An optimizer or a loss: a word, a hole over words, or an object with one of these and arguments."""
    if not isinstance(value, dict) or "hp" in value:
        possible = _possible(value, pointer, walk, own=own)
        for entry in (possible or {}).values():
            _refuse_required(entry, own, pointer, walk)
        return
    if own not in value:
        code = "unknown_field" if "class_name" in value else "missing_field"
        detail = f'must be a name, or an object such as {{"{own}": name, argument: value}}'
        walk.faults.add(child(pointer, "class_name" if code == "unknown_field" else own), code, detail)
        return
    possible = _possible(value[own], child(pointer, own), walk, own=own)
    if possible is None:
        return
    if len(possible) == 1:
        (entry,) = possible.values()
        check_arguments(value, entry, pointer, Scope(), walk, own=own)
        return
    chooser = value[own]["hp"] if isinstance(value[own], dict) else ""
    for key, argument in value.items():
        if key != own:
            check_shared_argument(key, argument, chooser, possible, child(pointer, key), walk)


def _possible(value: object, pointer: str, walk: Walk, *, own: str) -> dict[str, Entry] | None:
    known = catalogue()
    if own == "optimizer":
        return possible_classes(
            value, pointer, Scope(), walk, known=known.optimizers, find=known.optimizer, what="optimizer"
        )
    return possible_classes(value, pointer, Scope(), walk, known=known.losses, find=known.loss, what="loss")


def resolve_compile(part: Mapping[str, object], values: Mapping[str, Scalar], data: DataFacts) -> dict[str, object]:
    """`optimizer`, `loss`, `metrics` and (of several outputs) `loss_weights` at one point, without holes.

    An argument whose hyperparameter is inactive here is left to Keras' default. The optimizer is given by class name.
    """
    losses, metrics = per_output(part["loss"]), per_output(part.get("metrics"))
    word = _chosen(part["optimizer"], values, data, own="optimizer")
    optimizer = dict(word) if isinstance(word, Mapping) else {"optimizer": word}
    entry = catalogue().optimizer(str(optimizer["optimizer"]))
    assert entry is not None
    resolved: dict[str, object] = {"optimizer": {**optimizer, "optimizer": entry.name}}
    if losses is None:
        resolved["loss"] = _chosen(part["loss"], values, data, own="loss")
        resolved["metrics"] = _filled_metrics(part.get("metrics"), values, data)
        return resolved
    resolved["loss"] = {
        "outputs": {name: _chosen(loss, values, data, own="loss") for name, loss in losses.items()},
    }
    resolved["metrics"] = {
        "outputs": {name: _filled_metrics(items, values, data) for name, items in (metrics or {}).items()},
    }
    weights = part.get("loss_weights")
    if isinstance(weights, Mapping):
        resolved["loss_weights"] = {name: filled(weights.get(name, 1.0), values, data) for name in losses}
    return resolved


def _chosen(value: object, values: Mapping[str, Scalar], data: DataFacts, *, own: str) -> object:
    if not isinstance(value, Mapping) or "hp" in value:
        return filled(value, values, data)
    resolved: dict[str, object] = {}
    for key, argument in value.items():
        try:
            resolved[key] = filled(argument, values, data)
        except Inactive:
            if key == own:
                raise
    return resolved


def _filled_metrics(items: object, values: Mapping[str, Scalar], data: DataFacts) -> list[object]:
    return [filled(metric, values, data) for metric in items] if isinstance(items, list | tuple) else []


def _words(known: Mapping[str, Entry]) -> list[str]:
    return [*(alias for entry in known.values() for alias in entry.aliases), *known]

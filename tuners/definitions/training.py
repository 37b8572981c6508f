"""The parts `compile`, `fit` and `objective`: optimizer, loss, metrics, and how long and on what to train."""

from __future__ import annotations

from collections.abc import Mapping

from tuners.catalogue import Argument, Entry, catalogue
from tuners.definitions import bounds
from tuners.definitions.faults import child, listed, suggestion
from tuners.definitions.metrics import logged_metrics, with_validation
from tuners.definitions.models.layers import check_arguments, unknown_argument
from tuners.definitions.walking import Scope, Walk

EPOCHS = Argument("epochs", ("int",), minimum=1, maximum=bounds.MAX_EPOCHS)
BATCH_SIZE = Argument("batch_size", ("int",), minimum=1, maximum=bounds.MAX_BATCH_SIZE)
VALIDATION_SPLIT = Argument(
    "validation_split", ("float",), minimum=0, maximum=1, exclusive_minimum=True, exclusive_maximum=True
)
SHUFFLE = Argument("shuffle", ("bool",))


def check_compile(part: Mapping[str, object], walk: Walk, *, needed: bool) -> None:
    """Adds a fault for everything wrong with the optimizer, the loss and the metrics.

    Args:
        needed: Whether the model needs an optimizer and a loss; if not, it brings its own.
    """
    for key in ("optimizer", "loss"):
        if needed and key not in part:
            walk.faults.add(child("/compile", key), "missing_field", "this field is needed")
        elif not needed and key in part:
            walk.faults.add(child("/compile", key), "unknown_field", f"a model of this type brings its own {key}")
            return
    if "optimizer" in part:
        _check_optimizer(part["optimizer"], walk)
    if "loss" in part:
        _check_named(part["loss"], "/compile/loss", walk, own="loss", known=catalogue().losses, section="losses")
    metrics = part.get("metrics", [])
    if not isinstance(metrics, list):
        return
    if len(metrics) > bounds.MAX_METRICS:
        walk.faults.add("/compile/metrics", "too_many", f"at most {bounds.MAX_METRICS} metrics")
    names: set[str] = set()
    for index, metric in enumerate(metrics[: bounds.MAX_METRICS]):
        pointer = f"/compile/metrics/{index}"
        _check_named(metric, pointer, walk, own="metric", known=catalogue().metrics, section="metrics")
        name = catalogue().metric_log_name(metric) or ""
        if name in names or name == "loss" or name.startswith("val_"):
            walk.faults.add(pointer, "duplicate_name", "another metric is logged under this name: give it a `name`")
        names.add(name)


def _find(word: str, section: str) -> Entry | None:
    known = catalogue()
    if section == "losses":
        return known.loss(word)
    return known.metric(word) if section == "metrics" else known.optimizer(word)


def _words(known: Mapping[str, Entry]) -> list[str]:
    return [*(alias for entry in known.values() for alias in entry.aliases), *known]


def _check_named(
    value: object, pointer: str, walk: Walk, *, own: str, known: Mapping[str, Entry], section: str
) -> None:
    """A loss or metric: a word, or an object that names the class and gives arguments."""
    word = value.get(own) if isinstance(value, dict) else value
    place = child(pointer, own) if isinstance(value, dict) else pointer
    if not isinstance(word, str):
        detail = f'must be a name, or an object such as {{"{own}": name, argument: value}}; no hole for the name'
        walk.faults.add(place, "invalid_type", detail)
        return
    entry = _find(word, section)
    if entry is None:
        code = "unknown_metric" if section == "metrics" else "invalid_enum"
        walk.faults.add(place, code, f"no such {own}{suggestion(word, _words(known))}; GET /v1/catalog lists them")
        return
    if isinstance(value, dict):
        check_arguments(value, entry, pointer, Scope(), walk, own=own)
    else:
        # A bare word takes all defaults, so what has none must be given as an object.
        for argument in entry.arguments.values():
            if argument.required:
                detail = f'write {{"{own}": "{entry.name}", "{argument.name}": ...}}: {argument.expectation()}'
                walk.faults.add(pointer, "missing_argument", detail)


def optimizer_names(value: object, walk: Walk, pointer: str) -> dict[str, Entry] | None:
    """The optimizers a name or a hole over names can become, by the word that chooses each."""
    optimizers = catalogue().optimizers
    if isinstance(value, dict) and set(value) == {"hp"}:
        declared = walk.lookup(value["hp"], child(pointer, "hp"), Scope())
        if declared is None:
            return None
        words = declared.prototype.values
        if not words or not all(isinstance(word, str) for word in words):
            detail = f"`{declared.name}` must be a choice of optimizer names"
            walk.faults.add(pointer, "hyperparameter_type_mismatch", detail)
            return None
    elif isinstance(value, str):
        words = (value,)
    else:
        walk.faults.add(pointer, "invalid_type", 'must be the name of an optimizer, or {"hp": name}')
        return None
    found: dict[str, Entry] = {}
    for word in words:
        entry = catalogue().optimizer(str(word))
        if entry is None:
            hint = suggestion(str(word), _words(optimizers))
            known = listed(optimizers, limit=20)
            walk.faults.add(pointer, "invalid_enum", f"no such optimizer{hint}; there are {known}")
            return None
        found[str(word)] = entry
    return found


def _check_optimizer(value: object, walk: Walk) -> None:
    pointer = "/compile/optimizer"
    if not isinstance(value, dict) or "hp" in value:
        optimizer_names(value, walk, pointer)
        return
    if "optimizer" not in value:
        code = "unknown_field" if "class_name" in value else "missing_field"
        detail = 'must be a name, or an object such as {"optimizer": "Adam", "learning_rate": 0.001}'
        walk.faults.add(child(pointer, "class_name" if code == "unknown_field" else "optimizer"), code, detail)
        return
    possible = optimizer_names(value["optimizer"], walk, child(pointer, "optimizer"))
    if possible is None:
        return
    if len(possible) == 1:
        (entry,) = possible.values()
        check_arguments(value, entry, pointer, Scope(), walk, own="optimizer")
        return
    chooser = value["optimizer"]["hp"] if isinstance(value["optimizer"], dict) else ""
    for key, argument in value.items():
        if key != "optimizer":
            _check_shared_argument(key, argument, chooser, possible, walk)


def _check_shared_argument(key: str, value: object, chooser: str, possible: dict[str, Entry], walk: Walk) -> None:
    """One argument where the optimizer itself is a hole: every optimizer it can meet must have it."""
    pointer = child("/compile/optimizer", key)
    having = {word: entry for word, entry in possible.items() if key in entry.arguments}
    if not having:
        walk.faults.add(pointer, "unknown_argument", unknown_argument(next(iter(possible.values())), key))
        return
    met = set(possible)
    declared = None
    if isinstance(value, dict) and isinstance(value.get("hp"), str):
        declared = walk.declarations.find(value["hp"])
    for parent in () if declared is None else declared.parents:
        if parent.hp == chooser:
            met &= {str(word) for word in parent.values}
    for word in possible:
        if word in met and word not in having:
            detail = (
                f"`{possible[word].name}` has no `{key}`: make it a hyperparameter that is active only "
                f'"when": [{{"hp": "{chooser}", "in": [those that have it]}}]'
            )
            walk.faults.add(pointer, "unknown_argument", detail)
            return
    for word in met:
        walk.check(value, having[word].arguments[key], pointer, Scope(), optional=True)


def check_fit(part: Mapping[str, object], metrics: object, walk: Walk, *, in_epochs: bool) -> None:
    """Adds a fault for everything wrong with the numbers and callbacks.

    Args:
        in_epochs: Whether the model is trained in epochs; if not, `epochs` and what goes with it are unknown.
    """
    if in_epochs and "epochs" not in part:
        walk.faults.add("/fit/epochs", "missing_field", "this field is needed")
    for key in ("epochs", "batch_size", "callbacks", "shuffle"):
        if not in_epochs and key in part:
            walk.faults.add(child("/fit", key), "unknown_field", "a model of this type is not trained in epochs")
            return
    for slot in (EPOCHS, BATCH_SIZE, VALIDATION_SPLIT, SHUFFLE):
        if slot.name in part:
            walk.check(part[slot.name], slot, f"/fit/{slot.name}", Scope())
    callbacks = part.get("callbacks", [])
    if not isinstance(callbacks, list):
        return
    if len(callbacks) > bounds.MAX_CALLBACKS:
        walk.faults.add("/fit/callbacks", "too_many", f"at most {bounds.MAX_CALLBACKS} callbacks")
    for index, callback in enumerate(callbacks[: bounds.MAX_CALLBACKS]):
        _check_callback(callback, f"/fit/callbacks/{index}", metrics, walk)


def _check_callback(callback: object, pointer: str, metrics: object, walk: Walk) -> None:
    known = catalogue().callbacks
    if not isinstance(callback, dict):
        detail = 'must be an object such as {"callback": "EarlyStopping", "patience": 5}'
        walk.faults.add(pointer, "invalid_type", detail)
        return
    name = callback.get("callback")
    entry = known.get(name) if isinstance(name, str) else None
    if entry is None:
        code = "missing_field" if "callback" not in callback else "unknown_callback"
        hint = suggestion(name, known) if isinstance(name, str) else ""
        walk.faults.add(child(pointer, "callback"), code, f"must be one of {listed(known)}{hint}")
        return
    check_arguments(callback, entry, pointer, Scope(), walk, own="callback")
    if "monitor" in entry.arguments:
        monitor = callback.get("monitor", entry.arguments["monitor"].default)
        check_logged_name(monitor, child(pointer, "monitor"), metrics, walk)


def check_logged_name(name: object, pointer: str, metrics: object, walk: Walk) -> None:
    """Adds `unknown_metric` unless the compiled model logs under this name."""
    if not isinstance(name, str):
        walk.faults.add(pointer, "invalid_type", "must be the name of a logged metric")
        return
    names = with_validation(logged_metrics(metrics))
    if name not in names:
        available = f"the model logs {listed(names, limit=20)}"
        walk.faults.add(pointer, "unknown_metric", f"{available}{suggestion(name, names)}")

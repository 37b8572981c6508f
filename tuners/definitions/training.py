"""The parts `fit` and `objective`: how long and on what to train, and which metric counts."""

from __future__ import annotations

from collections.abc import Mapping

from tuners.catalogue import Argument, catalogue
from tuners.definitions import bounds
from tuners.definitions.arguments import check_arguments
from tuners.definitions.faults import child, listed, suggestion
from tuners.definitions.metrics import Better, with_validation
from tuners.definitions.schedules import SCHEDULE, check_no_fight, check_schedule
from tuners.definitions.walking import Scope, Walk

EPOCHS = Argument("epochs", ("int",), minimum=1, maximum=bounds.MAX_EPOCHS)
BATCH_SIZE = Argument("batch_size", ("int",), minimum=1, maximum=bounds.MAX_BATCH_SIZE)
VALIDATION_SPLIT = Argument(
    "validation_split", ("float",), minimum=0, maximum=1, exclusive_minimum=True, exclusive_maximum=True
)
SHUFFLE = Argument("shuffle", ("bool",))

OF_EPOCHS = ("epochs", "batch_size", "callbacks", "shuffle")
"""The fields of `fit` that say something only where a model is trained in epochs."""


def check_fit(
    part: Mapping[str, object], logged: Better | None, walk: Walk, *, in_epochs: bool, whole: bool = True
) -> None:
    """Adds a fault for everything wrong with the numbers and callbacks.

    Args:
        logged: What the model logs on its training part; None when only training can tell.
        in_epochs: Whether the model is trained in epochs; if not, `epochs` and what goes with it are unknown.
        whole: Whether what is needed must be there already.
    """
    if in_epochs and whole and "epochs" not in part:
        walk.faults.add("/fit/epochs", "missing_field", "this field is needed")
    for key in OF_EPOCHS:
        if not in_epochs and key in part:
            walk.faults.add(child("/fit", key), "unknown_field", "a model of this type is not trained in epochs")
            return
    if not in_epochs and "class_weight" in part:
        detail = "estimators that can weigh classes have an argument `class_weight`"
        walk.faults.add("/fit/class_weight", "unknown_field", detail)
    for slot in (EPOCHS, BATCH_SIZE, VALIDATION_SPLIT, SHUFFLE):
        if slot.name in part:
            walk.check(part[slot.name], slot, f"/fit/{slot.name}", Scope())
    callbacks = part.get("callbacks", [])
    if not isinstance(callbacks, list):
        return
    if len(callbacks) > bounds.MAX_CALLBACKS:
        walk.faults.add("/fit/callbacks", "too_many", f"at most {bounds.MAX_CALLBACKS} callbacks")
    for index, callback in enumerate(callbacks[: bounds.MAX_CALLBACKS]):
        _check_callback(callback, f"/fit/callbacks/{index}", logged, walk)
    check_no_fight(callbacks, walk)


def _check_callback(callback: object, pointer: str, logged: Better | None, walk: Walk) -> None:
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
    if name == SCHEDULE:
        check_schedule(callback, pointer, walk)
        return
    check_arguments(callback, entry, pointer, Scope(), walk, own="callback")
    if "monitor" in entry.arguments:
        monitor = callback.get("monitor", entry.arguments["monitor"].default)
        check_logged_name(monitor, child(pointer, "monitor"), logged, walk)


def check_logged_name(name: object, pointer: str, logged: Better | None, walk: Walk) -> None:
    """Adds `unknown_metric` unless a model that logs these on its training part logs under this name."""
    if not isinstance(name, str):
        walk.faults.add(pointer, "invalid_type", "must be the name of a logged metric")
        return
    if logged is None:
        return
    names = with_validation(logged)
    if name not in names:
        available = f"the model logs {listed(names, limit=20)}"
        walk.faults.add(pointer, "unknown_metric", f"{available}{suggestion(name, names)}")

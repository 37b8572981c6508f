"""The callback `LearningRateSchedule`: which argument belongs to which schedule, and what it becomes at one point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storage.records import Scalar
from tuners.catalogue import catalogue
from tuners.definitions.arguments import check_arguments, unknown_argument
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import child, listed
from tuners.definitions.filling import Inactive, filled
from tuners.definitions.walking import Scope, Walk

SCHEDULE = "LearningRateSchedule"

_WARMUP = "warmup_epochs"
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "constant": (_WARMUP,),
    "time": ("decay", _WARMUP),
    "step": ("drop", "epochs_drop", _WARMUP),
    "exponential": ("decay", _WARMUP),
    "cosine": ("alpha", "decay_epochs", _WARMUP),
    "linear": ("end_learning_rate", "decay_epochs", _WARMUP),
    "polynomial": ("end_learning_rate", "power", "decay_epochs", _WARMUP),
}


def check_schedule(callback: Mapping[str, object], pointer: str, walk: Walk) -> None:
    """Adds a fault for everything wrong with one `LearningRateSchedule`."""
    place = child(pointer, "schedule")
    word = callback.get("schedule")
    if "schedule" not in callback:
        walk.faults.add(place, "missing_argument", f"must be one of {listed(_ARGUMENTS)}")
        return
    entry = catalogue().callbacks[SCHEDULE]
    before = len(walk.faults)
    walk.check(word, entry.arguments["schedule"], place, Scope())
    if len(walk.faults) > before:
        return
    arguments = {key: value for key, value in callback.items() if key not in ("callback", "schedule")}
    if isinstance(word, str):
        alone = replace(entry, name=word, arguments={key: entry.arguments[key] for key in _ARGUMENTS[word]})
        check_arguments(arguments, alone, pointer, Scope(), walk, own="callback")
        return
    chooser = str(word["hp"]) if isinstance(word, dict) else ""
    declared = walk.declarations.find(chooser)
    if declared is None:
        return
    # Each schedule takes what it uses of the arguments, so that one list of them serves all.
    used = {key for value in declared.prototype.values for key in _ARGUMENTS[str(value)]}
    shared = replace(entry, arguments={key: entry.arguments[key] for key in entry.arguments if key in used})
    for key, value in arguments.items():
        if key in used:
            walk.check(value, entry.arguments[key], child(pointer, key), Scope(), optional=True)
        else:
            walk.faults.add(child(pointer, key), "unknown_argument", unknown_argument(shared, key))


def check_no_fight(callbacks: list[object], walk: Walk) -> None:
    """Adds a fault where two callbacks would both set the learning rate."""
    names = [each.get("callback") if isinstance(each, dict) else None for each in callbacks]
    if SCHEDULE not in names:
        return
    first = names.index(SCHEDULE)
    for index, name in enumerate(names):
        if name == "ReduceLROnPlateau":
            detail = (
                f"the `{SCHEDULE}` sets the learning rate anew in every epoch and would undo what this does: "
                "keep one of the two"
            )
            walk.faults.add(f"/fit/callbacks/{index}", "unsupported_combination", detail)
        elif name == SCHEDULE and index != first:
            detail = "there is another schedule of the learning rate: keep one of the two"
            walk.faults.add(f"/fit/callbacks/{index}", "unsupported_combination", detail)


def resolve_schedule(
    callback: Mapping[str, object],
    values: Mapping[str, Scalar],
    facts: DataFacts,
    *,
    optimizer: Mapping[str, object] | None,
    epochs: int,
) -> dict[str, object]:
    """The schedule at one point, with every number it needs.

    Args:
        optimizer: The resolved optimizer, whose learning rate the schedule begins with; None when the model brings its
            own, whose rate only the trainer knows.
        epochs: Of the whole training; `decay_epochs` are by default all of them after the warm-up.

    Returns:
        `callback`, `schedule`, `learning_rate` (where it is known), `warmup_epochs`, and the arguments of that
        schedule. An argument whose hyperparameter is inactive here has its default.
    """
    entry = catalogue().callbacks[SCHEDULE]
    given: dict[str, object] = {}
    for key, value in callback.items():
        try:
            given[key] = filled(value, values, facts)
        except Inactive:
            if key == "schedule":
                raise
    schedule = str(given["schedule"])
    used = {key: given.get(key, entry.arguments[key].default) for key in _ARGUMENTS[schedule]}
    if "decay_epochs" in used and used["decay_epochs"] is None:
        warmup = used[_WARMUP]
        assert isinstance(warmup, int)
        used["decay_epochs"] = max(epochs - warmup, 1)
    resolved: dict[str, object] = {"callback": SCHEDULE, "schedule": schedule, **used}
    if optimizer is not None:
        known = catalogue().optimizer(str(optimizer["optimizer"]))
        assert known is not None
        resolved["learning_rate"] = optimizer.get("learning_rate", known.arguments["learning_rate"].default)
    return resolved

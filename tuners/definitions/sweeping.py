"""What a sweep asks of the space: a baseline that may be run, and names that vary there."""

from __future__ import annotations

from tuners.definitions import bounds
from tuners.definitions.document import SweepTuner
from tuners.definitions.faults import Faults, child, suggestion
from tuners.space import Space
from tuners.sweeps import Sweep


def sweep_of(tuner: SweepTuner, space: Space) -> Sweep:
    """The points that the tuner runs, `tuner.repeats` times."""
    return Sweep(space, tuner.hyperparameters, points=tuner.points)


def check_sweep(tuner: SweepTuner, space: Space, faults: Faults) -> None:
    """Adds a fault for each name that cannot be swept, for a baseline that breaks a rule, and for too many points."""
    before = len(faults)
    _check_names(tuner, space, faults)
    broken = space.broken_constraints(space.defaults())
    if broken:
        detail = f"the defaults, from which a sweep starts, break the rule {broken[0]}: change a `default`"
        faults.add("/tuner/type", "invalid_default", detail)
    if len(faults) > before:
        return
    count = len(sweep_of(tuner, space)) * tuner.repeats
    if count > bounds.MAX_TRIALS:
        detail = f"a sweep has at most {bounds.MAX_TRIALS} trials; this one has more: use larger steps or fewer repeats"
        faults.add("/tuner/type", "cardinality_too_large", detail)


def _check_names(tuner: SweepTuner, space: Space, faults: Faults) -> None:
    baseline = space.defaults()
    for index, name in enumerate(tuner.hyperparameters or ()):
        place = child("/tuner/hyperparameters", index)
        hyperparameter = space.by_name.get(name)
        if hyperparameter is None:
            hint = suggestion(name, space.by_name) or ": names have their numbers here, such as `units_0`"
            detail = f"no hyperparameter of the expanded space has this name{hint}"
            faults.add(place, "unknown_hyperparameter", detail)
        elif name in (tuner.hyperparameters or ())[:index]:
            faults.add(place, "duplicate_name", "is swept already")
        elif name not in baseline:
            detail = "has no value at the defaults, from which a sweep starts: change the `default` of its parent"
            faults.add(place, "invalid_condition", detail)
        elif hyperparameter.cardinality() == 1:
            faults.add(place, "invalid_choices", "has one value only: there is nothing to sweep")

"""Whether a definition with estimators of scikit-learn suits its data set: the targets, the inputs, the metrics."""

from __future__ import annotations

from tuners.catalogue.estimators import estimator_catalogue
from tuners.definitions.document import Definition
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults, listed
from tuners.definitions.models.sklearn import possible_estimators
from tuners.definitions.walking import Walk

_WORDS = {"classification": "classes", "multilabel": "several labels a row", "regression": "numbers"}


def check_estimators(definition: Definition, data: DataFacts, faults: Faults) -> None:
    """Adds a fault for every estimator and metric that is for other data."""
    for many, what in ((data.inputs, "inputs"), (data.targets, "targets")):
        if many:
            detail = f"an estimator takes one table and one target, and the data set has several {what}"
            faults.add("/model/type", "unsupported_combination", detail)
            return
    known = estimator_catalogue()
    several = len(data.target_shape) > 0 and data.task == "regression"
    for pointer, estimator in possible_estimators(
        definition.model, Walk(definition.analysis.declarations, Faults(), data)
    ):
        if data.task not in estimator.tasks:
            learns = " or ".join(_WORDS[task] for task in estimator.tasks)
            detail = f"`{estimator.name}` learns {learns}, and the data set has {_WORDS[data.task]}"
            faults.add(pointer, "task_mismatch", detail)
        elif several and not estimator.several_targets:
            faults.add(pointer, "task_mismatch", f"`{estimator.name}` learns one number a row, not several")
    for index, name in enumerate(definition.compile.metrics):
        metric = known.metrics[name]
        if data.task not in metric.tasks:
            fitting = listed((each.name for each in known.metrics.values() if data.task in each.tasks), limit=20)
            detail = f"`{name}` is not for {_WORDS[data.task]}; these are: {fitting}"
            faults.add(f"/compile/metrics/{index}", "task_mismatch", detail)
        elif several and name == "max_error":
            faults.add(f"/compile/metrics/{index}", "task_mismatch", "`max_error` is for one number a row, not several")

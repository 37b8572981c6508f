"""What a definition with estimators of scikit-learn says in `compile`: the metrics, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from tuners.catalogue.estimators import estimator_catalogue
from tuners.definitions import bounds
from tuners.definitions.faults import child, listed, suggestion
from tuners.definitions.walking import Walk


def check_scores(part: Mapping[str, object], walk: Walk) -> None:
    """Adds a fault for everything wrong with the metrics of estimators."""
    known = estimator_catalogue().metrics
    for key in part:
        if key in ("optimizer", "loss"):
            walk.faults.add(child("/compile", key), "unknown_field", f"an estimator brings its own {key}")
    metrics = part.get("metrics", [])
    if not isinstance(metrics, list):
        walk.faults.add("/compile/metrics", "invalid_type", "must be a list of names")
        return
    if len(metrics) > bounds.MAX_METRICS:
        walk.faults.add("/compile/metrics", "too_many", f"at most {bounds.MAX_METRICS} metrics")
    names: set[str] = set()
    for index, metric in enumerate(metrics[: bounds.MAX_METRICS]):
        pointer = f"/compile/metrics/{index}"
        if not isinstance(metric, str):
            walk.faults.add(pointer, "invalid_type", "must be the name of a metric")
        elif metric not in known:
            detail = f"estimators have no such metric{suggestion(metric, known)}; there are {listed(known, limit=30)}"
            walk.faults.add(pointer, "unknown_metric", detail)
        elif metric in names:
            walk.faults.add(pointer, "duplicate_name", "is in the list already")
        else:
            names.add(metric)

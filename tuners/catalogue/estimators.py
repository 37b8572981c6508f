"""What a `sklearn` model may be made of: estimators, the steps before them, and the metrics they are measured by.

The data lies in `sklearn.json`, generated from scikit-learn's own signatures and constraints by
`python -m tuners.catalogue.generate_sklearn`. Reading it needs no scikit-learn. What is not listed does not exist for a
client: nothing takes a callable, an object or a path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from storage.datasets import Task
from tuners.catalogue import Entry, read_entry


@dataclass(frozen=True)
class Estimator(Entry):
    """One class of scikit-learn: an estimator, or a transformer that may stand before one.

    Attributes:
        module: Where it is imported from, such as "sklearn.svm".
        tasks: What it can learn; empty for steps.
        several_targets: Whether it can learn several numbers at once.
        weights: Whether the rows it is fitted on may have weights.
        seeded: Whether it draws, and takes a `random_state`.
    """

    module: str = ""
    tasks: tuple[Task, ...] = ()
    several_targets: bool = False
    weights: bool = False
    seeded: bool = False


@dataclass(frozen=True)
class Metric:
    """One metric of `compile.metrics`, by the name under which it is logged.

    Attributes:
        tasks: What it measures.
        direction: Which way is better.
    """

    name: str
    tasks: tuple[Task, ...]
    direction: Literal["min", "max"]
    help: str


@dataclass(frozen=True)
class EstimatorCatalogue:
    """Everything a `sklearn` model may name."""

    estimators: Mapping[str, Estimator]
    steps: Mapping[str, Estimator]
    metrics: Mapping[str, Metric]
    scikit_learn_version: str


@cache
def estimator_catalogue() -> EstimatorCatalogue:
    """The catalogue of this release; read once per process, without scikit-learn. Safe for threads."""
    document = json.loads((Path(__file__).parent / "sklearn.json").read_text("utf-8"))
    return EstimatorCatalogue(
        estimators=_classes(document["estimators"]),
        steps=_classes(document["steps"]),
        metrics=MappingProxyType({name: _metric(name, raw) for name, raw in document["metrics"].items()}),
        scikit_learn_version=document["scikit_learn_version"],
    )


def step_names(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """A pipeline's names for its steps: the class in small letters, numbered where it comes again."""
    names: list[str] = []
    for step in steps:
        name = str(step.get("step") or step["estimator"]).lower()
        again = sum(known.rstrip("0123456789_") == name for known in names)
        names.append(f"{name}_{again + 1}" if again else name)
    return names


def _classes(section: Mapping[str, Any]) -> Mapping[str, Estimator]:
    return MappingProxyType({name: _estimator(name, raw) for name, raw in section.items()})


def _estimator(name: str, raw: Mapping[str, Any]) -> Estimator:
    entry = read_entry(name, raw, {})
    return Estimator(
        name=entry.name,
        group=entry.group,
        arguments=entry.arguments,
        help=entry.help,
        module=raw["module"],
        tasks=tuple(raw.get("tasks", ())),
        several_targets=raw.get("several_targets", False),
        weights=raw.get("weights", False),
        seeded=raw["seeded"],
    )


def _metric(name: str, raw: Mapping[str, Any]) -> Metric:
    return Metric(name, tuple(raw["tasks"]), raw["direction"], raw["help"])

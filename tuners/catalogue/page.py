"""Writes `docs/catalogue.md`: `python -m tuners.catalogue.page > docs/catalogue.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tuners.catalogue import Entry, catalogue
from tuners.catalogue.applications import applications
from tuners.catalogue.estimators import estimator_catalogue

_INTRODUCTION = """\
# What a definition may name

Layers, optimizers, losses, metrics and callbacks go by Keras' class names, their arguments by Keras' argument names;
losses, metrics and optimizers also by the short words Keras knows (`mse`, `adam`). `GET /v1/catalog` lists every
argument with its type, range and default. An argument that is not given has Keras' default.

What is not listed here cannot be named. That is on purpose: a definition is data, and nothing in it may run code or
open a file. Arguments that would (paths, vocabularies, weights) or that are the service's business (names, types of
variables, the order of axes) are left out, and every number has a lower and an upper bound.

Activations are given by name; initializers, regularizers and constraints by name, or as an object with arguments:
`{"regularizer": "L2", "l2": 0.001}`. Layers that merge have several inputs and can only be nodes of a graph; attention
takes one to three (query, value, key), and one that stands in a list of layers attends to itself. A wrapper holds the
layer it works on in `of`: `{"layer": "Bidirectional", "of": {"layer": "LSTM", "units": 32}}`. A metric may be given a
`name`, under which it is logged; without one, `"acc"` is logged as `acc` and `{"metric": "AUC"}` in Keras' snake case,
as `auc`.

The list is made from the signatures of Keras {version} (`python -m tuners.catalogue.generate` after an upgrade; ranges
and types are in `tuners/catalogue/rules.py`, the choice of classes in `tuners/catalogue/allowed.py`), and this page
from the list (`python -m tuners.catalogue.page > docs/catalogue.md`).
"""

_OF_ESTIMATORS = """\
## Models of type `sklearn`

Estimators and the steps before them go by scikit-learn's class names, their arguments by scikit-learn's. Whatever takes
an object, a callable or a size of thread pool is left out, and so is what the service decides: `random_state` comes
from the seed, `n_jobs` from the slot. Where an argument may be a number of things or a share of them, an integer is the
number and a number with a decimal point the share: `"max_features": 1` is one column, `1.0` is all.

The list is made from the signatures and constraints of scikit-learn {version} (`python -m
tuners.catalogue.generate_sklearn` after an upgrade; the choice of classes and the upper bounds are in
`tuners/catalogue/estimator_rules.py`).
"""


def page() -> str:
    """The page's text."""
    known = catalogue()
    parts = [_INTRODUCTION.replace("{version}", known.keras_version)]
    for title, entries in (
        ("Layers", known.layers),
        ("Optimizers", known.optimizers),
        ("Losses", known.losses),
        ("Metrics", known.metrics),
        ("Callbacks", known.callbacks),
        ("Initializers", known.initializers),
        ("Regularizers", known.regularizers),
        ("Constraints", known.constraints),
        ("Tuners", known.tuners),
    ):
        parts.append(f"## {title}\n\n{_table(entries)}")
    return "\n".join([*parts, _of_applications(), *_of_estimators()])


_OF_APPLICATIONS = """\
## Applications

Backbones of Keras Applications, for models of type `application`. Images need at least so many pixels a side. The
preprocessing is done inside the model: `tf` scales values from 0 to 255 to -1 to 1; `torch` scales them to 0 to 1,
subtracts ImageNet's means and divides by its deviations; `caffe` turns RGB into BGR and subtracts the means; `inside`
means that the backbone has layers of its own for it. `GET /v1/catalog` lists the layers that `trainable` can begin
with. The list is made by `python -m tuners.catalogue.generate_applications` after an upgrade of Keras.
"""


def _of_applications() -> str:
    rows = ["| name | arguments | images | preprocessing | parameters | trainable from |", "|---|---|---|---|---|---|"]
    for each in applications().values():
        rows.append(
            f"| `{each.name}` | {', '.join(each.arguments)} | {each.minimum} x {each.minimum} | {each.preprocessing} "
            f"| {each.parameters:,} | `{each.weighted[0]}` ... `{each.weighted[-1]}` |"
        )
    return f"{_OF_APPLICATIONS}\n" + "\n".join(rows) + "\n"


def _of_estimators() -> list[str]:
    known = estimator_catalogue()
    rows = [
        f"| `{metric.name}` | {', '.join(metric.tasks)} | {metric.direction} | {metric.help} |"
        for metric in known.metrics.values()
    ]
    metrics = "\n".join(["| name | for | better | |", "|---|---|---|---|", *rows]) + "\n"
    return [
        _OF_ESTIMATORS.replace("{version}", known.scikit_learn_version),
        f"### Estimators\n\n{_table(known.estimators)}",
        f"### Steps\n\n{_table(known.steps)}",
        f"### Metrics of estimators\n\n{metrics}",
    ]


def _table(entries: Mapping[str, Entry]) -> str:
    rows = ["| name | arguments | |", "|---|---|---|"]
    for entry in entries.values():
        arguments = ", ".join(
            f"**{argument.name}**" if argument.required else argument.name for argument in entry.arguments.values()
        )
        words = "".join(f", `{alias}`" for alias in entry.aliases)
        rows.append(f"| `{entry.name}`{words} | {arguments} | {entry.help.replace('|', '/')} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())

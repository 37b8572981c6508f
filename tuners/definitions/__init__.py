"""The search definition: one JSON document that says what to train, what may vary, and how to search.

`parse_definition` checks a document without Keras, `check_against_data` whether it suits a data set, `resolve` gives
the concrete model and training of one point. `docs/definition.md` describes the language.
"""

from __future__ import annotations

from tuners.definitions.document import (
    BayesianTuner,
    Compile,
    DatasetReference,
    Definition,
    Fit,
    GridTuner,
    HyperbandTuner,
    ObjectiveReference,
    PerturbTuner,
    RandomTuner,
    SearchLimits,
    SweepTuner,
)
from tuners.definitions.facts import DataFacts
from tuners.definitions.parsing import parse_definition
from tuners.definitions.resolution import resolve
from tuners.definitions.suitability import check_against_data

__all__ = [
    "BayesianTuner",
    "Compile",
    "DataFacts",
    "DatasetReference",
    "Definition",
    "Fit",
    "GridTuner",
    "HyperbandTuner",
    "ObjectiveReference",
    "PerturbTuner",
    "RandomTuner",
    "SearchLimits",
    "SweepTuner",
    "check_against_data",
    "parse_definition",
    "resolve",
]

"""Whether a definition suits its data set: what can be told from shapes and counts, without Keras."""

from __future__ import annotations

from tuners.definitions.analysis import analysed
from tuners.definitions.data import check_data
from tuners.definitions.document import Definition
from tuners.definitions.estimators import check_estimators
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults
from tuners.definitions.outputs import check_outputs


def check_against_data(definition: Definition, data: DataFacts) -> None:
    """Returns when the definition suits the data set.

    Raises:
        InvalidDefinition: A data hole the set cannot fill, a loss or metric for another task, a batch larger than the
            data, no validation part for a `val_` objective, an output of the wrong width, ...
    """
    faults = Faults()
    analysed(definition.to_json(), faults, facts=data)
    check_data(definition, data, faults)
    if definition.model["type"] == "sklearn":
        check_estimators(definition, data, faults)
    else:
        check_outputs(definition, data, faults)
    faults.raise_if_any()

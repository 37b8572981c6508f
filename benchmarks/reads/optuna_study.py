"""The same study in Optuna's own tables; run by a Python that has Optuna, not by ours.

    python -m benchmarks.reads.optuna_study ADDRESS TRIALS EPOCHS

Optuna makes the schema and the study; rows are then written in bulk through its own models, since a million calls of
its interface would take an hour. Of each epoch it keeps the objective alone; the other metrics are kept at the best
epoch, as attributes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from benchmarks.reads.made import METRICS, MadeTrial, made_trials

_TRIALS_AT_ONCE = 500
_BEGAN = datetime(2026, 1, 1)


def main() -> None:
    import optuna
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
        distribution_to_json,
    )
    from optuna.storages._rdb import models
    from sqlalchemy import insert

    address, trials, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    storage = optuna.storages.RDBStorage(address)
    study = optuna.create_study(storage=storage, study_name="reads", direction="maximize")
    units = distribution_to_json(IntDistribution(32, 512, step=32))
    sizes = CategoricalDistribution((16, 32, 64, 128))
    spaces = {
        "num_layers": distribution_to_json(IntDistribution(1, 3)),
        **{f"units_{i}": units for i in range(3)},
        "dropout": distribution_to_json(FloatDistribution(0.0, 0.5, step=0.1)),
        "learning_rate": distribution_to_json(FloatDistribution(1e-4, 1e-2, log=True)),
        "batch_size": distribution_to_json(sizes),
    }

    def rows(made: list[MadeTrial]) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        yield (
            models.TrialModel,
            [
                {
                    "trial_id": trial.number + 1,
                    "number": trial.number,
                    "study_id": study._study_id,
                    "state": optuna.trial.TrialState.COMPLETE,
                    "datetime_start": _BEGAN,
                    "datetime_complete": _BEGAN + timedelta(seconds=trial.number * epochs * 0.5),
                }
                for trial in made
            ],
        )
        yield (
            models.TrialParamModel,
            [
                {
                    "trial_id": trial.number + 1,
                    "param_name": name,
                    "param_value": sizes.to_internal_repr(value) if name == "batch_size" else float(value),
                    "distribution_json": spaces[name],
                }
                for trial in made
                for name, value in trial.values.items()
            ],
        )
        finite = models.TrialValueModel.TrialValueType.FINITE
        yield (
            models.TrialValueModel,
            [
                {"trial_id": trial.number + 1, "objective": 0, "value": trial.score, "value_type": finite}
                for trial in made
            ],
        )
        yield (
            models.TrialUserAttributeModel,
            [
                {"trial_id": trial.number + 1, "key": name, "value_json": json.dumps(value)}
                for trial in made
                for name, value in zip(METRICS, trial.curves[trial.best_epoch], strict=True)
            ],
        )
        objective = METRICS.index("val_accuracy")
        kind = models.TrialIntermediateValueModel.TrialIntermediateValueType.FINITE
        yield (
            models.TrialIntermediateValueModel,
            [
                {
                    "trial_id": trial.number + 1,
                    "step": epoch,
                    "intermediate_value": row[objective],
                    "intermediate_value_type": kind,
                }
                for trial in made
                for epoch, row in enumerate(trial.curves)
            ],
        )

    made = made_trials(trials, epochs)
    while batch := list(islice(made, _TRIALS_AT_ONCE)):
        with storage.engine.begin() as connection:
            for model, values in rows(batch):
                connection.execute(insert(model), values)
    with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


if __name__ == "__main__":
    main()

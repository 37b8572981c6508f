"""The same study in Optuna's own tables; run by a Python that has Optuna, not by ours.

    python -m benchmarks.reads.optuna_study ADDRESS TRIALS EPOCHS

Optuna makes the schema and the study; rows are then copied into the tables of its models by the database's driver:
through its interface a million of them would take an hour, through SQLAlchemy minutes. Of each epoch it keeps the
objective alone; the other metrics are kept at the best epoch, as attributes.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from benchmarks.reads.made import METRICS, MadeTrial, made_trials

_TRIALS_AT_ONCE = 500
_BEGAN = datetime(2026, 1, 1)

Rows = Iterable[tuple[object, ...]]


def main() -> None:
    import optuna
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
        distribution_to_json,
    )
    from optuna.storages._rdb import models

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

    def tables(made: list[MadeTrial]) -> Iterator[tuple[str, Sequence[str], Rows]]:
        """Tables with columns and rows; words of enumerations are kept by their names."""
        yield (
            models.TrialModel.__tablename__,
            ("trial_id", "number", "study_id", "state", "datetime_start", "datetime_complete"),
            (
                (
                    trial.number + 1,
                    trial.number,
                    study._study_id,
                    optuna.trial.TrialState.COMPLETE.name,
                    f"{_BEGAN:%Y-%m-%d %H:%M:%S.%f}",
                    f"{_BEGAN + timedelta(seconds=trial.number * epochs * 0.5):%Y-%m-%d %H:%M:%S.%f}",
                )
                for trial in made
            ),
        )
        yield (
            models.TrialParamModel.__tablename__,
            ("trial_id", "param_name", "param_value", "distribution_json"),
            (
                (
                    trial.number + 1,
                    name,
                    sizes.to_internal_repr(value) if name == "batch_size" else float(value),
                    spaces[name],
                )
                for trial in made
                for name, value in trial.values.items()
            ),
        )
        finite = models.TrialValueModel.TrialValueType.FINITE.name
        yield (
            models.TrialValueModel.__tablename__,
            ("trial_id", "objective", "value", "value_type"),
            ((trial.number + 1, 0, trial.score, finite) for trial in made),
        )
        yield (
            models.TrialUserAttributeModel.__tablename__,
            ("trial_id", "key", "value_json"),
            (
                (trial.number + 1, name, json.dumps(value))
                for trial in made
                for name, value in zip(METRICS, trial.curves[trial.best_epoch], strict=True)
            ),
        )
        objective = METRICS.index("val_accuracy")
        kind = models.TrialIntermediateValueModel.TrialIntermediateValueType.FINITE.name
        yield (
            models.TrialIntermediateValueModel.__tablename__,
            ("trial_id", "step", "intermediate_value", "intermediate_value_type"),
            (
                (trial.number + 1, epoch, row[objective], kind)
                for trial in made
                for epoch, row in enumerate(trial.curves)
            ),
        )

    made = made_trials(trials, epochs)
    connection: Any = storage.engine.raw_connection()
    while batch := list(islice(made, _TRIALS_AT_ONCE)):
        for table, columns, rows in tables(batch):
            _copy(connection.cursor(), table, columns, rows)
        connection.commit()
    connection.close()
    with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        other.exec_driver_sql("ANALYZE")


def _copy(cursor: Any, table: str, columns: Sequence[str], rows: Rows) -> None:
    names = ", ".join(columns)
    if not hasattr(cursor, "copy_expert"):
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
        return
    # None of these texts has a tab, a line's end or a backslash in it.
    lines = io.StringIO("".join("\t".join(map(str, row)) + "\n" for row in rows))
    cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", lines)


if __name__ == "__main__":
    main()

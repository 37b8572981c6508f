"""An Optuna study in its SQLite file (schema of Optuna 3 and 4), read-only, by SQL of our own and without Optuna."""

from __future__ import annotations

import json
import math
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.records import Scalar
from tuners.imports.results import Results
from tuners.imports.spaces import check_name
from tuners.imports.wire import MAX_EPOCHS, MAX_TRIALS, EpochLine, ImportOptions, TrialLine, refused
from tuners.space import Hyperparameter

_STATES = {"COMPLETE": "COMPLETED", "PRUNED": "CANCELLED", "FAIL": "FAILED"}
_KINDS = {"FINITE_POS": 0.0, "INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}
_TEXT_BYTES = 1 << 20
# Reading rows, calling SQL's plain functions and nothing else.
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION})
VALUE = "value"
INTERMEDIATE = "intermediate"
"""What the objective and what was reported on the way are called: Optuna gives them no names, and a study's value need
not be the best, nor the last, of its intermediate ones."""


def read_study(path: Path, options: ImportOptions) -> Results:
    """The trials of one study.

    Raises:
        Refused: The file is no such database, has several studies and none was named, or several objectives.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _TEXT_BYTES)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)
        return _read(connection, options)
    except (sqlite3.Error, KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise refused("damaged", f"the file is no study as Optuna 3 or 4 keeps it ({error})"[:300]) from error
    finally:
        connection.close()


def _read(connection: sqlite3.Connection, options: ImportOptions) -> Results:
    studies = connection.execute("SELECT study_id, study_name FROM studies ORDER BY study_id LIMIT 1000").fetchall()
    chosen = [row for row in studies if not options.study or row[1] == options.study]
    if len(chosen) != 1:
        names = ", ".join(str(name)[:60] for _, name in studies[:20])
        code = "unknown_study" if options.study else "missing"
        raise refused(code, f"name one study of the file: {names}", pointer="/study")
    study_id = chosen[0][0]
    directions = connection.execute(
        "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective LIMIT 10", (study_id,)
    ).fetchall()
    if len(directions) != 1:
        raise refused("several_objectives", "a study with several objectives cannot be imported")
    rows = connection.execute(
        "SELECT trial_id, state, datetime_start, datetime_complete FROM trials WHERE study_id = ? ORDER BY number"
        " LIMIT ?",
        (study_id, MAX_TRIALS + 1),
    ).fetchall()
    if len(rows) > MAX_TRIALS:
        raise refused("too_large", f"a search may have {MAX_TRIALS} trials")
    space: dict[str, Hyperparameter] = {}
    trials: list[TrialLine] = []
    left_out = left = 0
    for trial_id, state, started, ended in rows:
        if state not in _STATES:
            left_out += 1
            continue
        line = _trial(connection, trial_id, state, space)
        left += len(line.epochs)
        if left > MAX_EPOCHS:
            raise refused("too_large", f"a search may have {MAX_EPOCHS} epochs in all")
        begun, over = _moment(started), _moment(ended)
        seconds = max((over - begun).total_seconds(), 0.0) if begun and over else 0.0
        trials.append(line.model_copy(update={"started_at": begun, "ended_at": over, "seconds": seconds}))
    documents = [each.to_json() for each in space.values()]
    direction = "max" if directions[0][0] == "MAXIMIZE" else "min"
    return Results("optuna", documents, trials, VALUE, {VALUE: direction}, left_out)


def _trial(connection: sqlite3.Connection, trial_id: int, state: str, space: dict[str, Hyperparameter]) -> TrialLine:
    values: dict[str, Scalar] = {}
    for name, number, text in connection.execute(
        "SELECT param_name, param_value, distribution_json FROM trial_params WHERE trial_id = ? ORDER BY param_id",
        (trial_id,),
    ):
        check_name(name)
        distribution = json.loads(text)
        values[name] = _value(distribution, number)
        if name not in space:
            space[name] = _hyperparameter(name, distribution, values[name])
    rows = {
        int(step): {INTERMEDIATE: _number(value, kind)}
        for step, value, kind in connection.execute(
            "SELECT step, intermediate_value, intermediate_value_type FROM trial_intermediate_values"
            " WHERE trial_id = ? ORDER BY step LIMIT ?",
            (trial_id, MAX_EPOCHS + 1),
        )
        if 0 <= step <= 10**9
    }
    final = connection.execute(
        "SELECT value, value_type FROM trial_values WHERE trial_id = ? AND objective = 0", (trial_id,)
    ).fetchone()
    # The value of a pruned trial is its last one on the way, which is no result.
    if final is not None and state == "COMPLETE":
        rows.setdefault(max(rows, default=0), {})[VALUE] = _number(*final)
    return TrialLine.model_validate(
        {
            "state": _STATES[state],
            "message": "It failed in Optuna." if state == "FAIL" else "",
            "values": values,
            "epochs": [EpochLine(epoch=step, metrics=row) for step, row in sorted(rows.items())],
        }
    )


def _value(distribution: dict[str, Any], number: float) -> Scalar:
    attributes = distribution["attributes"]
    kind = distribution["name"]
    if kind == "CategoricalDistribution":
        value = attributes["choices"][int(number)]
        return value if isinstance(value, bool | int | float | str) else json.dumps(value)
    return int(number) if kind.startswith("Int") else float(number)


def _hyperparameter(name: str, distribution: dict[str, Any], value: Scalar) -> Hyperparameter:
    attributes = distribution["attributes"]
    kind = distribution["name"]
    if kind == "CategoricalDistribution":
        values = tuple(_value(distribution, place) for place in range(len(attributes["choices"])))
        if set(values) == {True, False} and all(isinstance(each, bool) for each in values):
            return Hyperparameter(name=name, type="boolean", default=value)
        return Hyperparameter(name=name, type="choice", default=value, values=values)
    whole = kind.startswith("Int")
    number = int if whole else float
    log = bool(attributes.get("log")) or "LogUniform" in kind
    step = attributes.get("step") or attributes.get("q")
    return Hyperparameter(
        name=name,
        type="int" if whole else "float",
        default=value,
        min_value=number(attributes["low"]),
        max_value=number(attributes["high"]),
        step=None if log or step is None or (whole and step == 1) else step,
        sampling="log" if log else "linear",
    )


def _number(value: float | None, kind: str) -> float:
    return float(value) if kind.startswith("FINITE") and value is not None else _KINDS.get(kind, math.nan)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)

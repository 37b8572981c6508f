"""Results as a table: CSV with a header, or JSON objects, one for each trial or for each of its epochs."""

from __future__ import annotations

import csv
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from storage.records import Scalar
from tuners.definitions.metrics import usual_direction
from tuners.imports.results import Results
from tuners.imports.spaces import check_name, inferred
from tuners.imports.wire import MAX_EPOCHS, EpochLine, Fault, ImportOptions, Refused, TrialLine, refused
from tuners.list_values import held

_MOST_FAULTS = 20
_MOST_COLUMNS = 500
_CELL_CHARACTERS = 4096
_INTEGER = re.compile(r"[+-]?\d{1,18}")
# Prefixes of our own exports, of Optuna's `trials_dataframe`, and of W&B's and MLflow's tables.
_HP_PREFIXES = ("hp:", "hp.", "params_", "hyperparameters.", "params.", "config.")
_METRIC_PREFIXES = ("metric:", "metrics.", "summary.")
_RESERVED = frozenset({
    "number", "id", "trial", "trial_id", "trial_number", "state", "score", "value", "best_epoch", "epoch", "epochs",
    "execution", "fold", "attempts", "seconds", "duration", "parameters", "device", "parent_trial_id", "bracket",
    "round", "start_epoch", "target_epochs", "failure", "failure_code", "started_at", "ended_at", "swept",
    "datetime_start", "datetime_complete", "ended_seq", "created_at", "recorded_at", "search_id", "worker_id",
    "stop_requested",
})  # fmt: skip
"""Columns that keep the books of a search; in a table without prefixes they are no hyperparameters."""
_FAILED = frozenset({"failed", "fail", "error", "crashed", "invalid"})
_OPEN = frozenset({"running", "waiting", "queued", "cancelled", "idle", "scheduled"})
Cell = Scalar | None


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: Mapping[str, Cell]


def read_table(path: Path, ending: str, options: ImportOptions) -> Results:
    """The results in a table.

    Columns `hp:x`, `params_x` and so on are hyperparameters and `metric:y` metrics; without such names, metrics are
    those in `options.metrics`, the objective, and what Keras would log under such a name, and all else that is no
    bookkeeping (`number`, `state`, `seconds`, ...) is a hyperparameter.

    Raises:
        Refused: With the lines.
    """
    rows = list(_csv_rows(path) if ending == ".csv" else _json_rows(path, ending))
    if not rows:
        raise refused("no_trials", "the table has no rows")
    columns = list(dict.fromkeys(name for row in rows for name in row.cells))
    roles = _Roles.of(columns, options)
    groups = _grouped(rows, roles)
    trials: list[TrialLine] = []
    faults: list[Fault] = []
    left_out = 0
    for group in groups:
        if str(group[0].cells.get("state") or "").lower() in _OPEN:
            left_out += 1
            continue
        try:
            trials.append(_trial(group, roles))
        except Refused as refusal:
            faults += refusal.faults
            if len(faults) >= _MOST_FAULTS:
                break
    if faults:
        raise Refused(*faults[:_MOST_FAULTS])
    hyperparameters = []
    for name in roles.hyperparameters.values():
        values = [trial.values[name] for trial in trials if name in trial.values]
        if values:
            hyperparameters.append(inferred(name, _alike(values)).to_json())
            _make_alike(name, trials)
    if not hyperparameters and trials:
        raise refused("no_hyperparameters", "the table has no hyperparameters with values", pointer="/hyperparameters")
    source = "optuna" if roles.objective == "value" else "table"
    return Results("optuna" if source == "optuna" else "table", hyperparameters, trials, roles.objective, {}, left_out)


@dataclass(frozen=True, slots=True)
class _Roles:
    """Which columns are what: by column the name of the hyperparameter or metric."""

    hyperparameters: Mapping[str, str]
    metrics: Mapping[str, str]
    trial: str
    epoch: str
    objective: str

    @classmethod
    def of(cls, columns: list[str], options: ImportOptions) -> _Roles:
        hps = {name: _bare(name, _HP_PREFIXES) for name in columns if name.startswith(_HP_PREFIXES)}
        metrics = {name: _bare(name, _METRIC_PREFIXES) for name in columns if name.startswith(_METRIC_PREFIXES)}
        named = _listed(options.metrics, columns, pointer="/metrics", known=metrics)
        metrics |= named
        if options.objective in columns:
            metrics[options.objective] = options.objective
        objective = ""
        if "value" in columns and hps and not options.objective:
            metrics["value"] = objective = "value"
        taken = {*_RESERVED, options.trial, options.epoch}
        if not hps and not named:
            found = (name for name in columns if name not in metrics and name not in taken)
            metrics |= {name: name for name in found if usual_direction(name) is not None}
        if options.hyperparameters:
            hps = _listed(options.hyperparameters, columns, pointer="/hyperparameters", known=hps)
        elif not hps:
            hps = {name: name for name in columns if name not in metrics and name not in taken}
        both = sorted(hps.keys() & metrics.keys())
        if both:
            raise refused("not_together", f"`{both[0]}` cannot be both: name it once", pointer="/hyperparameters")
        for name in (*hps.values(), *metrics.values()):
            check_name(name)
        for option in ("trial", "epoch"):
            column = getattr(options, option)
            if column and column not in columns:
                raise refused("unknown_column", f"the table has no column `{column}`", pointer=f"/{option}")
        if options.epoch and not options.trial:
            raise refused("missing", "with `epoch`, say which column tells the trials apart", pointer="/trial")
        return cls(hps, metrics, options.trial, options.epoch, objective)


def _listed(text: str, columns: list[str], *, pointer: str, known: Mapping[str, str]) -> dict[str, str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    by_bare = {bare: column for column, bare in known.items()}
    found = {by_bare.get(name, name): known.get(name, name) for name in names}
    for column in found:
        if column not in columns:
            raise refused("unknown_column", f"the table has no column `{column}`", pointer=pointer)
    return found


def _bare(name: str, prefixes: tuple[str, ...]) -> str:
    return next(name.removeprefix(prefix) for prefix in prefixes if name.startswith(prefix))


def _csv_rows(path: Path) -> Iterator[_Row]:
    csv.field_size_limit(_CELL_CHARACTERS)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            if len(set(header)) != len(header) or not all(header) or len(header) > _MOST_COLUMNS:
                raise refused("invalid_header", f"line 1: {_MOST_COLUMNS} columns at most, each with its own name")
            for count, cells in enumerate(reader):
                if not cells:
                    continue
                if len(cells) != len(header):
                    detail = f"line {reader.line_num} has {len(cells)} cells, the header {len(header)}"
                    raise refused("invalid_row", detail)
                _count(count)
                yield _Row(reader.line_num, {name: _parsed(text) for name, text in zip(header, cells, strict=True)})
        except UnicodeDecodeError as error:
            raise refused("not_text", f"after line {reader.line_num}: the file is not UTF-8") from error
        except csv.Error as error:
            raise refused("invalid_row", f"line {reader.line_num}: {error}") from error


def _json_rows(path: Path, ending: str) -> Iterator[_Row]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            found = (line for line in file if line.strip()) if ending == ".jsonl" else iter([file.read()])
            number = 0
            for text in found:
                document = json.loads(text)
                for item in document if isinstance(document, list) else [document]:
                    number += 1
                    _count(number)
                    yield _Row(number, _flat(item, number))
    except UnicodeDecodeError as error:
        raise refused("not_text", "the file is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise refused("invalid_json", f"after record {number}: the file is not JSON ({error})"[:300]) from error


def _flat(item: object, number: int) -> dict[str, Cell]:
    if not isinstance(item, dict):
        raise refused("invalid_row", f"record {number} is no object")
    cells: dict[str, Cell] = {}
    for name, value in item.items():
        if isinstance(value, dict) and name in _RESERVED:
            continue
        if isinstance(value, dict):
            cells |= {f"{name}.{inner}": _plain(each, f"{name}.{inner}", number) for inner, each in value.items()}
        else:
            cells[name] = _plain(value, name, number)
    if len(cells) > _MOST_COLUMNS:
        raise refused("invalid_row", f"record {number} has more than {_MOST_COLUMNS} values")
    return cells


def _plain(value: object, name: str, number: int) -> Cell:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and len(value) <= _CELL_CHARACTERS:
        return value
    text = held(value)
    if text is not None or name in _RESERVED:
        return text
    raise refused("invalid_value", f"record {number}: `{name}` is no number, text, truth value or list of numbers")


def _count(rows: int) -> None:
    if rows > MAX_EPOCHS:
        raise refused("too_large", f"a table may have {MAX_EPOCHS} rows")


def _parsed(text: str) -> Cell:
    bare = text.strip()
    if not bare:
        return None
    if _INTEGER.fullmatch(bare):
        return int(bare)
    if bare.lower() in ("true", "false"):
        return bare.lower() == "true"
    if bare.startswith("["):
        try:
            return held(json.loads(bare)) or bare
        except (ValueError, RecursionError):
            return bare
    try:
        return float(bare) if "_" not in bare else text
    except ValueError:
        return text


def _grouped(rows: list[_Row], roles: _Roles) -> list[list[_Row]]:
    if not roles.trial:
        return [[row] for row in rows]
    groups: dict[Cell, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.cells.get(roles.trial), []).append(row)
    return list(groups.values())


def _trial(rows: list[_Row], roles: _Roles) -> TrialLine:
    first = rows[0]
    values: dict[str, Scalar] = {}
    for column, name in roles.hyperparameters.items():
        value = first.cells.get(column)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        if isinstance(value, float) and math.isinf(value):
            raise refused("not_finite", f"line {first.line}: the value of `{name}` is infinite")
        if any(row.cells.get(column) != value for row in rows):
            raise refused("conflict", f"line {first.line}: `{name}` differs between the rows of one trial")
        values[name] = value
    epochs = sorted((_epoch(row, place, roles) for place, row in enumerate(rows)), key=lambda each: each.epoch)
    for before, after in itertools.pairwise(epochs):
        if before.epoch == after.epoch:
            raise refused("conflict", f"line {first.line}: epoch {after.epoch} is there twice in one trial")
    failed = str(first.cells.get("state") or "").lower()
    started, ended = (
        _time(first, names) for names in (("started_at", "datetime_start"), ("ended_at", "datetime_complete"))
    )
    seconds = _number(first, "seconds")
    if not seconds and started and ended:
        seconds = max((ended - started) / timedelta(seconds=1), 0.0)
    return TrialLine(
        state=_state(failed),
        message="It failed where it was run." if failed in _FAILED else "",
        values=values,
        epochs=[each for each in epochs if each.metrics],
        seconds=seconds,
        started_at=started,
        ended_at=ended,
    )


def _state(word: str) -> Literal["COMPLETED", "STOPPED", "FAILED", "CANCELLED"]:
    if word in _FAILED:
        return "FAILED"
    # A pruned trial's value is one of those on the way: it is no result.
    return "CANCELLED" if word == "pruned" else "STOPPED" if word == "stopped" else "COMPLETED"


def _epoch(row: _Row, place: int, roles: _Roles) -> EpochLine:
    metrics: dict[str, float] = {}
    for column, name in roles.metrics.items():
        value = row.cells.get(column)
        if value is None:
            continue
        if isinstance(value, bool | str):
            raise refused("not_a_number", f"line {row.line}: the metric `{name}` is no number")
        metrics[name] = float(value)
    epoch = row.cells.get(roles.epoch) if roles.epoch else place
    if isinstance(epoch, bool | str) or epoch is None or epoch != int(epoch) or not 0 <= epoch <= 10**9:
        raise refused("not_a_number", f"line {row.line}: the epoch is no whole number from 0 on")
    return EpochLine(epoch=int(epoch), metrics=metrics, seconds=_number(row, "seconds") if roles.trial else 0.0)


def _number(row: _Row, column: str) -> float:
    value = row.cells.get(column)
    plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return max(float(value or 0), 0.0) if plain else 0.0


def _time(row: _Row, names: tuple[str, ...]) -> datetime | None:
    text = next((value for name in names if isinstance(value := row.cells.get(name), str)), None)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise refused(
            "invalid_time", f"line {row.line}: `{text[:40]}` is no time such as 2026-03-01T12:00:00Z"
        ) from error
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _alike(values: list[Scalar]) -> list[Scalar]:
    """Values of one kind: numbers with a fraction among them are all floats, a mixture with texts is all texts."""
    kinds = {type(value) for value in values}
    if len(kinds) == 1:
        return values
    if kinds <= {int, float}:
        return [float(value) for value in values]
    return [value if isinstance(value, str) else json.dumps(value) for value in values]


def _make_alike(name: str, trials: list[TrialLine]) -> None:
    having = [trial for trial in trials if name in trial.values]
    for trial, value in zip(having, _alike([trial.values[name] for trial in having]), strict=True):
        trial.values[name] = value

"""A zipped project folder of Keras Tuner: `oracle.json` and `trial_*/trial.json`, read as JSON and as nothing else.

Keras Tuner's own deserializer looks classes up by name; here five names are known and all others are refused. Its
trials hold their metrics at the steps they were reported for: usually one, the best epoch.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storage.records import Scalar
from tuners.imports.results import Results
from tuners.imports.spaces import check_name
from tuners.imports.wire import MAX_BYTES, MAX_TRIALS, EpochLine, ImportOptions, TrialLine, refused
from tuners.space import Condition, Hyperparameter, Space

_TRIAL = re.compile(r"(?:.*/)?trial_([^/]{1,64})/trial\.json")
_ORACLE = re.compile(r"(?:.*/)?oracle\.json")
_MEMBER_BYTES = 8 * 1024**2
_MOST_MEMBERS = 200_000
_OPEN = ("RUNNING", "IDLE", "STOPPED")
# What Hyperband keeps among the values.
_OWN = "tuner/"


def read_project(path: Path, options: ImportOptions) -> Results:
    """The trials of a project folder.

    Raises:
        Refused: The file is no zip, has no trials, or a document in it is not as Keras Tuner writes it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            documents = _documents(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise refused("damaged", "the file is no zip that can be read") from error
    oracle, trials = documents
    if not trials:
        raise refused(
            "no_trials", "the zip has no `trial_*/trial.json`: zip the project folder of a Keras Tuner search"
        )
    spaces = [("oracle.json", oracle), *((name, trial) for name, trial in trials)]
    space = _space([(name, document.get("hyperparameters")) for name, document in spaces])
    lines: list[TrialLine] = []
    scores: list[tuple[float, TrialLine]] = []
    directions: dict[str, str] = {}
    left_out = 0
    for name, document in trials:
        if document.get("status") in _OPEN:
            left_out += 1
            continue
        line = _line(name, document, space, directions)
        lines.append(line)
        score = document.get("score")
        if isinstance(score, int | float) and math.isfinite(score):
            scores.append((float(score), line))
    objective = options.objective or _objective(scores, directions)
    documents_of = [each.to_json() for each in space.hyperparameters]
    return Results("keras-tuner", documents_of, lines, objective, directions, left_out)


def _documents(archive: zipfile.ZipFile) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise refused("too_large", f"the zip has more than {_MOST_MEMBERS} files")
    oracle: dict[str, Any] = {}
    trials: dict[str, tuple[str, dict[str, Any]]] = {}
    left = MAX_BYTES
    for member in members:
        trial = _TRIAL.fullmatch(member.filename)
        if trial is None and not _ORACLE.fullmatch(member.filename):
            continue
        shown = member.filename[-80:]
        with archive.open(member) as file:
            content = file.read(min(_MEMBER_BYTES, left) + 1)
        left -= len(content)
        if len(content) > _MEMBER_BYTES or left < 0:
            raise refused("too_large", f"{shown}: larger than {_MEMBER_BYTES} bytes, or too much in all")
        document = _json(content, shown)
        if trial is None:
            oracle = document
        elif trial[1] in trials:
            raise refused("conflict", f"{shown}: trial {trial[1]} is there twice; zip one project at a time")
        else:
            trials[trial[1]] = (shown, document)
        if len(trials) > MAX_TRIALS:
            raise refused("too_large", f"a search may have {MAX_TRIALS} trials")
    order = oracle.get("end_order")
    places = {name: place for place, name in enumerate(order)} if isinstance(order, list) else {}
    named = sorted(trials.items(), key=lambda item: (places.get(item[0], len(places)), item[0]))
    return oracle, [document for _, document in named]


def _json(content: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise refused("invalid_json", f"{name}: not JSON ({error})"[:300]) from error
    if not isinstance(document, dict):
        raise refused("invalid_json", f"{name}: no object")
    return document


def _space(documents: list[tuple[str, object]]) -> Space:
    found: dict[str, Hyperparameter] = {}
    for name, document in documents:
        items = document.get("space") if isinstance(document, dict) else None
        for item in items if isinstance(items, list) else ():
            try:
                each = _hyperparameter(item)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise refused("unknown_hyperparameter", f"{name}: not a hyperparameter of Keras Tuner's") from error
            if not each.name.startswith(_OWN):
                check_name(each.name)
                found.setdefault(each.name, each)
    ordered: dict[str, Hyperparameter] = {}
    waiting = list(found.values())
    while waiting:
        ready = [each for each in waiting if all(condition.hp in ordered for condition in each.conditions)]
        if not ready:
            raise refused("unknown_hyperparameter", f"`{waiting[0].name}` depends on one that is not there")
        ordered |= {each.name: each for each in ready}
        waiting = [each for each in waiting if each.name not in ordered]
    return Space(tuple(ordered.values()))


def _hyperparameter(item: Mapping[str, Any]) -> Hyperparameter:
    config = item["config"]
    conditions = tuple(
        Condition(str(each["config"]["name"]), tuple(_scalar(value) for value in each["config"]["values"]))
        for each in config.get("conditions") or ()
    )
    common: dict[str, Any] = {"name": str(config["name"]), "conditions": conditions}
    kind = item["class_name"]
    if kind in ("Int", "Float"):
        number = int if kind == "Int" else float
        step = config.get("step")
        low, high = number(config["min_value"]), number(config["max_value"])
        made = Hyperparameter(
            type="int" if kind == "Int" else "float",
            min_value=low,
            max_value=high,
            step=None if step is None or (kind == "Int" and step == 1) else step,
            sampling=config.get("sampling") or "linear",
            default=number(config["default"]) if config.get("default") is not None else low,
            **common,
        )
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise ValueError("bounds")
        if made.sampling not in ("linear", "log", "reverse_log"):
            raise ValueError("sampling")
        return made
    if kind == "Boolean":
        return Hyperparameter(type="boolean", default=bool(config.get("default")), **common)
    if kind == "Fixed":
        value = _scalar(config["value"])
        return Hyperparameter(type="fixed", default=value, values=(value,), **common)
    if kind == "Choice":
        values = tuple(_scalar(value) for value in config["values"])
        default = config.get("default")
        ordered = bool(config.get("ordered")) and not isinstance(values[0], str)
        return Hyperparameter(
            type="choice",
            default=values[0] if default is None else _scalar(default),
            values=values,
            ordered=ordered,
            **common,
        )
    raise ValueError("class_name")


def _scalar(value: object) -> Scalar:
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError("value")


def _line(name: str, document: dict[str, Any], space: Space, directions: dict[str, str]) -> TrialLine:
    try:
        given = document["hyperparameters"]["values"]
        values = {str(key): _scalar(value) for key, value in given.items() if not str(key).startswith(_OWN)}
        rows: dict[int, dict[str, float]] = {}
        for metric, history in document["metrics"]["metrics"].items():
            check_name(metric)
            if history.get("direction") in ("min", "max"):
                directions[metric] = history["direction"]
            for observation in history["observations"]:
                reported = [float(value) for value in observation["value"]]
                rows.setdefault(int(observation["step"] or 0), {})[metric] = math.fsum(reported) / len(reported)
        status, message = document["status"], document.get("message")
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, OverflowError) as error:
        raise refused("invalid_trial", f"{name}: not a trial as Keras Tuner writes it ({error!r})"[:300]) from error
    if rows and not 0 <= min(rows) <= max(rows) <= 10**9:
        raise refused("invalid_trial", f"{name}: a step is no epoch")
    return TrialLine(
        state="COMPLETED" if status == "COMPLETED" else "FAILED",
        message="" if status == "COMPLETED" else str(message or f"Keras Tuner left it {status}.")[-1000:],
        values=space.active(values),
        epochs=[EpochLine(epoch=step, metrics=metrics) for step, metrics in sorted(rows.items())],
    )


def _objective(scores: list[tuple[float, TrialLine]], directions: Mapping[str, str]) -> str:
    """The metric whose best value is the score in every trial; empty when none is, or several are."""
    fitting = []
    for metric, direction in directions.items():
        better = min if direction == "min" else max
        for score, line in scores:
            values = [value for each in line.epochs if math.isfinite(value := each.metrics.get(metric, math.nan))]
            if not values or not math.isclose(better(values), score, rel_tol=1e-9, abs_tol=1e-12):
                break
        else:
            fitting.append(metric)
    return fitting[0] if scores and len(fitting) == 1 else ""

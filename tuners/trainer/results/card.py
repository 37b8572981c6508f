"""The model card of a final training, in Markdown: what Mitchell et al. (2019, doi:10.1145/3287560.3287596) ask to be
told of a model, as far as the service knows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MOST_CLASSES = 50


def model_card(report: Mapping[str, Any]) -> str:
    """The card of a report (`report.report_of`, with the model's file)."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    source, model, dataset = report["source"], report["model"], report["dataset"]
    training, test, environment = report["training"], report["test"], report["environment"]
    yield f"# {_plain(source.get('search_name') or 'Final model')}"
    yield ""
    parameters = model["parameters"]
    size = f", {parameters:,} parameters" if parameters is not None else ""
    yield f"A {dataset['task']} model of type `{model['type']}`{size}, trained on all training rows and tested once."
    yield ""
    yield from _section("Model", [
        ("file", f"`{model['file']}`"),
        ("sha256", f"`{model['sha256']}`"),
        ("hyperparameters", _json(report["values"])),
        ("found by", _origin(source)),
    ])  # fmt: skip
    yield from _section("Data", [
        ("data set", _plain(dataset["name"])),
        ("source", _plain(dataset["source"])),
        ("fingerprint", f"`{dataset['fingerprint']}`"),
        ("rows trained on", f"{training['rows']:,}"),
        ("rows tested on", f"{test['rows']:,}" if test else "none"),
    ])  # fmt: skip
    yield from _section("Training", [
        ("epochs", str(training["epochs"])),
        ("seconds", f"{training['seconds']:.1f}"),
        ("seed", str(training["seed"])),
        ("device", f"{environment['device']} ({environment['platform']})"),
        ("backend", environment["backend"] if model["kind"] == "keras" else "scikit-learn"),
        ("versions", ", ".join(f"{name} {number}" for name, number in environment["versions"].items())),
        *((f"last {name}", _figure(value)) for name, value in training["metrics"].items()),
    ])  # fmt: skip
    yield "## Results"
    yield ""
    if test is None:
        yield f"Not tested: the data set has no test part. {_origin(source)}"
        yield ""
    else:
        yield from _table(("metric", "on the test part"), [(n, _figure(v)) for n, v in test["metrics"].items()])
        for output in test["outputs"]:
            yield from _output(output)
    yield "## How to use it"
    yield ""
    yield "```sh"
    yield "pip install -r requirements.txt"
    yield "python predict.py examples.npy -o predictions.csv"
    yield "```"
    yield ""
    yield "`predict.py` prepares raw examples as the training did (`preprocessing.json`); `Predictor` in it does so for"
    yield "programs. The figures above are in `report.json`."
    yield ""
    yield "## Limits"
    yield ""
    yield "- It knows the data it was trained on, and is only as good elsewhere as those rows resemble what it meets."
    yield "- The tables say how it did on one test part, once; a second model chosen by them would need new rows."
    for note in report["notes"]:
        yield f"- {note['message']}"
    yield ""
    yield "## Definition"
    yield ""
    yield "```json"
    yield json.dumps(report["definition"], indent=1)
    yield "```"


def _section(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield from _table(("", ""), rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def _output(output: Mapping[str, Any]) -> Iterator[str]:
    if output["name"]:
        yield f"### {_plain(output['name'])}"
        yield ""
    if "note" in output:
        yield _plain(output["note"])
        yield ""
        return
    figures = [
        (name, _figure(value))
        for name, value in output.items()
        if name not in ("name", "task", "rows") and (value is None or isinstance(value, (int, float)))
    ]
    yield from _table(("figure", "value"), figures)
    for kind, key in (("classes", "class"), ("labels", "label")):
        rows = output.get(kind)
        if rows:
            columns = [name for name in rows[0] if name != key]
            shown = [(_plain(row[key]), *(_figure(row[column]) for column in columns)) for row in rows[:_MOST_CLASSES]]
            yield from _table((key, *columns), shown)
            if len(rows) > _MOST_CLASSES:
                yield f"{len(rows) - _MOST_CLASSES} more are in `report.json`."
                yield ""
    if output.get("residuals"):
        rows = [(f"{row['quantile']:g}", _figure(row["value"])) for row in output["residuals"]]
        yield from _table(("quantile of residuals", "true - predicted"), rows)


def _origin(source: Mapping[str, Any]) -> str:
    if not source:
        return "not known"
    score, objective = source.get("score"), source.get("objective") or {}
    said = f"trial {source['trial_number']} of `{source['search_id']}`"
    return said if score is None else f"{said}, {objective.get('name')} {_figure(score)}"


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _json(value: object) -> str:
    return "`" + _plain(json.dumps(value)) + "`"


def _plain(text: object) -> str:
    """Client text in one line that breaks no table."""
    return " ".join(str(text).split()).replace("|", "/").replace("`", "'").replace("<", "&lt;")

"""Every command that prints data prints it as JSON on request: walked over the whole command line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import headstock
import httpx
import pytest
import typer
from headstock.cli import server
from headstock.cli.app import app
from headstock.cli.session import Session
from headstock.terminal.plots import KINDS
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup
from typer.testing import CliRunner

from service import examples
from tests.clients.service_double import Script, client_of, epoch, ok, page, search, trial

SEARCH = "/v1/searches/s_1"
# Those of the server, which are programs of their own, and the demo, which tells a story.
NO_DATA = {*server.KNOWN, "demo"}
# What to say to each command, so that it prints something; {file} and {out} are filled in.
ARGUMENTS: dict[str, list[str]] = {
    "submit": ["{file}"],
    "plan": ["{file}"],
    "searches": [],
    "watch": ["s_1"],
    "pause": ["s_1"],
    "resume": ["s_1"],
    "cancel": ["s_1"],
    "delete": ["s_1", "--yes"],
    "best": [],
    "trials": [],
    "epochs": ["0"],
    "export": ["-o", "{out}.csv"],
    "import": ["{file}"],
    "model": ["-o", "{out}.keras"],
    "templates": [],
    "dashboard": [],
    "workers": [],
    "finalize": [],
    "lr-range-test": ["{file}"],
    "jobs": [],
    "trend": ["latest", "units"],
    "plot": ["objective"],
    "importance": [],
    "tradeoff": [],
    "compare": ["s_1", "s_1"],
    "diagnose": ["t_0"],
    "datasets": [],
    "datasets list": [],
    "datasets builtin": [],
    "datasets show": ["wine"],
    "datasets add": ["{file}"],
    "datasets remove": ["wine"],
    "weights": [],
    "weights list": [],
    "weights add": ["{file}"],
    "weights delete": ["w_1"],
}


def commands() -> Iterator[tuple[str, Any]]:
    """All commands with their full names, groups that do something by themselves included."""
    whole = typer.main.get_command(app)
    assert isinstance(whole, TyperGroup)
    for name, command in whole.commands.items():
        yield name, command
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())


DATA_COMMANDS = [(name, command) for name, command in commands() if name not in NO_DATA]


@pytest.fixture
def script() -> Script:
    script = Script()

    def get(path: str, answer: httpx.Response) -> None:
        script.on("GET", path, answer)

    ended = search(state="COMPLETED", trials={"completed": 2})
    get(SEARCH, ok(ended))
    get("/v1/searches", page([search()]))
    compared: Any = examples.COMPARISON
    get("/v1/searches/compare", ok({**compared, "searches": compared["searches"] * 2}))
    get(f"{SEARCH}/trials", page([trial(0), trial(1)]))
    get(f"{SEARCH}/best", page([trial(0, definition={}, code="")]))
    get(f"{SEARCH}/trends/objective", ok(examples.OBJECTIVE_TREND))
    get(f"{SEARCH}/trends/hyperparameters/units", ok(examples.HYPERPARAMETER_TREND))
    get(f"{SEARCH}/importance", ok(examples.IMPORTANCE))
    get(f"{SEARCH}/tradeoff", ok(examples.TRADEOFF))
    get(f"{SEARCH}/export", httpx.Response(200, content=b"number\n"))
    get("/v1/trials/t_0", ok(trial(0)))
    get("/v1/trials/t_0/epochs", page([epoch(0, loss=2.0)]))
    get("/v1/trials/t_0/diagnosis", ok(examples.DIAGNOSIS))
    get("/v1/trials/t_0/model", httpx.Response(200, content=b"keras"))
    get("/v1/templates", page([{"name": "mlp"}]))
    get("/v1/workers", page([examples.WORKER]))
    get("/v1/datasets", page([{**examples.DATASET, "id": "d_1", "name": "wine"}]))
    get("/v1/datasets/d_1/preview", ok(examples.PREVIEW))
    get("/v1/datasets/builtin", page([examples.BUILTIN]))
    get("/v1/weights", page([{**examples.WEIGHTS, "id": "w_1"}]))
    get("/v1/final", page([examples.FINAL]))
    get("/v1/lr-range-tests", page([examples.RANGE_TEST]))
    job = examples.RANGE_TEST_DETAIL["id"]
    get(f"/v1/lr-range-tests/{job}", ok(examples.RANGE_TEST_DETAIL))
    for path, document in (
        ("/v1/searches", search()),
        ("/v1/searches/plan", examples.PLAN),
        ("/v1/searches/import", ended),
        (f"{SEARCH}/pause", search(state="PAUSED")),
        (f"{SEARCH}/resume", search()),
        (f"{SEARCH}/cancel", search(state="CANCELLED")),
        (f"{SEARCH}/finalize", examples.FINAL),
        ("/v1/lr-range-tests", examples.RANGE_TEST_DETAIL),
        ("/v1/datasets", examples.DATASET),
        ("/v1/weights", examples.WEIGHTS),
        ("/v1/login-codes", examples.LOGIN_CODE),
    ):
        script.on("POST", path, ok(document, status=201))
    for path in (SEARCH, "/v1/datasets/d_1", "/v1/weights/w_1"):
        script.on("DELETE", path, httpx.Response(204))
    return script


def run(script: Script, *arguments: str, width: int = 160, terminal: bool = False) -> tuple[int, str, str]:
    text = io.StringIO()
    out = Console(file=text, width=width, highlight=False, force_terminal=terminal, no_color=True)
    session = Session(connect=lambda url, folder: client_of(script, retries=headstock.Retries(attempts=1)), out=out)
    result = CliRunner().invoke(app, list(arguments), obj=session)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, text.getvalue() + result.stdout, result.stderr


def said(name: str, folder: Path) -> list[str]:
    assert name in ARGUMENTS, f"`headstock {name}` is new: say in ARGUMENTS how to call it, or in NO_DATA why not"
    file = folder / "file.json"
    file.write_text(json.dumps({"name": "a", "hyperparameters": []}))
    return [*name.split(), *(part.format(file=file, out=folder / "out") for part in ARGUMENTS[name])]


@pytest.mark.parametrize(("name", "command"), DATA_COMMANDS, ids=[name for name, _ in DATA_COMMANDS])
def test_command_prints_json_and_nothing_else(script: Script, tmp_path: Path, name: str, command: Any) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--json" in options
    code, out, err = run(script, *said(name, tmp_path), "--json")
    assert (code, err) == (0, "")
    assert isinstance(json.loads(out), dict | list)


@pytest.mark.parametrize("width", [24, 200])
@pytest.mark.parametrize("name", [name for name, _ in DATA_COMMANDS if name != "watch"])
def test_command_prints_for_people_on_terminals_of_any_width(
    script: Script, tmp_path: Path, name: str, width: int
) -> None:
    code, out, err = run(script, *said(name, tmp_path), width=width, terminal=True)
    assert (code, err) == (0, "")
    assert out.strip()
    assert "\x1b[3" not in out


PLOTS: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "objective": ([], {f"{SEARCH}/trends/objective": examples.OBJECTIVE_TREND}, "best so far"),
    "hyperparameter": (
        ["--name", "units"],
        {f"{SEARCH}/trends/hyperparameters/units": examples.HYPERPARAMETER_TREND},
        "val_accuracy (max) by units",
    ),
    "learning-curves": ([], {f"{SEARCH}/trends/epochs": examples.EPOCH_TREND}, "all trials"),
    "importance": ([], {f"{SEARCH}/importance": examples.IMPORTANCE}, "units + learning_rate"),
    "parallel-coordinates": ([], {f"{SEARCH}/parallel": examples.PARALLEL}, "1 trial,"),
    "contour": (
        ["--x", "units", "--y", "learning_rate"],
        {f"{SEARCH}/contour": examples.CONTOUR},
        "learning_rate upwards",
    ),
    "trade-off": ([], {f"{SEARCH}/tradeoff": examples.TRADEOFF}, "front"),
    "lr-range-test": ([], {"/v1/lr-range-tests/s_1": examples.RANGE_TEST_DETAIL}, "search from"),
    "confusion-matrix": ([], {f"{SEARCH}/final": {**examples.FINAL, "report": examples.FINAL_REPORT}}, "predicted"),
}


@pytest.mark.parametrize("width", [20, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_plot_is_drawn_and_told(script: Script, kind: str, width: int) -> None:
    options, answers, part = PLOTS[kind]
    for path, document in answers.items():
        script.on("GET", path, ok(document))
    code, out, err = run(script, "plot", kind, *options, width=width, terminal=True)
    assert (code, err) == (0, "")
    assert width < 60 or part in out
    assert max(map(cell_len, Text.from_ansi(out).plain.splitlines())) <= width
    code, out, err = run(script, "plot", kind, *options, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)


def test_plot_takes_either_order_and_refuses_what_means_nothing(script: Script) -> None:
    assert run(script, "plot", "latest", "objective")[1] == run(script, "plot", "objective", "latest")[1]
    code, _, err = run(script, "plot", "objective", "--x", "units")
    assert (code, "--x means nothing to objective" in err) == (1, True)
    code, _, err = run(script, "plot", "contour", "--x", "units")
    assert (code, "contour needs --y" in err) == (1, True)
    code, _, err = run(script, "plot", "portrait")
    assert (code, "these are: objective" in err) == (1, True)


def test_plot_of_one_trial_draws_both_parts(script: Script) -> None:
    script.on("GET", "/v1/trials/t_0/epochs", page([epoch(0, accuracy=0.4, val_accuracy=0.3)]))
    _, out, _ = run(script, "plot", "learning-curves", "--trial", "0")
    assert "━ accuracy  ━ val_accuracy" in out

"""The command over canned answers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import headstock
import pytest
from headstock.cli.app import app
from headstock.cli.session import Session
from headstock.client import Client
from rich.console import Console
from typer.testing import CliRunner

from tests.clients.cli.running import SEARCH, Ran, Run
from tests.clients.service_double import Script, client_of, ok, page, search, trial


@pytest.fixture
def script() -> Script:
    script = Script().on("GET", SEARCH, ok(search())).on("GET", "/v1/searches", page([search()]))
    return script.on("GET", f"{SEARCH}/trials", page([trial(0), trial(1)]))


@pytest.fixture
def run(script: Script) -> Run:
    def connect(url: str | None, data_dir: Path | None) -> Client:
        return client_of(script, retries=headstock.Retries(attempts=1))

    def invoke(*arguments: str, stdin: str = "") -> Ran:
        text = io.StringIO()
        session = Session(connect=connect, out=Console(file=text, width=160, highlight=False))
        result = CliRunner().invoke(app, list(arguments), obj=session, input=stdin)
        return Ran(result.exit_code, text.getvalue() + result.stdout, result.stderr, result.exception)

    return invoke


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    file = tmp_path / "search.json"
    file.write_text(json.dumps({"name": "a", "tuner": {"type": "random"}, "hyperparameters": [{"name": "units"}]}))
    return file

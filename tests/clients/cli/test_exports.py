"""What the command saves to files, or sends elsewhere."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.clients.cli.running import SEARCH, Run
from tests.clients.service_double import Script, page, search, trial


def test_export_names_its_file_after_the_search(
    run: Run, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script.on("GET", "/v1/searches", page([search(name="../wine & cheese")]))
    script.on("GET", f"{SEARCH}/export", httpx.Response(200, content=b"number,score\n"))
    ran = run("export", "--table", "epochs", "--format", "jsonl", "--json")
    (written,) = tmp_path.iterdir()
    assert ran.json()["path"] == written.name == "-wine---cheese-epochs.jsonl"


def zipped(*names: str) -> httpx.Response:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(name, b"events")
    return httpx.Response(200, content=archive.getvalue())


def test_event_files_are_unpacked_where_tensorboard_looks(run: Run, script: Script, tmp_path: Path) -> None:
    script.on("GET", f"{SEARCH}/export", zipped("trial-0000/events.out.tfevents.1.headstock"))
    ran = run("export", "--format", "tensorboard", "--to", str(tmp_path / "runs"))
    assert f"tensorboard --logdir {tmp_path / 'runs'}" in ran.out
    assert dict(script.requests[-1].url.params) == {"format": "tensorboard"}
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["trial-0000"]
    script.on("GET", f"{SEARCH}/export", zipped("trial-0001/events", "../beside"))
    refused = run("export", "--format", "tensorboard", "--to", str(tmp_path / "runs"))
    assert (refused.code, "'../beside'" in refused.err) == (1, True)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["events.out.tfevents.1.headstock"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--format", "mlflow"), "--to http://127.0.0.1:5000"),
        (("--format", "mlflow", "--to", "mlruns"), "an address like http://127.0.0.1:5000"),
        (("--format", "tensorboard", "-o", "a.csv"), "--output is for tables"),
        (("--to", "runs"), "--to is for tensorboard and mlflow"),
    ],
)
def test_exports_that_lack_a_place_say_what_is_missing(run: Run, options: tuple[str, ...], told: str) -> None:
    ran = run("export", *options)
    assert ran.code != 0
    assert told in ran.err


def test_model_is_the_best_trials(run: Run, script: Script, tmp_path: Path) -> None:
    script.on("GET", f"{SEARCH}/best", page([trial(1, definition={}, code="")]))
    script.on("GET", "/v1/trials/t_1/model", httpx.Response(200, content=b"keras"))
    assert run("model", "-o", str(tmp_path / "m.keras")).code == 0
    assert (tmp_path / "m.keras").read_bytes() == b"keras"

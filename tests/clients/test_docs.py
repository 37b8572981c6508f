"""The code on the client's pages is run, and its commands exist."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import headstock
import pytest
from headstock.cli.app import app
from typer.testing import CliRunner

from service import examples
from storage.epochs import EpochRow
from storage.files import NewArtifact
from storage.records import NewTrial, Reason, Search
from storage.states import SearchState
from storage.workers import Slot
from tests.service.assembled import Service
from tests.service.scenes import end_job
from tests.waiting import wait_until
from tuners.definitions import parse_definition

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "client.md", ROOT / "clients" / "python" / "README.md"]


def blocks(page: Path, language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return "\n".join(found)


def commands() -> list[str]:
    lines = [line.partition("#")[0].strip() for page in PAGES for line in blocks(page, "sh").splitlines()]
    return sorted({line.partition(">")[0].strip() for line in lines if line.startswith("headstock ")})


RANGE_TEST_REPORT = {
    key: examples.RANGE_TEST_DETAIL[key]
    for key in ("batch_size", "diverged", "rates", "losses", "smoothed", "suggestion")
}


class Trainer(threading.Thread):
    """Ends every search that begins, with three scored trials: a worker without Keras."""

    def __init__(self, service: Service) -> None:
        super().__init__(daemon=True)
        self._service = service
        self._over = threading.Event()
        self._done: set[str] = set()

    def run(self) -> None:
        while not self._over.wait(0.02):
            for search in self._service.repository.active_searches():
                # The second one of the page is steered by its code.
                if search.id not in self._done and search.name != "second-try":
                    self._done.add(search.id)
                    self._train(search)

    def stop(self) -> None:
        self._over.set()
        self.join(timeout=10)

    def _train(self, search: Search) -> None:
        repository, store = self._service.repository, self._service.store
        if search.kind != "search":
            report = examples.FINAL_REPORT if search.kind == "finalize" else RANGE_TEST_REPORT
            end_job(repository, store, self._service.settings.data_dir, search.id, report)
            return
        repository.start_search(search.id)
        values = parse_definition(dict(search.definition)).space().defaults()
        new = [
            NewTrial(values={**values, "learning_rate": 0.001 * (place + 1)}, values_hash=f"{place:032x}")
            for place in range(3)
        ]
        trials = repository.add_trials(search.id, new, oracle_state={}, expected_version=search.oracle_version)
        worker = repository.register_worker(
            name="box", host="box", pid=1, backend="tensorflow", slots=[Slot(0, "cpu", None)], versions={}
        )
        weights = self._service.settings.data_dir / "weights"
        weights.write_bytes(b"weights")
        for trial in trials:
            (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
            repository.report_start(claim.lease, parameters=1000, device="cpu")
            rows = [EpochRow(0, epoch, {"val_accuracy": 0.5 + trial.number / 10}, 0.1) for epoch in range(2)]
            repository.record_epochs(claim.lease, rows)
            stored = store.put(f"trials/{trial.id}/best", weights)
            best = NewArtifact(
                key=f"trials/{trial.id}/best", kind="best", sha256=stored.sha256, size_bytes=stored.size_bytes, epoch=0
            )
            repository.record_checkpoint(claim.lease, best)
            repository.complete_trial(claim.lease, seconds=0.2)
        repository.end_search(search.id, SearchState.COMPLETED, Reason("max_trials", "all trials have ended"))


@pytest.fixture
def trainer(service: Service) -> Iterator[Trainer]:
    thread = Trainer(service)
    thread.start()
    yield thread
    thread.stop()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_on_the_page_runs(
    page: Path,
    live: headstock.Client,
    trainer: Trainer,
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADSTOCK_URL", live.url)
    monkeypatch.setenv("HEADSTOCK_TOKEN", service.token(owner="ada"))
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(blocks(page, "python"), str(page), "exec"), names)
    names["client"].close()
    printed = capsys.readouterr().out
    assert "0.7" in printed
    assert "import keras" in printed
    wait_until(lambda: not service.repository.active_searches())


@pytest.mark.parametrize("line", commands())
def test_commands_on_the_pages_exist_with_their_options(line: str) -> None:
    _, *words = shlex.split(line)
    runner = CliRunner()
    groups = 2 if words[0] in ("datasets", "weights") else 1
    command, rest = words[:groups], words[groups:]
    shown = runner.invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for word in rest:
        if word.startswith("-"):
            assert word in shown.stdout

"""Final trainings and range tests through the client and on the command line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import headstock
import httpx
import pytest
from headstock.cli.app import app
from headstock.cli.session import Session
from headstock.client import Client
from rich.console import Console
from typer.testing import CliRunner

from service import examples
from tests.clients.service_double import Script, Time, client_of, ok, page, problem, search, trial
from tests.service.assembled import Service
from tests.service.scenes import end_job, start_trials, train

FINAL = "/v1/final/s_9"
RANGES = "/v1/lr-range-tests/s_9"


def final(**changes: Any) -> dict[str, Any]:
    return {**examples.FINAL, "id": "s_9", **changes}


def waiting_final(**changes: Any) -> dict[str, Any]:
    return final(**{"state": "RUNNING", "report": None, "ended_at": None, **changes})


def ranges(**changes: Any) -> dict[str, Any]:
    return {**examples.RANGE_TEST_DETAIL, "id": "s_9", **changes}


@pytest.fixture
def script() -> Script:
    script = Script().on("GET", "/v1/searches/s_1", ok(search())).on("GET", "/v1/searches", page([search()]))
    script.on("GET", "/v1/searches/s_1/trials", page([trial(0), trial(1)]))
    return script.on("POST", "/v1/searches/s_1/finalize", ok(waiting_final(), status=201))


def sent(script: Script) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(script.requests[-1].content)
    return document


class TestClient:
    def test_what_is_left_out_is_left_to_the_service(self, script: Script) -> None:
        found = client_of(script).search("s_1")
        assert found.finalize().state == "RUNNING"
        assert sent(script) == {}
        assert script.requests[-1].headers["Idempotency-Key"]
        found.finalize(trial=found.trial(1), epochs=4, seed=0, idempotency_key="k")
        assert sent(script) == {"trial_id": "t_1", "epochs": 4, "seed": 0}
        assert script.requests[-1].headers["Idempotency-Key"] == "k"

    def test_waiting_ends_with_the_report(self, script: Script) -> None:
        time = Time()
        script.on("GET", FINAL, ok(waiting_final()), ok(final()))
        job = client_of(script, time=time).search("s_1").finalize()
        assert job.wait(poll_s=2.0) is job
        assert job.report == examples.FINAL_REPORT
        assert job.record.source.trial_number == 4
        assert time.slept == [2.0]

    def test_a_failed_one_raises_its_reason(self, script: Script) -> None:
        reason = {"code": "no_trial_completed", "message": "it broke"}
        script.on("GET", FINAL, ok(waiting_final(state="FAILED", state_reason=reason)))
        with pytest.raises(headstock.SearchFailed, match="it broke"):
            client_of(script).search("s_1").finalize().wait()

    def test_waiting_gives_up_in_time(self, script: Script) -> None:
        time = Time()
        script.on("GET", RANGES, ok(ranges(state="RUNNING")))
        with pytest.raises(headstock.WaitTimeout):
            client_of(script, time=time).range_test("s_9").wait(timeout=1.5)
        assert time.slept == [1.0, 0.5]

    def test_files_are_saved_under_their_kind(self, script: Script, tmp_path: Path) -> None:
        disposition = {"Content-Disposition": 'attachment; filename="final-s_9.skops"'}
        script.on("GET", FINAL, ok(final()))
        script.on("GET", f"{FINAL}/model", httpx.Response(200, content=b"model", headers=disposition))
        script.on("GET", f"{FINAL}/bundle", httpx.Response(200, content=b"zip"))
        script.on("GET", f"{FINAL}/card", httpx.Response(200, text="# größe\n"))
        job = client_of(script).final("s_9")
        assert job.download_model(tmp_path) == tmp_path / "model.skops"
        assert job.download_bundle(tmp_path).read_bytes() == b"zip"
        assert job.download_bundle(tmp_path / "mine.zip").name == "mine.zip"
        assert job.card() == "# größe\n"

    def test_cancelling_reads_it_anew(self, script: Script) -> None:
        script.on("GET", FINAL, ok(waiting_final(state="CANCELLED")))
        script.on("POST", "/v1/searches/s_9/cancel", ok(search(id="s_9", state="CANCELLED")))
        assert client_of(script).final("s_9").cancel().state == "CANCELLED"

    def test_definition_and_options_of_a_range_test(self, script: Script, tmp_path: Path) -> None:
        file = tmp_path / "search.json"
        file.write_text('{"name": "a"}')
        script.on("POST", "/v1/lr-range-tests", ok(ranges(), status=201))
        test = client_of(script).lr_range_test(file, values={"units": 8}, max_rate=1.0)
        assert sent(script) == {"definition": {"name": "a"}, "values": {"units": 8}, "max_rate": 1.0}
        assert test.suggestion is not None
        assert len(test.rates) == len(test.losses) == len(test.smoothed)

    def test_nothing_to_retrain_has_its_own_error(self, script: Script) -> None:
        script.on("POST", "/v1/searches/s_1/finalize", problem(409, "no_scored_trial"))
        with pytest.raises(headstock.NoScoredTrial):
            client_of(script).search("s_1").finalize()


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(script: Script) -> Run:
    def connect(url: str | None, data_dir: Path | None) -> Client:
        return client_of(script, retries=headstock.Retries(attempts=1))

    def invoke(*arguments: str) -> tuple[int, str]:
        text = io.StringIO()
        session = Session(connect=connect, out=Console(file=text, width=160, highlight=False))
        result = CliRunner().invoke(app, list(arguments), obj=session)
        return result.exit_code, text.getvalue() + result.output

    return invoke


class TestCommands:
    def test_finalize_starts_and_says_how_to_go_on(self, run: Run, script: Script) -> None:
        code, out = run("finalize", "s_1", "--trial", "1", "--epochs", "3")
        assert code == 0
        assert sent(script) == {"trial_id": "t_1", "epochs": 3}
        assert "Final training s_9 of trial 4 of digits-mlp: RUNNING" in out
        assert "headstock finalize s_1 --wait" in out

    def test_finalize_waits_and_prints_the_tables(self, run: Run, script: Script) -> None:
        script.on("GET", FINAL, ok(waiting_final()), ok(final()))
        code, out = run("finalize", "s_1", "--wait")
        assert code == 0
        lines = [line.split() for line in out.splitlines()]
        assert ["test", "accuracy", "0.9698"] in lines
        assert ["true", "0", "1"] in lines
        assert ["0", "39", "0"] in lines
        assert "Confusion matrix: rows are true classes" in out

    def test_finalize_saves_what_there_is(self, run: Run, script: Script, tmp_path: Path) -> None:
        script.on("GET", FINAL, ok(final()))
        for name in ("model", "bundle", "card"):
            script.on("GET", f"{FINAL}/{name}", httpx.Response(200, text=name))
        folder = tmp_path / "out"
        code, out = run("finalize", "s_1", "-o", str(folder))
        assert code == 0
        assert {path.name for path in folder.iterdir()} == {
            "report.json", "model-card.md", "model.keras", "bundle.zip",
        }  # fmt: skip
        assert json.loads((folder / "report.json").read_text()) == examples.FINAL_REPORT
        assert out.count("Wrote ") == 4

    def test_numbers_and_labels_have_tables_too(self, run: Run, script: Script) -> None:
        outputs = [
            {"name": "price", "task": "regression", "rows": 2, "mse": 4.0, "r2": None,
             "residuals": [{"quantile": 0.5, "value": 0.25}]},
            {"name": "tags", "task": "multilabel", "rows": 2, "accuracy": 0.5,
             "labels": [{"label": "red", "accuracy": 0.5, "support": 3, "roc_auc": None}], "averages": {}},
            {"name": "odd", "task": "regression", "rows": 2, "note": "shapes differ"},
        ]  # fmt: skip
        report = {**examples.FINAL_REPORT, "test": {**examples.FINAL_REPORT["test"], "outputs": outputs}}
        report["notes"] = [{"code": "x", "message": "mind this"}]
        script.on("GET", FINAL, ok(final(report=report)))
        code, out = run("finalize", "s_1", "--wait")
        assert code == 0
        for said in ("Residuals of price", "Labels of tags", "shapes differ", "mind this"):
            assert said in out
        assert ["red", "0.5000", "3", "–"] in [line.split() for line in out.splitlines()]

    def test_finalize_of_an_unknown_trial(self, run: Run) -> None:
        code, out = run("finalize", "s_1", "--trial", "7")
        assert (code, "7" in out) == (1, True)

    def test_range_test_prints_its_curve_and_what_to_search(self, run: Run, script: Script, tmp_path: Path) -> None:
        file = tmp_path / "search.json"
        file.write_text('{"name": "a", "fit": {}}')
        script.on("POST", "/v1/lr-range-tests", ok(ranges(state="QUEUED"), status=201))
        script.on("GET", RANGES, ok(ranges()))
        code, out = run(
            "lr-range-test", str(file), "--value", "units=8", "--value", "kind=cnn", "--set", "fit.batch_size=8"
        )
        assert code == 0
        assert json.loads(script.requests[0].content) == {
            "definition": {"name": "a", "fit": {"batch_size": 8}},
            "values": {"units": 8, "kind": "cnn"},
        }
        assert "Search learning rates from 0.001 to 0.01" in out
        assert ["1.00e-03", "1.7000", "2.1000"] in [line.split() for line in out.splitlines()]

    def test_range_test_without_a_fall_suggests_nothing(self, run: Run, script: Script, tmp_path: Path) -> None:
        file = tmp_path / "search.json"
        file.write_text("{}")
        script.on("POST", "/v1/lr-range-tests", ok(ranges(suggestion=None), status=201))
        code, out = run("lr-range-test", str(file), "--no-wait")
        assert (code, "nothing to suggest" in out) == (0, True)
        assert run("lr-range-test", str(file), "--value", "units")[0] == 1

    def test_json_is_the_services_document(self, run: Run, script: Script) -> None:
        script.on("GET", FINAL, ok(final()))
        code, out = run("finalize", "s_1", "--wait", "--json")
        assert code == 0
        assert json.loads(out)["report"] == examples.FINAL_REPORT


def test_whole_way_against_the_service(service: Service, tmp_path: Path) -> None:
    token = service.token()
    app_client = service.client(token)
    client = headstock.Client("http://127.0.0.1:8000", token, transport=_through(app_client))
    found = client.submit(examples.DEFINITION)
    repository = service.repository
    start_trials(repository, repository.active_searches()[0].id, [{"units": 32, "learning_rate": 0.001}])
    train(repository, service.store, tmp_path, [(0.1, 0.9, 0.2)])
    job = found.finalize()
    assert job.record.epochs == 2
    end_job(repository, service.store, tmp_path, job.id, examples.FINAL_REPORT)
    assert job.wait().report == examples.FINAL_REPORT
    assert found.final().id == job.id
    assert [each.id for each in client.finals()] == [job.id]
    assert job.download_model(tmp_path).read_bytes() == b"weights"
    assert job.card() == "# digits\n"
    test = client.lr_range_test(examples.DEFINITION, steps=20)
    report = {key: examples.RANGE_TEST_DETAIL[key] for key in ("rates", "losses", "smoothed", "suggestion", "diverged")}
    end_job(repository, service.store, tmp_path, test.id, report)
    assert test.wait().rates == report["rates"]
    assert [each.id for each in client.range_tests()] == [test.id]
    job.delete()
    with pytest.raises(headstock.NotFound):
        client.final(job.id)


def _through(client: Any) -> httpx.BaseTransport:
    """Requests of the library, answered by the app."""

    def handle(request: httpx.Request) -> httpx.Response:
        request.read()
        answer = client.request(
            request.method, request.url.raw_path.decode(), content=request.content, headers=dict(request.headers)
        )
        return httpx.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)

    return httpx.MockTransport(handle)

"""MLflow tracking servers for tests: a small one that keeps what it got, and a real one where there is one.

The small one answers on a real port by MLflow's documented REST API
(https://mlflow.org/docs/latest/api_reference/rest-api.html) as MLflow 3 does: the same tests run against both
(`make test-mlflow`), so that neither can differ from the other unnoticed. It can also break off at a chosen call.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from service.server import address_of, listening_socket
from tests.waiting import wait_until

Document = dict[str, Any]
REAL = "HEADSTOCK_TEST_MLFLOW"
"""The variable that names the `mlflow` command to test against."""
_NAME = re.compile(r"^[/\w.\- :]*$")
_OF_TRIAL = re.compile(r"tags\.`(?P<tag>[\w.]+)` (?P<sign>=|!=) '(?P<value>[^']*)'")
_PREFIX = "/api/2.0/mlflow/"


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.answer = {"error_code": code, "message": message}


@dataclass
class KeptRun:
    info: Document
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    # As a set, in the order of coming: MLflow's databases have one row for each key, time, step and value.
    metrics: dict[tuple[str, int, int, str], Document] = field(default_factory=dict)

    def document(self) -> Document:
        pairs = {"params": self.params, "tags": self.tags}
        return {
            "info": self.info,
            "data": {name: [{"key": k, "value": v} for k, v in kept.items()] for name, kept in pairs.items()},
        }


class KeptServer:
    """All that was written to it, under a lock.

    Attributes:
        calls: How many have been asked; `headers` are those of the last one.
        writes: How many of them were to change something.
        points: How many metrics have been taken, the same one every time it came.
        break_at: At the write of this number the connection is broken, "before" it is carried out or "after".
        down: Whether every call is answered with 503.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.experiments: dict[str, Document] = {}
        self.runs: dict[str, KeptRun] = {}
        self.calls = 0
        self.writes = 0
        self.points = 0
        self.headers: dict[str, str] = {}
        self.break_at: tuple[int, str] | None = None
        self.down = False

    def answer(self, path: str, asked: Document) -> Document:
        answers = {
            "experiments/get-by-name": self._experiment_by_name,
            "experiments/create": self._create_experiment,
            "experiments/delete": self._delete_experiment,
            "runs/create": self._create_run,
            "runs/search": self._search_runs,
            "runs/get": lambda asked: {"run": self._run(asked).document()},
            "runs/delete": self._delete_run,
            "runs/log-batch": self._log_batch,
            "runs/update": self._update,
            "metrics/get-history": self._history,
        }
        if path not in answers:
            raise Refused(404, "ENDPOINT_NOT_FOUND", path)
        return answers[path](asked)

    def _experiment_by_name(self, asked: Document) -> Document:
        for each in self.experiments.values():
            if each["name"] == asked["experiment_name"]:
                return {"experiment": each}
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment with that name")

    def _create_experiment(self, asked: Document) -> Document:
        if any(each["name"] == asked["name"] for each in self.experiments.values()):
            raise Refused(400, "RESOURCE_ALREADY_EXISTS", "Experiment already exists")
        made = str(len(self.experiments) + 1)
        self.experiments[made] = {"experiment_id": made, "lifecycle_stage": "active", **asked}
        return {"experiment_id": made}

    def _delete_experiment(self, asked: Document) -> Document:
        self.experiments[asked["experiment_id"]]["lifecycle_stage"] = "deleted"
        return {}

    def _create_run(self, asked: Document) -> Document:
        experiment = self.experiments[asked["experiment_id"]]
        if experiment["lifecycle_stage"] != "active":
            raise Refused(400, "INVALID_PARAMETER_VALUE", "The experiment must be in the 'active' state")
        made = f"{len(self.runs):032x}"
        info = {
            "run_id": made,
            "experiment_id": asked["experiment_id"],
            "run_name": asked["run_name"],
            "start_time": asked["start_time"],
            "status": "RUNNING",
            "lifecycle_stage": "active",
        }
        self.runs[made] = KeptRun(info, tags={pair["key"]: pair["value"] for pair in asked["tags"]})
        return {"run": self.runs[made].document()}

    def _search_runs(self, asked: Document) -> Document:
        found = _OF_TRIAL.fullmatch(asked["filter"])
        assert found is not None, asked["filter"]
        kept = [
            run
            for run in self.runs.values()
            if run.info["experiment_id"] in asked["experiment_ids"]
            and (asked["run_view_type"] == "ALL" or run.info["lifecycle_stage"] == "active")
            and found["tag"] in run.tags
            and (run.tags[found["tag"]] == found["value"]) == (found["sign"] == "=")
        ]
        start = int(asked.get("page_token", 0))
        # Small pages, so that following them is tested with few runs.
        end = start + min(asked["max_results"], 10)
        more = {"next_page_token": str(end)} if end < len(kept) else {}
        return {"runs": [run.document() for run in kept[start:end]], **more}

    def _run(self, asked: Document, *, active: bool = False) -> KeptRun:
        run = self.runs.get(asked["run_id"])
        if run is None:
            raise Refused(404, "RESOURCE_DOES_NOT_EXIST", "Run not found")
        if active and run.info["lifecycle_stage"] != "active":
            raise Refused(400, "INVALID_PARAMETER_VALUE", "The run must be in the 'active' state")
        return run

    def _delete_run(self, asked: Document) -> Document:
        self._run(asked).info["lifecycle_stage"] = "deleted"
        return {}

    def _log_batch(self, asked: Document) -> Document:
        run = self._run(asked, active=True)
        metrics, params, tags = asked["metrics"], asked["params"], asked["tags"]
        if len(metrics) > 1000 or len(params) > 100 or len(tags) > 100 or len(metrics) + len(params) + len(tags) > 1000:
            raise Refused(400, "INVALID_PARAMETER_VALUE", "A batch logging request can contain at most ...")
        for entry in (*metrics, *params, *tags):
            if not _NAME.match(entry["key"]) or len(entry["key"]) > 250:
                raise Refused(400, "INVALID_PARAMETER_VALUE", f"Invalid value {entry['key']!r}")
        for pair in params:
            if run.params.get(pair["key"], pair["value"]) != pair["value"]:
                raise Refused(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed.")
        run.params |= {pair["key"]: pair["value"] for pair in params}
        self.points += len(metrics)
        for each in metrics:
            told = dict(each)
            if told["value"] in ("Infinity", "-Infinity"):
                told["value"] = 1.7976931348623157e308 * (1 if told["value"] == "Infinity" else -1)
            run.metrics.setdefault((told["key"], told["timestamp"], told["step"], str(told["value"])), told)
        run.tags |= {pair["key"]: pair["value"] for pair in tags}
        return {}

    def _update(self, asked: Document) -> Document:
        run = self._run(asked, active=True)
        assert asked["status"] in {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"}
        run.info |= {name: asked[name] for name in ("status", "end_time") if name in asked}
        return {"run_info": run.info}

    def _history(self, asked: Document) -> Document:
        kept = self._run(asked).metrics.values()
        return {"metrics": [each for each in kept if each["key"] == asked["metric_key"]]}


@contextmanager
def serving(kept: KeptServer) -> Iterator[str]:
    """Its address, while it answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Answers are written in two parts.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._answer(parts.path, dict(parse_qsl(parts.query)))

        def do_POST(self) -> None:
            self._answer(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, path: str, asked: Document) -> None:
            with kept.lock:
                kept.calls += 1
                kept.headers = dict(self.headers)
                kept.writes += path.endswith(("/create", "/log-batch", "/update"))
                broken = kept.break_at is not None and kept.break_at[0] == kept.writes
                if broken and kept.break_at is not None and kept.break_at[1] == "before":
                    self.close_connection = True
                    return
                status, found = 200, {}
                try:
                    if kept.down:
                        raise Refused(503, "TEMPORARILY_UNAVAILABLE", "come again")
                    found = kept.answer(path.removeprefix(_PREFIX), asked)
                except Refused as error:
                    status, found = error.status, error.answer
                if broken:
                    self.close_connection = True
                    return
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests need no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


@contextmanager
def real_server(folder: Path) -> Iterator[str]:
    """The address of `mlflow server` on a database of its own."""
    sock = listening_socket("127.0.0.1", 0)
    address = address_of(sock)
    sock.close()
    command = [os.environ[REAL], "server", "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    command += ["--default-artifact-root", str(folder / "artifacts"), "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
            start_new_session=True,
        )
        try:
            wait_until(lambda: _answers(address), timeout_s=180.0, every_s=0.5, what="the MLflow server")
            yield address
        finally:
            os.killpg(process.pid, 15)
            process.wait(timeout=30)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@dataclass(frozen=True)
class Reader:
    """What a tracking server has of a search, by its own REST API."""

    address: str
    name: str
    search_id: str

    @property
    def experiment_id(self) -> str:
        query = {"experiment_name": f"{self.name} ({self.search_id})"}
        return str(self._get("experiments/get-by-name", query)["experiment"]["experiment_id"])

    def runs(self) -> dict[str, Document]:
        """Its runs by trial id, with their parameters and tags; two of one trial are an error."""
        found: dict[str, Document] = {}
        question: Document = {
            "experiment_ids": [self.experiment_id],
            "filter": "tags.`headstock.trial_id` != ''",
            "run_view_type": "ALL",
            "max_results": 1000,
        }
        while True:
            page = self.call("runs/search", question)
            for run in page.get("runs", []):
                tags, params = (
                    {pair["key"]: pair["value"] for pair in run["data"].get(kind, [])} for kind in ("tags", "params")
                )
                assert tags["headstock.trial_id"] not in found, "a trial has two runs"
                found[tags["headstock.trial_id"]] = {**run["info"], "tags": tags, "params": params}
            if not page.get("next_page_token"):
                return found
            question["page_token"] = page["next_page_token"]

    def history(self, run_id: str, metric: str) -> list[tuple[int, int, float]]:
        """Step, milliseconds and value of each point, in order."""
        points = self._get("metrics/get-history", {"run_id": run_id, "metric_key": metric}).get("metrics", [])
        return sorted((int(each["step"]), int(each["timestamp"]), float(each["value"])) for each in points)

    def call(self, path: str, asked: Document) -> Document:
        answer = httpx.post(f"{self.address}{_PREFIX}{path}", json=asked, trust_env=False)
        document: Document = answer.raise_for_status().json()
        return document

    def _get(self, path: str, query: dict[str, str]) -> Document:
        answer = httpx.get(f"{self.address}{_PREFIX}{path}", params=query, trust_env=False)
        document: Document = answer.raise_for_status().json()
        return document

"""The demo's definition, what it leaves behind, and what the client alone needs."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading

import headstock
import pytest
from headstock.cli import demo


def test_definition_costs_what_the_demo_promises(live: headstock.Client) -> None:
    plan = live.plan(demo.DEFINITION)
    assert plan.trials is not None
    assert plan.epochs is not None
    # About a minute on two cores.
    assert 15 <= plan.trials <= 30
    assert plan.epochs <= 100
    assert demo.TREND in {hyperparameter["name"] for hyperparameter in demo.DEFINITION["hyperparameters"]}


def test_interrupted_demo_does_not_slow_the_next_one(live: headstock.Client) -> None:
    interrupted = live.submit(demo.DEFINITION)
    other = live.submit({**demo.DEFINITION, "tags": {}})
    demo.end_leftovers(live)
    assert interrupted.refresh().state == "CANCELLED"
    assert other.refresh().state == "QUEUED"


def test_client_and_command_load_neither_server_nor_pandas() -> None:
    program = (
        "import sys, headstock, headstock.cli.app; "
        "print([n for n in ('service', 'tuners', 'storage', 'pandas', 'numpy', 'keras', 'sqlalchemy', 'fastapi') "
        "if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_proxy_of_the_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    class Workers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"items": [], "next_page_token": None}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Workers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with headstock.Client(
            f"http://127.0.0.1:{server.server_port}", retries=headstock.Retries(attempts=1)
        ) as client:
            assert client.workers() == []
        server.shutdown()

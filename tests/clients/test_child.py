"""The demo's service: started as a child, waited for, and gone afterwards with everything it started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from headstock.cli.child import ChildServer, ServerFailed

from tests.waiting import wait_until

# Answers GET /v1/workers like the service does, leaves its address and token, and has a child of its own.
SERVER = """
import http.server, json, os, pathlib, subprocess, sys
folder = pathlib.Path(sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.headers["Authorization"] == "Bearer hs_local"
        worker = {"id": "w_1", "name": "here", "host": "box", "slots": []}
        body = json.dumps({"items": [worker] if good else [], "next_page_token": None}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
helper = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
(folder / "helper").write_text(str(helper.pid))
(folder / "token").write_text("hs_local")
(folder / "server.json").write_text(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}))
server.serve_forever()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "demo data"


@pytest.fixture
def child(folder: Path) -> Iterator[ChildServer]:
    started = ChildServer.start(folder, slots=2, command=[sys.executable, "-c", SERVER, str(folder)])
    yield started
    started.stop()


def is_alive(pid: int) -> bool:
    """Whether it runs; a zombie that its new parent has not collected yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads process states from /proc")
def test_is_waited_for_and_leaves_nothing(child: ChildServer, folder: Path) -> None:
    with child.connect(timeout_s=30) as client:
        assert [worker.id for worker in client.workers()] == ["w_1"]
    helper = int((folder / "helper").read_text())
    assert is_alive(helper)
    child.stop()
    assert child.process.returncode is not None
    wait_until(lambda: not is_alive(helper), timeout_s=10)
    child.stop()


def test_address_of_an_earlier_run_is_not_believed(folder: Path) -> None:
    folder.mkdir()
    (folder / "server.json").write_text('{"url": "http://127.0.0.1:1"}')
    child = ChildServer.start(folder, slots=2, command=[sys.executable, "-c", "import signal; signal.pause()"])
    try:
        with pytest.raises(ServerFailed, match="not ready within"):
            child.connect(timeout_s=0.5)
        assert not (folder / "server.json").exists()
    finally:
        child.stop()


def test_service_that_ends_by_itself_shows_the_end_of_its_log(folder: Path) -> None:
    program = "import sys; [print('line', n) for n in range(100)]; sys.exit('no such port')"
    child = ChildServer.start(folder, slots=2, command=[sys.executable, "-c", program])
    with pytest.raises(ServerFailed) as caught:
        child.connect(timeout_s=30)
    assert "exit code 1" in str(caught.value)
    assert "no such port" in str(caught.value)
    assert "line 99" in str(caught.value)
    assert "line 1\n" not in str(caught.value)
    child.stop()


def test_settings_of_another_service_do_not_reach_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTOCK_DATABASE_URL", "postgresql://elsewhere")
    program = "import os; print([name for name in os.environ if name.startswith('HEADSTOCK_')])"
    child = ChildServer.start(folder, slots=2, command=[sys.executable, "-c", program])
    child.process.wait(30)
    assert child.log.read_text().strip() == "[]"
    child.stop()

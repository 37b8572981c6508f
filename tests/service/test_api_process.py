"""The API as a process: small, quick, without Keras, deaf to hostile bytes, and gone when told to go."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from service.local_token import ensure_token
from storage.clock import SystemClock
from storage.migrations import upgrade
from storage.settings import Settings
from storage.sql import open_repository
from tests.waiting import wait_until

HEAVY = (
    "keras", "tensorflow", "keras_tuner", "numpy", "pandas", "sklearn", "scipy", "ray", "jax", "torch", "pyarrow",
    "matplotlib",
)  # fmt: skip
MOST_MEMORY_MB = 150
# Generous: benchmarks/api_start.py measures it; here several test processes share the cores.
MOST_START_S = 20.0


@dataclass
class Api:
    """A running `headstock api`."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    folder: Path
    started_in_s: float

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=10)

    def send(self, raw: bytes, *, until_closed: bool = False) -> bytes:
        """What comes back on a plain connection for these bytes."""
        with socket.create_connection(self.address, timeout=10) as connection:
            connection.sendall(raw)
            received = b""
            while b"\r\n\r\n" not in received or until_closed:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                received += piece
            return received


def prepare(folder: Path) -> tuple[Settings, str]:
    settings = Settings(data_dir=folder)
    upgrade(settings.database)
    repository = open_repository(settings.database)
    token = ensure_token(settings.token_file, tokens=repository, clock=SystemClock())
    repository.close()
    return settings, token


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADSTOCK_")}
    return {**kept, **variables}


@contextmanager
def running_api(folder: Path) -> Iterator[Api]:
    folder.mkdir(parents=True, exist_ok=True)
    _, token = prepare(folder)
    whereabouts = folder / "server.json"
    begun = time.monotonic()
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "headstock", "api", "--data-dir", str(folder), "--port", "0"],
            stdout=log,
            stderr=log,
            env=environment(),
            cwd=folder,
        )
    try:

        def ready() -> str | None:
            assert process.poll() is None, (folder / "api.log").read_text()[-2000:]
            if not whereabouts.exists():
                return None
            url: str = json.loads(whereabouts.read_text())["url"]
            try:
                return url if httpx.get(f"{url}/readyz", timeout=5).status_code == 200 else None
            except httpx.TransportError:
                return None

        url = wait_until(ready, timeout_s=60, every_s=0.02)
        assert url is not None
        yield Api(process, url, token, folder, time.monotonic() - begun)
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as running:
        yield running


def test_it_is_small_and_starts_soon(api: Api) -> None:
    client = api.client()
    for path in ("/v1/searches", "/v1/catalog", "/v1/templates/mlp", "/openapi.json", "/docs", "/metrics", "/"):
        assert client.get(path).status_code == 200, path
    client.close()
    status = Path(f"/proc/{api.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    assert int(found[1]) / 1024 < MOST_MEMORY_MB
    assert api.started_in_s < MOST_START_S


def test_it_maps_no_library_of_tensors(api: Api) -> None:
    mapped = Path(f"/proc/{api.process.pid}/maps").read_text()
    assert "python" in mapped
    for name in HEAVY:
        assert f"/site-packages/{name}/" not in mapped
        assert f"/site-packages/{name}.libs/" not in mapped


def test_nothing_heavy_is_imported_even_after_the_app_is_made(tmp_path: Path) -> None:
    prepare(tmp_path)
    script = """
import json, sys
from service.server import opened_app
from storage.settings import Settings
with opened_app(Settings()) as app:
    app.openapi()
    from service.routes.platform import _catalog
    _catalog("[{}, false]")
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(HEADSTOCK_DATA_DIR=str(tmp_path), PYTHONPATH=root),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"fastapi", "service", "tuners"} <= loaded
    assert loaded.isdisjoint(HEAVY)


def test_importing_the_app_does_nothing_else(tmp_path: Path) -> None:
    script = "import service.app, threading; assert threading.active_count() == 1"
    root = str(Path(__file__).resolve().parents[2])
    subprocess.run([sys.executable, "-c", script], env=environment(PYTHONPATH=root), cwd=tmp_path, check=True)
    assert list(tmp_path.iterdir()) == []


# What no client library sends

AUTH = "Authorization: Bearer {token}\r\n"


@pytest.mark.parametrize(
    ("request_text", "statuses"),
    [
        ("GET /v1/searches HTTP/1.1\r\n{auth}\r\n", {400, 421}),
        ("GET /v1/searches HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n{auth}\r\n", {400, 421}),
        ("GET /v1/searches HTTP/1.1\r\nHost: x/../healthz?\r\n{auth}\r\n", {400, 421}),
        ("DELETE /v1/searches/s_1 HTTP/1.1\r\nHost: localhost/healthz\r\n\r\n", {400, 421}),
        ("GET http://evil.example/v1/searches HTTP/1.1\r\nHost: evil.example\r\n{auth}\r\n", {400, 421}),
        (
            "POST /v1/searches HTTP/1.1\r\nHost: localhost\r\n{auth}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
            {400},
        ),
        (
            "POST /v1/searches HTTP/1.1\r\nHost: localhost\r\n{auth}Content-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            {400},
        ),
        ("GET /v1/searches HTTP/1.1\r\nHost: localhost\r\n{auth}" + "X-A: " + "y" * 70_000 + "\r\n\r\n", {400, 431}),
        ("GET /v1/searches HTTP/1.1\r\nHost: localhost\r\n{auth}" + "X-A: y\r\n" * 1000 + "\r\n", {400, 431}),
        ("GET /v1/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n{auth}\r\n", {400, 404}),
        (
            "GET /v1/searches HTTP/1.1\r\nHost: localhost\r\n{auth}Connection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            {200, 400, 404, 426},
        ),
        ("CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n{auth}\r\n", {400, 404, 405}),
        ("NONSENSE\r\n\r\n", {400}),
    ],
)
def test_odd_bytes_get_a_refusal_and_the_next_request_an_answer(
    api: Api, request_text: str, statuses: set[int]
) -> None:
    text = request_text.format(auth=AUTH.format(token=api.token))
    answer = api.send(text.encode("latin-1"))
    assert int(answer.split(b" ", 2)[1]) in statuses, answer[:300]
    assert httpx.get(f"{api.url}/healthz").status_code == 200


def test_a_body_without_end_is_cut_off(api: Api) -> None:
    head = (
        f"POST /v1/searches HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(api.address, timeout=20) as connection:
        connection.sendall(head.encode())
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        sent = 0
        try:
            while sent < 200:
                connection.sendall(piece)
                sent += 1
        except OSError:
            pass
        assert sent < 200, "13 MB were taken"
    assert httpx.get(f"{api.url}/healthz").status_code == 200


def test_a_huge_length_is_refused_before_the_body(api: Api) -> None:
    answer = api.send(
        f"POST /v1/searches HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000000000000\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_head_has_no_body(api: Api) -> None:
    answer = api.send(b"HEAD /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", until_closed=True)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 404 " in head
    assert body == b""


def test_logs_are_json_lines_without_secrets(api: Api) -> None:
    client = api.client()
    client.get("/v1/searches", headers={"User-Agent": "a\x1b[31mb", "X-Odd": "c"})
    client.get("/v1/searches/%0aINJECTED")
    client.get(f"/v1/searches?token={api.token}")
    client.close()
    wait_until(lambda: (api.folder / "api.log").read_text().count('"status": 400') > 0)
    lines = (api.folder / "api.log").read_text().splitlines()
    assert len(lines) > 3
    for line in lines:
        json.loads(line)
    text = "\n".join(lines)
    assert api.token not in text
    assert api.token.rsplit("_", 1)[1] not in text
    assert "INJECTED" not in text
    assert any(json.loads(line).get("request_id") for line in lines)


# Stopping


def test_it_stops_at_once_with_a_stream_open(tmp_path: Path) -> None:
    with running_api(tmp_path) as api:
        opened, ended = threading.Event(), threading.Event()

        def listen() -> None:
            with api.client() as client, client.stream("GET", "/v1/events") as response:
                for line in response.iter_lines():
                    if "live" in line:
                        opened.set()
            ended.set()

        listener = threading.Thread(target=listen)
        listener.start()
        assert opened.wait(10)
        begun = time.monotonic()
        api.process.send_signal(signal.SIGTERM)
        assert api.process.wait(timeout=10) == 0
        assert time.monotonic() - begun < 8
        listener.join(timeout=5)
        assert ended.is_set()
    assert not (tmp_path / "server.json").exists()

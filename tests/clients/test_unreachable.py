"""What is said when no answer comes, or one of something else: over real sockets, and each with the way out."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import headstock
import httpx
import pytest

from tests.clients.service_double import Script, client_of, ok, problem, search

ONCE = headstock.Retries(attempts=1)
SEARCH = "/v1/searches/s_1"


class NotFoundHere(BaseHTTPRequestHandler):
    """A web server that is none of ours."""

    def do_GET(self) -> None:
        self.send_response(301 if self.path.endswith("moved") else 404)
        if self.path.endswith("moved"):
            self.send_header("Location", "https://elsewhere.test/")
        self.end_headers()
        self.wfile.write(b"<html>nothing here</html>")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


def serving(server: HTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


@pytest.fixture
def stranger() -> Iterator[int]:
    yield from serving(HTTPServer(("127.0.0.1", 0), NotFoundHere))


@pytest.fixture
def own_certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "own.pem"
    command = [
        openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return certificate


@pytest.fixture
def with_own_certificate(own_certificate: Path) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), NotFoundHere)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate, own_certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    yield from serving(server)


def said(url: str, path: str = "x") -> str:
    """What the error says, of one request."""
    with headstock.Client(url, "hs_x", retries=ONCE) as client, pytest.raises(headstock.HeadstockError) as caught:
        client.template(path)
    assert isinstance(caught.value, headstock.Unreachable | headstock.ApiError)
    return str(caught.value)


def test_service_that_does_not_run_here_can_be_started() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        text = said(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert "Connection refused" in text
    assert "`headstock up` starts one here" in text


def test_unknown_machine_is_told_by_its_name() -> None:
    assert "no machine is known as nowhere.invalid" in said("http://nowhere.invalid:8000")


def test_tls_to_a_server_without_it(stranger: int) -> None:
    text = said(f"https://127.0.0.1:{stranger}")
    assert f"no TLS connection to https://127.0.0.1:{stranger}" in text
    assert "is it an http:// address?" in text


def test_certificate_that_nobody_knows(with_own_certificate: int) -> None:
    text = said(f"https://localhost:{with_own_certificate}")
    assert "is not trusted here (self-signed certificate)" in text
    assert "SSL_CERT_FILE" in text


def test_certificate_of_ones_own_is_trusted_when_it_is_named(
    with_own_certificate: int, own_certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(own_certificate))
    assert "is not Headstock (404 Not Found)" in said(f"https://localhost:{with_own_certificate}")


def test_proxy_of_the_environment_is_not_asked_for_ones_own_machine(
    stranger: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert "is not Headstock" in said(f"http://127.0.0.1:{stranger}")


def test_something_else_at_the_address_is_named_as_such(stranger: int) -> None:
    text = said(f"http://127.0.0.1:{stranger}")
    assert "GET /v1/templates/x was answered by something that is not Headstock (404 Not Found)" in text


def test_redirect_says_where_to(stranger: int) -> None:
    assert "points to https://elsewhere.test/" in said(f"http://127.0.0.1:{stranger}", "moved")


def test_proxy_before_a_service_that_is_away() -> None:
    script = Script().on("GET", SEARCH, httpx.Response(502, content=b"<html>Bad gateway</html>"))
    with pytest.raises(headstock.ServiceUnavailable, match="a proxy answered that the service behind it is away"):
        client_of(script, retries=ONCE).search("s_1")


def test_refused_token_says_where_it_is_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADSTOCK_TOKEN", raising=False)
    script = Script().on("GET", SEARCH, problem(401, "unauthenticated"))
    transport = httpx.MockTransport(script)

    def refusal(url: str, token: str | None = None) -> str:
        with headstock.Client(url, token, transport=transport) as client:
            with pytest.raises(headstock.Unauthenticated) as caught:
                client.search("s_1")
            assert caught.value.detail == "it is so"
            return caught.value.hint

    assert "argument `token`" in refusal("http://far.test", "hs_wrong")
    assert "no token was sent" in refusal("http://far.test")
    (tmp_path / "headstock-data").mkdir()
    (tmp_path / "headstock-data" / "token").write_text("hs_local")
    assert str(tmp_path / "headstock-data" / "token") in refusal("http://127.0.0.1:8000")
    monkeypatch.setenv("HEADSTOCK_TOKEN", "hs_env")
    assert "HEADSTOCK_TOKEN" in refusal("http://far.test")


def test_what_is_not_there_is_told_by_its_path() -> None:
    script = Script().on("GET", SEARCH, problem(404, "not_found"))
    with pytest.raises(headstock.NotFound) as caught:
        client_of(script).search("s_1")
    assert str(caught.value) == "it is so (not_found): GET /v1/searches/s_1"
    script.on("GET", SEARCH, problem(404, "route_not_found"))
    with pytest.raises(headstock.NotFound, match=r"address of a Headstock service, no older than this client\?"):
        client_of(script).search("s_1")


def test_trial_that_is_not_there_is_an_error_of_ours_and_a_lookup_error() -> None:
    script = Script().on("GET", SEARCH, ok(search()))
    script.on("GET", f"{SEARCH}/trials", ok({"items": [], "next_page_token": None}))
    script.on("GET", f"{SEARCH}/best", ok({"items": [], "next_page_token": None}))
    found = client_of(script).search("s_1")
    with pytest.raises(headstock.NoSuchTrial, match="it has 4 so far, counted from 0"):
        found.trial(9)
    with pytest.raises(LookupError, match="no scored trial yet; it is RUNNING"):
        found.best_hyperparameters()

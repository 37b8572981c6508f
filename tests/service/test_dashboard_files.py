"""The dashboard's files over HTTP: asked for again they cost nothing, text goes compressed, and a change is seen."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from service.dashboard import accepts_gzip, dashboard_routes, is_current

SCRIPT = b"// a line of a script\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html><title>small</title>")
    (tmp_path / "js" / "main.js").write_bytes(SCRIPT)
    (tmp_path / "icon.png").write_bytes(b"\x89PNG" + bytes(2000))
    (tmp_path / ".secret.js").write_bytes(SCRIPT)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(Starlette(routes=dashboard_routes(folder)))


def test_text_is_compressed_for_those_who_take_it(client: TestClient) -> None:
    with client.stream("GET", "/js/main.js", headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == SCRIPT
    assert int(answer.headers["content-length"]) == len(raw) < len(SCRIPT) / 4
    plain = client.get("/js/main.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT
    assert plain.headers["etag"] != answer.headers["etag"]
    assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"
    assert plain.headers["content-type"] == answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/icon.png"])
def test_what_would_not_get_smaller_goes_as_it_is(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert not {"content-encoding", "vary"} & set(answer.headers)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_asked_again_nothing_is_sent_until_it_changes(client: TestClient, folder: Path, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    first = client.get("/js/main.js", headers=headers)
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/js/main.js", headers={**headers, "If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "vary", "cache-control")} == {
        name: first.headers[name] for name in ("etag", "vary", "cache-control")
    }
    (folder / "js" / "main.js").write_bytes(SCRIPT + b"// one more\n")
    changed = client.get("/js/main.js", headers={**headers, "If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.content) == (200, SCRIPT + b"// one more\n")
    assert changed.headers["etag"] != first.headers["etag"]


def test_only_the_files_that_are_there_have_an_address(client: TestClient) -> None:
    for path in ("/.secret.js", "/js/../.secret.js", "/js/", "/js/other.js"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("deflate, *;q=0.1", True),
        ("", False), ("identity", False), ("gzip;q=0", False), ("gzip;q=0, *", False), ("gzip;q=high", False),
    ],
)  # fmt: skip
def test_accepted_encodings(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    ("header", "current"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("", False)],
)
def test_named_tags(header: str, current: bool) -> None:
    assert is_current(header, '"a"') is current

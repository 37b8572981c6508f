"""The dashboard's files over HTTP: they are kept for good, text goes compressed, and a change has a new address."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from service.dashboard import dashboard_routes

SCRIPT = b"// a line of a script\n" * 200


INDEX = b"""<!doctype html>
<title>small</title>
<link rel="icon" href="icon.svg" />
<a href="/docs">API</a>
<script type="module" src="js/main.js"></script>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "js" / "main.js").write_bytes(SCRIPT)
    (tmp_path / "icon.svg").write_bytes(b"<svg/>")
    (tmp_path / "small.png").write_bytes(b"\x89PNG" + bytes(2000))
    (tmp_path / ".secret.js").write_bytes(SCRIPT)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(Starlette(routes=dashboard_routes(folder)))


def script_of(client: TestClient) -> str:
    """Where the index says that its script lies."""
    found = re.search(r'src="(.+)"', client.get("/").text)
    assert found is not None
    return found[1]


def test_the_index_names_all_files_below_their_version(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    script = script_of(client)
    assert re.fullmatch(r"/assets/[0-9a-f]{16}/js/main\.js", script)
    version = script.removesuffix("js/main.js")
    named = INDEX.replace(b'"icon.svg"', f'"{version}icon.svg"'.encode())
    assert page.content == named.replace(b'"js/main.js"', f'"{script}"'.encode())
    assert client.get(script).content == SCRIPT


def test_text_is_compressed_for_those_who_take_it(client: TestClient) -> None:
    script = script_of(client)
    with client.stream("GET", script, headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == SCRIPT
    assert int(answer.headers["content-length"]) == len(raw) < len(SCRIPT) / 4
    plain = client.get(script, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT
    assert plain.headers["etag"] != answer.headers["etag"]
    assert plain.headers["vary"] == answer.headers["vary"] == "Accept-Encoding"
    assert plain.headers["content-type"] == answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("name", ["icon.svg", "small.png"])
def test_what_would_not_get_smaller_goes_as_it_is(client: TestClient, name: str) -> None:
    answer = client.get(script_of(client).replace("js/main.js", name), headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert not {"content-encoding", "vary"} & set(answer.headers)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_files_are_kept_for_good_until_the_index_names_others(client: TestClient, folder: Path, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    page, script = client.get("/"), script_of(client)
    assert page.headers["cache-control"] == "no-cache"
    assert client.get("/", headers={"If-None-Match": page.headers["etag"]}).status_code == 304
    first = client.get(script, headers=headers)
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    (folder / "js" / "main.js").write_bytes(SCRIPT + b"// one more\n")
    # A page that is open already gets what there is, and must ask each time.
    changed = client.get(script, headers={**headers, "If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.content) == (200, SCRIPT + b"// one more\n")
    assert changed.headers["cache-control"] == "no-cache"
    assert changed.headers["etag"] != first.headers["etag"]
    again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 200
    newer = script_of(client)
    assert newer != script
    assert "immutable" in client.get(newer, headers=headers).headers["cache-control"]
    assert client.get(script, headers=headers).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_asked_again_nothing_is_sent(client: TestClient, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    script = script_of(client)
    first = client.get(script, headers=headers)
    again = client.get(script, headers={**headers, "If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert {name: again.headers[name] for name in ("etag", "vary", "cache-control")} == {
        name: first.headers[name] for name in ("etag", "vary", "cache-control")
    }


def test_a_page_of_another_process_of_the_same_version_is_served_as_well(client: TestClient, folder: Path) -> None:
    fresh = TestClient(Starlette(routes=dashboard_routes(folder)))
    assert "immutable" in fresh.get(script_of(client)).headers["cache-control"]


def test_the_icon_has_an_address_that_stays(client: TestClient) -> None:
    answer = client.get("/icon.svg")
    assert (answer.content, answer.headers["cache-control"]) == (b"<svg/>", "no-cache")


def test_only_the_files_that_are_there_have_an_address(client: TestClient) -> None:
    version = script_of(client).removesuffix("js/main.js")
    for path in (".secret.js", "js/../.secret.js", "js/", "js/other.js", "%2e%2e/secret.js", ""):
        assert client.get(version + path).status_code == 404
    for path in ("/js/main.js", "/assets", "/assets/", "/.secret.js"):
        assert client.get(path).status_code == 404

"""Where the client looks for its service, and where it takes a token to."""

from __future__ import annotations

import json
from pathlib import Path

import headstock
import pytest
from headstock.connection import Connection, discover, local


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with the data folder of a running service."""
    data = tmp_path / "headstock-data"
    data.mkdir()
    (data / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:8123", "pid": 1}))
    (data / "token").write_text("hs_local\n")
    return tmp_path


def test_arguments_come_first(folder: Path) -> None:
    environ = {"HEADSTOCK_URL": "http://b:1", "HEADSTOCK_TOKEN": "hs_env"}
    assert discover("http://a:1/", "hs_arg", environ=environ, directory=folder) == Connection("http://a:1", "hs_arg")


def test_environment_comes_second(folder: Path) -> None:
    environ = {"HEADSTOCK_URL": "http://b:1", "HEADSTOCK_TOKEN": "hs_env"}
    assert discover(None, None, environ=environ, directory=folder) == Connection("http://b:1", "hs_env")


def test_local_data_folder_comes_last(folder: Path) -> None:
    assert discover(None, None, environ={}, directory=folder) == Connection("http://127.0.0.1:8123", "hs_local")


def test_data_folder_may_be_named(folder: Path) -> None:
    environ = {"HEADSTOCK_DATA_DIR": str(folder / "headstock-data")}
    assert discover(None, None, environ=environ, directory=Path("/")).url == "http://127.0.0.1:8123"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
def test_local_token_opens_addresses_of_this_machine(folder: Path, url: str) -> None:
    assert discover(url, None, environ={}, directory=folder).token == "hs_local"


@pytest.mark.parametrize("url", ["http://gpu-box:9", "https://127.0.0.1.example.com", "http://10.0.0.7"])
def test_local_token_is_not_sent_elsewhere(folder: Path, url: str) -> None:
    assert discover(url, None, environ={}, directory=folder).token is None


def test_without_anything_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(headstock.NotConfigured, match="headstock up"):
        discover(None, None, environ={}, directory=tmp_path)
    with pytest.raises(headstock.NotConfigured, match="headstock up --data-dir"):
        local(tmp_path)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "localhost", "ftp://a", "http://", "http://a:port"])
def test_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(headstock.NotConfigured, match="address"):
        discover(url, None, environ={}, directory=tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url"'])
def test_damaged_server_file_is_named(folder: Path, text: str) -> None:
    (folder / "headstock-data" / "server.json").write_text(text)
    with pytest.raises(headstock.NotConfigured, match=r"server\.json"):
        discover(None, None, environ={}, directory=folder)

"""The dashboard in a real Chromium over a real API, with trials that the tests move by hand: nothing is trained.

`board` is the service, served over a socket; `page` is a signed-in page of it, and a test fails when its page logs an
error (a broken script, a refused style, a missing file).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page

from service.app import create_app
from service.limits import Limits
from tests.databases import SqliteTemplate
from tests.service.assembled import Service, open_service
from tests.waiting import wait_until
from tuners.datasets.client import DatasetClient

LIMITS = Limits(event_poll_s=0.05, keep_alive_s=5.0)


@dataclass(frozen=True)
class Board:
    """A served service: its parts, its address, a client with all scopes, and ada's sessions."""

    service: Service
    address: str
    ada: httpx.Client

    def link(self) -> str:
        """A one-time address that signs a browser in."""
        answer = self.ada.post("/v1/login-codes")
        answer.raise_for_status()
        return f"{self.address}{answer.json()['path']}"


@contextmanager
def served(service: Service, app: FastAPI | None = None) -> Iterator[Board]:
    """The service over a socket until the block ends; `app` takes the place of its own, with other parts."""
    # Longer than any pause between two requests of a test: a client must not find its connection closed as it writes.
    config = uvicorn.Config(
        app or service.app, host="127.0.0.1", port=0, log_level="error", lifespan="on", timeout_keep_alive=60
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, timeout_s=20)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {service.token()}"}, timeout=60) as client:
        yield Board(service, address, client)
    server.should_exit = server.force_exit = True
    thread.join(timeout=20)


@contextmanager
def reading_app(service: Service) -> Iterator[FastAPI]:
    """The service's app with data sets that are really read, by child processes, until the block ends."""
    app = create_app(
        service.settings, repository=service.repository, store=service.store, planner=service.planner,
        datasets=DatasetClient(service.settings, service.store, service.repository, service.clock),
        clock=service.clock, exporter=service.exporter, limits=LIMITS,
    )  # fmt: skip
    yield app
    app.state.context.previewer.close()


@pytest.fixture(scope="module")
def board(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One service for the tests of a module."""
    folder = tmp_path_factory.mktemp("board")
    with open_service(folder, sqlite_template.copy(folder), LIMITS) as service, served(service) as board:
        yield board


@pytest.fixture(scope="module")
def context(board: Board, chromium: Browser) -> Iterator[BrowserContext]:
    """The browser of a module's tests, 1280 pixels wide, whose clipboard may be read; it keeps the files it got."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 1000}, permissions=["clipboard-read", "clipboard-write"]
    )
    yield context
    context.close()


@contextmanager
def signed_in(board: Board, context: BrowserContext) -> Iterator[Page]:
    """A page with a session, still blank: a test opens what it is about. Nothing of it is left for the next."""
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    # A refusal is an answer that pages ask for; Chromium reports it in the words of a fault.
    page.on(
        "console",
        lambda message: (
            faults.append(message.text) if message.type == "error" and "status of 422" not in message.text else None
        ),
    )
    assert context.request.get(board.link()).ok
    yield page
    context.new_cdp_session(page).send(
        "Storage.clearDataForOrigin", {"origin": board.address, "storageTypes": "cookies,local_storage"}
    )
    page.close()
    assert faults == []


@pytest.fixture
def page(board: Board, context: BrowserContext) -> Iterator[Page]:
    """A page of the test's own."""
    with signed_in(board, context) as page:
        yield page

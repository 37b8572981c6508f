"""The real API on a real port, with what service tests stand in for Keras."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import headstock
import pytest
import uvicorn

from service.server import address_of, listening_socket
from tests.service.assembled import Service
from tests.service.conftest import limits, service
from tests.waiting import wait_until

__all__ = ["limits", "service"]


@pytest.fixture
def live(service: Service) -> Iterator[headstock.Client]:
    """A client of the service's app, over the network of this machine."""
    sock = listening_socket("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(service.app, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started, what="the API")
    with headstock.Client(address_of(sock), service.token(owner="ada")) as client:
        yield client
    service.app.state.context.hub.stop()
    server.should_exit = True
    thread.join(timeout=10)
    sock.close()

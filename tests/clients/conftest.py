"""The real API on a real port, with what service tests stand in for Keras."""

from __future__ import annotations

from collections.abc import Iterator

import headstock
import pytest

from tests.clients.mlflow_scene import follower, kept, mlflow_servers
from tests.clients.scene import served
from tests.service.assembled import Service
from tests.service.conftest import limits, service

__all__ = ["follower", "kept", "limits", "mlflow_servers", "service"]


@pytest.fixture
def live(service: Service) -> Iterator[headstock.Client]:
    """A client of the service's app, over the network of this machine."""
    with served(service) as url, headstock.Client(url, service.token(owner="ada")) as client:
        yield client

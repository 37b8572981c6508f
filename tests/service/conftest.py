"""A service of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.limits import Limits
from tests.service.assembled import Service, open_service


@pytest.fixture
def limits() -> Limits:
    return Limits(idle_s=2.0, event_poll_s=0.02, keep_alive_s=0.2, send_timeout_s=2.0)


@pytest.fixture
def service(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str, limits: Limits) -> Iterator[Service]:
    """A service of its own; `parametrize("service", [{...}], indirect=True)` gives it other settings."""
    with open_service(tmp_path, sqlite_url, limits, **getattr(request, "param", {})) as running:
        yield running


@pytest.fixture
def ada(service: Service) -> TestClient:
    """A client with all scopes."""
    return service.client(service.token())


@pytest.fixture
def definition() -> dict[str, Any]:
    """A good definition, to be spoilt."""
    import copy

    from service import examples

    return copy.deepcopy(examples.DEFINITION)

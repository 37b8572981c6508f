from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.clock import ManualClock
from storage.repository import Repository
from tests.contracts.scenes import Scene


@pytest.fixture
def scene(repository: Repository, clock: ManualClock) -> Iterator[Scene]:
    """A scene on a fresh database of each kind, whose invariants must still hold when the test is over."""
    yield Scene(repository, clock)
    assert repository.check_invariants() == ()

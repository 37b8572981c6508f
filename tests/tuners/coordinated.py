"""Spaces, scores and the passing of time, for tests of coordinators."""

from __future__ import annotations

from collections.abc import Mapping

from storage.clock import ManualClock
from storage.records import Scalar
from tests.tuners.simulation import settle
from tuners.coordinator import Coordinator
from tuners.space import Hyperparameter, Space

SPACE = Space(
    (
        Hyperparameter(name="rate", type="float", default=1e-2, min_value=1e-5, max_value=1e-1, sampling="log"),
        Hyperparameter(name="dropout", type="float", default=0.0, min_value=0.0, max_value=0.5, step=0.1),
    )
)
FINITE = Space((Hyperparameter(name="units", type="int", default=4, min_value=1, max_value=6),))
RANDOM: dict[str, object] = {"type": "random"}


def let_pass(seconds: float, clock: ManualClock, coordinator: Coordinator) -> None:
    """Time goes by in steps, so that the coordinator renews its lease."""
    for _ in range(int(seconds / 2)):
        clock.advance(2.0)
        settle(coordinator)


def units(values: Mapping[str, Scalar], epoch: int) -> float:
    assert isinstance(values["units"], int)
    return values["units"] / 10 + epoch / 100


def broken(values: Mapping[str, Scalar], epoch: int) -> float:
    raise ValueError

"""A trainer killed in the middle of a trial costs one attempt, and the search completes."""

from __future__ import annotations

import os
import signal

import pytest

from tests.end_to_end.conftest import Service
from tests.end_to_end.definitions import digits
from tests.waiting import wait_until

pytestmark = [pytest.mark.keras, pytest.mark.faults]

EPOCHS = 40


def test_killed_trainer_costs_one_attempt_and_the_search_completes(service: Service) -> None:
    search = service.client.submit(
        digits(
            name="killed",
            fit={"epochs": EPOCHS, "batch_size": 32, "validation_split": 0.2},
            limits={"max_trials": 2},
        )
    )
    wait_until(lambda: len(list(search.epochs())) >= 12, timeout_s=120, what="a dozen epochs")
    (trainer,) = service.children("tuners.trainer")
    os.kill(trainer, signal.SIGKILL)
    search.wait(timeout=240)
    assert search.state == "COMPLETED"
    trials = list(search.trials())
    assert [trial.state for trial in trials] == ["COMPLETED", "COMPLETED"]
    attempts = [attempt for trial in trials for attempt in trial.attempts()]
    assert sorted(attempt.state for attempt in attempts) == ["COMPLETED", "COMPLETED", "FAILED"]
    (failed,) = [attempt for attempt in attempts if attempt.state == "FAILED"]
    assert failed.failure is not None
    assert failed.failure.code == "crash"
    for trial in trials:
        assert [row.epoch for row in trial.epochs()] == list(range(EPOCHS))

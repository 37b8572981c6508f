"""The learning-rate range test: its rates, its end, what it suggests, and a run with a real model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tuners.trainer_doubles import Line, job, resolved, tiny_arrays
from tuners.trainer.control import Control
from tuners.trainer.protocol import EpochDone, FromTrainer, RunTrial, Saved, Started

pytestmark = pytest.mark.keras

OPTIONS: dict[str, Any] = {
    "values": {},
    "epochs": 10,
    "min_rate": 1e-5,
    "max_rate": 10.0,
    "steps": 60,
    "smoothing": 0.9,
    "divergence": 4.0,
}


@pytest.fixture
def runner() -> Iterator[Any]:
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    yield Runner(tiny_arrays, build_model)

    import keras

    keras.utils.clear_session()


def order(scratch: Path, **changes: Any) -> RunTrial:
    options = OPTIONS | changes
    document = resolved(objective={"name": "loss", "direction": "min"})
    document["compile"]["optimizer"] = {"optimizer": "SGD"}
    return job(scratch, task="lr_range_test", resolved=document, options=options, target_epochs=10)


def report(line: Line) -> dict[str, Any]:
    (saved,) = line.of(Saved)
    assert saved.kind == "report"
    document: dict[str, Any] = json.loads(Path(saved.path).read_text())
    return document


def test_rates_rise_by_one_factor_and_progress_shows_in_portions(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(order(tmp_path, max_rate=0.1), line.control) == "completed"
    found = report(line)
    rates = found["rates"]
    assert len(rates) == 60
    assert (rates[0], rates[-1]) == (pytest.approx(1e-5), pytest.approx(0.1))
    assert np.diff(np.log(rates)) == pytest.approx([math.log(1e4) / 59] * 59)
    assert not found["diverged"]
    assert line.epochs() == [(0, portion) for portion in range(10)]
    last = line.of(EpochDone)[-1].metrics
    assert last == {"loss": found["smoothed"][-1], "learning_rate": rates[-1]}
    (started,) = line.of(Started)
    assert started.parameters == 90


def test_losses_are_of_single_batches(runner: Any, tmp_path: Path) -> None:
    """Their running mean, made again here, gives the smoothed ones: were they means themselves, it would not."""
    line = Line()
    runner.run(order(tmp_path, max_rate=0.1, smoothing=0.5), line.control)
    mean = 0.0
    found = report(line)
    for count, (loss, smoothed) in enumerate(zip(found["losses"], found["smoothed"], strict=True), start=1):
        mean = 0.5 * mean + 0.5 * loss
        assert smoothed == pytest.approx(mean / (1 - 0.5**count))
    assert np.std(found["losses"][:10]) > 0.01


def test_rates_that_are_far_too_great_end_it_early(runner: Any, tmp_path: Path) -> None:
    from tuners.trainer.runner import Runner

    def steep(document: Any, **options: Any) -> Any:
        import keras

        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.SGD(), loss="mean_squared_error", jit_compile=False)
        return model

    line = Line()
    assert Runner(tiny_arrays, steep).run(order(tmp_path, max_rate=1e4), line.control) == "completed"
    found = report(line)
    assert found["diverged"]
    assert len(found["rates"]) < 60
    assert all(math.isfinite(loss) for loss in found["smoothed"])
    assert found["rates"][-1] < 1e4
    suggestion = found["suggestion"]
    assert 1e-5 < suggestion["min_rate"] <= suggestion["max_rate"] < found["rates"][-1]
    # Portions follow each other without a hole, however early the end.
    assert line.epochs() == [(0, portion) for portion in range(len(line.epochs()))]


def test_same_seed_same_test(runner: Any, tmp_path: Path) -> None:
    first, second = Line(), Line()
    for line in (first, second):
        runner.run(order(tmp_path, steps=20), line.control)
    assert report(first) == report(second)


@pytest.mark.parametrize(("how", "saved"), [("stop", 1), ("release", 0), ("abandon", 0)])
def test_one_that_is_ended_reports_only_when_it_was_stopped(runner: Any, tmp_path: Path, how: Any, saved: int) -> None:
    def end(message: FromTrainer, control: Control) -> None:
        if isinstance(message, EpochDone) and message.epoch == 2:
            control.end(how, 0.0)

    line = Line(orders=end)
    outcome = {"stop": "stopped", "release": "released", "abandon": "abandoned"}[how]
    assert runner.run(order(tmp_path), line.control) == outcome
    assert len(line.of(EpochDone)) == 3
    assert len(line.of(Saved)) == saved


class TestSuggestion:
    def points(self, losses: list[float]) -> Any:
        from tuners.trainer.lr_range import Point

        return [Point(10.0 ** (step - 6), loss, loss) for step, loss in enumerate(losses)]

    def test_steepest_point_and_a_tenth_of_the_minimums(self) -> None:
        from tuners.trainer.lr_range import suggestion

        found = suggestion(self.points([2.0, 2.0, 1.9, 1.0, 0.8, 0.7, 0.9, 1.5]), diverged=False)
        assert found is not None
        assert found["steepest"] == pytest.approx(1e-4)
        assert found["minimum"] == pytest.approx(0.1)
        assert (found["min_rate"], found["max_rate"]) == (pytest.approx(1e-4), pytest.approx(1e-2))

    def test_the_explosion_at_the_end_is_left_out(self) -> None:
        from tuners.trainer.lr_range import suggestion

        curve = [2.0, 1.9, 1.0, 0.9, 0.85, 0.8]
        found = suggestion(self.points([*curve, 0.1, 2.0, 9.0, 50.0, 400.0]), diverged=True)
        assert found is not None
        assert found["minimum"] == pytest.approx(0.1)

    @pytest.mark.parametrize("losses", [[1.0], [], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    def test_without_a_fall_there_is_none(self, losses: list[float]) -> None:
        from tuners.trainer.lr_range import suggestion

        assert suggestion(self.points(losses), diverged=False) is None

"""Planned learning rates: the curves, the callback in real trainings, and the same numbers in generated programs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.tuners.trainer_doubles import Line, dataset, job, resolved, tiny_arrays
from tuners.codegen import keras_code
from tuners.codegen_schedules import schedule_code
from tuners.failures import TrialFault
from tuners.trainer import checkpoints
from tuners.trainer.builder import build_model
from tuners.trainer.callbacks import definition_callbacks
from tuners.trainer.protocol import EpochDone
from tuners.trainer.runner import Runner
from tuners.trainer.schedules import rate

pytestmark = pytest.mark.keras

TIME = {"schedule": "time", "decay": 0.5, "warmup_epochs": 0}
STEP = {"schedule": "step", "drop": 0.1, "epochs_drop": 2, "warmup_epochs": 0}
EXPONENTIAL = {"schedule": "exponential", "decay": 0.1, "warmup_epochs": 0}
COSINE = {"schedule": "cosine", "alpha": 0.1, "decay_epochs": 4, "warmup_epochs": 0}
LINEAR = {"schedule": "linear", "end_learning_rate": 0.2, "decay_epochs": 4, "warmup_epochs": 0}
POLYNOMIAL = {"schedule": "polynomial", "end_learning_rate": 0.0, "power": 2.0, "decay_epochs": 4, "warmup_epochs": 0}
WARM = {"schedule": "linear", "end_learning_rate": 0.0, "decay_epochs": 2, "warmup_epochs": 3}


# Each by hand, for a rate of 1.
CURVES: dict[str, tuple[dict[str, Any], list[float]]] = {
    "constant": ({"schedule": "constant", "warmup_epochs": 0}, [1.0, 1.0, 1.0]),
    "time": (TIME, [1.0, 1 / 1.5, 0.5, 0.4]),
    "step": (STEP, [1.0, 1.0, 0.1, 0.1, 0.01]),
    "exponential": (EXPONENTIAL, [1.0, 0.904837418, 0.818730753]),
    "cosine": (COSINE, [1.0, 0.55 + 0.45 * math.sqrt(0.5), 0.55, 0.55 - 0.45 * math.sqrt(0.5), 0.1, 0.1]),
    "linear": (LINEAR, [1.0, 0.8, 0.6, 0.4, 0.2, 0.2]),
    "polynomial": (POLYNOMIAL, [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]),
    "warm-up": (WARM, [0.25, 0.5, 0.75, 1.0, 0.5, 0.0, 0.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", CURVES)
def test_curves_are_those_of_the_formulas(name: str) -> None:
    document, expected = CURVES[name]
    assert [rate(document, 1.0, epoch) for epoch in range(len(expected))] == pytest.approx(expected, abs=1e-9)
    assert [rate(document, 0.02, epoch) for epoch in range(2)] == pytest.approx(
        [rate(document, 0.02, 0), rate(document, 0.02, 1)]
    )


@pytest.mark.parametrize("name", ["time", "step", "exponential", "cosine", "polynomial"])
def test_the_formulas_agree_with_keras_own_schedules(name: str) -> None:
    schedules = keras.optimizers.schedules
    own = {
        "time": schedules.InverseTimeDecay(1.0, decay_steps=1, decay_rate=0.5),
        "step": schedules.ExponentialDecay(1.0, decay_steps=2, decay_rate=0.1, staircase=True),
        "exponential": schedules.ExponentialDecay(1.0, decay_steps=1, decay_rate=math.exp(-0.1)),
        "cosine": schedules.CosineDecay(1.0, decay_steps=4, alpha=0.1),
        "polynomial": schedules.PolynomialDecay(1.0, decay_steps=4, end_learning_rate=0.0, power=2.0),
    }[name]
    document, _ = CURVES[name]
    theirs = [float(keras.ops.convert_to_numpy(own(epoch))) for epoch in range(7)]
    assert [rate(document, 1.0, epoch) for epoch in range(7)] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("name", CURVES)
def test_generated_programs_have_the_same_numbers(name: str) -> None:
    document, _ = CURVES[name]
    space: dict[str, Any] = {"math": math}
    exec(schedule_code({**document, "learning_rate": 0.02}), space)  # Our own text.
    for epoch in range(9):
        assert space["learning_rate"](epoch, 9.9) == pytest.approx(rate(document, 0.02, epoch), abs=1e-12)


def planned(**fit: Any) -> dict[str, Any]:
    document = resolved()
    callback = {"callback": "LearningRateSchedule", "learning_rate": 0.01, **COSINE, "alpha": 0.0}
    document["fit"] |= {"callbacks": [callback], **fit}
    return document


@pytest.fixture
def runner() -> Iterator[Any]:
    yield Runner(tiny_arrays, build_model)
    keras.utils.clear_session()


def rates(line: Line) -> list[float]:
    return [epoch.metrics["learning_rate"] for epoch in line.of(EpochDone)]


def test_rates_are_in_the_rows_and_a_resumed_training_goes_on_with_them(runner: Any, tmp_path: Path) -> None:
    expected = [0.01, 0.005 * (1 + math.sqrt(0.5)), 0.005, 0.005 * (1 - math.sqrt(0.5))]
    whole = Line()
    assert runner.run(job(tmp_path, resolved=planned()), whole.control) == "completed"
    assert rates(whole) == pytest.approx(expected)
    half, rest = Line(), Line()
    assert runner.run(job(tmp_path, resolved=planned(), target_epochs=2), half.control) == "completed"
    assert checkpoints.read(Path(half.last().path)).callbacks[0] == {"base": 0.01}
    promoted = job(tmp_path, resolved=planned(), start_epoch=2, parent_path=half.last().path)
    assert runner.run(promoted, rest.control) == "completed"
    assert rest.epochs() == [(0, 2), (0, 3)]
    assert rates(rest) == pytest.approx(expected[2:])


def test_a_model_that_brings_its_optimizer_keeps_the_rate_it_began_with() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    (callback,) = definition_callbacks([{"callback": "LearningRateSchedule", **STEP}])
    x, y = np.zeros((4, 2)), np.zeros((4, 1))
    first = model.fit(x, y, epochs=3, callbacks=[callback], verbose=0)
    assert first.history["learning_rate"] == pytest.approx([0.01, 0.01, 0.001])
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)
    more = model.fit(x, y, initial_epoch=3, epochs=5, callbacks=[callback], verbose=0)
    assert more.history["learning_rate"] == pytest.approx([0.001, 0.0001])


def test_an_unknown_schedule_is_a_build_error() -> None:
    with pytest.raises(TrialFault) as raised:
        definition_callbacks([{"callback": "LearningRateSchedule", "schedule": "sawtooth", "warmup_epochs": 0}])
    assert raised.value.code == "build_error"


def test_the_whole_program_names_keras_callback() -> None:
    code = keras_code(planned() | {"seed": 3}, dataset(source="upload: tiny.npz"))
    compile(code, "program", "exec")
    assert code.startswith("import math\n")
    assert "keras.callbacks.LearningRateScheduler(learning_rate)" in code
    assert "def learning_rate(epoch, current):\n    done = min(epoch, 4) / 4\n" in code

"""`client.tune` on a whole service: a build function and arrays in, a trained model out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import headstock
import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.end_to_end.conftest import Service, start_service
from tests.tuners.builder_examples import Tuned, loops

ROWS = 400


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with start_service(tmp_path_factory.mktemp("open"), "--slots", "1", "--allow-code") as running:
        yield running


@pytest.fixture
def there(open_service: Service) -> headstock.Client:
    """A client of the service that allows code."""
    return open_service.client


def digits() -> tuple[Any, Any]:
    x, y = load_digits(return_X_y=True)
    return (x[:ROWS].reshape(-1, 8, 8) / 16).astype("float32"), y[:ROWS]


@pytest.mark.keras
def test_a_function_and_arrays_become_a_search_and_a_model(
    there: headstock.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, y = digits()
    # One-hot rows, as this loss wants them in Keras Tuner too.
    found = there.tune(
        loops, x, np.eye(10)[y], tuner="RandomSearch", objective="val_accuracy", max_trials=2, epochs=2, seed=3
    )
    assert found.state == "COMPLETED"
    assert found.counts.completed == 2
    values = found.best_hyperparameters()
    assert set(values) == {"num_layers", "units_0", "units_1", "units_2", "ending", "rate"}
    found.results_summary()
    printed = capsys.readouterr().out
    assert "[2/2] trial" in printed
    assert f"num_layers: {values['num_layers']}" in printed
    model = found.best_model()
    assert model.predict(x[:3], verbose=0).shape == (3, 10)
    code = found.best()[0].code
    assert code is not None
    assert "def loops(hp: Any) -> keras.Model:" in code
    assert f"'num_layers': {values['num_layers']}" in code
    compile(code, "best.py", "exec")
    # The same arrays are sent once.
    again = there.tune(loops, x, np.eye(10)[y], tuner="random", max_trials=1, epochs=1, wait=False)
    again.cancel()
    assert again.record.dataset_id == found.record.dataset_id
    assert len([each for each in there.datasets() if each.name.startswith("arrays-")]) == 1


@pytest.mark.keras
def test_a_hypermodel_with_a_fit_of_its_own_travels_too(there: headstock.Client) -> None:
    x, y = digits()
    found = there.tune(
        Tuned, x, y, tuner="random", objective="val_accuracy", max_trials=1, seed=1, arguments={"width": 6}
    )
    assert set(found.best_hyperparameters()) == {"units", "batch_size", "epochs", "shuffle"}
    assert len(list(found.best()[0].epochs())) == found.best_hyperparameters()["epochs"]


def test_a_service_that_does_not_allow_code_says_which_setting_it_is(service: Service) -> None:
    before = len(list(service.client.datasets()))
    with pytest.raises(headstock.CodeNotAllowed, match="setting `code`"):
        service.client.tune(loops, *digits(), epochs=1, max_trials=1, tuner="random")
    assert len(list(service.client.datasets())) == before

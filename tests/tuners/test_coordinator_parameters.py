from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from storage.clock import ManualClock
from storage.datasets import Dataset
from storage.records import Limits, Scalar, Search
from storage.repository import Repository
from storage.sql import open_repository
from storage.states import SearchState
from tests.tuners.simulation import SimulatedWorker, add_search, all_trials, make_coordinator, run_search
from tuners.coordinator.parameters import ParameterLimits, keeps_limit
from tuners.definitions import parse_definition
from tuners.space import Hyperparameter, Space

DEFINITION: dict[str, Any] = {
    "name": "bounded",
    "dataset": {"name": "digits"},
    "model": {
        "type": "sequential",
        "layers": [
            {"layer": "Flatten"},
            {"layer": "Dense", "units": {"hp": "units"}},
            {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
        ],
    },
    "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 2, "batch_size": 32, "validation_split": 0.2},
    "hyperparameters": [{"name": "units", "type": "int", "min_value": 1, "max_value": 20}],
    # 64 * units + units + 10 * units + 10 <= 760 holds up to ten units.
    "constraints": [{"parameters": {"max": 760}}],
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": {"type": "random"},
    "seed": 7,
}


def units(values: Mapping[str, Scalar], epoch: int) -> float:
    return float(values["units"]) / 100


@pytest.fixture
def repository(sqlite_url: str, clock: ManualClock) -> Iterator[Repository]:
    repository = open_repository(sqlite_url, clock=clock)
    yield repository
    repository.close()


@pytest.mark.parametrize("tuner", ["random", "grid", "bayesian", "hyperband"])
def test_points_above_the_limit_are_never_proposed(repository: Repository, clock: ManualClock, tuner: str) -> None:
    space = Space((Hyperparameter(name="units", type="int", default=1, min_value=1, max_value=20),), max_parameters=760)
    asked: list[Scalar] = []

    def keeps(search: Search, dataset: Dataset, values: Mapping[str, Scalar], max_parameters: int) -> bool:
        asked.append(values["units"])
        return 75 * int(values["units"]) + 10 <= max_parameters

    search = add_search(repository, space, {"type": tuner, "max_epochs": 27}, limits=Limits(max_trials=50))
    coordinator = make_coordinator(repository, clock, accepts=ParameterLimits(repository, keeps=keeps))
    ended = run_search(repository, search.id, coordinator, SimulatedWorker(repository, curve=units, slots=1))
    assert ended.state is SearchState.COMPLETED
    assert {trial.values["units"] for trial in all_trials(repository, search.id)} == set(range(1, 11))
    assert len(asked) == len(set(asked)) <= 20


def test_search_without_the_constraint_is_not_checked(repository: Repository) -> None:
    space = Space((Hyperparameter(name="units", type="int", default=1, min_value=1, max_value=20),))
    assert ParameterLimits(repository)(add_search(repository, space, {"type": "random"})) is None


@pytest.mark.keras
def test_models_are_measured_without_being_allocated(repository: Repository) -> None:
    definition = parse_definition(DEFINITION)
    search = add_search(repository, definition.space(), {"type": "random"}, definition=definition.to_json())
    dataset = repository.get_dataset(search.dataset_id)
    assert keeps_limit(search, dataset, {"units": 10}, 760)
    assert not keeps_limit(search, dataset, {"units": 11}, 760)
    accepts = ParameterLimits(repository)(search)
    assert accepts is not None
    assert [accepts({"units": number}) for number in (10, 11)] == [True, False]

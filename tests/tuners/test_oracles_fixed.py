"""The oracle of jobs: its one point, once, also after a restart."""

from __future__ import annotations

import dataclasses

import pytest

from storage.records import JsonObject, OracleSnapshot
from tests.tuners.oracle_driver import make_search, make_trial
from tuners.oracles import Oracle, make_oracle
from tuners.space import Hyperparameter, Space

SPACE = Space((Hyperparameter(name="units", type="int", default=16, min_value=16, max_value=64),))


def _snapshot(options: JsonObject) -> OracleSnapshot:
    search = dataclasses.replace(make_search(SPACE, {"type": "fixed"}), options=options, kind="finalize")
    return OracleSnapshot(search, 0, None, ())


def _oracle(**options: object) -> Oracle:
    return make_oracle(_snapshot(options))


@pytest.mark.parametrize("count", [1, 5])
def test_the_point_is_proposed_once(count: int) -> None:
    oracle = _oracle(values={"units": 24}, epochs=7)
    answer = oracle.ask(count)
    (trial,) = answer.trials
    assert (dict(trial.values), trial.target_epochs) == ({"units": 24}, 7)
    assert trial.values_hash == SPACE.hash_values({"units": 24})
    assert answer.status == ("ok" if count == 1 else "exhausted")
    again = oracle.ask(count)
    assert (again.trials, again.status) == ((), "exhausted")
    assert again.reason is not None
    assert again.reason.code == "tuner_finished"


def test_one_that_is_rebuilt_knows_from_the_rows_that_it_has_been_proposed() -> None:
    snapshot = _snapshot({"values": {"units": 24}})
    (proposed,) = make_oracle(snapshot).ask(1).trials
    assert proposed.target_epochs is None
    rebuilt = make_oracle(dataclasses.replace(snapshot, trials=(make_trial(proposed, 0),)))
    assert rebuilt.ask(1).trials == ()


def test_asking_for_nothing_uses_nothing_up() -> None:
    oracle = _oracle(values={"units": 24})
    assert oracle.ask(0).status == "ok"
    assert len(oracle.ask(1).trials) == 1


@pytest.mark.parametrize("options", [{}, {"values": 3}, {"values": {}, "epochs": "many"}])
def test_options_that_are_none_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needs `values`"):
        _oracle(**options)

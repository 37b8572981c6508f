"""Errors on the command line that say what would have been right."""

from __future__ import annotations

from service import examples
from tests.clients.cli.running import SEARCH, TREND, Run
from tests.clients.service_double import Script, ok, page, problem, search

NOPE = f"{SEARCH}/trends/hyperparameters/nope"


def test_unknown_hyperparameter_is_answered_with_those_there_are(run: Run, script: Script) -> None:
    script.on("GET", NOPE, problem(404, "not_found")).on("GET", f"{SEARCH}/parallel", ok(examples.PARALLEL))
    ran = run("trend", "latest", "nope")
    names = ", ".join(axis["name"] for axis in examples.PARALLEL["axes"])
    assert (ran.code, f"the hyperparameters of this search are {names}" in ran.err) == (1, True)
    assert f"are {names}" in run("plot", "hyperparameter", "--name", "nope").err


def test_confusion_matrix_before_a_final_training_says_how_to_get_one(run: Run, script: Script) -> None:
    script.on("GET", f"{SEARCH}/final", problem(404, "not_found"))
    ran = run("plot", "confusion-matrix")
    assert (ran.code, "`headstock finalize s_1 --wait`" in ran.err) == (1, True)


def test_axis_is_logarithmic_though_lists_leave_the_definition_out(run: Run, script: Script) -> None:
    points = [{"trial_id": f"t_{n}", "number": n, "value": 10.0**-n, "score": 0.5 + n / 10} for n in range(1, 5)]
    rate = {"name": "learning_rate", "type": "float", "min_value": 1e-4, "max_value": 0.1, "sampling": "log"}
    script.on("GET", "/v1/searches", page([search(definition=None)]))
    script.on("GET", SEARCH, ok(search(definition={"hyperparameters": [rate]})))
    trend = {**TREND, "name": "learning_rate", "points": points, "values": []}
    script.on("GET", f"{SEARCH}/trends/hyperparameters/learning_rate", ok(trend))
    logarithmic = run("plot", "hyperparameter", "--name", "learning_rate")
    assert logarithmic.code == 0, logarithmic.err
    assert "0.0001" in logarithmic.out
    assert "0.001" in logarithmic.out


def test_token_that_is_refused_is_told_with_its_origin(run: Run, script: Script) -> None:
    script.on("GET", "/v1/workers", problem(401, "unauthenticated"))
    assert "the token that was sent is from the argument `token`" in run("workers").err

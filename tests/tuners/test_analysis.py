"""Importance and surfaces, against Optuna's own figures and sums made by hand."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

from storage.clock import SystemClock
from tests.waiting import wait_until
from tuners.analysis.axes import Axis, ChoiceAxis, Floats, NumberAxis, second_moment
from tuners.analysis.client import AnalysisFailed, Analyst
from tuners.analysis.fanova import shares
from tuners.analysis.importance import importance
from tuners.analysis.ped_anova import top_share
from tuners.analysis.surface import surface
from tuners.analysis.wire import Column, ImportanceQuestion, Method, SurfaceAxis, SurfaceQuestion

optuna.logging.set_verbosity(optuna.logging.ERROR)


def question(columns: list[Column], scores: list[float], *, method: Method = "fanova") -> ImportanceQuestion:
    return ImportanceQuestion(method=method, columns=columns, scores=scores, lower_is_better=True, seed=7)


def mixed(trials: int = 60) -> tuple[list[Column], list[float], optuna.Study]:
    """A range, steps and choices, as our columns and as Optuna's study."""
    draw = random.Random(3)
    rate = [draw.random() for _ in range(trials)]
    units = [draw.randrange(5) for _ in range(trials)]
    kind = [draw.randrange(3) for _ in range(trials)]
    scores = [a**2 + 0.1 * b + 0.4 * (c == 1) * a for a, b, c in zip(rate, units, kind, strict=True)]
    columns = [
        Column(name="rate", kind="range", places=rate),
        Column(name="units", kind="steps", count=5, places=[float(each) for each in units]),
        Column(name="kind", kind="choices", count=3, places=[float(each) for each in kind]),
    ]
    distributions: dict[str, Any] = {
        "rate": FloatDistribution(0, 1), "units": IntDistribution(0, 4), "kind": CategoricalDistribution([0, 1, 2]),
    }  # fmt: skip
    study = optuna.create_study(direction="minimize")
    for a, b, c, score in zip(rate, units, kind, scores, strict=True):
        values = {"rate": a, "units": b, "kind": c}
        study.add_trial(optuna.trial.create_trial(params=values, distributions=distributions, value=score))
    return columns, scores, study


def test_fanova_is_optunas() -> None:
    columns, scores, study = mixed()
    # Steps are left out: those at the ends have half the room of others in Optuna.
    # Its choices come first among the features, and so does what the forest draws.
    columns = [columns[2], columns[0]]
    expected = FanovaImportanceEvaluator(seed=7).evaluate(study, params=[column.name for column in columns])
    found = shares(columns, np.array(scores), seed=7)
    for column, share in zip(columns, found.single, strict=True):
        assert share == pytest.approx(expected[column.name], abs=1e-9)


def boxes(features: int, *, halves: bool, seed: int) -> tuple[Floats, Floats]:
    """Forty boxes along some features; of halves, each lies over the lower one, the upper one or both."""
    draw = np.random.default_rng(seed)
    if halves:
        sides = np.array([[0.0, 0.5], [0.5, 1.0], [0.0, 1.0]])[draw.integers(3, size=(40, features))]
        return sides[:, :, 0], sides[:, :, 1]
    ends = np.sort(draw.integers(0, 12, size=(40, features, 2)) / 11, axis=2)
    return ends[:, :, 0], ends[:, :, 1]


@pytest.mark.parametrize("kinds", ["number", "choices", "number number", "number choices", "choices choices"])
def test_second_moments_are_those_of_all_pairs_of_boxes(kinds: str) -> None:
    weights = np.random.default_rng(1).normal(size=40)
    axes: list[Axis] = []
    shared = np.ones((40, 40))
    for seed, kind in enumerate(kinds.split()):
        low, high = boxes(1 if kind == "number" else 3, halves=kind == "choices", seed=seed)
        axes.append(ChoiceAxis.of(low, high) if kind == "choices" else NumberAxis.of(low[:, 0], high[:, 0]))
        both = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        shared *= np.clip(both, 0.0, None).prod(axis=2)
    assert second_moment(weights, axes) == pytest.approx(float(weights @ shared @ weights), abs=1e-12)


def test_only_the_pairs_asked_for_are_worked_out() -> None:
    columns, scores, _ = mixed()
    every = shares(columns, np.array(scores), seed=7).pairs
    assert set(every) == {(0, 1), (0, 2), (1, 2)}
    some = shares(columns, np.array(scores), seed=7, paired={2}).pairs
    assert some == {pair: share for pair, share in every.items() if 2 in pair}


def test_ped_anova_is_optunas() -> None:
    columns, scores, study = mixed()
    found = {each.name: each.share for each in importance(question(columns, scores, method="ped_anova")).effects}
    expected = PedAnovaImportanceEvaluator(target_quantile=0.1).evaluate(study)
    whole = sum(expected.values())
    assert found == pytest.approx({name: value / whole for name, value in expected.items()})
    assert sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(("trials", "share"), [(1000, 0.1), (50, 0.1), (25, 0.2), (10, 0.5), (8, 0.5)])
def test_the_best_are_a_tenth_or_five(trials: int, share: float) -> None:
    assert top_share(trials) == share


def test_what_only_works_together_is_a_pair() -> None:
    """A checkerboard: neither axis explains anything alone."""
    places = [(x / 7, y / 7) for x in range(8) for y in range(8)]
    scores = [float((x > 0.5) != (y > 0.5)) for x, y in places]
    columns = [
        Column(name="x", kind="range", places=[x for x, _ in places]),
        Column(name="y", kind="range", places=[y for _, y in places]),
    ]
    found = importance(question(columns, scores))
    assert max(effect.share for effect in found.effects) < 0.1
    (pair,) = found.pairs
    assert set(pair.names) == {"x", "y"}
    assert pair.share > 0.8


def test_conditional_ones_count_with_the_variance_they_act_in() -> None:
    """`depth` acts in half of the trials only, and all of the variance there is its own."""
    places: list[float | None] = [None] * 20 + [float(n % 5) for n in range(20)]
    scores = [0.0] * 20 + [float(n % 5) - 2.0 for n in range(20)]
    columns = [
        Column(name="kind", kind="choices", count=2, places=[0.0] * 20 + [1.0] * 20),
        Column(name="depth", kind="steps", count=5, places=places),
    ]
    found = {effect.name: effect for effect in importance(question(columns, scores)).effects}
    # The mean of both halves is 0: all of the sum of squares lies in the second one.
    assert found["depth"].share_where_active == pytest.approx(1.0)
    assert found["depth"].share == pytest.approx(1.0)
    assert (found["depth"].trials, found["kind"].trials) == (20, 40)
    assert found["kind"].share < 0.1
    shifted = importance(question(columns, [*scores[:20], *(score + 4.0 for score in scores[20:])]))
    # Sums of squares: 40 within the second half, 160 between the halves.
    assert {each.name: each.share for each in shifted.effects}["depth"] == pytest.approx(0.2)
    assert shifted.effects[0].name == "kind"


def test_the_same_question_has_the_same_answer() -> None:
    columns, scores, _ = mixed(40)
    assert importance(question(columns, scores)) == importance(question(columns, scores))


# Surfaces


def asked(x: list[float], y: list[float], scores: list[float], choices: str = "") -> SurfaceQuestion:
    wanted = [0.0, 0.5, 1.0]
    return SurfaceQuestion(
        x=SurfaceAxis(places=x, wanted=[0.0, 1.0] if "x" in choices else wanted, choices="x" in choices),
        y=SurfaceAxis(places=y, wanted=[0.0, 1.0] if "y" in choices else wanted, choices="y" in choices),
        scores=scores,
    )


def test_a_plane_is_met_exactly_and_repeats_are_averaged() -> None:
    corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (1.0, 1.0)]
    scores = [x + 2 * y for x, y in corners[:4]] + [5.0]
    grid = surface(asked([x for x, _ in corners], [y for _, y in corners], scores)).grid
    assert (grid[0][0], grid[0][1], grid[2][0], grid[2][2]) == (0.0, 0.5, 2.0, 4.0)


def test_nothing_is_said_beyond_the_points() -> None:
    grid = surface(asked([0.0, 0.5, 0.0], [0.0, 0.0, 0.5], [1.0, 2.0, 3.0])).grid
    assert (grid[0][0], grid[2][2]) == (1.0, None)
    on_a_line = surface(asked([0.0, 0.5, 1.0], [0.0, 0.5, 1.0], [1.0, 2.0, 3.0])).grid
    assert on_a_line == [[None] * 3] * 3


def test_nothing_lies_between_choices() -> None:
    grid = surface(asked([0.0, 0.0, 1.0], [0.0, 1.0, 0.5], [1.0, 2.0, 9.0], "x")).grid
    assert grid == [[1.0, None], [1.5, 9.0], [2.0, None]]
    turned = surface(asked([0.0, 1.0, 0.5], [0.0, 0.0, 1.0], [1.0, 2.0, 9.0], "y")).grid
    assert turned == [[1.0, 1.5, 2.0], [None, 9.0, None]]
    cells = surface(asked([0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 2.0, 9.0], "xy")).grid
    assert cells == [[1.5, None], [None, 9.0]]


# The child


@pytest.fixture
def analyst() -> Iterator[Analyst]:
    analyst = Analyst(SystemClock())
    yield analyst
    analyst.close()


def test_a_child_answers_as_we_would_and_is_not_asked_twice(analyst: Analyst) -> None:
    columns, scores, _ = mixed(30)
    asking = question(columns, scores)
    assert analyst.child_pids == ()
    assert analyst.importance(asking) == importance(asking)
    shown = asked([0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 2.0, 3.0])
    assert analyst.surface(shown) == surface(shown)
    analyst.close()
    wait_until(lambda: analyst.child_pids == (), what="the child's end")
    assert analyst.importance(asking) == importance(asking)
    assert analyst.child_pids == ()


@pytest.mark.parametrize(
    ("script", "limits"),
    [
        ("sys.stdin.readline()\nsys.stdin.readline()", {"timeout_s": 0.2}),
        ("sys.stdin.readline()\nheld = b'x' * (96 << 20)\nsys.stdin.readline()", {"memory_mb": 64}),
        ("sys.stdin.readline()\nsys.exit(3)", {}),
        ("sys.stdin.readline()\nprint('no json', flush=True)\nsys.stdin.readline()", {}),
        ('sys.stdin.readline()\nprint(\'{"error": "ValueError: bad"}\', flush=True)\nsys.stdin.readline()', {}),
        ("sys.stdin.readline()\nprint('{}', flush=True)\nsys.stdin.readline()", {}),
    ],
)
def test_a_child_that_fails_is_told_of(script: str, limits: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "analyst.py"
    file.write_text(f"import sys\nprint('ready', flush=True)\n{script}\n", "utf-8")
    failing = Analyst(SystemClock(), command=(sys.executable, str(file)), **limits)
    columns, scores, _ = mixed(10)
    with pytest.raises(AnalysisFailed):
        failing.importance(question(columns, scores))
    failing.close()

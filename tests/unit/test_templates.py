from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve
from tuners.plan import plan
from tuners.templates import template, template_names

DIGITS = DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64")
TABLE = replace(
    DIGITS, input_shape=(4,), num_classes=3, kind="table", rows_of_numbers=True,
    features=("age", "colour=red", "colour=blue", "age=missing"), columns={"age": "number", "colour": "category"},
)  # fmt: skip
DATA = {
    "tabular": TABLE,
    "text": replace(DIGITS, input_shape=(200,), num_classes=2, kind="text", vocabulary_size=10_000, x_dtype="int32"),
    "sequence": replace(TABLE, task="regression", num_classes=None, input_shape=(24, 4)),
    "transfer": replace(DIGITS, input_shape=(64, 64, 3), num_classes=3, kind="image"),
}
"""What each template is for; the others are for digits."""


def test_the_templates() -> None:
    known = {"convnet", "mlp", "residual", "sequence", "sklearn", "tabular", "text", "transfer"}
    assert set(template_names()) == known
    page = (Path(__file__).parents[2] / "docs" / "definition.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in template_names())


@pytest.mark.parametrize("name", ["../mlp", "MLP", "mlp.json", "", "/etc/passwd", "__init__"])
def test_other_names_are_no_templates(name: str) -> None:
    with pytest.raises(KeyError):
        template(name)


@pytest.mark.parametrize("name", template_names())
def test_a_template_is_a_sound_definition_for_its_data(name: str) -> None:
    definition = parse_definition(template(name))
    facts = DATA.get(name, DIGITS)
    check_against_data(definition, facts)
    assert definition.name == name
    assert plan(definition, definition.space(), facts).warnings == ()


@pytest.mark.keras
@pytest.mark.parametrize("name", ["mlp", "convnet", "residual", *DATA])
def test_a_template_can_be_built_all_over_its_space(name: str) -> None:
    from tuners.planner.check import check
    from tuners.planner.wire import Request

    definition = parse_definition(template(name)).to_json()
    size = check(Request(definition=definition, facts=DATA.get(name, DIGITS), max_parameters=10_000_000))
    sizes = [size.min_parameters, size.default_parameters, size.max_parameters]
    counts = [count for count in sizes if count is not None]
    assert len(counts) == 3
    assert 0 < counts[0] <= counts[1] <= counts[2]


def test_a_template_is_a_fresh_copy() -> None:
    edited: Any = template("mlp")
    edited["model"]["layers"].clear()
    assert template("mlp") != edited


@pytest.mark.keras
@pytest.mark.parametrize("name", ["mlp", "convnet", "residual"])
def test_a_template_learns_digits_at_its_defaults(name: str) -> None:
    import keras
    import numpy as np
    from sklearn.datasets import load_digits

    from tuners.trainer.builder import build_model
    from tuners.trainer.targets import one_hot_targets

    keras.utils.set_random_seed(1)
    definition = parse_definition(template(name))
    resolved = resolve(definition, definition.space().defaults(), DIGITS)
    data = load_digits()
    x, y = data.images.astype("float32") / 16.0, data.target
    model = build_model(resolved)
    y = np.eye(10)[y] if one_hot_targets(resolved, model, DIGITS) else y
    model.fit(x[:1437], y[:1437], epochs=5, batch_size=32, verbose=0)
    scores = model.evaluate(x[1437:], y[1437:], verbose=0, return_dict=True)
    # Guessing gives 0.1; both are above 0.85 here.
    assert scores["accuracy"] > 0.75
    keras.utils.clear_session()


@pytest.mark.parametrize("family", ["forest", "boosting", "svc"])
def test_every_family_of_the_estimators_learns_digits(family: str) -> None:
    from sklearn.datasets import load_digits

    from tuners.trainer.estimators import fitted
    from tuners.trainer.pipelines import make_estimator

    definition = parse_definition(template("sklearn"))
    space = definition.space()
    point = {each.name: each.default for each in space.hyperparameters} | {"family": family, "trees": 50, "rounds": 20}
    resolved = resolve(definition, space.active(point), DIGITS)
    x, y = load_digits(return_X_y=True)
    estimator = fitted(make_estimator(resolved, seed=1), x[:1437], y[:1437], None)
    # Guessing gives 0.1; all three are above 0.87 here.
    assert estimator.score(x[1437:], y[1437:]) > 0.8

from __future__ import annotations

from typing import Any

import pytest

from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve
from tuners.plan import plan
from tuners.templates import template, template_names

DIGITS = DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64")


def test_the_templates() -> None:
    assert template_names() == ("convnet", "mlp", "sklearn")


@pytest.mark.parametrize("name", ["../mlp", "MLP", "mlp.json", "", "/etc/passwd", "__init__"])
def test_other_names_are_no_templates(name: str) -> None:
    with pytest.raises(KeyError):
        template(name)


@pytest.mark.parametrize("name", template_names())
def test_a_template_is_a_sound_definition_for_digits(name: str) -> None:
    definition = parse_definition(template(name))
    check_against_data(definition, DIGITS)
    assert definition.name == name
    assert plan(definition, definition.space(), DIGITS).warnings == ()


def test_a_template_is_a_fresh_copy() -> None:
    edited: Any = template("mlp")
    edited["model"]["layers"].clear()
    assert template("mlp") != edited


@pytest.mark.keras
@pytest.mark.parametrize("name", [name for name in template_names() if name != "sklearn"])
def test_a_template_learns_digits_at_its_defaults(name: str) -> None:
    import keras
    from sklearn.datasets import load_digits

    from tuners.trainer.builder import build_model

    keras.utils.set_random_seed(1)
    definition = parse_definition(template(name))
    resolved = resolve(definition, definition.space().defaults(), DIGITS)
    data = load_digits()
    x, y = data.images.astype("float32") / 16.0, data.target
    model = build_model(resolved)
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

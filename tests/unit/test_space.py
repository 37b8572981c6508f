from __future__ import annotations

import dataclasses
import itertools
import json
import math
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.records import Scalar
from tuners.space import Condition, Constraint, Hyperparameter, Sampling, Space, same
from tuners.space_size import CAP

SAMPLINGS: tuple[Sampling, ...] = ("linear", "log", "reverse_log")
NAMES = [f"h{number}" for number in range(6)]


@st.composite
def hyperparameters(draw: st.DrawFn, *, name: str = "h", finite: bool = False) -> Hyperparameter:
    kind = draw(st.sampled_from(["int", "float", "choice", "boolean", "fixed"]))
    if kind == "int":
        sampling = draw(st.sampled_from(SAMPLINGS))
        low = draw(st.integers(-50 if sampling == "linear" else 1, 40))
        high = low + draw(st.integers(1, 60))
        smallest = 1 if sampling == "linear" else 2
        step = draw(st.none() | st.integers(smallest, smallest + 6))
        return Hyperparameter(
            name=name, type="int", default=low, min_value=low, max_value=high, step=step, sampling=sampling
        )
    if kind == "float":
        sampling = draw(st.sampled_from(SAMPLINGS))
        least = draw(st.sampled_from([0.0, -1.5, 0.1] if sampling == "linear" else [1e-5, 0.01, 0.3, 2.0]))
        most = least + draw(st.sampled_from([0.5, 1.0, 3.3, 10.0]))
        steps = [0.1, 0.25, 1 / 3, 0.07] if sampling == "linear" else [1.5, 2.0, 10.0]
        factor = draw(st.sampled_from(steps) if finite else st.none() | st.sampled_from(steps))
        return Hyperparameter(
            name=name, type="float", default=least, min_value=least, max_value=most, step=factor, sampling=sampling
        )
    if kind == "choice":
        values = draw(st.sampled_from([("a", "b", "c"), (1, 2, 3, 5), (0.5, 1.0), (True, False)]))
        return Hyperparameter(name=name, type="choice", default=values[0], values=values)
    if kind == "boolean":
        return Hyperparameter(name=name, type="boolean", default=draw(st.booleans()))
    return Hyperparameter(name=name, type="fixed", default="x", values=("x",))


@st.composite
def spaces(draw: st.DrawFn, *, finite: bool = False) -> Space:
    built: list[Hyperparameter] = []
    for name in NAMES[: draw(st.integers(0, len(NAMES)))]:
        plain = draw(hyperparameters(name=name, finite=finite))
        conditions = []
        for parent in draw(st.lists(st.sampled_from(built), max_size=2, unique=True)) if built else ():
            if (parent.cardinality() or 0) and len(parent.grid_values()) <= 100:
                values = parent.grid_values()
                chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique_by=repr))
                conditions.append(Condition(parent.name, tuple(chosen)))
        # The lowest value is the default: under `reverse_log` with a step, `min_value` itself may be off the grid.
        default = plain.default if plain.type == "boolean" else plain.lowest
        built.append(dataclasses.replace(plain, default=default, conditions=tuple(conditions)))
    return Space(tuple(built))


@given(hyperparameters(), st.floats(0, 1, exclude_max=True))
def test_a_drawn_value_is_contained_and_is_its_own_canonical_form(hyperparameter: Hyperparameter, unit: float) -> None:
    value = hyperparameter.at(unit)
    assert hyperparameter.contains(value)
    assert same(hyperparameter.canonical(value), value)
    assert hyperparameter.contains(json.loads(json.dumps(value)))


@given(hyperparameters(finite=True))
def test_a_grid_is_contained_ascending_and_as_long_as_its_cardinality(hyperparameter: Hyperparameter) -> None:
    values = hyperparameter.grid_values()
    assert len(values) == hyperparameter.cardinality() == len({repr(value) for value in values})
    assert all(hyperparameter.contains(value) for value in values)
    if hyperparameter.type in ("int", "float"):
        assert list(values) == sorted(values)
        assert values[0] == hyperparameter.lowest
        assert values[-1] == hyperparameter.highest
        assert hyperparameter.min_value <= values[0]  # type: ignore[operator]
        assert values[-1] <= hyperparameter.max_value  # type: ignore[operator]


@given(spaces(), st.integers())
def test_a_sampled_point_is_contained_and_survives_json(space: Space, seed: int) -> None:
    point = space.sample(random.Random(seed))
    assert space.contains(point)
    assert space.active(point) == point
    again = json.loads(json.dumps(point))
    assert space.contains(again)
    assert space.hash_values(again) == space.hash_values(point)
    assert space.contains(space.defaults())


@given(spaces())
def test_a_space_survives_json(space: Space) -> None:
    assert Space.from_json(json.loads(json.dumps(space.to_json()))) == space


def enumerated(space: Space) -> int:
    points = {
        space.hash_values(dict(zip(space.by_name, values, strict=True)))
        for values in itertools.product(*(each.grid_values() for each in space.hyperparameters))
    }
    return len(points)


@settings(max_examples=60)
@given(spaces(finite=True).filter(lambda s: math.prod(each.cardinality() or 1 for each in s.hyperparameters) < 1500))
def test_the_size_is_what_listing_all_points_gives(space: Space) -> None:
    assert space.size() == enumerated(space)


@pytest.mark.parametrize(
    ("low", "high", "step", "sampling", "expected"),
    [
        (0.0, 0.5, 0.1, "linear", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        (0.0, 1.0, 0.3, "linear", (0.0, 0.3, 0.6, 0.9)),
        (-0.3, 0.0, 0.1, "linear", (-0.3, -0.2, -0.1, 0.0)),
        (1e-4, 1e-1, 10.0, "log", (1e-4, 1e-3, 1e-2, 1e-1)),
        (0.001, 10.0, 10.0, "log", (0.001, 0.01, 0.1, 1.0, 10.0)),
        (1.0, 8.0, 2.0, "reverse_log", (1.0, 5.0, 7.0, 8.0)),
    ],
)
def test_float_grids(low: float, high: float, step: float, sampling: str, expected: tuple[float, ...]) -> None:
    hyperparameter = Hyperparameter(
        name="x",
        type="float",
        default=low,
        min_value=low,
        max_value=high,
        step=step,
        sampling=sampling,  # type: ignore[arg-type]
    )
    assert hyperparameter.grid_values() == expected


@pytest.mark.parametrize(
    ("low", "high", "step", "sampling", "expected"),
    [
        (6, 13, 3, "linear", (6, 9, 12)),
        (2, 32, 2, "log", (2, 4, 8, 16, 32)),
        (3, 100, 3, "log", (3, 9, 27, 81)),
        (2, 32, 2, "reverse_log", (2, 18, 26, 30, 32)),
        (1, 4, None, "log", (1, 2, 3, 4)),
    ],
)
def test_integer_grids(low: int, high: int, step: int | None, sampling: str, expected: tuple[int, ...]) -> None:
    hyperparameter = Hyperparameter(
        name="x",
        type="int",
        default=low,
        min_value=low,
        max_value=high,
        step=step,
        sampling=sampling,  # type: ignore[arg-type]
    )
    assert hyperparameter.grid_values() == expected
    assert all(isinstance(value, int) for value in hyperparameter.grid_values())


def test_keras_tuners_spelling_of_a_stepped_float_is_the_same_point() -> None:
    rate = Hyperparameter(name="rate", type="float", default=0.0, min_value=0.0, max_value=0.5, step=0.1)
    space = Space((rate,))
    assert rate.contains(3 * 0.1)
    assert rate.canonical(3 * 0.1) == 0.3
    assert space.hash_values({"rate": 3 * 0.1}) == space.hash_values({"rate": 0.3})
    assert not rate.contains(0.31)
    assert not rate.contains(0.6)


@pytest.mark.parametrize("value", [True, 2.0, "2", 0, 33, 3, float("nan"), None])
def test_an_integer_off_type_range_or_step_is_not_contained(value: object) -> None:
    units = Hyperparameter(name="u", type="int", default=2, min_value=2, max_value=32, step=2)
    assert not units.contains(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.5", True, -0.1, 1.1])
def test_a_float_off_type_or_range_is_not_contained(value: object) -> None:
    rate = Hyperparameter(name="r", type="float", default=0.0, min_value=0.0, max_value=1.0)
    assert not rate.contains(value)
    assert rate.canonical(1) == 1.0
    assert isinstance(rate.canonical(1), float)


def test_one_is_not_true() -> None:
    number = Hyperparameter(name="n", type="choice", default=0, values=(0, 1))
    assert number.contains(1)
    assert not number.contains(True)
    assert not Condition("n", (1,)).admits(True)
    assert not same(1, True)
    assert same(1, 1.0)


def test_a_continuous_range_cannot_be_listed_and_has_no_size() -> None:
    rate = Hyperparameter(name="r", type="float", default=0.0, min_value=0.0, max_value=1.0)
    assert rate.cardinality() is None
    assert Space((rate,)).size() is None
    with pytest.raises(ValueError, match="r cannot be listed"):
        rate.grid_values()


def cnn_or_mlp() -> Space:
    return Space(
        (
            Hyperparameter(name="kind", type="choice", default="mlp", values=("mlp", "cnn")),
            Hyperparameter(
                name="filters",
                type="int",
                default=8,
                min_value=8,
                max_value=10,
                conditions=(Condition("kind", ("cnn",)),),
            ),
            Hyperparameter(name="pool", type="boolean", default=False, conditions=(Condition("filters", (9, 10)),)),
        ),
        (Constraint("product", ("filters", "filters"), maximum=81), Constraint("less", ("filters", "filters"))),
    )


def test_inactive_hyperparameters_have_no_value() -> None:
    space = cnn_or_mlp()
    assert space.defaults() == {"kind": "mlp"}
    assert space.active({"kind": "mlp", "filters": 9, "pool": True, "other": 1}) == {"kind": "mlp"}
    assert space.is_active("pool", {"kind": "cnn", "filters": 9})
    assert not space.is_active("pool", {"kind": "mlp", "filters": 9})
    assert not space.is_active("pool", {"kind": "cnn", "filters": 8})
    assert not space.is_active("nothing", {})
    assert space.contains({"kind": "cnn", "filters": 9, "pool": True})
    assert not space.contains({"kind": "cnn", "filters": 9})
    assert not space.contains({"kind": "mlp", "filters": 9})
    assert space.size() == 1 + 1 + 2 * 2


def test_constraints_are_skipped_while_an_operand_is_inactive() -> None:
    space = cnn_or_mlp()
    assert space.satisfies({"kind": "mlp"})
    assert space.broken_constraints({"kind": "cnn", "filters": 10}) == (
        "filters * filters <= 81",
        "filters < filters",
    )


@pytest.mark.parametrize(
    ("constraint", "values", "holds"),
    [
        (Constraint("sum", ("a", "b"), 3, 5), {"a": 1, "b": 1}, False),
        (Constraint("sum", ("a", "b"), 3, 5), {"a": 1, "b": 2}, True),
        (Constraint("sum", ("a", "b"), 3, 5), {"a": 3, "b": 3}, False),
        (Constraint("less", ("a", "b", "c")), {"a": 1, "b": 2, "c": 3}, True),
        (Constraint("less", ("a", "b", "c")), {"a": 1, "b": 2, "c": 2}, False),
        (Constraint("product", ("a", "b"), maximum=6), {"a": 2, "b": 3.0}, True),
    ],
)
def test_constraints(constraint: Constraint, values: dict[str, Scalar], holds: bool) -> None:
    assert constraint.holds(values) is holds
    assert Constraint.from_json(constraint.to_json()) == constraint


def test_the_hash_tells_points_and_parents_apart_and_ignores_order_and_inactive_values() -> None:
    space = cnn_or_mlp()
    point: dict[str, Scalar] = {"kind": "cnn", "filters": 9, "pool": True}
    assert space.hash_values(point) == space.hash_values(dict(reversed(point.items())))
    assert space.hash_values({"kind": "mlp"}) == space.hash_values({"kind": "mlp", "filters": 9, "tuner/epochs": 3})
    digests = {
        space.hash_values(point),
        space.hash_values(point, parent="t_1"),
        space.hash_values({**point, "pool": False}),
        space.hash_values({"kind": "mlp"}),
    }
    assert len(digests) == 4
    assert all(len(digest) == 32 for digest in digests)


def test_a_chain_of_two_hundred_is_counted_exactly_and_quickly() -> None:
    chain = [Hyperparameter(name="h0", type="boolean", default=False)]
    for number in range(1, 200):
        chain.append(
            Hyperparameter(
                name=f"h{number}", type="boolean", default=False, conditions=(Condition(f"h{number - 1}", (True,)),)
            )
        )
    started = time.perf_counter()
    assert Space(tuple(chain)).size() == 201
    assert time.perf_counter() - started < 2


def test_sizes_beyond_the_cap_are_the_cap() -> None:
    switches = tuple(Hyperparameter(name=f"s{number}", type="boolean", default=False) for number in range(200))
    assert Space(switches).size() == CAP
    big = Hyperparameter(name="n", type="int", default=0, min_value=0, max_value=10**15)
    assert Space((big,)).size() == 10**15 + 1
    both = (True, False)
    tangled = tuple(
        Hyperparameter(
            name=f"t{number}",
            type="boolean",
            default=False,
            conditions=tuple(Condition(f"s{parent}", both[: 1 + parent % 2]) for parent in range(number, 200, 13)),
        )
        for number in range(100)
    )
    assert Space(switches + tangled).size() == CAP


def test_draws_use_the_sampling_scale() -> None:
    rate = Hyperparameter(name="r", type="float", default=1e-4, min_value=1e-4, max_value=1.0, sampling="log")
    assert rate.at(0.5) == pytest.approx(1e-2)
    mirrored = Hyperparameter(
        name="r", type="float", default=1e-4, min_value=1e-4, max_value=1.0, sampling="reverse_log"
    )
    assert mirrored.at(0.5) == pytest.approx(1.0001 - 1e-2)
    units = Hyperparameter(name="u", type="int", default=1, min_value=1, max_value=4)
    assert [units.at(place / 8) for place in range(8)] == [1, 1, 2, 2, 3, 3, 4, 4]

"""What a newcomer finds in `import headstock`: every name and member is told, errors stand in their tree."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import headstock
import pytest
from headstock import analysis, errors, plans, trends
from headstock.models import Model

CLASSES = [getattr(headstock, name) for name in headstock.__all__ if inspect.isclass(getattr(headstock, name))]
RESULTS = [
    kind
    for module in (analysis, plans, trends)
    for kind in vars(module).values()
    if inspect.isclass(kind) and issubclass(kind, Model) and kind.__module__ == module.__name__
]


def members(kind: type) -> list[tuple[str, Any]]:
    """Public functions and properties that are ours."""
    found = []
    for name, member in inspect.getmembers(kind):
        function = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and inspect.isfunction(function) and function.__module__.startswith("headstock"):
            found.append((name, function))
    return found


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_public_class_and_member_is_told(kind: type) -> None:
    assert kind.__doc__
    assert [name for name, function in members(kind) if not inspect.getdoc(function)] == []


@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
def test_every_result_is_told(kind: type[Model]) -> None:
    assert kind.__doc__
    assert kind.__doc__ != Model.__doc__


def test_every_error_stands_in_the_tree_and_among_the_public_names() -> None:
    kinds = [kind for kind in CLASSES if issubclass(kind, headstock.HeadstockError)]
    drawn = errors.__doc__ or ""
    assert [kind.__name__ for kind in kinds if kind.__name__ not in drawn] == []
    ours = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    assert ours <= set(headstock.__all__)


def test_public_names_are_in_order_and_types_are_for_others_too() -> None:
    assert headstock.__all__ == sorted(headstock.__all__)
    assert Path(headstock.__file__).with_name("py.typed").exists()

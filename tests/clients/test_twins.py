"""The waiting client is what the awaiting one says, and both offer the same."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import headstock
import pytest

from tools import twins

PAIRS = [
    (headstock.AsyncClient, headstock.Client),
    (headstock.AsyncSearch, headstock.Search),
    (headstock.AsyncTrial, headstock.Trial),
    (headstock.AsyncBestTrial, headstock.BestTrial),
    (headstock.AsyncFinalJob, headstock.FinalJob),
    (headstock.AsyncRangeTest, headstock.RangeTest),
    (headstock.AsyncFigure, headstock.Figure),
]
# httpx's names: closing is awaited.
OTHER_NAMES = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
WAITING = """
async def curves(search: AsyncSearch) -> list[float]:
    \"\"\"Of an AsyncSearch; safe to share between tasks.\"\"\"
    async with contextlib.aclosing(search.epochs()) as epochs:
        numbers = [f"<AsyncSearch {{{epoch.epoch}}}>" async for epoch in epochs]
    look: Callable[[int], Awaitable[object]] = await twice(numbers)
    return await look(await awaited)
"""


@pytest.mark.parametrize("name", twins.modules())
def test_waiting_module_is_what_would_be_made_of_the_awaiting_one(name: str) -> None:
    source = (twins.SOURCES / name).read_text(encoding="utf-8")
    made = (twins.PACKAGE / name).read_text(encoding="utf-8")
    assert made == twins.waiting(source, name), f"{name} is made from _async/{name}: change that, then `make twins`"


def test_what_is_made_awaits_nothing_and_has_the_plain_names() -> None:
    made = twins.waiting(WAITING, "curves.py")
    assert "def curves(search: Search) -> list[float]:" in made
    assert '"""Of an Search; safe to share between threads."""' in made
    assert 'numbers = [f"<Search {{{epoch.epoch}}}>" for epoch in epochs]' in made
    assert "look: Callable[[int], object] = twice(numbers)" in made
    assert "return look(awaited)" in made
    assert "async" not in made.replace("_async/curves.py", "")


@pytest.mark.parametrize(("awaiting", "waiting"), PAIRS, ids=lambda kind: kind.__name__)
def test_both_have_the_same_methods_with_the_same_parameters(awaiting: type, waiting: type) -> None:
    ours = {OTHER_NAMES.get(name, name): member for name, member in _methods(awaiting)}
    theirs = dict(_methods(waiting))
    assert ours.keys() == theirs.keys()
    for name, member in ours.items():
        parameters = inspect.signature(member).parameters
        assert [(each.name, each.kind, each.default) for each in parameters.values()] == [
            (each.name, each.kind, each.default) for each in inspect.signature(theirs[name]).parameters.values()
        ], name


def test_iterators_are_of_their_kind() -> None:
    client = headstock.AsyncClient("http://headstock.test")
    assert isinstance(client.searches(), AsyncIterator)
    with headstock.Client("http://headstock.test") as plain:
        assert isinstance(plain.searches(), Iterator)


def _methods(kind: type) -> list[tuple[str, Any]]:
    return [
        (name, member)
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") or name in OTHER_NAMES or name in OTHER_NAMES.values()
    ]

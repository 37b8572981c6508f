"""What differs between the waiting client and the awaiting one; `headstock._async._seam` is the other side."""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import httpx

from headstock.notebook.shown import SearchShown as SearchShown
from headstock.notebook.shown import TrialShown as TrialShown

if TYPE_CHECKING:
    from headstock._http import Http
    from headstock.progress import Watcher as Watcher
    from headstock.searches import Search

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Time and chance, as the client uses them; tests give their own."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    draw: Callable[[], float] = random.random


def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function returns. Here nothing else waits meanwhile: it runs where it is called."""
    return function(*args, **kwargs)


def listed(items: Iterable[T]) -> list[T]:
    """All of them."""
    return list(items)


def release(owner: object, client: httpx.Client) -> None:
    """Close the connections with their owner: who keeps only a search, as `headstock.search` gives it, has nothing to
    close by hand."""
    weakref.finalize(owner, client.close)


@contextmanager
def progress_view(http: Http) -> Iterator[Callable[[Search], None]]:
    """Live progress on standard output: what is to be called after every look at the search."""
    from headstock.notebook.live import NotebookView, in_notebook
    from headstock.progress import ProgressView

    with NotebookView() if in_notebook() else ProgressView() as view:
        yield view.look

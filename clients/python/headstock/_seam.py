"""What differs between the waiting client and the awaiting one; `headstock._async._seam` is the other side."""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import httpx

if TYPE_CHECKING:
    from headstock._http import Http
    from headstock.notebook.live import NotebookView
    from headstock.progress import ProgressView
    from headstock.progress import Watcher as Watcher
    from headstock.searches import Search

T = TypeVar("T")
P = ParamSpec("P")


class SearchShown:
    """A notebook shows a search as it is at that moment: the summary is read when it is asked for."""

    def _repr_html_(self) -> str:
        from headstock.notebook.live import summary_of
        from headstock.notebook.summary import summary_html

        return summary_html(summary_of(cast("Search", self)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Time and chance, as the client uses them; tests give their own.

    Attributes:
        sleep: Waits so many seconds.
        monotonic: Seconds of a clock that is never set back.
        now: The time, aware of its zone.
        draw: A number in [0, 1) that spreads the waits of clients that failed together.
    """

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
    """Close the connections with their owner: who keeps only a search has nothing to close by hand."""
    weakref.finalize(owner, client.close)


def view_here() -> NotebookView | ProgressView:
    """The view of a search that suits the place."""
    from headstock.notebook.live import NotebookView, in_notebook
    from headstock.progress import ProgressView

    return NotebookView() if in_notebook() else ProgressView()


@contextmanager
def progress_view(http: Http) -> Iterator[NotebookView | ProgressView]:
    """Live progress where it can be seen: what is to be told of every look at the search."""
    with view_here() as view:
        yield view


def show_live(search: Search, *, wait: bool) -> None:
    """See `Search.live`."""
    from headstock.notebook.live import show

    show(search, wait=wait)

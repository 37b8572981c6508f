"""What reads keep in memory between two calls: at most so many bytes, the longest unused forgotten first.

Nothing kept is ever trusted by itself: whoever takes it out asks the database whether it still holds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
# Shares of one lock each: calls on the same key wait for each other, so that the same rows are not loaded twice.
_LOCKS = 64


@dataclass(slots=True)
class Place(Generic[T]):
    """Where one thing is kept. Its holder replaces `value` and says how large it is.

    Attributes:
        value: None when there is nothing yet, or no longer.
        size: In bytes.
    """

    value: T | None = None
    size: int = field(default=0)


class Kept(Generic[T]):
    """A store by key, bounded in bytes. Safe for threads.

    Args:
        most_bytes: What all values together may take. A value larger than that is forgotten right after its use.
    """

    def __init__(self, *, most_bytes: int) -> None:
        self._most = most_bytes
        self._places: OrderedDict[Hashable, Place[T]] = OrderedDict()
        self._guard = threading.Lock()
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    @contextmanager
    def place(self, key: Hashable) -> Iterator[Place[T]]:
        """The key's place, for the caller alone until the block ends. One that ends in an error is left as it was."""
        with self._locks[hash(key) % _LOCKS]:
            with self._guard:
                found = self._places.get(key) or Place[T]()
            yield found
            with self._guard:
                self._places.pop(key, None)
                if found.value is not None:
                    self._places[key] = found
                    self._make_room()

    @property
    def size(self) -> int:
        """Bytes kept."""
        with self._guard:
            return sum(place.size for place in self._places.values())

    def _make_room(self) -> None:
        size = sum(place.size for place in self._places.values())
        while size > self._most:
            _, place = self._places.popitem(last=False)
            size -= place.size

"""Whose turn it is: searches share the coordinator's time, not its turns."""

from __future__ import annotations

from storage.ids import SearchId


class Turns:
    """Searches that have something to do, the one that has used least time first.

    Start-time fair queueing (Goyal, Vin, Cheng, 1996, doi:10.1145/248156.248171): a search that asks a Gaussian process
    for half a second each time does not slow down a hundred that draw at random, and one that was idle has not saved up
    time to take it all at once.
    """

    def __init__(self) -> None:
        self._start: dict[SearchId, float] = {}
        self._finish: dict[SearchId, float] = {}
        self._virtual = 0.0

    def __bool__(self) -> bool:
        return bool(self._start)

    def __len__(self) -> int:
        return len(self._start)

    def add(self, search_id: SearchId) -> None:
        """Give the search a turn; one that has a turn coming keeps its place."""
        self._start.setdefault(search_id, max(self._virtual, self._finish.get(search_id, 0.0)))

    def take(self) -> SearchId:
        """The search whose turn it is. Raises ValueError when there is none."""
        search_id = min(self._start, key=self._start.__getitem__)
        self._virtual = self._start.pop(search_id)
        self._finish[search_id] = self._virtual
        return search_id

    def charge(self, search_id: SearchId, seconds: float) -> None:
        """Count the time its turn has taken; nothing when it has been forgotten in it."""
        if search_id not in self._finish:
            return
        self._finish[search_id] += seconds
        if search_id in self._start:
            self._start[search_id] = max(self._start[search_id], self._finish[search_id])

    def forget(self, search_id: SearchId) -> None:
        """Drop a search that has ended."""
        self._start.pop(search_id, None)
        self._finish.pop(search_id, None)

    def clear(self) -> None:
        self._start.clear()
        self._finish.clear()

"""What handles and lists show of themselves in a notebook, without asking the service for anything."""

from __future__ import annotations

from typing import Protocol, TypeVar

T = TypeVar("T")


class Table(list[T]):
    """A list that a notebook shows as a table: of searches, trials, jobs, data sets, workers, ...

    `best`, `workers` and others return one; from an iterator one is made: `Table(search.trials())`.
    """

    def _repr_html_(self) -> str:
        from headstock.notebook.tables import table_html

        return table_html(self)


class _Recorded(Protocol):
    @property
    def record(self) -> object: ...


class RecordShown:
    """Shows what was last read."""

    def _repr_html_(self: _Recorded) -> str:
        from headstock.notebook.views import html_of

        return html_of(self.record)

"""What every command needs: a client, made when first asked for, and the places to write to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console

from headstock.client import Client
from headstock.errors import HeadstockError
from headstock.searches import Search
from headstock.terminal.console import SafeConsole
from headstock.terminal.tables import print_table
from headstock.trials import Trial

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SearchReference = Annotated[
    str, typer.Argument(metavar="SEARCH", help="Id, `latest`, or the beginning of a name that fits one search only.")
]


def _connect(url: str | None, data_dir: Path | None) -> Client:
    return Client(url) if url or data_dir is None else Client.local(data_dir)


@dataclass(slots=True)
class Session:
    """One run of the command line.

    Attributes:
        connect: Makes the client from the global options.
    """

    connect: Callable[[str | None, Path | None], Client] = _connect
    url: str | None = None
    data_dir: Path | None = None
    out: Console = field(default_factory=lambda: SafeConsole(highlight=False, soft_wrap=False))
    _client: Client | None = None

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = self.connect(self.url, self.data_dir)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def search(self, reference: str) -> Search:
        """The search that was meant: `latest`, an id, or the beginning of a name that fits one search only."""
        if reference == "latest":
            newest = next(iter(self.client.searches(page_size=1)), None)
            if newest is None:
                raise HeadstockError("there is no search yet: start one with `headstock submit FILE`")
            return newest
        if reference.startswith("s_"):
            return self.client.search(reference)
        fitting = [search for search in self.client.searches() if search.name.startswith(reference)]
        exact = [search for search in fitting if search.name == reference]
        match exact or fitting:
            case [only]:
                return only
            case []:
                raise HeadstockError(f"no search is called {reference!r} or so: `headstock searches` lists them")
            case several:
                names = "\n".join(f"  {search.id}  {search.name}" for search in several[:10])
                raise HeadstockError(
                    f"{len(several)} searches have names that begin with {reference!r}, give an id:\n{names}"
                )

    def trial(self, reference: str, *, search: str) -> Trial:
        """The trial that was meant: an id, or its number within a search."""
        if not reference.isdigit():
            return self.client.trial(reference)
        return self.search(search).trial(int(reference))

    def print_json(self, document: object) -> None:
        """A document on standard output; models as the service's keys."""
        typer.echo(json.dumps(_plain(document), indent=2, ensure_ascii=False))

    def print_table(self, columns: Sequence[str], rows: Iterable[Iterable[object]], *, empty: str) -> None:
        """A table; `empty` when there is no row. `>` marks columns of numbers, `?` those that can be spared."""
        print_table(self.out, columns, rows, empty=empty)


def session_of(context: typer.Context) -> Session:
    """The session of the running command."""
    session = context.obj
    assert isinstance(session, Session)
    return session


def _plain(document: object) -> Any:
    if isinstance(document, BaseModel):
        return document.model_dump(mode="json")
    if isinstance(document, dict):
        return {str(name): _plain(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [_plain(item) for item in document]
    return document

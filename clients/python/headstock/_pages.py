# Made from _async/_pages.py by `make twins`: edit that one.
"""Lists, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from headstock._http import Http
from headstock._wire import QueryValue
from headstock.errors import UnexpectedAnswer
from headstock.models import Model, Page

M = TypeVar("M", bound=Model)
PAGE_SIZE = 200


def items(
    http: Http,
    path: str,
    page_model: type[Page[M]],
    *,
    query: Mapping[str, QueryValue | list[str]] | None = None,
    page_size: int | None = PAGE_SIZE,
) -> Iterator[M]:
    """All items of a list, fetching each page when it is reached. `page_size` None leaves it to the service."""
    token: str | None = None
    while True:
        page = http.get(path, page_model, query={**(query or {}), "limit": page_size, "page_token": token})
        yield from page.items
        if page.next_page_token is None:
            return
        if page.next_page_token == token:
            raise UnexpectedAnswer(f"GET {path}: the service gave the same page token twice")
        token = page.next_page_token

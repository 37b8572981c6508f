"""Lists, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TypeVar

from headstock._async._http import AsyncHttp
from headstock._wire import QueryValue
from headstock.errors import UnexpectedAnswer
from headstock.models import Model, Page

M = TypeVar("M", bound=Model)
PAGE_SIZE = 200


async def items(
    http: AsyncHttp,
    path: str,
    page_model: type[Page[M]],
    *,
    query: Mapping[str, QueryValue | list[str]] | None = None,
    page_size: int | None = PAGE_SIZE,
) -> AsyncIterator[M]:
    """All items of a list, fetching each page when it is reached. `page_size` None leaves it to the service."""
    token: str | None = None
    while True:
        page = await http.get(path, page_model, query={**(query or {}), "limit": page_size, "page_token": token})
        for item in page.items:
            yield item
        if page.next_page_token is None:
            return
        if page.next_page_token == token:
            raise UnexpectedAnswer(f"GET {path}: the service gave the same page token twice")
        token = page.next_page_token

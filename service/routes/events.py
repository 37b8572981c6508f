"""Server-Sent Events: what happens, as it happens. The only routes that are not plain functions."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

from fastapi import Header
from starlette.responses import Response, StreamingResponse

from service import examples
from service.context import Context
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.errors import InvalidEventId
from service.streams import EventStream
from service.tokens import Caller
from storage import errors
from storage.ids import SearchId

router = protected_router("events")

LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="Go on after this event; 0 begins at the first that is kept. Without it only new events come.",
    ),
]
_RESPONSES = answers(
    200,
    examples.EVENTS,
    InvalidEventId,
    errors.NotFound,
    description="An endless stream.",
    media_type="text/event-stream",
)


@router.get("/events", summary="Follow all searches", response_class=StreamingResponse, responses=_RESPONSES)
async def all_events(caller: Reader, ctx: Ctx, last_event_id: LastEventId = None) -> Response:
    """Events of all your searches and of workers. Each has its number as `id`, its kind as `event`, and a JSON
    document as `data`. A reader that is too slow is disconnected and goes on with `Last-Event-ID`; a `reset` event
    says that the numbering is not the one the reader knew.
    """
    return await _stream(caller, ctx, last_event_id, None)


@router.get(
    "/searches/{search_id}/events", summary="Follow a search", response_class=StreamingResponse, responses=_RESPONSES
)
async def search_events(search_id: SearchPath, caller: Reader, ctx: Ctx, last_event_id: LastEventId = None) -> Response:
    """Events of one search, like those of all searches."""
    await asyncio.to_thread(ctx.repository.get_search, search_id, owner=caller.owner)
    return await _stream(caller, ctx, last_event_id, search_id)


async def _stream(caller: Caller, ctx: Context, last_event_id: str | None, search_id: SearchId | None) -> EventStream:
    after = None
    reset = False
    if last_event_id is not None:
        if not re.fullmatch(r"[0-9]{1,18}", last_event_id):
            raise InvalidEventId("Last-Event-ID must be the number of an event")
        after = int(last_event_id)
        newest = await asyncio.to_thread(ctx.repository.last_event_seq)
        if after > newest:
            after, reset = newest, True
    reader = ctx.hub.open(owner=caller.owner, token_id=caller.token_id, search_id=search_id)
    return EventStream(ctx.hub, reader, repository=ctx.repository, limits=ctx.limits, after=after, reset=reset)

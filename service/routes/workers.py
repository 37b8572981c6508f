"""Who trains."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, protected_router
from service.schemas.base import Page
from service.schemas.workers import WorkerOut
from storage import errors

router = protected_router("platform")


@router.get(
    "/workers",
    summary="List workers",
    responses=answers(200, examples.page(examples.WORKER), description="All that are known."),
)
def list_workers(
    caller: Reader,
    ctx: Ctx,
    ended: Annotated[bool, Query(description="Also those that have ended.")] = False,
    limit: Annotated[int, Query(ge=1, le=500, description="Most items, the newest; there is one page.")] = 500,
    samples: Annotated[
        int, Query(ge=0, le=60, description="How many of the last samples of its machine to tell of each worker.")
    ] = 0,
) -> Page[WorkerOut]:
    """The workers that are alive, what each of their slots does, and how busy their machines and devices are: a worker
    looks every 5 seconds, and tells with its heartbeat. A trial of somebody else shows as busy, without its id.
    """
    workers = ctx.repository.list_workers(include_ended=ended)[-limit:]
    mine = _mine(caller.owner, {slot.trial_id for worker in workers for slot in worker.slots if slot.trial_id}, ctx)
    items = [WorkerOut.of(worker, mine=mine, samples=samples) for worker in workers]
    return Page(items=items, next_page_token=None)


def _mine(owner: str, trial_ids: set[Any], ctx: Ctx) -> frozenset[str]:
    found = set()
    for trial_id in trial_ids:
        try:
            ctx.repository.get_trial(trial_id, owner=owner)
        except errors.NotFound:
            continue
        found.add(str(trial_id))
    return frozenset(found)

"""Writes under one lease: repeated while the database is away and the lease can be believed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from storage.errors import LeaseLost, NotFound, StorageUnavailable
from tuners.worker.running import Running

_log = structlog.get_logger()

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0

T = TypeVar("T")


def write(running: Running, call: Callable[[], T]) -> T:
    """What `call` returns, repeated through `StorageUnavailable` until the lease can no longer be trusted.

    Every write of the repository may be repeated, so an answer that was lost on the way does no harm.

    Raises:
        LeaseLost: The lease is gone, the trial with its search has been deleted, or the database was away for too long.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            return call()
        except NotFound as error:
            raise LeaseLost(error.message) from error
        except StorageUnavailable as error:
            if not running.trusted():
                raise LeaseLost(f"trial {running.lease.trial_id}: the database was away for too long") from error
            _log.warning("storage_unavailable", trial_id=running.lease.trial_id, message=error.message)
        running.lost_event.wait(pause_s)
        if not running.trusted():
            raise LeaseLost(f"trial {running.lease.trial_id}: the lease is no longer ours")
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

"""Stops a model from growing beyond what is allowed before its weights are allocated."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras


class ParameterLimitExceeded(Exception):
    """A layer asked for more weights than are left. Nothing of that size has been allocated."""


class _Budget:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def take(self, shape: Any) -> None:
        # Python's integers: 10^12 weights must not wrap round to something small.
        self.used += math.prod(int(size) for size in shape or ())
        if self.used > self.limit:
            raise ParameterLimitExceeded


_budget: ContextVar[_Budget | None] = ContextVar("parameter_budget", default=None)
_lock = threading.Lock()
_users = 0
_original: Callable[..., Any] | None = None


@contextmanager
def parameter_limit(limit: int | None) -> Iterator[None]:
    """Within it, layers of this thread may create at most `limit` weights in all; None sets no bound.

    Keras has no hook for this, so `Layer.add_weight` is replaced while at least one thread is inside. Other threads'
    layers are not counted, and the method is put back when the last one leaves. Safe for threads.

    Raises:
        ParameterLimitExceeded: In the call that would go over the limit, before anything is allocated.
    """
    if limit is None:
        yield
        return
    token = _budget.set(_Budget(limit))
    _install()
    try:
        yield
    finally:
        _uninstall()
        _budget.reset(token)


def _install() -> None:
    global _users, _original
    with _lock:
        _users += 1
        if _users > 1:
            return
        original = _original = keras.layers.Layer.add_weight

        def counted(self: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
            budget = _budget.get()
            if budget is not None:
                budget.take(shape)
            return original(self, shape, *args, **kwargs)

        keras.layers.Layer.add_weight = counted


def _uninstall() -> None:
    global _users, _original
    with _lock:
        _users -= 1
        if _users == 0:
            keras.layers.Layer.add_weight = _original
            _original = None

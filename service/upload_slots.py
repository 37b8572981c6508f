"""One upload per token at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import TooManyRequests
from storage.ids import TokenId


class UploadSlots:
    """Keeps one token from filling the disk over a hundred connections. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[TokenId] = set()

    @contextmanager
    def hold(self, token_id: TokenId) -> Iterator[None]:
        """Hold the token's slot; raises TooManyRequests when it is taken."""
        with self._lock:
            if token_id in self._busy:
                raise TooManyRequests("another upload with this token is under way")
            self._busy.add(token_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(token_id)
